// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * unit_pin_link.c - links of a module that stays.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "log.h"
#include "unit_pin.h"

#define MAPS_MAX 64 /* of a program, MAX_USED_MAPS of include/linux/bpf_verifier.h */
#define CONSTANTS_MAX (1u << 20) /* bytes of a section that are compared */

static void pin_name(const struct bpf_program *prog, const char *place, char name[EMF_UNIT_PIN_NAME])
{
	char text[EMF_UNIT_PIN_NAME / 3];

	snprintf(text, sizeof(text), "link-%.36s-%08x", bpf_program__name(prog), emf_pin_hash(EMF_PIN_HASH_BEGIN, place));
	emf_pin_name(text, name, EMF_UNIT_PIN_NAME);
}

/* --- which programs are the same */

static bool same_bytes(int a, int b, __u32 size)
{
	char *of_a = malloc(size), *of_b = malloc(size);
	__u32 zero = 0;
	bool is_same = of_a && of_b && !bpf_map_lookup_elem(a, &zero, of_a) && !bpf_map_lookup_elem(b, &zero, of_b) && !memcmp(of_a, of_b, size);

	free(of_a);
	free(of_b);
	return is_same;
}

/* Constants: parameters are among them. */
static bool same_constants(__u32 id_a, __u32 id_b)
{
	int a = bpf_map_get_fd_by_id(id_a), b = bpf_map_get_fd_by_id(id_b);
	struct bpf_map_info of_a = { 0 }, of_b = { 0 };
	__u32 size_a = sizeof(of_a), size_b = sizeof(of_b);
	bool is_same = a >= 0 && b >= 0 && !bpf_obj_get_info_by_fd(a, &of_a, &size_a) && !bpf_obj_get_info_by_fd(b, &of_b, &size_b) &&
		       of_a.type == BPF_MAP_TYPE_ARRAY && of_b.type == BPF_MAP_TYPE_ARRAY && of_a.map_flags & BPF_F_RDONLY_PROG &&
		       of_a.map_flags == of_b.map_flags && of_a.value_size == of_b.value_size && of_a.value_size <= CONSTANTS_MAX &&
		       of_a.max_entries == 1 && of_b.max_entries == 1 && same_bytes(a, b, of_a.value_size);

	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return is_same;
}

/* The instructions are, and each map is the same one, or has the same constants. */
static bool is_same_program(int old, int new)
{
	__u32 old_maps[MAPS_MAX], new_maps[MAPS_MAX];
	struct bpf_prog_info a = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)old_maps };
	struct bpf_prog_info b = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)new_maps };
	__u32 size_a = sizeof(a), size_b = sizeof(b);

	if (bpf_obj_get_info_by_fd(old, &a, &size_a) || bpf_obj_get_info_by_fd(new, &b, &size_b))
		return false;
	if (a.type != b.type || memcmp(a.tag, b.tag, sizeof(a.tag)) || strcmp(a.name, b.name) || a.attach_btf_id != b.attach_btf_id ||
	    a.attach_btf_obj_id != b.attach_btf_obj_id || a.nr_map_ids != b.nr_map_ids || a.nr_map_ids > MAPS_MAX)
		return false;
	for (__u32 i = 0; i < a.nr_map_ids; i++)
		if (old_maps[i] != new_maps[i] && !same_constants(old_maps[i], new_maps[i]))
			return false;
	return true;
}

/* --- */

/* What it was attached to can be gone, and the link with it. */
static bool hangs(const struct bpf_link_info *info)
{
	if (info->type == BPF_LINK_TYPE_XDP)
		return info->xdp.ifindex;
	return info->type != BPF_LINK_TYPE_CGROUP || info->cgroup.cgroup_id;
}

static bool can_be_updated(const struct bpf_link_info *info)
{
	return info->type == BPF_LINK_TYPE_XDP || info->type == BPF_LINK_TYPE_CGROUP || info->type == BPF_LINK_TYPE_NETNS;
}

