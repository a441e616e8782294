/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/metric.h - metrics of a module, for generated code.
 */
#ifndef EMF_METRIC_H
#define EMF_METRIC_H

#include <emf/hist.h>
#include <emf/map.h>
#include <emf/module.h>
#include <emf/param.h>
#include <emf/type.h>

#ifdef __cplusplus
extern "C" {
#endif

enum emf_metric_kind {
	EMF_COUNTER,
	EMF_GAUGE,
	EMF_HISTOGRAM,
};

/**
 * struct emf_metric - one metric
 * @name: as it is read: "emf_flow_bytes_total"; NULL ends a table
 * @doc: one line
 * @kind: see there
 * @unit: so many make one of what @name says: 1000000000 of nanoseconds; 0 for 1
 * @map: whose values it is, read when somebody asks; NULL of one that counts records of an event
 * @labels: members of the map's key, or of the record
 * @n_labels: how many of these
 * @value: member of the map's value or of the record, of a histogram in a map its slots; NULL:
 *	each key or record counts as one
 * @slot: of a histogram in a map whose values are counts, the member of the key that says which slot
 * @sum: of a histogram in a map, the member of the value that has the sum; or NULL
 * @scale: of a histogram
 * @counters: what is added up over CPUs
 * @n_counters: how many of these
 * @conditions: without which it is not there; or NULL
 * @max_series: series that there can be; what is beyond is one more, labelled "other"
 * @is_shown: what a view prints: it is not there while the view empties it at intervals
 *
 * Since: 0.1
 */
struct emf_metric {
	const char *name;
	const char *doc;
	enum emf_metric_kind kind;
	uint64_t unit;
	const char *map;
	const struct emf_member *labels;
	size_t n_labels;
	const struct emf_member *value;
	const struct emf_member *slot;
	const struct emf_member *sum;
	struct emf_scale scale;
	const struct emf_map_counters *counters;
	size_t n_counters;
	uint32_t max_series;
	const struct emf_condition *conditions;
	bool is_shown;
};

/**
 * emf_metric_count() - a record of an event came that a metric is made of
 * @m: the module
 * @index: of the metric in its table
 * @record: with the members that the metric names
 *
 * Context: loop thread. Allocates nothing.
 * Since: 0.1
 */
EMF_API void emf_metric_count(const struct module *m, unsigned int index, const void *record);

#ifdef __cplusplus
}
#endif

#endif
