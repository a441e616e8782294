/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * core.h - a running product: the one structure that everything hangs from.
 */
#ifndef EMF_CORE_H
#define EMF_CORE_H

#include <emf/product.h>

#include "loop.h"
#include "module.h"
#include "quit.h"
#include "show.h"
#include "worker.h"

/* Exit statuses of every command. */
enum {
	EMF_EXIT_OK = 0,
	EMF_EXIT_FAILED = 1,
	EMF_EXIT_USAGE = 2,
	EMF_EXIT_UNSUPPORTED = 77, /* the kernel or the privileges lack what is needed */
};

/* Poll is promised at least this often (include/emf/module.h). */
#define EMF_POLL_MS 100

struct emf_extension_file;
struct emf_guardian;
struct emf_isolated;
struct emf_isolated_child;

struct emf {
	const struct emf_product *product;
	struct emf_registry registry;
	struct emf_extension_file *extensions; /* that were loaded, in that order */
	struct emf_isolated *isolated; /* in processes of their own, in that order */
	struct emf_isolated_child *isolation; /* of a process that is one of these; else NULL */
	struct emf_loop loop;
	struct emf_worker worker;
	struct emf_quit quit;
	bool serving;    /* prints nothing, owns the socket */
	bool json;	 /* what is printed is JSON */
	struct emf_show show; /* how events are printed */
	int exit_status; /* of the process, when the loop ends */
	uint64_t started_ns;
	const char *config; /* its file, of the command line; NULL for the product's own */
	bool replaces;      /* XDP programs of others are put aside */
	bool allows_unsigned; /* packages, whoever made them: the command line says so */
	bool file_allows_unsigned; /* the configuration does, until it is read again */
	bool persists;      /* modules and chains stay when the product ends */
	bool upgradable;    /* what serves attaches tracing by roots, root.h */
	const char *keep_caps; /* a list, when everything is attached; NULL for all */
	bool keep_caps_of_file; /* and not of the command line */
	bool hangs_first;   /* before programs of others on the same hook of tc, else behind them */
	char btf_cache[256]; /* the folder of the BTF cache, btf_folder.h; empty: none is used */
	struct emf_guardian *guardian; /* when there is something to guard */
	char *modules_line; /* of the configuration that it started with, or NULL */
};

/* Learns the number of CPUs for emf_cpus(); 0 or a negative errno. */
int emf_cpus_read(void);

#endif
