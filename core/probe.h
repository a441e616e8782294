/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * probe.h - what the running kernel takes from this process, found by trying.
 */
#ifndef EMF_CORE_PROBE_H
#define EMF_CORE_PROBE_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "sysfile.h"

enum emf_answer {
	EMF_ANSWER_UNKNOWN, /* could not be found out */
	EMF_ANSWER_YES,
	EMF_ANSWER_NO,	   /* this kernel does not do it */
	EMF_ANSWER_DENIED, /* this user may not do it; the kernel may or may not */
};

/**
 * struct emf_verdict - the answer to one question
 * @answer: see there
 * @why: when it is not yes; otherwise empty, or a remark
 * @remedy: what to do about it, or NULL
 */
struct emf_verdict {
	enum emf_answer answer;
	char why[256];
	const char *remedy;
};

#define EMF_KINDS_MAX 64
#define EMF_MAP_TYPES_MAX 64
#define EMF_HELPERS_MAX 512

struct btf;

/**
 * struct emf_probe - what is known so far
 * @caps: effective capabilities
 * @caps_known: whether they could be read
 * @user_namespace: capabilities count only in a namespace, and BPF asks the initial one
 * @btf: of the kernel, or NULL
 * @btf_error: why not
 * @tracefs: where it is mounted; empty if it is not
 * @kinds: answers about program kinds, each found when first asked for
 * @maps: by map type
 * @helpers: by helper id; answers of the first program type that was asked for
 */
struct emf_probe {
	uint64_t caps;
	bool caps_known;
	bool user_namespace;
	struct btf *btf;
	int btf_error;
	char tracefs[EMF_MOUNT_MAX];
	struct emf_verdict *kinds[EMF_KINDS_MAX];
	struct emf_verdict *maps[EMF_MAP_TYPES_MAX];
	signed char helpers[EMF_HELPERS_MAX]; /* 0 not asked, else 1 + enum emf_answer */
};

/* Does not read the kernel's BTF, which takes longer than all the rest. */
void emf_probe_init(struct emf_probe *probe);
void emf_probe_read_btf(struct emf_probe *probe);
void emf_probe_fini(struct emf_probe *probe);

/* "yes", "no", "unknown", "not permitted". */
const char *emf_answer_name(enum emf_answer answer);

/**
 * emf_probe_missing_caps() - which of these capabilities this process lacks
 * @need: a bit for each
 *
 * Return: a bit for each that is missing; in a user namespace, all of them.
 */
uint64_t emf_probe_missing_caps(const struct emf_probe *probe, uint64_t need);

/* "CAP_BPF and CAP_PERFMON"; returns @text. */
char *emf_probe_caps_text(uint64_t caps, char *text, size_t size);

/**
 * emf_probe_refused() - explain what the kernel answered
 * @verdict: receives it
 * @err: a negative errno
 * @need: capabilities that this needs
 * @log: what the verifier said, or an empty string
 */
void emf_probe_refused(const struct emf_probe *probe, struct emf_verdict *verdict, int err,
		       uint64_t need, const char *log);

/* --- programs: probe_kind.c ----------------------------------------------------- */

enum emf_kind_group {
	EMF_KIND_TRACING,
	EMF_KIND_NETWORK,
	EMF_KIND_CGROUP,
};

/* Where to look further once a program of this kind was loaded. */
enum emf_kind_check {
	EMF_CHECK_NONE,
	EMF_CHECK_TRACING,
	EMF_CHECK_LSM,
	EMF_CHECK_KPROBE,
	EMF_CHECK_UPROBE,
	EMF_CHECK_KPROBE_MULTI,
	EMF_CHECK_TRACEPOINT,
	EMF_CHECK_TCX,
};

/* What the kernel has to find in its BTF for a program of this kind. */
enum emf_kind_target {
	EMF_TARGET_NONE,
	EMF_TARGET_FUNC,
	EMF_TARGET_TYPEDEF,
	EMF_TARGET_MEMBER,  /* "struct.member", of struct_ops */
	EMF_TARGET_PROGRAM, /* another program, of freplace */
};

