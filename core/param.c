// SPDX-License-Identifier: BSD-2-Clause
/*
 * param.c - parameters: text to value and back.
 */
#include "param.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static const size_t sizes[] = {
	[EMF_BOOL] = sizeof(bool),	    [EMF_U32] = sizeof(uint32_t),
	[EMF_U64] = sizeof(uint64_t),	    [EMF_S64] = sizeof(int64_t),
	[EMF_DURATION] = sizeof(uint64_t),
};

size_t emf_param_size(const struct emf_param *param)
{
	return param->type == EMF_STRING ? param->size : sizes[param->type];
}

/* What the author of a module can get wrong, as half a sentence; NULL if it is right. */
static const char *mistake(const struct emf_param *param)
{
	if (!*param->name || param->name[strspn(param->name, "abcdefghijklmnopqrstuvwxyz0123456789-_")])
		return "its name may have lower-case letters, digits, '-' and '_' only";
	if ((unsigned int)param->type > EMF_STRING)
		return "its type is none of enum emf_param_type";
	if (!param->value)
		return "it has no value: point .value at a variable";
	if (param->type == EMF_STRING && (!param->size || param->size > EMF_PARAM_VALUE_MAX))
		return "its size is to be 1 to 4096: the sizeof of its text";
	if (param->type == EMF_STRING && !memchr(param->value, '\0', param->size))
		return "its default has no end within its size";
	/* As in_range() compares them. */
	if (param->type == EMF_S64 ? param->min > param->max : (uint64_t)param->min > (uint64_t)param->max)
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

static int parse_bool(const char *text, bool *value)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < 4; i++) {
		if (!strcmp(text, yes[i])) {
			*value = true;
			return 0;
		}
		if (!strcmp(text, no[i])) {
			*value = false;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_unsigned(const char *text, uint64_t *value)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*text)) /* strtoull takes blanks and signs */
		return *text == '-' && isdigit((unsigned char)text[1]) ? -ERANGE : -EINVAL;
	errno = 0;
	/* Not base 0: that takes 010 for eight. */
	v = strtoull(text, &end, text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10);
	if (*end)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*value = v;
	return 0;
}

static int parse_signed(const char *text, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t v = 0;
	int err = negative && text[1] == '-' ? -EINVAL : parse_unsigned(text + negative, &v);

	if (err)
		return err;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*value = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

static const struct {
	const char *unit;
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * 1000000000ull },
	{ "h", 3600 * 1000000000ull },
};

int emf_param_parse_duration(const char *text, uint64_t *ns)
{
	unsigned long long n;
	uint64_t product;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		if (__builtin_mul_overflow((uint64_t)n, units[i].ns, &product))
			return -ERANGE;
		*ns = product;
		return 0;
	}
	if (!n && !*end) {
		*ns = 0; /* nothing is the same in every unit */
		return 0;
	}
	return -EINVAL;
}

/* What a person could have written, per type. */
static const char *const expected[] = {
	[EMF_BOOL] = "yes or no",	 [EMF_U32] = "a number, not negative",
	[EMF_U64] = "a number, not negative", [EMF_S64] = "a number",
	[EMF_DURATION] = "a time with its unit, such as 500ms or 5s",
	[EMF_STRING] = "a text",
};

static bool in_range(const struct emf_param *param, uint64_t u, int64_t s)
{
	if (!param->min && !param->max)
		return true;
	if (param->type == EMF_S64)
		return s >= param->min && s <= param->max;
	return u >= (uint64_t)param->min && u <= (uint64_t)param->max;
}

/* A bound as a value of the type; on a big-endian host a part of it would be 0. */
static void format_bound(const struct emf_param *param, int64_t bound, char text[EMF_PARAM_TEXT_MAX])
{
	uint32_t small = (uint32_t)bound;

	emf_param_format(param, param->type == EMF_U32 ? (const void *)&small : &bound, text);
}

