// SPDX-License-Identifier: BSD-2-Clause
/*
 * tcptop.c - says that the map is a table.
 */
#include "tcptop_emf.h"

#include <emf/view.h>
#include <stddef.h>

#define MEMBER(of, name_, type_, count_) \
	{ .name = #name_, .type = type_, .offset = offsetof(struct of, name_), .size = sizeof(((struct of *)0)->name_), .count = count_ }

static const struct emf_member pid[] = {
	MEMBER(tcptop_connection, pid, EMF_PID, 1),
};
static const struct emf_member connection[] = {
	MEMBER(tcptop_connection, pid, EMF_PID, 1),	MEMBER(tcptop_connection, saddr, EMF_IP, 1), MEMBER(tcptop_connection, sport, EMF_U16, 1),
	MEMBER(tcptop_connection, daddr, EMF_IP, 1), MEMBER(tcptop_connection, dport, EMF_U16, 1),
};
static const struct emf_member count[] = {
	MEMBER(tcptop_count, bytes, EMF_U64, 1), MEMBER(tcptop_count, sent, EMF_U64, 1),
	MEMBER(tcptop_count, received, EMF_U64, 1), MEMBER(tcptop_count, comm, EMF_COMM, 1),
};
static const struct emf_record pid_record = { "process", sizeof(struct tcptop_connection), sizeof(struct tcptop_connection), 1, pid };
static const struct emf_record connection_record = { "connection", sizeof(struct tcptop_connection), sizeof(struct tcptop_connection), 5, connection };
static const struct emf_record count_record = { "count", sizeof(struct tcptop_count), sizeof(struct tcptop_count), 4, count };

static uint64_t interval_ns;
static uint32_t top;
static struct emf_view table[] = {
	{ .name = "connections", .value_size = sizeof(struct tcptop_count), .value = &count_record, .sort = count },
	{ .name = NULL },
};
static const struct emf_views views = { .interval_ns = &interval_ns, .top = &top, .views = table };

int tcptop_configure(struct module *m)
{
	interval_ns = tcptop_params.interval;
	top = tcptop_params.top;
	table[0].key = tcptop_params.by_process ? &pid_record : &connection_record;
	m->views = &views;
	return 0;
}

int tcptop_destroy(struct module *m)
{
	const struct tcptop_bpf *skeleton = tcptop_skeleton(m);

	if (skeleton->bss->lost)
		emf_warn(m, "%llu calls were not counted: more connections than there are rows (begin anew with --interval)", skeleton->bss->lost);
	return 0;
}
