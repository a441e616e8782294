// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_shape.c - the tables of a module, described. Each member of these structures
 * stands here: a test sees to that.
 */
#include "package_shape.h"

#include <emf/extension.h>

#include "value.h"

#define SIZE(s, m) sizeof(((struct s *)0)->m)
#define KIND(s, m) _Generic(((struct s *)0)->m, bool: EMF_KIND_BOOL, default: EMF_KIND_NUMBER)
#define NUMBER(s, m) { #m, KIND(s, m), 0, SIZE(s, m), offsetof(struct s, m), 0, 0, 0 },
#define TEXT(s, m) { #m, EMF_KIND_TEXT, 0, 0, offsetof(struct s, m), 0, 0, 0 },
#define ONE(s, m, of) { #m, EMF_KIND_ONE, EMF_SHAPE_##of, 0, offsetof(struct s, m), 0, 0, 0 },
#define TABLE(s, m, of) { #m, EMF_KIND_TABLE, EMF_SHAPE_##of, 0, offsetof(struct s, m), 0, 0, 0 },
#define COUNTED(s, m, of, n, less) { #m, EMF_KIND_COUNTED, EMF_SHAPE_##of, 0, offsetof(struct s, m), offsetof(struct s, n), SIZE(s, n), less },
#define VALUE(s, m, size) { #m, EMF_KIND_VALUE, EMF_SHAPE_PARAM, size, offsetof(struct s, m), 0, 0, 0 },
#define OTHER(s, m, kind) { #m, EMF_KIND_##kind, 0, 0, offsetof(struct s, m), 0, 0, 0 },

static const struct emf_shape_member module_members[] = {
	TEXT(module, name) NUMBER(module, prio) TEXT(module, version) TEXT(module, doc) NUMBER(module, flags)
	TABLE(module, params, PARAM) ONE(module, object, OBJECT) TABLE(module, attaches, ATTACH)
	TABLE(module, provides, PROVIDED) TABLE(module, events, EVENT_SOURCE) TABLE(module, needs, NEED)
	TABLE(module, maps, SHARED_MAP) ONE(module, views, VIEWS) TABLE(module, metrics, METRIC)
	OTHER(module, create, CODE) OTHER(module, attach, CODE) OTHER(module, poll, CODE) OTHER(module, notify, CODE)
	OTHER(module, destroy, CODE) OTHER(module, configure, CODE) OTHER(module, detach, CODE) OTHER(module, priv, OWN)
	OTHER(module, plugs, CODE) OTHER(module, chain, CODE) OTHER(module, uses, CODE) OTHER(module, unit, OWN)
	OTHER(module, migrate, CODE) TABLE(module, kernel_enums, KERNEL_ENUM)
};

/* Of a skeleton nothing is needed. */
static const struct emf_shape_member object_members[] = {
	TEXT(emf_object, source) OTHER(emf_object, pack, BYTES) TABLE(emf_object, stores, STORE)
	OTHER(emf_object, skeleton_size, OWN) OTHER(emf_object, create, OWN) OTHER(emf_object, destroy, OWN)
};

static const struct emf_shape_member store_members[] = {
	VALUE(emf_store, value, 0) TEXT(emf_store, variable.section) NUMBER(emf_store, variable.offset)
	NUMBER(emf_store, variable.size) NUMBER(emf_store, is_constant) TEXT(emf_store, map) NUMBER(emf_store, negated)
};

static const struct emf_shape_member param_members[] = {
	TEXT(emf_param, name) NUMBER(emf_param, short_name) NUMBER(emf_param, type) OTHER(emf_param, value, STORAGE)
	NUMBER(emf_param, size) NUMBER(emf_param, min) NUMBER(emf_param, max) NUMBER(emf_param, flags)
	TEXT(emf_param, doc) TABLE(emf_param, names, NAME) TEXT(emf_param, initial)
};

static const struct emf_shape_member name_members[] = { TEXT(emf_name, name) NUMBER(emf_name, value) };
static const struct emf_shape_member kernel_enum_members[] = {
	TEXT(emf_kernel_enum, type) TABLE(emf_kernel_enum, built, NAME) TABLE(emf_kernel_enum, names, NAME)
};
static const struct emf_shape_member condition_members[] = { ONE(emf_condition, param, PARAM) NUMBER(emf_condition, negated) };
static const struct emf_shape_member range_members[] = { NUMBER(emf_range, min) NUMBER(emf_range, max) };

