// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_hook_link.c - chains on hooks whose links can be updated.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain_hook.h"
#include "core.h"
#include "pin_folder.h"

#define PIN "link"

/* Of enum bpf_attach_type, since 6.6: headers that are older do not have them. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47
/* Flag of a link that stands before all others, since 6.6; without it behind them. */
#define TCX_FIRST (1u << 3)

static int init(struct emf_chain_hook *hook)
{
	bool is_interface = hook->chain->type == EMF_CHAIN_XDP || hook->chain->type == EMF_CHAIN_TC;

	return is_interface ? emf_chain_hook_interface(hook) : 0;
}

/* What is opened, and the flags that it is opened with. */
static int link_path(const struct emf_chain_hook *hook, int program, int type, int flags)
{
	int target = open(hook->target, flags | O_RDONLY | O_CLOEXEC);
	int fd = target < 0 ? -errno : bpf_link_create(program, target, (enum bpf_attach_type)type, NULL);

	if (target >= 0)
		close(target);
	return fd;
}

static int link_interface(const struct emf_chain_hook *hook, int program, int type, unsigned int flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);

	return bpf_link_create(program, (int)hook->ifindex, (enum bpf_attach_type)type, &opts);
}

static unsigned int xdp_flags(const struct emf_chain_hook *hook)
{
	const char *mode = hook->chain->mode;

	if (!mode || !strcmp(mode, "auto"))
		return 0;
	return !strcmp(mode, "native") ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

static int hang(struct emf_chain_hook *hook, int program)
{
	bool is_egress = hook->chain->at && emf_chain_hook_is_egress(hook);
	int fd = -EINVAL;

	if (hook->chain->type == EMF_CHAIN_XDP)
		fd = link_interface(hook, program, BPF_XDP, xdp_flags(hook));
	else if (hook->chain->type == EMF_CHAIN_TC)
		fd = link_interface(hook, program, is_egress ? TCX_EGRESS : TCX_INGRESS,
				    hook->emf->hangs_first ? TCX_FIRST : 0);
	else if (hook->chain->type == EMF_CHAIN_CGROUP_SKB)
		fd = link_path(hook, program, is_egress ? BPF_CGROUP_INET_EGRESS : BPF_CGROUP_INET_INGRESS, O_DIRECTORY);
	else if (hook->chain->type == EMF_CHAIN_SK_LOOKUP)
		fd = link_path(hook, program, BPF_SK_LOOKUP, 0);
	if (fd < 0)
		return fd;
	hook->link = fd;
	return 0;
}

static int replace(struct emf_chain_hook *hook, int program)
{
	return bpf_link_update(hook->link, program, NULL);
}

static void clear(struct emf_chain_hook *hook)
{
	if (hook->link >= 0)
		close(hook->link);
	hook->link = -1;
}

static int pin(struct emf_chain_hook *hook, const char *folder)
{
	return emf_pin(folder, PIN, hook->link);
}

static void unpin(struct emf_chain_hook *hook, const char *folder)
{
	(void)hook;
	emf_unpin(folder, PIN);
}

/* A link outlives the interface or the group that it hung at, and one of the same name can have come since. */
static bool is_there(const struct emf_chain_hook *hook, const struct bpf_link_info *info)
{
	struct stat st;

	if (hook->chain->type == EMF_CHAIN_XDP || hook->chain->type == EMF_CHAIN_TC)
		return info->xdp.ifindex == hook->ifindex; /* of tcx it stands in the same place */
	if (stat(hook->target, &st))
		return false;
	return hook->chain->type == EMF_CHAIN_CGROUP_SKB ? info->cgroup.cgroup_id == st.st_ino : info->netns.netns_ino == st.st_ino;
}

static int adopt(struct emf_chain_hook *hook, const char *folder)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = emf_pin_get(folder, PIN);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) || !is_there(hook, &info)) {
		close(fd);
		emf_unpin(folder, PIN);
		return -ENOENT;
	}
	hook->link = fd;
	return 0;
}

const struct emf_chain_hook_ops emf_chain_hook_link = { .init = init, .hang = hang, .replace = replace, .clear = clear,
							.pin = pin, .unpin = unpin, .adopt = adopt };
