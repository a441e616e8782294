// SPDX-License-Identifier: BSD-2-Clause
/*
 * chain_pin.c - chains that stay when their product ends.
 */
#include "chain_pin.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "pin_folder.h"

#define NAME_SIZE 200 /* NAME_MAX without what comes behind it */

/* FNV-1a: two long names that begin alike are not the same. */
static uint32_t hash(uint32_t value, const char *text)
{
	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 16777619u;
	return value;
}

static bool is_of_interface(const struct emf_chain *chain)
{
	return chain->type == EMF_CHAIN_XDP || chain->type == EMF_CHAIN_TC || chain->type == EMF_CHAIN_SOCKET_FILTER;
}

/* An interface is one of its namespace. */
static void name_of(const struct emf_chain_hook *hook, char name[NAME_SIZE])
{
	char text[2 * EMF_CHAIN_TARGET_MAX];
	struct stat st;
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "%s:%s%s%s", hook->chain->name, hook->target, hook->chain->at ? ":" : "",
			     hook->chain->at ? hook->chain->at : "");
	if (n < sizeof(text) && is_of_interface(hook->chain) && !stat("/proc/self/ns/net", &st))
		snprintf(text + n, sizeof(text) - n, "@%" PRIu64, (uint64_t)st.st_ino);
	emf_pin_name(text, name, NAME_SIZE);
	if (strlen(name) > NAME_SIZE - 16)
		snprintf(name + NAME_SIZE - 16, 16, "-%08x", hash(2166136261u, text));
}

static int make_folders(const struct emf_chain_hook *hook, const char *path, char *why, size_t size)
{
	char product[EMF_PIN_PATH_MAX];
	int err = emf_bpffs_check();

	if (err) {
		snprintf(why, size, "chain %s cannot stay when this process ends: bpffs is not mounted; as root: mount -t bpf bpf " EMF_BPFFS,
			 hook->chain->name);
		return err;
	}
	snprintf(product, sizeof(product), EMF_BPFFS "/%s", hook->emf->product->name);
	err = emf_pin_folder_make(product);
	if (!err)
		err = emf_pin_folder_make(path);
	if (err)
		snprintf(why, size, "chain %s cannot stay when this process ends: %s: %s", hook->chain->name, path,
			 err == -EPERM ? "the folders have to be this user's alone (mode 0700)" : strerror(-err));
	return err;
}

int emf_chain_pins_open(struct emf_chain_pins *pins, const struct emf_chain_hook *hook, bool makes, char *why, size_t size)
{
	char name[NAME_SIZE];
	int err = 0;

	pins->folder = -1;
	name_of(hook, name);
	snprintf(pins->path, sizeof(pins->path), EMF_BPFFS "/%.100s/%s", hook->emf->product->name, name);
	if (makes)
		err = make_folders(hook, pins->path, why, size);
	else if (access(pins->path, F_OK))
		return 0;
	if (!err) {
		pins->folder = emf_pin_folder_lock(pins->path);
		err = pins->folder < 0 ? pins->folder : 0;
		pins->folder = err ? -1 : pins->folder;
	}
	if (err == -EBUSY)
		snprintf(why, size, "chain %s on %s is kept by another process of this product: stop that one first", hook->chain->name,
			 hook->target);
	else if (err && !*why)
		snprintf(why, size, "chain %s: %s: %s", hook->chain->name, pins->path, strerror(-err));
	return err;
}

/* --- names of what is in the folder */

static void put_program(void *arg, const struct emf_chain_place *place, const char *why_not)
{
	uint32_t *value = arg;

	(void)why_not;
	*value = hash(hash(hash(*value, place->unit->m->name), "."), place->plug->program);
}

/* Counts are kept by number: the name says which programs these are of. */
static void map_name(const struct emf_chain *chain, const struct emf_registry *registry, size_t map, char name[64])
{
	static const struct emf_chain_choice none[EMF_CHAIN_NUMBERS_MAX];
	uint32_t value = 2166136261u;

	snprintf(name, 64, "%s", emf_chain_map_names[map]);
	if (map != EMF_CHAIN_MAP_COUNTS)
		return;
	emf_chain_each(chain, registry, none, put_program, &value);
	snprintf(name, 64, "%s-%08x", emf_chain_map_names[map], value);
}

/* "slots-7", "entry-7": 7; 0 for all others. */
static uint32_t generation_of(const char *name)
{
	if (strncmp(name, "slots-", 6) && strncmp(name, "entry-", 6))
		return 0;
	return (uint32_t)strtoul(name + 6, NULL, 10);
}

