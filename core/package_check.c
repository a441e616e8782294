// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_check.c - what the tables of a package mean: modules, parameters, records.
 */
#include "package_check.h"

#include <emf/attach.h>
#include <emf/bus.h>
#include <emf/metric.h>
#include <emf/need.h>
#include <emf/object.h>
#include <linux/if_link.h>
#include <string.h>

#include "event.h"
#include "param.h"
#include "value.h"

#define NAME_MAX_BYTES 63
#define CAPS_MAX 63	 /* bits of a set */
#define RECORD_MAX 65536 /* bytes: EMF_EVENT_RECORD_MAX */
#define MEMBERS_MAX 1024
#define SIGNALS_MAX 256
#define HELPERS_MAX 65536 /* numbers of capabilities, helpers, types of maps */

bool emf_package_is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	return name && *name && strlen(name) <= NAME_MAX_BYTES && !name[strspn(name, letters)];
}

static bool is_name_or_null(const char *name)
{
	return !name || emf_package_is_name(name);
}

/* --- records */

bool emf_package_is_within(const struct emf_member *member, uint64_t bytes)
{
	return member->type != EMF_STRUCT && !member->bounded && member->offset + (uint64_t)member->size * member->count <= bytes;
}

static const char *mistake_of_member(const struct emf_member *m)
{
	struct emf_value_type type = { .type = m->type, .size = m->size };

	if (!emf_package_is_name(m->name))
		return "a member of a record has no name";
	if (m->type >= EMF_FD || !m->count || m->bounded > 1)
		return "a member of a record is of no known type";
	if (m->type == EMF_STRUCT)
		return m->record && m->record->size == m->size && !m->bits ? NULL : "a member is a struct of another size";
	if (m->record || !m->size || emf_value_size(&type) != m->size)
		return "a member of a record is not of the size of its type";
	if (emf_value_is_wide(m->type) && m->size != 1 && m->size != 2 && m->size != 4 && m->size != 8)
		return "a member of a record is of no size of an enum";
	if ((m->type == EMF_ENUM || m->type == EMF_FLAGS) && !m->names)
		return "a member of a record is an enum without names";
	if (m->bits && (m->size > 8 || m->bits + m->shift > 8 * m->size || m->count != 1))
		return "a member of a record has more bits than bytes";
	return NULL;
}

/* An array with a length is the last one: how long it is, is checked when a record comes. */
static const char *mistake_of_end(const struct emf_record *r)
{
	const struct emf_member *last = r->n ? &r->members[r->n - 1] : NULL;
	uint64_t end = last ? last->offset + (uint64_t)last->size * last->count : 0;

	if (r->fixed < r->size && (!last || last->offset != r->fixed || last->bits))
		return "a record is cut where no array is";
	if (last && last->bounded && (last->len_offset > r->size - 4 || (last->len_offset + 4ull > last->offset && last->len_offset < end)))
		return "the length of an array is where something else is";
	return NULL;
}

static const char *mistake_of_record(const struct emf_record *r)
{
	uint64_t structs_end = 0;

	if (!emf_package_is_name(r->name) || !r->size || r->size > RECORD_MAX || r->fixed > r->size || r->n > MEMBERS_MAX || (r->n && !r->members))
		return "a record has no name, or no size that it can have";
	for (size_t i = 0; i < r->n; i++) {
		const struct emf_member *m = &r->members[i];
		uint64_t end = m->offset + (uint64_t)m->size * m->count;

		if (end > r->size || (m->bounded && (i + 1 < r->n || r->size < 4)))
			return "a record is smaller than what is in it";
		/* Of one that is cut only that much came. */
		if (r->fixed < r->size && i + 1 < r->n && end > r->fixed)
			return "a record has a member behind where it is cut";
		if (m->type != EMF_STRUCT)
			continue;
		/* One in the place of another, and so on inside, would be walked longer than anybody lives. */
		if (m->offset < structs_end || m->record->fixed < m->size || (m->record->n && m->record->members[m->record->n - 1].bounded))
			return "a record has a struct in the place of another one";
		structs_end = end;
	}
	return mistake_of_end(r);
}

