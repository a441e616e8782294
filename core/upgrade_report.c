// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * upgrade_report.c - what becomes of maps, programs and parameters when a module takes the place of another one.
 */
#include <bpf/libbpf.h>
#include <emf/chain.h>
#include <string.h>

#include "core.h"
#include "upgrade.h"

static const char *version(const struct emf_unit *unit)
{
	return unit->m->version && *unit->m->version ? unit->m->version : "-";
}

/* --- maps */

static bool has_map(const struct emf_unit *unit, const char *name)
{
	return unit->object.head && bpf_object__find_map_by_name(unit->object.head->obj, name);
}

static void report_maps(const struct emf_unit *unit, FILE *out)
{
	const struct emf_unit *old = unit->replaces;
	const struct bpf_map *map;

	if (unit->object.head)
		bpf_object__for_each_map(map, unit->object.head->obj) {
			const char *what = emf_unit_pins_fate(unit, map);

			if (what)
				fprintf(out, "map %s %s\n", bpf_map__name(map), what);
		}
	if (old->object.head)
		bpf_object__for_each_map(map, old->object.head->obj)
			if (emf_unit_pins_fate(old, map) && !has_map(unit, bpf_map__name(map)))
				fprintf(out, "map %s goes, with what is in it\n", bpf_map__name(map));
}

/* --- programs */

static bool has_program(const struct emf_unit *unit, const struct bpf_program *program)
{
	const struct bpf_program *there = unit->object.head ? bpf_object__find_program_by_name(unit->object.head->obj, bpf_program__name(program)) : NULL;

	return there && bpf_program__fd(there) >= 0;
}

static void report_programs(const struct emf_unit *unit, FILE *out)
{
	const struct emf_unit *old = unit->replaces;
	struct bpf_program *program;

	if (unit->object.head)
		bpf_object__for_each_program(program, unit->object.head->obj)
			if (bpf_program__fd(program) >= 0)
				fprintf(out, "program %s %s\n", bpf_program__name(program), emf_unit_pins_way(unit, program));
	if (old->object.head)
		bpf_object__for_each_program(program, old->object.head->obj)
			if (bpf_program__fd(program) >= 0 && !has_program(unit, program))
				fprintf(out, "program %s goes\n", bpf_program__name(program));
	for (const struct emf_plug *p = unit->m->plugs; p && p->program; p++)
		fprintf(out, "program %s is in the next generation of chain %s\n", p->program, p->chain->name);
}

/* --- parameters */

static void report_params(const struct emf_unit *unit, FILE *out)
{
	const struct emf_param_set *ours = &unit->params, *theirs = &unit->replaces->params;
	char text[EMF_PARAM_TEXT_MAX];

	for (size_t i = 0; i < ours->n; i++)
		fprintf(out, "parameter %s %s %s\n", ours->params[i].name,
			emf_param_index(theirs, ours->params[i].name) < 0 ? "is new:" : ours->states[i].origin == EMF_PARAM_DEFAULT ? "has its default:" : "keeps its value:",
			emf_param_format(&ours->params[i], ours->params[i].value, text));
	for (size_t i = 0; i < theirs->n; i++)
		if (emf_param_index(ours, theirs->params[i].name) < 0)
			fprintf(out, "parameter %s goes\n", theirs->params[i].name);
}

void emf_upgrade_report(const struct emf_unit *unit, FILE *out)
{
	fprintf(out, "module %s goes from version %s to %s\n", unit->m->name, version(unit->replaces), version(unit));
	report_maps(unit, out);
	report_programs(unit, out);
	report_params(unit, out);
}
