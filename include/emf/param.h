/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emf/param.h - parameters of a module: options on the command line, keys in
 * the configuration file.
 */
#ifndef EMF_PARAM_H
#define EMF_PARAM_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

enum emf_param_type {
	EMF_BOOL,     /* bool */
	EMF_U32,      /* uint32_t */
	EMF_U64,      /* uint64_t */
	EMF_S64,      /* int64_t */
	EMF_DURATION, /* uint64_t, nanoseconds; written 5ms, 1s, 2m */
	EMF_STRING,   /* char[size], NUL-terminated */
};

/* Set in struct emf_param.flags: may change while the module runs. */
#define EMF_PARAM_LIVE (1u << 0)

/**
 * struct emf_param - one parameter
 * @name: lower-case words joined by '-' or '_'; unique in the module
 * @short_name: its one-letter option, or 0
 * @type: how the text is read and what @value points to
 * @value: where the value is kept; what stands there at start is the default
 * @size: of @value in bytes; for EMF_STRING with the terminating NUL, 4096 at most
 * @min: smallest number allowed, for the number types; not above @max
 * @max: largest number allowed; 0 and 0 for no bounds but the type's
 * @flags: EMF_PARAM_LIVE or 0
 * @doc: one line for --help
 *
 * Values are set before configure and create are called; those that are live
 * also later, and then notify is called with EMF_EVENT_PARAMS.
 *
 * Since: 0.1
 */
struct emf_param {
	const char *name;
	char short_name;
	enum emf_param_type type;
	void *value;
	size_t size;
	int64_t min;
	int64_t max;
	unsigned int flags;
	const char *doc;
};

#ifdef __cplusplus
}
#endif

#endif
