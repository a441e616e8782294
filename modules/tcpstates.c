// SPDX-License-Identifier: BSD-2-Clause
/*
 * tcpstates.c - prints every change of a TCP socket's state.
 */
#include "tcpstates_emf.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "tcpstates.h"

/* include/net/tcp_states.h */
static const char *const state_names[] = {
	"?",	     "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",	 "TIME_WAIT",
	"CLOSE",     "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",	 "NEW_SYN_RECV",
};

static const char *state_name(unsigned int state)
{
	return state < sizeof(state_names) / sizeof(*state_names) ? state_names[state] : "?";
}

static void format_peer(char *out, size_t size, int family, const void *address, unsigned int port)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(family, address, text, sizeof(text)))
		text[0] = '\0';
	snprintf(out, size, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

static void on_event(struct module *m, const void *data, size_t size_bytes)
{
	const struct tcpstates_event *e = data;
	char clock[16], comm[64], local[64], remote[64], pid[16] = "-", took[24] = "-";

	if (size_bytes < sizeof(*e))
		return;
	emf_text(comm, sizeof(comm), e->comm, strnlen(e->comm, sizeof(e->comm)));
	format_peer(local, sizeof(local), e->family, e->saddr, e->sport);
	format_peer(remote, sizeof(remote), e->family, e->daddr, e->dport);
	if (e->pid)
		snprintf(pid, sizeof(pid), "%u", e->pid);
	if (e->took_ns)
		snprintf(took, sizeof(took), "%.3f", (double)e->took_ns / 1e6);
	emf_print(m, "%-12s %016llx %7s %-16s %-24s %-24s %-12s %-12s %s\n", emf_clock(clock, e->ns),
		  e->socket, pid, comm[0] ? comm : "-", local, remote, state_name(e->old_state),
		  state_name(e->new_state), took);
}

static int tcpstates_create(struct module *m)
{
	int err = emf_ring_open(m, "events", on_event);

	if (!err)
		emf_print(m, "%-12s %-16s %7s %-16s %-24s %-24s %-12s %-12s %s\n", "TIME", "SOCKET", "PID",
			  "COMM", "LOCAL", "REMOTE", "OLD", "NEW", "MS");
	return err;
}

static int tcpstates_destroy(struct module *m)
{
	const struct tcpstates_bpf *skel = tcpstates_skeleton(m);

	if (skel->bss->forgotten)
		emf_warn(m, "%llu times there were more open sockets than are kept apart; their times and processes are shown as '-'",
			 skel->bss->forgotten);
	return 0;
}

static struct module tcpstates = {
	.prio = 30,
	.name = "tcpstates",
	.version = "0.1",
	.doc = "show TCP sockets changing their state, and how long each state lasted",
	.object = &tcpstates_object,
	.create = tcpstates_create,
	.destroy = tcpstates_destroy,
};
ebpf_module(tcpstates);
