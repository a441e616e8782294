/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_object.h - what a compiled kernel part asks of the kernel's BTF: where its programs attach, and what is relocated in them.
 */
#ifndef EMF_CORE_BTF_OBJECT_H
#define EMF_CORE_BTF_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>

struct btf;

/**
 * struct emf_btf_object - parts of a compiled object, which they point into
 * @btf: its own types
 * @btf_size: of them; 0 if it has none
 * @ext: .BTF.ext, with the relocations
 * @ext_size: of it; 0 if it has none
 * @sections: ELF section headers
 * @n_sections: of them
 * @names: of the sections
 * @names_size: of them
 */
struct emf_btf_object {
	const void *btf;
	size_t btf_size;
	const void *ext;
	size_t ext_size;
	const void *sections;
	size_t n_sections;
	const char *names;
	size_t names_size;
};

/* Finds them. 0; -EINVAL if this is no object that a compiler of eBPF makes. */
int emf_btf_object_read(struct emf_btf_object *object, const void *bytes, size_t size);

/* The SEC() of the programs in a section, without the '?' that keeps them from being loaded; NULL if no programs are in it. */
const char *emf_btf_object_section(const struct emf_btf_object *object, size_t i);

/* Whether anything in it is relocated by the kernel's BTF. */
bool emf_btf_object_has_relocations(const struct emf_btf_object *object);

/**
 * emf_btf_object_relocations() - go through what is relocated
 * @object: see there
 * @each: is called with each relocation; the first value that is not 0 ends it
 * @context: is handed on
 *
 * Return: 0; what @each returned; -EINVAL if the section is damaged.
 */
int emf_btf_object_relocations(const struct emf_btf_object *object, int (*each)(void *context, const struct bpf_core_relo *relocation),
			       void *context);

/* How many maps its types declare; 0 if they cannot be read. */
size_t emf_btf_object_maps(const struct emf_btf_object *object);

/* Whether it has variables or functions of the kernel by their type (__ksym): libbpf finds those in the kernel's whole BTF only. */
bool emf_btf_object_has_typed_ksyms(const struct btf *own);

#endif
