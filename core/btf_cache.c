// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_cache.c - what a product needs of the kernel's BTF, read from a file or made.
 */
#include "btf_cache.h"

#include <bpf/btf.h>
#include <errno.h>
#include <emf/chain.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf_folder.h"
#include "btf_kernel.h"
#include "btf_memory.h"
#include "core.h"
#include "json.h"
#include "log.h"
#include "pack.h"

static struct cache {
	const struct emf *emf; /* NULL: off */
	bool is_kept;	       /* in a file, or for this process alone */
	bool asked;
	const char *state;
	const struct emf_pack **objects;
	size_t n_objects;
	struct emf_btf_image image;
	void *bytes; /* of the image */
	struct emf_btf_memory memory; /* the part of the BTF as a file, for libbpf */
} cache = { .state = "off" };

/* --- the objects of the product */

static bool has_targets(const struct emf_btf_object *parts)
{
	for (size_t i = 0; i < parts->n_sections; i++) {
		const char *section = emf_btf_object_section(parts, i);

		if (section && emf_btf_target_is(section))
			return true;
	}
	return false;
}

/* Whether it needs anything of the kernel's BTF. */
static bool read_object(struct emf_btf_object *parts, const void *bytes, size_t size)
{
	return !emf_btf_object_read(parts, bytes, size) && (emf_btf_object_has_relocations(parts) || has_targets(parts));
}

static void add_object(const struct emf_pack **objects, size_t *n, const struct emf_pack *pack)
{
	if (pack && *n < EMF_BTF_OBJECTS_MAX)
		objects[(*n)++] = pack;
}

static const struct emf_pack **find_objects(const struct emf *emf, size_t *n)
{
	const struct emf_pack **objects = calloc(2 * emf->registry.n + 1, sizeof(const struct emf_pack *));

	*n = 0;
	for (size_t i = 0; objects && i < emf->registry.n; i++) {
		const struct module *m = emf->registry.units[i]->m;

		add_object(objects, n, m->object ? m->object->pack : NULL);
		add_object(objects, n, m->chain ? m->chain->entry : NULL);
	}
	return objects;
}

/* Objects are compressed the same way each time: what is compressed tells them apart. */
static struct emf_btf_key key_of(const struct emf_pack *const *objects, size_t n)
{
	struct emf_btf_key key = { .kernel = emf_btf_kernel() };

	for (size_t i = 0; i < n; i++)
		key.objects = emf_btf_hash(key.objects, objects[i]->start, (size_t)(objects[i]->end - objects[i]->start));
	return key;
}

/* --- made of the kernel's BTF */

struct making {
	const struct btf *kernel;
	struct emf_btf_reduce *reduce;
	uint8_t uses[EMF_BTF_OBJECTS_MAX];
	struct emf_btf_target targets[EMF_BTF_TARGETS_MAX];
	uint32_t n_targets;
};

static void add_target(struct making *making, const char *section)
{
	struct emf_btf_target *target = &making->targets[making->n_targets];

	for (uint32_t i = 0; i < making->n_targets; i++)
		if (!strcmp(making->targets[i].section, section))
			return;
	if (making->n_targets == EMF_BTF_TARGETS_MAX)
		return;
	target->id = emf_btf_target_find(making->kernel, section);
	snprintf(target->section, sizeof(target->section), "%s", section);
	making->n_targets += !!target->id;
}

static void add_parts(struct making *making, size_t i, const struct emf_btf_object *parts)
{
	struct btf *own = parts->btf_size ? btf__new(parts->btf, (uint32_t)parts->btf_size) : NULL;

	making->uses[i] = own ? emf_btf_reduce_add(making->reduce, parts, own) : EMF_BTF_UNKNOWN;
	btf__free(own);
	for (size_t s = 0; s < parts->n_sections; s++) {
		const char *section = emf_btf_object_section(parts, s);

		if (section && emf_btf_target_is(section))
			add_target(making, section);
	}
}

static void add_pack(struct making *making, size_t i, const struct emf_pack *pack)
{
	struct emf_btf_object parts;
	size_t size;
	void *bytes = emf_pack_open(pack, &size);

	if (!bytes)
		making->uses[i] = EMF_BTF_UNKNOWN;
	else if (read_object(&parts, bytes, size))
		add_parts(making, i, &parts);
	free(bytes);
}

static void *as_bytes(const struct making *making, const struct emf_btf_key *key, size_t n_objects, size_t *size)
{
	struct btf *part = emf_btf_reduce_make(making->reduce);
	struct emf_btf_image image = { .key = *key, .uses = making->uses, .n_objects = (uint32_t)n_objects,
				       .targets = making->targets, .n_targets = making->n_targets };
	void *bytes = NULL;

	if (part)
		image.btf = btf__raw_data(part, &image.btf_size);
	if (image.btf)
		bytes = emf_btf_image_write(&image, size);
	btf__free(part);
	return bytes;
}

/* NULL if this kernel has no BTF, and for ENOMEM: libbpf says it better. */
static void *make(const struct emf_btf_key *key, const struct emf_pack *const *objects, size_t n, size_t *size)
{
	struct making *making = calloc(1, sizeof(*making));
	struct btf *kernel = making ? btf__load_vmlinux_btf() : NULL;
	void *bytes = NULL;

	if (kernel) {
		making->kernel = kernel;
		making->reduce = emf_btf_reduce_new(kernel);
	}
	if (kernel && making->reduce) {
		for (size_t i = 0; i < n; i++)
			add_pack(making, i, objects[i]);
		bytes = as_bytes(making, key, n, size);
		emf_btf_reduce_free(making->reduce);
	}
	btf__free(kernel);
	free(making);
	return bytes;
}

