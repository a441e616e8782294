# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Types of a kernel part as C types of user space."""
import re
from dataclasses import dataclass, field
from typing import List, Tuple

from . import btf, words
from .btf import Btf
from .elf import BadObject
from .macros import is_macro

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ORDERED = re.compile(r"__(be|le)(16|32|64)\Z")
MAX_MEMBERS = 1024  # that are written out, or added up
MAX_DEPTH = 16


@dataclass
class CType:
    """What a pointer to a key or a value points to."""

    c: str  # "void" where C has no name for it
    size: int
    said: str  # as the kernel part has it, for the comment
    forward: str = ""  # "struct x": declared, not defined
    definition: List[str] = field(default_factory=list)  # of a struct that has no name there


class _NoC(Exception):
    """A layout that C would not give these members."""


def plain_name(name: str, what: str) -> str:
    """A name that goes into C: nothing else than one may get there."""
    if not _NAME.match(name):
        raise BadObject(f"has a {what} named {name!r}, which is no name of C")
    return name


def of(types: Btf, number: int, name: str) -> CType:
    """@name: of the struct that is defined for one without a name."""
    _, element = types.array(number)
    size, said = types.size(number), types.written(number)
    bare = types.strip(element)
    if types.kinds[bare] not in (btf.STRUCT, btf.UNION):
        return CType(_scalar(types, element) or "void", size, said)
    word = "struct" if types.kinds[bare] == btf.STRUCT else "union"
    there = types.name(bare)
    if there in words.C_WORDS:
        return CType("void", size, said)  # a name that C++ does not take
    if there:
        c = f"{word} {plain_name(there, word)}"
        return CType(c, size, said, forward=c)
    return CType(f"{word} {name}", size, said, definition=_define(types, bare, word, name))


def _scalar(types: Btf, number: int) -> str:
    """The C type of a number or a pointer; "" for anything else."""
    for _ in range(btf.MAX_HOPS):  # a type with a byte order keeps its name
        if types.kind(number) == btf.TYPEDEF and _ORDERED.match(types.name(number)):
            return types.name(number)
        if types.strip(number) == number:
            break
        number = types.to(number)
    if types.kinds[number] == btf.PTR:
        return "__u64"  # an address of the kernel
    signed, size = types.is_signed(number), types.size(number)
    if signed is None or size not in (1, 2, 4, 8):
        return ""
    if types.is_bool(number) and size == 1:
        return "bool"
    if types.kinds[number] == btf.INT and types.name(number) == "char":
        return "char"
    return f"__{'s' if signed else 'u'}{size * 8}"


# --- structs without a name ---------------------------------------------------------------


def _define(types: Btf, number: int, word: str, name: str) -> List[str]:
    size = types.size(number)
    try:
        written, align = _Writer(types).members(number, 1)
        lines = [f"{word} {name} {{", *written, "};"]
    except _NoC:
        align = size & -size if size & 7 else 8  # as much as fits, and no less than C would
        lines = [f"{word} {name} {{", f"\t__u8 bytes[{size}]; /* bit-fields, or packed */",
                 f"}} __attribute__((aligned({align})));"]
    return lines


class _Writer:
    """Members of a struct as C; each place is computed as C would, and compared."""

    def __init__(self, types: Btf):
        self.types = types
        self.left = MAX_MEMBERS

    def members(self, number: int, depth: int) -> Tuple[List[str], int]:
        """The lines, and the alignment."""
        lines: List[str] = []
        end, align, is_union = 0, 1, self.types.kinds[number] == btf.UNION
        self.left -= self.types.count(number)
        if depth > MAX_DEPTH or self.left < 0:
            raise _NoC
        for member in self.types.members(number):
            written, its_align = self._member(member, depth)
            if member.bits or member.bit_offset % 8:
                raise _NoC
            at = 0 if is_union else end + -end % its_align
            if at != member.offset:
                raise _NoC
            lines += written
            end, align = max(end, at + self.types.size(member.type)), max(align, its_align)
        if end + -end % align != self.types.size(number):
            raise _NoC
        return lines, align

    def _member(self, member: btf.Member, depth: int) -> Tuple[List[str], int]:
        tabs = "\t" * depth
        dimensions, element = self.types.array(member.type)
        bare = self.types.strip(element)
        name = plain_name(member.name, "member") if member.name else ""
        name += "_" if name in words.C_WORDS or is_macro(name) else ""
        sizes = "".join(f"[{n}]" for n in dimensions)
        if 0 in dimensions:
            raise _NoC
        if self.types.kinds[bare] in (btf.STRUCT, btf.UNION):
            word = "struct" if self.types.kinds[bare] == btf.STRUCT else "union"
            if self.types.name(bare):  # defined elsewhere, or not at all
                align = self._align(bare, depth)
                return [f"{tabs}__u8 {name}{sizes}[{self.types.size(bare)}] __attribute__((aligned({align}))); "
                        f"/* {word} {plain_name(self.types.name(bare), word)} */"], align
            inner, align = self.members(bare, depth + 1)
            return [f"{tabs}{word} {{", *inner, f"{tabs}}}{' ' if name else ''}{name}{sizes};"], align
        c = _scalar(self.types, element)
        if not c or not name:
            raise _NoC
        return [f"{tabs}{c} {name}{sizes};"], self.types.size(bare)


    def _align(self, number: int, depth: int) -> int:
        """What C would align a struct to. One that is packed is found by its place."""
        self.left -= self.types.count(number)
        if depth > MAX_DEPTH or self.left < 0:
            raise _NoC
        align = 1
        for member in self.types.members(number):
            bare = self.types.strip(self.types.array(member.type)[1])
            is_struct = self.types.kinds[bare] in (btf.STRUCT, btf.UNION)
            align = max(align, self._align(bare, depth + 1) if is_struct else min(self.types.size(bare), 8))
        return align


# --- what can be added up -------------------------------------------------------------------


def counters(types: Btf, number: int) -> List[Tuple[int, int, int]]:
    """Offset, size and count of the integers of a value; none if they are too many."""
    out: List[Tuple[int, int, int]] = []
    try:
        _counters(types, number, 0, out, 0)
    except _NoC:
        return []
    joined: List[Tuple[int, int, int]] = []
    for offset, size, count in out:
        if joined and joined[-1][1] == size and joined[-1][0] + size * joined[-1][2] == offset:
            joined[-1] = (joined[-1][0], size, joined[-1][2] + count)
        else:
            joined.append((offset, size, count))
    return joined


def _counters(types: Btf, number: int, base: int, out: List[Tuple[int, int, int]], depth: int) -> None:
    dimensions, element = types.array(number)
    count = 1
    for n in dimensions:
        count *= n
    bare = types.strip(element)
    if depth > MAX_DEPTH or len(out) > MAX_MEMBERS:
        raise _NoC
    if types.kinds[bare] == btf.STRUCT:
        if count * types.count(bare) > MAX_MEMBERS:
            raise _NoC
        for i in range(count):
            for member in types.members(bare):
                if not member.bits:
                    _counters(types, member.type, base + i * types.size(bare) + member.offset, out, depth + 1)
    elif count and types.kinds[bare] == btf.INT and _scalar(types, element).startswith(("__u", "__s")):
        out.append((base, types.size(bare), count))


