// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * show_options.c - the options of a tool that say what is printed, and how.
 */
#include "show_options.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "command.h"

static int two_forms(void)
{
	emf_err(NULL, "--json and --csv are two forms: choose one");
	return -EINVAL;
}

static int set_json(const struct emf_option *option, const char *arg)
{
	(void)arg;
	if (((struct emf *)option->context)->show.form == EMF_FORM_CSV)
		return two_forms();
	((struct emf *)option->context)->show.form = EMF_FORM_JSON;
	((struct emf *)option->context)->json = true;
	return 0;
}

static int set_csv(const struct emf_option *option, const char *arg)
{
	(void)arg;
	if (((struct emf *)option->context)->show.form == EMF_FORM_JSON)
		return two_forms();
	((struct emf *)option->context)->show.form = EMF_FORM_CSV;
	((struct emf *)option->context)->json = false;
	return 0;
}

size_t emf_show_options(struct emf *emf, struct emf_option *options, bool has_kernel_part)
{
	struct emf_show *show = &emf->show;
	const struct emf_option all[] = {
		{ "json", 'j', NULL, false, "print a line of JSON for each", set_json, emf },
		{ "csv", 0, NULL, false, "print comma-separated values, with a heading", set_csv, emf },
		{ "columns", 0, "NAME,...", false, "print these members only, in this order", emf_option_set_string, &show->columns },
		{ "event", 0, "NAME,...", false, "print these events, tables and histograms only", emf_option_set_string, &show->events },
		{ "filter", 0, "EXPRESSION", false, "print what it is true for: 'pid == 1 && comm ~ \"bash*\"'",
		  emf_option_set_string, &show->filter },
		{ "in-kernel", 0, NULL, false, "refuse a filter that the kernel part cannot apply itself", emf_option_set_true, &show->in_kernel },
		{ "capture", 0, "FILE", false, "write events to a file instead, for 'read'", emf_option_set_string, &show->capture },
		{ "pid", 'p', "PID", false, "only this process", emf_option_set_string, &show->only[EMF_ONLY_PID] },
		{ "user", 'u', "USER", false, "only this user, by name or number", emf_option_set_string, &show->only[EMF_ONLY_USER] },
		{ "comm", 0, "NAME", false, "only processes of this name; * and ? stand for others", emf_option_set_string,
		  &show->only[EMF_ONLY_COMM] },
		{ "cgroup", 'c', "CGROUP", false, "only processes in this cgroup, by path or id", emf_option_set_string,
		  &show->only[EMF_ONLY_CGROUP] },
		{ "count", 'n', "COUNT", false, "end after so many events, or intervals", emf_option_set_count, &show->left },
		{ "timestamps", 'T', NULL, false, "the time of day in front of each", emf_option_set_true, &show->stamps },
	};
	const size_t most = sizeof(all) / sizeof(*all);
	size_t n = 0;

	assert(most <= EMF_SHOW_OPTIONS);
	for (size_t i = 0; i < most; i++)
		if (has_kernel_part || all[i].context != &show->in_kernel)
			options[n++] = all[i];
	return n;
}

static bool is_among(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

/* A user part may print whatever it likes. */
static bool may_print(const struct module *m)
{
	return m->events || m->views || m->configure || m->create || m->attach || m->poll || m->notify || m->detach || m->destroy;
}

bool emf_option_is_of_use(const struct emf *emf, const char *name)
{
	static const char *const of_printing[] = { "json", "csv", "columns", "event", "filter", "in-kernel", "capture", "count", "timestamps", NULL };
	static const char *const of_chains[] = { "replace", "place", NULL };
	bool prints = false, chains = false;

	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct emf_unit *unit = emf->registry.units[i];

		prints |= unit->wanted && may_print(unit->m);
		chains |= unit->wanted && unit->m->chain;
	}
	return (prints || !is_among(name, of_printing)) && (chains || !is_among(name, of_chains));
}
