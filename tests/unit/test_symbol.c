// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_symbol.c - without these, a stack could name the function next to the one that ran.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "symbol.h"
#include "symbol_file.h"
#include "symbol_process.h"
#include "unit.h"

static char name[EMF_SYMBOL_MAX];

static uint64_t address_of(void (*function)(void))
{
	return (uint64_t)(uintptr_t)function;
}

__attribute__((noinline)) static void known_to_the_test(void)
{
	__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop");
}

START_TEST(a_function_of_a_process_is_found_by_any_of_its_addresses)
{
	uint64_t begin = address_of(known_to_the_test);

	ck_assert_uint_eq(emf_symbol_user((uint32_t)getpid(), begin, name), 0);
	ck_assert_str_eq(name, "known_to_the_test");
	ck_assert_uint_eq(emf_symbol_user((uint32_t)getpid(), begin + 3, name), 3);
	ck_assert_str_eq(name, "known_to_the_test");
}
END_TEST

START_TEST(a_file_that_was_stripped_has_the_names_of_its_dynamic_linking)
{
	emf_symbol_user((uint32_t)getpid(), address_of((void (*)(void))(uintptr_t)strtoul) + 1, name);
	ck_assert_msg(strstr(name, "strtoul") != NULL, "%s", name);
}
END_TEST

START_TEST(what_is_mapped_after_the_first_look_is_found_and_what_is_not_is_unknown)
{
	void *code;

	emf_symbol_user((uint32_t)getpid(), address_of(known_to_the_test), name);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(code, MAP_FAILED);
	usleep(110000); /* it looks again after a tenth of a second */
	emf_symbol_user((uint32_t)getpid(), (uint64_t)(uintptr_t)code, name);
	ck_assert_str_eq(name, "[anonymous]");
	munmap(code, 4096);
	emf_symbol_user((uint32_t)getpid(), 1, name);
	ck_assert_str_eq(name, "[unknown]");
	emf_symbol_user(UINT32_MAX, 1, name);
	ck_assert_str_eq(name, "[unknown]");
}
END_TEST

START_TEST(code_that_a_run_time_system_made_has_the_names_that_it_wrote_down)
{
	uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	f = fopen(path, "wx");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "%lx 20 Main.run() \x1b[31m\nnonsense\n", (unsigned long)(uintptr_t)code);
	fclose(f);
	emf_symbol_fini();
	emf_symbol_user((uint32_t)getpid(), (uint64_t)(uintptr_t)code + 0x1f, name);
	unlink(path);
	ck_assert_str_eq(name, "Main.run() \\x1b[31m");
	emf_symbol_user((uint32_t)getpid(), (uint64_t)(uintptr_t)code + 0x20, name);
	ck_assert_str_eq(name, "[anonymous]");
	munmap(code, 4096);
}
END_TEST

static void read_text(const char *text, int (*read)(FILE *from, struct emf_symbol_table *table), struct emf_symbol_table *table)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(read(f, table), 0);
	fclose(f);
}

START_TEST(of_the_kernel_functions_only_are_kept)
{
	struct emf_symbol_table table = { 0 };

	read_text("0000000000000000 T hidden\nffffffff81000010 T second\nffffffff81000000 t first\nffffffff81000010 t other\n"
		  "ffffffff81000020 D data\nffffffffc0000000 t in_module\t[module]\n\nffffffff8100 \nrubbish\n",
		  emf_symbol_read_kallsyms, &table);
	ck_assert_uint_eq(table.n, 4);
	ck_assert_ptr_null(emf_symbol_table_find(&table, 0xffffffff80ffffff));
	ck_assert_str_eq(table.names + emf_symbol_table_find(&table, 0xffffffff8100000f)->name, "first");
	ck_assert_str_eq(table.names + emf_symbol_table_find(&table, 0xffffffff81000010)->name, "second");
	ck_assert_str_eq(table.names + emf_symbol_table_find(&table, UINT64_MAX)->name, "in_module");
	emf_symbol_table_fini(&table);
}
END_TEST

START_TEST(an_address_behind_the_end_of_a_function_is_none_of_it)
{
	struct emf_symbol_table table = { 0 };

	read_text("1000 10 a\n1010 0 none\n2000 8 b c d\n3000 8 \n", emf_symbol_read_perf_map, &table);
	ck_assert_uint_eq(table.n, 2);
	ck_assert_ptr_nonnull(emf_symbol_table_find(&table, 0x100f));
	ck_assert_ptr_null(emf_symbol_table_find(&table, 0x1010));
	ck_assert_str_eq(table.names + emf_symbol_table_find(&table, 0x2007)->name, "b c d");
	ck_assert_ptr_null(emf_symbol_table_find(&table, 0x2008));
	emf_symbol_table_fini(&table);
}
END_TEST

START_TEST(more_processes_than_are_kept_are_known_all_the_same)
{
	pid_t children[300];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	for (size_t i = 0; i < 300; i++) {
		char byte;

		children[i] = fork();
		if (children[i])
			continue;
		close(ends[1]);
		_exit((int)read(ends[0], &byte, 1)); /* until the test ends */
	}
	for (size_t i = 0; i < 600; i++) {
		emf_symbol_user((uint32_t)children[i % 300], address_of(known_to_the_test), name);
		ck_assert_str_eq(name, "known_to_the_test");
	}
	close(ends[1]);
	for (size_t i = 0; i < 300; i++)
		waitpid(children[i], NULL, 0);
	close(ends[0]);
	/* The last ones are gone, and still known. */
	emf_symbol_user((uint32_t)children[299], address_of(known_to_the_test), name);
	ck_assert_str_eq(name, "known_to_the_test");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("symbol");
	TCase *c = tcase_create("symbols");

	tcase_add_checked_fixture(c, NULL, emf_symbol_fini);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_function_of_a_process_is_found_by_any_of_its_addresses);
	tcase_add_test(c, a_file_that_was_stripped_has_the_names_of_its_dynamic_linking);
	tcase_add_test(c, what_is_mapped_after_the_first_look_is_found_and_what_is_not_is_unknown);
	tcase_add_test(c, code_that_a_run_time_system_made_has_the_names_that_it_wrote_down);
	tcase_add_test(c, of_the_kernel_functions_only_are_kept);
	tcase_add_test(c, an_address_behind_the_end_of_a_function_is_none_of_it);
	tcase_add_test(c, more_processes_than_are_kept_are_known_all_the_same);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
