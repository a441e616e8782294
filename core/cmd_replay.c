// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_replay.c - "replay": calls that "monitor -w" has seen, made again.
 *
 * Only what came to the product is sent: what it asked of others then, it asks again.
 * Likewise it sends its signals again by itself, unless they are wanted from here.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <emf/output.h>

#include "ask.h"
#include "capture.h"
#include "command.h"
#include "emf_emf.h"
#include "json.h"
#include "output.h"
#include "record_json.h"
#include "schema.h"
#include "watch.h"

#define UNDER_WAY_MAX 256  /* calls; a connection may have 1024 */

/* A service that was asked for. */
struct known {
	char name[64];
	struct emf_schema *schema;
	bool is_bound; /* and can be used */
	struct known *next;
};

struct replaying {
	struct emf_client *client;
	struct emf_capture capture;
	char *const *patterns;
	int n_patterns;
	double speed;
	bool fast, with_signals, as_json;
	struct known *known;
	unsigned int under_way;
	int err;
	uint64_t calls, same, failed, signals, left_out, cannot[EMF_CAPTURE_CANNOT_N];
	char why[EMF_ASK_WHY_MAX];
};

/* A call that is under way. */
struct replayed {
	struct ebus_async async;
	struct replaying *all;
	const struct emf_captured *captured;
	void *args, *reply;
};

static bool is_chosen(const struct replaying *r, const struct emf_captured *c)
{
	for (int i = 0; i < r->n_patterns; i++)
		if (emf_capture_matches(r->patterns[i], c->service, c->member))
			return true;
	return !r->n_patterns;
}

/* A pattern that chooses nothing is a mistake. */
static int check_patterns(const struct replaying *r, const char *file)
{
	for (int i = 0; i < r->n_patterns; i++) {
		size_t at = 0;

		while (at < r->capture.n &&
		       !emf_capture_matches(r->patterns[i], r->capture.all[at]->service, r->capture.all[at]->member))
			at++;
		if (at < r->capture.n)
			continue;
		emf_err(NULL, "%s: no call or signal in it matches '%s'", file, r->patterns[i]);
		return EMF_EXIT_USAGE;
	}
	return EMF_EXIT_OK;
}

static const char *shown(const char *outcome)
{
	return *outcome ? outcome : "not answered";
}

static void print_json(struct replaying *r, json_t *line)
{
	if (emf_json_line(line))
		r->err = -ENOMEM;
}

/* @is: "ok", or the name of an error; @why: a sentence, if it was not even sent. */
static void report(struct replaying *r, const struct emf_captured *c, const char *is, const char *why)
{
	bool same = !strcmp(c->was, is), fails = strcmp(is, "ok") != 0;

	r->same += same;
	r->failed += !same && fails && *c->was;
	if (r->as_json)
		print_json(r, json_pack("{s:I, s:s, s:s, s:s, s:s, s:b}", "line", (json_int_t)c->line, "service", c->service, "method",
					c->member, "was", c->was, "is", is, "same", same));
	else if (same)
		printf("%u: %s.%s: %s, as before\n", c->line, c->service, c->member, is);
	else
		printf("%u: %s.%s: %s, and was %s%s%s\n", c->line, c->service, c->member, is, shown(c->was), why ? ": " : "",
		       why ? why : "");
}

/* --- what is sent */

/* NULL if there is none, or not any more; why says so. */
static struct emf_schema *schema_of(struct replaying *r, const char *name)
{
	struct known *k = r->known;

	while (k && strcmp(k->name, name))
		k = k->next;
	if (k) {
		snprintf(r->why, sizeof(r->why), "there is no service %s", name);
		return k->is_bound ? k->schema : NULL;
	}
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->next = r->known;
	r->known = k;
	k->is_bound = !emf_ask_schema(r->client, name, &k->schema, r->why);
	return k->is_bound ? k->schema : NULL;
}

/* The record of its arguments. Return: to be freed; NULL, and why says what is wrong. */
static void *prepare(struct replaying *r, const struct emf_captured *c, struct emf_schema **schema,
		     const struct ebus_member **member)
{
	char why[EMF_RECORD_WHY_MAX];
	const struct emf_record *record;
	void *data;

	snprintf(r->why, sizeof(r->why), "out of memory");
	*schema = schema_of(r, c->service);
	if (!*schema)
		return NULL;
	*member = c->is_signal ? emf_schema_member((*schema)->service.signals, (*schema)->service.n_signals, c->member) :
				 emf_schema_member((*schema)->service.methods, (*schema)->service.n_methods, c->member);
	if (!*member) {
		snprintf(r->why, sizeof(r->why), "the service has no such %s", c->is_signal ? "signal" : "method");
		return NULL;
	}
	record = (*member)->in.record;
	data = calloc(1, record ? record->size : 1);
	if (data && !emf_record_from_json(record, c->args, data, why))
		return data;
	if (data)
		snprintf(r->why, sizeof(r->why), "%s", why);
	free(data);
	return NULL;
}

