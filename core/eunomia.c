// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia.c - packages of eunomia-bpf, as packages of EMF.
 *
 * Tables are made of what the JSON and the BTF of the kernel part say, written as 'pack' writes
 * them, and read as those of any package: what is checked there is checked for these, too.
 */
#include "eunomia.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "core.h"
#include "eunomia_reader.h"
#include "log.h"
#include "package_join.h"

#define OBJECT_SUFFIX "_bpf" /* bpftool names an object so */
#define TAKEN_PREFIX "eunomia_"
#define NAME_BYTES (63 - ((int)sizeof(TAKEN_PREFIX) - 1))

bool emf_eunomia_is(const void *bytes, size_t size)
{
	const char *text = bytes;
	size_t at = 0;

	while (at < size && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	return at < size && text[at] == '{';
}

/* Bytes of a text, at most so many, that end with a character. */
static int whole(const char *text, size_t most)
{
	size_t n = strnlen(text, most + 1);

	if (n <= most)
		return (int)n;
	while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return (int)most;
}

/* In one line. */
static const char *doc_of(const struct eunomia_at *doc)
{
	static const char *const known[] = { "version", "brief", "details", "description", NULL };
	const char *brief = emf_eunomia_text(doc, "brief", emf_eunomia_text(doc, "description", "")), *details = emf_eunomia_text(doc, "details", "");
	char *text = emf_eunomia_format(doc->e, "%.*s%s%.*s", whole(brief, 400), brief, *brief && *details ? ". " : "", whole(details, 500), details);

	for (char *c = text; c && *c; c++)
		*c = *c == '\n' || *c == '\t' ? ' ' : *c;
	emf_eunomia_has_only(doc, known);
	return text && *text ? text : NULL;
}

/* Those of others are often "test" or "client", or what a tool of the product is named, too. */
static bool is_taken(const struct emf *emf, const char *name)
{
	const struct emf_unit *unit = emf ? emf_registry_find(&emf->registry, name) : NULL;

	return unit ? !unit->from : emf && emf_command_find(name);
}

static char *name_module(const struct eunomia_at *skel)
{
	const char *name = emf_eunomia_text(skel, "obj_name", "");
	size_t len = strlen(name), suffix = strlen(OBJECT_SUFFIX);

	if (len > suffix && !strcmp(name + len - suffix, OBJECT_SUFFIX))
		len -= suffix;
	if (!len || len > NAME_BYTES || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		emf_eunomia_fail(skel->e, "%s.obj_name is no name that a module can have: letters, digits and '_', %d at most", skel->path, NAME_BYTES);
	name = emf_eunomia_format(skel->e, "%.*s", (int)len, name);
	return emf_eunomia_format(skel->e, "%s%s", name && is_taken(skel->e->emf, name) ? TAKEN_PREFIX : "", name ? name : "");
}

static bool read_skel(const struct eunomia_at *top, const struct eunomia_at *meta)
{
	static const char *const known[] = { "data_sections", "maps", "progs", "obj_name", "doc", NULL };
	struct eunomia *e = top->e;
	struct eunomia_at skel, doc;
	struct module *m = &e->module;

	if (!emf_eunomia_object(meta, "bpf_skel", &skel))
		return emf_eunomia_fail(e, "it has no meta.bpf_skel");
	m->name = name_module(&skel);
	if (emf_eunomia_object(&skel, "doc", &doc)) {
		m->version = emf_eunomia_text(&doc, "version", NULL);
		m->doc = doc_of(&doc);
	}
	if (!emf_eunomia_has_only(&skel, known) || !emf_eunomia_open_object(top, e, m->name))
		return false;
	e->records = calloc(btf__type_cnt(e->btf), sizeof(*e->records));
	if (!e->records)
		return emf_eunomia_fail(e, "out of memory");
	return emf_eunomia_options(&skel) && emf_eunomia_places(&skel) && emf_eunomia_outputs(meta, &skel);
}

/* A service has one log for all of its modules. */
static void be_verbose(const struct emf *emf)
{
	if (emf && emf->serving)
		emf_warn(NULL, "debug_verbose of a package is not for a service: --log debug of 'serve' tells more of all of it");
	else if (emf_log_level() < EMF_LOG_DEBUG)
		emf_log_set_level(EMF_LOG_DEBUG);
}

static bool read_all(const struct eunomia_at *top)
{
	static const char *const known[] = { "bpf_object", "bpf_object_size", "meta", NULL };
	static const char *const of_meta[] = { "bpf_skel", "export_types", "eunomia_version", "perf_buffer_pages", "perf_buffer_time_ms", "poll_timeout_ms",
					       "debug_verbose", "print_header", "enable_multiple_export_types", NULL };
	struct eunomia_at meta;

	if (!emf_eunomia_has_only(top, known))
		return false;
	if (!emf_eunomia_object(top, "meta", &meta))
		return emf_eunomia_fail(top->e, "it has no meta: a package has bpf_object, bpf_object_size and meta");
	meta.path[0] = '\0'; /* all others are in it */
	emf_eunomia_text(&meta, "eunomia_version", "");
	if (emf_eunomia_bool(&meta, "debug_verbose", false))
		be_verbose(top->e->emf);
	return emf_eunomia_has_only(&meta, of_meta) && read_skel(top, &meta);
}

static int write_package(struct eunomia *e, struct emf_bytes *package)
{
	const struct module *module = &e->module;
	struct emf_package_parts parts;
	int err;

	e->kernel_part = (struct emf_object){ .source = emf_eunomia_format(e, "%s.bpf.c", module->name), .pack = &e->pack, .stores = e->n_stores ? e->stores : NULL };
	e->module.object = &e->kernel_part;
	e->module.params = e->n_params ? e->params : NULL;
	e->module.attaches = e->attaches[0].program ? e->attaches : NULL;
	e->module.events = e->events[0].ring ? e->events : NULL;
	e->all_views.views = e->views;
	e->module.views = e->views[0].name ? &e->all_views : NULL;
	e->module.kernel_enums = e->n_enums ? e->enums : NULL;
	if (e->err)
		return e->err;
	err = emf_package_write(&module, 1, &parts, e->why);
	if (err)
		return err;
	err = emf_package_join("{}", &parts, package);
	emf_package_parts_free(&parts);
	if (err)
		snprintf(e->why, EMF_PACKAGE_WHY_MAX, "out of memory");
	return err;
}

int emf_eunomia_read(const struct emf *emf, const void *bytes, size_t size, struct emf_bytes *package, char why[EMF_PACKAGE_WHY_MAX])
{
	struct eunomia e = { .emf = emf, .why = why };
	struct eunomia_at top = { .e = &e };
	json_error_t error;
	json_t *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
	int err;

	top.object = json;
	if (!json)
		emf_eunomia_fail(&e, "it is no JSON, line %d: %.150s", error.line, error.text);
	err = json && read_all(&top) ? write_package(&e, package) : e.err;
	emf_eunomia_free(&e);
	json_decref(json);
	return err;
}
