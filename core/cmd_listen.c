// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_listen.c - "listen": signals of any service, as they come.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ask.h"
#include "bus.h"
#include "client_own.h"
#include "command.h"
#include "emf_emf.h"
#include "json.h"
#include "output.h"
#include "record_json.h"
#include "record_print.h"
#include "watch.h"

#define NAME_MAX_BYTES 128 /* "service.signal": the generator allows 63 characters for a name */

struct listening;

/* One signal that matches. */
struct heard {
	struct ebus_subscription base;
	struct listening *all;
	bool is_refused;
	struct heard *next;
};

/* A service of which one does. */
struct bound {
	struct emf_schema *schema;
	struct bound *next;
};

struct listening {
	struct emf_client *client;
	char *const *patterns;
	int n_patterns;
	bool *is_matched; /* each of them: by a signal */
	struct heard *heard;
	struct bound *bound;
	size_t n_heard, n_refused;
	bool is_denied; /* one of those, by rules */
	uint64_t count, most;
	bool as_json;
	int err;
};

static bool matches(struct listening *l, const char *service, const char *signal)
{
	bool any = false;

	for (int i = 0; i < l->n_patterns; i++) {
		if (!emf_bus_matches(l->patterns[i], service, signal))
			continue;
		l->is_matched[i] = true;
		any = true;
	}
	return any;
}

static void on_refused(void *arg, const struct ebus_service *service, unsigned int signal, int err)
{
	const char *name = service->signals[signal].name;
	struct listening *l = arg;
	struct heard *h = l->heard;
	char why[EMF_ASK_WHY_MAX];

	while (h && (h->base.service != service || h->base.signal != signal))
		h = h->next;
	if (!h || h->is_refused)
		return;
	h->is_refused = true;
	l->n_refused++;
	l->is_denied |= err == -EACCES;
	snprintf(why, sizeof(why), "%s", strerror(-err));
	if (err == -EACCES)
		emf_ask_denied("listen to it", service->name, name, why);
	emf_warn(NULL, "signal %s.%s is not heard: %s", service->name, name, why);
}

static void on_signal(struct ebus_subscription *subscription, const void *data)
{
	struct listening *l = ((struct heard *)(void *)subscription)->all; /* base is its first member */
	const struct ebus_service *service = subscription->service;
	const struct ebus_member *signal = &service->signals[subscription->signal];

	if (l->most && l->count == l->most)
		return;
	l->count++;
	if (!l->as_json) {
		printf("%s.%s%s", service->name, signal->name, signal->in.record ? " " : "");
		emf_record_print_line(signal->in.record, data, stdout);
		printf("\n");
	} else if (emf_json_line(json_pack("{s:s, s:s, s:o}", "service", service->name, "signal", signal->name, "args",
					   emf_record_to_json(signal->in.record, data)))) {
		l->err = -ENOMEM;
	}
}

static int subscribe(struct listening *l, struct emf_schema *schema)
{
	for (unsigned int i = 0; i < schema->service.n_signals; i++) {
		struct heard *heard;

		if (!matches(l, schema->service.name, schema->service.signals[i].name))
			continue;
		heard = calloc(1, sizeof(*heard));
		if (!heard)
			return -ENOMEM;
		heard->base.deliver = on_signal;
		heard->all = l;
		heard->next = l->heard;
		l->heard = heard;
		l->n_heard++;
		ebus_subscribe(&schema->client, i, NULL, &heard->base);
	}
	return 0;
}

static int bind_to(struct listening *l, const char *name, char why[EMF_ASK_WHY_MAX])
{
	struct bound *bound = calloc(1, sizeof(*bound));
	int err = bound ? emf_ask_schema(l->client, name, &bound->schema, why) : -ENOMEM;

	if (err && (!bound || !bound->schema)) {
		free(bound);
		return err;
	}
	bound->next = l->bound;
	l->bound = bound;
	return err ? err : subscribe(l, bound->schema);
}

/* Only what has a chance to match is asked for its schema. */
static bool may_match(const struct listening *l, const char *service)
{
	for (int i = 0; i < l->n_patterns; i++) {
		size_t len = strcspn(l->patterns[i], "*?[\\");
		char start[NAME_MAX_BYTES];

		snprintf(start, sizeof(start), "%s.", service);
		if (!strncmp(l->patterns[i], start, len < strlen(start) ? len : strlen(start)))
			return true;
	}
	return false;
}

