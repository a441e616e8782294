// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_chain.c - "chain": chains of the running product, shown and changed.
 */
#include <emf/chain_types.h>
#include <inttypes.h>
#include <stdlib.h>

#include "ask.h"
#include "cmd_chain.h"
#include "command.h"
#include "emf_emf.h"
#include "json.h"
#include "suggest.h"
#include "table.h"

struct words {
	int n;
	char **words;
	bool as_json, as_dot;
	struct emf_client *client;
};

int emf_cmd_chain_tell(int err)
{
	const struct chains_refused *refused = chains_error_refused(&chains_client);
	char why[EMF_ASK_WHY_MAX];

	if (!err)
		return EMF_EXIT_OK;
	if (err == -EREMOTEIO && refused) {
		emf_err(NULL, "%s", refused->why);
		return EMF_EXIT_FAILED;
	}
	snprintf(why, sizeof(why), err == -EACCES ? "this user may look at chains, and not change them" :
		 "the service does not answer for its chains: %s", strerror(-err));
	return emf_ask_failed(err, why);
}

/* --- list */

static int list_table(const struct chains_list_reply *reply)
{
	struct emf_table table;

	if (!reply->rows_len) {
		printf("No chain hangs anywhere.\n");
		return EMF_EXIT_OK;
	}
	emf_table_init(&table, 8);
	emf_table_row(&table, "CHAIN", "TYPE", "TARGET", "GENERATION", "PROGRAMS", "COUNTS", "MISSES", "REFUSED", NULL);
	for (__u32 i = 0; i < reply->rows_len; i++) {
		const struct chains_instance *row = &reply->rows[i];

		emf_table_cell(&table, "%s", row->chain);
		emf_table_cell(&table, "%s", row->type);
		emf_table_cell(&table, "%s", row->target);
		emf_table_cell(&table, "%u", row->generation);
		emf_table_cell(&table, "%u", row->programs);
		emf_table_cell(&table, "%s", row->counts ? "yes" : "no");
		emf_table_cell(&table, "%" PRIu64, (uint64_t)row->misses);
		emf_table_cell(&table, "%" PRIu64, (uint64_t)row->refused);
	}
	return emf_table_print(&table, stdout) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

static int list_json(const struct chains_list_reply *reply)
{
	json_t *all = json_array();

	for (__u32 i = 0; i < reply->rows_len; i++) {
		const struct chains_instance *row = &reply->rows[i];

		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:i, s:i, s:b, s:i, s:I, s:I, s:I, s:I, s:I}", "chain", row->chain, "type", row->type,
						     "target", row->target, "generation", row->generation, "programs", row->programs,
						     "counts", row->counts, "sample", row->sample, "misses", (json_int_t)row->misses,
						     "refused", (json_int_t)row->refused, "untraced", (json_int_t)row->untraced,
						     "handed", (json_int_t)row->handed, "lost", (json_int_t)row->lost));
	}
	return emf_json_print(all);
}

static int list(const struct words *w)
{
	struct chains_list_reply *reply = malloc(sizeof(*reply));
	int err = reply ? chains_call_list(&chains_client, reply) : -ENOMEM;
	int status = err ? emf_cmd_chain_tell(err) : w->as_json ? list_json(reply) : list_table(reply);

	free(reply);
	return status;
}

/* --- changes */

/* A name into a member of a message; false if it is too long, and so of nothing. */
static bool put(char *to, size_t size, const char *name)
{
	return (size_t)snprintf(to, size, "%s", name) < size;
}

static int too_long(const char *name)
{
	emf_err(NULL, "nothing has a name as long as '%.80s'", name);
	return EMF_EXIT_USAGE;
}

static int bad_number(const char *what, const char *word)
{
	emf_err(NULL, "%s is a number, and not '%s'", what, word);
	return EMF_EXIT_USAGE;
}

static bool number(const char *word, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(word, &end, 10);
	return *word >= '0' && *word <= '9' && !*end && !errno && *value <= UINT32_MAX;
}

static int move(const struct words *w)
{
	struct chains_move_args args = { 0 };
	unsigned long place;

	if (!number(w->words[3], &place))
		return bad_number("a place", w->words[3]);
	if (!place || place > EMF_CHAIN_PROGRAMS_MAX) {
		emf_err(NULL, "places are 1 to %d, and not '%s'", EMF_CHAIN_PROGRAMS_MAX, w->words[3]);
		return EMF_EXIT_USAGE;
	}
	args.place = (__u32)place;
	if (!put(args.chain, sizeof(args.chain), w->words[0]) || !put(args.module, sizeof(args.module), w->words[1]) ||
	    !put(args.program, sizeof(args.program), w->words[2]))
		return too_long(w->words[0]);
	return emf_cmd_chain_tell(chains_call_move(&chains_client, &args));
}

