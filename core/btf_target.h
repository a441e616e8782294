/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_target.h - programs that attach to something by its number in the kernel's BTF: tp_btf, fentry, iterators.
 */
#ifndef EMF_CORE_BTF_TARGET_H
#define EMF_CORE_BTF_TARGET_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct btf;

#define EMF_BTF_SECTION_MAX 124 /* of a SEC() that is known, with its end */

/* The number that programs of a SEC() attach to. */
struct emf_btf_target {
	uint32_t id;
	char section[EMF_BTF_SECTION_MAX];
};

/* Whether libbpf looks for what comes behind the '/' in the kernel's BTF, and would not, were the number known. */
bool emf_btf_target_is(const char *section);

/* The number in the kernel itself; 0 if a kernel module may have it, or nobody. */
uint32_t emf_btf_target_find(const struct btf *kernel, const char *section);

/**
 * emf_btf_targets_use() - from here on, libbpf does not look for these
 * @targets: used as long as the process lives
 * @n: of them
 *
 * Once for the process: what libbpf has of them moves with each one that is added, and objects that are open point there.
 *
 * Return: 0, or what libbpf reports.
 */
int emf_btf_targets_use(const struct emf_btf_target *targets, uint32_t n);

/* An object that was opened needs no BTF of the kernel for programs of theirs, unless it gives them other targets itself. */
void emf_btf_targets_set(const struct bpf_object *object);

#endif
