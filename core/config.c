// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * config.c - reading of configuration files: sections, key = value.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "inifile.h"
#include "extension.h"
#include "log.h"
#include "suggest.h"
#include "value.h"

#define MAX_ENTRIES 4096

struct reader {
	struct emf_ini ini;
	struct emf_config *config;
	const struct emf *emf;
};

/* The next word of a list, which is cut where no name is as long; false at its end. */
static bool next_word(const char **at, char word[NAME_MAX + 1])
{
	size_t len;

	*at += strspn(*at, ", \t");
	len = strcspn(*at, ", \t");
	snprintf(word, NAME_MAX + 1, "%.*s", (int)(len < NAME_MAX ? len : NAME_MAX), *at);
	*at += len;
	return len;
}

static void check_modules(struct reader *r, const char *value)
{
	char word[NAME_MAX + 1];

	while (next_word(&value, word))
		if (!emf_registry_find(&r->emf->registry, word) && !emf_extension_is_installed(word))
			emf_ini_mistake(&r->ini, "this product has no module \"%s\"", word);
}

/* By their names: a section of parameters is known by the same. */
static void check_isolated(struct reader *r, const char *value)
{
	char word[NAME_MAX + 1];

	while (next_word(&value, word))
		if (!emf_extension_is_installed(word))
			emf_ini_mistake(&r->ini, "isolated: no extension \"%s\" is installed", word);
}

static void check_caps(struct reader *r, const char *value)
{
	char word[NAME_MAX + 1];
	uint64_t caps;

	if (strcmp(value, "all") && emf_caps_read(value, &caps, word, sizeof(word)))
		emf_ini_mistake(&r->ini, "keep-capabilities: \"%s\" is no capability; write all, none, or a list such as bpf, perfmon", word);
}

bool emf_config_is_place(const char *word)
{
	return !strcmp(word, "first") || !strcmp(word, "last");
}

static const struct emf_value_type yes_or_no = { .type = EMF_BOOL };

static void check_bool(struct reader *r, const char *key, const char *value)
{
	bool is_set;

	if (emf_value_parse(&yes_or_no, value, &is_set))
		emf_ini_mistake(&r->ini, "%s: \"%s\" is neither yes nor no", key, value);
}

bool emf_config_is_set(const struct emf_config *config, const char *key)
{
	const char *value = emf_config_get(config, EMF_CONFIG_PRODUCT, key);
	bool is_set = false;

	return value && !emf_value_parse(&yes_or_no, value, &is_set) && is_set;
}

static void check_cache(struct reader *r, const char *value)
{
	bool is_set;

	if (*value != '/' && emf_value_parse(&yes_or_no, value, &is_set))
		emf_ini_mistake(&r->ini, "cache: \"%s\" is neither yes, no, nor a folder, which begins with '/'", value);
}

static void check_product_key(struct reader *r, const char *key, const char *value)
{
	enum emf_log_level level;

	if (!strcmp(key, "modules"))
		check_modules(r, value);
	else if (!strcmp(key, "isolated"))
		check_isolated(r, value);
	else if (!strcmp(key, "replace") || !strcmp(key, "persist") || !strcmp(key, "upgradable") || !strcmp(key, "unsigned-packages"))
		check_bool(r, key, value);
	else if (!strcmp(key, "place") && !emf_config_is_place(value))
		emf_ini_mistake(&r->ini, "\"%s\" is no place; there are: first, last", value);
	else if (!strcmp(key, "place"))
		return;
	else if (!strcmp(key, "cache"))
		check_cache(r, value);
	else if (!strcmp(key, "keep-capabilities"))
		check_caps(r, value);
	else if (strcmp(key, "log"))
		emf_ini_mistake(&r->ini, "section [" EMF_CONFIG_PRODUCT "] has no key \"%s\"; it has: modules, isolated, log, replace, persist, upgradable, place, cache, unsigned-packages, keep-capabilities",
				key);
	else if (emf_log_parse_level(value, &level))
		emf_ini_mistake(&r->ini, "\"%s\" is no log level; there are: err, warn, info, debug", value);
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
			emf_ini_mistake(&r->ini, "%s.%s: %s", unit->m->name, key, why);
		return;
	}
	for (size_t p = 0; p < unit->params.n; p++)
		emf_suggest(&near, unit->params.params[p].name);
	emf_ini_mistake(&r->ini, "module %s has no parameter \"%s\"%s%s%s", unit->m->name, key,
		near.best ? "; did you mean \"" : "", near.best ? near.best : "", near.best ? "\"?" : "");
}

