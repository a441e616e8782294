// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_capture.c - a capture of the bus, which is replayed: all of the input is the file.
 */
#include "fuzz.h"

#include <string.h>

#include "capture.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emf_capture capture = { 0 };
	FILE *ours = stderr;

	stderr = input_nowhere();
	emf_capture_read(&capture, input_file(data, size));
	stderr = ours;
	for (size_t i = 0; i < capture.n; i++) {
		const struct emf_captured *one = capture.all[i];

		fuzz_assert(one->cannot < EMF_CAPTURE_CANNOT_N && one->service[0] && one->member[0]);
		fuzz_assert(strnlen(one->service, sizeof(one->service)) < sizeof(one->service) &&
			    strnlen(one->member, sizeof(one->member)) < sizeof(one->member) && strnlen(one->was, sizeof(one->was)) < sizeof(one->was));
		fuzz_assert(one->cannot ? !one->args : json_is_object(one->args));
	}
	emf_capture_free(&capture);
	return 0;
}
