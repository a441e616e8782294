// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_chain_trace.c - "chain trace": packets and the programs that they meet. The trace
 * ends with this command, however it ends: it is on while somebody listens.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ask.h"
#include "cmd_chain.h"
#include "command.h"
#include "emf_emf.h"
#include "json.h"
#include "output.h"

#define PACKETS_MAX 256 /* that are under way at a time: one for each processor and level at most */
#define HOPS_MAX 34

struct packet {
	uint32_t trace; /* 0: unused */
	size_t n;
	struct chains_hop hops[HOPS_MAX];
};

struct following {
	struct chains_hop_subscription subscription;
	const char *chain;
	bool as_json;
	struct packet packets[PACKETS_MAX];
	size_t next; /* that is given up when all are used: its end was lost */
};

static struct packet *packet_of(struct following *f, uint32_t trace)
{
	struct packet *packet;

	for (size_t i = 0; i < PACKETS_MAX; i++)
		if (f->packets[i].trace == trace)
			return &f->packets[i];
	packet = &f->packets[f->next++ % PACKETS_MAX];
	packet->trace = trace;
	packet->n = 0;
	return packet;
}

static void print_line(const struct packet *packet, const struct chains_hop *end)
{
	printf("%s %08x generation %u:", end->target, packet->trace, end->generation);
	for (size_t i = 0; i < packet->n; i++)
		printf(" %s.%s", packet->hops[i].module, packet->hops[i].program);
	printf(" = %d", end->verdict);
	if (packet->n)
		printf(" (%" PRIu64 " ns)", (uint64_t)(end->time - packet->hops[0].time));
	printf("\n");
}

static void print_json(const struct packet *packet, const struct chains_hop *end)
{
	json_t *hops = json_array();

	for (size_t i = 0; i < packet->n; i++)
		json_array_append_new(hops, json_pack("{s:s, s:s, s:i, s:I}", "module", packet->hops[i].module, "program",
						      packet->hops[i].program, "generation", packet->hops[i].generation, "time",
						      (json_int_t)packet->hops[i].time));
	emf_json_line(json_pack("{s:s, s:s, s:I, s:i, s:i, s:o}", "chain", end->chain, "target", end->target, "trace",
				(json_int_t)packet->trace, "generation", end->generation, "verdict", end->verdict, "hops", hops));
}

static void on_hop(struct chains_hop_subscription *subscription, const struct chains_hop *hop)
{
	struct following *f = (struct following *)(void *)subscription; /* its first member */
	struct packet *packet;

	if (strcmp(hop->chain, f->chain))
		return;
	packet = packet_of(f, hop->trace);
	if (hop->number) {
		if (packet->n < HOPS_MAX)
			packet->hops[packet->n++] = *hop;
		return;
	}
	if (f->as_json)
		print_json(packet, hop);
	else
		print_line(packet, hop);
	packet->trace = 0;
	packet->n = 0;
}

int emf_chain_follow(struct emf_client *client, const char *chain, const char *sample, bool as_json)
{
	struct chains_trace_args args = { 0 };
	struct following *f;
	char *end;
	int err, status;

	args.sample = (__u32)strtoul(sample, &end, 10);
	if (*sample < '1' || *sample > '9' || *end || (size_t)snprintf(args.chain, sizeof(args.chain), "%s", chain) >= sizeof(args.chain)) {
		emf_err(NULL, "one packet in so many is traced: a number from 1, and not '%s'", sample);
		return EMF_EXIT_USAGE;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		return emf_cmd_chain_tell(-ENOMEM);
	f->subscription.handler = on_hop;
	f->chain = chain;
	f->as_json = as_json;
	err = chains_on_hop(&chains_client, NULL, &f->subscription);
	if (!err)
		err = chains_call_trace(&chains_client, &args);
	status = emf_cmd_chain_tell(err);
	while (!err) {
		err = emf_client_dispatch(client, -1);
		err = err == -EINTR ? 0 : err;
		if (!err)
			err = emf_output_flush();
		err = err == -EAGAIN ? 0 : err;
	}
	if (emf_client_lost(client, &chains_client.base, CHAINS_SIGNAL_HOP))
		emf_warn(NULL, "some hops were not heard: trace fewer packets");
	ebus_unsubscribe(&f->subscription.base);
	free(f);
	return status;
}
