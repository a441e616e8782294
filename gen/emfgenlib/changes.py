# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What emfgen diff found: breaks, and changes that nobody has to fear."""
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

from .errors import Position
from .syntax import Value


@dataclass
class Change:
    position: Position  # in the new file; in the old one of what is gone
    what: str
    why: str = ""
    breaks: bool = False
    adds: bool = False  # something that the old version had not: a new minor version says so

    def __str__(self) -> str:
        return f"{self.position}: {'break' if self.breaks else 'compatible'}: {self.what}" + f" ({self.why})" * bool(self.why)


@dataclass
class Changes:
    found: List[Change] = field(default_factory=list)

    def breaks(self, position: Position, what: str, why: str) -> None:
        self.found.append(Change(position, what, why, breaks=True))

    def fine(self, position: Position, what: str) -> None:
        self.found.append(Change(position, what))

    def adds(self, position: Position, what: str) -> None:
        self.found.append(Change(position, what, adds=True))

    def take(self, other: "Changes", allowed: bool = False) -> None:
        """All of another one's; what breaks is just told when it is @allowed."""
        for change in other.found:
            if change.breaks and allowed:
                change = Change(change.position, change.what, "allowed by the new major version")
            self.found.append(change)


def version(value: Optional[Value]) -> Tuple[int, ...]:
    return tuple(int(part) for part in value.text.split(".")) if value else (0, 0)


def major_raised(old: Optional[Value], new: Optional[Value]) -> bool:
    return bool(old and new) and version(new)[0] > version(old)[0]
