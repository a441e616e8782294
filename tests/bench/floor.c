// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * floor.c - the least that a libbpf program can do with the same kernel parts:
 * open, set what the module sets, load, attach, make the ring, say so, wait. It
 * is built once for each WITH_ macro, and once with all of them.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

static int ignore(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

/* runqlat has no ring. */
static __attribute__((unused)) int open_ring(const struct bpf_map *map)
{
	return ring_buffer__new(bpf_map__fd(map), ignore, NULL, NULL) ? 0 : -1;
}

#ifdef WITH_EXECSNOOP
#include "execsnoop.skel.h"

static int start_execsnoop(void)
{
	struct execsnoop_bpf *skel = execsnoop_bpf__open();

	if (!skel)
		return -1;
	bpf_program__set_autoload(skel->progs.on_enter, false);
	bpf_program__set_autoload(skel->progs.on_return, false);
	bpf_program__set_autoload(skel->progs.on_killed, false);
	if (execsnoop_bpf__load(skel) || execsnoop_bpf__attach(skel) ||
	    !bpf_program__attach_raw_tracepoint(skel->progs.on_end, "sched_process_exit"))
		return -1;
	return open_ring(skel->maps.event_exec);
}
#endif

#ifdef WITH_RUNQLAT
#include "runqlat.skel.h"

static int start_runqlat(void)
{
	struct runqlat_bpf *skel = runqlat_bpf__open();

	return !skel || runqlat_bpf__load(skel) || runqlat_bpf__attach(skel) ? -1 : 0;
}
#endif

#ifdef WITH_TCPSTATES
#include "tcpstates.skel.h"

static int start_tcpstates(void)
{
	struct tcpstates_bpf *skel = tcpstates_bpf__open();

	if (!skel || tcpstates_bpf__load(skel) || tcpstates_bpf__attach(skel))
		return -1;
	return open_ring(skel->maps.event_change);
}
#endif

#ifdef WITH_HELLO
#include "hello.skel.h"

static int start_hello(void)
{
	struct hello_bpf *skel = hello_bpf__open();

	return !skel || hello_bpf__load(skel) || hello_bpf__attach(skel) ? -1 : open_ring(skel->maps.event_greeting);
}
#endif

int main(void)
{
	int err = 0;

#ifdef WITH_EXECSNOOP
	err |= start_execsnoop();
#endif
#ifdef WITH_RUNQLAT
	err |= start_runqlat();
#endif
#ifdef WITH_TCPSTATES
	err |= start_tcpstates();
#endif
#ifdef WITH_HELLO
	err |= start_hello();
#endif
	if (err) {
		fprintf(stderr, "the floor program could not start; does it run as root?\n");
		return 1;
	}
	/* Printing nothing would be cheaper than any tool can be. */
	if (write(STDOUT_FILENO, "\n", 1) != 1)
		return 1;
	/* Freed by the end of the process, which is a signal. */
	pause();
	return 0;
}
