/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * fuzz.h - what libFuzzer calls, and replay.c where there is none.
 */
#ifndef EMF_TESTS_FUZZ_H
#define EMF_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_assert(condition)                                                              \
	do {                                                                                \
		if (!(condition)) {                                                         \
			dprintf(2, "%s:%d: %s\n", __FILE__, __LINE__, #condition);             \
			abort();                                                            \
		}                                                                           \
	} while (0)

#endif
