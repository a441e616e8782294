// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_place.c - programs of eunomia-bpf's meta, and where they hang.
 *
 * SEC() says it of most. Of XDP, tc and perf events the meta does: by numbers that EMF makes options of.
 */
#include <limits.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "eunomia_reader.h"

/* Once each second on every processor, as eunomia-bpf does it. */
#define PERF_EVENT "cpu-clock"
#define PERF_TIMES "1"

static bool has_other_place(const struct bpf_program *prog)
{
	static const char *const sections[] = { "xdp", "tc", "perf_event", NULL };
	size_t i = 0;

	while (sections[i] && strcmp(sections[i], bpf_program__section_name(prog)) != 0)
		i++;
	return sections[i] != NULL;
}

/* An option for its interface; of several programs it has the name of each. */
static const uint32_t *interface_of(const struct eunomia_at *at, const char *program, int64_t index, struct emf_attach *attach)
{
	struct eunomia *e = at->e;
	bool is_first = true;
	struct emf_param *p;
	char *name;

	for (size_t i = 0; i < e->n_params; i++)
		is_first &= strcmp(e->params[i].name, "interface") != 0;
	name = is_first ? emf_eunomia_format(e, "interface") : emf_eunomia_format(e, "%.40s-interface", program);
	p = name ? emf_eunomia_param(e, name, EMF_NETDEV, sizeof(uint32_t), emf_eunomia_format(e, "where %.63s looks at packets", program)) : NULL;
	if (!p)
		return NULL;
	memcpy(p->value, &(uint32_t){ (uint32_t)index }, sizeof(uint32_t));
	attach->option[0] = p->name;
	return p->value;
}

/* A link never takes the place of another program, which is what XDP_FLAGS_UPDATE_IF_NOEXIST asks for. */
static bool read_xdp(const struct eunomia_at *at, const char *program, struct emf_attach *attach)
{
	static const char *const known[] = { "old_prog_fd", NULL };
	int64_t index = emf_eunomia_number(at, "ifindex", 1, 1, INT_MAX), flags = emf_eunomia_number(at, "flags", 0, 0, UINT32_MAX);
	struct eunomia_at options;
	uint32_t mode;

	if (emf_eunomia_object(at, "xdpopts", &options)) {
		emf_eunomia_has_only(&options, known);
		if (emf_eunomia_number(&options, "old_prog_fd", 0, INT_MIN, INT_MAX) != 0)
			return emf_eunomia_fail(at->e, "%s.old_prog_fd is a file descriptor of another process: only 0 can be done", options.path);
	}
	mode = (uint32_t)flags & XDP_FLAGS_MODES;
	if ((flags & ~(int64_t)(XDP_FLAGS_MODES | XDP_FLAGS_UPDATE_IF_NOEXIST)) || (mode & (mode - 1)))
		return emf_eunomia_fail(at->e, "%s.flags is %lld: one mode (2, 4, 8) can be done, and 1 (XDP_FLAGS_UPDATE_IF_NOEXIST)", at->path, (long long)flags);
	attach->xdp_mode = mode;
	attach->kind = EMF_ATTACH_XDP;
	attach->netdev = interface_of(at, program, index, attach);
	return attach->netdev != NULL;
}

static bool read_tc(const struct eunomia_at *at, const char *program, struct emf_attach *attach)
{
	static const char *const of_hook[] = { "ifindex", "attach_point", NULL }, *const of_options[] = { "handle", "priority", NULL };
	struct eunomia_at hook = { .e = at->e, .object = at->object }, options = hook;
	const char *point = "BPF_TC_INGRESS";
	int64_t index = 1;

	if (emf_eunomia_object(at, "tchook", &hook) && emf_eunomia_has_only(&hook, of_hook)) {
		index = emf_eunomia_number(&hook, "ifindex", 1, 1, INT_MAX);
		point = emf_eunomia_text(&hook, "attach_point", point);
	}
	attach->kind = EMF_ATTACH_TC;
	attach->tc_handle = attach->tc_priority = 1;
	if (emf_eunomia_object(at, "tcopts", &options) && emf_eunomia_has_only(&options, of_options)) {
		attach->tc_handle = (uint32_t)emf_eunomia_number(&options, "handle", 1, 1, UINT32_MAX);
		attach->tc_priority = (uint32_t)emf_eunomia_number(&options, "priority", 1, 1, UINT16_MAX);
	}
	if (!strcmp(point, "BPF_TC_INGRESS") || !strcmp(point, "BPF_TC_EGRESS"))
		attach->text[1] = strcmp(point, "BPF_TC_EGRESS") != 0 ? "ingress" : "egress";
	else
		emf_eunomia_fail(at->e, "%s.attach_point is %.32s: BPF_TC_INGRESS and BPF_TC_EGRESS can be done", hook.path, point);
	attach->netdev = at->e->err ? NULL : interface_of(at, program, index, attach);
	return attach->netdev != NULL;
}