static int bind_all(struct listening *l, char why[EMF_ASK_WHY_MAX])
{
	struct introspection_services_reply *services;
	int err = emf_ask_services(l->client, &services, why);

	if (err)
		return err;
	for (__u32 i = 0; i < services->rows_len && !err; i++)
		if (services->rows[i].signals && may_match(l, services->rows[i].name))
			err = bind_to(l, services->rows[i].name, why);
	free(services);
	/* Answers come in their order: with this one, also what was refused is known. */
	if (!err && l->n_heard && !emf_ask_services(l->client, &services, why))
		free(services);
	if (err == -ENOMEM)
		snprintf(why, EMF_ASK_WHY_MAX, "out of memory");
	return err;
}

static void tell_lost(const struct listening *l)
{
	uint64_t lost = 0;

	for (const struct heard *h = l->heard; h; h = h->next) {
		struct ebus_client of = { .service = h->base.service };

		lost += of.service ? emf_client_lost(l->client, &of, h->base.signal) : 0;
	}
	if (lost)
		emf_warn(NULL, "%llu signals were not heard: they came faster than they were read", (unsigned long long)lost);
}

static int listen(struct listening *l, uint64_t duration_ns)
{
	uint64_t end = duration_ns ? emf_now_ns() + duration_ns : UINT64_MAX;
	int err = 0;

	while (!err && !l->err && !emf_watch_is_over() && l->n_refused < l->n_heard && (!l->most || l->count < l->most) &&
	       emf_now_ns() < end) {
		err = emf_watch_turn(l->client, end);
		if (!err)
			err = emf_output_flush();
		err = err == -EAGAIN ? 0 : err;
	}
	tell_lost(l);
	if (err == -EPIPE)
		return EMF_EXIT_OK;
	if (err == -ENOTCONN)
		emf_err(NULL, "the service has ended");
	if (err || l->err)
		return EMF_EXIT_FAILED;
	if (l->most && l->count < l->most && emf_now_ns() >= end) {
		emf_err(NULL, "%" PRIu64 " of %" PRIu64 " signals came until the time was over", l->count, l->most);
		return EMF_EXIT_FAILED;
	}
	if (l->n_refused < l->n_heard)
		return EMF_EXIT_OK;
	emf_err(NULL, "there is nothing left to listen to");
	return l->is_denied ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
}

static int listen_to(struct listening *l, const char *product, uint64_t duration_ns)
{
	char why[EMF_ASK_WHY_MAX];
	int err;

	emf_client_set_refused(l->client, on_refused, l);
	err = bind_all(l, why);
	if (err)
		return emf_ask_failed(err, why);
	for (int i = 0; i < l->n_patterns; i++) {
		if (l->is_matched[i])
			continue;
		emf_err(NULL, "no service has a signal that matches '%s'; 'describe' prints what there is", l->patterns[i]);
		return EMF_EXIT_USAGE;
	}
	emf_watch_end_on(SIGINT);
	emf_watch_end_on(SIGTERM);
	if (isatty(STDERR_FILENO) && l->n_refused < l->n_heard) /* a quiet one looks as if nothing worked */
		fprintf(stderr, "%s: listens to %zu signal%s; Ctrl-C ends it\n", product, l->n_heard - l->n_refused,
			l->n_heard - l->n_refused == 1 ? "" : "s");
	return listen(l, duration_ns);
}

static void forget(struct listening *l)
{
	for (struct heard *h = l->heard, *next; h; h = next) {
		next = h->next;
		free(h);
	}
	free(l->is_matched);
	for (struct bound *b = l->bound, *next; b; b = next) {
		next = b->next;
		emf_ask_forget(b->schema);
		free(b);
	}
}

int emf_cmd_listen(struct emf *emf, int argc, char **argv)
{
	struct listening l = { 0 };
	uint64_t duration_ns = 0;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print a line of JSON for each", emf_option_set_true, &l.as_json },
		{ "count", 'n', "N", false, "end after so many signals", emf_option_set_count, &l.most },
		{ "duration", 'd', "SECONDS", false, "end after this time", emf_option_set_time, &duration_ns },
	};
	int rest, status = emf_command_parse(emf, "listen", options, 3, argc, argv, &rest);
	char why[EMF_ASK_WHY_MAX];
	int err;

	if (status >= 0)
		return status;
	if (rest == argc) {
		emf_err(NULL, "listen needs a pattern of SERVICE.SIGNAL, such as 'flow.*', or '*' for all");
		return EMF_EXIT_USAGE;
	}
	l.patterns = argv + rest;
	l.n_patterns = argc - rest;
	l.is_matched = calloc((size_t)l.n_patterns, sizeof(*l.is_matched));
	if (!l.is_matched) {
		emf_err(NULL, "out of memory");
		return EMF_EXIT_FAILED;
	}
	err = emf_ask_open(emf, &l.client, why);
	status = err ? emf_ask_failed(err, why) : listen_to(&l, emf->product->name, duration_ns);
	emf_client_free(l.client);
	forget(&l);
	return status;
}
