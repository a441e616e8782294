// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * need.c - what a module needs: found out before its programs are loaded, so that the
 * message names what is missing, and not what the verifier made of it.
 */
#include "need.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "core.h"
#include "probe.h"

static const struct bpf_object *object_of(const struct emf_unit *unit)
{
	return unit->object.head ? unit->object.head->obj : NULL;
}

static bool has_helper_for(struct emf_probe *probe, const struct bpf_program *prog, int helper)
{
	const struct emf_kind *kind = emf_kind_of(prog);

	if (!kind)
		return true;
	if (kind->target != EMF_TARGET_NONE)
		emf_probe_read_btf(probe);
	return emf_probe_helper_of(probe, helper, kind) != EMF_ANSWER_NO;
}

/* For the program that wants it; without a variant nobody says which: then for one of them. */
static bool has_helper(struct emf_probe *probe, const struct emf_unit *unit, const struct emf_need *need)
{
	const struct bpf_object *obj = object_of(unit);
	struct bpf_program *prog;
	bool asked = false;

	if (!obj)
		return true;
	bpf_object__for_each_program(prog, obj) {
		if (need->program && strcmp(bpf_program__name(prog), need->program))
			continue;
		asked = true;
		if (has_helper_for(probe, prog, need->id))
			return true;
	}
	return !asked;
}

static bool has_map_type(struct emf_probe *probe, const struct emf_need *need)
{
	const struct emf_verdict *verdict = emf_probe_map(probe, need->id);

	return !verdict || verdict->answer != EMF_ANSWER_NO;
}

static bool has_btf(struct emf_probe *probe, const struct emf_need *need)
{
	static const uint32_t kinds[] = { BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_TYPEDEF, BTF_KIND_ENUM };

	emf_probe_read_btf(probe);
	if (!probe->btf)
		return false;
	if (need->kind == EMF_NEED_KFUNC)
		return btf__find_by_name_kind(probe->btf, need->name, BTF_KIND_FUNC) > 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (btf__find_by_name_kind(probe->btf, need->name, kinds[i]) > 0)
			return true;
	return false;
}

static bool is_there(struct emf_probe *probe, const struct emf_unit *unit, const struct emf_need *need)
{
	switch (need->kind) {
	case EMF_NEED_CAP:
		return !emf_probe_missing_caps(probe, 1ull << need->id);
	case EMF_NEED_HELPER:
		return has_helper(probe, unit, need);
	case EMF_NEED_MAP_TYPE:
		return has_map_type(probe, need);
	case EMF_NEED_KFUNC:
	case EMF_NEED_BTF:
		return has_btf(probe, need);
	}
	return true;
}

static const char *const words[] = {
	[EMF_NEED_CAP] = "capability CAP_", [EMF_NEED_HELPER] = "helper bpf_", [EMF_NEED_MAP_TYPE] = "map type ",
	[EMF_NEED_KFUNC] = "kfunc ",	    [EMF_NEED_BTF] = "BTF type ",
};

static int refuse(struct emf_unit *unit, const struct emf_need *need)
{
	bool cap = need->kind == EMF_NEED_CAP, helper = need->kind == EMF_NEED_HELPER;

	unit->unsupported = true;
	if (cap)
		snprintf(unit->why, sizeof(unit->why),
			 "needs the capability CAP_%s, which this process lacks: %s", need->name,
			 geteuid() ? "run as root, or grant it" : "let it keep it (keep-capabilities, CapabilityBoundingSet=), or grant it");
	else
		snprintf(unit->why, sizeof(unit->why),
			 "needs the %s%s, which this kernel lacks%s: a later kernel may have it ('doctor' tells more)",
			 words[need->kind], need->name, helper ? " for such programs" : "");
	return cap ? -EPERM : -EOPNOTSUPP;
}

/* Maps of a type that the kernel does not know would fail the load of all others. */
static void leave_out_maps(const struct emf_unit *unit, int type)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object_of(unit))
		if ((int)bpf_map__type(map) == type)
			bpf_map__set_autocreate(map, false);
}

static bool is_of_pair(const struct emf_need *need, const struct emf_need *pair)
{
	return need->instead && !strcmp(need->program, pair->program) && !strcmp(need->instead, pair->instead);
}

/* The first of the needs of one pair that is not met; NULL if the first program can run. */
static const struct emf_need *lacking(struct emf_probe *probe, const struct emf_unit *unit, const struct emf_need *pair)
{
	const struct emf_need *first = NULL;

	for (const struct emf_need *need = pair; need->name; need++) {
		if (!is_of_pair(need, pair) || is_there(probe, unit, need))
			continue;
		if (need->kind == EMF_NEED_MAP_TYPE)
			leave_out_maps(unit, need->id);
		if (!first)
			first = need;
	}
	return first;
}

/* Turns the loser off, and nothing on: another pair, or the author, may have turned that off. */
static int choose(struct emf_probe *probe, struct emf_unit *unit, const struct emf_need *pair)
{
	const struct bpf_object *obj = object_of(unit);
	struct bpf_program *first = obj ? bpf_object__find_program_by_name(obj, pair->program) : NULL;
	struct bpf_program *second = obj ? bpf_object__find_program_by_name(obj, pair->instead) : NULL;
	struct emf_variant *variant = &unit->variants.of[unit->variants.n];
	const struct emf_need *missing;

	if (!first || !second || unit->variants.n == EMF_VARIANTS_MAX) {
		snprintf(unit->why, sizeof(unit->why), "its variants %s and %s cannot be chosen: one of them is missing",
			 pair->program, pair->instead);
		return -EINVAL;
	}
	unit->variants.n++;
	missing = lacking(probe, unit, pair);
	variant->runs = missing ? pair->instead : pair->program;
	variant->instead_of = missing ? pair->program : pair->instead;
	if (!missing)
		snprintf(variant->why, sizeof(variant->why), "this kernel has the %s%s%s", words[pair->kind], pair->name,
			 pair->kind == EMF_NEED_HELPER ? " for such programs" : "");
	else
		snprintf(variant->why, sizeof(variant->why), "this kernel lacks the %s%s%s", words[missing->kind],
			 missing->name, missing->kind == EMF_NEED_HELPER ? " for such programs" : "");
	bpf_program__set_autoload(missing ? first : second, false);
	return 0;
}

static bool is_first_of_pair(const struct emf_need *needs, const struct emf_need *need)
{
	while (needs != need && !is_of_pair(needs, need))
		needs++;
	return needs == need;
}

int emf_need_check(struct emf_unit *unit)
{
	struct emf_probe probe;
	int err = 0;

	unit->variants.n = 0;
	if (!unit->m->needs)
		return 0;
	emf_probe_init(&probe);
	for (const struct emf_need *need = unit->m->needs; !err && need->name; need++) {
		if (!need->instead)
			err = is_there(&probe, unit, need) ? 0 : refuse(unit, need);
		else if (is_first_of_pair(unit->m->needs, need))
			err = choose(&probe, unit, need);
	}
	emf_probe_fini(&probe);
	return err;
}
