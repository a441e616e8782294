// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * extension_file.c - the file of an extension, read before anything of it runs: is it
 * ours to load, is it an extension, and what does its table say.
 */
#include "extension_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"

#define LINES_MAX 4096 /* a file with 4000 services and types would be several */

/* This program's own header, which says what machine it is for. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static int check_owner(const struct stat *st, char *why)
{
	if (!S_ISREG(st->st_mode)) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it is no regular file");
		return -EINVAL;
	}
	if (st->st_uid && (emf_caps_is_privileged() || st->st_uid != geteuid())) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it belongs to user %u, who could change what runs with the privileges of this process: let root own it",
			 st->st_uid);
		return -EPERM;
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "others than its owner can write to it (mode %04o): chmod go-w", st->st_mode & 07777);
		return -EPERM;
	}
	return 0;
}

int emf_extension_file_check(int fd, char why[EMF_EXTENSION_WHY_MAX])
{
	struct stat st;

	if (!fstat(fd, &st))
		return check_owner(&st, why);
	snprintf(why, EMF_EXTENSION_WHY_MAX, "it cannot be read: %s", strerror(errno));
	return -EINVAL;
}

int emf_extension_file_open(const char *path, char why[EMF_EXTENSION_WHY_MAX])
{
	/* Without O_NONBLOCK a FIFO would wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0) {
		err = -errno;
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it cannot be read: %s", strerror(errno));
		return err;
	}
	err = emf_extension_file_check(fd, why);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int refuse(char *why, const char *sentence)
{
	snprintf(why, EMF_EXTENSION_WHY_MAX, "%s", sentence);
	return -ENOEXEC;
}

static int check_header(Elf *elf, char *why)
{
	GElf_Ehdr header;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return refuse(why, "it is no ELF file");
	if (header.e_machine != __ehdr_start.e_machine || header.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
	    header.e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA]) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it is for another machine (ELF machine %u, and %u is ours): build it here", header.e_machine,
			 __ehdr_start.e_machine);
		return -ENOEXEC;
	}
	return header.e_type == ET_DYN ? 0 : refuse(why, "it is no shared object: an extension is built as x.so by make");
}

/* What would run before dlopen() returns; sanitizers bring some of their own. */
static bool is_constructor(const GElf_Dyn *dyn)
{
#ifndef __SANITIZE_ADDRESS__
	return dyn->d_tag == DT_INIT || (dyn->d_tag == DT_INIT_ARRAYSZ && dyn->d_un.d_val);
#else
	(void)dyn;
	return false;
#endif
}

/* What the dynamic linker reads: segments, whatever the sections say. */
static int check_dynamic(Elf *elf, char *why)
{
	GElf_Phdr phdr;
	GElf_Dyn dyn;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return refuse(why, "its program headers cannot be read: it is damaged");
	for (size_t i = 0; i < n; i++) {
		Elf_Data *data;

		if (!gelf_getphdr(elf, (int)i, &phdr))
			return refuse(why, "its program headers cannot be read: it is damaged");
		if (phdr.p_type != PT_DYNAMIC)
			continue;
		data = elf_getdata_rawchunk(elf, (int64_t)phdr.p_offset, phdr.p_filesz, ELF_T_DYN);
		for (int d = 0; data && gelf_getdyn(data, d, &dyn) && dyn.d_tag != DT_NULL; d++) {
			if (is_constructor(&dyn))
				return refuse(why, "it has constructors, which run outside of the life of a module: do in 'create' what they do, and link it as make does");
			if ((dyn.d_tag == DT_RPATH || dyn.d_tag == DT_RUNPATH) && emf_caps_is_privileged())
				return refuse(why, "it names folders to look for its libraries in (RUNPATH), which nobody checks: link it without -rpath");
		}
	}
	return 0;
}

static bool is_text(const char *bytes, size_t size)
{
	size_t len = strnlen(bytes, size);

	for (size_t i = 0; i < len; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	return len < size;
}

static int read_lines(Elf_Scn *section, struct emf_extension_lines *out, char *why)
{
	const Elf_Data *data = elf_rawdata(section, NULL);
	size_t n = data && data->d_buf ? data->d_size / sizeof(*out->lines) : 0;

	if (!n || n > LINES_MAX || data->d_size % sizeof(*out->lines))
		return refuse(why, "the table in it is damaged, or of another version of EMF: build it again");
	out->lines = malloc(data->d_size);
	if (!out->lines)
		return -ENOMEM;
	memcpy(out->lines, data->d_buf, data->d_size);
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		const struct emf_extension_line *line = &out->lines[i];

		if (is_text(line->name, sizeof(line->name)) && is_text(line->version, sizeof(line->version)) && line->name[0] &&
		    (line->kind == EMF_EXTENSION_BEGIN) == !i)
			continue;
		emf_extension_file_free(out);
		return refuse(why, "the table in it is damaged: build it again");
	}
	return 0;
}

static int read_elf(Elf *elf, struct emf_extension_lines *out, char *why)
{
	Elf_Scn *section = NULL, *table = NULL;
	size_t names;
	int err = check_header(elf, why);

	if (!err && (elf_getshdrstrndx(elf, &names) || !elf_nextscn(elf, NULL)))
		err = refuse(why, "its section headers cannot be read: it is damaged");
	while (!err && (section = elf_nextscn(elf, section))) {
		GElf_Shdr shdr;
		const char *name = gelf_getshdr(section, &shdr) ? elf_strptr(elf, names, shdr.sh_name) : NULL;

		if (!name)
			err = refuse(why, "its section headers cannot be read: it is damaged");
		else if (!strcmp(name, EMF_EXTENSION_SECTION) && shdr.sh_type == SHT_PROGBITS)
			table = section;
	}
	if (err)
		return err;
	if (!table)
		return refuse(why, "it is a shared object, and no extension of EMF: it has no section " EMF_EXTENSION_SECTION);
	err = check_dynamic(elf, why);
	return err ? err : read_lines(table, out, why);
}

int emf_extension_file_read(int fd, struct emf_extension_lines *out, char why[EMF_EXTENSION_WHY_MAX])
{
	Elf *elf;
	int err;

	*out = (struct emf_extension_lines){ 0 };
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return refuse(why, "it is no ELF file");
	err = read_elf(elf, out, why);
	elf_end(elf);
	return err;
}

void emf_extension_file_free(struct emf_extension_lines *lines)
{
	free(lines->lines);
	*lines = (struct emf_extension_lines){ 0 };
}
