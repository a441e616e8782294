// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_hook_clsact.c - chains of tc where the kernel has no tcx: a filter of clsact, which is replaced in place.
 *
 * Filters are of those who made them, and ours stands before or behind them. It would stay when this process is killed:
 * the guardian knows it before it is there.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain.h"
#include "core.h"
#include "guardian.h"
#include "pin_folder.h"
#include "tc_filter.h"

#define PIN "filter-%u-%u-%u-%u-%u" /* egress, interface, priority, handle, made the qdisc */

#define HANDLE 1
#define MIDDLE 0xc000u /* what the kernel begins with, tcf_auto_prio() in net/sched/cls_api.c */
#define LAST 0xffffu
#define TRIES 16 /* when others make filters at the same time */

static void hook_of(const struct emf_chain_hook *hook, struct bpf_tc_hook *tc)
{
	*tc = (struct bpf_tc_hook){ .sz = sizeof(*tc), .ifindex = (int)hook->ifindex };
	tc->attach_point = emf_chain_hook_is_egress(hook) ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

struct range {
	unsigned int first, last; /* priorities that are in use; 0: none */
};

static void widen(void *arg, const struct emf_tc_filter *filter)
{
	struct range *range = arg;

	if (!range->first || filter->priority < range->first)
		range->first = filter->priority;
	if (filter->priority > range->last)
		range->last = filter->priority;
}

/* A priority that nobody has, on our side of all others. */
static int choose_priority(struct emf_chain_hook *hook)
{
	struct range used = { 0, 0 };
	int err = emf_tc_filters(hook->ifindex, emf_chain_hook_is_egress(hook), widen, &used);

	if (err)
		return err;
	if (!used.first)
		hook->owned.priority = MIDDLE;
	else if (hook->emf->hangs_first)
		hook->owned.priority = used.first - 1;
	else
		hook->owned.priority = used.last + 1;
	return hook->owned.priority && hook->owned.priority <= LAST ? 0 : -ENOSPC;
}

static int attach(const struct emf_chain_hook *hook, int program, unsigned int flags)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = HANDLE, .priority = hook->owned.priority, .flags = flags);
	struct bpf_tc_hook tc;

	hook_of(hook, &tc);
	return bpf_tc_attach(&tc, &opts);
}

static int step(const struct emf_chain_hook *hook, int program)
{
	return attach(hook, program, BPF_TC_F_REPLACE);
}

/*
 * Without a qdisc the kernel says -EINVAL, __tcf_qdisc_find() in net/sched/cls_api.c; with it -ENOENT, or what is there. It
 * says -EINVAL, too, where this side never had a filter, tc_get_tfilter(): then the qdisc turns out to be there when it is made.
 */
static bool has_qdisc(const struct emf_chain_hook *hook)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = MIDDLE);
	struct bpf_tc_hook tc;

	hook_of(hook, &tc);
	return bpf_tc_query(&tc, &opts) != -EINVAL;
}

/* Whether a filter is one for which this product made the qdisc of the interface. */
static bool is_maker(const struct emf_owned *filter, unsigned int ifindex)
{
	return filter->kind == EMF_OWNED_TC_FILTER && filter->made_qdisc && filter->ifindex == ifindex;
}

static bool is_made_by_hooks(const struct emf_chain_hook *hook)
{
	const struct emf_registry *registry = &hook->emf->registry;

	for (size_t u = 0; u < registry->n; u++)
		for (size_t i = 0; i < registry->units[u]->chain.n; i++) {
			const struct emf_chain_hook *other = &registry->units[u]->chain.instances[i].hook;

			if (other != hook && is_maker(&other->owned, hook->ifindex))
				return true;
		}
	return false;
}

struct search_maker {
	int product;
	char at[EMF_PIN_AT_MAX]; /* of one chain */
	unsigned int ifindex;
	bool is_found;
};

static void match_maker(void *arg, const char *name)
{
	struct search_maker *s = arg;
	struct emf_owned filter;

	if (!emf_chain_hook_filter_read(s->at, name, &filter) && is_maker(&filter, s->ifindex))
		s->is_found = true;
}

static void search_chain(void *arg, const char *name)
{
	struct search_maker *s = arg;
	int fd = emf_chain_pins_are_here(name) ? emf_pin_folder_open(s->product, name, false) : -1;

	if (fd < 0)
		return;
	emf_pin_folder_at(fd, s->at);
	emf_pin_folder_each(s->at, match_maker, s);
	close(fd);
}

/* Those that stayed, and whose chain this process does not run. */
static bool is_made_by_pinned(const struct emf_chain_hook *hook)
{
	struct search_maker s = { .product = emf_pin_folder_product(hook->emf->product->name, false), .ifindex = hook->ifindex };
	char at[EMF_PIN_AT_MAX];

	if (s.product < 0)
		return false;
	emf_pin_folder_at(s.product, at);
	emf_pin_folder_each(at, search_chain, &s);
	close(s.product);
	return s.is_found;
}

/* Of all filters that a product has there the last one takes the qdisc along, so all of them have to know. */
static bool made_qdisc_before(const struct emf_chain_hook *hook)
{
	return emf_guardian_made_qdisc(hook->emf->guardian, hook->ifindex) || is_made_by_hooks(hook) || is_made_by_pinned(hook);
}