static int keep(struct emf_unit_pins *pins, const struct bpf_program *prog, int fd)
{
	struct emf_kept_program *more = realloc(pins->kept, (pins->n_kept + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	pins->kept = more;
	pins->kept[pins->n_kept++] = (struct emf_kept_program){ prog, fd };
	return 0;
}

/* It runs the new program at once: what it ran is kept, in case that the start fails. */
static int update(struct emf_unit_pins *pins, int link, __u32 old_id, const struct bpf_program *prog)
{
	struct emf_updated_link *more = realloc(pins->updated, (pins->n_updated + 1) * sizeof(*more)), *one;
	int err = -ENOMEM;

	if (!more)
		return err;
	pins->updated = more;
	one = &more[pins->n_updated];
	one->program = bpf_prog_get_fd_by_id(old_id);
	one->link = one->program < 0 ? -1 : fcntl(link, F_DUPFD_CLOEXEC, 0);
	err = one->link < 0 || bpf_link_update(link, bpf_program__fd(prog), NULL) ? -errno : 0;
	if (!err)
		pins->n_updated++;
	if (err && one->link >= 0)
		close(one->link);
	if (err && one->program >= 0)
		close(one->program);
	return err;
}

void emf_unit_pins_undo(struct emf_unit *unit)
{
	struct emf_unit_pins *pins = &unit->pins;

	for (size_t i = 0; i < pins->n_updated; i++)
		if (bpf_link_update(pins->updated[i].link, pins->updated[i].program, NULL))
			emf_warn(unit->m, "a program of an earlier run cannot be put back, and the new one runs in its place: %s", strerror(errno));
	emf_unit_pins_forget_updated(pins);
}

void emf_unit_pins_forget_updated(struct emf_unit_pins *pins)
{
	for (size_t i = 0; i < pins->n_updated; i++) {
		close(pins->updated[i].link);
		close(pins->updated[i].program);
	}
	free(pins->updated);
	pins->updated = NULL;
	pins->n_updated = 0;
}

/* Whether the link can be had: with its own program, or with the new one. */
static bool is_of_use(struct emf_unit_pins *pins, int link, const struct bpf_program *prog)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	int old;

	if (bpf_obj_get_info_by_fd(link, &info, &size) || !hangs(&info))
		return false;
	if (can_be_updated(&info))
		return !update(pins, link, info.prog_id, prog);
	old = bpf_prog_get_fd_by_id(info.prog_id);
	if (old < 0)
		return false;
	if (is_same_program(old, bpf_program__fd(prog)) && !keep(pins, prog, old))
		return true;
	close(old);
	return false;
}

/* A link of the module whose place is taken. It is one object from then on, in the lists of both. */
static struct bpf_link *borrow(struct emf_unit *unit, const struct bpf_program *prog, const char *name)
{
	struct emf_unit_pins *theirs = &unit->replaces->pins;

	for (size_t i = 0; i < theirs->n_links; i++) {
		struct emf_pinned_link *l = &theirs->links[i];

		if (strcmp(l->name, name) || l->is_lent)
			continue;
		if (l->root ? emf_root_switch(unit, prog, l->root) : !is_of_use(&unit->pins, bpf_link__fd(l->link), prog))
			return NULL;
		l->is_lent = true;
		unit->pins.n_stayed++;
		return l->link;
	}
	return NULL;
}

struct bpf_link *emf_unit_pins_take(struct emf_unit *unit, const struct bpf_program *prog, const char *place)
{
	struct emf_unit_pins *pins = &unit->pins;
	char name[EMF_UNIT_PIN_NAME], path[EMF_PIN_AT_MAX + EMF_UNIT_PIN_NAME];
	struct bpf_link *link = NULL;
	int fd;

	pin_name(prog, place, name);
	if (unit->replaces)
		return borrow(unit, prog, name);
	if (!pins->is_open || *place == '!' || emf_demand_has(unit, prog))
		return NULL;
	fd = emf_pin_get(pins->at, name);
	if (fd < 0)
		return NULL;
	if (is_of_use(pins, fd, prog)) {
		snprintf(path, sizeof(path), "%s/%s", pins->at, name);
		link = bpf_link__open(path);
	}
	close(fd);
	pins->n_stayed += link != NULL;
	return link;
}

static bool is_kept(const struct emf_unit *unit)
{
	return unit->pins.is_open || unit->emf->serving;
}

int emf_unit_pins_room(struct emf_unit *unit)
{
	struct emf_unit_pins *pins = &unit->pins;
	struct emf_pinned_link *more;

	if (!is_kept(unit))
		return 0;
	more = realloc(pins->links, (pins->n_links + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	pins->links = more;
	return 0;
}

void emf_unit_pins_add(struct emf_unit *unit, const struct bpf_program *prog, const char *place, struct bpf_link *link)
{
	struct emf_unit_pins *pins = &unit->pins;
	struct emf_pinned_link *more;

	if (!is_kept(unit))
		return;
	more = &pins->links[pins->n_links++];
	*more = (struct emf_pinned_link){ .link = link, .is_on_demand = emf_demand_has(unit, prog), .root = emf_root_of(unit, prog) };
	pin_name(prog, place, more->name);
}

static bool has(const struct emf_bpf_links *links, const struct bpf_link *link)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->links[i] == link)
			return true;
	return false;
}

void emf_unit_pins_forget(struct emf_unit *unit, const struct emf_bpf_links *links)
{
	struct emf_unit_pins *pins = &unit->pins;
	size_t n = 0;

	for (size_t i = 0; i < pins->n_links; i++)
		if (!has(links, pins->links[i].link))
			pins->links[n++] = pins->links[i];
	pins->n_links = n;
}

static void take_out(struct emf_bpf_links *links, const struct bpf_link *link)
{
	size_t n = 0;

	for (size_t i = 0; i < links->n; i++)
		if (links->links[i] != link)
			links->links[n++] = links->links[i];
	links->n = n;
}

/* It is not closed with the others of this module. */
static void let_go(struct emf_unit *unit, const struct bpf_link *link)
{
	take_out(&unit->object.attached, link);
	for (size_t i = 0; i < unit->demand.n; i++)
		take_out(&unit->demand.progs[i].attached, link);
}

void emf_unit_pins_give_back(struct emf_unit *unit)
{
	struct emf_unit_pins *theirs = unit->replaces ? &unit->replaces->pins : NULL;

	if (!theirs)
		return;
	emf_unit_pins_undo(unit);
	emf_roots_give_back(unit);
	for (size_t i = 0; i < theirs->n_links; i++) {
		if (theirs->links[i].is_lent)
			let_go(unit, theirs->links[i].link);
		theirs->links[i].is_lent = false;
	}
}

void emf_unit_pins_keep(struct emf_unit *unit)
{
	struct emf_unit_pins *theirs = &unit->replaces->pins;
	size_t n = 0;

	emf_unit_pins_forget_updated(&unit->pins);
	emf_roots_keep(unit);
	for (size_t i = 0; i < theirs->n_links; i++) {
		if (theirs->links[i].is_lent)
			let_go(unit->replaces, theirs->links[i].link);
		else
			theirs->links[n++] = theirs->links[i];
	}
	theirs->n_links = n;
}

/* Links of it that @unit has; -ENOENT for none. */
static int way_of(const struct emf_unit *unit, const struct bpf_program *program, const struct emf_pinned_link *l)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	int old, is_same;
	char begin[64];

	snprintf(begin, sizeof(begin), "link-%.36s-", bpf_program__name(program));
	if (strncmp(l->name, begin, strlen(begin)) || bpf_obj_get_info_by_fd(bpf_link__fd(l->link), &info, &size))
		return -ENOENT;
	if (l->root || can_be_updated(&info))
		return 1;
	old = bpf_prog_get_fd_by_id(info.prog_id);
	is_same = old >= 0 && is_same_program(old, emf_unit_program_fd(unit, program));
	if (old >= 0)
		close(old);
	return is_same ? 2 : 0;
}

const char *emf_unit_pins_way(const struct emf_unit *unit, const struct bpf_program *program)
{
	static const char *const ways[] = { "is attached before the old one goes: for that moment both see what happens",
					    "takes the place of the old one by one step", "is the same: the old one runs on" };
	int way = -ENOENT;

	for (size_t i = 0; i < unit->replaces->pins.n_links && way < 0; i++)
		way = way_of(unit, program, &unit->replaces->pins.links[i]);
	return way < 0 ? "is not attached by now" : ways[way];
}

int emf_unit_program_fd(const struct emf_unit *unit, const struct bpf_program *prog)
{
	for (size_t i = 0; i < unit->pins.n_kept; i++)
		if (unit->pins.kept[i].instead_of == prog)
			return unit->pins.kept[i].fd;
	return bpf_program__fd(prog);
}
