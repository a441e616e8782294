/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/only.h - -p, -u, --comm and -c in the kernel part: of which processes a tool tells. Comes with <emf/bpf.h>.
 */
#ifndef EMF_ONLY_H
#define EMF_ONLY_H

/*
 * What the command line asks for; the product writes it before the load (core/only.h has the same). What is 0 is constant
 * to the verifier, which then leaves the question out: who asks for nothing pays nothing.
 */
struct emf_only {
	__u64 cgroup;
	__u64 comm[2];
	__u64 comm_mask[2];
	__u32 cgroup_level;
	__u32 pid;
	__u32 uid;
	__u32 has_uid;
};

/* static: an object that does not ask has none, and by the one that it has the product knows what may be asked for. */
static const volatile struct emf_only emf_only __attribute__((unused));
static const volatile struct emf_only emf_only_socket __attribute__((unused));

static __always_inline bool emf_only_comm(const __u64 comm[2])
{
	return !((comm[0] ^ emf_only.comm[0]) & emf_only.comm_mask[0]) && !((comm[1] ^ emf_only.comm[1]) & emf_only.comm_mask[1]);
}

/**
 * emf_wants_some() - whether the command line asks for some processes only
 *
 * For what cannot be said of a process: it is not told then.
 *
 * Since: 0.1
 */
static __always_inline bool emf_wants_some(void)
{
	return emf_only.pid || emf_only.has_uid || emf_only.cgroup || emf_only.comm_mask[0];
}

/**
 * emf_wants_process() - whether the command line asks for a process by its number or by its name
 *
 * For what has a user and a cgroup of its own, as a socket has, and belongs to a process only by use.
 *
 * Since: 0.1
 */
static __always_inline bool emf_wants_process(void)
{
	return emf_only.pid || emf_only.comm_mask[0];
}

/* The few members that are read of another task, under names of their own: a kernel part may have these types, or all of vmlinux.h. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct kernfs_node___only {
	__u64 id;
};
struct cgroup___only {
	struct kernfs_node___only *kn;
	__s32 level;
	struct cgroup___only *ancestors[16];
};
struct cgroup___only_before_6_1 {
	__u64 ancestor_ids[16];
};
struct css_set___only {
	struct cgroup___only *dfl_cgrp;
};
struct kuid___only {
	__u32 val;
};
struct cred___only {
	struct kuid___only uid;
};
struct task_struct___only {
	__s32 tgid;
	char comm[16];
	const struct cred___only *cred;
	void *bpf_ctx;
	struct css_set___only *cgroups;
};
struct sock_cgroup_data___only {
	struct cgroup___only *cgroup;
};
struct sock_cgroup_data___only_before_5_15 {
	__u64 val;
};
struct sock___only {
	struct kuid___only sk_uid;
	struct sock_cgroup_data___only sk_cgrp_data;
};
struct sock___only_before_5_15 {
	struct sock_cgroup_data___only_before_5_15 sk_cgrp_data;
};
#pragma clang attribute pop

/* The number of the group that contains it at this level; 0 if it is not that deep. */
static __always_inline __u64 emf_only_group_at(const struct cgroup___only *group, __u32 level)
{
	const struct cgroup___only *up = 0;
	__u64 id = 0;

	level &= 15;
	if (BPF_CORE_READ(group, level) < (__s32)level)
		return 0;
	if (bpf_core_field_exists(group->ancestors)) {
		bpf_core_read(&up, sizeof(up), &group->ancestors[level]);
		id = BPF_CORE_READ(up, kn, id);
	} else {
		bpf_core_read(&id, sizeof(id), &((const struct cgroup___only_before_6_1 *)group)->ancestor_ids[level]);
	}
	return id;
}

static __always_inline __u64 emf_only_cgroup_of(const struct task_struct___only *task)
{
	return emf_only_group_at(BPF_CORE_READ(task, cgroups, dfl_cgrp), emf_only.cgroup_level);
}

/*
 * Tracing programs may ask for the ancestor of a group since Linux 5.15, which brought this member, too. A kernel part that reads
 * nothing of the kernel and shall not need its BTF for this defines EMF_NO_BTF: its -c then needs that kernel.
 */
