/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * unit.h - what unit tests need: a product of hand-written modules, what was
 * printed, a folder, and a main().
 */
#ifndef EMF_TESTS_UNIT_H
#define EMF_TESTS_UNIT_H

#include <check.h>
#include <stdio.h>

#include "core.h"

/* Runs the suite; the whole of main(). */
int unit_main(Suite *suite);

/* A product of these modules, ended by NULL; its loop and worker run. */
void unit_product_init(struct emf *emf, struct module *const *modules);
void unit_product_fini(struct emf *emf);

/* Turns the loop, at most three seconds (a busy machine may need them), until the condition holds. */
#define unit_turn_until(emf_loop, condition)                                  \
	do {                                                                  \
		uint64_t unit_end = emf_now_ns() + 3000000000ull;             \
		while (!(condition) && emf_now_ns() < unit_end)               \
			ck_assert_int_eq(emf_loop_turn(emf_loop, 50), 0);     \
		ck_assert(condition);                                         \
	} while (0)

/* What is written to a stream between begin and end, instead of showing it. */
struct unit_capture {
	FILE *stream;
	int saved, file;
	char text[16384];
};

void unit_capture_begin(struct unit_capture *capture, FILE *stream);
const char *unit_capture_end(struct unit_capture *capture);

/* Fails with the whole text when a part is missing. */
void unit_contains(const char *text, const char *part);

/* Root becomes nobody for a while, since root may do everything; others stay who they are. */
void unit_nobody_begin(void);
void unit_nobody_end(void);

/* A new empty folder, and the removal of one with the files in it. */
char *unit_folder_new(char path[64]);
void unit_folder_remove(const char *path);

#endif
