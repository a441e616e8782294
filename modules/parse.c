// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * parse.c - what kinds of packets there were.
 */
#include "parse_emf.h"

#include "ethernet.h"

static struct module *parse;

int parse_serve_totals(struct ebus_call *call, struct parse_totals_reply *reply)
{
	struct parse_total t;
	__u32 zero = 0;
	int err = parse_map_totals_sum(parse, &zero, &t);

	(void)call;
	if (!err)
		*reply = (struct parse_totals_reply){ t.packets, t.ip4, t.ip6, t.other, t.tcp, t.udp, t.tagged, t.fragments, t.broken };
	return err;
}

int parse_create(struct module *m)
{
	parse = m;
	return ethernet_check(m);
}

int parse_destroy(struct module *m)
{
	struct parse_total t;
	__u32 zero = 0;

	if (!parse_map_totals_sum(m, &zero, &t))
		emf_print(m, "%llu packets: %llu IPv4, %llu IPv6, %llu other; %llu TCP, %llu UDP, %llu with a VLAN tag, %llu fragments, %llu broken\n",
			  t.packets, t.ip4, t.ip6, t.other, t.tcp, t.udp, t.tagged, t.fragments, t.broken);
	return 0;
}
