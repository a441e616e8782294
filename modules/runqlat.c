// SPDX-License-Identifier: BSD-2-Clause
/*
 * runqlat.c - prints run-queue latency histograms, at an interval or at the end.
 */
#include "runqlat_emf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runqlat.h"

static bool per_process;
static uint32_t pid;
static uint64_t interval_ns;

static const struct emf_param params[] = {
	{ .name = "per-process", .short_name = 'P', .type = EMF_BOOL, .value = &per_process,
	  .doc = "a histogram for each process" },
	{ .name = "pid", .short_name = 'p', .type = EMF_U32, .value = &pid,
	  .doc = "only this process; 0 for all" },
	{ .name = "interval", .short_name = 'i', .type = EMF_DURATION, .value = &interval_ns, .max = 86400000000000,
	  .flags = EMF_PARAM_LIVE,
	  .doc = "print and start anew this often; 0 for once, at the end" },
	{ .name = NULL },
};

struct runqlat {
	struct module *m;
	struct emf_timer timer;
	struct emf_map *total, *processes;
	struct runqlat_hist *per_cpu;
};

static bool is_empty(const struct runqlat_hist *hist)
{
	for (size_t i = 0; i < RUNQLAT_SLOTS; i++)
		if (hist->slots[i])
			return false;
	return true;
}

static void print_total(struct runqlat *r)
{
	struct runqlat_hist sum = { 0 };
	size_t cpus = (size_t)emf_cpus();
	uint32_t zero = 0;

	if (emf_map_lookup(r->total, &zero, r->per_cpu))
		return;
	for (size_t cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < RUNQLAT_SLOTS; i++)
			sum.slots[i] += r->per_cpu[cpu].slots[i];
	emf_print_log2(r->m, "usecs", sum.slots, RUNQLAT_SLOTS);
	if (!interval_ns)
		return;
	/* What is counted between the look-up and this is missed: told in the manual. */
	memset(r->per_cpu, 0, cpus * sizeof(*r->per_cpu));
	emf_map_update(r->total, &zero, r->per_cpu);
}

static void print_processes(struct runqlat *r)
{
	uint32_t left = emf_map_max_entries(r->processes);
	uint32_t tgid, next;
	int err = emf_map_next(r->processes, NULL, &next);

	while (!err && left--) {
		struct runqlat_hist hist;
		char comm[64];

		tgid = next;
		err = emf_map_next(r->processes, &tgid, &next);
		if (emf_map_lookup(r->processes, &tgid, &hist))
			continue;
		if (interval_ns)
			emf_map_delete(r->processes, &tgid);
		if (is_empty(&hist))
			continue;
		emf_text(comm, sizeof(comm), hist.comm, strnlen(hist.comm, sizeof(hist.comm)));
		emf_print(r->m, "\npid = %u %s\n", tgid, comm);
		emf_print_log2(r->m, "usecs", hist.slots, RUNQLAT_SLOTS);
	}
}

static void print(struct runqlat *r)
{
	struct runqlat_bpf *skel = runqlat_skeleton(r->m);
	char clock[16];

	if (interval_ns)
		emf_print(r->m, "%s\n", emf_clock(clock, emf_now_ns()));
	if (per_process)
		print_processes(r);
	else
		print_total(r);
	if (interval_ns)
		emf_print(r->m, "\n");
	if (skel->bss->lost[0] || skel->bss->lost[1])
		emf_warn(r->m, "not measured: %" PRIu64 " waits of tasks and %" PRIu64 " of processes beyond what the maps hold",
			 (uint64_t)skel->bss->lost[0], (uint64_t)skel->bss->lost[1]);
}

static void on_timer(struct emf_timer *timer)
{
	print((struct runqlat *)((char *)timer - offsetof(struct runqlat, timer)));
}

static int runqlat_configure(struct module *m)
{
	struct runqlat_bpf *skel = runqlat_skeleton(m);

	skel->rodata->per_process = per_process;
	skel->rodata->only_pid = pid;
	return 0;
}

static int runqlat_create(struct module *m)
{
	struct runqlat *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->per_cpu = calloc((size_t)emf_cpus(), sizeof(*r->per_cpu));
	r->m = m;
	r->total = emf_map_get(m, "total");
	r->processes = emf_map_get(m, "processes");
	if (!r->per_cpu || !r->total || !r->processes) {
		free(r->per_cpu);
		free(r);
		return -ENOMEM;
	}
	r->timer.expired = on_timer;
	m->priv = r;
	return 0;
}

static int set_timer(struct module *m)
{
	struct runqlat *r = m->priv;

	emf_timer_stop(&r->timer);
	return interval_ns ? emf_timer_start(m, &r->timer, interval_ns, interval_ns) : 0;
}

static int runqlat_notify(struct module *m)
{
	return emf_module_event(m) == EMF_EVENT_PARAMS ? set_timer(m) : 0;
}

static int runqlat_destroy(struct module *m)
{
	struct runqlat *r = m->priv;

	if (!interval_ns)
		print(r);
	free(r->per_cpu);
	free(r);
	return 0;
}

static struct module runqlat = {
	.prio = 20,
	.name = "runqlat",
	.version = "0.1",
	.doc = "show how long tasks wait for a processor, as a histogram",
	.params = params,
	.object = &runqlat_object,
	.configure = runqlat_configure,
	.create = runqlat_create,
	.attach = set_timer,
	.notify = runqlat_notify,
	.destroy = runqlat_destroy,
};
ebpf_module(runqlat);
