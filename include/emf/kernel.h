/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/kernel.h - the few kernel types that EMF's own kernel parts read, cut by
 * hand. They are relocated against the running kernel when a program is loaded
 * (preserve_access_index), so only the names of members matter here, not their
 * places. With it a module builds where the build machine has no BTF, and to
 * the same bytes on any kernel. Modules that need more include "vmlinux.h".
 */
#ifndef EMF_KERNEL_H
#define EMF_KERNEL_H

#ifndef __VMLINUX_H__

#include <linux/bpf.h>
#include <linux/types.h>

#ifndef bool
#define bool _Bool
#define true 1
#define false 0
#endif

typedef int pid_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

/* One of a page counter, since Linux 6.2. */
struct percpu_counter {
	__s64 count;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	unsigned long total_vm;
	struct percpu_counter rss_stat[4]; /* NR_MM_COUNTERS, include/linux/mm_types_task.h */
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct mm_rss_stat {
	atomic64_t count[4];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
};

struct thread_info {
	unsigned long flags;
	__u32 status; /* x86 */
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	int exit_code;
	pid_t pid;
	pid_t tgid;
	__u64 start_time;
	char comm[16]; /* TASK_COMM_LEN, include/linux/sched.h */
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	const struct cred *real_cred;
	struct mm_struct *mm;
	struct signal_struct *signal;
};

/* Before Linux 5.14 the member had another name. */
struct task_struct___before_5_14 {
	volatile long state;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned long skc_flags;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	kuid_t sk_uid;
	int sk_err;
};

struct inet_sock {
	__be16 inet_sport;
};

struct tcp_sock {
	__u64 bytes_received;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u32 srtt_us;
};

#ifdef __TARGET_ARCH_x86
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip,
		cs, flags, sp, ss;
};
#endif

#ifdef __TARGET_ARCH_arm64
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};
struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0;
};
#endif

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */

#endif
