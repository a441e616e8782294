/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * test.h - a test of a module that runs.
 */
#ifndef EMF_CORE_TEST_H
#define EMF_CORE_TEST_H

#include <emf/test.h>
#include <stdbool.h>

#include "core.h"

#define EMF_TEST_WHY_MAX 4096

/**
 * struct emf_test - a test that runs, in a process of its own
 * @emf: the product, which has only the module and what it needs
 * @unit: the module
 * @printed: a file that is standard output
 * @why: what failed, in lines
 */
struct emf_test {
	struct emf *emf;
	struct emf_unit *unit;
	int printed;
	char why[EMF_TEST_WHY_MAX];
};

/* The tests that were linked in: the section emf_tests. */
void emf_tests_linked(const struct emf_test_case *const **begin, const struct emf_test_case *const **end);

/* A network namespace of its own, where lo is up. 0, or a negative errno. */
int emf_test_leave_network(void);

#endif
