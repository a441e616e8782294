/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * view_shown.h - rows of tables and slots of histograms as records, so that options which
 * all tools share mean the same for them as for events.
 */
#ifndef EMF_CORE_VIEW_SHOWN_H
#define EMF_CORE_VIEW_SHOWN_H

#include <emf/view.h>

#include "show.h"

struct emf_view_taken;

/* What a column is of. */
enum emf_view_part {
	EMF_VIEW_KEY,
	EMF_VIEW_VALUE,
	EMF_VIEW_SLOT,
};

/**
 * struct emf_view_shown - how one view is printed
 * @view: see there
 * @shown: see there; made once, before anything starts
 * @record: the members of key and value, where struct emf_view_row has them
 * @row: of a histogram those, and from, to, count of a slot; of stacks those, and functions and weight; else the same
 * @taken: of stacks, what was taken of the map by now; else NULL
 * @members: of @row
 */
struct emf_view_shown {
	const struct emf_view *view;
	struct emf_shown shown;
	struct emf_record record, row;
	struct emf_view_taken *taken;
	struct emf_member members[];
};

struct emf_view_shown *emf_view_shown_new(const struct emf_view *view, const struct emf_show *show);
void emf_view_shown_free(struct emf_view_shown *shown);

/* Of which part of a row a column is. */
enum emf_view_part emf_view_part(const struct emf_view_shown *shown, const struct emf_column *column);

#endif
