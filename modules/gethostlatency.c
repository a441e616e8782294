// SPDX-License-Identifier: BSD-2-Clause
/*
 * gethostlatency.c - hangs the programs on the C library.
 */
#include "gethostlatency_emf.h"

#include "uprobe.h"

static struct uprobes probes;

/* The return first: a call that is seen before it would not be seen to end. Not every library has the old ones. */
static int watch(const struct module *m, const struct bpf_program *prog, const char *library, const char *function, bool optional)
{
	unsigned int pid = gethostlatency_params.pid;
	int err = uprobe_attach(m, &probes, gethostlatency_skeleton(m)->progs.on_return, true, optional, pid, library, function);

	return err ? err : uprobe_attach(m, &probes, prog, false, optional, pid, library, function);
}

int gethostlatency_attach(struct module *m)
{
	const struct gethostlatency_bpf *skeleton = gethostlatency_skeleton(m);
	const char *library = gethostlatency_params.library;
	char libc[PATH_MAX];
	int err = 0;

	if (!library[0]) {
		err = uprobe_libc(m, gethostlatency_params.pid, libc);
		library = libc;
	}
	if (!err)
		err = watch(m, skeleton->progs.on_getaddrinfo, library, "getaddrinfo", false);
	if (!err)
		err = watch(m, skeleton->progs.on_gethostbyname, library, "gethostbyname", true);
	return err ? err : watch(m, skeleton->progs.on_gethostbyname2, library, "gethostbyname2", true);
}

int gethostlatency_destroy(struct module *m)
{
	(void)m;
	uprobe_detach(&probes);
	return 0;
}
