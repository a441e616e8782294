// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_acl.c - without these, somebody could be let in by a rule that was not meant for
 * him, or a mistake in a file could open what it was to close.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acl.h"
#include "principal.h"
#include "unit.h"

static char folder[64];
static struct unit_capture capture;
static struct emf_acl acl;
static char why[EMF_ACL_WHY_MAX];

static void setup(void)
{
	unit_folder_new(folder);
	acl = (struct emf_acl){ 0 };
	unit_capture_begin(&capture, stderr);
}

static void teardown(void)
{
	unit_capture_end(&capture);
	emf_acl_fini(&acl);
	unit_folder_remove(folder);
}

static int rules(const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/a.conf", folder);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	emf_acl_fini(&acl);
	return emf_acl_read(&acl, folder);
}

static bool may_in(uid_t uid, gid_t group, const char *service, const char *member, const char *access)
{
	const gid_t groups[] = { 77, group };
	const struct emf_acl_peer peer = { .uid = uid, .groups = groups, .n_groups = 2, .is_owner = uid == 0 };

	return emf_acl_allows(&acl, &peer, service, member, access, why);
}

static bool may(uid_t uid, const char *service, const char *member, const char *access)
{
	return may_in(uid, 78, service, member, access);
}

START_TEST(without_rules_root_may_all_the_group_of_the_socket_may_read_and_nobody_else_anything)
{
	const struct emf_acl_peer operator = { .uid = 5, .is_of_socket = true };

	ck_assert_int_eq(rules(""), 0);
	ck_assert(may(0, "flow", "reset", "admin"));
	ck_assert(may(0, "flow", NULL, "provide"));
	ck_assert(!may(5, "flow", "top", "read"));
	ck_assert(emf_acl_allows(&acl, &operator, "flow", "top", "read", why));
	ck_assert(!emf_acl_allows(&acl, &operator, "flow", "reset", "admin", why));
	ck_assert(!emf_acl_allows(&acl, &operator, "flow", NULL, "provide", why));
	ck_assert(!emf_acl_knows(&acl, &operator));
}
END_TEST

START_TEST(a_folder_that_is_not_there_has_no_rules)
{
	ck_assert_int_eq(emf_acl_read(&acl, "/nowhere/at/all"), 0);
	ck_assert_uint_eq(acl.n, 0);
}
END_TEST

START_TEST(a_level_a_tag_and_a_pattern_allow_what_they_say_and_no_more)
{
	ck_assert_int_eq(rules("[user 5]\nallow = read\n[user 6]\nallow = operate, flow.b*\n[user 7]\nallow = admin\n"), 0);
	ck_assert(may(5, "flow", "top", "read"));
	ck_assert(!may(5, "flow", "block", "admin"));
	ck_assert(!may(5, "flow", "drain", "operate"));
	ck_assert(may(6, "flow", "drain", "operate"));
	ck_assert(may(6, "flow", "block", "admin"));
	ck_assert(!may(6, "flow", "reset", "admin"));
	ck_assert(!may(6, "flow", "top", "read"));
	ck_assert(may(7, "flow", "reset", "admin"));
	ck_assert(may(7, "flow", NULL, "provide"));
	ck_assert(!may(8, "flow", "top", "read"));
}
END_TEST

START_TEST(a_group_is_that_of_any_of_its_members)
{
	ck_assert_int_eq(rules("[group 77]\nallow = read\n[group 12]\nallow = admin\n"), 0);
	ck_assert(may(5, "flow", "top", "read"));
	ck_assert(!may(5, "flow", "reset", "admin"));
	ck_assert(may_in(5, 12, "flow", "reset", "admin"));
}
END_TEST

START_TEST(what_is_denied_is_denied_whatever_else_allows_it_and_to_root_as_well)
{
	ck_assert_int_eq(rules("[user 5]\nallow = admin\ndeny = flow.reset\n[user 0]\ndeny = flow.*, provide:geo\n"), 0);
	ck_assert(may(5, "flow", "block", "admin"));
	ck_assert(!may(5, "flow", "reset", "admin"));
	unit_contains(why, "a.conf:3: [user 5] deny = flow.reset");
	ck_assert(!may(0, "flow", "top", "read"));
	ck_assert(!may(0, "geo", NULL, "provide"));
	ck_assert(may(0, "geo", "where", "admin"));
	ck_assert(may(0, "flow2", NULL, "provide"));
}
END_TEST

START_TEST(to_provide_is_allowed_by_its_own_word_only)
{
	ck_assert_int_eq(rules("[user 5]\nallow = read, geo.*, provide:g*\n"), 0);
	ck_assert(may(5, "geo", NULL, "provide"));
	ck_assert(!may(5, "flow", NULL, "provide"));
	ck_assert_int_eq(rules("[user 5]\nallow = read, geo.*\n"), 0);
	ck_assert(!may(5, "geo", NULL, "provide"));
}
END_TEST

START_TEST(every_mistake_is_told_with_its_line)
{
	ck_assert_int_eq(rules("allow = read\n[user no_such_user]\nallow = read\n[nonsense]\nallow = read\n[user 5]\npermit = read\n"), -22);
	unit_capture_end(&capture);
	unit_contains(capture.text, "a.conf:1: \"allow\" stands before the first");
	unit_contains(capture.text, "a.conf:3: there is no user \"no_such_user\" on this system");
	unit_contains(capture.text, "a.conf:5: [nonsense] is neither [user NAME] nor [group NAME]");
	unit_contains(capture.text, "a.conf:7: there is no key \"permit\"; there are: allow, deny");
	unit_capture_begin(&capture, stderr);
}
END_TEST

START_TEST(users_and_groups_have_names_and_numbers)
{
	unsigned int id = 7;
	gid_t groups[16];

	ck_assert_int_eq(emf_principal_user("root", &id), 0);
	ck_assert_uint_eq(id, 0);
	ck_assert_int_eq(emf_principal_user("4242", &id), 0);
	ck_assert_uint_eq(id, 4242);
	ck_assert_int_ne(emf_principal_user("4294967295", &id), 0);
	ck_assert_int_ne(emf_principal_user("-1", &id), 0);
	ck_assert_int_ne(emf_principal_user("", &id), 0);
	ck_assert_int_eq(emf_principal_group("root", &id), 0);
	ck_assert_uint_eq(emf_principal_groups("root", 0, groups, 16) > 0, 1);
	ck_assert_uint_eq(groups[0], 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("acl");
	TCase *c = tcase_create("rules");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, without_rules_root_may_all_the_group_of_the_socket_may_read_and_nobody_else_anything);
	tcase_add_test(c, a_folder_that_is_not_there_has_no_rules);
	tcase_add_test(c, a_level_a_tag_and_a_pattern_allow_what_they_say_and_no_more);
	tcase_add_test(c, a_group_is_that_of_any_of_its_members);
	tcase_add_test(c, what_is_denied_is_denied_whatever_else_allows_it_and_to_root_as_well);
	tcase_add_test(c, to_provide_is_allowed_by_its_own_word_only);
	tcase_add_test(c, every_mistake_is_told_with_its_line);
	tcase_add_test(c, users_and_groups_have_names_and_numbers);
	suite_add_tcase(s, c);
	return unit_main(s);
}
