# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Schema hashes: 64 bits that two sides compare before they exchange plain structs.

The canonical form of a type is what its bytes mean: names, types and places of its
members, values of its enums. Docs, comments, defaults, ranges, positions and the order
of declarations are no part of it.
"""
import hashlib
from typing import Dict, Iterator, List

from . import types
from .layout import Layouts
from .scope import Scope
from .syntax import Chain, Enum, Field, Method, Service, Signal, Struct, TypedError
from .values import items_of


def hash64(text: str) -> str:
    """The first 64 bits of SHA-256, as a C constant."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()[:16] + "ull"


class Schema:
    def __init__(self, layouts: Layouts):
        self.layouts = layouts
        self.known: Dict[int, str] = {}  # by id of the struct

    def fields(self, fields: List[Field], scope: Scope) -> str:
        """Members in their order, which is their place."""
        return "{" + "".join(self._field(f, scope) + ";" for f in fields) + "}"

    def enum(self, enum: Enum, scope: Scope) -> str:
        items = sorted((value, name) for name, value in items_of(enum, scope))
        kind = "flags" if enum.is_flags else "enum"
        return f"{kind}:{enum.base.text}" + "{" + "".join(f"{name}={value};" for value, name in items) + "}"

    def service(self, service: Service, scope: Scope) -> str:
        lines = []
        for member in service.members:
            if isinstance(member, Method):
                lines.append(f"method {member.name}{self.fields(member.arguments, scope)}"
                             f"{self.fields(member.results, scope)}")
            elif isinstance(member, Signal):
                lines.append(f"signal {member.name}{self.fields(member.arguments, scope)}")
            elif isinstance(member, TypedError):
                lines.append(f"error {member.name}{self.fields(member.fields, scope)}")
        return f"service {service.name}\n" + "\n".join(sorted(lines))

    def chain(self, chain: Chain, rooms: List[int], scope: Scope) -> str:
        """Its slots by their numbers, and its state; where it hangs is no matter of the programs in it."""
        slots = "".join(f"{slot.name}[{room}];" for slot, room in zip(chain.slots, rooms))
        return f"chain {chain.name}:{chain.type.text}{{{slots}}}" + (self.fields(chain.state.fields, scope) if chain.state else "")

    def leaves(self, fields: List[Field], scope: Scope) -> List[str]:
        """A running hash over the members of a message, structs in it member by member. One
        that begins with all of another one's has appended to it: two versions understand
        each other by what they have in common. Values of enums are no part of it: new
        ones may be appended, too."""
        state, out = "", []
        for leaf in self._flat(fields, scope, "", True):
            state = hashlib.sha256((state + leaf).encode()).hexdigest()
            out.append(f"0x{state[:16]}ull")
        return out

    def _flat(self, fields: List[Field], scope: Scope, path: str, last: bool) -> Iterator[str]:
        for field in fields:
            found = scope.find_type(field.type.text) if field.type.text not in types.BUILT_IN else None
            at_end = last and field is fields[-1]
            if found and isinstance(found.type, Struct) and not field.array_kind:
                yield from self._flat(found.type.fields, found.scope, f"{path}{field.name}.", at_end)
            elif found and isinstance(found.type, Enum):
                kind = "flags" if found.type.is_flags else "enum"
                yield f"{path}{field.name} {kind}:{found.type.base.text}{self._dimension(field, scope)}"
            else:
                yield path + self._field(field, scope)

    def _dimension(self, field: Field, scope: Scope) -> str:
        if field.array is None:
            return ""
        number = scope.number(field.array, self.layouts.errors)
        return f"[<={number}]" if field.array_kind == "bounded" else f"[{number}]"

    def _field(self, field: Field, scope: Scope) -> str:
        return f"{self._type(field, scope)} {field.name}{self._dimension(field, scope)}"

    def _type(self, field: Field, scope: Scope) -> str:
        name = field.type.text
        if name == types.STRING:
            return f"string<={scope.number(field.bound, self.layouts.errors)}"
        if name in types.BUILT_IN:
            return name + (" " + field.qualifier if field.qualifier else "")
        found = scope.find_type(name)
        if isinstance(found.type, Enum):
            return self.enum(found.type, found.scope)
        assert isinstance(found.type, Struct)
        # Its digest: written out, structs of structs would double with each level.
        key = id(found.type)
        if key not in self.known:
            self.known[key] = hashlib.sha256(self.fields(found.type.fields, found.scope).encode()).hexdigest()
        return "struct:" + self.known[key]
