/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/module.h - what a module is, and how it registers itself.
 */
#ifndef EMF_MODULE_H
#define EMF_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks what extensions may call; all else stays inside the product. */
#define EMF_API __attribute__((visibility("default")))

struct emf_attach;
struct emf_chain;
struct emf_event_source;
struct emf_kernel_enum;
struct emf_metric;
struct emf_need;
struct emf_object;
struct emf_param;
struct emf_plug;
struct emf_provided;
struct emf_shared_map;
struct emf_unit;
struct emf_used;
struct emf_views;

/* Set in struct module.flags: the product ends if this module cannot run. */
#define EMF_MODULE_REQUIRED (1u << 0)
/* It runs only where it is named: on the command line or in the configuration, or because another one needs it. */
#define EMF_MODULE_BY_NAME (1u << 1)

/**
 * struct module - one module of a product
 * @prio: lower starts first and ends last; equal ones go by name
 * @name: unique in the product; a letter or '_', then letters, digits, '_'
 * @create: called first, at the start of the product before any program of any module is attached
 * @attach: called once this module, at the start of the product all modules, were created
 * @poll: called once per loop turn, at least every 100 ms; must not block
 * @notify: called after something changed; emf_module_event() says what
 * @destroy: called last, and only if @create was called and succeeded
 * @priv: the module's own; EMF never touches it
 * @version: shown by "list" and "status"; optional
 * @doc: one line that says what the module does; optional
 * @flags: EMF_MODULE_REQUIRED, EMF_MODULE_BY_NAME, or 0
 * @params: options of the module, ended by an entry without a name; optional
 * @object: the kernel part, as emfgen made it; optional
 * @configure: called when @object is open and not yet loaded, parameters are
 *	set: the place to write rodata, to choose programs, to size maps
 * @detach: called first at the end, while programs are still attached
 * @attaches: where programs hang, from its description; optional
 * @events: that the kernel part sends, from its description; optional
 * @needs: what it cannot do without, from its description; optional
 * @maps: that it exports or imports, from its description; optional
 * @plugs: its programs in chains, from its description; optional
 * @chain: that it stands for; optional
 * @provides: services, from its description; optional
 * @uses: services of others, from its description; optional
 * @views: maps that are printed by themselves; optional
 * @metrics: that can be read of it, from its description; optional
 * @kernel_enums: whose names get the numbers of the kernel that runs; optional
 * @migrate: called when this module takes the place of a version that runs, once for each map that is laid out otherwise here or
 *	that cannot be handed over: emf_module_migration() says which; without it such an upgrade is refused
 * @unit: EMF's own; leave it alone
 *
 * Every member but @name is optional. All callbacks run on the loop thread and
 * return 0 or a negative errno. A module whose @configure, @create or @attach
 * fails is unwound and reported, and the others run on; with -EPERM and -EOPNOTSUPP
 * a tool ends with exit status 77, and with -EDESTADDRREQ, which is for an option that is
 * needed and was not given, with 2. A negative value from
 * @poll stops the module. What @notify, @detach and @destroy return is logged.
 *
 * A product that serves can stop a module and start it again: its callbacks come in the
 * same order once more, and find its variables as the last ones left them.
 *
 * After @detach links are closed on another thread: timers, file descriptors and
 * records of the module may still call it meanwhile. Then its sources are removed,
 * and @destroy may free what they are embedded in. A @create that fails has to stop
 * the timers and remove the sources that it started before it frees them.
 *
 * Since: 0.1
 */
struct module {
	int prio;
	const char *name;
	int (*create)(struct module *m);
	int (*attach)(struct module *m);
	int (*poll)(struct module *m);
	int (*notify)(struct module *m);
	int (*destroy)(struct module *m);
	void *priv;

	const char *version;
	const char *doc;
	unsigned int flags;
	const struct emf_param *params;
	const struct emf_object *object;
	int (*configure)(struct module *m);
	int (*detach)(struct module *m);
	const struct emf_attach *attaches;
	const struct emf_event_source *events;
	const struct emf_need *needs;
	const struct emf_shared_map *maps;
	const struct emf_plug *plugs;
	const struct emf_chain *chain;
	const struct emf_provided *provides;
	const struct emf_used *uses;
	const struct emf_views *views;
	const struct emf_metric *metrics;
	const struct emf_kernel_enum *kernel_enums;
	int (*migrate)(struct module *m);

	struct emf_unit *unit;
};

/**
 * ebpf_module() - register a module with the product that it is linked into
 * @variable: a struct module with static storage
 *
 * Leaves one pointer in the section emf_modules. Pointers, because a compiler
 * may pad structures in a section; "retain" beside "used", because a linker
 * that collects unused sections drops it otherwise.
 *
 * Since: 0.1
 */
#define ebpf_module(variable)                                                 \
	static struct module *const emf_registered_##variable                 \
		__attribute__((used, EMF_RETAIN section("emf_modules"))) = &(variable)

#if defined(__has_attribute) && __has_attribute(retain)
#define EMF_RETAIN retain,
#else
#define EMF_RETAIN
#endif

/**
 * enum emf_event - why notify was called
 * @EMF_EVENT_PARAMS: parameters of this module have new values
 * @EMF_EVENT_MODULE_UP: another module started to run
 * @EMF_EVENT_MODULE_DOWN: another module stopped
 */
enum emf_event {
	EMF_EVENT_PARAMS,
	EMF_EVENT_MODULE_UP,
	EMF_EVENT_MODULE_DOWN,
};

/**
 * emf_module_event() - what the running notify callback is about
 * @m: the module that is being notified
 *
 * Context: loop thread, inside notify.
 * Return: the event.
 * Since: 0.1
 */
EMF_API enum emf_event emf_module_event(const struct module *m);

/**
 * emf_module_peer() - which other module came or went
 * @m: the module that is being notified
 *
 * Context: loop thread, inside notify.
 * Return: its name, or NULL for EMF_EVENT_PARAMS. Valid until notify returns.
 * Since: 0.1
 */
EMF_API const char *emf_module_peer(const struct module *m);

/**
 * emf_module_stop() - end this module, as if its poll had failed
 * @m: the module
 * @error: a negative errno that is reported, or 0 if the module is done
 *
 * Takes effect when the running callback has returned. The product ends when
 * no module runs any more, unless it serves.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_module_stop(struct module *m, int error);

#ifdef __cplusplus
}
#endif

#endif
