// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * show_column.c - how wide the columns of a table are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

#define CUT_MIN 8 /* characters of a name that still tell it from others, mostly */

/* As wide as its longest name. */
static int width_of_enum(const struct emf_member *member)
{
	int width = 1;

	for (const struct emf_name *n = member->names; width < 16 && n && n->name; n++)
		width = (int)strlen(n->name) > width ? (int)strlen(n->name) : width;
	return width < 16 ? -width : -16;
}

/* Of a type that is printed with others, so that they line up; negative for text. */
static int width_of_type(const struct emf_member *member)
{
	if (emf_field_is_array(member))
		return -1;
	switch (member->type) {
	case EMF_IP6:
		return -39;
	case EMF_IP4:
	case EMF_IP:
		return -15;
	case EMF_MAC:
		return -17;
	case EMF_CHAR:
		return member->count > 17 ? -16 : -(int)member->count;
	case EMF_COMM:
	case EMF_STRING:
	case EMF_FLAGS:
	case EMF_ERRNO:
	case EMF_SIGNO:
	case EMF_NETDEV:
	case EMF_SYSCALL:
	case EMF_CGROUP:
		return -16;
	case EMF_ENUM:
		return width_of_enum(member);
	case EMF_TCP_STATE:
	case EMF_CONTAINER:
	case EMF_WAIT_STATUS:
		return -12;
	case EMF_IPPROTO:
		return -7;
	case EMF_CAP:
		return -20;
	case EMF_BOOL:
		return -5;
	case EMF_NS:
		return -12;
	case EMF_WALL:
		return -30;
	case EMF_STRUCT:
		return -1;
	case EMF_KSYM:
	case EMF_HEX:
		return -18;
	default:
		return 7;
	}
}

static bool may_be_long(const struct emf_member *m)
{
	return emf_field_is_array(m) || m->type == EMF_STRUCT || m->type == EMF_HEX || m->type == EMF_STRING || (m->type == EMF_CHAR && m->count > 1);
}

/* What is known by its beginning, too; of an address the rest counts. */
static bool is_name(const struct emf_member *m)
{
	return m->type == EMF_COMM || m->type == EMF_FLAGS || m->type == EMF_CGROUP || m->type == EMF_SYSCALL || m->type == EMF_KSYM;
}

void emf_column_set(struct emf_column *column, const char *name, const struct emf_field *field)
{
	const struct emf_member *m = field->member;
	int width = width_of_type(m), least = (int)strlen(name);

	snprintf(column->name, sizeof(column->name), "%s", name);
	column->name_len = strlen(column->name);
	column->field = *field;
	column->width = width < 0 ? (-width < least ? -least : width) : width < least ? least : width;
	column->fit = (unsigned int)abs(column->width);
	column->type = emf_value_type_of(m);
	column->is_scalar = !emf_field_is_array(m) && m->type != EMF_STRUCT && m->type != EMF_CHAR && m->type != EMF_STRING && m->type != EMF_COMM &&
			    m->type != EMF_ARGV;
	column->elastic = may_be_long(m);
	column->least = column->elastic || is_name(m) ? (unsigned int)(least > CUT_MIN ? least : CUT_MIN) : 0;
	column->most = m->type == EMF_CHAR || m->type == EMF_STRING ? m->size * m->count : UINT16_MAX;
}
