// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * symbol.c - functions by their addresses: the last files and processes that were asked for.
 */
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <emf/loop.h>
#include <emf/output.h>

#include "symbol_file.h"
#include "symbol_process.h"

#define FILES_MAX 128
#define PROCESSES_MAX 256
#define LOOK_AGAIN_NS UINT64_C(100000000) /* at a process whose address was not known: it may have mapped more */

struct known_file {
	unsigned int major, minor;
	uint64_t inode;
	uint64_t used;
	struct emf_symbol_file file;
};

static struct {
	bool read;
	struct emf_symbol_table table;
} kernel;
static struct known_file *files[FILES_MAX];
static struct emf_symbol_process *processes[PROCESSES_MAX];
static uint64_t uses;

static uint64_t take_name(const struct emf_symbol_table *table, const struct emf_symbol *symbol, uint64_t address, char name[EMF_SYMBOL_MAX])
{
	const char *known = table->names + symbol->name;

	emf_text(name, EMF_SYMBOL_MAX, known, strlen(known));
	return address - symbol->address;
}

uint64_t emf_symbol_kernel(uint64_t address, char name[EMF_SYMBOL_MAX])
{
	const struct emf_symbol *symbol;
	FILE *f = kernel.read ? NULL : fopen("/proc/kallsyms", "re");

	kernel.read = true;
	if (f) {
		emf_symbol_read_kallsyms(f, &kernel.table);
		fclose(f);
	}
	symbol = emf_symbol_table_find(&kernel.table, address);
	if (symbol)
		return take_name(&kernel.table, symbol, address, name);
	strcpy(name, "[unknown]");
	return 0;
}

/* A free place, or that of the one that was not asked for the longest. */
#define OLDEST(of, max, fini)                                                   \
	({                                                                      \
		size_t __oldest = 0;                                            \
		for (size_t __i = 0; __i < (max) && (of)[__oldest]; __i++)      \
			if (!(of)[__i] || (of)[__i]->used < (of)[__oldest]->used) \
				__oldest = __i;                                 \
		if ((of)[__oldest]) {                                           \
			fini;                                                   \
			free((of)[__oldest]);                                   \
			(of)[__oldest] = NULL;                                  \
		}                                                               \
		__oldest;                                                       \
	})

static struct emf_symbol_process *find_process(uint32_t pid)
{
	struct emf_symbol_process *process;
	size_t place;

	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (processes[i] && processes[i]->pid == pid)
			return processes[i];
	process = calloc(1, sizeof(*process));
	if (!process || emf_symbol_process_look(process, pid)) {
		free(process);
		return NULL;
	}
	place = OLDEST(processes, PROCESSES_MAX, emf_symbol_process_fini(processes[__oldest]));
	return processes[place] = process;
}

static struct emf_symbol_file *find_file(const struct emf_symbol_process *process, const struct emf_mapping *mapping)
{
	struct known_file *file;
	size_t place;
	int fd;

	for (size_t i = 0; i < FILES_MAX; i++) {
		file = files[i];
		if (!file || file->inode != mapping->inode || file->major != mapping->major || file->minor != mapping->minor)
			continue;
		file->used = ++uses;
		return &file->file;
	}
	fd = emf_symbol_process_open(process, mapping);
	file = fd < 0 ? NULL : calloc(1, sizeof(*file));
	if (file) {
		/* One that cannot be read is kept, too: it has no symbols, each time. */
		emf_symbol_file_read(fd, &file->file);
		file->major = mapping->major;
		file->minor = mapping->minor;
		file->inode = mapping->inode;
		file->used = ++uses;
		place = OLDEST(files, FILES_MAX, emf_symbol_file_fini(&files[__oldest]->file));
		files[place] = file;
	}
	if (fd >= 0)
		close(fd);
	return file ? &file->file : NULL;
}

static uint64_t of_mapping(const struct emf_symbol_process *process, const struct emf_mapping *mapping, uint64_t address,
			   char name[EMF_SYMBOL_MAX])
{
	const struct emf_symbol_file *file = mapping->inode ? find_file(process, mapping) : NULL;
	uint64_t linked = file ? emf_symbol_file_address(file, address - mapping->start + mapping->offset) : 0;
	const struct emf_symbol *symbol = linked ? emf_symbol_table_find(&file->table, linked) : NULL;
	char shown[EMF_SYMBOL_MAX];

	if (symbol)
		return take_name(&file->table, symbol, linked, name);
	emf_text(shown, sizeof(shown), mapping->name, strlen(mapping->name));
	/* What is no file has brackets already: [vdso]. */
	snprintf(name, EMF_SYMBOL_MAX, *shown == '[' ? "%.250s" : "[%.250s]", *shown ? shown : "anonymous");
	return 0;
}

static bool find(const struct emf_symbol_process *process, uint64_t address, char name[EMF_SYMBOL_MAX], uint64_t *offset)
{
	const struct emf_symbol *symbol = emf_symbol_table_find(&process->perf_map, address);
	const struct emf_mapping *mapping;

	if (symbol) {
		*offset = take_name(&process->perf_map, symbol, address, name);
		return true;
	}
	mapping = emf_symbol_process_find(process, address);
	if (mapping)
		*offset = of_mapping(process, mapping, address, name);
	/* Code that is no file's may have got a name since. */
	return mapping && mapping->inode;
}

uint64_t emf_symbol_user(uint32_t pid, uint64_t address, char name[EMF_SYMBOL_MAX])
{
	struct emf_symbol_process *process = find_process(pid);
	uint64_t offset = 0;

	strcpy(name, "[unknown]");
	if (!process)
		return 0;
	process->used = ++uses;
	if (!find(process, address, name, &offset) && emf_now_ns() - process->looked_ns > LOOK_AGAIN_NS && !emf_symbol_process_look(process, pid))
		find(process, address, name, &offset);
	return offset;
}

void emf_symbol_fini(void)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++) {
		if (processes[i])
			emf_symbol_process_fini(processes[i]);
		free(processes[i]);
		processes[i] = NULL;
	}
	for (size_t i = 0; i < FILES_MAX; i++) {
		if (files[i])
			emf_symbol_file_fini(&files[i]->file);
		free(files[i]);
		files[i] = NULL;
	}
	emf_symbol_table_fini(&kernel.table);
	kernel.read = false;
}
