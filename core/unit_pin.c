// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * unit_pin.c - modules that stay when their product ends: the folder, and what becomes of it.
 */
#include "unit_pin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

static int refuse(struct emf_unit *unit, int err)
{
	const char *product = unit->emf->product->name;

	if (err == -ENODEV)
		snprintf(unit->why, sizeof(unit->why), "it cannot stay when this process ends: bpffs is not mounted; as root: " EMF_BPFFS_MOUNT);
	else if (err == -EBUSY)
		snprintf(unit->why, sizeof(unit->why), "it is kept by another process of this product: stop that one first");
	else
		snprintf(unit->why, sizeof(unit->why), "it cannot stay when this process ends: " EMF_BPFFS "/%s/" EMF_UNIT_PINS "%s: %s", product,
			 unit->m->name, err == -EPERM ? "the folders have to be this user's alone (mode 0700)" : strerror(-err));
	return err;
}

static int open_and_lock(int product, const char *name, bool makes)
{
	int fd = emf_pin_folder_open(product, name, makes), err = fd < 0 ? fd : emf_pin_folder_lock(fd);

	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

static int open_folder(const struct emf_unit *unit, bool makes)
{
	int product = emf_pin_folder_product(unit->emf->product->name, makes), fd;
	char name[NAME_MAX];

	if (product < 0)
		return product;
	snprintf(name, sizeof(name), EMF_UNIT_PINS "%s", unit->m->name);
	fd = open_and_lock(product, name, makes);
	close(product);
	return fd;
}

int emf_unit_pins_adopt(struct emf_unit *unit)
{
	struct emf_unit_pins *pins = &unit->pins;
	bool makes = unit->emf->persists;
	int fd;

	if (unit->replaces)
		return emf_unit_pins_adopt_maps(unit);
	fd = makes ? emf_bpffs_mount() : 0;

	/* What a service has left is none of the business of a tool that runs beside it. */
	if (!makes && !unit->emf->serving)
		return 0;
	if (!fd)
		fd = open_folder(unit, makes);
	if (fd < 0)
		return makes || fd == -EBUSY ? refuse(unit, fd) : 0;
	pins->is_open = true;
	pins->folder = fd;
	emf_pin_folder_at(fd, pins->at);
	return emf_unit_pins_adopt_maps(unit);
}

/* What is in the folder before this run puts something there. */
struct names {
	char (*all)[EMF_UNIT_PIN_NAME];
	size_t n;
	int err;
};

static void remember(void *arg, const char *name)
{
	struct names *names = arg;
	char(*more)[EMF_UNIT_PIN_NAME] = realloc(names->all, (names->n + 1) * sizeof(*more));

	if (!more) {
		names->err = -ENOMEM;
		return;
	}
	names->all = more;
	snprintf(more[names->n++], sizeof(*more), "%s", name);
}

static bool has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->all[i], name))
			return true;
	return false;
}

struct removing {
	const char *at;
	const struct emf_unit *but;  /* what it has now stays; NULL */
	const struct names *before; /* what was there stays; NULL */
};

static bool is_of_this_run(const struct emf_unit *unit, const char *name)
{
	for (size_t i = 0; i < unit->pins.n_links; i++)
		if (!strcmp(unit->pins.links[i].name, name) && !unit->pins.links[i].is_on_demand)
			return true;
	return emf_unit_pins_has_map(unit, name);
}

static void remove_pin(void *arg, const char *name)
{
	const struct removing *r = arg;

	if (emf_unit_pins_is_name(name) && !(r->but && is_of_this_run(r->but, name)) && !(r->before && has(r->before, name)))
		emf_unpin(r->at, name);
}

static int remove_folder(const struct emf_unit *unit)
{
	int product = emf_pin_folder_product(unit->emf->product->name, false), err;
	char name[NAME_MAX];

	if (product < 0)
		return product;
	snprintf(name, sizeof(name), EMF_UNIT_PINS "%s", unit->m->name);
	emf_pin_folder_each(unit->pins.at, remove_pin, &(struct removing){ unit->pins.at, NULL, NULL });
	err = unlinkat(product, name, AT_REMOVEDIR) ? -errno : 0;
	close(product);
	emf_pin_folder_drop(unit->emf->product->name);
	return err;
}

static void let_go(struct emf_unit_pins *pins)
{
	if (pins->is_open)
		close(pins->folder);
	pins->is_open = false;
}

