/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_queue.h - signals that wait for a subscriber who is slow: a ring of bytes.
 */
#ifndef EMF_CORE_BUS_QUEUE_H
#define EMF_CORE_BUS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ebus_queue - a bounded row of payloads
 * @bytes: NULL until something waits
 * @size: of it
 * @head: where the oldest one begins
 * @used: bytes in it
 * @n: payloads in it
 * @max_messages: no more than that
 */
struct ebus_queue {
	char *bytes;
	size_t size;
	size_t head;
	size_t used;
	size_t n;
	size_t max_messages;
};

void ebus_queue_init(struct ebus_queue *queue, size_t max_messages, size_t max_bytes);
void ebus_queue_fini(struct ebus_queue *queue);

/* Return: 0; -ENOBUFS when it does not fit now; -EMSGSIZE when it never will; -ENOMEM. */
int ebus_queue_push(struct ebus_queue *queue, const void *payload, size_t size);

/* Size of the oldest one. There is one. */
size_t ebus_queue_first(const struct ebus_queue *queue);

/* The oldest one leaves; @payload, unless it is NULL, receives it. */
void ebus_queue_pop(struct ebus_queue *queue, void *payload);

#endif
