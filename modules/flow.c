// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * flow.c - the flows of most bytes, for people and for those who call.
 */
#include "flow_emf.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "ethernet.h"

struct flow {
	struct flow_key key;
	struct flow_count count;
};

/* The largest of those seen so far: a heap whose first one is the smallest. */
struct top {
	struct flow flows[FLOW_ROWS_MAX];
	size_t n, limit;
};

static struct {
	struct module *m;
	struct emf_timer timer;
	struct top top;
} f;

/* --- the largest ones */

static void sink(struct top *top, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;
		struct flow moved;

		if (child + 1 < top->n && top->flows[child + 1].count.bytes < top->flows[child].count.bytes)
			child++;
		if (child >= top->n || top->flows[i].count.bytes <= top->flows[child].count.bytes)
			return;
		moved = top->flows[i];
		top->flows[i] = top->flows[child];
		top->flows[child] = moved;
		i = child;
	}
}

static int add(const struct flow_key *key, const struct flow_count *count, void *ctx)
{
	struct top *top = ctx;

	if (top->n < top->limit) {
		top->flows[top->n++] = (struct flow){ *key, *count };
		if (top->n == top->limit)
			for (size_t i = top->n / 2; i-- > 0;)
				sink(top, i);
	} else if (count->bytes > top->flows[0].count.bytes) {
		top->flows[0] = (struct flow){ *key, *count };
		sink(top, 0);
	}
	return 0;
}

/* Most bytes first; equal ones by their addresses, so that they do not jump about. */
static int compare(const void *a, const void *b)
{
	const struct flow *one = a, *other = b;

	if (one->count.bytes != other->count.bytes)
		return one->count.bytes < other->count.bytes ? 1 : -1;
	return memcmp(&one->key, &other->key, sizeof(one->key));
}

static int find_top(size_t limit)
{
	int err;

	f.top.n = 0;
	f.top.limit = limit < FLOW_ROWS_MAX ? limit : FLOW_ROWS_MAX;
	err = flow_map_flows_for_each(f.m, add, &f.top);
	qsort(f.top.flows, f.top.n, sizeof(f.top.flows[0]), compare);
	return err;
}

/* --- for people */

static void format_peer(char *out, size_t size, const __be32 address[4], __be16 port)
{
	char text[INET6_ADDRSTRLEN];

	address_text(text, address);
	if (!port)
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, strchr(text, ':') ? "[%s]:%u" : "%s:%u", text, ntohs(port));
}

static const char *format_proto(char out[8], unsigned int proto)
{
	switch (proto) {
	case NET_PROTO_ICMP:
		return "ICMP";
	case NET_PROTO_TCP:
		return "TCP";
	case NET_PROTO_UDP:
		return "UDP";
	case NET_PROTO_ICMP6:
		return "ICMP6";
	case NET_PROTO_SCTP:
		return "SCTP";
	default:
		snprintf(out, 8, "%u", proto);
		return out;
	}
}

static void print(void)
{
	char clock[16];

	if (find_top(flow_params.rows))
		return;
	if (flow_params.interval)
		emf_print(f.m, "%s\n", emf_clock(clock, emf_now_ns()));
	emf_print(f.m, "%-24s %-24s %-5s %4s %12s %14s\n", "SOURCE", "DESTINATION", "PROTO", "VLAN", "PACKETS", "BYTES");
	for (size_t i = 0; i < f.top.n; i++) {
		const struct flow *flow = &f.top.flows[i];
		char source[64], destination[64], proto[8], vlan[8] = "-";

		format_peer(source, sizeof(source), flow->key.saddr, flow->key.sport);
		format_peer(destination, sizeof(destination), flow->key.daddr, flow->key.dport);
		if (flow->key.vlan)
			snprintf(vlan, sizeof(vlan), "%u", flow->key.vlan);
		emf_print(f.m, "%-24s %-24s %-5s %4s %12llu %14llu\n", source, destination, format_proto(proto, flow->key.proto), vlan,
			  flow->count.packets, flow->count.bytes);
	}
	if (flow_params.interval)
		emf_print(f.m, "\n");
}

static void on_timer(struct emf_timer *timer)
{
	(void)timer;
	print();
}

/* --- for those who call */

int flow_serve_top(struct ebus_call *call, const struct flow_top_args *args, struct flow_top_reply *reply)
{
	__u64 now = emf_now_ns();
	int err = find_top(args->limit);

	(void)call;
	if (err)
		return err;
	for (size_t i = 0; i < f.top.n; i++) {
		const struct flow *flow = &f.top.flows[i];
		struct flow_row *row = &reply->rows[i];

		*row = (struct flow_row){ .sport = ntohs(flow->key.sport), .dport = ntohs(flow->key.dport), .vlan = flow->key.vlan,
					  .proto = flow->key.proto, .bytes = flow->count.bytes, .packets = flow->count.packets };
		row->age = now > flow->count.since ? now - flow->count.since : 0;
		row->idle = now > flow->count.last ? now - flow->count.last : 0;
		address_text(row->source, flow->key.saddr);
		address_text(row->destination, flow->key.daddr);
	}
	reply->rows_len = (__u32)f.top.n;
	return 0;
}

static int one_more(const struct flow_key *key, const struct flow_count *count, void *n)
{
	(void)key;
	(void)count;
	++*(__u64 *)n;
	return 0;
}

int flow_serve_totals(struct ebus_call *call, struct flow_totals_reply *reply)
{
	struct flow_total total;
	__u32 zero = 0;
	int err = flow_map_totals_sum(f.m, &zero, &total);

	(void)call;
	if (err)
		return err;
	*reply = (struct flow_totals_reply){ total.packets, total.bytes, total.other_packets, total.other_bytes, total.opened, 0,
					     total.lost };
	return flow_map_flows_for_each(f.m, one_more, &reply->kept);
}

void flow_handle_began(struct module *m, const struct flow_began *event)
{
	const struct flow_key *key = &event->key;
	struct flow_opened opened = { .time = event->time, .sport = ntohs(key->sport), .dport = ntohs(key->dport), .vlan = key->vlan,
				      .proto = key->proto };

	(void)m;
	address_text(opened.source, key->saddr);
	address_text(opened.destination, key->daddr);
	flow_emit_opened(&opened);
}

/* --- */

int flow_configure(struct module *m)
{
	return bpf_map__set_max_entries(flow_skeleton(m)->maps.flows, flow_params.flows);
}

int flow_create(struct module *m)
{
	f.m = m;
	f.timer.expired = on_timer;
	return ethernet_check(m);
}

int flow_attach(struct module *m)
{
	uint64_t interval = flow_params.interval;

	emf_timer_stop(&f.timer);
	return interval ? emf_timer_start(m, &f.timer, interval, interval) : 0;
}

int flow_notify(struct module *m)
{
	return emf_module_event(m) == EMF_EVENT_PARAMS ? flow_attach(m) : 0;
}

int flow_destroy(struct module *m)
{
	(void)m;
	if (!flow_params.interval)
		print();
	return 0;
}
