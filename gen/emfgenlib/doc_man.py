"""Documentation as a page for man(1), in section 7."""
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


def _line(text: str) -> str:
    """A line of text is no request, whatever it begins with."""
    return "\\&" + text if text[:1] in (".", "'") else text
