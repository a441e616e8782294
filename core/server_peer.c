// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * server_peer.c - processes that are connected to a product: who they are, what they
 * may, and when they have to go.
 */
#include "server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "socket_acl.h"

#define NS_PER_MS UINT64_C(1000000)
/* Of what peers do wrong: one who tries all day is no flood. */
#define TELL_MAX 20
#define TELL_NS (10 * 1000 * NS_PER_MS)

static struct emf_server_peer *of(struct ebus_peer *peer)
{
	return emf_container_of(peer, struct emf_server_peer, peer);
}

/* --- what it may */

static bool is_of_socket(const struct emf_server_peer *p)
{
	struct stat st;

	/* Root's group is what a socket has that nobody gave to a group. */
	if (stat(p->server->path, &st) || !st.st_gid)
		return false;
	for (size_t i = 0; i < p->n_groups; i++)
		if (p->groups[i] == st.st_gid)
			return true;
	return false;
}

static struct emf_acl_peer who(const struct emf_server_peer *p)
{
	return (struct emf_acl_peer){ .uid = p->uid, .groups = p->groups, .n_groups = p->n_groups,
				      .is_owner = p->uid == 0 || p->uid == geteuid(), .is_of_socket = is_of_socket(p) };
}

static bool on_allowed(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	const struct emf_acl_peer asks = who(of(peer));

	return emf_acl_allows(&of(peer)->server->acl, &asks, service->name, member->name, member->access, NULL);
}

static bool may_tell(struct emf_server *server)
{
	uint64_t now = emf_now_ns();

	if (now - server->telling_ns >= TELL_NS) {
		if (server->told > TELL_MAX)
			emf_warn(NULL, "bus: %" PRIu64 " more of the kind were not logged", server->told - TELL_MAX);
		server->telling_ns = now;
		server->told = 0;
	}
	return ++server->told <= TELL_MAX;
}

static void on_denied(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	struct emf_server_peer *p = of(peer);
	const struct emf_acl_peer asks = who(p);
	char why[EMF_ACL_WHY_MAX];

	p->server->denials++;
	emf_acl_allows(&p->server->acl, &asks, service->name, member->name, member->access, why);
	if (may_tell(p->server))
		emf_warn(NULL, "bus: user %u (process %d) may not use %s.%s, which is for %s (%s)", p->uid, p->pid, service->name,
			 member->name, member->access, why);
}

static int on_greeted(struct ebus_peer *peer)
{
	struct emf_server_peer *p = of(peer);

	emf_timer_stop(&p->greeting);
	return ebus_peer_greet(peer, p->server->emf->product->name, p->server->emf->product->version);
}

static const struct ebus_peer_ops ops;

bool emf_server_may_send(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *signal)
{
	struct emf_server_peer *p = of(peer);
	struct emf_acl_peer asks;
	char why[EMF_ACL_WHY_MAX];

	if (peer->ops != &ops) { /* an isolated extension sends what it provides, and nothing else */
		peer->denials++;
		return false;
	}
	asks = who(p);
	if (emf_acl_allows(&p->server->acl, &asks, service->name, NULL, "provide", why))
		return true;
	peer->denials++;
	p->server->denials++;
	if (may_tell(p->server))
		emf_warn(NULL, "bus: user %u (process %d) may not send %s.%s, which takes the right to provide %s (%s)", p->uid, p->pid,
			 service->name, signal->name, service->name, why);
	return false;
}

static int on_offered(struct ebus_peer *peer, const char *name)
{
	struct ebus_service *service = emf_bus_find(name);
	struct emf_server_peer *p = of(peer);
	const struct emf_acl_peer asks = who(p);
	char why[EMF_ACL_WHY_MAX];
	int err;

	if (!emf_acl_allows(&p->server->acl, &asks, name, NULL, "provide", why)) {
		peer->denials++;
		p->server->denials++;
		if (may_tell(p->server))
			emf_warn(NULL, "bus: user %u (process %d) may not provide %s (%s)", p->uid, p->pid, name, why);
		return -EACCES;
	}
	if (!service) {
		if (may_tell(p->server))
			emf_warn(NULL, "bus: process %d offers the service %s, which no module of this product describes", p->pid,
				 name);
		return 0;
	}
	err = ebus_peer_use(peer, service);
	return err == -EALREADY ? 0 : err;
}

