// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_registry.c - without these, modules could start in an order that depends
 * on the linker, two of one name could hide each other, and a name that the
 * command line cannot reach would be taken.
 */
#include <errno.h>
#include <string.h>

#include <emf/bus.h>

#include "unit.h"

static struct emf_registry registry;
static struct unit_capture capture;

/* Registers modules, with what that logs captured. */
static int init(struct module *const *modules, size_t n)
{
	int err;

	unit_capture_begin(&capture, stderr);
	err = emf_registry_init(&registry, NULL, modules, modules + n);
	unit_capture_end(&capture);
	return err;
}

START_TEST(modules_are_ordered_by_priority_then_name)
{
	struct module late = { .prio = 10, .name = "a" }, b = { .name = "b" }, c = { .name = "c" };
	struct module first = { .prio = -1, .name = "z" };
	struct module *const modules[] = { &late, &c, &b, &first };
	const char *const order[] = { "z", "b", "c", "a" };

	ck_assert_int_eq(init(modules, 4), 0);
	ck_assert_uint_eq(registry.n, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_str_eq(registry.units[i]->m->name, order[i]);
		ck_assert_ptr_eq(registry.units[i]->m->unit, registry.units[i]);
	}
	emf_registry_fini(&registry);
}
END_TEST

START_TEST(priorities_at_the_ends_of_the_type_are_ordered)
{
	struct module low = { .prio = -2147483647 - 1, .name = "low" };
	struct module high = { .prio = 2147483647, .name = "high" };
	struct module *const modules[] = { &high, &low };

	ck_assert_int_eq(init(modules, 2), 0);
	ck_assert_str_eq(registry.units[0]->m->name, "low");
	emf_registry_fini(&registry);
}
END_TEST

START_TEST(a_module_is_found_by_its_name_and_by_no_other)
{
	struct module a = { .name = "a" };
	struct module *const modules[] = { &a };

	ck_assert_int_eq(init(modules, 1), 0);
	ck_assert_ptr_eq(emf_registry_find(&registry, "a"), registry.units[0]);
	ck_assert_ptr_null(emf_registry_find(&registry, "b"));
	ck_assert_ptr_null(emf_registry_find(&registry, ""));
	emf_registry_fini(&registry);
}
END_TEST

START_TEST(two_modules_of_one_name_are_refused)
{
	struct module one = { .name = "same" }, two = { .prio = 1, .name = "same" };
	struct module *const modules[] = { &one, &two };

	ck_assert_int_eq(init(modules, 2), -EEXIST);
	ck_assert_str_eq(capture.text, "emf: two modules are named \"same\": rename or remove one of them\n");
}
END_TEST

static const char *const bad_names[] = { NULL, "", "a-b", "1a", "a b", "\xc3\xa4", "a\n" };

START_TEST(a_name_that_no_c_program_could_use_is_refused)
{
	struct module bad = { .name = bad_names[_i] };
	struct module *const modules[] = { &bad };

	ck_assert_int_eq(init(modules, 1), -EINVAL);
	unit_contains(capture.text, "give it a name of letters, digits and '_'");
}
END_TEST

START_TEST(the_name_of_a_command_is_refused)
{
	struct module bad = { .name = "status" };
	struct module *const modules[] = { &bad };

	ck_assert_int_eq(init(modules, 1), -EINVAL);
	ck_assert_str_eq(capture.text, "emf: module \"status\" has the name of a built-in command: rename it\n");
}
END_TEST

START_TEST(after_a_refusal_no_module_belongs_to_the_registry)
{
	struct module good = { .name = "good" }, bad = { .name = "" };
	struct module *const modules[] = { &good, &bad };

	ck_assert_int_eq(init(modules, 2), -EINVAL);
	ck_assert_uint_eq(registry.n, 0);
	ck_assert_ptr_null(registry.units);
	ck_assert_ptr_null(good.unit);
}
END_TEST

START_TEST(a_product_may_have_no_modules_at_all)
{
	/* Without the section, the linker's symbols are NULL. */
	ck_assert_int_eq(emf_registry_init(&registry, NULL, NULL, NULL), 0);
	ck_assert_uint_eq(registry.n, 0);
	ck_assert_ptr_null(emf_registry_find(&registry, "a"));
	emf_registry_fini(&registry);
}
END_TEST

START_TEST(after_fini_a_module_belongs_to_nothing)
{
	struct module a = { .name = "a" };
	struct module *const modules[] = { &a };

	ck_assert_int_eq(init(modules, 1), 0);
	ck_assert_ptr_nonnull(a.unit);
	emf_registry_fini(&registry);
	ck_assert_ptr_null(a.unit);
	ck_assert_uint_eq(registry.n, 0);
}
END_TEST

/* --- services */

static struct ebus_service s1 = { .name = "s1" }, s2 = { .name = "s2" };
static const struct emf_provided provides_s1[] = { { &s1, "" }, { NULL, NULL } };
static const struct emf_provided provides_s2[] = { { &s2, "" }, { NULL, NULL } };
static const struct emf_used uses_s1[] = { { &s1, false }, { NULL, false } };
static const struct emf_used uses_s2[] = { { &s2, false }, { NULL, false } };
static const struct emf_used uses_s1_if_there[] = { { &s1, true }, { NULL, false } };

