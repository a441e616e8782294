// SPDX-License-Identifier: BSD-2-Clause
/*
 * tcpstates.c - prints every change of a TCP socket's state.
 */
#include "tcpstates_emf.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

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

void tcpstates_handle_change(struct module *m, const struct tcpstates_change *e)
{
	char clock[16], comm[64], local[64], remote[64], pid[16] = "-", took[24] = "-";

	emf_text(comm, sizeof(comm), e->comm, strnlen(e->comm, sizeof(e->comm)));
	format_peer(local, sizeof(local), e->family, e->saddr, e->sport);
	format_peer(remote, sizeof(remote), e->family, e->daddr, e->dport);
	if (e->pid)
		snprintf(pid, sizeof(pid), "%u", e->pid);
	if (e->took)
		snprintf(took, sizeof(took), "%.3f", (double)e->took / 1e6);
	emf_print(m, "%-12s %016llx %7s %-16s %-24s %-24s %-12s %-12s %s\n", emf_clock(clock, e->time),
		  e->socket, pid, comm[0] ? comm : "-", local, remote, state_name(e->old_state),
		  state_name(e->new_state), took);
}

int tcpstates_create(struct module *m)
{
	emf_print(m, "%-12s %-16s %7s %-16s %-24s %-24s %-12s %-12s %s\n", "TIME", "SOCKET", "PID", "COMM", "LOCAL",
		  "REMOTE", "OLD", "NEW", "MS");
	return 0;
}

int tcpstates_destroy(struct module *m)
{
	const struct tcpstates_bpf *skel = tcpstates_skeleton(m);

	if (skel->bss->forgotten)
		emf_warn(m, "%llu times there were more open sockets than are kept apart; their times and processes are shown as '-'",
			 skel->bss->forgotten);
	return 0;
}
