// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * metric.c - metrics of modules: counted where events come, read from maps when somebody asks.
 */
#include "metric.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "hist.h"
#include "map_walk.h"
#include "value.h"

#define LABELS_MAX_BYTES 4096 /* of one series */

size_t emf_metric_width(const struct emf_metric *metric)
{
	return metric->kind == EMF_HISTOGRAM ? metric->scale.n + 1 : 1;
}

static size_t label_bytes(const struct emf_metric *metric)
{
	size_t bytes = 0;

	for (size_t i = 0; i < metric->n_labels; i++)
		bytes += metric->labels[i].size;
	return bytes;
}

static int make(const struct emf_metric *metric, struct emf_series *series)
{
	size_t bytes = label_bytes(metric);

	return bytes > LABELS_MAX_BYTES ? -E2BIG : emf_series_init(series, bytes, emf_metric_width(metric), metric->max_series);
}

int emf_metric_open(struct emf_unit *unit)
{
	const struct emf_metric *metrics = unit->m->metrics;
	size_t n = 0;
	int err = 0;

	emf_metric_set_fini(&unit->metrics);
	while (metrics && metrics[n].name)
		n++;
	if (!n)
		return 0;
	unit->metrics.series = calloc(n, sizeof(*unit->metrics.series));
	unit->metrics.n = unit->metrics.series ? n : 0;
	err = unit->metrics.series ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && !err; i++)
		if (!metrics[i].map)
			err = make(&metrics[i], &unit->metrics.series[i]);
	if (err)
		snprintf(unit->why, sizeof(unit->why), "its metrics cannot be counted: %s",
			 err == -E2BIG ? "the labels of one have more than 4096 bytes" : strerror(-err));
	return err;
}

void emf_metric_set_fini(struct emf_metric_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		emf_series_fini(&set->series[i]);
	free(set->series);
	*set = (struct emf_metric_set){ .n = 0 };
}

static bool is_same(const struct emf_metric *a, const struct emf_metric *b)
{
	bool is_same = !a->map && !b->map && !strcmp(a->name, b->name) && a->kind == b->kind && a->n_labels == b->n_labels &&
		       emf_metric_width(a) == emf_metric_width(b) && a->max_series == b->max_series;

	for (size_t i = 0; i < a->n_labels && is_same; i++)
		is_same = a->labels[i].type == b->labels[i].type && a->labels[i].size == b->labels[i].size && !strcmp(a->labels[i].name, b->labels[i].name);
	return is_same;
}

void emf_metric_take_over(struct emf_unit *unit, struct emf_unit *from)
{
	for (size_t i = 0; i < unit->metrics.n; i++)
		for (size_t j = 0; j < from->metrics.n; j++) {
			struct emf_series series = unit->metrics.series[i];

			if (!is_same(&unit->m->metrics[i], &from->m->metrics[j]))
				continue;
			unit->metrics.series[i] = from->metrics.series[j];
			from->metrics.series[j] = series;
		}
}

/* --- one value */

/* Bytes behind the NUL of a text are no part of it. */
static void copy_label(const struct emf_member *label, unsigned char *to, const char *from)
{
	struct emf_value_type type = emf_value_type_of(label);

	if (label->bits)
		emf_value_store(&(struct emf_value_type){ .type = label->type, .size = label->size }, to, emf_value_load(&type, from));
	else if (label->type == EMF_COMM || label->type == EMF_STRING)
		memcpy(to, from, strnlen(from, label->size));
	else
		memcpy(to, from, label->size);
}

static uint64_t *series_of(const struct emf_metric *metric, struct emf_series *series, const char *from)
{
	unsigned char key[LABELS_MAX_BYTES];
	size_t at = 0;

	memset(key, 0, series->key_bytes);
	for (size_t i = 0; i < metric->n_labels; i++) {
		copy_label(&metric->labels[i], key + at, from + metric->labels[i].offset);
		at += metric->labels[i].size;
	}
	return emf_series_of(series, key);
}

static uint64_t load(const struct emf_member *member, const char *from, uint32_t i)
{
	struct emf_value_type type = emf_value_type_of(member);

	return emf_value_load(&type, from + member->offset + i * (size_t)member->size);
}

void emf_metric_count(const struct module *m, unsigned int index, const void *record)
{
	const struct emf_metric *metric = &m->metrics[index];
	uint64_t value = metric->value ? load(metric->value, record, 0) : 1;
	uint64_t *to;

	if (index >= m->unit->metrics.n)
		return;
	to = series_of(metric, &m->unit->metrics.series[index], record);
	switch (metric->kind) {
	case EMF_COUNTER:
		*to += value;
		break;
	case EMF_GAUGE:
		*to = value;
		break;
	case EMF_HISTOGRAM:
		to[emf_scale_slot(&metric->scale, value)]++;
		to[metric->scale.n] += value;
		break;
	}
}

/* --- maps */

struct reading {
	const struct emf_metric *metric;
	const struct emf_map *map;
	struct emf_series *series;
	void *value; /* room for one */
};

static void add_slots(const struct emf_metric *metric, uint64_t *to, const char *key, const char *value)
{
	uint32_t n = metric->scale.n;

	if (metric->slot) {
		uint64_t slot = load(metric->slot, key, 0);

		to[slot < n ? slot : n - 1] += load(metric->value, value, 0);
		return;
	}
	for (uint32_t i = 0; i < n && i < metric->value->count; i++)
		to[i] += load(metric->value, value, i);
	if (metric->sum)
		to[n] += load(metric->sum, value, 0);
}

static int add(const void *key, const void *values, void *ctx)
{
	const struct reading *r = ctx;
	uint64_t *to = series_of(r->metric, r->series, key);

	emf_map_fold(r->map, values, r->value, r->metric->counters, r->metric->n_counters);
	if (r->metric->kind == EMF_HISTOGRAM)
		add_slots(r->metric, to, key, r->value);
	else
		*to += r->metric->value ? load(r->metric->value, r->value, 0) : 1;
	return 0;
}

int emf_metric_read(const struct emf_unit *unit, size_t index)
{
	const struct emf_metric *metric = &unit->m->metrics[index];
	struct reading r = { .metric = metric, .map = metric->map ? emf_map_get(unit->m, metric->map) : NULL };
	int err;

	if (!metric->map)
		return 0;
	if (!r.map || index >= unit->metrics.n)
		return -ENOENT;
	r.series = &unit->metrics.series[index];
	err = r.series->keys ? 0 : make(metric, r.series);
	if (err)
		return err;
	r.value = malloc(emf_map_values_bytes(r.map));
	if (!r.value)
		return -ENOMEM;
	emf_series_begin(r.series);
	err = emf_map_for_each(r.map, add, &r);
	emf_series_end(r.series);
	free(r.value);
	return err;
}
