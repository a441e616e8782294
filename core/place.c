// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * place.c - where programs of a module hang by its description: which places it wants, and what became of them.
 */
#include "place.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach_net.h"
#include "module.h"

bool emf_place_is_described(const struct emf_unit *unit, const struct bpf_program *prog)
{
	for (const struct emf_attach *a = unit->m->attaches; a && a->program; a++)
		if (!strcmp(a->program, bpf_program__name(prog)))
			return true;
	return false;
}

struct emf_place *emf_place_of(const struct emf_unit *unit, const struct emf_attach *a)
{
	return &unit->places[a - unit->m->attaches];
}

bool emf_place_has_path(const struct emf_attach *a)
{
	return a->kind == EMF_ATTACH_UPROBE || a->kind == EMF_ATTACH_URETPROBE || a->kind == EMF_ATTACH_USDT;
}

int emf_place_task(const struct emf_attach *a)
{
	return a->pid && *a->pid ? (int)*a->pid : -1;
}

static void leave_out(struct emf_place *place, const struct emf_param *param, bool given)
{
	if (param->type == EMF_BOOL)
		snprintf(place->why, sizeof(place->why), "is left out: --%s is %s", param->name, given ? "yes" : "no");
	else
		snprintf(place->why, sizeof(place->why), "is left out: --%s is %s", param->name, given ? "given" : "not given");
}

int emf_places_choose(struct emf_unit *unit)
{
	struct bpf_object *object = unit->object.head->obj;
	size_t n = 0;

	while (unit->m->attaches && unit->m->attaches[n].program)
		n++;
	emf_places_forget(unit);
	unit->places = calloc(n + 1, sizeof(*unit->places));
	if (!unit->places)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct emf_attach *a = &unit->m->attaches[i];

		if (a->only_if && !emf_param_is_given(a->only_if))
			leave_out(&unit->places[i], a->only_if, false);
		if (a->unless && emf_param_is_given(a->unless))
			leave_out(&unit->places[i], a->unless, true);
	}
	for (size_t i = 0; i < n; i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(object, unit->m->attaches[i].program);
		bool wanted = false;

		for (size_t j = 0; j < n; j++)
			wanted |= !unit->places[j].why[0] && !strcmp(unit->m->attaches[j].program, unit->m->attaches[i].program);
		if (prog && !wanted)
			bpf_program__set_autoload(prog, false);
	}
	return 0;
}

bool emf_place_is_chosen(const struct emf_unit *unit, const struct emf_attach *attach)
{
	return !emf_place_of(unit, attach)->why[0];
}

void emf_places_forget(struct emf_unit *unit)
{
	emf_attach_net_remove(unit);
	free(unit->places);
	unit->places = NULL;
}

void emf_place_note(struct emf_place *place, const struct emf_attach *a, const char *path)
{
	size_t at = (size_t)snprintf(place->at, sizeof(place->at), "%s", path);

	for (size_t i = 1; i < EMF_ATTACH_TEXTS && a->text[i] && at < sizeof(place->at); i++)
		at += (size_t)snprintf(place->at + at, sizeof(place->at) - at, ":%s", a->text[i]);
	if (a->netdev)
		snprintf(place->at, sizeof(place->at), "interface %u", *a->netdev);
	if (a->frequency && at < sizeof(place->at))
		at += (size_t)snprintf(place->at + at, sizeof(place->at) - at, ":%u", *a->frequency);
	if (emf_place_task(a) > 0 && at < sizeof(place->at))
		snprintf(place->at + at, sizeof(place->at) - at, " of process %u", *a->pid);
}

static const char *hint(const struct emf_attach *a, int err)
{
	if (emf_place_has_path(a) && err == -ENOENT)
		return a->kind == EMF_ATTACH_USDT ? "" : "; the file is not there, or it has no such symbol (nm -D, nm)";
	if (err == -ESRCH)
		return "; there is no such process";
	if (a->kind == EMF_ATTACH_KPROBE || a->kind == EMF_ATTACH_KRETPROBE)
		return "; the kernel has no function of this name";
	return "";
}

void emf_place_explain(struct emf_unit *unit, const struct emf_attach *a, int err, const char *said)
{
	snprintf(unit->why, sizeof(unit->why), "program '%s' cannot be attached to %s: %s%s%s%.300s", a->program, emf_place_of(unit, a)->at,
		 strerror(-err), hint(a, err), said[0] ? "; libbpf: " : "", said);
}

void emf_place_do_without(struct emf_unit *unit, const struct emf_attach *a)
{
	struct emf_place *place = emf_place_of(unit, a);

	const char *reason = strstr(unit->why, "cannot be attached");

	emf_debug(unit->m, "%s", unit->why);
	snprintf(place->why, sizeof(place->why), "%.*s", EMF_PLACE_WHY_MAX - 1, reason ? reason : unit->why);
	unit->why[0] = '\0';
}
