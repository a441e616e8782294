// SPDX-License-Identifier: BSD-2-Clause
/*
 * config.c - reading of configuration files: sections, key = value.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "log.h"
#include "suggest.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of editors that mark UTF-8 */
#define MAX_ENTRIES 4096

struct reader {
	struct emf_config *config;
	const struct emf *emf;
	const char *file;
	FILE *stream;
	int line;
	int mistakes;
};

static void __attribute__((format(printf, 2, 3))) mistake(struct reader *r, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	emf_err(NULL, "%s:%d: %s", r->file, r->line, text);
	r->mistakes++;
}

/* By the rules of inih, which reports the first line only that is none. */
static bool is_ini(const char *line)
{
	const char *ends = *line == '[' ? "]" : "=:";
	bool after_blank = false;

	line += strspn(line, " \t\r\n");
	if (!*line || *line == ';' || *line == '#')
		return true;
	for (; *line; line++) {
		if (strchr(ends, *line))
			return true;
		if (after_blank && *line == ';')
			return false; /* the rest is a comment */
		after_blank = isspace((unsigned char)*line);
	}
	return false;
}

/* Line by line for inih, which would cut a long line and read on in its middle. */
static char *read_line(char *line, int size, void *stream)
{
	struct reader *r = stream;
	size_t blanks;

	if (!fgets(line, size, r->stream))
		return NULL;
	r->line++;
	if (!strchr(line, '\n') && !feof(r->stream)) {
		int c;

		mistake(r, "this line is longer than %d bytes", size - 2);
		while ((c = getc(r->stream)) != '\n' && c != EOF)
			;
		line[0] = '\0';
	}
	/* An indented line is a line, not the continuation of the one before. */
	blanks = r->line == 1 && !strncmp(line, BYTE_ORDER_MARK, 3) ? 3 : 0;
	blanks += strspn(line + blanks, " \t");
	memmove(line, line + blanks, strlen(line + blanks) + 1);
	if (!is_ini(line)) {
		mistake(r, "this is neither [section] nor key = value");
		line[0] = '\0';
	}
	return line;
}

static void check_modules(struct reader *r, const char *value)
{
	char list[512], *rest = list, *word;

	snprintf(list, sizeof(list), "%s", value);
	while ((word = strsep(&rest, ", \t")))
		if (*word && !emf_registry_find(&r->emf->registry, word))
			mistake(r, "this product has no module \"%s\"", word);
}

static void check_product_key(struct reader *r, const char *key, const char *value)
{
	enum emf_log_level level;

	if (!strcmp(key, "modules"))
		check_modules(r, value);
	else if (strcmp(key, "log"))
		mistake(r, "section [" EMF_CONFIG_PRODUCT "] has no key \"%s\"; it has: modules, log", key);
	else if (emf_log_parse_level(value, &level))
		mistake(r, "\"%s\" is no log level; there are: err, warn, info, debug", value);
}

static void check_module_key(struct reader *r, const struct emf_unit *unit, const char *key,
			     const char *value)
{
	unsigned char scratch[EMF_PARAM_VALUE_MAX];
	char why[EMF_PARAM_WHY_MAX];
	struct emf_suggestion near = { .word = key };
	int i = emf_param_index(&unit->params, key);

	if (i >= 0) {
		if (emf_param_parse(&unit->params.params[i], value, scratch, why))
			mistake(r, "%s.%s: %s", unit->m->name, key, why);
		return;
	}
	for (size_t p = 0; p < unit->params.n; p++)
		emf_suggest(&near, unit->params.params[p].name);
	mistake(r, "module %s has no parameter \"%s\"%s%s%s", unit->m->name, key,
		near.best ? "; did you mean \"" : "", near.best ? near.best : "", near.best ? "\"?" : "");
}

static void check(struct reader *r, const char *section, const char *key, const char *value)
{
	const struct emf_unit *unit = emf_registry_find(&r->emf->registry, section);

	if (!*section)
		mistake(r, "\"%s\" stands before the first [section]", key);
	else if (!strcmp(section, EMF_CONFIG_PRODUCT))
		check_product_key(r, key, value);
	else if (unit)
		check_module_key(r, unit, key, value);
	else
		mistake(r, "this product has no module \"%s\", so there is no section [%s]", section, section);
}

