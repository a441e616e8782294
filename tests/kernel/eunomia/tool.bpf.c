// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One of each that a package of eunomia-bpf can have: variables, records, histograms, tables, stacks. */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define SLOTS 8
#define FRAMES 32

const volatile int wanted = 7;
const volatile unsigned long long big = 0;
const volatile bool plain = true;
const volatile bool on = true;
const volatile bool off = false;
const volatile char text[16] = "as compiled";
const volatile float fraction = 0.5;
unsigned int counted;

enum what { FIRST, SECOND };

struct inner {
	unsigned short a;
	signed char b;
};

struct event {
	int pid;
	unsigned int flags;
	unsigned long long big;
	char comm[16];
	char text[16];
	enum what what;
	struct inner in[2];
	bool plain, on, off;
};

struct hist {
	unsigned int slots[SLOTS];
	char comm[16];
};

struct stacks {
	unsigned int pid;
	unsigned int cpu_id;
	char comm[16];
	int kstack_sz;
	int ustack_sz;
	unsigned long long kstack[FRAMES];
	unsigned long long ustack[FRAMES];
};

struct event *__eunomia_dummy_event_ptr;
struct stacks *__eunomia_dummy_stacks_ptr;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} traces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, unsigned int);
	__type(value, struct hist);
} hists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct inner);
	__type(value, unsigned long long);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} totals SEC(".maps");

static __always_inline void fill(struct event *e)
{
	e->pid = wanted;
	e->flags = counted;
	e->big = big;
	e->what = SECOND;
	e->in[0].a = 1;
	e->in[0].b = -2;
	e->in[1].a = 3;
	e->in[1].b = 4;
	e->plain = plain;
	e->on = on;
	e->off = off;
	for (int i = 0; i < 16; i++)
		e->text[i] = text[i];
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

static __always_inline void count(void)
{
	unsigned int key = 42, zero = 0;
	struct inner pair = { .a = 5, .b = -6 };
	static const struct hist empty;
	unsigned long long one = 1, *n = bpf_map_lookup_elem(&pairs, &pair);
	struct hist *hist;

	bpf_map_update_elem(&hists, &key, &empty, BPF_NOEXIST);
	hist = bpf_map_lookup_elem(&hists, &key);
	if (hist) {
		__sync_fetch_and_add(&hist->slots[2], 1);
		__builtin_memcpy(hist->comm, "one", 4);
	}
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&pairs, &pair, &one, BPF_ANY);
	n = bpf_map_lookup_elem(&totals, &zero);
	if (n)
		__sync_fetch_and_add(n, 1);
}

static __always_inline void send_stacks(void *ctx)
{
	struct stacks *s = bpf_ringbuf_reserve(&traces, sizeof(*s), 0);

	if (!s)
		return;
	s->pid = bpf_get_current_pid_tgid() >> 32;
	s->cpu_id = bpf_get_smp_processor_id();
	bpf_get_current_comm(s->comm, sizeof(s->comm));
	s->kstack_sz = bpf_get_stack(ctx, s->kstack, sizeof(s->kstack), 0);
	s->ustack_sz = bpf_get_stack(ctx, s->ustack, sizeof(s->ustack), BPF_F_USER_STACK);
	bpf_ringbuf_submit(s, 0);
}

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0), copy = {};

	if (e) {
		__builtin_memset(e, 0, sizeof(*e));
		fill(e);
		bpf_ringbuf_submit(e, 0);
	}
	fill(&copy);
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &copy, sizeof(copy));
	count();
	send_stacks(ctx);
	return 0;
}

SEC("perf_event")
int on_sample(void *ctx)
{
	unsigned int zero = 0;
	unsigned long long *n = bpf_map_lookup_elem(&totals, &zero);

	if (n)
		__sync_fetch_and_add(n, 1000000);
	return 0;
}

#ifdef XDP
SEC("xdp")
int on_packet(struct xdp_md *ctx)
{
	count();
	return XDP_PASS;
}
#endif

#ifdef TC
SEC("tc")
int on_frame(struct __sk_buff *ctx)
{
	count();
	return 0;
}
#endif
