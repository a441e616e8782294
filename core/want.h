/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * want.h - which modules are to be started.
 */
#ifndef EMF_CORE_WANT_H
#define EMF_CORE_WANT_H

struct emf;
struct emf_config;
struct emf_unit;

/* A module by its name, and all that it cannot do without. NULL if there is none, which has been reported. */
struct emf_unit *emf_want(struct emf *emf, const char *name);

/* Those of the configuration, or all. 0, -ENOENT or -ENOMEM, reported. */
int emf_want_configured(struct emf *emf, const struct emf_config *config);

#endif
