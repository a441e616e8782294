// SPDX-License-Identifier: BSD-2-Clause
/*
 * server_peer.c - processes that are connected to a product: who they are, what they
 * may, and when they have to go.
 */
#include "server.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define NS_PER_MS UINT64_C(1000000)
#define TELL_AGAIN_NS (10 * 1000 * NS_PER_MS) /* of denials: one who tries all day is no flood */

static struct emf_server_peer *of(struct ebus_peer *peer)
{
	return emf_container_of(peer, struct emf_server_peer, peer);
}

/* --- what it may */

static bool is_ours(const struct emf_server_peer *p)
{
	return p->uid == 0 || p->uid == geteuid();
}

/* Whether the group that the socket belongs to is one of the peer's: the administrator has let it in. */
static bool is_of_group(const struct emf_server_peer *p)
{
	gid_t groups[NGROUPS_MAX];
	socklen_t len = sizeof(groups);
	struct stat st;

	if (stat(p->server->path, &st) || !st.st_gid)
		return false;
	if (p->gid == st.st_gid)
		return true;
	if (getsockopt(p->socket.fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(gid_t); i++)
		if (groups[i] == st.st_gid)
			return true;
	return false;
}

static bool on_allowed(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	(void)service;
	return is_ours(of(peer)) || !strcmp(member->access, "read");
}

static bool may_tell(struct emf_server *server)
{
	uint64_t now = emf_now_ns();

	if (server->denied_ns && now - server->denied_ns < TELL_AGAIN_NS) {
		server->refused++;
		return false;
	}
	server->denied_ns = now;
	return true;
}

static void on_denied(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	struct emf_server_peer *p = of(peer);

	if (may_tell(p->server))
		emf_warn(NULL, "bus: user %u (process %d) may not use %s.%s, which is for %s", p->uid, p->pid, service->name,
			 member->name, member->access);
}

static int on_greeted(struct ebus_peer *peer)
{
	struct emf_server_peer *p = of(peer);

	emf_timer_stop(&p->greeting);
	return ebus_peer_greet(peer, p->server->emf->product->name, p->server->emf->product->version);
}

static int on_offered(struct ebus_peer *peer, const char *name)
{
	struct ebus_service *service = emf_bus_find(name);
	struct emf_server_peer *p = of(peer);
	int err;

	if (!is_ours(p)) {
		if (may_tell(p->server))
			emf_warn(NULL, "bus: user %u (process %d) may not provide a service, and offers %s", p->uid, p->pid, name);
		return -EACCES;
	}
	if (!service) {
		emf_warn(NULL, "bus: process %d offers the service %s, which no module of this product describes", p->pid, name);
		return 0;
	}
	err = ebus_peer_use(peer, service);
	return err == -EALREADY ? 0 : err;
}

static void on_settled(struct ebus_peer *peer, struct ebus_service *service, int err, const char *version)
{
	struct emf_server_peer *p = of(peer);

	if (err == -EPROTO)
		emf_warn(NULL, "bus: process %d offers %s %s, and this product knows %s: their major versions do not match", p->pid,
			 service->name, version, service->version);
	else if (err)
		emf_warn(NULL, "bus: process %d offers %s, and then does not: %s", p->pid, service->name, strerror(-err));
	else
		emf_info(NULL, "bus: process %d provides %s %s", p->pid, service->name, version);
}

static const struct ebus_peer_ops ops = {
	.allowed = on_allowed, .denied = on_denied, .greeted = on_greeted, .offered = on_offered, .settled = on_settled,
};

/* --- coming and going */

static void close_peer(struct emf_server_peer *p)
{
	struct emf_server_peer **at = &p->server->peers;
	int err = p->peer.error;

	if (err == -ENOBUFS)
		emf_warn(NULL, "bus: process %d of user %u does not read what it asked for, and was disconnected", p->pid, p->uid);
	else if (err && err != -ECONNRESET && err != -EPIPE && may_tell(p->server))
		emf_warn(NULL, "bus: process %d of user %u was disconnected: %s", p->pid, p->uid,
			 err == -EBADMSG ? "what it sent makes no sense" : strerror(-err));
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->server->n_peers--;
	emf_fd_del(&p->socket);
	emf_timer_stop(&p->greeting);
	ebus_peer_fini(&p->peer);
	free(p);
}

/* What waits is sent, and the loop wakes up when the socket takes more. */
static void flush(struct emf_server_peer *p)
{
	uint32_t events;

	ebus_peer_flush(&p->peer);
	events = EPOLLIN | (p->peer.link.blocked ? EPOLLOUT : 0);
	if (events != p->socket.events)
		emf_fd_modify(&p->socket, events);
}

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	struct emf_server_peer *p = emf_container_of(fd, struct emf_server_peer, socket);

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		ebus_peer_receive(&p->peer, false);
	flush(p); /* also a last word to one that is to go */
	if (p->peer.error)
		close_peer(p);
}

static void on_silent(struct emf_timer *timer)
{
	struct emf_server_peer *p = emf_container_of(timer, struct emf_server_peer, greeting);

	ebus_peer_fail(&p->peer, -ETIMEDOUT); /* until the end of the turn */
}

static bool is_room_for(const struct emf_server *server, uid_t uid)
{
	size_t n = 0;

	for (const struct emf_server_peer *p = server->peers; p; p = p->next)
		n += p->uid == uid;
	return server->n_peers < EMF_SERVER_PEERS_MAX && (!uid || n < EMF_SERVER_PEERS_OF_USER);
}

static void turn_away(struct emf_server *server, int fd, const struct ucred *who)
{
	if (may_tell(server))
		emf_warn(NULL, "bus: process %d of user %u was turned away: there are too many connections", who->pid, who->uid);
	close(fd);
}

void emf_server_peer_new(struct emf_server *server, int fd)
{
	struct emf_server_peer *p;
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len)) {
		close(fd);
		return;
	}
	p = is_room_for(server, who.uid) ? calloc(1, sizeof(*p)) : NULL;
	if (!p) {
		turn_away(server, fd, &who);
		return;
	}
	ebus_peer_init(&p->peer, &ops, fd);
	p->server = server;
	p->uid = who.uid;
	p->gid = who.gid;
	p->pid = who.pid;
	p->since_ns = emf_now_ns();
	p->socket = (struct emf_fd){ .fd = fd, .events = EPOLLIN, .ready = on_ready };
	p->greeting.expired = on_silent;
	p->next = server->peers;
	server->peers = p;
	server->n_peers++;
	if (!is_ours(p) && !is_of_group(p)) {
		if (may_tell(server))
			emf_warn(NULL, "bus: process %d of user %u was turned away: it is neither root's nor of the socket's group",
				 p->pid, p->uid);
		close_peer(p);
	} else if (emf_loop_add_fd(&server->emf->loop, NULL, &p->socket)) {
		close_peer(p);
	} else {
		emf_loop_start_timer(&server->emf->loop, NULL, &p->greeting, EMF_SERVER_GREETING_MS * NS_PER_MS, 0);
	}
}

void emf_server_turn(struct emf_server *server)
{
	for (struct emf_server_peer *p = server->peers, *next; p; p = next) {
		next = p->next;
		if (!p->peer.error && p->peer.link.first && !p->peer.link.blocked)
			flush(p);
		if (p->peer.error)
			close_peer(p);
	}
}

void emf_server_peers_close(struct emf_server *server)
{
	while (server->peers)
		close_peer(server->peers);
}
