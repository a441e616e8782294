// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_costs.c - what modules cost, for service statistics: a row for each, and the
 * clocks that run only while somebody measures.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builtin.h"
#include "emf_emf.h"
#include "map_share.h"
#include "server.h"

static struct emf *product;
static const struct emf_server *server;

/* --- who measures */

static size_t n_measuring;
static int stats_fd = -1;
static int stats_error; /* why the kernel does not time programs for us */

static void on_ran(struct module *owner, uint64_t ns)
{
	if (owner->unit)
		owner->unit->user_ns += ns;
}

static void on_measured(struct ebus_deferred *deferred)
{
	free(deferred);
	if (--n_measuring)
		return;
	emf_loop_ran = NULL;
	if (stats_fd >= 0)
		close(stats_fd);
	stats_fd = -1;
}

/* The kernel counts as long as the descriptor is open: when the product is killed, too. */
static void begin(void)
{
	emf_loop_ran = on_ran;
	stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	stats_error = stats_fd < 0 ? -errno : 0;
}

int statistics_serve_measure(struct ebus_call *call)
{
	struct ebus_deferred *deferred = calloc(1, sizeof(*deferred));
	int err;

	if (!deferred)
		return -ENOMEM;
	deferred->cancelled = on_measured;
	err = ebus_defer(call, deferred);
	if (err != -EINPROGRESS)
		free(deferred);
	else if (!n_measuring++)
		begin();
	return err;
}

bool emf_builtin_is_timed(void)
{
	FILE *f = stats_fd < 0 ? fopen("/proc/sys/kernel/bpf_stats_enabled", "re") : NULL;
	bool timed = stats_fd >= 0 || (f && fgetc(f) == '1');

	if (f)
		fclose(f);
	return timed;
}

/* --- what it costs */

/* From 5.11 on to 6.3 memlock is made of keys and values (bpf_map_memory_footprint()), of which a ring has none: its records are what it is for. */
uint64_t emf_builtin_map_memory(int fd)
{
	unsigned long long bytes = 0, entries = 0;
	char path[64], line[128];
	unsigned int type = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "map_type: %u", &type);
		sscanf(line, "max_entries: %llu", &entries);
		sscanf(line, "memlock: %llu", &bytes);
	}
	if (f)
		fclose(f);
	return bytes || type != BPF_MAP_TYPE_RINGBUF ? bytes : entries;
}

static void add_programs(struct statistics_cost *row, const struct emf_unit *unit)
{
	struct emf_run_count count = emf_runs_gone(unit);
	struct bpf_program *program;

	row->runs += count.runs;
	row->kernel += count.ns;
	bpf_object__for_each_program(program, unit->object.head->obj) {
		if (emf_runs_of(unit, program, &count))
			continue;
		row->runs += count.runs;
		row->kernel += count.ns;
	}
}

static void add_maps(struct statistics_cost *row, const struct emf_unit *unit)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, unit->object.head->obj)
		if (bpf_map__fd(map) >= 0 && !*emf_map_share_from(unit->m, bpf_map__name(map)))
			row->memory += emf_builtin_map_memory(bpf_map__fd(map));
}

static void add_rings(struct statistics_cost *row, const struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->rings.n; i++) {
		struct emf_ring_counts counts = { 0 };

		if (emf_ring_read_counts(unit->rings.rings[i], &counts)) /* one without: what came was neither lost nor counted */
			counts.seen = counts.sent = unit->rings.rings[i]->received;
		row->seen += counts.seen;
		row->sent += counts.sent;
		row->dropped += counts.dropped;
	}
}

/* Rows are of modules that run; one that somebody listens to and that does not has none. */
static void add_unheard(const struct emf_server_peer *p, const struct ebus_sent_signal *s, void *data)
{
	const struct module *provider = s->binding->map.service->provider;
	struct statistics_costs_reply *reply = data;

	(void)p;
	for (__u32 i = 0; provider && i < reply->rows_len; i++)
		if (!strcmp(reply->rows[i].module, provider->name))
			reply->rows[i].unheard += s->dropped + s->missed;
}

int statistics_serve_costs(struct ebus_call *call, struct statistics_costs_reply *reply)
{
	(void)call;
	reply->at = emf_now_ns();
	reply->timed = emf_builtin_is_timed();
	reply->reason = reply->timed || !n_measuring ? 0 : stats_error;
	for (size_t i = 0; i < product->registry.n && reply->rows_len < sizeof(reply->rows) / sizeof(reply->rows[0]); i++) {
		const struct emf_unit *unit = product->registry.units[i];
		struct statistics_cost *row = &reply->rows[reply->rows_len];

		if (unit->state != EMF_UNIT_RUNNING)
			continue;
		reply->rows_len++;
		snprintf(row->module, sizeof(row->module), "%s", unit->m->name);
		row->user = unit->user_ns;
		add_rings(row, unit);
		if (!unit->object.head || !unit->object.loaded)
			continue;
		add_programs(row, unit);
		add_maps(row, unit);
	}
	emf_builtin_each_subscription(server, reply, add_unheard);
	return 0;
}

void emf_builtin_provide_costs(struct emf *emf, const struct emf_server *of)
{
	product = emf;
	server = of;
}
