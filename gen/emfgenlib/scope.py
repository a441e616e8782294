"""What a name means where it stands: in its service, its file, the imported files."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Union

from .errors import Errors
from .syntax import Const, Declaration, Enum, File, Name, Number, Service, Size, Struct, TypedError

MAX_NUMBER = 1 << 24  # of elements: no array of a message comes near


@dataclass
class Scope:
    """The declarations that can be named from one place."""

    prefix: str  # of C names: that of the file or the service
    outer: List["Scope"] = field(default_factory=list)
    types: Dict[str, Union[Enum, Struct]] = field(default_factory=dict)
    consts: Dict[str, Const] = field(default_factory=dict)

    def add(self, declaration: Declaration) -> None:
        if isinstance(declaration, Const):
            self.consts.setdefault(declaration.name, declaration)
        elif isinstance(declaration, (Enum, Struct)) and not isinstance(declaration, TypedError):
            self.types.setdefault(declaration.name, declaration)

    def find_type(self, name: str) -> Optional["Found"]:
        if name in self.types:
            return Found(self, self.types[name])
        for scope in self.outer:
            found = scope.find_type(name)
            if found:
                return found
        return None

    def find_const(self, name: str) -> Optional["FoundConst"]:
        if name in self.consts:
            return FoundConst(self, self.consts[name])
        for scope in self.outer:
            found = scope.find_const(name)
            if found:
                return found
        return None

    def number(self, size: Size, errors: Errors, seen: Optional[List[str]] = None) -> Optional[int]:
        """What a number or the name of a const stands for; None with an error added."""
        if isinstance(size, Number):
            return size.value
        found = self.find_const(size.text)
        if not found:
            errors.add(size.position, f"there is no const '{size.text}'", self._near(size))
            return None
        seen = seen or []
        if found.const.name in seen or found.const.value is None:
            errors.add(size.position, f"const '{size.text}' is made of itself")
            return None
        return found.scope.number(found.const.value, errors, seen + [found.const.name])

    def _near(self, name: Name) -> str:
        known = sorted(self.all_consts())
        return "there are: " + ", ".join(known) if known else "declare it: const " + name.text + " = ...;"

    def all_consts(self) -> List[str]:
        return [*self.consts] + [name for scope in self.outer for name in scope.all_consts()]


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
    import os

    prefix = os.path.basename(file.path).rsplit(".", 1)[0]
    scope = Scope(prefix, [of_file(f) for f in file.imported])
    for declaration in file.declarations:
        scope.add(declaration)
    return scope


def of_service(service: Service, outer: Scope) -> Scope:
    scope = Scope(service.name, [outer])
    for member in service.members:
        scope.add(member)
    return scope
