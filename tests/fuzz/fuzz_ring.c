// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_ring.c - memory that another process shares: the input is where to read from
 * (two bytes, in units of 8), up to where (the same), and the memory itself.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus_ring.h"

#define HEAD 4096 /* as in bus_ring.c */
#define SIZE 4096

static uint64_t position(const uint8_t *bytes)
{
	return 8 * ((uint64_t)bytes[0] | (uint64_t)bytes[1] << 8);
}

static void read_all(struct ebus_ring_reader *ring, uint64_t end)
{
	struct ebus_ring_record record;
	size_t n = 0;

	for (unsigned int i = 0; i < EBUS_RING_SLOTS; i++)
		ebus_ring_count(ring, i);
	while (ebus_ring_next(ring, end, &record) == 1) {
		const char *payload = record.payload, *begin = (const char *)ring->shared + HEAD;

		fuzz_assert(payload >= begin && payload + record.size <= begin + SIZE);
		ebus_ring_is_intact(ring);
		fuzz_assert(++n <= SIZE / 16); /* not for ever, whatever it says */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *memory = calloc(1, HEAD + SIZE);
	struct ebus_ring_reader ring;
	int fd;

	if (size > 4) {
		size_t n = size - 4 < HEAD + SIZE ? size - 4 : HEAD + SIZE;

		fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		memcpy(memory, data + 4, n);
		fuzz_assert(write(fd, memory, HEAD + SIZE) == HEAD + SIZE);
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
		if (!ebus_ring_map(&ring, fd, position(data))) {
			read_all(&ring, position(data + 2));
			ebus_ring_unmap(&ring);
		}
		close(fd);
	}
	free(memory);
	return 0;
}
