/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/chain.h - chains of programs, for generated code.
 */
#ifndef EMF_CHAIN_H
#define EMF_CHAIN_H

#include <emf/chain_types.h>
#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the module that stands for a chain: it starts behind those whose programs are in it, and ends before them. */
#define EMF_CHAIN_PRIO 0x7fffffff

/* Where a chain can hang. */
enum emf_chain_type {
	EMF_CHAIN_XDP,
	EMF_CHAIN_TC,
	EMF_CHAIN_CGROUP_SKB,
	EMF_CHAIN_SK_LOOKUP,
	EMF_CHAIN_SOCKET_FILTER,
	EMF_CHAIN_UPROBE, /* from here on: links that cannot be updated, so that a program stays there, and calls the entry */
	EMF_CHAIN_PERF_EVENT,
	EMF_CHAIN_SECTION, /* where the entry's SEC() says */
};

/**
 * struct emf_chain_slot - a place in a chain
 * @name: of it
 * @room: how many programs
 * @optional: none may be in it; one with room for many is in any case
 */
struct emf_chain_slot {
	const char *name;
	uint16_t room;
	bool optional;
};

/**
 * struct emf_chain - a chain as its description declares it
 * @name: of it; maps and variables of its kernel parts begin with it
 * @type: see there
 * @kind: the same as the description calls it
 * @verdict: where no program gives one, as the description calls it
 * @slots: in order
 * @n_slots: how many
 * @entry: the compiled object whose program begins it
 * @targets: names of what it hangs on, separated by commas; a parameter's value
 * @option: the option that gives them, or NULL
 * @at: where of its target: "ingress" or "egress", the function of a uprobe; else NULL
 * @mode: of XDP: "native", "generic", or "auto"; a parameter's value, or NULL
 * @is_direct: one program alone hangs there by itself
 * @hands_to: the chain that takes over what this one hands off, or NULL
 *
 * Since: 0.1
 */
struct emf_chain {
	const char *name;
	enum emf_chain_type type;
	const char *kind;
	const char *verdict;
	const struct emf_chain_slot *slots;
	size_t n_slots;
	const struct emf_pack *entry;
	const char *targets;
	const char *option;
	const char *at;
	const char *mode;
	bool is_direct;
	const struct emf_chain *hands_to;
};

/**
 * struct emf_plug - a program of a module in a chain
 * @program: its name; NULL ends a table
 * @chain: that it is part of
 * @slot: index
 * @object: the kernel part of its module, of which each place loads this program
 * @takes_frags: of XDP: packets in more than one buffer, too
 *
 * Since: 0.1
 */
struct emf_plug {
	const char *program;
	const struct emf_chain *chain;
	unsigned int slot;
	const struct emf_pack *object;
	bool takes_frags;
};

#ifdef __cplusplus
}
#endif

#endif
