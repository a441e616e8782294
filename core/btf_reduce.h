/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_reduce.h - of the kernel's BTF, which has megabytes, the types and members that some objects are relocated by.
 *
 * In what is kept, libbpf finds for each of their relocations what it finds in the whole: all types of a name that is asked
 * for are there, each with its size and with the members of the names that are asked for.
 */
#ifndef EMF_CORE_BTF_REDUCE_H
#define EMF_CORE_BTF_REDUCE_H

#include "btf_object.h"

struct emf_btf_reduce;
struct emf_pack;

/* What an object has of it. It is written to files: values keep their meaning. */
enum emf_btf_use {
	EMF_BTF_PART,	  /* a part is enough */
	EMF_BTF_KSYMS,	  /* all: it uses variables or functions of the kernel by their type, which libbpf finds nowhere else */
	EMF_BTF_NUMBERS,  /* all: it asks for the number of a kernel type, which is another one in a part */
	EMF_BTF_MODULES,  /* all: it asks for a type that the kernel itself lacks; of all, libbpf goes on to kernel modules. A part is enough where those have no BTF */
	EMF_BTF_UNKNOWN,  /* all: it was not understood */
	EMF_BTF_USES_MAX, /* how many there are */
};

/* Why that is, of a module: "it asks for ..."; NULL if a part is enough. */
const char *emf_btf_use_why(enum emf_btf_use use);

/* @kernel is borrowed until emf_btf_reduce_free(). NULL for ENOMEM. */
struct emf_btf_reduce *emf_btf_reduce_new(const struct btf *kernel);
void emf_btf_reduce_free(struct emf_btf_reduce *reduce);

/**
 * emf_btf_reduce_add() - keep what the relocations of an object need
 * @reduce: see there
 * @object: see there
 * @own: its types
 *
 * Return: what it has of that.
 */
enum emf_btf_use emf_btf_reduce_add(struct emf_btf_reduce *reduce, const struct emf_btf_object *object, const struct btf *own);

/* The same for an object as it is in a product; @use receives what it has. 0; or what emf_pack_open() reports. */
int emf_btf_reduce_add_pack(struct emf_btf_reduce *reduce, const struct emf_pack *pack, enum emf_btf_use *use);

/* What is kept, to be freed with btf__free(). NULL and errno. */
struct btf *emf_btf_reduce_make(struct emf_btf_reduce *reduce);

#endif
