// SPDX-License-Identifier: BSD-2-Clause
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
#include "map_share.h"

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
	const struct module *x = ((const struct emf_unit *)a)->m;
	const struct module *y = ((const struct emf_unit *)b)->m;

	if (x->prio != y->prio)
		return x->prio < y->prio ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Whether every module that has what unit @i cannot do without stands before @end. */
static bool is_ready(const struct emf_registry *registry, size_t i, size_t end)
{
	for (size_t j = end; j < registry->n; j++)
		if (j != i && (emf_bus_needs(registry->units[i].m, registry->units[j].m) ||
			       emf_map_share_needs(registry->units[i].m, registry->units[j].m)))
			return false;
	return true;
}

/*
 * A module starts after those whose services it uses and whose maps it imports; otherwise the order stays. In a
 * cycle (which the build refuses, but modules of extensions can make one) nobody is
 * ready, and priority decides.
 */
static void providers_first(struct emf_registry *registry)
{
	for (size_t end = 0; end < registry->n; end++) {
		struct emf_unit chosen;
		size_t i = end;

		while (i < registry->n && !is_ready(registry, i, end))
			i++;
		if (i == registry->n || i == end)
			continue;
		chosen = registry->units[i];
		memmove(&registry->units[end + 1], &registry->units[end], (i - end) * sizeof(chosen));
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

int emf_registry_init(struct emf_registry *registry, struct emf *emf,
		      struct module *const *begin, struct module *const *end)
{
	size_t n = (size_t)(end - begin);
	int err;

	registry->n = 0;
	registry->units = calloc(n ? n : 1, sizeof(*registry->units));
	if (!registry->units)
		return -ENOMEM;
	for (; begin != end; begin++) {
		struct emf_unit *unit = &registry->units[registry->n];

		err = check_name(registry, *begin);
		if (!err)
			err = emf_param_set_init(&unit->params, *begin);
		if (err) {
			emf_registry_fini(registry);
			return err;
		}
		unit->m = *begin;
		unit->emf = emf;
		registry->n++;
	}
	qsort(registry->units, registry->n, sizeof(*registry->units), compare_units);
	providers_first(registry);
	/* Only now: sorting moves the units. */
	for (size_t i = 0; i < registry->n; i++)
		registry->units[i].m->unit = &registry->units[i];
	return 0;
}

void emf_registry_fini(struct emf_registry *registry)
{
	for (size_t i = 0; i < registry->n; i++) {
		emf_param_set_fini(&registry->units[i].params);
		emf_ring_set_fini(&registry->units[i].rings);
		emf_show_fini(&registry->units[i].shown);
		emf_view_fini(&registry->units[i]);
		emf_metric_set_fini(&registry->units[i].metrics);
		registry->units[i].m->unit = NULL;
	}
	free(registry->units);
	registry->units = NULL;
	registry->n = 0;
}

struct emf_unit *emf_registry_find(const struct emf_registry *registry, const char *name)
{
	for (size_t i = 0; i < registry->n; i++)
		if (!strcmp(registry->units[i].m->name, name))
			return &registry->units[i];
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
