// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * record.c - records that come from elsewhere.
 */
#include "record.h"

#include <errno.h>
#include <string.h>

#include "value.h"

static uint32_t used(const struct emf_member *m, const char *data)
{
	uint32_t n;

	if (!m->bounded)
		return m->count;
	memcpy(&n, data + m->len_offset, sizeof(n));
	return n;
}

/* The bounded array that the end of the record is; NULL without one. */
static const struct emf_member *tail_of(const struct emf_record *record)
{
	return record->fixed < record->size ? &record->members[record->n - 1] : NULL;
}

size_t emf_record_wire_size(const struct emf_record *record, const void *data)
{
	const struct emf_member *tail = tail_of(record);

	return tail ? record->fixed + (size_t)used(tail, data) * tail->size : record->size;
}

bool emf_member_is_named(const struct emf_member *m, uint64_t value)
{
	uint64_t mask = UINT64_MAX >> (64 - 8 * m->size), known = 0;

	for (const struct emf_name *n = m->names; n && n->name; n++) {
		if (m->type == EMF_FLAGS)
			known |= n->value & mask;
		else if ((n->value & mask) == value)
			return true;
	}
	return m->type == EMF_FLAGS && !(value & ~known);
}

bool emf_member_in_range(const struct emf_member *m, const void *at)
{
	const struct emf_value_type type = { .type = m->type, .size = m->size };
	uint64_t v;

	if (!m->range)
		return true;
	v = emf_value_load(&type, at);
	return emf_value_is_signed(m->type) ? (int64_t)v >= m->range->min && (int64_t)v <= m->range->max :
					      v >= (uint64_t)m->range->min && v <= (uint64_t)m->range->max;
}

static int check(const struct emf_record *record, const char *data, size_t came);

static int check_one(const struct emf_member *m, const char *at, size_t came)
{
	const struct emf_value_type type = { .type = m->type, .size = m->size };

	switch (m->type) {
	case EMF_BOOL:
		return (unsigned char)*at > 1 ? -EINVAL : 0;
	case EMF_STRING:
	case EMF_COMM:
		return memchr(at, '\0', m->size) ? 0 : -EINVAL;
	case EMF_ENUM:
	case EMF_FLAGS:
		return emf_member_is_named(m, emf_value_load(&type, at)) ? 0 : -EINVAL;
	case EMF_STRUCT:
		return check(m->record, at, came);
	default:
		return emf_member_in_range(m, at) ? 0 : -EINVAL;
	}
}

static bool is_checked(const struct emf_member *m)
{
	return m->range || m->type == EMF_BOOL || m->type == EMF_STRING || m->type == EMF_COMM || m->type == EMF_ENUM ||
	       m->type == EMF_FLAGS || m->type == EMF_STRUCT;
}

/*
 * Of what came: members that a sender of another version does not know are zero, in range or not.
 * Structs in structs are as deep as the generator lets them be.
 */
static int check(const struct emf_record *record, const char *data, size_t came)
{
	for (size_t i = 0; i < record->n; i++) {
		const struct emf_member *m = &record->members[i];
		uint32_t n = used(m, data);

		if (n > m->count)
			return -EINVAL;
		for (uint32_t j = 0; is_checked(m) && j < n; j++) {
			size_t at = m->offset + (size_t)j * m->size;

			if (at < came && check_one(m, data + at, came - at))
				return -EINVAL;
		}
	}
	return 0;
}

int emf_record_load(const struct emf_record *record, const void *bytes, size_t n, bool partial, void *out)
{
	const struct emf_member *tail = tail_of(record);
	size_t least = tail ? record->fixed : record->size;

	if (!partial && (n < least || n > record->size))
		return -EBADMSG;
	if (n > record->size)
		n = record->size;
	memcpy(out, bytes, n);
	memset((char *)out + n, 0, record->size - n);
	/*
	 * What a count claims has to be there: the rest would be the sender's to choose, as zeroes.
	 * One who has members behind the array sends all of it.
	 */
	if (tail && n >= least) {
		size_t wire = used(tail, out) > tail->count ? SIZE_MAX : emf_record_wire_size(record, out);

		if (partial ? wire > n : wire != n)
			return -EBADMSG;
	}
	return check(record, out, n);
}

bool emf_record_has_fds(const struct emf_record *record)
{
	for (size_t i = 0; record && i < record->n; i++) {
		const struct emf_member *m = &record->members[i];

		if (m->type >= EMF_FD || (m->type == EMF_STRUCT && emf_record_has_fds(m->record)))
			return true;
	}
	return false;
}

int emf_record_fds(const struct emf_record *record, void *data, int (*each)(enum emf_type type, int *fd, void *arg),
		   void *arg)
{
	int err = 0;

	for (size_t i = 0; i < record->n; i++) {
		const struct emf_member *m = &record->members[i];
		uint32_t n = used(m, data);

		for (uint32_t j = 0; (m->type >= EMF_FD || m->type == EMF_STRUCT) && j < n && !err; j++) {
			void *at = (char *)data + m->offset + (size_t)j * m->size;

			err = m->type == EMF_STRUCT ? emf_record_fds(m->record, at, each, arg) : each(m->type, at, arg);
		}
	}
	return err;
}
