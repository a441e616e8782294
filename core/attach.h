/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.h - attaches programs where their module's description says.
 */
#ifndef EMF_CORE_ATTACH_H
#define EMF_CORE_ATTACH_H

#include <emf/attach.h>

#define EMF_PLACE_MAX 320
#define EMF_PLACE_WHY_MAX 256

struct bpf_program;
struct emf_bpf_links;
struct emf_unit;

/**
 * struct emf_place - what became of one struct emf_attach
 * @links: that hang there
 * @found: the file of its library was looked for
 * @at: where that is, with the file that was found; empty before it is attached
 * @why: nothing hangs there, "is left out: ..." or "cannot be attached: ..."; empty else
 */
struct emf_place {
	size_t links;
	bool found;
	char at[EMF_PLACE_MAX];
	char why[EMF_PLACE_WHY_MAX];
};

/* Whether the description of its module says where this program hangs. */
bool emf_attach_is_described(const struct emf_unit *unit, const struct bpf_program *prog);

/**
 * emf_attach_choose() - which of its places a module wants, by its parameters
 * @unit: with an open, not yet loaded object
 *
 * Programs that hang nowhere are not loaded.
 *
 * Return: 0; -ENOMEM.
 */
int emf_attach_choose(struct emf_unit *unit);
bool emf_attach_is_chosen(const struct emf_unit *unit, const struct emf_attach *attach);

/* Frees what was noted about places; fine when nothing was. */
void emf_attach_forget(struct emf_unit *unit);

/**
 * emf_attach() - attach one program to one place
 * @unit: its module
 * @prog: loaded
 * @attach: the place
 * @links: the links are added to them; those from before an error stay
 *
 * Return: 0; -EINVAL, told in unit->why, if an option that says where was not given;
 * -ENOENT or -ESRCH, told there, if there is no such library or process; -ENOMEM; or what
 * libbpf and perf_event_open(2) report.
 */
int emf_attach(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *attach,
	       struct emf_bpf_links *links);

/* Writes unit->why: which program, which place, the error, and what libbpf @said, if it did. */
void emf_attach_explain(struct emf_unit *unit, const struct emf_attach *attach, int err, const char *said);

/* The place may be missing, and is: notes that instead of unit->why. */
void emf_attach_do_without(struct emf_unit *unit, const struct emf_attach *attach);

#endif
