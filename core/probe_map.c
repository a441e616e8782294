// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * probe_map.c - map types and helpers, asked through libbpf.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "probe.h"

/* include/uapi/linux/bpf.h of Linux 6.2 and 6.9; the headers may be older. */
#define MAP_TYPE_CGRP_STORAGE 32
#define FUNC_CGRP_STORAGE_GET 210
#define MAP_TYPE_ARENA 33

static const unsigned char map_types[] = {
	BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY,
	BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PROG_ARRAY,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF,
	BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS,
	BPF_MAP_TYPE_STACK_TRACE, BPF_MAP_TYPE_CGROUP_ARRAY, BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK,
	BPF_MAP_TYPE_BLOOM_FILTER, BPF_MAP_TYPE_TASK_STORAGE, BPF_MAP_TYPE_INODE_STORAGE,
	BPF_MAP_TYPE_SK_STORAGE, MAP_TYPE_CGRP_STORAGE, BPF_MAP_TYPE_CGROUP_STORAGE,
	BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP,
	BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
	BPF_MAP_TYPE_STRUCT_OPS, MAP_TYPE_ARENA,
};

int emf_map_type_known(size_t i)
{
	return i < sizeof(map_types) ? map_types[i] : -1;
}

const char *emf_map_type_name(int type)
{
	const char *name = libbpf_bpf_map_type_str((enum bpf_map_type)type);

	if (!name && type == MAP_TYPE_ARENA)
		name = "arena";
	return name ? name : "unknown";
}

