/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * config.h - the configuration files of a product.
 */
#ifndef EMF_CORE_CONFIG_H
#define EMF_CORE_CONFIG_H

#include <emf/log.h>

#include "core.h"

/* The section about the product itself; every other one is a module's. */
#define EMF_CONFIG_PRODUCT "product"

struct emf_config_entry {
	char *section, *key, *value;
	char *file;
	int line;
};

struct emf_config {
	struct emf_config_entry *entries;
	size_t n, room;
};

/**
 * emf_config_read() - read and check the files
 * @config: receives them; free with emf_config_fini(), also after an error
 * @emf: whose modules and parameters the files may name
 * @path: a file that must exist; NULL for the product's own, which need not
 *
 * Reads PATH, then PATH.d/<star>.conf by name, later lines over earlier ones. Every
 * mistake is logged with file and line, and nothing is applied.
 *
 * Return: 0; -EINVAL for a mistake in a file; or what open(2) reports, logged.
 */
int emf_config_read(struct emf_config *config, const struct emf *emf, const char *path);
void emf_config_fini(struct emf_config *config);

/* The last value of a key, or NULL. */
const char *emf_config_get(const struct emf_config *config, const char *section, const char *key);

/* Of a key of the product, which was checked: false if it is not there. */
bool emf_config_is_set(const struct emf_config *config, const char *key);

/* Whether the word says where chains of tc hang: "first", "last". */
bool emf_config_is_place(const char *word);

/* Applies a checked configuration before the modules start. */
void emf_config_apply(const struct emf_config *config, struct emf *emf);

/**
 * emf_config_reload() - apply a checked configuration while modules run
 * @config: the new one
 * @emf: the product
 *
 * Sets what is live and tells the modules; names in the log what takes effect
 * only after a restart.
 */
void emf_config_reload(const struct emf_config *config, struct emf *emf);

/* Reads the files again for one module, before it starts. As emf_config_read(). */
int emf_config_reload_unit(struct emf_unit *unit);

#endif
