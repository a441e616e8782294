/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * log.h - where messages go and which ones do.
 */
#ifndef EMF_CORE_LOG_H
#define EMF_CORE_LOG_H

#include <emf/log.h>

#define EMF_LOG_DEFAULT EMF_LOG_INFO

/* Reads the environment once: does standard error go to a journal? */
void emf_log_init(const char *product);
void emf_log_set_level(enum emf_log_level level);
enum emf_log_level emf_log_level(void);

/*
 * Who is told of each line that is logged, from whatever thread and with the log's lock
 * held: it must not log. NULL ends it.
 */
void emf_log_set_tap(void (*tap)(const struct module *m, enum emf_log_level level, const char *line));

/* "err", "warn", "info", "debug"; -EINVAL for any other word. */
int emf_log_parse_level(const char *word, enum emf_log_level *level);
const char *emf_log_level_name(enum emf_log_level level);

#endif
