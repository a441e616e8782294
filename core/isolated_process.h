/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * isolated_process.h - the process of an isolated extension, as the product starts it.
 *
 * Its words are the name below, then what struct emf_isolated_words has. Parameters, which may
 * be secrets, are in its environment: everybody may read the words of a process.
 * The two descriptors that it keeps are named there; all others are closed.
 */
#ifndef EMF_CORE_ISOLATED_PROCESS_H
#define EMF_CORE_ISOLATED_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define EMF_ISOLATED_NAME "emf-isolated"

/* Users without an account or a file: 2^26 numbers of a range that nothing else hands out (systemd.io/UIDS-GIDS, "unused"). */
#define EMF_ISOLATED_UID_FIRST 0x70000000u

/**
 * struct emf_isolated_words - what it is started with
 * @socket: its end of the connection
 * @file: of the extension, which was checked
 * @parent: the product
 * @uid: that it runs as; 0 for that of the product
 * @caps: that it keeps
 * @path: of the file, for messages
 */
struct emf_isolated_words {
	int socket, file;
	pid_t parent;
	uid_t uid;
	uint64_t caps;
	const char *path;
};

#define EMF_ISOLATED_WORDS 7 /* with the name */

/**
 * emf_isolated_spawn() - start it
 * @product: its name
 * @words: see there
 * @parameters: "PARAMETER=VALUE"
 * @n: how many
 * @why: receives a sentence that says why not
 * @size: of it
 *
 * Return: its pid; or a negative errno.
 */
int emf_isolated_spawn(const char *product, const struct emf_isolated_words *words, char *const *parameters, size_t n, char *why, size_t size);

/* The way back, in the process. false for words that were not written by it. */
bool emf_isolated_read_words(int argc, char *const *argv, struct emf_isolated_words *words);

/* Of what it is started with, parameter @i: "PARAMETER=VALUE"; NULL behind the last one. */
const char *emf_isolated_parameter(size_t i);

/* Kills what runs as a user that is one process's own: what that process has started. Nothing for 0. */
void emf_isolated_end_user(uid_t uid);

/* How a process ended, of waitpid(2): "was killed by signal 11 (SIGSEGV)". */
void emf_isolated_say_end(int status, char *text, size_t size);

/* The user for a process: nobody else has it as long as the product lives. 0 where it is that of the product. */
uid_t emf_isolated_uid(unsigned int slot);

/**
 * emf_isolated_check_rights() - whether this process may start one with these capabilities
 * @caps: that it needs
 * @why: receives a sentence that names what is missing
 * @size: of it
 *
 * Return: 0 or -EPERM.
 */
int emf_isolated_check_rights(uint64_t caps, char *why, size_t size);

#endif
