// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_pin.c - chains that stay when their product ends.
 */
#include "chain_pin.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

#define NAME_SIZE 200 /* NAME_MAX without what comes behind it */

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
		snprintf(name + NAME_SIZE - 16, 16, "-%08x", emf_pin_hash(EMF_PIN_HASH_BEGIN, text));
}

bool emf_chain_pins_are_here(const char *name)
{
	const char *at = strrchr(name, '@');
	struct stat st;

	return !at || (!stat("/proc/self/ns/net", &st) && strtoull(at + 1, NULL, 10) == (uint64_t)st.st_ino);
}

int emf_chain_pins_lock(struct emf_chain_pins *pins, int product, bool makes)
{
	int fd = emf_pin_folder_open(product, pins->name, makes), err = fd < 0 ? fd : emf_pin_folder_lock(fd);

	if (err) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	pins->folder = fd;
	emf_pin_folder_at(fd, pins->at);
	return 0;
}

static int open_both(struct emf_chain_pins *pins, bool makes)
{
	int product = emf_pin_folder_product(pins->product, makes), err;

	if (product < 0)
		return product;
	err = emf_chain_pins_lock(pins, product, makes);
	close(product);
	return err;
}

static void explain(const struct emf_chain_pins *pins, const struct emf_chain_hook *hook, int err, char *why, size_t size)
{
	const char *name = hook->chain->name;

	if (err == -ENODEV)
		snprintf(why, size, "chain %s cannot stay when this process ends: bpffs is not mounted; as root: " EMF_BPFFS_MOUNT, name);
	else if (err == -EBUSY)
		snprintf(why, size, "chain %s on %s is kept by another process of this product: stop that one first", name, hook->target);
	else
		snprintf(why, size, "chain %s cannot stay when this process ends: %s: %s", name, pins->path,
			 err == -EPERM ? "the folders have to be this user's alone (mode 0700)" : strerror(-err));
}

/* Where nothing shall stay, what is not ours is none of our business: others cannot keep us from starting. */
static bool is_nothing_of_ours(const struct emf_chain_pins *pins, const struct emf_chain_hook *hook, int err)
{
	if (err == -EPERM)
		emf_warn(NULL, "chain %s takes nothing over from %s: the folders are not this user's alone (mode 0700)", hook->chain->name,
			 pins->path);
	return err == -EPERM || err == -ENOENT || err == -EACCES;
}

int emf_chain_pins_open(struct emf_chain_pins *pins, const struct emf_chain_hook *hook, bool makes, char *why, size_t size)
{
	int err = makes ? emf_bpffs_mount() : 0;

	pins->folder = -1;
	pins->product = hook->emf->product->name;
	name_of(hook, pins->name);
	snprintf(pins->path, sizeof(pins->path), EMF_BPFFS "/%.100s/%s", pins->product, pins->name);
	if (!err)
		err = open_both(pins, makes);
	if (err && !makes && is_nothing_of_ours(pins, hook, err))
		return 0;
	if (err)
		explain(pins, hook, err, why, size);
	return err;
}

/* --- names of what is in the folder */

static void put_program(void *arg, const struct emf_chain_place *place, const char *why_not)
{
	uint32_t *value = arg;

	(void)why_not;
	*value = emf_pin_hash(emf_pin_hash(emf_pin_hash(*value, place->unit->m->name), "."), place->plug->program);
}

