/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain_hook.h - where a chain hangs, and the one step by which another generation takes
 * the place of the one before.
 */
#ifndef EMF_CORE_CHAIN_HOOK_H
#define EMF_CORE_CHAIN_HOOK_H

#include <emf/chain.h>
#include <net/if.h>

#define EMF_CHAIN_TARGET_MAX 256

/**
 * struct emf_chain_hook - a place in the kernel
 * @chain: what hangs there
 * @target: as it was given: an interface, a path
 * @ifindex: of an interface
 * @link: of the kernel, or -1
 * @root: the program that stays where a link cannot be updated
 * @root_map: the array by which it calls the entry
 * @root_link: its link
 * @handle: of a tc filter, 0 without
 * @priority: likewise
 * @made_qdisc: clsact was not there before
 */
struct emf_chain_hook {
	const struct emf_chain *chain;
	char target[EMF_CHAIN_TARGET_MAX];
	unsigned int ifindex;
	int link;
	struct bpf_object *root;
	int root_map;
	struct bpf_link *root_link;
	unsigned int handle, priority;
	bool made_qdisc;
};

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