/* Names of the modules in their order, each followed by a blank. */
static void check_order(struct module *const *modules, size_t n, const char *wanted)
{
	char order[256] = "";

	ck_assert_int_eq(init(modules, n), 0);
	for (size_t i = 0; i < registry.n; i++) {
		ck_assert_ptr_eq(registry.units[i]->m->unit, registry.units[i]);
		strcat(strcat(order, registry.units[i]->m->name), " ");
	}
	ck_assert_str_eq(order, wanted);
	emf_registry_fini(&registry);
}

START_TEST(providers_start_before_their_users_whatever_their_priority)
{
	struct module top = { .prio = -5, .name = "upper", .uses = uses_s2 };
	struct module middle = { .prio = 5, .name = "middle", .uses = uses_s1, .provides = provides_s2 };
	struct module bottom = { .prio = 50, .name = "bottom", .provides = provides_s1 };
	struct module *const modules[] = { &top, &middle, &bottom };

	check_order(modules, 3, "bottom middle upper ");
}
END_TEST

START_TEST(services_move_only_those_that_have_to_wait)
{
	struct module a = { .name = "a" }, b = { .name = "b", .uses = uses_s1 }, c = { .name = "c" };
	struct module d = { .name = "d", .provides = provides_s1 }, e = { .name = "e" };
	struct module *const modules[] = { &e, &d, &c, &b, &a };

	check_order(modules, 5, "a c d b e ");
}
END_TEST

START_TEST(an_optional_service_or_one_that_nobody_provides_moves_nobody)
{
	struct module a = { .name = "a", .uses = uses_s1_if_there }, b = { .name = "b", .uses = uses_s2 };
	struct module c = { .name = "c", .provides = provides_s1 };
	struct module *const modules[] = { &a, &b, &c };

	check_order(modules, 3, "a b c ");
}
END_TEST

START_TEST(a_module_that_uses_what_it_provides_waits_for_nobody)
{
	struct module a = { .name = "a", .uses = uses_s1, .provides = provides_s1 }, b = { .name = "b" };
	struct module *const modules[] = { &a, &b };

	check_order(modules, 2, "a b ");
}
END_TEST

START_TEST(in_a_cycle_priority_decides_and_all_others_keep_their_order)
{
	struct module a = { .name = "a", .uses = uses_s1, .provides = provides_s2 };
	struct module b = { .name = "b", .uses = uses_s2, .provides = provides_s1 };
	struct module c = { .name = "c" }, d = { .name = "d", .uses = uses_s1 };
	struct module *const modules[] = { &d, &c, &b, &a };

	check_order(modules, 4, "c a b d ");
}
END_TEST

static struct module registered = { .name = "registered" };
ebpf_module(registered);

START_TEST(what_registers_itself_is_found_in_the_section)
{
	struct module *const *begin, *const *end;

	emf_registry_linked(&begin, &end);
	ck_assert_int_eq(end - begin, 1);
	ck_assert_ptr_eq(*begin, &registered);
}
END_TEST

START_TEST(every_state_has_a_name)
{
	ck_assert_str_eq(emf_unit_state_name(EMF_UNIT_IDLE), "idle");
	ck_assert_str_eq(emf_unit_state_name(EMF_UNIT_CREATED), "created");
	ck_assert_str_eq(emf_unit_state_name(EMF_UNIT_RUNNING), "running");
	ck_assert_str_eq(emf_unit_state_name(EMF_UNIT_STOPPING), "stopping");
	ck_assert_str_eq(emf_unit_state_name(EMF_UNIT_STOPPED), "stopped");
	ck_assert_str_eq(emf_unit_state_name(EMF_UNIT_FAILED), "failed");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("registry");
	TCase *c = tcase_create("modules");

	tcase_add_test(c, modules_are_ordered_by_priority_then_name);
	tcase_add_test(c, priorities_at_the_ends_of_the_type_are_ordered);
	tcase_add_test(c, a_module_is_found_by_its_name_and_by_no_other);
	tcase_add_test(c, two_modules_of_one_name_are_refused);
	tcase_add_loop_test(c, a_name_that_no_c_program_could_use_is_refused, 0,
			    sizeof(bad_names) / sizeof(*bad_names));
	tcase_add_test(c, the_name_of_a_command_is_refused);
	tcase_add_test(c, after_a_refusal_no_module_belongs_to_the_registry);
	tcase_add_test(c, a_product_may_have_no_modules_at_all);
	tcase_add_test(c, after_fini_a_module_belongs_to_nothing);
	tcase_add_test(c, providers_start_before_their_users_whatever_their_priority);
	tcase_add_test(c, services_move_only_those_that_have_to_wait);
	tcase_add_test(c, an_optional_service_or_one_that_nobody_provides_moves_nobody);
	tcase_add_test(c, a_module_that_uses_what_it_provides_waits_for_nobody);
	tcase_add_test(c, in_a_cycle_priority_decides_and_all_others_keep_their_order);
	tcase_add_test(c, what_registers_itself_is_found_in_the_section);
	tcase_add_test(c, every_state_has_a_name);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