/* Counts are kept by number: the name says which programs these are of. */
static void map_name(const struct emf_chain *chain, const struct emf_registry *registry, size_t map, char name[64])
{
	static const struct emf_chain_choice none[EMF_CHAIN_NUMBERS_MAX];
	uint32_t value = EMF_PIN_HASH_BEGIN;

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

static int adopt_hook(struct emf_chain_hook *hook, const char *path)
{
	int err = hook->ops->adopt ? hook->ops->adopt(hook, path) : -ENOENT;

	if (err && hook->chain->type == EMF_CHAIN_TC) {
		err = emf_chain_hook_clsact.adopt(hook, path);
		if (err)
			return err == -ENOENT ? 0 : err;
		hook->ops = &emf_chain_hook_clsact;
	}
	hook->hangs = hook->stays = !err;
	return 0;
}

int emf_chain_pins_adopt(const struct emf_chain_pins *pins, struct emf_chain_hook *hook, struct emf_chain_maps *maps,
			 const struct emf_registry *registry, uint32_t *last)
{
	char name[64];

	for (size_t i = EMF_CHAIN_MAP_SLOTS + 1; i < EMF_CHAIN_MAPS_MAX; i++) {
		map_name(hook->chain, registry, i, name);
		maps->fds[i] = emf_pin_get(pins->at, name);
	}
	emf_pin_folder_each(pins->at, find_last, last);
	return adopt_hook(hook, pins->at);
}

void emf_chain_pins_take_back(const struct emf_chain_pins *pins, const struct emf_chain_generation *generation)
{
	char name[64];

	snprintf(name, sizeof(name), "slots-%u", generation->number);
	emf_unpin(pins->at, name);
	snprintf(name, sizeof(name), "entry-%u", generation->number);
	emf_unpin(pins->at, name);
}

int emf_chain_pins_add(const struct emf_chain_pins *pins, const struct emf_chain_generation *generation)
{
	char name[64];
	int err;

	snprintf(name, sizeof(name), "slots-%u", generation->number);
	err = emf_pin(pins->at, name, generation->slots);
	snprintf(name, sizeof(name), "entry-%u", generation->number);
	if (!err)
		err = emf_pin(pins->at, name, generation->entry_fd);
	if (err)
		emf_chain_pins_take_back(pins, generation);
	return err;
}

/* What is pinned by chains; whatever else is there is not ours to remove. */
static bool is_name_of_pin(const char *name)
{
	static const char *const of_hooks[] = { "link", "root", "filter-" };

	for (size_t i = 0; i < sizeof(of_hooks) / sizeof(of_hooks[0]); i++)
		if (!strncmp(name, of_hooks[i], strlen(of_hooks[i])))
			return true;
	for (size_t i = EMF_CHAIN_MAP_SLOTS + 1; i < EMF_CHAIN_MAPS_MAX; i++)
		if (!strncmp(name, emf_chain_map_names[i], strlen(emf_chain_map_names[i])))
			return true;
	return generation_of(name);
}

struct removing {
	const char *at;
	uint32_t before;
};

static void remove_old(void *arg, const char *name)
{
	const struct removing *r = arg;
	uint32_t number = generation_of(name);

	if (r->before == UINT32_MAX ? is_name_of_pin(name) : number && number < r->before)
		emf_unpin(r->at, name);
}

int emf_chain_pins_remove(const struct emf_chain_pins *pins, uint32_t before)
{
	struct removing r = { pins->at, before };
	int product, err;

	emf_pin_folder_each(pins->at, remove_old, &r);
	if (before != UINT32_MAX)
		return 0;
	product = emf_pin_folder_product(pins->product, false);
	if (product < 0)
		return product;
	err = unlinkat(product, pins->name, AT_REMOVEDIR) ? -errno : 0;
	close(product);
	emf_pin_folder_drop(pins->product);
	return err;
}

struct counting {
	const char *at, *name; /* of this version of the product */
};

static void remove_other_counts(void *arg, const char *name)
{
	const struct counting *c = arg;
	size_t n = strcspn(c->name, "-") + 1;

	if (!strncmp(name, c->name, n) && strcmp(name, c->name))
		emf_unpin(c->at, name);
}

int emf_chain_pins_keep(const struct emf_chain_pins *pins, struct emf_chain_hook *hook, const struct emf_chain_maps *maps,
			const struct emf_registry *registry)
{
	char name[64];
	int err = hook->ops->pin ? 0 : -EOPNOTSUPP;

	for (size_t i = EMF_CHAIN_MAP_SLOTS + 1; i < EMF_CHAIN_MAPS_MAX && !err; i++) {
		map_name(hook->chain, registry, i, name);
		err = emf_pin(pins->at, name, maps->fds[i]);
		if (!err && i == EMF_CHAIN_MAP_COUNTS)
			emf_pin_folder_each(pins->at, remove_other_counts, &(struct counting){ pins->at, name });
	}
	if (!err && !hook->stays)
		err = hook->ops->pin(hook, pins->at);
	if (!err)
		hook->stays = true;
	return err;
}

void emf_chain_pins_let_go(const struct emf_chain_pins *pins, struct emf_chain_hook *hook)
{
	if (!hook->stays)
		return;
	hook->stays = false;
	hook->ops->unpin(hook, pins->at);
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