static __always_inline __u64 emf_only_cgroup_of_current(void)
{
#ifndef EMF_NO_BTF
	if (!bpf_core_field_exists(((struct task_struct___only *)0)->bpf_ctx))
		return emf_only_cgroup_of((const struct task_struct___only *)bpf_get_current_task());
#endif
	return bpf_get_current_ancestor_cgroup_id((int)emf_only.cgroup_level);
}

/**
 * emf_is_wanted() - whether the command line asks for the process that runs now
 *
 * -p, -u, --comm and -c then mean in this tool what they mean in others, also where nothing of what it sends or counts says whose it
 * is. It goes where an event is first known, in the context of its process: "if (!emf_is_wanted()) return 0;".
 *
 * Context: a program that may call bpf_get_current_comm() and the like: not one of packets.
 * Return: whether it is; true if nothing is asked for.
 *
 * Since: 0.1
 */
static __always_inline bool emf_is_wanted(void)
{
	if (emf_only.pid && bpf_get_current_pid_tgid() >> 32 != emf_only.pid)
		return false;
	if (emf_only.has_uid && (__u32)bpf_get_current_uid_gid() != emf_only.uid)
		return false;
	if (emf_only.cgroup && emf_only_cgroup_of_current() != emf_only.cgroup)
		return false;
	if (emf_only.comm_mask[0]) {
		__u64 comm[2] = {};

		bpf_get_current_comm(comm, sizeof(comm));
		return emf_only_comm(comm);
	}
	return true;
}

/**
 * emf_is_wanted_task() - the same of another task than the one that runs now
 * @task: struct task_struct *; one that is waked up, or switched to
 *
 * Context: as emf_is_wanted(); a tracing program, which may read what @task points to.
 * Return: as emf_is_wanted().
 *
 * Since: 0.1
 */
static __always_inline bool emf_is_wanted_task(const void *task)
{
	const struct task_struct___only *t = task;

	if (emf_only.pid && (__u32)BPF_CORE_READ(t, tgid) != emf_only.pid)
		return false;
	if (emf_only.has_uid && BPF_CORE_READ(t, cred, uid.val) != emf_only.uid)
		return false;
	if (emf_only.cgroup && emf_only_cgroup_of(t) != emf_only.cgroup)
		return false;
	if (emf_only.comm_mask[0]) {
		__u64 comm[2] = {};

		bpf_core_read(comm, sizeof(comm), &t->comm);
		return emf_only_comm(comm);
	}
	return true;
}

/**
 * emf_is_wanted_socket() - whether the command line asks for this socket, by its user and its cgroup
 * @sk: struct sock *
 *
 * A socket has a user and a cgroup, those of who made it, and belongs to no process: a kernel part that asks of sockets alone
 * leaves -p and --comm to be refused; one that knows who uses them asks emf_wants_process() first.
 *
 * Context: a tracing program, which may read what @sk points to.
 * Return: whether it does; true if nothing is asked for, false if a process is.
 *
 * Since: 0.1
 */
static __always_inline bool emf_is_wanted_socket(const void *sk)
{
	const struct sock___only *s = sk;
	const struct sock___only_before_5_15 *old = sk;
	const struct cgroup___only *group;

	if (emf_only_socket.pid || emf_only_socket.comm_mask[0])
		return false;
	if (emf_only_socket.has_uid && BPF_CORE_READ(s, sk_uid.val) != emf_only_socket.uid)
		return false;
	if (!emf_only_socket.cgroup)
		return true;
	if (bpf_core_field_exists(s->sk_cgrp_data.cgroup))
		group = BPF_CORE_READ(s, sk_cgrp_data.cgroup);
	else /* odd if it is none: then net_cls or net_prio, of version 1, have the place */
		group = (const void *)BPF_CORE_READ(old, sk_cgrp_data.val);
	return !((__u64)group & 1) && emf_only_group_at(group, emf_only_socket.cgroup_level) == emf_only_socket.cgroup;
}

#endif
