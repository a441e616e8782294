// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_key.c - "key", "sign" and "verify": who made a package.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "log.h"
#include "package_bytes.h"
#include "package_key.h"
#include "package_load.h"

static int tell_file(const char *command, const char *path, const char *why)
{
	emf_err(NULL, "%s %s: %s", command, path, why);
	return EMF_EXIT_FAILED;
}

static int new_key(struct emf *emf, const char *name)
{
	unsigned char seed[EMF_KEY_BYTES], key[EMF_KEY_BYTES];
	char secret[PATH_MAX], public[PATH_MAX], why[EMF_PACKAGE_WHY_MAX];
	int err;

	if (snprintf(secret, sizeof(secret), "%s.key", name) >= (int)sizeof(secret) || snprintf(public, sizeof(public), "%s.pub", name) >= (int)sizeof(public))
		return tell_file("key new", name, "the name is too long");
	/* Before the secret half is there: neither is in the place of another. */
	if (!access(public, F_OK))
		return tell_file("key new", public, "it exists already, and is not overwritten: choose another name");
	err = emf_signature_generate(emf, seed, key, why);
	if (err)
		return tell_file("key new", name, why);
	err = emf_key_write(secret, EMF_KEY_SECRET, seed);
	explicit_bzero(seed, sizeof(seed));
	if (err)
		return tell_file("key new", secret, err == -EEXIST ? "it exists already, and is not overwritten: choose another name" : strerror(-err));
	err = emf_key_write(public, EMF_KEY_PUBLIC, key);
	if (err) {
		unlink(secret);
		return tell_file("key new", public, strerror(-err));
	}
	printf("%s is secret: it signs packages. Who trusts them has %s in " EMF_KEY_FOLDER ".\n", secret, public);
	return EMF_EXIT_OK;
}

int emf_cmd_key(struct emf *emf, int argc, char **argv)
{
	int rest, status = emf_command_parse(emf, "key", NULL, 0, argc, argv, &rest);

	if (status >= 0)
		return status;
	if (argc - rest == 2 && !strcmp(argv[rest], "new"))
		return new_key(emf, argv[rest + 1]);
	emf_err(NULL, "key makes a new key: key new NAME");
	return EMF_EXIT_USAGE;
}

/* An old signature goes. */
static int sign(struct emf *emf, const char *path, const unsigned char seed[EMF_KEY_BYTES])
{
	struct emf_package_signature signature;
	char why[EMF_PACKAGE_WHY_MAX];
	struct emf_package package;
	struct emf_bytes out = { 0 };
	size_t size;
	void *bytes = emf_package_slurp(path, &size, why);
	int err = bytes ? emf_package_look(bytes, size, &package, why) : -EINVAL;

	if (!err)
		err = emf_signature_make(emf, bytes, package.size, seed, &signature, why);
	if (!err) {
		emf_bytes_add(&out, bytes, package.size);
		emf_bytes_add(&out, &signature, sizeof(signature));
		err = out.failed ? -ENOMEM : emf_bytes_store(&out, path);
		snprintf(why, sizeof(why), "it cannot be written: %s", strerror(-err));
	}
	emf_bytes_free(&out);
	free(bytes);
	return err ? tell_file("sign", path, why) : EMF_EXIT_OK;
}

static int words_and_key(struct emf *emf, const char *command, int argc, char **argv, const char **key, int *rest)
{
	const struct emf_option options[] = {
		{ "key", 'k', "FILE", false, *command == 's' ? "the secret half, NAME.key" : "the public half, NAME.pub, instead of those that are trusted",
		  emf_option_set_string, key },
	};
	int status = emf_command_parse(emf, command, options, 1, argc, argv, rest);

	if (status >= 0 || *rest < argc)
		return status;
	emf_err(NULL, "%s needs the file of a package, x" EMF_PACKAGE_SUFFIX, command);
	return EMF_EXIT_USAGE;
}

int emf_cmd_sign(struct emf *emf, int argc, char **argv)
{
	unsigned char seed[EMF_KEY_BYTES];
	char why[EMF_PACKAGE_WHY_MAX];
	const char *key = NULL;
	int rest, status = words_and_key(emf, "sign", argc, argv, &key, &rest);

	if (status >= 0)
		return status;
	if (!key) {
		emf_err(NULL, "sign needs --key NAME.key, which 'key new NAME' makes");
		return EMF_EXIT_USAGE;
	}
	if (emf_key_read(key, EMF_KEY_SECRET, false, seed, why)) {
		emf_err(NULL, "sign: %s", why);
		return EMF_EXIT_FAILED;
	}
	status = EMF_EXIT_OK;
	for (int i = rest; i < argc && status == EMF_EXIT_OK; i++)
		status = sign(emf, argv[i], seed);
	explicit_bzero(seed, sizeof(seed));
	return status;
}

static void print_key(const unsigned char key[EMF_KEY_BYTES])
{
	for (size_t i = 0; i < EMF_KEY_BYTES; i++)
		printf("%02x", key[i]);
}

/* @key: NULL for those that are trusted. */
static int verify(struct emf *emf, const char *path, const unsigned char *key)
{
	const struct emf_package_signature *signature;
	char why[EMF_PACKAGE_WHY_MAX], name[EMF_KEY_NAME_MAX] = "the given key";
	struct emf_package package;
	size_t size;
	void *bytes = emf_package_slurp(path, &size, why);
	int err = bytes ? emf_signature_check(emf, bytes, size, &signature, why) : -EINVAL;
	bool is_trusted = !err && (key ? !memcmp(key, signature->key, EMF_KEY_BYTES) : emf_key_is_trusted(signature->key, name));

	if (!err && is_trusted)
		err = emf_package_look(bytes, size, &package, why);
	if (err) {
		free(bytes);
		return tell_file("verify", path, why);
	}
	printf("%s: signed by %s, ", path, is_trusted ? name : "a key that is not trusted");
	print_key(signature->key);
	printf("\n");
	free(bytes);
	return is_trusted ? EMF_EXIT_OK : EMF_EXIT_FAILED;
}

int emf_cmd_verify(struct emf *emf, int argc, char **argv)
{
	unsigned char public[EMF_KEY_BYTES];
	char why[EMF_PACKAGE_WHY_MAX];
	const char *key = NULL;
	int rest, status = words_and_key(emf, "verify", argc, argv, &key, &rest);

	if (status >= 0)
		return status;
	if (key && emf_key_read(key, EMF_KEY_PUBLIC, false, public, why)) {
		emf_err(NULL, "verify: %s", why);
		return EMF_EXIT_FAILED;
	}
	status = EMF_EXIT_OK;
	for (int i = rest; i < argc && status == EMF_EXIT_OK; i++)
		status = verify(emf, argv[i], key ? public : NULL);
	return status;
}
