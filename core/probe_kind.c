// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * probe_kind.c - program kinds, each tried by loading a tiny program of it. (A
 * kernel's configuration says less: policies and sandboxes refuse as well.)
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "probe.h"

/* include/uapi/linux/bpf.h of Linux 6.6; the headers may be older. */
#define PROG_TYPE_NETFILTER 32
#define ATTACH_NETFILTER 45
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS 47

#define KIND(n, g, t, a, ...) { .name = n, .group = g, .type = t, .attach = a, __VA_ARGS__ }
#define TRACING(name, type, ...) KIND(name, EMF_KIND_TRACING, BPF_PROG_TYPE_##type, __VA_ARGS__)
#define NETWORK(name, type, ...) KIND(name, EMF_KIND_NETWORK, BPF_PROG_TYPE_##type, __VA_ARGS__)
/* 1 lets pass, and is what every one of them may return. */
#define CGROUP(name, type, attach) KIND(name, EMF_KIND_CGROUP, BPF_PROG_TYPE_##type, attach, .returns = 1)
#define FUNC(name) .target = EMF_TARGET_FUNC, .target_name = name

const struct emf_kind emf_kinds[] = {
	TRACING("raw_tp", RAW_TRACEPOINT, 0),
	TRACING("raw_tp.w", RAW_TRACEPOINT_WRITABLE, 0),
	TRACING("tp_btf", TRACING, BPF_TRACE_RAW_TP, .target = EMF_TARGET_TYPEDEF,
		.target_name = "btf_trace_sched_switch"),
	TRACING("tracepoint", TRACEPOINT, 0, .check = EMF_CHECK_TRACEPOINT),
	TRACING("perf_event", PERF_EVENT, 0),
	TRACING("kprobe", KPROBE, 0, .check = EMF_CHECK_KPROBE),
	TRACING("kprobe.multi", KPROBE, BPF_TRACE_KPROBE_MULTI, .check = EMF_CHECK_KPROBE_MULTI),
	TRACING("uprobe", KPROBE, 0, .check = EMF_CHECK_UPROBE),
	/*
	 * Only the kernel's own test runs call these functions. What may be modified is a
	 * hook of the LSMs (a rare one, and for an instant), or a test with error injection.
	 */
	TRACING("fentry", TRACING, BPF_TRACE_FENTRY, FUNC("bpf_fentry_test1"), .check = EMF_CHECK_TRACING),
	TRACING("fexit", TRACING, BPF_TRACE_FEXIT, FUNC("bpf_fentry_test1"), .check = EMF_CHECK_TRACING),
	TRACING("fmod_ret", TRACING, BPF_MODIFY_RETURN, FUNC("security_quota_on bpf_modify_return_test"),
		.check = EMF_CHECK_TRACING),
	TRACING("iter", TRACING, BPF_TRACE_ITER, FUNC("bpf_iter_task")),
	TRACING("lsm", LSM, BPF_LSM_MAC, FUNC("bpf_lsm_file_open"), .check = EMF_CHECK_LSM),
	TRACING("lsm_cgroup", LSM, BPF_LSM_CGROUP, FUNC("bpf_lsm_socket_bind"), .returns = 1,
		.check = EMF_CHECK_LSM),
	TRACING("freplace", EXT, 0, .target = EMF_TARGET_PROGRAM),
	TRACING("struct_ops", STRUCT_OPS, 0, .target = EMF_TARGET_MEMBER,
		.target_name = "tcp_congestion_ops.ssthresh"),
	TRACING("syscall", SYSCALL, 0, .flags = BPF_F_SLEEPABLE),
	NETWORK("socket", SOCKET_FILTER, 0),
	NETWORK("xdp", XDP, BPF_XDP),
	NETWORK("xdp.frags", XDP, BPF_XDP, .flags = BPF_F_XDP_HAS_FRAGS),
	NETWORK("xdp/devmap", XDP, BPF_XDP_DEVMAP),
	NETWORK("xdp/cpumap", XDP, BPF_XDP_CPUMAP),
	NETWORK("tc", SCHED_CLS, 0),
	NETWORK("action", SCHED_ACT, 0),
	NETWORK("tcx", SCHED_CLS, ATTACH_TCX_INGRESS, .check = EMF_CHECK_TCX),
	KIND("netfilter", EMF_KIND_NETWORK, PROG_TYPE_NETFILTER, ATTACH_NETFILTER, .returns = 1),
	NETWORK("lwt_in", LWT_IN, 0),
	NETWORK("lwt_out", LWT_OUT, 0),
	NETWORK("lwt_xmit", LWT_XMIT, 0),
	NETWORK("lwt_seg6local", LWT_SEG6LOCAL, 0),
	NETWORK("sk_lookup", SK_LOOKUP, BPF_SK_LOOKUP, .returns = 1),
	NETWORK("sk_reuseport", SK_REUSEPORT, BPF_SK_REUSEPORT_SELECT, .returns = 1),
	NETWORK("sk_msg", SK_MSG, BPF_SK_MSG_VERDICT, .returns = 1),
	NETWORK("sk_skb", SK_SKB, BPF_SK_SKB_STREAM_VERDICT, .returns = 1),
	NETWORK("flow_dissector", FLOW_DISSECTOR, BPF_FLOW_DISSECTOR),
	CGROUP("cgroup_skb/ingress", CGROUP_SKB, BPF_CGROUP_INET_INGRESS),
	CGROUP("cgroup_skb/egress", CGROUP_SKB, BPF_CGROUP_INET_EGRESS),
	CGROUP("sockops", SOCK_OPS, BPF_CGROUP_SOCK_OPS),
	CGROUP("cgroup/sock_create", CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE),
	CGROUP("cgroup/sock_release", CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE),
	CGROUP("cgroup/post_bind4", CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND),
	CGROUP("cgroup/bind4", CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND),
	CGROUP("cgroup/connect4", CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT),
	CGROUP("cgroup/connect6", CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT),
	CGROUP("cgroup/sendmsg4", CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG),
	CGROUP("cgroup/recvmsg4", CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG),
	CGROUP("cgroup/getsockname4", CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETSOCKNAME),
	CGROUP("cgroup/getsockopt", CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT),
	CGROUP("cgroup/setsockopt", CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT),
	CGROUP("cgroup/sysctl", CGROUP_SYSCTL, BPF_CGROUP_SYSCTL),
	CGROUP("cgroup/dev", CGROUP_DEVICE, BPF_CGROUP_DEVICE),
};
const size_t emf_n_kinds = sizeof(emf_kinds) / sizeof(*emf_kinds);
_Static_assert(sizeof(emf_kinds) / sizeof(*emf_kinds) <= EMF_KINDS_MAX, "EMF_KINDS_MAX is too small");

