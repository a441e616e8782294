# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Where each member of a struct lies. C would do the same, but for the padding that it
inserts by itself: here that is an error, because its bytes leak and are no part of a
key."""
from dataclasses import dataclass, field
from typing import List, Optional, Union

from . import types
from .errors import Errors
from .near import nearest
from .scope import MAX_NESTING, MAX_NUMBER, Scope
from .syntax import Enum, Field, Name, Struct

MAX_BYTES = 1 << 24  # of one struct
LEN = types.BUILT_IN["u32"]  # of a bounded array


@dataclass
class Member:
    """One C member; a bounded array has up to three."""

    name: str
    c_type: str
    offset: int
    size: int
    dimensions: List[int] = field(default_factory=list)
    field: Optional[Field] = None  # None for what the generator inserts
    low: Optional[int] = None
    high: Optional[int] = None


@dataclass
class Layout:
    members: List[Member] = field(default_factory=list)
    size: int = 0
    align: int = 1
    in_bpf: bool = True
    depth: int = 1  # of structs in structs
    pads: Optional["_Pads"] = None  # while it is made


class _Pads:
    """Padding to write, in the words of the block or the list that lacks it."""

    def __init__(self, fields: List[Field], in_list: bool):
        self.taken = {f.name for f in fields}
        self.in_list = in_list

    def _next(self, size: int) -> str:
        name = next(f"pad{n}" for n in range(1, len(self.taken) + 2) if f"pad{n}" not in self.taken)
        self.taken.add(name)
        return f"u8 {name}[{size}]"

    def before(self, size: int) -> str:
        return f"put '{self._next(size)}{',' if self.in_list else ';'}' before"

    def last(self, size: int) -> str:
        pad = self._next(size)
        return f"add ', {pad}' behind its last one" if self.in_list else f"add '{pad};' as its last member"


@dataclass
class _Element:
    c_type: str
    size: int
    align: int
    in_bpf: bool = True
    messages_only: bool = False
    low: Optional[int] = None
    high: Optional[int] = None
    dimensions: List[int] = field(default_factory=list)  # a string is an array itself
    depth: int = 0


class Layouts:
    """Computes layouts, each once; every mistake is told once. Padding that is missing
    is told and then taken for there: what follows lies where it will lie."""

    def __init__(self, errors: Errors):
        self.errors = errors
        self.known: dict = {}
        self.open: List[int] = []

    def of(self, struct: Struct, scope: Scope, in_message: bool = False) -> Optional[Layout]:
        key = id(struct)
        if key in self.known:
            return self.known[key]
        if key in self.open:
            return None  # told by the member that closes the circle
        self.open.append(key)
        layout = self._of_fields(struct, struct.fields, scope, in_message, in_list=False)
        self.open.pop()
        self.known[key] = layout
        return layout

    def of_fields(self, owner: Struct, fields: List[Field], scope: Scope, in_message: bool = True) -> Optional[Layout]:
        """Of the arguments of a method or a signal, or of an event."""
        return self._of_fields(owner, fields, scope, in_message, in_list=True)

    def _of_fields(self, owner: Union[Struct, Field], fields: List[Field], scope: Scope,
                   in_message: bool, in_list: bool) -> Optional[Layout]:
        out = Layout(pads=_Pads(fields, in_list))
        ok = True
        for member in fields:
            if not self._add(out, member, scope, in_message):
                ok, out.pads = False, None  # nobody knows where those behind it lie
        if not ok:
            return None
        tail = -out.size % out.align
        if tail:
            last = fields[-1]
            stays_last = last.array_kind == "bounded" and tail % LEN.align == 0
            self.errors.add(owner.position, f"C would add {_bytes(tail)} of padding at the end of '{owner.name}'",
                            f"{out.pads.before(tail)} '{last.name}', which stays last" if stays_last else out.pads.last(tail))
            out.size += tail
        if out.size > MAX_BYTES:
            self.errors.add(owner.position, f"'{owner.name}' is larger than {MAX_BYTES} bytes")
            return None
        return out

    def _add(self, out: Layout, member: Field, scope: Scope, in_message: bool) -> bool:
        element = self._element(member, scope)
        if not element:
            return False
        if element.messages_only and not in_message:
            self.errors.add(member.type.position, f"a '{member.type.text}' can only be an argument or a result",
                            "a number in memory is no open file")
            return False
        count = 1
        if member.array is not None:
            size = scope.number(member.array, self.errors)
            if size is None:
                return False
            if not 0 < size <= MAX_NUMBER:
                self.errors.add(member.array.position, f"an array cannot have {size} elements",
                                f"from 1 to {MAX_NUMBER}")
                return False
            count = size
        elif member.array_kind == "many":
            self.errors.add(member.position, f"'{member.name}[]' has no bound",
                            f"write {member.name}[N] or {member.name}[<=N]")
            return False
        out.in_bpf &= element.in_bpf
        out.depth = max(out.depth, element.depth + 1)
        if member.array_kind == "bounded":
            self._place(out, member, member.name + "_len", _Element(LEN.c, LEN.size, LEN.align), [])
            pad = -out.size % element.align
            if pad:
                out.members.append(Member(member.name + "_pad", "__u8", out.size, pad, [pad]))
                out.size += pad
        dimensions = [count] if member.array is not None else []
        self._place(out, member, member.name, element, dimensions, member)
        return True

    def _place(self, out: Layout, member: Field, name: str, element: _Element, dimensions: List[int],
               declared: Optional[Field] = None) -> None:
        gap = -out.size % element.align
        if gap:
            if out.pads:
                self.errors.add(member.position, f"C would add {_bytes(gap)} of padding before '{name}'",
                                out.pads.before(gap) + " it, or larger members first")
            out.size += gap
        size = element.size * (dimensions[0] if dimensions else 1)
        out.members.append(Member(name, element.c_type, out.size, size, dimensions + element.dimensions, declared,
                                  element.low, element.high))
        out.size += size
        out.align = max(out.align, element.align)

    def _element(self, member: Field, scope: Scope) -> Optional[_Element]:
        name: Name = member.type
        if name.text == types.STRING:
            return self._string(member, scope)
        if name.text in types.BUILT_IN:
            t = types.BUILT_IN[name.text]
            return _Element(t.c, t.size, t.align, t.in_bpf, t.messages_only, t.low, t.high,
                            [t.elements] if t.elements else [])
        found = scope.find_type(name.text)
        if not found:
            self.errors.add(name.position, f"there is no type '{name.text}'", lambda: near_type(name.text, scope))
            return None
        c_name = f"{found.scope.prefix}_{found.type.name}"
        if isinstance(found.type, Enum):
            base = types.BUILT_IN.get(found.type.base.text)
            return _Element(base.c, base.size, base.align, low=base.low, high=base.high) if base else None
        if id(found.type) in self.open:
            self.errors.add(name.position, f"'{found.type.name}' contains itself")
            return None
        deep = len(self.open) > MAX_NESTING and id(found.type) not in self.known
        inner = None if deep else self.of(found.type, found.scope)
        if deep or inner and inner.depth > MAX_NESTING:
            self.errors.add(name.position, f"more than {MAX_NESTING} structs contain each other")
            return None
        return _Element(f"struct {c_name}", inner.size, inner.align, inner.in_bpf, depth=inner.depth) if inner else None

    def _string(self, member: Field, scope: Scope) -> Optional[_Element]:
        if member.bound is None:
            self.errors.add(member.type.position, "a string needs a bound", f"write string<=63 {member.name}")
            return None
        bound = scope.number(member.bound, self.errors)
        if bound is None:
            return None
        if not 0 < bound <= MAX_NUMBER:
            self.errors.add(member.bound.position, f"a string cannot have {bound} bytes", f"from 1 to {MAX_NUMBER}")
            return None
        # Always with its NUL, which the bound does not count.
        return _Element("char", bound + 1, 1, dimensions=[bound + 1])


def _bytes(count: int) -> str:
    return f"{count} byte" + "s" * (count != 1)


def near_type(name: str, scope: Scope) -> str:
    return nearest(name, [*types.BUILT_IN, types.STRING, *scope.types] + [n for s in scope.outer for n in s.types])
