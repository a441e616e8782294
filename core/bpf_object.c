// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bpf_object.c - the life of a module's kernel part, through libbpf.
 */
#include "bpf_object.h"

#include <bpf/bpf.h>
#include <emf/chain.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "attach_net.h"
#include "bpf_error.h"
#include "bpf_skeleton.h"
#include "bpf_hint.h"
#include "btf_cache.h"
#include "chain_object.h"
#include "core.h"
#include "demand.h"
#include "only.h"
#include "pack.h"
#include "package_check.h"
#include "rodata.h"

/* By a real load. Whoever lacks the privilege for it is not told that the kernel is too old: the load of the module says what is missing. */
static bool has_syscall_programs(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = BPF_F_SLEEPABLE);
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "emf_probe", "GPL", program, 2, &opts);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EINVAL;
}

/* Methods that a program serves answer -EOPNOTSUPP where the kernel has no such programs; the rest of the module runs. */
static void leave_out_what_is_not_supported(struct emf_unit *unit)
{
	struct bpf_program *prog;
	int has = -1;

	bpf_object__for_each_program(prog, unit->object.head->obj) {
		if (bpf_program__type(prog) != BPF_PROG_TYPE_SYSCALL)
			continue;
		if (has < 0)
			has = has_syscall_programs();
		if (has)
			continue;
		bpf_program__set_autoload(prog, false);
		emf_warn(unit->m, "program '%s' cannot be run on this kernel, which is older than 5.14: what it serves answers ENOTSUP",
			 bpf_program__name(prog));
	}
}

/* Programs of chains are loaded once for each place that they stand in, by the chain. */
static void leave_out_what_is_plugged(struct emf_unit *unit)
{
	struct bpf_object *object = unit->object.head->obj;
	char name[96];

	for (const struct emf_plug *p = unit->m->plugs; p && p->program; p++) {
		bpf_program__set_autoload(bpf_object__find_program_by_name(object, p->program), false);
		for (size_t i = 0; i < EMF_CHAIN_MAPS_MAX; i++) {
			struct bpf_map *map;

			snprintf(name, sizeof(name), "%s_%s", p->chain->name, emf_chain_map_names[i]);
			map = bpf_object__find_map_by_name(object, name);
			if (map)
				bpf_map__set_autocreate(map, false);
		}
	}
}

/* A kernel part that counts pages has a variable for their size, which it cannot find out. */
static void write_page_bytes(const struct bpf_object *object)
{
	uint32_t *bytes = emf_rodata_find(object, "emf_page_bytes", sizeof(*bytes));

	if (bytes)
		*bytes = (uint32_t)sysconf(_SC_PAGESIZE);
}

int emf_bpf_object_open(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;
	struct emf_bpf_error error;
	uint64_t start = emf_now_ns();
	int err;

	emf_bpf_error_begin(&error, unit);
	object->head = calloc(1, unit->m->object->skeleton_size ? unit->m->object->skeleton_size : sizeof(*object->head));
	err = object->head ? emf_skeleton_open(unit->m, object->head) : -ENOMEM;
	if (err) {
		emf_skeleton_close(unit->m, object->head);
		object->head = NULL;
		emf_bpf_error_end(&error, "open", NULL, unit->why[0] ? 0 : err);
		return err;
	}
	object->loaded = false;
	if (!unit->m->object->create) {
		const char *mistake = emf_package_fits(unit);

		if (mistake) {
			snprintf(unit->why, sizeof(unit->why), "its kernel part is refused: %s", mistake);
			emf_skeleton_close(unit->m, object->head);
			object->head = NULL;
			return emf_bpf_error_end(&error, "open", NULL, 0) ? : -ENOEXEC;
		}
	}
	emf_btf_cache_opened(object->head->obj);
	leave_out_what_is_not_supported(unit);
	leave_out_what_is_plugged(unit);
	write_page_bytes(object->head->obj);
	emf_only_write(&unit->only, object->head->obj);
	emf_ring_drain_prepare(object->head->obj);
	object->open_ns = emf_now_ns() - start;
	return emf_bpf_error_end(&error, "open", NULL, 0);
}

int emf_bpf_object_load(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;
	struct emf_bpf_error error;
	uint64_t start = emf_now_ns();
	int err;

	err = emf_unit_pins_adopt(unit);
	if (err)
		return err;
	emf_bpf_error_begin(&error, unit);
	err = emf_skeleton_load(object->head);
	object->load_ns = emf_now_ns() - start;
	object->loaded = !err;
	err = emf_bpf_error_end(&error, "load", NULL, err);
	/* What runs still writes there: that of a module whose place is taken is carried when it is. */
	return err || unit->replaces ? err : emf_unit_pins_carry(unit);
}

/* Programs that libbpf knows how to attach from their SEC() alone. One that serves a method is run, and hangs nowhere. */
static bool attaches_itself(const struct bpf_program *prog)
{
	return bpf_program__autoload(prog) && bpf_program__autoattach(prog) && bpf_program__type(prog) != BPF_PROG_TYPE_SYSCALL;
}

/* libbpf gave no reason: the SEC() is one that does not say where to attach. */
static void tell_no_target(const struct emf_unit *unit, const struct bpf_program *prog)
{
	if (!unit->m->attach)
		emf_warn(unit->m, "program '%s' was not attached: SEC(\"%s\") does not say where, and the module has no attach callback that could",
			 bpf_program__name(prog), bpf_program__section_name(prog));
}

