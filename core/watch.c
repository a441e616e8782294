// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * watch.c - commands that go on until they are told to end.
 */
#include "watch.h"

#include <signal.h>

#define TURN_MS 500 /* a signal that comes before the wait is noticed so much later */
#define NS_PER_MS UINT64_C(1000000)

static volatile sig_atomic_t is_over;

static void on_end(int signo)
{
	(void)signo;
	is_over = 1;
}

void emf_watch_end_on(int signo)
{
	const struct sigaction action = { .sa_handler = on_end };

	sigaction(signo, &action, NULL);
}

bool emf_watch_is_over(void)
{
	return is_over;
}

int emf_watch_turn(struct emf_client *client, uint64_t end_ns)
{
	uint64_t now = emf_now_ns(), left = end_ns > now ? (end_ns - now) / NS_PER_MS + 1 : 0;
	int err = emf_client_dispatch(client, (int)(left < TURN_MS ? left : TURN_MS));

	return err == -EINTR ? 0 : err;
}
