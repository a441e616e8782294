/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * need.h - checks what modules need, and chooses variants of programs.
 */
#ifndef EMF_CORE_NEED_H
#define EMF_CORE_NEED_H

#include <emf/need.h>

#define EMF_VARIANTS_MAX 8 /* of one module; the generator refuses more */
#define EMF_VARIANT_WHY_MAX 160

struct emf_unit;

/* Which of two programs was chosen. */
struct emf_variant {
	const char *runs;
	const char *instead_of;
	char why[EMF_VARIANT_WHY_MAX];
};

struct emf_variants {
	struct emf_variant of[EMF_VARIANTS_MAX];
	size_t n;
};

/**
 * emf_need_check() - is all there that the module needs?
 * @unit: with an open, not yet loaded object, or with none
 *
 * Turns off the loading of programs whose variant is taken, and of maps of a type
 * that is missing; turns nothing on. Of several needs with the same two programs all
 * must be met for the first one. What cannot be found out is taken to be there:
 * loading will tell.
 *
 * Context: loop thread, between the opening and the loading of the object.
 * Return: 0, and the choices in unit->variants; with the reason in unit->why, -EPERM
 * if this process lacks a capability, -EOPNOTSUPP if this kernel lacks something, and
 * -EINVAL if a variant names a program that the object has not, or there are more
 * than EMF_VARIANTS_MAX.
 */
int emf_need_check(struct emf_unit *unit);

#endif
