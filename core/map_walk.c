// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * map_walk.c - all of a map at once: every key, and all CPUs' values of one.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map_walk.h"

/* What the kernel answers where a type of map has no batches; no errno of libc's. */
#define KERNEL_ENOTSUPP 524 /* include/linux/errno.h */

#define BATCH_BYTES (256u * 1024) /* of keys and values that one system call brings */
#define MOST_OWNERS (1u << 20)
#define EMPTY_BATCHES 8           /* in a row: keys vanish as fast as they are read */

static bool is_per_cpu(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

/* From one CPU's value to the next one's; bpf_map_value_size(), kernel/bpf/syscall.c. */
static size_t stride_of(const struct bpf_map *map)
{
	return (bpf_map__value_size(map) + 7ul) / 8 * 8;
}

static size_t values_bytes(const struct bpf_map *map)
{
	return is_per_cpu(map) ? stride_of(map) * (size_t)emf_cpus() : bpf_map__value_size(map);
}

/* --- a walk ---------------------------------------------------------------------- */

struct walk {
	int fd;
	size_t key_bytes, value_bytes;
	uint32_t left; /* visits, until it is given up */
	uint32_t room; /* for so many keys and values */
	bool began;    /* something was visited, or skipped */
	char *keys, *values;
	char *cursor; /* the kernel's: a key, or the number of a bucket */
	emf_map_visit *visit;
	void *ctx;
};

static int make_room(struct walk *w, uint32_t room)
{
	/* One more key, where by_keys() has the next one. */
	char *keys = realloc(w->keys, (room + 1ul) * w->key_bytes);
	char *values;

	if (!keys)
		return -ENOMEM;
	w->keys = keys;
	values = realloc(w->values, room * w->value_bytes);
	if (!values)
		return -ENOMEM;
	w->values = values;
	w->room = room;
	return 0;
}

static int visit(struct walk *w, uint32_t n)
{
	for (uint32_t i = 0; i < n && w->left; i++) {
		int stop;

		w->left--;
		stop = w->visit(w->keys + i * w->key_bytes, w->values + i * w->value_bytes, w->ctx);
		if (stop)
			return stop;
	}
	return 0;
}

/* No batches here: an old kernel does not know the command, a new one says so. */
static bool lacks_batches(const struct walk *w, int err)
{
	return !w->began && (err == -EINVAL || err == -KERNEL_ENOTSUPP || err == -EOPNOTSUPP);
}

/* Its own statuses are 0 and -ENOENT (all was seen); what @visit returns is in *stop. */
static int by_batches(struct walk *w, int *stop)
{
	unsigned int empty = 0;

	while (w->left) {
		uint32_t n = w->room;
		int err = bpf_map_lookup_batch(w->fd, w->began ? w->cursor : NULL, w->cursor,
					       w->keys, w->values, &n, NULL);

		if (err == -ENOSPC) { /* more keys in one bucket than there is room for */
			err = w->room > UINT32_MAX / 2 ? -ENOSPC : make_room(w, w->room * 2);
			if (err)
				return err;
			continue;
		}
		/* -EINTR: the keys that it was at are gone; those before are there. */
		if (err && err != -ENOENT && err != -EINTR)
			return err;
		*stop = visit(w, n);
		if (*stop || err == -ENOENT)
			return 0;
		if (n)
			w->began = true;
		empty = n ? 0 : empty + 1;
		if (empty > EMPTY_BATCHES)
			return err;
	}
	return 0;
}

static int by_keys(struct walk *w, int *stop)
{
	char *next = w->keys + w->room * w->key_bytes;
	int err = bpf_map_get_next_key(w->fd, NULL, next);

	while (!err && w->left) {
		int absent;

		memcpy(w->keys, next, w->key_bytes);
		/* Before the visit, which may delete the key: no walk goes on from there. */
		err = bpf_map_get_next_key(w->fd, w->keys, next);
		absent = bpf_map_lookup_elem(w->fd, w->keys, w->values);
		if (absent && absent != -ENOENT)
			return absent;
		if (absent)
			w->left--; /* gone meanwhile; counted, so that the walk ends */
		else
			*stop = visit(w, 1);
		if (*stop)
			return 0;
	}
	return err == -ENOENT ? 0 : err;
}

int emf_map_for_each(const struct emf_map *map, emf_map_visit *visit_one, void *ctx)
{
	const struct bpf_map *bpf_map = (const struct bpf_map *)map;
	struct walk w = { .fd = bpf_map__fd(bpf_map), .visit = visit_one, .ctx = ctx };
	size_t room;
	int stop = 0, err;

	if (w.fd < 0)
		return -EBADF;
	w.key_bytes = bpf_map__key_size(bpf_map);
	w.value_bytes = values_bytes(bpf_map);
	w.left = bpf_map__max_entries(bpf_map);
	if (!w.left) /* storage has as many keys as there are owners */
		w.left = MOST_OWNERS;
	room = BATCH_BYTES / (w.key_bytes + w.value_bytes);
	if (room > w.left)
		room = w.left;
	/* The cursor of a hash is a bucket's number, whatever the size of its keys. */
	w.cursor = malloc(w.key_bytes > sizeof(uint32_t) ? w.key_bytes : sizeof(uint32_t));
	err = w.cursor ? make_room(&w, room ? (uint32_t)room : 1) : -ENOMEM;
	if (!err) {
		err = by_batches(&w, &stop);
		if (lacks_batches(&w, err))
			err = by_keys(&w, &stop);
	}
	free(w.cursor);
	free(w.keys);
	free(w.values);
	return err ? err : stop;
}

/* --- sums --------------------------------------------------------------------------- */

/* Values are as aligned as the kernel part likes them to be. */
#define ADD(type, to, from)                        \
	do {                                       \
		type a, b;                         \
		memcpy(&a, to, sizeof(a));         \
		memcpy(&b, from, sizeof(b));       \
		a = (type)(a + b);                 \
		memcpy(to, &a, sizeof(a));         \
	} while (0)

static void add(char *to, const char *from, const struct emf_map_counters *c)
{
	for (uint32_t i = 0; i < c->count; i++) {
		size_t at = c->offset + (size_t)i * c->size;

		if (c->size == 8)
			ADD(uint64_t, to + at, from + at);
		else if (c->size == 4)
			ADD(uint32_t, to + at, from + at);
		else if (c->size == 2)
			ADD(uint16_t, to + at, from + at);
		else
			ADD(uint8_t, to + at, from + at);
	}
}

void emf_map_add(void *to, const void *from, const struct emf_map_counters *counters, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(to, from, &counters[i]);
}

size_t emf_map_values_bytes(const struct emf_map *map)
{
	return values_bytes((const struct bpf_map *)map);
}

static bool is_zero(const char *bytes, size_t n)
{
	return !n || (!bytes[0] && !memcmp(bytes, bytes + 1, n - 1));
}

void emf_map_fold(const struct emf_map *map, const void *values, void *one, const struct emf_map_counters *counters, size_t n)
{
	const struct bpf_map *bpf_map = (const struct bpf_map *)map;
	size_t bytes = bpf_map__value_size(bpf_map), all = values_bytes(bpf_map), stride = stride_of(bpf_map), first = 0;
	const char *of = values;

	if (is_per_cpu(bpf_map))
		while (first + stride < all && is_zero(of + first, bytes))
			first += stride;
	memcpy(one, of + first, bytes);
	for (size_t at = first + stride; is_per_cpu(bpf_map) && at < all; at += stride)
		emf_map_add(one, of + at, counters, n);
}

static bool is_inside(const struct emf_map_counters *c, size_t bytes)
{
	bool is_size = c->size == 1 || c->size == 2 || c->size == 4 || c->size == 8;

	return is_size && c->offset + (uint64_t)c->size * c->count <= bytes;
}

int emf_map_sum(const struct emf_map *map, const void *key, void *sum,
		const struct emf_map_counters *counters, size_t n)
{
	const struct bpf_map *bpf_map = (const struct bpf_map *)map;
	size_t bytes, all, stride;
	char *values;
	int err;

	if (bpf_map__fd(bpf_map) < 0)
		return -EBADF;
	bytes = bpf_map__value_size(bpf_map);
	all = values_bytes(bpf_map);
	stride = stride_of(bpf_map);
	for (size_t i = 0; i < n; i++)
		if (!is_inside(&counters[i], bytes))
			return -EINVAL;
	values = malloc(all);
	if (!values)
		return -ENOMEM;
	err = emf_map_lookup(map, key, values);
	if (!err) {
		memset(sum, 0, bytes);
		for (size_t at = 0; at < all; at += stride)
			emf_map_add(sum, values + at, counters, n);
	}
	free(values);
	return err;
}
