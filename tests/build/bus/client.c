/* A client of the bus, written from the installed headers: each word of the command line is one thing to do. */
#include <emf/client.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "echo_emf.h"

#define SHOUTS 12000 /* of shout_many() */
#define SHOUTED 2000 /* in one call */
#define PATIENCE_NS UINT64_C(60000000000) /* on a busy machine, too */

static struct emf_client *client;

static void must(const char *what, int err)
{
	if (!err)
		return;
	printf("%s: %s: %s\n", what, strerror(-err), emf_client_why(client));
	exit(1);
}

/* --- calls that wait */

static void number(void)
{
	struct echo_number_args args = { .n = 7 };
	struct echo_number_reply reply;

	for (int i = 0; i < 1000; i++) {
		args.n = (uint64_t)i << 33;
		must("number", echo_call_number(&echo_client, &args, &reply));
		if (reply.n != args.n)
			must("number", -EBADMSG);
	}
	args.after_ms = 30;
	must("later", echo_call_number(&echo_client, &args, &reply));
	printf("number %d\n", reply.n == args.n);
}

static void error(void)
{
	struct echo_number_args args = { .n = 7, .most = 5 };
	struct echo_number_reply reply;

	for (args.after_ms = 0; args.after_ms < 20; args.after_ms += 10) {
		int err = echo_call_number(&echo_client, &args, &reply);
		const struct echo_too_loud *too_loud = echo_error_too_loud(&echo_client);

		printf("error %d %u\n", err == -EREMOTEIO, too_loud ? too_loud->most : 0);
	}
}

static void bytes(void)
{
	static struct echo_bytes_args args;
	static struct echo_bytes_reply reply;
	static const uint32_t sizes[] = { 0, 1, 100, 32000, 32768, 33000, 1000000, 1048576 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		args.b_len = sizes[i];
		for (uint32_t j = 0; j < sizes[i]; j++)
			args.b[j] = (__u8)(j * 7 + i);
		memset(&reply, 0x5a, sizeof(reply));
		must("bytes", echo_call_bytes(&echo_client, &args, &reply));
		printf("bytes %u %d\n", reply.b_len, !memcmp(args.b, reply.b, sizes[i]));
	}
}

static void text(void)
{
	struct echo_text_args args = { .s = "hello", .kind = ECHO_KIND_LOUD, .loud = 1 };
	struct echo_text_reply reply;

	must("text", echo_call_text(&echo_client, &args, &reply));
	printf("text %s\n", reply.s);
	args.kind = 2;
	printf("kind %s\n", strerror(-echo_call_text(&echo_client, &args, &reply)));
	args.kind = 0;
	args.loud = 7;
	printf("loud %s\n", strerror(-echo_call_text(&echo_client, &args, &reply)));
	args.loud = 0;
	memset(args.s, 'x', sizeof(args.s));
	printf("s %s\n", strerror(-echo_call_text(&echo_client, &args, &reply)));
}

static void file(void)
{
	struct echo_file_args args;
	struct echo_file_reply reply;
	char got[6] = "";
	int pipes[2];

	if (pipe(pipes))
		exit(1);
	args.file = pipes[1];
	must("file", echo_call_file(&echo_client, &args, &reply));
	close(pipes[1]);
	printf("file %d", (int)read(pipes[0], got, 5));
	printf(" %s", got);
	printf(" %d", (int)read(pipes[0], got, 1)); /* nobody has the other end any more */
	printf(" %d", (int)read(reply.file, got, 5));
	printf(" %s %d\n", got, reply.none);
	close(reply.file);
}

static long map_write(int fd, int write)
{
	__u32 key = 0;
	__u64 value = 1;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (__u32)fd;
	attr.key = (__u64)(unsigned long)&key;
	attr.value = (__u64)(unsigned long)&value;
	return syscall(SYS_bpf, write ? BPF_MAP_UPDATE_ELEM : BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) ? -errno : 0;
}

