// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * metric_builtin.c - metrics that every product has: how its modules do, what they cost and
 * lose, and who is on the bus.
 */
#include <bpf/bpf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <emf/log.h>

#include "builtin.h"
#include "core.h"
#include "map_share.h"
#include "metric.h"
#include "server.h"
#include "status.h"
#include "view.h"

#define NS UINT64_C(1000000000)

/* A sample of a module; @more: further labels, with the comma in front, or "". */
static void print(const char *name, const struct emf_unit *unit, const char *more, uint64_t v, uint64_t per, FILE *out)
{
	fprintf(out, "%s{module=\"%s\"%s} ", name, unit->m->name, more);
	emf_metric_print_number(v, per, out);
	fputc('\n', out);
}

typedef void print_unit(const char *name, const struct emf_unit *unit, FILE *out);

static bool is_loaded(const struct emf_unit *unit)
{
	return unit->object.head && unit->object.loaded;
}

static void print_info(const char *name, const struct emf_unit *unit, FILE *out)
{
	fprintf(out, "%s{module=\"%s\",version=\"", name, unit->m->name);
	if (unit->m->version)
		emf_metric_print_text(unit->m->version, strlen(unit->m->version), out);
	fprintf(out, "\"} 1\n");
}

static void print_state(const char *name, const struct emf_unit *unit, FILE *out)
{
	char more[64];

	for (int state = EMF_UNIT_IDLE; state <= EMF_UNIT_FAILED; state++) {
		snprintf(more, sizeof(more), ",state=\"%s\"", emf_unit_state_name((enum emf_unit_state)state));
		print(name, unit, more, unit->state == (enum emf_unit_state)state, 1, out);
	}
}

static void print_failures(const char *name, const struct emf_unit *unit, FILE *out)
{
	print(name, unit, "", unit->failures, 1, out);
}

static void print_phases(const char *name, const struct emf_unit *unit, FILE *out)
{
	const struct emf_bpf_object *o = &unit->object;

	if (!is_loaded(unit))
		return;
	print(name, unit, ",phase=\"open\"", o->open_ns, NS, out);
	print(name, unit, ",phase=\"load\"", o->load_ns, NS, out);
	print(name, unit, ",phase=\"attach\"", o->attach_ns, NS, out);
}

static void print_attached(const char *name, const struct emf_unit *unit, FILE *out)
{
	print(name, unit, "", emf_status_attached(unit), 1, out);
}

static void print_slow_polls(const char *name, const struct emf_unit *unit, FILE *out)
{
	print(name, unit, "", unit->slow_polls, 1, out);
}

static void print_malformed(const char *name, const struct emf_unit *unit, FILE *out)
{
	print(name, unit, "", unit->malformed, 1, out);
}

/* --- what the kernel knows */

static void print_programs(const char *name, const struct emf_unit *unit, bool times, FILE *out)
{
	struct bpf_program *program;

	if (!is_loaded(unit))
		return;
	bpf_object__for_each_program(program, unit->object.head->obj) {
		struct emf_run_count count;
		char more[128];

		if (emf_runs_of(unit, program, &count))
			continue;
		snprintf(more, sizeof(more), ",program=\"%s\"", bpf_program__name(program));
		print(name, unit, more, times ? count.ns : count.runs, times ? NS : 1, out);
	}
}

static void print_runs(const char *name, const struct emf_unit *unit, FILE *out)
{
	print_programs(name, unit, false, out);
}

static void print_run_times(const char *name, const struct emf_unit *unit, FILE *out)
{
	print_programs(name, unit, true, out);
}

static void print_maps(const char *name, const struct emf_unit *unit, FILE *out)
{
	const struct bpf_map *map;

	if (!is_loaded(unit))
		return;
	bpf_object__for_each_map(map, unit->object.head->obj) {
		char more[256];

		/* What is imported counts where it comes from. */
		if (bpf_map__fd(map) < 0 || *emf_map_share_from(unit->m, bpf_map__name(map)))
			continue;
		snprintf(more, sizeof(more), ",map=\"%s\"", bpf_map__name(map));
		print(name, unit, more, emf_builtin_map_memory(bpf_map__fd(map)), 1, out);
	}
}

