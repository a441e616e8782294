// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * unit_pin_map.c - maps of a module that stays: taken over where they mean the same.
 */
#include <bpf/bpf.h>
#include <emf/event.h>
#include <emf/migration.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "log.h"
#include "map_share.h"
#include "unit_pin.h"
#include "unit_pin_same.h"

#define RECORD_DEPTH_MAX 8 /* of structs in structs that are looked at */

/* Constants are those of the program that reads them; what the kernel's configuration says, of the kernel. */
static bool is_constant(const char *name)
{
	return strstr(name, ".rodata") || !strcmp(name, ".kconfig");
}

static bool is_own(const struct emf_unit *unit, const struct bpf_map *map)
{
	return bpf_map__autocreate(map) && !is_constant(bpf_map__name(map)) && !*emf_map_share_from(unit->m, bpf_map__name(map)) &&
	       bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS;
}

static uint32_t hash_record(uint32_t value, const struct emf_record *record, int depth)
{
	char text[96];

	for (size_t i = 0; record && i < record->n && depth < RECORD_DEPTH_MAX; i++) {
		const struct emf_member *m = &record->members[i];

		snprintf(text, sizeof(text), "%d %u %u %u %u %u %u %u", (int)m->type, m->offset, m->size, m->count, m->bounded, m->len_offset, m->bits, m->shift);
		value = emf_pin_hash(emf_pin_hash(value, m->name), text);
		value = m->type == EMF_STRUCT ? hash_record(value, m->record, depth + 1) : value;
	}
	return value;
}

/* Of what goes through a ring: the kernel does not know it. The same for all that is no ring. */
static uint32_t layout_of(const struct emf_unit *unit, const struct bpf_map *map)
{
	uint32_t value = EMF_PIN_HASH_BEGIN;

	for (const struct emf_event_source *e = unit->m->events; e && e->ring; e++) {
		if (strcmp(e->ring, bpf_map__name(map)) != 0)
			continue;
		value = hash_record(value, e->types ? NULL : e->printed, 0);
		for (size_t i = 0; e->types && i < e->n_types; i++)
			value = hash_record(value, e->types[i].record, 0);
	}
	return value;
}

static void pin_name(const struct emf_unit *unit, const struct bpf_map *map, char name[EMF_UNIT_PIN_NAME])
{
	char text[EMF_UNIT_PIN_NAME / 3];
	uint32_t layout = layout_of(unit, map);

	snprintf(text, sizeof(text), "map-%s", bpf_map__name(map));
	if (layout != EMF_PIN_HASH_BEGIN)
		snprintf(text, sizeof(text), "map-%.30s-%08x", bpf_map__name(map), layout);
	emf_pin_name(text, name, EMF_UNIT_PIN_NAME);
}

bool emf_unit_pins_has_map(const struct emf_unit *unit, const char *name)
{
	const struct bpf_map *map;
	char own[EMF_UNIT_PIN_NAME];

	if (!unit->object.head)
		return false;
	bpf_object__for_each_map(map, unit->object.head->obj) {
		pin_name(unit, map, own);
		if (is_own(unit, map) && !strcmp(own, name))
			return true;
	}
	return false;
}

struct looking {
	const char *name;
	bool found;
};

/* The same ring, of other records: nine characters at the end. */
static void find_other(void *arg, const char *name)
{
	struct looking *l = arg;
	size_t len = strlen(l->name);

	l->found = l->found || (strlen(name) == len && len > 9 && !strncmp(name, l->name, len - 8));
}

static void tell_unread(const struct emf_unit *unit, const struct bpf_map *map, const char *name)
{
	struct looking looking = { .name = name };

	if (layout_of(unit, map) != EMF_PIN_HASH_BEGIN)
		emf_pin_folder_each(unit->pins.at, find_other, &looking);
	if (looking.found)
		emf_warn(unit->m, "records of an earlier run that nobody has read in the ring '%s' are laid out otherwise, and are lost", bpf_map__name(map));
}

bool emf_unit_pins_is_name(const char *name)
{
	return !strncmp(name, "map-", strlen("map-")) || !strncmp(name, "link-", strlen("link-"));
}

/* --- */

static int carry(struct emf_unit_pins *pins, const struct bpf_map *map, int fd, bool migrates)
{
	struct emf_carried_map *more = realloc(pins->carried, (pins->n_carried + 1) * sizeof(*more));

	if (!more) {
		close(fd);
		return -ENOMEM;
	}
	pins->carried = more;
	pins->carried[pins->n_carried++] = (struct emf_carried_map){ map, fd, migrates };
	return 0;
}

