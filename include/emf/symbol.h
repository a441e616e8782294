/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/symbol.h - functions by their addresses, of the kernel and of processes, for stacks.
 */
#ifndef EMF_SYMBOL_H
#define EMF_SYMBOL_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EMF_SYMBOL_MAX 256 /* of a name, with its NUL; longer ones are cut */

/**
 * emf_symbol_kernel() - the function that an address of the kernel is in
 * @address: as in a stack
 * @name: receives "vfs_read", or "[unknown]"
 *
 * /proc/kallsyms is read with the first one: some megabytes. For those who may not see its addresses
 * all is unknown.
 *
 * Context: loop thread.
 * Return: how far the address is behind the function's begin; 0 of one that is unknown.
 * Since: 0.1
 */
EMF_API uint64_t emf_symbol_kernel(uint64_t address, char name[EMF_SYMBOL_MAX]);

/**
 * emf_symbol_user() - the function that an address of a process is in
 * @pid: of the process, in our namespace
 * @address: as in a stack
 * @name: receives "malloc"; "[libc.so.6]" where the file has no symbol for it; "[unknown]"
 *	where nothing is mapped or the process is gone
 *
 * By the symbols of the file that is mapped there, stripped ones have those of their dynamic linking, and for
 * code that a run-time system made by /tmp/perf-PID.map. Files and processes are kept, the
 * last ones that were asked for: a process that is gone is known while it is among them.
 *
 * Context: loop thread.
 * Return: how far the address is behind the function's begin; 0 of one that is unknown.
 * Since: 0.1
 */
EMF_API uint64_t emf_symbol_user(uint32_t pid, uint64_t address, char name[EMF_SYMBOL_MAX]);

#ifdef __cplusplus
}
#endif

#endif
