/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * watch.h - commands that go on until they are told to end.
 */
#ifndef EMF_CORE_WATCH_H
#define EMF_CORE_WATCH_H

#include <emf/client.h>

/* From now on this signal ends the command in order. */
void emf_watch_end_on(int signo);

/* Whether one has come. */
bool emf_watch_is_over(void);

/*
 * emf_watch_turn() - deal with what the product says
 * @client: connected
 * @end_ns: of the monotonic clock: waits no longer for it
 *
 * Return: 0, also when nothing came for a while: what was asked for is to be looked at again;
 * as emf_client_dispatch() otherwise.
 */
int emf_watch_turn(struct emf_client *client, uint64_t end_ns);

#endif
