// SPDX-License-Identifier: BSD-2-Clause
/*
 * chain_hook.c - where chains hang.
 */
#include "chain_hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of enum bpf_attach_type, since 6.6: headers that are older do not have them. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47

static bool is_egress(const struct emf_chain_hook *hook)
{
	return !strcmp(hook->chain->direction, "egress");
}

int emf_chain_hook_init(struct emf_chain_hook *hook, const struct emf_chain *chain, const char *target)
{
	*hook = (struct emf_chain_hook){ .chain = chain, .link = -1, .root_map = -1 };
	snprintf(hook->target, sizeof(hook->target), "%s", target);
	if (chain->type != EMF_CHAIN_XDP && chain->type != EMF_CHAIN_TC)
		return 0;
	hook->ifindex = if_nametoindex(target);
	return hook->ifindex ? 0 : -ENODEV;
}

/* --- links that can be updated */

static int link_to(int program, int target, int type)
{
	return bpf_link_create(program, target, (enum bpf_attach_type)type, NULL);
}

static int cgroup_link(const struct emf_chain_hook *hook, int program)
{
	int cgroup = open(hook->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = cgroup < 0 ? -errno :
			      link_to(program, cgroup, is_egress(hook) ? BPF_CGROUP_INET_EGRESS : BPF_CGROUP_INET_INGRESS);

	if (cgroup >= 0)
		close(cgroup);
	return fd;
}

static int link_create(struct emf_chain_hook *hook, int program)
{
	int fd = -EINVAL;

	if (hook->chain->type == EMF_CHAIN_XDP)
		fd = link_to(program, (int)hook->ifindex, BPF_XDP);
	else if (hook->chain->type == EMF_CHAIN_TC)
		fd = link_to(program, (int)hook->ifindex, is_egress(hook) ? TCX_EGRESS : TCX_INGRESS);
	else if (hook->chain->type == EMF_CHAIN_CGROUP_SKB)
		fd = cgroup_link(hook, program);
	if (fd < 0)
		return fd;
	hook->link = fd;
	return 0;
}

/* --- links that cannot: a root program stays */

static int root_load(struct emf_chain_hook *hook)
{
	char name[96];
	struct bpf_program *program, *stay;
	struct bpf_object *object;
	size_t size;
	const void *bytes = hook->chain->entry(&size);

	snprintf(name, sizeof(name), "%s_stay", hook->chain->name);
	object = bpf_object__open_mem(bytes, size, NULL);
	if (!object)
		return -errno;
	stay = bpf_object__find_program_by_name(object, name);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, program == stay);
	if (!stay || bpf_object__load(object)) {
		int err = stay ? -errno : -ENOENT;

		bpf_object__close(object);
		return err;
	}
	snprintf(name, sizeof(name), "%s_root", hook->chain->name);
	hook->root = object;
	hook->root_map = bpf_object__find_map_fd_by_name(object, name);
	return 0;
}

static int root_switch(struct emf_chain_hook *hook, int program)
{
	__u32 zero = 0;
	char name[96];
	int err = hook->root ? 0 : root_load(hook);

	if (!err && bpf_map_update_elem(hook->root_map, &zero, &program, BPF_ANY))
		err = -errno;
	if (err || hook->root_link)
		return err;
	snprintf(name, sizeof(name), "%s_stay", hook->chain->name);
	hook->root_link = bpf_program__attach(bpf_object__find_program_by_name(hook->root, name));
	return hook->root_link ? 0 : -errno;
}

static void root_clear(struct emf_chain_hook *hook)
{
	bpf_link__destroy(hook->root_link);
	bpf_object__close(hook->root);
	hook->root_link = NULL;
	hook->root = NULL;
}

/* --- clsact, whose filters are replaced in place */

static void hook_of(const struct emf_chain_hook *hook, struct bpf_tc_hook *tc)
{
	*tc = (struct bpf_tc_hook){ .sz = sizeof(*tc), .ifindex = (int)hook->ifindex };
	tc->attach_point = is_egress(hook) ? BPF_TC_EGRESS : BPF_TC_INGRESS;
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
	int err;

	if (hook->chain->type == EMF_CHAIN_ROOT)
		return root_switch(hook, program);
	if (hook->link >= 0)
		return bpf_link_update(hook->link, program, NULL);
	if (hook->handle)
		return tc_switch(hook, program);
	err = link_create(hook, program);
	/* A kernel before 6.6 has no tcx. */
	return err == -EINVAL && hook->chain->type == EMF_CHAIN_TC ? tc_switch(hook, program) : err;
}

const char *emf_chain_hook_error(int err)
{
	if (err == -EBUSY || err == -EEXIST)
		return "another program hangs there already; 'bpftool net' names it";
	if (err == -EPERM)
		return "this user may not (needs CAP_BPF and CAP_NET_ADMIN, or run as root)";
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
	tc_clear(hook);
	root_clear(hook);
	if (hook->link >= 0)
		close(hook->link);
	hook->link = -1;
}
