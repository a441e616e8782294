// SPDX-License-Identifier: BSD-2-Clause
/*
 * runqlat.c - prints run-queue latency histograms, at an interval or at the end.
 */
#include "runqlat_emf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
	struct module *m;
	struct emf_timer timer;
	struct runqlat_hist *per_cpu; /* zeros, to start anew */
} r;

static bool is_empty(const struct runqlat_hist *hist)
{
	for (size_t i = 0; i < RUNQLAT_SLOTS; i++)
		if (hist->slots[i])
			return false;
	return true;
}

static void print_total(void)
{
	struct runqlat_hist sum;
	__u32 zero = 0;

	if (runqlat_map_total_sum(r.m, &zero, &sum))
		return;
	emf_print_log2(r.m, "usecs", sum.slots, RUNQLAT_SLOTS);
	/* What is counted between the look-up and this is missed: told in the manual. */
	if (runqlat_params.interval)
		runqlat_map_total_update(r.m, &zero, r.per_cpu);
}

static int print_process(const __u32 *tgid, const struct runqlat_hist *hist, void *ctx)
{
	char comm[64];

	(void)ctx;
	if (runqlat_params.interval)
		runqlat_map_processes_delete(r.m, tgid);
	if (is_empty(hist))
		return 0;
	emf_text(comm, sizeof(comm), hist->comm, strnlen(hist->comm, sizeof(hist->comm)));
	emf_print(r.m, "\npid = %u %s\n", *tgid, comm);
	emf_print_log2(r.m, "usecs", hist->slots, RUNQLAT_SLOTS);
	return 0;
}

static void print(void)
{
	const struct runqlat_bpf *skel = runqlat_skeleton(r.m);
	char clock[16];

	if (runqlat_params.interval)
		emf_print(r.m, "%s\n", emf_clock(clock, emf_now_ns()));
	if (runqlat_params.per_process)
		runqlat_map_processes_for_each(r.m, print_process, NULL);
	else
		print_total();
	if (runqlat_params.interval)
		emf_print(r.m, "\n");
	if (skel->bss->lost[0] || skel->bss->lost[1])
		emf_warn(r.m, "not measured: %llu waits of tasks and %llu of processes beyond what the maps hold",
			 skel->bss->lost[0], skel->bss->lost[1]);
}

static void on_timer(struct emf_timer *timer)
{
	(void)timer;
	print();
}

int runqlat_create(struct module *m)
{
	r.per_cpu = calloc((size_t)emf_cpus(), sizeof(*r.per_cpu));
	if (!r.per_cpu)
		return -ENOMEM;
	r.m = m;
	r.timer.expired = on_timer;
	return 0;
}

int runqlat_attach(struct module *m)
{
	uint64_t interval = runqlat_params.interval;

	emf_timer_stop(&r.timer);
	return interval ? emf_timer_start(m, &r.timer, interval, interval) : 0;
}

int runqlat_notify(struct module *m)
{
	return emf_module_event(m) == EMF_EVENT_PARAMS ? runqlat_attach(m) : 0;
}

int runqlat_destroy(struct module *m)
{
	(void)m;
	if (!runqlat_params.interval)
		print();
	free(r.per_cpu);
	return 0;
}
