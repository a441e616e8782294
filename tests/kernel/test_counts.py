# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Tools that count in maps, each against what the test itself did: calls that were made, times
that were slept, blocks that were kept.

Without these, a histogram could be of something else than its heading says.
"""
import ctypes
import json
import os
import platform
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

import tap
from hits import Hits
from tool import Tool, links, until

# Python that comes as lines; each is done when it says so.
_TOLD = """import sys
scope = {}
for line in sys.stdin:
    exec(line, scope)
    sys.stdout.write("x")
    sys.stdout.flush()
"""


class Child:
    """A process that does what it is told, and nothing else."""

    def __init__(self):
        tap.need_root()
        self.process = tap.start(sys.executable, "-c", _TOLD, stdin=subprocess.PIPE)
        self.pid = self.process.pid

    def does(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        tap.equal(self.process.stdout.read(1), "x", f"what it says when it has done '{line}'")
        return self

    def ends(self):
        self.process.stdin.close()
        tap.equal(self.process.wait(timeout=tap.PATIENCE), 0, "its exit status")


def program(name, text, **kwargs):
    """A process of a C program, whose functions have frame pointers, that waits until it is told to begin."""
    tap.need_root()
    path = os.path.join(tap.folder(), name)
    with open(path + ".c", "w") as f:
        f.write(text)
    done = tap.run(shutil.which("cc") or "gcc", "-O0", "-o", path, path + ".c")
    tap.equal(done.returncode, 0, f"the compiler ({done.stderr})")
    return tap.start(path, stdin=subprocess.PIPE, **kwargs)


def begin(process):
    """Let it do what it does; it has done that when this returns."""
    process.stdin.write("x")
    process.stdin.flush()
    tap.equal(process.stdout.read(1), "x", "what it says when it has done")


def attached(n, *words):
    """A tool that hangs on so many places, all of them."""
    tool = Tool(*words)
    until(lambda: links(tool.process.pid) >= n or tool.process.poll() is not None, f"{n} programs to attach")
    return tool.ready()


def lines_of(tool):
    """What it prints, as JSON, when it is told to end."""
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, ""), "exit status and messages")
    return [json.loads(line) for line in tool.out.splitlines()]


def buckets(lines, view, **key):
    """Of the one histogram that has the key: slots by where they begin."""
    found = [line for line in lines if line.get("histogram") == view and line.get("key", {}) == key]
    tap.equal(len(found), 1, f"histograms of {view} with key {key} in {lines}")
    return {b["from"]: b["count"] for b in found[0]["buckets"]}, found[0]


# --- syscount


def counted(*options):
    """Calls that a process made while syscount ran: the rows, and its pid."""
    child = Child().does("import ctypes, os, select; p = select.poll()")
    tool = attached(4, "syscount", "-j", *(o.format(pid=child.pid) for o in options))
    child.does("for i in range(1000): os.getppid()").does("for i in range(500): ctypes.CDLL(None).close(-1)").does("p.poll(200)")
    child.ends()
    return lines_of(tool), child.pid


def test_syscount_counts_each_call_its_errors_and_its_time():
    lines, _ = counted("-p", "{pid}")
    rows = {line["key"]["call"]: line["value"] for line in lines}
    tap.equal({line["table"] for line in lines}, {"calls"}, "tables")
    tap.equal([rows["getppid"][k] for k in ("calls", "errors")], [1000, 0], "calls of getppid(2)")
    tap.equal(rows["close"]["errors"], 500, f"failed calls of close(2) ({rows['close']})")
    poll = rows["poll"]
    tap.equal((poll["calls"], poll["errors"], 200_000_000 <= poll["took"] < 60_000_000_000), (1, 0, True), f"a call that takes 200 ms ({poll})")
    tap.equal([line["value"]["calls"] for line in lines], sorted((r["calls"] for r in rows.values()), reverse=True), "most come first")


def test_syscount_counts_the_call_that_does_not_come_back():
    lines, _ = counted("-p", "{pid}")
    tap.equal([line["value"]["calls"] for line in lines if line["key"]["call"] == "exit_group"], [1], "calls of exit_group(2)")


def test_syscount_by_process_tells_them_apart():
    lines, pid = counted("--by-process")
    rows = [line for line in lines if line["table"] == "processes"]
    mine = [r["value"] for r in rows if r["key"] == {"pid": pid, "call": "getppid"}]
    tap.equal([(r["calls"], r["comm"]) for r in mine], [(1000, "python3")], "its calls of getppid(2)")
    tap.equal((len({r["key"]["pid"] for r in rows}) > 1, "calls" in {line["table"] for line in lines}), (True, False), "other processes, and no second table")


# --- cpudist


def ran_us(pid):
    """What the scheduler says that it ran."""
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) // 1000


def test_cpudist_adds_up_to_the_time_that_was_run():
    child = Child().does("import time")
    tool = Tool("cpudist", "-j", "-p", str(child.pid)).ready()
    before, begun = ran_us(child.pid), time.monotonic()
    child.does("end = time.process_time() + 0.5").does("while time.process_time() < end: pass")
    after, passed = ran_us(child.pid), 1e6 * (time.monotonic() - begun)
    slots, line = buckets(lines_of(tool), "all")
    least, most = sum(low * n for low, n in slots.items()), sum(2 * max(low, 1) * n for low, n in slots.items())
    tap.equal((line["unit"], after - before >= 500_000), ("usecs", True), "its unit, and what the scheduler says")
    # The scheduler leaves out what interrupts and the host of a virtual machine took of a processor that it was on.
    tap.equal(least <= passed + 1000 and most >= (after - before) * 0.9, True, f"{least} to {most} us are {after - before} us of {passed:.0f} ({slots})")


def slept(slots, least, times):
    """
    Nearly all are counted, with their length: where the host takes the processor just when the timer is set, the timer has rung before
    the process could leave, and it sleeps for less or does not leave at all; and for moments a virtual machine runs no tracepoint.
    """
    return sum(n for low, n in slots.items() if low >= least) >= times * 4 / 5


def test_cpudist_off_cpu_has_each_sleep_of_each_process():
    short, long = Child().does("import time"), Child().does("import time")
    tool = Tool("cpudist", "-j", "--off-cpu", "--per-process").ready()
    short.does("for i in range(20): time.sleep(0.02)")
    long.does("for i in range(5): time.sleep(0.14)")
    lines = lines_of(tool)
    slots, line = buckets(lines, "processes", pid=long.pid)
    tap.equal((slept(slots, 131072, 5), line["value"]), (True, {"comm": "python3"}), f"5 sleeps of 140 ms ({slots})")
    slots, line = buckets(lines, "processes", pid=short.pid)
    tap.equal(slept(slots, 16384, 20), True, f"20 sleeps of 20 ms ({slots})")


# --- biolatency


def disk_below(path):
    """The name of the disk that a file is on; None if it is on none, as in memory or on another machine."""
    number = os.stat(path).st_dev
    at = f"/sys/dev/block/{os.major(number)}:{os.minor(number)}"
    if not os.path.exists(at):
        return None
    at = os.path.realpath(at)
    return os.path.basename(os.path.dirname(at) if os.path.exists(at + "/partition") else at)


def disk_of(path):
    """A disk in place of one: of a file in memory. What is read of it, and its name."""
    path = shutil.copy(path, tap.folder())
    made = tap.run("losetup", "--find", "--show", path)
    if made.returncode:
        raise tap.Skip(f"no disk is below the build folder, and none can be made: {made.stderr.strip()}")
    device = made.stdout.strip()
    tap.cleanup(tap.run, "losetup", "--detach", device)
    return device, os.path.basename(device)


def done_by(disk):
    with open(f"/sys/block/{disk}/stat") as f:
        words = [int(word) for word in f.read().split()]
    return sum(words[i] for i in (0, 4, 11, 15) if i < len(words))  # reads, writes, discards, flushes


# 64 blocks past the page cache, under a name of its own. It has all that it needs in memory before,
# or the disk is asked for that, too.
READ = """
import ctypes, mmap, os, sys
room, fd = mmap.mmap(-1, 4096), os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
ctypes.CDLL(None).mlockall(1)
with open("/proc/self/comm", "w") as f:
    f.write("emf-reads")
