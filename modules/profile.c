// SPDX-License-Identifier: BSD-2-Clause
/*
 * profile.c - samples all processors, and prints the stacks in the end.
 */
#include "profile_emf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stack_counts.h"


static struct bpf_link **links; /* of each processor; NULL for one that does not work */
static struct emf_stack_report *report;
static struct emf_timer timer;

static void look(struct emf_timer *expired);

int profile_create(struct module *m)
{
	if (profile_params.user_only && profile_params.kernel_only) {
		emf_err(m, "--user-only and --kernel-only together leave nothing to show");
		return -EINVAL;
	}
	links = calloc((size_t)emf_cpus(), sizeof(*links));
	report = emf_stack_report_new(m, bpf_map__fd(profile_skeleton(m)->maps.stacks));
	timer.expired = look;
	if (links && report)
		return 0;
	free(links);
	free(report); /* of a report that has nothing in it this is all */
	return -ENOMEM;
}

static int sample(struct module *m, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK, .freq = 1, .sample_freq = profile_params.frequency,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	links[cpu] = bpf_program__attach_perf_event(profile_skeleton(m)->progs.sample, fd);
	if (links[cpu])
		return 0;
	close(fd);
	return -errno;
}

int profile_attach(struct module *m)
{
	int working = 0;

	for (int cpu = 0; cpu < emf_cpus(); cpu++) {
		int err = sample(m, cpu);

		/* One that is off-line, perf_event_open(2). */
		if (err && err != -ENODEV && err != -ENXIO) {
			emf_err(m, "processor %d cannot be sampled: %s; 'emf doctor' says what is missing", cpu, strerror(-err));
			return err;
		}
		working += !err;
	}
	return working ? emf_timer_start(m, &timer, STACK_COUNTS_EVERY_NS, STACK_COUNTS_EVERY_NS) : -ENODEV;
}

static int add(const struct profile_key *key, const __u64 *seen, void *ctx)
{
	struct emf_stack stack = { .pid = key->pid, .user = key->user, .kernel = key->kernel, .weight = stack_counts_take(profile_skeleton(ctx)->maps.counts, key) };

	(void)seen; /* it may be more by now */
	memcpy(stack.comm, key->comm, sizeof(stack.comm));
	emf_stack_report_add(report, &stack); /* what has no room is told at the end */
	return 0;
}

static void look(struct emf_timer *expired)
{
	struct module *m = expired->source.owner;

	profile_map_counts_for_each(m, add, m);
}

static void print(struct module *m)
{
	const struct profile_bpf *skeleton = profile_skeleton(m);

	profile_map_counts_for_each(m, add, m);
	emf_stack_report_end(report, stack_counts_form(profile_params.svg, profile_params.folded), "samples",
			     profile_params.svg);
	report = NULL;
	if (skeleton->bss->lost || skeleton->bss->missed)
		emf_warn(m, "%llu samples were not counted, and %llu stacks not read: the maps were full", skeleton->bss->lost, skeleton->bss->missed);
}

int profile_destroy(struct module *m)
{
	for (int cpu = 0; links && cpu < emf_cpus(); cpu++)
		bpf_link__destroy(links[cpu]);
	free(links);
	links = NULL;
	if (report)
		print(m);
	return 0;
}
