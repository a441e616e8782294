/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * textfile.h - a file that others read at any time, and never see half of.
 */
#ifndef EMF_CORE_TEXTFILE_H
#define EMF_CORE_TEXTFILE_H

#include <stddef.h>

#define EMF_TEXTFILE_WHY_MAX 512

/**
 * emf_textfile_write() - put a file in the place of another one, or of none
 * @folder: where
 * @name: of the file; everybody may read it
 * @text: all of it
 * @size: in bytes
 * @why: receives a sentence on error
 *
 * Killed at any moment, it leaves the old file or the new one. Between two system calls at
 * the end there is a file .NAME.new, too, which the next call removes.
 *
 * Return: 0; what open(2), write(2), fsync(2), linkat(2), rename(2) report.
 */
int emf_textfile_write(const char *folder, const char *name, const char *text, size_t size, char why[EMF_TEXTFILE_WHY_MAX]);

#endif
