/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcp.h - what kernel parts need to know of TCP sockets.
 */
#ifndef TCP_H
#define TCP_H

/* include/linux/socket.h, include/uapi/linux/in.h */
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

/* include/net/tcp_states.h */
enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV,
};

/* Whether it is TCP over IP: MPTCP and DCCP come through the same tracepoint. */
static __always_inline bool tcp_is(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	/* A bit-field before 5.6, which read and relocate alike. */
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol) == IPPROTO_TCP && (family == AF_INET || family == AF_INET6);
}

/* The two addresses, and the ports in host order; the own port also of a socket that has given it back. */
static __always_inline void tcp_addresses(const struct sock *sk, __be32 saddr[4], __be32 daddr[4], __u16 *sport, __u16 *dport)
{
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		bpf_core_read(saddr, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(daddr, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		emf_ip_from4(saddr, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		emf_ip_from4(daddr, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	}
	*sport = bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	*dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

#endif
