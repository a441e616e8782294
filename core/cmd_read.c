// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_read.c - "read": prints events that "--capture" has written, like the tool that they came from.
 */
#include <emf/event.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "command.h"
#include "core.h"
#include "event.h"
#include "event_file.h"
#include "log.h"
#include "output.h"
#include "show_options.h"

/* A module that has types of events, and nothing else. */
struct shadow {
	struct module m;
	struct emf_event_source *events;
};

struct reading {
	struct emf_event_file file;
	struct shadow shadows[EMF_EVENT_FILE_MODULES_MAX];
	struct module *modules[EMF_EVENT_FILE_MODULES_MAX];
};

static int make_modules(struct reading *r)
{
	for (size_t i = 0; i < r->file.n; i++) {
		const struct ebus_service *service = &r->file.schemas[i]->service;
		struct shadow *s = &r->shadows[i];

		s->events = calloc(service->n_signals + 1, sizeof(*s->events));
		if (!s->events)
			return -ENOMEM;
		for (size_t e = 0; e < service->n_signals; e++)
			s->events[e] = (struct emf_event_source){ .ring = service->signals[e].name, .printed = service->signals[e].in.record };
		s->m = (struct module){ .name = service->name, .events = s->events };
		r->modules[i] = &s->m;
	}
	return 0;
}

static int print_all(struct reading *r, struct emf *emf)
{
	int more;

	for (size_t i = 0; i < r->file.n; i++)
		emf_event_print_heading(r->modules[i]->unit);
	do {
		more = emf->show.is_over ? 0 : emf_event_file_next(&r->file);
		if (more == 1) {
			emf_clock_set(r->file.at.time, r->file.wall);
			emf_event_print(r->modules[r->file.at.module], r->file.record, r->file.data);
		}
	} while (more == 1 && emf_output_is_on(r->modules[0]));
	return more;
}

static void warn_of_other_origin(const struct reading *r, const char *path)
{
	const struct emf_event_file_origin *of = &r->file.origin;
	struct emf_event_file_origin here;

	emf_event_file_here(&here);
	if (of->boot[0] && here.boot[0] && strcmp(of->boot, here.boot) != 0)
		emf_warn(NULL, "%s: it was written on '%s' in another boot: kernel functions, cgroups, containers and interfaces have other numbers "
			"now, and their names can be wrong, as can be those of users of another machine", path, of->host);
}

static int read_file(struct reading *r, struct emf *emf, const char *path)
{
	int err = emf_event_file_open(&r->file);

	if (!err)
		err = make_modules(r);
	if (!err) {
		emf_registry_fini(&emf->registry);
		err = emf_registry_init(&emf->registry, emf, r->modules, r->modules + r->file.n);
	}
	for (size_t i = 0; !err && i < emf->registry.n; i++)
		emf->registry.units[i]->wanted = true;
	emf_clock_set(0, r->file.wall);
	emf_event_file_set_origin(&r->file.origin);
	if (!err && emf_show_prepare(emf))
		return EMF_EXIT_USAGE;
	if (!err)
		warn_of_other_origin(r, path);
	if (!err && emf_event_file_begin(NULL))
		return EMF_EXIT_FAILED;
	if (!err)
		err = print_all(r, emf);
	for (size_t i = 0; !err && i < emf->registry.n; i++)
		emf_show_summary(emf->registry.units[i]);
	if (err == -EPROTO)
		emf_err(NULL, "%s: %s", path, r->file.why);
	else if (err < 0)
		emf_err(NULL, "%s: %s", path, strerror(-err));
	else if (r->file.lost)
		emf_warn(NULL, "%s: more events came than could be written; the tool that wrote it has told why", path);
	return emf_event_file_close() || err < 0 ? EMF_EXIT_FAILED : emf->exit_status;
}

static bool is_same(const char *path, const char *other)
{
	struct stat a, b;

	return !stat(path, &a) && !stat(other, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int emf_cmd_read(struct emf *emf, int argc, char **argv)
{
	struct emf_option options[EMF_SHOW_OPTIONS];
	struct reading *r;
	int rest, status;

	status = emf_command_parse(emf, "read", options, emf_show_options(emf, options, false), argc, argv, &rest);
	if (status >= 0)
		return status;
	if (rest + 1 != argc) {
		emf_err(NULL, "read needs one file, that '%s run MODULE --capture FILE' wrote", emf->product->name);
		return EMF_EXIT_USAGE;
	}
	if (emf->show.capture && is_same(argv[rest], emf->show.capture)) {
		emf_err(NULL, "--capture: %s is the file that is read: choose another one", emf->show.capture);
		return EMF_EXIT_USAGE;
	}
	r = calloc(1, sizeof(*r));
	if (r)
		r->file.in = fopen(argv[rest], "re");
	if (!r || !r->file.in) {
		emf_err(NULL, "%s: %s", argv[rest], r ? strerror(errno) : "out of memory");
		free(r);
		return EMF_EXIT_FAILED;
	}
	status = read_file(r, emf, argv[rest]);
	fclose(r->file.in);
	/* The units point to what is freed here. */
	emf_registry_fini(&emf->registry);
	for (size_t i = 0; i < r->file.n; i++)
		free(r->shadows[i].events);
	emf_event_file_free(&r->file);
	free(r);
	return status;
}
