/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * status.h - what a product says about itself, as JSON and as a table.
 */
#ifndef EMF_CORE_STATUS_H
#define EMF_CORE_STATUS_H

#include <jansson.h>
#include <stdio.h>

#include "core.h"

/* A new reference; NULL for ENOMEM. */
json_t *emf_status_json(const struct emf *emf);

/* How many of its programs are attached. */
size_t emf_status_attached(const struct emf_unit *unit);

/* As a table for people. Tolerates what an older or newer product left out. */
void emf_status_print(const json_t *status, FILE *out);

#endif
