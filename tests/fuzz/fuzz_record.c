// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_record.c - records from the wire. Of the input, the first byte says which record,
 * and whether the sender has another minor version; the rest is what came.
 */
#include "fuzz.h"

#include <string.h>

#include "record.h"
#include "records.h"

static const struct emf_record *const records[] = { &rich_record, &path_record, &big_record, &point_record };

static int within(enum emf_type type, int *fd, void *arg)
{
	const char *const *bounds = arg;

	fuzz_assert(type == EMF_FD);
	fuzz_assert((const char *)fd >= bounds[0] && (const char *)(fd + 1) <= bounds[1]);
	return 0;
}

static void check_loaded(const struct emf_record *record, char *loaded)
{
	const char *bounds[] = { loaded, loaded + record->size };
	size_t wire = emf_record_wire_size(record, loaded);
	char *again = malloc(record->size);

	fuzz_assert(wire <= record->size);
	/* What was taken is taken again, from its shortest form, and is the same. */
	fuzz_assert(!emf_record_load(record, loaded, wire, false, again));
	fuzz_assert(!memcmp(loaded, again, wire));
	fuzz_assert(!emf_record_fds(record, loaded, within, bounds));
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct emf_record *record;
	char *bytes, *loaded;

	if (!size)
		return 0;
	record = records[data[0] % 4];
	bytes = malloc(size); /* of its size, so that a byte beyond it is noticed */
	memcpy(bytes, data + 1, size - 1);
	loaded = malloc(record->size);
	if (!emf_record_load(record, bytes, size - 1, data[0] & 4, loaded))
		check_loaded(record, loaded);
	free(loaded);
	free(bytes);
	return 0;
}
