// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_btf.c - types that came with a file: all of the input is BTF. What is sound is walked, compared with itself,
 * and reduced to what a relocation of each of its types asks for.
 */
#include "fuzz.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "btf_check.h"
#include "btf_reduce.h"
#include "btf_same.h"
#include "btf_target.h"
#include "input.h"

#define TYPES_MAX 64 /* that are looked at closely */

static int nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* As libbpf does that looks for what a kernel part asks for. */
static void walk(const struct btf *btf)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		fuzz_assert(btf__name_by_offset(btf, btf__type_by_id(btf, id)->name_off));
		btf__resolve_size(btf, id);
		btf__resolve_type(btf, id);
	}
}

static void compare(const struct btf *btf)
{
	struct emf_btf_difference difference;
	uint32_t n = btf__type_cnt(btf);

	for (uint32_t id = 1; id < n && id < TYPES_MAX; id++) {
		emf_btf_same(btf, id, btf, id, "value", &difference);
		emf_btf_same(btf, id, btf, n - id, "value", &difference);
		emf_btf_held(btf, id);
	}
	emf_btf_target_find(btf, "tp_btf/sched_switch");
	emf_btf_target_find(btf, "fentry/do_exit");
}

/* A section of relocations as a compiler writes it, with one of them. */
static enum emf_btf_use keep(struct emf_btf_reduce *reduce, const struct btf *btf, uint32_t id, uint32_t access)
{
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t head_size, unused[4], at, size;
		uint32_t record_size, section, n;
		struct bpf_core_relo relocation;
	} ext = { .magic = 0xeb9f, .version = 1, .head_size = 32, .size = 28, .record_size = 16, .n = 1,
		  .relocation = { .type_id = id, .access_str_off = access, .kind = BPF_CORE_FIELD_BYTE_OFFSET } };
	const struct emf_btf_object object = { .ext = &ext, .ext_size = sizeof(ext) };

	return emf_btf_reduce_add(reduce, &object, btf);
}

static void reduce(const struct btf *btf, const struct btf *own, uint32_t access)
{
	struct emf_btf_reduce *reduced = emf_btf_reduce_new(btf);
	struct btf *part;

	fuzz_assert(reduced);
	for (uint32_t id = 1; id < btf__type_cnt(btf) && id < TYPES_MAX; id++)
		fuzz_assert(keep(reduced, own, id, access) < EMF_BTF_USES_MAX);
	part = emf_btf_reduce_make(reduced);
	fuzz_assert(!part || btf__type_cnt(part) <= btf__type_cnt(btf) + 1);
	btf__free(part);
	emf_btf_reduce_free(reduced);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf *btf, *own;
	int access;

	libbpf_set_print(nothing);
	btf = btf__new(data, (uint32_t)size);
	if (btf && emf_btf_is_sound(btf)) {
		own = btf__new(data, (uint32_t)size); /* with one name more: which member the relocations are of */
		access = own ? btf__add_str(own, "0:0") : -1;
		walk(btf);
		compare(btf);
		if (access >= 0)
			reduce(btf, own, (uint32_t)access);
		btf__free(own);
	}
	btf__free(btf);
	return 0;
}
