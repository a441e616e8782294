# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the tests of tools that only tell events have in common."""
import datetime
import errno
import json
import os
import subprocess
import sys
import time

import tap
from tool import PATIENCE, Tool, links, until

# The system calls that Python has no name for.
CALLS = {"x86_64": {"open": 2, "creat": 85, "tkill": 200}, "aarch64": {"tkill": 130}}[os.uname().machine]
CALLS.update(move_mount=429, fsopen=430, openat2=437)  # the same everywhere: include/uapi/asm-generic/unistd.h

# Tracepoints of system calls are found through tracefs, which not every system has mounted.
TRACED = ["unshare", "-m", "--propagation", "slave", "sh", "-c",
          'test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh"]

# In front of a script: call() makes a system call, and gives its result or a negative errno; done() what was found.
PRELUDE = f"""
import ctypes, json, os, sys
CALLS = {CALLS!r}
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(name, *args):
    args = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = libc.syscall(ctypes.c_long(CALLS[name]), *args)
    return -ctypes.get_errno() if result < 0 else result
def tried(function, *args):
    try:
        return function(*args)
    except OSError as e:
        return -e.errno
def done(what=None):
    print(json.dumps(what), flush=True)
done("ready")
sys.stdin.readline()
"""


class Script:
    """A Python program whose pid is known before it begins to do anything, and which has read its libraries by then."""

    def __init__(self, text, within=(), **kwargs):
        self.process = tap.start(*within, sys.executable, "-c", PRELUDE + text, stdin=subprocess.PIPE, stderr=None, **kwargs)
        self.pid = self.process.pid
        tap.equal(self.process.stdout.readline(), '"ready"\n', "what the script says first")
        with open(f"/proc/{self.pid}/comm") as f:
            self.comm = f.read().rstrip("\n")

    def run(self):
        """Let it go, and wait for its end. Return: what it gave to done(), or None."""
        out, _ = self.process.communicate("go\n", timeout=PATIENCE)
        return json.loads(out) if out else None


class Snoop:
    """`emf NAME -j ...`, ready when all its programs are attached."""

    def __init__(self, name, *options, programs, within=()):
        tap.need_root()
        if tap.run(tap.PRODUCT, name, "--help").returncode:
            raise tap.Skip(f"this product has no module {name}")
        self.tool = Tool(name, "-j", *options, within=within)
        self.tool.ready()
        until(lambda: links(self.tool.process.pid) >= programs or self.tool.process.poll() is not None, f"{programs} programs to attach")

    def events(self, **members):
        """The arguments of those that have these members, in order."""
        found = [json.loads(line)["args"] for line in self.tool.out.rpartition("\n")[0].splitlines()]
        return [e for e in found if all(e[k] == v for k, v in members.items())]

    def wait(self, n=1, **members):
        """Until there are so many. Return: them all."""
        until(lambda: len(self.events(**members)) >= n, f"{n} events with {members} in {self.tool.out[-2000:]} {self.tool.err}")
        return self.events(**members)

    def stop(self):
        tap.equal(self.tool.stop(), 0, f"exit status ({self.tool.err})")
        tap.equal("warning" in self.tool.err, False, f"warnings ({self.tool.err})")


def without(event, *names):
    """It, but for these members."""
    return {k: v for k, v in event.items() if k not in names}


def os_error(result):
    """As an event has it."""
    return errno.errorcode[-result] if result < 0 else "0"


def check_time(event, since):
    """That it happened in this test."""
    when = datetime.datetime.fromisoformat(event["time"][:26] + "+00:00").timestamp()
    tap.equal(since - 1 <= when <= time.time() + 1, True, f"whether {event['time']} is between the start of the test and now")


def check_length(event, member, longest):
    """That it took some time, and at most so many seconds."""
    tap.equal(0 < event[member] <= longest * 1e9, True, f"whether {member} = {event[member]} ns is more than none and at most {longest} s")
