# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""One statement in canonical form: the blanks between its tokens, and where it is
broken when it is too long or has comments inside."""
from dataclasses import dataclass
from typing import Dict, List, Sequence, Set

COLUMNS = 100  # of a line, without the comment at its end
TAB = 8


@dataclass
class Piece:
    """A token or a comment, and how it stood in the file."""

    kind: str
    text: str
    begins_line: bool = False
    blank_before: bool = False
    line: int = 0


@dataclass
class Line:
    level: int
    code: str
    comment: str = ""
    is_doc: bool = False
    is_comment: bool = False

    def text(self) -> str:
        if self.comment:
            return "\t" * self.level + self.code + " " + self.comment
        return "\t" * self.level + self.code if self.code else ""


def columns(level: int, code: str) -> int:
    return TAB * level + len(code)


def _apart(before: Piece, piece: Piece) -> bool:
    """Whether a blank stands between the two."""
    last = before.text if before.kind == "sign" else ""
    next_ = piece.text if piece.kind == "sign" else ""
    if last in ("(", "[", ".", "..", "<=", "@", "-") or next_ in (",", ";", ")", "]", ".", "..", "<="):
        return False
    if next_ == "[":
        return False
    return next_ != "(" or last == "->"


def joined(pieces: Sequence[Piece]) -> str:
    out = pieces[0].text
    for before, piece in zip(pieces, pieces[1:]):
        out += " " * _apart(before, piece) + piece.text
    return out


def lay_out(pieces: Sequence[Piece], level: int) -> List[Line]:
    """The lines of a statement. Lists in parentheses are broken from the first one on, each
    element on a line of its own, until every line fits or none is left."""
    groups = _groups(pieces)
    broken = {start for start, end in groups.items()
              if any(p.kind in ("comment", "doc") for p in pieces[start:end])}
    while True:
        lines, begins = _lines(pieces, level, groups, broken)
        long = [n for n, line in enumerate(lines) if columns(line.level, line.code) > COLUMNS and not line.is_comment]
        candidates = [start for n in long for start in groups
                      if start not in broken and begins[n] <= start < begins[n + 1] and _has_comma(pieces, start, groups[start])]
        if not candidates:
            return lines
        broken.add(min(candidates))


def _groups(pieces: Sequence[Piece]) -> Dict[int, int]:
    """Where the outermost parentheses open, and where they close."""
    out: Dict[int, int] = {}
    depth = start = 0
    for at, piece in enumerate(pieces):
        if piece.kind != "sign":
            continue
        if piece.text == "(":
            start = start if depth else at
            depth += 1
        elif piece.text == ")":
            depth -= 1
            if not depth:
                out[start] = at
    return out


def _commas(pieces: Sequence[Piece], start: int, end: int) -> Set[int]:
    """The commas between the elements of a list."""
    depth, out = 0, set()
    for at in range(start + 1, end):
        if pieces[at].kind == "sign":
            depth += {"(": 1, ")": -1}.get(pieces[at].text, 0)
            if pieces[at].text == "," and not depth:
                out.add(at)
    return out


def _has_comma(pieces: Sequence[Piece], start: int, end: int) -> bool:
    return bool(_commas(pieces, start, end))


def _lines(pieces: Sequence[Piece], level: int, groups: Dict[int, int], broken: Set[int]):  # type: ignore[no-untyped-def]
    """The lines with these lists broken, and with which piece each begins."""
    begins_at: Dict[int, int] = {}  # piece: level of the line that it begins
    inside: Set[int] = set()
    for start in broken:
        end = groups[start]
        inside.update(range(start + 1, end))
        for at in [start, *_commas(pieces, start, end)]:
            begins_at[at + 1] = level + 1
        begins_at[end] = level
    plain_commas = _commas(pieces, -1, len(pieces))
    lines: List[Line] = []
    begins: List[int] = []
    for at, piece in enumerate(pieces):
        wanted = begins_at.get(at)
        before = pieces[at - 1] if at else None
        if before and before.kind in ("comment", "doc") or piece.kind == "doc" or (piece.kind == "comment" and piece.begins_line):
            wanted = level + 1 if wanted is None else wanted
        elif piece.kind == "comment":
            wanted = None  # it trails what stands before it
        elif at - 1 in plain_commas and at not in inside and columns(lines[-1].level, lines[-1].code) + \
                len(piece.text) + 2 > COLUMNS:
            wanted = level + 1
        if not at or wanted is not None:
            lines.append(Line(level if not at else wanted, piece.text, is_doc=piece.kind == "doc",
                              is_comment=piece.kind in ("comment", "doc")))
            begins.append(at)
        elif piece.kind == "comment":
            lines[-1].comment = piece.text
        else:
            lines[-1].code += " " * _apart(before, piece) + piece.text
    return lines, begins + [len(pieces)]
