// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_suggest.c - without these, "did you mean" would name words that nobody
 * meant, or none at all.
 */
#include <string.h>

#include "suggest.h"
#include "unit.h"

static const char *const known[] = { "interval", "duration", "run", "list", "status", NULL };

static const char *suggest(const char *word)
{
	struct emf_suggestion near = { .word = word };

	for (size_t i = 0; known[i]; i++)
		emf_suggest(&near, known[i]);
	return near.best;
}

START_TEST(a_wrong_a_missing_and_a_doubled_letter_are_near)
{
	ck_assert_str_eq(suggest("statxs"), "status");
	ck_assert_str_eq(suggest("stats"), "status");
	ck_assert_str_eq(suggest("statuss"), "status");
}
END_TEST

START_TEST(two_letters_that_changed_places_count_once)
{
	ck_assert_str_eq(suggest("lsit"), "list");
	ck_assert_str_eq(suggest("rnu"), "run");
}
END_TEST

START_TEST(a_typed_beginning_is_near)
{
	ck_assert_str_eq(suggest("dur"), "duration");
	ck_assert_ptr_null(suggest("du"));
}
END_TEST

START_TEST(a_word_that_is_far_from_all_is_not_answered)
{
	ck_assert_ptr_null(suggest("banana"));
	ck_assert_ptr_null(suggest("xyz"));
	ck_assert_ptr_null(suggest(""));
}
END_TEST

START_TEST(the_nearest_of_several_wins_whatever_the_order)
{
	struct emf_suggestion near = { .word = "listen" };

	emf_suggest(&near, "listing");
	emf_suggest(&near, "listem");
	emf_suggest(&near, "lister");
	ck_assert_str_eq(near.best, "listem");
}
END_TEST

START_TEST(a_word_longer_than_any_table_is_not_compared)
{
	char longest[1000];
	struct emf_suggestion near = { .word = longest };

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	emf_suggest(&near, "a");
	emf_suggest(&near, longest);
	ck_assert_ptr_null(near.best);
	longest[63] = '\0';
	emf_suggest(&near, longest);
	ck_assert_ptr_eq(near.best, longest);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("suggest");
	TCase *c = tcase_create("words");

	tcase_add_test(c, a_wrong_a_missing_and_a_doubled_letter_are_near);
	tcase_add_test(c, two_letters_that_changed_places_count_once);
	tcase_add_test(c, a_typed_beginning_is_near);
	tcase_add_test(c, a_word_that_is_far_from_all_is_not_answered);
	tcase_add_test(c, the_nearest_of_several_wins_whatever_the_order);
	tcase_add_test(c, a_word_longer_than_any_table_is_not_compared);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