static int refuse_other(struct emf_unit *unit, const struct bpf_map *map, const struct emf_btf_difference *difference)
{
	if (unit->replaces)
		snprintf(unit->why, sizeof(unit->why), "map '%s' cannot be taken over: %s; 'stop' or 'unload' gives up what is in it", bpf_map__name(map),
			 difference->text);
	else
		snprintf(unit->why, sizeof(unit->why), "map '%s' of an earlier run, which stayed, means something else: %s; '%s purge' gives all of it up",
			 bpf_map__name(map), difference->text, unit->emf->product->name);
	return -EEXIST;
}

/* Who imports it has the one that is there, and would go on with that. */
static const char *importer_of(const struct emf_unit *unit, const struct bpf_map *map)
{
	const struct emf_registry *registry = &unit->emf->registry;

	for (size_t i = 0; i < registry->n; i++)
		for (const struct emf_shared_map *s = registry->units[i]->m->maps; s && s->map; s++)
			if (registry->units[i]->state == EMF_UNIT_RUNNING && s->from && !strcmp(s->from, unit->m->name) && !strcmp(s->map, bpf_map__name(map)))
				return registry->units[i]->m->name;
	return NULL;
}

/* The module knows how what is in it is written anew. */
static int carry_to_migrate(struct emf_unit *unit, const struct bpf_map *map, int fd)
{
	const char *importer = importer_of(unit, map);

	if (!importer)
		return carry(&unit->pins, map, fd, true);
	close(fd);
	snprintf(unit->why, sizeof(unit->why), "map '%s' is laid out otherwise, and module %s imports it: stop that one first", bpf_map__name(map), importer);
	return -EBUSY;
}

static int adopt(struct emf_unit *unit, struct bpf_map *map, struct emf_there *there)
{
	bool can_migrate = unit->replaces && unit->m->migrate;
	struct emf_btf_difference difference = { 0 };
	int err;

	if (unit->replaces && !emf_there_can_be_had(unit->object.head->obj, map, there, &difference)) {
		if (can_migrate)
			return carry_to_migrate(unit, map, there->fd);
		close(there->fd);
		return refuse_other(unit, map, &difference);
	}
	if (emf_there_is_same(unit->object.head->obj, map, there, &difference)) {
		err = bpf_map__reuse_fd(map, there->fd);
		unit->pins.n_adopted += !err;
		close(there->fd);
		return err;
	}
	if (emf_there_is_section(bpf_map__name(map)))
		return carry(&unit->pins, map, there->fd, false);
	if (can_migrate)
		return carry_to_migrate(unit, map, there->fd);
	close(there->fd);
	return refuse_other(unit, map, &difference);
}

/*
 * Of the module whose place is taken: a descriptor, or a negative errno. An array of programs would have those of the new one
 * as soon as that is loaded, while the old one still calls what is in it.
 */
static int map_of(const struct emf_unit *unit, const char *name)
{
	const struct bpf_map *map;
	char own[EMF_UNIT_PIN_NAME];

	if (!unit->object.head)
		return -ENOENT;
	bpf_object__for_each_map(map, unit->object.head->obj) {
		int fd;

		pin_name(unit, map, own);
		if (!is_own(unit, map) || bpf_map__type(map) == BPF_MAP_TYPE_PROG_ARRAY || bpf_map__fd(map) < 0 || strcmp(own, name))
			continue;
		fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? -errno : fd;
	}
	return -ENOENT;
}

int emf_unit_pins_adopt_maps(struct emf_unit *unit)
{
	char name[EMF_UNIT_PIN_NAME];
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, unit->object.head->obj) {
		struct emf_there there;

		if (err || !is_own(unit, map))
			continue;
		pin_name(unit, map, name);
		there.fd = unit->replaces ? map_of(unit->replaces, name) : emf_pin_get(unit->pins.at, name);
		if (there.fd == -ENOENT && !unit->replaces)
			tell_unread(unit, map, name);
		if (there.fd == -ENOENT)
			continue;
		err = there.fd < 0 ? there.fd : emf_there_look(&there);
		if (!err) {
			err = adopt(unit, map, &there);
			btf__free(there.btf);
		} else if (there.fd >= 0) {
			close(there.fd);
		}
	}
	if (err && !unit->why[0])
		snprintf(unit->why, sizeof(unit->why), "what an earlier run left cannot be taken over: %s", strerror(-err));
	return err;
}