static void check(struct reader *r, const char *section, const char *key, const char *value)
{
	const struct emf_unit *unit = emf_registry_find(&r->emf->registry, section);

	if (!*section)
		emf_ini_mistake(&r->ini, "\"%s\" stands before the first section; put [" EMF_CONFIG_PRODUCT "] above it, or [MODULE]", key);
	else if (!strcmp(section, EMF_CONFIG_PRODUCT))
		check_product_key(r, key, value);
	else if (unit && !unit->isolated) /* one of another process checks it itself */
		check_module_key(r, unit, key, value);
	else if (!unit && !emf_extension_is_installed(section)) /* one that is, and is not loaded, checks it when it is */
		emf_ini_mistake(&r->ini, "this product has no module \"%s\", so there is no section [%s]; what is of no module is in [" EMF_CONFIG_PRODUCT "]", section, section);
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
	*e = (struct emf_config_entry){ strdup(section), strdup(key), strdup(value), strdup(r->ini.file),
					r->ini.line };
	config->n++; /* counted first, so that a half-made one is freed */
	return e->section && e->key && e->value && e->file ? 0 : -ENOMEM;
}

static void on_entry(struct emf_ini *ini, const char *section, const char *key, const char *value)
{
	struct reader *r = emf_container_of(ini, struct reader, ini);
	int err;

	check(r, section, key, value);
	err = add_entry(r, section, key, value);
	if (err)
		emf_ini_mistake(ini, "%s", err == -E2BIG ? "too many lines in all files together" : strerror(-err));
}

static int lacks_memory(const char *path)
{
	emf_err(NULL, "%s: the configuration cannot be read: out of memory", path);
	return -ENOMEM;
}

/* @given is told when it is missing; the product's own file need not be there. */
static int read_all(struct emf_config *config, const struct emf *emf, const char *path, bool given)
{
	struct reader r = { .ini.on_entry = on_entry, .config = config, .emf = emf };
	char *folder;
	int err, folder_err;

	err = emf_ini_read(&r.ini, path);
	if (err == -ENOENT && !given)
		err = 0;
	if (err && err != -EINVAL)
		emf_err(NULL, "%s: %s", path, strerror(-err));
	if (asprintf(&folder, "%s.d", path) < 0)
		return lacks_memory(path);
	folder_err = emf_ini_read_folder(&r.ini, folder);
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
		return lacks_memory(EMF_SYSCONFDIR);
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

static void reload_param(const struct emf_config *config, struct emf_unit *unit, size_t p)
{
	const struct emf_param *param = &unit->params.params[p];
	unsigned char value[EMF_PARAM_VALUE_MAX];

	if (unit->params.states[p].origin >= EMF_PARAM_COMMAND_LINE)
		return;
	wanted_value(config, unit, p, value);
	if (unit->state == EMF_UNIT_RUNNING && !(param->flags & EMF_PARAM_LIVE)) {
		if (memcmp(value, param->value, emf_param_size(param)))
			emf_warn(unit->m, "the new value of %s takes effect after a restart", param->name);
		return;
	}
	emf_param_change(&unit->params, p, value);
}

static void reload_unit(const struct emf_config *config, struct emf_unit *unit)
{
	for (size_t p = 0; p < unit->params.n; p++)
		reload_param(config, unit, p);
	emf_param_tell(unit);
}

int emf_config_reload_unit(struct emf_unit *unit)
{
	struct emf_config config;
	int err = emf_config_read(&config, unit->emf, unit->emf->config);

	if (!err)
		reload_unit(&config, unit);
	emf_config_fini(&config);
	return err;
}

/* What is asked for when the product starts; what the command line asks for besides, the file does not take back. */
static void tell_product_keys(const struct emf_config *config, const struct emf *emf)
{
	const struct {
		const char *key;
		bool is_set;
	} keys[] = { { "replace", emf->replaces }, { "persist", emf->persists }, { "upgradable", emf->upgradable } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (emf_config_is_set(config, keys[i].key) && !keys[i].is_set)
			emf_warn(NULL, "the new value of %s takes effect after a restart", keys[i].key);
}

void emf_config_reload(const struct emf_config *config, struct emf *emf)
{
	const char *modules = emf_config_get(config, EMF_CONFIG_PRODUCT, "modules");
	const char *caps = emf_config_get(config, EMF_CONFIG_PRODUCT, "keep-capabilities");

	apply_log(config);
	emf->file_allows_unsigned = emf_config_is_set(config, "unsigned-packages");
	for (size_t i = 0; i < emf->registry.n; i++)
		reload_unit(config, emf->registry.units[i]);
	if (emf->modules_line && strcmp(modules ? modules : "", emf->modules_line))
		emf_warn(NULL, "the new list of modules takes effect after a restart");
	if (emf->keep_caps_of_file && strcmp(caps ? caps : "all", emf->keep_caps ? emf->keep_caps : "all"))
		emf_warn(NULL, "the new value of keep-capabilities takes effect after a restart");
	tell_product_keys(config, emf);
}
