/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_keep.h - marks on types and members of the kernel's BTF, and a BTF of those that are marked.
 */
#ifndef EMF_CORE_BTF_KEEP_H
#define EMF_CORE_BTF_KEEP_H

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct btf_type;

/**
 * struct emf_btf_keep - what is kept of it
 * @kernel: borrowed
 * @n: its types, and one for void
 * @marks: of each type
 * @first: of each struct and union: where its members stand in @members
 * @members: which are kept
 * @buckets: types by the hash of their names, the first of each
 * @next: the next one
 */
struct emf_btf_keep {
	const struct btf *kernel;
	uint32_t n;
	uint8_t *marks;
	uint32_t *first;
	uint8_t *members;
	uint32_t *buckets;
	uint32_t *next;
};

/* 0 or -ENOMEM; fini also after that. */
int emf_btf_keep_init(struct emf_btf_keep *keep, const struct btf *kernel);
void emf_btf_keep_fini(struct emf_btf_keep *keep);

/* Without typedefs and modifiers; @id becomes that of it. NULL if there is no such type. */
const struct btf_type *emf_btf_plain(const struct btf *btf, uint32_t *id);

/*
 * emf_btf_candidate() - the next type that CO-RE may find for one of this kind and name, what follows "___" put aside
 *
 * Return: the one behind @last, or the first for 0; 0 if there are no more.
 */
uint32_t emf_btf_candidate(const struct emf_btf_keep *keep, const struct btf_type *type, const char *name, uint32_t last);

/* Keeps a type with all that its size and kind are found by; with @follows also what a pointer points to. */
void emf_btf_keep_type(struct emf_btf_keep *keep, uint32_t id, bool follows);

/* Keeps it with all members, but those behind pointers by their names alone. */
void emf_btf_keep_whole(struct emf_btf_keep *keep, uint32_t id, bool is_behind_pointer);

/* Keeps a member, also one in a member without a name; @type receives its type. False if there is none. */
bool emf_btf_keep_member(struct emf_btf_keep *keep, uint32_t id, const char *name, uint32_t *type);

/* To be freed with btf__free(). NULL and errno. */
struct btf *emf_btf_keep_make(struct emf_btf_keep *keep);

#endif
