// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * replay.c - a fuzz target without libFuzzer: each file of its corpus, and simple
 * mutations of it, which are the same each time. A sanitizer, or what the target itself
 * asserts, ends it.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define SIZE_MAX_BYTES (128 * 1024)
#define MUTATIONS 400

static uint64_t state;

/* xorshift64, Marsaglia 2003 */
static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static size_t mutate(uint8_t *bytes, size_t size)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, 7, 15, 16, 17 };
	size_t at = size ? any((uint32_t)size) : 0, n = size ? any((uint32_t)(size - at < 64 ? size - at : 64) + 1) : 0;

	switch (any(6)) {
	case 0: /* a bit */
		bytes[at] ^= (uint8_t)(1 << any(8));
		return size;
	case 1: /* a byte that is often wrong */
		bytes[at] = odd[any(sizeof(odd))];
		return size;
	case 2: /* four of them */
		memset(bytes + at, odd[any(sizeof(odd))], size - at < 4 ? size - at : 4);
		return size;
	case 3: /* the end is missing */
		return at;
	case 4: /* a part is missing */
		memmove(bytes + at, bytes + at + n, size - at - n);
		return size - n;
	default: /* a part is there twice */
		if (size + n > SIZE_MAX_BYTES)
			return size;
		memmove(bytes + at + n, bytes + at, size - at);
		return size + n;
	}
}

static size_t read_file(const char *path, uint8_t *bytes)
{
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(bytes, 1, SIZE_MAX_BYTES, f) : 0;

	fuzz_assert(f);
	fclose(f);
	return n;
}

static void replay(const char *path)
{
	static uint8_t original[SIZE_MAX_BYTES], bytes[SIZE_MAX_BYTES];
	size_t size = read_file(path, original);

	state = 0x9e3779b97f4a7c15;
	LLVMFuzzerTestOneInput(original, size);
	for (int i = 0; i < MUTATIONS; i++) {
		size_t n = size;

		memcpy(bytes, original, size);
		for (uint32_t more = any(4) + 1; more; more--)
			n = mutate(bytes, n);
		LLVMFuzzerTestOneInput(bytes, n);
	}
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '_'), *src = getenv("EMF_SRCDIR");
	char path[4096];
	size_t n = 0;
	DIR *dir;

	if (argc > 1)
		snprintf(path, sizeof(path), "%s", argv[1]);
	else
		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", src ? src : ".", name ? name + 1 : "");
	dir = opendir(path);
	printf("1..1\n");
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char file[4096 + 256];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		replay(file);
		n++;
	}
	if (dir)
		closedir(dir);
	printf("%s 1 - no input of the corpus %s and none like them does harm\n", n ? "ok" : "not ok", name ? name + 1 : "");
	return !n;
}
