// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_check_shown.c - what the tables of a package mean: what is sent, counted and
 * printed, and whether the kernel part has it.
 */
#include <bpf/libbpf.h>
#include <emf/event.h>
#include <emf/metric.h>
#include <emf/view.h>
#include <string.h>

#include "btf_object.h"
#include "core.h"
#include "package_check.h"

#define VALUE_MAX (1u << 20)   /* bytes of a value in a map */
#define SERIES_MAX (1u << 20)  /* of a metric */
#define LABELS_MAX 32
#define PERF_PAGES_MAX 65536 /* of each processor */
#define ELEMENTS_MAX (1u << 16) /* of a global that is printed */

/* --- events */

static bool are_same(const struct emf_record *a, const struct emf_record *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->size != b->size || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct emf_member *x = &a->members[i], *y = &b->members[i];

		if (x->offset != y->offset || x->size != y->size || x->count != y->count || x->type != y->type || x->bounded != y->bounded ||
		    x->len_offset != y->len_offset || x->bits != y->bits || x->shift != y->shift || !are_same(x->record, y->record))
			return false;
	}
	return true;
}

/* Both have the same array at the end. */
static bool end_alike(const struct emf_record *a, const struct emf_record *b)
{
	const struct emf_member *x = a->n ? &a->members[a->n - 1] : NULL, *y = b->n ? &b->members[b->n - 1] : NULL;

	return x && y && a->size == b->size && a->fixed == b->fixed && x->bounded && y->bounded && x->offset == y->offset && x->size == y->size &&
	       x->count == y->count && x->len_offset == y->len_offset;
}

/* The signal has the members of the event; or is checked when it is sent, and has no more bytes than that, all of which are there. */
static bool carries(const struct emf_event_type *t)
{
	const struct emf_record *told = t->signal < t->service->n_signals ? t->service->signals[t->signal].in.record : NULL;

	if (!told || are_same(t->record, told))
		return told;
	return !t->is_sent_unseen && ((told->fixed == told->size && told->size <= t->record->size) || (told->fixed < told->size && end_alike(told, t->record)));
}

static const char *mistake_of_type(const struct emf_event_type *t)
{
	const struct emf_member *last = t->record && t->record->n ? &t->record->members[t->record->n - 1] : NULL;

	if (!t->record || (last && last->bounded && t->record->fixed == t->record->size))
		return "an event has no record, or one without an end";
	if (t->service && !carries(t))
		return "an event is not what its signal carries";
	return t->is_sent_unseen && !t->service ? "an event is sent to nobody" : NULL;
}

/* An array at the end has its length before it: the kernel part writes it, or it is made of how much came. */
static bool has_its_length(const struct emf_event_source *e, const struct emf_event_type *t)
{
	const struct emf_record *r = t->record;
	const struct emf_member *last = r->n ? &r->members[r->n - 1] : NULL;

	if (t->tail_max && (e->is_described || r->fixed == r->size || !last->bounded || t->tail > last->len_offset || t->tail_max > last->count))
		return false;
	for (size_t i = 0; t->tail_max && i + 1 < r->n; i++)
		if (r->members[i].offset + (uint64_t)r->members[i].size * r->members[i].count > t->tail)
			return false; /* that much came */
	if (r->fixed == r->size)
		return true;
	return last->bounded ? last->len_offset + 4ull <= r->fixed && (e->is_described || t->tail_max) : !e->is_described;
}

static bool is_sent_whole(const struct emf_event_source *e, const struct emf_event_type *t)
{
	const struct emf_record *r = t->service ? t->service->signals[t->signal].in.record : NULL;

	/* What is sent as it came has no bytes but those that came. */
	return !r || r->fixed == t->record->fixed || (!e->is_described && !t->tail_max && !t->is_sent_unseen && r->fixed == r->size);
}

static bool is_number(const struct emf_member *m, uint64_t bytes);

/* Those of one side. */
static bool is_stack(const struct emf_member *addresses, const struct emf_member *n, uint64_t bytes)
{
	return !addresses || (emf_package_is_within(addresses, bytes) && addresses->size == sizeof(uint64_t) && n && is_number(n, bytes));
}

static bool are_stacks(const struct emf_event_source *e)
{
	const struct emf_event_stacks *s = e->stacks;
	uint64_t bytes = e->n_types == 1 ? e->types[0].record->fixed : 0;

	return !s || (is_stack(s->kernel, s->kernel_bytes, bytes) && is_stack(s->user, s->user_bytes, bytes) && is_number(s->pid, bytes) && (s->pid || !s->user));
}

