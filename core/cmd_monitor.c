// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_monitor.c - "monitor": what goes over the bus, as it goes.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emf/output.h>

#include "ask.h"
#include "bus_wire.h"
#include "capture.h"
#include "command.h"
#include "emf_emf.h"
#include "output.h"
#include "record_print.h"
#include "text.h"
#include "watch.h"

#define SHOWN_MAX 200	   /* bytes of arguments that people see */

/* A service whose messages can be read. */
struct known {
	struct emf_schema *schema;
	struct known *next;
};

struct monitoring {
	struct bus_message_subscription subscription;
	struct emf_client *client;
	char *const *patterns;
	int n_patterns;
	struct known *known;
	FILE *out;
	const char *path; /* of a file that is written; NULL for standard output */
	uint64_t count, most;
	uint64_t lost_before, lost; /* until this command began; and since */
	bool as_json;
	int err;
};

static bool matches(const struct monitoring *m, const char *service, const char *member)
{
	for (int i = 0; i < m->n_patterns; i++)
		if (emf_capture_matches(m->patterns[i], service, member))
			return true;
	return !m->n_patterns;
}

static const struct ebus_service *find(const struct monitoring *m, const char *name)
{
	const struct known *k = m->known;

	while (k && strcmp(k->schema->service.name, name))
		k = k->next;
	return k ? &k->schema->service : NULL;
}

/* --- for people */

/* The end is where a character ends. */
static void print_cut(const char *text, size_t len, FILE *out)
{
	size_t at = 0;

	while (at < len && at < SHOWN_MAX) {
		size_t n = emf_text_character(text + at, len - at);

		at += n ? n : 1;
	}
	fprintf(out, "  %.*s%s", (int)at, text, at < len ? "..." : "");
}

static void print_args(const struct bus_message *msg, const struct ebus_service *service, FILE *out)
{
	const struct emf_record *record;
	void *data = emf_capture_record(msg, service, &record);
	char *text = NULL;
	size_t len = 0;
	FILE *stream = data ? open_memstream(&text, &len) : NULL;

	if (stream) {
		emf_record_print_line(record, data, stream);
		fclose(stream);
		print_cut(text, len, out);
	} else if (msg->is_cut) {
		fprintf(out, "  (too large to be shown)");
	}
	free(text);
	free(data);
}

static void print_line(const struct bus_message *msg, const struct ebus_service *service, FILE *out)
{
	char clock[16];

	fprintf(out, "%s %-11s %s[%u]", emf_clock(clock, msg->time), emf_capture_kind(msg->kind), msg->from, msg->from_pid);
	if (msg->to_pid)
		fprintf(out, " > %s[%u]", msg->to, msg->to_pid);
	fprintf(out, "  %s%s%s", msg->service, msg->member[0] ? "." : "", msg->member);
	if (msg->serial)
		fprintf(out, " #%u", msg->serial);
	if (msg->size)
		fprintf(out, " %" PRIu64 " B", (uint64_t)msg->size);
	if (msg->kind == EBUS_FAIL)
		fprintf(out, "  %s", msg->error[0] ? msg->error : emf_errno_name(msg->reason));
	if (msg->kind == EBUS_LOST)
		fprintf(out, "  %" PRIu64 " so far", (uint64_t)msg->dropped);
	print_args(msg, service, out);
	fputc('\n', out);
}

/* --- as they come */

static void count_lost(struct monitoring *m, uint64_t of_product)
{
	/* What the product's queue had no room for, and what the one of this connection had none for. */
	uint64_t lost = of_product - m->lost_before + emf_client_lost(m->client, &bus_client.base, m->subscription.base.signal);

	if (lost > m->lost && !m->as_json)
		fprintf(m->out, "-- %" PRIu64 " messages were lost: they came faster than they were read\n", lost - m->lost);
	m->lost = lost > m->lost ? lost : m->lost;
}

static void on_message(struct bus_message_subscription *subscription, const struct bus_message *msg)
{
	struct monitoring *m = (struct monitoring *)(void *)subscription; /* its first member */
	const struct ebus_service *service;
	char *line;

	count_lost(m, msg->lost);
	if ((m->most && m->count == m->most) || !matches(m, msg->service, msg->member))
		return;
	m->count++;
	service = find(m, msg->service);
	if (!m->as_json) {
		print_line(msg, service, m->out);
		return;
	}
	line = emf_capture_line(msg, service, m->lost);
	if (line)
		fprintf(m->out, "%s\n", line);
	else
		m->err = -ENOMEM;
	free(line);
}

/* --- from the beginning to the end */

/* What cannot be read is shown without what it carries. */
static int learn(struct monitoring *m, char why[EMF_ASK_WHY_MAX])
{
	struct introspection_services_reply *services;
	int err = emf_ask_services(m->client, &services, why);

	if (err)
		return err;
	for (__u32 i = 0; err != -ENOTCONN && i < services->rows_len; i++) {
		struct known *k = calloc(1, sizeof(*k));

		err = k ? emf_ask_shape(m->client, services->rows[i].name, &k->schema, why) : -ENOMEM;
		if (err) {
			emf_warn(NULL, "messages of service %s are shown without what they carry: %s", services->rows[i].name,
				 k ? why : "out of memory");
			free(k);
			continue;
		}
		k->next = m->known;
		m->known = k;
	}
	free(services);
	return 0;
}

static bool has_match(const char *pattern, const struct ebus_service *service, const struct ebus_member *members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (emf_capture_matches(pattern, service->name, members[i].name))
			return true;
	return false;
}

