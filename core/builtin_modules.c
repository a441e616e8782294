// SPDX-License-Identifier: BSD-2-Clause
/*
 * builtin_modules.c - service modules: what runs, and what shall.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "builtin.h"
#include "config.h"
#include "emf_emf.h"
#include "life.h"
#include "status.h"
#include "suggest.h"

_Static_assert((int)MODULES_STATE_IDLE == EMF_UNIT_IDLE && (int)MODULES_STATE_RUNNING == EMF_UNIT_RUNNING &&
	       (int)MODULES_STATE_FAILED == EMF_UNIT_FAILED, "states are those of units");
_Static_assert(sizeof(((struct modules_module *)NULL)->why) == EMF_WHY_MAX, "a sentence has to fit");

#define SAID_MAX 150 /* bytes of why it failed that fit into an error; status has room for more */

static struct emf *product;

int modules_serve_status(struct ebus_call *call, struct modules_status_reply *reply)
{
	json_t *status = emf_status_json(product);
	size_t n;

	(void)call;
	if (!status)
		return -ENOMEM;
	n = json_dumpb(status, reply->json, sizeof(reply->json), JSON_COMPACT);
	json_decref(status);
	if (!n || n > sizeof(reply->json))
		return n ? -EMSGSIZE : -ENOMEM;
	reply->json_len = (__u32)n;
	return 0;
}

int modules_serve_list(struct ebus_call *call, struct modules_list_reply *reply)
{
	(void)call;
	for (size_t i = 0; i < product->registry.n && reply->rows_len < sizeof(reply->rows) / sizeof(reply->rows[0]); i++) {
		const struct emf_unit *unit = &product->registry.units[i];
		struct modules_module *row = &reply->rows[reply->rows_len++];

		snprintf(row->name, sizeof(row->name), "%s", unit->m->name);
		snprintf(row->version, sizeof(row->version), "%s", unit->m->version ? unit->m->version : "");
		snprintf(row->doc, sizeof(row->doc), "%s", unit->m->doc ? unit->m->doc : "");
		snprintf(row->why, sizeof(row->why), "%s", unit->why);
		row->state = (__u8)unit->state;
		row->required = unit->m->flags & EMF_MODULE_REQUIRED;
		row->priority = unit->m->prio;
		row->programs = (__u32)emf_status_attached(unit);
	}
	return 0;
}

static int refuse(struct ebus_call *call, int reason, const char *why)
{
	struct modules_refused error = { .reason = reason };

	snprintf(error.why, sizeof(error.why), "%s", why);
	return modules_fail_refused(call, &error);
}

/* Return: 0, or the answer. */
static int find(struct ebus_call *call, const char *module, struct emf_unit **unit)
{
	struct emf_suggestion near = { .word = module };
	char why[160];

	*unit = emf_registry_find(&product->registry, module);
	if (*unit)
		return 0;
	for (size_t i = 0; i < product->registry.n; i++)
		emf_suggest(&near, product->registry.units[i].m->name);
	snprintf(why, sizeof(why), "there is no module '%s'%s%s%s", module, near.best ? "; did you mean '" : "",
		 near.best ? near.best : "", near.best ? "'?" : "");
	return refuse(call, -ENOENT, why);
}

static void on_started(struct emf_unit *unit)
{
	struct modules_failed error = { .reason = unit->error };

	if (unit->state == EMF_UNIT_RUNNING) {
		modules_reply_start(&unit->asker, 0);
		return;
	}
	snprintf(error.why, sizeof(error.why), "%.63s: %.*s%s", unit->m->name, SAID_MAX, unit->why,
		 strlen(unit->why) > SAID_MAX ? "... ('status' says all)" : "");
	modules_fail_later_failed(&unit->asker, &error);
}

/* Also if it failed meanwhile: nothing of it is left. */
static void on_stopped(struct emf_unit *unit)
{
	modules_reply_stop(&unit->asker, 0);
}

/* Who calls from within this process and waits is answered now: it happens when he has returned. */
static int answer_later(struct ebus_call *call, struct emf_unit *unit)
{
	int err = ebus_defer(call, &unit->asker);

	return err == -EWOULDBLOCK ? 0 : err;
}

int modules_serve_start(struct ebus_call *call, const struct modules_start_args *args)
{
	struct modules_refused error = { 0 };
	struct emf_unit *unit;
	int err = find(call, args->module, &unit);

	if (err)
		return err;
	err = emf_life_ask_start(unit, on_started, error.why, sizeof(error.why));
	if (err)
		return refuse(call, err, error.why);
	if (!emf_config_reload_unit(unit))
		return answer_later(call, unit);
	unit->start_asked = false;
	return refuse(call, -EINVAL, "the configuration has mistakes, which the log of the service names: nothing was started");
}

int modules_serve_stop(struct ebus_call *call, const struct modules_stop_args *args)
{
	struct modules_refused error = { 0 };
	struct emf_unit *unit;
	int err = find(call, args->module, &unit);

	if (err)
		return err;
	err = emf_life_ask_stop(unit, on_stopped, error.why, sizeof(error.why));
	return err ? refuse(call, err, error.why) : answer_later(call, unit);
}

void emf_builtin_provide_modules(struct emf *emf)
{
	static const struct modules_ops ops = MODULES_SERVED;

	product = emf;
	ebus_provide(&modules_service, &ops, NULL);
}
