// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user_name.c - the password file as a table, sorted by number.
 */
#include "user_name.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <emf/loop.h>

#ifndef PASSWD_FILE /* the unit test has a file of its own */
#define PASSWD_FILE "/etc/passwd"
#endif

#define USERS_MAX 4096
#define NAME_MAX_BYTES 33 /* useradd(8) takes 32 and a NUL; longer ones are cut */
#define LOOK_NS UINT64_C(1000000000)

struct user {
	uint32_t uid;
	uint32_t line; /* of two with the same number the first one counts */
	char name[NAME_MAX_BYTES];
};

static struct user *users;
static size_t n_users;
static struct stat seen; /* the file, when it was read */
static uint64_t looked_ns;

static int compare(const void *a, const void *b)
{
	const struct user *one = a, *other = b;

	if (one->uid != other->uid)
		return one->uid < other->uid ? -1 : 1;
	return one->line < other->line ? -1 : 1;
}

static bool is_seen(const struct stat *now)
{
	return now->st_ino == seen.st_ino && now->st_dev == seen.st_dev && now->st_size == seen.st_size &&
	       now->st_mtim.tv_sec == seen.st_mtim.tv_sec && now->st_mtim.tv_nsec == seen.st_mtim.tv_nsec;
}

static bool make_room(size_t n)
{
	struct user *larger;

	if (n & (n - 1)) /* it doubles: there is room up to the next power of two */
		return true;
	larger = realloc(users, (n ? 2 * n : 1) * sizeof(*users));
	if (larger)
		users = larger;
	return larger;
}

static void read_all(FILE *f)
{
	const struct passwd *entry;

	n_users = 0;
	while (n_users < USERS_MAX && (entry = fgetpwent(f)) && make_room(n_users)) {
		struct user *user = &users[n_users];

		user->uid = entry->pw_uid;
		user->line = (uint32_t)n_users++;
		snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
	}
	if (n_users)
		qsort(users, n_users, sizeof(*users), compare);
}

static void look(void)
{
	uint64_t now_ns = emf_now_ns();
	struct stat now;
	FILE *f;

	if (looked_ns && now_ns - looked_ns < LOOK_NS)
		return;
	looked_ns = now_ns;
	if (stat(PASSWD_FILE, &now) || is_seen(&now))
		return; /* while there is none, what it was is the best that is known */
	f = fopen(PASSWD_FILE, "re");
	if (!f)
		return;
	seen = now;
	read_all(f);
	fclose(f);
}

const char *emf_user_name(uint32_t uid)
{
	size_t low = 0, high;

	look();
	for (high = n_users; low < high;) {
		size_t middle = (low + high) / 2;

		if (users[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n_users && users[low].uid == uid ? users[low].name : NULL;
}

int emf_user_find(const char *name, uint32_t *uid)
{
	look();
	for (size_t i = 0; i < n_users; i++) {
		if (strcmp(users[i].name, name))
			continue;
		*uid = users[i].uid;
		return 0;
	}
	return -ENOENT;
}
