/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * output.h - standard output of a product.
 */
#ifndef EMF_CORE_OUTPUT_H
#define EMF_CORE_OUTPUT_H

#include <emf/output.h>

#include <stdbool.h>

/* Whether what a module prints is printed: not when the product serves. */
bool emf_output_is_on(const struct module *m);

/* Prints @n bytes as they are, unless what a module prints is not. */
void emf_output_write(const struct module *m, const char *text, size_t n);

/* Opens what is missing of file descriptors 0 to 2, and buffers standard output. */
void emf_output_init(void);

/**
 * emf_output_flush() - write out what was printed
 *
 * Return: 0; -EAGAIN when nobody reads and a write would block; -EPIPE when the
 * reader went away, which is no error to report; -EINTR when a signal ended a write
 * that blocked; or another negative errno, which has been reported once.
 */
int emf_output_flush(void);

/* Waits until a write would not block, or until @other_fd is readable: true for the first. */
bool emf_output_wait(int other_fd, int timeout_ms);

/*
 * The last flush: what nobody reads even now is given up, and told, and so is what a
 * signal cut off before. Return: as emf_output_flush(); -EINTR for what was cut off.
 */
int emf_output_finish(void);

#endif