static void find_last(void *arg, const char *name)
{
	uint32_t *last = arg, number = generation_of(name);

	if (number > *last)
		*last = number;
}

static void adopt_hook(struct emf_chain_hook *hook, const char *path)
{
	if (hook->ops->adopt && !hook->ops->adopt(hook, path)) {
		hook->hangs = hook->stays = true;
	} else if (hook->chain->type == EMF_CHAIN_TC && !emf_chain_hook_clsact.adopt(hook, path)) {
		hook->ops = &emf_chain_hook_clsact;
		hook->hangs = hook->stays = true;
	}
}

uint32_t emf_chain_pins_adopt(const struct emf_chain_pins *pins, struct emf_chain_hook *hook, struct emf_chain_maps *maps,
			      const struct emf_registry *registry)
{
	uint32_t last = 0;
	char name[64];

	for (size_t i = EMF_CHAIN_MAP_SLOTS + 1; i < EMF_CHAIN_MAPS_MAX; i++) {
		map_name(hook->chain, registry, i, name);
		maps->fds[i] = emf_pin_get(pins->path, name);
	}
	emf_pin_folder_each(pins->path, find_last, &last);
	adopt_hook(hook, pins->path);
	return last;
}

int emf_chain_pins_add(const struct emf_chain_pins *pins, const struct emf_chain_generation *generation)
{
	char name[64];
	int err;

	snprintf(name, sizeof(name), "slots-%u", generation->number);
	err = emf_pin(pins->path, name, generation->slots);
	snprintf(name, sizeof(name), "entry-%u", generation->number);
	return err ? err : emf_pin(pins->path, name, generation->entry_fd);
}

void emf_chain_pins_take_back(const struct emf_chain_pins *pins, const struct emf_chain_generation *generation)
{
	char name[64];

	snprintf(name, sizeof(name), "slots-%u", generation->number);
	emf_unpin(pins->path, name);
	snprintf(name, sizeof(name), "entry-%u", generation->number);
	emf_unpin(pins->path, name);
}

struct removing {
	const char *path;
	uint32_t before;
};

static void remove_old(void *arg, const char *name)
{
	const struct removing *r = arg;
	uint32_t number = generation_of(name);

	if (r->before == UINT32_MAX || (number && number < r->before))
		emf_unpin(r->path, name);
}

void emf_chain_pins_remove(const char *path, uint32_t before)
{
	struct removing r = { path, before };
	char product[EMF_PIN_PATH_MAX];

	emf_pin_folder_each(path, remove_old, &r);
	if (before != UINT32_MAX || rmdir(path))
		return;
	snprintf(product, sizeof(product), "%s", path);
	*strrchr(product, '/') = '\0';
	rmdir(product); /* unless there is more */
}

int emf_chain_pins_keep(const struct emf_chain_pins *pins, struct emf_chain_hook *hook, const struct emf_chain_maps *maps,
			const struct emf_registry *registry)
{
	char name[64];
	int err = hook->ops->pin ? 0 : -EOPNOTSUPP;

	for (size_t i = EMF_CHAIN_MAP_SLOTS + 1; i < EMF_CHAIN_MAPS_MAX && !err; i++) {
		map_name(hook->chain, registry, i, name);
		err = emf_pin(pins->path, name, maps->fds[i]);
	}
	if (!err && !hook->stays)
		err = hook->ops->pin(hook, pins->path);
	if (!err)
		hook->stays = true;
	return err;
}

void emf_chain_pins_let_go(const struct emf_chain_pins *pins, struct emf_chain_hook *hook)
{
	if (!hook->stays)
		return;
	hook->stays = false;
	hook->ops->unpin(hook, pins->path);
}

void emf_chain_pins_close(struct emf_chain_pins *pins)
{
	if (pins->folder >= 0)
		close(pins->folder);
	pins->folder = -1;
}

struct searching {
	const char *path;
	uint32_t program;
	struct emf_owned_program found;
};

static void match_entry(void *arg, const char *name)
{
	struct searching *s = arg;
	struct emf_owned_program program = { 0 };
	int fd = strncmp(name, "entry-", 6) ? -1 : emf_pin_get(s->path, name);

	if (fd < 0)
		return;
	if (!emf_owned_program_read(fd, &program) && program.id == s->program)
		s->found = program;
	close(fd);
}

bool emf_chain_pins_have(const char *path, uint32_t program, struct emf_owned_program *found)
{
	struct searching s = { .path = path, .program = program };

	emf_pin_folder_each(path, match_entry, &s);
	*found = s.found;
	return s.found.id;
}
