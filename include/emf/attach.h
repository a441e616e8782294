/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/attach.h - where programs hang whose SEC() does not say it, for generated code.
 */
#ifndef EMF_ATTACH_H
#define EMF_ATTACH_H

#include <emf/param.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is behind the colon is in struct emf_attach.text, in this order. */
enum emf_attach_kind {
	EMF_ATTACH_UPROBE,     /* path, function */
	EMF_ATTACH_URETPROBE,  /* path, function */
	EMF_ATTACH_USDT,       /* path, provider, name */
	EMF_ATTACH_KPROBE,     /* function */
	EMF_ATTACH_KRETPROBE,  /* function */
	EMF_ATTACH_TRACEPOINT, /* category, name */
	EMF_ATTACH_RAW_TP,     /* name */
	EMF_ATTACH_XDP,	       /* interface */
	EMF_ATTACH_CGROUP,     /* path */
	EMF_ATTACH_PERF_EVENT, /* event, times a second */
	EMF_ATTACH_TC,	       /* interface, "ingress" or "egress" */
};

#define EMF_ATTACH_TEXTS 3

/**
 * struct emf_attach - one program and its place
 * @program: NULL ends a table
 * @kind: see there
 * @text: what it needs, written out or a parameter's value; an empty one was not given. A path
 *	without a '/' is the name of a program, or of a library, such as libc
 * @option: for each, the option that gives it; NULL for one that is written out
 * @netdev: index of the interface, from a parameter; NULL when it is in @text
 * @pid: of the process, from a parameter; NULL or 0 for all
 * @frequency: times a second, from a parameter; NULL when it is in @text
 * @only_if: it hangs there only if this parameter is given: is not empty, 0 or "no"
 * @unless: it hangs there only if this one is not
 * @tc_handle: of a filter of tc, among those of its priority
 * @tc_priority: likewise; lower ones run before
 * @xdp_mode: XDP_FLAGS_SKB_MODE, XDP_FLAGS_DRV_MODE or XDP_FLAGS_HW_MODE; 0 for what the kernel chooses
 * @optional: the function or tracepoint may be missing
 *
 * Since: 0.1
 */
struct emf_attach {
	const char *program;
	enum emf_attach_kind kind;
	const char *text[EMF_ATTACH_TEXTS];
	const char *option[EMF_ATTACH_TEXTS];
	const uint32_t *netdev;
	const uint32_t *pid;
	const uint32_t *frequency;
	const struct emf_param *only_if;
	const struct emf_param *unless;
	bool optional;
	uint32_t tc_handle, tc_priority;
	uint32_t xdp_mode;
};

#ifdef __cplusplus
}
#endif

#endif
