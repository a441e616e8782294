/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_hook.h - where a chain hangs, and the one step by which another generation takes
 * the place of the one before.
 */
#ifndef EMF_CORE_CHAIN_HOOK_H
#define EMF_CORE_CHAIN_HOOK_H

#include <emf/chain.h>
#include <net/if.h>
#include <stddef.h>

#include "owned.h"

struct bpf_link;
struct emf;
struct bpf_object;

#define EMF_CHAIN_TARGET_MAX 256

struct emf_chain_hook;

/**
 * struct emf_chain_hook_ops - a kind of place
 * @init: finds it; NULL if there is nothing to find
 * @hang: the first program
 * @replace: the one that hangs there, by another, in one step
 * @clear: takes it down; also after @init alone
 * @pin: so that it stays when this process ends: what keeps it is put into a folder of bpffs; NULL if nothing can
 * @unpin: the opposite of it
 * @adopt: finds it there again; -ENOENT if that hangs nowhere, or elsewhere
 */
struct emf_chain_hook_ops {
	int (*init)(struct emf_chain_hook *hook);
	int (*hang)(struct emf_chain_hook *hook, int program);
	int (*replace)(struct emf_chain_hook *hook, int program);
	void (*clear)(struct emf_chain_hook *hook);
	int (*pin)(struct emf_chain_hook *hook, const char *folder);
	void (*unpin)(struct emf_chain_hook *hook, const char *folder);
	int (*adopt)(struct emf_chain_hook *hook, const char *folder);
};

/**
 * struct emf_chain_hook - a place in the kernel
 * @emf: the product
 * @chain: what hangs there
 * @ops: of its kind
 * @target: as it was given: an interface, a path
 * @hangs: a program is there
 * @stays: it does so when this process is gone: it is only let go
 * @ifindex: of an interface
 * @link: of the kernel, or -1
 * @socket: whose filter the program is, or -1
 * @root: the program that stays where a link cannot be updated
 * @root_map: the array by which it calls the entry
 * @root_links: its links
 * @n_root_links: how many
 * @owned: what is there without a link, for which there is no descriptor that it would go with
 * @guarded: what the guardian knows it by, or -1
 * @program: ours that hangs there by netlink, or -1
 * @other: the one of somebody else that was there before, and is put back, or -1
 */
struct emf_chain_hook {
	struct emf *emf;
	const struct emf_chain *chain;
	const struct emf_chain_hook_ops *ops;
	char target[EMF_CHAIN_TARGET_MAX];
	bool hangs, stays;
	unsigned int ifindex;
	int link;
	int socket;
	struct bpf_object *root;
	int root_map;
	struct bpf_link **root_links;
	size_t n_root_links;
	struct emf_owned owned;
	int guarded;
	int program, other;
};

extern const struct emf_chain_hook_ops emf_chain_hook_link; /* whatever has links that can be updated */
extern const struct emf_chain_hook_ops emf_chain_hook_root; /* whatever has others */
extern const struct emf_chain_hook_ops emf_chain_hook_clsact;
extern const struct emf_chain_hook_ops emf_chain_hook_socket;
extern const struct emf_chain_hook_ops emf_chain_hook_xdp; /* in the place of a program of somebody else */

/* Finds the interface of its target. 0; -ENODEV. */
int emf_chain_hook_interface(struct emf_chain_hook *hook);

/* Of those that have both ways. */
bool emf_chain_hook_is_egress(const struct emf_chain_hook *hook);

/* What is owned there is about to be made, with @program: the guardian is told before. 0 or a negative errno. */
int emf_chain_hook_guard(struct emf_chain_hook *hook, int program);

/* It was not, or is gone. */
void emf_chain_hook_unguard(struct emf_chain_hook *hook);

/* The guardian knows both, the program that hangs there and the next one, while @step() puts one in the place of the other. */
int emf_chain_hook_replace_guarded(struct emf_chain_hook *hook, int program,
				   int (*step)(const struct emf_chain_hook *hook, int program));

/*
 * The filter of clsact that a name in the folder of pins stands for, with the program that proves it. 0; -ENOENT if it is
 * gone, or the name is of something else; or why the kernel could not be asked.
 */
int emf_chain_hook_filter_read(const char *folder, const char *name, struct emf_owned *filter);

/* Whether there is such a name. */
bool emf_chain_hook_has_filter(const char *folder);

/* Takes away what is owned there, and puts back what was there before. */
void emf_chain_hook_remove_owned(struct emf_chain_hook *hook);

/* Finds the place. 0; -ENODEV, -ENOENT. */
int emf_chain_hook_init(struct emf_chain_hook *hook, struct emf *emf, const struct emf_chain *chain, const char *target);

/*
 * emf_chain_hook_switch() - hang a program there, or let it take the place of ours
 *
 * Return: 0; -EBUSY if somebody else's is there; or what the kernel reports. What hung there
 * before hangs there still, then.
 */
int emf_chain_hook_switch(struct emf_chain_hook *hook, int program);

/**
 * emf_chain_hook_explain() - what emf_chain_hook_switch() failed of, and what to do
 * @hook: where
 * @err: what it returned
 * @why: receives a sentence
 * @size: of it
 */
void emf_chain_hook_explain(const struct emf_chain_hook *hook, int err, char *why, size_t size);

/* Until no packet is in a program that was taken down before: up to some ms. */
void emf_chain_wait(void);

/* Takes down what is ours, or lets go of what stays. */
void emf_chain_hook_clear(struct emf_chain_hook *hook);

#endif
