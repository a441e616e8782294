// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_output.c - maps of eunomia-bpf's meta: what of them is printed, and as what.
 */
#include <stdlib.h>
#include <string.h>

#include <emf/log.h>

#include "eunomia_reader.h"

#define PERF_PAGES_MAX 65536 /* of each processor */
#define POLL_MAX_MS 86400000

static bool is_ring(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF || bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static const char *type_name(const struct eunomia *e, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(e->btf, id);
	const char *name = t ? btf__name_by_offset(e->btf, t->name_off) : NULL;

	return name ? name : "";
}

/* --- types */

/* The struct of a record: what the JSON says of it has to be what the kernel part says. */
static const struct emf_record *exported(const struct eunomia_at *at)
{
	static const char *const known[] = { "name", "members", "size", "type_id", NULL }, *const of_member[] = { "name", "type", NULL };
	uint32_t id = (uint32_t)emf_eunomia_number(at, "type_id", 0, 1, UINT32_MAX);
	const char *name = emf_eunomia_text(at, "name", "");
	size_t n = emf_eunomia_count(at, "members");
	const struct btf_type *t = at->e->err ? NULL : btf__type_by_id(at->e->btf, id);
	struct eunomia_at member;

	if (!emf_eunomia_has_only(at, known))
		return NULL;
	if (!t || !btf_is_struct(t) || strcmp(type_name(at->e, id), name) != 0 || btf_vlen(t) != n ||
	    emf_eunomia_number(at, "size", t->size, 0, UINT32_MAX) != t->size) {
		emf_eunomia_fail(at->e, "%s: type %u of the kernel part is no struct %.64s of this size and %zu members", at->path, id, name, n);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const char *own = btf__name_by_offset(at->e->btf, btf_members(t)[i].name_off);

		if (!emf_eunomia_item(at, "members", i, &member) || !emf_eunomia_has_only(&member, of_member))
			return NULL;
		if (strcmp(emf_eunomia_text(&member, "name", ""), own ? own : "") != 0)
			emf_eunomia_fail(at->e, "%s.name is not that of the member of struct %.64s", member.path, name);
	}
	return at->e->err ? NULL : emf_eunomia_record(at->e, id, name);
}

static const struct emf_record *custom(const struct eunomia_at *at, const char *map)
{
	static const char *const known[] = { "name", "offset", "btf_type_id", NULL };
	size_t n = emf_eunomia_count(at, "custom_members");
	struct emf_member *members = emf_eunomia_memory(at->e, n + 1, sizeof(*members));
	struct emf_record *made = emf_eunomia_memory(at->e, 1, sizeof(*made));
	struct eunomia_at one;

	if (!made || !members)
		return NULL;
	*made = (struct emf_record){ .name = emf_eunomia_format(at->e, "%s", map), .n = n, .members = members };
	for (size_t i = 0; i < n; i++) {
		uint32_t end;

		if (!emf_eunomia_item(at, "custom_members", i, &one) || !emf_eunomia_has_only(&one, known) ||
		    !emf_eunomia_member(at->e, emf_eunomia_text(&one, "name", ""), (uint32_t)emf_eunomia_number(&one, "btf_type_id", 0, 1, UINT32_MAX),
					(uint32_t)emf_eunomia_number(&one, "offset", 0, 0, UINT16_MAX), &members[i]))
			return NULL;
		for (size_t k = 0; k < i; k++)
			if (members[i].offset < members[k].offset + members[k].size * members[k].count &&
			    members[k].offset < members[i].offset + members[i].size * members[i].count)
				emf_eunomia_fail(at->e, "%s lies in the place of another member", one.path);
		end = members[i].offset + members[i].size * members[i].count;
		made->size = made->fixed = end > made->size ? end : made->size;
	}
	return at->e->err ? NULL : made;
}

/* What export_config says; NULL without an error for what is not printed. */
static const struct emf_record *configured(const struct eunomia_at *at, const struct bpf_map *map, const char *name, bool *is_default)
{
	static const char *const known[] = { "btf_type_id", "custom_members", NULL };
	const json_t *config = emf_eunomia_get(at, "export_config");
	const char *word = config ? json_string_value(config) : "no_export";
	struct eunomia_at inner;

	if (word && !strcmp(word, "no_export"))
		return NULL;
	*is_default = word && !strcmp(word, "default");
	if (*is_default && is_ring(map))
		emf_eunomia_fail(at->e, "%s.export_config is \"default\", which is for maps that are sampled", at->path);
	if (word && !*is_default)
		emf_eunomia_fail(at->e, "%s.export_config is %.32s: there are no_export, default, btf_type_id and custom_members", at->path, word);
	if (word || !emf_eunomia_object(at, "export_config", &inner) || !emf_eunomia_has_only(&inner, known))
		return NULL;
	if (emf_eunomia_get(&inner, "custom_members"))
		return custom(&inner, name);
	return emf_eunomia_record(at->e, (uint32_t)emf_eunomia_number(&inner, "btf_type_id", 0, 1, UINT32_MAX), name);
}

/* --- outputs */

static bool add_event(const struct eunomia_at *at, const struct emf_record *record, const char *map, uint32_t pages)
{
	struct emf_event_source *source = at->e->events;
	struct emf_event_type *type = emf_eunomia_memory(at->e, 1, sizeof(*type));
	const struct emf_event_stacks *stacks = NULL;

	while (source->ring)
		source++;
	if (record && json_is_object(emf_eunomia_get(at, "intepreter")))
		record = emf_eunomia_stacks(at, record, &stacks);
	if (!type || !record)
		return false;
	type->record = record;
	*source = (struct emf_event_source){ .ring = emf_eunomia_format(at->e, "%s", map), .types = type, .n_types = 1, .printed = record,
					     .stacks = stacks, .perf_pages = pages };
	return !at->e->err;
}

static bool add_sample(const struct eunomia_at *at, const struct bpf_map *map, const struct emf_record *value)
{
	struct emf_view *view = at->e->views;
	struct eunomia_at sample;

	while (view->name)
		view++;
	if (!emf_eunomia_object(at, "sample", &sample))
		return false;
	view->map = emf_eunomia_format(at->e, "%s", bpf_map__name(map));
	if (!emf_eunomia_sample(&sample, map, bpf_map__name(map), view))
		return false;
	if (!value)
		return true;
	if (view->slots)
		return emf_eunomia_fail(at->e, "%s.export_config changes what a histogram is made of: \"default\" is what can be done", at->path);
	view->value = value;
	return true;
}

/* Data sections are maps, too, with names that libbpf makes. */
static struct bpf_map *find_map(const struct eunomia_at *at)
{
	const char *ident = emf_eunomia_text(at, "ident", ""), *name = emf_eunomia_text(at, "name", "");
	struct bpf_map *map = bpf_object__find_map_by_name(at->e->object, name);
	char section[66];

	snprintf(section, sizeof(section), ".%.64s", ident);
	if (!map)
		map = bpf_object__find_map_by_name(at->e->object, section);
	if (!map)
		emf_eunomia_fail(at->e, "%s: the kernel part has no map %.64s", at->path, name);
	return map;
}

static bool read_map(const struct eunomia_at *at, const struct emf_record *only, const struct eunomia_at *meta, bool is_used)
{
	bool is_default = false, has_types = emf_eunomia_bool(meta, "enable_multiple_export_types", false);
	uint32_t pages = (uint32_t)emf_eunomia_number(meta, "perf_buffer_pages", 64, 1, PERF_PAGES_MAX);
	const struct bpf_map *map = find_map(at);
	const struct emf_record *record = only;

	if (!map)
		return false;
	if (!is_ring(map) && json_is_object(emf_eunomia_get(at, "intepreter")))
		return emf_eunomia_fail(at->e, "%s.intepreter is for records, and the map has none", at->path);
	if (!has_types && emf_eunomia_get(at, "export_config"))
		return emf_eunomia_fail(at->e, "%s.export_config counts only with enable_multiple_export_types, which is not set", at->path);
	if (has_types)
		record = configured(at, map, bpf_map__name(map), &is_default);
	if (at->e->err || !is_used || (has_types && !record && !is_default))
		return !at->e->err;
	if (emf_eunomia_get(at, "sample"))
		return add_sample(at, map, has_types ? record : NULL);
	return is_ring(map) ? add_event(at, record, bpf_map__name(map), pages) : true;
}

static bool check_map(const struct eunomia_at *at)
{
	static const char *const known[] = { "name", "ident", "mmaped", "sample", "export_config", "intepreter", "description", NULL };
	const json_t *how = emf_eunomia_get(at, "intepreter");

	emf_eunomia_bool(at, "mmaped", false); /* it is where the kernel has it so */
	if (how && !json_is_object(how) && (!json_is_string(how) || strcmp(json_string_value(how), "default_struct") != 0))
		return emf_eunomia_fail(at->e, "%s.intepreter is neither default_struct nor stack_trace", at->path);
	return emf_eunomia_has_only(at, known);
}

static bool is_output(const struct eunomia_at *at)
{
	const struct bpf_map *map = find_map(at);

	return map && (emf_eunomia_get(at, "sample") || is_ring(map));
}

/* Without several types the last map is the one that is printed, as the first struct. */
static size_t find_last(const struct eunomia_at *skel, size_t n, size_t *outputs)
{
	size_t last = n;
	struct eunomia_at at;

	for (size_t i = 0; i < n && emf_eunomia_item(skel, "maps", i, &at); i++)
		if (is_output(&at)) {
			last = i;
			++*outputs;
		}
	return last;
}

static void tell_what_is_left_out(size_t types, size_t outputs)
{
	if (types > 1)
		emf_warn(NULL, "export_types has %zu types, and without enable_multiple_export_types only the first of them is printed", types);
	if (outputs > 1)
		emf_warn(NULL, "%zu maps have output, and without enable_multiple_export_types only the last of them is printed", outputs);
}

static bool check_settings(const struct eunomia_at *meta)
{
	int64_t pages = emf_eunomia_number(meta, "perf_buffer_pages", 64, 1, PERF_PAGES_MAX);

	/* Records are read as soon as the kernel says that there are some: nothing waits as long as these allow. */
	emf_eunomia_number(meta, "perf_buffer_time_ms", 10, 0, POLL_MAX_MS);
	emf_eunomia_number(meta, "poll_timeout_ms", 100, -1, POLL_MAX_MS);
	emf_eunomia_bool(meta, "print_header", false); /* a table has its heading */
	return pages & (pages - 1) ? emf_eunomia_fail(meta->e, "perf_buffer_pages is %lld: it has to be a power of two", (long long)pages) : !meta->e->err;
}

bool emf_eunomia_outputs(const struct eunomia_at *meta, const struct eunomia_at *skel)
{
	size_t n = emf_eunomia_count(skel, "maps"), types = emf_eunomia_count(meta, "export_types"), outputs = 0, last;
	bool has_types = emf_eunomia_bool(meta, "enable_multiple_export_types", false);
	const struct emf_record *only = NULL;
	struct eunomia *e = meta->e;
	struct eunomia_at at;

	if (!check_settings(meta))
		return false;
	e->events = emf_eunomia_memory(e, n + 1, sizeof(*e->events));
	e->views = emf_eunomia_memory(e, n + 1, sizeof(*e->views));
	if (types && !has_types && (!emf_eunomia_item(meta, "export_types", 0, &at) || !(only = exported(&at))))
		return false;
	last = e->err || has_types ? n : find_last(skel, n, &outputs);
	for (size_t i = 0; i < n && !e->err; i++) {
		if (!emf_eunomia_item(skel, "maps", i, &at) || !check_map(&at))
			return false;
		if (i == last && !only)
			return emf_eunomia_fail(e, "%s has output, and export_types does not say of which type", at.path);
		if (!read_map(&at, only, meta, has_types || i == last))
			return false;
	}
	if (!e->err)
		emf_eunomia_intervals(e);
	if (!e->err && !has_types)
		tell_what_is_left_out(types, outputs);
	return !e->err;
}
