# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""How often the kernel ran a tracepoint, counted by its own perf events and not by a program.

Some virtual machines run, for moments, none of the tracepoints that belong to interrupts: what nobody was shown, nobody can count.
"""
import ctypes
import os
import struct

import tap

_SYSCALLS = {"x86_64": 298, "aarch64": 241}  # perf_event_open(2), asm/unistd.h
_TRACEPOINT, _SIZE = 2, 64  # PERF_TYPE_TRACEPOINT, PERF_ATTR_SIZE_VER0; linux/perf_event.h


def _number_of(event):
    """The number that tracefs gives an event, out of mounts of our own."""
    done = tap.run("unshare", "--mount", "sh", "-c",
                   f"test -e /sys/kernel/tracing/events || mount -t tracefs none /sys/kernel/tracing; cat /sys/kernel/tracing/events/{event}/id")
    tap.equal(done.returncode, 0, f"tracefs ({done.stderr})")
    return int(done.stdout)


def _online():
    """Numbers of processors, of which this process may have a few."""
    with open("/sys/devices/system/cpu/online") as f:
        ranges = [part.partition("-") for part in f.read().strip().split(",")]
    return [cpu for first, _, last in ranges for cpu in range(int(first), int(last or first) + 1)]


class Hits:
    """Of an event, as "block/block_rq_complete", on all processors, from now on."""

    def __init__(self, event):
        attributes = struct.pack("<IIQ", _TRACEPOINT, _SIZE, _number_of(event)).ljust(_SIZE, b"\0")
        libc = ctypes.CDLL(None, use_errno=True)
        self.fds = []
        tap.cleanup(lambda: [os.close(fd) for fd in self.fds])
        if os.uname().machine not in _SYSCALLS:
            raise tap.Skip(f"the number of perf_event_open(2) on {os.uname().machine} is not known here")
        for cpu in _online():
            fd = libc.syscall(_SYSCALLS[os.uname().machine], attributes, -1, cpu, -1, 8)  # PERF_FLAG_FD_CLOEXEC
            if fd < 0:
                raise OSError(ctypes.get_errno(), f"perf_event_open of {event}")
            self.fds.append(fd)

    def __call__(self):
        return sum(struct.unpack("<Q", os.read(fd, 8))[0] for fd in self.fds)
