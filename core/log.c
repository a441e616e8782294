// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * log.c - messages on standard error, with priorities for a journal.
 */
#include "log.h"
#include "text.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static const char *product_name = "emf";
/* The worker logs too. */
static _Atomic enum emf_log_level max_level = EMF_LOG_DEFAULT;
static bool to_journal;
static void (*log_tap)(const struct module *m, enum emf_log_level level, const char *line);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void emf_log_init(const char *product)
{
	product_name = product;
	to_journal = stderr_is_journal();
}

void emf_log_set_tap(void (*tap)(const struct module *m, enum emf_log_level level, const char *line))
{
	pthread_mutex_lock(&lock);
	log_tap = tap;
	pthread_mutex_unlock(&lock);
}

void emf_log_set_level(enum emf_log_level level)
{
	max_level = level;
}

enum emf_log_level emf_log_level(void)
{
	return max_level;
}

static const struct {
	const char *word;
	enum emf_log_level level;
} levels[] = {
	{ "err", EMF_LOG_ERR },
	{ "warn", EMF_LOG_WARN },
	{ "info", EMF_LOG_INFO },
	{ "debug", EMF_LOG_DEBUG },
};

int emf_log_parse_level(const char *word, enum emf_log_level *level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (!strcmp(word, levels[i].word)) {
			*level = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

const char *emf_log_level_name(enum emf_log_level level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (level == levels[i].level)
			return levels[i].word;
	return "?";
}

/* What modules log may come from anybody: no escape sequence of theirs gets to a terminal. */
static void put_line(const char *text)
{
	for (size_t left = strlen(text), n; left; text += n, left -= n) {
		n = emf_text_character(text, left);
		if (n || *text == '\t')
			fwrite(text, 1, n ? n : 1, stderr);
		else
			fprintf(stderr, "\\x%02X", (unsigned char)*text);
		n = n ? n : 1;
	}
	fputc('\n', stderr);
}

/* A line of its own for each line of the message, so that each has its priority. */
static void write_lines(const struct module *m, enum emf_log_level level, char *text)
{
	const char *who = m && m->name ? m->name : product_name;
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line && !rest)
			break;
		if (log_tap)
			log_tap(m, level, line);
		if (to_journal)
			fprintf(stderr, "<%d>", level);
		fprintf(stderr, "%s: %s", who, level == EMF_LOG_WARN ? "warning: " : "");
		put_line(line);
	}
}

void emf_log(const struct module *m, enum emf_log_level level, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	int saved = errno;
	va_list args;

	if (level > max_level)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pthread_mutex_lock(&lock);
	write_lines(m, level, text);
	pthread_mutex_unlock(&lock);
	errno = saved;
}
