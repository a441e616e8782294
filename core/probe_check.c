// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * probe_check.c - where a program that loads is not yet one that can be attached.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

static void say_no(struct emf_verdict *verdict, const char *why, const char *remedy)
{
	verdict->answer = EMF_ANSWER_NO;
	snprintf(verdict->why, sizeof(verdict->why), "%s", why);
	verdict->remedy = remedy;
}

static void not_attached(struct emf_verdict *verdict, int err, const char *remedy)
{
	verdict->answer = EMF_ANSWER_NO;
	snprintf(verdict->why, sizeof(verdict->why), "loads, but cannot be attached: %s", strerror(-err));
	verdict->remedy = remedy;
}

/*
 * Loading only checks that the function is there; whether the processor's port
 * has trampolines shows when it is attached (to a function that nobody calls).
 */
static void check_tracing(int fd, struct emf_verdict *verdict)
{
	int link = bpf_raw_tracepoint_open(NULL, fd);

	if (link < 0)
		not_attached(verdict, -errno, "run a kernel with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y");
	else
		close(link);
}

/* LSM programs attach through the same trampolines, and are called only if the kernel was told so. */
static void check_lsm(struct emf_verdict *verdict)
{
	char active[256], *rest = active, *name;

	if (emf_sysfile_read("/sys/kernel/security/lsm", active, sizeof(active)) < 0) {
		snprintf(verdict->why, sizeof(verdict->why),
			 "loads; whether the BPF LSM is active cannot be read (securityfs)");
		return;
	}
	while ((name = strsep(&rest, ",")))
		if (!strcmp(name, "bpf"))
			return;
	say_no(verdict, "loads, but would never be called: \"bpf\" is not among the active LSMs",
	       "start the kernel with lsm=...,bpf on its command line");
}

/* A tracefs file, if this user may see it. 0 or a negative errno. */
static int look_in_tracefs(const struct emf_probe *probe, const char *name)
{
	char path[EMF_MOUNT_MAX + 64];

	if (!probe->tracefs[0])
		return -ENODEV;
	snprintf(path, sizeof(path), "%s/%s", probe->tracefs, name);
	return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) ? -errno : 0;
}

static void no_tracefs(struct emf_verdict *verdict, int err)
{
	if (err == -EACCES || err == -EPERM) {
		verdict->answer = EMF_ANSWER_DENIED;
		snprintf(verdict->why, sizeof(verdict->why), "tracefs is closed to this user");
		verdict->remedy = "run as root, or let the user's group read tracefs (mount option gid=)";
		return;
	}
	say_no(verdict, "needs tracefs, which is not mounted",
	       "as root: mount -t tracefs tracefs /sys/kernel/tracing");
}

/* Probes go through a PMU (since 4.17) or else through a file of tracefs. */
static void check_probe_pmu(const struct emf_probe *probe, const char *pmu, const char *file,
			    const char *option, struct emf_verdict *verdict)
{
	int err;

	if (!access(pmu, F_OK))
		return;
	err = look_in_tracefs(probe, file);
	if (!err)
		return;
	if (err == -EACCES) {
		no_tracefs(verdict, err);
		return;
	}
	verdict->answer = EMF_ANSWER_NO;
	snprintf(verdict->why, sizeof(verdict->why), "loads, but the kernel has nothing to attach it to: no %s", pmu);
	verdict->remedy = option;
}

static void check_kprobe(const struct emf_probe *probe, struct emf_verdict *verdict)
{
	check_probe_pmu(probe, "/sys/bus/event_source/devices/kprobe", "kprobe_events",
			"run a kernel with CONFIG_KPROBE_EVENTS=y", verdict);
}

static void check_uprobe(const struct emf_probe *probe, struct emf_verdict *verdict)
{
	check_probe_pmu(probe, "/sys/bus/event_source/devices/uprobe", "uprobe_events",
			"run a kernel with CONFIG_UPROBE_EVENTS=y", verdict);
}

/* A function that does not exist is looked for, and not found, by a kernel that knows how. */
static void check_kprobe_multi(int fd, struct emf_verdict *verdict)
{
	const char *name = "emf_there_is_no_such_function";
	LIBBPF_OPTS(bpf_link_create_opts, opts, .kprobe_multi.cnt = 1, .kprobe_multi.syms = &name);
	int link = bpf_link_create(fd, 0, BPF_TRACE_KPROBE_MULTI, &opts);
	int err = link < 0 ? -errno : 0;

	if (link >= 0)
		close(link);
	else if (err == -EINVAL || err == -EOPNOTSUPP || err == -EPERM)
		not_attached(verdict, err, "run a kernel from 5.18 on with CONFIG_FPROBE=y");
}