/* --- the one of this process */

static const char *make_and_keep(const struct emf_btf_key *key, enum emf_btf_file found)
{
	const char *product = cache.emf->product->name, *folder = cache.emf->btf_cache;
	size_t size;
	int err;

	cache.bytes = make(key, cache.objects, cache.n_objects, &size);
	if (!cache.bytes || emf_btf_image_read(&cache.image, cache.bytes, size))
		return "none";
	if (!cache.is_kept)
		return "not kept";
	if (found == EMF_BTF_NOT_OURS || found == EMF_BTF_NO_FOLDER) {
		emf_debug(NULL, "the BTF cache is not kept: %s or what is in it is not this user's alone", folder);
		return "not kept";
	}
	err = emf_btf_file_write(folder, product, key, cache.bytes, size);
	if (!err)
		return "made";
	emf_debug(NULL, "the BTF cache is not kept: %s: %s", folder, strerror(-err));
	return "not kept";
}

static void get(void)
{
	struct emf_btf_key key = key_of(cache.objects, cache.n_objects);
	enum emf_btf_file found = EMF_BTF_NONE;
	int err;

	cache.asked = true;
	if (cache.is_kept)
		found = emf_btf_file_read(cache.emf->btf_cache, cache.emf->product->name, &key, &cache.bytes, &cache.image);
	if (found == EMF_BTF_CORRUPT)
		emf_debug(NULL, "the entry in the BTF cache %s is damaged: it is made again", cache.emf->btf_cache);
	cache.state = found == EMF_BTF_FRESH ? "hit" : make_and_keep(&key, found);
	if (!strcmp(cache.state, "none") || cache.image.n_objects != cache.n_objects)
		return;
	err = emf_btf_memory_open(&cache.memory, cache.image.btf, cache.image.btf_size);
	if (!err)
		err = emf_btf_targets_use(cache.image.targets, cache.image.n_targets);
	if (err) {
		emf_btf_memory_close(&cache.memory);
		cache.state = "none";
		emf_debug(NULL, "the BTF cache is not used: %s", strerror(-err));
	}
}

static void begin(const struct emf *emf, bool is_kept)
{
	cache.objects = find_objects(emf, &cache.n_objects);
	if (!cache.objects)
		return;
	cache.emf = emf;
	cache.is_kept = is_kept;
	cache.state = "unused";
}

void emf_btf_cache_begin(const struct emf *emf)
{
	if (emf->btf_cache[0])
		begin(emf, true);
}

void emf_btf_cache_begin_unkept(const struct emf *emf)
{
	begin(emf, false);
}

void emf_btf_cache_end(void)
{
	emf_btf_memory_close(&cache.memory);
	free(cache.objects);
	cache.objects = NULL;
	cache.n_objects = 0;
	cache.emf = NULL;
}

const char *emf_btf_cache_path(const struct module *m, const struct emf_pack *pack, const void *bytes, size_t size)
{
	struct emf_btf_object parts;
	size_t i = 0;

	while (i < cache.n_objects && cache.objects[i] != pack)
		i++;
	if (i == cache.n_objects || !read_object(&parts, bytes, size))
		return NULL;
	if (!cache.asked)
		get();
	if (!cache.memory.path[0])
		return NULL;
	if (cache.image.uses[i] == EMF_BTF_PART)
		return cache.memory.path;
	emf_debug(m, "the BTF cache is not used: %s", emf_btf_use_why(cache.image.uses[i]));
	return NULL;
}

void emf_btf_cache_opened(const struct bpf_object *object)
{
	if (cache.memory.path[0])
		emf_btf_targets_set(object);
}

const char *emf_btf_cache_state(void)
{
	return cache.state;
}

json_t *emf_btf_cache_json(const struct emf *emf)
{
	static const char *const states[] = {
		[EMF_BTF_FRESH] = "fresh", [EMF_BTF_NONE] = "none", [EMF_BTF_CORRUPT] = "corrupt", [EMF_BTF_NOT_OURS] = "not ours",
		[EMF_BTF_NO_FOLDER] = "no folder",
	};
	struct emf_btf_files files;
	struct emf_btf_image image;
	enum emf_btf_file found;
	const struct emf_pack **objects;
	struct emf_btf_key key;
	void *bytes = NULL;
	size_t n;

	if (!emf->btf_cache[0])
		return json_pack("{s:s}", "state", "off");
	objects = find_objects(emf, &n);
	key = objects ? key_of(objects, n) : (struct emf_btf_key){ 0 };
	found = emf_btf_file_read(emf->btf_cache, emf->product->name, &key, &bytes, &image);
	files = emf_btf_files_count(emf->btf_cache, emf->product->name);
	free(objects);
	free(bytes);
	return json_pack("{s:s, s:o, s:i, s:I}", "state", states[found], "folder", emf_json_text(emf->btf_cache), "entries", (int)files.n,
			 "bytes", (json_int_t)files.size);
}
