// SPDX-License-Identifier: BSD-2-Clause
/*
 * chain_hook_clsact.c - chains of tc where the kernel has no tcx: a filter of clsact, which is replaced in place.
 */
#include <bpf/libbpf.h>
#include <errno.h>

#include "chain_hook.h"

static void hook_of(const struct emf_chain_hook *hook, struct bpf_tc_hook *tc)
{
	*tc = (struct bpf_tc_hook){ .sz = sizeof(*tc), .ifindex = (int)hook->ifindex };
	tc->attach_point = emf_chain_hook_is_egress(hook) ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

static int replace(struct emf_chain_hook *hook, int program)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = hook->handle, .priority = hook->priority,
		    .flags = hook->handle ? BPF_TC_F_REPLACE : 0);
	struct bpf_tc_hook tc;
	int err;

	hook_of(hook, &tc);
	err = bpf_tc_attach(&tc, &opts);
	if (err)
		return err;
	hook->handle = opts.handle;
	hook->priority = opts.priority;
	return 0;
}

static int hang(struct emf_chain_hook *hook, int program)
{
	struct bpf_tc_hook tc;
	int err;

	hook_of(hook, &tc);
	err = bpf_tc_hook_create(&tc);
	if (err && err != -EEXIST)
		return err;
	hook->made_qdisc = !err;
	return replace(hook, program);
}

static void clear(struct emf_chain_hook *hook)
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

const struct emf_chain_hook_ops emf_chain_hook_clsact = { .hang = hang, .replace = replace, .clear = clear };
