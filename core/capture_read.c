// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * capture_read.c - a file of captured messages: the calls and signals in it, and how
 * the calls were answered. Nothing in it is trusted.
 */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emf/log.h>

#include "bus_wire.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

struct reader {
	struct emf_capture *capture;
	const char *path;
	unsigned int line;
};

static int bad(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int bad(const struct reader *r, const char *fmt, ...)
{
	char why[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	emf_err(NULL, "%s:%u: %s", r->path, r->line, why);
	return -EINVAL;
}

/* A name of the description language: it is printed, too. */
static int read_name(const struct reader *r, const json_t *line, const char *key, bool may_be_empty, char name[64])
{
	const char *text = json_string_value(json_object_get(line, key));
	size_t n = text ? strlen(text) : 0;
	size_t good = text ? strspn(text, NAME_CHARACTERS) : 0;

	if (!text || good < n || n > 63 || (!n && !may_be_empty))
		return bad(r, "\"%s\" is missing, or is no name", key);
	memcpy(name, text, n + 1);
	return 0;
}

static int read_number(const struct reader *r, const json_t *line, const char *key, uint64_t *number)
{
	const json_t *json = json_object_get(line, key);

	if (!json_is_integer(json) || json_integer_value(json) < 0)
		return bad(r, "\"%s\" is missing, or is no number", key);
	*number = (uint64_t)json_integer_value(json);
	return 0;
}

static int read_kind(const struct reader *r, const json_t *line)
{
	const char *text = json_string_value(json_object_get(line, "kind"));

	for (int kind = EBUS_CALL; text && kind <= EBUS_OFFER; kind++)
		if (!strcmp(text, emf_capture_kind((unsigned int)kind)))
			return kind;
	return bad(r, "\"kind\" is missing, or is none that there is");
}

/* 1 for what came to the product, 0 for what it sent. */
static int read_direction(const struct reader *r, const json_t *line)
{
	const char *text = json_string_value(json_object_get(line, "dir"));

	if (text && (!strcmp(text, "in") || !strcmp(text, "out")))
		return !strcmp(text, "in");
	return bad(r, "\"dir\" is neither \"in\" nor \"out\"");
}

static int read_cannot(const struct reader *r, const json_t *line, struct emf_captured *c)
{
	const json_t *json = json_object_get(line, "cannot");
	int i = EMF_CAPTURE_CUT;

	c->args = json_object_get(line, "args");
	if (!json && !json_is_object(c->args))
		return bad(r, "\"args\" is missing, or is no object");
	if (!json)
		return 0;
	c->args = NULL;
	while (i < EMF_CAPTURE_CANNOT_N && (!json_is_string(json) || strcmp(json_string_value(json), emf_capture_cannot_word((enum emf_capture_cannot)i))))
		i++;
	if (i == EMF_CAPTURE_CANNOT_N)
		return bad(r, "\"cannot\" is no reason that there is");
	c->cannot = (enum emf_capture_cannot)i;
	return 0;
}

static int add(const struct reader *r, const struct emf_captured *captured)
{
	struct emf_capture *all = r->capture;
	struct emf_captured *c;

	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 256;
		struct emf_captured **more = realloc(all->all, room * sizeof(struct emf_captured *));

		if (!more)
			return -ENOMEM;
		all->all = more;
		all->room = room;
	}
	c = malloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	*c = *captured;
	json_incref(c->args);
	all->all[all->n++] = c;
	if (!c->is_signal) {
		c->older = all->open;
		all->open = c;
	}
	return 0;
}

/* An answer, or the end of a call; the newest ones are the first that may be meant. */
static int read_answer(const struct reader *r, const json_t *line, const struct emf_captured *about, int kind)
{
	struct emf_captured **at = &r->capture->open, *c;
	char was[64] = "ok";

	if (kind == EBUS_FAIL && (json_object_get(line, "error") ? read_name(r, line, "error", false, was) :
								   read_name(r, line, "reason", false, was)))
		return -EINVAL;
	for (size_t i = 0; *at && i < EMF_CAPTURE_OPEN_MAX; i++, at = &(*at)->older) {
		c = *at;
		if (c->pid != about->pid || c->serial != about->serial || strcmp(c->service, about->service) ||
		    strcmp(c->member, about->member))
			continue;
		*at = c->older;
		if (kind != EBUS_CANCEL)
			memcpy(c->was, was, sizeof(c->was));
		break;
	}
	return 0;
}

static int read_message(const struct reader *r, const json_t *line)
{
	struct emf_captured c = { .line = r->line };
	int kind, came;
	uint64_t format;
	bool is_sent; /* again: what is asked or told has a name */

	if (!json_is_object(line) || !json_object_get(line, "emf"))
		return bad(r, "this is no captured message; 'monitor -w FILE' writes them");
	if (read_number(r, line, "emf", &format))
		return -EINVAL;
	if (format != EMF_CAPTURE_FORMAT)
		return bad(r, "it is of format %llu, and this product reads %d", (unsigned long long)format, EMF_CAPTURE_FORMAT);
	kind = read_kind(r, line);
	is_sent = kind == EBUS_CALL || kind == EBUS_SIGNAL;
	came = kind < 0 ? kind : read_direction(r, line);
	if (came < 0 || read_name(r, line, "service", false, c.service) || read_name(r, line, "member", !is_sent, c.member) ||
	    read_number(r, line, "time", &c.time) || read_number(r, line, "serial", &c.serial))
		return -EINVAL;
	c.is_signal = kind == EBUS_SIGNAL;
	/* What the product asked of others is what came of what it was asked. */
	if (c.is_signal)
		return read_cannot(r, line, &c) ? -EINVAL : add(r, &c);
	if (came != (kind == EBUS_CALL || kind == EBUS_CANCEL) || (kind > EBUS_CANCEL) || !c.serial)
		return 0;
	if (read_number(r, json_object_get(line, came ? "from" : "to"), "pid", &c.pid))
		return -EINVAL;
	if (kind != EBUS_CALL)
		return read_answer(r, line, &c, kind);
	return read_cannot(r, line, &c) ? -EINVAL : add(r, &c);
}

static int read_line(const struct reader *r, const char *text, size_t size, bool is_last)
{
	json_error_t error;
	json_t *line;
	int err;

	if (size > EMF_CAPTURE_LINE_MAX)
		return bad(r, "the line is longer than %u bytes", EMF_CAPTURE_LINE_MAX);
	line = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!line)
		return bad(r, "is no JSON%s", is_last ? "; was the file cut short? without its last line it can be replayed" : "");
	err = read_message(r, line);
	json_decref(line);
	return err;
}

