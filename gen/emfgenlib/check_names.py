# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""No two declarations may meet in one C name, and none may be longer than C tells apart:
the compiler would tell it of generated code, or not at all."""
import re
from typing import Dict, Iterable, List, Optional, Sequence, Set, Tuple

from . import macros
from .check_fields import NAME_MAX, is_emfs
from .errors import Errors, Position
from .interface import Builder, Interface
from .layout import Layouts
from .sdk import FOLDER
from .syntax import File, ModuleDecl, ProductDecl

# What a module's own part of its header and its C declares, and its skeleton.
OF_A_MODULE = ("module", "object", "skeleton", "bpf", "params", "uses", "provides", "needs", "attaches", "events", "metrics", "views", "view_table", "lost_table", "param_table",
               "object_create", "object_destroy", "pack", "pack_end", "pack_start", "stores")

EMFS_OWN = "bus-idl/emf.emf"  # the services that every product has

Named = Tuple[str, Position]


def is_emfs_own(file: File) -> bool:
    return file.path in (EMFS_OWN, f"{FOLDER}/{EMFS_OWN}")


def names_of_module(name: str, position: Position, description: Optional[ModuleDecl]) -> List[Named]:
    names = [(f"{name}_{word}", position) for word in OF_A_MODULE]
    names.append((f"{name}_maps_h".upper(), position))
    if description:
        names += [(f"{name}_{c.text}", c.position) for c in description.callbacks]
    return names


def check_c_names(interfaces: Sequence[Interface], modules: Iterable[Named], errors: Errors) -> None:
    for interface in interfaces:
        _file_name(interface, errors)
    names = [n for i in interfaces for n in i.names] + list(modules)
    owners: Dict[str, Position] = {}
    for name, position in names:
        _meets(name, position, owners, errors)
        if macros.is_macro(name) and not name.startswith(("EMF_", "EBUS_")):  # those are told of their file
            errors.add(position, f"this becomes '{name}' in C, which is a macro of the C library or of the compiler", "rename it")
        owners.setdefault(name, position)
    # Tables are variables: struct x_record stands beside the variable x_record, as ever in C.
    tags: Set[str] = {tag for i in interfaces for tag in i.tags}
    variables = {name: position for name, position in owners.items() if name not in tags}
    tables = [n for i in interfaces for n in i.tables]
    for name, position in tables:
        _meets(name, position, variables, errors)
    _lengths(names + tables, errors)


def _file_name(interface: Interface, errors: Errors) -> None:
    """It is the beginning of C names, and of its header's guard."""
    if not interface.declares:
        return
    first = next(d for d in interface.file.declarations if not isinstance(d, ProductDecl))
    if not re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", interface.name):
        errors.add(first.position, f"the name of this file, '{interface.name}', begins names in C, and cannot",
                   "use letters, digits and '_' in it, and start with a letter or '_'")
    elif is_emfs(interface.name) and not is_emfs_own(interface.file):
        errors.add(first.position, f"the name of this file, '{interface.name}', begins EMF's own names in C", "rename the file")


def _meets(name: str, position: Position, owners: Dict[str, Position], errors: Errors) -> None:
    if name in owners and str(owners[name]) != str(position):
        other = owners[name]
        if other.line and not position.line:  # a map of an object is known by its file
            position, other = other, position
        errors.add(position, f"this becomes '{name}' in C, and so does another declaration",
                   f"the other one is at {other}; rename one of them")


def _lengths(names: Iterable[Named], errors: Errors) -> None:
    """One message for each declaration, about the longest name that is made of it."""
    longest: Dict[str, Named] = {}
    for name, position in names:
        if len(name) > max(NAME_MAX, len(longest.get(str(position), ("",))[0])):
            longest[str(position)] = name, position
    for name, position in longest.values():
        errors.add(position, f"this becomes '{name}' in C, which has more than {NAME_MAX} characters",
                   f"C tells names apart by so many: make the ones in it shorter, by {len(name) - NAME_MAX} together")


def check_names_of(files: Iterable[File], layouts: Layouts, errors: Errors) -> None:
    """Of each of these files, checked, together with what it imports: a build may have more."""
    builder = Builder(layouts)
    told: Set[Tuple[str, str]] = set()
    for file in files:
        own = Errors()
        modules = [n for d in file.of(ModuleDecl) for n in names_of_module(d.name, d.position, d)]
        check_c_names([builder.of(f) for f in [file, *file.reached()]], modules, own)
        for error in own.found:
            if (str(error.position), error.message) not in told:  # of a file that several import
                told.add((str(error.position), error.message))
                errors.add(error.position, error.message, error.hint)
