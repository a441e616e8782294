// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_ring.c - signals in memory that processes share.
 *
 * The writer says first up to where it will have written (reserved), then writes, then
 * says up to where it has (end). What lies more than the size behind "reserved" may be
 * overwritten; a reader copies a record, and looks at "reserved" after it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "bus_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* include/uapi/linux/fcntl.h, since 5.1 */
#endif

#define MAGIC 0x676e6972 /* "ring" */
#define HEAD_BYTES 4096	 /* then the records */
#define NONE UINT32_MAX	 /* the slot of what fills a segment up */
#define ALIGNED(size) (((size) + 7) & ~(size_t)7)
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE)

/* What the writer changes with each record is apart from what it does not. */
struct ebus_ring_shared {
	__u32 magic;
	__u32 pad;
	__u64 size;
	_Alignas(64) __u64 reserved;
	__u64 end;
	_Alignas(64) __u64 counts[EBUS_RING_SLOTS];
	_Alignas(HEAD_BYTES) char bytes[];
};

struct record {
	__u32 size; /* of the payload */
	__u32 slot;
	__u64 number;
};

_Static_assert(offsetof(struct ebus_ring_shared, bytes) == HEAD_BYTES, "both sides agree");
_Static_assert(sizeof(struct record) == 16, "both sides agree");
_Static_assert(__atomic_always_lock_free(sizeof(__u64), 0), "a lock would be of one process");

/* --- the writer */

int ebus_ring_create(struct ebus_ring_writer *ring, size_t size)
{
	int fd = memfd_create("ebus ring", MFD_CLOEXEC | MFD_ALLOW_SEALING), err = 0;
	void *at = MAP_FAILED;

	if (fd < 0)
		return -errno;
	/* With its memory: else the lack of it would end the writer in the middle of a signal. */
	if (fallocate(fd, 0, 0, (off_t)(HEAD_BYTES + size)))
		err = -errno;
	if (!err) {
		at = mmap(NULL, HEAD_BYTES + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		err = at == MAP_FAILED ? -errno : 0;
	}
	if (!err && fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL))
		err = -errno;
	if (err) {
		if (at != MAP_FAILED)
			munmap(at, HEAD_BYTES + size);
		close(fd);
		return err;
	}
	*ring = (struct ebus_ring_writer){ .fd = fd, .shared = at, .size = size };
	ring->shared->magic = MAGIC;
	ring->shared->size = size;
	return 0;
}

void ebus_ring_destroy(struct ebus_ring_writer *ring)
{
	munmap(ring->shared, HEAD_BYTES + ring->size);
	close(ring->fd);
}

static struct record *place(struct ebus_ring_writer *ring)
{
	return (struct record *)(ring->shared->bytes + (ring->at & (ring->size - 1)));
}

void ebus_ring_write(struct ebus_ring_writer *ring, unsigned int slot, const void *payload, size_t size)
{
	struct ebus_ring_shared *shared = ring->shared;
	size_t whole = sizeof(struct record) + ALIGNED(size), segment = ring->size / EBUS_RING_SEGMENTS;
	size_t left = segment - (ring->at & (segment - 1));
	size_t fill = left < whole ? left : 0;
	struct record *record;

	__atomic_store_n(&shared->reserved, ring->at + fill + whole, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (fill) {
		/* Positions are multiples of 8: less than a record's head is skipped without one. */
		if (fill >= sizeof(*record))
			*place(ring) = (struct record){ .size = (__u32)(fill - sizeof(*record)), .slot = NONE };
		ring->at += fill;
	}
	record = place(ring);
	*record = (struct record){ .size = (__u32)size, .slot = slot, .number = ring->counts[slot] };
	memcpy(record + 1, payload, size);
	ring->at += whole;
	__atomic_store_n(&shared->end, ring->at, __ATOMIC_RELEASE);
	/* After the end: who finds itself there must not miss a record that is not there yet. */
	__atomic_store_n(&shared->counts[slot], ++ring->counts[slot], __ATOMIC_RELEASE);
}

/* --- a reader */

int ebus_ring_map(struct ebus_ring_reader *ring, int fd, uint64_t at)
{
	const struct ebus_ring_shared *shared;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	uint64_t size;

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) || st.st_size < HEAD_BYTES)
		return -EBADMSG;
	size = (uint64_t)st.st_size - HEAD_BYTES;
	if (size & (size - 1) || size < EBUS_RING_SEGMENTS * 64 || size > EBUS_RING_BYTES)
		return -EBADMSG;
	shared = mmap(NULL, HEAD_BYTES + size, PROT_READ, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return -ENOMEM;
	if (shared->magic != MAGIC || shared->size != size || at % 8) {
		munmap((void *)shared, HEAD_BYTES + size);
		return -EBADMSG;
	}
	*ring = (struct ebus_ring_reader){ .shared = shared, .size = size, .at = at };
	return 0;
}

void ebus_ring_unmap(struct ebus_ring_reader *ring)
{
	munmap((void *)ring->shared, HEAD_BYTES + ring->size);
	ring->shared = NULL;
}

uint64_t ebus_ring_end(const struct ebus_ring_reader *ring)
{
	return __atomic_load_n(&ring->shared->end, __ATOMIC_ACQUIRE);
}

uint64_t ebus_ring_count(const struct ebus_ring_reader *ring, unsigned int slot)
{
	return __atomic_load_n(&ring->shared->counts[slot], __ATOMIC_ACQUIRE);
}

bool ebus_ring_is_intact(struct ebus_ring_reader *ring)
{
	uint64_t segment = ring->size / EBUS_RING_SEGMENTS, reserved, next;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	reserved = __atomic_load_n(&ring->shared->reserved, __ATOMIC_RELAXED);
	/* A record is less than a segment: what was read begins no sooner than this. */
	if ((int64_t)(reserved - ring->at) <= (int64_t)(ring->size - segment))
		return true;
	next = (reserved - ring->size / 2) & ~(segment - 1);
	ring->is_broken = (int64_t)(next - ring->at) <= 0; /* a writer goes forward, or wants a reader that never ends */
	ring->at = next;
	return false;
}

int ebus_ring_next(struct ebus_ring_reader *ring, uint64_t end, struct ebus_ring_record *record)
{
	uint64_t segment = ring->size / EBUS_RING_SEGMENTS;

	if ((int64_t)(end - ring->at) > (int64_t)ring->size) /* overtaken long ago; also bounds what is done here */
		ring->at = (end - ring->size / 2) & ~(segment - 1);
	while ((int64_t)(end - ring->at) > 0 && !ring->is_broken) {
		uint64_t left = segment - (ring->at & (segment - 1));
		const struct record *at = (const struct record *)(ring->shared->bytes + (ring->at & (ring->size - 1)));
		struct record head;

		if (left < sizeof(head)) {
			ring->at += left;
			continue;
		}
		memcpy(&head, at, sizeof(head));
		if (head.size > left - sizeof(head)) {
			if (ebus_ring_is_intact(ring))
				return -EBADMSG;
			continue;
		}
		ring->at += sizeof(head) + ALIGNED(head.size);
		if (head.slot == NONE)
			continue;
		*record = (struct ebus_ring_record){ .slot = head.slot, .size = head.size, .number = head.number,
						     .payload = at + 1 };
		return 1;
	}
	return ring->is_broken ? -EBADMSG : 0;
}
