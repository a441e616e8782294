# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a type means where it stands, and which messages a struct is a part of."""
from dataclasses import dataclass, field, replace
from typing import Dict, List, Optional, Set, Tuple

from . import types
from .errors import Errors
from .layout import Layouts
from .scope import Scope, of_file, of_service
from .syntax import Chain, Declaration, Enum, Field, File, Method, Name, Service, Signal, Size, Struct, TypedError


@dataclass
class Use:
    """A struct in a message, directly or in another struct."""

    message: str
    last: bool  # nothing stands behind it, and it is no array


@dataclass
class Side:
    """One of the two versions, and the place from which names are looked up."""

    file: File
    scope: Scope
    layouts: Layouts
    uses: Dict[int, List[Use]] = field(default_factory=dict)  # by id of the struct
    bounds: Set[str] = field(default_factory=set)  # consts that bound arrays and strings
    own: Set[int] = field(default_factory=set)  # ids of the declarations of the file, outside of services

    @classmethod
    def of_file(cls, file: File) -> "Side":
        side = cls(file, of_file(file), Layouts(Errors()))
        side.own.update(id(d) for d in file.declarations)
        side._bounded(file.declarations)
        for service in file.of(Service):
            side.inside(service)._collect(service)
        for chain in file.of(Chain):
            if chain.state:
                side._walk(chain.state.fields, f"the state of chain '{chain.name}'", side.scope, True)
        return side

    def inside(self, service: Service) -> "Side":
        return replace(self, scope=of_service(service, self.scope))

    def number(self, size: Optional[Size]) -> Optional[int]:
        return self.scope.number(size, Errors()) if size is not None else None

    def home(self, name: str) -> str:
        """Where a type is declared: at two places it is two types."""
        found = self.scope.find_type(name)
        if not found:
            return ""
        if id(found.type) in self.own:
            return "the file"
        return "the service" if name in self.scope.types else "an imported file"

    def imported_size(self, name: str) -> int:
        """The size of a struct that another file declares; its members are not ours to compare."""
        found = self.scope.find_type(name)
        if not found or self.home(name) != "an imported file":
            return 0
        if isinstance(found.type, Enum):
            return types.BUILT_IN[found.type.base.text].size
        layout = self.layouts.of(found.type, found.scope)
        return layout.size if layout else 0

    def _bounded(self, node: object) -> None:
        if isinstance(node, Field):
            self.bounds.update(size.text for size in (node.bound, node.array) if isinstance(size, Name))
        elif isinstance(node, list):
            for element in node:
                self._bounded(element)
        elif isinstance(node, Declaration):
            for value in vars(node).values():
                self._bounded(value)

    def _collect(self, service: Service) -> None:
        for member in service.members:
            if isinstance(member, TypedError):
                self._walk(member.fields, f"error '{member.name}'", self.scope, True)
            elif isinstance(member, Method):
                self._walk(member.arguments, f"the arguments of method '{member.name}'", self.scope, True)
                self._walk(member.results, f"the results of method '{member.name}'", self.scope, True)
            elif isinstance(member, Signal):
                self._walk(member.arguments, f"signal '{member.name}'", self.scope, True)

    def _walk(self, fields: List[Field], message: str, scope: Scope, last: bool) -> None:
        for member in fields:
            found = scope.find_type(member.type.text)
            if not found or not isinstance(found.type, Struct):
                continue
            at_end = last and member is fields[-1] and not member.array_kind
            uses = self.uses.setdefault(id(found.type), [])
            if Use(message, at_end) not in uses:  # a struct that is used often is walked once
                uses.append(Use(message, at_end))
                self._walk(found.type.fields, message, found.scope, at_end)


def spelled(member: Field, side: Side) -> Tuple[str, ...]:
    """The type of a member with its bound as a number: equal means the same in C."""
    text = member.type.text + (f"<={side.number(member.bound)}" if member.bound is not None else "")
    return text + (" " + member.qualifier if member.qualifier else ""), side.home(member.type.text)


def dimension(member: Field, side: Side) -> str:
    if not member.array_kind:
        return ""
    return "[" + "<=" * (member.array_kind == "bounded") + str(side.number(member.array) or "") + "]"
