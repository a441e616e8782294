# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Whether two syntax trees say the same, wherever it stands."""
from dataclasses import fields, is_dataclass

from .errors import Position
from .syntax import File


def same(one: object, other: object) -> bool:
    """Equal but for positions, and for the path and the text of a file."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Position):
        return True
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other))
    if is_dataclass(one):
        skipped = ("path", "imported", "text") if isinstance(one, File) else ()
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one) if f.name not in skipped)
    return one == other
