/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_constants.h - what a program of a chain knows of itself, written into it.
 */
#ifndef EMF_CORE_CHAIN_CONSTANTS_H
#define EMF_CORE_CHAIN_CONSTANTS_H

#include <emf/chain_types.h>
#include <stddef.h>
#include <stdint.h>

/**
 * emf_chain_constants_put() - write them into an object, before it is opened
 * @image: of an ELF file of BPF, of this machine's byte order; changed in place
 * @size: of it
 * @values: by enum emf_chain_constant
 *
 * Return: 0; -EINVAL if it is no such file.
 */
int emf_chain_constants_put(void *image, size_t size, const int32_t values[EMF_CHAIN_CONSTANTS_MAX]);

#endif
