// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_queue.c - a ring of payloads, each behind its size.
 */
#include "bus_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ebus_queue_init(struct ebus_queue *queue, size_t max_messages, size_t max_bytes)
{
	*queue = (struct ebus_queue){ .size = max_bytes, .max_messages = max_messages };
}

void ebus_queue_fini(struct ebus_queue *queue)
{
	free(queue->bytes);
	queue->bytes = NULL;
}

static void copy_in(struct ebus_queue *queue, const void *from, size_t size)
{
	size_t at = (queue->head + queue->used) % queue->size;
	size_t first = size < queue->size - at ? size : queue->size - at;

	memcpy(queue->bytes + at, from, first);
	memcpy(queue->bytes, (const char *)from + first, size - first);
	queue->used += size;
}

static void copy_out(const struct ebus_queue *queue, size_t at, void *to, size_t size)
{
	size_t first;

	at %= queue->size;
	first = size < queue->size - at ? size : queue->size - at;
	memcpy(to, queue->bytes + at, first);
	memcpy((char *)to + first, queue->bytes, size - first);
}

int ebus_queue_push(struct ebus_queue *queue, const void *payload, size_t size)
{
	if (size + sizeof(size) > queue->size)
		return -EMSGSIZE;
	if (queue->n >= queue->max_messages || queue->used + size + sizeof(size) > queue->size)
		return -ENOBUFS;
	if (!queue->bytes) {
		queue->bytes = malloc(queue->size);
		if (!queue->bytes)
			return -ENOMEM;
	}
	copy_in(queue, &size, sizeof(size));
	if (size)
		copy_in(queue, payload, size);
	queue->n++;
	return 0;
}

size_t ebus_queue_first(const struct ebus_queue *queue)
{
	size_t size;

	copy_out(queue, queue->head, &size, sizeof(size));
	return size;
}

void ebus_queue_pop(struct ebus_queue *queue, void *payload)
{
	size_t size = ebus_queue_first(queue);

	if (payload && size)
		copy_out(queue, queue->head + sizeof(size), payload, size);
	queue->head = (queue->head + sizeof(size) + size) % queue->size;
	queue->used -= sizeof(size) + size;
	queue->n--;
}
