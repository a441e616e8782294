/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emf/event.h - described events of a kernel part, for generated code.
 */
#ifndef EMF_EVENT_H
#define EMF_EVENT_H

#include <emf/module.h>
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
 * @metric: the one that counts them, or -1
 */
struct emf_event_type {
	uint64_t id;
	const struct emf_record *record;
	struct ebus_service *service;
	unsigned int signal;
	int metric;
};

/**
 * struct emf_event_source - an event that a module describes
 * @ring: the map that its records come through; NULL ends a table
 * @record: called with each one; NULL for one more type of the ring before it
 * @printed: what a printed record is made of, or NULL for one that is not printed
 * @service: of the signal that it feeds, or NULL
 * @signal: its index
 * @on_demand: its programs are attached only while somebody listens
 * @overflow: enum ebus_overflow of the signal, for subscribers that do not choose; or 0
 */
struct emf_event_source {
	const char *ring;
	void (*record)(struct module *m, const void *data, size_t size_bytes);
	const struct emf_record *printed;
	struct ebus_service *service;
	unsigned int signal;
	bool on_demand;
	uint8_t overflow;
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
 * emf_event_deliver() - print and publish one record of a ring whose types were found in the kernel part
 * @m: the module
 * @ring: its name
 * @types: of its records; of several, the first member of each tells which
 * @n: how many
 * @data: the record
 * @size_bytes: of it; what comes behind a record is padding, and of an array at its end
 *	elements may be missing
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_event_deliver(struct module *m, const char *ring, const struct emf_event_type *types, size_t n, const void *data,
			       size_t size_bytes);

/**
 * emf_event_malformed() - a record is shorter than what it says to be
 * @m: the module
 * @event: its name
 * @size_bytes: of the record
 *
 * It can only come from a kernel part of another version. Told once for each module,
 * and counted.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_event_malformed(const struct module *m, const char *event, size_t size_bytes);

#ifdef __cplusplus
}
#endif

#endif