/* By its SEC(); one that does not say where is left alone. */
static int attach_by_section(struct emf_unit *unit, struct bpf_program *prog, struct emf_bpf_links *links)
{
	struct emf_bpf_error error;
	struct bpf_link *link;
	char place[256];
	int err;

	if (!attaches_itself(prog))
		return 0;
	/* By its path: the file of a probe can be another one by now. */
	snprintf(place, sizeof(place), "%s%s", *bpf_program__section_name(prog) == 'u' ? "!" : "", bpf_program__section_name(prog));
	emf_bpf_error_begin(&error, unit);
	err = emf_bpf_links_room(unit, links);
	link = err ? NULL : emf_unit_pins_take(unit, prog, place);
	if (!err && !link) {
		link = bpf_program__attach(emf_root_for(unit, prog));
		err = link ? 0 : -errno;
	}
	if (link) {
		emf_bpf_links_add(links, link);
		emf_unit_pins_add(unit, prog, place, link);
	}
	if (err == -EOPNOTSUPP && !error.said[0]) {
		tell_no_target(unit, prog);
		err = 0;
	}
	return emf_bpf_error_end(&error, "attach", prog, err);
}

/* By the description of its module. */
static int attach_by_description(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *attach,
				 struct emf_bpf_links *links)
{
	struct emf_bpf_error error;
	int err;

	if (!emf_place_is_chosen(unit, attach))
		return 0;
	emf_bpf_error_begin(&error, unit);
	err = emf_attach(unit, prog, attach, links);
	/* What is wrong with a privilege or the kernel, libbpf's error tells best. */
	if (err && err != -EPERM && err != -EACCES && err != -EOPNOTSUPP && !unit->why[0] && !emf_bpf_hint_no_kprobes(prog))
		emf_place_explain(unit, attach, err, error.said);
	if (attach->optional && err == -ENOENT) {
		emf_place_do_without(unit, attach);
		err = 0;
	}
	emf_bpf_error_end(&error, "attach", prog, unit->why[0] ? 0 : err);
	return err;
}

int emf_bpf_links_room(struct emf_unit *unit, struct emf_bpf_links *links)
{
	struct bpf_link **more = realloc(links->links, (links->n + 1) * sizeof(struct bpf_link *));

	if (!more)
		return -ENOMEM;
	links->links = more;
	return emf_unit_pins_room(unit);
}

void emf_bpf_links_add(struct emf_bpf_links *links, struct bpf_link *link)
{
	links->links[links->n++] = link;
}

/* All places of one program; what was attached before an error stays in the list. */
static int attach_program(struct emf_unit *unit, struct bpf_program *prog, struct emf_bpf_links *attached)
{
	int err = 0;

	if (!emf_place_is_described(unit, prog))
		return attach_by_section(unit, prog, attached);
	if (!bpf_program__autoload(prog))
		return 0;
	for (const struct emf_attach *a = unit->m->attaches; !err && a->program; a++)
		if (!strcmp(a->program, bpf_program__name(prog)))
			err = attach_by_description(unit, prog, a, attached);
	return err;
}

/* In the order of the description: what is to be seen to end, its author attaches to the end first. */
static int attach_described(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;
	int err = 0;

	for (const struct emf_attach *a = unit->m->attaches; !err && a && a->program; a++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(object->head->obj, a->program);

		if (prog && bpf_program__autoload(prog) && !emf_demand_has(unit, prog))
			err = attach_by_description(unit, prog, a, &object->attached);
	}
	return err;
}

int emf_bpf_object_attach(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;
	uint64_t start = emf_now_ns();
	struct bpf_program *prog;
	int err = emf_demand_init(unit);

	if (!err && unit->replaces)
		err = emf_unit_pins_carry(unit);
	bpf_object__for_each_program(prog, object->head->obj) {
		if (err)
			break;
		if (!emf_place_is_described(unit, prog) && !emf_demand_has(unit, prog))
			err = attach_program(unit, prog, &object->attached);
	}
	if (!err)
		err = attach_described(unit);
	if (!err)
		err = emf_demand_start(unit);
	object->attach_ns = emf_now_ns() - start;
	return err;
}

int emf_bpf_object_attach_one(struct emf_unit *unit, struct bpf_program *prog, struct emf_bpf_links *links)
{
	return attach_program(unit, prog, links);
}

void emf_bpf_links_move(struct emf_bpf_links *to, struct emf_bpf_links *from)
{
	struct bpf_link **links;

	if (!from->n) {
		emf_bpf_links_close(from);
		return;
	}
	links = realloc(to->links, (to->n + from->n) * sizeof(struct bpf_link *));
	if (links) {
		memcpy(links + to->n, from->links, from->n * sizeof(struct bpf_link *));
		to->links = links;
		to->n += from->n;
		from->n = 0;
	}
	emf_bpf_links_close(from);
}

struct emf_bpf_links emf_bpf_object_take_links(struct emf_unit *unit)
{
	struct emf_bpf_links taken = unit->object.attached;

	emf_attach_net_remove(unit);
	emf_unit_pins_leave(unit, &taken);
	unit->object.attached = (struct emf_bpf_links){ 0 };
	return taken;
}

void emf_bpf_links_close(struct emf_bpf_links *links)
{
	for (size_t i = links->n; i > 0; i--)
		bpf_link__destroy(links->links[i - 1]);
	free(links->links);
	*links = (struct emf_bpf_links){ 0 };
}

void emf_bpf_object_close(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;

	if (!object->head)
		return;
	emf_bpf_links_close(&object->attached);
	emf_unit_pins_close(unit);
	emf_roots_close(unit);
	emf_demand_fini(unit);
	emf_places_forget(unit);
	emf_skeleton_close(unit->m, object->head);
	object->head = NULL;
}

void *emf_skeleton(const struct module *m)
{
	return m->unit ? m->unit->object.head : NULL;
}
