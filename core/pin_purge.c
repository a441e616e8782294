// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * pin_purge.c - modules and chains that stayed: they are taken down when their product does not run, and told of when it does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chain_pin.h"
#include "log.h"
#include "unit_pin.h"

struct purging {
	const char *product;
	int folder; /* of the product */
	void (*told)(int err, const char *sentence);
	int n_left;
};

struct removing {
	const char *at;
	int err;
};

static void remove_filter(void *arg, const char *name)
{
	struct removing *r = arg;
	struct emf_owned filter;
	int removed = emf_chain_hook_filter_read(r->at, name, &filter);

	if (!removed)
		removed = emf_owned_remove(&filter, -1);
	if (removed < 0 && removed != -ENOENT)
		r->err = removed;
}

static int take_down(const struct emf_chain_pins *pins)
{
	struct removing r = { pins->at, 0 };

	if (!emf_chain_pins_are_here(pins->name) && emf_chain_hook_has_filter(pins->at))
		return -EXDEV;
	emf_pin_folder_each(pins->at, remove_filter, &r);
	return r.err ? r.err : emf_chain_pins_remove(pins, UINT32_MAX);
}

static const char *outcome(int err)
{
	switch (err) {
	case 0:
		return "was taken down";
	case -EBUSY:
		return "is of a process that runs: stop that one first";
	case -EXDEV:
		return "has its filter in another network namespace: run 'purge' there";
	case -EPERM:
		return "is not this user's alone (mode 0700), and stays as it is";
	case -ENOTEMPTY:
		return "was taken down, but something is there that was not put there by it";
	}
	return strerror(-err);
}

static void purge_module(struct purging *p, const char *name)
{
	char text[EMF_PIN_PATH_MAX];
	int err = emf_unit_pins_remove(p->folder, name);

	snprintf(text, sizeof(text), "module %s, which stayed in " EMF_BPFFS "/%.100s/%.60s, %s", name + strlen(EMF_UNIT_PINS), p->product, name,
		 outcome(err));
	p->told(err, text);
	p->n_left += !!err;
}

static bool is_module(const char *name)
{
	return !strncmp(name, EMF_UNIT_PINS, strlen(EMF_UNIT_PINS));
}

static void purge_one(void *arg, const char *name)
{
	struct purging *p = arg;
	struct emf_chain_pins pins = { .folder = -1, .product = p->product };
	char text[2 * EMF_PIN_PATH_MAX];
	int err;

	if (is_module(name)) {
		purge_module(p, name);
		return;
	}
	snprintf(pins.name, sizeof(pins.name), "%s", name);
	snprintf(pins.path, sizeof(pins.path), EMF_BPFFS "/%.100s/%.255s", p->product, name);
	err = emf_chain_pins_lock(&pins, p->folder, false);
	if (!err)
		err = take_down(&pins);
	emf_chain_pins_close(&pins);
	snprintf(text, sizeof(text), "chain %.*s, which stayed in %s, %s", (int)strcspn(name, "@"), name, pins.path, outcome(err));
	p->told(err, text);
	p->n_left += !!err;
}

static void tell_module(const struct purging *p, const char *name)
{
	int fd = emf_pin_folder_open(p->folder, name, false);

	if (fd < 0)
		return;
	if (!emf_pin_folder_lock(fd))
		emf_warn(NULL, "module %s stays since an earlier run and is not part of this one: '%s purge' takes it away",
			 name + strlen(EMF_UNIT_PINS), p->product);
	close(fd);
}

/* One that nobody has locked is of no process. */
static void tell_one(void *arg, const char *name)
{
	struct purging *p = arg;
	struct emf_chain_pins pins = { .folder = -1, .product = p->product };

	snprintf(pins.name, sizeof(pins.name), "%s", name);
	if (is_module(name)) {
		tell_module(p, name);
		return;
	}
	if (!emf_chain_pins_lock(&pins, p->folder, false) && emf_chain_pins_are_here(name))
		emf_warn(NULL, "chain %.*s stays since an earlier run and is not part of this one, which does not name its place: '%s purge' takes it down",
			 (int)strcspn(name, "@"), name, p->product);
	emf_chain_pins_close(&pins);
}

void emf_pins_tell(const char *product)
{
	struct purging p = { .product = product, .folder = emf_pin_folder_product(product, false) };
	char at[EMF_PIN_AT_MAX];

	if (p.folder < 0)
		return;
	emf_pin_folder_at(p.folder, at);
	emf_pin_folder_each(at, tell_one, &p);
	close(p.folder);
}

static const char *reason(int err)
{
	if (err == -EPERM)
		return "is not touched: it is not this user's alone (mode 0700); see what it is, and remove it";
	return err == -EACCES ? "cannot be read (run as root)" : strerror(-err);
}

int emf_pins_purge(const char *product, void (*told)(int err, const char *sentence))
{
	struct purging p = { .product = product, .folder = emf_pin_folder_product(product, false), .told = told };
	char text[EMF_PIN_PATH_MAX], at[EMF_PIN_AT_MAX];
	int err = p.folder;

	if (p.folder >= 0) {
		emf_pin_folder_at(p.folder, at);
		err = emf_pin_folder_each(at, purge_one, &p);
		close(p.folder);
		emf_pin_folder_drop(product);
	}
	if (!err || err == -ENOENT)
		return p.n_left;
	snprintf(text, sizeof(text), EMF_BPFFS "/%.100s %s", product, reason(err));
	told(err, text);
	return 1;
}
