// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_write_parts.c - maps and programs of a module, as eunomia-bpf's meta has them.
 */
#include <bpf/libbpf.h>
#include <emf/attach.h>
#include <emf/event.h>
#include <emf/map.h>
#include <emf/view.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "eunomia_write.h"

#define INTERVAL_MS 1000 /* of what EMF prints once, in the end: there it is printed at intervals only */
#define NS_PER_MS 1000000
#define SLOTS "slots"

/* --- what is printed */

static void write_stacks(struct eunomia_writer *w, const struct emf_event_stacks *s, json_t *map)
{
	if (!s->kernel || !s->user || !json_object_get(json_object_get(map, "export_config"), "btf_type_id")) {
		emf_eunomia_cannot(w, "its records have stacks that are not in a struct as eunomia-bpf's are");
		return;
	}
	json_object_set_new(map, "intepreter", json_pack("{s:{s:{s:s, s:s, s:s, s:s, s:s}, s:b}}", "stack_trace", "field_map", "pid", s->pid->name, "kstack", s->kernel->name,
							 "kstack_sz", s->kernel_bytes->name, "ustack", s->user->name, "ustack_sz", s->user_bytes->name, "with_symbols",
							 s->has_names));
}

static bool write_event(struct eunomia_writer *w, const struct emf_event_source *e, json_t *map)
{
	const struct emf_record *record = e->n_types == 1 ? e->types[0].record : NULL;

	if (!record)
		return emf_eunomia_cannot(w, "records of several types come through %s, and there each map has one", e->ring);
	if (record->fixed < record->size)
		return emf_eunomia_cannot(w, "records of %s are not all of one length", e->ring);
	json_object_set_new(map, "export_config", emf_eunomia_write_record(w, e));
	if (e->stacks)
		write_stacks(w, e->stacks, map);
	return !w->failed;
}

static const char *sample_type(struct eunomia_writer *w, const struct emf_view *v)
{
	bool is_hist = v->slots && !v->slot && !strcmp(v->slots->name, SLOTS) && v->slots->size == 4;

	if (v->stacks)
		emf_eunomia_cannot(w, "%s has stacks, and there they come as records only", v->name);
	else if (!v->map)
		emf_eunomia_cannot(w, "%s is a variable, and only maps are printed", v->name);
	else if (v->conditions && v->conditions->param)
		emf_eunomia_cannot(w, "whether %s is printed depends on --%s", v->name, v->conditions->param->name);
	else if (v->n_counters)
		emf_eunomia_cannot(w, "%s has a value for each processor, and there they are not added up", v->name);
	else if (!v->slots)
		return "default_kv";
	else if (is_hist && v->scale.kind == EMF_LOG2)
		return "log2_hist";
	else if (is_hist && v->scale.kind == EMF_LINEAR && !v->scale.first && v->scale.step == 1)
		return "linear_hist";
	else
		emf_eunomia_cannot(w, "the slots of %s are none that it has: numbers of 4 bytes named " SLOTS ", by powers of two or of 1 each", v->name);
	return NULL;
}

static bool write_sample(struct eunomia_writer *w, const struct emf_view *v, json_t *map)
{
	const struct emf_views *views = w->m->views;
	uint64_t interval = views->interval_ns ? *views->interval_ns / NS_PER_MS * (v->every ? v->every : 1) : 0;
	const char *type = sample_type(w, v);
	json_t *sample;

	if (!type)
		return false;
	if (views->top && *views->top)
		return emf_eunomia_cannot(w, "%s has its first %u rows printed, and there it has all", v->name, *views->top);
	sample = json_pack("{s:I, s:s, s:b}", "interval", (json_int_t)(interval ? interval : INTERVAL_MS), "type", type, "clear_map", interval && !v->stays);
	if (v->unit)
		json_object_set_new(sample, "unit", json_string(v->unit));
	json_object_set_new(map, "sample", sample);
	json_object_set_new(map, "export_config", json_string("default"));
	return true;
}

/* --- maps */

static void write_map(struct eunomia_writer *w, const struct bpf_map *map, json_t *maps)
{
	const char *name = bpf_map__name(map), *dot = bpf_map__is_internal(map) ? strchr(name, '.') : NULL;
	json_t *made = json_pack("{s:s, s:s}", "name", name, "ident", dot ? dot + 1 : name);

	if (dot)
		json_object_set_new(made, "mmaped", json_true());
	for (const struct emf_event_source *e = w->m->events; e && e->ring; e++)
		if (!strcmp(e->ring, name))
			write_event(w, e, made);
	for (const struct emf_view *v = w->m->views ? w->m->views->views : NULL; v && v->name; v++)
		if (!v->map || !strcmp(v->map, name))
			write_sample(w, v, made);
	json_array_append_new(maps, made);
}

json_t *emf_eunomia_write_maps(struct eunomia_writer *w)
{
	json_t *made = json_array();
	const struct bpf_map *map;

	for (const struct emf_shared_map *s = w->m->maps; s && s->map; s++)
		if (s->from)
			emf_eunomia_cannot(w, "its map %s is that of module %s", s->map, s->from);
	bpf_object__for_each_map(map, w->object)
		write_map(w, map, made);
	return made;
}

/* --- programs */

static const struct emf_attach *place_of(const struct eunomia_writer *w, const char *program)
{
	const struct emf_attach *a = w->m->attaches;

	while (a && a->program && strcmp(a->program, program) != 0)
		a++;
	return a && a->program ? a : NULL;
}

static bool write_place(struct eunomia_writer *w, const struct emf_attach *a, json_t *program)
{
	if (a->only_if || a->unless)
		return emf_eunomia_cannot(w, "whether its program %s hangs anywhere depends on --%s", a->program, a->only_if ? a->only_if->name : a->unless->name);
	if (a->kind == EMF_ATTACH_XDP && a->netdev && *a->netdev) {
		json_object_set_new(program, "ifindex", json_integer(*a->netdev));
		json_object_set_new(program, "flags", json_integer(a->xdp_mode));
		return true;
	}
	if (a->kind == EMF_ATTACH_TC && a->netdev && *a->netdev) {
		json_object_set_new(program, "tchook", json_pack("{s:I, s:s}", "ifindex", (json_int_t)*a->netdev, "attach_point",
								 strcmp(a->text[1], "egress") != 0 ? "BPF_TC_INGRESS" : "BPF_TC_EGRESS"));
		json_object_set_new(program, "tcopts", json_pack("{s:I, s:I}", "handle", (json_int_t)a->tc_handle, "priority", (json_int_t)a->tc_priority));
		return true;
	}
	if (a->kind == EMF_ATTACH_PERF_EVENT && !a->frequency && !a->pid && !strcmp(a->text[0], "cpu-clock") && !strcmp(a->text[1], "1"))
		return true;
	return emf_eunomia_cannot(w, "where its program %s hangs is said by options or a description, and there by SEC() alone", a->program);
}

json_t *emf_eunomia_write_programs(struct eunomia_writer *w)
{
	json_t *made = json_array();
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, w->object) {
		const struct emf_attach *a = place_of(w, bpf_program__name(prog));
		json_t *program = json_pack("{s:s, s:s, s:b}", "name", bpf_program__name(prog), "attach", bpf_program__section_name(prog), "link", 1);

		if (a)
			write_place(w, a, program);
		json_array_append_new(made, program);
	}
	return made;
}
