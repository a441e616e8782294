// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_package_write.c - without these, a package would carry what is true on one machine alone, such
 * as the number of an interface, and be other bytes on another one; or a module would not be packed.
 */
#include <string.h>

#include <emf/param.h>

#include "package_write.h"
#include "unit.h"

static char why[EMF_PACKAGE_WHY_MAX];
static uint32_t interface_number;

static struct emf_package_parts written(const struct module *m)
{
	struct emf_package_parts parts;

	ck_assert_msg(!emf_package_write(&m, 1, &parts, why), "%s", why);
	return parts;
}

/* Of the parameter, with a number at its value. */
static struct emf_package_parts with_number(uint32_t number, const char *initial)
{
	const struct emf_param params[] = { { .name = "iface", .type = EMF_NETDEV, .value = &interface_number, .initial = initial }, { 0 } };
	const struct module m = { .name = "m", .params = params };

	interface_number = number;
	return written(&m);
}

static bool are_same(struct emf_package_parts a, struct emf_package_parts b)
{
	bool same = a.tables.size == b.tables.size && !memcmp(a.tables.data, b.tables.data, a.tables.size);

	emf_package_parts_free(&a);
	emf_package_parts_free(&b);
	return same;
}

START_TEST(what_a_default_means_here_is_not_packed)
{
	ck_assert(are_same(with_number(2, "eth0"), with_number(77, "eth0")));
}
END_TEST

START_TEST(a_default_that_is_no_text_is_packed_as_it_is)
{
	ck_assert(!are_same(with_number(2, NULL), with_number(77, NULL)));
}
END_TEST

/* A reader refuses what points to no table, and so would refuse all of the package. */
START_TEST(a_table_of_nothing_is_a_table)
{
	static const struct emf_param nothing[] = { { 0 } };
	static const struct module m = { .name = "m", .params = nothing };
	struct emf_package_parts parts = written(&m);
	const unsigned char *tables = parts.tables.data, *end = tables + parts.tables.size;

	ck_assert_uint_eq(tables[1], 2); /* the parameters, and the module */
	ck_assert_uint_eq(tables[3], 0); /* rows of the first one */
	/* The last member: the first table, from its row 0; and no more members. */
	ck_assert_uint_eq(end[-3], 1);
	ck_assert_uint_eq(end[-2], 0);
	ck_assert_uint_eq(end[-1], 0);
	emf_package_parts_free(&parts);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("package_write");
	TCase *t = tcase_create("write");

	tcase_add_test(t, what_a_default_means_here_is_not_packed);
	tcase_add_test(t, a_default_that_is_no_text_is_packed_as_it_is);
	tcase_add_test(t, a_table_of_nothing_is_a_table);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
