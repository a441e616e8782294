// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_maps.c - maps of a chain.
 */
#include "chain_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pack.h"

const char *const emf_chain_map_names[EMF_CHAIN_MAPS_MAX] = { "slots", "cpu", "states", "counts", "traces" };

/* One that an earlier version of the product made may be otherwise. */
static bool fits(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == (__u32)bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) && info.max_entries == bpf_map__max_entries(map);
}

/* As the entry declares it: so its types are written in one place. */
static int make(const struct bpf_object *entry, const struct emf_chain *chain, const char *which, int before)
{
	char name[96], short_name[16]; /* BPF_OBJ_NAME_LEN, include/uapi/linux/bpf.h */
	const struct bpf_map *map;
	int fd;

	snprintf(name, sizeof(name), "%s_%s", chain->name, which);
	snprintf(short_name, sizeof(short_name), "%.8s_%s", chain->name, which);
	map = bpf_object__find_map_by_name(entry, name);
	if (!map)
		return -ENOENT;
	if (before >= 0 && fits(before, map))
		return before;
	if (before >= 0)
		close(before);
	fd = bpf_map_create(bpf_map__type(map), short_name, bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map),
			    NULL);
	return fd < 0 ? -errno : fd;
}

void emf_chain_maps_init(struct emf_chain_maps *maps)
{
	for (size_t i = 0; i < EMF_CHAIN_MAPS_MAX; i++)
		maps->fds[i] = -1;
}

int emf_chain_maps_make(struct emf_chain_maps *maps, const struct emf_chain *chain)
{
	size_t size;
	void *bytes = emf_pack_open(chain->entry, &size);
	struct bpf_object *entry = bytes ? bpf_object__open_mem(bytes, size, NULL) : NULL;
	int err = entry ? 0 : -errno;

	for (size_t i = EMF_CHAIN_MAP_SLOTS + 1; i < EMF_CHAIN_MAPS_MAX && !err; i++) {
		maps->fds[i] = make(entry, chain, emf_chain_map_names[i], maps->fds[i]);
		err = maps->fds[i] < 0 ? maps->fds[i] : 0;
	}
	bpf_object__close(entry);
	free(bytes);
	return err;
}

void emf_chain_maps_close(struct emf_chain_maps *maps)
{
	for (size_t i = EMF_CHAIN_MAP_SLOTS + 1; i < EMF_CHAIN_MAPS_MAX; i++)
		if (maps->fds[i] >= 0)
			close(maps->fds[i]);
	emf_chain_maps_init(maps);
}
