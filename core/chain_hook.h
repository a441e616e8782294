/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain_hook.h - where a chain hangs, and the one step by which another generation takes
 * the place of the one before.
 */
#ifndef EMF_CORE_CHAIN_HOOK_H
#define EMF_CORE_CHAIN_HOOK_H

#include <emf/chain.h>
#include <net/if.h>
#include <stddef.h>

struct bpf_link;
struct bpf_object;

#define EMF_CHAIN_TARGET_MAX 256

struct emf_chain_hook;

/**
 * struct emf_chain_hook_ops - a kind of place
 * @init: finds it; NULL if there is nothing to find
 * @hang: the first program
 * @replace: the one that hangs there, by another, in one step
 * @clear: takes it down; also after @init alone
 */
struct emf_chain_hook_ops {
	int (*init)(struct emf_chain_hook *hook);
	int (*hang)(struct emf_chain_hook *hook, int program);
	int (*replace)(struct emf_chain_hook *hook, int program);
	void (*clear)(struct emf_chain_hook *hook);
};

/**
 * struct emf_chain_hook - a place in the kernel
 * @chain: what hangs there
 * @ops: of its kind
 * @target: as it was given: an interface, a path
 * @hangs: a program is there
 * @ifindex: of an interface
 * @link: of the kernel, or -1
 * @socket: whose filter the program is, or -1
 * @root: the program that stays where a link cannot be updated
 * @root_map: the array by which it calls the entry
 * @root_links: its links
 * @n_root_links: how many
 * @handle: of a tc filter, 0 without
 * @priority: likewise
 * @made_qdisc: clsact was not there before
 */
struct emf_chain_hook {
	const struct emf_chain *chain;
	const struct emf_chain_hook_ops *ops;
	char target[EMF_CHAIN_TARGET_MAX];
	bool hangs;
	unsigned int ifindex;
	int link;
	int socket;
	struct bpf_object *root;
	int root_map;
	struct bpf_link **root_links;
	size_t n_root_links;
	unsigned int handle, priority;
	bool made_qdisc;
};

extern const struct emf_chain_hook_ops emf_chain_hook_link; /* whatever has links that can be updated */
extern const struct emf_chain_hook_ops emf_chain_hook_root; /* whatever has others */
extern const struct emf_chain_hook_ops emf_chain_hook_clsact;
extern const struct emf_chain_hook_ops emf_chain_hook_socket;

/* Finds the interface of its target. 0; -ENODEV. */
int emf_chain_hook_interface(struct emf_chain_hook *hook);

/* Of those that have both ways. */
bool emf_chain_hook_is_egress(const struct emf_chain_hook *hook);

/* Finds the place. 0; -ENODEV, -ENOENT. */
int emf_chain_hook_init(struct emf_chain_hook *hook, const struct emf_chain *chain, const char *target);

/*
 * emf_chain_hook_switch() - hang a program there, or let it take the place of ours
 *
 * Return: 0; -EBUSY if somebody else's is there; or what the kernel reports. What hung there
 * before hangs there still, then.
 */
int emf_chain_hook_switch(struct emf_chain_hook *hook, int program);

/* What emf_chain_hook_switch() failed of, as words. */
const char *emf_chain_hook_error(int err);

/* Until no packet is in a program that was taken down before: up to some ms. */
void emf_chain_wait(void);

/* Takes down what is ours. */
void emf_chain_hook_clear(struct emf_chain_hook *hook);

#endif
