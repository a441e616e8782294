// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * attach_net.c - programs of networking that libbpf has no link for.
 */
#include "attach_net.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "guardian.h"
#include "owned.h"
#include "place.h"

static struct bpf_tc_hook hook_of(const struct emf_owned *filter)
{
	return (struct bpf_tc_hook){ .sz = sizeof(struct bpf_tc_hook), .ifindex = (int)filter->ifindex,
				     .attach_point = filter->is_egress ? BPF_TC_EGRESS : BPF_TC_INGRESS };
}

/* Whoever makes clsact first has to take it away, so it is said before it is there, and taken back if it was. */
static int make_qdisc(struct emf *emf, struct emf_place *place)
{
	struct bpf_tc_hook hook = hook_of(place->filter);
	int err = bpf_tc_hook_create(&hook);

	if (err != -EEXIST)
		return err;
	place->filter->made_qdisc = false;
	emf_guardian_change(emf->guardian, place->guarded, place->filter);
	place->filter->made_qdisc = emf_guardian_made_qdisc(emf->guardian, place->filter->ifindex);
	emf_guardian_change(emf->guardian, place->guarded, place->filter);
	return 0;
}

static int make_filter(struct emf *emf, struct emf_place *place, int program)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = place->filter->handle, .priority = place->filter->priority);
	struct bpf_tc_hook hook = hook_of(place->filter);
	int err = make_qdisc(emf, place);

	return err ? err : bpf_tc_attach(&hook, &opts);
}

static void drop(struct emf *emf, struct emf_place *place)
{
	int err = emf_owned_remove(place->filter, -1);

	if (err < 0)
		emf_err(NULL, "the filter of tc on %s cannot be removed: %s", place->filter->link, strerror(-err));
	else
		emf_guardian_drop(emf->guardian, place->guarded);
	free(place->filter);
	place->filter = NULL;
}

static int cannot_stay(struct emf_unit *unit, const struct emf_attach *a, const char *what)
{
	snprintf(unit->why, sizeof(unit->why), "program '%s' %s, which cannot stay: run it without --persist", a->program, what);
	return -EOPNOTSUPP;
}

int emf_attach_xdp_mode(struct emf_unit *unit, const struct bpf_program *prog, const struct emf_attach *a)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = a->xdp_mode);
	unsigned int index = a->netdev ? *a->netdev : if_nametoindex(a->text[0]);
	int fd;

	if (unit->emf->persists)
		return cannot_stay(unit, a, "asks for a mode of XDP");
	fd = index ? bpf_link_create(bpf_program__fd(prog), (int)index, BPF_XDP, &opts) : -ENODEV;
	emf_place_of(unit, a)->link = fd < 0 ? 0 : fd;
	return fd < 0 ? fd : 0;
}

int emf_attach_tc(struct emf_unit *unit, const struct bpf_program *prog, const struct emf_attach *a)
{
	struct emf_place *place = emf_place_of(unit, a);
	struct emf *emf = unit->emf;
	int err;

	if (emf->persists)
		return cannot_stay(unit, a, "is a filter of tc");
	place->filter = malloc(sizeof(*place->filter));
	if (!place->filter)
		return -ENOMEM;
	*place->filter = (struct emf_owned){ .kind = EMF_OWNED_TC_FILTER, .ifindex = a->netdev ? *a->netdev : if_nametoindex(a->text[0]), .made_qdisc = true,
					     .is_egress = !strcmp(a->text[1], "egress"), .handle = a->tc_handle, .priority = a->tc_priority };
	err = if_indextoname(place->filter->ifindex, place->filter->link) ? emf_owned_program_read(bpf_program__fd(prog), &place->filter->programs[0]) : -ENODEV;
	if (!err) {
		place->guarded = emf_guardian_take(&emf->guardian, emf->product->name, place->filter, -1);
		err = place->guarded < 0 ? place->guarded : 0;
	}
	if (err) {
		free(place->filter);
		place->filter = NULL;
		return err;
	}
	err = make_filter(emf, place, bpf_program__fd(prog));
	if (err)
		drop(emf, place);
	return err;
}

void emf_attach_net_remove(struct emf_unit *unit)
{
	for (const struct emf_attach *a = unit->places ? unit->m->attaches : NULL; a && a->program; a++) {
		struct emf_place *place = emf_place_of(unit, a);

		if (place->filter)
			drop(unit->emf, place);
		if (place->link)
			close(place->link);
		place->link = 0;
	}
}
