/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * want.h - which modules are to be started.
 */
#ifndef EMF_CORE_WANT_H
#define EMF_CORE_WANT_H

#include <stdbool.h>
#include <stddef.h>

struct emf;
struct emf_config;
struct emf_unit;

/* A module by its name; the extension that is installed for it is loaded. 0; -ENOENT if there is none; or why that is not loaded, reported. */
int emf_want_find(struct emf *emf, const char *name, struct emf_unit **unit);

/* A module by its name, and all that it cannot do without. NULL if there is none, which has been reported. */
struct emf_unit *emf_want(struct emf *emf, const char *name);

/* All modules of a package, by its path; @last receives one of them. How many; 0 if it cannot be loaded, which has been reported. */
size_t emf_want_package(struct emf *emf, const char *path, struct emf_unit **last);

/* Loads the extensions of the modules of the configuration, or all; what cannot be loaded is logged. Whether there were any. */
bool emf_want_load(struct emf *emf, const struct emf_config *config);

/* Those of the configuration, or all. 0, -ENOENT or -ENOMEM, reported. */
int emf_want_configured(struct emf *emf, const struct emf_config *config);

#endif
