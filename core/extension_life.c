// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * extension_life.c - extensions that come and go while a product runs. Their modules start and
 * stop as others do; a file is closed when no function of it runs, and nobody has
 * a service whose description is in it.
 */
#include <errno.h>
#include <stdio.h>

#include "bus.h"
#include "config.h"
#include "core.h"
#include "extension.h"
#include "life.h"
#include "log.h"

static bool is_up(const struct emf_unit *unit)
{
	return unit->start_asked || unit->state == EMF_UNIT_CREATED || unit->state == EMF_UNIT_RUNNING || unit->state == EMF_UNIT_STOPPING;
}

/* One that took the place of another goes with that. */
static bool is_any_up(const struct emf *emf, const struct emf_extension_file *file)
{
	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct emf_unit *unit = emf->registry.units[i];

		if (unit->from == file && (is_up(unit) || (unit->previous && is_up(unit->previous))))
			return true;
		if (unit->previous && unit->previous->from == file && is_up(unit->previous))
			return true;
	}
	return false;
}

/* Whether a module of it is known, or can come back. */
static bool has_any(const struct emf *emf, const struct emf_extension_file *file)
{
	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct emf_unit *unit = emf->registry.units[i];

		if (unit->from == file || (unit->previous && unit->previous->from == file))
			return true;
	}
	return false;
}

bool emf_extension_is_used(const struct emf_extension_file *file)
{
	for (struct ebus_service *const *s = file->extension->services; s < file->extension->services_end; s++)
		if (emf_bus_is_used(*s))
			return true;
	return false;
}

static void settle(struct emf_extension_file *file, struct emf_unit *failed)
{
	void (*settled)(struct emf_extension_file *file, struct emf_unit *failed) = file->settled;

	file->settled = NULL;
	if (settled)
		settled(file, failed);
}

/* Stops what runs of it; who needs one of them was asked before. */
static void let_go(struct emf *emf, struct emf_extension_file *file)
{
	char why[EMF_EXTENSION_WHY_MAX];

	file->is_going = true;
	for (size_t i = emf->registry.n; i > 0; i--) {
		struct emf_unit *unit = emf->registry.units[i - 1];

		if (unit->from == file && unit->state == EMF_UNIT_RUNNING && !unit->stop_asked)
			emf_life_ask_stop(unit, NULL, why, sizeof(why));
	}
}

static struct emf_unit *failed_of(const struct emf *emf, const struct emf_extension_file *file)
{
	for (size_t i = 0; i < emf->registry.n; i++)
		if (emf->registry.units[i]->from == file && emf->registry.units[i]->state == EMF_UNIT_FAILED)
			return emf->registry.units[i];
	return NULL;
}

static void on_started(struct emf_unit *unit)
{
	struct emf_extension_file *file = unit->from;
	struct emf_unit *failed;

	if (--file->starting)
		return;
	failed = failed_of(unit->emf, file);
	settle(file, failed);
	if (failed)
		let_go(unit->emf, file);
}

static int start(struct emf *emf, struct emf_extension_file *file, char *why)
{
	int err = 0;

	for (size_t i = 0; i < emf->registry.n && !err; i++) {
		struct emf_unit *unit = emf->registry.units[i];

		if (unit->from != file)
			continue;
		if (emf_config_reload_unit(unit)) {
			snprintf(why, EMF_EXTENSION_WHY_MAX, "the configuration has mistakes, which the log of the service names: nothing was started");
			return -EINVAL;
		}
		unit->wanted = true;
		err = emf_life_ask_start(unit, on_started, why, EMF_EXTENSION_WHY_MAX);
		file->starting += !err;
	}
	return err;
}

int emf_extension_ask_load(struct emf *emf, const char *path,
			   void (*settled)(struct emf_extension_file *file, struct emf_unit *failed),
			   struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX])
{
	int err = emf_extension_load(emf, path, file, why);

	if (err)
		return err;
	(*file)->settled = settled;
	err = start(emf, *file, why);
	if (!err && (*file)->starting)
		return 0;
	if (!err) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "there is no module in it");
		err = -ENOEXEC;
	}
	/* None of them has run: the turn that would start them comes after this call. */
	for (size_t i = 0; i < emf->registry.n; i++)
		if (emf->registry.units[i]->from == *file)
			emf->registry.units[i]->start_asked = false;
	(*file)->settled = NULL;
	(*file)->is_going = true;
	return err;
}

static int check_unload(struct emf *emf, const struct emf_extension_file *file, char *why)
{
	if (file->is_going || file->starting) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "its modules are being %s", file->is_going ? "stopped" : "started");
		return -EBUSY;
	}
	for (size_t i = 0; i < emf->registry.n; i++) {
		struct emf_unit *unit = emf->registry.units[i];
		int err = unit->from == file && is_up(unit) ? emf_life_can_stop(unit, why, EMF_EXTENSION_WHY_MAX) : 0;

		if (err)
			return err;
	}
	return 0;
}

int emf_extension_ask_unload(struct emf *emf, struct emf_extension_file *file,
			     void (*settled)(struct emf_extension_file *file, struct emf_unit *failed),
			     char why[EMF_EXTENSION_WHY_MAX])
{
	int err = check_unload(emf, file, why);

	if (err)
		return err;
	file->settled = settled;
	let_go(emf, file);
	return 0;
}

static void remove_units(struct emf *emf, const struct emf_extension_file *file)
{
	for (size_t i = emf->registry.n; i > 0; i--) {
		struct emf_unit *unit = emf->registry.units[i - 1];

		if (unit->from == file) {
			emf_registry_remove(&emf->registry, unit);
		} else if (unit->previous && unit->previous->from == file) {
			emf_unit_free(unit->previous);
			unit->previous = NULL;
		}
	}
}

/* Nothing can come back of it any more. */
static bool is_left(const struct emf *emf, const struct emf_extension_file *file)
{
	return !file->is_going && !has_any(emf, file);
}

void emf_extension_turn(struct emf *emf)
{
	for (struct emf_extension_file *file = emf->extensions, *next; file; file = next) {
		next = file->next;
		if (is_left(emf, file))
			emf_extension_let_go(file);
		if (file->is_going && !file->is_gone) {
			let_go(emf, file); /* one that another of them needed stops after it */
			if (is_any_up(emf, file))
				continue;
			remove_units(emf, file);
			file->is_gone = true;
			settle(file, NULL);
		}
		if (file->is_gone && !emf_extension_is_used(file))
			emf_extension_forget(emf, file);
	}
}

bool emf_extension_is_due(const struct emf *emf)
{
	for (const struct emf_extension_file *file = emf->extensions; file; file = file->next)
		if (is_left(emf, file) || (file->is_going && !file->is_gone ? !is_any_up(emf, file) : file->is_gone && !emf_extension_is_used(file)))
			return true;
	return false;
}
