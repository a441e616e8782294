// SPDX-License-Identifier: BSD-2-Clause
/*
 * show_options.c - the options of a tool that say what is printed, and how.
 */
#include "show_options.h"

#include <assert.h>

#include "command.h"

static int set_json(const struct emf_option *option, const char *arg)
{
	(void)arg;
	((struct emf *)option->context)->show.form = EMF_FORM_JSON;
	((struct emf *)option->context)->json = true;
	return 0;
}

static int set_csv(const struct emf_option *option, const char *arg)
{
	(void)arg;
	((struct emf *)option->context)->show.form = EMF_FORM_CSV;
	((struct emf *)option->context)->json = false;
	return 0;
}

size_t emf_show_options(struct emf *emf, struct emf_option *options)
{
	struct emf_show *show = &emf->show;
	const struct emf_option all[] = {
		{ "json", 'j', NULL, false, "print a line of JSON for each", set_json, emf },
		{ "csv", 0, NULL, false, "print comma-separated values, with a heading", set_csv, emf },
		{ "columns", 0, "NAME,...", false, "print these members only, in this order", emf_option_set_string, &show->columns },
		{ "event", 0, "NAME,...", false, "print these events, tables and histograms only", emf_option_set_string, &show->events },
		{ "filter", 0, "EXPRESSION", false, "print what it is true for: 'pid == 1 && comm ~ \"bash*\"'",
		  emf_option_set_string, &show->filter },
		{ "pid", 'p', "PID", false, "only this process", emf_option_set_string, &show->only[EMF_ONLY_PID] },
		{ "user", 'u', "USER", false, "only this user, by name or number", emf_option_set_string, &show->only[EMF_ONLY_USER] },
		{ "comm", 0, "NAME", false, "only processes of this name; * and ? stand for others", emf_option_set_string,
		  &show->only[EMF_ONLY_COMM] },
		{ "cgroup", 'c', "CGROUP", false, "only processes in this cgroup, by path or id", emf_option_set_string,
		  &show->only[EMF_ONLY_CGROUP] },
		{ "count", 'n', "COUNT", false, "end after so many events, or intervals", emf_option_set_count, &show->left },
		{ "timestamps", 'T', NULL, false, "the time of day in front of each", emf_option_set_true, &show->stamps },
	};
	const size_t n = sizeof(all) / sizeof(*all);

	assert(n <= EMF_SHOW_OPTIONS);
	for (size_t i = 0; i < n; i++)
		options[i] = all[i];
	return n;
}
