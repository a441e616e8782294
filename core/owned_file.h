/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * owned_file.h - a record of what a running product owns, in the run folder: for the next start and for "purge", should
 * the guardian be killed, too.
 */
#ifndef EMF_CORE_OWNED_FILE_H
#define EMF_CORE_OWNED_FILE_H

#include "owned.h"
#include "rundir.h"

/**
 * emf_owned_file_create() - make that of this process
 * @product: its name
 * @path: receives where it is
 *
 * It is locked until the last process that has it open is gone: this one, or its guardian.
 *
 * Return: a file descriptor, or a negative errno.
 */
int emf_owned_file_create(const char *product, char path[RUNDIR_PATH_MAX]);

/* Writes one thing into it. 0 or a negative errno. */
int emf_owned_file_put(int fd, unsigned int slot, const struct emf_owned *thing);

/**
 * emf_owned_files_clean() - remove what killed processes of a product left behind
 * @product: its name
 * @told: receives each sentence about it
 *
 * What a process that runs owns stays. A guardian that is at work is waited for.
 *
 * Return: how many things could not be removed, each of which was told; a negative errno.
 */
int emf_owned_files_clean(const char *product, void (*told)(int err, const char *sentence));

#endif
