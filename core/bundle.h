/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bundle.h - what a bug report needs, in one text file.
 */
#ifndef EMF_CORE_BUNDLE_H
#define EMF_CORE_BUNDLE_H

#include <jansson.h>

#include "core.h"

/**
 * emf_bundle_write() - make a new file, readable by its owner only
 * @emf: the product
 * @doctor: the document of emf_doctor_json()
 * @path: must not exist
 *
 * Return: 0; or a negative errno, which has been reported; nothing is left then.
 */
int emf_bundle_write(struct emf *emf, const json_t *doctor, const char *path);

#endif
