// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_modules.c - service modules: what runs, and what shall.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builtin.h"
#include "config.h"
#include "emf_emf.h"
#include "extension.h"
#include "isolated.h"
#include "life.h"
#include "status.h"
#include "suggest.h"
#include "upgrade.h"

_Static_assert((int)MODULES_STATE_IDLE == EMF_UNIT_IDLE && (int)MODULES_STATE_RUNNING == EMF_UNIT_RUNNING &&
	       (int)MODULES_STATE_FAILED == EMF_UNIT_FAILED, "states are those of units");
_Static_assert(sizeof(((struct modules_module *)NULL)->why) == EMF_WHY_MAX, "a sentence has to fit");

#define SAID_MAX 150 /* bytes of why it failed that fit into an error; status has room for more */

#define NOT_INSTALLED "no extension is installed under this name; the path of another one is absolute"

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
		const struct emf_unit *unit = product->registry.units[i];
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
		emf_suggest(&near, product->registry.units[i]->m->name);
	snprintf(why, sizeof(why), "there is no module '%s'%s%s%s", module, near.best ? "; did you mean '" : "",
		 near.best ? near.best : "", near.best ? "'?" : "");
	return refuse(call, -ENOENT, why);
}

static void say_why(struct modules_failed *error, const struct emf_unit *unit)
{
	snprintf(error->why, sizeof(error->why), "%.63s: %.*s%s", unit->m->name, SAID_MAX, unit->why,
		 strlen(unit->why) > SAID_MAX ? "... ('status' says all)" : "");
}

