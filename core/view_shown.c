// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view_shown.c - rows of tables and slots of histograms as records.
 */
#include "view_shown.h"

#include <stdlib.h>

#include "view_rows.h"
#include "view_stacks.h"

static size_t members_of(const struct emf_record *record)
{
	return record ? record->n : 0;
}

static void add_members(struct emf_record *to, struct emf_member *members, const struct emf_record *from, uint32_t at)
{
	for (size_t i = 0; i < members_of(from); i++) {
		struct emf_member *member = &members[to->n++];

		*member = from->members[i];
		member->offset += at;
		member->len_offset += at;
	}
}

#define EXTRAS 3 /* of a slot, and of a stack */

static void add_extras(struct emf_record *to, struct emf_member *members, uint32_t at, const char *const names[EXTRAS])
{
	for (uint32_t i = 0; i < EXTRAS; i++)
		members[to->n++] = (struct emf_member){ .name = names[i], .offset = at + i * (uint32_t)sizeof(uint64_t), .size = sizeof(uint64_t),
							.count = 1, .type = EMF_U64 };
}

struct emf_view_shown *emf_view_shown_new(const struct emf_view *view, const struct emf_show *show)
{
	size_t n = members_of(view->key) + members_of(view->value) + (view->unit ? EXTRAS : 0);
	uint32_t size = emf_view_key_at(view) + (view->key ? view->key->size : 0);
	struct emf_view_shown *s = calloc(1, sizeof(*s) + n * sizeof(*s->members));

	if (!s)
		return NULL;
	s->view = view;
	s->record = (struct emf_record){ .name = view->name, .size = size, .fixed = size, .members = s->members };
	add_members(&s->record, s->members, view->key, emf_view_key_at(view));
	add_members(&s->record, s->members, view->value, 0);
	s->row = s->record;
	/* Those of a stack have names only: who prints it has the rest. */
	if (view->stacks)
		add_extras(&s->row, s->members, emf_view_slot_at(view), (const char *const[]){ "user", "kernel", view->unit });
	else if (view->unit)
		add_extras(&s->row, s->members, emf_view_slot_at(view), (const char *const[]){ "from", "to", "count" });
	s->shown.record = &s->record;
	s->shown.row = &s->row;
	if (!emf_shown_init(&s->shown, show))
		return s;
	free(s);
	return NULL;
}

void emf_view_shown_free(struct emf_view_shown *shown)
{
	if (!shown)
		return;
	emf_view_stacks_free(shown);
	emf_shown_fini(&shown->shown);
	free(shown);
}

enum emf_view_part emf_view_part(const struct emf_view_shown *shown, const struct emf_column *column)
{
	uint32_t at = column->field.base + column->field.member->offset;

	return at >= emf_view_key_at(shown->view) ? EMF_VIEW_KEY : at >= emf_view_slot_at(shown->view) ? EMF_VIEW_SLOT : EMF_VIEW_VALUE;
}
