/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_rows.h - keys and values of a map that is printed, or of a global.
 */
#ifndef EMF_CORE_VIEW_ROWS_H
#define EMF_CORE_VIEW_ROWS_H

#include <emf/view.h>

struct emf_unit;

struct emf_view_row {
	char *key;
	char *value; /* of all CPUs together */
	uint64_t weight;
};

struct emf_view_rows {
	struct emf_view_row *rows;
	size_t n, room;
	size_t key_bytes, value_bytes;
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
 *
 * Return: 0; -ENOMEM; or what bpf(2) reports.
 */
int emf_view_rows_read(const struct emf_unit *unit, const struct emf_view *view, bool take, struct emf_view_rows *rows);
void emf_view_rows_free(struct emf_view_rows *rows);

#endif
