# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the bytes of a type mean, whatever it is called: so that two kernel parts that
were compiled apart can share a map."""
import hashlib
from typing import Dict, Optional

from . import btf
from .btf import Btf
from .elf import BadObject

_MAX_NESTING = 64  # of structs; more go in a circle
_RECORDS = (btf.STRUCT, btf.UNION)


class Layouts:
    """Of the types of one object."""

    def __init__(self, types: Btf):
        self.btf = types
        self._known: Dict[int, str] = {}

    def of(self, number: Optional[int], nesting: int = 0) -> str:
        """Equal for types of equal layout: members by name and place, numbers by size and
        signedness. That of a struct is a digest: written out, structs of structs would double
        with each level."""
        if number is None:
            return "bytes"
        dimensions, element = self.btf.array(number)
        bare = self.btf.strip(element)
        kind = self.btf.kinds[bare]
        if kind in _RECORDS:
            text = self._record(bare, nesting)
        elif self.btf.is_signed(bare) is not None:
            text = "us"[bool(self.btf.is_signed(bare))] + str(self.btf.size(bare))
        else:
            text = f"kind{kind}:{self.btf.size(bare)}"
        return "".join(f"[{n}]" for n in dimensions) + text

    def _record(self, bare: int, nesting: int) -> str:
        if nesting > _MAX_NESTING:
            raise BadObject("is broken: the types of its BTF go in a circle")
        if bare not in self._known:
            lines = [f"{self.btf.kinds[bare]} {self.btf.size(bare)}"]
            lines += [f"{m.name} {m.bit_offset} {m.bits} {self.of(m.type, nesting + 1)}" for m in self.btf.members(bare)]
            self._known[bare] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        return self._known[bare]

    def hash(self, key: Optional[int], value: Optional[int]) -> str:
        """Of a map, as a C constant."""
        return "0x" + hashlib.sha256(f"{self.of(key)} {self.of(value)}".encode()).hexdigest()[:16] + "ull"


def difference(here: Layouts, a: int, there: Layouts, b: int) -> str:
    """The first one, as the rest of a sentence about @a; "" for types of equal layout."""
    if here.of(a) == there.of(b):
        return ""
    dimensions_a, element_a = here.btf.array(a)
    dimensions_b, element_b = there.btf.array(b)
    bare_a, bare_b = here.btf.strip(element_a), there.btf.strip(element_b)
    kinds = here.btf.kinds[bare_a], there.btf.kinds[bare_b]
    if dimensions_a == dimensions_b and kinds[0] == kinds[1] and kinds[0] in _RECORDS:
        return f"is {here.btf.written(a)}, there {there.btf.written(b)}: {_members(here, bare_a, there, bare_b)}"
    return f"is {_written(here.btf, a)}, there {_written(there.btf, b)}"


def _written(types: Btf, number: int) -> str:
    size = types.size(number)
    return f"{types.written(number)} ({size} byte{'' if size == 1 else 's'})"


def _members(here: Layouts, a: int, there: Layouts, b: int) -> str:
    ours, theirs = here.btf.members(a), there.btf.members(b)
    for one, other in zip(ours, theirs):
        if one.name != other.name:
            return f"'{one.name}' stands where there is '{other.name}'"
        if one.bit_offset != other.bit_offset:
            return f"'{one.name}' is at byte {one.offset}, there at byte {other.offset}"
        if one.bits != other.bits:
            return f"'{one.name}' has {one.bits or 'no'} bits as a bit-field, there {other.bits or 'none'}"
        inner = difference(here, one.type, there, other.type)
        if inner:
            return f"'{one.name}' {inner}"
    if len(ours) != len(theirs):
        more, where = (ours, "here") if len(ours) > len(theirs) else (theirs, "there")
        return f"'{more[min(len(ours), len(theirs))].name}' is {where} only"
    return f"it has {here.btf.size(a)} bytes, there {there.btf.size(b)}"