/* What is a bit-field in C has no address: what is in those bytes is a number of theirs. */
_Static_assert(offsetof(struct emf_member, bounded) == offsetof(struct emf_member, initial) + sizeof(char *) + 1, "type is a byte before it");
static const struct emf_shape_member member_members[] = {
	TEXT(emf_member, name) NUMBER(emf_member, offset) NUMBER(emf_member, size) NUMBER(emf_member, count)
	NUMBER(emf_member, len_offset) TABLE(emf_member, names, NAME) ONE(emf_member, record, RECORD)
	ONE(emf_member, range, RANGE) TEXT(emf_member, initial)
	{ "type", EMF_KIND_NUMBER, 0, 1, offsetof(struct emf_member, bounded) - 1, 0, 0, 0 },
	NUMBER(emf_member, bounded) NUMBER(emf_member, bits) NUMBER(emf_member, shift)
};

static const struct emf_shape_member record_members[] = {
	TEXT(emf_record, name) NUMBER(emf_record, size) NUMBER(emf_record, fixed) NUMBER(emf_record, n)
	COUNTED(emf_record, members, MEMBER, n, 0)
};

#define TEXT_OR_VALUE(s, m) { #m, EMF_KIND_TEXT_OR_VALUE, EMF_SHAPE_PARAM, 0, offsetof(struct s, m), 0, 0, 0 },
static const struct emf_shape_member attach_members[] = {
	TEXT(emf_attach, program) NUMBER(emf_attach, kind)
	TEXT_OR_VALUE(emf_attach, text[0]) TEXT_OR_VALUE(emf_attach, text[1]) TEXT_OR_VALUE(emf_attach, text[2])
	TEXT(emf_attach, option[0]) TEXT(emf_attach, option[1]) TEXT(emf_attach, option[2])
	VALUE(emf_attach, netdev, 4) VALUE(emf_attach, pid, 4) VALUE(emf_attach, frequency, 4)
	ONE(emf_attach, only_if, PARAM) ONE(emf_attach, unless, PARAM) NUMBER(emf_attach, optional)
	NUMBER(emf_attach, tc_handle) NUMBER(emf_attach, tc_priority)
	NUMBER(emf_attach, xdp_mode)
};
_Static_assert(EMF_ATTACH_TEXTS == 3, "each stands there");

static const struct emf_shape_member need_members[] = {
	TEXT(emf_need, name) NUMBER(emf_need, kind) NUMBER(emf_need, id) TEXT(emf_need, program) TEXT(emf_need, instead)
};

static const struct emf_shape_member shared_map_members[] = {
	TEXT(emf_shared_map, map) TEXT(emf_shared_map, from) NUMBER(emf_shared_map, layout)
};

static const struct emf_shape_member event_source_members[] = {
	TEXT(emf_event_source, ring) NUMBER(emf_event_source, n_types)
	COUNTED(emf_event_source, types, EVENT_TYPE, n_types, 0) NUMBER(emf_event_source, is_described)
	ONE(emf_event_source, printed, RECORD) ONE(emf_event_source, service, SERVICE) NUMBER(emf_event_source, signal)
	NUMBER(emf_event_source, on_demand) NUMBER(emf_event_source, overflow) ONE(emf_event_source, filter, EVENT_FILTER)
	OTHER(emf_event_source, record, CODE) NUMBER(emf_event_source, perf_pages)
	ONE(emf_event_source, stacks, EVENT_STACKS)
};

static const struct emf_shape_member event_stacks_members[] = {
	ONE(emf_event_stacks, pid, MEMBER) ONE(emf_event_stacks, kernel, MEMBER) ONE(emf_event_stacks, kernel_bytes, MEMBER)
	ONE(emf_event_stacks, user, MEMBER) ONE(emf_event_stacks, user_bytes, MEMBER) NUMBER(emf_event_stacks, has_names)
};

static const struct emf_shape_member event_type_members[] = {
	NUMBER(emf_event_type, id) ONE(emf_event_type, record, RECORD) ONE(emf_event_type, service, SERVICE)
	NUMBER(emf_event_type, signal) NUMBER(emf_event_type, n_metrics) COUNTED(emf_event_type, metrics, U32, n_metrics, 0)
	NUMBER(emf_event_type, is_sent_unseen) NUMBER(emf_event_type, tail) NUMBER(emf_event_type, tail_max)
};

static const struct emf_shape_member event_filter_members[] = {
	TABLE(emf_event_filter, members, WORD) TEXT(emf_event_filter, pass.section)
	NUMBER(emf_event_filter, pass.offset) NUMBER(emf_event_filter, pass.size)
};

