// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * param.c - parameters: text to value and back.
 */
#include "param.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "log.h"

static struct emf_value_type type_of(const struct emf_param *param)
{
	return (struct emf_value_type){ .type = param->type, .size = param->size, .names = param->names };
}

size_t emf_param_size(const struct emf_param *param)
{
	struct emf_value_type type = type_of(param);

	return emf_value_size(&type);
}

static bool is_of_names(const struct emf_param *param)
{
	return param->type == EMF_ENUM || param->type == EMF_FLAGS;
}

static bool has_range(const struct emf_param *param)
{
	return param->flags & EMF_PARAM_RANGE || param->min || param->max;
}

/* What the author of a module can get wrong, as half a sentence; NULL if it is right. */
static const char *mistake(const struct emf_param *param)
{
	if (!*param->name || param->name[strspn(param->name, "abcdefghijklmnopqrstuvwxyz0123456789-_")])
		return "its name may have lower-case letters, digits, '-' and '_' only";
	if ((unsigned int)param->type >= EMF_STRUCT)
		return "its type is none that a parameter can have";
	if (is_of_names(param) && !param->names)
		return "it has no names: point .names at a table of them";
	if (is_of_names(param) && param->size != 1 && param->size != 2 && param->size != 4 && param->size != 8)
		return "its size is to be 1, 2, 4 or 8: the sizeof of its value";
	if (!param->value)
		return "it has no value: point .value at a variable";
	if (param->type == EMF_STRING && (!param->size || param->size > EMF_PARAM_VALUE_MAX))
		return "its size is to be 1 to 4096: the sizeof of its text";
	if (param->type == EMF_STRING && !memchr(param->value, '\0', param->size))
		return "its default has no end within its size";
	/* As in_range() compares them. */
	if (emf_value_is_signed(param->type) ? param->min > param->max : (uint64_t)param->min > (uint64_t)param->max)
		return "its min is greater than its max (0 and 0 are no bounds)";
	return NULL;
}

static int check_params(const struct module *m)
{
	for (const struct emf_param *param = m->params; param && param->name; param++) {
		const char *wrong = mistake(param);

		if (!wrong)
			continue;
		emf_err(NULL, "module \"%s\" declares parameter \"%s\" wrongly: %s", m->name, param->name, wrong);
		return -EINVAL;
	}
	return 0;
}

/* What the generator checked can still be absent here, as an interface; then it is 0. */
static void set_initial(const struct emf_param *param)
{
	char why[EMF_PARAM_WHY_MAX];

	if (param->initial && emf_param_parse(param, param->initial, param->value, why))
		memset(param->value, 0, emf_param_size(param));
}

void emf_param_set_defaults(const struct module *m)
{
	for (const struct emf_param *param = m->params; param && param->name; param++)
		set_initial(param);
}

void emf_param_warn_absent(const struct emf_param_set *set, const struct module *m)
{
	unsigned char value[EMF_PARAM_VALUE_MAX];
	char why[EMF_PARAM_WHY_MAX];

	for (size_t i = 0; i < set->n; i++) {
		const struct emf_param *param = &set->params[i];

		if (set->states[i].origin == EMF_PARAM_DEFAULT && param->initial &&
		    emf_param_parse(param, param->initial, value, why))
			emf_warn(m, "the default of --%s is 0 here: %s", param->name, why);
	}
}

int emf_param_set_init(struct emf_param_set *set, const struct module *m)
{
	int err = check_params(m);

	*set = (struct emf_param_set){ 0 };
	if (err)
		return err;
	set->params = m->params;
	while (set->params && set->params[set->n].name)
		set->n++;
	set->states = calloc(set->n ? set->n : 1, sizeof(*set->states));
	if (!set->states)
		return -ENOMEM;
	for (size_t i = 0; i < set->n; i++) {
		size_t size = emf_param_size(&set->params[i]);

		set_initial(&set->params[i]);
		set->states[i].initial = malloc(size);
		if (!set->states[i].initial) {
			emf_param_set_fini(set);
			return -ENOMEM;
		}
		memcpy(set->states[i].initial, set->params[i].value, size);
	}
	return 0;
}

