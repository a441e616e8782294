// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_hook_xdp.c - chains of XDP in the place of a program of somebody else, which hangs there by netlink and is put
 * back afterwards. A link cannot take its place: so ours hangs by netlink, too, and the guardian knows of both.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <unistd.h>

#include "chain_hook.h"
#include "core.h"
#include "hook_owner.h"

/* The kernel compares what is there with @from: nobody's program goes by mistake. */
static int exchange(const struct emf_chain_hook *hook, int from, int to)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = from);

	return bpf_xdp_attach((int)hook->ifindex, to, hook->owned.xdp_flags | XDP_FLAGS_REPLACE, &opts);
}

static int step(const struct emf_chain_hook *hook, int program)
{
	return exchange(hook, hook->program, program);
}

static unsigned int flags_of(int mode)
{
	if (mode == XDP_ATTACHED_SKB)
		return XDP_FLAGS_SKB_MODE;
	return mode == XDP_ATTACHED_HW ? XDP_FLAGS_HW_MODE : XDP_FLAGS_DRV_MODE;
}

/* -EBUSY where it is none that can be put aside. */
static int find_other(struct emf_chain_hook *hook)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	bool is_hidden = false;
	int err = bpf_xdp_query((int)hook->ifindex, 0, &query);

	if (err)
		return err;
	if (!query.prog_id || query.attach_mode == XDP_ATTACHED_MULTI || emf_xdp_link_find(query.prog_id, &is_hidden))
		return -EBUSY;
	hook->other = bpf_prog_get_fd_by_id(query.prog_id);
	if (hook->other < 0)
		return -errno;
	hook->owned = (struct emf_owned){ .kind = EMF_OWNED_XDP, .ifindex = hook->ifindex, .other = query.prog_id,
					  .xdp_flags = flags_of(query.attach_mode) };
	snprintf(hook->owned.link, sizeof(hook->owned.link), "%.15s", hook->target);
	return 0;
}

static int hang(struct emf_chain_hook *hook, int program)
{
	int err = find_other(hook);

	hook->program = err ? -1 : fcntl(program, F_DUPFD_CLOEXEC, 0);
	if (!err && hook->program < 0)
		err = -errno;
	if (!err)
		err = emf_chain_hook_guard(hook, program);
	if (!err)
		err = exchange(hook, hook->other, program);
	if (err)
		emf_chain_hook_remove_owned(hook);
	else
		emf_info(NULL, "chain %s has put the XDP program %u on %s aside; it is put back at the end", hook->chain->name,
			 hook->owned.other, hook->target);
	return err;
}

/* A copy of ours stays here: it is what the kernel compares with. */
static int replace(struct emf_chain_hook *hook, int program)
{
	int copy = fcntl(program, F_DUPFD_CLOEXEC, 0);
	int err = copy < 0 ? -errno : emf_chain_hook_replace_guarded(hook, program, step);

	if (err) {
		if (copy >= 0)
			close(copy);
		return err;
	}
	close(hook->program);
	hook->program = copy;
	return 0;
}

const struct emf_chain_hook_ops emf_chain_hook_xdp = { .hang = hang, .replace = replace, .clear = emf_chain_hook_remove_owned };
