// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_metrics.c - "metrics": what the running service counts, for Prometheus.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "emf_emf.h"
#include "log.h"
#include "textfile.h"

#define TRIES 8 /* until others let us read a snapshot to its end */

/* One snapshot to its end. @text is to be freed in any case. */
static int read_all(struct statistics_metrics_reply *reply, char **text, size_t *size)
{
	struct statistics_metrics_args args = { 0 };
	size_t at = 0;

	do {
		int err = statistics_call_metrics(&statistics_client, &args, reply);
		char *more;

		if (err)
			return err;
		more = at + reply->text_len > reply->size || !reply->text_len ? NULL : realloc(*text, at + reply->text_len);
		if (!more)
			return reply->text_len ? -ENOMEM : -EPROTO;
		*text = more;
		memcpy(more + at, reply->text, reply->text_len);
		at += reply->text_len;
		args.snapshot = reply->snapshot;
		args.from = at;
	} while (at < reply->size);
	*size = at;
	return 0;
}

static int ask(const struct emf *emf, char **text, size_t *size)
{
	struct statistics_metrics_reply *reply;
	struct emf_client *client;
	char why[EMF_ASK_WHY_MAX];
	int err = emf_ask_open(emf, &client, why);

	if (err)
		return emf_ask_failed(err, why);
	reply = malloc(sizeof(*reply));
	err = reply ? emf_client_use(client, &statistics_client.base) : -ENOMEM;
	if (err)
		snprintf(why, sizeof(why), "%s", reply ? emf_client_why(client) : "out of memory");
	for (int i = 0; !err && i < TRIES; i++) {
		err = read_all(reply, text, size);
		if (err == -EACCES)
			emf_ask_denied("read metrics", "statistics", "metrics", why);
		else if (err)
			snprintf(why, sizeof(why), "the product does not tell its metrics: %s", strerror(-err));
		if (err != -ESTALE)
			break;
		err = i + 1 < TRIES ? 0 : err;
	}
	free(reply);
	emf_client_free(client);
	return err ? emf_ask_failed(err, why) : EMF_EXIT_OK;
}

static int write_file(const struct emf *emf, const char *folder, const char *text, size_t size)
{
	char name[128], why[EMF_TEXTFILE_WHY_MAX];

	snprintf(name, sizeof(name), "%s.prom", emf->product->name);
	if (!emf_textfile_write(folder, name, text, size, why))
		return EMF_EXIT_OK;
	emf_err(NULL, "metrics: %s", why);
	return EMF_EXIT_FAILED;
}

int emf_cmd_metrics(struct emf *emf, int argc, char **argv)
{
	const char *folder = NULL;
	const struct emf_option options[] = {
		{ "textfile", 0, "DIR", false, "write them to DIR/PRODUCT.prom, which is replaced as a whole", emf_option_set_string, &folder },
	};
	int status = emf_command_simple(emf, "metrics", options, 1, argc, argv);
	char *text = NULL;
	size_t size = 0;

	if (status >= 0)
		return status;
	status = ask(emf, &text, &size);
	if (!status && folder) {
		status = write_file(emf, folder, text, size);
	} else if (!status && (fwrite(text, 1, size, stdout) != size || fflush(stdout))) {
		emf_err(NULL, "metrics: standard output: %s; they are not complete there", strerror(errno));
		status = EMF_EXIT_FAILED;
	}
	free(text);
	return status;
}
