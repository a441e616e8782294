# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Documentation as a page for man(1): of files in section 7, of tools in section 8."""
from typing import Sequence, Tuple

from . import VERSION
from .doc_page import Page, plain

_ESCAPES = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}


class Man(Page):
    def __init__(self, names: str):
        super().__init__()
        name = names.split(",")[0].rsplit(".", 1)[0] or "emf"
        # Tables are drawn without tbl: its lines would have to be escaped a second way.
        self.lines = [f'.TH "{self.escaped(name.upper())}" 7 "" "emfgen {VERSION}" "Description"', ".SH NAME",
                      f"{_line(self.escaped(name))} \\- what {self.escaped(names)} declares"]

    def escaped(self, text: str) -> str:
        return "".join(_ESCAPES.get(c, c) for c in plain(text).strip())

    def code(self, text: str) -> str:
        return f"\\fB{self.escaped(text)}\\fR"

    def heading(self, level: int, text: str) -> None:
        macro = (".SH", ".SS", ".TP")[level - 1]
        self.lines += [macro, _line(self.escaped(text))] if level < 3 else [".PP", _line(self.code(text))]

    def paragraph(self, text: str) -> None:
        self.lines += [".PP", _line(text)]

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Narrow screens have no room for tables: each row is a definition."""
        self.definitions([(row[0], "; ".join(
            cell if title in ("Type", "Kind", "About", "Programs") else f"{title.lower()} {cell}"
            for title, cell in zip(header[1:], row[1:]) if cell)) for row in rows])

    def definitions(self, entries: Sequence[Tuple[str, str]]) -> None:
        self.lines.append(".RS 4")
        for term, about in entries:
            self.lines += [".TP", _line(term), _line(about) if about else "\\&"]
        self.lines.append(".RE")


class ToolMan(Man):
    """That of a tool; what stands right behind a heading begins no paragraph, as man(7) wants it."""

    # Of what all these pages say, not of a build: two builds are the same.
    DATE = "2026-11-22"

    def __init__(self, name: str, source: str):
        Page.__init__(self)
        self.lines = [f'.TH "{self.escaped(name.upper())}" 8 {self.DATE} "{self.escaped(source)}" "System administration"']
        self.is_begun = False

    def heading(self, level: int, text: str) -> None:
        if level < 3:
            self.lines.append((".SH", ".SS")[level - 1] + f' "{self.escaped(text)}"')
        else:
            self.paragraph(self.code(text))
        self.is_begun = level == 3

    def paragraph(self, text: str) -> None:
        self._begin()
        self.lines.append(_line(text))

    def definitions(self, entries: Sequence[Tuple[str, str]]) -> None:
        for term, about in entries:
            self.lines += [".TP", _line(term), _line(about) if about else "\\&"]
        self.is_begun = True

    def verbatim(self, lines: Sequence[str]) -> None:
        """As it stands, tabs as the blanks that they are on a screen."""
        self._begin()
        self.lines += [".nf", ".RS 4", *(_line(self.kept(line)) for line in lines), ".RE", ".fi"]

    def items(self, entries: Sequence[str]) -> None:
        for entry in entries:
            self.lines += [".IP \\(bu 2", _line(entry)]
        self.is_begun = True

    def inner(self, entries: Sequence[Tuple[str, str]]) -> None:
        """Definitions that belong to the one before."""
        self.lines.append(".RS")
        self.definitions(entries)
        self.lines.append(".RE")

    def kept(self, text: str) -> str:
        """With the blanks that it begins with."""
        text = text.expandtabs(8).rstrip()
        return " " * (len(text) - len(text.lstrip())) + self.escaped(text)

    def _begin(self) -> None:
        self.lines += [".PP"] * self.is_begun
        self.is_begun = True


def _line(text: str) -> str:
    """A line of text is no request, whatever it begins with."""
    return "\\&" + text if text[:1] in (".", "'") else text
