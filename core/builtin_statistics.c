// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_statistics.c - service statistics: what the modules cost, and what they lose.
 */
#include <bpf/bpf.h>
#include <stdio.h>

#include "builtin.h"
#include "emf_emf.h"
#include "map_share.h"
#include "server.h"

#define ROOM(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct emf *product;
static const struct emf_server *server;

static void add_subscription(const struct emf_server_peer *p, const struct ebus_sent_signal *s, void *data)
{
	const struct ebus_service *service = s->binding->map.service;
	struct statistics_queues_reply *reply = data;
	struct statistics_queue *row = &reply->rows[reply->rows_len];

	if (reply->rows_len == ROOM(reply->rows))
		return;
	reply->rows_len++;
	snprintf(row->module, sizeof(row->module), "%s", service->provider ? service->provider->name : "");
	snprintf(row->name, sizeof(row->name), "%s.%s", service->name, service->signals[s->base.signal].name);
	row->pid = (uint32_t)p->pid;
	row->kind = s->by_ring.ring ? STATISTICS_KIND_SHARED : STATISTICS_KIND_SOCKET;
	row->seen = ebus_sent_seen(s);
	row->dropped = s->dropped + s->missed;
	row->sent = row->seen - row->dropped;
	row->received = row->sent - (s->queue.n < row->sent ? s->queue.n : row->sent);
}

int statistics_serve_queues(struct ebus_call *call, struct statistics_queues_reply *reply)
{
	(void)call;
	for (size_t i = 0; i < product->registry.n; i++) {
		const struct emf_unit *unit = product->registry.units[i];

		for (size_t r = 0; r < unit->rings.n && reply->rows_len < ROOM(reply->rows); r++) {
			struct statistics_queue *row = &reply->rows[reply->rows_len++];
			struct emf_ring_counts counts = { 0 };

			emf_ring_read_counts(unit->rings.rings[r], &counts); /* 0 of a ring without */
			snprintf(row->module, sizeof(row->module), "%s", unit->m->name);
			snprintf(row->name, sizeof(row->name), "%s", unit->rings.rings[r]->name);
			row->kind = STATISTICS_KIND_RING;
			row->seen = counts.seen;
			row->sent = counts.sent;
			row->dropped = counts.dropped;
			row->received = unit->rings.rings[r]->received;
		}
	}
	emf_builtin_each_subscription(server, reply, add_subscription);
	return 0;
}

static void add_programs(struct statistics_programs_reply *reply, const struct emf_unit *unit)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, unit->object.head->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);
		struct statistics_program *row;
		struct emf_run_count count;
		int fd = emf_unit_program_fd(unit, program);

		if (fd < 0 || reply->rows_len == ROOM(reply->rows) || bpf_obj_get_info_by_fd(fd, &info, &size) ||
		    emf_runs_of(unit, program, &count))
			continue;
		row = &reply->rows[reply->rows_len++];
		snprintf(row->module, sizeof(row->module), "%s", unit->m->name);
		snprintf(row->name, sizeof(row->name), "%s", bpf_program__name(program));
		row->id = info.id;
		row->jited = info.jited_prog_len;
		row->runs = count.runs;
		row->time = count.ns;
	}
}

int statistics_serve_programs(struct ebus_call *call, struct statistics_programs_reply *reply)
{
	(void)call;
	reply->timed = emf_builtin_is_timed();
	for (size_t i = 0; i < product->registry.n; i++)
		if (product->registry.units[i]->object.head && product->registry.units[i]->object.loaded)
			add_programs(reply, product->registry.units[i]);
	return 0;
}

static void add_maps(struct statistics_maps_reply *reply, const struct emf_unit *unit)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, unit->object.head->obj) {
		struct bpf_map_info info = { 0 };
		__u32 size = sizeof(info);
		struct statistics_map *row;
		const char *type;

		if (bpf_map__fd(map) < 0 || reply->rows_len == ROOM(reply->rows) ||
		    bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size))
			continue;
		row = &reply->rows[reply->rows_len++];
		type = libbpf_bpf_map_type_str(bpf_map__type(map));
		snprintf(row->module, sizeof(row->module), "%s", unit->m->name);
		snprintf(row->name, sizeof(row->name), "%s", bpf_map__name(map));
		snprintf(row->type, sizeof(row->type), "%s", type ? type : "");
		snprintf(row->of, sizeof(row->of), "%s", emf_map_share_from(unit->m, bpf_map__name(map)));
		row->id = info.id;
		row->max_entries = info.max_entries;
		row->memory = emf_builtin_map_memory(bpf_map__fd(map));
	}
}

int statistics_serve_maps(struct ebus_call *call, struct statistics_maps_reply *reply)
{
	(void)call;
	for (size_t i = 0; i < product->registry.n; i++)
		if (product->registry.units[i]->object.head && product->registry.units[i]->object.loaded)
			add_maps(reply, product->registry.units[i]);
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

void emf_builtin_provide_statistics(struct emf *emf, const struct emf_server *of)
{
	static const struct statistics_ops ops = STATISTICS_SERVED;

	product = emf;
	server = of;
	emf_builtin_provide_costs(emf, of);
	ebus_provide(&statistics_service, &ops, NULL);
}

/* Whoever measures is let go. */
void emf_builtin_withdraw_statistics(void)
{
	ebus_withdraw(&statistics_service, NULL);
}
