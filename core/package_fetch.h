/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_fetch.h - packages that are named by their address.
 */
#ifndef EMF_CORE_PACKAGE_FETCH_H
#define EMF_CORE_PACKAGE_FETCH_H

#include <stdbool.h>

#include "package_file.h"

struct emf;

/* Whether a word is an address: https://, and http://, which is refused with a sentence. */
bool emf_package_is_url(const char *word);

/**
 * emf_package_fetch() - the bytes behind an address
 * @emf: the product, which has the extension fetch
 * @url: https://HOST/FILE
 * @size: receives how many
 * @why: receives a sentence that says why not
 *
 * It waits until they are there: a product that serves fetches nothing.
 *
 * Return: them, to be freed; NULL for what does not come, or has more than EMF_PACKAGE_MAX.
 */
void *emf_package_fetch(struct emf *emf, const char *url, size_t *size, char why[EMF_PACKAGE_WHY_MAX]);

#endif
