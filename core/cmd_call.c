// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_call.c - "call": a method of any service, from the command line.
 */
#include <stdlib.h>

#include <emf/output.h>

#include "ask.h"
#include "bus.h"
#include "command.h"
#include "json.h"
#include "record_json.h"
#include "record_print.h"
#include "schema.h"
#include "suggest.h"
#include "value.h"

#define NS_PER_MS UINT64_C(1000000)

/* What is called, and what became of it. */
struct call {
	struct ebus_async async;
	const struct ebus_service *service;
	const struct ebus_member *method;
	void *args, *reply;
	bool as_json;
	bool done;
	int err;
	uint64_t began;
};

static void on_finished(struct ebus_async *async, int err)
{
	struct call *call = (struct call *)(void *)async; /* its first member */

	call->err = err;
	call->done = true;
}

static int no_method(const struct ebus_service *service, const char *name)
{
	struct emf_suggestion near = { .word = name };

	for (size_t i = 0; i < service->n_methods; i++)
		emf_suggest(&near, service->methods[i].name);
	if (near.best)
		emf_err(NULL, "service %s has no method '%s'; did you mean '%s'?", service->name, name, near.best);
	else
		emf_err(NULL, "service %s has no method '%s'; 'describe %s' prints what it has", service->name, name, service->name);
	return EMF_EXIT_USAGE;
}

/* One that is no error of the service's own. */
static void tell_errno(const struct call *call)
{
	const char *service = call->service->name, *method = call->method->name;
	uint32_t ms = call->async.timeout_ms ? call->async.timeout_ms : EBUS_TIMEOUT_MS;
	const struct emf_value_type type = { .type = EMF_DURATION };
	char text[EMF_VALUE_TEXT_MAX], why[EMF_ASK_WHY_MAX];

	switch (call->err) {
	case -ENOTCONN:
		emf_err(NULL, "%s.%s: nobody provides the service now", service, method);
		return;
	case -EACCES:
		emf_ask_denied("call it", service, method, why);
		emf_err(NULL, "%s.%s: %s", service, method, why);
		return;
	case -ELOOP:
		emf_err(NULL, "%s.%s: the calls go round in a circle: it was called again by what it calls (ELOOP)", service, method);
		return;
	case -ETIMEDOUT:
		if (emf_now_ns() - call->began < ms * NS_PER_MS)
			break; /* that is an answer */
		emf_err(NULL, "%s.%s: no answer within %s; --timeout waits longer (ETIMEDOUT)", service, method,
			emf_value_format(&type, &(uint64_t){ ms * NS_PER_MS }, text));
		return;
	default:
		break;
	}
	emf_err(NULL, "%s.%s: %s (%s)", service, method, strerror(-call->err), emf_errno_name(call->err));
}

/* What it was answered with instead of results. */
static int tell(const struct call *call, const struct ebus_client *client)
{
	const struct ebus_member *error = client->error && call->err == -EREMOTEIO ?
		emf_schema_member(call->service->errors, call->service->n_errors, client->error) : NULL;
	const char *service = call->service->name, *method = call->method->name;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!error) {
		tell_errno(call);
		return call->err == -EACCES ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
	}
	out = open_memstream(&text, &size);
	if (out) {
		emf_record_print_line(error->in.record, client->error_data.bytes, out);
		fclose(out);
	}
	emf_err(NULL, "%s.%s: %s%s%s", service, method, error->name, text && *text ? ": " : "", text ? text : "");
	free(text);
	return EMF_EXIT_FAILED;
}

static int print(const struct call *call)
{
	if (call->as_json)
		return emf_json_print(emf_record_to_json(call->method->out.record, call->reply));
	emf_record_print(call->method->out.record, call->reply, stdout);
	return EMF_EXIT_OK;
}

static int make(struct call *call, struct emf_client *client, struct ebus_client *of)
{
	int err;

	call->async.finished = on_finished;
	call->async.args = call->args;
	call->async.reply = call->reply;
	call->began = emf_now_ns();
	ebus_async_start(&call->async, of, (unsigned int)(call->method - call->service->methods), NULL);
	while (!call->done) {
		err = emf_client_dispatch(client, -1);
		if (err && err != -EINTR && !call->done) {
			ebus_async_cancel(&call->async);
			call->err = err;
			break;
		}
	}
	return call->err ? tell(call, of) : print(call);
}

static int read_args(struct call *call, char *const *words, int n)
{
	const struct emf_record *in = call->method->in.record;
	char why[EMF_RECORD_WHY_MAX];
	json_t *json;
	int err = emf_record_words(in, (const char *const *)words, n, &json, why);

	if (!err) {
		err = emf_record_from_json(in, json, call->args, why);
		json_decref(json);
	}
	if (err)
		emf_err(NULL, "%s.%s: %s", call->service->name, call->method->name, why);
	return err;
}

static int call_method(struct call *call, struct emf_client *client, struct emf_schema *schema, char *const *words, int n)
{
	const struct emf_record *in, *out;
	int status;

	call->service = &schema->service;
	call->method = emf_schema_member(schema->service.methods, schema->service.n_methods, words[0]);
	if (!call->method)
		return no_method(call->service, words[0]);
	in = call->method->in.record;
	out = call->method->out.record;
	call->args = calloc(1, in ? in->size : 1);
	call->reply = calloc(1, out ? out->size : 1);
	if (!call->args || !call->reply) {
		emf_err(NULL, "out of memory");
		status = EMF_EXIT_FAILED;
	} else {
		status = read_args(call, words + 1, n - 1) ? EMF_EXIT_USAGE : make(call, client, &schema->client);
	}
	free(call->args);
	free(call->reply);
	return status;
}

int emf_cmd_call(struct emf *emf, int argc, char **argv)
{
	struct call call = { 0 };
	uint64_t timeout_ns = 0;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &call.as_json },
		{ "timeout", 0, "SECONDS", false, "how long to wait for the answer; without it 5", emf_option_set_time, &timeout_ns },
	};
	int rest, status = emf_command_parse(emf, "call", options, 2, argc, argv, &rest);
	struct emf_schema *schema = NULL;
	struct emf_client *client;
	char why[EMF_ASK_WHY_MAX];
	int err;

	if (status >= 0)
		return status;
	if (argc - rest < 2) {
		emf_err(NULL, "call needs a service and a method: '%s services' lists services, '%s describe SERVICE' methods",
			emf->product->name, emf->product->name);
		return EMF_EXIT_USAGE;
	}
	timeout_ns = timeout_ns && timeout_ns < NS_PER_MS ? NS_PER_MS : timeout_ns;
	call.async.timeout_ms = timeout_ns / NS_PER_MS < UINT32_MAX ? (uint32_t)(timeout_ns / NS_PER_MS) : UINT32_MAX;
	err = emf_ask_open_within(emf, call.async.timeout_ms, &client, why);
	if (err)
		return emf_ask_failed(err, why);
	err = emf_ask_schema(client, argv[rest], &schema, why);
	if (!err)
		status = call_method(&call, client, schema, argv + rest + 1, argc - rest - 1);
	else
		status = emf_ask_failed_name(err, why);
	emf_client_free(client);
	emf_ask_forget(schema);
	return status;
}
