// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * want.c - which modules are to be started.
 */
#include "want.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_module.h"
#include "chain.h"
#include "config.h"
#include "core.h"
#include "extension.h"
#include "log.h"
#include "map_share.h"
#include "suggest.h"

/* With it all modules whose services or maps it cannot do without, and its chains; the build let no cycle pass. */
static void want_unit(struct emf_registry *registry, struct emf_unit *unit)
{
	if (unit->wanted)
		return;
	unit->wanted = true;
	for (size_t i = 0; i < registry->n; i++)
		if (emf_bus_needs(unit->m, registry->units[i]->m) || emf_map_share_needs(unit->m, registry->units[i]->m) ||
		    emf_chain_needs(unit->m, registry->units[i]->m))
			want_unit(registry, registry->units[i]);
}

int emf_want_find(struct emf *emf, const char *name, struct emf_unit **unit)
{
	int err = 0;

	*unit = emf_registry_find(&emf->registry, name);
	if (!*unit) {
		err = emf_extension_add_for(emf, name);
		*unit = emf_registry_find(&emf->registry, name);
	}
	return err || *unit ? err : -ENOENT;
}

struct emf_unit *emf_want(struct emf *emf, const char *name)
{
	struct emf_suggestion near = { .word = name };
	struct emf_unit *unit;
	int err = emf_want_find(emf, name, &unit);

	if (!err)
		want_unit(&emf->registry, unit);
	if (err != -ENOENT)
		return err ? NULL : unit;
	for (size_t i = 0; i < emf->registry.n; i++)
		emf_suggest(&near, emf->registry.units[i]->m->name);
	if (near.best)
		emf_err(NULL, "there is no module '%s'; did you mean '%s'?", name, near.best);
	else
		emf_err(NULL, "there is no module '%s'; '%s list' shows those that there are", name, emf->product->name);
	return NULL;
}

size_t emf_want_package(struct emf *emf, const char *path, struct emf_unit **last)
{
	const struct emf_extension_file *file = NULL;
	size_t n = 0;

	if (emf_extension_add(emf, path, &file))
		return 0;
	for (size_t i = 0; i < emf->registry.n; i++) {
		if (emf->registry.units[i]->from != file)
			continue;
		*last = emf->registry.units[i];
		want_unit(&emf->registry, *last);
		n++;
	}
	return n;
}

bool emf_want_load(struct emf *emf, const struct emf_config *config)
{
	const char *line = emf_config_get(config, EMF_CONFIG_PRODUCT, "modules");
	size_t before = emf->registry.n;
	char *list = line ? strdup(line) : NULL, *rest = list, *word;

	if (!line)
		emf_extension_add_all(emf);
	while (list && (word = strsep(&rest, ", \t")))
		if (*word && !emf_registry_find(&emf->registry, word))
			emf_extension_add_for(emf, word);
	free(list);
	return emf->registry.n != before;
}

int emf_want_configured(struct emf *emf, const struct emf_config *config)
{
	const char *line = emf_config_get(config, EMF_CONFIG_PRODUCT, "modules");
	char *list, *rest, *word;
	int err = 0;

	if (!line) {
		for (size_t i = 0; i < emf->registry.n; i++)
			if (!(emf->registry.units[i]->m->flags & EMF_MODULE_BY_NAME))
				want_unit(&emf->registry, emf->registry.units[i]);
		return 0;
	}
	list = rest = strdup(line);
	if (!list) {
		emf_err(NULL, "out of memory");
		return -ENOMEM;
	}
	while (!err && (word = strsep(&rest, ", \t")))
		err = !*word || emf_want(emf, word) ? 0 : -ENOENT;
	free(list);
	return err;
}
