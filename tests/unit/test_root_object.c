// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_root_object.c - without these, libbpf could take what stands before a tracing program for something else, or not at all.
 */
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "root.h"
#include "unit.h"

static struct bpf_object *open_object(const char *name, const char *section, int array)
{
	size_t size;
	void *bytes = emf_root_object_make(name, section, array, &size);
	struct bpf_object *object;

	ck_assert_ptr_nonnull(bytes);
	object = bpf_object__open_mem(bytes, size, NULL);
	free(bytes);
	ck_assert_ptr_nonnull(object);
	return object;
}

START_TEST(libbpf_finds_one_program_of_that_name_and_kind)
{
	struct bpf_object *object = open_object("on_call", "tracepoint/syscalls/sys_enter_getppid", 3);
	struct bpf_program *program = bpf_object__next_program(object, NULL);

	ck_assert_str_eq(bpf_program__name(program), "on_call");
	ck_assert_str_eq(bpf_program__section_name(program), "tracepoint/syscalls/sys_enter_getppid");
	ck_assert_int_eq(bpf_program__type(program), BPF_PROG_TYPE_TRACEPOINT);
	ck_assert_ptr_null(bpf_object__next_program(object, program));
	ck_assert_ptr_null(bpf_object__next_map(object, NULL));
	bpf_object__close(object);
}
END_TEST

START_TEST(it_calls_the_first_program_of_its_array_and_else_returns_0)
{
	struct bpf_object *object = open_object("on_call", "raw_tp/sys_enter", 1234);
	struct bpf_program *program = bpf_object__next_program(object, NULL);
	const struct bpf_insn *code = bpf_program__insns(program);

	ck_assert_uint_eq(bpf_program__insn_cnt(program), 6);
	ck_assert_int_eq(code[0].src_reg, BPF_PSEUDO_MAP_FD);
	ck_assert_int_eq(code[0].imm, 1234);
	ck_assert_int_eq(code[2].dst_reg, BPF_REG_3);
	ck_assert_int_eq(code[2].imm, 0);
	ck_assert_int_eq(code[3].imm, BPF_FUNC_tail_call);
	ck_assert_int_eq(code[4].imm, 0);
	bpf_object__close(object);
}
END_TEST

START_TEST(names_that_have_no_room_are_no_other_names)
{
	char section[600] = "raw_tp/";
	size_t size;
	void *bytes;

	memset(section + strlen(section), 'x', sizeof(section) - strlen("raw_tp/") - 1);
	bytes = emf_root_object_make("on_call", section, 1, &size);
	ck_assert_ptr_null(bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("root_object");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, libbpf_finds_one_program_of_that_name_and_kind);
	tcase_add_test(tc, it_calls_the_first_program_of_its_array_and_else_returns_0);
	tcase_add_test(tc, names_that_have_no_room_are_no_other_names);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
