// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_unpack.c - packets that came: taken apart into frames, with what came beside them.
 */
#include "bus_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody can change it while it is read, nor cut it short under us. A file that knows no seals answers -1. */
static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & EBUS_SEALS) == EBUS_SEALS;
}

static int map_large(struct ebus_received *r, void **map)
{
	__u64 size;
	struct stat st;
	int fd;

	if (!r->n_fds || r->size != sizeof(size))
		return -EBADMSG;
	memcpy(&size, r->payload, sizeof(size));
	fd = r->fds[--r->n_fds];
	if (size > EBUS_PAYLOAD_MAX || !size || fstat(fd, &st) || (__u64)st.st_size != size || !is_sealed(fd) ||
	    (__u64)st.st_blocks * 512 < size) { /* holes would be filled with memory of ours, stat(2) */
		close(fd);
		return -EBADMSG;
	}
	*map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (*map == MAP_FAILED)
		return -errno;
	r->payload = *map;
	r->size = size;
	return 0;
}

static int give(struct ebus_received *r, int (*each)(void *arg, struct ebus_received *received), void *arg)
{
	void *map = NULL;
	int err = r->frame->flags & EBUS_LARGE ? map_large(r, &map) : 0;

	if (!err)
		err = each(arg, r);
	if (map)
		munmap(map, r->size);
	ebus_close_all(r->fds, r->n_fds);
	return err;
}

static int take_apart(char *bytes, size_t size, int *fds, size_t n_fds,
		      int (*each)(void *arg, struct ebus_received *received), struct ebus_link *link, void *arg)
{
	size_t at = 0, at_fd = 0;
	int err = 0;

	while (!err && at < size) {
		const struct ebus_frame *frame = (const struct ebus_frame *)(void *)(bytes + at);
		struct ebus_received r = { .frame = frame };

		if (size - at < sizeof(*frame) || frame->size < sizeof(*frame) || frame->size > size - at ||
		    frame->n_fds > n_fds - at_fd || frame->n_fds > EBUS_FRAME_FDS_MAX) {
			err = -EBADMSG;
			break;
		}
		r.payload = frame + 1;
		r.size = frame->size - sizeof(*frame);
		r.fds = fds + at_fd;
		r.n_fds = frame->n_fds;
		at_fd += frame->n_fds;
		at += EBUS_ALIGNED((size_t)frame->size);
		link->received_frames++;
		err = give(&r, each, arg);
	}
	if (!err && at_fd < n_fds)
		err = -EBADMSG;
	ebus_close_all(fds + at_fd, n_fds - at_fd);
	return err;
}

/* All descriptors that came, whatever else is wrong: those that nobody takes would stay open. */
static size_t descriptors(struct msghdr *msg, int *fds)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t more = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds + n, CMSG_DATA(c), more * sizeof(int));
		n += more;
	}
	return n;
}

/* Return: how many bytes came, of a packet without descriptors; the kernel closes those that come unannounced. */
static ssize_t receive(int fd, bool wait, char *bytes)
{
	ssize_t n = recv(fd, bytes, EBUS_PACKET_MAX + 8, wait ? 0 : MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n > EBUS_PACKET_MAX ? -EBADMSG : n ? n : -ECONNRESET;
}

/* Return: how many bytes came; the descriptors that came with them go to @fds. */
static ssize_t receive_fds(int fd, bool wait, char *bytes, int *fds, size_t *n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(EBUS_PACKET_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { bytes, EBUS_PACKET_MAX + 8 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	*n_fds = descriptors(&msg, fds);
	if (n && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && n <= EBUS_PACKET_MAX)
		return n;
	ebus_close_all(fds, *n_fds);
	return n ? -EBADMSG : -ECONNRESET;
}

static bool is_announcement(const char *bytes, size_t size)
{
	const struct ebus_frame *frame = (const struct ebus_frame *)(const void *)bytes;

	return size == sizeof(*frame) && frame->size == size && frame->kind == EBUS_FDS;
}

int ebus_link_receive(struct ebus_link *link, bool wait, int (*each)(void *arg, struct ebus_received *received),
		      void *arg)
{
	/* One for all links; a handler that waits for an answer receives inside of it. */
	static _Alignas(8) char first[EBUS_PACKET_MAX + 8];
	static bool used;
	bool is_first = !used;
	char *bytes = is_first ? first : malloc(sizeof(first));
	int fds[EBUS_PACKET_FDS_MAX];
	size_t n_fds = 0;
	ssize_t n;

	if (!bytes)
		return -ENOMEM;
	used = true;
	if (link->brings_fds)
		n = receive_fds(link->fd, wait, bytes, fds, &n_fds);
	else
		n = receive(link->fd, wait, bytes);
	if (n >= 0)
		link->brings_fds = !n_fds && is_announcement(bytes, (size_t)n);
	if (n > 0)
		n = link->brings_fds ? 0 : take_apart(bytes, (size_t)n, fds, n_fds, each, link, arg);
	if (is_first)
		used = false;
	else
		free(bytes);
	return (int)n;
}