static const struct emf_shape_member counters_members[] = {
	NUMBER(emf_map_counters, offset) NUMBER(emf_map_counters, size) NUMBER(emf_map_counters, count)
};

#define SCALE(s)                                                                                                  \
	NUMBER(s, scale.kind) NUMBER(s, scale.n) NUMBER(s, scale.first) NUMBER(s, scale.step)                     \
	COUNTED(s, scale.bounds, U64, scale.n, 1)

static const struct emf_shape_member metric_members[] = {
	TEXT(emf_metric, name) TEXT(emf_metric, doc) NUMBER(emf_metric, kind) NUMBER(emf_metric, unit) TEXT(emf_metric, map)
	NUMBER(emf_metric, n_labels) COUNTED(emf_metric, labels, MEMBER, n_labels, 0) ONE(emf_metric, value, MEMBER)
	ONE(emf_metric, slot, MEMBER) ONE(emf_metric, sum, MEMBER) SCALE(emf_metric) NUMBER(emf_metric, n_counters)
	COUNTED(emf_metric, counters, COUNTERS, n_counters, 0) NUMBER(emf_metric, max_series)
	TABLE(emf_metric, conditions, CONDITION) NUMBER(emf_metric, is_shown)
};

static const struct emf_shape_member view_members[] = {
	TEXT(emf_view, name) TEXT(emf_view, map) TEXT(emf_view, variable.section) NUMBER(emf_view, variable.offset)
	NUMBER(emf_view, variable.size) NUMBER(emf_view, elements) NUMBER(emf_view, value_size) ONE(emf_view, key, RECORD)
	ONE(emf_view, value, RECORD) TEXT(emf_view, unit) SCALE(emf_view) ONE(emf_view, slots, MEMBER)
	ONE(emf_view, slot, MEMBER) ONE(emf_view, sort, MEMBER) NUMBER(emf_view, n_counters)
	COUNTED(emf_view, counters, COUNTERS, n_counters, 0) ONE(emf_view, stacks, VIEW_STACKS)
	TABLE(emf_view, conditions, CONDITION) NUMBER(emf_view, every) NUMBER(emf_view, stays)
};

static const struct emf_shape_member view_stacks_members[] = {
	TEXT(emf_view_stacks, map) ONE(emf_view_stacks, pid, MEMBER) ONE(emf_view_stacks, comm, MEMBER)
	ONE(emf_view_stacks, user, MEMBER) ONE(emf_view_stacks, kernel, MEMBER) ONE(emf_view_stacks, weight, MEMBER)
	NUMBER(emf_view_stacks, per) NUMBER(emf_view_stacks, is_comm_of_value) NUMBER(emf_view_stacks, at_end)
};

static const struct emf_shape_member lost_members[] = {
	TEXT(emf_lost, variable.section) NUMBER(emf_lost, variable.offset) NUMBER(emf_lost, variable.size) TEXT(emf_lost, text)
};

static const struct emf_shape_member views_members[] = {
	VALUE(emf_views, interval_ns, 8) VALUE(emf_views, top, 4) VALUE(emf_views, folded, 1)
	TEXT_OR_VALUE(emf_views, svg) VALUE(emf_views, user_only, 1) VALUE(emf_views, kernel_only, 1)
	TABLE(emf_views, views, VIEW) TABLE(emf_views, lost, LOST)
};

static const struct emf_shape_member provided_members[] = { ONE(emf_provided, service, SERVICE) OTHER(emf_provided, ops, OWN) };

/* Of methods there is C: a service without them has signals alone. */
static const struct emf_shape_member service_members[] = {
	TEXT(ebus_service, name) TEXT(ebus_service, version) NUMBER(ebus_service, hash) TEXT(ebus_service, idl)
	NUMBER(ebus_service, n_signals) COUNTED(ebus_service, signals, BUS_MEMBER, n_signals, 0)
	OTHER(ebus_service, methods, CODE) OTHER(ebus_service, n_methods, OWN) OTHER(ebus_service, errors, OWN)
	OTHER(ebus_service, n_errors, OWN) OTHER(ebus_service, remote_ops, OWN) OTHER(ebus_service, subscriptions, OWN)
	OTHER(ebus_service, policies, OWN) OTHER(ebus_service, ops, OWN) OTHER(ebus_service, provider, OWN)
	OTHER(ebus_service, remote, OWN) OTHER(ebus_service, deferred, OWN) OTHER(ebus_service, watches, OWN)
	OTHER(ebus_service, demand, OWN) OTHER(ebus_service, demand_data, OWN) OTHER(ebus_service, next, OWN)
	OTHER(ebus_service, listed, OWN) OTHER(ebus_service, client, OWN) OTHER(ebus_service, same, OWN)
	OTHER(ebus_service, adopted, OWN)
};

