// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_bytes.c - bytes of a package.
 */
#include "package_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void emf_bytes_add(struct emf_bytes *bytes, const void *data, size_t size)
{
	if (bytes->failed || !size)
		return;
	if (size > bytes->room - bytes->size) {
		size_t room = 2 * (bytes->size + size);
		unsigned char *more = realloc(bytes->data, room);

		bytes->failed = !more;
		if (!more)
			return;
		bytes->data = more;
		bytes->room = room;
	}
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

void emf_bytes_free(struct emf_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct emf_bytes){ 0 };
}

static int write_all(int fd, const struct emf_bytes *bytes)
{
	for (size_t at = 0; at < bytes->size;) {
		ssize_t n = write(fd, bytes->data + at, bytes->size - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int emf_bytes_store(const struct emf_bytes *bytes, const char *path)
{
	char beside[PATH_MAX];
	struct stat st;
	int fd, err;

	if (!strcmp(path, "-"))
		return write_all(STDOUT_FILENO, bytes);
	/* A device, or a FIFO: nothing can take its place. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return -EINVAL;
	if (snprintf(beside, sizeof(beside), "%s.%d", path, getpid()) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(beside, path))
		err = -errno;
	if (err)
		unlink(beside);
	return err;
}

void emf_bytes_add_number(struct emf_bytes *bytes, uint64_t number)
{
	unsigned char digit;

	do {
		digit = (number & 127) | (number > 127 ? 128 : 0);
		emf_bytes_add(bytes, &digit, 1);
		number >>= 7;
	} while (digit & 128);
}

uint64_t emf_bytes_number(struct emf_bytes_left *left)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 64 && left->at < left->end; shift += 7) {
		unsigned char digit = *left->at++;

		if (shift == 63 && digit > 1)
			break; /* more than 64 bits */
		number |= (uint64_t)(digit & 127) << shift;
		if (!(digit & 128))
			return number;
	}
	left->failed = true;
	left->at = left->end;
	return 0;
}

const void *emf_bytes_take(struct emf_bytes_left *left, size_t size)
{
	const void *at = left->at;

	if (size > (size_t)(left->end - left->at)) {
		left->failed = true;
		left->at = left->end;
		return NULL;
	}
	left->at += size;
	return at;
}
