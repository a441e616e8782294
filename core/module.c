// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * module.c - the registry of modules.
 */
#include "module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_module.h"
#include "command.h"
#include "core.h"
#include "kernel_enum.h"
#include "map_share.h"
#include "upgrade.h"

/* Set by the linker around the section; weak, since a product may have no modules. */
extern struct module *const __start_emf_modules[] __attribute__((weak, visibility("hidden")));
extern struct module *const __stop_emf_modules[] __attribute__((weak, visibility("hidden")));

void emf_registry_linked(struct module *const **begin, struct module *const **end)
{
	*begin = __start_emf_modules;
	*end = __stop_emf_modules;
}

static int compare_units(const void *a, const void *b)
{
	const struct module *x = (*(struct emf_unit *const *)a)->m;
	const struct module *y = (*(struct emf_unit *const *)b)->m;

	if (x->prio != y->prio)
		return x->prio < y->prio ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Whether every module that has what unit @i cannot do without stands before @end. */
static bool is_ready(const struct emf_registry *registry, size_t i, size_t end)
{
	for (size_t j = end; j < registry->n; j++)
		if (j != i && (emf_bus_needs(registry->units[i]->m, registry->units[j]->m) ||
			       emf_map_share_needs(registry->units[i]->m, registry->units[j]->m)))
			return false;
	return true;
}

/*
 * A module starts after those whose services it uses and whose maps it imports; otherwise the order stays. In a
 * cycle (which the build refuses, but modules of extensions can make one) nobody is
 * ready, and priority decides. Those before @from have their places.
 */
static void providers_first(struct emf_registry *registry, size_t from)
{
	for (size_t end = from; end < registry->n; end++) {
		struct emf_unit *chosen;
		size_t i = end;

		while (i < registry->n && !is_ready(registry, i, end))
			i++;
		if (i == registry->n || i == end)
			continue;
		chosen = registry->units[i];
		memmove(&registry->units[end + 1], &registry->units[end], (i - end) * sizeof(*registry->units));
		registry->units[end] = chosen;
	}
}

static bool name_is_usable(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	if (!name || !*name || !strchr(letters, *name))
		return false;
	return name[strspn(name, rest)] == '\0';
}

static int check_name(const struct emf_registry *registry, const struct module *m)
{
	if (!name_is_usable(m->name)) {
		emf_err(NULL,
			"a module calls itself \"%s\": give it a name of letters, digits and '_' that starts with a letter or '_'",
			m->name ? m->name : "(null)");
		return -EINVAL;
	}
	if (emf_command_find(m->name) && !emf_command_may_be_module(m->name)) {
		emf_err(NULL, "module \"%s\" has the name of a built-in command: rename it", m->name);
		return -EINVAL;
	}
	if (emf_registry_find(registry, m->name)) {
		emf_err(NULL, "two modules are named \"%s\": rename or remove one of them", m->name);
		return -EEXIST;
	}
	return 0;
}

void emf_unit_free(struct emf_unit *unit)
{
	if (!unit)
		return;
	emf_unit_free(unit->previous);
	emf_param_set_fini(&unit->params);
	emf_ring_set_fini(&unit->rings);
	emf_show_fini(&unit->shown);
	emf_view_fini(unit);
	emf_metric_set_fini(&unit->metrics);
	emf_runs_fini(&unit->runs);
	emf_upgrade_free(unit->upgrade);
	unit->m->unit = NULL;
	free(unit);
}

int emf_unit_new(struct emf *emf, struct module *m, struct emf_extension_file *from, struct emf_unit **unit)
{
	struct emf_unit *made = calloc(1, sizeof(*made));
	int err = made ? emf_param_set_init(&made->params, m) : -ENOMEM;

	if (err) {
		free(made);
		return err;
	}
	made->m = m;
	made->emf = emf;
	made->from = from;
	m->unit = made;
	*unit = made;
	return 0;
}

static int add_unit(struct emf_registry *registry, struct emf *emf, struct module *m, struct emf_extension_file *from)
{
	int err = check_name(registry, m);

	if (!err)
		err = emf_unit_new(emf, m, from, &registry->units[registry->n]);
	registry->n += !err;
	return err;
}

int emf_registry_add(struct emf_registry *registry, struct emf *emf, struct module *const *begin,
		     struct module *const *end, struct emf_extension_file *from)
{
	size_t before = registry->n, n = before + (size_t)(end - begin);
	struct emf_unit **units = realloc(registry->units, (n ? n : 1) * sizeof(*units));
	int err = 0;

	if (!units)
		return -ENOMEM;
	registry->units = units;
	emf_kernel_enums_use(begin, end);
	for (; begin != end && !err; begin++)
		err = add_unit(registry, emf, *begin, from);
	while (err && registry->n > before)
		emf_unit_free(registry->units[--registry->n]);
	if (err)
		return err;
	/* Those of extensions stand behind all that are linked in. */
	qsort(units + registry->n_linked, registry->n - registry->n_linked, sizeof(*units), compare_units);
	providers_first(registry, registry->n_linked);
	return 0;
}

int emf_registry_init(struct emf_registry *registry, struct emf *emf,
		      struct module *const *begin, struct module *const *end)
{
	int err;

	*registry = (struct emf_registry){ 0 };
	err = emf_registry_add(registry, emf, begin, end, NULL);
	if (err)
		emf_registry_fini(registry);
	registry->n_linked = registry->n;
	return err;
}

void emf_registry_replace(struct emf_registry *registry, const struct emf_unit *old, struct emf_unit *unit)
{
	size_t i = 0;

	while (registry->units[i] != old)
		i++;
	registry->units[i] = unit;
}

bool emf_registry_is_linked(const struct emf_registry *registry, const struct emf_unit *unit)
{
	for (size_t i = 0; i < registry->n_linked; i++)
		if (registry->units[i] == unit)
			return true;
	return false;
}

void emf_registry_remove(struct emf_registry *registry, struct emf_unit *unit)
{
	size_t i = 0;

	while (registry->units[i] != unit)
		i++;
	memmove(&registry->units[i], &registry->units[i + 1], (--registry->n - i) * sizeof(*registry->units));
	emf_unit_free(unit);
}

void emf_registry_fini(struct emf_registry *registry)
{
	while (registry->n)
		emf_unit_free(registry->units[--registry->n]);
	free(registry->units);
	registry->units = NULL;
}

struct emf_unit *emf_registry_find(const struct emf_registry *registry, const char *name)
{
	for (size_t i = 0; i < registry->n; i++)
		if (!strcmp(registry->units[i]->m->name, name))
			return registry->units[i];
	return NULL;
}

const char *emf_unit_state_name(enum emf_unit_state state)
{
	switch (state) {
	case EMF_UNIT_IDLE:
		return "idle";
	case EMF_UNIT_CREATED:
		return "created";
	case EMF_UNIT_RUNNING:
		return "running";
	case EMF_UNIT_STOPPING:
		return "stopping";
	case EMF_UNIT_STOPPED:
		return "stopped";
	case EMF_UNIT_FAILED:
		return "failed";
	}
	return "unknown";
}

enum emf_event emf_module_event(const struct module *m)
{
	return m->unit->event;
}

const char *emf_module_peer(const struct module *m)
{
	return m->unit->peer;
}
