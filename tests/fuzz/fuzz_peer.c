// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_peer.c - packets of another process, which binds to a service of ours and offers
 * one that we use. The input is a row of packets: how long (two bytes), what goes with it
 * (one byte: a number of files, 0x08 for sealed memfds, 0x10 for a pause of reading), and
 * its bytes.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus_peer.h"
#include "loop.h"
#include "services.h"

#define DEFERRED 8
#define FILES_MASK 0x07
#define IS_MEMFD 0x08
#define IS_SILENT 0x10

static struct emf_loop loop;
static struct ebus_rings rings;
static struct ebus_client rich_client = { .service = &rich_service }, guest_client = { .service = &guest_service };
static struct ebus_deferred deferred[DEFERRED];
static struct ebus_async asyncs[2];
static struct rich call_args, call_reply;
static struct ebus_watcher watcher;
static struct ebus_subscription listening;
static int other = -1, null_fd = -1, memfd = -1;

static int serve(struct ebus_call *call, const void *args, void *reply)
{
	static const struct point point = { .x = 1 };
	struct rich *rich = reply;

	switch (call->method) {
	case RICH_ALL:
		memcpy(rich, args, sizeof(*rich));
		ebus_emit(&rich_service, RICH_HEARD, args);
		rich->file = -1; /* those of a call are closed after it */
		rich->files_len = 0;
		return 0;
	case RICH_BIG:
		memcpy(reply, args, sizeof(struct big));
		ebus_emit(&rich_service, RICH_BIG_HEARD, args);
		return 0;
	case RICH_LATER:
		for (size_t i = 0; i < DEFERRED; i++)
			if (!deferred[i].waiter)
				return ebus_defer(call, &deferred[i]);
		return -EBUSY;
	default:
		return ebus_fail(call, "too_rich", &point, sizeof(point));
	}
}

static const struct rich_ops ops = { serve };

static void on_finished(struct ebus_async *async, int err)
{
	struct rich *reply = async->reply;

	(void)err;
	if (!err && reply->file >= 0)
		close(reply->file);
	for (uint32_t i = 0; !err && i < reply->files_len; i++)
		if (reply->files[i] >= 0)
			close(reply->files[i]);
	memset(reply, 0, sizeof(*reply));
}

/* The other process provides it: we call. */
static void on_changed(struct ebus_watcher *w, bool provided)
{
	(void)w;
	for (size_t i = 0; provided && i < 2; i++) {
		asyncs[i].args = &call_args;
		asyncs[i].reply = &call_reply;
		asyncs[i].finished = on_finished;
		ebus_async_start(&asyncs[i], &guest_client, i ? RICH_FAIL : RICH_ALL, NULL);
	}
}

static void on_signal(struct ebus_subscription *subscription, const void *data)
{
	(void)subscription;
	fuzz_assert(((const struct rich *)data)->tail_len <= 100);
}

static int on_greeted(struct ebus_peer *peer)
{
	return ebus_peer_greet(peer, "fuzz", "1");
}

static int on_offered(struct ebus_peer *peer, const char *name)
{
	int err = strcmp(name, "guest") ? 0 : ebus_peer_use(peer, &guest_service);

	return err == -EALREADY ? 0 : err;
}

static const struct ebus_peer_ops peer_ops = { .greeted = on_greeted, .offered = on_offered };

static void init(void)
{
	static const char content[64] = { 60 };

	fuzz_assert(!emf_loop_init(&loop));
	emf_bus_set_loop(&loop);
	ebus_rings_init(&rings, &loop);
	call_args.file = -1;
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	memfd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fuzz_assert(write(memfd, content, sizeof(content)) == sizeof(content));
	fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	fuzz_assert(!ebus_provide(&rich_service, &ops, NULL));
	watcher.changed = on_changed;
	fuzz_assert(!ebus_watch(&guest_client, NULL, &watcher));
	listening.deliver = on_signal;
	fuzz_assert(!ebus_subscribe(&guest_client, RICH_HEARD, NULL, &listening));
	(void)rich_client;
}

static void send_packet(const uint8_t *bytes, size_t size, unsigned int what)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = { .bytes = { 0 } };
	size_t n = what & FILES_MASK;
	struct iovec iov = { (void *)bytes, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n) {
		send(other, &(struct ebus_frame){ .size = sizeof(struct ebus_frame), .kind = EBUS_FDS }, sizeof(struct ebus_frame),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS };
		for (size_t i = 0; i < n; i++)
			((int *)(void *)CMSG_DATA(&control.align))[i] = what & IS_MEMFD ? memfd : null_fd;
	}
	sendmsg(other, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void read_all(void)
{
	static char bytes[EBUS_PACKET_MAX];

	/* Without room for descriptors, the kernel closes them. */
	while (recv(other, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void answer_deferred(void)
{
	static const struct rich reply = { .file = -1 };

	for (size_t i = 0; i < DEFERRED; i++)
		ebus_answer(&deferred[i], i % 2 ? -EIO : 0, &reply);
}

static void play(struct ebus_peer *peer, const uint8_t *data, size_t size)
{
	while (size >= 3 && !peer->error) {
		size_t n = data[0] | (size_t)data[1] << 8;
		unsigned int what = data[2];

		data += 3;
		size -= 3;
		n = n < size ? n : size;
		send_packet(data, n, what);
		data += n;
		size -= n;
		ebus_peer_receive(peer, false);
		if (!peer->error)
			ebus_peer_flush(peer);
		if (!(what & IS_SILENT))
			read_all();
	}
	if (!peer->error)
		answer_deferred();
}

/* The lowest number that is free: another one after it tells that a file was left open, or one too many closed. */
static int free_file(void)
{
	int fd = dup(null_fd);

	fuzz_assert(fd >= 0 && !close(fd));
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int little = 36000; /* room for a packet or two: then signals wait */
	struct ebus_peer *peer = malloc(sizeof(*peer));
	int pair[2], before;

	if (null_fd < 0)
		init();
	before = free_file();
	fuzz_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	other = pair[1];
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	ebus_peer_init(peer, &peer_ops, pair[0]);
	peer->rings = &rings;
	peer->takes_rings = true;
	play(peer, data, size);
	ebus_peer_fini(peer);
	for (size_t i = 0; i < 2; i++)
		ebus_async_cancel(&asyncs[i]);
	free(peer);
	close(other);
	/* Nothing is left: no file, no subscriber, no call. */
	fuzz_assert(free_file() == before);
	fuzz_assert(!rich_subscriptions[0] && !rich_subscriptions[1] && !rich_service.deferred && !rich_service.watches);
	for (size_t i = 0; i < EBUS_RINGS_MAX; i++)
		fuzz_assert(!rings.rings[i]);
	fuzz_assert(!guest_service.ops && !guest_service.deferred && !guest_service.demand && !ebus_depth);
	return 0;
}
