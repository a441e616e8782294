/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/output.h - what a module prints for the person at the terminal.
 */
#ifndef EMF_OUTPUT_H
#define EMF_OUTPUT_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * emf_print() - print to standard output
 * @m: the module
 * @fmt: as in printf(3)
 *
 * Written out at the end of the loop turn. Prints nothing when the product
 * serves: a service has no terminal. A full disk or a closed pipe ends the
 * product, and is told once.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_print(const struct module *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * emf_text() - make bytes from the kernel safe to print
 * @out: receives the text, always NUL-terminated
 * @out_size: in bytes, at least 1; what does not fit is cut
 * @data: bytes of any value
 * @len_bytes: how many
 *
 * Control characters and backslashes become \n, \t, \\ or \xHH, so that what
 * an unprivileged user puts in a process name cannot drive the terminal.
 * Valid UTF-8 stays as it is.
 *
 * Context: any thread.
 * Return: @out.
 * Since: 0.1
 */
EMF_API char *emf_text(char *out, size_t out_size, const void *data, size_t len_bytes);

/**
 * emf_clock() - a monotonic time stamp as the time of day
 * @out: receives "HH:MM:SS.mmm"; at least 16 bytes
 * @monotonic_ns: of bpf_ktime_get_ns() or emf_now_ns()
 *
 * Context: loop thread.
 * Return: @out.
 * Since: 0.1
 */
EMF_API char *emf_clock(char out[16], uint64_t monotonic_ns);

/**
 * emf_errno_name() - an error by its name
 * @error: an errno, with or without its minus
 *
 * Context: any thread.
 * Return: "ENOENT", or "?" for a number that is none.
 * Since: 0.1
 */
EMF_API const char *emf_errno_name(int error);

/**
 * emf_signal_name() - a signal by its name
 * @signo: as in signal(7)
 *
 * Context: any thread.
 * Return: "SIGTERM", or "?" for a number that has no name.
 * Since: 0.1
 */
EMF_API const char *emf_signal_name(int signo);

#ifdef __cplusplus
}
#endif

#endif