static int explain(const struct emf_param *param, const char *text, int err,
		   char why[EMF_PARAM_WHY_MAX])
{
	char min[EMF_PARAM_TEXT_MAX], max[EMF_PARAM_TEXT_MAX];

	if (err == -EINVAL) {
		snprintf(why, EMF_PARAM_WHY_MAX, "\"%.60s\" is not %s", text, expected[param->type]);
	} else if (param->type == EMF_STRING) {
		snprintf(why, EMF_PARAM_WHY_MAX, "the text is longer than %zu bytes", param->size - 1);
	} else if (param->min || param->max) {
		format_bound(param, param->min, min);
		format_bound(param, param->max, max);
		snprintf(why, EMF_PARAM_WHY_MAX, "%.60s is out of range (%.30s to %.30s)", text, min, max);
	} else {
		snprintf(why, EMF_PARAM_WHY_MAX, "%.60s is out of range", text);
	}
	return err;
}

int emf_param_parse(const struct emf_param *param, const char *text, void *value,
		    char why[EMF_PARAM_WHY_MAX])
{
	uint64_t u = 0;
	int64_t s = 0;
	uint32_t small;
	bool flag;
	int err = 0;

	switch (param->type) {
	case EMF_BOOL:
		err = parse_bool(text, &flag);
		if (err)
			return explain(param, text, err, why);
		memcpy(value, &flag, sizeof(flag));
		return 0;
	case EMF_STRING:
		if (strlen(text) >= param->size)
			return explain(param, text, -ERANGE, why);
		memset(value, 0, param->size);
		memcpy(value, text, strlen(text));
		return 0;
	case EMF_S64:
		err = parse_signed(text, &s);
		break;
	case EMF_DURATION:
		err = emf_param_parse_duration(text, &u);
		break;
	case EMF_U32:
	case EMF_U64:
		err = parse_unsigned(text, &u);
		if (!err && param->type == EMF_U32 && u > UINT32_MAX)
			err = -ERANGE;
		break;
	}
	if (!err && !in_range(param, u, s))
		err = -ERANGE;
	if (err)
		return explain(param, text, err, why);
	small = (uint32_t)u;
	if (param->type == EMF_U32)
		memcpy(value, &small, sizeof(small));
	else if (param->type == EMF_S64)
		memcpy(value, &s, sizeof(s));
	else
		memcpy(value, &u, sizeof(u));
	return 0;
}

static void format_duration(uint64_t ns, char text[EMF_PARAM_TEXT_MAX])
{
	size_t i = sizeof(units) / sizeof(*units) - 1;

	while (i > 0 && (!ns || ns % units[i].ns))
		i--;
	if (!ns)
		snprintf(text, EMF_PARAM_TEXT_MAX, "0");
	else
		snprintf(text, EMF_PARAM_TEXT_MAX, "%" PRIu64 "%s", ns / units[i].ns, units[i].unit);
}

char *emf_param_format(const struct emf_param *param, const void *value,
		       char text[EMF_PARAM_TEXT_MAX])
{
	uint64_t u;
	int64_t s;
	uint32_t small;

	switch (param->type) {
	case EMF_BOOL:
		snprintf(text, EMF_PARAM_TEXT_MAX, "%s", *(const unsigned char *)value ? "true" : "false");
		break;
	case EMF_U32:
		memcpy(&small, value, sizeof(small));
		snprintf(text, EMF_PARAM_TEXT_MAX, "%" PRIu32, small);
		break;
	case EMF_U64:
		memcpy(&u, value, sizeof(u));
		snprintf(text, EMF_PARAM_TEXT_MAX, "%" PRIu64, u);
		break;
	case EMF_S64:
		memcpy(&s, value, sizeof(s));
		snprintf(text, EMF_PARAM_TEXT_MAX, "%" PRId64, s);
		break;
	case EMF_DURATION:
		memcpy(&u, value, sizeof(u));
		format_duration(u, text);
		break;
	case EMF_STRING:
		snprintf(text, EMF_PARAM_TEXT_MAX, "%s", (const char *)value);
		break;
	}
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
