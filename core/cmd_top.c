// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_top.c - "top": what modules cost, again and again.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <emf/output.h>

#include "ask.h"
#include "command.h"
#include "emf_emf.h"
#include "json.h"
#include "output.h"
#include "table.h"
#include "watch.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S 1e9
#define ROWS_MAX (sizeof(((struct statistics_costs_reply *)NULL)->rows) / sizeof(struct statistics_cost))

/* Of one module: since the time before, each second. */
struct rates {
	const struct statistics_cost *now;
	double kernel, user; /* of one processor */
	double runs, seen, dropped, unheard;
};

struct top {
	struct statistics_measure_async measure;
	struct emf_client *client;
	struct statistics_costs_reply *now, *before, replies[2];
	uint64_t every_ns, most;
	bool as_json, redraws;
	int unmeasured; /* why nobody measures for us; 0 while somebody does */
	size_t n;
	double seconds;
	struct rates rates[ROWS_MAX];
};

/* --- from one time to the next */

/* A module that was started again begins at 0. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
	return (double)(now < before ? now : now - before) / seconds;
}

static const struct statistics_cost *find(const struct statistics_costs_reply *of, const char *module)
{
	static const struct statistics_cost none;

	for (__u32 i = 0; i < of->rows_len; i++)
		if (!strcmp(of->rows[i].module, module))
			return &of->rows[i];
	return &none;
}

static int by_cost(const void *a, const void *b)
{
	const struct rates *x = a, *y = b;
	double more = y->kernel + y->user - x->kernel - x->user;

	if (more > 0 || more < 0)
		return more > 0 ? 1 : -1;
	return x->now < y->now ? -1 : 1; /* as they started */
}

static void compare(struct top *t)
{
	t->n = t->now->rows_len;
	t->seconds = (double)(t->now->at - t->before->at) / NS_PER_S;
	for (size_t i = 0; i < t->n; i++) {
		const struct statistics_cost *now = &t->now->rows[i], *before = find(t->before, now->module);

		t->rates[i] = (struct rates){
			.now = now,
			.kernel = rate(now->kernel, before->kernel, t->seconds) / NS_PER_S,
			.user = rate(now->user, before->user, t->seconds) / NS_PER_S,
			.runs = rate(now->runs, before->runs, t->seconds),
			.seen = rate(now->seen, before->seen, t->seconds),
			.dropped = rate(now->dropped, before->dropped, t->seconds),
			.unheard = rate(now->unheard, before->unheard, t->seconds),
		};
	}
	qsort(t->rates, t->n, sizeof(t->rates[0]), by_cost);
}

/* --- for people */

static const char *why_not_timed(const struct top *t)
{
	switch (t->unmeasured ? t->unmeasured : t->now->reason) {
	case -EACCES:
		return "rules do not allow this user to have them timed, by statistics.measure; 'acl explain' says which one decides";
	case -EPERM:
		return "the service may not: it needs CAP_SYS_ADMIN, or set sysctl kernel.bpf_stats_enabled=1";
	case -EINVAL:
		return "this kernel is older than 5.8: set sysctl kernel.bpf_stats_enabled=1";
	default:
		return strerror(-(t->unmeasured ? t->unmeasured : t->now->reason));
	}
}

static void cell(struct emf_table *table, bool known, int digits, double value)
{
	if (known)
		emf_table_cell(table, "%.*f", digits, value);
	else
		emf_table_cell(table, "-");
}

/* What does not fit on the screen would scroll the headings away. */
static size_t rows_that_fit(const struct top *t)
{
	struct winsize size = { 0 };
	size_t others = 3;

	if (!t->redraws || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row <= others)
		return t->n;
	return t->n < size.ws_row - others ? t->n : size.ws_row - others;
}

static void print_block(const struct top *t, const char *product)
{
	struct emf_table table;
	char clock[16];

	printf("%s%s %s, %zu modules run\n", t->redraws ? "\033[H\033[J" : "", emf_clock(clock, t->now->at), product, t->n);
	emf_table_init(&table, 8);
	emf_table_row(&table, "MODULE", "KERNEL %", "USER %", "RUNS/s", "SEEN/s", "DROPPED/s", "UNHEARD/s", "MAPS KiB", NULL);
	for (size_t i = 0; i < rows_that_fit(t); i++) {
		const struct rates *r = &t->rates[i];

		emf_table_cell(&table, "%s", r->now->module);
		cell(&table, t->now->timed, 2, r->kernel * 100);
		cell(&table, !t->unmeasured, 2, r->user * 100);
		cell(&table, t->now->timed, 0, r->runs);
		cell(&table, true, 0, r->seen);
		cell(&table, true, 0, r->dropped);
		cell(&table, true, 0, r->unheard);
		cell(&table, true, 0, (double)r->now->memory / 1024);
	}
	emf_table_print(&table, stdout);
	if (!t->now->timed)
		printf("Programs are not timed: %s.\n", why_not_timed(t));
	if (!t->redraws)
		printf("\n");
}

/* --- for programs */

static json_t *number(bool known, double value)
{
	return known ? json_real(value) : json_null();
}

