// SPDX-License-Identifier: BSD-2-Clause
/*
 * chain_pin_purge.c - chains that stayed are taken down when their product does not run.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chain_pin.h"
#include "pin_folder.h"

struct purging {
	const char *product;
	char path[EMF_PIN_PATH_MAX]; /* of the product; then of one instance */
	void (*told)(int err, const char *sentence);
	int err; /* of one instance */
	int n_left;
};

/* The namespace that an interface is in stands behind the last '@'. */
static bool is_here(const char *name)
{
	const char *at = strrchr(name, '@');
	struct stat st;

	return !at || (!stat("/proc/self/ns/net", &st) && strtoull(at + 1, NULL, 10) == (uint64_t)st.st_ino);
}

static void remove_filter(void *arg, const char *name)
{
	struct purging *p = arg;
	struct emf_owned filter;
	int removed;

	if (emf_chain_hook_filter_read(p->path, name, &filter))
		return;
	removed = emf_owned_remove(&filter, -1);
	p->err = removed < 0 ? removed : p->err;
}

static void purge_one(void *arg, const char *name)
{
	const struct purging *all = arg;
	struct purging one = *all;
	char text[EMF_PIN_PATH_MAX + 200];
	int fd;

	if (snprintf(one.path, sizeof(one.path), "%s/%s", all->path, name) >= (int)sizeof(one.path))
		return;
	fd = emf_pin_folder_lock(one.path);
	if (fd < 0)
		one.err = fd;
	else if (!is_here(name) && emf_chain_hook_has_filter(one.path))
		one.err = -EXDEV;
	else
		emf_pin_folder_each(one.path, remove_filter, &one);
	if (!one.err)
		emf_chain_pins_remove(one.path, UINT32_MAX);
	snprintf(text, sizeof(text), "chain %.*s, which stayed in %s, %s", (int)strcspn(name, "@"), name, one.path,
		 !one.err ? "was taken down" : one.err == -EBUSY ? "is of a process that runs: stop that one first" :
		 one.err == -EXDEV ? "has its filter in another network namespace: run 'purge' there" : strerror(-one.err));
	if (fd >= 0)
		emf_chain_pins_close(&(struct emf_chain_pins){ .folder = fd });
	all->told(one.err, text);
	((struct purging *)arg)->n_left += !!one.err;
}

int emf_pins_purge(const char *product, void (*told)(int err, const char *sentence))
{
	struct purging p = { .product = product, .told = told };
	char text[EMF_PIN_PATH_MAX + 100];
	int err;

	snprintf(p.path, sizeof(p.path), EMF_BPFFS "/%.100s", product);
	err = emf_pin_folder_each(p.path, purge_one, &p);
	if (!err || err == -ENOENT)
		return p.n_left;
	snprintf(text, sizeof(text), "%s cannot be read: %s%s", p.path, strerror(-err), err == -EACCES ? " (run as root)" : "");
	told(err, text);
	return 1;
}
