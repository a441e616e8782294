// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * client_queue.c - how signals wait for a client that is slow.
 */
#include "client_queue.h"

#include <errno.h>

#include <emf/client.h>

#include "bus.h"

#define CHOICES_MAX 64

/* There is one client in a process. */
static struct {
	const struct ebus_service *service;
	unsigned int signal;
	struct emf_client_queue_opts queue;
} choices[CHOICES_MAX];
static size_t n_choices;

static size_t find(const struct ebus_service *service, unsigned int signal)
{
	size_t i = 0;

	while (i < n_choices && (choices[i].service != service || choices[i].signal != signal))
		i++;
	return i;
}

int emf_client_queue(struct emf_client *client, const struct ebus_client *of, unsigned int signal,
		     const struct emf_client_queue_opts *queue)
{
	size_t i = find(of->service, signal);

	(void)client;
	if (signal >= of->service->n_signals || (unsigned int)queue->overflow > EBUS_BLOCK)
		return -EINVAL;
	if (emf_bus_is_wanted(of->service, signal))
		return -EBUSY;
	if (i == CHOICES_MAX)
		return -ENOBUFS;
	n_choices += i == n_choices;
	choices[i].service = of->service;
	choices[i].signal = signal;
	choices[i].queue = *queue;
	return 0;
}

void emf_client_queue_wish(const struct ebus_service *service, unsigned int signal, struct ebus_wish *wish)
{
	size_t i = find(service, signal);

	if (i == n_choices)
		return;
	wish->max_messages = choices[i].queue.max_messages;
	wish->max_bytes = choices[i].queue.max_bytes;
	wish->overflow = choices[i].queue.overflow;
	wish->block_ms = choices[i].queue.block_ms;
}

void emf_client_queue_forget(void)
{
	n_choices = 0;
}
