/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/product.h - the product that a set of modules is linked into; emfgen
 * writes the one definition of emf_product.
 */
#ifndef EMF_PRODUCT_H
#define EMF_PRODUCT_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct emf_setting - a value of a parameter, as a product declares it
 * @module: whose
 * @param: which
 * @value: as it would stand in the configuration file
 */
struct emf_setting {
	const char *module;
	const char *param;
	const char *value;
};

/**
 * struct emf_shortcut - a command of the product that calls a method
 * @name: the word
 * @service: that it calls
 * @method: likewise
 * @doc: one line for the help, or ""
 *
 * Since: 0.1
 */
struct emf_shortcut {
	const char *name;
	const char *service;
	const char *method;
	const char *doc;
};

/**
 * struct emf_known - a type or a chain of a description that modules share
 * @name: of it
 * @hash: of its schema
 * @is_chain: which of the two
 *
 * Since: 0.1
 */
struct emf_known {
	const char *name;
	uint64_t hash;
	bool is_chain;
};

/**
 * struct emf_product - what this binary is
 * @name: of the binary, its socket and its configuration file
 * @version: shown by --version
 * @doc: one line for --help
 * @modules: names of all modules that were linked in, ended by NULL
 * @settings: defaults that the product changes, ended by an entry without module
 * @shortcuts: its own commands, ended by an entry without name; NULL without any
 * @known: types and chains of its shared descriptions, ended by one without name; NULL without any
 *
 * Since: 0.1
 */
struct emf_product {
	const char *name;
	const char *version;
	const char *doc;
	const char *const *modules;
	const struct emf_setting *settings;
	const struct emf_shortcut *shortcuts;
	const struct emf_known *known;
};

extern const struct emf_product emf_product;

#ifdef __cplusplus
}
#endif

#endif
