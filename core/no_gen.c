// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * no_gen.c - libbpf can write a program that loads an object, for light skeletons. Nothing
 * here does, and each product would carry 8 KiB of it: these stand in its place when libbpf is
 * linked statically. They are weak, so that a libbpf that has more of them brings its own.
 */
#include <errno.h>

#define NO_GEN(name)                               \
	int name(void);                            \
	__attribute__((weak)) int name(void)       \
	{                                          \
		return -EOPNOTSUPP;                \
	}

NO_GEN(bpf_gen__init)
NO_GEN(bpf_gen__finish)
NO_GEN(bpf_gen__free)
NO_GEN(bpf_gen__load_btf)
NO_GEN(bpf_gen__map_create)
NO_GEN(bpf_gen__map_freeze)
NO_GEN(bpf_gen__map_update_elem)
NO_GEN(bpf_gen__populate_outer_map)
NO_GEN(bpf_gen__prog_load)
NO_GEN(bpf_gen__record_attach_target)
NO_GEN(bpf_gen__record_extern)
NO_GEN(bpf_gen__record_relo_core)
