// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_stacks.c - records of eunomia-bpf that have stacks: "stack_trace".
 */
#include <emf/event.h>
#include <string.h>

#include "eunomia_reader.h"

static const struct emf_member *find(const struct eunomia_at *names, const struct emf_record *record, const char *what)
{
	const char *name = names->object ? emf_eunomia_text(names, what, what) : what;

	for (size_t i = 0; i < record->n; i++)
		if (!strcmp(record->members[i].name, name))
			return &record->members[i];
	emf_eunomia_fail(names->e, "%s: the record has no member %.64s, which is to be %s of its stacks", names->path, name, what);
	return NULL;
}

static bool is_number(const struct emf_member *m)
{
	return m->type >= EMF_U8 && m->type <= EMF_S64 && m->count == 1;
}

static bool check(const struct eunomia_at *at, const struct emf_event_stacks *s)
{
	if (at->e->err)
		return false;
	if (s->kernel->size == sizeof(uint64_t) && s->user->size == sizeof(uint64_t) && s->kernel->type == EMF_U64 && s->user->type == EMF_U64 &&
	    is_number(s->pid) && is_number(s->kernel_bytes) && is_number(s->user_bytes))
		return true;
	return emf_eunomia_fail(at->e, "%s: stacks are arrays of 8-byte addresses, with a number of bytes for each, and of a process", at->path);
}

/* What is printed in front of them: the record without them. */
static const struct emf_record *others(struct eunomia *e, const struct emf_record *record, const struct emf_event_stacks *s)
{
	struct emf_member *members = emf_eunomia_memory(e, record->n + 1, sizeof(*members));
	struct emf_record *made = emf_eunomia_memory(e, 1, sizeof(*made));

	if (!members || !made)
		return NULL;
	*made = *record;
	made->members = members;
	made->n = 0;
	for (size_t i = 0; i < record->n; i++) {
		const struct emf_member *m = &record->members[i];

		if (m != s->kernel && m != s->user && m != s->kernel_bytes && m != s->user_bytes)
			members[made->n++] = *m;
	}
	return made;
}

const struct emf_record *emf_eunomia_stacks(const struct eunomia_at *map, const struct emf_record *record, const struct emf_event_stacks **stacks)
{
	static const char *const known[] = { "stack_trace", NULL }, *const inside[] = { "field_map", "with_symbols", NULL };
	static const char *const names[] = { "pid", "cpu_id", "comm", "kstack_sz", "ustack_sz", "kstack", "ustack", NULL };
	struct emf_event_stacks *s = emf_eunomia_memory(map->e, 1, sizeof(*s));
	struct eunomia_at how = { .e = map->e }, trace = how, fields = how;

	if (!s || !emf_eunomia_object(map, "intepreter", &how) || !emf_eunomia_has_only(&how, known))
		return NULL;
	if (!emf_eunomia_object(&how, "stack_trace", &trace)) {
		emf_eunomia_fail(map->e, "%s has no stack_trace", how.path);
		return NULL;
	}
	memcpy(fields.path, trace.path, sizeof(fields.path));
	if (emf_eunomia_object(&trace, "field_map", &fields) && !emf_eunomia_has_only(&fields, names))
		return NULL;
	*s = (struct emf_event_stacks){
		.pid = find(&fields, record, "pid"),
		.kernel = find(&fields, record, "kstack"),
		.kernel_bytes = find(&fields, record, "kstack_sz"),
		.user = find(&fields, record, "ustack"),
		.user_bytes = find(&fields, record, "ustack_sz"),
		.has_names = emf_eunomia_bool(&trace, "with_symbols", true),
	};
	find(&fields, record, "cpu_id");
	find(&fields, record, "comm");
	if (!emf_eunomia_has_only(&trace, inside) || !check(&trace, s))
		return NULL;
	*stacks = s;
	return others(map->e, record, s);
}
