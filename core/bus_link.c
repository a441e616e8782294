// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_link.c - packets of frames: filled and sent.
 */
#include "bus_link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define POOL_MAX 16 /* packets that are kept for the next turn */

struct ebus_packet {
	struct ebus_packet *next;
	size_t size;
	size_t n_fds;
	void *large; /* of the last frame: the memfd that its payload is written to */
	size_t large_size;
	bool is_announced;
	int fds[EBUS_PACKET_FDS_MAX];
	_Alignas(8) char bytes[EBUS_PACKET_MAX];
};

static struct ebus_packet *pool;
static unsigned int pooled;

static struct ebus_packet *packet_new(void)
{
	struct ebus_packet *packet = pool;

	if (packet) {
		pool = packet->next;
		pooled--;
	} else {
		packet = malloc(sizeof(*packet));
		if (!packet)
			return NULL;
	}
	packet->next = NULL;
	packet->size = packet->n_fds = 0;
	packet->large = NULL;
	packet->is_announced = false;
	return packet;
}

void ebus_close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* A large payload was written by now: from here on nobody can change it. */
static void seal(struct ebus_packet *packet)
{
	if (!packet->large)
		return;
	munmap(packet->large, packet->large_size);
	packet->large = NULL;
	fcntl(packet->fds[packet->n_fds - 1], F_ADD_SEALS, EBUS_SEALS);
}

static void packet_free(struct ebus_packet *packet)
{
	seal(packet);
	ebus_close_all(packet->fds, packet->n_fds);
	if (pooled >= POOL_MAX) {
		free(packet);
		return;
	}
	packet->next = pool;
	pool = packet;
	pooled++;
}

void ebus_link_init(struct ebus_link *link, int fd, size_t max_bytes)
{
	*link = (struct ebus_link){ .fd = fd, .max_bytes = max_bytes };
}

void ebus_link_fini(struct ebus_link *link)
{
	while (link->first) {
		struct ebus_packet *packet = link->first;

		link->first = packet->next;
		packet_free(packet);
	}
	link->last = NULL;
	link->queued_bytes = link->queued_fds = 0;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

/* The packet that so much more fits into. */
static struct ebus_packet *packet_for(struct ebus_link *link, size_t size, size_t n_fds)
{
	struct ebus_packet *packet = link->last;

	if (packet)
		seal(packet);
	if (packet && packet->size + size <= EBUS_PACKET_MAX && packet->n_fds + n_fds <= EBUS_PACKET_FDS_MAX)
		return packet;
	packet = packet_new();
	if (!packet)
		return NULL;
	if (link->last)
		link->last->next = packet;
	else
		link->first = packet;
	link->last = packet;
	return packet;
}

static int memfd_for(size_t size, void **place)
{
	int fd = memfd_create("ebus", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, (off_t)size)) {
		*place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (*place != MAP_FAILED)
			return fd;
	}
	err = -errno;
	close(fd);
	return err;
}

static int duplicate(const int *fds, size_t n, int *to)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (to[i] < 0) {
			int err = -errno;

			ebus_close_all(to, i);
			return err;
		}
	}
	return 0;
}

/* Whether the other side has read all that the socket took, unix(7). */
static bool is_read(const struct ebus_link *link)
{
	int unread;

	return !link->first && !ioctl(link->fd, SIOCOUTQ, &unread) && !unread;
}

/* What descriptors and large payloads take is seen in no count of bytes. */
static int check_room(struct ebus_link *link, size_t n_fds, size_t large_size)
{
	if (link->queued_fds + n_fds > EBUS_QUEUED_FDS_MAX)
		ebus_link_flush(link);
	if (link->queued_fds + n_fds > EBUS_QUEUED_FDS_MAX)
		return -EBUSY;
	if (link->large_bytes + large_size > EBUS_LARGE_MAX && is_read(link))
		link->large_bytes = 0;
	return large_size && link->large_bytes + large_size > EBUS_LARGE_MAX ? -EBUSY : 0;
}

