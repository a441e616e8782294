"""Errors with a position. All of one run are collected, then told in order."""
from dataclasses import dataclass, field
from typing import List, Optional


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
        lines = [f"{where}error: {self.message}"]
        if self.position and self.position.line:
            # What drives a terminal does not reach it; one column stays one column.
            shown = "".join(c if c == "\t" or c.isprintable() else "?" for c in self.position.text.rstrip("\r\n"))
            # Tabs stay tabs, so that the caret stands under the same column.
            pad = "".join("\t" if c == "\t" else " " for c in shown[: self.position.column - 1])
            lines += [f"  {shown}", f"  {pad}^"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


@dataclass
class Errors:
    """What was found wrong so far."""

    found: List[Error] = field(default_factory=list)

    def add(self, position: Optional[Position], message: str, hint: str = "") -> None:
        self.found.append(Error(position, message, hint))

    def __bool__(self) -> bool:
        return bool(self.found)

    def report(self) -> str:
        def order(error: Error):
            p = error.position
            return (p.path, p.line, p.column) if p else ("", 0, 0)

        return "\n".join(str(e) for e in sorted(self.found, key=order))
