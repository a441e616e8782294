/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_module.h - what modules provide and use, as their descriptions say it.
 */
#ifndef EMF_CORE_BUS_MODULE_H
#define EMF_CORE_BUS_MODULE_H

#include "bus.h"

/* Makes all services known that are linked in; fine when they are. */
void emf_bus_register_linked(void);

/* The same, and calls run on this loop. */
void emf_bus_init(struct emf_loop *loop);

/*
 * emf_bus_provide() - let a module serve what it provides
 *
 * Return: 0; -EEXIST and a sentence in @why when another module or process serves it already.
 */
int emf_bus_provide(struct module *m, char *why, size_t size);

/* The same in the place of @from: who is bound to what that one serves, watches or listens is told nothing. */
int emf_bus_take_over(struct module *m, const struct module *from, char *why, size_t size);

/* What @m serves in the place of another one, that one serves again. */
void emf_bus_give_back(const struct module *m, struct module *to);

/* Calls that another module has left to @m unanswered are answered with -EAGAIN. */
void emf_bus_ask_again(const struct module *m);

/* The name of a service that @instead_of serves, and @m would not; or NULL. */
const char *emf_bus_lost(const struct module *m, const struct module *instead_of);

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
