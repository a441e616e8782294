// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_child.c - the process of an isolated extension: it gives up its rights, loads the
 * file, and runs its modules as any product does. Its bus is the product: what they provide
 * is offered to it, what they use is bound to there.
 */
#include "isolated_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bus_module.h"
#include "bus_peer.h"
#include "command.h"
#include "extension.h"
#include "isolated_process.h"
#include "isolated_rights.h"
#include "isolated_service.h"
#include "life.h"
#include "log.h"
#include "output.h"
#include "session.h"

#define NS_PER_MS UINT64_C(1000000)
#define BIND_MS 5000 /* the product answers within a turn */

struct emf_isolated_child {
	struct emf emf;
	struct emf_isolated_words words;
	struct ebus_peer peer;
	struct emf_fd socket;
	bool is_told; /* why it ends */
};

/* --- what it tells */

static void flush_all(struct emf_isolated_child *child)
{
	struct pollfd socket = { .fd = child->peer.link.fd, .events = POLLOUT };

	while (!child->peer.error && ebus_peer_flush(&child->peer) == -EAGAIN)
		if (poll(&socket, 1, BIND_MS) <= 0)
			break;
}

static int tell_end(struct emf_isolated_child *child, int err, const char *why)
{
	struct ebus_told_end end = { .err = err };

	snprintf(end.why, sizeof(end.why), "%s", why);
	if (!child->is_told)
		ebus_peer_send(&child->peer, &(struct ebus_frame){ .kind = EBUS_TOLD, .member = EBUS_TOLD_ENDS }, &end, sizeof(end));
	child->is_told = true;
	flush_all(child);
	return err;
}

static int describe(struct emf_isolated_child *child, const struct ebus_service *service)
{
	const struct ebus_frame frame = { .kind = EBUS_TOLD, .member = EBUS_TOLD_SERVICE };
	size_t size = 0;
	char *text = emf_described_write(service, &size);
	struct ebus_told_service name = { .name = "" };
	void *to;
	int err = text ? ebus_link_add(&child->peer.link, &frame, sizeof(name) + size, NULL, 0, &to) : -EMSGSIZE;

	snprintf(name.name, sizeof(name.name), "%s", service->name);
	if (!err)
		memcpy(mempcpy(to, &name, sizeof(name)), text, size);
	free(text);
	if (!err)
		err = ebus_peer_offer(&child->peer, service);
	flush_all(child); /* large ones wait for each other */
	return err;
}

static int offer_all(struct emf_isolated_child *child)
{
	int err = 0;

	for (size_t i = 0; i < child->emf.registry.n && !err; i++) {
		const struct emf_unit *unit = child->emf.registry.units[i];

		for (const struct emf_provided *p = unit->m->provides; p && p->service && !err; p++)
			if (emf_bus_same(p->service)->provider == unit->m)
				err = describe(child, emf_bus_same(p->service));
	}
	return err;
}

/* --- what it is told */

static int on_wait(struct ebus_peer *peer, uint64_t until_ns)
{
	uint64_t now = emf_now_ns();
	int err = ebus_peer_flush(peer);
	struct pollfd socket = { .fd = peer->link.fd, .events = (short)(POLLIN | (err == -EAGAIN ? POLLOUT : 0)) };

	if (now >= until_ns)
		return -ETIMEDOUT;
	if (poll(&socket, 1, (int)((until_ns - now) / NS_PER_MS) + 1) <= 0)
		return 0;
	err = ebus_peer_receive(peer, false);
	return err == -EAGAIN ? 0 : err ? -ENOTCONN : 0;
}

static void on_settled(struct ebus_peer *peer, struct ebus_service *service, int err, const char *version)
{
	(void)peer;
	if (err == -EPROTO)
		emf_warn(NULL, "service %s is version %s in the product and %s here: their major versions do not match", service->name, version,
			 service->version);
}

static void on_refused(struct ebus_peer *peer, struct ebus_service *service, unsigned int signal, int err)
{
	(void)peer;
	emf_warn(NULL, "signal %s.%s is not heard: %s", service->name, service->signals[signal].name, strerror(-err));
}

static const struct ebus_peer_ops ops = { .settled = on_settled, .refused = on_refused, .wait = on_wait };

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	struct emf_isolated_child *child = emf_container_of(fd, struct emf_isolated_child, socket);

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		ebus_peer_receive(&child->peer, false);
}

/* --- the session */

static int bind_to(struct emf_isolated_child *child, const struct module *m)
{
	int err = 0;

	for (const struct emf_used *u = m->uses; u && u->service && !err; u++)
		err = ebus_peer_use(&child->peer, emf_bus_same(u->service));
	return err == -EALREADY ? 0 : err;
}

/* Also of one that nobody provides: it may come later. */
static bool is_settled(const struct ebus_peer *peer)
{
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
		if (peer->uses[i] && !peer->uses[i]->settled)
			return false;
	return true;
}