static json_t *module_json(const struct top *t, const struct rates *r)
{
	const struct statistics_cost *now = r->now;

	return json_pack("{s:s, s:o, s:o, s:o, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "module", now->module,
			 "kernel_percent", number(t->now->timed, r->kernel * 100), "user_percent", number(!t->unmeasured, r->user * 100),
			 "runs_per_s", number(t->now->timed, r->runs), "seen_per_s", r->seen, "dropped_per_s", r->dropped,
			 "unheard_per_s", r->unheard, "runs", (json_int_t)now->runs, "kernel_ns", (json_int_t)now->kernel, "user_ns",
			 (json_int_t)now->user, "seen", (json_int_t)now->seen, "sent", (json_int_t)now->sent, "dropped",
			 (json_int_t)now->dropped, "unheard", (json_int_t)now->unheard, "memory", (json_int_t)now->memory);
}

static int print_line(const struct top *t)
{
	json_t *modules = json_array();

	for (size_t i = 0; i < t->n; i++)
		json_array_append_new(modules, module_json(t, &t->rates[i]));
	return emf_json_line(json_pack("{s:I, s:f, s:b, s:o}", "at", (json_int_t)t->now->at, "interval_s", t->seconds, "timed",
				       t->now->timed, "modules", modules));
}

/* --- from the beginning to the end */

static void on_unmeasured(struct statistics_measure_async *measure, int err)
{
	((struct top *)(void *)measure)->unmeasured = err; /* its first member */
}

/* Until it is time again, or over. */
static int wait_until(const struct top *t, uint64_t end)
{
	int err = 0;

	while (!err && !emf_watch_is_over() && emf_now_ns() < end)
		err = emf_watch_turn(t->client, end);
	return err;
}

static int show(struct top *t, const char *product)
{
	int err = 0;

	compare(t);
	if (t->as_json)
		err = print_line(t);
	else
		print_block(t, product);
	if (!err)
		err = emf_output_flush();
	return err == -EAGAIN ? 0 : err;
}

static int turn(struct top *t, const char *product, uint64_t *next)
{
	struct statistics_costs_reply *swap = t->before;
	int err;

	*next += t->every_ns;
	err = wait_until(t, *next);
	if (err || emf_watch_is_over())
		return err;
	t->before = t->now;
	t->now = swap;
	err = statistics_call_costs(&statistics_client, t->now);
	return err ? err : show(t, product);
}

static int watch(struct top *t, const char *product)
{
	uint64_t next;
	int err;

	t->measure.done = on_unmeasured;
	t->measure.base.timeout_ms = UINT32_MAX;
	err = statistics_call_measure_async(&statistics_client, NULL, &t->measure);
	if (!err)
		err = emf_client_dispatch(t->client, 0); /* it is sent before what follows */
	if (!err || err == -EINTR)
		err = statistics_call_costs(&statistics_client, t->now);
	if (!err && t->as_json && !t->now->timed)
		emf_warn(NULL, "programs are not timed: %s", why_not_timed(t));
	if (!err && t->redraws)
		printf("\033[?1049h\033[?25l"); /* another screen, no cursor */
	next = emf_now_ns();
	for (uint64_t n = 0; !err && !emf_watch_is_over() && (!t->most || n < t->most); n++)
		err = turn(t, product, &next);
	if (t->redraws) {
		printf("\033[?25h\033[?1049l");
		emf_output_flush();
	}
	return err;
}

static int run(struct top *t, const struct emf *emf)
{
	char why[EMF_ASK_WHY_MAX];
	int err = emf_ask_open(emf, &t->client, why);

	if (err)
		return emf_ask_failed(err, why);
	err = emf_client_use(t->client, &statistics_client.base);
	if (err) {
		err = emf_ask_failed(err, emf_client_why(t->client));
		emf_client_free(t->client);
		return err;
	}
	emf_watch_end_on(SIGINT);
	emf_watch_end_on(SIGTERM);
	emf_watch_end_on(SIGHUP); /* to leave the terminal as it was */
	err = watch(t, emf->product->name);
	emf_client_free(t->client);
	if (err == -EPIPE || (err == -EINTR && emf_watch_is_over()))
		return EMF_EXIT_OK;
	if (err == -EACCES) {
		emf_ask_denied("see what modules cost", "statistics", "costs", why);
		return emf_ask_failed(err, why);
	}
	if (err)
		emf_err(NULL, err == -ENOTCONN ? "the service has ended" : "the service does not say what its modules cost: %s", strerror(-err));
	return err ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

int emf_cmd_top(struct emf *emf, int argc, char **argv)
{
	uint64_t every_ns = 1000 * NS_PER_MS, most = 0;
	bool as_json = false;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print a line of JSON each time", emf_option_set_true, &as_json },
		{ "delay", 'd', "SECONDS", false, "the time between; without it 1", emf_option_set_time, &every_ns },
		{ "count", 'n', "N", false, "end after so many times", emf_option_set_count, &most },
	};
	int status = emf_command_simple(emf, "top", options, 3, argc, argv);

	struct top *t;

	if (status >= 0)
		return status;
	t = calloc(1, sizeof(*t));
	if (!t) {
		emf_err(NULL, "out of memory");
		return EMF_EXIT_FAILED;
	}
	t->now = &t->replies[0];
	t->before = &t->replies[1];
	t->every_ns = every_ns;
	t->most = most;
	t->as_json = as_json;
	/* Who wants to see it a few times wants to keep it. */
	t->redraws = !as_json && !most && isatty(STDOUT_FILENO);
	status = run(t, emf);
	free(t);
	return status;
}
