/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * fd.h - file descriptors of a process of our own.
 */
#ifndef EMF_CORE_FD_H
#define EMF_CORE_FD_H

/* Closes all above standard error but these two, which may be any; -1 for none. */
void emf_fd_close_others(int a, int b);

#endif
