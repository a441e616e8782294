// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcptop.bpf.c - bytes that processes sent and received over TCP.
 *
 * Tracepoints tell of them since Linux 6.3; before, the functions that do it are watched.
 */
#include <emf/bpf.h>

#include "tcptop_emf.h"
#include "tcp.h"

#define MAX_ROWS 16384
/* include/linux/socket.h: what is only looked at, and comes again; what is no data */
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000

extern int LINUX_KERNEL_VERSION __kconfig;

const volatile __u32 pid;
const volatile bool by_process;
__u64 lost; /* calls that have no row */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH); /* whoever watches for days wants those of today */
	__uint(max_entries, MAX_ROWS);
	__type(key, struct tcptop_connection);
	__type(value, struct tcptop_count);
} connections SEC(".maps");

static __always_inline int count(const struct sock *sk, int n, bool is_sent)
{
	struct tcptop_connection key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct tcptop_count first = { 0 }, *row;

	if (n <= 0 || (pid && pid != key.pid) || !tcp_is(sk) || !emf_is_wanted())
		return 0;
	if (!by_process)
		tcp_addresses(sk, key.saddr, key.daddr, &key.sport, &key.dport);
	row = bpf_map_lookup_elem(&connections, &key);
	if (!row) {
		bpf_get_current_comm(first.comm, sizeof(first.comm));
		bpf_map_update_elem(&connections, &key, &first, BPF_NOEXIST);
		row = bpf_map_lookup_elem(&connections, &key);
	}
	if (!row) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__sync_fetch_and_add(&row->bytes, n);
	__sync_fetch_and_add(is_sent ? &row->sent : &row->received, n);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send, const struct sock *sk, int n)
{
	return count(sk, n, true);
}

static __always_inline int count_received(const struct sock *sk, int n, int flags)
{
	return flags & (MSG_PEEK | MSG_ERRQUEUE) ? 0 : count(sk, n, false);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_receive, const struct sock *sk, int n, int flags)
{
	return count_received(sk, n, flags);
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(on_tcp_sendmsg, const struct sock *sk, void *msg, unsigned long size, int n)
{
	return count(sk, n, true);
}

SEC("fexit/tcp_recvmsg")
int on_tcp_recvmsg(__u64 *ctx)
{
	const struct sock *sk = (const struct sock *)ctx[0];

	/* Linux 5.19 took an argument away that stood before the flags. */
	if (LINUX_KERNEL_VERSION >= KERNEL_VERSION(5, 19, 0))
		return count_received(sk, (int)ctx[5], (int)ctx[3]);
	return count_received(sk, (int)ctx[6], (int)ctx[4]);
}
