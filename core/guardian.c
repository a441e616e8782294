// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * guardian.c - the product's side: starts the guardian, tells it, ends it.
 */
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guardian_process.h"
#include "log.h"
#include "owned_file.h"

#define END_MS 2000 /* its work takes some ms */

struct emf_guardian {
	char product[64];
	struct emf_owned things[EMF_OWNED_MAX];
	int others[EMF_OWNED_MAX]; /* copies: another guardian may be needed */
	pid_t pid; /* 0: there is none */
	int socket;
	int file; /* or -1 */
	char path[RUNDIR_PATH_MAX];
};

static void start_process(struct emf_guardian *g)
{
	int pair[2] = { -1, -1 }, err = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ? -errno : 0;

	if (!err)
		err = emf_guardian_start(pair[1], g->file, g->path);
	if (pair[1] >= 0)
		close(pair[1]);
	if (err > 0) {
		g->pid = err;
		g->socket = pair[0];
		return;
	}
	if (pair[0] >= 0)
		close(pair[0]);
	g->pid = 0;
	g->socket = -1;
	emf_warn(NULL, "no guardian can be started: %s; should this process be killed, '%s purge' removes what is left", strerror(-err),
		 g->product);
}

static int send_thing(const struct emf_guardian *g, int number, int other)
{
	struct emf_guardian_message message = { .number = (uint32_t)number, .thing = g->things[number] };

	return g->pid ? emf_guardian_send(g->socket, &message, other) : -EPIPE;
}

/* The one that was there was killed, or was stopped and hears nothing any more: another one is told all. */
static void start_again(struct emf_guardian *g)
{
	if (g->pid) {
		emf_warn(NULL, "the guardian was killed or stopped; another one is started");
		close(g->socket);
		kill(g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
		g->pid = 0;
	}
	start_process(g);
	for (int i = 0; i < EMF_OWNED_MAX; i++)
		if (g->pid && g->things[i].kind)
			send_thing(g, i, g->others[i]);
}

/* To the file first: if we are killed in between, the guardian has not heard of anything that is not there yet. */
static void tell(struct emf_guardian *g, int number, int other)
{
	int err = g->file < 0 ? 0 : emf_owned_file_put(g->file, (unsigned int)number, &g->things[number]);

	if (err)
		emf_warn(NULL, "%s cannot be written: %s; its guardian alone removes what '%s' has on %s if this process is killed", g->path,
			 strerror(-err), g->product, g->things[number].link);
	if (send_thing(g, number, other) && g->things[number].kind)
		start_again(g);
}

static struct emf_guardian *make(const char *product)
{
	struct emf_guardian *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	snprintf(g->product, sizeof(g->product), "%s", product);
	for (int i = 0; i < EMF_OWNED_MAX; i++)
		g->others[i] = -1;
	g->socket = -1;
	g->file = emf_owned_file_create(product, g->path);
	if (g->file < 0)
		emf_warn(NULL, "no record of filters can be kept in the run folder: %s; its guardian alone removes them if this process is killed",
			 strerror(-g->file));
	return g;
}

int emf_guardian_take(struct emf_guardian **guardian, const char *product, const struct emf_owned *thing, int other)
{
	struct emf_guardian *g = *guardian ? *guardian : make(product);
	int number = 0;

	if (!g)
		return -ENOMEM;
	*guardian = g;
	while (number < EMF_OWNED_MAX && g->things[number].kind)
		number++;
	if (number == EMF_OWNED_MAX)
		return -ENOSPC;
	g->things[number] = *thing;
	g->others[number] = other >= 0 ? fcntl(other, F_DUPFD_CLOEXEC, 0) : -1;
	tell(g, number, other);
	return number;
}

void emf_guardian_change(struct emf_guardian *g, int number, const struct emf_owned *thing)
{
	if (!g || number < 0)
		return;
	g->things[number] = *thing;
	tell(g, number, -1);
}

void emf_guardian_drop(struct emf_guardian *g, int number)
{
	if (!g || number < 0)
		return;
	g->things[number] = (struct emf_owned){ .kind = EMF_OWNED_NOTHING };
	tell(g, number, -1);
	if (g->others[number] >= 0)
		close(g->others[number]);
	g->others[number] = -1;
}

bool emf_guardian_made_qdisc(const struct emf_guardian *g, unsigned int ifindex)
{
	for (int i = 0; g && i < EMF_OWNED_MAX; i++)
		if (g->things[i].kind == EMF_OWNED_TC_FILTER && g->things[i].ifindex == ifindex && g->things[i].made_qdisc)
			return true;
	return false;
}

/* It ends by itself when the socket is closed; one that does not is stopped, or hangs in the kernel. */
static void reap(struct emf_guardian *g)
{
	for (int ms = 0; ms < END_MS; ms += 2) {
		if (waitpid(g->pid, NULL, WNOHANG))
			return;
		usleep(2000);
	}
	emf_warn(NULL, "the guardian does not end, and is killed");
	kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
}

void emf_guardian_end(struct emf_guardian *g)
{
	bool is_clean = true;

	if (!g)
		return;
	if (g->pid) {
		close(g->socket);
		reap(g);
	}
	for (int i = 0; i < EMF_OWNED_MAX; i++) {
		is_clean &= !g->things[i].kind;
		if (g->others[i] >= 0)
			close(g->others[i]);
	}
	if (g->file >= 0) {
		if (is_clean)
			unlink(g->path);
		close(g->file);
	}
	free(g);
}
