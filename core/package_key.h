/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_key.h - keys that packages are signed with, and whom this machine trusts.
 */
#ifndef EMF_CORE_PACKAGE_KEY_H
#define EMF_CORE_PACKAGE_KEY_H

#include "package_file.h"

#define EMF_KEY_BYTES 32
#define EMF_KEY_NAME_MAX 64
#define EMF_KEY_FOLDER EMF_SYSCONFDIR "/emf/keys.d"

struct emf;

/* A key of either kind, as a file has it: a word and hexadecimal digits. */
#define EMF_KEY_PUBLIC "emf-ed25519-public "
#define EMF_KEY_SECRET "emf-ed25519-secret "

/**
 * emf_key_read() - a key from its file
 * @path: of it
 * @kind: EMF_KEY_PUBLIC or EMF_KEY_SECRET
 * @is_trusted: only root may be able to write to it
 * @key: receives it
 * @why: receives a sentence about what is wrong
 *
 * A secret one that others can read is refused.
 *
 * Return: 0 or a negative errno.
 */
int emf_key_read(const char *path, const char *kind, bool is_trusted, unsigned char key[EMF_KEY_BYTES], char why[EMF_PACKAGE_WHY_MAX]);

/* Makes a new file, 0600 if it is secret; never in the place of another. 0 or a negative errno. */
int emf_key_write(const char *path, const char *kind, const unsigned char key[EMF_KEY_BYTES]);

/* The name of the file in EMF_KEY_FOLDER that has this key; false if there is none that only root can write to. */
bool emf_key_is_trusted(const unsigned char key[EMF_KEY_BYTES], char name[EMF_KEY_NAME_MAX]);

/**
 * emf_signature_check() - whether a package was signed with the key that it names
 * @emf: the product, which has the extension signature
 * @bytes: of the package, with the signature behind it
 * @size: of these
 * @signature: receives where it is
 * @why: receives a sentence about what is wrong
 *
 * Nothing of the package is read but how long it is.
 *
 * Return: 0; -ENOKEY without a signature; -EBADMSG for one of other bytes; -ENOEXEC for no package;
 * -EOPNOTSUPP without the extension.
 */
int emf_signature_check(struct emf *emf, const void *bytes, size_t size, const struct emf_package_signature **signature,
			char why[EMF_PACKAGE_WHY_MAX]);

/* A signature of the first bytes. As above. */
int emf_signature_make(struct emf *emf, const void *bytes, size_t size, const unsigned char seed[EMF_KEY_BYTES],
		       struct emf_package_signature *signature, char why[EMF_PACKAGE_WHY_MAX]);

/* A new key. As above. */
int emf_signature_generate(struct emf *emf, unsigned char seed[EMF_KEY_BYTES], unsigned char key[EMF_KEY_BYTES], char why[EMF_PACKAGE_WHY_MAX]);

#endif