static const char *mistake_of_source(const struct emf_event_source *e)
{
	const struct emf_member *first = e->n_types && e->types[0].record->n ? &e->types[0].record->members[0] : NULL;

	if (!emf_package_is_name(e->ring) || (!e->types && !e->printed))
		return "an event has no ring, or is nothing";
	if (e->types && !e->n_types)
		return "an event has no type";
	if (e->n_types > 1 && (!first || first->offset || first->size > 8 || (first->size & (first->size - 1)) || first->type == EMF_STRUCT))
		return "nothing says which type a record has";
	if (e->service ? e->signal >= e->service->n_signals : e->overflow || e->on_demand)
		return "an event has no such signal";
	if (e->overflow > EBUS_BLOCK)
		return "an event has a queue that is not known";
	if (e->perf_pages > PERF_PAGES_MAX || (e->perf_pages & (e->perf_pages - 1)))
		return "an event has a buffer that none can have";
	if (!are_stacks(e))
		return "an event has stacks where none can be";
	for (size_t i = 0; i < e->n_types; i++)
		if (!has_its_length(e, &e->types[i]) || !is_sent_whole(e, &e->types[i]))
			return "an event has an array whose length is nowhere";
	return NULL;
}

static const char *mistake_of_filter(const struct emf_event_filter *f)
{
	size_t n = 0;

	while (f->members && f->members[n])
		n++;
	/* Of each member two intervals, and whether there is anything: event.h */
	return n && n <= EMF_EVENT_FILTER_MAX && f->pass.section && f->pass.size == 8 * (1 + 4 * n) && f->pass.offset % 8 == 0 ?
		NULL : "a filter has no room in the kernel part";
}

/* --- metrics and views */

static bool is_scale(const struct emf_scale *s)
{
	if ((unsigned int)s->kind > EMF_BOUNDS || !s->n || s->n > EMF_SLOTS_MAX)
		return false;
	return s->kind == EMF_BOUNDS ? s->n == 1 || s->bounds : s->kind == EMF_LINEAR ? s->step != 0 : s->n <= 64;
}

/* NULL is none. */
static bool is_number(const struct emf_member *m, uint64_t bytes)
{
	return !m || (emf_package_is_within(m, bytes) && m->size <= 8 && !(m->size & (m->size - 1)));
}

static bool are_counters(const struct emf_map_counters *counters, size_t n, uint64_t bytes)
{
	for (size_t i = 0; i < n; i++)
		if (counters[i].offset + (uint64_t)counters[i].size * counters[i].count > bytes || !counters[i].size || counters[i].size > 8 ||
		    (counters[i].size & (counters[i].size - 1)) || counters[i].offset % counters[i].size)
			return false;
	return true;
}

static const char *mistake_of_metric(const struct emf_metric *m)
{
	if (!emf_package_is_name(m->name) || strpbrk(m->name, "-.") || !m->doc || (unsigned int)m->kind > EMF_HISTOGRAM)
		return "a metric has a name that none can have, or is of no known kind";
	if (m->n_labels > LABELS_MAX || !m->max_series || m->max_series > SERIES_MAX)
		return "a metric has more series than it can have";
	if (m->kind == EMF_HISTOGRAM && (!is_scale(&m->scale) || !m->value))
		return "a histogram has no scale";
	if (!is_number(m->value, VALUE_MAX) || !is_number(m->slot, VALUE_MAX) || !is_number(m->sum, VALUE_MAX) || !are_counters(m->counters, m->n_counters, VALUE_MAX))
		return "a metric is made of what is no number";
	for (size_t i = 0; i < m->n_labels; i++)
		if (!emf_package_is_within(&m->labels[i], VALUE_MAX) || strpbrk(m->labels[i].name, "-."))
			return "a label of a metric is none";
	return m->map || m->kind != EMF_HISTOGRAM || !m->sum ? NULL : "a histogram has a sum that nobody counts";
}

