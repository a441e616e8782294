// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * client.c - libemf-client: one connection to a product.
 */
#include <emf/client.h>
#include <emf/log.h>

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus_peer.h"
#include "client_own.h"
#include "client_queue.h"
#include "client_socket.h"
#include "loop.h"
#include "rundir.h"

#define WHY_MAX 512
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000
#define NS_PER_MS UINT64_C(1000000)

struct emf_client {
	struct emf_loop loop;
	struct ebus_peer peer;
	struct emf_fd socket;
	struct emf_timer retry;
	uint32_t retry_ms;
	unsigned int flags;
	uint32_t timeout_ms;
	bool connected, is_hung_up;
	char name[EBUS_NAME_MAX];
	char path[RUNDIR_PATH_MAX];
	struct ebus_service *used[EBUS_HANDLES_MAX], *provided[EBUS_HANDLES_MAX];
	size_t n_used, n_provided;
	struct ebus_service *asked; /* emf_client_use() waits for it */
	int answer;
	char answer_version[EBUS_VERSION_MAX];
	void (*refused)(void *arg, const struct ebus_service *service, unsigned int signal, int err);
	void *refused_arg;
	char why[WHY_MAX];
};

static struct emf_client *the_client;

__attribute__((format(printf, 3, 4))) static int failed(struct emf_client *client, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(client->why, sizeof(client->why), fmt, args);
	va_end(args);
	return err;
}

static struct emf_client *client_of(struct ebus_peer *peer)
{
	return emf_container_of(peer, struct emf_client, peer);
}

/* --- what the peer tells */

static void on_settled(struct ebus_peer *peer, struct ebus_service *service, int err, const char *version)
{
	struct emf_client *client = client_of(peer);

	if (client->asked != service)
		return;
	client->asked = NULL;
	client->answer = err;
	snprintf(client->answer_version, sizeof(client->answer_version), "%s", version);
}

static void set_events(struct emf_client *client)
{
	uint32_t events = EPOLLIN | (client->peer.link.blocked ? EPOLLOUT : 0);

	if (client->socket.source.kind && client->socket.events != events)
		emf_fd_modify(&client->socket, events);
}

/* Return: 0 when something came or could be sent; -ETIMEDOUT. */
static int on_wait(struct ebus_peer *peer, uint64_t until_ns)
{
	uint64_t now = emf_now_ns(), left = until_ns > now ? until_ns - now : 0;
	int err = ebus_peer_flush(peer);

	if (!left)
		return -ETIMEDOUT;
	if (err == -EAGAIN || left < EMF_CLIENT_PATIENCE_MS * NS_PER_MS) {
		struct pollfd pollfd = { .fd = peer->link.fd, .events = POLLIN | (err ? POLLOUT : 0) };

		if (poll(&pollfd, 1, (int)(left / NS_PER_MS) + 1) <= 0)
			return 0;
		err = ebus_peer_receive(peer, false);
	} else if (!err) {
		err = ebus_peer_receive(peer, true);
	}
	return err == -EAGAIN ? 0 : err ? -ENOTCONN : 0;
}

static void on_refused(struct ebus_peer *peer, struct ebus_service *service, unsigned int signal, int err)
{
	struct emf_client *client = client_of(peer);

	if (client->refused)
		client->refused(client->refused_arg, service, signal, err);
	else
		emf_warn(NULL, "signal %s.%s is not heard: %s", service->name, service->signals[signal].name, strerror(-err));
}

static const struct ebus_peer_ops ops = {
	.settled = on_settled, .refused = on_refused, .wish = emf_client_queue_wish, .wait = on_wait,
};

/* --- coming and going */

static void on_retry(struct emf_timer *timer);

static void disconnect(struct emf_client *client)
{
	if (!client->connected)
		return;
	client->connected = false;
	emf_fd_del(&client->socket);
	ebus_peer_fini(&client->peer);
	if (client->flags & EMF_CLIENT_RECONNECT) {
		client->retry_ms = RETRY_MIN_MS;
		emf_loop_start_timer(&client->loop, NULL, &client->retry, RETRY_MIN_MS * NS_PER_MS, 0);
	}
}

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	struct emf_client *client = emf_container_of(fd, struct emf_client, socket);

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		ebus_peer_receive(&client->peer, false);
	if (!client->peer.error)
		ebus_peer_flush(&client->peer);
	if (client->peer.error)
		disconnect(client);
	else
		set_events(client);
}

