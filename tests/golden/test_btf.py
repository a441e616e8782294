# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The reader of compiled kernel parts: what it says of an object is what bpftool says,
and no bytes at all make it fail other than by a sentence.

Without these, a layout could be compared with one that the object does not have, or a
broken file end the build with Python's words.
"""
import json
import os
import random
import signal
import struct
import sys

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import btf as kinds  # noqa: E402 - the path has to be set first
from emfgenlib.bpf_object import Object  # noqa: E402
from emfgenlib.btf import Btf  # noqa: E402
from emfgenlib.c_types import counters  # noqa: E402
from emfgenlib.elf import BadObject, read  # noqa: E402
from emfgenlib.maps import accessors  # noqa: E402

KINDS = ("UNKN INT PTR ARRAY STRUCT UNION ENUM FWD TYPEDEF VOLATILE CONST RESTRICT FUNC FUNC_PROTO VAR DATASEC FLOAT "
         "DECL_TAG TYPE_TAG ENUM64").split()
TARGETS = ("bpfel", "bpfeb")
_compiled = {}


def compiled(target="bpfel"):
    """The bytes of the corpus as an object, compiled once."""
    if target not in _compiled:
        path = os.path.join(tap.folder(), "corpus.o")
        try:
            done = tap.run("clang", "-target", target, "-g", "-O2", "-c", os.path.join(HERE, "btf", "corpus.c"), "-o", path)
        except FileNotFoundError:
            raise tap.Skip("needs clang") from None
        tap.equal(done.returncode, 0, f"exit status of clang: {done.stderr}")
        _compiled[target] = read(path)
    return _compiled[target]


def bpftool(data):
    """What bpftool says of an object, or of bare BTF: the types by number."""
    path = os.path.join(tap.folder(), "file")
    with open(path, "wb") as f:
        f.write(data)
    done = tap.run("bpftool", "-j", "btf", "dump", "file", path, env=ENVIRONMENT)
    tap.equal(done.returncode, 0, f"exit status of bpftool: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)["types"]


def plain(name):
    return "" if name == "(anon)" else name


def same_types(ours, theirs):
    tap.equal(len(ours.kinds) - 1, len(theirs), "number of types")
    for there in theirs:
        number = there["id"]
        what = f"type {number} ({there['kind']} {there['name']})"
        tap.equal((KINDS[ours.kinds[number]], ours.name(number)), (there["kind"], plain(there["name"])), what)
        if "members" in there:
            got = [(m.name, m.type, m.bit_offset, m.bits) for m in ours.members(number)]
            wanted = [(plain(m["name"]), m["type_id"], m["bits_offset"], m.get("bitfield_size", 0)) for m in there["members"]]
            tap.equal(got, wanted, "members of " + what)
        if there["kind"] in ("INT", "STRUCT", "UNION", "ENUM", "ENUM64", "FLOAT"):
            tap.equal(ours.size(number), there["size"], "size of " + what)
        if there["kind"] == "INT":
            tap.equal((ours.is_signed(number), ours.is_bool(number)),
                      ("SIGNED" in there["encoding"], "BOOL" in there["encoding"]), "encoding of " + what)
        if "vars" in there:
            tap.equal(ours.secinfos(number), [(v["type_id"], v["offset"], v["size"]) for v in there["vars"]], what)


def test_every_type_is_what_bpftool_says_in_both_byte_orders():
    for target in TARGETS:
        theirs = bpftool(compiled(target))
        tap.equal({t["kind"] for t in theirs} >= set(KINDS[1:16]) - {"RESTRICT", "VAR"}, True, "kinds in the corpus")
        same_types(Object(compiled(target)).btf, theirs)


def test_maps_are_found_with_all_that_they_declare():
    for target in TARGETS:
        obj = Object(compiled(target))
        got = {m.name: (m.index, m.type, m.max_entries, m.flags, m.key_size, m.value_size) for m in obj.maps.values()}
        size = obj.btf.size(obj.structs["all"])
        tap.equal(got, {"rows": (0, 1, 1024, 129, 8, size), "a_count": (1, 6, 3, 0, 4, 8), "ring": (2, 27, 4096, 0, 0, 0),
                        "sizes": (3, 2, 5, 0, 4, 24), "outer": (4, 12, 6, 0, 4, 0)}, "maps")
        rows = obj.maps["rows"]
        tap.equal((obj.btf.written(rows.key), obj.btf.written(rows.value)), ("struct key", "struct all"), "types of rows")


def test_variables_are_found_with_their_first_values():
    for target, order in (("bpfel", "<"), ("bpfeb", ">")):
        obj = Object(compiled(target))
        got = {v.name: (v.section, v.is_const_volatile, obj.initial(v)) for v in obj.variables.values()}
        tap.equal(got["limit"], (".rodata", True, struct.pack(order + "I", 0x01020304)), "limit")
        tap.equal(got["table"], (".rodata", True, bytes([1, 2, 3, 4])), "table")
        tap.equal(got["begun"], (".data", False, struct.pack(order + "I", 77)), "begun")
        tap.equal(got["counter"], (".bss", False, bytes(8)), "counter")
        tap.equal("terms" in got, False, "the license is a variable")


def test_programs_are_found_and_other_functions_are_none():
    for target in TARGETS:
        got = {p.name: p.section for p in Object(compiled(target)).programs.values()}
        tap.equal(got, {"on_packet": "xdp", "on_packet_too": "xdp", "on_exit": "kprobe/do_exit"}, "programs")


def test_types_are_written_as_in_c():
    obj = Object(compiled())
    got = {m.name: obj.btf.written(m.type) for m in obj.btf.members(obj.structs["all"])}
    wanted = {"keys": "struct key[2][3]", "name": "char[16]", "negative": "s64", "color": "enum color", "bytes": "u8 *",
              "forward": "struct forward *", "call": "a pointer to a function", "whole": "union whole", "yes": "_Bool"}
    tap.equal({name: got[name] for name in wanted}, wanted, "types")


def test_the_integers_of_a_value_are_found_for_a_sum():
    obj = Object(compiled())
    tap.equal(counters(obj.btf, obj.structs["packed"]), [(0, 1, 1), (1, 8, 1)], "of a packed struct")
    tap.equal(counters(obj.btf, obj.structs["key"]), [(0, 4, 1), (4, 2, 1), (6, 1, 2)], "of a key")


# --- BTF made by hand: what no compiler at hand writes ---------------------------------


class Maker:
    """Bare BTF, type after type."""

    def __init__(self, order):
        self.order, self.types, self.texts = order, b"", b"\0"

    def name(self, text):
        if not text:
            return 0
        self.texts += text.encode() + b"\0"
        return len(self.texts) - len(text) - 1

    def add(self, kind, name="", value=0, vlen=0, flag=0, *words):
        self.types += struct.pack(f"{self.order}III{len(words)}I", self.name(name), flag << 31 | kind << 24 | vlen, value,
                                  *(w & 0xFFFFFFFF for w in words))

    def bytes(self):
        header = struct.pack(self.order + "HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.texts))
        return header + self.types + self.texts


def every_kind(order):
    m = Maker(order)
    m.add(kinds.INT, "int", 4, 0, 0, 1 << 24 | 32)
    m.add(kinds.ENUM64, "wide", 8, 2, 1, m.name("A"), 1, 0, m.name("B"), -1, -1)
    m.add(kinds.STRUCT, "bits", 4, 2, 1, m.name("x"), 1, 3 << 24, m.name("y"), 1, 29 << 24 | 3)
    m.add(kinds.FLOAT, "double", 8)
    m.add(kinds.TYPE_TAG, "user", 1)
    m.add(kinds.DECL_TAG, "note", 3, 0, 0, -1)
    m.add(kinds.RESTRICT, "", 8)
    m.add(kinds.PTR, "", 5)
    m.add(kinds.FWD, "later", 0, 0, 1)
    m.add(kinds.UNION, "either", 8, 2, 0, m.name("i"), 1, 0, m.name("w"), 2, 0)
    m.add(kinds.TYPEDEF, "word", 1)
    m.add(kinds.ARRAY, "", 0, 0, 0, 11, 1, 7)
    m.add(kinds.VAR, "v", 12, 0, 0, 1)
    m.add(kinds.DATASEC, ".data", 28, 1, 0, 13, 0, 28)
    return m


def test_every_kind_is_read_as_bpftool_reads_it():
    for order in "<>":
        data = every_kind(order).bytes()
        ours = Btf(memoryview(data), order)
        same_types(ours, bpftool(data))
        tap.equal((ours.is_signed(2), ours.size(12), ours.written(8), ours.written(9)), (True, 28, "int *", "union later"), "types")


def refused(data, message, use=lambda types: types):
    try:
        use(Btf(memoryview(data), "<"))
    except BadObject as e:
        tap.contains(str(e), message, "message")
    else:
        raise AssertionError("nothing was found wrong")


def test_types_that_go_in_a_circle_are_an_error():
    m = Maker("<")
    m.add(kinds.TYPEDEF, "a", 2)
    m.add(kinds.TYPEDEF, "b", 1)
    m.add(kinds.ARRAY, "", 0, 0, 0, 3, 3, 2)
    m.add(kinds.PTR, "", 4)
    for number in (1, 3):
        refused(m.bytes(), "in a circle", lambda types, n=number: types.size(n))
    for number in (3, 4):
        refused(m.bytes(), "in a circle", lambda types, n=number: types.written(n))


def test_types_that_are_not_there_and_names_outside_of_the_table_are_errors():
    m = Maker("<")
    m.add(kinds.PTR, "", 9)
    m.types += struct.pack("<III", 99999, kinds.INT << 24, 4) + bytes(4)
    refused(m.bytes(), "has no type 9", lambda types: types.written(1))
    refused(m.bytes(), "outside of its table", lambda types: types.name(2))
    m.types += struct.pack("<III", 0, 25 << 24, 4)
    refused(m.bytes(), "not known: 25")


# --- files that are no objects -------------------------------------------------------------


def fails(data, message):
    try:
        Object(data)
    except BadObject as e:
        tap.equal(str(e), message, "message")
    else:
        raise AssertionError("nothing was found wrong")


def test_what_is_no_object_is_told_as_what_it_is():
    good = compiled()
    fails(b"", "is no ELF file")
    fails(b"#!/bin/sh\n" * 100, "is no ELF file")
    fails(good[:4] + b"\1" + good[5:], "is no 64-bit ELF file")
    fails(good[:18] + b"\x3e\0" + good[20:], "is for machine 62, and not for BPF")
    fails(good[:-1], "is broken: its table of sections is outside of the file")
    fails(good[:58] + b"\x41" + good[59:], "is broken: its table of sections is outside of the file")
    fails(good.replace(b".BTF\0", b".XXX\0"), "has no BTF: compile it with -g")


def test_devices_and_pipes_are_not_read():
    pipe = os.path.join(tap.folder(), "pipe")
    os.mkfifo(pipe)
    for path in ("/dev/zero", pipe, tap.folder()):
        try:
            read(path)
        except (BadObject, IsADirectoryError):
            continue
        raise AssertionError(f"{path} was read")


def use(obj):
    """Everything that anybody asks of an object."""
    for number in obj.structs.values():
        obj.btf.size(number)
        counters(obj.btf, number)
        for member in obj.btf.members(number):
            obj.btf.written(member.type)
            obj.btf.size(member.type)
    accessors(obj, "x")
    for variable in obj.variables.values():
        obj.initial(variable)
    return len(obj.programs)


def mutate(chance, data):
    data = bytearray(data)
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(data[: chance.randrange(len(data))])
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data))
        if kind == 1:
            data[at] = chance.randrange(256)
        elif kind == 2:
            value = chance.choice([0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, len(data), chance.randrange(300)])
            data[at & ~3 : (at & ~3) + 4] = struct.pack("<I", value)
        else:
            other = chance.randrange(len(data))
            data[at : at + 12] = data[other : other + 12]
    return bytes(data)


def test_no_mutation_of_an_object_ends_in_a_traceback():
    count = int(os.environ.get("EMF_FUZZ_COUNT", "1500"))
    chance = random.Random(20261121)
    bad = 0

    def hangs(*_):
        raise AssertionError(f"mutation {number} takes more than 20 seconds")

    signal.signal(signal.SIGALRM, hangs)
    for number in range(count):
        target = chance.choice(TARGETS)
        signal.alarm(20)
        try:
            use(Object(mutate(chance, compiled(target))))
        except BadObject:
            bad += 1
        except Exception as e:
            raise AssertionError(f"mutation {number} of this seed") from e
    signal.alarm(0)
    tap.equal(0 < bad < count, True, "some were found to be broken, and some were not")


tap.main()