const char *emf_kind_group_name(enum emf_kind_group group)
{
	static const char *const names[] = { "tracing", "network", "cgroup" };

	return names[group];
}

/* As in kernel/bpf/syscall.c: is_perfmon_prog_type(), is_net_admin_prog_type(). */
uint64_t emf_kind_caps(const struct emf_kind *kind)
{
	const uint64_t bpf = 1ull << EMF_CAP_BPF, perfmon = 1ull << EMF_CAP_PERFMON,
		       net = 1ull << EMF_CAP_NET_ADMIN;

	switch (kind->type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SK_REUSEPORT:
	case BPF_PROG_TYPE_SYSCALL:
		return bpf;
	case BPF_PROG_TYPE_EXT:
		return bpf | perfmon | net;
	default:
		return bpf | (kind->group == EMF_KIND_TRACING ? perfmon : net);
	}
}

static bool is_uprobe(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);

	return !strncmp(section, "uprobe", 6) || !strncmp(section, "uretprobe", 9) || !strncmp(section, "usdt", 4);
}

const struct emf_kind *emf_kind_find(const char *name)
{
	for (size_t i = 0; i < emf_n_kinds; i++)
		if (!strcmp(emf_kinds[i].name, name))
			return &emf_kinds[i];
	return NULL;
}

const struct emf_kind *emf_kind_of(const struct bpf_program *prog)
{
	int type = (int)bpf_program__type(prog), attach = (int)bpf_program__expected_attach_type(prog);
	const struct emf_kind *same_type = NULL;

	if (type == BPF_PROG_TYPE_KPROBE && !attach)
		return emf_kind_find(is_uprobe(prog) ? "uprobe" : "kprobe");
	if (type == BPF_PROG_TYPE_XDP && (bpf_program__flags(prog) & BPF_F_XDP_HAS_FRAGS))
		return emf_kind_find("xdp.frags");
	if (attach == ATTACH_TCX_EGRESS)
		attach = ATTACH_TCX_INGRESS;
	for (size_t i = 0; i < emf_n_kinds; i++) {
		if (emf_kinds[i].type != type)
			continue;
		if (emf_kinds[i].attach == attach)
			return &emf_kinds[i];
		if (!same_type)
			same_type = &emf_kinds[i];
	}
	return same_type;
}

