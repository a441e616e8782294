// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * upgrade_check.c - whether a module can take the place of another one: for those who need that, and with its parameters.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <emf/attach.h>

#include "bus_module.h"
#include "config.h"
#include "core.h"
#include "upgrade.h"

static const struct emf_shared_map *export_of(const struct module *m, const char *map)
{
	for (const struct emf_shared_map *s = m->maps; s && s->map; s++)
		if (!s->from && !strcmp(s->map, map))
			return s;
	return NULL;
}

static bool runs(const struct emf_unit *unit)
{
	return unit->state == EMF_UNIT_RUNNING || unit->state == EMF_UNIT_CREATED;
}

static int check_imports(const struct emf_unit *unit, const struct emf_unit *importer, char *why)
{
	for (const struct emf_shared_map *s = importer->m->maps; s && s->map; s++) {
		const struct emf_shared_map *export = export_of(unit->m, s->map);

		if (!s->from || strcmp(s->from, unit->m->name) || (export && export->layout == s->layout))
			continue;
		snprintf(why, EMF_UPGRADE_WHY_MAX, "module %.63s imports its map '%.63s', which the new one %s: stop it first", importer->m->name, s->map,
			 export ? "lays out otherwise" : "does not export");
		return -EBUSY;
	}
	return 0;
}

/* Filters of tc, and XDP in a mode that was asked for, hang by what has no link that could be given another program. */
static const struct emf_attach *without_link(const struct module *m)
{
	const struct emf_attach *a = m->attaches;

	while (a && a->program && a->kind != EMF_ATTACH_TC && !a->xdp_mode)
		a++;
	return a && a->program ? a : NULL;
}

int emf_upgrade_check(const struct emf_unit *unit, char why[EMF_UPGRADE_WHY_MAX])
{
	const struct emf_registry *registry = &unit->emf->registry;
	const char *lost = emf_bus_lost(unit->m, unit->replaces->m);
	int err = 0;

	if (unit->m->chain) {
		snprintf(why, EMF_UPGRADE_WHY_MAX, "the new one stands for a chain: those are built by 'chain'");
		return -EOPNOTSUPP;
	}
	if (without_link(unit->m) && without_link(unit->replaces->m)) {
		snprintf(why, EMF_UPGRADE_WHY_MAX, "program '%.63s' hangs by %s, where none can take the place of another: 'unload' the module, and 'load' the new one",
			 without_link(unit->m)->program, without_link(unit->m)->xdp_mode ? "a mode of XDP" : "a filter of tc");
		return -EOPNOTSUPP;
	}
	if (lost) {
		snprintf(why, EMF_UPGRADE_WHY_MAX, "the new one does not serve %.63s, which the old one does: 'unload' or 'stop' it, and load the other", lost);
		return -EBUSY;
	}
	for (size_t i = 0; i < registry->n && !err; i++)
		if (registry->units[i] != unit->replaces && runs(registry->units[i]))
			err = check_imports(unit, registry->units[i], why);
	return err;
}

/* --- parameters */

/* What the files say of those that are new. The registry has it for that time: they name modules. */
static int read_files(struct emf_unit *unit, char *why)
{
	struct emf_registry *registry = &unit->emf->registry;
	int err;

	emf_registry_replace(registry, unit->replaces, unit);
	err = emf_config_reload_unit(unit);
	emf_registry_replace(registry, unit, unit->replaces);
	if (err)
		snprintf(why, EMF_UPGRADE_WHY_MAX, "the configuration has mistakes, which the log of the service names");
	return err ? -EINVAL : 0;
}

int emf_upgrade_carry_params(struct emf_unit *unit, char why[EMF_UPGRADE_WHY_MAX])
{
	const struct emf_param_set *theirs = &unit->replaces->params;
	int err = read_files(unit, why);

	for (size_t i = 0; i < theirs->n && !err; i++) {
		char text[EMF_PARAM_TEXT_MAX], what[EMF_PARAM_WHY_MAX];
		int p = emf_param_index(&unit->params, theirs->params[i].name);

		/* A default is the one of the version that runs. */
		if (p < 0 || theirs->states[i].origin == EMF_PARAM_DEFAULT)
			continue;
		emf_param_format(&theirs->params[i], theirs->params[i].value, text);
		err = emf_param_assign(&unit->params, (size_t)p, text, theirs->states[i].origin, what);
		if (err)
			snprintf(why, EMF_UPGRADE_WHY_MAX, "parameter %.63s cannot keep its value: %s", theirs->params[i].name, what);
	}
	return err;
}
