/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * place.h - where programs of a module hang by its description: which places it wants, and what became of them.
 */
#ifndef EMF_CORE_PLACE_H
#define EMF_CORE_PLACE_H

#include <emf/attach.h>

#define EMF_PLACE_MAX 320
#define EMF_PLACE_WHY_MAX 256

struct bpf_program;
struct emf_owned;
struct emf_unit;

/**
 * struct emf_place - what became of one struct emf_attach
 * @links: that hang there
 * @found: the file of its library was looked for
 * @filter: of tc, that hangs there; NULL if there is none
 * @link: of XDP in a mode that was asked for, which libbpf has no function for: a descriptor; 0 if there is none
 * @guarded: its number with the guardian
 * @at: where that is, with the file that was found; empty before it is attached
 * @why: nothing hangs there, "is left out: ..." or "cannot be attached: ..."; empty else
 */
struct emf_place {
	size_t links;
	bool found;
	struct emf_owned *filter;
	int guarded;
	int link;
	char at[EMF_PLACE_MAX];
	char why[EMF_PLACE_WHY_MAX];
};

/* Whether the description of its module says where this program hangs. */
bool emf_place_is_described(const struct emf_unit *unit, const struct bpf_program *prog);

/**
 * emf_places_choose() - which of its places a module wants, by its parameters
 * @unit: with an open, not yet loaded object
 *
 * Programs that hang nowhere are not loaded.
 *
 * Return: 0; -ENOMEM.
 */
int emf_places_choose(struct emf_unit *unit);
bool emf_place_is_chosen(const struct emf_unit *unit, const struct emf_attach *attach);

/* Frees what was noted about places; fine when nothing was. */
void emf_places_forget(struct emf_unit *unit);

/* What is noted about one; from emf_places_choose() on. */
struct emf_place *emf_place_of(const struct emf_unit *unit, const struct emf_attach *attach);

/* Whether it is in a file. */
bool emf_place_has_path(const struct emf_attach *attach);

/* The process; -1 for all. */
int emf_place_task(const struct emf_attach *attach);

/* Writes down where it is; @path is that of its file, or the first text of others. */
void emf_place_note(struct emf_place *place, const struct emf_attach *attach, const char *path);

/* Writes unit->why: which program, which place, the error, and what libbpf @said, if it did. */
void emf_place_explain(struct emf_unit *unit, const struct emf_attach *attach, int err, const char *said);

/* The place may be missing, and is: notes that instead of unit->why. */
void emf_place_do_without(struct emf_unit *unit, const struct emf_attach *attach);

#endif
