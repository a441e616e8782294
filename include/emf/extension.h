/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/extension.h - modules in a file of their own, x.so, that a product loads when it
 * runs: what such a file says of itself. Generated code fills it in; a product
 * reads the table before anything of the file is run.
 */
#ifndef EMF_EXTENSION_H
#define EMF_EXTENSION_H

#include <emf/attach.h>
#include <emf/bus.h>
#include <emf/chain.h>
#include <emf/event.h>
#include <emf/hist.h>
#include <emf/loop.h>
#include <emf/map.h>
#include <emf/metric.h>
#include <emf/migration.h>
#include <emf/module.h>
#include <emf/need.h>
#include <emf/object.h>
#include <emf/param.h>
#include <emf/type.h>
#include <emf/view.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when functions that extensions call, or the meaning of what they share, change so that older ones do not fit. */
#define EMF_EXTENSION_ABI 1

/* Where the table is: a section of bytes without pointers, which can be read from the file. */
#define EMF_EXTENSION_SECTION ".emf.extension"

#define EMF_EXTENSION_NAME_MAX 64
#define EMF_EXTENSION_VERSION_MAX 48

/**
 * enum emf_extension_kind - what a line of the table is about
 * @EMF_EXTENSION_BEGIN: the first one: value is EMF_EXTENSION_ABI, version that of EMF
 * @EMF_EXTENSION_STRUCT: value is the size of a structure of EMF
 * @EMF_EXTENSION_MODULE: one that is in the file, and its version
 * @EMF_EXTENSION_SERVICE: value is the hash of its schema
 * @EMF_EXTENSION_TYPE: likewise, of a struct or an enum that descriptions share
 * @EMF_EXTENSION_CHAIN: likewise, of its slots and its state
 * @EMF_EXTENSION_PROVIDED: a service that a module of it provides, by its name
 * @EMF_EXTENSION_USED: a service that a module of it uses, likewise
 * @EMF_EXTENSION_CAP: a capability that a module of it needs, by its name
 * @EMF_EXTENSION_KINDS: how many there are
 */
enum emf_extension_kind {
	EMF_EXTENSION_BEGIN,
	EMF_EXTENSION_STRUCT,
	EMF_EXTENSION_MODULE,
	EMF_EXTENSION_SERVICE,
	EMF_EXTENSION_TYPE,
	EMF_EXTENSION_CHAIN,
	EMF_EXTENSION_PROVIDED,
	EMF_EXTENSION_USED,
	EMF_EXTENSION_CAP,
	EMF_EXTENSION_KINDS,
};

/**
 * struct emf_extension_line - a line of the table
 * @kind: enum emf_extension_kind
 * @reserved: 0
 * @value: see there
 * @name: ends with a NUL
 * @version: likewise; empty of what has none
 *
 * Since: 0.1
 */
struct emf_extension_line {
	uint32_t kind;
	uint32_t reserved;
	uint64_t value;
	char name[EMF_EXTENSION_NAME_MAX];
	char version[EMF_EXTENSION_VERSION_MAX];
};

/**
 * struct emf_extension - the one symbol that a file exports, emf_extension
 * @modules: that it brings
 * @modules_end: behind the last one
 * @services: that they provide or use
 * @services_end: likewise
 *
 * Since: 0.1
 */
struct emf_extension {
	struct module *const *modules;
	struct module *const *modules_end;
	struct ebus_service *const *services;
	struct ebus_service *const *services_end;
};

/* The structures that a module and a product hand to each other. */
#define EMF_EXTENSION_STRUCTS(line)                                                                          \
	line(module) line(ebus_async) line(ebus_call) line(ebus_client) line(ebus_deferred) line(ebus_listener)  \
	line(ebus_member) line(ebus_message) line(ebus_service) line(ebus_subscription) line(ebus_waiter)        \
	line(ebus_watcher) line(emf_attach) line(emf_chain) line(emf_chain_slot) line(emf_event_source)          \
	line(emf_event_filter) line(emf_event_stacks) line(emf_event_type) line(emf_fd) line(emf_kernel_enum) line(emf_map_counters) line(emf_member) line(emf_metric) line(emf_migration) \
	line(emf_name) line(emf_need) line(emf_object) line(emf_pack) line(emf_param) line(emf_plug)             \
	line(emf_provided) line(emf_range) line(emf_record) line(emf_scale) line(emf_shared_map) line(emf_signal) \
	line(emf_source) line(emf_store) line(emf_variable) line(emf_condition) line(emf_lost) line(emf_timer) line(emf_used) line(emf_view)            \
	line(emf_view_stacks) line(emf_views)

#define EMF_EXTENSION_LINE_OF(of) { EMF_EXTENSION_STRUCT, 0, sizeof(struct of), #of, "" },

#ifdef __cplusplus
}
#endif

#endif
