/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/log.h - messages to the operator, on standard error or in the journal.
 */
#ifndef EMF_LOG_H
#define EMF_LOG_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The values are those of syslog(3), so that a journal can take them. */
enum emf_log_level {
	EMF_LOG_ERR = 3,
	EMF_LOG_WARN = 4,
	EMF_LOG_INFO = 6,
	EMF_LOG_DEBUG = 7,
};

/**
 * emf_log() - write one message
 * @m: the module it is about, or NULL for the product itself
 * @level: messages above the configured level are dropped before formatting
 * @fmt: as in printf(3), without a newline at the end
 *
 * A message says what happened, to which object, and what to do.
 *
 * Context: any thread; takes a lock, so not for hot paths.
 * Since: 0.1
 */
EMF_API void emf_log(const struct module *m, enum emf_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define emf_err(m, ...) emf_log((m), EMF_LOG_ERR, __VA_ARGS__)
#define emf_warn(m, ...) emf_log((m), EMF_LOG_WARN, __VA_ARGS__)
#define emf_info(m, ...) emf_log((m), EMF_LOG_INFO, __VA_ARGS__)
#define emf_debug(m, ...) emf_log((m), EMF_LOG_DEBUG, __VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif
