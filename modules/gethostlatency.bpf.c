// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * gethostlatency.bpf.c - names of hosts that processes look up by their C library.
 */
#include <emf/bpf.h>

#include "gethostlatency_emf.h"

#define MAX_CALLS 8192 /* threads that wait for an address */

const volatile __u32 pid;

struct call {
	__u64 since;
	__u64 host; /* where it stands in the process */
	__u64 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u64); /* thread */
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline int enter(unsigned long host, __u64 kind)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct call call = { .since = bpf_ktime_get_ns(), .host = host, .kind = kind };

	if ((pid && pid != thread >> 32) || !emf_is_wanted())
		return 0;
	if (bpf_map_update_elem(&calls, &thread, &call, BPF_ANY))
		gethostlatency_event_lookup_lost();
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(on_getaddrinfo, unsigned long host)
{
	return enter(host, GETHOSTLATENCY_CALL_GETADDRINFO);
}

SEC("uprobe")
int BPF_KPROBE(on_gethostbyname, unsigned long host)
{
	return enter(host, GETHOSTLATENCY_CALL_GETHOSTBYNAME);
}

SEC("uprobe")
int BPF_KPROBE(on_gethostbyname2, unsigned long host)
{
	return enter(host, GETHOSTLATENCY_CALL_GETHOSTBYNAME2);
}

/* The name is read here: it has been read by now, so that it is in memory. */
static __always_inline void read_host(struct gethostlatency_lookup *e, const char *host)
{
	char next = 0;
	long n = host ? bpf_probe_read_user_str(e->host, sizeof(e->host), host) : 0;

	if (n <= 0)
		e->host[0] = '\0';
	if (n == sizeof(e->host))
		bpf_probe_read_user(&next, sizeof(next), host + sizeof(e->host) - 1);
	e->cut = next != 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(on_return, unsigned long result)
{
	__u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
	struct call *known = bpf_map_lookup_elem(&calls, &thread), call;
	struct gethostlatency_lookup *e;

	if (!known)
		return 0;
	call = *known;
	bpf_map_delete_elem(&calls, &thread);
	e = gethostlatency_event_lookup_reserve();
	if (!e)
		return 0;
	e->time = now;
	e->took = now - call.since;
	e->pid = thread >> 32;
	e->call = call.kind;
	/* getaddrinfo() says 0 when it was done, the others where the address is. */
	e->failed = call.kind == GETHOSTLATENCY_CALL_GETADDRINFO ? (int)result != 0 : !result;
	e->pad = 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	read_host(e, (const char *)call.host);
	gethostlatency_event_lookup_submit(e);
	return 0;
}