static int pin_links(struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->pins.n_links; i++) {
		const struct emf_pinned_link *l = &unit->pins.links[i];
		int err = l->is_on_demand ? 0 : emf_pin(unit->pins.at, l->name, bpf_link__fd(l->link));

		/* A link of perf events before 5.15 is none that the kernel knows. */
		if (err == -EINVAL || err == -EPERM) {
			emf_warn(unit->m, "a program goes with this process, since the kernel cannot keep it: %s", l->name);
			continue;
		}
		if (err) {
			snprintf(unit->why, sizeof(unit->why), "it cannot stay when this process ends: %s/%s: %s", unit->pins.at, l->name, strerror(-err));
			return err;
		}
	}
	return 0;
}

/* All of it, or nothing new. */
static int pin_all(struct emf_unit *unit)
{
	struct names before = { 0 };
	int err;

	emf_pin_folder_each(unit->pins.at, remember, &before);
	err = before.err ? before.err : emf_unit_pins_pin_maps(unit);
	if (!err)
		err = pin_links(unit);
	if (err && !before.err)
		emf_pin_folder_each(unit->pins.at, remove_pin, &(struct removing){ unit->pins.at, NULL, &before });
	free(before.all);
	return err;
}

int emf_unit_pins_settle(struct emf_unit *unit)
{
	struct emf_unit_pins *pins = &unit->pins;
	int err;

	if (!pins->is_open)
		return 0;
	if (pins->n_adopted && !unit->replaces)
		emf_info(unit->m, "goes on from an earlier run, with %u of its maps and %u of its attached programs", pins->n_adopted, pins->n_stayed);
	pins->n_adopted = 0; /* told once */
	if (!unit->emf->persists) {
		err = remove_folder(unit);
		if (err)
			emf_warn(unit->m, "what an earlier run left could not be taken away: %s", strerror(-err));
		let_go(pins);
		emf_unit_pins_forget_updated(pins);
		return 0;
	}
	err = pin_all(unit);
	if (err)
		return err;
	emf_pin_folder_each(pins->at, remove_pin, &(struct removing){ pins->at, unit, NULL });
	if (!unit->replaces) /* a chain may still refuse it */
		emf_unit_pins_forget_updated(pins);
	return 0;
}

static bool is_pinned(const struct emf_unit_pins *pins, const struct bpf_link *link)
{
	for (size_t i = 0; i < pins->n_links; i++)
		if (pins->links[i].link == link)
			return !pins->links[i].is_on_demand;
	return false;
}

void emf_unit_pins_leave(struct emf_unit *unit, struct emf_bpf_links *links)
{
	if (!unit->pins.is_open)
		return;
	if (unit->stop_asked && !unit->error) {
		int err = remove_folder(unit);

		if (err)
			emf_warn(unit->m, "something stays in " EMF_BPFFS "/%s/" EMF_UNIT_PINS "%s: %s", unit->emf->product->name, unit->m->name, strerror(-err));
		return;
	}
	for (size_t i = 0; i < links->n; i++) {
		if (!is_pinned(&unit->pins, links->links[i]))
			continue;
		/* Or it would switch off what it is attached to. */
		bpf_link__disconnect(links->links[i]);
		close(bpf_link__fd(links->links[i]));
	}
}

void emf_unit_pins_move(struct emf_unit *from, struct emf_unit *to)
{
	if (!from->pins.is_open)
		return;
	to->pins.is_open = true;
	to->pins.folder = from->pins.folder;
	memcpy(to->pins.at, from->pins.at, sizeof(to->pins.at));
	from->pins.is_open = false;
}

void emf_unit_pins_forget_carried(struct emf_unit_pins *pins)
{
	for (size_t i = 0; i < pins->n_carried; i++)
		close(pins->carried[i].fd);
	free(pins->carried);
	pins->carried = NULL;
	pins->n_carried = 0;
}

void emf_unit_pins_close(struct emf_unit *unit)
{
	struct emf_unit_pins *pins = &unit->pins;

	emf_unit_pins_forget_carried(pins);
	for (size_t i = 0; i < pins->n_kept; i++)
		close(pins->kept[i].fd);
	emf_unit_pins_undo(unit);
	free(pins->kept);
	free(pins->links);
	let_go(pins);
	*pins = (struct emf_unit_pins){ 0 };
}

int emf_unit_pins_remove(int product, const char *name)
{
	int fd = open_and_lock(product, name, false), err;
	char at[EMF_PIN_AT_MAX];

	if (fd < 0)
		return fd;
	emf_pin_folder_at(fd, at);
	emf_pin_folder_each(at, remove_pin, &(struct removing){ at, NULL, NULL });
	err = unlinkat(product, name, AT_REMOVEDIR) ? -errno : 0;
	close(fd);
	return err;
}
