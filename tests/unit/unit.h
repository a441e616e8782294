/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unit.h - what every unit test needs: a product without modules, and a main().
 */
#ifndef EMF_TESTS_UNIT_H
#define EMF_TESTS_UNIT_H

#include <check.h>

#include "core.h"

/* Runs the suite; the whole of main(). */
int unit_main(Suite *suite);

/* A product of these modules, ended by NULL; its loop and worker run. */
void unit_product_init(struct emf *emf, struct module *const *modules);
void unit_product_fini(struct emf *emf);

#endif
