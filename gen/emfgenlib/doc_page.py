# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a format of documentation has to be able to say."""
from typing import List, Sequence, Tuple


class Page:
    """Text goes in escaped: what escaped() and code() gave, or words without signs."""

    def __init__(self) -> None:
        self.lines: List[str] = []

    def escaped(self, text: str) -> str:
        raise NotImplementedError

    def code(self, text: str) -> str:
        raise NotImplementedError

    def heading(self, level: int, text: str) -> None:
        raise NotImplementedError

    def paragraph(self, text: str) -> None:
        raise NotImplementedError

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        raise NotImplementedError

    def definitions(self, entries: Sequence[Tuple[str, str]]) -> None:
        raise NotImplementedError

    def doc(self, lines: Sequence[str]) -> None:
        """Docs as they were written: an empty line ends a paragraph."""
        part: List[str] = []
        for line in [*lines, ""]:
            if line.strip():
                part.append(line.strip())
            elif part:
                self.paragraph(self.escaped(" ".join(part)))
                part = []

    def text(self) -> str:
        return "\n".join(self.lines).strip("\n") + "\n"


def used_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> List[List[str]]:
    """The header and the rows without the columns that have nothing in them."""
    kept = [at for at in range(len(header)) if at == 0 or any(row[at] for row in rows)]
    return [[row[at] for at in kept] for row in [header, *rows]]


def plain(text: str) -> str:
    """Nothing in it drives a terminal, or ends a line."""
    return "".join(c if c.isprintable() else " " for c in text)
