// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * doctor_system.c - the machine: kernel, switches, mounts, privileges.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpf_hint.h"
#include "btf_hub.h"
#include "caps.h"
#include "doctor.h"
#include "json.h"

/* What the product brings for kernels without. */
static json_t *hub_json(void)
{
	struct emf_btf_hub_about about;

	emf_btf_hub_about(&about);
	return json_pack("{s:I, s:I, s:b, s:s}", "kernels", (json_int_t)about.n_kernels, "bytes", (json_int_t)about.n_bytes, "has_it", about.has_it,
			 about.has_it ? "kernel" : "why", about.text);
}

static json_t *btf_json(const struct emf_probe *probe)
{
	const char *path = "/sys/kernel/btf/vmlinux";
	struct stat st;

	if (!access(path, R_OK) && !stat(path, &st))
		return json_pack("{s:b, s:s, s:I}", "readable", 1, "path", path, "bytes", (json_int_t)st.st_size);
	/* libbpf also looks for a vmlinux under /boot and /lib/modules. */
	return json_pack("{s:b, s:s, s:s, s:b}", "readable", 0, "path", path, "why", strerror(errno),
			 "elsewhere", !!probe->btf);
}

/* A number in /proc/sys; null when the kernel has no such switch or hides it. */
static json_t *sysctl_json(const char *path)
{
	char text[32], *end;
	long value;

	if (emf_sysfile_read(path, text, sizeof(text)) < 0)
		return json_null();
	value = strtol(text, &end, 10);
	return *end || end == text ? json_null() : json_integer(value);
}

static json_t *text_json(const char *path)
{
	char text[256];

	return emf_sysfile_read(path, text, sizeof(text)) < 0 ? json_null() : emf_json_text(text);
}

/* "none [integrity] confidentiality": the one in brackets holds. */
static json_t *lockdown_json(void)
{
	char text[128], *begin, *end;

	if (emf_sysfile_read("/sys/kernel/security/lockdown", text, sizeof(text)) < 0)
		return json_null();
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	return end ? json_stringn(begin + 1, (size_t)(end - begin - 1)) : emf_json_text(text);
}

static json_t *mount_json(const char *type, long magic)
{
	char path[EMF_MOUNT_MAX];

	return emf_mount_find(type, magic, path) ? json_null() : emf_json_text(path);
}

static json_t *caps_json(const struct emf_probe *probe)
{
	static const int caps[] = { EMF_CAP_BPF, EMF_CAP_PERFMON, EMF_CAP_NET_ADMIN, EMF_CAP_SYS_ADMIN,
				    EMF_CAP_SYS_RESOURCE };
	json_t *json = json_object();

	for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++)
		json_object_set_new(json, emf_caps_name(caps[i]), json_boolean(probe->caps & 1ull << caps[i]));
	return json;
}

/* A limit in bytes; null for none. */
static json_t *limit_json(rlim_t limit)
{
	return limit == RLIM_INFINITY ? json_null() : json_integer((json_int_t)limit);
}

static json_t *memlock_json(void)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_MEMLOCK, &limit);
	return json_pack("{s:o, s:o, s:b}", "soft", limit_json(limit.rlim_cur), "hard", limit_json(limit.rlim_max),
			 "charged_to_cgroup", emf_kernel_charges_cgroup());
}

/* Null for what cannot be read. */
static json_t *count_json(long n)
{
	return n > 0 ? json_integer(n) : json_null();
}

/* Those that are possible are those that values of a map are there for. */
static json_t *processors_json(void)
{
	return json_pack("{s:o, s:o}", "online", count_json(sysconf(_SC_NPROCESSORS_ONLN)), "possible", count_json(libbpf_num_possible_cpus()));
}

json_t *emf_doctor_system(const struct emf_probe *probe)
{
	struct utsname kernel;
	json_t *json, *btf;

	if (uname(&kernel))
		memset(&kernel, 0, sizeof(kernel));
	json = json_pack("{s:s, s:s, s:i, s:b, s:b}", "kernel", kernel.release, "arch", kernel.machine, "uid",
			 (int)geteuid(), "user_namespace", probe->user_namespace, "capabilities_known",
			 probe->caps_known);
	json_object_set_new(json, "processors", processors_json());
	json_object_set_new(json, "capabilities", caps_json(probe));
	btf = btf_json(probe);
	if (emf_btf_hub_about)
		json_object_set_new(btf, "product", hub_json());
	json_object_set_new(json, "btf", btf);
	json_object_set_new(json, "jit", sysctl_json("/proc/sys/net/core/bpf_jit_enable"));
	json_object_set_new(json, "unprivileged_bpf_disabled",
			    sysctl_json("/proc/sys/kernel/unprivileged_bpf_disabled"));
	json_object_set_new(json, "bpf_stats", sysctl_json("/proc/sys/kernel/bpf_stats_enabled"));
	json_object_set_new(json, "lockdown", lockdown_json());
	json_object_set_new(json, "lsm", text_json("/sys/kernel/security/lsm"));
	json_object_set_new(json, "memlock", memlock_json());
	json_object_set_new(json, "tracefs", probe->tracefs[0] ? emf_json_text(probe->tracefs) : json_null());
	json_object_set_new(json, "bpffs", mount_json("bpf", BPF_FS_MAGIC));
	json_object_set_new(json, "cgroup2", mount_json("cgroup2", CGROUP2_SUPER_MAGIC));
	return json;
}
