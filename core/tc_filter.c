// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * tc_filter.c - filters of an interface, asked of the kernel by netlink: libbpf only finds one whose
 * priority and handle are known.
 */
#include "tc_filter.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 32768 /* NLMSG_GOODSIZE is less, include/linux/netlink.h */
#define ANSWERS_MAX 4096 /* of that size: more filters than an interface can bear */

struct asking {
	void (*each)(void *arg, const struct emf_tc_filter *filter);
	void *arg;
	bool is_done;
};

static void read_program(const struct rtattr *options, struct emf_tc_filter *filter)
{
	const struct rtattr *a = RTA_DATA(options);
	size_t left = RTA_PAYLOAD(options);

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == TCA_BPF_ID && RTA_PAYLOAD(a) >= sizeof(filter->program))
			memcpy(&filter->program, RTA_DATA(a), sizeof(filter->program));
		if (a->rta_type == TCA_BPF_NAME)
			snprintf(filter->name, sizeof(filter->name), "%.*s", (int)RTA_PAYLOAD(a), (const char *)RTA_DATA(a));
	}
}

static void read_filter(struct asking *asking, const struct nlmsghdr *message)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	const struct rtattr *a = TCA_RTA(tc), *options = NULL;
	struct emf_tc_filter filter = { .priority = TC_H_MAJ(tc->tcm_info) >> 16, .handle = tc->tcm_handle };
	size_t left = TCA_PAYLOAD(message);
	bool is_bpf = false;

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		is_bpf |= a->rta_type == TCA_KIND && RTA_PAYLOAD(a) == sizeof("bpf") && !memcmp(RTA_DATA(a), "bpf", sizeof("bpf"));
		options = a->rta_type == TCA_OPTIONS ? a : options;
	}
	if (is_bpf && options)
		read_program(options, &filter);
	asking->each(asking->arg, &filter);
}

static int read_answer(struct asking *asking, const char *answer, size_t size)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)answer;

	for (; NLMSG_OK(message, size); message = NLMSG_NEXT(message, size)) {
		if (message->nlmsg_type == NLMSG_DONE) {
			asking->is_done = true;
			return 0;
		}
		if (message->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		if (message->nlmsg_type == RTM_NEWTFILTER && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct tcmsg)))
			read_filter(asking, message);
	}
	return 0;
}

static int ask(int fd, struct asking *asking, unsigned int ifindex, bool is_egress)
{
	struct {
		struct nlmsghdr head;
		struct tcmsg tc;
	} question = {
		.head = { .nlmsg_len = sizeof(question), .nlmsg_type = RTM_GETTFILTER, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex,
			.tcm_parent = TC_H_MAKE(TC_H_CLSACT, is_egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS) },
	};
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
	int err = send(fd, &question, sizeof(question), 0) < 0 ? -errno : 0;

	for (int i = 0; i < ANSWERS_MAX && !err && !asking->is_done; i++) {
		ssize_t n = recv(fd, answer, sizeof(answer), 0);

		err = n < 0 ? -errno : read_answer(asking, answer, (size_t)n);
	}
	return err == -EINVAL || err == -ENOENT ? 0 : err; /* no clsact */
}

int emf_tc_filters(unsigned int ifindex, bool is_egress, void (*each)(void *arg, const struct emf_tc_filter *filter), void *arg)
{
	struct asking asking = { each, arg, false };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = fd < 0 ? -errno : ask(fd, &asking, ifindex, is_egress);

	if (fd >= 0)
		close(fd);
	return err;
}

static void count(void *arg, const struct emf_tc_filter *filter)
{
	(void)filter;
	++*(unsigned int *)arg;
}

/* What cannot be seen is taken for somebody's. */
bool emf_tc_is_empty(unsigned int ifindex)
{
	unsigned int n = 0;

	return !emf_tc_filters(ifindex, false, count, &n) && !emf_tc_filters(ifindex, true, count, &n) && !n;
}
