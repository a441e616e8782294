// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_list.c - "list": the modules that were linked in, or those of packages.
 */
#include "command.h"
#include "extension.h"
#include "json.h"
#include "package_list.h"
#include "package_load.h"
#include "table.h"

static const char *kind(const struct module *m)
{
	return m->chain ? "chain" : m->object ? "bpf" : "user";
}

static int list_json(const struct emf *emf)
{
	json_t *all = json_array();

	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct module *m = emf->registry.units[i]->m;

		json_array_append_new(all, json_pack("{s:s, s:o, s:s, s:i, s:b, s:b, s:o}", "name", m->name,
						     "version", emf_json_text(m->version), "kind", kind(m),
						     "priority", m->prio, "required",
						     !!(m->flags & EMF_MODULE_REQUIRED), "by_name", !!(m->flags & EMF_MODULE_BY_NAME), "doc",
						     emf_json_text(m->doc)));
	}
	return emf_json_print(all);
}

int emf_cmd_list(struct emf *emf, int argc, char **argv)
{
	bool as_json = false;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &as_json },
	};
	int rest, status = emf_command_parse(emf, "list", options, 1, argc, argv, &rest);
	struct emf_table table;

	if (status >= 0)
		return status;
	if (rest < argc && !emf_package_is_path(argv[rest])) {
		emf_err(NULL, "list takes files of packages, or nothing for the modules of this product, and got '%s'", argv[rest]);
		return EMF_EXIT_USAGE;
	}
	if (rest < argc)
		return emf_package_list(argv + rest, (size_t)(argc - rest), as_json) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
	emf_extension_add_all(emf);
	if (as_json)
		return list_json(emf);
	if (!emf->registry.n) {
		printf("This product has no modules.\n");
		return EMF_EXIT_OK;
	}
	emf_table_init(&table, 5);
	emf_table_row(&table, "MODULE", "VERSION", "KIND", "PRIO", "WHAT IT DOES", NULL);
	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct module *m = emf->registry.units[i]->m;

		emf_table_cell(&table, "%s", m->name);
		emf_table_cell(&table, "%s", m->version ? m->version : "-");
		emf_table_cell(&table, "%s", kind(m));
		emf_table_cell(&table, "%d", m->prio);
		emf_table_cell(&table, "%s%s", m->doc ? m->doc : "-", m->flags & EMF_MODULE_BY_NAME ? " (runs where it is named)" : "");
	}
	return emf_table_print(&table, stdout) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}
