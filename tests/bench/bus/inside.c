/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Calls and signals inside of a product against an indirect call. Prints four times in ns:
 * obj->ops->f(), a typed call, an indirect call, a signal to one subscriber; of each the best
 * of several rounds in turn, so that what else the machine does falls on all.
 */
#include <stdio.h>

#include "bench_emf.h"

#define ROUNDS 20
#define N 1000000

struct object {
	const struct bench_ops *ops;
};

static uint64_t heard;

__attribute__((noinline)) static int echo(struct ebus_call *call, const struct bench_echo_args *args,
					  struct bench_echo_reply *reply)
{
	(void)call;
	reply->load.words[0] = args->load.words[0] + 1;
	return 0;
}

static void on_tick(struct bench_tick_subscription *subscription, const struct bench_tick *tick)
{
	(void)subscription;
	heard += tick->load.words[0];
}

static const struct bench_ops ops = { .echo = echo };

/* As a stub sees it: what it points to may change at any time. */
static struct object *volatile object = &(struct object){ &ops };
static void (*volatile handler)(struct bench_tick_subscription *subscription, const struct bench_tick *tick) = on_tick;

/* Each on its own, so that none has the registers of another. */
#define MEASURED static __attribute__((noinline)) void

MEASURED call_direct(void)
{
	struct bench_echo_args args = { .load = { { 1 } } };
	struct bench_echo_reply reply;

	for (long i = 0; i < N; i++) {
		struct object *o = object;

		o->ops->echo(NULL, &args, &reply);
	}
}

MEASURED call_typed(void)
{
	struct bench_echo_args args = { .load = { { 1 } } };
	struct bench_echo_reply reply;

	for (long i = 0; i < N; i++)
		bench_call_echo(&bench_client, &args, &reply);
}

static struct bench_tick_subscription subscription = { .handler = on_tick };

MEASURED signal_direct(void)
{
	struct bench_tick tick = { .load = { { 1 } } };

	for (long i = 0; i < N; i++)
		handler(&subscription, &tick);
}

MEASURED signal_emitted(void)
{
	struct bench_tick tick = { .load = { { 1 } } };

	for (long i = 0; i < N; i++)
		bench_emit_tick(&tick);
}

static void (*const measured[])(void) = { call_direct, call_typed, signal_direct, signal_emitted };

#define N_MEASURED (sizeof(measured) / sizeof(*measured))

int main(void)
{
	uint64_t best[N_MEASURED];

	memset(best, 0xff, sizeof(best));
	ebus_provide(&bench_service, &ops, NULL);
	bench_on_tick(&bench_client, NULL, &subscription);
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < N_MEASURED; i++) {
			uint64_t start = emf_now_ns(), took;

			measured[i]();
			took = emf_now_ns() - start;
			best[i] = took < best[i] ? took : best[i];
		}
	for (size_t i = 0; i < N_MEASURED; i++)
		printf("%.3f%c", (double)best[i] / N, i + 1 < N_MEASURED ? ' ' : '\n');
	return heard == 0;
}