static int make_qdisc(struct emf_chain_hook *hook)
{
	struct bpf_tc_hook tc;
	int err;

	hook_of(hook, &tc);
	err = bpf_tc_hook_create(&tc);
	if (err != -EEXIST)
		return err;
	hook->owned.made_qdisc = made_qdisc_before(hook); /* unless somebody else did */
	emf_guardian_change(hook->emf->guardian, hook->guarded, &hook->owned);
	return 0;
}

static int hang_once(struct emf_chain_hook *hook, int program)
{
	bool is_there = has_qdisc(hook);
	int err = choose_priority(hook);

	hook->owned.made_qdisc = !is_there || made_qdisc_before(hook);
	if (!err)
		err = emf_chain_hook_guard(hook, program);
	if (!err && !is_there)
		err = make_qdisc(hook);
	if (!err)
		err = attach(hook, program, 0);
	if (err)
		emf_chain_hook_remove_owned(hook);
	return err;
}

static int hang(struct emf_chain_hook *hook, int program)
{
	int err = -EEXIST;

	hook->owned = (struct emf_owned){ .kind = EMF_OWNED_TC_FILTER, .ifindex = hook->ifindex, .handle = HANDLE,
					  .is_egress = emf_chain_hook_is_egress(hook) };
	snprintf(hook->owned.link, sizeof(hook->owned.link), "%.15s", hook->target);
	for (int i = 0; i < TRIES && err == -EEXIST; i++)
		err = hang_once(hook, program);
	return err;
}

static int replace(struct emf_chain_hook *hook, int program)
{
	return emf_chain_hook_replace_guarded(hook, program, step);
}

/* --- what stays: the filter does so anyway; its name in the folder says where it is */

static void pin_path(const struct emf_owned *filter, const char *folder, char path[512])
{
	snprintf(path, 512, "%s/" PIN, folder, !!filter->is_egress, filter->ifindex, filter->priority, filter->handle, !!filter->made_qdisc);
}

static int pin(struct emf_chain_hook *hook, const char *folder)
{
	char path[512];

	pin_path(&hook->owned, folder, path);
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	emf_chain_hook_unguard(hook);
	return 0;
}

static void unpin(struct emf_chain_hook *hook, const char *folder)
{
	char path[512];

	if (hook->guarded < 0)
		hook->guarded = emf_guardian_take(&hook->emf->guardian, hook->emf->product->name, &hook->owned, -1);
	pin_path(&hook->owned, folder, path);
	rmdir(path);
}

struct search {
	const char *folder;
	struct emf_owned *filter;
};

static void match(void *arg, const struct emf_tc_filter *found)
{
	struct search *search = arg;

	if (found->priority == search->filter->priority && found->handle == search->filter->handle)
		emf_chain_pins_have(search->folder, found->program, &search->filter->programs[0]);
}

int emf_chain_hook_filter_read(const char *folder, const char *name, struct emf_owned *filter)
{
	struct search search = { folder, filter };
	int err;

	*filter = (struct emf_owned){ .kind = EMF_OWNED_TC_FILTER };
	if (sscanf(name, PIN, &filter->is_egress, &filter->ifindex, &filter->priority, &filter->handle, &filter->made_qdisc) != 5)
		return -ENOENT;
	err = emf_tc_filters(filter->ifindex, filter->is_egress, match, &search);
	if (err)
		return err == -ENODEV ? -ENOENT : err; /* the interface went */
	if (!filter->programs[0].id)
		return -ENOENT;
	if (!if_indextoname(filter->ifindex, filter->link))
		*filter->link = '\0';
	return 0;
}

struct finding {
	const char *folder;
	struct emf_chain_hook *hook; /* NULL: any will do */
	bool is_found;
	int err; /* what could not be asked may be there */
};

static void find(void *arg, const char *name)
{
	struct finding *f = arg;
	struct emf_owned filter;
	int err;

	if (strncmp(name, PIN, strcspn(PIN, "%")))
		return;
	if (!f->hook) {
		f->is_found = true;
		return;
	}
	err = emf_chain_hook_filter_read(f->folder, name, &filter);
	if (!err && filter.ifindex == f->hook->ifindex) {
		f->hook->owned = filter;
		f->is_found = true;
	} else if (!err || err == -ENOENT) {
		emf_unpin(f->folder, name); /* the interface went, or somebody removed the filter */
	} else {
		f->err = err;
	}
}

bool emf_chain_hook_has_filter(const char *folder)
{
	struct finding f = { folder, NULL, false, 0 };

	emf_pin_folder_each(folder, find, &f);
	return f.is_found;
}

static int adopt(struct emf_chain_hook *hook, const char *folder)
{
	struct finding f = { folder, hook, false, 0 };

	emf_pin_folder_each(folder, find, &f);
	if (f.is_found)
		return 0;
	return f.err ? f.err : -ENOENT;
}

const struct emf_chain_hook_ops emf_chain_hook_clsact = { .hang = hang, .replace = replace, .clear = emf_chain_hook_remove_owned,
							  .pin = pin, .unpin = unpin, .adopt = adopt };