for i in range(64):
    os.preadv(fd, [room], 4096 * i)
"""


def test_biolatency_has_each_request_of_a_disk():
    tap.need_root()
    path = os.path.join(tap.BUILD, f"counts.{os.getpid()}.data")
    tap.cleanup(lambda: os.path.exists(path) and os.unlink(path))
    made = tap.run("dd", "if=/dev/zero", f"of={path}", "bs=4k", "count=64", "conv=fsync")
    readable, disk = path, disk_below(path)
    if not disk:
        readable, disk = disk_of(path)
    tap.equal(made.returncode, 0, f"dd ({made.stderr})")
    idle = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    tap.cleanup(lambda: (idle.kill(), idle.wait()))
    idle.stdin.write(b"\n")
    idle.stdin.flush()
    tap.equal(idle.stdout.readline(), b"\n", "what a process said that does nothing from here on")
    others = Tool("biolatency", "-j", "-p", str(idle.pid)).ready()
    shown, before = Hits("block/block_rq_complete"), done_by(disk)
    for options in (["--per-disk"], ["--per-disk", "--queued"], []):
        tool = Tool("biolatency", "-j", *options).ready()
        first = shown()
        read = tap.run("dd", f"if={readable}", "of=/dev/null", "bs=4k", "iflag=direct")
        if read.returncode:
            raise tap.Skip(f"the file system of the build folder cannot be read directly: {read.stderr.strip()}")
        wanted = min(64, shown() - first)
        slots, _ = buckets(lines_of(tool), "disks", name=disk) if options else buckets(lines_of(tool), "all")
        counted = sum(slots.values())
        tap.equal(counted >= wanted, True, f"{wanted} reads are among {counted} requests")
        if options:
            tap.equal(counted <= done_by(disk) - before, True, f"{counted} requests are among those that the disk had, {done_by(disk) - before}")
    own = Tool("biolatency", "-j", "--comm", "emf-reads").ready()
    before, first = done_by(disk), shown()
    read = tap.run("python3", "-c", READ, readable)
    tap.equal((read.returncode, read.stderr), (0, ""), "the reader")
    hidden = max(0, (done_by(disk) - before) - (shown() - first))
    counted = sum(buckets(lines_of(own), "all")[0].values())
    tap.equal(64 - hidden <= counted <= 64, True, f"{counted} of 64 requests of the only one of that name, {hidden} of which the kernel did not show")
    tap.equal(others.stop(signal.SIGINT), 0, f"exit status ({others.err})")
    tap.equal(others.out, "", "requests of the one that does nothing")


# --- offcputime

NAP = """
#include <unistd.h>
__attribute__((noinline, noclone)) int nap(void) { return usleep(50000); }
__attribute__((noinline, noclone)) int doze(void) { int n = 0; for (int i = 0; i < 10; i++) n += nap(); return n; }
int main(void) { char c; while (read(0, &c, 1) == 1) { doze(); write(1, "x", 1); } return 0; }
"""


def napped(*options):
    process = program("emf<nap>", NAP)
    tool = Tool("offcputime", "-p", str(process.pid), *options).ready()
    begin(process)
    tap.equal(tool.stop(signal.SIGINT), 0, f"exit status ({tool.err})")
    return tool, process


def test_offcputime_adds_up_what_was_slept_by_both_sides_of_its_stack():
    tool, process = napped("-j")
    rows = [json.loads(line)["args"] for line in tool.out.splitlines()]
    slept = [row for row in rows if "doze" in row["user"]]
    tap.equal({(row["pid"], row["comm"]) for row in rows}, {(process.pid, "emf<nap>")}, "processes")
    most = slept[-1]
    # What slept() says of a virtual machine is so here: four of five are there.
    tap.equal(400_000 <= most["us"] < 60_000_000, True, f"10 times 50 ms are in {most}")
    tap.equal(("main" in most["user"], any("sleep" in name for name in most["kernel"]), "schedule" in most["kernel"][-1]), (True, True, True),
              f"its functions, of the kernel down to the scheduler, and not below ({most})")


def freeze_hashes(pid):
    """What user space may not change any more, of the maps that a process has."""
    number = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}.get(platform.machine())
    if not number:
        raise tap.Skip(f"the number of bpf(2) on {platform.machine()} is not known here")
    bpf = ctypes.CDLL(None, use_errno=True).syscall
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}") as f:
            said = dict(re.findall(r"^(map_type|map_id):\s*(\d+)$", f.read(), re.MULTILINE))
        if said.get("map_type") != "1":  # BPF_MAP_TYPE_HASH, include/uapi/linux/bpf.h, as the next two: BPF_MAP_GET_FD_BY_ID, BPF_MAP_FREEZE
            continue
        fd = bpf(number, 14, struct.pack("III", int(said["map_id"]), 0, 0), 12)
        tap.equal(fd >= 0 and bpf(number, 22, struct.pack("I", fd), 4), 0, f"freezing map {said} ({os.strerror(ctypes.get_errno())})")
        os.close(fd)


def test_offcputime_prints_nothing_of_a_map_that_it_cannot_take_from():
    process = program("emf<nap>", NAP)
    tool = Tool("offcputime", "-j", "-p", str(process.pid)).ready()
    freeze_hashes(tool.process.pid)
    begin(process)
    until(lambda: "cannot be read" in tool.err, "it to look")
    tap.equal((tool.stop(signal.SIGINT), tool.out), (1, ""), f"exit status and output ({tool.err})")
    said = "offcputime: 'stack' cannot be read: Operation not permitted"
    tap.equal(tool.err, f"{said}\n{said}; what is left in map 'counts' is not printed\n", "messages")


def test_offcputime_leaves_out_what_is_short():
    tool, _ = napped("--folded", "--user-only", "--min-time", "40s")
    tap.equal(tool.out, "", "waits of 40 s and more")


def test_offcputime_draws_what_it_prints():
    path = os.path.join(tap.folder(), "flame.svg")
    napped("--svg", path, "--user-only")
    with open(path) as f:
        svg = f.read()
    tap.contains(svg, "doze")
    tap.contains(svg, "us")
    tap.equal("schedule" in svg, False, "functions of the kernel")


def test_offcputime_says_before_anything_runs_what_cannot_be():
    tap.need_root()
    done = tap.run(tap.PRODUCT, "offcputime", "-U", "-K")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "offcputime: --user-only and --kernel-only together leave nothing to show")


# --- funclatency

CALLS = """
#include <unistd.h>
__attribute__((noinline, noclone)) int nested(int n) { return n ? 1 + nested(n - 1) : usleep(40000); }
__attribute__((noinline, noclone)) int quick(int n) { return n + 1; }
int main(void)
{
	char c;
	while (read(0, &c, 1) == 1) {
		for (int i = 0; i < 10; i++) nested(2);
		for (int i = 0; i < 100; i++) quick(i);
		for (int i = 0; i < 3; i++) nested(19);
		write(1, "x", 1);
	}
	return 0;
}
"""


def test_funclatency_has_each_call_also_inside_of_another():
    process = program("emf-calls", CALLS)
    tool = attached(3, "funclatency", "-j", "--path", f"/proc/{process.pid}/exe", "--function", "nested", "-p", str(process.pid))
    begin(process)
    tap.equal(tool.stop(signal.SIGINT), 0, "exit status")
    slots, line = buckets([json.loads(text) for text in tool.out.splitlines()], "latency")
    tap.equal((line["unit"], sum(slots.values()), sum(n for low, n in slots.items() if low >= 33554432)), ("nsecs", 78, 78),
              f"10 times 3 and 3 times 16 calls, of 40 ms and more ({slots})")
    tap.contains(tool.err, "funclatency: warning: 12 calls were not measured: more than 16 inside of each other")


def test_funclatency_begins_anew_each_interval_and_counts_nothing_twice():
    process = program("emf-calls", CALLS)
    tool = attached(3, "funclatency", "-j", "--path", f"/proc/{process.pid}/exe", "--function", "quick", "-i", "200ms")
    times = 5
    for _ in range(times):
        begin(process)
    lines = lines_of(tool)
    counts = [sum(b["count"] for b in line["buckets"]) for line in lines]
    tap.equal((len(lines) > 1, all("time" in line for line in lines)), (True, True), f"intervals, and their times ({lines})")
    # What comes while an interval takes an array is missed: an interval's end can be among the calls, but hardly each time.
    tap.equal((sum(counts) <= 100 * times, sum(n // 100 for n in counts) >= 2), (True, True), f"nothing twice, and two times whole ({counts})")


def test_funclatency_says_what_it_cannot_find():
    tap.need_root()
    for words, said in (([], "program 'on_kernel_return' cannot be attached: it is not said where (give --function)"),
                        (["--function", "no_such", "--path", sys.executable], f"cannot be attached to {sys.executable}:no_such: No such file or directory; the file is not there, or it has no such symbol"),
                        (["--function", "x", "--path", "/no/such/file"], "program 'on_user_return' cannot be attached to /no/such/file:x: No such file"),
                        (["--function", "no_such_function"], "program 'on_kernel_return' cannot be attached to no_such_function: "),
                        (["--function", "x", "--path", "libno-such"], "this system has no library 'libno-such' where libraries are: name the file that has its functions with --path")):
        done = tap.run(tap.PRODUCT, "funclatency", *words)
        no_kprobes = words == ["--function", "no_such_function"] and not os.path.exists("/sys/bus/event_source/devices/kprobe")
        tap.equal(done.returncode, 77 if no_kprobes else 1 if words else 2, f"exit status ({done.stderr})")
        tap.contains(done.stderr, "this kernel has no kprobes" if no_kprobes else said)


def test_funclatency_measures_a_function_of_the_kernel():
    tap.need_root()
    child = Child().does("import os; fd = os.open('/dev/null', os.O_WRONLY)")
    tool = Tool("funclatency", "-j", "--function", "ksys_write", "-p", str(child.pid))
    until(lambda: tool.process.poll() is not None or links(tool.process.pid) > 2, "programs to attach")
    if "no kprobes" in tool.err:
        raise tap.Skip("this kernel has no kprobes", doctor="programs kprobe")
    tool.ready()
    child.does("for i in range(100): os.write(fd, b'x')")
    slots, _ = buckets(lines_of(tool), "latency")
    tap.equal(100 <= sum(slots.values()) <= 105, True, f"100 calls, and what it says ({slots})")


# --- mallocstacks

KEEP = """
#include <stdlib.h>
#include <unistd.h>
void *volatile kept[100], *volatile zeros[10], *volatile grown[10], *volatile gone;
__attribute__((noinline, noclone)) int keeper(int i) { kept[i] = malloc(1000); return 0; }
__attribute__((noinline, noclone)) int zeroer(int i) { zeros[i] = calloc(10, 30); return 0; }
__attribute__((noinline, noclone)) int grower(int i) { grown[i] = realloc(zeros[i], 7000); return 0; }
__attribute__((noinline, noclone)) int goer(void) { gone = malloc(123456); return 0; }
__attribute__((noinline, noclone)) int run(void)
{
	for (int i = 0; i < 100; i++) keeper(i);
	for (int i = 0; i < 50; i++) free(kept[2 * i]);
	for (int i = 0; i < 10; i++) zeroer(i);
	for (int i = 0; i < 5; i++) grower(i);
	goer();
	free(gone);
	return 0;
}
int main(void) { char c; while (read(0, &c, 1) == 1) { run(); write(1, "x", 1); } return 0; }
"""


def kept_by(rows):
    """Bytes by the function that asked for them."""
    return {row["user"][-1]: row["bytes"] for row in rows}


def test_mallocstacks_has_what_was_not_freed_to_the_byte():
    process = program("emf-keep", KEEP)
    tool = attached(7, "mallocstacks", "-j", "-p", str(process.pid))
    begin(process)
    rows = [line["args"] for line in lines_of(tool)]
    tap.equal(kept_by(rows), {"keeper": 50 * 1000, "zeroer": 5 * 300, "grower": 5 * 7000}, f"bytes ({rows})")
    tap.equal(({(row["pid"], row["comm"]) for row in rows}, rows[-1]["user"][-3:]), ({(process.pid, "emf-keep")}, ["main", "run", "keeper"]), "whose they are")


def sleeps_of(pid):
    """How often it went to sleep."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", f.read(), re.MULTILINE).group(1))


