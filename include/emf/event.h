/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/event.h - described events of a kernel part, for generated code.
 */
#ifndef EMF_EVENT_H
#define EMF_EVENT_H

#include <emf/module.h>
#include <emf/object.h>
#include <emf/type.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ebus_service;

/**
 * struct emf_event_type - one of the types that the records of a ring have
 * @id: the value of the first member, where a ring carries several
 * @record: says what is in it
 * @service: whose signal it is, or NULL
 * @signal: its index
 * @metrics: indexes of those that count them; or NULL
 * @n_metrics: how many
 * @is_sent_unseen: the type of the record is that of the signal, and every value one that it allows
 * @tail: of a kernel part alone, where the array at the end begins in what it sends, in bytes: @record has its length before it
 * @tail_max: the most elements that are taken of it; 0 without one
 */
struct emf_event_type {
	uint64_t id;
	const struct emf_record *record;
	struct ebus_service *service;
	unsigned int signal;
	const uint32_t *metrics;
	size_t n_metrics;
	bool is_sent_unseen;
	uint32_t tail;
	uint32_t tail_max;
};

#define EMF_EVENT_FILTER_MAX 8 /* members that a kernel part can test: MAX_FILTERS, gen/emfgenlib/check_module.py */

/**
 * struct emf_event_filter - what a kernel part can test before it begins a record
 * @members: their names; NULL ends them
 * @pass: what it tests, each a uint64_t: whether anything is; then for each member twice the first value and how many follow it
 */
struct emf_event_filter {
	const char *const *members;
	struct emf_variable pass;
};

/**
 * struct emf_event_stacks - stacks in a record: addresses, the innermost first, as bpf_get_stack() writes them
 * @pid: of the process that the user's are of, a number
 * @kernel: addresses, each a uint64_t; or NULL
 * @kernel_bytes: how many bytes of these there are, a number; negative for none
 * @user: likewise, of the process
 * @user_bytes: likewise
 * @has_names: they are printed as functions
 */
struct emf_event_stacks {
	const struct emf_member *pid;
	const struct emf_member *kernel;
	const struct emf_member *kernel_bytes;
	const struct emf_member *user;
	const struct emf_member *user_bytes;
	bool has_names;
};

/**
 * struct emf_event_source - an event that a module describes
 * @ring: the map that its records come through; NULL ends a table
 * @record: called with each one, of a module that does so by itself; else NULL
 * @types: that the records of the ring have; NULL with @record, and for one more type of the ring before it
 * @n_types: how many
 * @is_described: the kernel part writes what the description says, and an array at the end has its length before it
 * @printed: what a printed record is made of, or NULL for one that is not printed
 * @service: of the signal that it feeds, or NULL
 * @signal: its index
 * @on_demand: its programs are attached only while somebody listens
 * @overflow: enum ebus_overflow of the signal, for subscribers that do not choose; or 0
 * @filter: what of it the kernel part can test, or NULL
 * @stacks: printed behind the record, which is of one type; or NULL
 * @perf_pages: of a perf buffer, for each processor, a power of two; 0 for 64
 */
struct emf_event_source {
	const char *ring;
	void (*record)(struct module *m, const void *data, size_t size_bytes);
	const struct emf_event_type *types;
	size_t n_types;
	bool is_described;
	const struct emf_record *printed;
	struct ebus_service *service;
	unsigned int signal;
	bool on_demand;
	uint8_t overflow;
	const struct emf_event_filter *filter;
	const struct emf_event_stacks *stacks;
	uint32_t perf_pages;
};

/**
 * emf_event_print() - print one record as a line
 * @m: the module
 * @record: says what is in it
 * @data: the record
 *
 * A module with one printed event has a table with a heading, others lines of
 * "event member=value". Prints nothing when the product serves.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_event_print(const struct module *m, const struct emf_record *record, const void *data);

/**
 * emf_event_tell() - send a record as a signal to those who listen
 * @m: the module
 * @service: of the signal
 * @signal: its index
 * @data: the record; one with a value that its type does not allow is not sent, which is told once and counted
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_event_tell(const struct module *m, struct ebus_service *service, unsigned int signal, const void *data);

/**
 * emf_event_malformed() - a record is shorter than what it says to be
 * @m: the module
 * @event: its name
 * @size_bytes: of the record
 *
 * It can only come from a kernel part of another version, or of another type. Told once for each
 * module, with both sizes if @m prints the event, and counted; a tool ends with exit status 1 then.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_event_malformed(const struct module *m, const char *event, size_t size_bytes);

#ifdef __cplusplus
}
#endif

#endif