/* --- parameters, places, needs */

static const char *mistake_of_param(const struct emf_param *p)
{
	char letter[2] = { p->short_name };

	if (!emf_package_is_name(p->name))
		return "a parameter has a name that none can have";
	return letter[0] && !emf_package_is_name(letter) ? "the short name of a parameter is no letter" : NULL;
}

static const char *mistake_of_store(const struct emf_store *s)
{
	uint64_t size;

	if (!s->value)
		return "a parameter that goes to a variable is none";
	memcpy(&size, (const char *)s->value - sizeof(size), sizeof(size)); /* package_read.c has it there */
	if (s->map ? !emf_package_is_name(s->map) || size != sizeof(uint32_t) : !s->variable.section || s->variable.size != size)
		return "a parameter goes to a variable of another size";
	return s->negated && size != 1 ? "a parameter that is negated is no bool" : NULL;
}

static const char *mistake_of_attach(const struct emf_attach *a)
{
	static const uint8_t needs[] = {
		[EMF_ATTACH_UPROBE] = 2, [EMF_ATTACH_URETPROBE] = 2, [EMF_ATTACH_USDT] = 3, [EMF_ATTACH_KPROBE] = 1, [EMF_ATTACH_KRETPROBE] = 1,
		[EMF_ATTACH_TRACEPOINT] = 2, [EMF_ATTACH_RAW_TP] = 1, [EMF_ATTACH_XDP] = 1, [EMF_ATTACH_CGROUP] = 1, [EMF_ATTACH_PERF_EVENT] = 2,
		[EMF_ATTACH_TC] = 2,
	};

	if ((unsigned int)a->kind >= sizeof(needs))
		return "a program is attached in a way that this product does not know";
	for (unsigned int i = 0; i < needs[a->kind]; i++) {
		bool is_number = (a->kind == EMF_ATTACH_XDP && a->netdev) || (a->kind == EMF_ATTACH_TC && !i && a->netdev) || (a->kind == EMF_ATTACH_PERF_EVENT && i == 1 && a->frequency);

		if (!a->text[i] && !is_number)
			return "a program is attached to something that has no name";
	}
	if (a->kind == EMF_ATTACH_TC && (!a->tc_handle || !a->tc_priority || a->tc_priority > UINT16_MAX))
		return "a filter of tc has no handle, or no priority that it can have";
	if (a->xdp_mode && (a->kind != EMF_ATTACH_XDP || a->xdp_mode & ~XDP_FLAGS_MODES || (a->xdp_mode & (a->xdp_mode - 1))))
		return "a program of XDP has a mode that there is not";
	return emf_package_is_name(a->program) ? NULL : "a program has a name that none can have";
}

static const char *mistake_of_need(const struct emf_need *n)
{
	if ((unsigned int)n->kind > EMF_NEED_BTF || n->id < 0 || n->id > (n->kind == EMF_NEED_CAP ? CAPS_MAX : HELPERS_MAX) || !emf_package_is_name(n->name))
		return "it needs something that this product does not know";
	return is_name_or_null(n->program) && is_name_or_null(n->instead) ? NULL : "a program has a name that none can have";
}

/* --- modules */

static bool counts_records(const struct emf_metric *metric, const struct emf_record *record)
{
	if (metric->map || (metric->value && !emf_package_is_within(metric->value, record->fixed)))
		return false;
	for (size_t i = 0; i < metric->n_labels; i++)
		if (!emf_package_is_within(&metric->labels[i], record->fixed))
			return false;
	return true;
}

