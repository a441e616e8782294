/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * session.h - what "run" and "serve" share: a product from its configuration to
 * its end.
 */
#ifndef EMF_CORE_SESSION_H
#define EMF_CORE_SESSION_H

#include "config.h"
#include "core.h"
#include "option.h"

/* Options of the command line that both understand. */
struct emf_session_options {
	const char *config;	/* NULL for the product's own file */
	bool by_config;		/* no modules were named: those of the file run */
	bool log_given;		/* over the file's */
	enum emf_log_level log;
	uint64_t duration_ns;	/* 0 for no end */
	bool bus;		/* open the socket, though this is no service */
	bool replaces, persists; /* over the file's */
	bool no_cache;		/* the same */
	const char *place;	/* "first" or "last"; NULL for the file's */
	const char *keep_caps;	/* a list; NULL for the file's */
	void (*started)(struct emf *emf, void *arg); /* instead of turning the loop; NULL */
	void *started_arg;
};

#define EMF_SESSION_OPTIONS 16

/* Those options as a table. Return: how many. */
size_t emf_session_options(struct emf *emf, struct emf_session_options *session, struct emf_option options[EMF_SESSION_OPTIONS]);

/* Applies product settings and configuration files. 0, or a negative errno, logged. */
int emf_session_configure(struct emf *emf, const struct emf_session_options *options,
			  struct emf_config *config);

/**
 * emf_session_run() - start what is wanted, turn the loop, stop
 * @emf: serving is set; wanted is set for each module
 * @options: of the command line
 *
 * Return: an exit status.
 */
int emf_session_run(struct emf *emf, const struct emf_session_options *options);

#endif
