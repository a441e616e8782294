/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * unit_pin.h - modules that stay when their product ends: their maps and links are pinned in bpffs. And modules that take the
 * place of another one while it runs, upgrade.h: they have its maps and links from it instead of from there.
 *
 * /sys/fs/bpf/PRODUCT/module=NAME/ has "map-MAP" for each map and "link-PROGRAM-PLACE" for each program that is attached; the
 * folder is locked by the process that the module runs in. The next one takes the maps over where they mean the same, and
 * programs that are the same run on: nothing is missed, or counted twice. Other programs are attached before the old ones go.
 */
#ifndef EMF_CORE_UNIT_PIN_H
#define EMF_CORE_UNIT_PIN_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf_object.h"
#include "pin_folder.h"

#define EMF_UNIT_PINS "module=" /* no chain has such a folder: emf_pin_name() writes %3D */
#define EMF_UNIT_PIN_NAME 160

/* A program of an earlier run that runs on, in the place of the one that was loaded now. */
struct emf_kept_program {
	const struct bpf_program *instead_of;
	int fd;
};

struct emf_root;

/* A link of this run, and what it is pinned as. */
struct emf_pinned_link {
	char name[EMF_UNIT_PIN_NAME];
	struct bpf_link *link;
	struct emf_root *root; /* that hangs there in its program's place, or NULL */
	bool is_on_demand; /* it comes and goes, and is not pinned */
	bool is_lent;	   /* the module that takes the place of this one has it, and closes it if that works */
};

/* A link of an earlier run that was given a program of this one, and the program that it had. */
struct emf_updated_link {
	int link, program;
};

/* A section of variables of an earlier run that is laid out otherwise; or any map of a version that runs, for migrate. */
struct emf_carried_map {
	const struct bpf_map *map;
	int fd;
	bool migrates;
};

/**
 * struct emf_unit_pins - the folder of a module
 * @is_open: there is one, and it is locked
 * @folder: its file descriptor
 * @at: the path by which it is used, see emf_pin_folder_at()
 * @kept: see there
 * @n_kept: how many
 * @updated: see there; until all is attached
 * @n_updated: how many
 * @links: see there
 * @n_links: how many
 * @carried: see there
 * @n_carried: how many
 * @n_adopted: maps that were taken over
 * @n_stayed: links that were taken over
 */
struct emf_unit_pins {
	bool is_open;
	int folder;
	char at[EMF_PIN_AT_MAX];
	struct emf_kept_program *kept;
	size_t n_kept;
	struct emf_updated_link *updated;
	size_t n_updated;
	struct emf_pinned_link *links;
	size_t n_links;
	struct emf_carried_map *carried;
	size_t n_carried;
	unsigned int n_adopted, n_stayed;
};

/**
 * emf_unit_pins_adopt() - find what an earlier run left of a module, or make room for it
 * @unit: its object is open, and not loaded
 *
 * Maps of it that are pinned, and mean the same, take the place of its own. So do those of unit->replaces, which are
 * looked for there and nowhere else.
 *
 * Return: 0; -EBUSY if another process has them; -EEXIST if one of them means something else; -ENODEV without bpffs; or a
 * negative errno; all told in unit->why.
 */
int emf_unit_pins_adopt(struct emf_unit *unit);

/* Once it is loaded: variables whose section has changed get the values that they had. 0, or a negative errno, told in unit->why. */
int emf_unit_pins_carry(struct emf_unit *unit);

/**
 * emf_unit_pins_take() - the link of an earlier run, in place of a new one
 * @unit: its module
 * @prog: loaded
 * @place: where it is to be attached, as a text that is the same in each run; one that begins with '!' can mean something else by now
 *
 * It runs the program that it ran, if that is the same as @prog, or else @prog, where the kernel can exchange it.
 *
 * Return: a link; NULL if there is none, or it has to be replaced.
 */
struct bpf_link *emf_unit_pins_take(struct emf_unit *unit, const struct bpf_program *prog, const char *place);

/* Room for one more link. Return: 0 or -ENOMEM. */
int emf_unit_pins_room(struct emf_unit *unit);

/* A link that is to stay, or that another module may take over; there is room for it. */
void emf_unit_pins_add(struct emf_unit *unit, const struct bpf_program *prog, const char *place, struct bpf_link *link);

/* Links that are going to be closed. */
void emf_unit_pins_forget(struct emf_unit *unit, const struct emf_bpf_links *links);

/* What @unit has taken from unit->replaces: that one has it again, as it was; or has it no more. */
void emf_unit_pins_give_back(struct emf_unit *unit);
void emf_unit_pins_keep(struct emf_unit *unit);

/* What becomes of a map when @unit takes the place of unit->replaces, as the rest of a sentence; NULL for one that is not its own. */
const char *emf_unit_pins_fate(const struct emf_unit *unit, const struct bpf_map *map);

/* How a program takes the place of the one before it, likewise. */
const char *emf_unit_pins_way(const struct emf_unit *unit, const struct bpf_program *program);

/* The folder of unit->replaces is that of @unit; or the other way round. */
void emf_unit_pins_move(struct emf_unit *from, struct emf_unit *to);

/*
 * Once all is attached: maps and links are pinned, links of earlier runs that have no place any more go; or all of them, where
 * nothing shall stay. 0, or a negative errno, told in unit->why.
 */
int emf_unit_pins_settle(struct emf_unit *unit);

/*
 * It ends: with the product, @links stay attached, and are closed without that; who stops the module wants it to be gone.
 */
void emf_unit_pins_leave(struct emf_unit *unit, struct emf_bpf_links *links);

/* Lets go of the folder; links of earlier runs get their programs back, unless all was settled. Fine when there is none. */
void emf_unit_pins_close(struct emf_unit *unit);

/* The program that runs: its own, or one that was kept. As bpf_program__fd(). */
int emf_unit_program_fd(const struct emf_unit *unit, const struct bpf_program *prog);

/**
 * emf_unit_pins_remove() - take away all that is pinned of a module
 * @product: the folder of the product, open
 * @name: of the folder, there
 *
 * Return: 0; -EBUSY if a process has it; -ENOTEMPTY if there is something that no module put there; or a negative errno.
 */
int emf_unit_pins_remove(int product, const char *name);

/* --- parts */

/* Maps, unit_pin_map.c. */
int emf_unit_pins_adopt_maps(struct emf_unit *unit);
int emf_unit_pins_pin_maps(struct emf_unit *unit);

/* What was to be carried is, or never will be. */
void emf_unit_pins_forget_carried(struct emf_unit_pins *pins);

/* Whether the module has a map that is pinned by that name. */
bool emf_unit_pins_has_map(const struct emf_unit *unit, const char *name);

/* Links of earlier runs get the programs back that they had; or keep those of this run. */
void emf_unit_pins_undo(struct emf_unit *unit);
void emf_unit_pins_forget_updated(struct emf_unit_pins *pins);

/* Whether it is pinned by these names. */
bool emf_unit_pins_is_name(const char *name);

#endif