/* --- rings: seen is sent and dropped */

static void print_rings(const char *name, const struct emf_unit *unit, uint64_t (*of)(const struct emf_ring *, const struct emf_ring_counts *), FILE *out)
{
	for (size_t i = 0; i < unit->rings.n; i++) {
		const struct emf_ring *ring = unit->rings.rings[i];
		struct emf_ring_counts counts;
		char more[256];

		/* One without counts: what came was neither lost nor counted. */
		if (emf_ring_read_counts(ring, &counts))
			counts = (struct emf_ring_counts){ .seen = ring->received, .sent = ring->received };
		snprintf(more, sizeof(more), ",ring=\"%s\"", ring->name);
		print(name, unit, more, of(ring, &counts), 1, out);
	}
}

static uint64_t seen(const struct emf_ring *ring, const struct emf_ring_counts *counts)
{
	(void)ring;
	return counts->seen;
}

static uint64_t sent(const struct emf_ring *ring, const struct emf_ring_counts *counts)
{
	(void)ring;
	return counts->sent;
}

static uint64_t dropped(const struct emf_ring *ring, const struct emf_ring_counts *counts)
{
	(void)ring;
	return counts->dropped;
}

static uint64_t received(const struct emf_ring *ring, const struct emf_ring_counts *counts)
{
	(void)counts;
	return ring->received;
}

static uint64_t high_water(const struct emf_ring *ring, const struct emf_ring_counts *counts)
{
	(void)counts;
	return ring->high_water;
}

static void print_high_water(const char *name, const struct emf_unit *unit, FILE *out)
{
	print_rings(name, unit, high_water, out);
}

static void print_seen(const char *name, const struct emf_unit *unit, FILE *out)
{
	print_rings(name, unit, seen, out);
}

static void print_sent(const char *name, const struct emf_unit *unit, FILE *out)
{
	print_rings(name, unit, sent, out);
}

static void print_dropped(const char *name, const struct emf_unit *unit, FILE *out)
{
	print_rings(name, unit, dropped, out);
}

static void print_received(const char *name, const struct emf_unit *unit, FILE *out)
{
	print_rings(name, unit, received, out);
}

/* What is emptied at intervals would count down. */
static bool is_there(const struct emf_unit *unit, const struct emf_metric *metric)
{
	return emf_conditions_hold(metric->conditions) && !(metric->is_shown && emf_view_takes(unit));
}

static void print_overflow(const char *name, const struct emf_unit *unit, FILE *out)
{
	for (size_t i = 0; i < unit->metrics.n; i++) {
		char more[128];

		if (!is_there(unit, &unit->m->metrics[i]))
			continue;
		snprintf(more, sizeof(more), ",metric=\"%s\"", unit->m->metrics[i].name);
		print(name, unit, more, unit->metrics.series[i].overflow, 1, out);
	}
}

