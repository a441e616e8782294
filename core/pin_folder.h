/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pin_folder.h - folders in bpffs, which are root's alone.
 */
#ifndef EMF_CORE_PIN_FOLDER_H
#define EMF_CORE_PIN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMF_BPFFS "/sys/fs/bpf"
/* Without a mode it is 1777, in which others can take the names of our folders. */
#define EMF_BPFFS_MOUNT "mount -t bpf -o mode=0700 bpf " EMF_BPFFS
#define EMF_PIN_AT_MAX 32

/* 0; -ENODEV if bpffs is not mounted there. */
int emf_bpffs_check(void);

/* The same; where nothing is mounted there, it is, if this process may. */
int emf_bpffs_mount(void);

/* FNV-1a of 32 bits, of one text after another: two long names that begin alike are not the same. */
#define EMF_PIN_HASH_BEGIN 2166136261u
uint32_t emf_pin_hash(uint32_t value, const char *text);

/**
 * emf_pin_folder_open() - open a folder that is this user's alone
 * @in: the folder that it is in; AT_FDCWD
 * @name: of it, there
 * @makes: if it is missing
 *
 * What others could put there would be removed, or taken over, as if it was ours. So it is looked at when it is open, and
 * whatever is done there is done by emf_pin_folder_at().
 *
 * Return: a file descriptor; -EPERM if it is no folder of bpffs, somebody else's, or not of mode 0700; or open(2)'s.
 */
int emf_pin_folder_open(int in, const char *name, bool makes);

/* That of a product. As emf_pin_folder_open(). */
int emf_pin_folder_product(const char *product, bool makes);

/* Removes that of a product when nothing is in it any more. */
void emf_pin_folder_drop(const char *product);

/* 0; -EBUSY. */
int emf_pin_folder_lock(int fd);

/* A path that leads to the folder that is open, whatever has its name by now. */
void emf_pin_folder_at(int fd, char at[EMF_PIN_AT_MAX]);

/**
 * emf_pin_folder_each() - entries of a folder
 * @path: of it
 * @each: is called with each; it may remove it
 * @arg: of @each
 *
 * Return: 0 or a negative errno.
 */
int emf_pin_folder_each(const char *path, void (*each)(void *arg, const char *name), void *arg);

/* Pins a file descriptor as PATH/NAME, in the place of what is there; one that is the same stays, as does the old one on error. 0 or a negative errno. */
int emf_pin(const char *path, const char *name, int fd);

/* What is pinned there, or a negative errno. */
int emf_pin_get(const char *path, const char *name);

void emf_unpin(const char *path, const char *name);

/* "eth0", "a%2Fb": a name that bpffs takes. */
void emf_pin_name(const char *text, char *name, size_t size);

#endif
