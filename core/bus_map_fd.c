// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_map_fd.c - BPF maps that are handed to another process. With the system call:
 * libemf-client is made of it too, and has no libbpf.
 */
#include "bus_map_fd.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int emf_map_fd_read_only(int fd)
{
	struct bpf_map_info info;
	union bpf_attr attr;
	long out;

	memset(&attr, 0, sizeof(attr));
	memset(&info, 0, sizeof(info));
	attr.info.bpf_fd = (__u32)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (__u64)(unsigned long)&info;
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)))
		return -errno;
	memset(&attr, 0, sizeof(attr));
	attr.map_id = info.id;
	/* The mode is of the descriptor: a duplicate could still write. */
	attr.open_flags = BPF_F_RDONLY;
	out = syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
	return out < 0 ? -errno : (int)out;
}
