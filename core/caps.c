// SPDX-License-Identifier: BSD-2-Clause
/*
 * caps.c - capabilities, read from the kernel.
 */
#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

int emf_caps_effective(uint64_t *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	*caps = data[0].effective | (uint64_t)data[1].effective << 32;
	return 0;
}

bool emf_caps_have(uint64_t caps, int cap)
{
	if (caps & (1ull << cap))
		return true;
	return (cap == EMF_CAP_BPF || cap == EMF_CAP_PERFMON) && (caps & (1ull << EMF_CAP_SYS_ADMIN));
}

static const struct {
	int cap;
	const char *name;
} names[] = {
	{ EMF_CAP_BPF, "CAP_BPF" },
	{ EMF_CAP_PERFMON, "CAP_PERFMON" },
	{ EMF_CAP_NET_ADMIN, "CAP_NET_ADMIN" },
	{ EMF_CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	{ EMF_CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE" },
};

const char *emf_caps_name(int cap)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].cap == cap)
			return names[i].name;
	return NULL;
}
