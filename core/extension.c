// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * extension.c - modules that are loaded from files of their own.
 */
#include "extension.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus.h"
#include "bus_module.h"
#include "core.h"
#include "isolated_service.h"
#include "log.h"
#include "option.h"
#include "package_load.h"

#define OWN_MAX 32

#ifndef EMF_FULLY_STATIC
/* The file that was checked, whatever its path names by now. */
static void own_name(const struct emf_extension_file *file, char own[OWN_MAX])
{
	snprintf(own, OWN_MAX, "/proc/self/fd/%d", file->fd);
}
#endif

/* One that stays mapped keeps its descriptor: the next file of that number would be taken for it. */
static bool is_mapped(const struct emf_extension_file *file)
{
#ifdef EMF_FULLY_STATIC
	(void)file;
	return false;
#else
	char own[OWN_MAX];

	own_name(file, own);
	return dlopen(own, RTLD_LAZY | RTLD_NOLOAD) != NULL;
#endif
}

static void close_file(struct emf_extension_file *file)
{
	emf_package_close(file->package);
	if (file->handle)
		dlclose(file->handle);
	if (file->fd >= 0 && !(file->handle && is_mapped(file)))
		close(file->fd);
	free(file->path);
	free(file);
}

#ifndef EMF_FULLY_STATIC
/* What dlerror() says begins with our name for the file, and is about a symbol, a library or the file itself. */
static void tell_dlerror(const char *own, char *why)
{
	const char *text = dlerror(), *symbol = text ? strstr(text, "undefined symbol: ") : NULL;
	size_t skip = text && !strncmp(text, own, strlen(own)) ? strlen(own) : 0;

	if (symbol) {
		symbol += strlen("undefined symbol: ");
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it needs %.*s, which this product does not have: it is for another product, or another version of EMF",
			 (int)strcspn(symbol, " "), symbol);
		return;
	}
	while (skip && (text[skip] == ':' || text[skip] == ' '))
		skip++;
	snprintf(why, EMF_EXTENSION_WHY_MAX, "it cannot be loaded: %s", text ? text + skip : "dlopen() says nothing");
}
#endif

static int open_handle(struct emf_extension_file *file, char *why)
{
#ifdef EMF_FULLY_STATIC
	(void)file;
	snprintf(why, EMF_EXTENSION_WHY_MAX, "this product is fully static, and loads no shared objects: use --isolated, or one that is linked with a shared libc");
	return -EOPNOTSUPP;
#else
	char own[OWN_MAX];

	own_name(file, own);
	dlerror();
	file->handle = dlopen(own, RTLD_NOW | RTLD_LOCAL);
	if (!file->handle) {
		tell_dlerror(own, why);
		return -ENOEXEC;
	}
	file->extension = dlsym(file->handle, "emf_extension");
	if (file->extension)
		return 0;
	snprintf(why, EMF_EXTENSION_WHY_MAX, "it has a table, and no symbol emf_extension: link it as make does");
	return -ENOEXEC;
#endif
}

/* The dynamic linker gives one file once, and so do we. */
static struct emf_extension_file *same_file(const struct emf *emf, const struct stat *st)
{
	struct emf_extension_file *file = emf->extensions;

	while (file && (file->package || file->dev != st->st_dev || file->ino != st->st_ino))
		file = file->next;
	return file;
}

static int check_same(const struct emf *emf, struct emf_extension_file *file, char *why)
{
	const struct emf_extension_file *same;
	struct stat st;

	if (fstat(file->fd, &st)) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it cannot be read: %s", strerror(errno));
		return -errno;
	}
	same = same_file(emf, &st);
	if (same) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it is loaded already, as %.160s", same->path);
		return -EEXIST;
	}
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return 0;
}

static int check_names(const struct emf *emf, const struct emf_extension *extension, char *why)
{
	for (struct module *const *m = extension->modules; m < extension->modules_end; m++) {
		const struct emf_unit *unit = (*m)->name ? emf_registry_find(&emf->registry, (*m)->name) : NULL;

		if (!unit)
			continue;
		snprintf(why, EMF_EXTENSION_WHY_MAX, "two modules are named \"%.63s\": one of it, and one %s%.100s", unit->m->name,
			 unit->from ? "of " : "that is linked in", unit->from ? unit->from->path : "");
		return -EEXIST;
	}
	return 0;
}

/* Of a service that is known by a description there are no functions that code could call. */
static int check_described(const struct emf_extension_lines *lines, char *why)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct ebus_service *service = lines->lines[i].kind == EMF_EXTENSION_SERVICE ? emf_bus_find(lines->lines[i].name) : NULL;

		if (!service || !emf_described_is(service))
			continue;
		snprintf(why, EMF_EXTENSION_WHY_MAX, "service %s is that of an isolated extension, which code in this process cannot share: load this one isolated, too, or that one otherwise",
			 service->name);
		return -EBUSY;
	}
	return 0;
}

static int load(struct emf *emf, struct emf_extension_file *file, char *why)
{
	struct emf_extension_lines lines;
	int err;

	if (file->fd < 0)
		file->fd = emf_extension_file_open(file->path, why);
	if (file->fd < 0)
		return file->fd;
	err = check_same(emf, file, why);
	if (!err)
		err = emf_extension_file_read(file->fd, &lines, why);
	if (err)
		return err;
	emf_bus_register_linked();
	err = emf_extension_check(emf->product, &lines, why);
	if (!err)
		err = check_described(&lines, why);
	emf_extension_file_free(&lines);
	return err ? err : open_handle(file, why);
}

