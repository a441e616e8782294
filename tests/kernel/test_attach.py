# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Programs hang where the description says: without these a tool could watch another
function than the one it was told, or stay attached after it ended."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, held, is_listening, until  # noqa: E402

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
# Places that are chosen at the start: shared parameters, conditions, what may be missing, samples.
CHOSEN = """/// see calls of one function, and what a process does
module chosen 0.1 {
	license "GPL";
	event seen(u64 what, pid pid, u32 thread);
	/// the library or program: its file, or its name
	param string<=255 library short 'l';
	param pid pid;
	param bool execs;
	/// samples a second
	param u32 frequency;
	attach on_call uprobe(library, param string<=63 function = "watched", pid) if library;
	attach on_call uprobe(library, "no_such_function", pid) if library optional;
	attach on_exec raw_tp("sched_process_exec") if execs;
	attach on_missing raw_tp("no_such_tracepoint") if not execs optional;
	attach on_sample perf_event("cpu-clock", frequency, pid) if frequency;
}
"""
CHOSEN_KERNEL = """#include <emf/bpf.h>

#include "chosen_emf.h"

static __always_inline int send(__u64 what)
{
	struct chosen_seen *e = chosen_event_seen_reserve();

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->thread = (__u32)bpf_get_current_pid_tgid();
	e->what = what;
	chosen_event_seen_submit(e);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(on_call, unsigned long argument)
{
	return send(argument);
}

SEC("raw_tp")
int on_exec(void *ctx)
{
	return send(7777);
}

SEC("raw_tp")
int on_missing(void *ctx)
{
	return send(8888);
}

SEC("perf_event")
int on_sample(void *ctx)
{
	return send(9999);
}
"""
# Of a library; told to, it calls its function, and begins a second thread. Both run all the time.
LOADED = """#include <pthread.h>
#include <unistd.h>
int watched(unsigned long n);
static void *burn(void *arg) { for (volatile unsigned long i = 0;; i++) { } return arg; }
int main(void)
{
	pthread_t first, second;
	char c;

	pthread_create(&first, NULL, burn, NULL);
	write(1, "r", 1);
	while (read(0, &c, 1) == 1) {
		watched(4711);
		pthread_create(&second, NULL, burn, NULL);
		write(1, "x", 1);
	}
	return 0;
}
"""
LIBRARY = """int watched(unsigned long n);
__attribute__((noinline)) int watched(unsigned long n) { __asm__ volatile("" : : "r"(n)); return (int)n; }
"""


@scratch.once
def built(parent):
    """The folder of what is watched, and the product in src; one build for all tests of this file."""
    src = scratch.source(parent)
    for name, text in (("calls.emf", DESCRIPTION), ("calls.bpf.c", KERNEL), ("packets.emf", COUNTER),
                       ("packets.bpf.c", COUNTER_KERNEL), ("packets.c", COUNTER_USER),
                       ("chosen.emf", CHOSEN), ("chosen.bpf.c", CHOSEN_KERNEL)):
        scratch.write(os.path.join(src, "modules", name), text)
    scratch.Build(src, src, "--with-modules=calls,packets,chosen", "--enable-werror").make()
    for name, text, words in (("watched", WATCHED, ["-o", "watched"]),
                              ("library", LIBRARY, ["-shared", "-fPIC", "-o", "libemf-watched.so.7"]),
                              ("loaded", LOADED, ["-pthread", "-o", "loaded", "./libemf-watched.so.7", "-Wl,-rpath," + parent])):
        scratch.write(os.path.join(parent, name + ".c"), text)
        scratch.must("gcc", "-O1", name + ".c", *words, cwd=parent)
    return parent


def product():
    tap.need_root()
    return os.path.join(built(), "src", "emf")


def watched():
    """A program that calls what is watched."""
    return os.path.join(built(), "watched")


class Loaded:
    """A process that has the library, and one thread that runs."""

    def __init__(self):
        product()
        self.process = tap.start(os.path.join(built(), "loaded"), stdin=subprocess.PIPE, cwd=built())
        self.pid = self.process.pid
        tap.equal(self.process.stdout.read(1), "r", "what it says first")

    def calls(self):
        self.process.stdin.write("x")
        self.process.stdin.flush()
        tap.equal(self.process.stdout.read(1), "x", "what it says when it has called")


def chosen(*words):
    """The module, attached, with a socket of its own."""
    bus = os.path.join(tap.folder(), "bus")
    tool = Tool("chosen", "-j", "--bus", *words, env={"EMF_BUS": bus}, product=product()).ready(or_when=lambda: is_listening(bus))
    tool.bus = dict(os.environ, EMF_BUS=bus)
    return tool


def seen(tool):
    return [json.loads(line)["args"] for line in tool.out.splitlines()]


def status(tool, *words):
    done = tap.run(product(), "status", *words, env=tool.bus)
    tap.equal(done.returncode, 0, f"status ({done.stderr})")
    return done.stdout


