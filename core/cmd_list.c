// SPDX-License-Identifier: BSD-2-Clause
/*
 * cmd_list.c - "list": the modules that were linked in.
 */
#include "command.h"
#include "json.h"
#include "table.h"

static const char *kind(const struct module *m)
{
	return m->chain ? "chain" : m->object ? "bpf" : "user";
}

static int list_json(const struct emf *emf)
{
	json_t *all = json_array();

	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct module *m = emf->registry.units[i].m;

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
	int status = emf_command_simple(emf, "list", options, 1, argc, argv);
	struct emf_table table;

	if (status >= 0)
		return status;
	if (as_json)
		return list_json(emf);
	if (!emf->registry.n) {
		printf("This product has no modules.\n");
		return EMF_EXIT_OK;
	}
	emf_table_init(&table, 5);
	emf_table_row(&table, "MODULE", "VERSION", "KIND", "PRIO", "WHAT IT DOES", NULL);
	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct module *m = emf->registry.units[i].m;

		emf_table_cell(&table, "%s", m->name);
		emf_table_cell(&table, "%s", m->version ? m->version : "-");
		emf_table_cell(&table, "%s", kind(m));
		emf_table_cell(&table, "%d", m->prio);
		emf_table_cell(&table, "%s%s", m->doc ? m->doc : "-", m->flags & EMF_MODULE_BY_NAME ? " (runs where it is named)" : "");
	}
	return emf_table_print(&table, stdout) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}
