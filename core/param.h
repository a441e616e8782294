/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * param.h - reading, keeping and printing the parameters of a module.
 */
#ifndef EMF_CORE_PARAM_H
#define EMF_CORE_PARAM_H

#include <emf/param.h>

#include "value.h"

#define EMF_PARAM_WHY_MAX 160
#define EMF_PARAM_TEXT_MAX EMF_VALUE_TEXT_MAX

/* Who gave a parameter its value; a higher one wins over a lower one. */
enum emf_param_origin {
	EMF_PARAM_DEFAULT,
	EMF_PARAM_PRODUCT,
	EMF_PARAM_FILE,
	EMF_PARAM_COMMAND_LINE,
	EMF_PARAM_BUS, /* while it runs */
};

struct emf_param_state {
	enum emf_param_origin origin;
	void *initial; /* copy of the default */
	bool is_changed; /* and nobody was told yet */
};

struct emf_param_set {
	const struct emf_param *params;
	struct emf_param_state *states;
	size_t n;
};

/* Return: 0; -EINVAL for a parameter that is declared wrongly, logged; -ENOMEM. */
int emf_param_set_init(struct emf_param_set *set, const struct module *m);
void emf_param_set_fini(struct emf_param_set *set);

/* Index of a parameter, or -ENOENT; '-' and '_' are the same letter. */
int emf_param_index(const struct emf_param_set *set, const char *name);

/* Makes defaults that are text again, as when the names of an enum have other numbers now. */
void emf_param_set_defaults(const struct module *m);

/* Tells which defaults mean nothing here, as an interface that is not there: they are 0. */
void emf_param_warn_absent(const struct emf_param_set *set, const struct module *m);

/* How many bytes the value of a parameter has; at most EMF_PARAM_VALUE_MAX. */
size_t emf_param_size(const struct emf_param *param);
#define EMF_PARAM_VALUE_MAX EMF_VALUE_MAX

/**
 * emf_param_parse() - read a value
 * @param: says what is allowed
 * @text: as a person wrote it
 * @value: receives emf_param_size() bytes; untouched on error
 * @why: receives a sentence on error
 *
 * Return: 0; -EINVAL if the text is no such value; -ERANGE if it is out of bounds;
 * -ENODEV, -ENOENT for an interface, cgroup or symbol that is not there.
 */
int emf_param_parse(const struct emf_param *param, const char *text, void *value,
		    char why[EMF_PARAM_WHY_MAX]);

/* "1 to 1000", "one of: IN, OUT"; empty if the type says it all. */
void emf_param_allowed(const struct emf_param *param, char text[EMF_PARAM_WHY_MAX]);

/* "what it is for (1 to 1000, default 1)", as the help tells it. */
void emf_param_describe(const struct emf_param *param, const void *initial, char *doc, size_t size);

/* The value as a person would write it. */
char *emf_param_format(const struct emf_param *param, const void *value,
		       char text[EMF_PARAM_TEXT_MAX]);

/* Gives it a new value, which emf_param_tell() tells. False if it is the one it has. */
bool emf_param_change(struct emf_param_set *set, size_t i, const void *value);

/* Whether it is not empty, 0 or "no". */
bool emf_param_is_given(const struct emf_param *param);

/* All of them, up to the end of the table; also without one. */
bool emf_conditions_hold(const struct emf_condition *all);

struct emf_unit;

/* Tells the module what has changed since the last time, if it runs, and whoever listens on the bus. */
void emf_param_tell(struct emf_unit *unit);

/* Parses and stores, unless a higher origin has set the value before. */
int emf_param_assign(struct emf_param_set *set, size_t i, const char *text,
		     enum emf_param_origin origin, char why[EMF_PARAM_WHY_MAX]);

#endif
