// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_unite.c - packages of the same modules for several machines, as one file.
 */
#include "package_unite.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package_join.h"
#include "package_load.h"

/* What was read of the files, which stays until all is written. */
struct uniting {
	char *const *paths;
	void *bytes[EMF_PACKAGE_MACHINES_MAX];
	struct emf_package_whole wholes[EMF_PACKAGE_MACHINES_MAX];
	size_t from[EMF_PACKAGE_MACHINES_MAX]; /* which file each is of */
	size_t n;
	json_t *modules; /* names and versions */
	char *why;
};

/* [[name, version], ...]; NULL for a manifest that was not written by a product. */
static json_t *modules_of(const struct emf_package *package)
{
	json_t *manifest = json_loadb(package->manifest, package->manifest_size, JSON_REJECT_DUPLICATES, NULL), *all = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(manifest, "modules"), i, one)
		json_array_append_new(all, json_pack("[O?, O?]", json_object_get(one, "name"), json_object_get(one, "version")));
	if (!json_array_size(all)) {
		json_decref(all);
		all = NULL;
	}
	json_decref(manifest);
	return all;
}

static int check_modules(struct uniting *u, const struct emf_package *package, size_t file)
{
	json_t *modules = modules_of(package);
	bool are_same = modules && (!u->modules || json_equal(modules, u->modules));

	if (!are_same)
		snprintf(u->why, EMF_PACKAGE_WHY_MAX, "%.70s has other modules than %.70s, or other versions of them: pack the same ones on each machine", u->paths[file], u->paths[0]);
	if (are_same && !u->modules)
		u->modules = json_incref(modules);
	json_decref(modules);
	return are_same ? 0 : -EINVAL;
}

static int add_one(struct uniting *u, const struct emf_package *package, size_t file)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->wholes[i].machine == package->machine) {
			snprintf(u->why, EMF_PACKAGE_WHY_MAX, "%.80s and %.80s are both for %s", u->paths[u->from[i]], u->paths[file], emf_package_machine_name(package->machine));
			return -EINVAL;
		}
	if (!package->machine || u->n == EMF_PACKAGE_MACHINES_MAX) {
		snprintf(u->why, EMF_PACKAGE_WHY_MAX, "%.80s: it is for no machine, or there are more than %d", u->paths[file], EMF_PACKAGE_MACHINES_MAX);
		return -EINVAL;
	}
	u->wholes[u->n] = (struct emf_package_whole){ package->machine, package->bytes, package->size };
	u->from[u->n++] = file;
	return check_modules(u, package, file);
}

/* One that was joined before has several. */
static int add_all(struct uniting *u, const struct emf_package *package, size_t file)
{
	struct emf_package part;
	char why[EMF_PACKAGE_WHY_MAX];
	int err = 0;

	if (!package->n_wholes)
		return add_one(u, package, file);
	for (size_t i = 0; i < package->n_wholes && !err; i++) {
		err = emf_package_look(package->wholes[i].bytes, package->wholes[i].size, &part, why);
		if (err || part.n_wholes || part.signature || part.machine != package->wholes[i].machine) {
			snprintf(u->why, EMF_PACKAGE_WHY_MAX, "%.80s: a part of it is no package for one machine", u->paths[file]);
			return -EINVAL;
		}
		err = add_one(u, &part, file);
	}
	return err;
}

static int read_file(struct uniting *u, size_t file)
{
	char why[EMF_PACKAGE_WHY_MAX];
	struct emf_package package;
	size_t size;

	u->bytes[file] = emf_package_slurp(u->paths[file], &size, why);
	if (u->bytes[file] && !emf_package_look(u->bytes[file], size, &package, why))
		return add_all(u, &package, file);
	snprintf(u->why, EMF_PACKAGE_WHY_MAX, "%.80s: %.150s", u->paths[file], why);
	return -EINVAL;
}

static int compare(const void *a, const void *b)
{
	return (int)((const struct emf_package_whole *)a)->machine - (int)((const struct emf_package_whole *)b)->machine;
}

int emf_package_unite(char *const *paths, size_t n, struct emf_bytes *out, char why[EMF_PACKAGE_WHY_MAX])
{
	struct uniting *u = calloc(1, sizeof(*u));
	int err = 0;

	snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	if (!u)
		return -ENOMEM;
	u->paths = paths;
	u->why = why;
	for (size_t i = 0; i < n && i < EMF_PACKAGE_MACHINES_MAX && !err; i++)
		err = read_file(u, i);
	if (!err) {
		qsort(u->wholes, u->n, sizeof(*u->wholes), compare);
		err = emf_package_join_wholes(u->wholes, u->n, out);
	}
	if (!err && out->size > EMF_PACKAGE_MAX) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "together they have %zu bytes, and %u are allowed", out->size, EMF_PACKAGE_MAX);
		err = -E2BIG;
	}
	for (size_t i = 0; i < EMF_PACKAGE_MACHINES_MAX; i++)
		free(u->bytes[i]);
	json_decref(u->modules);
	free(u);
	return err;
}
