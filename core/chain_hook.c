// SPDX-License-Identifier: BSD-2-Clause
/*
 * chain_hook.c - where chains hang.
 */
#include "chain_hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int emf_chain_hook_init(struct emf_chain_hook *hook, const struct emf_chain *chain, const char *target)
{
	*hook = (struct emf_chain_hook){ .chain = chain, .link = -1 };
	snprintf(hook->target, sizeof(hook->target), "%s", target);
	hook->ifindex = if_nametoindex(target);
	return hook->ifindex ? 0 : -ENODEV;
}

/* --- links: XDP */

static int link_create(struct emf_chain_hook *hook, int program)
{
	int fd = bpf_link_create(program, (int)hook->ifindex, BPF_XDP, NULL);

	if (fd < 0)
		return fd;
	hook->link = fd;
	return 0;
}

/* --- clsact, whose filters are replaced in place */

static void hook_of(const struct emf_chain_hook *hook, struct bpf_tc_hook *tc)
{
	*tc = (struct bpf_tc_hook){ .sz = sizeof(*tc), .ifindex = (int)hook->ifindex };
	tc->attach_point = !strcmp(hook->chain->direction, "egress") ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

static int tc_switch(struct emf_chain_hook *hook, int program)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = hook->handle, .priority = hook->priority,
		    .flags = hook->handle ? BPF_TC_F_REPLACE : 0);
	struct bpf_tc_hook tc;
	int err;

	hook_of(hook, &tc);
	if (!hook->handle) {
		err = bpf_tc_hook_create(&tc);
		if (err && err != -EEXIST)
			return err;
		hook->made_qdisc = !err;
	}
	err = bpf_tc_attach(&tc, &opts);
	if (err)
		return err;
	hook->handle = opts.handle;
	hook->priority = opts.priority;
	return 0;
}

static void tc_clear(struct emf_chain_hook *hook)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = hook->handle, .priority = hook->priority);
	struct bpf_tc_hook tc;

	if (!hook->handle)
		return;
	hook_of(hook, &tc);
	bpf_tc_detach(&tc, &opts);
	if (hook->made_qdisc) {
		tc.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS; /* the qdisc itself */
		bpf_tc_hook_destroy(&tc);
	}
	hook->handle = 0;
}

/* --- */

int emf_chain_hook_switch(struct emf_chain_hook *hook, int program)
{
	if (hook->chain->type == EMF_CHAIN_TC)
		return tc_switch(hook, program);
	return hook->link < 0 ? link_create(hook, program) : bpf_link_update(hook->link, program, NULL);
}

const char *emf_chain_hook_error(const struct emf_chain_hook *hook, int err)
{
	if (err == -EBUSY || err == -EEXIST)
		return "another program hangs there already; 'bpftool net' names it";
	if (err == -EPERM)
		return "this user may not (needs CAP_BPF and CAP_NET_ADMIN, or run as root)";
	(void)hook;
	return strerror(-err);
}

/* This command is a call of synchronize_rcu(), kernel/sched/membarrier.c: programs run between rcu_read_lock() and its end. */
void emf_chain_wait(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100 * 1000); /* nohz_full refuses it: far longer than a packet is on its way */
}

void emf_chain_hook_clear(struct emf_chain_hook *hook)
{
	if (hook->chain->type == EMF_CHAIN_TC)
		tc_clear(hook);
	if (hook->link >= 0)
		close(hook->link);
	hook->link = -1;
}
