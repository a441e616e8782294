# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Maps that one kernel part imports, against those that another one exports."""
from typing import Callable, List, NamedTuple, Optional

from . import bpf_names
from .bpf_object import Map, Object
from .btf_layout import Layouts, difference
from .errors import Errors
from .syntax import MapUse, ModuleDecl


class Shared(NamedTuple):
    """A map that is exported or imported, as the header of its object has it."""

    name: str
    layout: str  # a hash, which the core compares when the modules start


class Compiled(NamedTuple):
    """Another module's kernel part."""

    object: Object
    source: str


def shared(obj: Object, module: Optional[ModuleDecl]) -> List[Shared]:
    layouts, out = Layouts(obj.btf), []
    for use in module.maps if module else []:
        found = obj.maps.get(use.map.text)
        if found:
            out.append(Shared(found.name, layouts.hash(found.key, found.value)))
    return out


def check_shared(obj: Object, source: str, module: ModuleDecl, get: Callable[[str], Optional[Compiled]], errors: Errors) -> None:
    """@get finds the kernel part of a module; None for one that its own errors are told of."""
    for use in module.maps:
        ours = obj.maps.get(use.map.text)
        other = get(use.source.text) if use.source and ours else None
        theirs = other.object.maps.get(use.map.text) if other else None
        if ours and other and theirs:
            _compare(use, obj, source, ours, other, theirs, errors)


def _type(map_: Map) -> str:
    return bpf_names.MAP_TYPES[map_.type] if map_.type < len(bpf_names.MAP_TYPES) else str(map_.type)


def _compare(use: MapUse, obj: Object, source: str, ours: Map, other: Compiled, theirs: Map, errors: Errors) -> None:
    found = []
    for what, here, there in (("type", _type(ours), _type(theirs)), ("max_entries", ours.max_entries, theirs.max_entries),
                              ("map_flags", hex(ours.flags), hex(theirs.flags))):
        if here != there:
            found.append(f"its {what} is {here}, there {there}")
    here, there = Layouts(obj.btf), Layouts(other.object.btf)
    for side in ("key", "value"):
        a, b = getattr(ours, side), getattr(theirs, side)
        sizes = [getattr(m, side + "_size") for m in (ours, theirs)]
        if (a is None) != (b is None):
            typed = "only here" if b is None else "only there"
            found.append(f"its {side} has a type {typed}: write __type({side}, ...) in both, or in none")
        elif sizes[0] != sizes[1] and a is None:
            found.append(f"its {side} has {sizes[0]} bytes, there {sizes[1]}")
        elif a is not None and b is not None and here.of(a) != there.of(b):
            found.append(f"its {side} {difference(here, a, there, b)}")
    if found:
        errors.add(use.map.position, f"map '{ours.name}' of {source} is not as {other.source} exports it: {'; '.join(found)}",
                   "declare it in both alike, with types from one header")
