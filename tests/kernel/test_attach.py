"""Programs hang where the description says: without these a tool could watch another
function than the one it was told, or stay attached after it ended."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402

DESCRIPTION = """/// see calls of one function
module calls 0.1 {
	license "GPL";
	event called(u64 argument, pid pid, u8 pad[4]);
	attach on_call uprobe(param string<=255 program, "watched");
	attach on_exec raw_tp("sched_process_exec");
}
"""
KERNEL = """#include <emf/bpf.h>

#include "calls_emf.h"

static __always_inline void send(__u64 argument)
{
	struct calls_called *e = calls_event_called_reserve();

	if (!e)
		return;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->argument = argument;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	calls_event_called_submit(e);
}

SEC("uprobe")
int BPF_KPROBE(on_call, unsigned long argument)
{
	send(argument);
	return 0;
}

SEC("raw_tp")
int on_exec(void *ctx)
{
	send(7777);
	return 0;
}
"""
WATCHED = """#include <stdlib.h>
__attribute__((noinline)) int watched(unsigned long n) { __asm__ volatile("" : : "r"(n)); return (int)n; }
int main(int argc, char **argv) { return watched(strtoul(argv[argc - 1], 0, 10)) == -1; }
"""
COUNTER = """/// count packets
module packets 0.1 {
	license "GPL";
	callbacks destroy;
	attach on_packet xdp(param netdev iface);
}
"""
COUNTER_KERNEL = """#include <emf/bpf.h>

#include "packets_emf.h"

__u64 packets;

SEC("xdp")
int on_packet(void *ctx)
{
	__sync_fetch_and_add(&packets, 1);
	return XDP_PASS;
}
"""
COUNTER_USER = """#include "packets_emf.h"

int packets_destroy(struct module *m)
{
	emf_print(m, "%llu packets\\n", packets_skeleton(m)->bss->packets);
	return 0;
}
"""
built = {}


def product():
    """One build for all tests of this file."""
    tap.need_root()
    if "path" not in built:
        import tempfile

        parent = tempfile.TemporaryDirectory(prefix="emf-test-")
        built["folder"] = parent  # removed with the process
        src = scratch.source(parent.name)
        for name, text in (("calls.emf", DESCRIPTION), ("calls.bpf.c", KERNEL), ("packets.emf", COUNTER),
                           ("packets.bpf.c", COUNTER_KERNEL), ("packets.c", COUNTER_USER)):
            scratch.write(os.path.join(src, "modules", name), text)
        build = scratch.Build(src, src, "--with-modules=calls,packets")
        build.make()
        scratch.write(os.path.join(parent.name, "watched.c"), WATCHED)
        scratch.must("gcc", "-O1", "-o", os.path.join(parent.name, "watched"), os.path.join(parent.name, "watched.c"), cwd=parent.name)
        built["path"], built["watched"] = build.product(), os.path.join(parent.name, "watched")
    return built["path"]


def links():
    return tap.run("bpftool", "link", "-j").stdout


def test_a_uprobe_hangs_on_the_function_of_the_program_that_was_given():
    tool = tap.start(product(), "calls", "--program", built["watched"])
    tap.equal(tool.stdout.readline().split(), ["ARGUMENT", "PID"], "heading")
    called = tap.start(built["watched"], "4711")
    called.wait()
    seen = []
    for line in tool.stdout:
        argument, pid = line.split()
        if int(pid) == called.pid:
            seen.append(argument)
        if "4711" in seen:
            break
    tap.equal(seen, ["7777", "4711"], "what was seen of the process: its exec, then the call")
    tool.terminate()
    tap.equal(tool.wait(timeout=20), 0, "exit status")


def test_without_the_option_that_says_where_nothing_is_attached():
    before = links()
    done = tap.run(product(), "calls")
    tap.equal((done.returncode, done.stderr),
              (1, "calls: program 'on_call' cannot be attached: it is not said where (give --program)\n"), "status and message")
    tap.equal(links() == before, True, "the same links as before")


def test_a_program_without_the_function_is_named_with_both():
    done = tap.run(product(), "calls", "--program", "/bin/true")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "calls: program 'on_call' cannot be attached to /bin/true:watched: No such file or directory", "message")
    done = tap.run(product(), "calls", "--program", "/nonexistent")
    tap.contains(done.stderr, "/nonexistent:watched", "message")


def test_the_option_says_what_it_is_for():
    done = tap.run(product(), "calls", "--help")
    tap.contains(done.stdout, "--program TEXT", "help")
    tap.contains(done.stdout, "the path that on_call is attached to", "help")


def test_an_xdp_program_hangs_on_the_interface_that_was_given_and_leaves_it():
    script = (f"ip link set lo up && {product()} packets --iface lo -d 2 & tool=$!; "
              "for i in $(seq 50); do ip -o link show lo | grep -q xdp && break; sleep 0.1; done; "
              "ping -q -c 3 -i 0.1 127.0.0.1 >/dev/null 2>&1 || for i in 1 2 3; do : </dev/tcp/127.0.0.1/9; done 2>/dev/null; "
              "wait $tool; ip -o link show lo")
    done = tap.run("unshare", "-n", "bash", "-c", script)
    counted = [int(line.split()[0]) for line in done.stdout.splitlines() if line.endswith(" packets")]
    if not counted or counted[0] < 3:
        raise AssertionError(f"no packets were counted:\n{done.stdout}{done.stderr}")
    tap.equal("xdp" in done.stdout.splitlines()[-1], False, "a program stays on the interface")


def test_an_interface_that_is_not_there_is_a_mistake_of_the_command_line():
    done = tap.run(product(), "packets", "--iface", "nosuch0")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "nosuch0", "message")


tap.main()