def places(tool):
    return [m for m in json.loads(status(tool, "-j"))["modules"] if m["name"] == "chosen"][0]["places"]


def loaded(pid):
    """Names of the programs that a process has loaded."""
    path = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    return {json.loads(tap.run("bpftool", "-j", "prog", "show", "id", number, env=path).stdout)["name"] for number in held(pid, "prog")}


def links(program):
    """Links of programs of this name, whoever has them."""
    path = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    its = {one["id"] for one in json.loads(tap.run("bpftool", "-j", "prog", "show", env=path).stdout) if one.get("name") == program}
    return [one for one in json.loads(tap.run("bpftool", "-j", "link", "show", env=path).stdout) if one["prog_id"] in its]


def test_a_uprobe_hangs_on_the_function_of_the_program_that_was_given():
    tool = tap.start(product(), "calls", "--program", watched())
    tap.equal(tool.stdout.readline().split(), ["ARGUMENT", "PID"], "heading")
    called = tap.start(watched(), "4711")
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
    done = tap.run(product(), "calls")
    tap.equal((done.returncode, done.stderr),
              (2, "calls: program 'on_call' cannot be attached: it is not said where (give --program)\n"), "status and message")
    tap.equal(links("on_call"), [], "links of its program")


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


def test_a_library_is_found_by_its_name_in_the_process_that_has_it():
    process, other = Loaded(), Loaded()
    tool = chosen("-l", "libemf-watched", "--pid", str(process.pid))
    other.calls()
    process.calls()
    until(lambda: seen(tool), "the call")
    tap.equal([(e["what"], e["pid"]) for e in seen(tool)], [(4711, process.pid)], "calls")
    at = f"/proc/{process.pid}/root{built()}/libemf-watched.so.7"
    tap.contains(status(tool), f"chosen: program on_call hangs on {at}:watched of process {process.pid}\n")


def test_without_a_process_it_is_the_library_of_the_system():
    product()
    tool = chosen("-l", "libc", "--function", "getppid")
    at = re.search(r"^chosen: program on_call hangs on (/\S+/(libc\.so\.6|ld-musl-\S+)):getppid$", status(tool), re.MULTILINE)
    tap.equal(bool(at), True, f"the file of it ({status(tool)})")
    child = tap.start(sys.executable, "-c", f"import ctypes; ctypes.CDLL('{at.group(1)}').getppid()")
    tap.equal(child.wait(timeout=tap.PATIENCE), 0, "exit status of who calls")
    until(lambda: any(e["pid"] == child.pid for e in seen(tool)), "its call")


def test_what_may_be_missing_is_done_without_and_told():
    process = Loaded()
    tool = chosen("-l", f"{built()}/libemf-watched.so.7", "--pid", str(process.pid))
    said = status(tool)
    tap.contains(said, "chosen: program on_call cannot be attached to " + built() +
                 f"/libemf-watched.so.7:no_such_function of process {process.pid}: No such file or directory")
    tap.contains(said, "chosen: program on_missing cannot be attached to no_such_tracepoint: ")
    tap.equal(tool.err, "", "messages: it is not an error")
    tap.equal([(p["program"], p["links"]) for p in places(tool)],
              [("on_call", 1), ("on_call", 0), ("on_exec", 0), ("on_missing", 0), ("on_sample", 0)], "links of each place")


def test_a_condition_chooses_what_is_loaded():
    product()
    tool = chosen("--execs")
    tap.equal(loaded(tool.process.pid), {"on_exec"}, "programs that are loaded")
    said = status(tool)
    for text in ("on_call is left out: --library is not given", "on_missing is left out: --execs is yes", "on_sample is left out: --frequency is not given"):
        tap.contains(said, "chosen: program " + text + "\n")
    child = tap.start("/bin/true")
    child.wait(timeout=tap.PATIENCE)
    until(lambda: any((e["what"], e["pid"]) == (7777, child.pid) for e in seen(tool)), "its exec")


def test_samples_of_a_process_are_of_its_threads_also_of_later_ones():
    process, other = Loaded(), Loaded()
    tool = chosen("--frequency", "199", "--pid", str(process.pid))
    process.calls()
    other.calls()
    threads = {int(name) for name in os.listdir(f"/proc/{process.pid}/task")} - {process.pid}
    tap.equal(len(threads), 2, "threads that run")
    until(lambda: {e["thread"] for e in seen(tool)} >= threads, "samples of both threads")
    tap.equal({(e["what"], e["pid"]) for e in seen(tool)}, {(9999, process.pid)}, "what and of whom")


def test_samples_of_all_are_of_all_processors():
    product()
    tool = chosen("--frequency", "99")
    online = os.sysconf("SC_NPROCESSORS_ONLN")
    tap.equal([(p["at"], p["links"]) for p in places(tool) if p["program"] == "on_sample"], [("cpu-clock:99", online)], "where it hangs")


tap.main()
