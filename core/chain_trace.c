// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_trace.c - what traced packets meet, from the kernel to the bus.
 */
#include "chain_trace.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "core.h"
#include "emf_emf.h"

#define BATCH_MAX 4096 /* hops in a turn of the loop */

struct emf_chain_tracer {
	struct emf_unit *unit;
	const struct emf_chain_instance *instance;
	struct ring_buffer *ring;
	struct emf_fd fd;
	unsigned int n; /* in this turn */
};

struct naming {
	uint32_t number;
	struct chains_hop *hop;
};

static void put_name(void *arg, const struct emf_chain_place *place, const char *why_not)
{
	struct naming *naming = arg;

	(void)why_not;
	if (place->number != naming->number)
		return;
	snprintf(naming->hop->module, sizeof(naming->hop->module), "%s", place->unit->m->name);
	snprintf(naming->hop->program, sizeof(naming->hop->program), "%s", place->plug->program);
}

static int on_hop(void *arg, void *data, size_t size)
{
	struct emf_chain_tracer *tracer = arg;
	const struct emf_chain_hop *from = data;
	const struct emf_chain *chain = tracer->instance->hook.chain;
	struct chains_hop hop = { .time = from->time, .trace = from->trace, .generation = from->generation, .number = from->number,
				  .verdict = from->verdict };
	struct naming naming = { from->number, &hop };

	if (size < sizeof(*from))
		return 0;
	snprintf(hop.chain, sizeof(hop.chain), "%s", chain->name);
	snprintf(hop.target, sizeof(hop.target), "%s", tracer->instance->hook.target);
	emf_chain_each(chain, &tracer->unit->emf->registry, tracer->unit->chain.choices, put_name, &naming);
	chains_emit_hop(&hop);
	return ++tracer->n < BATCH_MAX ? 0 : -EAGAIN; /* the rest in the next turn: others wait */
}

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	struct emf_chain_tracer *tracer = emf_container_of(fd, struct emf_chain_tracer, fd);

	(void)events;
	tracer->n = 0;
	ring_buffer__consume(tracer->ring);
}

int emf_chain_trace_start(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	struct emf_chain_tracer *tracer;
	int err;

	if (instance->tracer)
		return 0;
	tracer = calloc(1, sizeof(*tracer));
	if (!tracer)
		return -ENOMEM;
	tracer->unit = unit;
	tracer->instance = instance;
	tracer->ring = ring_buffer__new(instance->maps.fds[EMF_CHAIN_MAP_TRACES], on_hop, tracer, NULL);
	err = tracer->ring ? 0 : -errno;
	tracer->fd.ready = on_ready;
	tracer->fd.events = EPOLLIN;
	tracer->fd.fd = tracer->ring ? ring_buffer__epoll_fd(tracer->ring) : -1;
	if (!err)
		err = emf_loop_add_fd(&unit->emf->loop, NULL, &tracer->fd);
	if (err) {
		ring_buffer__free(tracer->ring);
		free(tracer);
		return err;
	}
	instance->tracer = tracer;
	return 0;
}

void emf_chain_trace_stop(struct emf_chain_instance *instance)
{
	if (!instance->tracer)
		return;
	emf_fd_del(&instance->tracer->fd);
	ring_buffer__free(instance->tracer->ring);
	free(instance->tracer);
	instance->tracer = NULL;
}
