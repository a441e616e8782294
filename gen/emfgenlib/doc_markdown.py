# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Documentation as Markdown, as GitHub and CommonMark understand it."""
import re
from typing import Sequence, Tuple

from .doc_page import Page, plain, used_columns

# Signs that mean something wherever they stand, and those that do at the beginning.
_SIGNS = re.compile(r"([\\`*_\[\]<>|~$])")
_BEGINS = re.compile(r"^([#+=-])|^(\d+)([.)])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


class Markdown(Page):
    def __init__(self, names: str):
        super().__init__()
        self.lines = [f"<!-- Made by emfgen doc from {plain(names).replace('--', '__').replace('>', '_')}. -->", ""]

    def escaped(self, text: str) -> str:
        text = _ENTITY.sub("&amp;", _SIGNS.sub(r"\\\1", plain(text).strip()))
        return _BEGINS.sub(lambda m: "\\" + m.group(1) if m.group(1) else f"{m.group(2)}\\{m.group(3)}", text)

    def code(self, text: str) -> str:
        """More backticks around it than inside; a bar would end a cell of a table."""
        text = plain(text).replace("|", "\\|")
        ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{ticks}{pad}{text}{pad}{ticks}"

    def heading(self, level: int, text: str) -> None:
        self.lines += ["#" * level + " " + self.escaped(text), ""]

    def paragraph(self, text: str) -> None:
        self.lines += [text, ""]

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        used = used_columns(header, rows)
        widths = [max(3, *(len(row[at]) for row in used)) for at in range(len(used[0]))]
        for row in [used[0], ["-" * width for width in widths], *used[1:]]:
            self.lines.append("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        self.lines.append("")

    def definitions(self, entries: Sequence[Tuple[str, str]]) -> None:
        for term, about in entries:
            self.lines.append(f"- {term}" + (f"  \n  {about}" if about else ""))
        self.lines.append("")
