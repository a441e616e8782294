/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pin_folder.h - folders in bpffs, which are root's alone.
 */
#ifndef EMF_CORE_PIN_FOLDER_H
#define EMF_CORE_PIN_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#define EMF_BPFFS "/sys/fs/bpf"

/* 0; -ENODEV if bpffs is not mounted there. */
int emf_bpffs_check(void);

/* Makes a folder if it is missing, and sees that nobody else may write to it. 0; -EPERM; or mkdir(2)'s. */
int emf_pin_folder_make(const char *path);

/* Opens and locks it. A file descriptor; -EBUSY; or open(2)'s. */
int emf_pin_folder_lock(const char *path);

/**
 * emf_pin_folder_each() - entries of a folder
 * @path: of it
 * @each: is called with each; it may remove it
 * @arg: of @each
 *
 * Return: 0 or a negative errno.
 */
int emf_pin_folder_each(const char *path, void (*each)(void *arg, const char *name), void *arg);

/* Pins a file descriptor as PATH/NAME, in the place of what is there; one that is the same stays. 0 or a negative errno. */
int emf_pin(const char *path, const char *name, int fd);

/* What is pinned there, or a negative errno. */
int emf_pin_get(const char *path, const char *name);

void emf_unpin(const char *path, const char *name);

/* "eth0", "a%2Fb": a name that bpffs takes. */
void emf_pin_name(const char *text, char *name, size_t size);

#endif
