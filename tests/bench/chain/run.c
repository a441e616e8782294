/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Runs an XDP program many times, and prints how long one run takes, in ns.
 *
 * run INTERFACE: the one that is attached there; run INTERFACE OBJECT: a chain by hand,
 * whose programs hop_0, hop_1, ... stand in its map slots, behind program entry. It is
 * attached, too: the kernel changes code for each measurement of one that is not.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <time.h>

#define N 50000 /* shorter than a tick: a round in which something else ran is not the best one */
#define ROUNDS 8

static int attached(const char *interface)
{
	__u32 id = 0;

	if (bpf_xdp_query_id((int)if_nametoindex(interface), 0, &id) || !id)
		return -1;
	return bpf_prog_get_fd_by_id(id);
}

static int by_hand(const char *interface, const char *path)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_program *program;
	int slots;

	if (!object || bpf_object__load(object))
		return -1;
	slots = bpf_object__find_map_fd_by_name(object, "slots");
	bpf_object__for_each_program(program, object) {
		int fd = bpf_program__fd(program);
		__u32 at;

		if (sscanf(bpf_program__name(program), "hop_%u", &at) == 1 && bpf_map_update_elem(slots, &at, &fd, 0))
			return -1;
	}
	program = bpf_object__find_program_by_name(object, "entry");
	return bpf_program__attach_xdp(program, (int)if_nametoindex(interface)) ? bpf_program__fd(program) : -1;
}

static double once(int program, unsigned int expected)
{
	char packet[64] = "";
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet), .repeat = N);
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (bpf_prog_test_run_opts(program, &opts) || opts.retval != expected)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / N;
}

int main(int argc, char **argv)
{
	int program = argc == 3 ? by_hand(argv[1], argv[2]) : argc == 2 ? attached(argv[1]) : -1;
	double best = 0;

	if (program < 0) {
		fprintf(stderr, "run: there is no program to run\n");
		return 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		double ns = once(program, 2); /* XDP_PASS */

		if (ns < 0) {
			fprintf(stderr, "run: the program does not pass the packet\n");
			return 1;
		}
		best = !i || ns < best ? ns : best;
	}
	printf("%.2f\n", best);
	return 0;
}
