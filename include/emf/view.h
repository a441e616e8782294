/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/view.h - maps that are printed by themselves, as histograms and tables: for
 * generated code.
 */
#ifndef EMF_VIEW_H
#define EMF_VIEW_H

#include <emf/hist.h>
#include <emf/map.h>
#include <emf/module.h>
#include <emf/object.h>
#include <emf/param.h>
#include <emf/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct emf_view_stacks - of a map that counts by stacks
 * @map: of type BPF_MAP_TYPE_STACK_TRACE, which has them
 * @pid: member of the key
 * @comm: member of the key, or with @is_comm_of_value of the value; NULL for no name
 * @user: member of the key, what bpf_get_stackid() said with BPF_F_USER_STACK; or NULL
 * @kernel: member of the key, what it said without; or NULL
 * @weight: member of the value
 * @per: so much of it is one of the view's unit
 * @is_comm_of_value: see @comm
 * @at_end: what the map has in the end is shown, not what came since the last look
 *
 * Since: 0.1
 */
struct emf_view_stacks {
	const char *map;
	const struct emf_member *pid;
	const struct emf_member *comm;
	const struct emf_member *user;
	const struct emf_member *kernel;
	const struct emf_member *weight;
	__u64 per;
	bool is_comm_of_value;
	bool at_end;
};

/**
 * struct emf_view - a map or a global that is printed
 * @name: that it is printed under; NULL ends a table
 * @map: that it is; NULL for a global
 * @variable: where a global is; without a section for a map
 * @elements: of the global, each @value_size bytes
 * @value_size: of one value, of one CPU, in bytes
 * @key: what is said of the key, a number for a global; NULL for nothing
 * @value: what is said of the value beside the slots; NULL for nothing
 * @unit: heading of a histogram's values, or what stacks weigh; NULL for a table
 * @scale: of a histogram
 * @slots: of a histogram, the member of the value that has them; else NULL
 * @slot: of a histogram whose values are counts, the key, which is the slot
 * @sort: of a table, the member of the value that rows are sorted by, most first; or NULL
 * @counters: what is added up over CPUs; of a map that is per CPU
 * @n_counters: how many of these
 * @stacks: see there; else NULL
 * @conditions: without which it is not printed; or NULL
 * @every: so many intervals are between one print of it and the next; 0 as 1
 * @stays: at intervals all that was counted is printed, and nothing is taken away
 *
 * Since: 0.1
 */
struct emf_view {
	const char *name;
	const char *map;
	struct emf_variable variable;
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
	const struct emf_view_stacks *stacks;
	const struct emf_condition *conditions;
	uint32_t every;
	bool stays;
};

/**
 * struct emf_lost - what a kernel part could not count
 * @variable: where the number is, a __u64; without a section it ends a table
 * @text: what happened to so many, with what can be done about it
 *
 * Since: 0.1
 */
struct emf_lost {
	struct emf_variable variable;
	const char *text;
};

/**
 * struct emf_views - all of them, of a module
 * @interval_ns: printed and begun anew this often; 0 there, and NULL, for once, at the end
 * @top: rows of a table that are printed; 0 there, and NULL, for all
 * @folded: each stack is a line for other programs; or NULL
 * @svg: the file that a flame graph of stacks goes to, if it is not empty; or NULL
 * @user_only: only the stacks of processes are wanted; or NULL
 * @kernel_only: only those of the kernel; or NULL
 * @views: ended by one without a name
 * @lost: told at the end; or NULL
 *
 * Since: 0.1
 */
struct emf_views {
	const __u64 *interval_ns;
	const __u32 *top;
	const __u8 *folded;
	const char *svg;
	const __u8 *user_only;
	const __u8 *kernel_only;
	const struct emf_view *views;
	const struct emf_lost *lost;
};

#ifdef __cplusplus
}
#endif

#endif
