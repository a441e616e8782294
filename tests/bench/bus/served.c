/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A method that a BPF program serves, against the bare system call. Prints both in ns.
 */
#include <bpf/bpf.h>
#include <emf/object.h>
#include <linux/bpf.h>
#include <stdio.h>

#include "bench_emf.h"

#define N 300000

struct run {
	struct bench_echo_args args;
	struct bench_echo_reply reply;
};

static int prog;

/* As emfgen writes it. */
static int echo(struct ebus_call *call, const struct bench_echo_args *args, struct bench_echo_reply *reply)
{
	struct run run;
	int err;

	(void)call;
	memset(&run, 0, sizeof(run));
	run.args = *args;
	err = emf_prog_run(prog, &run, sizeof(run));
	if (!err)
		*reply = run.reply;
	return err;
}

static double bare(void)
{
	uint64_t start = emf_now_ns();
	struct run run = { .args = { .load = { { 1 } } } };

	for (long i = 0; i < N; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &run, .ctx_size_in = sizeof(run));

		if (bpf_prog_test_run_opts(prog, &opts) || opts.retval)
			return 0;
	}
	return (double)(emf_now_ns() - start) / N;
}

static double typed(void)
{
	uint64_t start = emf_now_ns();
	struct bench_echo_args args = { .load = { { 1 } } };
	struct bench_echo_reply reply;

	for (long i = 0; i < N; i++)
		if (bench_call_echo(&bench_client, &args, &reply))
			return 0;
	return (double)(emf_now_ns() - start) / N;
}

int main(void)
{
	/* r0 = 0; exit */
	const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
					  { .code = BPF_JMP | BPF_EXIT } };
	static const struct bench_ops ops = { .echo = echo };
	LIBBPF_OPTS(bpf_prog_load_opts, load, .prog_flags = BPF_F_SLEEPABLE);
	double first, second;

	prog = bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "bench", "GPL", insns, 2, &load);
	if (prog < 0)
		return 1;
	ebus_provide(&bench_service, &ops, NULL);
	first = bare();
	second = typed();
	printf("%.1f %.1f\n", first, second);
	return 0;
}
