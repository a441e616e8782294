// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_object.c - one program of a chain, loaded for its place.
 *
 * Each place has an object of its own: where the next program stands is a constant in its
 * instructions, and so the kernel makes a jump of the call. All maps are those of the
 * module, which has loaded them before, and of the chain.
 */
#include "chain_object.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf_cache.h"
#include "btf_find.h"
#include "chain_constants.h"
#include "pack.h"

#define RODATA ".rodata"

/* Where a constant of an object is kept until it is loaded; NULL if there is none of this name. */
static void *constant(const struct bpf_object *object, const char *name, size_t *size)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, RODATA);
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_var_secinfo *info;
	const struct btf_type *section;
	size_t bytes;
	char *at;
	int id = btf ? btf__find_by_name_kind(btf, RODATA, BTF_KIND_DATASEC) : -ENOENT;

	if (!map || id < 0)
		return NULL;
	/* What a skeleton hands out as variables, too; libbpf 1.0 had no const here. */
	at = (char *)(uintptr_t)bpf_map__initial_value((struct bpf_map *)map, &bytes);
	section = btf__type_by_id(btf, (__u32)id);
	info = btf_var_secinfos(section);
	for (unsigned int i = 0; at && i < btf_vlen(section); i++) {
		if (strcmp(btf__name_by_offset(btf, btf__type_by_id(btf, info[i].type)->name_off), name))
			continue;
		*size = info[i].size;
		return info[i].offset + info[i].size <= bytes ? at + info[i].offset : NULL;
	}
	return NULL;
}

/* All constants that the module's object has been given: parameters, and what configure chose. */
static void copy_constants(struct bpf_object *to, const struct bpf_object *from)
{
	const struct btf *btf = bpf_object__btf(to);
	int id = btf ? btf__find_by_name_kind(btf, RODATA, BTF_KIND_DATASEC) : -ENOENT;
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

	for (unsigned int i = 0; section && i < btf_vlen(section); i++) {
		const struct btf_type *variable = btf__type_by_id(btf, btf_var_secinfos(section)[i].type);
		const char *name = btf__name_by_offset(btf, variable->name_off);
		size_t there, here;
		void *value = constant(from, name, &there), *place = constant(to, name, &here);

		if (value && place && there == here)
			memcpy(place, value, here);
	}
}

/* A map of the chain, or the one of this name that the module has loaded. */
static int fd_for(const struct emf_chain_load *load, const char *name)
{
	const char *section = strchr(name, '.'); /* of variables; what stands before it is the object's */
	size_t n = strlen(load->chain->name);
	const struct bpf_map *map;

	if (section && !strncmp(section, RODATA, strlen(RODATA)))
		return -1; /* of its own: see copy_constants() */
	for (size_t i = 0; i < EMF_CHAIN_MAPS_MAX && !strncmp(name, load->chain->name, n) && name[n] == '_'; i++)
		if (!strcmp(name + n + 1, emf_chain_map_names[i]))
			return load->maps->fds[i];
	map = load->from ? bpf_object__find_map_by_name(load->from, section ? section : name) : NULL;
	return map ? bpf_map__fd(map) : -1;
}

static int reuse_maps(const struct emf_chain_load *load, struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		int fd = fd_for(load, bpf_map__name(map)), err;

		if (fd < 0)
			continue;
		err = bpf_map__reuse_fd(map, fd);
		if (err)
			return err;
	}
	return 0;
}

static int prepare(const struct emf_chain_load *load, struct bpf_object *object, struct bpf_program **program)
{
	struct bpf_program *p;
	int err = reuse_maps(load, object);

	*program = bpf_object__find_program_by_name(object, load->program);
	if (!*program)
		return -ENOENT;
	bpf_object__for_each_program(p, object)
		bpf_program__set_autoload(p, p == *program);
	bpf_program__set_flags(*program, load->flags);
	if (load->from)
		copy_constants(object, load->from);
	return err;
}

/* What libbpf opens is its own: the bytes are not needed behind it. */
static struct bpf_object *open_with_constants(const struct emf_chain_load *load)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = load->chain->name);
	struct bpf_object *object = NULL;
	char why[EMF_BTF_HUB_WHY_MAX]; /* the module that brings it was told first */
	size_t size;
	void *bytes = emf_pack_open(load->pack, &size);
	int err = bytes ? emf_chain_constants_put(bytes, size, load->constants) : -errno;

	if (!err)
		err = emf_btf_find(NULL, load->pack, bytes, size, &opts.btf_custom_path, why);
	if (!err) {
		object = bpf_object__open_mem(bytes, size, &opts);
		err = object ? 0 : -errno;
	}
	if (object)
		emf_btf_cache_opened(object);
	free(bytes);
	errno = -err;
	return object;
}

int emf_chain_object_load(const struct emf_chain_load *load, struct bpf_object **object, int *fd)
{
	struct bpf_object *opened = open_with_constants(load);
	struct bpf_program *program = NULL;
	int err = opened ? prepare(load, opened, &program) : -errno;

	if (!err)
		err = bpf_object__load(opened);
	if (err) {
		bpf_object__close(opened);
		return err;
	}
	*object = opened;
	*fd = bpf_program__fd(program);
	return 0;
}