static int add_entry(struct reader *r, const char *section, const char *key, const char *value)
{
	struct emf_config *config = r->config;
	struct emf_config_entry *e;

	if (config->n == MAX_ENTRIES)
		return -E2BIG;
	if (config->n == config->room) {
		size_t room = config->room ? 2 * config->room : 32;

		e = realloc(config->entries, room * sizeof(*e));
		if (!e)
			return -ENOMEM;
		config->entries = e;
		config->room = room;
	}
	e = &config->entries[config->n];
	*e = (struct emf_config_entry){ strdup(section), strdup(key), strdup(value), strdup(r->file),
					r->line };
	config->n++; /* counted first, so that a half-made one is freed */
	return e->section && e->key && e->value && e->file ? 0 : -ENOMEM;
}

static int on_entry(void *user, const char *section, const char *key, const char *value)
{
	struct reader *r = user;
	int err;

	check(r, section, key, value ? value : "");
	err = add_entry(r, section, key, value ? value : "");
	if (err)
		mistake(r, "%s", err == -E2BIG ? "too many lines in all files together" : strerror(-err));
	return 1; /* go on: all mistakes are told in one run */
}

static int read_file(struct emf_config *config, const struct emf *emf, const char *path)
{
	struct reader r = { .config = config, .emf = emf, .file = path };
	int failed;

	r.stream = fopen(path, "re");
	if (!r.stream)
		return -errno;
	/* Lines that it could refuse did not get there; what is left is memory and disk. */
	failed = ini_parse_stream(read_line, &r, on_entry, &r);
	if (failed || ferror(r.stream))
		mistake(&r, "cannot be read to its end");
	fclose(r.stream);
	return r.mistakes ? -EINVAL : 0;
}

int emf_config_is_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && !strcmp(entry->d_name + n - 5, ".conf");
}

static int read_one(struct emf_config *config, const struct emf *emf, const char *folder, const char *name)
{
	char *path;
	int err;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	err = read_file(config, emf, path);
	if (err && err != -EINVAL)
		emf_err(NULL, "%s: %s", path, strerror(-err));
	free(path);
	return err;
}

static int read_folder(struct emf_config *config, const struct emf *emf, const char *folder)
{
	struct dirent **names;
	int n, err, first = 0;

	n = scandir(folder, &names, emf_config_is_file, alphasort);
	if (n < 0) {
		err = -errno;
		if (err == -ENOENT)
			return 0;
		emf_err(NULL, "%s: %s", folder, strerror(-err));
		return err;
	}
	for (int i = 0; i < n; i++) {
		err = read_one(config, emf, folder, names[i]->d_name);
		if (err && !first)
			first = err;
		free(names[i]);
	}
	free(names);
	return first;
}

/* @given is told when it is missing; the product's own file need not be there. */
static int read_all(struct emf_config *config, const struct emf *emf, const char *path, bool given)
{
	char *folder;
	int err, folder_err;

	err = read_file(config, emf, path);
	if (err == -ENOENT && !given)
		err = 0;
	if (err && err != -EINVAL)
		emf_err(NULL, "%s: %s", path, strerror(-err));
	if (asprintf(&folder, "%s.d", path) < 0)
		return -ENOMEM;
	folder_err = read_folder(config, emf, folder);
	free(folder);
	return err ? err : folder_err;
}

int emf_config_read(struct emf_config *config, const struct emf *emf, const char *path)
{
	char *own;
	int err;

	*config = (struct emf_config){ 0 };
	if (path)
		return read_all(config, emf, path, true);
	if (asprintf(&own, "%s/emf/%s.conf", EMF_SYSCONFDIR, emf->product->name) < 0)
		return -ENOMEM;
	err = read_all(config, emf, own, false);
	free(own);
	return err;
}

