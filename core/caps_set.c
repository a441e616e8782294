// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * caps_set.c - capabilities that are given up.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "constant.h"

#define CAPS_MAX 64
#define NAME_BYTES 32 /* CAP_CHECKPOINT_RESTORE has 22 */

/* Those that are not there cannot be asked for either: who lacks CAP_SETPCAP may leave the rest, which nothing raises again. */
int emf_caps_bound(uint64_t caps, bool is_must)
{
	for (int cap = 0; cap < CAPS_MAX; cap++)
		if (!(caps & 1ull << cap) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && is_must)
			return -errno;
	return 0;
}

int emf_caps_set(uint64_t caps, bool hands_on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted = data[i].effective = (uint32_t)(caps >> 32 * i);
		data[i].inheritable = hands_on ? data[i].permitted : 0;
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) || syscall(SYS_capset, &header, data))
		return -errno;
	for (int cap = 0; hands_on && cap < CAPS_MAX; cap++)
		if (caps & 1ull << cap && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			return -errno;
	return 0;
}

/* "bpf" is CAP_BPF. */
static int number_of(const char *word, size_t len, uint64_t *number)
{
	char name[NAME_BYTES];
	size_t prefix = len > 4 && !strncasecmp(word, "CAP_", 4) ? 0 : 4;

	if (len + prefix >= sizeof(name))
		return -EINVAL;
	memcpy(name, "CAP_", 4);
	for (size_t i = 0; i < len; i++)
		name[prefix + i] = (char)toupper((unsigned char)word[i]);
	name[prefix + len] = '\0';
	return emf_constant_find(EMF_CAP, name, number) || *number >= CAPS_MAX ? -EINVAL : 0;
}

int emf_caps_read(const char *list, uint64_t *caps, char *word, size_t size)
{
	uint64_t number;

	*caps = 0;
	snprintf(word, size, "%s", "");
	if (!strcmp(list, "none"))
		return 0;
	if (!list[strspn(list, ", \t")])
		return -EINVAL;
	for (const char *at = list; *(at += strspn(at, ", \t"));) {
		size_t len = strcspn(at, ", \t");

		if (number_of(at, len, &number)) {
			snprintf(word, size, "%.*s", (int)len, at);
			return -EINVAL;
		}
		*caps |= 1ull << number;
		at += len;
	}
	return 0;
}
