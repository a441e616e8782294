// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * symbol_table.c - names by address.
 */
#include "symbol_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int grow(void **of, size_t *room, size_t needed, size_t size)
{
	size_t more = *room ? *room : 1024;
	void *grown;

	if (needed <= *room)
		return 0;
	while (more < needed)
		more *= 2;
	grown = realloc(*of, more * size);
	if (!grown)
		return -ENOMEM;
	*of = grown;
	*room = more;
	return 0;
}

int emf_symbol_table_add(struct emf_symbol_table *table, uint64_t address, uint64_t size, const char *name, size_t len)
{
	if (len >= EMF_SYMBOL_MAX)
		len = EMF_SYMBOL_MAX - 1;
	if (table->n == EMF_SYMBOLS_MAX || table->names_len + len + 1 > EMF_SYMBOL_NAMES_MAX)
		return 0;
	if (grow((void **)&table->symbols, &table->room, table->n + 1, sizeof(*table->symbols)) ||
	    grow((void **)&table->names, &table->names_room, table->names_len + len + 1, 1))
		return -ENOMEM;
	table->symbols[table->n++] = (struct emf_symbol){ address, size, (uint32_t)table->names_len };
	memcpy(table->names + table->names_len, name, len);
	table->names[table->names_len + len] = '\0';
	table->names_len += len + 1;
	return 0;
}

/* Of several at one address the first one in the file, mostly the one that people know. */
static int compare(const void *left, const void *right)
{
	const struct emf_symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

static void *shrink(void *of, size_t size)
{
	void *smaller = size ? realloc(of, size) : NULL;

	return smaller ? smaller : of;
}

void emf_symbol_table_close(struct emf_symbol_table *table)
{
	if (!table->n)
		return;
	qsort(table->symbols, table->n, sizeof(*table->symbols), compare);
	table->symbols = shrink(table->symbols, table->n * sizeof(*table->symbols));
	table->names = shrink(table->names, table->names_len);
	table->room = table->n;
	table->names_room = table->names_len;
}

void emf_symbol_table_fini(struct emf_symbol_table *table)
{
	free(table->symbols);
	free(table->names);
	*table = (struct emf_symbol_table){ 0 };
}

const struct emf_symbol *emf_symbol_table_find(const struct emf_symbol_table *table, uint64_t address)
{
	size_t low = 0, high = table->n;
	const struct emf_symbol *found;

	/* The first one behind the address; the one before it is meant. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	found = &table->symbols[low - 1];
	while (found > table->symbols && found[-1].address == found->address)
		found--;
	return !found->size || address - found->address < found->size ? found : NULL;
}
