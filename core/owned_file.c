// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * owned_file.c - a record of what a running product owns.
 */
#include "owned_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfile.h"

#define MAGIC 0x4f464d45u /* "EMFO" */
#define ENDING ".owned"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define WAIT_MS 3000 /* for a guardian: its work takes some ms */
#define TRIES 64 /* pid namespaces that share a run folder, and records that are left under the same number */
#define FILES_MAX 1024 /* one for each process that was killed with its guardian */

/* Ids hold until the machine starts again, and an interface's number in its namespace. */
struct head {
	uint32_t magic;
	uint32_t thing_size;
	int32_t pid; /* in its namespace */
	char boot[40];
	uint64_t pidns;
	uint64_t netns;
};

static uint64_t number_of(const char *namespace)
{
	struct stat st;

	return stat(namespace, &st) ? 0 : st.st_ino;
}

static uint64_t netns_here(void)
{
	return number_of("/proc/self/ns/net");
}

static uint64_t pidns_here(void)
{
	return number_of("/proc/self/ns/pid");
}

static int write_at(int fd, const void *bytes, size_t size, off_t at)
{
	ssize_t n = pwrite(fd, bytes, size, at);

	if (n < 0)
		return -errno;
	return n == (ssize_t)size ? 0 : -ENOSPC; /* pwrite(2): the reason comes with the next one */
}

/* Who opens a record that is cleaned away may get its lock when its name is gone, or is of another one. */
static bool has_name(int fd, const char *path)
{
	struct stat here, there;

	return !fstat(fd, &here) && !stat(path, &there) && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* A process of another pid namespace, or one that was killed, may have a record under our number: it stays. */
static int open_free(const char *product, const char *folder, char path[RUNDIR_PATH_MAX])
{
	for (int i = 0; i < TRIES; i++) {
		char number[16] = "";
		int fd;

		if (i)
			snprintf(number, sizeof(number), "-%d", i);
		if (snprintf(path, RUNDIR_PATH_MAX, "%s/%s.%d%s" ENDING, folder, product, (int)getpid(), number) >= RUNDIR_PATH_MAX)
			return -ENAMETOOLONG;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && has_name(fd, path))
			return fd;
		if (fd >= 0)
			close(fd); /* somebody cleans it away, as it is empty */
		else if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int emf_owned_file_create(const char *product, char path[RUNDIR_PATH_MAX])
{
	struct head head = { .magic = MAGIC, .thing_size = sizeof(struct emf_owned), .pid = getpid(), .pidns = pidns_here(),
			     .netns = netns_here() };
	char folder[RUNDIR_PATH_MAX];
	int err = emf_rundir(folder), fd;

	if (err)
		return err;
	fd = open_free(product, folder, path);
	if (fd < 0)
		return fd;
	emf_sysfile_read(BOOT_ID, head.boot, sizeof(head.boot));
	err = write_at(fd, &head, sizeof(head), 0);
	if (err) {
		unlink(path);
		close(fd);
	}
	return err ? err : fd;
}

int emf_owned_file_put(int fd, unsigned int slot, const struct emf_owned *thing)
{
	off_t at = (off_t)(sizeof(struct head) + slot * sizeof(*thing));

	return write_at(fd, thing, sizeof(*thing), at);
}

/* --- those of killed processes */

struct cleaning {
	const char *product;
	void (*told)(int err, const char *sentence);
	int n_left;
};

static void tell(struct cleaning *c, int err, const struct emf_owned *thing, const char *rest)
{
	char text[RUNDIR_PATH_MAX + 384];

	snprintf(text, sizeof(text), "%s of %s on %s, which a killed '%s' left behind, %s",
		 thing->kind == EMF_OWNED_XDP ? "the XDP program" : "the tc filter", thing->programs[0].name, thing->link, c->product, rest);
	c->told(err, text);
	c->n_left += !!err;
}

static void remove_thing(struct cleaning *c, const struct emf_owned *thing)
{
	int removed = emf_owned_remove(thing, -1);

	if (removed < 0)
		tell(c, removed, thing, strerror(-removed));
	else if (removed && thing->kind == EMF_OWNED_XDP)
		tell(c, 0, thing, "was removed; the program that it had put aside is lost with its guardian");
	else if (removed)
		tell(c, 0, thing, "was removed");
}

/* Whether the file is of no use any more. */
static bool clean(struct cleaning *c, int fd, const char *path)
{
	struct emf_owned thing;
	struct head head;
	char boot[sizeof(head.boot)] = "";
	int before = c->n_left;

	emf_sysfile_read(BOOT_ID, boot, sizeof(boot));
	if (read(fd, &head, sizeof(head)) != sizeof(head) || head.magic != MAGIC || head.thing_size != sizeof(thing) ||
	    memcmp(head.boot, boot, sizeof(boot)))
		return true;
	for (int i = 0; i < EMF_OWNED_MAX && read(fd, &thing, sizeof(thing)) == sizeof(thing); i++) {
		thing.link[sizeof(thing.link) - 1] = thing.programs[0].name[15] = thing.programs[1].name[15] = '\0';
		if (thing.kind == EMF_OWNED_NOTHING)
			continue;
		if (head.netns == netns_here()) {
			remove_thing(c, &thing);
		} else {
			char rest[RUNDIR_PATH_MAX + 128];

			snprintf(rest, sizeof(rest), "is in another network namespace: run 'purge' there, or remove %s if it is gone", path);
			tell(c, -EXDEV, &thing, rest);
		}
	}
	return c->n_left == before;
}

/* 0 when it is ours: no process that has it lives. */
static int lock_dead(int fd)
{
	struct head head;

	for (int ms = 0; flock(fd, LOCK_EX | LOCK_NB); ms += 10) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (pread(fd, &head, sizeof(head), 0) != sizeof(head) || head.pid <= 0 || head.pidns != pidns_here() ||
		    !kill(head.pid, 0) || errno != ESRCH || ms >= WAIT_MS)
			return -EBUSY;
		usleep(10 * 1000); /* its guardian is at work */
	}
	return 0;
}

static void clean_file(struct cleaning *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !lock_dead(fd) && has_name(fd, path) &&
	    clean(c, fd, path))
		unlink(path);
	close(fd);
}

static bool is_of(const char *product, const char *name)
{
	size_t n = strlen(product), digits;

	if (strncmp(name, product, n) || name[n] != '.')
		return false;
	digits = strspn(name + n + 1, "0123456789-");
	return digits && !strcmp(name + n + 1 + digits, ENDING);
}

int emf_owned_files_clean(const char *product, void (*told)(int err, const char *sentence))
{
	struct cleaning c = { product, told, 0 };
	char folder[RUNDIR_PATH_MAX], path[RUNDIR_PATH_MAX];
	const struct dirent *entry;
	DIR *dir;
	int err = emf_rundir_path(folder);

	dir = err ? NULL : opendir(folder);
	for (int i = 0; dir && i < FILES_MAX && (entry = readdir(dir));)
		if (is_of(product, entry->d_name) &&
		    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) < (int)sizeof(path)) {
			clean_file(&c, path);
			i++;
		}
	if (dir)
		closedir(dir);
	return c.n_left;
}
