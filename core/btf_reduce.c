// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_reduce.c - which types and members of the kernel's BTF some objects are relocated by.
 */
#include "btf_reduce.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "btf_keep.h"
#include "pack.h"

#define STEPS_MAX 64 /* BPF_CORE_SPEC_MAX_LEN of libbpf */

struct emf_btf_reduce {
	struct emf_btf_keep keep;
	const struct btf *own; /* of the object that is being added */
	bool lacks;	       /* what it asks for, the kernel does not have */
};

/* The way to a member, by names; NULL is an element of an array. */
struct way {
	const char *steps[STEPS_MAX];
	size_t n;
};

const char *emf_btf_use_why(enum emf_btf_use use)
{
	static const char *const whys[EMF_BTF_USES_MAX] = {
		[EMF_BTF_KSYMS] = "it uses variables or functions of the kernel by their type",
		[EMF_BTF_NUMBERS] = "it asks for the number of a kernel type",
		[EMF_BTF_MODULES] = "it asks for a type that the kernel itself lacks and a kernel module may have",
		[EMF_BTF_UNKNOWN] = "its relocations were not understood",
	};

	return use < EMF_BTF_USES_MAX ? whys[use] : whys[EMF_BTF_UNKNOWN];
}

struct emf_btf_reduce *emf_btf_reduce_new(const struct btf *kernel)
{
	struct emf_btf_reduce *reduce = calloc(1, sizeof(*reduce));

	if (reduce && emf_btf_keep_init(&reduce->keep, kernel)) {
		emf_btf_reduce_free(reduce);
		return NULL;
	}
	return reduce;
}

void emf_btf_reduce_free(struct emf_btf_reduce *reduce)
{
	if (!reduce)
		return;
	emf_btf_keep_fini(&reduce->keep);
	free(reduce);
}

static const char *name_of(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

/* "0:1:2": the first is the element of a pointer, which needs nothing but the size of the type. */
static int read_way(const struct btf *own, const struct bpf_core_relo *relocation, struct way *way)
{
	const char *text = name_of(own, relocation->access_str_off);
	uint32_t id = relocation->type_id;

	way->n = 0;
	strtoul(text, (char **)&text, 10);
	while (*text == ':') {
		unsigned long index = strtoul(text + 1, (char **)&text, 10);
		const struct btf_type *type = emf_btf_plain(own, &id);

		if (!type || way->n == STEPS_MAX)
			return -EINVAL;
		if (btf_is_composite(type)) {
			if (index >= btf_vlen(type))
				return -EINVAL;
			if (btf_members(type)[index].name_off)
				way->steps[way->n++] = name_of(own, btf_members(type)[index].name_off);
			id = btf_members(type)[index].type;
		} else if (btf_is_array(type)) {
			way->steps[way->n++] = NULL;
			id = btf_array(type)->type;
		} else {
			return -EINVAL;
		}
	}
	return *text ? -EINVAL : 0;
}

/* As far as the kernel's type has it: another one of the same name may have more. */
static void keep_way(struct emf_btf_keep *keep, uint32_t id, const struct way *way)
{
	emf_btf_keep_type(keep, id, false);
	for (size_t i = 0; i < way->n; i++) {
		const struct btf_type *type = emf_btf_plain(keep->kernel, &id);

		if (!type)
			return;
		if (way->steps[i]) {
			if (!btf_is_composite(type) || !emf_btf_keep_member(keep, id, way->steps[i], &id))
				return;
		} else {
			if (!btf_is_array(type))
				return;
			id = btf_array(type)->type;
		}
		emf_btf_keep_type(keep, id, false);
	}
}

static void keep_for(struct emf_btf_keep *keep, uint32_t id, const struct bpf_core_relo *relocation, const struct way *way)
{
	switch (relocation->kind) {
	case BPF_CORE_TYPE_EXISTS:
	case BPF_CORE_TYPE_SIZE:
		emf_btf_keep_type(keep, id, true);
		break;
	case BPF_CORE_ENUMVAL_EXISTS:
	case BPF_CORE_ENUMVAL_VALUE: /* with all its values */
		emf_btf_keep_type(keep, id, false);
		break;
	case BPF_CORE_FIELD_BYTE_OFFSET:
	case BPF_CORE_FIELD_BYTE_SIZE:
	case BPF_CORE_FIELD_EXISTS:
	case BPF_CORE_FIELD_SIGNED:
	case BPF_CORE_FIELD_LSHIFT_U64:
	case BPF_CORE_FIELD_RSHIFT_U64:
		keep_way(keep, id, way);
		break;
	default: /* BPF_CORE_TYPE_MATCHES, which older headers lack */
		emf_btf_keep_whole(keep, id, false);
	}
}

static bool has_way(const struct bpf_core_relo *relocation)
{
	return relocation->kind <= BPF_CORE_FIELD_RSHIFT_U64;
}

/* 0, or enum emf_btf_use. */
static int add(void *context, const struct bpf_core_relo *relocation)
{
	struct emf_btf_reduce *reduce = context;
	const struct btf_type *type = btf__type_by_id(reduce->own, relocation->type_id);
	const char *name = type ? name_of(reduce->own, type->name_off) : "";
	struct way way = { .n = 0 };
	bool any = false;

	if (relocation->kind == BPF_CORE_TYPE_ID_LOCAL)
		return 0;
	if (relocation->kind == BPF_CORE_TYPE_ID_TARGET)
		return EMF_BTF_NUMBERS;
	if (!*name || (has_way(relocation) && read_way(reduce->own, relocation, &way)))
		return EMF_BTF_UNKNOWN;
	for (uint32_t id = 0; (id = emf_btf_candidate(&reduce->keep, type, name, id));) {
		keep_for(&reduce->keep, id, relocation, &way);
		any = true;
	}
	reduce->lacks |= !any;
	return 0;
}

enum emf_btf_use emf_btf_reduce_add(struct emf_btf_reduce *reduce, const struct emf_btf_object *object, const struct btf *own)
{
	int use;

	if (emf_btf_object_has_typed_ksyms(own))
		return EMF_BTF_KSYMS;
	reduce->own = own;
	reduce->lacks = false;
	use = emf_btf_object_relocations(object, add, reduce);
	if (!use && reduce->lacks)
		return EMF_BTF_MODULES;
	return use < 0 ? EMF_BTF_UNKNOWN : (enum emf_btf_use)use;
}

int emf_btf_reduce_add_pack(struct emf_btf_reduce *reduce, const struct emf_pack *pack, enum emf_btf_use *use)
{
	struct emf_btf_object parts;
	size_t size;
	void *bytes = emf_pack_open(pack, &size);
	struct btf *own;

	if (!bytes)
		return -errno;
	*use = EMF_BTF_PART;
	if (!emf_btf_object_read(&parts, bytes, size) && parts.btf_size) {
		own = btf__new(parts.btf, (uint32_t)parts.btf_size);
		*use = own ? emf_btf_reduce_add(reduce, &parts, own) : EMF_BTF_UNKNOWN;
		btf__free(own);
	}
	free(bytes);
	return 0;
}

struct btf *emf_btf_reduce_make(struct emf_btf_reduce *reduce)
{
	return emf_btf_keep_make(&reduce->keep);
}
