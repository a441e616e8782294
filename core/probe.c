// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * probe.c - what all probes share: privileges, the kernel's BTF, verdicts.
 */
#include "probe.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"

/* The map of the initial namespace: all ids onto themselves, user_namespaces(7). */
static bool in_user_namespace(void)
{
	unsigned long inside, outside, count;
	char map[64];

	if (emf_sysfile_read("/proc/self/uid_map", map, sizeof(map)) < 0)
		return false;
	if (sscanf(map, "%lu %lu %lu", &inside, &outside, &count) != 3)
		return false;
	return inside || outside || count != UINT32_MAX;
}

void emf_probe_init(struct emf_probe *probe)
{
	*probe = (struct emf_probe){ 0 };
	probe->caps_known = !emf_caps_effective(&probe->caps);
	probe->user_namespace = in_user_namespace();
	if (emf_mount_find("tracefs", TRACEFS_MAGIC, probe->tracefs))
		probe->tracefs[0] = '\0';
}

void emf_probe_read_btf(struct emf_probe *probe)
{
	if (probe->btf || probe->btf_error)
		return;
	probe->btf = btf__load_vmlinux_btf();
	if (!probe->btf)
		probe->btf_error = errno ? -errno : -ENOENT;
}

void emf_probe_fini(struct emf_probe *probe)
{
	btf__free(probe->btf);
	for (size_t i = 0; i < EMF_KINDS_MAX; i++)
		free(probe->kinds[i]);
	for (size_t i = 0; i < EMF_MAP_TYPES_MAX; i++)
		free(probe->maps[i]);
}

const char *emf_answer_name(enum emf_answer answer)
{
	switch (answer) {
	case EMF_ANSWER_YES:
		return "yes";
	case EMF_ANSWER_NO:
		return "no";
	case EMF_ANSWER_DENIED:
		return "not permitted";
	case EMF_ANSWER_UNKNOWN:
		break;
	}
	return "unknown";
}

uint64_t emf_probe_missing_caps(const struct emf_probe *probe, uint64_t need)
{
	uint64_t missing = 0;

	if (!probe->caps_known)
		return 0;
	for (int cap = 0; cap < 64; cap++)
		if ((need & (1ull << cap)) && (probe->user_namespace || !emf_caps_have(probe->caps, cap)))
			missing |= 1ull << cap;
	return missing;
}

char *emf_probe_caps_text(uint64_t caps, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	/* From above, so that CAP_BPF comes first. */
	for (int cap = 63; cap >= 0; cap--) {
		const char *name = emf_caps_name(cap);

		if (!(caps & (1ull << cap)) || !name || at >= size)
			continue;
		caps &= ~(1ull << cap);
		at += (size_t)snprintf(text + at, size - at, "%s%s", !at ? "" : caps ? ", " : " and ", name);
	}
	return text;
}

/* The verifier's first line; the rest is about registers. */
static void add_log(struct emf_verdict *verdict, const char *log)
{
	size_t at = strlen(verdict->why), len = strcspn(log, "\n");

	/* "processed N insns" is no reason. */
	if (!len || !strncmp(log, "processed ", 10))
		return;
	snprintf(verdict->why + at, sizeof(verdict->why) - at, " (%.*s)", (int)len, log);
}

void emf_probe_refused(const struct emf_probe *probe, struct emf_verdict *verdict, int err,
		       uint64_t need, const char *log)
{
	uint64_t missing = emf_probe_missing_caps(probe, need);
	char caps[96];

	if ((err == -EPERM || err == -EACCES) && missing) {
		verdict->answer = EMF_ANSWER_DENIED;
		snprintf(verdict->why, sizeof(verdict->why), "needs %s%s",
			 emf_probe_caps_text(missing, caps, sizeof(caps)),
			 probe->user_namespace ? " outside of this user namespace" : "");
		verdict->remedy = "run as root, or give the service these capabilities";
		return;
	}
	if (err == -ENOMEM || err == -EINTR || err == -EAGAIN || err == -EMFILE || err == -ENFILE) {
		verdict->answer = EMF_ANSWER_UNKNOWN;
		snprintf(verdict->why, sizeof(verdict->why), "could not be tried: %s", strerror(-err));
		return;
	}
	verdict->answer = EMF_ANSWER_NO;
	snprintf(verdict->why, sizeof(verdict->why), "%s%s", strerror(-err),
		 err == -EPERM ? " with all capabilities: this kernel refuses it" : "");
	add_log(verdict, log);
	if (err == -EPERM)
		verdict->remedy = "run a kernel that allows it (a sandbox or a policy may be what refuses)";
}