static void map(void)
{
	struct echo_map_reply reply;
	struct echo_map_rw_reply reply_rw;

	must("map", echo_call_map(&echo_client, &reply));
	printf("map %s", strerror((int)-map_write(reply.m, 0)));
	printf(", %s\n", strerror((int)-map_write(reply.m, 1)));
	must("map_rw", echo_call_map_rw(&echo_client, &reply_rw));
	printf("map_rw %s\n", strerror((int)-map_write(reply_rw.m, 1)));
}

static void kernel(void)
{
	struct echo_add_args add = { .a = 1ull << 40, .b = 2 };
	struct echo_add_reply sum;
	struct echo_reverse_args reverse = { .n = 3, .b = { 1, 2, 3 } };
	struct echo_reverse_reply reversed;

	must("add", echo_call_add(&echo_client, &add, &sum));
	printf("add %d", sum.sum == (1ull << 40) + 2);
	add.b = 13;
	printf(" %s\n", strerror(-echo_call_add(&echo_client, &add, &sum)));
	must("reverse", echo_call_reverse(&echo_client, &reverse, &reversed));
	printf("reverse %u %u %u %u\n", reversed.b[0], reversed.b[1], reversed.b[2], reversed.b[3]);
	must("clear", echo_call_clear(&echo_client));
}

static void secret(void)
{
	struct echo_secret_reply reply = { 0 };
	int err = echo_call_secret(&echo_client, &reply);

	printf("secret %u %s\n", reply.n, strerror(-err));
}

/* --- calls that do not wait */

static int answered, right, refused;

static void on_number(struct echo_number_async *async, int err)
{
	answered++;
	right += !err && async->reply.n == async->args.n;
	refused += err == -ENOTCONN;
}

static void wait_for(int n)
{
	uint64_t end = emf_now_ns() + PATIENCE_NS;

	while (answered < n && emf_now_ns() < end)
		emf_client_dispatch(client, 100);
}

static struct echo_number_async *start_numbers(int n, uint32_t after_ms)
{
	struct echo_number_async *many = calloc((size_t)n, sizeof(*many));

	answered = right = refused = 0;
	for (int i = 0; i < n; i++) {
		many[i].done = on_number;
		many[i].args.n = (uint64_t)i;
		many[i].args.after_ms = after_ms;
		must("async", echo_call_number_async(&echo_client, NULL, &many[i]));
	}
	return many;
}

static void pipelined(void)
{
	struct echo_number_async *many = start_numbers(1000, 0);

	wait_for(1000);
	printf("pipelined %d %d\n", answered, right);
	free(many);
	many = start_numbers(1000, 50);
	wait_for(1000);
	printf("deferred %d %d\n", answered, right);
	free(many);
}

/* The provider goes away under 10,000 calls, and comes back. */
static void leaving(void)
{
	const struct echo_leave_args leave = { .for_ms = 20 };
	struct echo_number_async *many = calloc(10000, sizeof(*many));
	uint64_t end = emf_now_ns() + PATIENCE_NS;
	int started = 0;

	answered = right = refused = 0;
	while (answered < 10000 && emf_now_ns() < end) {
		for (; started < 10000 && started - answered < 500; started++) {
			many[started].done = on_number;
			many[started].args.n = (uint64_t)started;
			many[started].args.after_ms = started % 3;
			echo_call_number_async(&echo_client, NULL, &many[started]);
			if (started % 2000 == 1000 && ebus_is_provided(&echo_client.base))
				echo_call_leave(&echo_client, &leave);
		}
		emf_client_dispatch(client, 10);
	}
	printf("leaving %d, others %d, some refused %d\n", answered, answered - right - refused, refused > 0);
	free(many);
}

static int never_err;

static void on_never(struct echo_never_async *async, int err)
{
	(void)async;
	never_err = err;
	answered++;
}

static uint32_t cancelled(void)
{
	struct echo_cancelled_reply reply;

	must("cancelled", echo_call_cancelled(&echo_client, &reply));
	return reply.n;
}