static const struct {
	const char *name, *type, *doc;
	print_unit *print;
} families[] = {
	{ "emf_module_info", "gauge", "a module of the product, and its version; 1", print_info },
	{ "emf_module_state", "gauge", "1 for the state that the module is in", print_state },
	{ "emf_module_failures_total", "counter", "starts and stops of the module that failed", print_failures },
	{ "emf_module_start_seconds", "gauge", "how long the last start took: opening, loading, attaching", print_phases },
	{ "emf_module_programs", "gauge", "programs that are attached", print_attached },
	{ "emf_module_slow_polls_total", "counter", "polls that blocked all other modules for longer than 100 ms", print_slow_polls },
	{ "emf_module_malformed_total", "counter", "records that could not be read", print_malformed },
	{ "emf_module_program_runs_total", "counter", "runs of a program, while the kernel counted them: kernel.bpf_stats_enabled", print_runs },
	{ "emf_module_program_run_seconds_total", "counter", "time in a program, while the kernel counted it", print_run_times },
	{ "emf_module_map_bytes", "gauge", "memory of a map, as the kernel tells it", print_maps },
	{ "emf_module_ring_seen_total", "counter", "records that a kernel part wanted to send: sent and dropped", print_seen },
	{ "emf_module_ring_sent_total", "counter", "records that were sent through a ring buffer", print_sent },
	{ "emf_module_ring_dropped_total", "counter", "records that were lost because a ring buffer was full", print_dropped },
	{ "emf_module_ring_received_total", "counter", "records that were taken out of a ring buffer", print_received },
	{ "emf_module_ring_high_water_bytes", "gauge", "most that waited in a ring buffer when it was looked at", print_high_water },
	{ "emf_metric_series_overflow_total", "counter", "how often a value went to series other, because its metric had its most", print_overflow },
};

static void print_one(const char *name, const char *type, const char *doc, uint64_t v, uint64_t per, FILE *out)
{
	emf_metric_print_head(name, doc, type, out);
	fprintf(out, "%s ", name);
	emf_metric_print_number(v, per, out);
	fputc('\n', out);
}

static void print_product(const struct emf *emf, FILE *out)
{
	const char *version = emf->product->version ? emf->product->version : "";

	emf_metric_print_head("emf_product_info", "the product, and its version; 1", "gauge", out);
	fprintf(out, "emf_product_info{product=\"%s\",version=\"", emf->product->name);
	emf_metric_print_text(version, strlen(version), out);
	fprintf(out, "\"} 1\n");
	print_one("emf_product_uptime_seconds", "gauge", "since the product started", emf_now_ns() - emf->started_ns, NS, out);
	print_one("emf_loop_turns_total", "counter", "turns of the event loop", emf->loop.turns, 1, out);
	print_one("emf_loop_busy_seconds_total", "counter", "time in handlers of the event loop", emf->loop.busy_ns, NS, out);
	print_one("emf_loop_longest_seconds", "gauge", "the longest turn of the event loop", emf->loop.longest_ns, NS, out);
}

void emf_metric_print_builtin(const struct emf *emf, const struct emf_server *server, FILE *out)
{
	print_product(emf, out);
	if (server) {
		print_one("emf_bus_connections_total", "counter", "processes that connected to the bus", server->connections, 1, out);
		print_one("emf_bus_turned_away_total", "counter", "connections that were refused", server->turned_away, 1, out);
		print_one("emf_bus_denials_total", "counter", "calls and subscriptions that rules did not allow", server->denials, 1, out);
	}
	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++) {
		emf_metric_print_head(families[f].name, families[f].doc, families[f].type, out);
		for (size_t i = 0; i < emf->registry.n; i++)
			families[f].print(families[f].name, emf->registry.units[i], out);
	}
}

static void print_module(const struct emf_unit *unit, FILE *out)
{
	for (size_t i = 0; i < unit->metrics.n; i++) {
		int err;

		if (!is_there(unit, &unit->m->metrics[i]))
			continue;
		err = emf_metric_read(unit, i);
		if (err)
			emf_warn(unit->m, "metric %s cannot be read: %s", unit->m->metrics[i].name, strerror(-err));
		else
			emf_metric_print(&unit->m->metrics[i], &unit->metrics.series[i], out);
	}
}

char *emf_metric_text(const struct emf *emf, const struct emf_server *server, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (!out)
		return NULL;
	/* Modules first: reading counts what is beyond the most of a metric. */
	for (size_t i = 0; i < emf->registry.n; i++)
		if (emf->registry.units[i]->state == EMF_UNIT_RUNNING)
			print_module(emf->registry.units[i], out);
	emf_metric_print_builtin(emf, server, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
