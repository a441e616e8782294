/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_same.h - whether two types mean the same bytes.
 */
#ifndef EMF_CORE_BTF_SAME_H
#define EMF_CORE_BTF_SAME_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>

/* "key.saddr is at bit 32 there and 0 here" */
struct emf_btf_difference {
	char text[160];
};

/**
 * emf_btf_same() - compare the layout of two types
 * @ours: BTF of the first one
 * @our_id: of it there; 0 for void
 * @theirs: BTF of the other one
 * @their_id: of it there
 * @name: what they are called, for @difference
 * @difference: receives what differs; NULL
 *
 * Names of types may differ, those of members may not: a member that was renamed means something else. What pointers lead
 * to is not looked at.
 *
 * Context: any; allocates nothing.
 * Return: whether they are the same.
 */
bool emf_btf_same(const struct btf *ours, __u32 our_id, const struct btf *theirs, __u32 their_id, const char *name,
		  struct emf_btf_difference *difference);

/* A variable of a section by its name; NULL if there is none. */
const struct btf_var_secinfo *emf_btf_variable(const struct btf *btf, const struct btf_type *section, const char *name);

/* The name of a timer, or "a kptr" and the like, in a type of values; NULL for none. */
const char *emf_btf_held(const struct btf *btf, __u32 id);

#endif