static void never(void)
{
	struct echo_never_async async = { .done = on_never, .base.timeout_ms = 50 };
	uint32_t before = cancelled();

	answered = 0;
	must("never", echo_call_never_async(&echo_client, NULL, &async));
	printf("again %s\n", strerror(-echo_call_never_async(&echo_client, NULL, &async)));
	wait_for(1);
	printf("never %s, cancelled %u\n", strerror(-never_err), cancelled() - before);
	must("never", echo_call_never_async(&echo_client, NULL, &async));
	ebus_async_cancel(&async.base);
	printf("cancelled %u, answered %d\n", cancelled() - before, answered);
}

/* --- signals */

static uint32_t heard, next_serial, gaps;

static void on_heard(struct echo_heard_subscription *subscription, const struct echo_heard *signal)
{
	(void)subscription;
	gaps += signal->serial != next_serial;
	next_serial = signal->serial + 1;
	heard++;
}

static void signals(void)
{
	struct echo_heard_subscription subscription = { .handler = on_heard };
	struct echo_shout_args shout = { .times = 5000, .bytes = 10 };
	uint64_t end = emf_now_ns() + PATIENCE_NS;

	must("on_heard", echo_on_heard(&echo_client, NULL, &subscription));
	must("shout", echo_call_shout(&echo_client, &shout));
	while (heard + emf_client_lost(client, &echo_client.base, 0) < 5000 && emf_now_ns() < end)
		emf_client_dispatch(client, 100);
	printf("signals %d\n", heard + emf_client_lost(client, &echo_client.base, 0) == 5000);
	ebus_unsubscribe(&subscription.base);
	heard = 0;
	must("shout", echo_call_shout(&echo_client, &shout));
	emf_client_dispatch(client, 50);
	printf("unsubscribed %u\n", heard);
}

static void slow(void)
{
	struct echo_heard_subscription subscription = { .handler = on_heard };
	struct echo_shout_args shout = { .times = 20000, .bytes = 1000 };
	uint64_t end, lost;

	heard = gaps = next_serial = 0;
	must("on_heard", echo_on_heard(&echo_client, NULL, &subscription));
	must("shout", echo_call_shout(&echo_client, &shout));
	end = emf_now_ns() + PATIENCE_NS;
	while (heard + emf_client_lost(client, &echo_client.base, 0) < 20000 && emf_now_ns() < end)
		emf_client_dispatch(client, 100);
	lost = emf_client_lost(client, &echo_client.base, 0);
	printf("slow: heard and lost are all %d, some lost %d\n", heard + lost == 20000, lost > 0);
	ebus_unsubscribe(&subscription.base);
}

static uint32_t whispers;

static void on_whispered(struct echo_whispered_subscription *subscription, const struct echo_whispered *signal)
{
	(void)subscription;
	(void)signal;
	whispers++;
}

/* With the policy and the length of the queue that QUEUE says, who is slow: which of 12000 come. Another process lets them be sent,
 * since who waits for the reply to a call reads what comes before it. */
static uint32_t first_serial, last_serial;

static void on_heard_some(struct echo_heard_subscription *subscription, const struct echo_heard *signal)
{
	(void)subscription;
	first_serial = heard ? first_serial : signal->serial;
	last_serial = signal->serial;
	heard++;
}

