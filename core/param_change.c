// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * param_change.c - new values of parameters, and who is told about them.
 */
#include <stdio.h>
#include <string.h>

#include "emf_emf.h"
#include "life.h"
#include "view.h"

_Static_assert(sizeof(((struct parameters_changed *)NULL)->value) == EMF_PARAM_TEXT_MAX, "values are written into it");

bool emf_param_change(struct emf_param_set *set, size_t i, const void *value)
{
	const struct emf_param *param = &set->params[i];
	size_t size = emf_param_size(param);

	if (!memcmp(param->value, value, size))
		return false;
	memcpy(param->value, value, size);
	set->states[i].is_changed = true;
	return true;
}

static void emit(const struct emf_unit *unit, const struct emf_param *param)
{
	struct parameters_changed signal = { 0 };

	snprintf(signal.module, sizeof(signal.module), "%s", unit->m->name);
	snprintf(signal.name, sizeof(signal.name), "%s", param->name);
	emf_param_format(param, param->value, signal.value);
	parameters_emit_changed(&signal);
}

void emf_param_tell(struct emf_unit *unit)
{
	struct emf_param_set *set = &unit->params;
	size_t first = 0;

	while (first < set->n && !set->states[first].is_changed)
		first++;
	if (first == set->n)
		return;
	if (unit->state == EMF_UNIT_RUNNING) {
		emf_bpf_object_set_params(unit);
		emf_view_change(unit);
		emf_life_notify(unit, EMF_EVENT_PARAMS, NULL);
	}
	/* Who hears it may change it again: that is told inside, once. */
	for (size_t i = first; i < set->n; i++) {
		if (!set->states[i].is_changed)
			continue;
		set->states[i].is_changed = false;
		emit(unit, &set->params[i]);
	}
}
