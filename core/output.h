/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.h - standard output of a product.
 */
#ifndef EMF_CORE_OUTPUT_H
#define EMF_CORE_OUTPUT_H

#include <emf/output.h>

/* Opens what is missing of file descriptors 0 to 2, and buffers standard output. */
void emf_output_init(void);

/**
 * emf_output_flush() - write out what was printed
 *
 * Return: 0; -EPIPE when the reader went away, which is no error to report; or
 * another negative errno, which has been reported once.
 */
int emf_output_flush(void);

#endif
