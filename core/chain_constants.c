// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_constants.c - what a program of a chain knows of itself, written into it.
 */
#include "chain_constants.h"

#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

#define MOVE (BPF_ALU64 | BPF_MOV | BPF_K)

static void put(struct bpf_insn *insns, size_t n, const int32_t *values)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t which = (uint32_t)insns[i].imm - EMF_CHAIN_MARK;

		if (insns[i].code == MOVE && which < EMF_CHAIN_CONSTANTS_MAX)
			insns[i].imm = values[which];
	}
}

static bool lies_within(size_t size, uint64_t at, uint64_t n)
{
	return at <= size && n <= size - at && !(at % sizeof(uint64_t));
}

int emf_chain_constants_put(void *image, size_t size, const int32_t values[EMF_CHAIN_CONSTANTS_MAX])
{
	const Elf64_Ehdr *head = image;
	const Elf64_Shdr *sections;

	if (size < sizeof(*head) || memcmp(head->e_ident, ELFMAG, SELFMAG) || head->e_ident[EI_CLASS] != ELFCLASS64 ||
	    head->e_machine != EM_BPF || head->e_shentsize != sizeof(*sections) ||
	    !lies_within(size, head->e_shoff, (uint64_t)head->e_shnum * sizeof(*sections)))
		return -EINVAL;
	sections = (const void *)((const char *)image + head->e_shoff);
	for (unsigned int i = 0; i < head->e_shnum; i++) {
		if (sections[i].sh_type != SHT_PROGBITS || !(sections[i].sh_flags & SHF_EXECINSTR))
			continue;
		if (!lies_within(size, sections[i].sh_offset, sections[i].sh_size))
			return -EINVAL;
		put((void *)((char *)image + sections[i].sh_offset), sections[i].sh_size / sizeof(struct bpf_insn), values);
	}
	return 0;
}