static int enable(const struct words *w)
{
	struct chains_enable_args args = { 0 };

	if (!put(args.chain, sizeof(args.chain), w->words[0]) || !put(args.module, sizeof(args.module), w->words[1]) ||
	    !put(args.program, sizeof(args.program), w->words[2]))
		return too_long(w->words[0]);
	return emf_cmd_chain_tell(chains_call_enable(&chains_client, &args));
}

static int disable(const struct words *w)
{
	struct chains_disable_args args = { 0 };

	if (!put(args.chain, sizeof(args.chain), w->words[0]) || !put(args.module, sizeof(args.module), w->words[1]) ||
	    !put(args.program, sizeof(args.program), w->words[2]))
		return too_long(w->words[0]);
	return emf_cmd_chain_tell(chains_call_disable(&chains_client, &args));
}

static int count(const struct words *w)
{
	struct chains_count_args args = { .counts = !strcmp(w->words[1], "on") };

	if (!args.counts && strcmp(w->words[1], "off")) {
		emf_err(NULL, "runs are counted 'on' or 'off', and not '%s'", w->words[1]);
		return EMF_EXIT_USAGE;
	}
	if (!put(args.chain, sizeof(args.chain), w->words[0]))
		return too_long(w->words[0]);
	return emf_cmd_chain_tell(chains_call_count(&chains_client, &args));
}

static int show(const struct words *w)
{
	return emf_chain_show(w->words[0], w->as_dot ? EMF_CHAIN_DOT : w->as_json ? EMF_CHAIN_JSON : EMF_CHAIN_TABLE);
}

static int trace(const struct words *w)
{
	return emf_chain_follow(w->client, w->words[0], w->n > 1 ? w->words[1] : "1", w->as_json);
}

static const struct verb {
	const char *name, *words;
	int n;
	int (*run)(const struct words *w);
} verbs[] = {
	{ "list", "", 0, list },
	{ "show", "CHAIN", 1, show },
	{ "move", "CHAIN MODULE PROGRAM PLACE", 4, move },
	{ "enable", "CHAIN MODULE PROGRAM", 3, enable },
	{ "disable", "CHAIN MODULE PROGRAM", 3, disable },
	{ "count", "CHAIN on|off", 2, count },
	{ "trace", "CHAIN [ONE_IN]", 2, trace },
};

static const struct verb *find(const char *name)
{
	struct emf_suggestion near = { .word = name };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
		emf_suggest(&near, verbs[i].name);
	}
	if (near.best)
		emf_err(NULL, "chain has no '%s'; did you mean '%s'?", name, near.best);
	else
		emf_err(NULL, "chain has no '%s'; it has: list, show, move, enable, disable, count, trace", name);
	return NULL;
}

int emf_cmd_chain(struct emf *emf, int argc, char **argv)
{
	struct words w = { 0 };
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &w.as_json },
		{ "dot", 0, NULL, false, "show: print a picture for dot(1) of graphviz", emf_option_set_true, &w.as_dot },
	};
	int rest, status = emf_command_parse(emf, "chain", options, sizeof(options) / sizeof(*options), argc, argv, &rest);
	char why[EMF_ASK_WHY_MAX];
	struct emf_client *client;
	const struct verb *verb;
	int err;

	if (status >= 0)
		return status;
	verb = find(rest < argc ? argv[rest] : "list");
	if (!verb)
		return EMF_EXIT_USAGE;
	if (w.as_dot && (w.as_json || verb->run != show)) {
		emf_err(NULL, "--dot is for 'chain show', without -j: a picture of one chain");
		return EMF_EXIT_USAGE;
	}
	w.n = rest < argc ? argc - rest - 1 : 0;
	w.words = argv + rest + 1;
	if (w.n > verb->n || w.n < verb->n - (verb->run == trace)) {
		emf_err(NULL, "usage: %s chain %s%s%s", emf->product->name, verb->name, *verb->words ? " " : "", verb->words);
		return EMF_EXIT_USAGE;
	}
	err = emf_ask_open(emf, &client, why);
	if (err)
		return emf_ask_failed(err, why);
	err = emf_client_use(client, &chains_client.base);
	if (err)
		emf_err(NULL, "%s", emf_client_why(client));
	w.client = client;
	status = err ? EMF_EXIT_FAILED : verb->run(&w);
	emf_client_free(client);
	return status;
}
