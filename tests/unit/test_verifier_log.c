// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_verifier_log.c - without these, a rejected program would be blamed on
 * the wrong line, or its reason would be lost among statistics.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "verifier_log.h"

static char out[256];

static const char *source(const char *log)
{
	emf_verifier_log_source(log, out, sizeof(out));
	return out;
}

static const char *tail(const char *log)
{
	emf_verifier_log_tail(log, out, sizeof(out));
	return out;
}

START_TEST(the_source_line_of_older_kernels_is_found)
{
	ck_assert_str_eq(source("func#0 @0\n; int a = 1;\n0: (b7) r1 = 1\n; return *p;\n"
				"1: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'scalar'\n"),
			 "`return *p;`");
}
END_TEST

START_TEST(the_source_line_of_newer_kernels_comes_with_its_place)
{
	ck_assert_str_eq(source("; int a = 1; @ x.bpf.c:4\n0: (b7) r1 = 1\n; return *p; @ x.bpf.c:12\n"
				"R1 invalid mem access 'scalar'\n"),
			 "x.bpf.c:12: `return *p;`");
}
END_TEST

START_TEST(an_at_sign_in_the_code_is_not_the_place)
{
	ck_assert_str_eq(source("; s = \" @ \"; @ x.bpf.c:3\nbad\n"), "x.bpf.c:3: `s = \" @ \";`");
}
END_TEST

START_TEST(a_line_that_is_but_a_number_is_said_once)
{
	ck_assert_str_eq(source("; 4 @ x.bpf.c:4\n0: (b7) r1 = 1\n; 12 @ x.bpf.c:12\nbad\n"), "x.bpf.c:12");
	ck_assert_str_eq(source("; 4\n0: (b7) r1 = 1\n; 12\nbad\n"), "line 12");
}
END_TEST

START_TEST(a_log_without_source_lines_has_none)
{
	ck_assert_str_eq(source("0: (b7) r0 = 0\n1: (95) exit\n"), "");
	ck_assert_str_eq(source(";no blank\n"), "");
}
END_TEST

START_TEST(the_last_four_lines_are_shown_without_the_statistics)
{
	ck_assert_str_eq(tail("one\ntwo\nthree\nfour\nreason\n"
			      "verification time 71 usec\nstack depth 0\n"
			      "processed 5 insns (limit 1000000) max_states_per_insn 0\n\n"),
			 "two\nthree\nfour\nreason");
}
END_TEST

START_TEST(statistics_in_the_middle_are_lines_as_others)
{
	ck_assert_str_eq(tail("processed 1 insns\nreason\n"), "processed 1 insns\nreason");
}
END_TEST

START_TEST(a_helper_that_is_lacking_is_found_in_the_words_of_each_kernel)
{
	char name[32] = "as it was";

	ck_assert_int_eq(emf_verifier_log_helper("85: (85) call bpf_x#7\nR1 is bad\nprocessed 5 insns\n", name, sizeof(name)), 0);
	ck_assert_int_eq(emf_verifier_log_helper("unknown func bpf_x#7\nR1 is bad\n", name, sizeof(name)), 0);
	ck_assert_int_eq(emf_verifier_log_helper("", name, sizeof(name)), 0);
	ck_assert_str_eq(name, "as it was");
	ck_assert_int_eq(emf_verifier_log_helper("5: (85) call unknown#181\ninvalid func unknown#181\nprocessed 5 insns\n", name, sizeof(name)), 181);
	ck_assert_str_eq(name, "");
	ck_assert_int_eq(emf_verifier_log_helper("unknown func bpf_xdp_adjust_head#44\n", name, sizeof(name)), 44);
	ck_assert_str_eq(name, "bpf_xdp_adjust_head");
	ck_assert_int_eq(emf_verifier_log_helper("program of this type cannot use helper bpf_loop#181\n", name, sizeof(name)), 181);
	ck_assert_str_eq(name, "bpf_loop");
}
END_TEST

START_TEST(a_program_that_is_too_large_is_known_by_the_last_line)
{
	ck_assert(emf_verifier_log_is_too_large("1: (07) r0 += 1\nBPF program is too large. Processed 1000001 insn\nprocessed 1000001 insns\n"));
	ck_assert(!emf_verifier_log_is_too_large("BPF program is too large. Processed 1000001 insn\nR1 is bad\n"));
}
END_TEST

START_TEST(an_empty_log_is_no_trouble)
{
	ck_assert_str_eq(source(""), "");
	ck_assert_str_eq(tail(""), "");
	ck_assert_str_eq(source("\n"), "");
	ck_assert_str_eq(tail("\n\n"), "");
	ck_assert_str_eq(tail("processed 1 insns\n"), "");
}
END_TEST

START_TEST(a_log_without_a_newline_at_its_end_is_whole)
{
	ck_assert_str_eq(tail("one\nreason"), "one\nreason");
	ck_assert_str_eq(tail("x"), "x");
	ck_assert_str_eq(source("0: nop\n; return 1;"), "`return 1;`");
}
END_TEST

START_TEST(when_not_all_fits_the_reason_at_the_end_is_kept)
{
	char log[1200];

	memset(log, 'R', sizeof(log));
	strcpy(log + 600, "\nR1 invalid mem access 'scalar'\n");
	ck_assert_str_eq(tail(log) + strlen(out) - 30, "R1 invalid mem access 'scalar'");
	ck_assert_uint_lt(strlen(out), sizeof(out));
	memset(log, 'R', sizeof(log) - 1);
	log[sizeof(log) - 1] = '\0';
	ck_assert_uint_lt(strlen(tail(log)), sizeof(out));
}
END_TEST

START_TEST(the_whole_log_is_saved_for_its_owner_only)
{
	char folder[64], path[RUNDIR_PATH_MAX], read[64] = "";
	struct stat st;
	FILE *file;

	/* Not the folder of a service that may run here: nobody's, so a temporary file. */
	setenv("TMPDIR", unit_folder_new(folder), 1);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	unit_nobody_begin();
	unsetenv("XDG_RUNTIME_DIR");
	ck_assert_int_eq(emf_verifier_log_save("flow", "count", "a\nb\n", path), 0);
	unit_contains(path, "verifier-flow-count.log");
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_uint_eq(fread(read, 1, sizeof(read) - 1, file), 4);
	ck_assert_str_eq(read, "a\nb\n");
	fclose(file);
	unit_nobody_end();
	unit_folder_remove(folder);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("verifier_log");
	TCase *c = tcase_create("log");

	tcase_add_test(c, the_source_line_of_older_kernels_is_found);
	tcase_add_test(c, the_source_line_of_newer_kernels_comes_with_its_place);
	tcase_add_test(c, an_at_sign_in_the_code_is_not_the_place);
	tcase_add_test(c, a_line_that_is_but_a_number_is_said_once);
	tcase_add_test(c, a_log_without_source_lines_has_none);
	tcase_add_test(c, the_last_four_lines_are_shown_without_the_statistics);
	tcase_add_test(c, statistics_in_the_middle_are_lines_as_others);
	tcase_add_test(c, a_helper_that_is_lacking_is_found_in_the_words_of_each_kernel);
	tcase_add_test(c, a_program_that_is_too_large_is_known_by_the_last_line);
	tcase_add_test(c, an_empty_log_is_no_trouble);
	tcase_add_test(c, a_log_without_a_newline_at_its_end_is_whole);
	tcase_add_test(c, when_not_all_fits_the_reason_at_the_end_is_kept);
	tcase_add_test(c, the_whole_log_is_saved_for_its_owner_only);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
