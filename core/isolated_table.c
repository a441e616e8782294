// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_table.c - what the file of an extension declares.
 */
#include "isolated_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builtin.h"
#include "bus_module.h"
#include "constant.h"
#include "extension.h"

static const struct emf_extension_line *find(const struct emf_isolated_table *table, enum emf_extension_kind kind, const char *name)
{
	for (size_t i = 0; i < table->lines.n; i++)
		if (table->lines.lines[i].kind == kind && (!name || !strcmp(table->lines.lines[i].name, name)))
			return &table->lines.lines[i];
	return NULL;
}

bool emf_isolated_table_has(const struct emf_isolated_table *table, enum emf_extension_kind kind, const char *name)
{
	return find(table, kind, name) != NULL;
}

const struct emf_extension_line *emf_isolated_table_service(const struct emf_isolated_table *table, const char *name)
{
	return find(table, EMF_EXTENSION_SERVICE, name);
}

static int read_cap(struct emf_isolated_table *table, const char *name, char *why)
{
	uint64_t number;

	if (emf_constant_find(EMF_CAP, name, &number) || number > 63) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it needs the capability %s, which this product does not know: use a newer product", name);
		return -EPROTO;
	}
	table->caps |= 1ull << number;
	return 0;
}

static int check_provided(const struct emf_isolated_table *table, const char *name, char *why)
{
	if (emf_builtin_is(name))
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it provides the service %s, which is the product's own: give it another name", name);
	else if (!emf_isolated_table_service(table, name))
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it provides the service %s, and its table does not say what that is: build it again", name);
	else
		return 0;
	return -EINVAL;
}

static int read_lines(struct emf_isolated_table *table, char *why)
{
	size_t n_provided = 0;
	int err = 0;

	for (size_t i = 0; i < table->lines.n && !err; i++) {
		const struct emf_extension_line *line = &table->lines.lines[i];

		if (line->kind == EMF_EXTENSION_MODULE && !table->module) {
			table->module = line->name;
			table->version = line->version;
		} else if (line->kind == EMF_EXTENSION_CAP) {
			err = read_cap(table, line->name, why);
		} else if (line->kind == EMF_EXTENSION_PROVIDED) {
			n_provided++;
			err = check_provided(table, line->name, why);
		} else if (line->kind == EMF_EXTENSION_CHAIN) {
			snprintf(why, EMF_EXTENSION_WHY_MAX, "it has programs for the chain %s, whose maps are the product's: load it without --isolated", line->name);
			err = -EINVAL;
		}
	}
	if (!err && !table->module) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "there is no module in it");
		err = -ENOEXEC;
	}
	if (!err && n_provided > EMF_ISOLATED_SERVICES_MAX) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it provides %zu services, and %d are allowed", n_provided, EMF_ISOLATED_SERVICES_MAX);
		err = -E2BIG;
	}
	return err;
}

int emf_isolated_table_read(int fd, const struct emf_product *product, struct emf_isolated_table *table,
			    char why[EMF_EXTENSION_WHY_MAX])
{
	int err;

	*table = (struct emf_isolated_table){ 0 };
	snprintf(why, EMF_EXTENSION_WHY_MAX, "out of memory");
	err = emf_extension_file_read(fd, &table->lines, why);
	if (err)
		return err;
	emf_bus_register_linked();
	err = emf_extension_check(product, &table->lines, why);
	if (!err)
		err = read_lines(table, why);
	if (err)
		emf_isolated_table_free(table);
	return err;
}

void emf_isolated_table_free(struct emf_isolated_table *table)
{
	emf_extension_file_free(&table->lines);
	*table = (struct emf_isolated_table){ 0 };
}
