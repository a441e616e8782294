/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/migration.h - what a version of a module has from the one whose place it takes.
 */
#ifndef EMF_MIGRATION_H
#define EMF_MIGRATION_H

#include <emf/map.h>
#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct emf_migration - a map that is laid out otherwise, or cannot be handed over
 * @map: its name
 * @version: of the module that runs, or NULL
 * @from: of that module, whose programs write there still
 * @to: of this one, with nothing in it
 *
 * Both are read and written as any map: keys and values are as each of the two versions has them.
 *
 * Since: 0.1
 */
struct emf_migration {
	const char *map;
	const char *version;
	const struct emf_map *from;
	const struct emf_map *to;
};

/**
 * emf_module_migration() - what the running migrate callback is about
 * @m: the module
 *
 * The callback returns 0, and the map may be used; or a negative errno, and the old version goes on: -EOPNOTSUPP for a map that it
 * knows nothing about. It is called when this version is created and none of its programs is attached. What the old programs write
 * after that is not seen again.
 *
 * Context: loop thread, inside migrate.
 * Return: the two maps, until migrate returns.
 * Since: 0.1
 */
EMF_API const struct emf_migration *emf_module_migration(const struct module *m);

#ifdef __cplusplus
}
#endif

#endif
