/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Calls of the bench's service: client SOCKET one|many|listen|packets|emit N. Prints
 * operations a second. "listen" waits for N signals, "packets" too, and they come through
 * the socket however fast they are; "emit" has N sent.
 */
#include <emf/client.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_emf.h"

#define WINDOW 32

static struct emf_client *client;
static long left, answered;

static void must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %s\n", strerror(-err), emf_client_why(client));
	exit(1);
}

static void again(struct bench_echo_async *async, int err)
{
	must(err);
	answered++;
	if (left-- > 0)
		must(bench_call_echo_async(&bench_client, NULL, async));
}

static void many(long n)
{
	static struct bench_echo_async window[WINDOW];

	left = n - WINDOW;
	for (int i = 0; i < WINDOW; i++) {
		window[i].done = again;
		must(bench_call_echo_async(&bench_client, NULL, &window[i]));
	}
	while (answered < n)
		must(emf_client_dispatch(client, -1));
}

static void one(long n)
{
	struct bench_echo_args args = { .load = { { 1 } } };
	struct bench_echo_reply reply;

	for (long i = 0; i < n; i++)
		must(bench_call_echo(&bench_client, &args, &reply));
}

static void on_tick(struct bench_tick_subscription *subscription, const struct bench_tick *tick)
{
	(void)subscription;
	(void)tick;
	answered++;
}

static void hear(long n, bool in_packets)
{
	static struct bench_tick_subscription subscription = { .handler = on_tick };
	const struct emf_client_queue_opts queue = { .overflow = EBUS_DROP_NEW };

	if (in_packets)
		must(emf_client_queue(client, &bench_client.base, BENCH_SIGNAL_TICK, &queue));
	must(bench_on_tick(&bench_client, NULL, &subscription));
	must(emf_client_dispatch(client, 0));
	puts("ready");
	fflush(stdout);
	while (answered + (long)emf_client_lost(client, &bench_client.base, BENCH_SIGNAL_TICK) < n)
		must(emf_client_dispatch(client, -1));
	fprintf(stderr, "lost %ld\n", n - answered);
}

/* In slices, so that nobody's queue is full: what is measured is delivery. */
static void emit(long n)
{
	const struct bench_emit_args args = { .times = 100 };

	for (long i = 0; i < n; i += args.times)
		must(bench_call_emit(&bench_client, &args));
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[3]) : 0;
	uint64_t start, took;

	client = emf_client_new("bench", 0);
	must(emf_client_connect(client, argv[1]));
	must(emf_client_use(client, &bench_client.base));
	start = emf_now_ns();
	if (!strcmp(argv[2], "one"))
		one(n);
	else if (!strcmp(argv[2], "many"))
		many(n);
	else if (!strcmp(argv[2], "emit"))
		emit(n);
	else
		hear(n, !strcmp(argv[2], "packets"));
	took = emf_now_ns() - start;
	printf("%.0f\n", 1e9 * (double)n / (double)took);
	emf_client_free(client);
	return 0;
}
