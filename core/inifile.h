/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * inifile.h - files of sections and "key = value": line by line, every mistake told with its place.
 */
#ifndef EMF_CORE_INIFILE_H
#define EMF_CORE_INIFILE_H

#include <dirent.h>
#include <stdio.h>

/**
 * struct emf_ini - files that are being read
 * @on_entry: called with each line; tells of mistakes by emf_ini_mistake()
 * @file: that is being read, and @line in it; the reader's own, as all that follows
 * @mistakes: in all files
 */
struct emf_ini {
	void (*on_entry)(struct emf_ini *ini, const char *section, const char *key, const char *value);
	const char *file;
	FILE *stream;
	int line;
	int mistakes;
};

/**
 * emf_ini_read() - one file
 * @ini: on_entry is set
 * @path: of it
 *
 * Return: 0; -EINVAL for mistakes, all logged; what open(2) reports, not logged.
 */
int emf_ini_read(struct emf_ini *ini, const char *path);

/**
 * emf_ini_read_folder() - all *.conf in a folder, by name
 * @ini: on_entry is set
 * @folder: that need not be there
 *
 * Return: 0; the first error of a file, logged; what scandir(3) reports, logged.
 */
int emf_ini_read_folder(struct emf_ini *ini, const char *folder);

/* Logs a sentence about the line that is being read. */
void emf_ini_mistake(struct emf_ini *ini, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For scandir(3): "*.conf", and not hidden, as editors' copies are. */
int emf_ini_is_file(const struct dirent *entry);

#endif
