// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_events.c - a file of events: all of the input is one. What can be read of it is printed in each form.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "event_file.h"
#include "field.h"

static char text[1 << 20];

static void print(const struct emf_event_file *file)
{
	static const enum emf_form forms[] = { EMF_FORM_TABLE, EMF_FORM_JSON, EMF_FORM_CSV };

	fuzz_assert(file->at.module < file->n && file->record->size <= file->room);
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct emf_line line = { .text = text, .size = sizeof(text) };

		emf_fields_add(&line, forms[i], file->record, file->data);
		fuzz_assert(line.at <= line.size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emf_event_file file = { .in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL };
	int err;

	if (!file.in)
		return 0;
	err = emf_event_file_open(&file);
	while (!err) {
		int more = emf_event_file_next(&file);

		if (more == 1)
			print(&file);
		else
			err = more ? more : 1;
	}
	fuzz_assert(err != -EPROTO || file.why[0]);
	emf_event_file_free(&file);
	fclose(file.in);
	return 0;
}
