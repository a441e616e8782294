/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * view_rows.h - keys and values of a map that is printed, or of a global.
 */
#ifndef EMF_CORE_VIEW_ROWS_H
#define EMF_CORE_VIEW_ROWS_H

#include <emf/view.h>

struct emf_unit;

/* What a slot of a histogram says, when it is a row of its own. */
struct emf_view_slot {
	uint64_t from, to, count;
};

/* One piece of memory, which begins with the value: emf_view_slot_at() and emf_view_key_at() say where the others are. */
struct emf_view_row {
	char *value; /* of all CPUs together */
	char *key;
	uint64_t weight;
};

/* Values first: their members are aligned to 8 bytes at the most. */
static inline uint32_t emf_view_slot_at(const struct emf_view *view)
{
	return (view->value_size + 7u) / 8 * 8;
}

static inline uint32_t emf_view_key_at(const struct emf_view *view)
{
	return emf_view_slot_at(view) + (uint32_t)sizeof(struct emf_view_slot);
}

struct emf_view_rows {
	struct emf_view_row *rows;
	size_t n, room;
	size_t key_at, key_bytes;
};

/**
 * emf_view_rows_read() - all that a view has
 * @unit: of the module
 * @view: of it
 * @take: what is read is taken away, so that counting begins anew
 * @rows: receives them; free with emf_view_rows_free(), also after an error
 *
 * Of an array nothing takes and clears at once: what is counted in between is missed. Of
 * a hash the kernel does both in one step from 5.14 on; a global is taken slot by slot.
 * After an error @rows has what was taken until then, and nothing that is still in the map.
 *
 * Return: 0; -ENOMEM; or what bpf(2) reports.
 */
int emf_view_rows_read(const struct emf_unit *unit, const struct emf_view *view, bool take, struct emf_view_rows *rows);
void emf_view_rows_free(struct emf_view_rows *rows);

#endif
