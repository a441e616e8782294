// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_config.c - without these, a mistake in a file could be passed over or
 * applied by half, and a reload could change what it must not.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "unit.h"

static struct emf emf;
static struct emf_config config;
static struct unit_capture capture;
static char folder[64], file[96];

static uint32_t live, fixed;
static char name[16];
static int notified;

static int notify(struct module *m)
{
	if (emf_module_event(m) == EMF_EVENT_PARAMS)
		notified++;
	return 0;
}

static const struct emf_param params[] = {
	{ .name = "live", .type = EMF_U32, .value = &live, .min = 1, .max = 100, .flags = EMF_PARAM_LIVE },
	{ .name = "fixed", .type = EMF_U32, .value = &fixed },
	{ .name = "the-name", .type = EMF_STRING, .value = name, .size = sizeof(name), .flags = EMF_PARAM_LIVE },
	{ 0 },
};
static struct module flow, plain;
static struct module *const modules[] = { &flow, &plain, NULL };

static const struct emf_setting settings[] = { { "flow", "fixed", "22" }, { 0 } };
static const struct emf_product product = { .name = "unit", .version = "0", .doc = "", .settings = settings };

static void setup(void)
{
	live = 1;
	fixed = 2;
	strcpy(name, "default");
	flow = (struct module){ .name = "flow", .params = params, .notify = notify };
	plain = (struct module){ .name = "plain" };
	unit_product_init(&emf, modules);
	flow.unit->state = EMF_UNIT_RUNNING;
	unit_folder_new(folder);
	snprintf(file, sizeof(file), "%s/unit.conf", folder);
}

static void teardown(void)
{
	emf_config_fini(&config);
	unit_folder_remove(folder);
	unit_product_fini(&emf);
}

/* Writes a file of the folder; its folder is made. */
static void put(const char *where, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/unit.conf.d", folder);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s", folder, where);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static int read_again(void)
{
	int err;

	emf_config_fini(&config);
	unit_capture_begin(&capture, stderr);
	err = emf_config_read(&config, &emf, file);
	unit_capture_end(&capture);
	return err;
}

/* Reads one file with one mistake; the message names the file and the line. */
static void check_mistake(const char *text, int line, const char *message)
{
	char wanted[512];

	put("unit.conf", text);
	ck_assert_int_eq(read_again(), -EINVAL);
	snprintf(wanted, sizeof(wanted), "emf: %s:%d: %s\n", file, line, message);
	ck_assert_str_eq(capture.text, wanted);
}

static void reload(const char *text)
{
	put("unit.conf", text);
	ck_assert_int_eq(read_again(), 0);
	unit_capture_begin(&capture, stderr);
	emf_config_reload(&config, &emf);
	unit_capture_end(&capture);
}

/* --- reading */

