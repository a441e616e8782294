# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Machines that lack something, or lose it while a product runs: it says what, or goes on, and leaves nothing.

Without these, a short limit, a disk that is full or an interface that goes could leave half of a tool attached, or a service
that no longer answers. (What tests of other files have: a full disk under the output and under a capture, no place for the
cache, no bpffs, no tracefs, no descriptor for a connection, an interface that goes with one chain of several.)
"""
import json
import os
import re
import resource
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
import test_collection_machine as machine  # noqa: E402
from foreign import Place  # noqa: E402
from tool import links, spawn, until  # noqa: E402


class Service:
    """One in a place of its own, with a chain on an interface."""

    def __init__(self, at):
        folder = tap.folder()
        config = os.path.join(folder, "emf.conf")
        scratch.write(config, "[ingress]\niface = va\n[ingress_tc]\ntc_iface = va\n")
        self.at, self.env = at, {"EMF_BUS": os.path.join(folder, "bus")}
        self.tool = at.start("serve", "hello", "acl", "--config", config, env=self.env)
        self.tool.ready()
        until(lambda: self.emf("status").returncode == 0, "an answer")

    def emf(self, *words):
        return self.at.run(tap.PRODUCT, *words, ok=False, env={**os.environ, **self.env})

    def received(self):
        """How many programs that started hello has told of."""
        modules = {m["name"]: m for m in json.loads(self.emf("status", "-j").stdout)["modules"]}
        tap.equal(modules["hello"]["state"], "running", "state of hello")
        return modules["hello"]["rings"][0]["received"]

    def goes_on(self):
        before = self.received()
        spawn("/bin/true")
        until(lambda: self.received() > before, "an event after that")


def nothing_is_left(at):
    until(lambda: at.xdp() is None, "XDP to go")
    tap.equal((at.pins(), at.records(), "clsact" in at.qdiscs()), ([], [], False), "pins, records, qdisc")


def test_with_too_few_descriptors_it_says_so_or_runs_and_never_hangs():
    tap.need_root()
    at, statuses = Place(), []
    for limit in (*range(4, 48, 2), 256):
        done = at.run("prlimit", f"--nofile={limit}", "timeout", "-s", "KILL", "30", tap.PRODUCT, "run", "hello", "acl", "--iface", "va", "-d", "20ms", ok=False)
        statuses.append(done.returncode)
        tap.equal((done.returncode in (0, 1, 2), done.returncode == 0 or done.stderr != ""), (True, True), f"exit status {done.returncode}, and words, with {limit} ({done.stderr})")
        if "rejected" in done.stderr:
            tap.contains(done.stderr, "wasn't created", "the log of a rejection")
        nothing_is_left(at)
    tap.equal((statuses[0] != 0, statuses[-1]), (True, 0), f"exit statuses of the lowest and of the highest limit ({statuses})")


def test_where_nothing_can_be_written_to_run_a_service_says_so_and_a_tool_runs():
    tap.need_root()
    at = Place()
    at.run("mount", "-o", "remount,ro", "/run")
    env = {name: value for name, value in os.environ.items() if name != "EMF_BUS"}
    done = at.run(tap.PRODUCT, "serve", "hello", ok=False, env=env)
    tap.equal(done.returncode, 1, "exit status of the service")
    tap.contains(done.stderr, "Read-only file system")
    done = at.run(tap.PRODUCT, "run", "hello", "acl", "--iface", "va", "-d", "50ms", env=env)
    tap.contains(done.stdout, "COMM", "output of the tool")
    nothing_is_left(at)


def test_a_disk_that_is_full_under_the_log_keeps_no_service_from_working():
    tap.need_root()
    at = Place()
    folder = tap.folder()
    config, bus = os.path.join(folder, "emf.conf"), os.path.join(folder, "bus")
    scratch.write(config, "")
    with open("/dev/full", "w") as full:
        process = tap.start(*at.within(at.a), tap.PRODUCT, "serve", "hello", "--config", config, "--log", "debug", stdout=full, stderr=full, env=dict(os.environ, EMF_BUS=bus))
    emf = lambda *words: at.run(tap.PRODUCT, *words, ok=False, env=dict(os.environ, EMF_BUS=bus))
    until(lambda: emf("status").returncode == 0 or process.poll() is not None, "an answer")
    tap.equal(emf("stop", "hello").returncode, 0, "exit status of stop")
    process.send_signal(signal.SIGTERM)
    tap.equal(process.wait(tap.PATIENCE), 0, "exit status of the service")


def test_a_disk_that_is_full_under_the_cache_costs_only_the_cache():
    tap.need_root()
    at = Place()
    at.run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/run")
    at.run("sh", "-c", "mkdir /run/cache; head -c 8192 /dev/zero >/run/cache/fill || true", ok=False)
    done = at.run(tap.PRODUCT, "run", "execsnoop", "-d", "50ms", ok=False, env=dict(os.environ, EMF_CACHE="/run/cache"))
    tap.equal(done.returncode, 0, f"exit status ({done.stderr})")
    tap.equal(at.run("ls", "/run/cache").stdout, "fill\n", "what is in the folder of the cache")


def test_a_namespace_that_dies_takes_the_interface_and_a_service_goes_on():
    tap.need_root()
    at = Place()
    s = Service(at)
    tap.run("ip", "netns", "del", at.b)
    until(lambda: at.run("ip", "link", "show", "va", ok=False).returncode != 0, "the interface to go")
    s.goes_on()
    done = s.emf("chain", "list")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of chain list")
    s.emf("chain", "disable", "ingress", "acl", "check_xdp")
    s.goes_on()
    tap.equal(s.tool.stop(), 0, f"exit status ({s.tool.err})")
    tap.equal((at.pins(), at.records()), ([], []), "pins, records")


def test_out_of_descriptors_a_service_refuses_what_needs_them_and_goes_on():
    tap.need_root()
    at = Place()
    s = Service(at)
    pid = s.tool.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = [int(fd) for fd in os.listdir(f"/proc/{pid}/fd")]
    for free in range(1, 12):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (max(used) + 1 + free, hard))
        for words in (("stop", "acl"), ("start", "acl"), ("chain", "list"), ("load", os.path.join(tap.BUILD, "obj", "prometheus.so"))):
            done = s.emf(*words)
            tap.equal(done.returncode == 0 or bool(re.fullmatch(r"(emf: .+\n)+", done.stderr)), True, f"{words} with {free}: {done.returncode} {done.stderr!r}")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        s.emf("unload", "prometheus")
        said = s.emf("start", "acl").stderr
        tap.equal(at.xdp(), "ingress_entry", f"the program on the interface, after {free} free descriptors ({said} {s.emf('status').stdout} {s.tool.err})")
        s.goes_on()
    tap.equal(s.tool.stop(), 0, f"exit status ({s.tool.err})")
    nothing_is_left(at)


def test_without_memory_for_its_maps_a_tool_says_so_and_leaves_nothing():
    tap.need_root()
    group = machine.limited()
    at = Place()
    enter = f'echo $$ >{group}/cgroup.procs; exec "$@"'
    done = tap.run("sh", "-c", enter, "sh", *at.within(at.a), tap.PRODUCT, "run", "acl", "--iface", "va", "--entries", "1048576", "--block", "10.0.0.0/8", "-d", "50ms")
    print(f"# exit status {done.returncode}: {done.stderr.strip()}")
    # Memory of maps is the group's from Linux 5.11 on; what the group may not have can be a page that the kernel ends its process for.
    wanted = (1, 77, -signal.SIGKILL, 128 + signal.SIGKILL) + ((0,) if KERNEL < (5, 11) else ())
    tap.equal(done.returncode in wanted, True, f"exit status {done.returncode} ({done.stderr})")
    if done.returncode in (1, 77):
        tap.contains(done.stderr, "memory")
    nothing_is_left(at)


# Each turn of the loop can end with another state: the verifier follows all of them, until it has had enough.
KERNEL = tuple(int(n) for n in re.findall(r"\d+", os.uname().release)[:2])
ENDLESS = """#define EMF_NO_BTF
#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
SEC("raw_tp/sched_process_exec")
int is_rejected(void *ctx)
{
	__u64 x = bpf_ktime_get_ns(), n = 0;

	for (int i = 0; i < 10000000; i++) {
		x = x * 5 + 1;
		n += x & 1;
	}
	return n & 1;
}
SEC("raw_tp/sched_process_exit")
int is_good(void *ctx)
{
	return 0;
}
"""


@scratch.once
def endless(parent):
    """A product of hello and of a module with a program that the verifier does not follow to its end."""

    def prepare(src):
        modules = os.path.join(src, "modules")
        for name in os.listdir(modules):
            if name.split(".")[0] != "hello" and not name.endswith(".h"):
                os.unlink(os.path.join(modules, name))
        scratch.write(os.path.join(modules, "endless.emf"), "module endless 0.1 {\n}\n")
        scratch.write(os.path.join(modules, "endless.bpf.c"), ENDLESS)

    return scratch.product(parent, prepare).product()


def test_a_program_beyond_the_limit_of_the_verifier_is_named_with_the_limit_and_the_others_run():
    tap.need_root()
    at, product = Place(), endless()
    tool = at.start("run", "hello", "endless", product=product)
    tool.says(": it follows at most 1000000 instructions on all ways through a program; make its loops shorter, or let bpf_loop() run them; whole log: ")
    tap.contains(tool.err, "endless: load failed: the verifier rejected program 'is_rejected' of modules/endless.bpf.c")
    tool.ready()
    tap.equal(links(tool.process.pid), 1, "links: that of hello alone")
    spawn("/bin/true")
    until(lambda: "true" in tool.out, "an event of the other module")
    tap.equal(tool.stop(), 1, f"exit status ({tool.err})")


def test_a_load_that_takes_longer_than_the_duration_is_no_fault_of_the_program():
    tap.need_root()
    done = Place().run(endless(), "endless", "-d", "50ms", ok=False)
    tap.equal((done.returncode, "verifier" in done.stderr), (1, False), f"exit status, and whether the verifier is blamed ({done.stderr})")
    tap.contains(done.stderr, "it was interrupted: the process was told to end, or it took longer than -d")


def test_a_bpffs_that_is_read_only_keeps_nothing_half_and_says_so():
    tap.need_root()
    at = Place()
    at.run("mount", "-o", "remount,ro", "/sys/fs/bpf")
    for words in (("hello",), ("acl", "--iface", "va")):
        done = at.run(tap.PRODUCT, "run", *words, "--persist", "-d", "50ms", ok=False)
        tap.equal(done.returncode, 1, f"exit status of {words} ({done.stderr})")
        tap.contains(done.stderr, f"{words[0]}: it cannot stay when this process ends: /sys/fs/bpf/emf/module={words[0]}: Read-only file system")
        nothing_is_left(at)
    at.run("mount", "-o", "remount,rw", "/sys/fs/bpf")
    tap.equal(at.run(tap.PRODUCT, "run", "hello", "acl", "--iface", "va", "-d", "50ms").returncode, 0, "exit status of a run afterwards")
    nothing_is_left(at)


if __name__ == "__main__":
    tap.main()