int emf_isolated_child_open(struct emf_isolated_child *child)
{
	uint64_t until = emf_now_ns() + BIND_MS * NS_PER_MS;
	int err = ebus_peer_greet(&child->peer, EMF_ISOLATED_NAME, EMF_VERSION);

	while (!err && !child->peer.is_greeted)
		err = on_wait(&child->peer, until);
	for (size_t i = 0; i < child->emf.registry.n && !err; i++)
		err = bind_to(child, child->emf.registry.units[i]->m);
	while (!err && !is_settled(&child->peer))
		err = on_wait(&child->peer, until);
	child->socket = (struct emf_fd){ .fd = child->peer.link.fd, .events = EPOLLIN, .ready = on_ready };
	if (!err)
		err = emf_loop_add_fd(&child->emf.loop, NULL, &child->socket);
	return err ? tell_end(child, err, err == -ENOBUFS ? "it uses more services than one process may" : "the product does not answer it") : 0;
}

/* The one that does not run, and why. NULL if all do, or have done their work. */
static const struct emf_unit *failed_of(const struct emf *emf)
{
	for (size_t i = 0; i < emf->registry.n; i++)
		if (emf->registry.units[i]->state == EMF_UNIT_FAILED)
			return emf->registry.units[i];
	return NULL;
}

int emf_isolated_child_started(struct emf_isolated_child *child)
{
	const struct emf_unit *failed = failed_of(&child->emf);
	int err = failed ? tell_end(child, failed->error, failed->why) : offer_all(child);

	if (!err)
		err = ebus_peer_send(&child->peer, &(struct ebus_frame){ .kind = EBUS_TOLD, .member = EBUS_TOLD_RUNS }, NULL, 0);
	else if (!failed)
		tell_end(child, err, "its services cannot be described");
	flush_all(child);
	return err;
}

bool emf_isolated_child_turn(struct emf_isolated_child *child)
{
	const struct emf_unit *failed;
	uint32_t events;

	ebus_peer_flush(&child->peer);
	if (child->peer.error)
		return false;
	events = EPOLLIN | (child->peer.link.blocked ? EPOLLOUT : 0);
	if (events != child->socket.events)
		emf_fd_modify(&child->socket, events);
	if (emf_life_running(&child->emf))
		return true;
	failed = failed_of(&child->emf);
	tell_end(child, failed ? failed->error : 0, failed ? failed->why : "its work is done");
	return false;
}

void emf_isolated_child_close(struct emf_isolated_child *child)
{
	emf_fd_del(&child->socket);
	ebus_peer_fini(&child->peer);
}

/* --- from its first line */

bool emf_isolated_is_meant(int argc, char *const *argv)
{
	return argc > 1 && !strcmp(argv[0], EMF_ISOLATED_NAME);
}

static int set_parameters(struct emf_isolated_child *child, char *text, size_t size)
{
	struct emf_unit *unit = child->emf.registry.units[0];
	char name[64], why[EMF_PARAM_WHY_MAX];
	const char *word;

	for (size_t i = 0; (word = emf_isolated_parameter(i)); i++) {
		size_t len = strcspn(word, "=");
		int p;

		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		p = emf_param_index(&unit->params, name);
		if (p < 0)
			snprintf(text, size, "module %s has no parameter \"%s\"", unit->m->name, name);
		else if (emf_param_assign(&unit->params, (size_t)p, word + len + (word[len] == '='), EMF_PARAM_COMMAND_LINE, why))
			snprintf(text, size, "%s.%s: %s", unit->m->name, name, why);
		else
			continue;
		return -EINVAL;
	}
	return 0;
}

static int load(struct emf_isolated_child *child, char *why, size_t size)
{
	char sentence[EMF_EXTENSION_WHY_MAX];
	struct emf_extension_file *file;
	int err = emf_extension_load_open(&child->emf, child->words.path, child->words.file, &file, sentence);

	if (err)
		snprintf(why, size, "%s", sentence);
	else if (!child->emf.registry.n)
		err = -ENOEXEC;
	for (size_t i = 0; i < child->emf.registry.n; i++)
		child->emf.registry.units[i]->wanted = true;
	return err;
}

int emf_isolated_run(const struct emf_product *product, int argc, char **argv)
{
	const struct emf_session_options options = { .no_cache = true };
	struct emf_isolated_child *child = calloc(1, sizeof(*child));
	char why[EBUS_TOLD_WHY_MAX] = "it cannot start";
	int err, status = EMF_EXIT_FAILED;

	if (!child || !emf_isolated_read_words(argc, argv, &child->words)) {
		fprintf(stderr, "%s: a product starts this program; it is not for people\n", EMF_ISOLATED_NAME);
		free(child);
		return EMF_EXIT_USAGE;
	}
	child->emf = (struct emf){ .product = product, .serving = true, .isolation = child };
	err = emf_isolated_drop_rights(&child->words, why, sizeof(why));
	prctl(PR_SET_NAME, EMF_ISOLATED_NAME, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	emf_output_init();
	emf_log_init(product->name);
	ebus_peer_init(&child->peer, &ops, child->words.socket);
	fcntl(child->words.socket, F_SETFD, FD_CLOEXEC);
	fcntl(child->words.file, F_SETFD, FD_CLOEXEC);
	if (!err)
		err = load(child, why, sizeof(why));
	if (!err)
		err = set_parameters(child, why, sizeof(why));
	if (!err) {
		status = emf_session_run(&child->emf, &options);
	} else if (!ebus_peer_greet(&child->peer, EMF_ISOLATED_NAME, EMF_VERSION)) {
		tell_end(child, err, why);
	}
	emf_isolated_child_close(child);
	emf_registry_fini(&child->emf.registry);
	emf_extension_forget_all(&child->emf);
	free(child);
	return status;
}
