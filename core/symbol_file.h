/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbol_file.h - what has symbols: the kernel, files that processes have mapped, and what a
 * run-time system writes down. The last two are anybody's bytes.
 */
#ifndef EMF_CORE_SYMBOL_FILE_H
#define EMF_CORE_SYMBOL_FILE_H

#include <stdio.h>

#include "symbol_table.h"

#define EMF_SEGMENTS_MAX 32 /* that are loaded, of one file */

struct emf_segment {
	uint64_t offset, size, address;
};

/* Symbols of an ELF file, at the addresses that it was linked for, and where its bytes go. */
struct emf_symbol_file {
	struct emf_symbol_table table;
	struct emf_segment segments[EMF_SEGMENTS_MAX];
	size_t n_segments;
};

/**
 * emf_symbol_file_read() - functions of an ELF file
 * @fd: a regular file
 * @file: receives them; to be closed by emf_symbol_file_fini()
 *
 * Return: 0; -ENOEXEC if it is no ELF file; -ENOMEM.
 */
int emf_symbol_file_read(int fd, struct emf_symbol_file *file);

/* The same of one in memory, which is not written to: what a test has. */
int emf_symbol_file_read_memory(char *bytes, size_t n, struct emf_symbol_file *file);

void emf_symbol_file_fini(struct emf_symbol_file *file);

/* The address that a byte of the file was linked for; 0 for none. */
uint64_t emf_symbol_file_address(const struct emf_symbol_file *file, uint64_t offset);

/* Lines of "ADDRESS SIZE NAME", hexadecimal, as perf reads them; others are left out. 0, or -ENOMEM. */
int emf_symbol_read_perf_map(FILE *from, struct emf_symbol_table *table);

/* /proc/kallsyms: functions. 0, or -ENOMEM. */
int emf_symbol_read_kallsyms(FILE *from, struct emf_symbol_table *table);

#endif
