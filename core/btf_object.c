// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_object.c - what a compiled kernel part asks of the kernel's BTF.
 */
#include "btf_object.h"

#include <bpf/btf.h>
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* The beginning of .BTF.ext, Documentation/bpf/btf.rst; libbpf has it in no header that is installed. */
struct ext_head {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t head_size;
	uint32_t functions_at, functions_size;
	uint32_t lines_at, lines_size;
	uint32_t relocations_at, relocations_size; /* counted from behind the head, as all of them */
};

/* Of one section of programs; its records follow. */
struct ext_section {
	uint32_t name;
	uint32_t n_records;
};

static bool lies_within(size_t size, uint64_t at, uint64_t n)
{
	return at <= size && n <= size - at;
}

static const char *name_of(const struct emf_btf_object *object, const Elf64_Shdr *section)
{
	if (section->sh_name >= object->names_size || !memchr(object->names + section->sh_name, '\0', object->names_size - section->sh_name))
		return "";
	return object->names + section->sh_name;
}

static int find_sections(struct emf_btf_object *object, const void *bytes, size_t size)
{
	const Elf64_Shdr *sections = object->sections;

	for (size_t i = 0; i < object->n_sections; i++) {
		const char *name = name_of(object, &sections[i]);
		const void *content;

		if (sections[i].sh_type == SHT_NOBITS)
			continue;
		if (!lies_within(size, sections[i].sh_offset, sections[i].sh_size))
			return -EINVAL;
		content = (const char *)bytes + sections[i].sh_offset;
		if (!strcmp(name, ".BTF")) {
			object->btf = content;
			object->btf_size = sections[i].sh_size;
		} else if (!strcmp(name, ".BTF.ext")) {
			object->ext = content;
			object->ext_size = sections[i].sh_size;
		}
	}
	return 0;
}

int emf_btf_object_read(struct emf_btf_object *object, const void *bytes, size_t size)
{
	struct emf_btf_object o = { 0 };
	const Elf64_Ehdr *head = bytes;
	const Elf64_Shdr *names;
	int err;

	if (size < sizeof(*head) || memcmp(head->e_ident, ELFMAG, SELFMAG) || head->e_ident[EI_CLASS] != ELFCLASS64 ||
	    head->e_machine != EM_BPF || head->e_shentsize != sizeof(*names) || head->e_shoff % sizeof(uint64_t) ||
	    !lies_within(size, head->e_shoff, (uint64_t)head->e_shnum * sizeof(*names)) || head->e_shstrndx >= head->e_shnum)
		return -EINVAL;
	o.sections = (const char *)bytes + head->e_shoff;
	o.n_sections = head->e_shnum;
	names = (const Elf64_Shdr *)o.sections + head->e_shstrndx;
	if (!lies_within(size, names->sh_offset, names->sh_size))
		return -EINVAL;
	o.names = (const char *)bytes + names->sh_offset;
	o.names_size = names->sh_size;
	err = find_sections(&o, bytes, size);
	if (!err)
		*object = o;
	return err;
}

const char *emf_btf_object_section(const struct emf_btf_object *object, size_t i)
{
	const Elf64_Shdr *section = (const Elf64_Shdr *)object->sections + i;
	const char *name;

	if (i >= object->n_sections || section->sh_type != SHT_PROGBITS || !(section->sh_flags & SHF_EXECINSTR) || !section->sh_size)
		return NULL;
	name = name_of(object, section);
	return name[0] == '?' ? name + 1 : name;
}

/* The section of relocations behind the size of a record; NULL if there is none. */
static const char *relocations(const struct emf_btf_object *object, size_t *size)
{
	struct ext_head head;
	uint32_t record;
	const char *at;

	if (object->ext_size < sizeof(head))
		return NULL;
	memcpy(&head, object->ext, sizeof(head));
	if (head.magic != BTF_MAGIC || head.head_size < sizeof(head) || head.head_size > object->ext_size ||
	    head.relocations_size < sizeof(record) ||
	    !lies_within(object->ext_size - head.head_size, head.relocations_at, head.relocations_size))
		return NULL;
	at = (const char *)object->ext + head.head_size + head.relocations_at;
	memcpy(&record, at, sizeof(record));
	*size = head.relocations_size - sizeof(record);
	return record == sizeof(struct bpf_core_relo) ? at + sizeof(record) : NULL;
}

bool emf_btf_object_has_relocations(const struct emf_btf_object *object)
{
	size_t size;

	return relocations(object, &size) && size;
}

int emf_btf_object_relocations(const struct emf_btf_object *object, int (*each)(void *context, const struct bpf_core_relo *relocation),
			       void *context)
{
	size_t left = 0;
	const char *at = relocations(object, &left);
	int err = 0;

	while (at && left && !err) {
		struct bpf_core_relo relocation;
		struct ext_section section;

		if (left < sizeof(section))
			return -EINVAL;
		memcpy(&section, at, sizeof(section));
		at += sizeof(section);
		left -= sizeof(section);
		for (uint32_t i = 0; i < section.n_records && !err; i++) {
			if (left < sizeof(relocation))
				return -EINVAL;
			memcpy(&relocation, at, sizeof(relocation));
			at += sizeof(relocation);
			left -= sizeof(relocation);
			err = each(context, &relocation);
		}
	}
	return err;
}

static const struct btf_type *without_modifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	for (int i = 0; type && i < 32 && (btf_is_mod(type) || btf_is_typedef(type)); i++) /* as many as libbpf follows */
		type = btf__type_by_id(btf, type->type);
	return type;
}

bool emf_btf_object_has_typed_ksyms(const struct btf *own)
{
	int id = btf__find_by_name_kind(own, ".ksyms", BTF_KIND_DATASEC);
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(own, (uint32_t)id);

	for (unsigned int i = 0; section && i < btf_vlen(section); i++) {
		const struct btf_type *symbol = btf__type_by_id(own, btf_var_secinfos(section)[i].type), *type;

		if (!symbol || !btf_is_var(symbol))
			return true; /* a function */
		type = without_modifiers(own, symbol->type);
		if (!type || btf_kind(type) != BTF_KIND_UNKN) /* "extern const void name __ksym" is an address alone */
			return true;
	}
	return false;
}

size_t emf_btf_object_maps(const struct emf_btf_object *object)
{
	struct btf *btf = object->btf_size ? btf__new(object->btf, (__u32)object->btf_size) : NULL;
	int id = btf ? btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC) : -1;
	size_t n = id > 0 ? btf_vlen(btf__type_by_id(btf, (__u32)id)) : 0;

	btf__free(btf);
	return n;
}