static void each_service(const struct emf_extension *extension, void (*tell)(struct ebus_service *service))
{
	for (struct ebus_service *const *s = extension->services; s < extension->services_end; s++)
		tell(*s);
}

static int add_modules(struct emf *emf, struct emf_extension_file *file, char *why)
{
	int err = check_names(emf, file->extension, why);

	if (err)
		return err;
	snprintf(why, EMF_EXTENSION_WHY_MAX, "a module in it has a name that none can have, or a parameter that is declared wrongly; the log says which");
	return emf_registry_add(&emf->registry, emf, file->extension->modules, file->extension->modules_end, file);
}

/* A package has no handle: what it brings is read, and not run. */
static int load_package(struct emf *emf, struct emf_extension_file *file, char *why)
{
	int err;

	emf_bus_register_linked();
	err = emf_package_load(emf, file->path, &file->package, why);
	if (!err)
		file->extension = emf_package_extension(file->package);
	return err;
}

static int load_new(struct emf *emf, struct emf_extension_file *file, char *why)
{
	int err = emf_package_is_path(file->path) ? load_package(emf, file, why) : load(emf, file, why);

	if (!err)
		each_service(file->extension, emf_bus_adopt);
	return err;
}

static struct emf_extension_file *find(const struct emf *emf, const char *path)
{
	struct stat st;

	return stat(path, &st) ? NULL : same_file(emf, &st);
}

struct emf_extension_file *emf_extension_find(const struct emf *emf, const char *path)
{
	char found[PATH_MAX];

	return find(emf, emf_extension_is_in_folder(path, found) ? found : path);
}

/* @fd: of it, or -1 */
static int open_new(struct emf *emf, const char *path, int fd, struct emf_extension_file **opened, char *why)
{
	struct emf_extension_file *file, **at;
	size_t n = 0;
	int err;

	snprintf(why, EMF_EXTENSION_WHY_MAX, "out of memory");
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->fd = fd;
	file->path = strdup(path);
	for (at = &emf->extensions; *at; at = &(*at)->next)
		n++;
	err = file->path ? 0 : -ENOMEM;
	if (!err && n == EMF_EXTENSIONS_MAX) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "%d extensions are loaded, and that is all that a product takes", EMF_EXTENSIONS_MAX);
		err = -E2BIG;
	}
	if (!err)
		err = load_new(emf, file, why);
	if (err) {
		close_file(file);
		return err;
	}
	/* A package that is fetched has brought the extension that fetches: the end may be elsewhere now. */
	while (*at)
		at = &(*at)->next;
	*opened = *at = file;
	return 0;
}

int emf_extension_open(struct emf *emf, const char *path, struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX])
{
	char found[PATH_MAX];

	path = emf_extension_is_in_folder(path, found) || emf_package_find(path, found) ? found : path;
	*file = find(emf, path);
	if (!*file || !(*file)->is_gone)
		return open_new(emf, path, -1, file, why);
	/* It went, and stays for those who have its services still: the dynamic linker has no second one of it. */
	(*file)->is_going = (*file)->is_gone = false;
	return 0;
}

void emf_extension_let_go(struct emf_extension_file *file)
{
	file->is_going = file->is_gone = true;
}

static int add_or_forget(struct emf *emf, struct emf_extension_file **file, char *why)
{
	int err = add_modules(emf, *file, why);

	if (err)
		emf_extension_let_go(*file);
	if (err && !emf_extension_is_used(*file))
		emf_extension_forget(emf, *file);
	return err;
}

int emf_extension_load(struct emf *emf, const char *path, struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX])
{
	int err = emf_extension_open(emf, path, file, why);

	return err ? err : add_or_forget(emf, file, why);
}

int emf_extension_load_open(struct emf *emf, const char *path, int fd, struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX])
{
	/* Whoever started this process may have opened what is his own. */
	int err = emf_extension_file_check(fd, why);

	if (!err)
		err = open_new(emf, path, fd, file, why);
	return err ? err : add_or_forget(emf, file, why);
}

int emf_extension_add(struct emf *emf, const char *path, const struct emf_extension_file **added)
{
	char why[EMF_EXTENSION_WHY_MAX];
	struct emf_extension_file *file;
	int err = emf_extension_load(emf, path, &file, why);

	if (!err && added)
		*added = file;
	if (err)
		emf_err(NULL, "%s %s is not loaded: %s", emf_package_is_path(path) ? "package" : "extension", path, why);
	return err;
}

bool emf_extension_is_loaded(const struct emf *emf, const char *path)
{
	struct stat st;

	/* Of a package, which is read whole, only the name is known. */
	for (const struct emf_extension_file *file = emf->extensions; file; file = file->next)
		if (file->package && !strcmp(file->path, path))
			return true;
	return !stat(path, &st) && same_file(emf, &st);
}

void emf_extension_forget(struct emf *emf, struct emf_extension_file *file)
{
	struct emf_extension_file **at = &emf->extensions;

	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
	each_service(file->extension, emf_bus_release);
	close_file(file);
}

void emf_extension_forget_all(struct emf *emf)
{
	/* The last one first: a later one may have copies of services of an earlier one. */
	while (emf->extensions) {
		struct emf_extension_file *last = emf->extensions;

		while (last->next)
			last = last->next;
		emf_extension_forget(emf, last);
	}
}