static bool is_of(const struct emf_unit *unit, const struct bpf_map *map)
{
	char name[EMF_UNIT_PIN_NAME];
	int fd;

	pin_name(unit, map, name);
	fd = unit->replaces ? map_of(unit->replaces, name) : -ENOENT;
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

const char *emf_unit_pins_fate(const struct emf_unit *unit, const struct bpf_map *map)
{
	if (!is_own(unit, map))
		return NULL;
	for (size_t i = 0; i < unit->pins.n_carried; i++)
		if (unit->pins.carried[i].map == map)
			return unit->pins.carried[i].migrates ? "is laid out otherwise, or cannot be handed over: the module's migrate is called for it" :
								"is laid out otherwise: its variables are copied one by one";
	return is_of(unit, map) ? "stays, with what is in it" : "is new";
}

/* --- variables, one by one */

static void carry_variables(const struct btf *ours, const struct btf_type *our_section, char *to, size_t size, const struct emf_there *there, const char *from)
{
	const struct btf_type *their_section = btf__type_by_id(there->btf, there->info.btf_value_type_id);

	for (__u16 i = 0; i < btf_vlen(our_section); i++) {
		const struct btf_var_secinfo *place = &btf_var_secinfos(our_section)[i], *other;
		const struct btf_type *variable = emf_there_variable(ours, place);

		other = variable ? emf_btf_variable(there->btf, their_section, btf__name_by_offset(ours, variable->name_off)) : NULL;
		if (other && other->size == place->size && (size_t)place->offset + place->size <= size && other->offset + other->size <= there->info.value_size &&
		    emf_btf_same(ours, variable->type, there->btf, btf__type_by_id(there->btf, other->type)->type, "", NULL))
			memcpy(to + place->offset, from + other->offset, place->size);
	}
}

static int carry_section(const struct emf_unit *unit, const struct emf_carried_map *carried)
{
	const struct btf *btf = bpf_object__btf(unit->object.head->obj);
	const struct btf_type *section = btf ? btf__type_by_id(btf, bpf_map__btf_value_type_id(carried->map)) : NULL;
	struct emf_there there = { .fd = carried->fd };
	char *from, *to;
	__u32 zero = 0;
	int err = emf_there_look(&there);

	if (err)
		return err;
	from = calloc(1, there.info.value_size);
	to = calloc(1, bpf_map__value_size(carried->map));
	err = from && to ? 0 : -ENOMEM;
	if (!err && section && btf_is_datasec(section) && there.btf && btf_is_datasec(btf__type_by_id(there.btf, there.info.btf_value_type_id)) &&
	    !bpf_map_lookup_elem(there.fd, &zero, from) && !bpf_map_lookup_elem(bpf_map__fd(carried->map), &zero, to)) {
		carry_variables(btf, section, to, bpf_map__value_size(carried->map), &there, from);
		err = bpf_map_update_elem(bpf_map__fd(carried->map), &zero, to, BPF_ANY) ? -errno : 0;
	}
	free(from);
	free(to);
	btf__free(there.btf);
	return err;
}

const struct emf_migration *emf_module_migration(const struct module *m)
{
	return m->unit ? m->unit->migration : NULL;
}

static int migrate(struct emf_unit *unit, const struct emf_carried_map *carried)
{
	const char *name = bpf_map__name(carried->map);
	const struct emf_migration migration = { .map = name, .version = unit->replaces->m->version,
						 .from = emf_map_get(unit->replaces->m, name), .to = (const struct emf_map *)carried->map };
	int err;

	unit->migration = &migration;
	err = unit->m->migrate(unit->m);
	unit->migration = NULL;
	if (err > 0)
		err = -EINVAL;
	if (err)
		snprintf(unit->why, sizeof(unit->why), "map '%s' cannot be taken over: migrate says: %s", name, strerror(-err));
	return err;
}

int emf_unit_pins_carry(struct emf_unit *unit)
{
	int err = 0;

	for (size_t i = 0; i < unit->pins.n_carried && !err; i++) {
		const struct emf_carried_map *carried = &unit->pins.carried[i];

		err = emf_there_is_section(bpf_map__name(carried->map)) ? carry_section(unit, carried) : 0;
		if (!err && carried->migrates)
			err = migrate(unit, carried);
	}
	emf_unit_pins_forget_carried(&unit->pins);
	if (err && !unit->why[0])
		snprintf(unit->why, sizeof(unit->why), "variables of an earlier run cannot be taken over: %s", strerror(-err));
	return err;
}

int emf_unit_pins_pin_maps(struct emf_unit *unit)
{
	char name[EMF_UNIT_PIN_NAME];
	struct bpf_map *map;

	if (!unit->object.head)
		return 0;
	bpf_object__for_each_map(map, unit->object.head->obj) {
		int err;

		if (!is_own(unit, map) || bpf_map__fd(map) < 0)
			continue;
		pin_name(unit, map, name);
		err = emf_pin(unit->pins.at, name, bpf_map__fd(map));
		if (!err)
			continue;
		snprintf(unit->why, sizeof(unit->why), "it cannot stay when this process ends: map '%s' cannot be pinned: %s", bpf_map__name(map),
			 strerror(-err));
		return err;
	}
	return 0;
}
