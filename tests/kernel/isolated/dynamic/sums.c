// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "sums_emf.h"

#include <signal.h>
#include <unistd.h>

static struct ebus_deferred waiting;
static struct emf_timer soon;

static void crash(void)
{
	raise(SIGSEGV);
}

static void on_soon(struct emf_timer *timer)
{
	(void)timer;
	crash();
}

int sums_attach(struct module *m)
{
	soon.expired = on_soon;
	return *sums_params.trap && !access(sums_params.trap, F_OK) ? emf_timer_start(m, &soon, 50000000, 0) : 0;
}

int sums_serve_add(struct ebus_call *call, const struct sums_add_args *args, struct sums_add_reply *reply)
{
	struct sums_added signal;

	(void)call;
	reply->sum = signal.sum = sums_params.factor * (args->a + args->b);
	sums_emit_added(&signal);
	return 0;
}

int sums_serve_crash(struct ebus_call *call)
{
	(void)call;
	crash();
	return 0;
}

int sums_serve_wait(struct ebus_call *call)
{
	return waiting.waiter ? -EBUSY : ebus_defer(call, &waiting);
}

int sums_serve_factor(struct ebus_call *call, struct sums_factor_reply *reply)
{
	(void)call;
	reply->factor = sums_params.factor;
	return 0;
}
