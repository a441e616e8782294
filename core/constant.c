// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * constant.c - numbers of the kernel by the names of their constants. The tables are
 * spelt out: headers of the machine that builds may be older than the kernel here.
 */
#include "constant.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define CAP_PREFIX "CAP_"

/* include/net/tcp_states.h */
static const char *const tcp_states[] = {
	NULL,	 "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",    "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT",	"LAST_ACK", "LISTEN",	"CLOSING",   "NEW_SYN_RECV", "BOUND_INACTIVE",
};

/* IANA's protocol numbers, by the names that /etc/protocols and tools have for them. */
static const char *const ip_protocols[] = {
	[0] = "ip",	    [1] = "icmp",	[2] = "igmp",	    [4] = "ipip",    [6] = "tcp",      [8] = "egp",
	[9] = "igp",	    [12] = "pup",	[17] = "udp",	    [22] = "idp",    [27] = "rdp",     [29] = "tp",
	[33] = "dccp",	    [41] = "ipv6",	[43] = "ipv6-route", [44] = "ipv6-frag", [46] = "rsvp", [47] = "gre",
	[50] = "esp",	    [51] = "ah",	[58] = "icmp6",	    [59] = "ipv6-nonxt", [60] = "ipv6-opts", [88] = "eigrp",
	[89] = "ospf",	    [92] = "mtp",	[94] = "beetph",    [97] = "etherip", [98] = "encap",  [103] = "pim",
	[108] = "comp",	    [112] = "vrrp",	[115] = "l2tp",	    [132] = "sctp",  [135] = "mobility", [136] = "udplite",
	[137] = "mpls",	    [139] = "hip",	[143] = "ethernet", [255] = "raw",   [262] = "mptcp",
};

/* include/uapi/linux/capability.h */
static const char *const capabilities[] = {
	"CAP_CHOWN",	       "CAP_DAC_OVERRIDE",  "CAP_DAC_READ_SEARCH", "CAP_FOWNER",	    "CAP_FSETID",
	"CAP_KILL",	       "CAP_SETGID",	    "CAP_SETUID",	   "CAP_SETPCAP",	    "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",	   "CAP_NET_RAW",	    "CAP_IPC_LOCK",
	"CAP_IPC_OWNER",       "CAP_SYS_MODULE",    "CAP_SYS_RAWIO",	   "CAP_SYS_CHROOT",	    "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",       "CAP_SYS_ADMIN",	    "CAP_SYS_BOOT",	   "CAP_SYS_NICE",	    "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",	       "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",	   "CAP_LEASE",		    "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",   "CAP_SETFCAP",	    "CAP_MAC_OVERRIDE",	   "CAP_MAC_ADMIN",	    "CAP_SYSLOG",
	"CAP_WAKE_ALARM",      "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",	   "CAP_PERFMON",	    "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

static const char *const *table_of(enum emf_type type, size_t *n)
{
	switch (type) {
	case EMF_TCP_STATE:
		*n = sizeof(tcp_states) / sizeof(*tcp_states);
		return tcp_states;
	case EMF_IPPROTO:
		*n = sizeof(ip_protocols) / sizeof(*ip_protocols);
		return ip_protocols;
	case EMF_CAP:
		*n = sizeof(capabilities) / sizeof(*capabilities);
		return capabilities;
	case EMF_SYSCALL:
		*n = emf_n_syscall_names;
		return emf_syscall_names;
	default:
		*n = 0;
		return NULL;
	}
}

const char *emf_constant_name(enum emf_type type, uint64_t number)
{
	size_t n;
	const char *const *names = table_of(type, &n);

	return number < n ? names[number] : NULL;
}

int emf_constant_find(enum emf_type type, const char *text, uint64_t *number)
{
	size_t n, prefix = type == EMF_CAP ? strlen(CAP_PREFIX) : 0;
	const char *const *names = table_of(type, &n);

	for (size_t i = 0; i < n; i++) {
		if (!names[i] || (strcasecmp(names[i], text) && strcasecmp(names[i] + prefix, text)))
			continue;
		*number = i;
		return 0;
	}
	return -EINVAL;
}
