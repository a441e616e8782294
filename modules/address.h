/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * address.h - addresses of packets as people read them.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <arpa/inet.h>
#include <netinet/in.h>

/* One of either family, as struct net_packet has it. Return: @out. */
static inline char *address_text(char out[INET6_ADDRSTRLEN], const __be32 address[4])
{
	bool is_ip4 = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)address);

	if (!inet_ntop(is_ip4 ? AF_INET : AF_INET6, is_ip4 ? &address[3] : address, out, INET6_ADDRSTRLEN))
		out[0] = '\0';
	return out;
}

#endif
