// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_filter.c - which events somebody wants to see. The input is the expression, a NUL, and an event, which
 * is as long as one: the kernel may have written anything there.
 */
#include "fuzz.h"

#include <string.h>

#include "filter.h"
#include "typed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *event = calloc(1, sizeof(struct typed));
	size_t len = text ? strlen(text) : 0, rest = size - len;
	char why[EMF_FILTER_WHY_MAX] = "";
	struct emf_filter *filter;
	int err;

	fuzz_assert(text && event);
	if (rest > 1)
		memcpy(event, data + len + 1, rest - 1 < sizeof(struct typed) ? rest - 1 : sizeof(struct typed));
	err = emf_filter_parse(&typed_record, text, &filter, why);
	fuzz_assert(!err == !!filter && !err == !why[0]);
	if (!err)
		fuzz_assert(emf_filter_matches(filter, event) == emf_filter_matches(filter, event));
	free(filter);
	free(event);
	free(text);
	return 0;
}
