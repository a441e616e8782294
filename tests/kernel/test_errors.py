# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a user meets when something is missing: a sentence that says what, which and
what to do, an exit status, and nothing left attached."""
import fcntl
import json
import os
import re
import signal
import struct
import termios
import time

import tap
from tool import LINUX, Tool, links, spawn, until

# Of write(2): asm/unistd.h.
WRITE = {"x86_64": "1 ", "s390x": "4 ", "ppc64le": "4 "}.get(os.uname().machine, "64 ")
UNPRIVILEGED = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all")


def in_kernel(what):
    """Ids of all BPF programs, or links, in the kernel: those of others too."""
    shown = tap.run("bpftool", "-j", what, "show", env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))
    tap.equal(shown.returncode, 0, f"exit status of bpftool ({shown.stderr})")
    return {one["id"] for one in json.loads(shown.stdout or "[]")}


def held(pid, what):
    """Ids of the BPF programs, or links, that a process has open."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}") as f:
            ids |= {int(n) for n in re.findall(rf"^{what}_id:\t(\d+)$", f.read(), re.MULTILINE)}
    return ids


def is_stopped(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] in "TZ"


def is_in_write(pid):
    """Whether it waits there until somebody reads: who does not wait is 'running'."""
    with open(f"/proc/{pid}/syscall") as f:
        return f.read().startswith(WRITE)


def fails(done, status, *parts):
    """The command failed with this status, and its message has these parts."""
    if done.returncode != status:
        raise AssertionError(f"exit status {done.returncode}, wanted {status}:\n{done.stdout}{done.stderr}")
    for part in parts:
        tap.contains(done.stderr, part, "message")


def test_without_privileges_it_names_the_capabilities_and_ends_with_77():
    tap.need_root()
    copy = os.path.join(tap.folder(), "emf")
    os.chmod(os.path.dirname(copy), 0o755)
    tap.run("cp", tap.PRODUCT, copy)
    done = tap.run(*UNPRIVILEGED, copy, "execsnoop", "-d", "1")
    fails(done, 77, "execsnoop", "needs CAP_PERFMON and CAP_BPF", "run as root")


def test_with_only_the_capabilities_that_it_names_it_runs():
    tap.need_root()
    words = (tap.PRODUCT, "execsnoop", "-d", "100ms")
    caps = "+bpf,+perfmon"
    if LINUX < (5, 11):
        done = tap.run("prlimit", "--memlock=4096:4096", "setpriv", "--bounding-set=-all," + caps, *words)
        fails(done, 77, "execsnoop: load failed: Operation not permitted (needs more locked memory, which this kernel counts maps and programs as: "
              "CAP_SYS_RESOURCE, ulimit -l, or LimitMEMLOCK= of a service)\n")
        caps += ",+sys_resource"
    done = tap.run("setpriv", "--bounding-set=-all," + caps, *words)
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")


def test_without_kernel_btf_it_says_so_and_ends_with_77():
    tap.need_root()
    script = 'mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@"'
    done = tap.run("unshare", "--mount", "sh", "-c", script, tap.PRODUCT, "execsnoop", "-d", "1", "--no-cache")
    fails(done, 77, "execsnoop", "/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF")


def test_an_unknown_module_is_a_usage_error_with_the_nearest_name():
    fails(tap.run(tap.PRODUCT, "exesnoop"), 2, "exesnoop", "did you mean 'execsnoop'")
    fails(tap.run(tap.PRODUCT, "run", "execsnoop", "nothing-like-it"), 2, "nothing-like-it", "list")
    fails(tap.run(tap.PRODUCT, "stauts"), 2, "did you mean 'status'")
    fails(tap.run(tap.PRODUCT), 2, "--help")
    fails(tap.run(tap.PRODUCT, "execsnoop", "--faild"), 2, "did you mean '--failed'")
    fails(tap.run(tap.PRODUCT, "execsnoop", "-d", "soon"), 2, "soon", "seconds")
    fails(tap.run(tap.PRODUCT, "runqlat", "--pid", "-1"), 2, "runqlat", "--pid", "out of range")


def test_a_full_disk_under_the_output_is_told_once_and_ends_with_1():
    tap.need_root()
    with open("/dev/full", "w") as full:
        tool = tap.start(tap.PRODUCT, "hello", "-d", "10", stdout=full)
        until(lambda: spawn("/bin/true") and tool.poll() is not None, "it to end")
    _, err = tool.communicate()
    tap.equal(tool.returncode, 1, "exit status")
    tap.equal(err.count("No space left on device"), 1, "times it was told")
    tap.contains(err, "free space")


def test_a_reader_that_goes_away_ends_it_quietly():
    tap.need_root()
    tool = tap.start("sh", "-c", '"$0" execsnoop -d 10; echo "status $?" >&2', tap.PRODUCT)
    line = tool.stdout.readline()
    tap.contains(line, "TIME", "first line")
    tool.stdout.close()
    until(lambda: spawn("/bin/true") and tool.poll() is not None, "it to end")
    tap.equal(tool.stderr.read(), "status 0\n", "messages")


def flood():
    """More output than a pipe and a buffer hold, at once."""
    tap.run("sh", "-c", 'i=0; while [ $i -lt 100 ]; do /bin/true "$1"; i=$((i + 1)); done', "sh", "x" * 3000)


