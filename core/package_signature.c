// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_signature.c - signatures, which the extension signature makes and checks. It is
 * called as any service is, before any module was started.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"
#include "emf_emf.h"
#include "own_service.h"
#include "package_key.h"

static int tell(char *why, const char *what, int err)
{
	snprintf(why, EMF_PACKAGE_WHY_MAX, "%s", what);
	return err;
}

/* They decide what is trusted: a package, which would have to be checked by itself, is not asked, and no other process that serves signatures. */
static const struct emf_own_service own = {
	.module = "signature",
	.service = &signature_service,
	.client = &signature_client.base,
	.missing = "signatures are checked by the extension signature, which is not installed (it needs libsodium)",
	.foreign = "another process serves signatures, and is not asked what to trust: end that one",
};

static int open_service(struct emf *emf, struct module **m, char *why)
{
	return emf_own_service_open(emf, &own, m, why, EMF_PACKAGE_WHY_MAX);
}

static void close_service(const struct module *m)
{
	emf_own_service_close(&own, m);
}

/* A file of it that nobody else has. */
static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("package", MFD_CLOEXEC);

	for (size_t at = 0; fd >= 0 && at < size;) {
		ssize_t n = write(fd, (const char *)bytes + at, size - at);

		if (n < 0 && errno != EINTR) {
			int err = -errno;

			close(fd);
			return err;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return fd < 0 ? -errno : fd;
}

int emf_signature_check(struct emf *emf, const void *bytes, size_t size, const struct emf_package_signature **signature,
			char why[EMF_PACKAGE_WHY_MAX])
{
	size_t signed_bytes = emf_package_size(bytes, size);
	const struct emf_package_signature *s = (const void *)((const char *)bytes + signed_bytes);
	struct signature_verify_args args = { .bytes = signed_bytes };
	struct module *m;
	int err;

	if (!signed_bytes)
		return tell(why, size ? "it is no package of EMF, or its end is missing" : "it is empty", -ENOEXEC);
	if (size == signed_bytes)
		return tell(why, "it is not signed", -ENOKEY);
	if (size - signed_bytes != sizeof(*s) || memcmp(s->magic, EMF_PACKAGE_SIGNATURE_MAGIC, sizeof(s->magic)) != 0)
		return tell(why, "it is damaged: what is behind it is no signature", -ENOEXEC);
	memcpy(args.key, s->key, sizeof(args.key));
	memcpy(args.signature, s->signature, sizeof(args.signature));
	err = open_service(emf, &m, why);
	if (err)
		return err;
	args.file = file_of(bytes, signed_bytes);
	err = args.file < 0 ? args.file : signature_call_verify(&signature_client, &args);
	if (args.file >= 0)
		close(args.file);
	close_service(m);
	if (err)
		return tell(why, err == -EBADMSG ? "its signature is of something else: it was changed after it was signed" : strerror(-err), err);
	*signature = s;
	return 0;
}

int emf_signature_make(struct emf *emf, const void *bytes, size_t size, const unsigned char seed[EMF_KEY_BYTES],
		       struct emf_package_signature *signature, char why[EMF_PACKAGE_WHY_MAX])
{
	struct signature_sign_args args = { .bytes = size };
	struct signature_sign_reply reply;
	struct module *m;
	int err = open_service(emf, &m, why);

	if (err)
		return err;
	memcpy(args.seed, seed, sizeof(args.seed));
	args.file = file_of(bytes, size);
	err = args.file < 0 ? args.file : signature_call_sign(&signature_client, &args, &reply);
	if (args.file >= 0)
		close(args.file);
	close_service(m);
	explicit_bzero(&args, sizeof(args));
	if (err)
		return tell(why, strerror(-err), err);
	memcpy(signature->magic, EMF_PACKAGE_SIGNATURE_MAGIC, sizeof(signature->magic));
	memcpy(signature->key, reply.key, sizeof(signature->key));
	memcpy(signature->signature, reply.signature, sizeof(signature->signature));
	return 0;
}

int emf_signature_generate(struct emf *emf, unsigned char seed[EMF_KEY_BYTES], unsigned char key[EMF_KEY_BYTES], char why[EMF_PACKAGE_WHY_MAX])
{
	struct signature_generate_reply reply;
	struct module *m;
	int err = open_service(emf, &m, why);

	if (err)
		return err;
	err = signature_call_generate(&signature_client, &reply);
	close_service(m);
	if (err)
		return tell(why, strerror(-err), err);
	memcpy(seed, reply.seed, EMF_KEY_BYTES);
	memcpy(key, reply.key, EMF_KEY_BYTES);
	explicit_bzero(&reply, sizeof(reply));
	return 0;
}
