// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * root_object.c - the kernel part that a root is: an object file of one program, made in memory.
 */
#include <elf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "root.h"

#ifndef EM_BPF
#define EM_BPF 247
#endif

enum { NONE, TEXTS, SYMBOLS, CODE, LICENSE, SECTIONS };

#define TEXTS_MAX 512
#define N_SYMBOLS 2 /* the first one is none */

struct object {
	Elf64_Ehdr head;
	Elf64_Shdr sections[SECTIONS];
	Elf64_Sym symbols[N_SYMBOLS];
	struct bpf_insn code[6];
	char license[4];
	char texts[TEXTS_MAX];
};

/* A text among the others: where it is. What has no room is counted still. */
static Elf64_Word put(struct object *o, size_t *at, const char *text)
{
	size_t n = strlen(text) + 1, here = *at;

	if (here + n <= TEXTS_MAX)
		memcpy(o->texts + here, text, n);
	*at += n;
	return (Elf64_Word)here;
}

static Elf64_Shdr section(Elf64_Word name, Elf64_Word type, size_t offset, size_t size)
{
	return (Elf64_Shdr){ .sh_name = name, .sh_type = type, .sh_offset = offset, .sh_size = size, .sh_addralign = 8 };
}

void *emf_root_object_make(const char *name, const char *section_name, int array, size_t *size)
{
	struct object *o = calloc(1, sizeof(*o));
	const struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_2, .src_reg = BPF_PSEUDO_MAP_FD, .imm = array },
		{ .code = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	size_t at = 1;

	if (!o)
		return NULL;
	memcpy(o->head.e_ident, ELFMAG, SELFMAG);
	o->head.e_ident[EI_CLASS] = ELFCLASS64;
	o->head.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	o->head.e_ident[EI_VERSION] = EV_CURRENT;
	o->head.e_type = ET_REL;
	o->head.e_machine = EM_BPF;
	o->head.e_version = EV_CURRENT;
	o->head.e_ehsize = sizeof(o->head);
	o->head.e_shentsize = sizeof(o->sections[0]);
	o->head.e_shnum = SECTIONS;
	o->head.e_shstrndx = TEXTS;
	o->head.e_shoff = offsetof(struct object, sections);
	o->sections[TEXTS] = section(put(o, &at, ".strtab"), SHT_STRTAB, offsetof(struct object, texts), sizeof(o->texts));
	o->sections[SYMBOLS] = section(put(o, &at, ".symtab"), SHT_SYMTAB, offsetof(struct object, symbols), sizeof(o->symbols));
	o->sections[SYMBOLS].sh_link = TEXTS;
	o->sections[SYMBOLS].sh_info = 1;
	o->sections[SYMBOLS].sh_entsize = sizeof(o->symbols[0]);
	o->sections[CODE] = section(put(o, &at, section_name), SHT_PROGBITS, offsetof(struct object, code), sizeof(o->code));
	o->sections[CODE].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	o->sections[LICENSE] = section(put(o, &at, "license"), SHT_PROGBITS, offsetof(struct object, license), sizeof(o->license));
	o->sections[LICENSE].sh_flags = SHF_ALLOC;
	o->symbols[1] = (Elf64_Sym){ .st_name = put(o, &at, name), .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = CODE, .st_size = sizeof(code) };
	memcpy(o->code, code, sizeof(code));
	memcpy(o->license, "GPL", sizeof(o->license));
	*size = sizeof(*o);
	if (at <= TEXTS_MAX)
		return o;
	free(o);
	return NULL;
}
