#include <stdlib.h>
#include <unistd.h>

#include "echoer_emf.h"

#define LATER_MAX 2048

/* A call to number() that is answered later. */
struct later {
	struct ebus_deferred deferred;
	struct emf_timer timer;
	struct echo_number_args args;
	bool used;
};

static struct later later[LATER_MAX];
static struct ebus_deferred never[LATER_MAX];
static uint32_t n_never, n_cancelled;
static struct module *self;
static struct emf_timer back;
static const struct echo_ops ops = ECHO_SERVED;

static void forget(struct ebus_deferred *deferred)
{
	struct later *l = (struct later *)(void *)deferred;

	emf_timer_stop(&l->timer);
	l->used = false;
}

static void answer(struct emf_timer *timer)
{
	struct later *l = (struct later *)(void *)((char *)timer - offsetof(struct later, timer));

	l->used = false;
	if (l->args.most && l->args.n > l->args.most)
		echo_fail_later_too_loud(&l->deferred, &(struct echo_too_loud){ .most = l->args.most });
	else
		echo_reply_number(&l->deferred, 0, &(struct echo_number_reply){ .n = l->args.n });
}

int echo_serve_number(struct ebus_call *call, const struct echo_number_args *args, struct echo_number_reply *reply)
{
	if (!args->after_ms) {
		if (args->most && args->n > args->most)
			return echo_fail_too_loud(call, &(struct echo_too_loud){ .most = args->most });
		reply->n = args->n;
		return 0;
	}
	for (struct later *l = later; l < later + LATER_MAX; l++) {
		if (l->used)
			continue;
		*l = (struct later){ .deferred.cancelled = forget, .timer.expired = answer, .args = *args, .used = true };
		emf_timer_start(self, &l->timer, args->after_ms * 1000000ull, 0);
		return ebus_defer(call, &l->deferred);
	}
	return -EBUSY;
}

int echo_serve_bytes(struct ebus_call *call, const struct echo_bytes_args *args, struct echo_bytes_reply *reply)
{
	(void)call;
	memcpy(reply->b, args->b, args->b_len);
	reply->b_len = args->b_len;
	return 0;
}

int echo_serve_points(struct ebus_call *call, const struct echo_points_args *args, struct echo_points_reply *reply)
{
	(void)call;
	reply->wait = args->wait;
	reply->first = args->points[0];
	reply->points_len = args->points_len;
	memcpy(reply->points, args->points, sizeof(reply->points));
	return 0;
}

int echo_serve_text(struct ebus_call *call, const struct echo_text_args *args, struct echo_text_reply *reply)
{
	(void)call;
	memcpy(reply->s, args->s, sizeof(reply->s));
	return 0;
}

int echo_serve_file(struct ebus_call *call, const struct echo_file_args *args, struct echo_file_reply *reply)
{
	int pipes[2];

	(void)call;
	if (write(args->file, "hello", 5) != 5 || pipe(pipes))
		return -EIO;
	if (write(pipes[1], "world", 5) != 5)
		return -EIO;
	close(pipes[1]);
	reply->file = pipes[0];
	reply->none = -1;
	return 0;
}

int echo_serve_tagged(struct ebus_call *call, const struct echo_tagged_args *args)
{
	(void)call;
	return args->file < 0 ? -EBADF : 0;
}

int echo_serve_map(struct ebus_call *call, struct echo_map_reply *reply)
{
	(void)call;
	reply->m = dup(bpf_map__fd(echoer_skeleton(self)->maps.numbers));
	return 0;
}

int echo_serve_map_rw(struct ebus_call *call, struct echo_map_rw_reply *reply)
{
	(void)call;
	reply->m = dup(bpf_map__fd(echoer_skeleton(self)->maps.numbers));
	return 0;
}

int echo_serve_flood(struct ebus_call *call, const struct echo_flood_args *args)
{
	(void)call;
	for (uint32_t i = 0; i < args->times; i++) {
		echo_emit_oldest(&(struct echo_oldest){ .n = i });
		echo_emit_newest(&(struct echo_newest){ .n = i });
		echo_emit_each(&(struct echo_each){ .n = i });
	}
	return 0;
}

/* The kernel part sends none of these: their policies are what is tried. */
void echoer_handle_oldest(struct module *m, const struct echo_oldest *record)
{
	(void)m, (void)record;
}

void echoer_handle_newest(struct module *m, const struct echo_newest *record)
{
	(void)m, (void)record;
}

void echoer_handle_each(struct module *m, const struct echo_each *record)
{
	(void)m, (void)record;
}

static void count_cancelled(struct ebus_deferred *deferred)
{
	(void)deferred;
	n_cancelled++;
}

int echo_serve_never(struct ebus_call *call)
{
	struct ebus_deferred *d = &never[n_never++ % LATER_MAX];

	*d = (struct ebus_deferred){ .cancelled = count_cancelled };
	return ebus_defer(call, d);
}

int echo_serve_cancelled(struct ebus_call *call, struct echo_cancelled_reply *reply)
{
	(void)call;
	reply->n = n_cancelled;
	return 0;
}

int echo_serve_secret(struct ebus_call *call, struct echo_secret_reply *reply)
{
	(void)call;
	reply->n = 42;
	return 0;
}

static void come_back(struct emf_timer *timer)
{
	(void)timer;
	ebus_provide(&echo_service, &ops, self);
}

int echo_serve_leave(struct ebus_call *call, const struct echo_leave_args *args)
{
	(void)call;
	back.expired = come_back;
	emf_timer_start(self, &back, args->for_ms * 1000000ull, 0);
	ebus_withdraw(&echo_service, self);
	return 0;
}

int echo_serve_shout(struct ebus_call *call, const struct echo_shout_args *args)
{
	static struct echo_heard heard;

	(void)call;
	heard.bytes_len = args->bytes > 8192 ? 8192 : args->bytes;
	for (uint32_t i = 0; i < args->times; i++) {
		heard.serial = i;
		echo_emit_heard(&heard);
	}
	return 0;
}

int echo_serve_whisper(struct ebus_call *call, const struct echo_whisper_args *args)
{
	(void)call;
	for (uint32_t i = 0; i < args->times; i++)
		echo_emit_whispered(&(struct echo_whispered){ .serial = i });
	return 0;
}

/* --- as a client of a guest */

static struct guest_twice_async asking;
static struct ebus_watcher watcher;
static struct guest_doubled_subscription listening;

static void on_twice(struct guest_twice_async *async, int err)
{
	emf_info(self, "the guest doubles 21 to %llu: %d", (unsigned long long)async->reply.n, err);
}

static void on_guest(struct ebus_watcher *w, bool provided)
{
	(void)w;
	emf_info(self, "a guest has %s", provided ? "come" : "gone");
	if (!provided)
		return;
	asking.args.n = 21;
	asking.done = on_twice;
	guest_call_twice_async(&guest_client, self, &asking);
}

static void on_doubled(struct guest_doubled_subscription *subscription, const struct guest_doubled *signal)
{
	(void)subscription;
	emf_info(self, "doubled %llu", (unsigned long long)signal->n);
}

int echoer_create(struct module *m)
{
	self = m;
	watcher.changed = on_guest;
	listening.handler = on_doubled;
	guest_on_doubled(&guest_client, m, &listening);
	return ebus_watch(&guest_client.base, m, &watcher);
}
