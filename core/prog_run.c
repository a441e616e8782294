// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * prog_run.c - methods that BPF programs serve.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include <emf/object.h>

int emf_prog_run(int prog_fd, void *context, size_t size_bytes)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = context, .ctx_size_in = (uint32_t)size_bytes);
	int err;

	if (prog_fd < 0)
		return -EOPNOTSUPP;
	err = bpf_prog_test_run_opts(prog_fd, &opts) ? -errno : 0;
	if (err)
		return err == -524 ? -EOPNOTSUPP : err; /* ENOTSUPP, include/linux/errno.h: not for this type */
	return (int)opts.retval > 0 ? -EPROTO : (int)opts.retval;
}

int emf_prog_run_map(int prog_fd, int map_fd, void *value)
{
	const uint32_t first = 0;
	int err;

	if (prog_fd < 0)
		return -EOPNOTSUPP;
	if (bpf_map_update_elem(map_fd, &first, value, BPF_ANY))
		return -errno;
	err = emf_prog_run(prog_fd, NULL, 0);
	if (!err && bpf_map_lookup_elem(map_fd, &first, value))
		err = -errno;
	return err;
}
