/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emf/view.h - maps that are printed by themselves, as histograms and tables: for
 * generated code of kernel parts without a description.
 */
#ifndef EMF_VIEW_H
#define EMF_VIEW_H

#include <emf/hist.h>
#include <emf/map.h>
#include <emf/module.h>
#include <emf/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct emf_view - a map or a global that is printed
 * @name: of it; NULL ends a table
 * @variable: where a global is in the loaded skeleton; NULL for a map
 * @elements: of the global, each @value_size bytes
 * @value_size: of one value, of one CPU, in bytes
 * @key: what is said of the key, a number for a global; NULL for nothing
 * @value: what is said of the value beside the slots; NULL for nothing
 * @unit: heading of a histogram's values; NULL for a table
 * @scale: of a histogram
 * @slots: of a histogram, the member of the value that has them
 * @slot: of a histogram whose values are counts, the key, which is the slot
 * @sort: of a table, the member of the value that rows are sorted by, most first; or NULL
 * @counters: what is added up over CPUs; of a map that is per CPU
 * @n_counters: how many of these
 *
 * Since: 0.1
 */
struct emf_view {
	const char *name;
	void *(*variable)(void *skeleton);
	uint32_t elements;
	uint32_t value_size;
	const struct emf_record *key;
	const struct emf_record *value;
	const char *unit;
	struct emf_scale scale;
	const struct emf_member *slots;
	const struct emf_member *slot;
	const struct emf_member *sort;
	const struct emf_map_counters *counters;
	size_t n_counters;
};

/**
 * struct emf_views - all of them, of a module
 * @interval_ns: printed and begun anew this often; 0 there for once, at the end
 * @top: rows of a table that are printed; 0 there, and NULL, for all
 * @views: ended by one without a name
 *
 * Since: 0.1
 */
struct emf_views {
	const uint64_t *interval_ns;
	const uint32_t *top;
	const struct emf_view *views;
};

#ifdef __cplusplus
}
#endif

#endif
