/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/need.h - what a module cannot do without, for generated code.
 */
#ifndef EMF_NEED_H
#define EMF_NEED_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

enum emf_need_kind {
	EMF_NEED_CAP,	   /* a capability of this process */
	EMF_NEED_HELPER,   /* a BPF helper */
	EMF_NEED_MAP_TYPE, /* a type of map */
	EMF_NEED_KFUNC,	   /* a function of the kernel that programs may call */
	EMF_NEED_BTF,	   /* a type in the kernel's BTF */
};

/**
 * struct emf_need - one of them
 * @kind: see there
 * @id: number of the capability, the helper or the map type; else 0
 * @name: as it is declared; NULL ends a table
 * @program: that runs when it is there, or NULL
 * @instead: that runs when it is not, or NULL: then the module does not run
 *
 * A program belongs to one such pair at most. Needs that name the same pair must all
 * be met for its first program.
 *
 * Checked when the kernel part is open and not yet loaded.
 *
 * Since: 0.1
 */
struct emf_need {
	enum emf_need_kind kind;
	int id;
	const char *name;
	const char *program;
	const char *instead;
};

#ifdef __cplusplus
}
#endif

#endif
