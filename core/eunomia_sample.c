// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_sample.c - maps of eunomia-bpf that are looked at again and again, as histograms and tables.
 */
#include <stdlib.h>
#include <string.h>

#include "eunomia_reader.h"

#define INTERVAL_MAX_MS 86400000 /* a day */
#define NS_PER_MS 1000000ull
#define UNIT "(unit)"
#define SLOTS "slots" /* the member of a histogram that counts */

static bool is_per_cpu(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool can_be_read(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	return is_per_cpu(map) || type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_ARRAY;
}

static bool is_count(const struct emf_member *m)
{
	return m->type >= EMF_U8 && m->type <= EMF_S64;
}

/* All numbers of it: the values of the processors are added up. */
static bool set_counters(struct eunomia *e, const struct emf_record *value, struct emf_view *view)
{
	struct emf_map_counters *counters = emf_eunomia_memory(e, value->n + 1, sizeof(*counters));

	for (size_t i = 0; counters && i < value->n; i++) {
		const struct emf_member *m = &value->members[i];

		if (is_count(m) && m->offset % m->size == 0)
			counters[view->n_counters++] = (struct emf_map_counters){ m->offset, m->size, m->count };
	}
	view->counters = counters;
	return counters != NULL;
}

/* The slots, and what is said beside them. */
static bool set_histogram(const struct eunomia_at *at, const struct emf_record *value, enum emf_scale_kind kind, struct emf_view *view)
{
	struct emf_member *members = emf_eunomia_memory(at->e, value->n + 1, sizeof(*members));
	struct emf_record *beside = emf_eunomia_memory(at->e, 1, sizeof(*beside));
	uint32_t max = kind == EMF_LOG2 ? 64 : EMF_SLOTS_MAX;

	if (!members || !beside)
		return false;
	*beside = (struct emf_record){ .name = value->name, .size = value->size, .fixed = value->size, .members = members };
	for (size_t i = 0; i < value->n; i++) {
		const struct emf_member *m = &value->members[i];

		if (!strcmp(m->name, SLOTS) && is_count(m) && m->size >= 4 && m->offset % m->size == 0 && m->count <= max)
			view->slots = m;
		else
			members[beside->n++] = *m;
	}
	if (!view->slots)
		return emf_eunomia_fail(at->e, "%s.type is a histogram, and the value of the map has no member " SLOTS " of 1 to %u numbers of 4 or 8 bytes", at->path, max);
	view->value = beside->n ? beside : NULL;
	view->unit = emf_eunomia_text(at, "unit", UNIT);
	view->scale = (struct emf_scale){ .kind = kind, .n = view->slots->count, .step = kind == EMF_LINEAR };
	return !at->e->err;
}

static uint64_t common(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* A variable may have the name already. */
static const char *name_interval(const struct eunomia *e)
{
	for (size_t i = 0; i < e->n_params; i++)
		if (!strcmp(e->params[i].name, "interval"))
			return "sample-interval";
	return "interval";
}

/* The first one makes the option. One timer serves all: emf_eunomia_intervals() says how often it is each one's turn. */
static bool set_interval(const struct eunomia_at *at, struct emf_view *view)
{
	uint64_t ms = (uint64_t)emf_eunomia_number(at, "interval", 0, 1, INTERVAL_MAX_MS), ns;
	struct eunomia *e = at->e;
	struct emf_param *p;

	if (!ms)
		return emf_eunomia_fail(e, "%s has no interval", at->path);
	view->every = (uint32_t)ms;
	if (!e->interval) {
		e->interval = emf_eunomia_param(e, name_interval(e), EMF_DURATION, sizeof(ns), "how often samples are printed");
		if (!e->interval)
			return false;
	}
	p = e->interval;
	p->flags = EMF_PARAM_LIVE;
	memcpy(&ns, p->value, sizeof(ns));
	ns = common(ns, ms * NS_PER_MS);
	memcpy(p->value, &ns, sizeof(ns));
	e->all_views.interval_ns = p->value;
	return !e->err;
}

void emf_eunomia_intervals(struct eunomia *e)
{
	for (struct emf_view *v = e->views; v->name; v++)
		v->every = (uint32_t)(v->every * NS_PER_MS / *e->all_views.interval_ns);
}

bool emf_eunomia_sample(const struct eunomia_at *at, const struct bpf_map *map, const char *name, struct emf_view *view)
{
	static const char *const known[] = { "interval", "type", "unit", "clear_map", NULL };
	const char *type = emf_eunomia_text(at, "type", "default_kv");
	bool is_log2 = !strcmp(type, "log2_hist"), is_linear = !strcmp(type, "linear_hist");
	struct eunomia *e = at->e;
	const struct emf_record *value;

	if (!emf_eunomia_has_only(at, known) || !set_interval(at, view))
		return false;
	if (!can_be_read(map) || !bpf_map__btf_key_type_id(map) || !bpf_map__btf_value_type_id(map))
		return emf_eunomia_fail(e, "%s: the map %.64s is none that can be sampled: a hash or an array whose key and value have types", at->path, name);
	value = emf_eunomia_record(e, bpf_map__btf_value_type_id(map), "value");
	*view = (struct emf_view){
		.name = emf_eunomia_format(e, "%s", name),
		.map = view->map,
		.every = view->every,
		.value_size = bpf_map__value_size(map),
		.key = emf_eunomia_record(e, bpf_map__btf_key_type_id(map), "key"),
		.stays = !emf_eunomia_bool(at, "clear_map", false),
	};
	if (!value || !view->key || e->err)
		return false;
	if (is_per_cpu(map) && !set_counters(e, value, view))
		return false;
	if (is_log2 || is_linear)
		return set_histogram(at, value, is_log2 ? EMF_LOG2 : EMF_LINEAR, view);
	view->value = value;
	return !strcmp(type, "default_kv") || emf_eunomia_fail(e, "%s.type is %.32s: there are log2_hist, linear_hist and default_kv", at->path, type);
}
