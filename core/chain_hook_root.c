// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_hook_root.c - chains on hooks whose links cannot be updated: a root program stays there.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "btf_cache.h"
#include "btf_find.h"
#include "chain_hook.h"
#include "pack.h"
#include "perf_event.h"
#include "pin_folder.h"

#define PIN_LINK "link-"
#define PIN_ROOT "root"

static struct bpf_program *stay_of(const struct emf_chain_hook *hook, const struct bpf_object *object)
{
	char name[96];

	snprintf(name, sizeof(name), "%s_stay", hook->chain->name);
	return bpf_object__find_program_by_name(object, name);
}

static int root_load(struct emf_chain_hook *hook)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	char name[96], why[EMF_BTF_HUB_WHY_MAX]; /* the modules that it calls were told first */
	struct bpf_program *program, *stay;
	struct bpf_object *object = NULL;
	size_t size;
	void *bytes = emf_pack_open(hook->chain->entry, &size);
	int err;

	if (!bytes)
		return -errno;
	err = emf_btf_find(NULL, hook->chain->entry, bytes, size, &opts.btf_custom_path, why);
	if (!err) {
		object = bpf_object__open_mem(bytes, size, &opts);
		err = object ? 0 : -errno;
	}
	free(bytes);
	if (err)
		return err;
	emf_btf_cache_opened(object);
	stay = stay_of(hook, object);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, program == stay);
	if (!stay || bpf_object__load(object)) {
		err = stay ? -errno : -ENOENT;
		bpf_object__close(object);
		return err;
	}
	snprintf(name, sizeof(name), "%s_root", hook->chain->name);
	hook->root = object;
	hook->root_map = bpf_object__find_map_fd_by_name(object, name);
	return 0;
}

static int replace(struct emf_chain_hook *hook, int program)
{
	__u32 zero = 0;

	return bpf_map_update_elem(hook->root_map, &zero, &program, BPF_ANY) ? -errno : 0;
}

/* To detach an event's program is to disable the event, which belongs to the link that stays: so libbpf only forgets it. */
static void let_go(struct bpf_link *link)
{
	bpf_link__disconnect(link);
	close(bpf_link__fd(link));
	bpf_link__destroy(link);
}

static void clear(struct emf_chain_hook *hook)
{
	for (size_t i = 0; i < hook->n_root_links; i++) {
		if (hook->stays)
			let_go(hook->root_links[i]);
		else
			bpf_link__destroy(hook->root_links[i]);
	}
	free(hook->root_links);
	if (!hook->root && hook->root_map >= 0)
		close(hook->root_map);
	bpf_object__close(hook->root);
	hook->root_links = NULL;
	hook->n_root_links = 0;
	hook->root = NULL;
	hook->root_map = -1;
}

/* --- what stays */

static void unpin(struct emf_chain_hook *hook, const char *folder)
{
	char name[32];

	for (size_t i = 0; i < hook->n_root_links; i++) {
		snprintf(name, sizeof(name), PIN_LINK "%zu", i);
		emf_unpin(folder, name);
	}
	emf_unpin(folder, PIN_ROOT);
}

static int pin(struct emf_chain_hook *hook, const char *folder)
{
	int err = emf_pin(folder, PIN_ROOT, hook->root_map);
	char name[32];

	for (size_t i = 0; i < hook->n_root_links && !err; i++) {
		snprintf(name, sizeof(name), PIN_LINK "%zu", i);
		err = emf_pin(folder, name, bpf_link__fd(hook->root_links[i]));
	}
	if (err)
		unpin(hook, folder);
	return err;
}

/* An array of one that nobody has pinned is empty when its last owner goes: without it the links call nothing. */
static int adopt(struct emf_chain_hook *hook, const char *folder)
{
	int n = libbpf_num_possible_cpus();
	char path[512];

	hook->root_map = emf_pin_get(folder, PIN_ROOT);
	if (hook->root_map < 0)
		return -ENOENT;
	hook->root_links = calloc(n > 0 ? (size_t)n : 1, sizeof(struct bpf_link *));
	for (int i = 0; hook->root_links && i < n && snprintf(path, sizeof(path), "%s/" PIN_LINK "%d", folder, i) < (int)sizeof(path); i++) {
		struct bpf_link *link = bpf_link__open(path);

		if (!link)
			break;
		hook->root_links[hook->n_root_links++] = link;
	}
	if (hook->n_root_links)
		return 0;
	clear(hook);
	return -ENOENT;
}

/* --- perf events: one for each processor */

/* The description was checked: "EVENT/FREQUENCY". */
static int open_event(const char *target, int cpu)
{
	size_t length = strcspn(target, "/");

	return emf_perf_event_open(target, length, target[length] ? strtoul(target + length + 1, NULL, 10) : 1, EMF_PERF_ALL, cpu);
}

static int hang_on_event(struct emf_chain_hook *hook, const struct bpf_program *stay, int cpu)
{
	int fd = open_event(hook->target, cpu);
	struct bpf_link *link;

	if (fd == -ENODEV) /* this processor is offline */
		return 0;
	if (fd < 0)
		return fd;
	link = bpf_program__attach_perf_event(stay, fd);
	if (!link) {
		int err = -errno;

		close(fd);
		return err;
	}
	hook->root_links[hook->n_root_links++] = link; /* and the event is the link's */
	return 0;
}

/* --- */

static int hang_one(struct emf_chain_hook *hook, const struct bpf_program *stay)
{
	LIBBPF_OPTS(bpf_uprobe_opts, uprobe, .func_name = hook->chain->at);
	struct bpf_link *link = hook->chain->type == EMF_CHAIN_UPROBE ? bpf_program__attach_uprobe_opts(stay, -1, hook->target, 0, &uprobe) :
									bpf_program__attach(stay);

	if (!link)
		return -errno;
	hook->root_links[hook->n_root_links++] = link;
	return 0;
}

static int hang(struct emf_chain_hook *hook, int program)
{
	bool is_event = hook->chain->type == EMF_CHAIN_PERF_EVENT;
	int n = is_event ? libbpf_num_possible_cpus() : 1;
	int err = n < 0 ? n : root_load(hook);

	if (err)
		return err;
	hook->root_links = calloc((size_t)n, sizeof(struct bpf_link *));
	err = hook->root_links ? replace(hook, program) : -ENOMEM;
	for (int i = 0; i < n && !err; i++)
		err = is_event ? hang_on_event(hook, stay_of(hook, hook->root), i) : hang_one(hook, stay_of(hook, hook->root));
	if (err)
		clear(hook);
	return err;
}

const struct emf_chain_hook_ops emf_chain_hook_root = { .hang = hang, .replace = replace, .clear = clear,
							.pin = pin, .unpin = unpin, .adopt = adopt };
