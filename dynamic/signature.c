// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * signature.c - signatures of packages, by libsodium. The core calls it when a package has to be
 * trusted, so that a product without packages carries none of it.
 */
#include "signature_emf.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX (64u << 20) /* more than a package may have */

_Static_assert(sizeof(((struct signature_verify_args *)NULL)->key) == crypto_sign_PUBLICKEYBYTES, "of Ed25519");
_Static_assert(sizeof(((struct signature_verify_args *)NULL)->signature) == crypto_sign_BYTES, "of Ed25519");
_Static_assert(sizeof(((struct signature_sign_args *)NULL)->seed) == crypto_sign_SEEDBYTES, "of Ed25519");

/* The beginning of a file, to be freed; NULL with errno. */
static unsigned char *read_bytes(int fd, uint64_t bytes)
{
	unsigned char *data = bytes <= BYTES_MAX ? malloc(bytes ? bytes : 1) : NULL;
	size_t at = 0;

	if (!data)
		errno = bytes <= BYTES_MAX ? ENOMEM : E2BIG;
	while (data && at < bytes) {
		ssize_t n = pread(fd, data + at, bytes - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int err = n ? errno : EINVAL; /* it is shorter than was said */

			free(data);
			errno = err;
			return NULL;
		}
		at += (size_t)n;
	}
	return data;
}

int signature_serve_verify(struct ebus_call *call, const struct signature_verify_args *args)
{
	unsigned char *data;
	int bad;

	(void)call;
	if (sodium_init() < 0)
		return -EIO;
	data = read_bytes(args->file, args->bytes);
	if (!data)
		return -errno;
	bad = crypto_sign_verify_detached(args->signature, data, args->bytes, args->key);
	free(data);
	return bad ? -EBADMSG : 0;
}

int signature_serve_sign(struct ebus_call *call, const struct signature_sign_args *args, struct signature_sign_reply *reply)
{
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
	unsigned char *data;

	(void)call;
	if (sodium_init() < 0)
		return -EIO;
	data = read_bytes(args->file, args->bytes);
	if (!data)
		return -errno;
	crypto_sign_seed_keypair(reply->key, secret, args->seed);
	crypto_sign_detached(reply->signature, NULL, data, args->bytes, secret);
	sodium_memzero(secret, sizeof(secret));
	free(data);
	return 0;
}

int signature_serve_generate(struct ebus_call *call, struct signature_generate_reply *reply)
{
	unsigned char secret[crypto_sign_SECRETKEYBYTES];

	(void)call;
	if (sodium_init() < 0)
		return -EIO;
	randombytes_buf(reply->seed, sizeof(reply->seed));
	crypto_sign_seed_keypair(reply->key, secret, reply->seed);
	sodium_memzero(secret, sizeof(secret));
	return 0;
}
