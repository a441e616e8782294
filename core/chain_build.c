// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_build.c - a generation: all programs of a chain, each loaded for its place.
 */
#include "chain_build.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf_error.h"

/* @next and the slots: indices, or -1. */
static void set_constants(int32_t values[EMF_CHAIN_CONSTANTS_MAX], const struct emf_chain_generation *g,
			  const struct emf_chain *chain, size_t next, uint32_t number)
{
	values[EMF_CHAIN_NEXT] = next < g->plan.n ? (int32_t)next : -1;
	values[EMF_CHAIN_NUMBER] = (int32_t)number;
	values[EMF_CHAIN_GENERATION] = (int32_t)g->number;
	values[EMF_CHAIN_FLAGS] = (int32_t)g->flags;
	values[EMF_CHAIN_SAMPLE] = (int32_t)g->sample;
	values[EMF_CHAIN_HANDS] = g->hands;
	for (unsigned int i = 0; i < EMF_CHAIN_PROGRAMS_MAX; i++)
		values[EMF_CHAIN_SLOT_FIRST + i] = i < chain->n_slots ? emf_chain_plan_index(&g->plan, i) : -1;
}

static int program_of(const struct emf_chain_generation *g, size_t i)
{
	return bpf_program__fd(bpf_object__find_program_by_name(g->objects[i], g->plan.places[i].plug->program));
}

/* The kernel has programs of one kind only in an array: packets in more than one buffer come if all can take them. */
static uint32_t program_flags(const struct emf_chain_generation *g)
{
	for (size_t i = 0; i < g->plan.n; i++)
		if (!g->plan.places[i].plug->takes_frags)
			return 0;
	return g->plan.n ? BPF_F_XDP_HAS_FRAGS : 0;
}

static int load_place(struct emf_chain_generation *g, struct emf_unit *unit, const struct emf_chain_maps *maps, size_t i)
{
	const struct emf_chain *chain = unit->m->chain;
	const struct emf_chain_place *place = &g->plan.places[i];
	int32_t constants[EMF_CHAIN_CONSTANTS_MAX];
	struct emf_chain_load load = { .chain = chain, .pack = place->plug->object, .program = place->plug->program, .maps = maps,
				       .from = place->unit->object.head->obj, .constants = constants,
				       .flags = program_flags(g) };
	struct emf_bpf_error error;
	__u32 at = (__u32)i, id = 0;
	int fd, err;

	set_constants(constants, g, chain, i + 1, place->number);
	emf_bpf_error_begin(&error, place->unit);
	err = emf_bpf_error_end(&error, "load", NULL, emf_chain_object_load(&load, &g->objects[i], &fd));
	if (!err && (bpf_map_update_elem(g->slots, &at, &fd, BPF_ANY) || bpf_map_lookup_elem(g->slots, &at, &id)))
		err = -errno;
	if (err && !unit->why[0])
		snprintf(unit->why, sizeof(unit->why), "chain %s, slot %s: program '%s' of module %s: %.800s", chain->name,
			 chain->slots[place->plug->slot].name, place->plug->program, place->unit->m->name,
			 place->unit->why[0] ? place->unit->why : strerror(-err));
	g->ids[i] = id;
	return err;
}

static int load_entry(struct emf_chain_generation *g, struct emf_unit *unit, const struct emf_chain_maps *maps)
{
	const struct emf_chain *chain = unit->m->chain;
	struct emf_bpf_error error;
	int32_t constants[EMF_CHAIN_CONSTANTS_MAX];
	struct emf_chain_load load = { .chain = chain, .pack = chain->entry, .maps = maps, .constants = constants, .flags = program_flags(g) };
	char name[96];

	set_constants(constants, g, chain, 0, 0);
	snprintf(name, sizeof(name), "%s_entry", chain->name);
	load.program = name;
	emf_bpf_error_begin(&error, unit);
	return emf_bpf_error_end(&error, "load", NULL, emf_chain_object_load(&load, &g->entry, &g->entry_fd));
}

/* What hangs at the hook: without an entry where one program is alone, and nothing is watched. */
static int make_first(struct emf_chain_generation *g, struct emf_unit *unit, const struct emf_chain_maps *maps)
{
	if (!unit->m->chain->is_direct || g->plan.n != 1 || g->flags)
		return load_entry(g, unit, maps);
	g->entry_fd = program_of(g, 0);
	return 0;
}

static bool is_as_loaded(const struct emf_chain_generation *g)
{
	for (size_t i = 0; i < g->plan.n; i++) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(program_of(g, i), &info, &size) || info.id != g->ids[i])
			return false;
	}
	return true;
}

int emf_chain_build(struct emf_chain_generation *g, struct emf_unit *unit, struct emf_chain_maps *maps)
{
	const char *chain = unit->m->chain->name;
	char name[16]; /* BPF_OBJ_NAME_LEN, include/uapi/linux/bpf.h */
	int err;

	unit->why[0] = '\0';
	snprintf(name, sizeof(name), "%.8s_slots", chain);
	g->slots = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, name, sizeof(__u32), sizeof(__u32), EMF_CHAIN_PROGRAMS_MAX, NULL);
	err = g->slots < 0 ? g->slots : 0;
	maps->fds[EMF_CHAIN_MAP_SLOTS] = g->slots;
	for (size_t i = 0; i < g->plan.n && !err; i++)
		err = load_place(g, unit, maps, i);
	if (!err)
		err = make_first(g, unit, maps);
	if (!err && !is_as_loaded(g)) {
		snprintf(unit->why, sizeof(unit->why), "chain %s: the kernel has other programs in the new array than were put there", chain);
		err = -EBADE;
	}
	if (err && !unit->why[0])
		snprintf(unit->why, sizeof(unit->why), "chain %s cannot be built: %s", chain, strerror(-err));
	if (err)
		emf_chain_demolish(g);
	return err;
}

void emf_chain_demolish(struct emf_chain_generation *g)
{
	bpf_object__close(g->entry);
	for (size_t i = 0; i < g->plan.n; i++)
		bpf_object__close(g->objects[i]);
	if (g->slots >= 0)
		close(g->slots);
	*g = (struct emf_chain_generation){ .slots = -1 };
}
