/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kernel_enum.h - enums that the kernel numbers anew from release to release.
 */
#ifndef EMF_CORE_KERNEL_ENUM_H
#define EMF_CORE_KERNEL_ENUM_H

struct btf;
struct emf_unit;

/**
 * emf_kernel_enums_number() - give the names of a module's enums the numbers that they have in a kernel
 * @unit: of the module; parameters that still have their defaults keep them by name
 * @kernel: its types
 *
 * Names that it lacks are left out. An enum that has none of the names is another one of that name, and changes nothing.
 *
 * Context: loop thread, before any value of one is read or written.
 */
void emf_kernel_enums_number(struct emf_unit *unit, const struct btf *kernel);

/**
 * emf_kernel_enums_use() - the same with the kernel that runs, once
 * @unit: of the module
 *
 * Does nothing without such an enum, and where the kernel does not show its types.
 *
 * Context: as above.
 */
void emf_kernel_enums_use(struct emf_unit *unit);

#endif
