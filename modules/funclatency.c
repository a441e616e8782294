// SPDX-License-Identifier: BSD-2-Clause
/*
 * funclatency.c - hangs the programs on the function, of a file or of the kernel.
 */
#include "funclatency_emf.h"

#include <emf/view.h>
#include <errno.h>
#include <string.h>

#include "uprobe.h"

#define SLOTS 64

static struct uprobes probes;
static uint64_t interval_ns;

/* What a kernel part alone would say with a line: its map is a histogram. */
static const struct emf_member slots = { .name = "slots", .type = EMF_U64, .size = sizeof(__u64), .count = SLOTS };
static const struct emf_map_counters counters = { .size = sizeof(__u64), .count = SLOTS };
static const struct emf_view latency[] = {
	{
		.name = "latency", .value_size = SLOTS * sizeof(__u64), .unit = "nsecs", .scale = { .kind = EMF_LOG2, .n = SLOTS }, .slots = &slots,
		.counters = &counters, .n_counters = 1,
	},
	{ .name = NULL },
};
static const struct emf_views views = { .interval_ns = &interval_ns, .views = latency };

int funclatency_configure(struct module *m)
{
	const struct funclatency_bpf *skeleton = funclatency_skeleton(m);
	bool is_user = funclatency_params.path[0];

	interval_ns = funclatency_params.interval;
	m->views = &views;
	bpf_program__set_autoload(skeleton->progs.on_user_call, is_user);
	bpf_program__set_autoload(skeleton->progs.on_user_return, is_user);
	bpf_program__set_autoload(skeleton->progs.on_kernel_call, !is_user);
	bpf_program__set_autoload(skeleton->progs.on_kernel_return, !is_user);
	return 0;
}

static int attach_kernel(const struct module *m, struct bpf_program *prog, bool returns)
{
	struct bpf_link *link = bpf_program__attach_kprobe(prog, returns, funclatency_params.function);
	int err = -errno;

	if (link) {
		probes.links[probes.n++] = link;
		return 0;
	}
	emf_err(m, "function '%s' of the kernel cannot be watched: %s; it has none of this name, or no kprobes ('emf doctor'); one of a file needs --path",
		funclatency_params.function, strerror(-err));
	return err;
}

int funclatency_attach(struct module *m)
{
	const struct funclatency_bpf *skeleton = funclatency_skeleton(m);
	const struct funclatency_params *p = &funclatency_params;
	int err;

	/* Not before: 'emf doctor' loads it, and has no function to measure. */
	if (!p->function[0]) {
		emf_err(m, "it is not said which function is measured (give --function)");
		return -EINVAL;
	}
	if (!p->path[0]) {
		err = attach_kernel(m, skeleton->progs.on_kernel_return, true);
		return err ? err : attach_kernel(m, skeleton->progs.on_kernel_call, false);
	}
	/* The return first: a call that is seen before it would not be seen to end. */
	err = uprobe_attach(m, &probes, skeleton->progs.on_user_return, true, false, p->pid, p->path, p->function);
	return err ? err : uprobe_attach(m, &probes, skeleton->progs.on_user_call, false, false, p->pid, p->path, p->function);
}

int funclatency_destroy(struct module *m)
{
	const struct funclatency_bpf *skeleton = funclatency_skeleton(m);

	uprobe_detach(&probes);
	if (skeleton->bss->lost)
		emf_warn(m, "%llu calls were not measured: more than %d inside of each other, or too many threads", skeleton->bss->lost, FUNCLATENCY_DEPTH);
	return 0;
}
