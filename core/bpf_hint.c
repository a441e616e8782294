// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bpf_hint.c - from an errno to what the operator can do about it.
 */
#include "bpf_hint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "caps.h"
#include "core.h"
#include "probe.h"

/* Capabilities that the load needs: of what is not loaded, none. */
static uint64_t needed_caps(const struct bpf_object *obj)
{
	uint64_t caps = 1ull << EMF_CAP_BPF;
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		const struct emf_kind *kind = bpf_program__autoload(prog) ? emf_kind_of(prog) : NULL;

		if (kind)
			caps |= emf_kind_caps(kind);
	}
	return caps;
}

static bool tell_missing_caps(struct emf_bpf_hint *hint, const struct emf_unit *unit)
{
	uint64_t have, need;
	size_t at = 0;
	int missing = 0;

	if (emf_caps_effective(&have) || !unit->object.head)
		return false;
	need = needed_caps(unit->object.head->obj);
	for (int cap = 0; cap < 64; cap++) {
		if (!(need & (1ull << cap)) || emf_caps_have(have, cap))
			continue;
		at += (size_t)snprintf(hint->text + at, sizeof(hint->text) - at, "%s%s",
				       missing++ ? " and " : "needs ", emf_caps_name(cap));
	}
	if (!missing)
		return false;
	snprintf(hint->text + at, sizeof(hint->text) - at, "; run as root");
	hint->unsupported = hint->certain = true;
	return true;
}

static bool needs_tracefs(const struct bpf_program *prog)
{
	/* raw tracepoints, kprobes, uprobes and perf events attach without tracefs */
	return prog && bpf_program__type(prog) == BPF_PROG_TYPE_TRACEPOINT;
}

bool emf_bpf_hint_no_kprobes(const struct bpf_program *prog)
{
	return prog && bpf_program__type(prog) == BPF_PROG_TYPE_KPROBE && !strncmp(bpf_program__section_name(prog), "k", 1) &&
	       access("/sys/bus/event_source/devices/kprobe", F_OK);
}

static bool tell_missing_kprobes(struct emf_bpf_hint *hint, const struct bpf_program *prog)
{
	if (!emf_bpf_hint_no_kprobes(prog))
		return false;
	snprintf(hint->text, sizeof(hint->text), "this kernel has no kprobes: CONFIG_KPROBE_EVENTS is off");
	hint->unsupported = hint->certain = true;
	return true;
}

static bool tell_missing_tracefs(struct emf_bpf_hint *hint, const struct bpf_program *prog, int err)
{
	if (!needs_tracefs(prog) || (err != -ENOENT && err != -EACCES))
		return false;
	if (access("/sys/kernel/tracing/events", F_OK) &&
	    access("/sys/kernel/debug/tracing/events", F_OK)) {
		snprintf(hint->text, sizeof(hint->text),
			 "tracefs is not mounted or not readable; as root: mount -t tracefs tracefs /sys/kernel/tracing");
		hint->unsupported = hint->certain = true;
		return true;
	}
	snprintf(hint->text, sizeof(hint->text), "this kernel has no %s", bpf_program__section_name(prog));
	hint->unsupported = hint->certain = true;
	return true;
}

/* The first program that the kernel itself has to find a place for by its BTF: no other BTF stands for that one. */
static const struct bpf_program *attached_by_btf(const struct bpf_object *obj)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		const struct emf_kind *kind = bpf_program__autoload(prog) ? emf_kind_of(prog) : NULL;

		if (kind && kind->target != EMF_TARGET_NONE && kind->target != EMF_TARGET_PROGRAM)
			return prog;
	}
	return NULL;
}

static bool tell_missing_btf(struct emf_bpf_hint *hint, const struct emf_unit *unit, int err)
{
	const struct bpf_program *prog;
	char by[128] = "";

	if (!access("/sys/kernel/btf/vmlinux", R_OK) || (err != -ESRCH && err != -ENOENT && err != -EINVAL && err != -EOPNOTSUPP))
		return false;
	prog = unit->object.head ? attached_by_btf(unit->object.head->obj) : NULL;
	if (prog)
		snprintf(by, sizeof(by), ", and program '%.30s' attaches by it (%.60s)", bpf_program__name(prog), bpf_program__section_name(prog));
	snprintf(hint->text, sizeof(hint->text),
		 "/sys/kernel/btf/vmlinux cannot be read%s: run a kernel with CONFIG_DEBUG_INFO_BTF=y, with /sys mounted", by);
	hint->unsupported = hint->certain = true;
	return true;
}

