# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The part of the kernel's BTF that a product keeps, held against the whole of it and against
what bpftool makes.

Without these, a program could be relocated by another offset when it starts from the cache than
when it does not, and read the wrong memory.
"""
import atexit
import functools
import glob
import json
import os
import re
import struct
import tempfile

import tap
import tool

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = os.environ.get("EMF_BTF_PARTS") or os.path.join(tap.BUILD, "tests", "kernel", "btf_parts")
KERNEL = "/sys/kernel/btf/vmlinux"
PATH = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
ALONE = ("-DEMF_ALONE", "-include", "emf/alone.h")  # as make compiles them
TYPE_EXISTS, TYPE_MATCHES = 8, 12  # enum bpf_core_relo_kind
PART, KSYMS, NUMBERS, MODULES = range(4)
# What vmlinux.h of earlier kernels has not the types for; a name that the others use is an enum's since then, and was a macro.
SINCE = {"lived.bpf.c": (5, 11), "bursts.bpf.c": (5, 15), "firsts.bpf.c": (5, 16), "drops.bpf.c": (5, 17)}
MACROS = ("-DTASK_COMM_LEN=16",) if tool.LINUX < (5, 17) else ()


def need():
    tap.need_root()
    if not os.path.exists(KERNEL):
        raise tap.Skip("this kernel has no BTF", doctor="system btf")
    if not os.path.exists(PARTS):
        done = tap.run("make", "tests/kernel/btf_parts", cwd=tap.BUILD)
        tap.equal(done.returncode, 0, f"make: {done.stderr}")


@functools.cache
def shared():
    """A folder for what several tests need."""
    folder = tempfile.TemporaryDirectory(prefix="emf-test-")
    atexit.register(folder.cleanup)
    return folder.name


@functools.cache
def kinds_of_relocations():
    return compiled(shared(), os.path.join(HERE, "btf", "kinds.bpf.c"))


def compiled(folder, source, *flags):
    path = os.path.join(folder, os.path.basename(source).split(".")[0] + "".join(f for f in flags if f.startswith("-D") and "=" not in f) + ".bpf.o")
    clang(folder, *flags, "-c", source, "-o", path)
    return path


def clang(folder, *words):
    done = tap.run("clang", "-target", "bpf", "-mcpu=v3", "-g", "-O2", "-Wno-missing-declarations", "-D__TARGET_ARCH_x86", f"-I{tap.SOURCE}/include",
                   f"-I{folder}", f"-idirafter/usr/include/{os.uname().machine}-linux-gnu", *words)
    tap.equal(done.returncode, 0, f"clang: {done.stderr}")


def includes(source, header):
    with open(source) as f:
        return f'#include "{header}"' in f.read()


def of_the_product():
    """Compiled kernel parts that are relocated at all."""
    return sorted(glob.glob(os.path.join(tap.BUILD, "obj", "*.bpf.o")))


def reduced(folder, objects, use=PART):
    path = os.path.join(folder, "part.btf")
    done = tap.run(PARTS, "reduce", path, *objects)
    tap.equal((done.returncode, done.stdout), (0, f"{use}\n" * len(objects)), f"what they need: {done.stderr}")
    return path


def insns(btf, path):
    done = tap.run(PARTS, "insns", btf, path)
    tap.equal(done.returncode, 0, f"exit status: {done.stderr}")
    return done.stdout


def same(folder, objects):
    part = reduced(folder, objects)
    for path in objects:
        whole = insns("-", path)
        tap.equal(whole.count("\n") > 2, True, f"{path} has programs")
        tap.equal(insns(part, path), whole, f"{os.path.basename(path)}, relocated by a part")
    return part


def test_each_object_of_the_product_is_relocated_by_the_part_as_by_the_whole():
    need()
    same(tap.folder(), of_the_product())


def test_each_kind_of_relocation_has_the_same_result_by_the_part_as_by_the_whole():
    need()
    folder = tap.folder()
    kinds = kinds_of_relocations()
    part = same(folder, [kinds])
    # It loads: what libbpf could not relocate is an instruction that the verifier refuses.
    tap.equal(insns(part, kinds).splitlines()[0], "0", "result of its load")


def matching(path):
    """The same object, which asks whether types match where it asked whether they exist: older compilers cannot ask that."""
    with open(path, "rb") as f:
        whole = bytearray(f.read())
    sections = tap.run("readelf", "-SW", path).stdout
    at = int(re.search(r" \.BTF\.ext +PROGBITS +\w+ (\w+)", sections).group(1), 16)
    head, start, size = struct.unpack_from("<4xI16xII", whole, at)  # Documentation/bpf/btf.rst
    end, n = at + head + start + size, 0
    at += head + start + 4
    while at < end:
        count = struct.unpack_from("<I", whole, at + 4)[0]
        at += 8
        for at in range(at, at + 16 * count, 16):
            if struct.unpack_from("<I", whole, at + 12)[0] == TYPE_EXISTS:
                struct.pack_into("<I", whole, at + 12, TYPE_MATCHES)
                n += 1
        at += 16
    tap.equal(n >= 5, True, "relocations that ask for a type")
    made = path.replace(".bpf.o", "_matching.bpf.o")
    with open(made, "wb") as f:
        f.write(whole)
    return made


def test_types_match_by_the_part_as_by_the_whole():
    need()
    folder = tap.folder()
    path = matching(kinds_of_relocations())
    part = same(folder, [path])
    tap.equal(insns(part, path) == insns(part, path.replace("_matching", "")), False, "all match that are there")


def test_objects_that_share_a_part_do_not_disturb_each_other():
    need()
    folder = tap.folder()
    same(folder, of_the_product() + [kinds_of_relocations()])


def test_kernel_parts_in_the_style_of_the_tools_of_libbpf_are_relocated_alike():
    need()
    folder = tap.folder()
    with open(os.path.join(folder, "vmlinux.h"), "w") as f:
        tap.equal(tap.run("bpftool", "btf", "dump", "file", KERNEL, "format", "c", stdout=f, env=PATH).returncode, 0, "bpftool")
    # Read once: to read it is most of the work for each of them.
    clang(folder, *MACROS, "-x", "c-header", os.path.join(folder, "vmlinux.h"), "-o", os.path.join(folder, "read.pch"))
    read = ("-include-pch", os.path.join(folder, "read.pch"))
    paths = [path for path in sorted(glob.glob(os.path.join(tap.SOURCE, "tests", "corpus", "*.bpf.c"))) if tool.LINUX >= SINCE.get(os.path.basename(path), tool.LINUX)]
    same(folder, [compiled(folder, path, *(read if includes(path, "vmlinux.h") else ()), *MACROS, *ALONE) for path in paths])


def types(path):
    """Structs and unions by kind and name: size and members of all of this name; names of values of enums."""
    done = tap.run("bpftool", "-j", "btf", "dump", "file", path, env=PATH)
    tap.equal(done.returncode, 0, f"bpftool: {done.stderr}")
    found = {}
    for t in json.loads(done.stdout)["types"]:
        if t["kind"] in ("STRUCT", "UNION", "ENUM", "ENUM64", "TYPEDEF", "INT") and t["name"] != "(anon)":
            members = {(m["name"], m.get("bits_offset"), m.get("bitfield_size")) for m in t.get("members", [])}
            members |= {(v["name"], v["val"]) for v in t.get("values", [])}
            found.setdefault((t["kind"], t["name"], t.get("size")), set()).update(members)
    return found


def test_the_part_has_all_that_bpftool_keeps():
    need()
    folder = tap.folder()
    objects = of_the_product() + [kinds_of_relocations()]
    theirs = os.path.join(folder, "bpftool.btf")
    done = tap.run("bpftool", "gen", "min_core_btf", KERNEL, theirs, *objects, env=PATH)
    tap.equal(done.returncode, 0, f"bpftool: {done.stderr}")
    part = reduced(folder, objects)
    ours = types(part)
    for key, members in types(theirs).items():
        tap.contains(ours, key, "types of the part")
        tap.equal(members - ours[key], set(), f"members of {key} that are missing")
    print(f"# of bpftool {os.path.getsize(theirs)} bytes, of ours {os.path.getsize(part)}, of the kernel {os.path.getsize(KERNEL)}")
    for path in objects:
        tap.equal(insns(part, path), insns(theirs, path), f"{os.path.basename(path)}, relocated by a part of bpftool's")


def test_objects_that_need_more_than_a_part_are_told_apart():
    need()
    folder = tap.folder()
    for flag, use in (("-DNONE", PART), ("-DKSYM", KSYMS), ("-DNUMBER", NUMBERS), ("-DABSENT", MODULES)):
        reduced(folder, [compiled(folder, os.path.join(HERE, "btf", "whole.bpf.c"), flag)], use)


def test_an_object_that_is_cut_or_damaged_is_refused_or_told_apart():
    need()
    folder = tap.folder()
    with open(kinds_of_relocations(), "rb") as f:
        whole = f.read()
    path = os.path.join(folder, "damaged.o")
    for n in list(range(0, len(whole), len(whole) // 150)) + [len(whole) - 1]:
        for content in (whole[:n], whole[:n] + bytes([whole[n] ^ 0xff]) + whole[n + 1:]):
            with open(path, "wb") as f:
                f.write(content)
            status = tap.run(PARTS, "reduce", os.path.join(folder, "part.btf"), path).returncode
            tap.equal(status in (0, 1), True, f"exit status {status}, of one that is damaged at {n}")


tap.main()
