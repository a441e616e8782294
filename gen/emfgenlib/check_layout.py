# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Declared structs against those that the compiler made for the kernel part."""
from typing import Iterable, List, Optional

from . import btf, types
from .bpf_object import Object
from .errors import Errors
from .interface import CStruct, Interface
from .layout import Member
from .near import near

TOLD = 8  # members in one message


def check_layouts(obj: Object, source: str, interfaces: Iterable[Interface], errors: Errors) -> None:
    """Every struct that these give to C: declared ones, messages, records of events, states of chains."""
    for interface in interfaces:
        for struct in interface.structs:
            number = obj.structs.get(struct.name)
            if number is not None:
                _Comparison(obj, source, struct, errors,
                            f'change one of the two, or take it from "{interface.name}_emf.h"').run(number)


class _Comparison:
    """Of one struct: what is declared here, and what is there."""

    def __init__(self, obj: Object, source: str, struct: CStruct, errors: Errors, hint: str):
        self.btf = obj.btf
        self.what = f"'struct {struct.name}' of {source}"
        self.struct, self.layout, self.errors, self.hint = struct.declaration, struct.layout, errors, hint

    def run(self, number: int) -> None:
        if self.btf.kinds[number] == btf.UNION:
            self.errors.add(self.struct.position, self.what.replace("struct", "union", 1) + " is no struct", self.hint)
            return
        before = self.errors.count
        there = {m.name: m for m in self.btf.members(number)}
        shift = 0
        for member in self.layout.members:
            found = there.get(member.name)
            if not found:
                self._add(member, f"has no member '{member.name}'", near(member.name, there, "it has"))
                continue
            shift = self._place(member, found, shift)
        declared = {m.name for m in self.layout.members}
        more = [f"'{m.name}' at byte {m.offset}" for m in there.values() if m.name not in declared]
        if more:
            self._add(None, "has what is not here: " + ", ".join(more[:TOLD]) + (" and more" if more[TOLD:] else ""))
        size = self.btf.size(number)
        if size != self.layout.size and self.errors.count == before:
            self._add(None, f"has {size} bytes, here it has {self.layout.size}")

    def _add(self, member: Optional[Member], message: str, hint: str = "") -> None:
        at = member.field if member and member.field else self.struct
        self.errors.add(at.position, f"{self.what} {message}", hint or self.hint)

    def _place(self, member: Member, found: btf.Member, shift: int) -> int:
        """How far the member is from where it is declared. Those behind one that is too
        long are all as far off, and are not told again."""
        written, size = self.btf.written(found.type), self.btf.size(found.type)
        if found.bits:
            self._add(member, f"has '{member.name}' as a bit-field of {found.bits} bits")
            return shift
        off = found.offset - member.offset
        if size != member.size or off not in (0, shift):
            self._add(member, f"has '{member.name}' at byte {found.offset} with {size} byte{'' if size == 1 else 's'} "
                      f"({written}), here it is at byte {member.offset} with {member.size}")
        else:
            self._type(member, found, written)
        return off + size - member.size

    def _type(self, member: Member, found: btf.Member, written: str) -> None:
        dimensions, element = self.btf.array(found.type)
        if dimensions != member.dimensions:
            here = "".join(f"[{n}]" for n in member.dimensions)
            self._add(member, f"has '{member.name}' as {written}, here it is " + (here or "no array"))
            return
        bare = self.btf.strip(element)
        there_type = self.btf.written(bare)
        is_struct = member.c_type.startswith("struct ")
        if is_struct or self.btf.kinds[bare] in (btf.STRUCT, btf.UNION):
            if there_type != member.c_type:
                self._add(member, f"has '{member.name}' as {there_type}, here it is {member.c_type}")
            return
        signed = self.btf.is_signed(element)
        if signed is None:
            self._add(member, f"has '{member.name}' as {written}, here it is a number")
        elif member.c_type != "char" and there_type != "char" and signed != _is_signed(member):
            words = ("unsigned", "signed")
            self._add(member, f"has '{member.name}' {words[signed]} ({written}), here it is {words[not signed]}")


def _is_signed(member: Member) -> bool:
    if member.low is not None:
        return member.low < 0
    return member.c_type in _SIGNED


_SIGNED = frozenset(t.c for t in types.BUILT_IN.values() if t.low is not None and t.low < 0)


def member_names(obj: Object, number: Optional[int]) -> List[str]:
    """Of a struct; none for what is no struct."""
    if number is None:
        return []
    bare = obj.btf.strip(number)
    if obj.btf.kinds[bare] not in (btf.STRUCT, btf.UNION):
        return []
    return [m.name for m in obj.btf.members(bare) if m.name]
