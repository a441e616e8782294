# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What is written about a tool, in the Markdown of our documentation, as parts of its manual page."""
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Set, Tuple

from .doc_man import ToolMan

EXAMPLES = "Examples"
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"[-*]\s+(.*)")
_RULE = re.compile(r"\|[\s|:-]+\|?\s*\Z")
# Code, bold, a link, a sign that stands for itself: whichever comes first.
_INLINE = re.compile(r"(`+)(?P<code>.+?)\1|\*\*(?P<bold>.+?)\*\*|\[(?P<text>[^\]]*)\]\((?P<link>[^)\s]*)\)|\\(?P<sign>[^\w\s])")
_COMMAND = re.compile(r"(?<![\w./-])emf(?= [a-z])")  # "emf execsnoop", of whatever product
_TOOL = re.compile(r"(\w+)\.md\Z")  # beside this text, not ../output.md


@dataclass
class Text:
    """The lines of each part by its title; those in front of all titles are under ""."""

    parts: Dict[str, List[str]] = field(default_factory=dict)

    def of(self, title: str) -> List[str]:
        return self.parts.get(title, [])

    @property
    def others(self) -> List[str]:
        return [title for title in self.parts if title not in ("", EXAMPLES)]


def read(text: str) -> Text:
    """The first heading is the name of the tool, which the page has anyway."""
    out, title, is_code = Text(), "", False
    for line in text.splitlines():
        is_code ^= line.startswith("```")
        found = _HEADING.match(line) if not is_code else None
        if found and len(found[1]) == 1:
            continue
        if found and len(found[1]) == 2:
            title = found[2].strip()
            out.parts.setdefault(title, [])
            continue
        out.parts.setdefault(title, []).append(line)
    return out


class Writer:
    def __init__(self, page: ToolMan, product: str):
        self.page, self.product = page, product
        self.named: Set[str] = set()  # other pages, by links to their texts

    def write(self, lines: List[str]) -> None:
        for kind, block in _blocks(lines):
            self._kinds[kind](self, block)

    # --- blocks

    def _code(self, lines: List[str]) -> None:
        self.page.verbatim([self._named(line) for line in lines])

    def _table(self, lines: List[str]) -> None:
        """Narrow screens have no room for tables: each row is a definition."""
        rows = [self._cells(line) for line in lines if not _RULE.match(line)]
        self.page.definitions([(row[0], "; ".join(cell for cell in row[1:] if cell)) for row in rows[1:]])

    def _cells(self, line: str) -> List[str]:
        return [self._inline(cell.strip().replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]

    def _items(self, lines: List[str]) -> None:
        entries: List[str] = []
        for line in lines:
            found = _ITEM.match(line)
            if found:
                entries.append(found[1].strip())
            else:
                entries[-1] += " " + line.strip()
        self.page.items([self._inline(entry) for entry in entries])

    def _heading(self, lines: List[str]) -> None:
        self.page.heading(2, _HEADING.match(lines[0])[2])

    def _paragraph(self, lines: List[str]) -> None:
        self.page.paragraph(self._inline(" ".join(line.strip() for line in lines)))

    _kinds: Dict[str, Callable[["Writer", List[str]], None]] = {
        "code": _code, "table": _table, "items": _items, "heading": _heading, "paragraph": _paragraph}

    # --- what stands in a line

    def _named(self, text: str) -> str:
        """A command is that of the product."""
        return _COMMAND.sub(lambda _: self.product, text)

    def _inline(self, text: str) -> str:
        out, at = [], 0
        for found in _INLINE.finditer(text):
            out += [self._plain(text[at:found.start()]), self._marked(found)]
            at = found.end()
        return "".join([*out, self._plain(text[at:])])

    def _plain(self, text: str) -> str:
        """The blanks around a piece of a line are blanks of the line."""
        inner = self.page.escaped(text)
        return (" " * text[:1].isspace() + inner + " " * text[-1:].isspace()) if inner else " " * bool(text)

    def _marked(self, found: "re.Match[str]") -> str:
        if found["code"]:
            return self.page.code(self._named(found["code"].strip()))
        if found["bold"]:
            return self.page.code(found["bold"])
        if found["sign"]:
            return self.page.escaped(found["sign"])
        other = _TOOL.match(found["link"])
        if not other:
            return self._inline(found["text"])
        name = f"{self.product}-{other[1]}"
        self.named.add(name)
        return self.page.code(name) + "(8)"


def _kind(line: str) -> str:
    return "heading" if _HEADING.match(line) else "items" if _ITEM.match(line) else "table" if line.startswith("|") else "paragraph"


def _blocks(lines: List[str]) -> List[Tuple[str, List[str]]]:
    out: List[Tuple[str, List[str]]] = []
    is_open = is_code = False
    for line in lines:
        if line.startswith("```"):
            is_code = not is_code
            if is_code:
                out.append(("code", []))
            is_open = False
        elif is_code:
            out[-1][1].append(line)
        elif not line.strip():
            is_open = False
        elif is_open and out[-1][0] != "heading" and (_kind(line) in ("paragraph", out[-1][0])):
            out[-1][1].append(line)
        else:
            out.append((_kind(line), [line]))
            is_open = True
    return out
