# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The types that a kernel part sends as tables of the core: what a description would have
said of them, and what it cannot say (bit-fields, unions, 128 bits, flexible tails)."""
import math
import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from . import btf, c_types, kernel_enums, semantics
from .bpf_object import Object
from .elf import BadObject
from .said import Said
from .tables import TableMember, TableRecord

MAX_BYTES = 1 << 16  # of a record with what is behind it: EMF_EVENT_RECORD_MAX, core/event.c
# Of a module, core/package_check.h: an enum has so many names, whose own has so many letters.
MAX_KERNEL_ENUMS, MAX_KERNEL_NAMES, MAX_KERNEL_NAME = 64, 1024, 63
_STRUCT_ALIGN = 8  # of any struct, at most
_MAX_DEPTH = 16  # of structs in structs
_PADDING = re.compile(r"_*(pad|padding|unused|reserved)_?\d*\Z")
_RECORDS = (btf.STRUCT, btf.UNION)
_ORDERED = re.compile(r"__be(16|32|64)\Z")


@dataclass
class Names:
    """An enum, as table.j2 wants it."""

    name: str
    pairs: List[Tuple[str, str]]
    type: str = ""  # what the kernel calls it, whose numbers it gets; "" for one of the module


def _place(tail: int, size: int, least: int) -> Tuple[int, int]:
    """Where the number of elements of @size bytes lies, of which what is sent has at most @least, from @tail on; and for how
    many there is room behind it, so that C adds nothing before them nor at the end of the struct that it is as a signal."""
    align = math.gcd(size, _STRUCT_ALIGN)
    place = tail + -tail % 4
    while True:
        for count in range(least, least + _STRUCT_ALIGN // align):
            if (place + 4) % align == 0 and (place + 4 + count * size) % _STRUCT_ALIGN == 0:
                return place, count
        place += 4


class Records:
    """Of one module: each struct and enum is written once."""

    def __init__(self, obj: Object, module: str, said: Said):
        self.btf = obj.btf
        self.vmlinux_h = obj.vmlinux_h
        self.is_little = obj.elf.endian == "<"
        self.module = module
        self.said = said
        self.records: List[TableRecord] = []  # each after those that it is made of
        self.enums: List[Names] = []
        self._made: Dict[Tuple[int, bool], TableRecord] = {}
        self._enums: Dict[int, Names] = {}
        self._used: Dict[str, int] = {}

    def _c_name(self, name: str) -> str:
        base = f"{self.module}_{c_types.plain_name(name, 'type')}"
        self._used[base] = self._used.get(base, 0) + 1
        return base if self._used[base] == 1 else f"{base}_{self._used[base]}"

    def single(self, name: str, number: int) -> TableMember:
        """A value that is no member of anything."""
        return self._member(name, number, 0, -1, self.btf.strip(number))

    def made(self, name: str, size: int, members: List[TableMember], shown: str = "") -> TableRecord:
        """One of members that were found elsewhere."""
        out = TableRecord(self._c_name(name), shown or name, size, size, members, None)
        self.records.append(out)
        return out

    def members(self, number: int) -> List[TableMember]:
        """Those of a struct, for a record that has some of them."""
        out: List[TableMember] = []
        self._members(number, 0, 0, out)
        return out

    def enum(self, number: int, member: str) -> Names:
        """One without a name is called after the @member that has it."""
        if number not in self._enums:
            pairs = [(name, f"{value & (1 << 64) - 1:#x}ull" if value > (1 << 31) - 1 or value < 0 else str(value))
                     for name, value in self.btf.values(number)]
            name = self.btf.name(number)
            self._enums[number] = Names(self._c_name(name or f"{member}_values"), pairs, self._name_there(name, len(pairs)))
            self.enums.append(self._enums[number])
        return self._enums[number]

    def _name_there(self, name: str, count: int) -> str:
        """What is too much for a package keeps its numbers."""
        there = kernel_enums.name_there(name, self.vmlinux_h)
        is_too_much = count > MAX_KERNEL_NAMES or sum(bool(e.type) for e in self.enums) == MAX_KERNEL_ENUMS or len(there) > MAX_KERNEL_NAME
        return "" if is_too_much else there

    def event(self, number: int, map_: str) -> TableRecord:
        """What is sent: a struct, or a single value, which is called like the map."""
        bare = self.btf.strip(number)
        shown = self.btf.name(bare) or next(iter(self.btf.typedefs(number)), "") or map_
        if self.btf.kinds[bare] == btf.STRUCT:
            return self.record(bare, shown, 0, True)
        return self.made(map_, self.btf.size(number), [self.single(map_, number)])

    def record(self, number: int, shown: str, depth: int = 0, is_event: bool = False) -> TableRecord:
        if (number, is_event) in self._made:
            return self._made[number, is_event]
        if depth > _MAX_DEPTH:
            raise BadObject(f"has structs in structs that are more than {_MAX_DEPTH} deep")
        size = self.btf.size(number)
        if size > MAX_BYTES // 2:
            raise BadObject(f"has a {self.btf.written(number)} of {size} bytes, and a record has at most {MAX_BYTES // 2}")
        members: List[TableMember] = []
        self._members(number, 0, depth, members)
        made = TableRecord(self._c_name(shown), shown, size, size, members, None)
        if is_event and members:
            self._tail(made, number)
        if not made.members:
            made.members.append(TableMember("bytes", "EMF_HEX", 0, size, 1, None))
        self._made[number, is_event] = made
        self.records.append(made)
        return made

    def _tail(self, made: TableRecord, number: int) -> None:
        """Of an array at the end the rest may be missing, and of one without a length only what was sent
        says how long it is. As the language has it, the number of its elements is before them, where the core puts it."""
        last = made.members[-1]
        dimensions = self.btf.array(self.btf.members(number)[-1].type)[0]
        if not dimensions or last.bits or last.offset != self.btf.members(number)[-1].offset:
            return
        is_flexible = 0 in dimensions
        if not is_flexible and last.count == 1:  # one text, which ends with its NUL, or with what is missing; else an address, which is whole
            made.fixed = last.offset if last.type in ("EMF_STRING", "EMF_COMM") else made.size
            return
        made.tail = last.offset
        spare = _STRUCT_ALIGN // math.gcd(last.size, _STRUCT_ALIGN) - 1  # what _place() adds at most
        made.tail_max = (MAX_BYTES - made.tail - 16) // last.size - spare if is_flexible else last.count
        last.len_offset, last.count = _place(made.tail, last.size, made.tail_max)
        last.offset = made.fixed = last.len_offset + 4
        made.size = last.offset + last.count * last.size
        if made.tail_max < 1 or made.size > MAX_BYTES:
            raise BadObject(f"has '{last.name}' at the end of {self.btf.written(number)}, of elements of {last.size} bytes, which is too much")

    def _members(self, number: int, base: int, depth: int, out: List[TableMember]) -> None:
        if len(out) > c_types.MAX_MEMBERS:
            raise BadObject(f"has a {self.btf.written(number)} with more than {c_types.MAX_MEMBERS} members")
        for index, member in enumerate(self.btf.members(number)):
            if _PADDING.match(member.name):
                continue
            bare = self.btf.strip(member.type)
            at = base + member.offset
            if not member.name and self.btf.kinds[bare] == btf.STRUCT:  # its members are those of who has it
                if depth >= _MAX_DEPTH:
                    raise BadObject(f"has structs in structs that are more than {_MAX_DEPTH} deep")
                self._members(bare, at, depth + 1, out)
            elif not member.name and self.btf.kinds[bare] == btf.UNION:
                name = "_or_".join(m.name for m in self.btf.members(bare) if m.name) or "union"
                out.append(TableMember(name, "EMF_HEX", at, self.btf.size(bare), 1, None))
            elif member.bits:
                out.append(self._bits(member, base))
            else:
                made = self._member(member.name, member.type, at, index, number, depth)
                if made:
                    out.append(made)

    def _bits(self, member: btf.Member, base: int) -> TableMember:
        """In the unit of its type, as C has it; of a packed struct in as many bytes as it needs."""
        unit = self.btf.size(member.type)
        at = member.bit_offset // (8 * unit) * unit
        if member.bit_offset - 8 * at + member.bits > 8 * unit:
            at, unit = member.bit_offset // 8, 8
        skipped = member.bit_offset - 8 * at
        out = self._scalar(member.name, member.type, base + at, 1)
        signed = self.btf.is_signed(member.type) and out.type != "EMF_ENUM"
        if out.type != "EMF_ENUM":
            out.type = f"EMF_{'S' if signed else 'U'}{unit * 8}"
        out.size, out.bits = unit, member.bits
        out.shift = skipped if self.is_little else 8 * unit - skipped - member.bits
        return out

    def _member(self, name: str, type_: int, at: int, index: int, struct: int, depth: int = 0) -> Optional[TableMember]:
        dimensions, element = self.btf.array(type_)
        bare = self.btf.strip(element)
        base = self.base(element)
        flat = 1
        for n in dimensions:
            flat *= n
        total = self.btf.size(type_)
        said = self.said.members.get((struct, index))
        if said is not None:
            return self._said(name, said, at, total, self.btf.size(element), struct)
        if not self.btf.size(element) or (not total and 0 not in dimensions[-1:]):
            return None
        whole = f"{base}[{dimensions[-1]}]" if dimensions else ""
        meant = semantics.of(name, [], whole) if whole else ""
        if meant:
            size = semantics.SIZES[meant]
            return TableMember(name, "EMF_" + meant.upper(), at, size, flat // dimensions[-1], None)
        if base == "char" and dimensions and dimensions[-1]:
            return TableMember(name, "EMF_STRING", at, dimensions[-1], flat // dimensions[-1], None)
        named = f"struct_{self.btf.name(bare)}" if self.btf.kinds[bare] == btf.STRUCT else ""
        meant = semantics.of(name, [*self.btf.typedefs(element), named], base)
        if meant and not (dimensions and dimensions[-1] == 0):
            return TableMember(name, "EMF_" + meant.upper(), at, self.btf.size(element), flat, None)
        if self.btf.kinds[bare] == btf.STRUCT:
            inner = self.record(bare, self.btf.name(bare) or name, depth + 1)
            return TableMember(name, "EMF_STRUCT", at, inner.size, flat, None, record=inner.name)
        return self._scalar(name, element, at, flat)

    def _said(self, name: str, said: str, at: int, total: int, element: int, struct: int) -> TableMember:
        """By EMF_AS()."""
        size = semantics.SIZES.get(said)
        if said in semantics.WIDE and element in semantics.WIDTHS:
            size = element
        if not size:
            raise BadObject(f"has EMF_AS({said}) behind '{name}' of {self.btf.written(struct)}; there are: "
                            + ", ".join(semantics.SIZES))
        if not total or total % size:
            raise BadObject(f"has EMF_AS({said}) behind '{name}' of {self.btf.written(struct)}, which has {total} bytes, "
                            f"and {said} has {size}")
        return TableMember(name, "EMF_" + said.upper(), at, size, total // size, None)

    def base(self, number: int) -> str:
        """What a number is made of: "u32", "be16", "char"; "" for anything else."""
        for typedef in self.btf.typedefs(number):
            if _ORDERED.match(typedef):
                return typedef[2:]
        bare = self.btf.strip(number)
        if self.btf.kinds[bare] != btf.INT:
            return ""
        if self.btf.is_bool(bare) and self.btf.size(bare) == 1:
            return "bool"
        if self.btf.name(bare) == "char":
            return "char"
        bits = 8 * self.btf.size(bare)
        return f"{'s' if self.btf.is_signed(bare) else 'u'}{bits}" if bits in (8, 16, 32, 64, 128) else ""

    def _scalar(self, name: str, element: int, at: int, count: int) -> TableMember:
        bare, size, base = self.btf.strip(element), self.btf.size(element), self.base(element)
        if self.btf.kinds[bare] in (btf.ENUM, btf.ENUM64) and size in (1, 2, 4, 8):
            return TableMember(name, "EMF_ENUM", at, size, count, None, names=self.enum(bare, name).name)
        if self.btf.kinds[bare] == btf.PTR:
            return TableMember(name, "EMF_KSYM", at, size, count, None)
        return TableMember(name, "EMF_" + base.upper() if base else "EMF_HEX", at, size, count, None)
