// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_hook.c - where chains hang.
 */
#include "chain_hook.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core.h"
#include "hook_owner.h"

static const struct emf_chain_hook_ops *ops_of(const struct emf_chain *chain)
{
	switch (chain->type) {
	case EMF_CHAIN_XDP:
	case EMF_CHAIN_TC:
	case EMF_CHAIN_CGROUP_SKB:
	case EMF_CHAIN_SK_LOOKUP:
		return &emf_chain_hook_link;
	case EMF_CHAIN_SOCKET_FILTER:
		return &emf_chain_hook_socket;
	case EMF_CHAIN_UPROBE:
	case EMF_CHAIN_PERF_EVENT:
	case EMF_CHAIN_SECTION:
		break;
	}
	return &emf_chain_hook_root;
}

int emf_chain_hook_interface(struct emf_chain_hook *hook)
{
	hook->ifindex = if_nametoindex(hook->target);
	if (hook->ifindex)
		return 0;
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -ENODEV;
}

bool emf_chain_hook_is_egress(const struct emf_chain_hook *hook)
{
	return !strcmp(hook->chain->at, "egress");
}

int emf_chain_hook_init(struct emf_chain_hook *hook, struct emf *emf, const struct emf_chain *chain, const char *target)
{
	*hook = (struct emf_chain_hook){ .emf = emf, .chain = chain, .ops = ops_of(chain), .link = -1, .socket = -1, .root_map = -1,
					 .guarded = -1, .program = -1, .other = -1 };
	snprintf(hook->target, sizeof(hook->target), "%s", target);
	return hook->ops->init ? hook->ops->init(hook) : 0;
}

int emf_chain_hook_switch(struct emf_chain_hook *hook, int program)
{
	int err;

	if (hook->hangs)
		return hook->ops->replace(hook, program);
	err = hook->ops->hang(hook, program);
	if (err == -EINVAL && hook->chain->type == EMF_CHAIN_TC) { /* a kernel before 6.6 has no tcx */
		hook->ops = &emf_chain_hook_clsact;
		err = hook->ops->hang(hook, program);
	}
	if ((err == -EBUSY || err == -EEXIST) && hook->chain->type == EMF_CHAIN_XDP && hook->emf->replaces) {
		hook->ops = &emf_chain_hook_xdp;
		err = hook->ops->hang(hook, program);
	}
	hook->hangs = !err;
	return err;
}

/* What ENOENT means there; NULL where it is a file. */
static const char *what_is_absent(const struct emf_chain *chain)
{
	static const struct {
		const char *kind, *text;
	} all[] = {
		{ "kprobe", "the kernel has no such function, or no kprobes" },
		{ "raw_tp", "the kernel has no such tracepoint" },
		{ "tp_btf", "the kernel has no such tracepoint" },
		{ "tracepoint", "the kernel has no such tracepoint, or tracefs is not mounted or not readable; "
				"as root: mount -t tracefs tracefs /sys/kernel/tracing" },
		{ "uprobe", "there is no such file, or no such function in it" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].kind, chain->kind))
			return all[i].text;
	return NULL;
}

void emf_chain_hook_explain(const struct emf_chain_hook *hook, int err, char *why, size_t size)
{
	char owner[EMF_OWNER_TEXT_MAX];
	const char *reason = owner;

	if (hook->chain->type == EMF_CHAIN_XDP && (err == -EBUSY || err == -EEXIST))
		emf_xdp_owner_describe(hook->ifindex, hook->target, hook->emf->replaces, owner);
	else if (hook->chain->type == EMF_CHAIN_CGROUP_SKB && err == -EPERM && !geteuid())
		reason = "a program that hangs there or above, alone, lets no other one in; 'bpftool cgroup tree' names it";
	else if (hook->chain->type == EMF_CHAIN_CGROUP_SKB && err == -EBADF)
		reason = "that is no folder of cgroup version 2 ('mount -t cgroup2' shows where those are)";
	else if (err == -EPERM)
		reason = "this user may not (needs CAP_BPF and CAP_NET_ADMIN, or run as root)";
	else
		reason = err == -ENOENT && what_is_absent(hook->chain) ? what_is_absent(hook->chain) : strerror(-err);
	snprintf(why, size, "chain %s cannot hang on %s: %s", hook->chain->name, hook->target, reason);
}

/* This command is a call of synchronize_rcu(), kernel/sched/membarrier.c: programs run between rcu_read_lock() and its end. */
void emf_chain_wait(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100 * 1000); /* nohz_full refuses it: far longer than a packet is on its way */
}

void emf_chain_hook_clear(struct emf_chain_hook *hook)
{
	hook->ops->clear(hook);
	hook->hangs = false;
}
