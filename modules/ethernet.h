/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ethernet.h - whether packets of the interfaces begin with an Ethernet header.
 *
 * A kernel part cannot tell, and would look for addresses where there are none: a list
 * would keep out nobody. Include the header of the module before this one.
 */
#ifndef ETHERNET_H
#define ETHERNET_H

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One that is not there, or cannot be asked, is the chain's to tell of. */
static inline bool ethernet_is_absent(int socket, const char *interface)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return !ioctl(socket, SIOCGIFHWADDR, &request) && request.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
	       request.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK;
}

static inline int ethernet_check_chain(struct module *m, int socket, const struct emf_chain *chain)
{
	const char *rest = chain->targets;

	while (*rest) {
		size_t n = strcspn(rest, ", ");
		char interface[IF_NAMESIZE];

		snprintf(interface, sizeof(interface), "%.*s", (int)(n < sizeof(interface) ? n : sizeof(interface) - 1), rest);
		if (ethernet_is_absent(socket, interface)) {
			emf_err(m, "--%s %s: packets of this interface have no Ethernet headers, and are not understood; "
				"name one that has them", chain->option, interface);
			return -EPROTONOSUPPORT;
		}
		rest += n + !!rest[n];
	}
	return 0;
}

/* 0; or -EPROTONOSUPPORT, and it was said of which interface; or another negative errno. */
static inline int ethernet_check(struct module *m)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0) {
		err = -errno;
		emf_err(m, "no socket, to ask what kind of interfaces there are: %s", strerror(-err));
		return err;
	}
	err = ethernet_check_chain(m, fd, &ingress_chain);
	if (!err)
		err = ethernet_check_chain(m, fd, &ingress_tc_chain);
	close(fd);
	return err;
}

#endif
