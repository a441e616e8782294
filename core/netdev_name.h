/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * netdev_name.h - network interfaces by name, without a system call for each event.
 */
#ifndef EMF_CORE_NETDEV_NAME_H
#define EMF_CORE_NETDEV_NAME_H

#include <stdint.h>

/**
 * emf_netdev_name() - what an interface is called
 * @index: any
 *
 * Context: loop thread.
 * Return: a text as it was at most a second ago, good until the next call; NULL if there
 * is no such interface.
 */
const char *emf_netdev_name(uint32_t index);

#endif