def run_to_its_end(process, tool):
    """Let it keep what it keeps, and end when its stacks were looked at, while it could still be asked whose they are."""
    begin(process)
    before = sleeps_of(tool.process.pid)
    until(lambda: sleeps_of(tool.process.pid) >= before + 4, "it to look at new stacks, which is what wakes it")
    process.stdin.close()
    process.wait(timeout=tap.PATIENCE)


def own_library():
    """A C library that no other process has, since stacks of a whole system may have no room; and the environment that says so."""
    folder = tap.folder()
    with open("/proc/self/maps") as f:
        library = re.search(r" (/\S*/(libc\.so\.6|libc-2\S*))$", f.read(), re.MULTILINE)
    if not library:
        raise tap.Skip("python3 has no shared C library of GNU")
    return shutil.copy(library.group(1), os.path.join(folder, "libc.so.6")), dict(os.environ, LD_LIBRARY_PATH=folder)


def test_mallocstacks_of_all_processes_tells_of_one_that_has_ended():
    library, env = own_library()
    process = program("emf-keep", KEEP, env=env)
    tool = attached(7, "mallocstacks", "--folded", "--library", library)
    run_to_its_end(process, tool)
    tap.equal(tool.stop(signal.SIGINT), 0, "exit status")
    lines = [line for line in tool.out.splitlines() if line.startswith("emf-keep;")]
    tap.equal([line.split(";", 2)[-1] for line in lines if "keeper" in line], ["main;run;keeper 50000"], f"its stacks ({lines})")


