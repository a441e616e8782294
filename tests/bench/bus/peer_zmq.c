/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ZeroMQ over ipc: 32 requests under way between a DEALER and a ROUTER, then PUB to 8 SUB.
 * Prints calls a second, and deliveries a second.
 */
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define SIZE 64
#define WINDOW 32
#define CALLS 100000
#define SIGNALS 400000
#define LISTENERS 8

static char place[64];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *socket_of(void *context, int type, int binds)
{
	int none = 0;
	void *s = zmq_socket(context, type);

	zmq_setsockopt(s, ZMQ_SNDHWM, &none, sizeof(none));
	zmq_setsockopt(s, ZMQ_RCVHWM, &none, sizeof(none));
	if (type == ZMQ_SUB)
		zmq_setsockopt(s, ZMQ_SUBSCRIBE, "", 0);
	if (binds ? zmq_bind(s, place) : zmq_connect(s, place))
		exit(1);
	return s;
}

static void serve(void)
{
	void *s = socket_of(zmq_ctx_new(), ZMQ_ROUTER, 1);
	char id[256], bytes[SIZE];

	for (;;) {
		int n = zmq_recv(s, id, sizeof(id), 0);

		zmq_recv(s, bytes, SIZE, 0);
		zmq_send(s, id, (size_t)n, ZMQ_SNDMORE);
		zmq_send(s, bytes, SIZE, 0);
	}
}

static double calls(void)
{
	void *s = socket_of(zmq_ctx_new(), ZMQ_DEALER, 0);
	char bytes[SIZE] = "";
	double start = now();
	long sent = 0;

	for (; sent < WINDOW; sent++)
		zmq_send(s, bytes, SIZE, 0);
	for (long i = 0; i < CALLS; i++) {
		zmq_recv(s, bytes, SIZE, 0);
		if (sent++ < CALLS)
			zmq_send(s, bytes, SIZE, 0);
	}
	return CALLS / (now() - start);
}

static void listen_to(void)
{
	void *s = socket_of(zmq_ctx_new(), ZMQ_SUB, 0);
	char bytes[SIZE];

	do /* those that come before all listen are not counted */
		zmq_recv(s, bytes, SIZE, 0);
	while (bytes[0] != 'b');
	for (long i = 1; i < SIGNALS; i++)
		zmq_recv(s, bytes, SIZE, 0);
	_exit(0);
}

static double signals(void)
{
	pid_t listeners[LISTENERS];
	char bytes[SIZE] = "a";
	double start;
	void *s;

	for (int i = 0; i < LISTENERS; i++) {
		listeners[i] = fork();
		if (!listeners[i])
			listen_to();
	}
	s = socket_of(zmq_ctx_new(), ZMQ_PUB, 1);
	for (int i = 0; i < 100; i++) { /* until all have found it */
		zmq_send(s, bytes, SIZE, 0);
		usleep(10000);
	}
	start = now();
	bytes[0] = 'b';
	for (long i = 0; i < SIGNALS; i++)
		zmq_send(s, bytes, SIZE, 0);
	for (int i = 0; i < LISTENERS; i++)
		waitpid(listeners[i], NULL, 0);
	return (double)LISTENERS * SIGNALS / (now() - start);
}

int main(void)
{
	pid_t pid;

	snprintf(place, sizeof(place), "ipc:///tmp/emf-bench-zmq-%d", getpid());
	pid = fork();
	if (!pid)
		serve();
	printf("%.0f ", calls());
	kill(pid, 9);
	waitpid(pid, NULL, 0);
	printf("%.0f\n", signals());
	unlink(place + strlen("ipc://"));
	return 0;
}