static bool read_perf_event(struct emf_attach *attach)
{
	attach->kind = EMF_ATTACH_PERF_EVENT;
	attach->text[0] = PERF_EVENT;
	attach->text[1] = PERF_TIMES;
	return true;
}

static bool read_program(const struct eunomia_at *at, bool *is_there, size_t n, struct emf_attach *attach)
{
	static const char *const known[] = { "name", "attach", "link", "description", "ifindex", "flags", "xdpopts", "tchook", "tcopts", NULL };
	const char *name = emf_eunomia_text(at, "name", ""), *section = emf_eunomia_text(at, "attach", "");
	struct bpf_program *prog = bpf_object__find_program_by_name(at->e->object, name), *other = NULL;
	bool is_xdp = !strcmp(section, "xdp");
	size_t i = 0;

	emf_eunomia_bool(at, "link", true); /* how a program is held is for the kernel: in both ways it goes with the tool */
	if (!emf_eunomia_has_only(at, known))
		return false;
	if (!prog || strcmp(section, bpf_program__section_name(prog)) != 0)
		return emf_eunomia_fail(at->e, "%s: the kernel part has no program %.64s with SEC(\"%.64s\")", at->path, name, section);
	while ((other = bpf_object__next_program(at->e->object, other)) && other != prog)
		i++;
	if (i >= n || is_there[i])
		return emf_eunomia_fail(at->e, "%s: the program %.64s is there twice", at->path, name);
	is_there[i] = true;
	if (!is_xdp && (emf_eunomia_get(at, "ifindex") || emf_eunomia_get(at, "flags") || emf_eunomia_get(at, "xdpopts")))
		return emf_eunomia_fail(at->e, "%s has what is for XDP, and is SEC(\"%.64s\")", at->path, section);
	if (strcmp(section, "tc") != 0 && (emf_eunomia_get(at, "tchook") || emf_eunomia_get(at, "tcopts")))
		return emf_eunomia_fail(at->e, "%s has what is for tc, and is SEC(\"%.64s\")", at->path, section);
	if (!has_other_place(prog))
		return true;
	*attach = (struct emf_attach){ .program = emf_eunomia_format(at->e, "%s", name) };
	return is_xdp ? read_xdp(at, name, attach) : !strcmp(section, "tc") ? read_tc(at, name, attach) : read_perf_event(attach);
}

bool emf_eunomia_places(const struct eunomia_at *skel)
{
	struct eunomia *e = skel->e;
	size_t n = emf_eunomia_count(skel, "progs"), programs = 0, places = 0;
	struct bpf_program *prog;
	struct eunomia_at at;
	bool *is_there;

	bpf_object__for_each_program(prog, e->object)
		programs++;
	is_there = emf_eunomia_memory(e, programs + 1, sizeof(*is_there));
	e->attaches = emf_eunomia_memory(e, n + 1, sizeof(*e->attaches));
	for (size_t i = 0; i < n && !e->err; i++) {
		if (!emf_eunomia_item(skel, "progs", i, &at) || !read_program(&at, is_there, programs, &e->attaches[places]))
			return false;
		places += e->attaches[places].program != NULL;
	}
	n = 0;
	bpf_object__for_each_program(prog, e->object) {
		if (!e->err && !is_there[n++])
			emf_eunomia_fail(e, "%s.progs says nothing of the program %.64s of the kernel part", skel->path, bpf_program__name(prog));
	}
	return !e->err;
}
