/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/param.h - parameters of a module: options on the command line, keys in
 * the configuration file.
 */
#ifndef EMF_PARAM_H
#define EMF_PARAM_H

#include <emf/module.h>
#include <emf/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Set in struct emf_param.flags: may change while the module runs. */
#define EMF_PARAM_LIVE (1u << 0)
/* The same: min and max are bounds though both are 0. */
#define EMF_PARAM_RANGE (1u << 1)

/**
 * struct emf_param - one parameter
 * @name: lower-case words joined by '-' or '_'; unique in the module
 * @short_name: its one-letter option, or 0
 * @type: how the text is read and what @value points to
 * @value: where the value is kept; what stands there at start is the default
 * @size: of @value in bytes, for EMF_ENUM and EMF_FLAGS (1, 2, 4 or 8) and EMF_STRING
 *	(with the terminating NUL, 4096 at most); the other types have one size
 * @min: smallest number allowed, for the number types; not above @max
 * @max: largest number allowed; 0 and 0 for no bounds but the type's, unless
 *	EMF_PARAM_RANGE says otherwise
 * @flags: EMF_PARAM_LIVE, EMF_PARAM_RANGE, or 0
 * @doc: one line for --help
 * @names: of an enum or of flags, else NULL
 * @initial: the default as it would be written, instead of what stands at @value; optional
 *
 * Values are set before configure and create are called; those that are live
 * also later, and then notify is called with EMF_EVENT_PARAMS.
 *
 * Since: 0.1
 */
struct emf_param {
	const char *name;
	char short_name;
	enum emf_type type;
	void *value;
	size_t size;
	int64_t min;
	int64_t max;
	unsigned int flags;
	const char *doc;
	const struct emf_name *names;
	const char *initial;
};

/**
 * struct emf_condition - what is there with some parameters only
 * @param: that has to be given: is not empty, 0 or "no"; NULL ends a table, all of which have to hold
 * @negated: that has to be not given
 *
 * Since: 0.1
 */
struct emf_condition {
	const struct emf_param *param;
	bool negated;
};

#ifdef __cplusplus
}
#endif

#endif
