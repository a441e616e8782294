/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/object.h - the kernel part of a module, as emfgen hands it to the core.
 */
#ifndef EMF_OBJECT_H
#define EMF_OBJECT_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct emf_pack - bytes that are in the binary as gzip(1) has compressed them
 * @start: of them
 * @end: behind them
 *
 * Since: 0.1
 */
struct emf_pack {
	const unsigned char *start;
	const unsigned char *end;
};

/* The file is read by the assembler: no compiler has to see it as a text. */
#define EMF_PACK(name, path)                                                                                               \
	__asm__(".pushsection .rodata\n"                                                                                   \
		".hidden " #name "_start\n.globl " #name "_start\n" #name "_start:\n\t.incbin \"" path "\"\n"                \
		".hidden " #name "_end\n.globl " #name "_end\n" #name "_end:\n"                                             \
		".popsection");                                                                                            \
	extern const unsigned char name##_start[] __attribute__((visibility("hidden")));                                   \
	extern const unsigned char name##_end[] __attribute__((visibility("hidden")));                                     \
	static const struct emf_pack name = { name##_start, name##_end }

/**
 * struct emf_variable - a variable of a kernel part
 * @section: that it is in, ".bss"; NULL for none
 * @offset: there, in bytes
 * @size: likewise
 *
 * Since: 0.1
 */
struct emf_variable {
	const char *section;
	uint32_t offset;
	uint32_t size;
};

/**
 * struct emf_store - where a kernel part has the value of a parameter
 * @value: of the parameter; NULL ends a table
 * @variable: that it is copied to
 * @is_constant: once it is loaded
 * @map: instead of a variable: that may have so many entries, a uint32_t; or NULL
 * @negated: of a bool: the variable is true where the parameter is not
 *
 * Since: 0.1
 */
struct emf_store {
	const void *value;
	struct emf_variable variable;
	bool is_constant;
	const char *map;
	bool negated;
};

/**
 * struct emf_object - a compiled kernel part
 * @source: where it came from, for messages: "modules/x.bpf.c"
 * @pack: the compiled object
 * @skeleton_size: of the skeleton, in bytes; 0 of one that is not linked in
 * @create: makes what is in an empty skeleton, 0 or a negative errno; or NULL, and so the next
 * @destroy: frees it with all programs, maps and links
 * @stores: parameters that it reads; or NULL
 *
 * Since: 0.1
 */
struct emf_object {
	const char *source;
	const struct emf_pack *pack;
	size_t skeleton_size;
	int (*create)(void *skeleton);
	void (*destroy)(void *skeleton);
	const struct emf_store *stores;
};

/**
 * emf_skeleton() - the opened kernel part of a module
 * @m: a module with an object
 *
 * Generated headers wrap it with the right type: <module>_skeleton().
 *
 * Context: loop thread, from configure to destroy.
 * Return: the skeleton of its object, or NULL when there is none.
 * Since: 0.1
 */
EMF_API void *emf_skeleton(const struct module *m);

/**
 * emf_prog_run() - run a SEC("syscall") program once; generated code does, for methods that it serves
 * @prog_fd: of it; negative if the kernel has no such programs
 * @context: that it reads and writes, or NULL
 * @size_bytes: of it
 *
 * Context: loop thread.
 * Return: what the program returns, 0 or a negative errno; -EPROTO for a positive
 * number; -EOPNOTSUPP on kernels before 5.14; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_prog_run(int prog_fd, void *context, size_t size_bytes);

/**
 * emf_prog_run_map() - the same for a message that is in the first value of a map
 * @prog_fd: of the program
 * @map_fd: an array that the program uses
 * @value: written before, read after it
 *
 * Context: loop thread.
 * Return: as emf_prog_run().
 * Since: 0.1
 */
EMF_API int emf_prog_run_map(int prog_fd, int map_fd, void *value);

#ifdef __cplusplus
}
#endif

#endif
