/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * D-Bus through dbus-broker, with sd-bus: one call under way, then a signal to 8 who
 * listen. The bus is that of DBUS_SESSION_BUS_ADDRESS. Prints calls a second, and
 * deliveries a second.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define SIZE 64
#define CALLS 20000
#define SIGNALS 20000
#define LISTENERS 8
#define NAME "emf.bench"
#define PATH "/emf/bench"

static long heard;
static char load[SIZE];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int err)
{
	if (err >= 0)
		return;
	fprintf(stderr, "dbus: %s\n", strerror(-err));
	_exit(1); /* what the parent has printed is the parent's */
}

static int on_echo(sd_bus_message *m, void *data, sd_bus_error *error)
{
	sd_bus_message *reply;
	const void *bytes;
	size_t n;

	(void)data;
	(void)error;
	must(sd_bus_message_read_array(m, 'y', &bytes, &n));
	must(sd_bus_message_new_method_return(m, &reply));
	must(sd_bus_message_append_array(reply, 'y', bytes, n));
	must(sd_bus_send(NULL, reply, NULL));
	sd_bus_message_unref(reply);
	return 1;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Echo", "ay", "ay", on_echo, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("Tick", "ay", 0),
	SD_BUS_VTABLE_END,
};

static void run(sd_bus *bus, const long *until)
{
	for (;;) {
		int n = sd_bus_process(bus, NULL);

		must(n);
		if (until && heard >= *until)
			return;
		if (!n)
			must(sd_bus_wait(bus, UINT64_MAX));
	}
}

static void serve(int ready)
{
	sd_bus *bus;

	must(sd_bus_open_user(&bus));
	must(sd_bus_add_object_vtable(bus, NULL, PATH, NAME, vtable, NULL));
	must(sd_bus_request_name(bus, NAME, 0));
	must(write(ready, "", 1) == 1 ? 0 : -errno);
	run(bus, NULL);
}

static double calls(sd_bus *bus)
{
	double start = now();

	for (int i = 0; i < CALLS; i++) {
		sd_bus_message *m, *reply;
		const void *bytes;
		size_t n;

		must(sd_bus_message_new_method_call(bus, &m, NAME, PATH, NAME, "Echo"));
		must(sd_bus_message_append_array(m, 'y', load, SIZE));
		must(sd_bus_call(bus, m, 0, NULL, &reply));
		must(sd_bus_message_read_array(reply, 'y', &bytes, &n));
		sd_bus_message_unref(m);
		sd_bus_message_unref(reply);
	}
	return CALLS / (now() - start);
}

static int on_tick(sd_bus_message *m, void *data, sd_bus_error *error)
{
	const void *bytes;
	size_t n;

	(void)data;
	(void)error;
	must(sd_bus_message_read_array(m, 'y', &bytes, &n));
	heard++;
	return 0;
}

static void listen_to(int ready)
{
	const long all = SIGNALS;
	sd_bus *bus;

	must(sd_bus_open_user(&bus));
	must(sd_bus_match_signal(bus, NULL, NULL, PATH, NAME, "Tick", on_tick, NULL));
	must(write(ready, "", 1) == 1 ? 0 : -errno);
	run(bus, &all);
	_exit(0);
}

/* A process that runs @does, once it says that it is ready. */
static pid_t started(void (*does)(int ready))
{
	int ready[2];
	pid_t pid;
	char byte;

	must(pipe(ready) ? -errno : 0);
	pid = fork();
	must(pid < 0 ? -errno : 0);
	if (!pid) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0);
		does(ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		_exit(1); /* it has said why */
	close(ready[0]);
	return pid;
}

static double signals(sd_bus *bus)
{
	pid_t listeners[LISTENERS];
	double start;

	for (int i = 0; i < LISTENERS; i++)
		listeners[i] = started(listen_to);
	start = now();
	for (long i = 0; i < SIGNALS; i++) {
		sd_bus_message *m;

		must(sd_bus_message_new_signal(bus, &m, PATH, NAME, "Tick"));
		must(sd_bus_message_append_array(m, 'y', load, SIZE));
		must(sd_bus_send(bus, m, NULL));
		sd_bus_message_unref(m);
		/* In slices, so that the broker does not give up who listens: what is measured is delivery. */
		if (i % 100 == 99)
			must(sd_bus_flush(bus));
	}
	must(sd_bus_flush(bus));
	for (int i = 0; i < LISTENERS; i++) {
		int status;

		waitpid(listeners[i], &status, 0);
		if (status)
			_exit(1); /* it has not heard all, and has said why */
	}
	return (double)LISTENERS * SIGNALS / (now() - start);
}

int main(void)
{
	sd_bus *bus;
	pid_t pid = started(serve);

	must(sd_bus_open_user(&bus));
	printf("%.0f ", calls(bus));
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	printf("%.0f\n", signals(bus));
	return 0;
}
