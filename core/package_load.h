/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_load.h - modules without native code, from a file: a package.
 */
#ifndef EMF_CORE_PACKAGE_LOAD_H
#define EMF_CORE_PACKAGE_LOAD_H

#include <limits.h>

#include "package_file.h"

#define EMF_PACKAGE_SUFFIX ".emfpkg"

struct emf;
struct emf_extension;

/* One that was loaded: its bytes and its tables. Another format that fills the same tables has its own reader. */
struct emf_package_image;

/* Whether a word of the command line names the file of a package: x.emfpkg or x.json; an address; or "-", which is the standard input. */
bool emf_package_is_path(const char *word);

/* Whether the command line has --allow-unsigned: packages are loaded where they are named, and options come behind them. */
bool emf_package_is_allowed(int argc, char **argv);

/* The one of this name in EMF_PATH or ~/.local/share/emf; false if there is none. */
bool emf_package_find(const char *name, char path[PATH_MAX]);

/**
 * emf_package_load() - read a package; nothing of it is known to the product yet
 * @emf: the product, whose rules say whether it has to be signed
 * @path: of it, or its address; "-" is the standard input
 * @image: receives it
 * @why: receives a sentence that says why not
 *
 * Return: 0; -EPERM for one that is not trusted; -ENOEXEC for what is none; or a negative errno.
 */
int emf_package_load(struct emf *emf, const char *path, struct emf_package_image **image, char why[EMF_PACKAGE_WHY_MAX]);

/* What it brings, as an extension has it. */
const struct emf_extension *emf_package_extension(const struct emf_package_image *image);

/**
 * emf_package_image_btf() - the types of the kernel that runs, where the machine has none and the package does
 * @image: that was loaded
 * @path: receives where they can be read, as long as the image is open; or NULL, and those of the machine are to be used
 * @why: receives a sentence that says why not
 *
 * Return: 0; -ENOENT if neither has them; -ENOEXEC for damaged ones; or a negative errno.
 */
int emf_package_image_btf(struct emf_package_image *image, const char **path, char why[EMF_PACKAGE_WHY_MAX]);

/* Fine with NULL. */
void emf_package_close(struct emf_package_image *image);

/**
 * emf_package_slurp() - the bytes of a file
 * @path: of it; "-" is the standard input
 * @size: receives how many
 * @why: receives a sentence that says why not
 *
 * Return: them, to be freed; NULL for what cannot be read, or has more than EMF_PACKAGE_MAX.
 */
void *emf_package_slurp(const char *path, size_t *size, char why[EMF_PACKAGE_WHY_MAX]);

#endif
