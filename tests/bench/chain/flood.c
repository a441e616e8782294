/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * flood INTERFACE MS: sends packets for so long, as fast as one processor can, and
 * prints how many.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	struct mmsghdr batch[BATCH];
	char packet[64];
	struct iovec io = { packet, sizeof(packet) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	long long sent = 0, end;

	if (argc != 3 || fd < 0)
		return 1;
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	memset(packet, 0xff, ETH_ALEN); /* to all, of a type that nobody wants */
	memset(packet + ETH_ALEN, 0, sizeof(packet) - ETH_ALEN);
	packet[2 * ETH_ALEN] = (char)0x88; /* ETH_P_802_EX1, for experiments */
	packet[2 * ETH_ALEN + 1] = (char)0xb5;
	for (int i = 0; i < BATCH; i++)
		batch[i].msg_hdr = (struct msghdr){ .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &io, .msg_iovlen = 1 };
	end = now_ms() + atoi(argv[2]);
	while (now_ms() < end) {
		int n = sendmmsg(fd, batch, BATCH, 0);

		if (n < 0) {
			perror("flood: sendmmsg");
			return 1;
		}
		sent += n;
	}
	printf("%lld\n", sent);
	return 0;
}