static int read_lines(struct reader *r, const char *text, size_t size)
{
	int err = 0;

	while (size && !err) {
		const char *end = memchr(text, '\n', size);
		size_t n = end ? (size_t)(end - text) : size;

		r->line++;
		err = n ? read_line(r, text, n, !end) : bad(r, "the line is empty");
		text += n + !!end;
		size -= n + !!end;
	}
	if (err == -ENOMEM)
		emf_err(NULL, "%s: out of memory", r->path);
	return err;
}

/* All of it; no more than there was when it was opened. */
static int slurp(int fd, const char *path, char **text, size_t *size)
{
	struct stat st;
	ssize_t n = 1;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		emf_err(NULL, "%s: is no file", path);
		return -EINVAL;
	}
	if ((uint64_t)st.st_size > EMF_CAPTURE_FILE_MAX) {
		emf_err(NULL, "%s: is larger than %u bytes; take a part of its lines", path, EMF_CAPTURE_FILE_MAX);
		return -EINVAL;
	}
	*text = malloc((size_t)st.st_size + 1);
	if (!*text)
		return -ENOMEM;
	*size = 0;
	while (n > 0 && *size < (size_t)st.st_size) {
		n = read(fd, *text + *size, (size_t)st.st_size - *size);
		*size += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -errno : 0;
}

int emf_capture_read(struct emf_capture *capture, const char *path)
{
	struct reader r = { .capture = capture, .path = path };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer would block */
	int err = fd < 0 ? -errno : 0;
	char *text = NULL;
	size_t size = 0;

	if (!err)
		err = slurp(fd, path, &text, &size);
	if (err && err != -EINVAL)
		emf_err(NULL, "%s: %s", path, strerror(-err));
	if (!err)
		err = read_lines(&r, text, size);
	if (fd >= 0)
		close(fd);
	free(text);
	return err;
}

void emf_capture_free(struct emf_capture *capture)
{
	for (size_t i = 0; i < capture->n; i++) {
		json_decref(capture->all[i]->args);
		free(capture->all[i]);
	}
	free(capture->all);
}
