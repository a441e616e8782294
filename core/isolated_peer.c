// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_peer.c - what the process of an isolated extension says and asks. It is asked no
 * more than its file declares: which services it provides, which it may use.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "isolated.h"
#include "isolated_process.h"
#include "isolated_service.h"
#include "log.h"
#include "text.h"

static struct emf_isolated *of(struct ebus_peer *peer)
{
	return emf_container_of(peer, struct emf_isolated, peer);
}

static int fail(struct emf_isolated *iso, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The first reason stays. Return: @err, which ends the connection. */
static int fail(struct emf_isolated *iso, int err, const char *fmt, ...)
{
	va_list args;

	if (iso->why[0])
		return err;
	va_start(args, fmt);
	vsnprintf(iso->why, sizeof(iso->why), fmt, args);
	va_end(args);
	return err;
}

/* --- what it asks for */

/* The socket has the credentials of the product; it is asked for the extension all the same. */
static bool on_allowed(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	(void)member;
	return emf_isolated_table_has(&of(peer)->table, EMF_EXTENSION_USED, service->name);
}

static void on_denied(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	struct emf_isolated *iso = of(peer);

	if (peer->denials == 1) /* of this process: who asks all day is no flood */
		emf_warn(&iso->module, "isolated: it may not use %s.%s: its description has to say 'uses %s'", service->name, member->name, service->name);
}

static int on_greeted(struct ebus_peer *peer)
{
	peer->pid = (uint32_t)of(peer)->pid; /* whatever it says */
	return ebus_peer_greet(peer, of(peer)->emf->product->name, of(peer)->emf->product->version);
}

/* --- what it provides */

static int on_offered(struct ebus_peer *peer, const char *name)
{
	struct emf_isolated *iso = of(peer);
	struct ebus_service *service = emf_bus_find(name);
	int err;

	if (!emf_isolated_table_has(&iso->table, EMF_EXTENSION_PROVIDED, name) || iso->says_runs)
		return fail(iso, -EPROTO, "it offers the service %s, which its file does not say that it provides", name);
	if (!service)
		return fail(iso, -EPROTO, "it offers the service %s, and has not described it", name);
	if (service->provider)
		return fail(iso, -EEXIST, "service %s is provided by module %s already: run only one of the two", name, service->provider->name);
	if (service->ops)
		return fail(iso, -EEXIST, "service %s is provided by another process already: end that one first", name);
	err = ebus_peer_use(peer, service);
	return err == -EALREADY ? fail(iso, -EPROTO, "it offers the service %s twice", name) : err;
}

/* All that it has offered can be called. */
static void check_up(struct emf_isolated *iso)
{
	if (iso->state != EMF_ISOLATED_STARTING || !iso->says_runs || iso->peer.error)
		return;
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
		if (iso->peer.uses[i] && !iso->peer.uses[i]->settled)
			return;
	emf_isolated_is_up(iso);
}

static void on_settled(struct ebus_peer *peer, struct ebus_service *service, int err, const char *version)
{
	struct emf_isolated *iso = of(peer);

	(void)version;
	if (err)
		ebus_peer_fail(peer, fail(iso, err, "it offers the service %s, and then does not: %s", service->name, strerror(-err)));
	else
		check_up(iso);
}

static int on_service(struct emf_isolated *iso, const char *name, const char *text, size_t size)
{
	struct ebus_service *known = emf_bus_find(name), *service;
	char why[EMF_EXTENSION_WHY_MAX];
	int err;

	if (!emf_isolated_table_has(&iso->table, EMF_EXTENSION_PROVIDED, name))
		return fail(iso, -EPROTO, "it describes the service %s, which its file does not say that it provides", name);
	/* What is linked in is what its file was compared with. */
	if (known && !emf_described_is(known))
		return 0;
	err = emf_described_add(text, size, emf_isolated_table_service(&iso->table, name), &service, why);
	if (err)
		return fail(iso, err, "%s", why);
	for (size_t i = 0; i < iso->n_described; i++)
		if (iso->described[i] == service) { /* as the process before it did */
			emf_described_drop(service);
			return 0;
		}
	if (iso->n_described == EMF_ISOLATED_SERVICES_MAX) {
		emf_described_drop(service);
		return fail(iso, -E2BIG, "it describes more than %d services", EMF_ISOLATED_SERVICES_MAX);
	}
	iso->described[iso->n_described++] = service;
	return 0;
}

/* Nothing of it may drive a terminal. */
static void copy_text(char *to, size_t size, const char *from, size_t len)
{
	size_t at = 0;

	while (at < len && from[at] && at + 1 < size) {
		size_t n = emf_text_character(from + at, len - at);

		if (!n || at + n >= size) {
			to[at++] = '?';
			continue;
		}
		memcpy(to + at, from + at, n);
		at += n;
	}
	to[at] = '\0';
}

static int on_ends(struct emf_isolated *iso, const struct ebus_told_end *end)
{
	if (!iso->why[0])
		copy_text(iso->why, sizeof(iso->why), end->why, sizeof(end->why));
	iso->unit->unsupported = end->err == -EPERM || end->err == -EOPNOTSUPP;
	iso->is_done = !end->err;
	iso->end_err = end->err < 0 && end->err >= -4095 ? end->err : -ECONNABORTED; /* MAX_ERRNO, include/linux/err.h */
	return -ESHUTDOWN;
}

static int on_told(struct ebus_peer *peer, struct ebus_received *r)
{
	struct emf_isolated *iso = of(peer);
	struct ebus_told_service service;
	struct ebus_told_end end;

	switch (r->frame->member) {
	case EBUS_TOLD_SERVICE:
		if (r->size < sizeof(service) || iso->state != EMF_ISOLATED_STARTING || iso->says_runs)
			return -EBADMSG;
		memcpy(&service, r->payload, sizeof(service));
		if (!ebus_is_text(service.name, sizeof(service.name)))
			return -EBADMSG;
		return on_service(iso, service.name, (const char *)r->payload + sizeof(service), r->size - sizeof(service));
	case EBUS_TOLD_RUNS:
		if (r->size || iso->state != EMF_ISOLATED_STARTING || iso->says_runs)
			return -EBADMSG;
		iso->says_runs = true;
		check_up(iso);
		return 0;
	case EBUS_TOLD_ENDS:
		if (r->size != sizeof(end))
			return -EBADMSG;
		memcpy(&end, r->payload, sizeof(end));
		return on_ends(iso, &end);
	default:
		return -EBADMSG;
	}
}

static const struct ebus_peer_ops ops = {
	.allowed = on_allowed, .denied = on_denied, .greeted = on_greeted, .offered = on_offered, .settled = on_settled, .told = on_told,
};

/* --- the connection */

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	struct emf_isolated *iso = emf_container_of(fd, struct emf_isolated, socket);

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		emf_isolated_receive(iso);
	emf_isolated_flush(iso);
}