int ebus_link_add(struct ebus_link *link, const struct ebus_frame *frame, size_t size, const int *fds, size_t n_fds,
		  void **payload)
{
	bool large = size > EBUS_PACKET_MAX - sizeof(*frame);
	size_t inside = sizeof(*frame) + (large ? sizeof(__u64) : size);
	struct ebus_packet *packet;
	struct ebus_frame *to;
	void *place = NULL;
	int err, memfd = -1;

	if (size > EBUS_PAYLOAD_MAX || n_fds + large > EBUS_FRAME_FDS_MAX)
		return -EMSGSIZE;
	if (link->fd < 0)
		return -ENOTCONN;
	if (link->queued_bytes + inside > link->max_bytes)
		return -ENOBUFS;
	err = n_fds || large ? check_room(link, n_fds + large, large ? size : 0) : 0;
	if (err)
		return err;
	packet = packet_for(link, EBUS_ALIGNED(inside), n_fds + large);
	if (!packet)
		return -ENOMEM;
	err = duplicate(fds, n_fds, packet->fds + packet->n_fds);
	if (err)
		return err;
	if (large) {
		memfd = memfd_for(size, &place);
		if (memfd < 0) {
			ebus_close_all(packet->fds + packet->n_fds, n_fds);
			return memfd;
		}
		packet->fds[packet->n_fds + n_fds] = memfd;
		packet->large = place;
		packet->large_size = size;
	}
	to = (struct ebus_frame *)(void *)(packet->bytes + packet->size);
	*to = *frame;
	to->size = (__u32)inside;
	to->n_fds = (__u8)(n_fds + large);
	to->flags = large ? EBUS_LARGE : 0;
	if (large)
		*(__u64 *)(void *)(to + 1) = size;
	else
		memset((char *)to + inside, 0, EBUS_ALIGNED(inside) - inside);
	packet->n_fds += n_fds + large;
	link->queued_fds += n_fds + large;
	link->large_bytes += large ? size : 0;
	packet->size += EBUS_ALIGNED(inside);
	link->queued_bytes += EBUS_ALIGNED(inside);
	link->sent_frames++;
	*payload = large ? place : (void *)(to + 1);
	return 0;
}

int ebus_link_send(struct ebus_link *link, const struct ebus_frame *frame, const void *payload, size_t size,
		   const int *fds, size_t n_fds)
{
	void *to;
	int err = ebus_link_add(link, frame, size, fds, n_fds, &to);

	if (!err && size)
		memcpy(to, payload, size);
	return err;
}

static int announce(int fd, struct ebus_packet *packet)
{
	const struct ebus_frame frame = { .size = sizeof(frame), .kind = EBUS_FDS };

	if (!packet->is_announced && send(fd, &frame, sizeof(frame), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	packet->is_announced = true;
	return 0;
}

static int send_packet(int fd, struct ebus_packet *packet)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(packet->fds))];
	} control;
	struct iovec iov = { packet->bytes, packet->size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	int err;

	seal(packet);
	if (!packet->n_fds) /* the common case, and cheaper */
		return send(fd, packet->bytes, packet->size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
	err = announce(fd, packet);
	if (err)
		return err;
	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = CMSG_SPACE(packet->n_fds * sizeof(int));
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(packet->n_fds * sizeof(int));
	memcpy(CMSG_DATA(cmsg), packet->fds, packet->n_fds * sizeof(int));
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int ebus_link_flush(struct ebus_link *link)
{
	while (link->first) {
		struct ebus_packet *packet = link->first;
		int err = link->fd < 0 ? -ENOTCONN : 0;

		/* A frame that could not be added may leave an empty one, which would read as the end. */
		if (!err && packet->size)
			err = send_packet(link->fd, packet);

		if (err == -EINTR)
			continue;
		if (err) {
			link->blocked = err == -EAGAIN;
			return err;
		}
		link->first = packet->next;
		if (!link->first)
			link->last = NULL;
		link->queued_bytes -= packet->size;
		link->queued_fds -= packet->n_fds;
		packet_free(packet);
	}
	link->blocked = false;
	return 0;
}
