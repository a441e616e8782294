// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * principal.c - users and groups by name.
 */
#include "principal.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(const char *name, unsigned int *id)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*name))
		return false;
	errno = 0;
	v = strtoull(name, &end, 10);
	if (*end || errno || v > UINT32_MAX - 1) /* (uid_t)-1 is nobody, setuid(2) */
		return false;
	*id = (unsigned int)v;
	return true;
}

#ifndef PASSWD_FILE /* the unit test has files of its own */
#define PASSWD_FILE "/etc/passwd"
#define GROUP_FILE "/etc/group"
#endif

#ifdef EMF_FULLY_STATIC
/* The entry for which matches() is true, or NULL. fgetpwent(3) knows files only. */
static const struct passwd *find_user(const char *name, unsigned int uid)
{
	FILE *f = fopen(PASSWD_FILE, "re");
	struct passwd *entry = NULL;

	while (f && (entry = fgetpwent(f)) && (name ? strcmp(entry->pw_name, name) : entry->pw_uid != uid))
		;
	if (f)
		fclose(f);
	return entry;
}

static const struct group *find_group(const char *name)
{
	FILE *f = fopen(GROUP_FILE, "re");
	struct group *entry = NULL;

	while (f && (entry = fgetgrent(f)) && strcmp(entry->gr_name, name))
		;
	if (f)
		fclose(f);
	return entry;
}

static bool is_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return true;
	return false;
}

static size_t groups_of(const struct passwd *user, gid_t *groups, size_t room)
{
	FILE *f = fopen(GROUP_FILE, "re");
	char name[256];
	struct group *entry;
	size_t n = 0;

	snprintf(name, sizeof(name), "%s", user->pw_name);
	groups[n++] = user->pw_gid;
	while (f && n < room && (entry = fgetgrent(f)))
		if (is_member(entry, name))
			groups[n++] = entry->gr_gid;
	if (f)
		fclose(f);
	return n;
}
#else
static const struct passwd *find_user(const char *name, unsigned int uid)
{
	return name ? getpwnam(name) : getpwuid(uid);
}

static const struct group *find_group(const char *name)
{
	return getgrnam(name);
}

static size_t groups_of(const struct passwd *user, gid_t *groups, size_t room)
{
	int n = (int)room;

	getgrouplist(user->pw_name, user->pw_gid, groups, &n);
	return n < (int)room ? (size_t)n : room;
}
#endif

int emf_principal_user(const char *name, unsigned int *uid)
{
	const struct passwd *entry = is_number(name, uid) ? NULL : find_user(name, 0);

	if (entry)
		*uid = entry->pw_uid;
	return entry || is_number(name, uid) ? 0 : -ENOENT;
}

int emf_principal_group(const char *name, unsigned int *gid)
{
	const struct group *entry = is_number(name, gid) ? NULL : find_group(name);

	if (entry)
		*gid = entry->gr_gid;
	return entry || is_number(name, gid) ? 0 : -ENOENT;
}

size_t emf_principal_groups(const char *name, unsigned int uid, gid_t *groups, size_t room)
{
	unsigned int unused;
	const struct passwd *entry = is_number(name, &unused) ? find_user(NULL, uid) : find_user(name, 0);

	return entry && room ? groups_of(entry, groups, room) : 0;
}
