// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * kinds.bpf.c - each kind of relocation by the kernel's BTF, of types as they are in some kernel since 5.10, and of some
 * that are in none in this form.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef int __kernel_pid_t;
typedef __kernel_pid_t pid_t;

struct upid { int nr; };
struct list_head { struct list_head *next, *prev; };
struct hlist_head { void *first; };

/* An array of structs at its end, of 1 or of none; inode grows and shrinks with the kernel. */
struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

struct sched_entity { struct list_head group_node; unsigned int on_rq; };

struct task_struct {
	pid_t pid, tgid;
	char comm[16];
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct sched_entity se;
	unsigned int in_execve : 1;
	unsigned int sched_reset_on_fork : 1;
	long state;
	int no_such_member;
};

/* Renamed in 5.14. */
struct task_struct___new { unsigned int __state; };

/* The same name with the wrong type of a member. */
struct task_struct___odd { struct list_head *comm; };

struct no_such_member_of { int at_all; };

struct sock_common {
	union { /* without a name, in one without a name */
		struct { unsigned int skc_daddr, skc_rcv_saddr; };
	};
	unsigned short skc_family;
	unsigned char skc_reuse : 4;
};

struct sock { struct sock_common __sk_common; unsigned short sk_type; };
struct sk_buff { unsigned int len; unsigned char pkt_type : 3; unsigned char *head; };
struct qspinlock { union { unsigned char locked; }; };

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID = 17, PIDTYPE_NO_SUCH = 99 };
enum pid_type___other { PIDTYPE_SID___other = 42 };
enum bpf_map_type___mine { BPF_MAP_TYPE_RINGBUF___mine = 1, BPF_MAP_TYPE_NO_SUCH___mine };

#pragma clang attribute pop

typedef unsigned int gfp_t;
typedef int (*initcall_t)(void);

volatile unsigned long long out;

#define ADD(what) (out += (unsigned long long)(what))

SEC("raw_tp/sched_switch")
int fields(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *t = (void *)ctx->args[1];
	struct task_struct___new *new = (void *)t;
	struct task_struct___odd *odd = (void *)t;

	ADD(BPF_CORE_READ(t, pid));
	ADD(BPF_CORE_READ(t, comm[3]));
	ADD(BPF_CORE_READ(t, real_parent, group_leader, tgid));
	ADD(BPF_CORE_READ(t, thread_pid, numbers[0].nr));
	ADD(BPF_CORE_READ(t, thread_pid, tasks[2].first));
	ADD(BPF_CORE_READ(t, se.on_rq));
	ADD(BPF_CORE_READ(t, se.group_node.prev));
	ADD(bpf_core_field_exists(t->state) ? BPF_CORE_READ(t, state) : 1);
	ADD(bpf_core_field_exists(new->__state) ? BPF_CORE_READ(new, __state) : 1);
	ADD(bpf_core_field_exists(t->no_such_member) ? 3 : 4);
	ADD(bpf_core_field_exists(odd->comm) ? 5 : 6);
	ADD(bpf_core_field_size(t->comm));
	ADD(bpf_core_field_size(t->se));
	ADD(bpf_core_field_size(t->real_parent));
	ADD(bpf_core_field_offset(t->se.group_node));
	return 0;
}

SEC("raw_tp/sched_switch")
int bits(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *t = (void *)ctx->args[1];
	struct sock *sk = (void *)ctx->args[0];
	struct sk_buff *skb = (void *)ctx->args[0];

	ADD(BPF_CORE_READ_BITFIELD_PROBED(t, in_execve));
	ADD(BPF_CORE_READ_BITFIELD_PROBED(t, sched_reset_on_fork));
	ADD(BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuse));
	ADD(BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type));
	ADD(BPF_CORE_READ(sk, __sk_common.skc_daddr));
	ADD(BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	ADD(BPF_CORE_READ(sk, __sk_common.skc_family));
	ADD(BPF_CORE_READ(skb, head));
	return 0;
}

SEC("raw_tp/sched_switch")
int types(struct bpf_raw_tracepoint_args *ctx)
{
	ADD(bpf_core_type_exists(struct task_struct));
	ADD(bpf_core_type_exists(struct task_struct___odd) << 1);
	ADD(bpf_core_type_exists(gfp_t) << 3);
	ADD(bpf_core_type_exists(initcall_t) << 4);
	ADD(bpf_core_type_exists(enum pid_type) << 5);
	ADD(bpf_core_type_size(struct sk_buff));
	ADD(bpf_core_type_size(struct qspinlock));
	ADD(bpf_core_type_size(gfp_t));
	ADD(bpf_core_type_id_local(struct sk_buff));
#if __clang_major__ >= 15
	ADD(bpf_core_type_matches(struct list_head));
	ADD(bpf_core_type_matches(struct hlist_head) << 1);
	ADD(bpf_core_type_matches(struct task_struct) << 2);
	ADD(bpf_core_type_matches(enum pid_type___other) << 3);
#endif
	return 0;
}

SEC("raw_tp/sched_switch")
int values(struct bpf_raw_tracepoint_args *ctx)
{
	ADD(bpf_core_enum_value(enum pid_type, PIDTYPE_TGID));
	ADD(bpf_core_enum_value_exists(enum pid_type, PIDTYPE_NO_SUCH));
	ADD(bpf_core_enum_value(enum pid_type___other, PIDTYPE_SID___other));
	ADD(bpf_core_enum_value(enum bpf_map_type___mine, BPF_MAP_TYPE_RINGBUF___mine));
	ADD(bpf_core_enum_value_exists(enum bpf_map_type___mine, BPF_MAP_TYPE_NO_SUCH___mine));
	return 0;
}
