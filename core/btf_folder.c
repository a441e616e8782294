// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_folder.c - the files of the BTF cache.
 *
 * What is in them decides where programs attach and which memory they read. So an entry is read only if nobody else can have
 * written it: the folder and the file are looked at when they are open.
 */
#include "btf_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_BYTES 160
#define ENDING ".btf"
#define ENDING_NEW ".new"
#define NEW_SECONDS 60 /* after which what is being written was left behind */
#define ENTRIES_MAX 4096 /* in the folder, of all products */

int emf_btf_folder(const char *given, char path[EMF_BTF_FOLDER_MAX])
{
	const char *own = secure_getenv("EMF_CACHE"), *user = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
	int n;

	if (getauxval(AT_SECURE) && geteuid())
		return -EPERM;
	if (own && *own)
		n = snprintf(path, EMF_BTF_FOLDER_MAX, "%s", own);
	else if (given)
		n = snprintf(path, EMF_BTF_FOLDER_MAX, "%s", given);
	else if (!geteuid())
		n = snprintf(path, EMF_BTF_FOLDER_MAX, "%s/cache/emf", EMF_LOCALSTATEDIR);
	else if (user && *user == '/')
		n = snprintf(path, EMF_BTF_FOLDER_MAX, "%s/emf", user);
	else if (home && *home == '/')
		n = snprintf(path, EMF_BTF_FOLDER_MAX, "%s/.cache/emf", home);
	else
		return -ENOENT;
	return n < EMF_BTF_FOLDER_MAX ? 0 : -ENAMETOOLONG;
}

static bool is_ours_alone(int fd, mode_t type, struct stat *st)
{
	return !fstat(fd, st) && (st->st_mode & S_IFMT) == type && st->st_uid == geteuid() && !(st->st_mode & 022);
}

/* A file descriptor, or a negative errno. */
static int open_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (is_ours_alone(fd, S_IFDIR, &st))
		return fd;
	close(fd);
	return -EPERM;
}

static void name_entry(char name[NAME_MAX_BYTES], const char *product, const struct emf_btf_key *key)
{
	snprintf(name, NAME_MAX_BYTES, "%.100s-%016" PRIx64 "-%016" PRIx64 ENDING, product, key->kernel, key->objects);
}

/* 0; or -EIO if there is less than its size says. */
static int read_whole(int fd, void *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		ssize_t n = read(fd, (char *)bytes + at, size - at);

		if (n <= 0)
			return -EIO;
		at += (size_t)n;
	}
	return 0;
}

static enum emf_btf_file read_open(int fd, const struct emf_btf_key *key, void **bytes, struct emf_btf_image *image)
{
	struct stat st;
	void *content;

	if (!is_ours_alone(fd, S_IFREG, &st))
		return EMF_BTF_NOT_OURS;
	content = st.st_size > 0 && st.st_size <= EMF_BTF_IMAGE_MAX ? malloc((size_t)st.st_size) : NULL;
	if (!content || read_whole(fd, content, (size_t)st.st_size) || emf_btf_image_read(image, content, (size_t)st.st_size) ||
	    memcmp(&image->key, key, sizeof(*key))) {
		free(content);
		return EMF_BTF_CORRUPT;
	}
	*bytes = content;
	return EMF_BTF_FRESH;
}

enum emf_btf_file emf_btf_file_read(const char *folder, const char *product, const struct emf_btf_key *key, void **bytes,
				    struct emf_btf_image *image)
{
	int dir = open_folder(folder), fd;
	enum emf_btf_file found;
	char name[NAME_MAX_BYTES];

	if (dir == -ENOENT)
		return EMF_BTF_NONE;
	if (dir < 0)
		return EMF_BTF_NO_FOLDER;
	name_entry(name, product, key);
	/* O_NONBLOCK: a pipe of this name has nobody at its other end. */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		found = read_open(fd, key, bytes, image);
		close(fd);
	} else {
		found = errno == ENOENT ? EMF_BTF_NONE : EMF_BTF_NOT_OURS;
	}
	close(dir);
	return found;
}

/* --- writing */

struct entry {
	char name[NAME_MAX_BYTES];
	struct timespec time;
	off_t size;
};