# One stack each, which the two have in common.
FORKS = """
#include <stdlib.h>
#include <unistd.h>
void *volatile kept[50];
__attribute__((noinline, noclone)) int keeper(int i) { kept[i] = malloc(1000); return 0; }
__attribute__((noinline, noclone)) int run(void) { for (int i = 0; i < 50; i++) keeper(i); return 0; }
int main(void)
{
	char c;
	int done[2];

	if (read(0, &c, 1) != 1 || pipe(done))
		return 1;
	for (int i = 0; i < 2; i++) {
		if (!fork()) {
			run();
			write(done[1], "x", 1);
			read(0, &c, 1);
			return 0;
		}
		read(done[0], &c, 1);
	}
	write(1, "x", 1);
	return read(0, &c, 1) != 0;
}
"""


def test_mallocstacks_names_functions_of_each_process_that_has_the_same_stacks():
    library, env = own_library()
    process = program("emf-forks", FORKS, env=env)
    tool = attached(7, "mallocstacks", "-j", "--library", library)
    run_to_its_end(process, tool)
    rows = [line["args"] for line in lines_of(tool)]
    kept = [row for row in rows if row["comm"] == "emf-forks" and row["bytes"] == 50 * 1000]
    tap.equal((len({row["pid"] for row in kept}), [row["user"][-2:] for row in kept]), (2, [["run", "keeper"]] * 2), f"stacks of the two ({rows})")


