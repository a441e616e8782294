/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * rundir.h - where a running product keeps its files: /run/emf for root,
 * $XDG_RUNTIME_DIR/emf for others.
 */
#ifndef EMF_CORE_RUNDIR_H
#define EMF_CORE_RUNDIR_H

#define RUNDIR_PATH_MAX 256

/* The folder, made if it is missing. 0; -ENOENT if a user has none; or mkdir(2)'s. */
int emf_rundir(char path[RUNDIR_PATH_MAX]);

/* The same, and nothing is made or checked. */
int emf_rundir_path(char path[RUNDIR_PATH_MAX]);

/* $EMF_BUS; NULL when it is not set, or empty. */
const char *emf_rundir_given(void);

/* The socket of a product; $EMF_BUS goes before. 0, -ENOENT, -ENAMETOOLONG. */
int emf_rundir_socket(const char *product, char path[RUNDIR_PATH_MAX]);

/* The socket of the service that root runs, whoever asks. 0, -ENAMETOOLONG. */
int emf_rundir_system_socket(const char *product, char path[RUNDIR_PATH_MAX]);

/**
 * emf_rundir_create() - make a new file there, readable by its owner only
 * @name: an old file of that name is replaced
 * @path: receives the whole path
 *
 * Without a run folder, a new file of an unpredictable name in $TMPDIR or /tmp.
 *
 * Return: a file descriptor, or a negative errno.
 */
int emf_rundir_create(const char *name, char path[RUNDIR_PATH_MAX]);

#endif
