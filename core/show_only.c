// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
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
	size_t on, found;
	int err;
};

/* Of what is printed, what tells by itself. */
static void count_members(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	struct filtering *filtering = arg;

	(void)unit;
	filtering->on += !shown->is_off;
	filtering->found += !shown->is_off && find_member(shown->record, filtering->only);
}

/* What the kernel part cannot test, or would keep from others who hear it, where each member says whose it is. */
static bool is_for_filter(const struct emf *emf, enum emf_only only, const char *value)
{
	size_t len = strcspn(value, "*?[");

	return emf->show.is_heard || (only == EMF_ONLY_COMM && value[len] && strcmp(value + len, "*"));
}

/* The kernel part tells of no others. */
static int set_in_kernel(struct emf_unit *unit, enum emf_only only, const char *value)
{
	static int (*const set[EMF_ONLY_N])(struct emf_only_values *, const char *, char *, size_t) = {
		emf_only_set_pid, emf_only_set_user, emf_only_set_comm, emf_only_set_cgroup,
	};
	char why[160];
	int err = set[only](&unit->only, value, why, sizeof(why));

	if (err)
		emf_err(unit->m, "--%s: %s", onlies[only].option, why);
	return err;
}

static void add_filter(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	struct filtering *filtering = arg;
	const char *member = find_member(shown->record, filtering->only);

	(void)unit;
	if (shown->is_off)
		return;
	filtering->on++;
	if (!member) {
		shown->is_off = true; /* nobody knows whose it is */
		return;
	}
	if (!filtering->err)
		filtering->err = set_filter(shown, filtering->only, member, filtering->value);
	filtering->found++;
}

/* What has the member, and is not printed with these parameters; or NULL. */
static const struct emf_view *find_hidden(const struct emf_unit *unit, enum emf_only only)
{
	for (const struct emf_view *view = unit->m->views ? unit->m->views->views : NULL; view && view->name; view++)
		if (!emf_conditions_hold(view->conditions) &&
		    ((view->key && find_member(view->key, only)) || (view->value && find_member(view->value, only))))
			return view;
	return NULL;
}

/* "give --per-process (-P)": what would print it. */
static void tell_hidden(const struct emf_unit *unit, enum emf_only only, const struct emf_view *hidden)
{
	const struct emf_condition *unmet = hidden->conditions;
	char option[EMF_FIELD_NAME_MAX], letter[8] = "";

	while (emf_param_is_given(unmet->param) != unmet->negated)
		unmet++;
	snprintf(option, sizeof(option), "%s", unmet->param->name);
	for (char *c = option; *c; c++)
		if (*c == '_')
			*c = '-';
	if (unmet->param->short_name)
		snprintf(letter, sizeof(letter), " (-%c)", unmet->param->short_name);
	emf_err(unit->m, "--%s: what is printed does not tell one %s from another: %s --%s%s, and '%s' does", onlies[only].option, onlies[only].what,
		unmet->negated ? "leave out" : "give", option, letter, hidden->name);
}

/* A socket belongs to no process. */
static bool is_asked(const struct module *m, enum emf_only only)
{
	enum emf_only_asks asks = emf_only_asks(m);

	return asks == EMF_ONLY_ASKS_TASKS || (asks == EMF_ONLY_ASKS_SOCKETS && (only == EMF_ONLY_USER || only == EMF_ONLY_CGROUP));
}

static int set_filters(struct emf_unit *unit, enum emf_only only, const char *value)
{
	struct filtering filtering = { .only = only, .value = value };
	const struct emf_view *hidden = find_hidden(unit, only);

	emf_show_each(unit, count_members, &filtering);
	if (is_asked(unit->m, only) && !(filtering.found == filtering.on && is_for_filter(unit->emf, only, value)))
		return set_in_kernel(unit, only, value);
	filtering.on = filtering.found = 0;
	emf_show_each(unit, add_filter, &filtering);
	if (filtering.found || !filtering.on) /* --event leaves nothing of it */
		return filtering.err;
	if (hidden)
		tell_hidden(unit, only, hidden);
	else
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
		struct emf_unit *unit = emf->registry.units[u];
		int p = unit->wanted ? find_param(unit, only) : -ENOENT;

		if (p < 0)
			continue;
		if (set_param(unit, only, p, value))
			return -EINVAL;
		hangs |= is_place(&unit->params.params[p]);
		taken++;
	}
	for (size_t u = 0; !hangs && u < emf->registry.n; u++) {
		struct emf_unit *unit = emf->registry.units[u];

		if (!unit->wanted || !(unit->shown.n + unit->view.n) || find_param(unit, only) >= 0)
			continue;
		if (set_filters(unit, only, value))
			return -EINVAL;
		taken++;
	}
	if (taken)
		return 0;
	emf_err(NULL, "--%s: no module that runs tells one %s from another: none has a parameter '%s', or an event, table or histogram with a member of that type", onlies[only].option,
		onlies[only].what, onlies[only].params[0]);
	return -EINVAL;
}

/* Parameters take 0 for all, filters for the idle tasks: it would mean something else in each tool. */
static int check_pid(const char *text)
{
	char *end;

	if (!text || strtol(text, &end, 0) || end == text || *end)
		return 0;
	emf_err(NULL, "--pid: 0 is no process, but what processors do that are idle: leave it out for all processes, or give the number of one");
	return -EINVAL;
}

int emf_show_only_these(struct emf *emf)
{
	static char number[16]; /* of the user: the options point to it */
	const char *user = emf->show.only[EMF_ONLY_USER];
	unsigned int uid;

	if (check_pid(emf->show.only[EMF_ONLY_PID]))
		return -EINVAL;
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