static int greet(struct emf_client *client)
{
	uint64_t until = emf_now_ns() + client->timeout_ms * NS_PER_MS;
	int err = ebus_peer_greet(&client->peer, client->name, "");

	while (!err && !client->peer.is_greeted)
		err = on_wait(&client->peer, until);
	return err;
}

static int connect_to(struct emf_client *client)
{
	int fd = emf_client_socket(client->path, client->timeout_ms), err;

	client->is_hung_up = false;
	if (fd < 0)
		return fd;
	ebus_peer_init(&client->peer, &ops, fd);
	client->peer.timeout_ms = client->timeout_ms;
	client->peer.takes_rings = true;
	err = greet(client);
	if (!err) {
		client->socket = (struct emf_fd){ .fd = fd, .events = EPOLLIN, .ready = on_ready };
		err = emf_loop_add_fd(&client->loop, NULL, &client->socket);
	}
	if (err) {
		/* It hung up instead of an answer: that is how strangers are told, and root is none. */
		client->is_hung_up = client->peer.error == -ECONNRESET || client->peer.error == -EPIPE;
		if (client->is_hung_up)
			err = geteuid() ? -EACCES : -ECONNRESET;
		else if (client->peer.error)
			err = client->peer.error;
		ebus_peer_fini(&client->peer);
		return err;
	}
	client->connected = true;
	return 0;
}

static void on_retry(struct emf_timer *timer)
{
	struct emf_client *client = emf_container_of(timer, struct emf_client, retry);

	if (connect_to(client)) {
		client->retry_ms = client->retry_ms * 2 < RETRY_MAX_MS ? client->retry_ms * 2 : RETRY_MAX_MS;
		emf_loop_start_timer(&client->loop, NULL, &client->retry, client->retry_ms * NS_PER_MS, 0);
		return;
	}
	for (size_t i = 0; i < client->n_used; i++)
		ebus_peer_use(&client->peer, client->used[i]);
	for (size_t i = 0; i < client->n_provided; i++)
		ebus_peer_offer(&client->peer, client->provided[i]);
	ebus_peer_flush(&client->peer);
}

/* --- the interface */

struct emf_client *emf_client_new(const char *name, unsigned int flags)
{
	struct emf_client *client = the_client ? NULL : calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	if (emf_loop_init(&client->loop)) {
		free(client);
		return NULL;
	}
	snprintf(client->name, sizeof(client->name), "%s", name);
	client->flags = flags;
	client->timeout_ms = EBUS_TIMEOUT_MS;
	client->retry.expired = on_retry;
	emf_bus_set_loop(&client->loop);
	the_client = client;
	return client;
}

void emf_client_free(struct emf_client *client)
{
	if (!client)
		return;
	emf_bus_watches_remove_owner(NULL); /* before it is seen that all services go */
	client->flags = 0;
	disconnect(client);
	emf_timer_stop(&client->retry);
	emf_bus_remove_owner(NULL);
	emf_client_queue_forget();
	emf_loop_fini(&client->loop);
	the_client = NULL;
	free(client);
}

void emf_client_set_timeout(struct emf_client *client, uint32_t timeout_ms)
{
	client->timeout_ms = client->peer.timeout_ms = timeout_ms;
}

void emf_client_set_refused(struct emf_client *client,
			    void (*refused)(void *arg, const struct ebus_service *service, unsigned int signal, int err),
			    void *arg)
{
	client->refused = refused;
	client->refused_arg = arg;
}

static int find(struct emf_client *client, const char *where)
{
	if (!strchr(where, '/'))
		return emf_rundir_socket(where, client->path);
	return snprintf(client->path, sizeof(client->path), "%s", where) < 108 ? 0 : -ENAMETOOLONG; /* sun_path, unix(7) */
}