/* Only told: a process may offer what no description is known of, and that is seen, too. */
static void check_patterns(const struct monitoring *m)
{
	for (int i = 0; i < m->n_patterns; i++) {
		const struct known *k = m->known;

		while (k && !has_match(m->patterns[i], &k->schema->service, k->schema->service.methods, k->schema->service.n_methods) &&
		       !has_match(m->patterns[i], &k->schema->service, k->schema->service.signals, k->schema->service.n_signals))
			k = k->next;
		if (!k)
			emf_warn(NULL, "no service has a method or a signal that matches '%s'; 'describe' prints what there is", m->patterns[i]);
	}
}

/* Listening is refused in silence; a call tells. */
static int start(struct monitoring *m, char why[EMF_ASK_WHY_MAX])
{
	struct bus_monitors_reply monitors;
	int err = emf_client_use(m->client, &bus_client.base);

	if (err) {
		snprintf(why, EMF_ASK_WHY_MAX, "%s", emf_client_why(m->client));
		return err;
	}
	err = bus_call_monitors(&bus_client, &monitors);
	if (err) {
		snprintf(why, EMF_ASK_WHY_MAX, "the product does not say who monitors it: %s", strerror(-err));
		if (err == -EACCES)
			emf_ask_denied("monitor the bus", "bus", "monitors", why);
		return err;
	}
	m->lost_before = monitors.lost;
	m->subscription.handler = on_message;
	bus_on_message(&bus_client, NULL, &m->subscription);
	return 0;
}

static int flush(struct monitoring *m)
{
	if (!m->path)
		return emf_output_flush();
	if (!fflush(m->out) && !ferror(m->out))
		return 0;
	emf_err(NULL, "%s: %s", m->path, strerror(errno));
	return -EIO;
}

static int monitor(struct monitoring *m, uint64_t duration_ns)
{
	uint64_t end = duration_ns ? emf_now_ns() + duration_ns : UINT64_MAX;
	int err = 0;

	while (!err && !m->err && !emf_watch_is_over() && (!m->most || m->count < m->most) && emf_now_ns() < end) {
		err = emf_watch_turn(m->client, end);
		if (!err)
			err = flush(m);
		err = err == -EAGAIN ? 0 : err;
	}
	count_lost(m, m->lost_before);
	if (m->path && !err)
		emf_info(NULL, "%s: %" PRIu64 " messages", m->path, m->count);
	if (m->lost)
		emf_warn(NULL, "%" PRIu64 " messages were lost: they came faster than they were read", m->lost);
	if (err == -EPIPE)
		return EMF_EXIT_OK;
	if (err == -ENOTCONN)
		emf_err(NULL, "the service has ended");
	if (m->err)
		emf_err(NULL, "out of memory");
	return err || m->err ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

/* What others say to each other is for nobody else: also in a file that was there, and not where a link leads. */
static int open_file(struct monitoring *m)
{
	int fd = open(m->path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;

	m->as_json = true;
	if (fd >= 0 && !fstat(fd, &st)) {
		errno = !S_ISREG(st.st_mode) || st.st_uid != geteuid() ? EPERM : 0;
		if (!errno && !fchmod(fd, 0600) && !ftruncate(fd, 0))
			m->out = fdopen(fd, "w");
		else
			m->out = NULL;
	} else {
		m->out = NULL;
	}
	if (m->out)
		return 0;
	if (errno == EPERM)
		emf_err(NULL, "%s: is no file of this user, and nothing is written to it", m->path);
	else if (errno == ELOOP)
		emf_err(NULL, "%s: is a link, and nothing is written where it leads", m->path);
	else
		emf_err(NULL, "%s: %s", m->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int run(struct monitoring *m, const struct emf *emf, uint64_t duration_ns)
{
	char why[EMF_ASK_WHY_MAX];
	int status, err = emf_ask_open(emf, &m->client, why);

	if (err)
		return emf_ask_failed(err, why);
	err = learn(m, why);
	if (!err)
		err = start(m, why);
	if (err) {
		status = emf_ask_failed(err, why);
	} else if (m->path && open_file(m)) {
		status = EMF_EXIT_FAILED;
	} else {
		check_patterns(m);
		emf_watch_end_on(SIGINT);
		emf_watch_end_on(SIGTERM);
		status = monitor(m, duration_ns);
	}
	emf_client_free(m->client);
	return status;
}

int emf_cmd_monitor(struct emf *emf, int argc, char **argv)
{
	struct monitoring m = { .out = stdout };
	uint64_t duration_ns = 0;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print a line of JSON for each, whole", emf_option_set_true, &m.as_json },
		{ "write", 'w', "FILE", false, "write these lines to a file, for 'replay'", emf_option_set_string, &m.path },
		{ "count", 'n', "N", false, "end after so many messages", emf_option_set_count, &m.most },
		{ "duration", 'd', "SECONDS", false, "end after this time", emf_option_set_time, &duration_ns },
	};
	int rest, status = emf_command_parse(emf, "monitor", options, 4, argc, argv, &rest);

	if (status >= 0)
		return status;
	m.patterns = argv + rest;
	m.n_patterns = argc - rest;
	status = run(&m, emf, duration_ns);
	if (m.path && m.out && m.out != stdout && fclose(m.out) && status == EMF_EXIT_OK) {
		emf_err(NULL, "%s: %s", m.path, strerror(errno));
		status = EMF_EXIT_FAILED;
	}
	for (struct known *k = m.known, *next; k; k = next) {
		next = k->next;
		emf_schema_free(k->schema);
		free(k);
	}
	return status;
}
