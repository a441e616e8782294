// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * hook_owner.c - whose program hangs where ours should.
 */
#include "hook_owner.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook_holders.h"
#include "owned.h"

#define LINKS_MAX 65536 /* that are looked at */

struct owner {
	const char *interface;
	struct emf_owned_program program;
	const char *off; /* the word of ip-link(8) for its mode */
	uint32_t link; /* id of the link that it hangs by; 0: it hangs by netlink */
	bool is_hidden; /* this user cannot see whether there is one */
	char holders[200];
	unsigned int n_holders;
	char pin[256];
};

static int read_program(struct owner *owner, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int err = bpf_xdp_query((int)ifindex, 0, &query), fd;
	__u32 id = query.prog_id;

	if (err)
		return err;
	owner->off = query.attach_mode == XDP_ATTACHED_SKB ? "xdpgeneric" : query.attach_mode == XDP_ATTACHED_HW ? "xdpoffload" : "xdpdrv";
	if (!id) /* in two modes at a time, each has its own */
		id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
	if (!id)
		return -ENOENT;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		emf_owned_program_read(fd, &owner->program);
		close(fd);
	}
	owner->program.id = id;
	return 0;
}

uint32_t emf_xdp_link_find(uint32_t program, bool *is_hidden)
{
	__u32 id = 0;
	int err = 0;

	for (int i = 0; i < LINKS_MAX && !err; i++) {
		struct bpf_link_info info = { 0 };
		__u32 size = sizeof(info);
		int fd;

		err = bpf_link_get_next_id(id, &id) ? errno : 0;
		fd = err ? -1 : bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue; /* gone since */
		if (bpf_obj_get_info_by_fd(fd, &info, &size))
			info.prog_id = 0;
		close(fd);
		if (info.prog_id == program && info.type == BPF_LINK_TYPE_XDP)
			return id;
	}
	*is_hidden = err == EPERM;
	return 0;
}

/* How it hangs there, and who holds it. */
static void tell_how(const struct owner *o, char *text, size_t size)
{
	const char *held = *o->holders ? o->holders : "no process that this user can see";

	if (o->is_hidden)
		snprintf(text, size, "whose owner only a user with CAP_SYS_ADMIN can see");
	else if (o->link && *o->pin)
		snprintf(text, size, "by link %u, which is pinned as %s", o->link, o->pin);
	else if (o->link)
		snprintf(text, size, "by link %u of %s", o->link, held);
	else if (*o->holders)
		snprintf(text, size, "by netlink, and %s has it open", held);
	else
		snprintf(text, size, "by netlink, and no process holds it");
}

static void tell_what_to_do(const struct owner *o, bool replaces, char *text, size_t size)
{
	if (o->link && *o->pin)
		snprintf(text, size, "a link cannot be replaced: stop who made it, or remove that file");
	else if (o->link)
		snprintf(text, size, "a link cannot be replaced: stop that process");
	else if (replaces || o->is_hidden)
		snprintf(text, size, "'ip link set dev %s %s off' takes it off if it hangs by netlink", o->interface, o->off);
	else
		snprintf(text, size, "--replace puts it aside until this product ends, 'ip link set dev %s %s off' takes it off", o->interface,
			 o->off);
}

void emf_xdp_owner_describe(unsigned int ifindex, const char *link, bool replaces, char text[EMF_OWNER_TEXT_MAX])
{
	struct owner owner = { .interface = link };
	char how[300], what[200], name[32] = "";
	bool is_dispatcher;

	if (read_program(&owner, ifindex)) {
		snprintf(text, EMF_OWNER_TEXT_MAX, "another program hung there, or hangs at a device above; 'bpftool net' names those that do");
		return;
	}
	owner.link = emf_xdp_link_find(owner.program.id, &owner.is_hidden);
	owner.n_holders = emf_holders_find(owner.program.id, owner.holders, sizeof(owner.holders));
	if (owner.link && !owner.n_holders)
		emf_pin_find(owner.program.id, owner.pin, sizeof(owner.pin));
	is_dispatcher = !strcmp(owner.program.name, "xdp_dispatcher");
	tell_how(&owner, how, sizeof(how));
	tell_what_to_do(&owner, replaces, what, sizeof(what));
	if (*owner.program.name)
		snprintf(name, sizeof(name), " '%s'", owner.program.name);
	snprintf(text, EMF_OWNER_TEXT_MAX, "XDP program%s (id %u) hangs there %s%s; %s", name, owner.program.id, how,
		 is_dispatcher ? ": it is libxdp's dispatcher, under which programs of others run ('xdp-loader status' names them)" : "", what);
}