/* "PRODUCT-0123456789abcdef-0123456789abcdef.btf", or the same that is being written: with ".PID.new" behind it. */
static bool is_of(const char *product, const char *name, bool *is_new)
{
	size_t n = strlen(product) < 100 ? strlen(product) : 100, len = strlen(name);
	const char *hashes = name + n;

	if (len >= NAME_MAX_BYTES || strncmp(name, product, n) || strspn(hashes, "-") != 1 || strspn(hashes + 1, "0123456789abcdef") != 16 ||
	    hashes[17] != '-' || strspn(hashes + 18, "0123456789abcdef") != 16 || strncmp(hashes + 34, ENDING, strlen(ENDING)))
		return false;
	*is_new = !strcmp(name + len - strlen(ENDING_NEW), ENDING_NEW);
	return *is_new || !hashes[34 + strlen(ENDING)];
}

static void look_at(struct entry *entry, int dir, const char *name)
{
	struct stat st = { 0 };

	fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
	snprintf(entry->name, sizeof(entry->name), "%.*s", NAME_MAX_BYTES - 1, name); /* is_of() */
	entry->time = st.st_mtim;
	entry->size = st.st_size;
}

static int newest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->time.tv_sec != y->time.tv_sec)
		return x->time.tv_sec < y->time.tv_sec ? 1 : -1;
	if (x->time.tv_nsec != y->time.tv_nsec)
		return x->time.tv_nsec < y->time.tv_nsec ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Whole entries, to be freed; what was left behind unfinished is removed if @removes. */
static struct entry *list(int dir, const char *product, bool removes, size_t *n)
{
	struct entry *entries = calloc(ENTRIES_MAX, sizeof(*entries));
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	const struct dirent *d;
	bool is_new;

	*n = 0;
	while (entries && stream && *n < ENTRIES_MAX && (d = readdir(stream))) {
		if (!is_of(product, d->d_name, &is_new))
			continue;
		look_at(&entries[*n], dir, d->d_name);
		if (!is_new)
			(*n)++;
		else if (removes && entries[*n].time.tv_sec + NEW_SECONDS < time(NULL))
			unlinkat(dir, d->d_name, 0);
	}
	if (stream)
		closedir(stream);
	else if (again >= 0)
		close(again);
	return entries;
}

static void prune(int dir, const char *product)
{
	size_t n;
	struct entry *entries = list(dir, product, true, &n);

	if (entries)
		qsort(entries, n, sizeof(*entries), newest_first);
	for (size_t i = EMF_BTF_FILES_MAX; entries && i < n; i++)
		unlinkat(dir, entries[i].name, 0);
	free(entries);
}

/* Not flushed to the disk: what a crash leaves half is told by its sum, and made again. */
static int write_new(int dir, const char *name, const void *bytes, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, bytes, size);
	if (n != (ssize_t)size)
		err = n < 0 ? -errno : -ENOSPC;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int emf_btf_file_write(const char *folder, const char *product, const struct emf_btf_key *key, const void *bytes, size_t size)
{
	char name[NAME_MAX_BYTES], new[NAME_MAX_BYTES + 32];
	int dir, err;

	if (mkdir(folder, 0755) && errno != EEXIST)
		return -errno;
	dir = open_folder(folder);
	if (dir < 0)
		return dir;
	name_entry(name, product, key);
	snprintf(new, sizeof(new), "%s.%d" ENDING_NEW, name, (int)getpid());
	err = write_new(dir, new, bytes, size);
	if (!err && renameat(dir, new, dir, name))
		err = -errno;
	if (err && err != -EEXIST)
		unlinkat(dir, new, 0);
	if (!err)
		prune(dir, product);
	close(dir);
	return err;
}

struct emf_btf_files emf_btf_files_count(const char *folder, const char *product)
{
	struct emf_btf_files files = { 0 };
	int dir = open_folder(folder);
	struct entry *entries;
	size_t n;

	if (dir < 0)
		return files;
	entries = list(dir, product, false, &n);
	for (size_t i = 0; entries && i < n; i++)
		files.size += (unsigned long long)entries[i].size;
	files.n = (unsigned int)n;
	free(entries);
	close(dir);
	return files;
}
