# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a name means where it stands: in its service, its file, the imported files."""
import os
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Union

from .errors import Errors
from .syntax import Const, Declaration, Enum, File, Name, Number, Service, Size, Struct, TypedError

MAX_NUMBER = 1 << 24  # of elements: no array of a message comes near
MAX_NESTING = 64  # of structs in structs, of consts made of consts


@dataclass
class Scope:
    """The declarations that can be named from one place."""

    prefix: str  # of C names: that of the file or the service
    outer: List["Scope"] = field(default_factory=list)  # all of them, the nearest first
    types: Dict[str, Union[Enum, Struct]] = field(default_factory=dict)
    consts: Dict[str, Const] = field(default_factory=dict)

    def add(self, declaration: Declaration) -> None:
        if isinstance(declaration, Const):
            self.consts.setdefault(declaration.name, declaration)
        elif isinstance(declaration, (Enum, Struct)) and not isinstance(declaration, TypedError):
            self.types.setdefault(declaration.name, declaration)

    def find_type(self, name: str) -> Optional["Found"]:
        for scope in (self, *self.outer):
            if name in scope.types:
                return Found(scope, scope.types[name])
        return None

    def find_const(self, name: str) -> Optional["FoundConst"]:
        for scope in (self, *self.outer):
            if name in scope.consts:
                return FoundConst(scope, scope.consts[name])
        return None

    def number(self, size: Size, errors: Errors, seen: Optional[List[str]] = None) -> Optional[int]:
        """What a number or the name of a const stands for; None with an error added."""
        if isinstance(size, Number):
            return size.value
        found = self.find_const(size.text)
        if not found:
            errors.add(size.position, f"there is no const '{size.text}'", lambda: self._near(size))
            return None
        seen = seen or []
        if found.const.name in seen or found.const.value is None:
            errors.add(size.position, f"const '{size.text}' is made of itself")
            return None
        if len(seen) > MAX_NESTING:
            errors.add(size.position, f"more than {MAX_NESTING} consts are made of each other", "write the number")
            return None
        return found.scope.number(found.const.value, errors, seen + [found.const.name])

    def _near(self, name: Name) -> str:
        known = sorted(self.all_consts())
        return "there are: " + ", ".join(known) if known else "declare it: const " + name.text + " = ...;"

    def all_consts(self) -> List[str]:
        return [name for scope in (self, *self.outer) for name in scope.consts]


@dataclass
class Found:
    scope: Scope
    type: Union[Enum, Struct]


@dataclass
class FoundConst:
    scope: Scope
    const: Const


def of_file(file: File) -> Scope:
    """The scope of a file's declarations; those of imported files are outside of it."""
    made = {id(f): _own(f) for f in [file, *file.reached()]}
    for each in [file, *file.reached()]:
        made[id(each)].outer = [made[id(f)] for f in each.reached()]
    return made[id(file)]


def _own(file: File) -> Scope:
    scope = Scope(os.path.basename(file.path).rsplit(".", 1)[0])
    for declaration in file.declarations:
        scope.add(declaration)
    return scope


def of_service(service: Service, outer: Scope) -> Scope:
    scope = Scope(service.name, [outer, *outer.outer])
    for member in service.members:
        scope.add(member)
    return scope