/* 1, 0, or a negative errno, as libbpf_probe_bpf_map_type(). */
static int try_arena(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create((enum bpf_map_type)MAP_TYPE_ARENA, "emf_probe", 0, 0, 1, &opts);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static uint64_t map_caps(int type)
{
	uint64_t caps = 1ull << EMF_CAP_BPF;

	/* map_create(), kernel/bpf/syscall.c */
	if (type == BPF_MAP_TYPE_SOCKMAP || type == BPF_MAP_TYPE_SOCKHASH || type == BPF_MAP_TYPE_DEVMAP ||
	    type == BPF_MAP_TYPE_DEVMAP_HASH || type == BPF_MAP_TYPE_XSKMAP)
		caps |= 1ull << EMF_CAP_NET_ADMIN;
	return caps;
}

static void try_map(const struct emf_probe *probe, int type, struct emf_verdict *verdict)
{
	int there = type == MAP_TYPE_ARENA ? try_arena() :
					     libbpf_probe_bpf_map_type((enum bpf_map_type)type, NULL);
	uint64_t missing;
	char caps[96];

	if (there > 0) {
		verdict->answer = EMF_ANSWER_YES;
		return;
	}
	/* libbpf does not say why: without the privileges it means nothing. */
	missing = emf_probe_missing_caps(probe, map_caps(type));
	if (missing) {
		verdict->answer = EMF_ANSWER_DENIED;
		snprintf(verdict->why, sizeof(verdict->why), "needs %s",
			 emf_probe_caps_text(missing, caps, sizeof(caps)));
	} else if (there < 0) {
		snprintf(verdict->why, sizeof(verdict->why), "could not be tried: %s", strerror(-there));
	} else {
		verdict->answer = EMF_ANSWER_NO;
		snprintf(verdict->why, sizeof(verdict->why), "this kernel has none");
	}
}

const struct emf_verdict *emf_probe_map(struct emf_probe *probe, int type)
{
	static const struct emf_verdict unknown = { .why = "EMF does not know this type" };
	struct emf_verdict **verdict;

	if (type < 0 || type >= EMF_MAP_TYPES_MAX)
		return &unknown;
	verdict = &probe->maps[type];
	if (!*verdict) {
		*verdict = calloc(1, sizeof(**verdict));
		if (*verdict)
			try_map(probe, type, *verdict);
	}
	return *verdict;
}

/* --- helpers ---------------------------------------------------------------------- */

#define ANY "socket"
#define TRACE "kprobe"
#define TC "tc"
#define HELPER(name, kind) { #name, kind, BPF_FUNC_##name }

const struct emf_helper emf_helpers[] = {
	HELPER(ktime_get_ns, ANY),
	HELPER(ktime_get_boot_ns, ANY),
	HELPER(ktime_get_coarse_ns, ANY),
	HELPER(ktime_get_tai_ns, ANY),
	HELPER(jiffies64, ANY),
	HELPER(map_push_elem, ANY),
	HELPER(for_each_map_elem, ANY),
	HELPER(map_lookup_percpu_elem, ANY),
	HELPER(ringbuf_reserve, ANY),
	HELPER(ringbuf_query, ANY),
	HELPER(user_ringbuf_drain, ANY),
	HELPER(dynptr_from_mem, ANY),
	HELPER(loop, ANY),
	HELPER(strncmp, ANY),
	HELPER(strtol, "cgroup/sysctl"),
	HELPER(snprintf, ANY),
	HELPER(trace_vprintk, ANY),
	HELPER(timer_init, TC),
	HELPER(kptr_xchg, ANY),
	HELPER(spin_lock, TC),
	HELPER(probe_read_kernel, TRACE),
	HELPER(probe_read_user_str, TRACE),
	HELPER(probe_write_user, TRACE),
	HELPER(copy_from_user, "syscall"),
	HELPER(override_return, TRACE),
	HELPER(get_current_task, TRACE),
	HELPER(get_current_task_btf, TRACE),
	HELPER(task_pt_regs, TRACE),
	HELPER(get_current_cgroup_id, TRACE),
	HELPER(get_current_ancestor_cgroup_id, TRACE),
	HELPER(get_ns_current_pid_tgid, TRACE),
	HELPER(get_attach_cookie, TRACE),
	HELPER(get_func_ip, TRACE),
	HELPER(get_stackid, TRACE),
	HELPER(get_stack, TRACE),
	HELPER(get_task_stack, TRACE),
	HELPER(send_signal, TRACE),
	HELPER(find_vma, TRACE),
	HELPER(per_cpu_ptr, ANY),
	HELPER(task_storage_get, "tp_btf"),
	{ "cgrp_storage_get", "tp_btf", FUNC_CGRP_STORAGE_GET },
	HELPER(read_branch_records, "perf_event"),
	HELPER(perf_prog_read_value, "perf_event"),
	HELPER(perf_event_output, TRACE),
	HELPER(tail_call, ANY),
	HELPER(redirect, TC),
	HELPER(redirect_neigh, TC),
	HELPER(redirect_peer, TC),
	HELPER(redirect_map, "xdp"),
	HELPER(fib_lookup, "xdp"),
	HELPER(check_mtu, "xdp"),
	HELPER(xdp_load_bytes, "xdp"),
	HELPER(tcp_raw_gen_syncookie_ipv4, "xdp"),
	HELPER(sk_lookup_tcp, TC),
	HELPER(sk_assign, TC),
	HELPER(skb_set_tstamp, TC),
	HELPER(sys_bpf, "syscall"),
};
const size_t emf_n_helpers = sizeof(emf_helpers) / sizeof(*emf_helpers);

const char *emf_probe_helper_name(int id)
{
	for (size_t i = 0; i < emf_n_helpers; i++)
		if (emf_helpers[i].id == id)
			return emf_helpers[i].name;
	return NULL;
}

static const struct emf_kind *kind_to_ask(int id, const struct emf_kind *kind)
{
	for (size_t i = 0; i < emf_n_helpers; i++)
		if (emf_helpers[i].id == id)
			return emf_kind_find(emf_helpers[i].kind);
	return kind;
}

/*
 * The call is always refused: it lacks its arguments. What counts is whether the
 * verifier came that far. (libbpf's own probe knows the wording of kernels up to
 * 6.13 only, and takes every helper for present on later ones.)
 */
enum emf_answer emf_probe_helper_of(const struct emf_probe *probe, int id, const struct emf_kind *kind)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = id },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char log[EMF_PROBE_LOG] = "";
	int fd = emf_kind_load(probe, kind, program, 2, log, sizeof(log));

	if (fd >= 0) {
		close(fd);
		return EMF_ANSWER_YES;
	}
	if (strstr(log, "unknown func ") || strstr(log, "invalid func ") || strstr(log, "cannot use helper "))
		return EMF_ANSWER_NO;
	if (strstr(log, "(85) call"))
		return EMF_ANSWER_YES; /* all else that it says is about arguments and the result */
	if ((fd == -EPERM || fd == -EACCES) && emf_probe_missing_caps(probe, emf_kind_caps(kind)))
		return EMF_ANSWER_DENIED;
	return EMF_ANSWER_UNKNOWN;
}

enum emf_answer emf_probe_helper(struct emf_probe *probe, int id, const struct emf_kind *kind)
{
	if (id < 0 || id >= EMF_HELPERS_MAX)
		return EMF_ANSWER_UNKNOWN;
	if (!probe->helpers[id]) {
		kind = kind_to_ask(id, kind);
		if (!kind)
			return EMF_ANSWER_UNKNOWN;
		probe->helpers[id] = (signed char)(1 + emf_probe_helper_of(probe, id, kind));
	}
	return (enum emf_answer)(probe->helpers[id] - 1);
}
