// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * root.c - programs that stay where they hang, and call another one.
 */
#include "root.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "btf_cache.h"
#include "core.h"
#include "log.h"

struct emf_root {
	unsigned int users; /* modules that have it: two while one takes the place of the other */
	struct bpf_object *object;
	struct bpf_program *program;
	int array; /* of one: an array that nobody holds is empty */
};

/* The kernel keeps the address of the function for a program that asks for it, and the root does not. */
static bool asks_for_function(const struct bpf_program *prog)
{
	const struct bpf_insn *insns = bpf_program__insns(prog);

	for (size_t i = 0; insns && i < bpf_program__insn_cnt(prog); i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg && insns[i].imm == BPF_FUNC_get_func_ip)
			return true;
	return false;
}

/* Where the kernel calls a program for what it sees, one that does nothing but call can stand before it. */
static bool can_have_one(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);

	/* What libbpf hangs with maps of the object; what may sleep, which cannot call; and what decides. */
	if (strstr(section, ".s/") || strstr(section, ".multi") || strstr(section, "syscall/") || !strncmp(section, "usdt", 4) ||
	    !strncmp(section, "fmod_ret", 8) || !strncmp(section, "iter", 4))
		return false;
	switch (bpf_program__type(prog)) {
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_PERF_EVENT:
		return true;
	case BPF_PROG_TYPE_TRACING:
		return bpf_program__expected_attach_type(prog) != BPF_TRACE_ITER && !asks_for_function(prog);
	default:
		return false;
	}
}

static int set(const struct emf_root *root, int program)
{
	__u32 zero = 0;

	return bpf_map_update_elem(root->array, &zero, &program, BPF_ANY) ? -errno : 0;
}

static void drop(struct emf_root *root)
{
	if (--root->users)
		return;
	bpf_object__close(root->object);
	if (root->array >= 0)
		close(root->array);
	free(root);
}

static int load(struct emf_root *root, const struct bpf_program *prog)
{
	size_t size;
	void *bytes = emf_root_object_make(bpf_program__name(prog), bpf_program__section_name(prog), root->array, &size);

	if (!bytes)
		return -ENOMEM;
	root->object = bpf_object__open_mem(bytes, size, NULL);
	free(bytes);
	if (!root->object)
		return -errno;
	emf_btf_cache_opened(root->object);
	root->program = bpf_object__next_program(root->object, NULL);
	if (!root->program)
		return -ENOENT;
	bpf_program__set_type(root->program, bpf_program__type(prog));
	bpf_program__set_expected_attach_type(root->program, bpf_program__expected_attach_type(prog));
	return bpf_object__load(root->object) ? -errno : set(root, bpf_program__fd(prog));
}

static int add(struct emf_unit *unit, struct emf_root *root, int before)
{
	struct emf_rooted *more = realloc(unit->roots.roots, (unit->roots.n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	unit->roots.roots = more;
	more[unit->roots.n++] = (struct emf_rooted){ root, before };
	return 0;
}

static struct emf_root *find(const struct emf_unit *unit, const char *program)
{
	for (size_t i = 0; i < unit->roots.n; i++)
		if (!strcmp(bpf_program__name(unit->roots.roots[i].root->program), program))
			return unit->roots.roots[i].root;
	return NULL;
}

struct bpf_program *emf_root_for(struct emf_unit *unit, struct bpf_program *prog)
{
	struct emf_root *root = find(unit, bpf_program__name(prog));
	int err;

	if (root)
		return root->program;
	if (!unit->emf->upgradable || !unit->emf->serving || unit->emf->persists || !can_have_one(prog))
		return prog;
	root = calloc(1, sizeof(*root));
	if (!root)
		return prog;
	root->users = 1;
	root->array = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "emf_root", sizeof(__u32), sizeof(__u32), 1, NULL);
	err = root->array < 0 ? root->array : load(root, prog);
	if (!err)
		err = add(unit, root, -1);
	if (!err)
		return root->program;
	emf_warn(unit->m, "program '%s' is attached by itself, since a root for it cannot be loaded: %s", bpf_program__name(prog), strerror(-err));
	drop(root);
	return prog;
}

struct emf_root *emf_root_of(const struct emf_unit *unit, const struct bpf_program *prog)
{
	return find(unit, bpf_program__name(prog));
}

int emf_root_fd(const struct emf_root *root)
{
	return bpf_program__fd(root->program);
}

static int fd_of_entry(const struct emf_root *root)
{
	__u32 zero = 0, id;

	return bpf_map_lookup_elem(root->array, &zero, &id) ? -errno : bpf_prog_get_fd_by_id(id);
}

int emf_root_switch(struct emf_unit *unit, const struct bpf_program *prog, struct emf_root *root)
{
	int before, err;

	if (find(unit, bpf_program__name(prog)) == root)
		return 0;
	if (bpf_program__type(prog) != bpf_program__type(root->program) || strcmp(bpf_program__section_name(prog), bpf_program__section_name(root->program)))
		return -EINVAL;
	before = fd_of_entry(root);
	if (before < 0)
		return before;
	err = set(root, bpf_program__fd(prog));
	if (!err && (err = add(unit, root, before)))
		set(root, before);
	if (err)
		close(before);
	else
		root->users++;
	return err;
}

void emf_roots_give_back(struct emf_unit *unit)
{
	size_t n = 0;

	for (size_t i = 0; i < unit->roots.n; i++) {
		struct emf_rooted *r = &unit->roots.roots[i];

		if (r->before < 0) {
			unit->roots.roots[n++] = *r;
			continue;
		}
		if (set(r->root, r->before))
			emf_warn(unit->m, "program '%s' cannot be put back, and the new one runs in its place: %s", bpf_program__name(r->root->program), strerror(errno));
		close(r->before);
		drop(r->root);
	}
	unit->roots.n = n;
}

void emf_roots_keep(struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->roots.n; i++) {
		if (unit->roots.roots[i].before >= 0)
			close(unit->roots.roots[i].before);
		unit->roots.roots[i].before = -1;
	}
}

void emf_roots_close(struct emf_unit *unit)
{
	emf_roots_give_back(unit);
	while (unit->roots.n)
		drop(unit->roots.roots[--unit->roots.n].root);
	free(unit->roots.roots);
	unit->roots = (struct emf_roots){ .n = 0 };
}
