// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * floor.c OBJECT CALLER - the least that reads a ring buffer: nobody is woken, and each
 * millisecond it has a look. Ends when its standard input does.
 */
#include <bpf/libbpf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long received;

static int on_record(void *context, void *data, size_t size)
{
	(void)context;
	(void)size;
	received += ((const unsigned long *)data)[2] != 0;
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 3 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct pollfd input = { .fd = 0, .events = POLLIN };
	struct ring_buffer *buffer = NULL;
	unsigned int caller;
	struct bpf_map *map;

	if (!object)
		return 1;
	caller = (unsigned int)atoi(argv[2]);
	bpf_object__for_each_map(map, object) {
		size_t size;
		void *initial = strstr(bpf_map__name(map), ".rodata") ? (void *)bpf_map__initial_value(map, &size) : NULL;

		if (initial)
			memcpy(initial, &caller, sizeof(caller));
	}
	if (bpf_object__load(object) || !bpf_program__attach(bpf_object__next_program(object, NULL)))
		return 1;
	map = bpf_object__find_map_by_name(object, "ring");
	if (map)
		buffer = ring_buffer__new(bpf_map__fd(map), on_record, NULL, NULL);
	printf("ready\n");
	fflush(stdout);
	while (!poll(&input, 1, 1))
		if (buffer)
			ring_buffer__consume(buffer);
	if (buffer)
		ring_buffer__consume(buffer);
	printf("received %lu\n", received);
	return 0;
}
