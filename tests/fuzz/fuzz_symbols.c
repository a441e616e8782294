// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_symbols.c - files of other people that name the functions of a stack. The first byte
 * of the input says which: 0 an ELF file, 1 a perf map, 2 /proc/PID/maps, 3 /proc/kallsyms.
 * The ELF files of the corpus are a function and main() in C, compiled, and linked as a shared library.
 */
#include "fuzz.h"

#include <string.h>

#include "symbol_file.h"
#include "symbol_process.h"

static void look_up(const struct emf_symbol_table *table, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 8 <= size && at < 1024; at += 8) {
		const struct emf_symbol *symbol;
		uint64_t address;

		memcpy(&address, data + at, sizeof(address));
		symbol = emf_symbol_table_find(table, address);
		fuzz_assert(!symbol || symbol->address <= address);
		fuzz_assert(!symbol || symbol->name < table->names_len);
	}
	for (size_t i = 0; i < table->n; i++)
		fuzz_assert(strnlen(table->names + table->symbols[i].name, EMF_SYMBOL_MAX) < EMF_SYMBOL_MAX);
}

static void read_elf(const uint8_t *data, size_t size)
{
	struct emf_symbol_file file;
	char *copy = malloc(size + 1);

	fuzz_assert(copy);
	memcpy(copy, data, size);
	if (!emf_symbol_file_read_memory(copy, size, &file)) {
		look_up(&file.table, data, size);
		emf_symbol_file_address(&file, size);
		emf_symbol_file_fini(&file);
	}
	free(copy);
}

static void read_text(int which, const uint8_t *data, size_t size)
{
	FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct emf_symbol_table table = { 0 };
	struct emf_mapping *mappings;

	if (!f)
		return;
	if (which == 2) {
		ssize_t n = emf_symbol_read_maps(f, &mappings);

		for (ssize_t i = 0; i < n; i++)
			fuzz_assert(strnlen(mappings[i].name, sizeof(mappings[i].name)) < sizeof(mappings[i].name));
		free(mappings);
	} else if (which == 1) {
		emf_symbol_read_perf_map(f, &table);
	} else {
		emf_symbol_read_kallsyms(f, &table);
	}
	look_up(&table, data, size);
	emf_symbol_table_fini(&table);
	fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] % 4 == 0)
		read_elf(data + 1, size - 1);
	else
		read_text(data[0] % 4, data + 1, size - 1);
	return 0;
}
