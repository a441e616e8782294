# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The types of a compiled kernel part: its section .BTF (Documentation/bpf/btf.rst of
the kernel). Types are indexed in one pass and looked into when they are asked for."""
import struct
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from .elf import BadObject, text_at

MAGIC = 0xEB9F
# include/uapi/linux/btf.h
(VOID, INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC,
 FLOAT, DECL_TAG, TYPE_TAG, ENUM64) = range(20)
# Bytes behind the common 12, and for each of the vlen entries.
_FIXED = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0]
_EACH = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12]
_QUALIFIERS = frozenset([TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG])
# A chain of typedefs, or arrays in arrays, longer than this goes in a circle.
MAX_HOPS = 64
POINTER_BYTES = 8  # of BPF, whatever the machine


@dataclass
class Member:
    """Of a struct or union."""

    name: str
    type: int
    bit_offset: int
    bits: int  # of a bit-field; 0 if it is none

    @property
    def offset(self) -> int:
        return self.bit_offset // 8


class Btf:
    def __init__(self, data: memoryview, endian: str):
        self.endian = endian
        self.data = data
        if len(data) < 24:
            raise BadObject("is broken: its BTF ends too early")
        magic, version, _, header, types, types_bytes, texts, texts_bytes = struct.unpack_from(endian + "HBBIIIII", data)
        if magic != MAGIC or version != 1:
            raise BadObject(f"has BTF of an unknown kind: magic {magic:#x}, version {version}")
        if header < 24 or header + types + types_bytes > len(data) or header + texts + texts_bytes > len(data):
            raise BadObject("is broken: its BTF claims more than there is")
        self.types = data[header + types : header + types + types_bytes]
        self.texts = bytes(data[header + texts : header + texts + texts_bytes])
        # By number of the type; number 0 is void.
        self.kinds: List[int] = [VOID]
        self.infos: List[Tuple[int, int, int]] = [(0, 0, 0)]
        self.places: List[int] = [0]
        self._index()
        self._structs: Optional[Dict[str, int]] = None

    def _index(self) -> None:
        unpack = struct.Struct(self.endian + "III").unpack_from
        types, end, at = self.types, len(self.types), 0
        kinds, infos, places = self.kinds, self.infos, self.places
        while at < end:
            if at + 12 > end:
                raise BadObject("is broken: its BTF ends in the middle of a type")
            row = unpack(types, at)
            kind = row[1] >> 24 & 31
            if not 0 < kind <= ENUM64:
                raise BadObject(f"has BTF of a kind that is not known: {kind}")
            kinds.append(kind)
            infos.append(row)
            places.append(at + 12)
            at += 12 + _FIXED[kind] + _EACH[kind] * (row[1] & 0xFFFF)
        if at != end:
            raise BadObject("is broken: its BTF ends in the middle of a type")

    # --- one type -------------------------------------------------------------------

    def kind(self, number: int) -> int:
        if number >= len(self.kinds):
            raise BadObject(f"is broken: its BTF has no type {number}")
        return self.kinds[number]

    def name(self, number: int) -> str:
        self.kind(number)
        return self.text(self.infos[number][0])

    def text(self, offset: int) -> str:
        return text_at(self.texts, offset, "a type") if offset else ""

    def to(self, number: int) -> int:
        """What a pointer, a typedef, a variable is one of."""
        return self.infos[number][2]

    def strip(self, number: int) -> int:
        """The type without typedefs and qualifiers."""
        for _ in range(MAX_HOPS):
            if self.kind(number) not in _QUALIFIERS:
                return number
            number = self.to(number)
        raise BadObject("is broken: the types of its BTF go in a circle")

    def array(self, number: int) -> Tuple[List[int], int]:
        """The dimensions, and the type that is behind them; none for what is no array."""
        dimensions: List[int] = []
        for _ in range(MAX_HOPS):
            bare = self.strip(number)
            if self.kinds[bare] != ARRAY:
                return dimensions, number
            number, _, count = struct.unpack_from(self.endian + "III", self.types, self.places[bare])
            dimensions.append(count)
        raise BadObject("is broken: the arrays of its BTF go in a circle")

    def size(self, number: int) -> int:
        """In bytes; 0 for what has no size."""
        dimensions, element = self.array(number)
        element = self.strip(element)
        kind = self.kinds[element]
        if kind in (INT, STRUCT, UNION, ENUM, ENUM64, FLOAT, DATASEC):
            bytes_ = self.infos[element][2]
        else:
            bytes_ = POINTER_BYTES if kind == PTR else 0
        for count in dimensions:
            bytes_ *= count
        return bytes_

    def count(self, number: int) -> int:
        """Members of a struct, values of an enum, variables of a section."""
        return self.infos[number][1] & 0xFFFF

    def members(self, number: int) -> List[Member]:
        """Of a struct or union, in their order."""
        info = self.infos[number][1]
        has_bits, count = info >> 31, info & 0xFFFF
        out = []
        rows = self.types[self.places[number] : self.places[number] + 12 * count]
        for name, type_, offset in struct.iter_unpack(self.endian + "III", rows):
            bits = offset >> 24 if has_bits else 0
            place = offset & 0xFFFFFF if has_bits else offset
            self.kind(type_)
            out.append(Member(self.text(name), type_, place, bits or self._old_bits(type_)))
        return out

    def _old_bits(self, number: int) -> int:
        """Older compilers say it in the type: an int of fewer bits than its bytes hold."""
        bare = self.strip(number)
        if self.kinds[bare] != INT:
            return 0
        bits = self._int(bare) & 0xFF
        return bits if bits != self.infos[bare][2] * 8 else 0

    def _int(self, number: int) -> int:
        return struct.unpack_from(self.endian + "I", self.types, self.places[number])[0]

    def is_signed(self, number: int) -> Optional[bool]:
        """None for what is no number."""
        bare = self.strip(number)
        if self.kinds[bare] == INT:
            return bool(self._int(bare) >> 24 & 1)
        if self.kinds[bare] in (ENUM, ENUM64):
            return bool(self.infos[bare][1] >> 31)
        return None

    def is_bool(self, number: int) -> bool:
        bare = self.strip(number)
        return self.kinds[bare] == INT and bool(self._int(bare) >> 24 & 4)

    def has_qualifiers(self, number: int, wanted: Tuple[int, ...]) -> bool:
        """Whether all of these are on the way to the bare type, array or not."""
        seen = set()
        for _ in range(MAX_HOPS):
            kind = self.kind(number)
            seen.add(kind)
            if kind == ARRAY:
                number = struct.unpack_from(self.endian + "I", self.types, self.places[number])[0]
            elif kind in _QUALIFIERS:
                number = self.to(number)
            else:
                return all(w in seen for w in wanted)
        raise BadObject("is broken: the types of its BTF go in a circle")

    def values(self, number: int) -> List[Tuple[str, int]]:
        """The names of an enum, with their values."""
        info, out = self.infos[number], []
        count, signed, at = info[1] & 0xFFFF, info[1] >> 31, self.places[number]
        if self.kinds[number] == ENUM:
            for name, value in struct.iter_unpack(self.endian + ("Ii" if signed else "II"), self.types[at : at + 8 * count]):
                out.append((self.text(name), value))
        elif self.kinds[number] == ENUM64:
            for name, low, high in struct.iter_unpack(self.endian + ("IIi" if signed else "III"), self.types[at : at + 12 * count]):
                out.append((self.text(name), high << 32 | low))
        return out

    def component(self, number: int) -> int:
        """The index of the member that a declaration tag is of; -1 for the whole."""
        return struct.unpack_from(self.endian + "i", self.types, self.places[number])[0]

    def parameters(self, number: int) -> List[int]:
        """The types of those of a function."""
        count, at = self.infos[number][1] & 0xFFFF, self.places[number]
        return [type_ for _, type_ in struct.iter_unpack(self.endian + "II", self.types[at : at + 8 * count])]

    def unqualified(self, number: int) -> int:
        """The type without qualifiers, a typedef as it is."""
        for _ in range(MAX_HOPS):
            if self.kind(number) == TYPEDEF or self.kinds[number] not in _QUALIFIERS:
                return number
            number = self.to(number)
        raise BadObject("is broken: the types of its BTF go in a circle")

    def is_static(self, number: int) -> bool:
        """Of a variable: not seen from outside of its file."""
        return self._int(number) == 0

    def typedefs(self, number: int) -> List[str]:
        """The names that a type goes by, the outermost first."""
        out = []
        for _ in range(MAX_HOPS):
            if self.kind(number) not in _QUALIFIERS:
                return out
            if self.kinds[number] == TYPEDEF:
                out.append(self.name(number))
            number = self.to(number)
        raise BadObject("is broken: the types of its BTF go in a circle")

    def secinfos(self, number: int) -> List[Tuple[int, int, int]]:
        """Variable, offset and size of each entry of a DATASEC."""
        count = self.infos[number][1] & 0xFFFF
        rows = self.types[self.places[number] : self.places[number] + 12 * count]
        return list(struct.iter_unpack(self.endian + "III", rows))

    # --- all types --------------------------------------------------------------------

    def structs(self) -> Dict[str, int]:
        """The structs and unions with a name; of two with one name, the first."""
        if self._structs is None:
            self._structs = {}
            for number, kind in enumerate(self.kinds):
                if kind in (STRUCT, UNION) and self.infos[number][0]:
                    self._structs.setdefault(self.name(number), number)
        return self._structs

    def written(self, number: int, hops: int = 0) -> str:
        """The type as a C programmer writes it, for messages."""
        if hops > MAX_HOPS:
            raise BadObject("is broken: the types of its BTF go in a circle")
        kind = self.kind(number)
        if kind == ARRAY:
            dimensions, element = self.array(number)
            return self.written(element, hops + 1) + "".join(f"[{n}]" for n in dimensions)
        if kind in (STRUCT, UNION, ENUM, ENUM64, FWD):
            is_union = kind == UNION or (kind == FWD and self.infos[number][1] >> 31)
            word = "enum" if kind in (ENUM, ENUM64) else "union" if is_union else "struct"
            return f"{word} {self.name(number) or '{...}'}"
        if kind == PTR:
            to = self.to(number)
            if self.kind(self.strip(to)) == FUNC_PROTO:
                return "a pointer to a function"
            inner = self.written(to, hops + 1)
            return inner + ("*" if inner.endswith("*") else " *")
        if kind in (VOLATILE, CONST, RESTRICT, TYPE_TAG):
            return self.written(self.to(number), hops + 1)
        return self.name(number) or "void"