static const char *mistake_of_view(const struct emf_view *v)
{
	if (!emf_package_is_name(v->name) || !v->map == !v->variable.section || !v->value_size || v->value_size > VALUE_MAX)
		return "what is printed has no name, or is neither a map nor a variable";
	if (!v->map && (v->elements > ELEMENTS_MAX || v->elements * (uint64_t)v->value_size != v->variable.size || v->variable.offset % 8))
		return "a variable that is printed has another size";
	if (v->value && (v->value->size > v->value_size || v->value->fixed < v->value->size))
		return "a value that is printed has another size";
	if (v->slots && (!is_scale(&v->scale) || !v->unit || !is_number(v->slots, v->value_size) || v->slots->offset % v->slots->size || v->slots->size < 4))
		return "a histogram has no slots";
	if (v->slots && !v->slot && v->slots->count != v->scale.n)
		return "a histogram has another number of slots than its scale";
	if (!is_number(v->slot, v->key ? v->key->size : VALUE_MAX) || (v->sort && !is_number(v->sort, v->value_size)))
		return "rows are sorted by what is no number";
	if (!are_counters(v->counters, v->n_counters, v->value_size))
		return "what is added up is no number";
	return v->stacks && (!v->map || !v->unit) ? "stacks are in no map" : NULL;
}

static const char *mistake_of_stacks(const struct emf_view_stacks *s)
{
	if (!emf_package_is_name(s->map) || !s->weight || !s->per || (!s->user && !s->kernel))
		return "stacks weigh nothing";
	return is_number(s->pid, VALUE_MAX) && is_number(s->user, VALUE_MAX) && is_number(s->kernel, VALUE_MAX) && is_number(s->weight, VALUE_MAX) &&
	       (!s->comm || emf_package_is_within(s->comm, VALUE_MAX)) ? NULL : "stacks are made of what is no number";
}

const char *emf_package_mistake_shown(enum emf_shape_id shape, const void *structure)
{
	switch (shape) {
	case EMF_SHAPE_EVENT_SOURCE:
		return mistake_of_source(structure);
	case EMF_SHAPE_EVENT_TYPE:
		return mistake_of_type(structure);
	case EMF_SHAPE_EVENT_FILTER:
		return mistake_of_filter(structure);
	case EMF_SHAPE_METRIC:
		return mistake_of_metric(structure);
	case EMF_SHAPE_VIEW:
		return mistake_of_view(structure);
	case EMF_SHAPE_VIEW_STACKS:
		return mistake_of_stacks(structure);
	case EMF_SHAPE_LOST: {
		const struct emf_lost *lost = structure;

		return lost->variable.size == sizeof(uint64_t) && lost->text ? NULL : "what is lost is no number";
	}
	default:
		return NULL;
	}
}

/* --- the kernel part */

static const struct bpf_map *map_of(const struct emf_unit *unit, const char *name)
{
	return name ? bpf_object__find_map_by_name(unit->object.head->obj, name) : NULL;
}

static bool view_fits(const struct emf_unit *unit, const struct emf_view *v)
{
	const struct bpf_map *map = map_of(unit, v->map);
	const struct emf_view_stacks *s = v->stacks;
	uint32_t key = map ? bpf_map__key_size(map) : sizeof(uint32_t);

	if (v->map && (!map || bpf_map__value_size(map) != v->value_size))
		return false;
	if ((v->key && v->key->size > key) || !is_number(v->slot, key))
		return false;
	return !s || (is_number(s->pid, key) && is_number(s->user, key) && is_number(s->kernel, key) && is_number(s->weight, v->value_size) &&
		      (!s->comm || emf_package_is_within(s->comm, s->is_comm_of_value ? v->value_size : key)));
}

static bool metric_fits(const struct emf_unit *unit, const struct emf_metric *m)
{
	const struct bpf_map *map = map_of(unit, m->map);
	uint32_t key = map ? bpf_map__key_size(map) : 0, value = map ? bpf_map__value_size(map) : 0;

	if (!m->map)
		return true;
	for (size_t i = 0; i < m->n_labels; i++)
		if (!emf_package_is_within(&m->labels[i], key))
			return false;
	return map && is_number(m->value, value) && is_number(m->slot, key) && is_number(m->sum, value) && are_counters(m->counters, m->n_counters, value);
}

const char *emf_package_bounds(const void *bytes, size_t size)
{
	struct emf_btf_object object;

	if (emf_btf_object_read(&object, bytes, size))
		return "it is no object of a compiler of eBPF";
	if (emf_btf_object_maps(&object) > EMF_PACKAGE_MAPS_MAX)
		return "it declares more maps than the 256 that a package may have";
	return NULL;
}

const char *emf_package_fits(const struct emf_unit *unit)
{
	const struct emf_view *view = unit->m->views ? unit->m->views->views : NULL;

	for (; view && view->name; view++)
		if (!view_fits(unit, view))
			return "what is printed is not as large as it is in the kernel part";
	for (const struct emf_metric *metric = unit->m->metrics; metric && metric->name; metric++)
		if (!metric_fits(unit, metric))
			return "a metric is not as large as it is in the kernel part";
	return NULL;
}