void emf_config_fini(struct emf_config *config)
{
	for (size_t i = 0; i < config->n; i++) {
		free(config->entries[i].section);
		free(config->entries[i].key);
		free(config->entries[i].value);
		free(config->entries[i].file);
	}
	free(config->entries);
	*config = (struct emf_config){ 0 };
}

const char *emf_config_get(const struct emf_config *config, const char *section, const char *key)
{
	for (size_t i = config->n; i > 0; i--) {
		const struct emf_config_entry *e = &config->entries[i - 1];

		if (!strcmp(e->section, section) && !strcmp(e->key, key))
			return e->value;
	}
	return NULL;
}

static void apply_log(const struct emf_config *config)
{
	const char *word = emf_config_get(config, EMF_CONFIG_PRODUCT, "log");
	enum emf_log_level level = EMF_LOG_DEFAULT;

	if (word)
		emf_log_parse_level(word, &level); /* it was checked when it was read */
	emf_log_set_level(level);
}

void emf_config_apply(const struct emf_config *config, struct emf *emf)
{
	char why[EMF_PARAM_WHY_MAX];

	apply_log(config);
	for (size_t i = 0; i < config->n; i++) {
		const struct emf_config_entry *e = &config->entries[i];
		struct emf_unit *unit = emf_registry_find(&emf->registry, e->section);
		int p = unit ? emf_param_index(&unit->params, e->key) : -ENOENT;

		if (p >= 0) /* it was checked when it was read */
			emf_param_assign(&unit->params, (size_t)p, e->value, EMF_PARAM_FILE, why);
	}
}

/* The value that a parameter has by the files, or its default without them. */
static void wanted_value(const struct emf_config *config, const struct emf_unit *unit, size_t p,
			 unsigned char *value)
{
	const struct emf_param *param = &unit->params.params[p];
	char why[EMF_PARAM_WHY_MAX];

	memcpy(value, unit->params.states[p].initial, emf_param_size(param));
	for (const struct emf_setting *s = unit->emf->product->settings; s && s->module; s++)
		if (!strcmp(s->module, unit->m->name) && emf_param_index(&unit->params, s->param) == (int)p)
			emf_param_parse(param, s->value, value, why);
	for (size_t i = 0; i < config->n; i++) {
		const struct emf_config_entry *e = &config->entries[i];

		if (!strcmp(e->section, unit->m->name) && emf_param_index(&unit->params, e->key) == (int)p)
			emf_param_parse(param, e->value, value, why);
	}
}

static bool reload_param(const struct emf_config *config, struct emf_unit *unit, size_t p)
{
	const struct emf_param *param = &unit->params.params[p];
	unsigned char value[EMF_PARAM_VALUE_MAX];

	if (unit->params.states[p].origin >= EMF_PARAM_COMMAND_LINE)
		return false;
	wanted_value(config, unit, p, value);
	if (!memcmp(value, param->value, emf_param_size(param)))
		return false;
	if (unit->state == EMF_UNIT_RUNNING && !(param->flags & EMF_PARAM_LIVE)) {
		emf_warn(unit->m, "the new value of %s takes effect after a restart", param->name);
		return false;
	}
	memcpy(param->value, value, emf_param_size(param));
	return true;
}

void emf_config_reload(const struct emf_config *config, struct emf *emf)
{
	const char *modules = emf_config_get(config, EMF_CONFIG_PRODUCT, "modules");

	apply_log(config);
	for (size_t i = 0; i < emf->registry.n; i++) {
		struct emf_unit *unit = &emf->registry.units[i];
		bool changed = false;

		for (size_t p = 0; p < unit->params.n; p++)
			changed |= reload_param(config, unit, p);
		if (!changed || unit->state != EMF_UNIT_RUNNING)
			continue;
		emf_bpf_object_set_params(unit);
		emf_life_notify(unit, EMF_EVENT_PARAMS, NULL);
	}
	if (emf->modules_line && strcmp(modules ? modules : "", emf->modules_line))
		emf_warn(NULL, "the new list of modules takes effect after a restart");
}