static void queue(void)
{
	static struct echo_heard_subscription subscription = { .handler = on_heard_some };
	struct emf_client_queue_opts wish = { .block_ms = 100 };
	const char *bus = getenv("EMF_BUS");
	uint64_t end = emf_now_ns() + PATIENCE_NS;
	pid_t other;
	int status = -1;

	wish.overflow = (enum ebus_overflow)atoi(getenv("QUEUE"));
	wish.max_messages = 100;
	printf("%s %s\n", strerror(-emf_client_queue(client, &echo_client.base, 99, &wish)),
	       strerror(-emf_client_queue(client, &echo_client.base, ECHO_SIGNAL_HEARD, &(struct emf_client_queue_opts){ .overflow = (enum ebus_overflow)4 })));
	must("queue", emf_client_queue(client, &echo_client.base, ECHO_SIGNAL_HEARD, &wish));
	must("on_heard", echo_on_heard(&echo_client, NULL, &subscription));
	printf("%s\n", strerror(-emf_client_queue(client, &echo_client.base, ECHO_SIGNAL_HEARD, &wish)));
	must("called", echo_call_whisper(&echo_client, &(struct echo_whisper_args){ .times = 0 })); /* it is subscribed */
	other = fork();
	if (!other) {
		execl("/proc/self/exe", "client", bus, "shout_many", NULL);
		_exit(127);
	}
	if (waitpid(other, &status, 0) != other || status)
		printf("the other one ended with %#x\n", status);
	while (heard + emf_client_lost(client, &echo_client.base, ECHO_SIGNAL_HEARD) < SHOUTS && emf_now_ns() < end)
		emf_client_dispatch(client, 100);
	printf("all %d, some lost %d, the first one %d, the last one %d\n",
	       heard + emf_client_lost(client, &echo_client.base, ECHO_SIGNAL_HEARD) == SHOUTS, heard < SHOUTS, first_serial == 0,
	       last_serial == SHOUTED - 1);
	ebus_unsubscribe(&subscription.base);
}

/* Until HEAR signals came or were lost; then whether their order was kept, and how many were lost. */
static void hear(void)
{
	static struct echo_heard_subscription subscription = { .handler = on_heard };
	static struct echo_whispered_subscription whispered = { .handler = on_whispered };
	uint64_t all = strtoull(getenv("HEAR"), NULL, 0);

	must("on_heard", echo_on_heard(&echo_client, NULL, &subscription));
	if (getenv("WHISPERS"))
		must("on_whispered", echo_on_whispered(&echo_client, NULL, &whispered));
	must("called", echo_call_whisper(&echo_client, &(struct echo_whisper_args){ .times = 0 })); /* behind it */
	puts("hears");
	fflush(stdout);
	while (heard + emf_client_lost(client, &echo_client.base, 0) < all)
		if (emf_client_dispatch(client, -1))
			exit(1);
	/* One that is lost makes one gap at most; the first of each shout makes one, too. */
	printf("heard and lost %llu, lost %llu, gaps %u, whispers %u\n",
	       (unsigned long long)heard + emf_client_lost(client, &echo_client.base, 0),
	       (unsigned long long)emf_client_lost(client, &echo_client.base, 0), gaps, whispers);
}

static void on_oldest(struct echo_oldest_subscription *subscription, const struct echo_oldest *signal)
{
	(void)subscription, (void)signal;
}

static void on_newest(struct echo_newest_subscription *subscription, const struct echo_newest *signal)
{
	(void)subscription, (void)signal;
}

static void on_each(struct echo_each_subscription *subscription, const struct echo_each *signal)
{
	(void)subscription, (void)signal;
}

/* Fast signals of all policies, until it is killed. */
static void flood(void)
{
	static struct echo_oldest_subscription oldest = { .handler = on_oldest };
	static struct echo_newest_subscription newest = { .handler = on_newest };
	static struct echo_each_subscription each = { .handler = on_each };

	must("on_oldest", echo_on_oldest(&echo_client, NULL, &oldest));
	must("on_newest", echo_on_newest(&echo_client, NULL, &newest));
	must("on_each", echo_on_each(&echo_client, NULL, &each));
	for (;;)
		must("flood", echo_call_flood(&echo_client, &(struct echo_flood_args){ .times = 1000 }));
}

/* As fast as it goes, so many at a time that one call is a burst. */
static void shout_many(void)
{
	const struct echo_shout_args shout = { .times = SHOUTED, .bytes = 100 };

	for (int i = 0; i < SHOUTS / SHOUTED; i++)
		must("shout", echo_call_shout(&echo_client, &shout));
}

