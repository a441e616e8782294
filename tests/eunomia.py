# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Packages of eunomia-bpf, made by hand of a compiled kernel part: what the compiler of those writes, and what a test wants to differ."""
import base64
import copy
import json
import os
import struct
import sys
import zlib

import tap

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import btf as kinds  # noqa: E402 - the path has to be set first
from emfgenlib.btf import Btf  # noqa: E402
from emfgenlib.elf import Elf, read  # noqa: E402

SOURCE = os.path.join(tap.SOURCE, "tests", "kernel", "eunomia", "tool.bpf.c")


def compiled(source, to, *flags):
    """The object of a kernel part."""
    multiarch = tap.run("gcc", "-print-multiarch").stdout.strip()
    done = tap.run("clang", "-target", "bpf", "-g", "-O2", f"-I/usr/include/{multiarch}", *flags, "-c", source, "-o", to)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of clang")
    return to


class Kernel:
    """A compiled kernel part, and its types: of a file, or as bytes."""

    def __init__(self, of):
        self.data = of if isinstance(of, bytes) else read(of)
        elf = Elf(self.data)
        self.btf = Btf(elf.bytes_of(elf.section(".BTF")), "<" if sys.byteorder == "little" else ">")

    def type(self, name, kind=kinds.STRUCT):
        """The number of a struct."""
        return next(i for i, k in enumerate(self.btf.kinds) if k == kind and self.btf.name(i) == name)

    def number(self, name):
        """The number of an integer type."""
        return self.type(name, kinds.INT)

    def with_integer(self, name, called=None, size=None):
        """The same, but for one that says of an integer type that it is called otherwise, as another type is, or has so many bytes."""
        number = self.number(name)
        at = self.data.index(bytes(self.btf.types)) + self.btf.places[number] - 12
        changed = bytearray(self.data)
        if called:
            struct.pack_into("=I", changed, at, self.btf.infos[self.number(called)][0])
        if size is not None:
            struct.pack_into("=I", changed, at + 8, size)
        return Kernel(bytes(changed))

    def exported(self, name):
        number = self.type(name)
        return {"name": name, "type_id": number, "size": self.btf.size(number),
                "members": [{"name": m.name, "type": self.btf.written(m.type)} for m in self.btf.members(number)]}


def package(data, meta):
    """The JSON of it, as text."""
    return json.dumps({"bpf_object": base64.b64encode(zlib.compress(data)).decode(), "bpf_object_size": len(data), "meta": meta})


_TOOL = {
    "bpf_skel": {
        "obj_name": "tool_bpf",
        "doc": {"version": "1.2.3", "brief": "a tool", "details": "and more\nof it", "description": "not shown"},
        "data_sections": [
            {"name": ".rodata", "variables": [
                {"name": "wanted", "type": "int", "description": "what is sent"},
                {"name": "big", "type": "unsigned long long", "cmdarg": {"default": 5, "long": "large", "short": "l", "help": "a large one"}},
                {"name": "plain", "type": "bool"},
                {"name": "on", "type": "bool", "value": True},
                {"name": "off", "type": "bool", "cmdarg": {"default": False}},
                {"name": "text", "type": "char[16]"},
                {"name": "fraction", "type": "float"},
            ]},
            {"name": ".bss", "variables": [
                {"name": "counted", "type": "unsigned int", "value": 3},
                {"name": "__eunomia_dummy_event_ptr", "type": "struct event *"},
                {"name": "__eunomia_dummy_stacks_ptr", "type": "struct stacks *"},
            ]},
        ],
        "maps": [{"name": name, "ident": name} for name in ("perf", "traces", "hists", "pairs", "totals", "ring")] + [
            {"name": "tool_bpf.rodata", "ident": "rodata", "mmaped": True},
            {"name": "tool_bpf.bss", "ident": "bss", "mmaped": True},
        ],
        "progs": [
            {"name": "on_exec", "attach": "raw_tp/sched_process_exec", "link": True},
            {"name": "on_sample", "attach": "perf_event", "link": True},
        ],
    },
    "eunomia_version": "0.3.4",
}

XDP = {"name": "on_packet", "attach": "xdp", "link": True, "ifindex": 1, "flags": 0, "xdpopts": {"old_prog_fd": 0}}
TC = {"name": "on_frame", "attach": "tc", "link": True, "tchook": {"ifindex": 1, "attach_point": "BPF_TC_INGRESS"}, "tcopts": {"handle": 1, "priority": 1}}


class Tool:
    """The package of tests/kernel/eunomia/tool.bpf.c; a test changes its meta."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.meta = copy.deepcopy(_TOOL)
        self.meta["export_types"] = [kernel.exported("event")]

    @property
    def skel(self):
        return self.meta["bpf_skel"]

    def map(self, name):
        return next(m for m in self.skel["maps"] if m["ident"] == name)

    def program(self, name):
        return next(p for p in self.skel["progs"] if p["name"] == name)

    def variable(self, name):
        return next(v for s in self.skel["data_sections"] for v in s["variables"] if v["name"] == name)

    def prints_only(self, name):
        """Of several maps with output the last one is printed."""
        one = self.map(name)
        self.skel["maps"].remove(one)
        self.skel["maps"].append(one)
        return one

    def write(self, path):
        with open(path, "w") as f:
            f.write(package(self.kernel.data, self.meta))
        return path
