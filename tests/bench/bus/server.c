/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The product that the bench calls: one module, and the core as it is. */
#include <emf.h>
#include <emf/product.h>

#include "bench_emf.h"

const struct emf_product emf_product = { .name = "bench", .version = "1.0", .doc = "is called by the bench" };

int bench_serve_echo(struct ebus_call *call, const struct bench_echo_args *args, struct bench_echo_reply *reply)
{
	(void)call;
	reply->load = args->load;
	return 0;
}

int bench_serve_emit(struct ebus_call *call, const struct bench_emit_args *args)
{
	struct bench_tick tick = { .load = { { 1 } } };

	(void)call;
	for (uint32_t i = 0; i < args->times; i++) {
		tick.load.words[0] = i;
		bench_emit_tick(&tick);
	}
	return 0;
}

static const struct bench_ops ops = BENCH_SERVED;
static const struct emf_provided provides[] = { { &bench_service, &ops }, { NULL, NULL } };
static struct module bench_module = { .name = "bench", .provides = provides };
ebpf_module(bench_module);
