/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_folder.h - the files of the BTF cache: read when they are ours, written whole or not at all, and few.
 */
#ifndef EMF_CORE_BTF_FOLDER_H
#define EMF_CORE_BTF_FOLDER_H

#include <stddef.h>

#include "btf_image.h"

#define EMF_BTF_FOLDER_MAX 256
#define EMF_BTF_FILES_MAX 8 /* of a product: the newest */

enum emf_btf_file {
	EMF_BTF_FRESH,	   /* was read */
	EMF_BTF_NONE,	   /* there is no such file, and one may be written */
	EMF_BTF_CORRUPT,   /* it is ours, and damaged: may be written again */
	EMF_BTF_NOT_OURS,  /* somebody else's, or one that others can write to: neither read nor replaced */
	EMF_BTF_NO_FOLDER, /* there is none that is ours alone, nor can it be made */
};

/**
 * emf_btf_folder() - where entries are kept
 * @given: of the configuration, absolute; NULL for the default
 * @path: receives the folder; $EMF_CACHE goes before all
 *
 * Return: 0; -ENOENT if this user has none; -EPERM for a process with more rights than its user, who is not to feed it; -ENAMETOOLONG.
 */
int emf_btf_folder(const char *given, char path[EMF_BTF_FOLDER_MAX]);

/**
 * emf_btf_file_read() - read an entry
 * @folder: see emf_btf_folder()
 * @product: its name
 * @key: what the entry is for
 * @bytes: receives its content, to be freed, if it is fresh
 * @image: receives it
 *
 * Return: what was found.
 */
enum emf_btf_file emf_btf_file_read(const char *folder, const char *product, const struct emf_btf_key *key, void **bytes,
				    struct emf_btf_image *image);

/* Writes one, and removes the oldest of the product's if they get too many. 0 or a negative errno. */
int emf_btf_file_write(const char *folder, const char *product, const struct emf_btf_key *key, const void *bytes, size_t size);

/* How many entries of a product there are, and how many bytes they have. */
struct emf_btf_files {
	unsigned int n;
	unsigned long long size;
};
struct emf_btf_files emf_btf_files_count(const char *folder, const char *product);

#endif
