// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * value_words.c - what the help and the messages call a value of each type.
 */
#include "value.h"

const char *emf_value_expected(enum emf_type type)
{
	switch (type) {
	case EMF_BOOL:
		return "yes or no";
	case EMF_DURATION:
		return "a whole number with its unit, such as 500ms or 5s";
	case EMF_STRING:
	case EMF_COMM:
		return "a text";
	case EMF_CHAR:
		return "a single character";
	case EMF_IP4:
		return "an IPv4 address, such as 10.0.0.1";
	case EMF_IP6:
		return "an IPv6 address, such as fe80::1";
	case EMF_IP:
		return "an address, such as 10.0.0.1 or fe80::1";
	case EMF_TCP_STATE:
		return "a state of TCP, such as ESTABLISHED, or its number";
	case EMF_IPPROTO:
		return "a protocol, such as tcp, or its number";
	case EMF_SYSCALL:
		return "a system call, such as openat, or its number";
	case EMF_CAP:
		return "a capability, such as CAP_NET_ADMIN, or its number";
	case EMF_DEV:
		return "a device, such as 8:1 or /dev/sda1";
	case EMF_MAC:
		return "an Ethernet address, such as 02:00:00:00:00:01";
	case EMF_NETDEV:
		return "an interface, such as eth0, or its index";
	case EMF_ERRNO:
		return "an error, such as ENOENT, or its negative number";
	case EMF_SIGNO:
		return "a signal, such as SIGTERM, or its number";
	case EMF_WAIT_STATUS:
		return "an exit status, a signal such as SIGKILL, or an error such as ENOENT";
	case EMF_UID:
		return "a user of this machine, such as root, or a number";
	case EMF_CGROUP:
	case EMF_CONTAINER:
		return "a cgroup by its path, or its id";
	case EMF_KSYM:
		return "a symbol of the kernel, or an address";
	case EMF_ENUM:
		return "one of its names";
	case EMF_FLAGS:
		return "names of flags joined with '|', or 0";
	default:
		return emf_value_is_signed(type) ? "a number" : "a number, not negative";
	}
}

const char *emf_value_word(enum emf_type type)
{
	switch (type) {
	case EMF_BOOL:
		return "yes|no";
	case EMF_STRING:
	case EMF_COMM:
		return "TEXT";
	case EMF_DURATION:
		return "TIME";
	case EMF_IP4:
	case EMF_IP6:
	case EMF_IP:
	case EMF_MAC:
		return "ADDRESS";
	case EMF_NETDEV:
		return "INTERFACE";
	case EMF_CGROUP:
	case EMF_CONTAINER:
		return "CGROUP";
	case EMF_TCP_STATE:
		return "STATE";
	case EMF_IPPROTO:
		return "PROTOCOL";
	case EMF_SYSCALL:
		return "CALL";
	case EMF_CAP:
		return "CAPABILITY";
	case EMF_DEV:
		return "DEVICE";
	case EMF_SIGNO:
		return "SIGNAL";
	case EMF_CHAR:
		return "CHARACTER";
	case EMF_WAIT_STATUS:
		return "STATUS";
	case EMF_ERRNO:
		return "ERROR";
	case EMF_KSYM:
		return "SYMBOL";
	case EMF_UID:
		return "USER";
	case EMF_ENUM:
	case EMF_FLAGS:
		return "NAME";
	default:
		return "NUMBER";
	}
}