int emf_client_connect(struct emf_client *client, const char *where)
{
	int err;

	client->why[0] = '\0';
	if (client->connected)
		return failed(client, -EISCONN, "is connected to %s already", client->path);
	err = find(client, where);
	if (err == -ENOENT && !emf_rundir_system_socket(where, client->path))
		err = 0;
	if (err == -ENOENT)
		return failed(client, err, "there is no place for the socket of %s: set XDG_RUNTIME_DIR or EMF_BUS", where);
	if (err)
		return failed(client, err, "the path of the socket is longer than 107 bytes: EMF_BUS has to name a shorter one");
	emf_timer_stop(&client->retry);
	err = connect_to(client);
	/* A user who runs no service of his own means the one of the system. */
	if ((err == -ENOENT || err == -ECONNREFUSED) && geteuid() && !emf_rundir_given() && !strchr(where, '/') &&
	    !emf_rundir_system_socket(where, client->path))
		err = connect_to(client);
	if (!err)
		return 0;
	emf_client_socket_why(client->why, sizeof(client->why), err, where, client->path, client->is_hung_up);
	return err == -EBADMSG ? -EPROTONOSUPPORT : err;
}

/* What the other side said of it. */
static int say(struct emf_client *client, const struct ebus_service *service)
{
	switch (client->answer) {
	case 0:
		return 0;
	case -ENOENT:
		return failed(client, -ENOENT, "there is no service %s at %s", service->name, client->path);
	case -EPROTO:
		return failed(client, -EPROTO, "service %s is at version %s there and at %s here: their major versions do not match",
			      service->name, client->answer_version, service->version);
	default:
		return failed(client, client->answer, "service %s: %s", service->name, strerror(-client->answer));
	}
}

/* To be used again after a reconnect; it may have been refused there, and used anew. */
static void remember(struct emf_client *client, struct ebus_service *service)
{
	size_t i = 0;

	while (i < client->n_used && client->used[i] != service)
		i++;
	if (i == client->n_used && i < EBUS_HANDLES_MAX)
		client->used[client->n_used++] = service;
}

int emf_client_use(struct emf_client *client, struct ebus_client *of)
{
	uint64_t until = emf_now_ns() + client->timeout_ms * NS_PER_MS;
	struct ebus_service *service = of->service;
	int err;

	client->why[0] = '\0';
	if (!client->connected || client->peer.error)
		return failed(client, -ENOTCONN, "is not connected");
	emf_bus_register(service);
	client->asked = service;
	err = ebus_peer_use(&client->peer, service);
	if (err == -EALREADY)
		return 0;
	while (!err && client->asked)
		err = on_wait(&client->peer, until);
	client->asked = NULL;
	if (err)
		return failed(client, err, "service %s: %s", service->name, strerror(-err));
	err = say(client, service);
	if (!err)
		remember(client, service);
	return err;
}

int emf_client_provide(struct emf_client *client, struct ebus_service *service, const void *provider)
{
	int err;

	client->why[0] = '\0';
	if (!client->connected || client->peer.error)
		return failed(client, -ENOTCONN, "is not connected");
	if (client->n_provided == EBUS_HANDLES_MAX)
		return failed(client, -ENOBUFS, "provides as many services as it may");
	err = ebus_provide(service, provider, NULL);
	if (err)
		return failed(client, err, "service %s is provided here already", service->name);
	client->provided[client->n_provided++] = service;
	err = ebus_peer_offer(&client->peer, service);
	return err ? err : emf_client_flush(client);
}

int emf_client_fd(const struct emf_client *client)
{
	return client->loop.epoll_fd;
}

int emf_client_dispatch(struct emf_client *client, int timeout_ms)
{
	int err;

	if (client->connected && !client->peer.error)
		emf_client_flush(client);
	if (client->connected && client->peer.error)
		disconnect(client);
	if (!client->connected && !(client->flags & EMF_CLIENT_RECONNECT))
		return -ENOTCONN;
	err = emf_loop_turn(&client->loop, timeout_ms);
	if (!err && client->connected)
		emf_client_flush(client);
	return err;
}

int emf_client_flush(struct emf_client *client)
{
	int err = client->connected ? ebus_peer_flush(&client->peer) : -ENOTCONN;

	set_events(client);
	return err && err != -EAGAIN ? -ENOTCONN : err;
}

uint64_t emf_client_lost(const struct emf_client *client, const struct ebus_client *of, unsigned int signal)
{
	for (size_t i = 0; client->connected && i < EBUS_HANDLES_MAX; i++) {
		const struct ebus_use *use = client->peer.uses[i];

		if (use && use->service == of->service)
			return use->used[signal].before + use->used[signal].unsent + use->used[signal].unread;
	}
	return 0;
}

const char *emf_client_why(const struct emf_client *client)
{
	return client->why;
}
