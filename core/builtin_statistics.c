// SPDX-License-Identifier: BSD-2-Clause
/*
 * builtin_statistics.c - service statistics: what the modules cost, and what they lose.
 */
#include <bpf/bpf.h>
#include <stdio.h>

#include "builtin.h"
#include "emf_emf.h"

#define ROOM(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct emf *product;

int statistics_serve_queues(struct ebus_call *call, struct statistics_queues_reply *reply)
{
	(void)call;
	for (size_t i = 0; i < product->registry.n; i++) {
		const struct emf_unit *unit = &product->registry.units[i];

		for (size_t r = 0; r < unit->rings.n && reply->rows_len < ROOM(reply->rows); r++) {
			struct statistics_queue *row = &reply->rows[reply->rows_len++];
			struct emf_ring_counts counts = { 0 };

			emf_ring_read_counts(unit->rings.rings[r], &counts); /* 0 of a ring without */
			snprintf(row->module, sizeof(row->module), "%s", unit->m->name);
			snprintf(row->ring, sizeof(row->ring), "%s", unit->rings.rings[r]->name);
			row->seen = counts.seen;
			row->sent = counts.sent;
			row->dropped = counts.dropped;
			row->received = unit->rings.rings[r]->received;
		}
	}
	return 0;
}

static void add_programs(struct statistics_programs_reply *reply, const struct emf_unit *unit)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, unit->object.head->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);
		struct statistics_program *row;
		int fd = bpf_program__fd(program);

		if (fd < 0 || reply->rows_len == ROOM(reply->rows) || bpf_obj_get_info_by_fd(fd, &info, &size))
			continue;
		row = &reply->rows[reply->rows_len++];
		snprintf(row->module, sizeof(row->module), "%s", unit->m->name);
		snprintf(row->name, sizeof(row->name), "%s", bpf_program__name(program));
		row->id = info.id;
		row->jited = info.jited_prog_len;
		row->runs = info.run_cnt;
		row->time = info.run_time_ns;
	}
}

int statistics_serve_programs(struct ebus_call *call, struct statistics_programs_reply *reply)
{
	FILE *f = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");

	(void)call;
	reply->timed = f && fgetc(f) == '1';
	if (f)
		fclose(f);
	for (size_t i = 0; i < product->registry.n; i++)
		if (product->registry.units[i].object.head && product->registry.units[i].object.loaded)
			add_programs(reply, &product->registry.units[i]);
	return 0;
}

int statistics_serve_loop(struct ebus_call *call, struct statistics_loop_reply *reply)
{
	(void)call;
	reply->turns = product->loop.turns;
	reply->busy = product->loop.busy_ns;
	reply->longest = product->loop.longest_ns;
	reply->up = emf_now_ns() - product->started_ns;
	return 0;
}

void emf_builtin_provide_statistics(struct emf *emf)
{
	static const struct statistics_ops ops = STATISTICS_SERVED;

	product = emf;
	ebus_provide(&statistics_service, &ops, NULL);
}
