/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ubus through ubusd, with libubus: one call under way, then notifications to 8 who have
 * subscribed: ubus SOCKET. Prints calls a second, and deliveries a second.
 */
#include <libubox/blobmsg.h>
#include <libubus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE 64
#define CALLS 20000
#define SIGNALS 20000
#define LISTENERS 8
/* ubusd drops what waits beyond 1 MB for one client: nobody is further behind than this. */
#define AHEAD 1000
#define TIMEOUT_MS 5000
#define NAME "emf.bench"

static const char *place;
static struct blob_buf buf;
static int told; /* where a listener says how far it is */

enum { LOAD, N_MEMBERS };

static const struct blobmsg_policy members[] = { [LOAD] = { .name = "load", .type = BLOBMSG_TYPE_UNSPEC } };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "ubus: %s\n", ubus_strerror(err));
	exit(1);
}

static void tell(int fd)
{
	if (write(fd, "", 1) != 1)
		exit(1);
}

static void await(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		exit(1);
}

static struct ubus_context *connect_to_it(void)
{
	struct ubus_context *ctx;

	uloop_done(); /* after fork() it would be the parent's loop */
	uloop_init();
	ctx = ubus_connect(place);
	if (!ctx) {
		fprintf(stderr, "ubus: nothing answers at %s\n", place);
		exit(1);
	}
	ubus_add_uloop(ctx);
	signal(SIGCHLD, SIG_DFL); /* uloop's handler interrupts reads */
	return ctx;
}

static void write_load(const void *bytes)
{
	blob_buf_init(&buf, 0);
	blobmsg_add_field(&buf, BLOBMSG_TYPE_UNSPEC, members[LOAD].name, bytes, SIZE);
}

static const void *read_load(struct blob_attr *msg)
{
	struct blob_attr *found[N_MEMBERS];

	if (!msg || blobmsg_parse(members, N_MEMBERS, found, blob_data(msg), (unsigned int)blob_len(msg)) || !found[LOAD] ||
	    blobmsg_data_len(found[LOAD]) != SIZE)
		must(UBUS_STATUS_INVALID_ARGUMENT);
	return blobmsg_data(found[LOAD]);
}

/* --- calls */

static int on_echo(struct ubus_context *ctx, struct ubus_object *object, struct ubus_request_data *request, const char *method,
		   struct blob_attr *msg)
{
	(void)object;
	(void)method;
	write_load(read_load(msg));
	return ubus_send_reply(ctx, request, buf.head);
}

static const struct ubus_method methods[] = { UBUS_METHOD("echo", on_echo, members) };
static struct ubus_object_type type = UBUS_OBJECT_TYPE(NAME, methods);
static struct ubus_object object = { .name = NAME, .type = &type, .methods = methods, .n_methods = 1 };

static void serve(int ready)
{
	struct ubus_context *ctx = connect_to_it();

	must(ubus_add_object(ctx, &object));
	tell(ready);
	uloop_run();
	_exit(0);
}

static void on_reply(struct ubus_request *request, int kind, struct blob_attr *msg)
{
	(void)kind;
	read_load(msg);
	++*(long *)request->priv;
}

static double calls(struct ubus_context *ctx)
{
	char load[SIZE] = "";
	double start = now();
	long answered = 0;
	uint32_t id;

	must(ubus_lookup_id(ctx, NAME, &id));
	for (int i = 0; i < CALLS; i++) {
		write_load(load);
		must(ubus_invoke(ctx, id, "echo", buf.head, on_reply, &answered, TIMEOUT_MS));
	}
	must(answered != CALLS ? UBUS_STATUS_NO_DATA : UBUS_STATUS_OK);
	return CALLS / (now() - start);
}

/* --- notifications */

static int on_tick(struct ubus_context *ctx, struct ubus_object *subscriber, struct ubus_request_data *request, const char *name,
		   struct blob_attr *msg)
{
	static long heard;

	(void)ctx;
	(void)subscriber;
	(void)request;
	(void)name;
	read_load(msg);
	if (!(++heard % AHEAD))
		tell(told);
	if (heard == SIGNALS)
		_exit(0);
	return 0;
}

static void listen_to(int ready)
{
	static struct ubus_subscriber subscriber = { .cb = on_tick };
	struct ubus_context *ctx = connect_to_it();
	uint32_t id;

	must(ubus_register_subscriber(ctx, &subscriber));
	must(ubus_lookup_id(ctx, NAME, &id));
	must(ubus_subscribe(ctx, &subscriber, id));
	told = ready;
	tell(ready);
	uloop_run();
	_exit(1); /* ubusd has gone */
}

static double signals(struct ubus_context *ctx, const int ready[2])
{
	pid_t listeners[LISTENERS];
	char load[SIZE] = "";
	double start;

	must(ubus_add_object(ctx, &object));
	for (int i = 0; i < LISTENERS; i++) {
		listeners[i] = fork();
		if (!listeners[i])
			listen_to(ready[1]);
		await(ready[0]);
	}
	start = now();
	for (long i = 1; i <= SIGNALS; i++) {
		write_load(load);
		must(ubus_notify(ctx, &object, "tick", buf.head, -1));
		for (int n = 0; n < LISTENERS && !(i % AHEAD); n++)
			await(ready[0]);
	}
	for (int i = 0; i < LISTENERS; i++)
		waitpid(listeners[i], NULL, 0);
	return (double)LISTENERS * SIGNALS / (now() - start);
}

int main(int argc, char **argv)
{
	struct ubus_context *ctx;
	int ready[2];
	pid_t pid;

	if (argc != 2 || pipe(ready))
		return 1;
	place = argv[1];
	pid = fork();
	if (!pid)
		serve(ready[1]);
	await(ready[0]);
	ctx = connect_to_it();
	printf("%.0f ", calls(ctx));
	fflush(stdout); /* it is not to be written by children, too */
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	printf("%.0f\n", signals(ctx, ready));
	ubus_free(ctx);
	return 0;
}
