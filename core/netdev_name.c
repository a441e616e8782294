// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * netdev_name.c - a small cache of network interfaces by index.
 */
#include "netdev_name.h"

#include <net/if.h>
#include <stddef.h>

#include <emf/loop.h>

#define KEPT 64 /* a power of two; interfaces are numbered in their order */
#define GOOD_NS UINT64_C(1000000000)

static struct kept {
	uint32_t index; /* 0: free, as no interface is */
	uint64_t at_ns;
	char name[IF_NAMESIZE]; /* empty: there was none */
} kept[KEPT];

const char *emf_netdev_name(uint32_t index)
{
	struct kept *k = &kept[index % KEPT];
	uint64_t now_ns;

	if (!index)
		return NULL;
	now_ns = emf_now_ns();
	if (k->index != index || now_ns - k->at_ns >= GOOD_NS) {
		k->index = index;
		k->at_ns = now_ns;
		if (!if_indextoname(index, k->name))
			k->name[0] = '\0';
	}
	return k->name[0] ? k->name : NULL;
}
