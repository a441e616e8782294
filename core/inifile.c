// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * inifile.c - files of sections and "key = value".
 */
#include "inifile.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <emf/log.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of editors that mark UTF-8 */

void emf_ini_mistake(struct emf_ini *ini, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	emf_err(NULL, "%s:%d: %s", ini->file, ini->line, text);
	ini->mistakes++;
}

/* By the rules of inih, which reports the first line only that is none. */
static bool is_ini(const char *line)
{
	const char *ends = *line == '[' ? "]" : "=:";
	bool after_blank = false;

	line += strspn(line, " \t\r\n");
	if (!*line || *line == ';' || *line == '#')
		return true;
	for (; *line; line++) {
		if (strchr(ends, *line))
			return true;
		if (after_blank && *line == ';')
			return false; /* the rest is a comment */
		after_blank = isspace((unsigned char)*line);
	}
	return false;
}

/* No control characters but white space; what is behind a NUL is cut off with its end of line. */
static bool is_text(const char *line)
{
	for (; *line; line++)
		if (iscntrl((unsigned char)*line) && !isspace((unsigned char)*line))
			return false;
	return true;
}

/* Line by line for inih, which would cut a long line and read on in its middle. */
static char *read_line(char *line, int size, void *stream)
{
	struct emf_ini *ini = stream;
	size_t blanks;

	if (!fgets(line, size, ini->stream))
		return NULL;
	ini->line++;
	if (!is_text(line)) {
		emf_ini_mistake(ini, "this is no text: name a file of sections and key = value");
		return NULL; /* each of its lines would be wrong */
	}
	if (!strchr(line, '\n') && !feof(ini->stream)) {
		int c;

		emf_ini_mistake(ini, "this line is longer than %d bytes", size - 2);
		while ((c = getc(ini->stream)) != '\n' && c != EOF)
			;
		line[0] = '\0';
	}
	/* An indented line is a line, not the continuation of the one before. */
	blanks = ini->line == 1 && !strncmp(line, BYTE_ORDER_MARK, 3) ? 3 : 0;
	blanks += strspn(line + blanks, " \t");
	memmove(line, line + blanks, strlen(line + blanks) + 1);
	if (!is_ini(line)) {
		emf_ini_mistake(ini, "this is neither [section] nor key = value");
		line[0] = '\0';
	}
	return line;
}

static int on_entry(void *user, const char *section, const char *key, const char *value)
{
	struct emf_ini *ini = user;

	ini->on_entry(ini, section, key, value ? value : "");
	return 1; /* go on: all mistakes are told in one run */
}

int emf_ini_read(struct emf_ini *ini, const char *path)
{
	int before = ini->mistakes, failed;

	ini->file = path;
	ini->line = 0;
	ini->stream = fopen(path, "re");
	if (!ini->stream)
		return -errno;
	/* Lines that it could refuse did not get there; what is left is memory and disk. */
	failed = ini_parse_stream(read_line, ini, on_entry, ini);
	if (failed || ferror(ini->stream))
		emf_ini_mistake(ini, "cannot be read to its end");
	fclose(ini->stream);
	return ini->mistakes > before ? -EINVAL : 0;
}

int emf_ini_is_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && !strcmp(entry->d_name + n - 5, ".conf");
}

static int read_one(struct emf_ini *ini, const char *folder, const char *name)
{
	char *path;
	int err;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	err = emf_ini_read(ini, path);
	if (err && err != -EINVAL)
		emf_err(NULL, "%s: %s", path, strerror(-err));
	free(path);
	return err;
}

int emf_ini_read_folder(struct emf_ini *ini, const char *folder)
{
	struct dirent **names;
	int n, err, first = 0;

	n = scandir(folder, &names, emf_ini_is_file, alphasort);
	if (n < 0) {
		err = -errno;
		if (err == -ENOENT)
			return 0;
		emf_err(NULL, "%s: %s", folder, strerror(-err));
		return err;
	}
	for (int i = 0; i < n; i++) {
		err = read_one(ini, folder, names[i]->d_name);
		if (err && !first)
			first = err;
		free(names[i]);
	}
	free(names);
	return first;
}
