// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_find.c - which isolated extensions are asked for, and with which parameters: the
 * command line, and the configuration.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "extension.h"
#include "isolated.h"
#include "log.h"
#include "option.h"

static int add_logged(struct emf *emf, const char *path)
{
	char why[EMF_ISOLATED_WHY_MAX];
	struct emf_isolated *iso;
	int err = emf_isolated_add(emf, path, &iso, why);

	if (err)
		emf_err(NULL, "isolated extension %s is not loaded: %s", path, why);
	return err;
}

/* By the path or name that it was given. */
static bool is_there(const struct emf *emf, const char *path)
{
	char found[PATH_MAX];

	if (emf_extension_is_in_folder(path, found))
		path = found;
	for (const struct emf_isolated *iso = emf->isolated; iso; iso = iso->next)
		if (!strcmp(iso->path, path))
			return true;
	return false;
}

static int add_new(void *context, const char *path)
{
	return is_there(context, path) ? 0 : add_logged(context, path);
}

int emf_isolated_add_asked(struct emf *emf, int argc, char **argv)
{
	return emf_option_each("--isolated", argc, argv, add_new, emf);
}

int emf_isolated_option(const struct emf_option *option, const char *arg)
{
	if (is_there(option->context, arg))
		return 0;
	emf_err(NULL, "--%s: write it in full: it is looked for before other options are read", option->name);
	return -EINVAL;
}

int emf_isolated_set_asked(struct emf_isolated *iso, const char *arg, const char *word)
{
	int err = emf_isolated_set(iso, word);

	if (err == -EINVAL)
		emf_err(NULL, "--set: \"%s\" is not MODULE.PARAMETER=VALUE", arg);
	else if (err)
		emf_err(NULL, "--set: \"%s\": %s", arg, err == -E2BIG ? "there are too many parameters for one module" : strerror(-err));
	return err;
}

int emf_isolated_add_configured(struct emf *emf, const struct emf_config *config)
{
	const char *line = emf_config_get(config, EMF_CONFIG_PRODUCT, "isolated");
	char *list = strdup(line ? line : ""), *rest = list, *word;
	int err = list ? 0 : -ENOMEM;

	while (!err && (word = strsep(&rest, ", \t")))
		if (*word && !is_there(emf, word))
			err = add_logged(emf, word);
	free(list);
	return err;
}

/* The process checks them: what parameters there are, only the code of the file says. */
static int add_word(char **to, size_t *n, const char *name, const char *value)
{
	if (*n == EMF_ISOLATED_WORDS_MAX)
		return -E2BIG;
	if (asprintf(&to[*n], "%s%s%s", name, value ? "=" : "", value ? value : "") < 0)
		return -ENOMEM;
	++*n;
	return 0;
}

int emf_isolated_words(const struct emf_isolated *iso, char **to, size_t *n)
{
	struct emf_config config;
	int err = emf_config_read(&config, iso->emf, iso->emf->config);

	*n = 0;
	for (size_t i = 0; i < config.n && !err; i++)
		if (!strcmp(config.entries[i].section, iso->module.name))
			err = add_word(to, n, config.entries[i].key, config.entries[i].value);
	emf_config_fini(&config);
	/* Later ones count. */
	for (size_t i = 0; i < iso->n_words && !err; i++)
		err = add_word(to, n, iso->words[i], NULL);
	return err;
}
