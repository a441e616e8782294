/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * extension.h - modules that are loaded from files of their own.
 */
#ifndef EMF_CORE_EXTENSION_H
#define EMF_CORE_EXTENSION_H

#include <limits.h>
#include <sys/types.h>

#include "extension_file.h"

struct emf;
struct emf_package_image;
struct emf_product;
struct emf_unit;

#define EMF_EXTENSIONS_MAX 256

/* One that was loaded. */
struct emf_extension_file {
	struct emf_extension_file *next;
	char *path; /* as it was named */
	int fd;	    /* stays open, so that no other file is opened by its number: that is how it was loaded */
	dev_t dev;  /* of the file, with the next one */
	ino_t ino;
	void *handle; /* of the dynamic linker */
	struct emf_package_image *package; /* of a package, instead of it */
	const struct emf_extension *extension;
	bool is_going;	       /* its modules go, and then it does */
	bool is_gone;	       /* they are not known any more; others may have its services still */
	size_t starting;       /* modules that were asked to start, and have not settled */
	void (*settled)(struct emf_extension_file *file, struct emf_unit *failed); /* all have, of a load; or it is gone */
	struct ebus_deferred asker; /* whom that answers */
};

/**
 * emf_extension_check() - whether what an extension was built with is what is here
 * @product: types and chains of its descriptions
 * @lines: the table of the file
 * @why: receives a sentence that names what differs, and both versions of it
 *
 * Return: 0 or -EPROTO.
 */
int emf_extension_check(const struct emf_product *product, const struct emf_extension_lines *lines,
			char why[EMF_EXTENSION_WHY_MAX]);

/**
 * emf_extension_load() - load a file, and add its modules and services; none is started
 * @emf: the product
 * @path: of the file; or the name of a module that one is installed for
 * @file: receives it
 * @why: receives a sentence that says why not
 *
 * Return: 0 or a negative errno.
 */
int emf_extension_load(struct emf *emf, const char *path, struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX]);

/* The same of a file that is open; its owner and mode are checked here. @fd is taken over. */
int emf_extension_load_open(struct emf *emf, const char *path, int fd, struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX]);

/**
 * emf_extension_open() - load a file, and add its services; its modules are the caller's to add
 * @emf: the product
 * @path: as of emf_extension_load()
 * @file: receives it
 * @why: receives a sentence that says why not
 *
 * Return: 0 or a negative errno.
 */
int emf_extension_open(struct emf *emf, const char *path, struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX]);

/* The shared object that was loaded from this file, by whatever path; NULL for none, and for packages. */
struct emf_extension_file *emf_extension_find(const struct emf *emf, const char *path);

/* No module of it is there: it is closed at the end of the turn, or when nobody has its services any more. */
void emf_extension_let_go(struct emf_extension_file *file);

/* Whether somebody has services whose description is in it. */
bool emf_extension_is_used(const struct emf_extension_file *file);

/* Whether one is installed for a module; its path. */
bool emf_extension_is_in_folder(const char *module, char path[PATH_MAX]);

/* The same with the error logged; @added may be NULL. */
int emf_extension_add(struct emf *emf, const char *path, const struct emf_extension_file **added);

/* Those that the command line names, "--extension FILE", before its modules are looked for. 0 or an error, logged. */
int emf_extension_add_asked(struct emf *emf, int argc, char **argv);

struct emf_option;

/* Of the option: emf_extension_add_asked() has been there, since its modules have options, too. @option's context is the product. */
int emf_extension_set(const struct emf_option *option, const char *arg);

/* Whether this file is loaded, by whatever path. */
bool emf_extension_is_loaded(const struct emf *emf, const char *path);

/* Whether there is one for a module, loaded or not. */
bool emf_extension_is_installed(const char *module);

/* The one that is installed for a module; -ENOENT, not logged, if there is none. */
int emf_extension_add_for(struct emf *emf, const char *module);

/* The same of native code only, x.so: a package of that name is none. */
int emf_extension_add_code_for(struct emf *emf, const char *module);

/* All that are installed, by name; one that cannot be loaded is logged. */
void emf_extension_add_all(struct emf *emf);

/**
 * emf_extension_ask_load() - load a file into a product that runs, and start its modules
 * @emf: the product
 * @path: of the file
 * @settled: called once they run, or one has failed: then all of them go again
 * @file: receives it, to keep who asked
 * @why: receives a sentence that says why not
 *
 * Return: 0, and @settled is called in a later turn; or a negative errno, and nothing is left of it.
 */
int emf_extension_ask_load(struct emf *emf, const char *path,
			   void (*settled)(struct emf_extension_file *file, struct emf_unit *failed),
			   struct emf_extension_file **file, char why[EMF_EXTENSION_WHY_MAX]);

/**
 * emf_extension_ask_unload() - stop the modules of a file, and take it away
 * @emf: the product
 * @file: one that was loaded
 * @settled: called once its modules are not known any more
 * @why: receives a sentence that says why not
 *
 * Return: 0; or a negative errno, and nothing was done: -EBUSY when others need a module of it, or it is on its way.
 */
int emf_extension_ask_unload(struct emf *emf, struct emf_extension_file *file,
			     void (*settled)(struct emf_extension_file *file, struct emf_unit *failed),
			     char why[EMF_EXTENSION_WHY_MAX]);

/* At the end of a turn, when no function of a module runs: takes away those that go. */
void emf_extension_turn(struct emf *emf);

/* Whether that has something to do. */
bool emf_extension_is_due(const struct emf *emf);

/* Closes a file whose modules are not known any more, and whose services nobody uses. */
void emf_extension_forget(struct emf *emf, struct emf_extension_file *file);

/* At the end, when no module is left. */
void emf_extension_forget_all(struct emf *emf);

#endif