static void on_finished(struct ebus_async *async, int err)
{
	struct replayed *call = (struct replayed *)(void *)async; /* its first member */
	const struct ebus_client *of = async->call.client;
	const char *is = !err ? "ok" : err == -EREMOTEIO && of->error ? of->error : emf_errno_name(err);

	call->all->under_way--;
	report(call->all, call->captured, is, NULL);
	free(call->args);
	free(call->reply);
	free(call);
}

static void send_call(struct replaying *r, const struct emf_captured *c)
{
	const struct ebus_member *method;
	struct emf_schema *schema;
	struct replayed *call = calloc(1, sizeof(*call));
	void *args = call ? prepare(r, c, &schema, &method) : NULL;

	r->calls++;
	if (args)
		call->reply = calloc(1, method->out.record ? method->out.record->size : 1);
	if (!args || !call->reply) {
		report(r, c, "not sent", args || !call ? "out of memory" : r->why);
		free(args);
		free(call);
		return;
	}
	call->all = r;
	call->captured = c;
	call->args = args;
	call->async.finished = on_finished;
	call->async.args = args;
	call->async.reply = call->reply;
	r->under_way++;
	ebus_async_start(&call->async, &schema->client, (unsigned int)(method - schema->service.methods), NULL);
}

static void send_signal(struct replaying *r, const struct emf_captured *c)
{
	const struct ebus_member *signal;
	struct emf_schema *schema;
	void *data = prepare(r, c, &schema, &signal);
	uint32_t heard;
	int err;

	if (!data) {
		emf_warn(NULL, "line %u: %s.%s was not sent: %s", c->line, c->service, c->member, r->why);
		r->failed++;
		return;
	}
	err = emf_ask_send(schema, signal, data, &heard);
	free(data);
	if (!err) {
		r->signals++;
		return;
	}
	emf_warn(NULL, "line %u: %s.%s was not sent: %s%s", c->line, c->service, c->member, strerror(-err),
		 err == -EACCES ? "; it takes the right to provide the service" : "");
	r->failed++;
}

static void send_one(struct replaying *r, const struct emf_captured *c)
{
	bool is_send = !strcmp(c->service, "bus") && !strcmp(c->member, "send");

	if (c->is_signal ? !r->with_signals : r->with_signals && is_send)
		r->left_out++; /* a signal that was sent by hand is in the file twice */
	else if (c->cannot)
		r->cannot[c->cannot]++;
	else if (c->is_signal)
		send_signal(r, c);
	else
		send_call(r, c);
}

/* --- in the course of time */

/* 0, or a negative errno when the product has gone. */
static int wait_until(struct replaying *r, uint64_t due_ns, unsigned int under_way)
{
	int err = 0;

	while (!err && (r->under_way > under_way || emf_now_ns() < due_ns)) {
		err = emf_watch_turn(r->client, emf_now_ns() < due_ns ? due_ns : UINT64_MAX);
		err = err ? err : r->err;
		if (!err)
			err = emf_output_flush();
		err = err == -EAGAIN ? 0 : err;
	}
	return err;
}

static int send_all(struct replaying *r)
{
	uint64_t began = emf_now_ns(), first = 0, wait_ns = 0;
	bool is_first = true;
	int err = 0;

	for (size_t i = 0; !err && i < r->capture.n; i++) {
		const struct emf_captured *c = r->capture.all[i];

		if (!is_chosen(r, c))
			continue;
		first = is_first ? c->time : first;
		is_first = false;
		if (!r->fast && c->time > first) { /* lines of two files: as much as none */
			double ns = (double)(c->time - first) / r->speed;

			wait_ns = ns < 1e18 ? (uint64_t)ns : UINT64_C(1000000000000000000);
		}
		err = wait_until(r, r->fast ? 0 : began + wait_ns, r->fast ? 0 : UNDER_WAY_MAX - 1);
		if (!err)
			send_one(r, c);
	}
	return err ? err : wait_until(r, 0, 0);
}

