// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_target.c - what programs attach to, by its number in the kernel's BTF.
 *
 * libbpf parses that BTF for each object with a program of such a type, unless the program is said to attach to another
 * program. It is said so, and taken back when libbpf asks for the last word on how to load it.
 */
#include "btf_target.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NOBODY INT_MAX	   /* no file descriptor, and not 0 */
#define SLEEPABLE (1 << 30) /* beside a number, which has 20 bits: BTF_MAX_TYPE, include/uapi/linux/btf.h */

static int attach_trace(const struct bpf_program *program, long cookie, struct bpf_link **link)
{
	(void)cookie;
	*link = bpf_program__attach_trace(program);
	return *link ? 0 : -errno;
}

static int attach_iter(const struct bpf_program *program, long cookie, struct bpf_link **link)
{
	(void)cookie;
	*link = bpf_program__attach_iter(program, NULL);
	return *link ? 0 : -errno;
}

/* As in section_defs and btf_get_kernel_prefix_kind() of libbpf. LSM is none of them: it parses the BTF for that type whatever is known. */
static const struct kind {
	const char *section;
	enum bpf_attach_type type;
	bool is_sleepable;
	const char *prefix; /* of the name in the BTF */
	uint32_t btf_kind;
	libbpf_prog_attach_fn_t attach;
} kinds[] = {
	{ "tp_btf/", BPF_TRACE_RAW_TP, false, "btf_trace_", BTF_KIND_TYPEDEF, attach_trace },
	{ "fentry/", BPF_TRACE_FENTRY, false, "", BTF_KIND_FUNC, attach_trace },
	{ "fentry.s/", BPF_TRACE_FENTRY, true, "", BTF_KIND_FUNC, attach_trace },
	{ "fexit/", BPF_TRACE_FEXIT, false, "", BTF_KIND_FUNC, attach_trace },
	{ "fexit.s/", BPF_TRACE_FEXIT, true, "", BTF_KIND_FUNC, attach_trace },
	{ "fmod_ret/", BPF_MODIFY_RETURN, false, "", BTF_KIND_FUNC, attach_trace },
	{ "fmod_ret.s/", BPF_MODIFY_RETURN, true, "", BTF_KIND_FUNC, attach_trace },
	{ "iter/", BPF_TRACE_ITER, false, "bpf_iter_", BTF_KIND_FUNC, attach_iter },
	{ "iter.s/", BPF_TRACE_ITER, true, "bpf_iter_", BTF_KIND_FUNC, attach_iter },
};

static const struct emf_btf_target *known;
static uint32_t n_known;

static const struct kind *kind_of(const char *section)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strncmp(section, kinds[i].section, strlen(kinds[i].section)))
			return &kinds[i];
	return NULL;
}

bool emf_btf_target_is(const char *section)
{
	return kind_of(section) && strlen(section) < EMF_BTF_SECTION_MAX;
}

uint32_t emf_btf_target_find(const struct btf *kernel, const char *section)
{
	const struct kind *kind = kind_of(section);
	char name[EMF_BTF_SECTION_MAX + 16];
	int id;

	if (!kind)
		return 0;
	snprintf(name, sizeof(name), "%s%s", kind->prefix, section + strlen(kind->section));
	id = btf__find_by_name_kind(kernel, name, kind->btf_kind);
	return id > 0 ? (uint32_t)id : 0;
}

/* Where a program of another object is, that the module has chosen: as libbpf would look for it. */
static int find_in_program(int fd, const char *section)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	struct btf *btf;
	int id;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	btf = btf__load_from_kernel_by_id(info.btf_id);
	if (!btf)
		return -errno;
	id = btf__find_by_name_kind(btf, strchr(section, '/') + 1, BTF_KIND_FUNC);
	btf__free(btf);
	return id;
}

static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie)
{
	if (cookie & SLEEPABLE)
		opts->prog_flags |= BPF_F_SLEEPABLE;
	if (opts->attach_prog_fd == NOBODY)
		opts->attach_prog_fd = 0;
	if (opts->attach_btf_id)
		return 0; /* the module has chosen a target */
	if (opts->attach_prog_fd) {
		int id = find_in_program((int)opts->attach_prog_fd, bpf_program__section_name(program));

		if (id < 0)
			return id;
		opts->attach_btf_id = (uint32_t)id;
		return 0;
	}
	opts->attach_btf_id = (uint32_t)(cookie & ~SLEEPABLE);
	return 0;
}

int emf_btf_targets_use(const struct emf_btf_target *targets, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct kind *kind = kind_of(targets[i].section);
		LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare);
		int handler;

		if (!kind)
			return -EINVAL;
		opts.cookie = (long)(targets[i].id | (kind->is_sleepable ? SLEEPABLE : 0));
		opts.prog_attach_fn = kind->attach;
		handler = libbpf_register_prog_handler(targets[i].section, BPF_PROG_TYPE_TRACING, kind->type, &opts);
		if (handler < 0)
			return handler;
		known = targets;
		n_known = i + 1;
	}
	return 0;
}

void emf_btf_targets_set(const struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
		for (uint32_t i = 0; i < n_known; i++)
			if (!strcmp(bpf_program__section_name(program), known[i].section))
				bpf_program__set_attach_target(program, NOBODY, NULL);
}
