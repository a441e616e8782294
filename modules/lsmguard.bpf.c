// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * lsmguard.bpf.c - keeps files from being opened, by a trie of paths.
 */
#include <emf/bpf.h>

#include "lsmguard_emf.h"

#define PATH_MAX 4096 /* include/uapi/linux/limits.h */
#define ROOMS 8	      /* tasks that find out a path on one processor at the same time, since a program can be preempted */
#define KEY_BYTES ((long)sizeof(struct lsmguard_key) - (long)sizeof(__u32)) /* of a path, beyond which rules do not look */
#define EACCES 13 /* include/uapi/asm-generic/errno-base.h */

const volatile __u32 own_pid;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct path {
	struct vfsmount *mnt;
};

struct file {
	struct path f_path;
};

#pragma clang attribute pop

/* User space sets the size: a file or a folder is two of these. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct lsmguard_key);
	__type(value, struct lsmguard_value);
} paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lsmguard_total);
} totals SEC(".maps");

/* A path with a key in front of it: the stack has no room for one. */
struct room {
	__u32 is_taken;
	__u32 length;
	char path[PATH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROOMS);
	__type(key, __u32);
	__type(value, struct room);
} rooms SEC(".maps");

static __always_inline struct room *take_room(void)
{
	for (__u32 i = 0; i < ROOMS; i++) {
		__u32 at = i;
		struct room *room = bpf_map_lookup_elem(&rooms, &at);

		if (room && !__sync_lock_test_and_set(&room->is_taken, 1))
			return room;
	}
	return NULL;
}

static __always_inline void tell(const struct room *room)
{
	struct lsmguard_denied *e = lsmguard_event_denied_reserve();

	if (!e)
		return;
	e->time = bpf_ktime_get_ns();
	e->cgroup = bpf_get_current_cgroup_id();
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_kernel_str(e->path, sizeof(e->path), room->path);
	lsmguard_event_denied_submit(e);
}

/* Return: whether the file may not be opened. */
static __always_inline bool is_denied(struct room *room, struct file *file, struct lsmguard_total *total)
{
	long len = bpf_d_path(&file->f_path, room->path, sizeof(room->path));
	struct lsmguard_value *rule;

	if (len <= 0) {
		__sync_fetch_and_add(&total->unjudged, 1);
		return false;
	}
	/* With its NUL, as a rule for this file alone has it. */
	room->length = 8 * (len < KEY_BYTES ? len : KEY_BYTES);
	rule = bpf_map_lookup_elem(&paths, &room->length);
	if (!rule)
		return false;
	__sync_fetch_and_add(&rule->hits, 1);
	if (rule->verdict != LSMGUARD_VERDICT_DENY)
		return false;
	__sync_fetch_and_add(&total->denied, 1);
	tell(room);
	return true;
}

SEC("lsm/file_open")
int BPF_PROG(on_open, struct file *file)
{
	__u32 zero = 0;
	struct lsmguard_total *total = bpf_map_lookup_elem(&totals, &zero);
	struct room *room;
	bool denied;

	if (!total)
		return 0;
	__sync_fetch_and_add(&total->asked, 1);
	/* Who guards can always load, read and log what it has to. */
	if (bpf_get_current_pid_tgid() >> 32 == own_pid)
		return 0;
	room = take_room();
	if (!room) {
		__sync_fetch_and_add(&total->unjudged, 1);
		return 0;
	}
	denied = is_denied(room, file, total);
	__sync_lock_test_and_set(&room->is_taken, 0);
	return denied ? -EACCES : 0;
}
