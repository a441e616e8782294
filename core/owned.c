// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * owned.c - how what no file descriptor owns is taken away.
 */
#include "owned.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tc_filter.h"

int emf_owned_program_read(int fd, struct emf_owned_program *program)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	program->id = info.id;
	snprintf(program->name, sizeof(program->name), "%s", info.name);
	return 0;
}

static bool is_ours(const struct emf_owned *thing, uint32_t id, const char *name, size_t name_len)
{
	for (int i = 0; i < 2; i++)
		if (id && id == thing->programs[i].id && name_len == strlen(thing->programs[i].name) &&
		    !memcmp(name, thing->programs[i].name, name_len))
			return true;
	return false;
}

/* --- filters */

struct search {
	const struct emf_owned *thing;
	bool is_found;
};

/* libbpf calls a filter "NAME:[ID]", bpf_tc_attach(). */
static void match(void *arg, const struct emf_tc_filter *filter)
{
	struct search *search = arg;

	if (filter->priority == search->thing->priority && filter->handle == search->thing->handle &&
	    is_ours(search->thing, filter->program, filter->name, strcspn(filter->name, ":")))
		search->is_found = true;
}

static int remove_qdisc(const struct emf_owned *thing)
{
	struct bpf_tc_hook tc = { .sz = sizeof(tc), .ifindex = (int)thing->ifindex,
				  .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS };

	return thing->made_qdisc && emf_tc_is_empty(thing->ifindex) ? bpf_tc_hook_destroy(&tc) : 0;
}

static int remove_filter(const struct emf_owned *thing)
{
	struct search search = { thing, false };
	struct bpf_tc_hook tc = { .sz = sizeof(tc), .ifindex = (int)thing->ifindex,
				  .attach_point = thing->is_egress ? BPF_TC_EGRESS : BPF_TC_INGRESS };
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = thing->handle, .priority = thing->priority);
	int err = emf_tc_filters(thing->ifindex, thing->is_egress, match, &search);

	if (!err && search.is_found)
		err = bpf_tc_detach(&tc, &opts);
	if (!err)
		err = remove_qdisc(thing);
	if (err == -ENODEV || err == -ENOENT) /* the interface is gone, or somebody was faster */
		return 0;
	return err ? err : search.is_found;
}

/* --- XDP */

/* The program that hangs there, if it is ours; -ENOENT. */
static int open_ours(const struct emf_owned *thing)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct emf_owned_program now;
	int err = bpf_xdp_query((int)thing->ifindex, (int)thing->xdp_flags, &query), fd;

	if (err)
		return err == -ENODEV ? -ENOENT : err;
	if (!query.prog_id || (query.prog_id != thing->programs[0].id && query.prog_id != thing->programs[1].id))
		return -ENOENT;
	fd = bpf_prog_get_fd_by_id(query.prog_id);
	if (fd < 0)
		return -errno;
	err = emf_owned_program_read(fd, &now);
	if (!err && !is_ours(thing, now.id, now.name, strlen(now.name)))
		err = -ENOENT;
	if (err)
		close(fd);
	return err ? err : fd;
}

static int remove_xdp(const struct emf_owned *thing, int other)
{
	int ours = open_ours(thing), err;
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = ours);

	if (ours < 0)
		return ours == -ENOENT ? 0 : ours;
	/* The kernel compares what is there with ours: another one that came meanwhile stays. */
	err = bpf_xdp_attach((int)thing->ifindex, other, thing->xdp_flags | XDP_FLAGS_REPLACE, &opts);
	close(ours);
	return err == -EEXIST || err == -ENODEV ? 0 : err ? err : 1;
}

int emf_owned_remove(const struct emf_owned *thing, int other)
{
	switch (thing->kind) {
	case EMF_OWNED_TC_FILTER:
		return remove_filter(thing);
	case EMF_OWNED_XDP:
		return remove_xdp(thing, other);
	}
	return 0;
}
