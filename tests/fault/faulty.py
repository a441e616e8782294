# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A product whose calls fail one by one, and what a process of it leaves behind."""
import mmap
import os
import re
import shutil
import struct
import sys

for _folder in ("build", "kernel"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), _folder))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
import upgraded  # noqa: E402
from sanitized import BROKEN, SANITIZERS  # noqa: E402

# struct emf_fault of fault.h.
HEAD = struct.Struct("=QQQ64s12I")
# Of the tree, and headers; what is loaded while it runs comes from packages.
MODULES = ("hello", "acl")


class Product:
    """One with faults and sanitizers, and packages for it to load and to become."""

    def __init__(self, parent):
        self.src = scratch.source(parent)
        modules = os.path.join(self.src, "modules")
        for name in os.listdir(modules):
            if not name.endswith(".h") and name.split(".")[0] not in MODULES:
                os.unlink(os.path.join(modules, name))
        self.made = scratch.Build(self.src, os.path.join(parent, "build"), "--enable-werror", "--enable-sanitizers",
                                  "--enable-fault-injection", "--without-extensions")
        self.files = {}
        for version in ("second", "first"):
            upgraded.write_watched(modules, version)
            self.made.make("emf")
            self.files[version] = os.path.join(parent, f"{version}.emfpkg")
            scratch.must(self.made.product(), "pack", "watched", "-o", self.files[version], cwd=parent)
        self.path = self.made.product()
        self.files["runqlat"] = os.path.join(parent, "runqlat.emfpkg")
        scratch.must(tap.PRODUCT, "pack", "runqlat", "-o", self.files["runqlat"], cwd=parent)

    def where(self, offsets):
        """The functions and lines of offsets in the program, the innermost first."""
        words = [hex(o - 1) for o in offsets if o]
        lines = tap.run("addr2line", "-f", "-s", "-e", self.path, *words).stdout.splitlines()
        return [f"{name} ({line.split(' ')[0]})" for name, line in zip(lines[::2], lines[1::2]) if name != "??"]


build = scratch.once(Product)


class State:
    """What a product shares with its test: how many calls it made, and which one is to fail."""

    def __init__(self):
        self.path = os.path.join(tap.folder(), "fault")
        with open(self.path, "wb") as f:
            f.truncate(HEAD.size)
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 0)
        tap.cleanup(self.map.close)
        self.env = {"EMF_FAULT_FILE": self.path, **SANITIZERS}

    def _number(self, at):
        return struct.unpack_from("=Q", self.map, at)[0]

    @property
    def calls(self):
        return self._number(0)

    @property
    def failed(self):
        """The number of the call that failed, or 0."""
        return self._number(16)

    def begin(self, number=0):
        """Count from 0, and have the call of this number fail."""
        self.map[0:24] = struct.pack("=QQQ", 0, number, 0)

    def arm(self, n):
        """The n-th call from now on fails."""
        self.map[8:24] = struct.pack("=QQ", self.calls + n, 0)

    def disarm(self):
        self.map[8:16] = bytes(8)

    def story(self):
        """Which call failed, and where it was made."""
        _, _, number, name, *stack = HEAD.unpack_from(self.map)
        name = name.partition(b"\0")[0].decode()
        return f"call {number}, {name}: " + " < ".join(build().where(stack))


def seen(at):
    """All that can be left behind in a place: interfaces with their programs, filters, pins, what is in /run."""
    script = "ip -d link; tc filter show dev va ingress; tc filter show dev va egress; tc qdisc show dev va; find /sys/fs/bpf/emf /run/emf -mindepth 1 ! -name 'verifier-*.log' 2>/dev/null || true"
    # One that came back has another id, and the constants of its generation.
    return re.sub(r"(id|load_time|tag) [0-9a-f]+", r"\1", at.run("sh", "-c", script).stdout).splitlines()


def broken(status, said):
    """What a sanitizer or a signal says of a process, or nothing."""
    found = re.search(r"(ERROR: \w*Sanitizer|runtime error:).*", said)
    if found:
        return f"{found.group(0)}\n{said[:3500]}"
    if status < 0 or status == BROKEN:
        return f"it ended with {status}: {said[-1500:]}"
    return None