/**
 * struct emf_kind - a way for a program to be attached (without pointers: a table
 * of them would be relocated at every start of the product)
 * @name: as in SEC()
 * @group: under which it is shown
 * @type: enum bpf_prog_type; numbers of later kernels than the headers among them
 * @attach: enum bpf_attach_type
 * @target: what @target_name is
 * @target_name: harmless to attach to, and present in every kernel that knows the
 *	kind; of several functions, separated by blanks, the first that is there
 * @returns: a value that the verifier allows
 * @flags: BPF_F_*
 * @check: see there
 */
struct emf_kind {
	char name[24];
	char target_name[48];
	unsigned char group; /* enum emf_kind_group */
	unsigned char type;
	unsigned char attach;
	unsigned char target; /* enum emf_kind_target */
	unsigned char returns;
	unsigned char check;
	uint32_t flags;
};

extern const struct emf_kind emf_kinds[];
extern const size_t emf_n_kinds;

const char *emf_kind_group_name(enum emf_kind_group group);

/* Capabilities to load and attach such a program: a bit for each. */
uint64_t emf_kind_caps(const struct emf_kind *kind);

const struct emf_kind *emf_kind_find(const char *name);

/* Of a program of an open object; NULL for one that nobody here knows. */
const struct emf_kind *emf_kind_of(const struct bpf_program *prog);

#define EMF_PROBE_LOG 4096	   /* bytes: a verifier's log of a few instructions */
#define EMF_KIND_NO_TARGET (-4096) /* below every errno: MAX_ERRNO, include/linux/err.h */

/**
 * emf_kind_load() - load a program as one of this kind
 * @log: receives what the verifier says
 *
 * Return: a file descriptor; EMF_KIND_NO_TARGET when the kernel's BTF lacks what
 * it attaches to; or a negative errno.
 */
int emf_kind_load(const struct emf_probe *probe, const struct emf_kind *kind,
		  const struct bpf_insn *program, size_t n, char *log, uint32_t log_size);

/* Loads a tiny program of this kind, once. NULL for ENOMEM. */
const struct emf_verdict *emf_probe_kind(struct emf_probe *probe, const struct emf_kind *kind);

/* --- what a probe looks at beyond loading: probe_check.c ------------------------- */

/* @fd: of the loaded program; may turn the verdict into no. */
void emf_probe_check(struct emf_probe *probe, enum emf_kind_check check, int fd, struct emf_verdict *verdict);

/* freplace: loads a program and one that replaces it. 0 or a negative errno. */
int emf_check_freplace(char *log, uint32_t log_size);

/* --- maps and helpers: probe_map.c ------------------------------------------------ */

/* NULL behind the last one. */
const char *emf_map_type_name(int type);
int emf_map_type_known(size_t i); /* the i-th notable map type, or -1 */

/* Creates a map of this type, once. NULL for ENOMEM. */
const struct emf_verdict *emf_probe_map(struct emf_probe *probe, int type);

/**
 * struct emf_helper - a helper worth telling about
 * @name: without "bpf_"
 * @id: enum bpf_func_id
 * @kind: name of a kind that may call it
 */
struct emf_helper {
	char name[32];
	char kind[16];
	short id;
};

extern const struct emf_helper emf_helpers[];
extern const size_t emf_n_helpers;

/* Name of a helper without "bpf_", or NULL: those that are older than EMF's oldest kernel have none here. */
const char *emf_probe_helper_name(int id);

/**
 * emf_probe_helper() - does this kernel have a helper?
 * @id: enum bpf_func_id
 * @kind: that may call it; for one of emf_helpers, the one named there is asked
 */
enum emf_answer emf_probe_helper(struct emf_probe *probe, int id, const struct emf_kind *kind);

/* The same of exactly this kind; not remembered. */
enum emf_answer emf_probe_helper_of(const struct emf_probe *probe, int id, const struct emf_kind *kind);

#endif
