// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * storm.c - what the reader of a storm of events takes: it counts them, or prints one over
 * and over.
 */
#include "storm_emf.h"

#include <string.h>
#include <time.h>

static uint64_t received;

void storm_handle_called(struct module *m, const struct storm_called *e)
{
	(void)m;
	received += e->id != 0;
}

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double of_prints(struct module *m, struct storm_called *e, uint32_t n)
{
	double began = cpu_ns();

	for (uint32_t i = 0; i < n; i++) {
		e->time += 1000;
		e->id = i * UINT64_C(0x9e3779b97f4a7c15);
		e->pid = i;
		storm_print_called(m, e);
	}
	return (cpu_ns() - began) / n;
}

static double of_signals(uint32_t n)
{
	struct storms_unheard signal = { 1, 2 };
	double began = cpu_ns();

	for (uint32_t i = 0; i < n; i++) {
		signal.a = i;
		storms_emit_unheard(&signal);
	}
	return (cpu_ns() - began) / n;
}

int storm_attach(struct module *m)
{
	struct storm_called e = { .time = emf_now_ns(), .took = 1500000, .flags = 0x1234, .result = -2, .uid = 1000, .comm = "bash",
				  .addr = 0x0100007f, .port = 8080, .family = 2 };

	if (storm_params.print)
		emf_info(m, "print %.1f signal %.1f", of_prints(m, &e, storm_params.print), of_signals(storm_params.print));
	return 0;
}

int storm_destroy(struct module *m)
{
	emf_info(m, "received %llu", (unsigned long long)received);
	return 0;
}
