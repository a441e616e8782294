// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * quarantine.bpf.c - sockets that suspects make send nothing.
 *
 * Who makes a socket is known where it is made. Where a packet leaves it is not: TCP sends
 * again, and acknowledges, from interrupts, in which any process may be the current one. So
 * the socket is marked when it is made, and the packet asks its socket.
 */
#include "suspect.h"

#include "quarantine_emf.h"

/* It goes with the socket; connections that a marked one accepts have it, too. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, __u32);
} pids SEC(".maps"); /* of the process that made it */

__u64 sockets, unmarked, dropped;

SEC("cgroup/sock_create")
int on_socket(struct bpf_sock *sock)
{
	struct suspect_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	__u32 pid = key.pid;

	if (!bpf_map_lookup_elem(&suspects, &key))
		return 1;
	if (bpf_sk_storage_get(&pids, sock, &pid, BPF_SK_STORAGE_GET_F_CREATE)) {
		__sync_fetch_and_add(&sockets, 1);
		return 1;
	}
	/* No memory. A socket without a mark would get through, so there is none: the caller sees EPERM. */
	__sync_fetch_and_add(&unmarked, 1);
	return 0;
}

SEC("cgroup_skb/egress")
int drop(struct __sk_buff *skb)
{
	struct bpf_sock *sock = skb->sk;

	if (sock)
		sock = bpf_sk_fullsock(sock);
	if (!sock || !bpf_sk_storage_get(&pids, sock, NULL, 0))
		return SK_PASS;
	__sync_fetch_and_add(&dropped, 1);
	return SK_DROP;
}
