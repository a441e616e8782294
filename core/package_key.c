// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_key.c - keys in files, and whom this machine trusts.
 */
#include "package_key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".pub"
#define TEXT_MAX 256

static int tell(char *why, const char *path, const char *what, int err)
{
	snprintf(why, EMF_PACKAGE_WHY_MAX, "key %.120s: %s", path, what);
	return err;
}

static int check_owner(int fd, const char *path, const char *kind, bool is_trusted, char *why)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return tell(why, path, "it is no regular file", -EINVAL);
	if (is_trusted && (st.st_uid || st.st_mode & (S_IWGRP | S_IWOTH)))
		return tell(why, path, "others than root can write to it: chown root, chmod go-w", -EPERM);
	if (!strcmp(kind, EMF_KEY_SECRET) && st.st_mode & (S_IRWXG | S_IRWXO))
		return tell(why, path, "it is secret, and others can read it: chmod 600, and make another one", -EPERM);
	return 0;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse(const char *text, const char *kind, unsigned char key[EMF_KEY_BYTES])
{
	size_t len = strlen(kind);

	if (strncmp(text, kind, len))
		return -EINVAL;
	text += len;
	for (size_t i = 0; i < EMF_KEY_BYTES; i++) {
		int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);

		if (low < 0)
			return -EINVAL;
		key[i] = (unsigned char)(high << 4 | low);
	}
	return text[2 * EMF_KEY_BYTES] == '\n' || !text[2 * EMF_KEY_BYTES] ? 0 : -EINVAL;
}

int emf_key_read(const char *path, const char *kind, bool is_trusted, unsigned char key[EMF_KEY_BYTES], char why[EMF_PACKAGE_WHY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (is_trusted ? O_NOFOLLOW : 0)), err;
	char text[TEXT_MAX] = "";
	ssize_t n = 0;

	if (fd < 0) {
		err = -errno;
		return tell(why, path, strerror(-err), err);
	}
	err = check_owner(fd, path, kind, is_trusted, why);
	if (!err)
		n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (!err && (n <= 0 || parse(text, kind, key)))
		err = tell(why, path, strcmp(kind, EMF_KEY_SECRET) ? "it is no public key of 'key new'" : "it is no secret key of 'key new'", -EINVAL);
	explicit_bzero(text, sizeof(text));
	return err;
}

int emf_key_write(const char *path, const char *kind, const unsigned char key[EMF_KEY_BYTES])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, strcmp(kind, EMF_KEY_SECRET) ? 0644 : 0600);
	char text[TEXT_MAX];
	int len, err = 0;

	if (fd < 0)
		return -errno;
	len = snprintf(text, sizeof(text), "%s", kind);
	for (size_t i = 0; i < EMF_KEY_BYTES; i++)
		len += snprintf(text + len, 3, "%02x", key[i]);
	text[len++] = '\n';
	errno = EIO;
	if (write(fd, text, (size_t)len) != len || fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	explicit_bzero(text, sizeof(text));
	if (err)
		unlink(path);
	return err;
}

static int is_public(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > sizeof(SUFFIX) - 1 && len < EMF_KEY_NAME_MAX && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - sizeof(SUFFIX) + 1, SUFFIX);
}

/* Who can put files there can be trusted by nobody else. */
static bool is_safe(const char *folder)
{
	struct stat st;

	return !lstat(folder, &st) && S_ISDIR(st.st_mode) && !st.st_uid && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* Who may write to the one above puts another one in its place; what is above that is the system's. */
static bool is_safe_folder(void)
{
	return is_safe(EMF_KEY_FOLDER) && is_safe(EMF_KEY_FOLDER "/..");
}

bool emf_key_is_trusted(const unsigned char key[EMF_KEY_BYTES], char name[EMF_KEY_NAME_MAX])
{
	struct dirent **entries = NULL;
	int n = is_safe_folder() ? scandir(EMF_KEY_FOLDER, &entries, is_public, alphasort) : 0;
	bool found = false;

	for (int i = 0; i < n; i++) {
		char path[sizeof(EMF_KEY_FOLDER) + EMF_KEY_NAME_MAX + 1], why[EMF_PACKAGE_WHY_MAX];
		unsigned char one[EMF_KEY_BYTES];

		snprintf(path, sizeof(path), EMF_KEY_FOLDER "/%.*s", EMF_KEY_NAME_MAX, entries[i]->d_name);
		if (!found && !emf_key_read(path, EMF_KEY_PUBLIC, true, one, why) && !memcmp(one, key, sizeof(one))) {
			snprintf(name, EMF_KEY_NAME_MAX, "%.*s", (int)strlen(entries[i]->d_name) - (int)sizeof(SUFFIX) + 1, entries[i]->d_name);
			found = true;
		}
		free(entries[i]);
	}
	free(entries);
	return found;
}