static void sum_up(struct replaying *r)
{
	uint64_t cannot = 0;

	for (int i = 0; i < EMF_CAPTURE_CANNOT_N; i++)
		cannot += r->cannot[i];
	if (r->as_json) {
		json_t *why = json_object();

		for (int i = EMF_CAPTURE_CUT; i < EMF_CAPTURE_CANNOT_N; i++)
			json_object_set_new(why, emf_capture_cannot_word((enum emf_capture_cannot)i), json_integer((json_int_t)r->cannot[i]));
		print_json(r, json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "calls", (json_int_t)r->calls, "same", (json_int_t)r->same,
					"failed", (json_int_t)r->failed, "signals", (json_int_t)r->signals, "left_out",
					(json_int_t)r->left_out, "cannot", why));
		return;
	}
	printf("%" PRIu64 " calls, %" PRIu64 " answered as before, %" PRIu64 " failed that had not", r->calls, r->same, r->failed);
	if (r->signals)
		printf("; %" PRIu64 " signals sent", r->signals);
	if (r->left_out && !r->with_signals)
		printf("; %" PRIu64 " signals left out, which --signals sends", r->left_out);
	if (cannot)
		printf("; %" PRIu64 " cannot be sent again:", cannot);
	for (int i = EMF_CAPTURE_CUT, n = 0; i < EMF_CAPTURE_CANNOT_N; i++)
		if (r->cannot[i])
			printf("%s %" PRIu64 " %s", n++ ? "," : "", r->cannot[i], emf_capture_cannot_text((enum emf_capture_cannot)i));
	printf("\n");
}

static int replay(struct replaying *r, const struct emf *emf)
{
	char why[EMF_ASK_WHY_MAX];
	int err = emf_ask_open(emf, &r->client, why);

	if (err)
		return emf_ask_failed(err, why);
	if (emf_client_use(r->client, &bus_client.base)) {
		emf_err(NULL, "%s", emf_client_why(r->client));
		return EMF_EXIT_FAILED;
	}
	err = send_all(r);
	if (err == -EPIPE)
		return EMF_EXIT_OK;
	if (err == -ENOTCONN)
		emf_err(NULL, "the service has ended");
	sum_up(r);
	if (r->err)
		emf_err(NULL, "out of memory");
	return err || r->err || r->failed ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

static void forget(struct replaying *r)
{
	emf_client_free(r->client); /* calls that are under way are answered, for the last time */
	for (struct known *k = r->known, *next; k; k = next) {
		next = k->next;
		emf_ask_forget(k->schema);
		free(k);
	}
	emf_capture_free(&r->capture);
}

static int set_speed(const struct emf_option *option, const char *arg)
{
	double *speed = option->context;
	char *end;

	*speed = strtod(arg, &end);
	if (*arg && !*end && *speed >= 0.001 && *speed <= 1000000)
		return 0;
	emf_err(NULL, "--%s: \"%s\" is not a number from 0.001 to 1000000", option->name, arg);
	return -EINVAL;
}

int emf_cmd_replay(struct emf *emf, int argc, char **argv)
{
	struct replaying r = { 0 };
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print a line of JSON for each call, and one at the end", emf_option_set_true, &r.as_json },
		{ "speed", 0, "X", false, "so many times as fast as it was; without it 1", set_speed, &r.speed },
		{ "fast", 0, NULL, false, "each call when the one before is answered", emf_option_set_true, &r.fast },
		{ "signals", 0, NULL, false, "send the signals, too, in the place of their providers", emf_option_set_true, &r.with_signals },
	};
	int rest, status = emf_command_parse(emf, "replay", options, 4, argc, argv, &rest);

	if (status >= 0)
		return status;
	if (rest == argc) {
		emf_err(NULL, "replay needs a file that '%s monitor -w FILE' wrote", emf->product->name);
		return EMF_EXIT_USAGE;
	}
	if (r.fast && r.speed > 0) {
		emf_err(NULL, "--fast and --speed contradict each other: --fast does not wait at all");
		return EMF_EXIT_USAGE;
	}
	r.speed = r.speed > 0 ? r.speed : 1;
	r.patterns = argv + rest + 1;
	r.n_patterns = argc - rest - 1;
	/* All of it is read before the first call is made. */
	status = emf_capture_read(&r.capture, argv[rest]) ? EMF_EXIT_FAILED : check_patterns(&r, argv[rest]);
	if (status == EMF_EXIT_OK)
		status = replay(&r, emf);
	forget(&r);
	return status;
}
