/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * guardian_process.h - what the guardian does in its own process.
 */
#ifndef EMF_CORE_GUARDIAN_PROCESS_H
#define EMF_CORE_GUARDIAN_PROCESS_H

#include <stdbool.h>

#include "owned.h"

/* One message: the thing of this number is so from now on, and its other program comes with it where it has one. */
struct emf_guardian_message {
	uint32_t number;
	struct emf_owned thing; /* EMF_OWNED_NOTHING: it is gone */
};

/* Sends one; @other may be -1. 0 or a negative errno. */
int emf_guardian_send(int socket, const struct emf_guardian_message *message, int other);

/**
 * emf_guardian_start() - start the process
 * @socket: to the product
 * @file: the record of what it owns, or -1; @path goes when nothing is left
 * @path: of it
 *
 * It is the same program anew, not a copy of this process: so it has none of its maps, its memory and its locks.
 *
 * Return: its pid, or a negative errno.
 */
int emf_guardian_start(int socket, int file, const char *path);

/* Whether these are the words that emf_guardian_start() gives. */
bool emf_guardian_is_meant(int argc, char *const *argv);

/* All that the process is for, by these words. @product: whose guardian it is, for what it says. Never returns. */
void emf_guardian_run(const char *product, char *const *argv) __attribute__((noreturn));

#endif
