// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * only.c - of which processes a kernel part tells.
 */
#include "only.h"

#include <bpf/libbpf.h>
#include <emf/object.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_path.h"
#include "pack.h"
#include "rodata.h"
#include "value.h"

#define TASKS "emf_only"
#define SOCKETS "emf_only_socket"
#define LEVELS_MAX 16 /* of groups in groups, include/emf/only.h */

static struct emf_only_values *find(const struct bpf_object *object, const char *name)
{
	return emf_rodata_find(object, name, sizeof(struct emf_only_values));
}

enum emf_only_asks emf_only_asks(const struct module *m)
{
	enum emf_only_asks asks = EMF_ONLY_ASKS_NOTHING;
	size_t size;
	void *bytes = m->object ? emf_pack_open(m->object->pack, &size) : NULL;
	struct bpf_object *object = bytes ? bpf_object__open_mem(bytes, size, NULL) : NULL;

	if (object)
		asks = find(object, TASKS) ? EMF_ONLY_ASKS_TASKS : find(object, SOCKETS) ? EMF_ONLY_ASKS_SOCKETS : EMF_ONLY_ASKS_NOTHING;
	bpf_object__close(object);
	free(bytes);
	return asks;
}

/* @what: that it is not */
static int number_of(enum emf_type type, size_t bytes, const char *what, const char *text, uint64_t *number, char *why, size_t size)
{
	const struct emf_value_type value = { .type = type, .size = (uint32_t)bytes };

	*number = 0;
	if (!emf_value_parse(&value, text, number))
		return 0;
	snprintf(why, size, "'%s' is no %s", text, what);
	return -EINVAL;
}

int emf_only_set_pid(struct emf_only_values *only, const char *text, char *why, size_t size)
{
	uint64_t pid;
	int err = number_of(EMF_PID, sizeof(uint32_t), "number of a process", text, &pid, why, size);

	only->pid = (uint32_t)pid;
	return err;
}

int emf_only_set_user(struct emf_only_values *only, const char *text, char *why, size_t size)
{
	uint64_t uid;
	int err = number_of(EMF_UID, sizeof(uint32_t), "user", text, &uid, why, size);

	only->uid = (uint32_t)uid;
	only->has_uid = !err;
	return err;
}

/* A name, or its beginning: "ba*". With its end, which is a NUL, unless it is as long as can be. */
int emf_only_set_comm(struct emf_only_values *only, const char *text, char *why, size_t size)
{
	size_t len = strcspn(text, "*?["), most = sizeof(only->comm) - 1;
	bool is_beginning = !strcmp(text + len, "*");

	if ((text[len] && !is_beginning) || !*text) {
		snprintf(why, size, "'%s' is neither a name nor the beginning of one, as 'ba*', and nothing that is printed has the name", text);
		return -EINVAL;
	}
	if (len > most) {
		snprintf(why, size, "'%s' is longer than the %zu characters of a name", text, most);
		return -ERANGE;
	}
	memcpy(only->comm, text, len);
	memset(only->comm_mask, 0xff, is_beginning ? len : len + 1);
	return 0;
}

/* The group and those in it: they are known by the ancestor at its level, of which the root has 0. */
int emf_only_set_cgroup(struct emf_only_values *only, const char *text, char *why, size_t size)
{
	int err = number_of(EMF_CGROUP, sizeof(uint64_t), "cgroup of version 2: it is given by its path, or by its number", text, &only->cgroup, why, size);
	const char *path = err ? NULL : emf_cgroup_path(only->cgroup);

	if (err)
		return err;
	if (!path) {
		snprintf(why, size, "'%s' is no cgroup of version 2, or this process may not know where it stands (CAP_DAC_READ_SEARCH)", text);
		return -EINVAL;
	}
	only->cgroup_level = 0;
	for (const char *c = path; *c; c++)
		only->cgroup_level += *c == '/' && c[1];
	if (only->cgroup_level >= LEVELS_MAX) {
		snprintf(why, size, "'%s' is %u groups deep: %d are the most", text, only->cgroup_level, LEVELS_MAX - 1);
		return -ERANGE;
	}
	return 0;
}

void emf_only_write(const struct emf_only_values *only, const struct bpf_object *object)
{
	static const char *const names[] = { TASKS, SOCKETS };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct emf_only_values *there = find(object, names[i]);

		if (there)
			*there = *only;
	}
}