def waiting(pipe):
    """Bytes that nobody has read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


def test_a_reader_that_does_not_read_keeps_neither_a_signal_nor_the_end_away():
    tap.need_root()
    for words, sig in (([], 15), (["-d", "3"], None)):
        tool = tap.start(tap.PRODUCT, "execsnoop", *words)
        until(lambda: links(tool.pid), "programs to attach")
        flood()
        until(lambda: waiting(tool.stdout) > 1 << 15, "the pipe to be full")
        if sig:
            tool.send_signal(sig)
        tool.wait(timeout=10)
        tap.contains(tool.stderr.read(), "standard output is not being read", "messages")


def test_what_a_signal_cuts_off_in_the_middle_of_a_turn_is_told():
    tap.need_root()
    tool = tap.start(tap.PRODUCT, "execsnoop")
    until(lambda: links(tool.pid), "programs to attach")
    tool.send_signal(signal.SIGSTOP)
    until(lambda: is_stopped(tool.pid), "it to stop")
    flood()  # one turn's work, and more than the pipe and a buffer
    tool.send_signal(signal.SIGCONT)
    until(lambda: is_in_write(tool.pid), "it to wait for its reader")
    tool.send_signal(signal.SIGTERM)
    tool.wait(timeout=20)
    tap.equal(tool.returncode, 1, "exit status")
    tap.contains(tool.stderr.read(), "standard output is not being read", "messages")


def test_records_that_are_lost_are_told_at_the_end():
    tap.need_root()
    tool = tap.start(tap.PRODUCT, "execsnoop")
    until(lambda: links(tool.pid), "programs to attach")
    tool.send_signal(19)  # SIGSTOP: the ring of 1 MiB fills
    for _ in range(400):
        spawn("/bin/true", "x" * 3000)
    tool.send_signal(18)
    tool.send_signal(15)
    _, err = tool.communicate(timeout=20)
    lost = re.search(r"execsnoop: warning: (\d+) of (\d+) records were lost, because the ring 'event_exec' was full", err)
    if not lost or int(lost.group(1)) < 100:
        raise AssertionError(f"what was lost is not told: {err}")


def test_a_closed_standard_output_is_an_error():
    done = tap.run("sh", "-c", 'exec "$0" list >&-', tap.PRODUCT)
    fails(done, 1, "standard output")


def test_killed_at_any_moment_nothing_stays_attached():
    tap.need_root()
    for pause in (0, 1, 2, 5, 10, 20, 50, None):
        tool = tap.start(tap.PRODUCT, "run", "execsnoop", "runqlat", "tcpstates", "hello")
        if pause is None:
            until(lambda: links(tool.pid), "programs to attach")
        else:
            time.sleep(pause / 1000)
        # Stopped, it holds at its end what it holds now.
        tool.send_signal(signal.SIGSTOP)
        until(lambda: is_stopped(tool.pid), "it to stop")
        its = {what: held(tool.pid, what) for what in ("prog", "link")}
        tool.kill()
        tool.wait()
        # Programs are freed by the kernel a moment after their last reference.
        for what, ids in its.items():
            until(lambda: not ids & in_kernel(what), f"each {what} to go after {pause} ms")
    for what, ids in its.items():
        tap.equal(len(ids) > 0, True, f"it held a {what} in the end")


def test_a_refused_raise_of_the_memory_limit_is_no_failure():
    """Kernels since 5.11 charge the cgroup; the limit counts for older ones only."""
    tap.need_root()
    if LINUX < (5, 11):
        raise tap.Skip("this kernel needs the limit to be raised", doctor="before 5.11")
    caps = "+bpf,+perfmon"  # and no CAP_SYS_RESOURCE
    done = tap.run("prlimit", "--memlock=4096:4096", "setpriv", "--bounding-set=-all," + caps, tap.PRODUCT, "execsnoop",
                   "-d", "100ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")


def test_a_binary_that_is_damaged_says_so():
    tap.need_root()
    packed = os.path.join(tap.BUILD, "obj", "hello.bpf.o.gz")
    if not os.path.exists(packed):
        raise tap.Skip("the product was not built here")
    with open(packed, "rb") as f, open(tap.PRODUCT, "rb") as g:
        part, whole = f.read(), bytearray(g.read())
    if part not in whole:
        raise tap.Skip("the product was not built here")
    whole[whole.index(part) + len(part) // 2] ^= 0xFF
    damaged = os.path.join(tap.folder(), "damaged")
    with open(damaged, "wb") as f:
        f.write(whole)
    os.chmod(damaged, 0o700)
    done = tap.run(damaged, "run", "hello", "-d", "100ms")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "hello: open failed: Bad message (the file of this program is damaged: install it again)")


def test_an_interrupt_ends_it_in_order_and_what_was_counted_is_printed():
    tap.need_root()
    tool = Tool("run", "execsnoop", "runqlat").ready()
    tap.equal(tool.stop(2), 0, "exit status after one SIGINT")
    tap.contains(tool.out, "distribution", "output at the end")
    tap.equal(links(tool.process.pid), 0, "links")


tap.main()
