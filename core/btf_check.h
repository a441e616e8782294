/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_check.h - whether types that came with a file can be walked.
 */
#ifndef EMF_CORE_BTF_CHECK_H
#define EMF_CORE_BTF_CHECK_H

#include <stdbool.h>

struct btf;

/*
 * Of a BTF that libbpf has opened, which has made sure that its types lie inside of it, and no more: whether each name and type that is
 * pointed to is there, and nothing goes in a circle that has no end, nor is
 * so deep in itself that libbpf would search it for ever.
 */
bool emf_btf_is_sound(const struct btf *btf);

#endif
