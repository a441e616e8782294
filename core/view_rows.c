// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view_rows.c - keys and values of a map that is printed, or of a global.
 */
#include "view_rows.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "map_walk.h"

struct reading {
	const struct emf_view *view;
	const struct emf_map *map;
	struct emf_view_rows *rows;
};

/* A row whose key and value are zero; NULL for ENOMEM. */
static struct emf_view_row *append(struct emf_view_rows *rows)
{
	struct emf_view_row *row;

	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;
		struct emf_view_row *more = reallocarray(rows->rows, room, sizeof(*more));

		if (!more)
			return NULL;
		rows->rows = more;
		rows->room = room;
	}
	row = &rows->rows[rows->n];
	row->value = calloc(1, rows->key_at + rows->key_bytes);
	if (!row->value)
		return NULL;
	row->key = row->value + rows->key_at;
	row->weight = 0;
	rows->n++;
	return row;
}

void emf_view_rows_free(struct emf_view_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->rows[i].value);
	free(rows->rows);
	*rows = (struct emf_view_rows){ .n = 0 };
}

static int collect(const void *key, const void *values, void *ctx)
{
	struct reading *r = ctx;
	struct emf_view_row *row = append(r->rows);

	if (!row)
		return -ENOMEM;
	memcpy(row->key, key, r->rows->key_bytes);
	emf_map_fold(r->map, values, row->value, r->view->counters, r->view->n_counters);
	return 0;
}

/* @values has room for all CPUs, and is zero. */
static int clear(const struct reading *r, const struct emf_view_row *row, char *values, bool *has_take)
{
	const struct bpf_map *map = (const struct bpf_map *)r->map;
	enum bpf_map_type type = bpf_map__type(map);
	int err;

	if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY)
		return emf_map_update(r->map, row->key, values);
	err = *has_take ? bpf_map_lookup_and_delete_elem(bpf_map__fd(map), row->key, values) : -EOPNOTSUPP;
	if (!err) {
		emf_map_fold(r->map, values, row->value, r->view->counters, r->view->n_counters);
		return 0;
	}
	if (err == -ENOENT) /* an LRU let it go since */
		return 0;
	*has_take = false;
	err = emf_map_delete(r->map, row->key);
	return err == -ENOENT ? 0 : err;
}

static void keep(struct emf_view_rows *rows, size_t n)
{
	while (rows->n > n)
		free(rows->rows[--rows->n].value);
}

/* What could not be cleared is still in the map, and not in the rows. */
static int take_all(const struct reading *r)
{
	char *values = calloc(1, emf_map_values_bytes(r->map));
	size_t taken = 0;
	bool has_take = true;
	int err = values ? 0 : -ENOMEM;

	while (!err && taken < r->rows->n) {
		err = clear(r, &r->rows->rows[taken], values, &has_take);
		taken += !err;
	}
	free(values);
	keep(r->rows, taken);
	return err;
}

static void take_slots(const struct emf_member *slots, char *from, char *to)
{
	for (uint32_t i = 0; i < slots->count; i++) {
		size_t at = slots->offset + i * (size_t)slots->size;

		/* Programs go on counting: with 4 or 8 bytes that are aligned, as the compiler laid them out. */
		if (slots->size == 8)
			*(uint64_t *)(void *)(to + at) = __atomic_exchange_n((uint64_t *)(void *)(from + at), 0, __ATOMIC_RELAXED);
		else
			*(uint32_t *)(void *)(to + at) = __atomic_exchange_n((uint32_t *)(void *)(from + at), 0, __ATOMIC_RELAXED);
	}
}

static int read_variable(const struct emf_unit *unit, const struct emf_view *view, bool take, struct emf_view_rows *rows)
{
	char *at = emf_bpf_object_variable(unit, &view->variable);

	if (!at)
		return -ENOENT;
	rows->key_bytes = sizeof(uint32_t);
	for (uint32_t i = 0; i < view->elements; i++, at += view->value_size) {
		struct emf_view_row *row = append(rows);

		if (!row)
			return -ENOMEM;
		memcpy(row->key, &i, sizeof(i));
		memcpy(row->value, at, view->value_size);
		if (take)
			take_slots(view->slots, at, row->value);
	}
	return 0;
}

int emf_view_rows_read(const struct emf_unit *unit, const struct emf_view *view, bool take, struct emf_view_rows *rows)
{
	struct reading r = { .view = view, .rows = rows };
	int err;

	*rows = (struct emf_view_rows){ .key_at = emf_view_key_at(view) };
	if (view->variable.section)
		return read_variable(unit, view, take, rows);
	r.map = emf_map_get(unit->m, view->map);
	if (!r.map)
		return -ENOENT;
	rows->key_bytes = bpf_map__key_size((const struct bpf_map *)r.map);
	err = emf_map_for_each(r.map, collect, &r);
	if (err)
		keep(rows, 0);
	else if (take)
		err = take_all(&r);
	return err;
}
