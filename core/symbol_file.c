// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * symbol_file.c - reads symbols of an ELF file, by libelf, and of texts.
 */
#include "symbol_file.h"

#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX EMF_SYMBOLS_MAX

static void read_segments(Elf *elf, struct emf_symbol_file *file)
{
	size_t n = 0;

	if (elf_getphdrnum(elf, &n))
		return;
	for (size_t i = 0; i < n && file->n_segments < EMF_SEGMENTS_MAX; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD)
			file->segments[file->n_segments++] = (struct emf_segment){ header.p_offset, header.p_filesz, header.p_vaddr };
	}
}

static int add(struct emf_symbol_file *file, Elf *elf, size_t strings, const GElf_Sym *symbol)
{
	unsigned char type = GELF_ST_TYPE(symbol->st_info);
	const char *name;

	if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol->st_shndx == SHN_UNDEF || !symbol->st_value)
		return 0;
	/* libelf sees to it that it ends within its section. */
	name = elf_strptr(elf, strings, symbol->st_name);
	return name && *name ? emf_symbol_table_add(&file->table, symbol->st_value, symbol->st_size, name, strnlen(name, EMF_SYMBOL_MAX)) : 0;
}

static int read_section(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct emf_symbol_file *file)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	int err = 0;

	for (size_t i = 0; i < n && i < EMF_SYMBOLS_MAX && !err; i++) {
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol))
			err = add(file, elf, header->sh_link, &symbol);
	}
	return err;
}

/* All symbols, or those of dynamic linking of a file that was stripped. */
static int read_symbols(Elf *elf, struct emf_symbol_file *file)
{
	static const GElf_Word kinds[] = { SHT_SYMTAB, SHT_DYNSYM };
	int err = 0;

	for (size_t k = 0; k < 2 && !file->table.n && !err; k++) {
		Elf_Scn *section = NULL;
		GElf_Shdr header;

		while (!err && (section = elf_nextscn(elf, section)))
			if (gelf_getshdr(section, &header) && header.sh_type == kinds[k])
				err = read_section(elf, section, &header, file);
	}
	return err;
}

static int read_elf(Elf *elf, struct emf_symbol_file *file)
{
	int err = elf && elf_kind(elf) == ELF_K_ELF ? 0 : -ENOEXEC;

	*file = (struct emf_symbol_file){ 0 };
	if (!err) {
		read_segments(elf, file);
		err = read_symbols(elf, file);
	}
	elf_end(elf);
	if (err)
		emf_symbol_file_fini(file);
	else
		emf_symbol_table_close(&file->table);
	return err;
}

int emf_symbol_file_read(int fd, struct emf_symbol_file *file)
{
	elf_version(EV_CURRENT);
	/* Not mapped: whose file it is may cut it off meanwhile, and that would be a SIGBUS. */
	return read_elf(elf_begin(fd, ELF_C_READ, NULL), file);
}

int emf_symbol_file_read_memory(char *bytes, size_t n, struct emf_symbol_file *file)
{
	elf_version(EV_CURRENT);
	return read_elf(elf_memory(bytes, n), file);
}

void emf_symbol_file_fini(struct emf_symbol_file *file)
{
	emf_symbol_table_fini(&file->table);
}

uint64_t emf_symbol_file_address(const struct emf_symbol_file *file, uint64_t offset)
{
	for (size_t i = 0; i < file->n_segments; i++) {
		const struct emf_segment *s = &file->segments[i];

		if (offset >= s->offset && offset - s->offset < s->size)
			return s->address + (offset - s->offset);
	}
	return 0;
}

int emf_symbol_read_perf_map(FILE *from, struct emf_symbol_table *table)
{
	char line[EMF_SYMBOL_MAX + 64];
	int err = 0;

	for (size_t i = 0; i < LINES_MAX && !err && fgets(line, sizeof(line), from); i++) {
		uint64_t address, size;
		int name = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %n", &address, &size, &name) == 2 && name && line[name] && size)
			err = emf_symbol_table_add(table, address, size, line + name, strlen(line + name));
	}
	emf_symbol_table_close(table);
	return err;
}

int emf_symbol_read_kallsyms(FILE *from, struct emf_symbol_table *table)
{
	char line[EMF_SYMBOL_MAX + 64];
	int err = 0;

	for (size_t i = 0; i < LINES_MAX && !err && fgets(line, sizeof(line), from); i++) {
		char *end, *name;
		uint64_t address = strtoull(line, &end, 16);
		size_t len;

		/* "ffffffff81000000 T name\t[module]"; 0 for those who may not see it. */
		if (!address || end[0] != ' ' || !strchr("tTwW", end[1]) || end[2] != ' ')
			continue;
		name = end + 3;
		len = strcspn(name, "\t\n");
		if (len)
			err = emf_symbol_table_add(table, address, 0, name, len);
	}
	emf_symbol_table_close(table);
	return err;
}