static const struct emf_shape_member bus_member_members[] = {
	TEXT(ebus_member, name) ONE(ebus_member, in.record, RECORD) NUMBER(ebus_member, in.n_leaves)
	COUNTED(ebus_member, in.leaves, U64, in.n_leaves, 0) TEXT(ebus_member, access)
	OTHER(ebus_member, out, OWN) OTHER(ebus_member, invoke, CODE)
};

static const struct emf_shape_member u32_members[] = { { "number", EMF_KIND_NUMBER, 0, 4, 0, 0, 0, 0 } };
static const struct emf_shape_member u64_members[] = { { "number", EMF_KIND_NUMBER, 0, 8, 0, 0, 0, 0 } };
static const struct emf_shape_member word_members[] = { { "text", EMF_KIND_TEXT, 0, 0, 0, 0, 0, 0 } };

#define SHAPE(of, table) { #of, sizeof(struct of), sizeof(table) / sizeof(*(table)), table }

const struct emf_shape emf_shapes[EMF_SHAPES] = {
	[EMF_SHAPE_MODULE] = SHAPE(module, module_members),
	[EMF_SHAPE_OBJECT] = SHAPE(emf_object, object_members),
	[EMF_SHAPE_STORE] = SHAPE(emf_store, store_members),
	[EMF_SHAPE_PARAM] = SHAPE(emf_param, param_members),
	[EMF_SHAPE_NAME] = SHAPE(emf_name, name_members),
	[EMF_SHAPE_KERNEL_ENUM] = SHAPE(emf_kernel_enum, kernel_enum_members),
	[EMF_SHAPE_CONDITION] = SHAPE(emf_condition, condition_members),
	[EMF_SHAPE_RANGE] = SHAPE(emf_range, range_members),
	[EMF_SHAPE_MEMBER] = SHAPE(emf_member, member_members),
	[EMF_SHAPE_RECORD] = SHAPE(emf_record, record_members),
	[EMF_SHAPE_ATTACH] = SHAPE(emf_attach, attach_members),
	[EMF_SHAPE_NEED] = SHAPE(emf_need, need_members),
	[EMF_SHAPE_SHARED_MAP] = SHAPE(emf_shared_map, shared_map_members),
	[EMF_SHAPE_EVENT_SOURCE] = SHAPE(emf_event_source, event_source_members),
	[EMF_SHAPE_EVENT_TYPE] = SHAPE(emf_event_type, event_type_members),
	[EMF_SHAPE_EVENT_FILTER] = SHAPE(emf_event_filter, event_filter_members),
	[EMF_SHAPE_EVENT_STACKS] = SHAPE(emf_event_stacks, event_stacks_members),
	[EMF_SHAPE_COUNTERS] = SHAPE(emf_map_counters, counters_members),
	[EMF_SHAPE_METRIC] = SHAPE(emf_metric, metric_members),
	[EMF_SHAPE_VIEW] = SHAPE(emf_view, view_members),
	[EMF_SHAPE_VIEW_STACKS] = SHAPE(emf_view_stacks, view_stacks_members),
	[EMF_SHAPE_LOST] = SHAPE(emf_lost, lost_members),
	[EMF_SHAPE_VIEWS] = SHAPE(emf_views, views_members),
	[EMF_SHAPE_PROVIDED] = SHAPE(emf_provided, provided_members),
	[EMF_SHAPE_SERVICE] = SHAPE(ebus_service, service_members),
	[EMF_SHAPE_BUS_MEMBER] = SHAPE(ebus_member, bus_member_members),
	[EMF_SHAPE_U32] = { "uint32_t", 4, 1, u32_members },
	[EMF_SHAPE_U64] = { "uint64_t", 8, 1, u64_members },
	[EMF_SHAPE_WORD] = { "text", sizeof(char *), 1, word_members },
};

uint64_t emf_shape_load(const void *at, size_t size)
{
	const struct emf_value_type type = { .type = size == 1 ? EMF_U8 : size == 2 ? EMF_U16 : size == 4 ? EMF_U32 : EMF_U64 };

	return emf_value_load(&type, at);
}

uint64_t emf_shape_count(const struct emf_shape_member *member, const void *structure)
{
	uint64_t count = emf_shape_load((const char *)structure + member->count_offset, member->count_size);

	return count > member->count_less ? count - member->count_less : 0;
}
