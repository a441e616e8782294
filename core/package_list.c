// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_list.c - what is in packages.
 */
#include "package_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "log.h"
#include "package_load.h"
#include "table.h"

static json_t *text_of(const json_t *object, const char *name)
{
	return emf_json_text(json_string_value(json_object_get(object, name)));
}

static json_t *modules_of(const json_t *manifest)
{
	json_t *all = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(manifest, "modules"), i, one)
		json_array_append_new(all, json_pack("{s:o, s:o, s:o}", "name", text_of(one, "name"), "version", text_of(one, "version"), "doc", text_of(one, "doc")));
	return all;
}

static json_t *kernels_of(const json_t *manifest)
{
	json_t *all = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(manifest, "kernels"), i, one)
		json_array_append_new(all, emf_json_text(json_string_value(one)));
	return all;
}

/* Of each machine its kernels; modules are the same for all. */
static void add_part(json_t *to, const struct emf_package *package)
{
	json_t *manifest = json_loadb(package->manifest, package->manifest_size, JSON_REJECT_DUPLICATES, NULL);

	json_object_set_new(json_object_get(to, "machines"), emf_package_machine_name(package->machine), kernels_of(manifest));
	if (!json_object_get(to, "modules"))
		json_object_set_new(to, "modules", modules_of(manifest));
	json_decref(manifest);
}

static json_t *read_one(const char *path, char why[EMF_PACKAGE_WHY_MAX])
{
	struct emf_package package, part;
	size_t size;
	void *bytes = emf_package_slurp(path, &size, why);
	json_t *found = json_pack("{s:o, s:{}}", "file", emf_json_text(path), "machines");
	int err = !bytes ? -EINVAL : !found ? -ENOMEM : emf_package_look(bytes, size, &package, why);

	if (!err && !package.n_wholes)
		add_part(found, &package);
	for (size_t i = 0; !err && i < package.n_wholes; i++) {
		err = emf_package_look(package.wholes[i].bytes, package.wholes[i].size, &part, why);
		if (!err && !part.n_wholes)
			add_part(found, &part);
	}
	free(bytes);
	if (!err)
		return found;
	json_decref(found);
	return NULL;
}

static void print_cell(struct emf_table *table, const json_t *text)
{
	const char *shown = json_string_length(text) ? json_string_value(text) : "-";

	emf_table_cell(table, "%.*s", (int)strcspn(shown, "\n"), shown); /* or a row could be made up */
}

static void print_one(struct emf_table *table, json_t *found)
{
	char machines[200] = "";
	size_t i, len = 0;
	const char *name;
	json_t *kernels, *one;

	json_object_foreach(json_object_get(found, "machines"), name, kernels) {
		len += (size_t)snprintf(machines + len, sizeof(machines) - len, "%s%s", len ? ", " : "", name);
		if (json_array_size(kernels) && len < sizeof(machines))
			len += (size_t)snprintf(machines + len, sizeof(machines) - len, " (BTF of %zu)", json_array_size(kernels));
		len = len < sizeof(machines) ? len : sizeof(machines) - 1;
	}
	json_array_foreach(json_object_get(found, "modules"), i, one) {
		print_cell(table, json_object_get(one, "name"));
		print_cell(table, json_object_get(one, "version"));
		emf_table_cell(table, "%s", machines);
		print_cell(table, json_object_get(one, "doc"));
	}
}

int emf_package_list(char *const *paths, size_t n, bool as_json)
{
	json_t *all = json_array(), *found;
	char why[EMF_PACKAGE_WHY_MAX];
	struct emf_table table;
	size_t i;

	for (i = 0; i < n; i++) {
		found = read_one(paths[i], why);
		if (!found) {
			emf_err(NULL, "list: %s: %s", paths[i], why);
			json_decref(all);
			return -EINVAL;
		}
		json_array_append_new(all, found);
	}
	if (as_json)
		return emf_json_print(all) ? -EINVAL : 0;
	emf_table_init(&table, 4);
	emf_table_row(&table, "MODULE", "VERSION", "MACHINES", "WHAT IT DOES", NULL);
	json_array_foreach(all, i, found)
		print_one(&table, found);
	json_decref(all);
	return emf_table_print(&table, stdout) ? -EINVAL : 0;
}
