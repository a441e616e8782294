#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "clerk_emf.h"

/* On the heap, so that what touches it behind destroy() is seen. */
struct clerk {
	struct modules_stop_async stopping;
	struct emf_timer timer;
	struct ebus_deferred waiting;
};

static struct module *self;

static struct clerk *clerk(void)
{
	return (struct clerk *)self->priv;
}

static void on_stopped(struct modules_stop_async *async, int err)
{
	(void)async;
	emf_err(self, "was told that it has stopped: %d", err);
}

static int leave(void)
{
	struct modules_stop_args args = { .module = "clerk" };

	return modules_call_stop(&modules_client, &args);
}

int desk_serve_leave(struct ebus_call *call, const struct desk_leave_args *args)
{
	(void)call;
	if (!args->waiting)
		return leave();
	snprintf(clerk()->stopping.args.module, sizeof(clerk()->stopping.args.module), "clerk");
	clerk()->stopping.done = on_stopped;
	return modules_call_stop_async(&modules_client, self, &clerk()->stopping);
}

static void on_timer(struct emf_timer *timer)
{
	int err = leave();

	(void)timer;
	emf_info(self, "leaves: %d, and once more: %d", err, leave());
}

int desk_serve_leave_soon(struct ebus_call *call)
{
	clerk()->timer.expired = on_timer;
	emf_timer_start(self, &clerk()->timer, 20000000, 0);
	return ebus_defer(call, &clerk()->waiting);
}

int desk_serve_work(struct ebus_call *call, const struct desk_work_args *args)
{
	clock_t end = clock() + args->ms * (CLOCKS_PER_SEC / 1000);

	(void)call;
	while (clock() < end)
		;
	return 0;
}

int clerk_create(struct module *m)
{
	self = m;
	m->priv = calloc(1, sizeof(struct clerk));
	return m->priv ? 0 : -ENOMEM;
}

int clerk_destroy(struct module *m)
{
	free(m->priv);
	m->priv = NULL;
	return 0;
}