static void on_started(struct emf_unit *unit)
{
	struct modules_failed error = { .reason = unit->error };

	if (unit->state == EMF_UNIT_RUNNING) {
		modules_reply_start(&unit->asker, 0);
		return;
	}
	say_why(&error, unit);
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

static void on_loaded(struct emf_extension_file *file, struct emf_unit *failed)
{
	struct modules_failed error = { .reason = failed ? failed->error : 0 };
	struct modules_load_reply reply;

	if (!failed) {
		memset(&reply, 0, sizeof(reply));
		snprintf(reply.module, sizeof(reply.module), "%s", (*file->extension->modules)->name);
		modules_reply_load(&file->asker, 0, &reply);
		return;
	}
	say_why(&error, failed);
	modules_fail_later_failed(&file->asker, &error);
}

int modules_serve_load(struct ebus_call *call, const struct modules_load_args *args, struct modules_load_reply *reply)
{
	char why[EMF_EXTENSION_WHY_MAX];
	struct emf_extension_file *file;
	int err;

	if (args->path[0] != '/' && !emf_extension_is_installed(args->path))
		return refuse(call, -ENOENT, NOT_INSTALLED);
	err = emf_extension_ask_load(product, args->path, on_loaded, &file, why);
	if (err)
		return refuse(call, err, why);
	err = ebus_defer(call, &file->asker);
	if (err != -EWOULDBLOCK)
		return err;
	snprintf(reply->module, sizeof(reply->module), "%s", (*file->extension->modules)->name);
	return 0;
}

static void on_isolated(struct emf_isolated *iso, int err)
{
	struct modules_failed error = { .reason = iso->unit->error };
	struct modules_isolate_reply reply;

	if (!err) {
		memset(&reply, 0, sizeof(reply));
		snprintf(reply.module, sizeof(reply.module), "%s", iso->module.name);
		modules_reply_isolate(&iso->asker, 0, &reply);
		return;
	}
	say_why(&error, iso->unit);
	modules_fail_later_failed(&iso->asker, &error);
}

int modules_serve_isolate(struct ebus_call *call, const struct modules_isolate_args *args, struct modules_isolate_reply *reply)
{
	const char *words[sizeof(args->parameters) / sizeof(args->parameters[0])];
	char why[EMF_ISOLATED_WHY_MAX];
	struct emf_isolated *iso;
	int err;

	if (args->path[0] != '/' && !emf_extension_is_installed(args->path))
		return refuse(call, -ENOENT, NOT_INSTALLED);
	for (size_t i = 0; i < args->parameters_len; i++)
		words[i] = args->parameters[i].text;
	err = emf_isolated_load(product, args->path, words, args->parameters_len, on_isolated, &iso, why);
	if (err)
		return refuse(call, err, why);
	err = ebus_defer(call, &iso->asker);
	if (err != -EWOULDBLOCK)
		return err;
	snprintf(reply->module, sizeof(reply->module), "%s", iso->module.name);
	return 0;
}

static void on_gone(struct emf_isolated *iso, int err)
{
	(void)err;
	modules_reply_unload(&iso->asker, 0);
}

static int unload_isolated(struct ebus_call *call, struct emf_isolated *iso)
{
	char why[EMF_ISOLATED_WHY_MAX];
	int err = emf_isolated_unload(iso, on_gone, why);

	if (err)
		return refuse(call, err, why);
	err = ebus_defer(call, &iso->asker);
	return err == -EWOULDBLOCK ? 0 : err;
}

static void on_unloaded(struct emf_extension_file *file, struct emf_unit *failed)
{
	(void)failed;
	modules_reply_unload(&file->asker, 0);
}

int modules_serve_unload(struct ebus_call *call, const struct modules_unload_args *args)
{
	char why[EMF_EXTENSION_WHY_MAX];
	struct emf_unit *unit;
	int err = find(call, args->module, &unit);

	if (err)
		return err;
	if (unit->isolated)
		return unload_isolated(call, unit->isolated);
	if (!unit->from)
		return refuse(call, -EINVAL, "the module is linked into the product: 'stop' is all that can be done with it");
	if (emf_registry_is_linked(&product->registry, unit))
		return refuse(call, -EINVAL, "the module is linked into the product, and was upgraded since: 'rollback' goes back one version, 'stop' ends it");
	err = emf_extension_ask_unload(product, unit->from, on_unloaded, why);
	if (err)
		return refuse(call, err, why);
	err = ebus_defer(call, &unit->from->asker);
	return err == -EWOULDBLOCK ? 0 : err;
}

/* The lines that have room. */
static void fill(struct modules_upgrade_reply *reply, const struct emf_upgrade *u)
{
	size_t n = u->size < sizeof(reply->report) ? u->size : sizeof(reply->report);

	while (n < u->size && n && u->report[n - 1] != '\n')
		n--;
	memcpy(reply->report, u->report, n);
	reply->report_len = (__u32)n;
}

static void on_upgraded(struct emf_upgrade *u)
{
	struct modules_failed error = { .reason = u->err };

	if (!u->err) {
		fill(u->answer, u);
		modules_reply_upgrade(&u->asker, 0, u->answer);
		return;
	}
	snprintf(error.why, sizeof(error.why), "%.*s%s", SAID_MAX + 64, u->why, strlen(u->why) > SAID_MAX + 64 ? "..." : "");
	modules_fail_later_failed(&u->asker, &error);
}

int modules_serve_upgrade(struct ebus_call *call, const struct modules_upgrade_args *args, struct modules_upgrade_reply *reply)
{
	char why[EMF_UPGRADE_WHY_MAX];
	struct modules_upgrade_reply *answer;
	struct emf_unit *unit;
	int err = find(call, args->module, &unit);

	(void)reply;
	if (err)
		return err;
	if (*args->path && args->path[0] != '/' && !emf_extension_is_installed(args->path))
		return refuse(call, -ENOENT, NOT_INSTALLED);
	if (unit->isolated)
		return refuse(call, -EOPNOTSUPP, "the module runs isolated, and its maps go with its process: unload it, and load the new one");
	answer = calloc(1, sizeof(*answer));
	if (!answer)
		return refuse(call, -ENOMEM, "there is no memory to tell what becomes of it");
	err = emf_upgrade_ask(unit, *args->path ? args->path : NULL, args->dry, on_upgraded, why);
	if (err) {
		free(answer);
		return refuse(call, err, why);
	}
	unit->upgrade->answer = answer;
	err = ebus_defer(call, &unit->upgrade->asker);
	return err == -EWOULDBLOCK ? 0 : err;
}

void emf_builtin_provide_modules(struct emf *emf)
{
	static const struct modules_ops ops = MODULES_SERVED;

	product = emf;
	ebus_provide(&modules_service, &ops, NULL);
}
