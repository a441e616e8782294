/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_map_fd.h - BPF maps that are handed to another process.
 */
#ifndef EMF_CORE_BUS_MAP_FD_H
#define EMF_CORE_BUS_MAP_FD_H

/* A new descriptor of the same map that can only be read; a negative errno if it is no map or may not be had. */
int emf_map_fd_read_only(int fd);

#endif
