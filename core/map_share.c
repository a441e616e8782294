// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * map_share.c - maps that modules import from each other. The importer's object is
 * loaded with the exporter's map in the place of its own; libbpf keeps a descriptor
 * for each of the two, so the map lives as long as one of them.
 */
#include "map_share.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpf_error.h"
#include "core.h"

bool emf_map_share_needs(const struct module *user, const struct module *exporter)
{
	for (const struct emf_shared_map *s = user->maps; s && s->map; s++)
		if (s->from && !strcmp(s->from, exporter->name))
			return true;
	return false;
}

const char *emf_map_share_from(const struct module *m, const char *map)
{
	for (const struct emf_shared_map *s = m->maps; s && s->map; s++)
		if (s->from && !strcmp(s->map, map))
			return s->from;
	return "";
}

static struct emf_unit *exporter_of(const struct emf_unit *unit, const struct emf_shared_map *import)
{
	return emf_registry_find(&unit->emf->registry, import->from);
}

static const struct emf_shared_map *export_of(const struct module *exporter, const char *map)
{
	for (const struct emf_shared_map *s = exporter->maps; s && s->map; s++)
		if (!s->from && !strcmp(s->map, map))
			return s;
	return NULL;
}

static struct bpf_map *map_of(const struct emf_unit *unit, const char *name)
{
	return unit->object.head ? bpf_object__find_map_by_name(unit->object.head->obj, name) : NULL;
}

static int refuse(struct emf_unit *unit, const struct emf_shared_map *import, int err, const char *what)
{
	snprintf(unit->why, sizeof(unit->why), "imports map '%s' of module %s, which %s", import->map, import->from, what);
	return err;
}

int emf_map_share_check(struct emf_unit *unit)
{
	for (const struct emf_shared_map *s = unit->m->maps; s && s->map; s++) {
		const struct emf_unit *exporter = s->from ? exporter_of(unit, s) : NULL;

		if (!s->from)
			continue;
		if (!exporter)
			return refuse(unit, s, -ENOTCONN, "this product does not have");
		if (exporter->state == EMF_UNIT_CREATED || exporter->state == EMF_UNIT_RUNNING)
			continue;
		unit->unsupported = exporter->unsupported;
		return refuse(unit, s, -ENOTCONN,
			      exporter->state == EMF_UNIT_FAILED ? "failed" :
			      exporter->state == EMF_UNIT_IDLE	 ? "was not started before it" :
								   "was stopped");
	}
	return 0;
}

/* What differs, as words; NULL if nothing does. A size that configure changed is the exporter's to choose. */
static const char *difference(const struct bpf_map *ours, const struct bpf_map *theirs, bool same_layout)
{
	if (bpf_map__type(ours) != bpf_map__type(theirs))
		return "another type of map";
	if (bpf_map__key_size(ours) != bpf_map__key_size(theirs))
		return "another size of the key";
	if (bpf_map__value_size(ours) != bpf_map__value_size(theirs))
		return "another size of the value";
	if (bpf_map__map_flags(ours) != bpf_map__map_flags(theirs))
		return "other map_flags";
	return same_layout ? NULL : "other members of the key or the value";
}

static int import_one(struct emf_unit *unit, const struct emf_shared_map *import)
{
	const struct emf_unit *exporter = exporter_of(unit, import);
	const struct emf_shared_map *export = export_of(exporter->m, import->map);
	struct bpf_map *ours = map_of(unit, import->map);
	const struct bpf_map *theirs = map_of(exporter, import->map);
	struct emf_bpf_error error;
	char what[160];
	const char *differs;

	if (!export || !theirs)
		return refuse(unit, import, -ENOENT, "does not export it");
	if (!ours)
		return refuse(unit, import, -ENOENT, "exports it, and the kernel part of this one does not declare it");
	differs = difference(ours, theirs, export->layout == import->layout);
	if (differs) {
		snprintf(what, sizeof(what), "exports it with %s: build both modules with the same header", differs);
		return refuse(unit, import, -EPROTO, what);
	}
	if (bpf_map__fd(theirs) < 0)
		return refuse(unit, import, -EOPNOTSUPP, "runs without it: this kernel has no such maps");
	emf_bpf_error_begin(&error, unit);
	return emf_bpf_error_end(&error, "import", NULL, bpf_map__reuse_fd(ours, bpf_map__fd(theirs)));
}

int emf_map_share_import(struct emf_unit *unit)
{
	int err = 0;

	for (const struct emf_shared_map *s = unit->m->maps; s && s->map && !err; s++)
		if (s->from)
			err = import_one(unit, s);
	return err;
}
