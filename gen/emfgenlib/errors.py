# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Errors with a position. Those of one run are collected, then told in order."""
from dataclasses import dataclass, field
from typing import Callable, List, Optional, Tuple, Union

MOST = 100  # of one run that are told; who has more begins with these
COLUMNS = 120  # of an offending line
CHARACTERS = 500  # of a message or a hint: names are as long as who wrote them likes

Hint = Union[str, Callable[[], str]]  # made when it is told only, where that takes a while


@dataclass(frozen=True)
class Position:
    """A place in a file; line and column count from 1."""

    path: str
    line: int = 0
    column: int = 0
    text: str = ""  # the offending line, for the caret

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Error:
    position: Optional[Position]
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.position}: " if self.position else "emfgen: "
        lines = [f"{where}error: {_cut(self.message)}"]
        if self.position and self.position.line:
            before, rest = _around(self.position)
            # Tabs stay tabs, so that the caret stands under the same column.
            pad = "".join("\t" if c == "\t" else " " for c in before)
            lines += [f"  {before}{rest}", f"  {pad}^"]
        if self.hint:
            lines.append(f"  hint: {_cut(self.hint)}")
        return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS else text[:CHARACTERS] + "..."


def _around(position: Position) -> Tuple[str, str]:
    """The offending line before the caret and from there on, as much as a terminal shows."""
    text = position.text.rstrip("\r\n")
    at = position.column - 1
    start = max(0, min(at - COLUMNS // 2, len(text) - COLUMNS))
    end = start + COLUMNS
    # What drives a terminal does not reach it; one column stays one column.
    shown = "".join(c if c == "\t" or c.isprintable() else "?" for c in text[start:end])
    return "..." * bool(start) + shown[: at - start], shown[at - start :] + "..." * (end < len(text))


@dataclass
class Errors:
    """What was found wrong so far."""

    found: List[Error] = field(default_factory=list)  # the first ones
    count: int = 0  # of all

    def add(self, position: Optional[Position], message: str, hint: Hint = "") -> None:
        self.count += 1
        if len(self.found) < MOST:
            self.found.append(Error(position, message, hint if isinstance(hint, str) else hint()))

    def __bool__(self) -> bool:
        return self.count > 0

    def report(self) -> str:
        def order(error: Error):
            p = error.position
            return (p.path, p.line, p.column) if p else ("", 0, 0)

        more = self.count - len(self.found)
        told = [str(e) for e in sorted(self.found, key=order)]
        return "\n".join(told + [f"emfgen: and {more} more error{'s' if more > 1 else ''}"] * bool(more))
