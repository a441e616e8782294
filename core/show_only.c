// SPDX-License-Identifier: BSD-2-Clause
/*
 * show_only.c - of which processes a tool tells.
 */
#include "show_only.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "log.h"
#include "principal.h"

static const struct {
	const char *option;
	const char *params[3]; /* one that has the type is it */
	const char *members[5]; /* the first of these; else the first member of the type */
	enum emf_type type;
	const char *what;
} onlies[EMF_ONLY_N] = {
	[EMF_ONLY_PID] = { "pid", { "pid", "tgid" }, { "pid", "tgid", "tid" }, EMF_PID, "process" },
	[EMF_ONLY_USER] = { "user", { "uid", "user" }, { "uid", "euid" }, EMF_UID, "user" },
	[EMF_ONLY_COMM] = { "comm", { "comm" }, { "comm" }, EMF_COMM, "name of a process" },
	[EMF_ONLY_CGROUP] = { "cgroup", { "cgroup" }, { "cgroup", "cgroup_id", "cgid" }, EMF_CGROUP, "cgroup" },
};

/* The cgroup that programs are attached to is a path: it limits them as well. */
static bool is_place(const struct emf_param *param)
{
	return param->type == EMF_STRING && !strcmp(param->name, onlies[EMF_ONLY_CGROUP].option);
}

static int find_param(const struct emf_unit *unit, enum emf_only only)
{
	for (size_t i = 0; onlies[only].params[i]; i++) {
		int p = emf_param_index(&unit->params, onlies[only].params[i]);

		if (p >= 0 && (unit->params.params[p].type == onlies[only].type || is_place(&unit->params.params[p])))
			return p;
	}
	return -ENOENT;
}

bool emf_show_is_only(const struct emf_unit *unit, const char *param)
{
	for (enum emf_only only = 0; only < EMF_ONLY_N; only++)
		if (!strcmp(onlies[only].option, param))
			return find_param(unit, only) >= 0;
	return false;
}

static const char *find_member(const struct emf_record *record, enum emf_only only)
{
	struct emf_field field;

	for (size_t i = 0; onlies[only].members[i]; i++)
		if (!emf_field_find(record, onlies[only].members[i], &field) && field.member->type == onlies[only].type)
			return onlies[only].members[i];
	for (size_t i = 0; i < record->n; i++)
		if (record->members[i].type == onlies[only].type && !emf_field_is_array(&record->members[i]))
			return record->members[i].name;
	return NULL;
}

/* "comm == \"a\"": a pattern if it has a sign of one. */
static int make_text(char *text, size_t size, const char *member, const char *value)
{
	bool is_pattern = value[strcspn(value, "*?[")];
	size_t at = (size_t)snprintf(text, size, "%s %s \"", member, is_pattern ? "~" : "==");

	for (; *value && at + 4 < size; value++) {
		if (*value == '"' || *value == '\\')
			text[at++] = '\\';
		text[at++] = *value;
	}
	if (*value)
		return -ERANGE;
	strcpy(text + at, "\"");
	return 0;
}

static int set_filter(struct emf_shown *shown, enum emf_only only, const char *member, const char *value)
{
	char text[EMF_FIELD_NAME_MAX + 512], why[EMF_FILTER_WHY_MAX];

	if (make_text(text, sizeof(text), member, value)) {
		emf_err(NULL, "--%s: \"%.32s...\" is too long", onlies[only].option, value);
		return -EINVAL;
	}
	if (emf_filter_parse(shown->record, text, &shown->filters[shown->n_filters], why)) {
		emf_err(NULL, "--%s: %s", onlies[only].option, why);
		return -EINVAL;
	}
	shown->n_filters++;
	return 0;
}

struct filtering {
	enum emf_only only;
	const char *value;
	size_t found;
	int err;
};

static void add_filter(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	struct filtering *filtering = arg;
	const char *member = find_member(shown->record, filtering->only);

	(void)unit;
	if (!member) {
		shown->is_off = true; /* nobody knows whose it is */
		return;
	}
	if (!filtering->err)
		filtering->err = set_filter(shown, filtering->only, member, filtering->value);
	filtering->found++;
}

static int set_filters(struct emf_unit *unit, enum emf_only only, const char *value)
{
	struct filtering filtering = { .only = only, .value = value };

	emf_show_each(unit, add_filter, &filtering);
	if (filtering.found)
		return filtering.err;
	emf_err(unit->m, "--%s: it does not tell one %s from another: it has no parameter '%s', and no event, table or histogram with a member of that type",
		onlies[only].option, onlies[only].what, onlies[only].params[0]);
	return -EINVAL;
}

static int set_param(struct emf_unit *unit, enum emf_only only, int p, const char *value)
{
	char why[EMF_PARAM_WHY_MAX];

	if (!emf_param_assign(&unit->params, (size_t)p, value, EMF_PARAM_COMMAND_LINE, why))
		return 0;
	emf_err(unit->m, "--%s: %s", onlies[only].option, why);
	return -EINVAL;
}

/*
 * Parameters first: where one says where programs hang, no others are filtered besides. Who
 * has neither that nor prints anything came along, a chain or a service, or shows no processes.
 */
static int apply(struct emf *emf, enum emf_only only, const char *value)
{
	bool hangs = false;
	size_t taken = 0;

	for (size_t u = 0; u < emf->registry.n; u++) {
		struct emf_unit *unit = &emf->registry.units[u];
		int p = unit->wanted ? find_param(unit, only) : -ENOENT;

		if (p < 0)
			continue;
		if (set_param(unit, only, p, value))
			return -EINVAL;
		hangs |= is_place(&unit->params.params[p]);
		taken++;
	}
	for (size_t u = 0; !hangs && u < emf->registry.n; u++) {
		struct emf_unit *unit = &emf->registry.units[u];

		if (!unit->wanted || !(unit->shown.n + unit->view.n) || find_param(unit, only) >= 0)
			continue;
		if (set_filters(unit, only, value))
			return -EINVAL;
		taken++;
	}
	if (taken)
		return 0;
	emf_err(NULL, "--%s: no module that runs tells one %s from another: none has a parameter '%s', or prints events, tables or histograms", onlies[only].option,
		onlies[only].what, onlies[only].params[0]);
	return -EINVAL;
}

int emf_show_only_these(struct emf *emf)
{
	static char number[16]; /* of the user: the options point to it */
	const char *user = emf->show.only[EMF_ONLY_USER];
	unsigned int uid;

	if (user && emf_principal_user(user, &uid)) {
		emf_err(NULL, "--user: there is no user '%s'", user);
		return -EINVAL;
	}
	if (user) {
		snprintf(number, sizeof(number), "%u", uid);
		emf->show.only[EMF_ONLY_USER] = number;
	}
	for (enum emf_only only = 0; only < EMF_ONLY_N; only++)
		if (emf->show.only[only] && apply(emf, only, emf->show.only[only]))
			return -EINVAL;
	return 0;
}