static void check_tracepoint(const struct emf_probe *probe, struct emf_verdict *verdict)
{
	int err = look_in_tracefs(probe, "events/sched");

	if (err)
		no_tracefs(verdict, err);
}

/* A kernel that knows tcx looks for the interface, and there is none of this number. */
static void check_tcx(int fd, struct emf_verdict *verdict)
{
	const int tcx_ingress = 46; /* include/uapi/linux/bpf.h of Linux 6.6 */
	int link = bpf_link_create(fd, INT32_MAX, (enum bpf_attach_type)tcx_ingress, NULL);
	int err = link < 0 ? -errno : 0;

	if (link >= 0)
		close(link);
	else if (err != -ENODEV)
		not_attached(verdict, err, "run a kernel from 6.6 on; EMF uses a clsact filter otherwise");
}

void emf_probe_check(struct emf_probe *probe, enum emf_kind_check check, int fd, struct emf_verdict *verdict)
{
	switch (check) {
	case EMF_CHECK_NONE:
		return;
	case EMF_CHECK_TRACING:
		check_tracing(fd, verdict);
		return;
	case EMF_CHECK_LSM:
		check_lsm(verdict);
		return;
	case EMF_CHECK_KPROBE:
		check_kprobe(probe, verdict);
		return;
	case EMF_CHECK_UPROBE:
		check_uprobe(probe, verdict);
		return;
	case EMF_CHECK_KPROBE_MULTI:
		check_kprobe_multi(fd, verdict);
		return;
	case EMF_CHECK_TRACEPOINT:
		check_tracepoint(probe, verdict);
		return;
	case EMF_CHECK_TCX:
		check_tcx(fd, verdict);
		return;
	}
}

/* --- freplace ------------------------------------------------------------------- */

/* BTF for "int emf_probe(struct xdp_md *ctx)"; the id of the function, or a negative errno. */
static int describe_function(struct btf *btf)
{
	int integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int context = btf__add_struct(btf, "xdp_md", 4);
	int field = btf__add_field(btf, "data", integer, 0, 0);
	int pointer = btf__add_ptr(btf, context);
	int prototype = btf__add_func_proto(btf, integer);
	int param = btf__add_func_param(btf, "ctx", pointer);

	if (integer < 0 || context < 0 || field < 0 || pointer < 0 || prototype < 0 || param < 0)
		return -ENOMEM;
	return btf__add_func(btf, "emf_probe", BTF_FUNC_GLOBAL, prototype);
}

static int load_function(enum bpf_prog_type type, int btf, int function, int target, char *log,
			 uint32_t log_size)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_func_info info = { .insn_off = 0, .type_id = (uint32_t)function };
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_btf_fd = (uint32_t)btf, .func_info = &info,
		    .func_info_cnt = 1, .func_info_rec_size = sizeof(info), .log_buf = log, .log_size = log_size);
	int fd;

	if (target) {
		opts.attach_prog_fd = (uint32_t)target;
		opts.attach_btf_id = (uint32_t)function;
	}
	fd = bpf_prog_load(type, "emf_probe", "GPL", program, 2, &opts);
	return fd < 0 ? -errno : fd;
}

int emf_check_freplace(char *log, uint32_t log_size)
{
	struct btf *btf = btf__new_empty();
	int function, target = -1, fd = -1, btf_fd = -1, err = 0;
	const void *raw;
	uint32_t size;

	if (!btf)
		return -errno;
	function = describe_function(btf);
	raw = function < 0 ? NULL : btf__raw_data(btf, &size);
	if (raw)
		btf_fd = bpf_btf_load(raw, size, NULL);
	if (btf_fd < 0)
		err = raw ? -errno : -ENOMEM;
	if (!err)
		err = target = load_function(BPF_PROG_TYPE_XDP, btf_fd, function, 0, log, log_size);
	if (err >= 0)
		err = fd = load_function(BPF_PROG_TYPE_EXT, btf_fd, function, target, log, log_size);
	if (fd >= 0)
		close(fd);
	if (target >= 0)
		close(target);
	if (btf_fd >= 0)
		close(btf_fd);
	btf__free(btf);
	return err < 0 ? err : 0;
}