static void on_settled(struct ebus_peer *peer, struct ebus_service *service, int err, const char *version)
{
	struct emf_server_peer *p = of(peer);

	if (!may_tell(p->server))
		return;
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

static const char *why_gone(int err)
{
	switch (err) {
	case -ENOBUFS:
		return "it does not read what it asked for";
	case -EBADMSG:
		return "what it sent makes no sense";
	case -ETIMEDOUT:
		return "it has not said who it is";
	default:
		return strerror(-err);
	}
}

static void close_peer(struct emf_server_peer *p)
{
	struct emf_server_peer **at = &p->server->peers;
	int err = p->peer.error;

	if (err && err != -ECONNRESET && err != -EPIPE && may_tell(p->server))
		emf_warn(NULL, "bus: process %d of user %u was disconnected: %s", p->pid, p->uid, why_gone(err));
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->server->n_peers--;
	emf_fd_del(&p->socket);
	emf_timer_stop(&p->greeting);
	ebus_peer_fini(&p->peer);
	free(p->groups);
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

/* Who has said nothing yet makes room for who comes: a thousand of them must not keep others out. */
static bool make_room(struct emf_server *server, uid_t uid)
{
	struct emf_server_peer *silent = NULL, *silent_of_user = NULL;
	size_t n = 0;

	for (struct emf_server_peer *p = server->peers; p; p = p->next) { /* the oldest one is the last */
		n += p->uid == uid;
		silent = p->peer.is_greeted ? silent : p;
		silent_of_user = p->peer.is_greeted || p->uid != uid ? silent_of_user : p;
	}
	if (uid && n >= EMF_SERVER_PEERS_OF_USER)
		silent = silent_of_user;
	else if (server->n_peers < EMF_SERVER_PEERS_MAX)
		return true;
	if (!silent)
		return false;
	ebus_peer_fail(&silent->peer, -ETIMEDOUT);
	close_peer(silent);
	return true;
}

static void turn_away(struct emf_server *server, int fd, const struct ucred *who)
{
	server->turned_away++;
	if (may_tell(server))
		emf_warn(NULL, "bus: process %d of user %u was turned away: there are too many connections", who->pid, who->uid);
	close(fd);
}

/* All groups of the process as they were when it connected. */
static int read_groups(struct emf_server_peer *p)
{
	socklen_t len = 0;

	/* It says how much it is. */
	if (getsockopt(p->socket.fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) && errno != ERANGE)
		return -errno;
	p->groups = malloc(len + sizeof(gid_t));
	if (!p->groups)
		return -ENOMEM;
	if (len && getsockopt(p->socket.fd, SOL_SOCKET, SO_PEERGROUPS, p->groups, &len))
		return -errno;
	p->n_groups = len / sizeof(gid_t);
	p->groups[p->n_groups++] = p->gid;
	return 0;
}

static bool may_connect(const struct emf_server_peer *p)
{
	const struct emf_acl_peer asks = who(p);

	return asks.is_owner || asks.is_of_socket || emf_acl_knows(&p->server->acl, &asks);
}

void emf_server_apply_rules(struct emf_server *server)
{
	int err = emf_socket_acl_set(server->path, &server->acl);

	if (err && server->acl.n)
		emf_warn(NULL, "%s: those whom rules allow something cannot connect, since its mode keeps them out: %s", server->path,
			 strerror(-err));
}

void emf_server_reload(struct emf_server *server)
{
	struct emf_acl acl;

	if (emf_acl_read(&acl, NULL)) {
		emf_err(NULL, "the access rules have mistakes; the ones before them stay");
		emf_acl_fini(&acl);
		return;
	}
	emf_acl_fini(&server->acl);
	server->acl = acl;
	emf_server_apply_rules(server);
	for (struct emf_server_peer *p = server->peers; p; p = p->next)
		ebus_peer_ask_anew(&p->peer);
	ebus_rings_ask_anew(&server->rings);
}

void emf_server_peer_new(struct emf_server *server, int fd)
{
	struct emf_server_peer *p;
	struct ucred who;
	socklen_t len = sizeof(who);

	server->connections++;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len)) {
		server->turned_away++;
		close(fd);
		return;
	}
	p = make_room(server, who.uid) ? calloc(1, sizeof(*p)) : NULL;
	if (!p) {
		turn_away(server, fd, &who);
		return;
	}
	ebus_peer_init(&p->peer, &ops, fd);
	p->peer.rings = &server->rings;
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
	if (read_groups(p) || !may_connect(p)) {
		server->turned_away++;
		if (may_tell(server))
			emf_warn(NULL, "bus: process %d of user %u was turned away: no rule allows it anything, and it is not of the socket's group",
				 p->pid, p->uid);
		close_peer(p);
	} else if (emf_loop_add_fd(&server->emf->loop, NULL, &p->socket)) {
		server->turned_away++;
		close_peer(p);
	} else {
		emf_loop_start_timer(&server->emf->loop, NULL, &p->greeting, EMF_SERVER_GREETING_MS * NS_PER_MS, 0);
	}
}

void emf_server_turn(struct emf_server *server)
{
	ebus_rings_turn(&server->rings);
	for (struct emf_server_peer *p = server->peers, *next; p; p = next) {
		next = p->next;
		/* A signal may have found the socket full: then the loop is to tell when it is not any more. */
		if (!p->peer.error && p->peer.link.first && (!p->peer.link.blocked || !(p->socket.events & EPOLLOUT)))
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
