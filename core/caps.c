// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * caps.c - capabilities, read from the kernel.
 */
#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "constant.h"

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

const char *emf_caps_name(int cap)
{
	return emf_constant_name(EMF_CAP, (uint64_t)cap);
}

bool emf_caps_is_privileged(void)
{
	uint64_t caps;

	return !geteuid() || emf_caps_effective(&caps) || caps;
}