/* A struct_ops program names a struct, and by its attach type the member. */
static int find_member(const struct btf *btf, const char *name, int *member)
{
	size_t len = strcspn(name, ".");
	char type_name[64];
	const struct btf_type *type;
	int id;

	snprintf(type_name, sizeof(type_name), "%.*s", (int)len, name);
	id = btf__find_by_name_kind(btf, type_name, BTF_KIND_STRUCT);
	if (id < 0)
		return id;
	type = btf__type_by_id(btf, (uint32_t)id);
	for (int i = 0; i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), name + len + 1))
			continue;
		*member = i;
		return id;
	}
	return -ENOENT;
}

/* The first of several names, separated by blanks, that the kernel has. */
static int find_function(const struct btf *btf, const char *names)
{
	char name[64];
	int id = -ENOENT;

	while (id < 0 && *names) {
		size_t len = strcspn(names, " ");

		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
		names += len + strspn(names + len, " ");
	}
	return id;
}

/* The id in the kernel's BTF; 0 for a kind that needs none. */
static int find_target(const struct emf_probe *probe, const struct emf_kind *kind, int *attach)
{
	switch (kind->target) {
	case EMF_TARGET_FUNC:
		return find_function(probe->btf, kind->target_name);
	case EMF_TARGET_TYPEDEF:
		return btf__find_by_name_kind(probe->btf, kind->target_name, BTF_KIND_TYPEDEF);
	case EMF_TARGET_MEMBER:
		return find_member(probe->btf, kind->target_name, attach);
	case EMF_TARGET_NONE:
	case EMF_TARGET_PROGRAM:
		break;
	}
	return 0;
}

int emf_kind_load(const struct emf_probe *probe, const struct emf_kind *kind, const struct bpf_insn *program,
		  size_t n, char *log, uint32_t log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = kind->flags, .log_buf = log, .log_size = log_size);
	int attach = kind->attach, target = 0, fd;

	if (kind->target == EMF_TARGET_PROGRAM)
		return -EOPNOTSUPP;
	if (kind->target != EMF_TARGET_NONE)
		target = probe->btf ? find_target(probe, kind, &attach) : -ENOENT;
	if (target < 0)
		return EMF_KIND_NO_TARGET;
	opts.expected_attach_type = (enum bpf_attach_type)attach;
	opts.attach_btf_id = (uint32_t)target;
	fd = bpf_prog_load((enum bpf_prog_type)kind->type, "emf_probe", "GPL", program, n, &opts);
	return fd < 0 ? -errno : fd;
}

static void no_target(const struct emf_probe *probe, const struct emf_kind *kind, struct emf_verdict *verdict)
{
	verdict->answer = EMF_ANSWER_NO;
	if (probe->btf) {
		snprintf(verdict->why, sizeof(verdict->why), "this kernel has no %s", kind->target_name);
		return;
	}
	snprintf(verdict->why, sizeof(verdict->why), "needs the kernel's BTF: /sys/kernel/btf/vmlinux: %s",
		 strerror(-probe->btf_error));
	verdict->remedy = "run a kernel with CONFIG_DEBUG_INFO_BTF=y, with /sys mounted";
}

static void try_kind(struct emf_probe *probe, const struct emf_kind *kind, struct emf_verdict *verdict)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = kind->returns },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char log[EMF_PROBE_LOG] = "";
	int fd;

	if (kind->target == EMF_TARGET_PROGRAM)
		fd = emf_check_freplace(log, sizeof(log));
	else
		fd = emf_kind_load(probe, kind, program, 2, log, sizeof(log));
	if (fd == EMF_KIND_NO_TARGET) {
		no_target(probe, kind, verdict);
		return;
	}
	if (fd < 0) {
		emf_probe_refused(probe, verdict, fd, emf_kind_caps(kind), log);
		return;
	}
	verdict->answer = EMF_ANSWER_YES;
	emf_probe_check(probe, (enum emf_kind_check)kind->check, fd, verdict);
	if (fd > 0)
		close(fd);
}

const struct emf_verdict *emf_probe_kind(struct emf_probe *probe, const struct emf_kind *kind)
{
	struct emf_verdict **verdict = &probe->kinds[kind - emf_kinds];

	if (!*verdict) {
		*verdict = calloc(1, sizeof(**verdict));
		if (*verdict)
			try_kind(probe, kind, *verdict);
	}
	return *verdict;
}
