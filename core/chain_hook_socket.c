// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_hook_socket.c - chains of socket filters, each on a packet socket that nobody reads.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chain_hook.h"

/* The kernel takes the old filter's place by one pointer, sk_attach_bpf() in net/core/filter.c. */
static int replace(struct emf_chain_hook *hook, int program)
{
	return setsockopt(hook->socket, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) ? -errno : 0;
}

static void clear(struct emf_chain_hook *hook)
{
	if (hook->socket >= 0)
		close(hook->socket);
	hook->socket = -1;
}

/* Without a protocol it receives nothing; bind() names one when the filter is there. */
static int hang(struct emf_chain_hook *hook, int program)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)hook->ifindex };
	int err;

	hook->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	err = hook->socket < 0 ? -errno : replace(hook, program);
	if (!err && bind(hook->socket, (struct sockaddr *)&address, sizeof(address)))
		err = -errno;
	if (err)
		clear(hook);
	return err;
}

const struct emf_chain_hook_ops emf_chain_hook_socket = { .init = emf_chain_hook_interface, .hang = hang, .replace = replace,
							  .clear = clear };
