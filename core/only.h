/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * only.h - of which processes a kernel part tells that asks emf_is_wanted(), include/emf/only.h.
 */
#ifndef EMF_CORE_ONLY_H
#define EMF_CORE_ONLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;
struct emf_unit;
struct module;

/* What the kernel part reads: the same as in include/emf/only.h. */
struct emf_only_values {
	uint64_t cgroup;
	char comm[16];
	unsigned char comm_mask[16];
	uint32_t cgroup_level;
	uint32_t pid;
	uint32_t uid;
	uint32_t has_uid;
};

/* What a kernel part asks of: tasks have all four, sockets a user and a cgroup. */
enum emf_only_asks {
	EMF_ONLY_ASKS_NOTHING,
	EMF_ONLY_ASKS_SOCKETS,
	EMF_ONLY_ASKS_TASKS,
};

/**
 * emf_only_asks() - what a kernel part asks of
 * @m: a module
 *
 * Context: before it starts; opens its object.
 * Return: the most that it asks.
 */
enum emf_only_asks emf_only_asks(const struct module *m);

/* Each sets one of them; 0, or -EINVAL or -ERANGE with a sentence in @why. */
int emf_only_set_pid(struct emf_only_values *only, const char *text, char *why, size_t size);
int emf_only_set_user(struct emf_only_values *only, const char *text, char *why, size_t size);
int emf_only_set_comm(struct emf_only_values *only, const char *text, char *why, size_t size);
int emf_only_set_cgroup(struct emf_only_values *only, const char *text, char *why, size_t size);

/* Into the kernel part, before it is loaded. */
void emf_only_write(const struct emf_only_values *only, const struct bpf_object *object);

#endif
