// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * session_options.c - options that "run" and "serve" share.
 */
#include <errno.h>
#include <string.h>

#include "caps.h"
#include "command.h"
#include "extension.h"
#include "isolated.h"
#include "log.h"
#include "session.h"

#define CAPS_WORD_MAX 64 /* what is shown of a word that is none */

static int set_log(const struct emf_option *option, const char *arg)
{
	struct emf_session_options *session = option->context;

	if (emf_log_parse_level(arg, &session->log)) {
		emf_err(NULL, "--log: \"%s\" is no log level; there are: err, warn, info, debug", arg);
		return -EINVAL;
	}
	session->log_given = true;
	emf_log_set_level(session->log);
	return 0;
}

static int set_keep_caps(const struct emf_option *option, const char *arg)
{
	struct emf_session_options *session = option->context;
	char word[CAPS_WORD_MAX];
	uint64_t caps;

	session->keep_caps = arg;
	if (!strcmp(arg, "all") || !emf_caps_read(arg, &caps, word, sizeof(word)))
		return 0;
	emf_err(NULL, "--keep-capabilities: \"%s\" is no capability; write all, none, or a list of names such as bpf,perfmon,net_admin", word);
	return -EINVAL;
}

static int set_verbose(const struct emf_option *option, const char *arg)
{
	(void)arg;
	return set_log(option, "debug");
}

static int set_place(const struct emf_option *option, const char *arg)
{
	struct emf_session_options *session = option->context;

	session->place = arg;
	if (emf_config_is_place(arg))
		return 0;
	emf_err(NULL, "--place: \"%s\" is no place; there are: first, last", arg);
	return -EINVAL;
}

size_t emf_session_options(struct emf *emf, struct emf_session_options *session, struct emf_option options[EMF_SESSION_OPTIONS])
{
	const struct emf_option all[] = {
		{ "duration", 'd', "SECONDS", false, "end after this time", emf_option_set_time, &session->duration_ns },
		{ "config", 0, "FILE", false, "read this file and FILE.d/*.conf instead of the product's own", emf_option_set_string, &session->config },
		{ "log", 0, "LEVEL", false, "err, warn, info or debug", set_log, session },
		{ "extension", 0, "FILE", false, "load modules from this file, x.so or x.emfpkg", emf_extension_set, emf },
		{ "isolated", 0, "FILE", false, "run the modules of this file, x.so, in a process of their own", emf_isolated_option, emf },
		{ "allow-unsigned", 0, NULL, false, "run packages whoever made them", emf_option_set_true, &emf->allows_unsigned },
		{ "replace", 0, NULL, false, "put an XDP program of others aside, and back at the end", emf_option_set_true, &session->replaces },
		{ "persist", 0, NULL, false, "modules and chains stay when this ends, and the next start takes them over", emf_option_set_true,
		  &session->persists },
		{ "no-cache", 0, NULL, false, "read all of the kernel's BTF, as if there were no cache of it", emf_option_set_true, &session->no_cache },
		{ "place", 0, "first|last", false, "where chains of tc hang among programs of others", set_place, session },
		{ "verbose", 'v', NULL, false, "tell more of what happens, as --log debug", set_verbose, session },
	};
	const struct emf_option of_serve = { "keep-capabilities", 0, "LIST", false,
					     "when all is attached, keep these and what modules declare: bpf,perfmon; none; or all", set_keep_caps, session };
	const struct emf_option of_run = { "bus", 0, NULL, false, "answer 'status' on the socket, as a service does", emf_option_set_true, &session->bus };
	size_t n = sizeof(all) / sizeof(*all);

	_Static_assert(sizeof(all) / sizeof(*all) < EMF_SESSION_OPTIONS, "there is room for them and one more");
	memcpy(options, all, sizeof(all));
	options[n] = emf->serving ? of_serve : of_run;
	return n + 1;
}
