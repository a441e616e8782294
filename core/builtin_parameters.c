// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_parameters.c - service parameters: those of the modules, while they run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "builtin.h"
#include "emf_emf.h"
#include "suggest.h"

/* A setting that was checked. */
struct change {
	struct emf_unit *unit;
	size_t param;
	void *value;
};

_Static_assert(sizeof(((struct parameters_parameter *)NULL)->value) == EMF_PARAM_TEXT_MAX, "values are written into it");

static struct emf *product;

static int refuse(struct ebus_call *call, int reason, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int refuse(struct ebus_call *call, int reason, const char *fmt, ...)
{
	struct parameters_refused error = { .reason = reason };
	va_list args;

	va_start(args, fmt);
	vsnprintf(error.why, sizeof(error.why), fmt, args);
	va_end(args);
	return parameters_fail_refused(call, &error);
}

/* Return: 0, or the answer. */
static int find_unit(struct ebus_call *call, const char *module, struct emf_unit **unit)
{
	struct emf_suggestion near = { .word = module };

	*unit = emf_registry_find(&product->registry, module);
	if (*unit)
		return 0;
	for (size_t i = 0; i < product->registry.n; i++)
		emf_suggest(&near, product->registry.units[i]->m->name);
	if (near.best)
		return refuse(call, -ENOENT, "there is no module '%s'; did you mean '%s'?", module, near.best);
	return refuse(call, -ENOENT, "there is no module '%s'", module);
}

/* Return: 0, or the answer. */
static int find_param(struct ebus_call *call, const struct emf_unit *unit, const char *name, size_t *param)
{
	struct emf_suggestion near = { .word = name };
	int p = emf_param_index(&unit->params, name);

	if (unit->isolated)
		return refuse(call, -EOPNOTSUPP, "module %s runs isolated: its parameters are given when it starts, by the configuration or by 'load --isolated'", unit->m->name);
	if (p >= 0) {
		*param = (size_t)p;
		return 0;
	}
	for (size_t i = 0; i < unit->params.n; i++)
		emf_suggest(&near, unit->params.params[i].name);
	if (near.best)
		return refuse(call, -ENOENT, "module %s has no parameter '%s'; did you mean '%s'?", unit->m->name, name, near.best);
	return refuse(call, -ENOENT, "module %s has no parameter '%s'", unit->m->name, name);
}

/* --- reading */

static void add(struct parameters_get_reply *reply, const struct emf_unit *unit, size_t p)
{
	const struct emf_param *param = &unit->params.params[p];
	struct parameters_parameter *row;

	if (reply->rows_len == sizeof(reply->rows) / sizeof(reply->rows[0]))
		return;
	row = &reply->rows[reply->rows_len++];
	snprintf(row->module, sizeof(row->module), "%s", unit->m->name);
	snprintf(row->name, sizeof(row->name), "%s", param->name);
	emf_param_format(param, param->value, row->value);
	emf_param_format(param, unit->params.states[p].initial, row->initial);
	row->live = param->flags & EMF_PARAM_LIVE;
}

int parameters_serve_get(struct ebus_call *call, const struct parameters_get_args *args, struct parameters_get_reply *reply)
{
	struct emf_unit *only = NULL;
	size_t p = 0;
	int err = *args->module || *args->name ? find_unit(call, args->module, &only) : 0;

	if (!err && *args->name)
		err = find_param(call, only, args->name, &p);
	if (err)
		return err;
	if (*args->name) {
		add(reply, only, p);
		return 0;
	}
	for (size_t i = 0; i < product->registry.n; i++) {
		const struct emf_unit *unit = product->registry.units[i];

		for (p = 0; p < unit->params.n && (!only || only == unit); p++)
			add(reply, unit, p);
	}
	return 0;
}

/* --- changing */

static bool is_started(const struct emf_unit *unit)
{
	return unit->state == EMF_UNIT_CREATED || unit->state == EMF_UNIT_RUNNING || unit->state == EMF_UNIT_STOPPING;
}

static int check(struct ebus_call *call, const struct parameters_setting *setting, struct change *change)
{
	char why[EMF_PARAM_WHY_MAX];
	const struct emf_param *param;
	int err = find_unit(call, setting->module, &change->unit);

	if (!err)
		err = find_param(call, change->unit, setting->name, &change->param);
	if (err)
		return err;
	param = &change->unit->params.params[change->param];
	if (!(param->flags & EMF_PARAM_LIVE) && is_started(change->unit))
		return refuse(call, -EBUSY, "%s.%s cannot change while the module runs: set it in the configuration, and start again",
			      setting->module, param->name);
	change->value = malloc(emf_param_size(param));
	if (!change->value)
		return -ENOMEM;
	err = emf_param_parse(param, setting->value, change->value, why);
	return err ? refuse(call, err, "%s.%s: %s", setting->module, param->name, why) : 0;
}

static bool is_twice(const struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (changes[i].unit == changes[n].unit && changes[i].param == changes[n].param)
			return true;
	return false;
}

static void apply(const struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct emf_param_set *set = &changes[i].unit->params;

		emf_param_change(set, changes[i].param, changes[i].value);
		set->states[changes[i].param].origin = EMF_PARAM_BUS;
	}
	/* A module is told once, with all of its values in place. */
	for (size_t i = 0; i < n; i++)
		emf_param_tell(changes[i].unit);
}

static int set_all(struct ebus_call *call, const struct parameters_setting *settings, size_t n)
{
	struct change *changes = calloc(n ? n : 1, sizeof(*changes));
	int err = changes ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !err; i++) {
		err = check(call, &settings[i], &changes[i]);
		if (!err && is_twice(changes, i))
			err = refuse(call, -EINVAL, "%s.%s is set twice", settings[i].module, settings[i].name);
	}
	if (!err)
		apply(changes, n);
	for (size_t i = 0; changes && i < n; i++)
		free(changes[i].value);
	free(changes);
	return err;
}

int parameters_serve_set(struct ebus_call *call, const struct parameters_set_args *args)
{
	struct parameters_setting setting;

	memcpy(setting.module, args->module, sizeof(setting.module));
	memcpy(setting.name, args->name, sizeof(setting.name));
	memcpy(setting.value, args->value, sizeof(setting.value));
	return set_all(call, &setting, 1);
}

int parameters_serve_set_many(struct ebus_call *call, const struct parameters_set_many_args *args)
{
	return set_all(call, args->settings, args->settings_len);
}

void emf_builtin_provide_parameters(struct emf *emf)
{
	static const struct parameters_ops ops = PARAMETERS_SERVED;

	product = emf;
	ebus_provide(&parameters_service, &ops, NULL);
}