def test_mallocstacks_counts_blocks_that_have_no_room():
    process = program("emf-keep", KEEP.replace("100", "3000"))
    tool = attached(7, "mallocstacks", "-j", "-p", str(process.pid), "--max-blocks", "1024")
    begin(process)
    tap.equal(tool.stop(signal.SIGINT), 0, "exit status")
    found = re.search(r"mallocstacks: warning: (\d+) blocks were not counted, since the maps were full \(--max-blocks\)", tool.err)
    tap.equal(found and int(found.group(1)) >= 3000 - 1024, True, f"what it says ({tool.err})")


def test_mallocstacks_says_where_there_is_no_library():
    tap.need_root()
    done = tap.run(tap.PRODUCT, "mallocstacks", "-p", "2")  # a thread of the kernel
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "process 2 has no shared library 'libc': name the file that has its functions with --library")


# --- gethostlatency


def test_gethostlatency_has_each_name_that_is_looked_up():
    child = Child().does("import ctypes, socket; libc = ctypes.CDLL('libc.so.6'); libc.gethostbyname.restype = ctypes.c_void_p")
    child.does("libc.gethostbyname2.restype = ctypes.c_void_p")
    for options in (["-p", str(child.pid)], ["--library", "libc.so.6", "--filter", f"pid == {child.pid}"]):
        tool = attached(6, "gethostlatency", "-j", *options)
        child.does("socket.getaddrinfo('127.0.0.1', 80)").does("libc.gethostbyname(b'127.0.0.2')").does("libc.gethostbyname2(b'::1', socket.AF_INET6)")
        child.does("libc.getaddrinfo(None, None, None, ctypes.byref(ctypes.c_void_p()))")
        child.does(f"libc.getaddrinfo(b'{'1.' * 150}', None, ctypes.byref((ctypes.c_int * 12)(4)), ctypes.byref(ctypes.c_void_p()))")  # AI_NUMERICHOST
        rows = [line["args"] for line in lines_of(tool)]
        tap.equal([(r["pid"], r["comm"], r["call"], r["host"], r["failed"], r["cut"]) for r in rows],
                  [(child.pid, "python3", *rest) for rest in (("GETADDRINFO", "127.0.0.1", False, False), ("GETHOSTBYNAME", "127.0.0.2", False, False),
                                                              ("GETHOSTBYNAME2", "::1", False, False), ("GETADDRINFO", "", True, False),
                                                              ("GETADDRINFO", ("1." * 150)[:255], True, True))], "look-ups")
        tap.equal(all(0 < r["took"] < tap.PATIENCE * 1_000_000_000 for r in rows), True, "how long they took")


tap.main()
