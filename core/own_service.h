/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * own_service.h - services that an extension provides to the core in its own process, before
 * any module was started.
 */
#ifndef EMF_CORE_OWN_SERVICE_H
#define EMF_CORE_OWN_SERVICE_H

#include <stddef.h>

struct ebus_client;
struct ebus_service;
struct emf;
struct module;

/**
 * struct emf_own_service - one of them
 * @module: the extension's, and so its file
 * @service: that it provides
 * @client: of it
 * @missing: a sentence for where it is not installed
 * @foreign: a sentence for where another process provides it: that one is not asked
 */
struct emf_own_service {
	const char *module;
	struct ebus_service *service;
	struct ebus_client *client;
	const char *missing;
	const char *foreign;
};

/**
 * emf_own_service_open() - have it answer calls of this process
 * @emf: the product
 * @own: see there
 * @m: receives who answers, for emf_own_service_close()
 * @why: receives a sentence on error
 * @size: of @why
 *
 * Only native code is asked: a package of its name is not.
 *
 * Return: 0; -EOPNOTSUPP where it is not installed; -EBUSY if another process provides it; or a negative errno.
 */
int emf_own_service_open(struct emf *emf, const struct emf_own_service *own, struct module **m, char *why, size_t size);

/* Fine with NULL. */
void emf_own_service_close(const struct emf_own_service *own, const struct module *m);

#endif