/* Which of the module's metrics count a type of event. */
static bool are_counted(const struct module *m, const struct emf_event_type *type)
{
	size_t n = 0;

	while (m->metrics && m->metrics[n].name)
		n++;
	if (type->n_metrics > n) /* each counts it once */
		return false;
	for (size_t i = 0; i < type->n_metrics; i++)
		if (type->metrics[i] >= n || !counts_records(&m->metrics[type->metrics[i]], type->record))
			return false;
	return true;
}

static const char *mistake_of_kernel_enum(const struct emf_kernel_enum *one)
{
	return emf_package_is_name(one->type) && one->built && one->names ? NULL : "an enum of the kernel has no name, or no values";
}

/* What is written to its names comes from as many others. */
static bool is_as_long(const struct emf_kernel_enum *one)
{
	size_t n = 0;

	while (n < EMF_PACKAGE_KERNEL_NAMES_MAX && one->built[n].name && one->names[n].name)
		n++;
	return !one->built[n].name && !one->names[n].name;
}

static const char *mistake_of_kernel_enums(const struct emf_kernel_enum *enums)
{
	size_t n = 0;

	for (; enums && enums[n].type; n++) {
		if (n == EMF_PACKAGE_KERNEL_ENUMS_MAX)
			return "a module has too many enums of the kernel";
		if (!is_as_long(&enums[n]))
			return "an enum of the kernel has too many values, or two lists of them that differ in length";
	}
	return NULL;
}

static const char *mistake_of_module(const struct module *m)
{
	if (!emf_package_is_name(m->name) || (m->flags & ~(EMF_MODULE_REQUIRED | EMF_MODULE_BY_NAME)))
		return "a module has a name that none can have, or flags that are not known";
	if (!m->object)
		return "a module has no kernel part";
	for (const struct emf_event_source *e = m->events; e && e->ring; e++)
		for (size_t i = 0; i < e->n_types; i++)
			if (!are_counted(m, &e->types[i]))
				return "a metric counts what is not in the records of its event";
	return mistake_of_kernel_enums(m->kernel_enums);
}

static const char *mistake_of_service(const struct ebus_service *s)
{
	if (!emf_package_is_name(s->name) || !emf_package_is_name(s->version) || !s->idl || s->n_signals > SIGNALS_MAX)
		return "a service has a name or a version that none can have, or no description";
	return NULL;
}

static const char *mistake_of_bus_member(const struct ebus_member *m)
{
	return emf_package_is_name(m->name) && emf_package_is_name(m->access) ? NULL : "a signal has no name, or nobody may hear it";
}

const char *emf_package_mistake(enum emf_shape_id shape, const void *structure)
{
	switch (shape) {
	case EMF_SHAPE_MODULE:
		return mistake_of_module(structure);
	case EMF_SHAPE_OBJECT: {
		const struct emf_object *o = structure;

		return o->pack && o->source ? NULL : "a kernel part is missing";
	}
	case EMF_SHAPE_STORE:
		return mistake_of_store(structure);
	case EMF_SHAPE_PARAM:
		return mistake_of_param(structure);
	case EMF_SHAPE_NAME:
		return emf_package_is_name(((const struct emf_name *)structure)->name) ? NULL : "a value has a name that none can have";
	case EMF_SHAPE_KERNEL_ENUM:
		return mistake_of_kernel_enum(structure);
	case EMF_SHAPE_MEMBER:
		return mistake_of_member(structure);
	case EMF_SHAPE_RECORD:
		return mistake_of_record(structure);
	case EMF_SHAPE_ATTACH:
		return mistake_of_attach(structure);
	case EMF_SHAPE_NEED:
		return mistake_of_need(structure);
	case EMF_SHAPE_SHARED_MAP: {
		const struct emf_shared_map *map = structure;

		return emf_package_is_name(map->map) && is_name_or_null(map->from) ? NULL : "a map has a name that none can have";
	}
	case EMF_SHAPE_SERVICE:
		return mistake_of_service(structure);
	case EMF_SHAPE_BUS_MEMBER:
		return mistake_of_bus_member(structure);
	default:
		return emf_package_mistake_shown(shape, structure);
	}
}
