// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bpf_skeleton.c - an object with the skeleton that it was compiled with; or without one, of a package.
 */
#include "bpf_skeleton.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "btf_find.h"
#include "btf_object.h"
#include "core.h"
#include "extension.h"
#include "module.h"
#include "pack.h"
#include "package_check.h"
#include "package_load.h"

/* Types of the kernel that @bytes are relocated by. */
static int find_btf(const struct module *m, const void *bytes, size_t size, const char **path)
{
	struct emf_package_image *image = m->unit->from ? m->unit->from->package : NULL;
	struct emf_btf_object parts;
	char why[EMF_BTF_HUB_WHY_MAX]; /* the longer one */
	int err = 0;

	_Static_assert(EMF_PACKAGE_WHY_MAX <= EMF_BTF_HUB_WHY_MAX, "either fits");
	*path = NULL;
	if (image && !emf_btf_object_read(&parts, bytes, size) && emf_btf_object_has_relocations(&parts))
		err = emf_package_image_btf(image, path, why);
	if (!err && !*path)
		err = emf_btf_find(m, m->object->pack, bytes, size, path, why);
	if (err) {
		snprintf(m->unit->why, sizeof(m->unit->why), "%s", why);
		m->unit->unsupported = err == -EOPNOTSUPP;
	}
	return err;
}

static int open_object(const struct module *m, struct emf_skeleton_head *head, void *bytes, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	const char *mistake;
	char name[80];
	int err = find_btf(m, bytes, size, &opts.btf_custom_path);

	if (err)
		return err;
	if (head->skeleton) {
		head->skeleton->data = bytes;
		head->skeleton->data_sz = size;
		err = bpf_object__open_skeleton(head->skeleton, &opts);
		head->skeleton->data = NULL;
		return err;
	}
	mistake = emf_package_bounds(bytes, size);
	if (mistake) {
		snprintf(m->unit->why, sizeof(m->unit->why), "its kernel part is refused: %s", mistake);
		return -ENOEXEC;
	}
	/* So that its maps are named as those of a skeleton are. */
	snprintf(name, sizeof(name), "%s_bpf", m->name);
	opts.object_name = name;
	head->obj = bpf_object__open_mem(bytes, size, &opts);
	return head->obj ? 0 : -errno;
}

/* What libbpf opens is its own: the bytes are not needed behind it. */
int emf_skeleton_open(const struct module *m, struct emf_skeleton_head *head)
{
	int err = m->object->create ? m->object->create(head) : 0;
	size_t size;
	void *bytes;

	if (err)
		return err;
	bytes = emf_pack_open(m->object->pack, &size);
	if (!bytes)
		return -errno;
	err = open_object(m, head, bytes, size);
	free(bytes);
	return err;
}

void emf_skeleton_close(const struct module *m, struct emf_skeleton_head *head)
{
	if (m->object->destroy) {
		m->object->destroy(head);
		return;
	}
	if (head)
		bpf_object__close(head->obj);
	free(head);
}

/* What a skeleton does: from now on the variables are those of the kernel. */
static int load_object(struct bpf_object *object)
{
	struct bpf_map *map;
	int err = bpf_object__load(object);

	if (err)
		return err;
	bpf_object__for_each_map(map, object) {
		bool is_read_only = bpf_map__map_flags(map) & BPF_F_RDONLY_PROG;
		size_t size;
		void *at = (void *)(uintptr_t)bpf_map__initial_value(map, &size);

		if (at && bpf_map__map_flags(map) & BPF_F_MMAPABLE &&
		    mmap(at, size, is_read_only ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, bpf_map__fd(map), 0) == MAP_FAILED)
			return -errno;
	}
	return 0;
}

int emf_skeleton_load(const struct emf_skeleton_head *head)
{
	return head->skeleton ? bpf_object__load_skeleton(head->skeleton) : load_object(head->obj);
}
