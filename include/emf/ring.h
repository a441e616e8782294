/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/ring.h - records that a kernel part sends to its user part.
 */
#ifndef EMF_RING_H
#define EMF_RING_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * emf_ring_open() - have a handler called for each record of a ring
 * @m: the module, in create
 * @name: a map that its kernel part declared with EMF_RING(), or any ring buffer or perf buffer
 * @record: called with each record, in the order of sending; the data is valid
 *	until it returns, is aligned to 8 bytes (in a perf buffer to 4, and up to 7 bytes
 *	longer than what was sent), and may not be written to
 *
 * The core reads the ring until the module is destroyed: at the end, programs
 * are detached first and what they sent is delivered before destroy is called.
 *
 * Context: loop thread.
 * Return: 0; -ENOENT if there is no such map; -EINVAL if it is no such buffer;
 * -ENOSPC for the ninth ring of a module; -ENAMETOOLONG for a name of 48 bytes;
 * -ENOMEM; or what mmap(2) and epoll_ctl(2) report.
 * Since: 0.1
 */
EMF_API int emf_ring_open(struct module *m, const char *name,
			  void (*record)(struct module *m, const void *data, size_t size_bytes));

#ifdef __cplusplus
}
#endif

#endif
