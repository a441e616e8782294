// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_cache.c - what the BTF cache reads: the first byte says how the rest is meant: 0 an entry, 1 one whose sum is made
 * right, so that what is behind it is reached, 2 a compiled object.
 */
#include "fuzz.h"

#include <string.h>
#include <zlib.h>

#include "btf_image.h"
#include "btf_object.h"

#define SUM_AT 8 /* as in btf_image.c: of all behind it */

static volatile uint64_t seen;

static void see(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		seen += at[i];
}

static void make_sum_right(uint8_t *bytes, size_t size)
{
	uint32_t sum;

	if (size < SUM_AT + sizeof(sum))
		return;
	sum = (uint32_t)crc32(0, bytes + SUM_AT + sizeof(sum), (unsigned int)(size - SUM_AT - sizeof(sum)));
	memcpy(bytes + SUM_AT, &sum, sizeof(sum));
}

static void read_entry(const uint8_t *bytes, size_t size)
{
	struct emf_btf_image image;

	if (emf_btf_image_read(&image, bytes, size))
		return;
	for (uint32_t i = 0; i < image.n_objects; i++)
		fuzz_assert(image.uses[i] < EMF_BTF_USES_MAX);
	for (uint32_t i = 0; i < image.n_targets; i++)
		fuzz_assert(emf_btf_target_is(image.targets[i].section) && image.targets[i].id);
	see(image.uses, image.n_objects);
	see(image.btf, image.btf_size);
	fuzz_assert((const uint8_t *)image.btf + image.btf_size == bytes + size);
}

static int each(void *context, const struct bpf_core_relo *relocation)
{
	see(relocation, sizeof(*relocation));
	return ++*(size_t *)context > 100000;
}

static void read_object(const uint8_t *bytes, size_t size)
{
	struct emf_btf_object object;
	size_t n = 0;

	if (emf_btf_object_read(&object, bytes, size))
		return;
	see(object.btf, object.btf_size);
	see(object.ext, object.ext_size);
	for (size_t i = 0; i < object.n_sections; i++) {
		const char *section = emf_btf_object_section(&object, i);

		if (section)
			see(section, strlen(section));
	}
	emf_btf_object_relocations(&object, each, &n);
	fuzz_assert(n <= size / sizeof(struct bpf_core_relo));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (!size)
		return 0;
	bytes = malloc(size); /* aligned as one that was read from a file */
	memcpy(bytes, data + 1, size - 1);
	if (data[0] == 1)
		make_sum_right(bytes, size - 1);
	if (data[0] == 2)
		read_object(bytes, size - 1);
	else
		read_entry(bytes, size - 1);
	free(bytes);
	return 0;
}
