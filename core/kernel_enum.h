/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kernel_enum.h - enums that the kernel numbers anew from release to release.
 */
#ifndef EMF_CORE_KERNEL_ENUM_H
#define EMF_CORE_KERNEL_ENUM_H

#include <stddef.h>

struct module;

#define EMF_KERNEL_NAMES_MAX 16384 /* of all enums: each is looked for in one that can have some 200; a tool has some 300 */

/**
 * emf_kernel_enums_number() - give the names of the kernel's enums the numbers that they have in some BTF
 * @begin: modules
 * @end: behind the last of them
 * @bytes: of BTF, as the kernel shows its own
 * @size: of these
 *
 * Names that are not there are left out. Where there are less than half of the names, or less than half of those there
 * are meant if they are fewer, it is another enum which is called the same, and changes nothing; of several the one with
 * most of the names counts.
 *
 * Context: any thread that has the modules for itself; before anything reads a parameter of theirs.
 *
 * Return: 0; -EINVAL for what is no BTF, or of a kind that is not known: what was found before that counts; -E2BIG for more than
 * %EMF_KERNEL_NAMES_MAX names: those of the first enums count; -ENOMEM.
 */
int emf_kernel_enums_number(struct module *const *begin, struct module *const *end, const void *bytes, size_t size);

/**
 * emf_kernel_enums_use() - the same with the kernel that runs
 * @begin: modules
 * @end: behind the last of them
 *
 * Reads nothing without such an enum. What fails is logged, and leaves the numbers of where the modules were built.
 *
 * Context: as above.
 */
void emf_kernel_enums_use(struct module *const *begin, struct module *const *end);

/**
 * emf_kernel_enums_forget() - give the names the numbers of where a module was built, for one that is to run elsewhere
 * @m: the module
 *
 * Parameters keep what they are: emf_param_set_defaults() has to follow.
 *
 * Context: any thread that has the module for itself; it is not run any more.
 */
void emf_kernel_enums_forget(const struct module *m);

#endif
