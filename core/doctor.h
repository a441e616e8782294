/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * doctor.h - what this kernel and this user can do, as one JSON document: made
 * here in parts, printed from there.
 */
#ifndef EMF_CORE_DOCTOR_H
#define EMF_CORE_DOCTOR_H

#include <jansson.h>
#include <stdio.h>

#include "core.h"
#include "probe.h"

/**
 * emf_doctor_json() - examine the machine and every module
 * @emf: modules are opened, and where the privileges allow it loaded for a
 *	moment; nothing is attached
 * @status: receives an exit status: 0 when all modules can run, 77 when what
 *	some lack is a privilege or a kernel feature, else 1
 *
 * Return: a new reference; NULL for ENOMEM.
 */
json_t *emf_doctor_json(struct emf *emf, int *status);

/* Prints the document for people. */
void emf_doctor_print(const json_t *doctor, FILE *out);

/* --- parts ------------------------------------------------------------------------ */

/* New references; NULL for ENOMEM. */
json_t *emf_doctor_system(const struct emf_probe *probe);
json_t *emf_doctor_programs(struct emf_probe *probe);
json_t *emf_doctor_maps(struct emf_probe *probe);
json_t *emf_doctor_helpers(struct emf_probe *probe);

/* One module; @status as in emf_doctor_json(), for it alone. */
json_t *emf_doctor_module(struct emf_unit *unit, struct emf_probe *probe, int *status);

#endif
