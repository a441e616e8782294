// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * hostile.c - writes to the socket of its process what no product would, and other misdeeds.
 */
#include "hostile_emf.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* core/bus_wire.h, which is none of a module's business. */
struct frame {
	uint32_t size;
	uint16_t kind;
	uint8_t n_fds, flags;
	uint32_t serial;
	uint16_t service, member;
};
enum { HELLO = 1, BIND = 2, CALL = 5, OFFER = 13, TOLD = 20 };

static int socket_of(void)
{
	for (int fd = 3; fd < 64; fd++) {
		int type;
		socklen_t len = sizeof(type);

		if (!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET)
			return fd;
	}
	abort();
}

static void put(uint16_t kind, uint16_t member, const void *payload, size_t size)
{
	struct {
		struct frame head;
		char payload[30000];
	} packet = { .head = { .size = (uint32_t)(sizeof(struct frame) + size), .kind = kind, .member = member, .serial = 1024, .service = 60 } };

	memcpy(packet.payload, payload, size);
	if (send(socket_of(), &packet, (packet.head.size + 7) & ~7u, 0) < 0)
		abort();
}

static void describe(const char *service, const char *schema, size_t size)
{
	char payload[30000] = { 0 };

	memcpy(payload, service, strlen(service));
	memcpy(payload + 64, schema, size);
	put(TOLD, 1, payload, 64 + size);
}

/* A service of the product, without a word in the description. */
static void pry(void)
{
	char bind[96 + 72] = "heard\0", end[1028] = { 0 };

	strcpy(bind + 64, "1.0");
	bind[88] = 1; /* methods */
	strcpy(bind + 96, "secret");
	put(BIND, 0, bind, sizeof(bind));
	put(CALL, 0, "", 0);
	strcpy(end + 4, "it has pried");
	*(int32_t *)(void *)end = -EACCES;
	put(TOLD, 3, end, sizeof(end));
}

/* Stays when its parent ends: in a session of its own, bound to nobody. */
static void leave_one(void)
{
	if (fork())
		return;
	setsid();
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	for (;;)
		pause();
}

static int is(const char *deed)
{
	return !strcmp(hostile_params.deed, deed);
}

int hostile_create(struct module *m)
{
	/* A schema, and no text behind its NUL. */
	static const char truncated[] = "{\"name\":\"hostile\",\"vers\0",
			  other[] = "{\"name\":\"hostile\",\"version\":\"1.0\",\"hash\":\"0x1\",\"records\":[],\"methods\":[],\"signals\":[],\"errors\":[]}\0";
	char text[256] = "";

	(void)m;
	if (is("hang"))
		pause();
	if (is("crash"))
		raise(SIGSEGV);
	if (is("leave"))
		_exit(3);
	if (is("stop"))
		raise(SIGSTOP);
	if (is("garbage") && send(socket_of(), "\1\2\3garbage, and more of it.....", 32, 0) < 0)
		abort();
	if (is("offer"))
		put(OFFER, 0, memcpy(text, "modules", 8), 80);
	if (is("describe"))
		describe("modules", "{}", 3);
	if (is("empty"))
		describe("hostile", "", 0);
	if (is("truncated"))
		describe("hostile", truncated, sizeof(truncated));
	if (is("other"))
		describe("hostile", other, sizeof(other));
	if (is("kind"))
		put(TOLD, 99, "", 0);
	if (is("hello"))
		put(HELLO, 0, text, 96);
	if (is("flood"))
		for (int i = 0; i < 200000; i++)
			put(BIND, 0, text, 20);
	if (is("pry"))
		pry();
	if (is("fork"))
		leave_one();
	return 0;
}

int hostile_serve_harm(struct ebus_call *call)
{
	(void)call;
	return 0;
}
