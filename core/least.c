// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * least.c - the capabilities that a service keeps.
 */
#include "least.h"

#include <string.h>

#include <emf/need.h>

#include "caps.h"
#include "isolated.h"
#include "log.h"

/* Of another thread, which has its own. */
struct limit {
	struct emf_work work;
	uint64_t caps;
	int err;
};

/* To start processes as other users, with less, and to end them. */
static uint64_t isolating(void)
{
	return 1ull << EMF_CAP_KILL | 1ull << EMF_CAP_SETGID | 1ull << EMF_CAP_SETUID | 1ull << EMF_CAP_SETPCAP;
}

uint64_t emf_least_declared(const struct emf *emf)
{
	uint64_t caps = 0;

	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct emf_unit *unit = emf->registry.units[i];

		if (unit->wanted && unit->m->object)
			caps |= 1ull << EMF_CAP_BPF; /* to read maps, before Linux 5.19 */
		for (const struct emf_need *n = unit->wanted ? unit->m->needs : NULL; n && n->name; n++)
			if (n->kind == EMF_NEED_CAP)
				caps |= 1ull << n->id;
	}
	for (const struct emf_isolated *iso = emf->isolated; iso; iso = iso->next)
		caps |= iso->table.caps | isolating();
	return caps;
}

static void run(struct emf_work *work)
{
	struct limit *limit = emf_container_of(work, struct limit, work);

	limit->err = emf_caps_set(limit->caps, false);
}

static void done(struct emf_work *work)
{
	(void)work;
}

int emf_least_keep(struct emf *emf, uint64_t caps)
{
	struct limit limit = { .work = { .run = run, .done = done } };
	uint64_t now;
	int err = emf_caps_effective(&now);

	caps |= emf_least_declared(emf);
	if (!(now & 1ull << EMF_CAP_BPF) && caps & (1ull << EMF_CAP_BPF | 1ull << EMF_CAP_PERFMON))
		caps |= 1ull << EMF_CAP_SYS_ADMIN; /* which stands for them, before Linux 5.8 */
	limit.caps = caps & now;
	if (!err)
		err = emf_caps_bound(limit.caps, false);
	if (!err && emf->worker.started) { /* one that starts later has those of the thread that starts it */
		emf_worker_submit(&emf->worker, &limit.work);
		emf_worker_flush(&emf->worker, NULL, NULL);
		err = limit.err;
	}
	if (!err)
		err = emf_caps_set(limit.caps, false);
	if (err)
		emf_err(NULL, "keep-capabilities: the others cannot be given up: %s", strerror(-err));
	return err;
}