void emf_isolated_receive(struct emf_isolated *iso)
{
	if (!iso->peer.error)
		ebus_peer_receive(&iso->peer, false);
}

void emf_isolated_flush(struct emf_isolated *iso)
{
	uint32_t events;

	if (!iso->peer.error)
		ebus_peer_flush(&iso->peer);
	events = EPOLLIN | (iso->peer.link.blocked ? EPOLLOUT : 0);
	if (iso->peer.error)
		emf_isolated_broke(iso);
	else if (events != iso->socket.events)
		emf_fd_modify(&iso->socket, events);
}

static int find_given(struct emf_isolated *iso)
{
	for (size_t i = 0; i < iso->n_given; i++)
		free(iso->given[i]);
	return emf_isolated_words(iso, iso->given, &iso->n_given);
}

static int start_process(struct emf_isolated *iso, int socket)
{
	const struct emf_isolated_words words = { .socket = socket, .file = iso->fd, .parent = getpid(), .uid = iso->uid,
						  .caps = iso->table.caps, .path = iso->path };
	int pid = iso->is_again ? 0 : find_given(iso);

	if (pid)
		snprintf(iso->why, sizeof(iso->why), pid == -E2BIG ? "it has more than %d parameters" : "the configuration has mistakes, which the log names: it was not started",
			 EMF_ISOLATED_WORDS_MAX);
	else
		pid = emf_isolated_check_rights(iso->table.caps, iso->why, sizeof(iso->why));
	if (!pid)
		pid = emf_isolated_spawn(iso->emf->product->name, &words, iso->given, iso->n_given, iso->why, sizeof(iso->why));
	if (pid < 0)
		return pid;
	iso->pid = pid;
	return 0;
}

int emf_isolated_connect(struct emf_isolated *iso)
{
	int pair[2], err;

	iso->why[0] = '\0';
	iso->says_runs = iso->is_done = false;
	iso->end_err = -ECONNABORTED;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		err = -errno;
		snprintf(iso->why, sizeof(iso->why), "it cannot be connected: %s", strerror(errno));
		return err;
	}
	iso->socket = (struct emf_fd){ .fd = pair[0], .events = EPOLLIN, .ready = on_ready };
	err = fcntl(pair[0], F_SETFL, O_NONBLOCK) ? -errno : emf_loop_add_fd(&iso->emf->loop, NULL, &iso->socket);
	if (err)
		snprintf(iso->why, sizeof(iso->why), "it cannot be connected: %s", strerror(-err));
	else
		err = start_process(iso, pair[1]);
	close(pair[1]);
	if (err) {
		emf_fd_del(&iso->socket);
		close(pair[0]);
		return err;
	}
	ebus_peer_init(&iso->peer, &ops, pair[0]);
	iso->is_connected = true;
	return 0;
}

void emf_isolated_disconnect(struct emf_isolated *iso)
{
	if (!iso->is_connected)
		return;
	iso->is_connected = false;
	emf_fd_del(&iso->socket);
	ebus_peer_fini(&iso->peer);
}