bool emf_kernel_charges_cgroup(void)
{
	int major = 0, minor = 0;
	struct utsname kernel;

	return !uname(&kernel) && sscanf(kernel.release, "%d.%d", &major, &minor) == 2 && (major > 5 || (major == 5 && minor >= 11));
}

/* Until Linux 5.11 the memory of maps and programs is locked memory; libbpf raises the limit, if it may. */
static bool is_memory_limited(void)
{
	struct rlimit limit;

	return !emf_kernel_charges_cgroup() && !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

/* libbpf has closed those that it made: which types there are is tried. */
static bool tell_missing_map_type(struct emf_bpf_hint *hint, const struct emf_unit *unit, int err)
{
	struct bpf_map *map;

	if (err != -EINVAL || !unit->object.head)
		return false;
	bpf_object__for_each_map(map, unit->object.head->obj) {
		enum bpf_map_type type = bpf_map__type(map);

		if (!bpf_map__autocreate(map) || libbpf_probe_bpf_map_type(type, NULL) != 0)
			continue;
		snprintf(hint->text, sizeof(hint->text), "map '%.60s' is of type %s, which this kernel lacks; a later kernel may have it ('doctor' tells more)",
			 bpf_map__name(map), emf_map_type_name((int)type));
		hint->unsupported = hint->certain = true;
		return true;
	}
	return false;
}

void emf_bpf_hint(struct emf_bpf_hint *hint, const struct emf_unit *unit, const char *step,
		  const struct bpf_program *prog, int err)
{
	*hint = (struct emf_bpf_hint){ 0 };
	if ((err == -EPERM || err == -EACCES) && tell_missing_caps(hint, unit))
		return;
	if (tell_missing_kprobes(hint, prog) || tell_missing_tracefs(hint, prog, err))
		return;
	if (!strcmp(step, "load") && (tell_missing_btf(hint, unit, err) || tell_missing_map_type(hint, unit, err)))
		return;
	if (err == -EOPNOTSUPP) {
		snprintf(hint->text, sizeof(hint->text), "this kernel cannot do that; 'doctor' says what it can");
		hint->unsupported = true;
	} else if (err == -ESRCH) {
		snprintf(hint->text, sizeof(hint->text), "this kernel has no function, type or tracepoint of that name");
		hint->unsupported = true;
	} else if (err == -EPERM && is_memory_limited()) {
		snprintf(hint->text, sizeof(hint->text),
			 "needs more locked memory, which this kernel counts maps and programs as: CAP_SYS_RESOURCE, ulimit -l, or LimitMEMLOCK= of a service");
		hint->unsupported = hint->certain = true;
	} else if (err == -EPERM) {
		snprintf(hint->text, sizeof(hint->text),
			 "the capabilities are there, so this kernel refuses it; 'doctor' says which program types it takes");
		hint->unsupported = true;
	} else if (err == -ENOENT && prog) {
		snprintf(hint->text, sizeof(hint->text), "this kernel has no %.120s",
			 bpf_program__section_name(prog));
		hint->unsupported = true;
	} else if (err == -ENOMEM) {
		snprintf(hint->text, sizeof(hint->text),
			 "out of kernel memory; raise the memory limit of this service, or make its maps smaller");
	} else if (err == -EMFILE || err == -ENFILE) {
		snprintf(hint->text, sizeof(hint->text), "out of file descriptors; raise the limit of open files, LimitNOFILE= of a service");
	} else if (err == -EAGAIN) { /* of the verifier, with a signal: on_alarm(), quit.c */
		snprintf(hint->text, sizeof(hint->text), "it was interrupted: the process was told to end, or it took longer than -d");
	} else if (err == -EBADMSG && !strcmp(step, "open")) { /* emf_pack_open() */
		snprintf(hint->text, sizeof(hint->text), "the file of this program is damaged: install it again");
	}
}
