/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_cache.h - the kernel's BTF has megabytes, and to read it is two thirds of a start: what a product needs of it is kept.
 *
 * One for the process, as what libbpf is told is.
 */
#ifndef EMF_CORE_BTF_CACHE_H
#define EMF_CORE_BTF_CACHE_H

#include <jansson.h>
#include <stddef.h>

struct bpf_object;
struct emf;
struct emf_pack;
struct module;

/**
 * emf_btf_cache_begin() - use the cache from here on
 * @emf: with all its modules; of an empty btf_cache, none is used
 *
 * Nothing is read before an object needs it.
 */
void emf_btf_cache_begin(const struct emf *emf);

/* The same with what the kernel has now: no entry is read, and none is written. */
void emf_btf_cache_begin_unkept(const struct emf *emf);
void emf_btf_cache_end(void);

/**
 * emf_btf_cache_path() - what an object is relocated by
 * @m: whose it is, for messages, or NULL
 * @pack: the object as it is in the product
 * @bytes: of it as it will be opened
 * @size: of them
 *
 * The first object that needs the kernel's BTF has the entry read, or made for all objects of the product.
 *
 * Return: a path for bpf_object_open_opts.btf_custom_path, valid until emf_btf_cache_end(); NULL for the kernel's whole BTF.
 */
const char *emf_btf_cache_path(const struct module *m, const struct emf_pack *pack, const void *bytes, size_t size);

/* An object that was opened, before anything else is done with it: its programs know what they attach to. */
void emf_btf_cache_opened(const struct bpf_object *object);

/* "off", "unused", "hit", "made" (and kept for the next start), "not kept", "none" (no BTF of this kernel, or no /proc). */
const char *emf_btf_cache_state(void);

/* What there is, without making anything: for doctor. A new reference; NULL for ENOMEM. */
json_t *emf_btf_cache_json(const struct emf *emf);

#endif