START_TEST(keys_are_found_by_section)
{
	put("unit.conf", "# a comment\n[product]\nmodules = flow, plain\nlog=warn\n\n"
			 "[flow]\n  live = 5 ; five\nthe_name = a b\n[plain]\n");
	ck_assert_int_eq(read_again(), 0);
	ck_assert_str_eq(emf_config_get(&config, "product", "modules"), "flow, plain");
	ck_assert_str_eq(emf_config_get(&config, "product", "log"), "warn");
	ck_assert_str_eq(emf_config_get(&config, "flow", "live"), "5");
	ck_assert_str_eq(emf_config_get(&config, "flow", "the_name"), "a b");
	ck_assert_ptr_null(emf_config_get(&config, "plain", "live"));
	ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(files_of_the_folder_are_read_after_the_file_by_name)
{
	static const char *const order[] = { "40", "20", "60", "50", "10", "30" };
	char where[32], text[64];

	for (size_t i = 0; i < 6; i++) {
		snprintf(where, sizeof(where), "unit.conf.d/%s.conf", order[i]);
		snprintf(text, sizeof(text), "[flow]\nlive = %s\n%s", order[i], i == 4 ? "fixed = 10\n" : "");
		put(where, text);
	}
	put("unit.conf", "[flow]\nlive = 1\nfixed = 1\nthe-name = main\n");
	put("unit.conf.d/30.conf~", "[nonsense\n");
	put("unit.conf.d/.hidden.conf", "[nonsense\n");
	ck_assert_int_eq(read_again(), 0);
	for (size_t i = 1; i < config.n; i++)
		ck_assert_int_le(strcmp(config.entries[i - 1].file, config.entries[i].file), 0);
	ck_assert_str_eq(emf_config_get(&config, "flow", "live"), "60");
	ck_assert_str_eq(emf_config_get(&config, "flow", "fixed"), "10");
	ck_assert_str_eq(emf_config_get(&config, "flow", "the-name"), "main");
}
END_TEST

START_TEST(a_later_line_wins)
{
	put("unit.conf", "[flow]\nlive = 5\n[plain]\n[flow]\nlive = 6\n");
	ck_assert_int_eq(read_again(), 0);
	emf_config_apply(&config, &emf);
	ck_assert_uint_eq(live, 6);
}
END_TEST

START_TEST(a_file_that_was_named_must_exist)
{
	ck_assert_int_eq(read_again(), -ENOENT);
	unit_contains(capture.text, "unit.conf: No such file or directory\n");
}
END_TEST

START_TEST(a_folder_in_the_place_of_a_file_is_refused)
{
	ck_assert_int_eq(mkdir(file, 0755), 0);
	ck_assert_int_eq(read_again(), -EINVAL);
	unit_contains(capture.text, "cannot be read to its end\n");
}
END_TEST

START_TEST(an_empty_file_is_fine)
{
	put("unit.conf", "");
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(config.n, 0);
}
END_TEST

START_TEST(an_indented_line_is_not_the_continuation_of_the_one_before)
{
	put("unit.conf", "[flow]\nthe-name = a\n  live = 7\n");
	ck_assert_int_eq(read_again(), 0);
	ck_assert_str_eq(emf_config_get(&config, "flow", "the-name"), "a");
	ck_assert_str_eq(emf_config_get(&config, "flow", "live"), "7");
}
END_TEST

START_TEST(windows_line_ends_and_a_missing_last_newline_are_fine)
{
	put("unit.conf", "\xef\xbb\xbf[flow]\r\nlive = 7\r\nfixed = 8");
	ck_assert_int_eq(read_again(), 0);
	ck_assert_str_eq(emf_config_get(&config, "flow", "live"), "7");
	ck_assert_str_eq(emf_config_get(&config, "flow", "fixed"), "8");
}
END_TEST

/* --- mistakes */

START_TEST(an_unknown_key_gets_the_nearest_one)
{
	check_mistake("[flow]\nlive = 5\nfixd = 5\n", 3,
		      "module flow has no parameter \"fixd\"; did you mean \"fixed\"?");
	check_mistake("[flow]\nxyzzy = 5\n", 2, "module flow has no parameter \"xyzzy\"");
	check_mistake("[product]\nmodule = flow\n", 2,
		      "section [product] has no key \"module\"; it has: modules, isolated, log, replace, persist, upgradable, place, cache, unsigned-packages, keep-capabilities");
}
END_TEST

START_TEST(an_unknown_module_is_named)
{
	check_mistake("[floe]\nlive = 5\n", 2,
		      "this product has no module \"floe\", so there is no section [floe]; what is of no module is in [product]");
	check_mistake("[product]\nmodules = flow, floe\n", 2, "this product has no module \"floe\"");
}
END_TEST

START_TEST(a_key_before_every_section_is_a_mistake)
{
	check_mistake("live = 5\n", 1, "\"live\" stands before the first section; put [product] above it, or [MODULE]");
}
END_TEST

START_TEST(a_wrong_value_is_explained)
{
	check_mistake("[flow]\n\nlive = 500\n", 3, "flow.live: 500 is out of range (1 to 100)");
	check_mistake("[flow]\nlive = many\n", 2, "flow.live: \"many\" is not a number, not negative");
	check_mistake("[product]\nlog = loud\n", 2,
		      "\"loud\" is no log level; there are: err, warn, info, debug");
}
END_TEST

START_TEST(a_line_that_is_too_long_is_not_cut)
{
	char text[600];

	snprintf(text, sizeof(text), "[flow]\nlive = 5\nthe-name = %0300d\nfixed = 7\n", 0);
	check_mistake(text, 3, "this line is longer than 198 bytes");
	ck_assert_str_eq(emf_config_get(&config, "flow", "fixed"), "7");
	ck_assert_ptr_null(emf_config_get(&config, "flow", "the-name"));
}
END_TEST

START_TEST(a_line_that_is_no_ini_is_named)
{
	check_mistake("[flow]\nlive = 5\nnonsense\n", 3, "this is neither [section] nor key = value");
	check_mistake("[flow\n", 1, "this is neither [section] nor key = value");
	check_mistake("[flow]\nlive ; = 5\n", 2, "this is neither [section] nor key = value");
}
END_TEST

START_TEST(a_file_that_is_no_text_is_told_once)
{
	check_mistake("\x7f" "ELF\x02\x01\nnonsense\nmore nonsense\n", 1, "this is no text: name a file of sections and key = value");
	check_mistake("[flow]\nlive = 5\nfixed = \x1b[0m\nnonsense\n", 3, "this is no text: name a file of sections and key = value");
}
END_TEST

START_TEST(all_mistakes_of_all_files_are_told_in_one_run_and_in_order)
{
	char wanted[1024];

	put("unit.conf", "[flow]\nnonsense\nlive = x\nmore nonsense\nfixed = 5\nxyzzy = 1\n");
	put("unit.conf.d/a.conf", "[flow]\nlive = 0\n");
	ck_assert_int_eq(read_again(), -EINVAL);
	snprintf(wanted, sizeof(wanted),
		 "emf: %s:2: this is neither [section] nor key = value\n"
		 "emf: %s:3: flow.live: \"x\" is not a number, not negative\n"
		 "emf: %s:4: this is neither [section] nor key = value\n"
		 "emf: %s:6: module flow has no parameter \"xyzzy\"\n"
		 "emf: %s.d/a.conf:2: flow.live: 0 is out of range (1 to 100)\n", file, file, file, file, file);
	ck_assert_str_eq(capture.text, wanted);
}
END_TEST

START_TEST(reading_applies_nothing)
{
	put("unit.conf", "[product]\nlog = debug\n[flow]\nlive = 5\nfixed = x\n");
	ck_assert_int_eq(read_again(), -EINVAL);
	ck_assert_uint_eq(live, 1);
	ck_assert_uint_eq(fixed, 2);
	ck_assert_int_eq(emf_log_level(), EMF_LOG_INFO);
	ck_assert_int_eq(flow.unit->params.states[0].origin, EMF_PARAM_DEFAULT);
}
END_TEST

START_TEST(a_long_list_of_modules_is_read_to_its_end)
{
	char text[300], wanted[512];

	/* As long as a line can be. */
	snprintf(text, sizeof(text), "[product]\nmodules = %*sfloe\n", 180, "flow,");
	put("unit.conf", text);
	ck_assert_int_eq(read_again(), -EINVAL);
	snprintf(wanted, sizeof(wanted), "emf: %s:2: this product has no module \"floe\"\n", file);
	ck_assert_str_eq(capture.text, wanted);
}
END_TEST

/* --- applying */

START_TEST(what_was_read_is_applied_below_the_command_line)
{
	char why[EMF_PARAM_WHY_MAX];

	ck_assert_int_eq(emf_param_assign(&flow.unit->params, 0, "9", EMF_PARAM_COMMAND_LINE, why), 0);
	put("unit.conf", "[product]\nlog = err\n[flow]\nlive = 5\nfixed = 6\nthe_name = new\n");
	ck_assert_int_eq(read_again(), 0);
	emf_config_apply(&config, &emf);
	ck_assert_uint_eq(live, 9);
	ck_assert_uint_eq(fixed, 6);
	ck_assert_str_eq(name, "new");
	ck_assert_int_eq(emf_log_level(), EMF_LOG_ERR);
	ck_assert_int_eq(notified, 0);
}
END_TEST

START_TEST(a_reload_sets_what_is_live_and_tells_the_module_once)
{
	reload("[flow]\nlive = 5\nthe-name = new\n");
	ck_assert_uint_eq(live, 5);
	ck_assert_str_eq(name, "new");
	ck_assert_int_eq(notified, 1);
	ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(a_reload_without_a_change_tells_nobody)
{
	reload("[flow]\nlive = 5\n");
	reload("[flow]\nlive = 5\n");
	ck_assert_int_eq(notified, 1);
}
END_TEST

START_TEST(a_reload_names_what_needs_a_restart)
{
	reload("[flow]\nfixed = 5\n");
	ck_assert_uint_eq(fixed, 2);
	ck_assert_int_eq(notified, 0);
	ck_assert_str_eq(capture.text, "flow: warning: the new value of fixed takes effect after a restart\n");
}
END_TEST

START_TEST(a_reload_sets_everything_of_a_module_that_does_not_run)
{
	flow.unit->state = EMF_UNIT_STOPPED;
	reload("[flow]\nfixed = 5\n");
	ck_assert_uint_eq(fixed, 5);
	ck_assert_int_eq(notified, 0);
}
END_TEST

START_TEST(the_command_line_wins_over_a_reload)
{
	char why[EMF_PARAM_WHY_MAX];

	ck_assert_int_eq(emf_param_assign(&flow.unit->params, 0, "9", EMF_PARAM_COMMAND_LINE, why), 0);
	reload("[flow]\nlive = 5\n");
	ck_assert_uint_eq(live, 9);
	ck_assert_int_eq(notified, 0);
}
END_TEST

START_TEST(what_is_removed_from_the_file_returns_to_its_default)
{
	reload("[flow]\nlive = 5\nthe-name = new\n[product]\nlog = err\n");
	ck_assert_int_eq(emf_log_level(), EMF_LOG_ERR);
	reload("");
	ck_assert_uint_eq(live, 1);
	ck_assert_str_eq(name, "default");
	ck_assert_int_eq(emf_log_level(), EMF_LOG_INFO);
	ck_assert_int_eq(notified, 2);
}
END_TEST

START_TEST(a_product_s_own_value_is_the_default)
{
	emf.product = &product;
	flow.unit->state = EMF_UNIT_STOPPED;
	reload("[flow]\nfixed = 5\n");
	ck_assert_uint_eq(fixed, 5);
	reload("");
	ck_assert_uint_eq(fixed, 22);
}
END_TEST

START_TEST(a_new_list_of_modules_needs_a_restart)
{
	char line[] = "flow";

	emf.modules_line = line;
	reload("[product]\nmodules = flow\n");
	ck_assert_str_eq(capture.text, "");
	reload("[product]\nmodules = flow, plain\n");
	ck_assert_str_eq(capture.text, "emf: warning: the new list of modules takes effect after a restart\n");
	emf.modules_line = NULL;
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("config");
	TCase *reading = tcase_create("reading"), *wrong = tcase_create("mistakes");
	TCase *applying = tcase_create("applying");

	tcase_add_checked_fixture(reading, setup, teardown);
	tcase_add_test(reading, keys_are_found_by_section);
	tcase_add_test(reading, files_of_the_folder_are_read_after_the_file_by_name);
	tcase_add_test(reading, a_later_line_wins);
	tcase_add_test(reading, a_file_that_was_named_must_exist);
	tcase_add_test(reading, a_folder_in_the_place_of_a_file_is_refused);
	tcase_add_test(reading, an_empty_file_is_fine);
	tcase_add_test(reading, an_indented_line_is_not_the_continuation_of_the_one_before);
	tcase_add_test(reading, windows_line_ends_and_a_missing_last_newline_are_fine);
	suite_add_tcase(s, reading);
	tcase_add_checked_fixture(wrong, setup, teardown);
	tcase_add_test(wrong, an_unknown_key_gets_the_nearest_one);
	tcase_add_test(wrong, an_unknown_module_is_named);
	tcase_add_test(wrong, a_key_before_every_section_is_a_mistake);
	tcase_add_test(wrong, a_wrong_value_is_explained);
	tcase_add_test(wrong, a_line_that_is_too_long_is_not_cut);
	tcase_add_test(wrong, a_line_that_is_no_ini_is_named);
	tcase_add_test(wrong, a_file_that_is_no_text_is_told_once);
	tcase_add_test(wrong, all_mistakes_of_all_files_are_told_in_one_run_and_in_order);
	tcase_add_test(wrong, reading_applies_nothing);
	tcase_add_test(wrong, a_long_list_of_modules_is_read_to_its_end);
	suite_add_tcase(s, wrong);
	tcase_add_checked_fixture(applying, setup, teardown);
	tcase_add_test(applying, what_was_read_is_applied_below_the_command_line);
	tcase_add_test(applying, a_reload_sets_what_is_live_and_tells_the_module_once);
	tcase_add_test(applying, a_reload_without_a_change_tells_nobody);
	tcase_add_test(applying, a_reload_names_what_needs_a_restart);
	tcase_add_test(applying, a_reload_sets_everything_of_a_module_that_does_not_run);
	tcase_add_test(applying, the_command_line_wins_over_a_reload);
	tcase_add_test(applying, what_is_removed_from_the_file_returns_to_its_default);
	tcase_add_test(applying, a_product_s_own_value_is_the_default);
	tcase_add_test(applying, a_new_list_of_modules_needs_a_restart);
	suite_add_tcase(s, applying);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
