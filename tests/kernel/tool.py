# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A running product, and what it printed."""
import contextlib
import os
import re
import signal
import subprocess
import time

import tap

PATIENCE = tap.PATIENCE
# Programs are run on demand, BPF_PROG_TYPE_SYSCALL, from Linux 5.14 on.
LINUX = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])
HAS_SYSCALL_PROGRAMS = LINUX >= (5, 14)


def until(condition, what):
    """Wait until condition() is true, and return its value. What it waits for can be a function, of what is known when it gives up."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {PATIENCE} s for {what() if callable(what) else what}")


class Tool:
    """`emf WORDS...` in the background, its output in files."""

    def __init__(self, *words, env=None, within=(), product=None, **kwargs):
        folder = tap.folder()
        self.env = env or {}
        self.out_path = os.path.join(folder, "out")
        self.err_path = os.path.join(folder, "err")
        with open(self.out_path, "w") as out, open(self.err_path, "w") as err:
            self.process = tap.start(*within, product or tap.PRODUCT, *words, stdout=out, stderr=err,
                                     env=dict(os.environ, **self.env), **kwargs)

    @property
    def out(self):
        with open(self.out_path, errors="replace") as f:
            return f.read()

    @property
    def err(self):
        with open(self.err_path, errors="replace") as f:
            return f.read()

    def says(self, text):
        """Wait until it has said that on standard error, or has ended."""
        until(lambda: text in self.err or self.process.poll() is not None, lambda: f"'{text}' in '{self.err}'")
        tap.contains(self.err, text)

    @property
    def rows(self):
        """Rows below the headings, split into words."""
        return [line.split() for line in self.out.splitlines() if line[:2].isdigit()]

    def ready(self, or_when=lambda: False):
        """Wait until all its programs are attached: until it holds a BPF link, or something else says so, and its loop turns."""
        has_ended = lambda: self.process.poll() is not None
        until(lambda: links(self.process.pid) or or_when() or has_ended(), "programs to attach")
        # All modules attach before the loop turns.
        until(lambda: in_loop(self.process.pid) or has_ended(), "the loop to turn")
        if has_ended():
            raise AssertionError(f"it ended with {self.process.returncode}: {self.err}")
        return self

    def stop(self, sig=signal.SIGTERM):
        """End it, and return its exit status."""
        self.process.send_signal(sig)
        return self.process.wait(timeout=PATIENCE)


# epoll_wait(2), which not each architecture has, and epoll_pwait(2); asm/unistd.h.
_EPOLL_WAIT = {"x86_64": {"232", "281"}, "aarch64": {"22"}, "riscv64": {"22"}, "loongarch64": {"22"}}.get(os.uname().machine)


def in_loop(pid):
    """Whether a process waits in its event loop; where the numbers of calls are not known, it does after a while."""
    if not _EPOLL_WAIT:
        time.sleep(0.2)
        return True
    try:
        with open(f"/proc/{pid}/syscall") as f:
            return f.read().split()[0] in _EPOLL_WAIT
    except FileNotFoundError:
        return False


def links(pid):
    """How many BPF links a process holds, and perf events, which have no link before Linux 5.15."""
    count = 0
    try:
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                count += "link_type:" in f.read() or os.readlink(f"/proc/{pid}/fd/{fd}") == "anon_inode:[perf_event]"
    except FileNotFoundError:
        pass
    return count


def is_listening(path):
    """Whether somebody listens at this socket, as the kernel tells: its file is there a moment before, and who connects counts."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as f:
        rows = [line.split() for line in f]
    # Columns: address, references, protocol, flags, ...; __SO_ACCEPTCON of include/linux/net.h is 1 << 16.
    return any(row[-1] == path and int(row[3], 16) & 0x10000 for row in rows[1:])


def held(pid, what):
    """Ids of the BPF maps ("map") or programs ("prog") that a process has open, as text."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError):  # closed since
            with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                ids |= set(re.findall(rf"^{what}_id:\t(\d+)$", f.read(), re.MULTILINE))
    return ids


def opened_as(pid):
    """
    What a process has open, a word a descriptor, but for sockets: the connection of a command that has ended may be there for another
    turn.
    """
    words = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed since
            words.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return sorted(word for word in words if not word.startswith("socket:"))


def opened(pid):
    """How many that are."""
    return len(opened_as(pid))


def spawn(*words, **kwargs):
    """Run a program to its end; its pid and status."""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **kwargs)
    return process.pid, process.wait(timeout=PATIENCE)


def cgroup(name="test"):
    """A group of its own for a test, of the second version, mounted where only the test looks."""
    at = tap.folder()
    done = tap.run("mount", "-t", "cgroup2", "none", at)
    if done.returncode:
        raise tap.Skip("this system has no cgroup2")
    tap.cleanup(tap.run, "umount", at)
    path = os.path.join(at, f"emf-{name}-{os.getpid()}")
    os.mkdir(path)
    tap.cleanup(os.rmdir, path)
    return path
