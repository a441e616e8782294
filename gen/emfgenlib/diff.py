# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a new version of a file breaks for those who were built against the old one.

The rules, with their reasons, are in docs/idl.md. A declaration is known by its name;
a service, a module and a product may break things when their major version is raised.
"""
import os
from typing import Callable, Dict, List, Tuple

from .diff_chain import compare_chains
from .diff_module import compare_modules, compare_products
from .diff_service import compare_services
from .diff_types import compare_types
from .diff_wire import Side
from .changes import Change, Changes, major_raised
from .syntax import Chain, Const, Declaration, Enum, File, ModuleDecl, ProductDecl, Service, Struct

KINDS: Tuple[Tuple[type, str], ...] = (
    (Const, "const"), (Enum, "enum"), (Struct, "struct"), (Service, "service"), (Chain, "chain"),
)


def compare(old: File, new: File) -> List[Change]:
    """All changes between two files without errors, in order."""
    changes = Changes()
    sides = Side.of_file(old), Side.of_file(new)
    _versioned(old, new, Service, "service", lambda a, b, into: compare_services(a, b, *sides, into), changes)
    _versioned(old, new, ModuleDecl, "module", lambda a, b, into: compare_modules(a, b, *sides, into), changes)
    _versioned(old, new, ProductDecl, "product", lambda a, b, into: compare_products(a, b, into), changes)
    common = Changes()
    compare_types(_plain(old), _plain(new), *sides, common)
    # What stands outside of a service has no version of its own: it goes with all of them.
    new_services = {s.name: s for s in new.of(Service)}
    kept = [(s, new_services[s.name]) for s in old.of(Service) if s.name in new_services]
    changes.take(common, bool(kept) and all(major_raised(a.version, b.version) for a, b in kept))
    compare_chains(old, new, *sides, changes)
    if os.path.realpath(old.path) == os.path.realpath(new.path):
        return changes.found
    order = {old.path: 0, new.path: 1}
    return sorted(changes.found, key=lambda c: (order.get(c.position.path, 2), c.position.line, c.position.column))


def _plain(file: File) -> List[Declaration]:
    return [d for d in file.declarations if isinstance(d, (Const, Enum, Struct))]


def _is_implied(declaration: Declaration) -> bool:
    """Its module and its events are compared instead."""
    return isinstance(declaration, Service) and declaration.implied


def _versioned(old: File, new: File, kind: type, what: str, compare_two: Callable[..., None], changes: Changes) -> None:
    """Declarations with a version: what one of them breaks, a new major version allows."""
    before: Dict[str, Declaration] = {d.name: d for d in old.of(kind) if not _is_implied(d)}
    after: Dict[str, Declaration] = {d.name: d for d in new.of(kind) if not _is_implied(d)}
    for name, declaration in before.items():
        if name not in after:
            changes.breaks(declaration.position, f"{what} '{name}' is gone", "who uses it finds nothing")
            continue
        other = after[name]
        own = Changes()
        compare_two(declaration, other, own)
        raised = major_raised(declaration.version, other.version)
        if raised:
            changes.fine(other.position, f"{what} '{name}' has a new major version, {other.version.text} after "
                         f"{declaration.version.text}: it may break what was built for the old one")
        changes.take(own, raised)
    for name, declaration in after.items():
        if name not in before:
            changes.fine(declaration.position, f"{what} '{name}' is new")