static void whisper_many(void)
{
	const struct echo_whisper_args whisper = { .times = 2000 };

	for (int i = 0; i < 6; i++)
		must("whisper", echo_call_whisper(&echo_client, &whisper));
}

/* --- as a provider */

int guest_serve_twice(struct ebus_call *call, const struct guest_twice_args *args, struct guest_twice_reply *reply)
{
	const struct guest_doubled doubled = { .n = args->n };

	(void)call;
	reply->n = 2 * args->n;
	guest_emit_doubled(&doubled);
	return 0;
}

int guest_serve_who(struct ebus_call *call, struct guest_who_reply *reply)
{
	(void)call;
	reply->pid = (__u32)getpid();
	return 0;
}

static void provide(void)
{
	static const struct guest_ops guest_ops = GUEST_SERVED;

	must("provide", emf_client_provide(client, &guest_service, &guest_ops));
	printf("provides\n");
	fflush(stdout);
	for (;;)
		if (emf_client_dispatch(client, -1))
			exit(0);
}

static void ask_guest(void)
{
	struct guest_twice_args args = { .n = 100 };
	struct guest_twice_reply reply;

	must("use guest", emf_client_use(client, &guest_client.base));
	must("double", guest_call_twice(&guest_client, &args, &reply));
	printf("guest %llu\n", (unsigned long long)reply.n);
}

static void on_execed(struct echo_execed_subscription *subscription, const struct echo_execed *signal)
{
	(void)subscription;
	printf("%u %s\n", signal->pid, signal->comm);
	fflush(stdout);
}

/* Until it is killed. */
static void execs(void)
{
	static struct echo_execed_subscription subscription = { .handler = on_execed };

	must("on_execed", echo_on_execed(&echo_client, NULL, &subscription));
	while (!emf_client_dispatch(client, -1))
		;
}

/* --- reconnect */

static void on_changed(struct ebus_watcher *watcher, bool provided)
{
	(void)watcher;
	printf("echo has %s\n", provided ? "come" : "gone");
	fflush(stdout);
}

static void watch(void)
{
	static struct ebus_watcher watcher = { .changed = on_changed };

	ebus_watch(&echo_client.base, NULL, &watcher);
	printf("watches\n");
	fflush(stdout);
	while (emf_client_dispatch(client, -1) != -ENOTCONN)
		;
	printf("end\n");
}

/* The client is freed next. */
static void watch_to_the_end(void)
{
	static struct ebus_watcher watcher = { .changed = on_changed };

	must("watch", ebus_watch(&echo_client.base, NULL, &watcher));
	printf("watches\n");
}

static const struct {
	const char *name;
	void (*run)(void);
} things[] = {
	{ "number", number }, { "error", error }, { "bytes", bytes },	  { "text", text },   { "file", file },
	{ "kernel", kernel }, { "map", map },	      { "secret", secret }, { "pipelined", pipelined }, { "leaving", leaving }, { "never", never },
	{ "signals", signals }, { "slow", slow },   { "provide", provide }, { "ask_guest", ask_guest }, { "watch", watch },
	{ "execs", execs },   { "hear", hear },	  { "queue", queue }, { "flood", flood },     { "shout_many", shout_many },
	{ "whisper_many", whisper_many }, { "watch_to_the_end", watch_to_the_end },
};

int main(int argc, char **argv)
{
	unsigned int flags = getenv("RECONNECT") ? EMF_CLIENT_RECONNECT : 0;

	client = emf_client_new("client", flags);
	must("connect", emf_client_connect(client, argv[1]));
	must("use", emf_client_use(client, &echo_client.base));
	for (int i = 2; i < argc; i++)
		for (size_t j = 0; j < sizeof(things) / sizeof(*things); j++)
			if (!strcmp(things[j].name, argv[i]))
				things[j].run();
	emf_client_free(client);
	return 0;
}
