// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * extension_find.c - which extensions there are: installed ones, and those that somebody names.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "extension.h"
#include "log.h"
#include "option.h"
#include "package_load.h"

static const char *folder(void)
{
	const char *given = secure_getenv("EMF_EXTENSIONS");
	static bool is_told;
	struct stat st;

	if (!given || !*given)
		return EMF_EXTENSIONDIR;
	/* That of the product need not be there; one that is named was meant. */
	if (!is_told && (stat(given, &st) || !S_ISDIR(st.st_mode)))
		emf_warn(NULL, "EMF_EXTENSIONS: there is no folder %s: no extension is found by its name", given);
	is_told = true;
	return given;
}

/* Whether there is one; its path. */
bool emf_extension_is_in_folder(const char *module, char path[PATH_MAX])
{
	return !strchr(module, '/') && snprintf(path, PATH_MAX, "%s/%s.so", folder(), module) < PATH_MAX && !access(path, F_OK);
}

/* One that is installed, and was named by its path before, from somewhere else. */
static bool is_known(const struct emf *emf, const char *path, const char *file)
{
	char module[NAME_MAX + 1];

	snprintf(module, sizeof(module), "%.*s", (int)(strrchr(file, '.') - file), file);
	return emf_extension_is_loaded(emf, path) || emf_registry_find(&emf->registry, module);
}

static int add_new(void *context, const char *path)
{
	return emf_extension_is_loaded(context, path) ? 0 : emf_extension_add(context, path, NULL);
}

int emf_extension_add_asked(struct emf *emf, int argc, char **argv)
{
	return emf_option_each("--extension", argc, argv, add_new, emf);
}

bool emf_extension_is_installed(const char *module)
{
	char path[PATH_MAX];

	return emf_extension_is_in_folder(module, path) || emf_package_find(module, path);
}

int emf_extension_add_for(struct emf *emf, const char *module)
{
	char path[PATH_MAX];

	return emf_extension_is_in_folder(module, path) || emf_package_find(module, path) ? emf_extension_add(emf, path, NULL) : -ENOENT;
}

int emf_extension_add_code_for(struct emf *emf, const char *module)
{
	char path[PATH_MAX];

	return emf_extension_is_in_folder(module, path) ? emf_extension_add(emf, path, NULL) : -ENOENT;
}

int emf_extension_set(const struct emf_option *option, const char *arg)
{
	if (emf_extension_is_loaded(option->context, arg))
		return 0;
	emf_err(NULL, "--%s: write it in full: it is looked for before other options are read", option->name);
	return -EINVAL;
}

static int is_extension(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && dot != entry->d_name && !strcmp(dot, ".so");
}

void emf_extension_add_all(struct emf *emf)
{
	struct dirent **entries;
	int n = scandir(folder(), &entries, is_extension, alphasort);

	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", folder(), entries[i]->d_name) < (int)sizeof(path) && !is_known(emf, path, entries[i]->d_name))
			emf_extension_add(emf, path, NULL);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}
