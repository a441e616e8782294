/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bus_module.h - what modules provide and use, as their descriptions say it.
 */
#ifndef EMF_CORE_BUS_MODULE_H
#define EMF_CORE_BUS_MODULE_H

#include "bus.h"

/* Makes all services known that are linked in. */
void emf_bus_init(struct emf_loop *loop);

/*
 * emf_bus_provide() - let a module serve what it provides
 *
 * Return: 0; -EEXIST and a sentence in @why when another module or process serves it already.
 */
int emf_bus_provide(struct module *m, char *why, size_t size);

/* It serves no more; calls are answered with -ENOTCONN from now on. */
void emf_bus_withdraw(struct module *m);

/*
 * emf_bus_missing() - a service that a module cannot do without, and that nobody serves
 *
 * Return: its name, or NULL.
 */
const char *emf_bus_missing(const struct module *m);

/* Whether @user cannot do without a service of @provider. */
bool emf_bus_needs(const struct module *user, const struct module *provider);

#endif