void emf_param_set_fini(struct emf_param_set *set)
{
	for (size_t i = 0; set->states && i < set->n; i++)
		free(set->states[i].initial);
	free(set->states);
	*set = (struct emf_param_set){ 0 };
}

static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	return *a == *b;
}

int emf_param_index(const struct emf_param_set *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++)
		if (same_name(set->params[i].name, name))
			return (int)i;
	return -ENOENT;
}

static bool in_range(const struct emf_param *param, uint64_t v)
{
	if (!emf_value_is_number(param->type) || !has_range(param))
		return true;
	if (emf_value_is_signed(param->type))
		return (int64_t)v >= param->min && (int64_t)v <= param->max;
	return v >= (uint64_t)param->min && v <= (uint64_t)param->max;
}

/* A bound as a value of the type. */
static void format_bound(const struct emf_param *param, int64_t bound, char text[EMF_PARAM_TEXT_MAX])
{
	struct emf_value_type type = type_of(param);
	uint64_t value;

	emf_value_store(&type, &value, (uint64_t)bound);
	emf_value_format(&type, &value, text);
}

/* "one of: IN, OUT" is more help than that it is a name. */
static void list_names(const struct emf_param *param, char *text, size_t size)
{
	size_t at = (size_t)snprintf(text, size, param->type == EMF_FLAGS ? "made of (joined with '|'): " : "one of: ");

	for (const struct emf_name *n = param->names; n->name && at < size; n++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", n == param->names ? "" : ", ", n->name);
}

void emf_param_allowed(const struct emf_param *param, char text[EMF_PARAM_WHY_MAX])
{
	char min[EMF_PARAM_TEXT_MAX], max[EMF_PARAM_TEXT_MAX];

	text[0] = '\0';
	if (param->names) {
		list_names(param, text, EMF_PARAM_WHY_MAX);
	} else if (has_range(param)) {
		format_bound(param, param->min, min);
		format_bound(param, param->max, max);
		snprintf(text, EMF_PARAM_WHY_MAX, "%.30s to %.30s", min, max);
	}
}

/* What may be there or not. */
static const char *thing(enum emf_type type)
{
	switch (type) {
	case EMF_NETDEV:
		return "interface";
	case EMF_CGROUP:
	case EMF_CONTAINER:
		return "cgroup";
	case EMF_DEV:
		return "block device";
	default:
		return "symbol of the kernel";
	}
}

/* What is out of a number's type, or of the bounds that its author gave it. */
static void out_of_range(const struct emf_param *param, const char *text, char why[EMF_PARAM_WHY_MAX])
{
	char min[EMF_PARAM_TEXT_MAX], max[EMF_PARAM_TEXT_MAX];
	unsigned int unused = 64 - 8 * (unsigned int)emf_param_size(param);

	if (has_range(param)) {
		format_bound(param, param->min, min);
		format_bound(param, param->max, max);
		snprintf(why, EMF_PARAM_WHY_MAX, "%.60s is out of range (%.30s to %.30s)", text, min, max);
	} else if ((param->type >= EMF_U8 && param->type <= EMF_U64) || (param->type >= EMF_BE16 && param->type <= EMF_BE64)) {
		snprintf(why, EMF_PARAM_WHY_MAX, "%.60s is out of range (0 to %" PRIu64 ")", text, UINT64_MAX >> unused);
	} else if (param->type >= EMF_S8 && param->type <= EMF_S64) {
		snprintf(why, EMF_PARAM_WHY_MAX, "%.60s is out of range (%" PRId64 " to %" PRId64 ")", text,
			 INT64_MIN >> unused, INT64_MAX >> unused);
	} else {
		snprintf(why, EMF_PARAM_WHY_MAX, "%.60s is out of range", text);
	}
}

static int explain(const struct emf_param *param, const char *given, int err,
		   char why[EMF_PARAM_WHY_MAX])
{
	char names[EMF_PARAM_TEXT_MAX], text[EMF_PARAM_TEXT_MAX];

	emf_text(text, sizeof(text), given, strlen(given));
	if (err == -EINVAL && param->names) {
		list_names(param, names, sizeof(names));
		snprintf(why, EMF_PARAM_WHY_MAX, "\"%.40s\" is not %.100s", text, names);
	} else if (err == -EINVAL) {
		snprintf(why, EMF_PARAM_WHY_MAX, "\"%.60s\" is not %s", text, emf_value_expected(param->type));
	} else if (err != -ERANGE) {
		snprintf(why, EMF_PARAM_WHY_MAX, "there is no %s \"%.60s\" here", thing(param->type), text);
	} else if (param->type == EMF_STRING || param->type == EMF_COMM) {
		snprintf(why, EMF_PARAM_WHY_MAX, "the text is longer than %zu bytes", emf_param_size(param) - 1);
	} else {
		out_of_range(param, text, why);
	}
	return err;
}

int emf_param_parse(const struct emf_param *param, const char *text, void *value,
		    char why[EMF_PARAM_WHY_MAX])
{
	unsigned char parsed[EMF_PARAM_VALUE_MAX];
	struct emf_value_type type = type_of(param);
	int err = emf_value_parse(&type, text, parsed);

	if (!err && emf_value_is_number(param->type) && !in_range(param, emf_value_load(&type, parsed)))
		err = -ERANGE;
	if (err)
		return explain(param, text, err, why);
	memcpy(value, parsed, emf_value_size(&type));
	return 0;
}

char *emf_param_format(const struct emf_param *param, const void *value,
		       char text[EMF_PARAM_TEXT_MAX])
{
	struct emf_value_type type = type_of(param);

	/* As it would be written, for who reads it back. */
	if (param->type == EMF_STRING || param->type == EMF_COMM)
		snprintf(text, EMF_PARAM_TEXT_MAX, "%.*s", (int)emf_value_size(&type), (const char *)value);
	else
		emf_value_format(&type, value, text);
	return text;
}

int emf_param_assign(struct emf_param_set *set, size_t i, const char *text,
		     enum emf_param_origin origin, char why[EMF_PARAM_WHY_MAX])
{
	unsigned char value[EMF_PARAM_VALUE_MAX];
	int err = emf_param_parse(&set->params[i], text, value, why);

	if (err)
		return err;
	if (origin < set->states[i].origin)
		return 0;
	memcpy(set->params[i].value, value, emf_param_size(&set->params[i]));
	set->states[i].origin = origin;
	return 0;
}

static bool is_zero(const void *value, size_t size)
{
	const unsigned char *b = value;

	while (size && !b[size - 1])
		size--;
	return !size;
}

void emf_param_describe(const struct emf_param *param, const void *initial, char *doc, size_t size)
{
	char text[EMF_PARAM_TEXT_MAX], allowed[EMF_PARAM_WHY_MAX];
	const char *about = param->doc ? param->doc : "";
	bool given;

	/* Of what is nothing, only names say more than nothing. */
	if (param->initial || param->names || !is_zero(initial, emf_param_size(param)))
		emf_param_format(param, initial, text);
	else
		text[0] = '\0';
	/* As its author wrote it: it may name an interface that is not there. */
	if (param->initial && emf_value_is_number(param->type))
		snprintf(text, sizeof(text), "%s", param->initial);
	given = text[0] && strcmp(text, "false") && strcmp(text, "0");
	emf_param_allowed(param, allowed);
	snprintf(doc, size, "%.180s%s%s%.80s%s%s%.40s%s", about, *about && (given || *allowed) ? " " : "",
		 given || *allowed ? "(" : "", allowed,
		 given && *allowed ? ", " : "", given ? "default " : "", given ? text : "", given || *allowed ? ")" : "");
}
