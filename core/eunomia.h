/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * eunomia.h - packages of eunomia-bpf: JSON with a compiled kernel part in it. One becomes the
 * package of EMF that says the same, and everything behind that is as with those.
 *
 * It is here and not an extension, since all that it needs is: JSON, zlib, libbpf, and what writes packages.
 */
#ifndef EMF_CORE_EUNOMIA_H
#define EMF_CORE_EUNOMIA_H

#include "package_bytes.h"
#include "package_file.h"

#define EMF_EUNOMIA_SUFFIX ".json"

struct emf;

/* Whether bytes can be one: they begin an object of JSON. */
bool emf_eunomia_is(const void *bytes, size_t size);

/**
 * emf_eunomia_read() - make a package of it
 * @emf: the product: what has the name of a module or command of it is named eunomia_NAME; or NULL
 * @bytes: of the JSON
 * @size: of these
 * @package: receives the bytes of the package
 * @why: receives a sentence that says why not, and names the field
 *
 * A field that is not understood, or says what cannot be done, is an error.
 *
 * Return: 0; -ENOEXEC for what is none, or cannot be run as it says; -ENOMEM.
 */
int emf_eunomia_read(const struct emf *emf, const void *bytes, size_t size, struct emf_bytes *package, char why[EMF_PACKAGE_WHY_MAX]);

#endif
