/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbol_table.h - names by address.
 */
#ifndef EMF_CORE_SYMBOL_TABLE_H
#define EMF_CORE_SYMBOL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <emf/symbol.h>

#define EMF_SYMBOLS_MAX (1u << 21)		 /* of one file; Chromium has half a million */
#define EMF_SYMBOL_NAMES_MAX (UINT32_C(1) << 28) /* bytes of names of one file */

struct emf_symbol {
	uint64_t address;
	uint64_t size; /* 0 for up to the next one */
	uint32_t name; /* where it is in the names */
};

/**
 * struct emf_symbol_table - symbols of one file
 * @symbols: sorted by address, once it is closed
 * @names: each with its NUL
 */
struct emf_symbol_table {
	struct emf_symbol *symbols;
	size_t n, room;
	char *names;
	size_t names_len, names_room;
};

/* Adds one; what is beyond the bounds is left out. 0, or -ENOMEM. */
int emf_symbol_table_add(struct emf_symbol_table *table, uint64_t address, uint64_t size, const char *name, size_t len);

/* Sorts it, and gives back what it has no use for. */
void emf_symbol_table_close(struct emf_symbol_table *table);

void emf_symbol_table_fini(struct emf_symbol_table *table);

/* The one that an address is in, or NULL. */
const struct emf_symbol *emf_symbol_table_find(const struct emf_symbol_table *table, uint64_t address);

#endif
