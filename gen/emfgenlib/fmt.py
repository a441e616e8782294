# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The canonical form of a file: the same tokens and comments, laid out by one rule.

What the form is stands in docs/idl.md. It depends on the tokens, on where lines ended
around comments, and on whether a short block stood on one line; so that a file in
canonical form stays as it is.
"""
from dataclasses import dataclass, field
from typing import List, Optional, Sequence

from .errors import Errors
from .fmt_line import COLUMNS, Line, Piece, columns, joined, lay_out
from .lexer import tokens
from .parser import parse_text
from .same import same

# Blocks that may stand on one line, if they did; the others hold statements of many kinds.
ONE_LINE = ("enum", "error", "flags", "state", "struct")
ITEMS = ("enum", "flags")  # with commas between what they hold
ALIGN_COLUMNS = 72  # a longer line does not push the comments of its neighbours away


def canonical(path: str, text: str, errors: Errors) -> Optional[str]:
    """The text in canonical form; None, with errors added, if it has syntax errors."""
    before = parse_text(path, text, errors)
    if errors:
        return None
    out = _Formatter(_pieces(path, text)).text()
    after = parse_text(path, out, errors)
    if errors or not same(before, after):
        # Never seen. A formatter that changes what a file says would be worse than none.
        errors.add(None, f"{path} would not say the same in canonical form, and stays as it is", "please report this")
        return None
    return out


def _pieces(path: str, text: str) -> List[Piece]:
    """Tokens and comments; a sign that ends something stands before comments, not behind."""
    out: List[Piece] = []
    line = 0
    for token in tokens(path, text, Errors(), comments=True):
        here = token.position.line
        piece = Piece(token.kind, _spelled(token.kind, token.text), here > line, here > line + 1 and line > 0, here)
        line = here
        at = len(out)
        if token.kind == "sign" and token.text in ",;{":
            while at and out[at - 1].kind == "comment":
                at -= 1
        out.insert(at, piece)
    return out


def _spelled(kind: str, text: str) -> str:
    if kind not in ("comment", "doc"):
        return text
    text = text.rstrip()
    return f"/// {text[3:]}" if kind == "doc" and text[3:] and text[3] not in " /" else text


@dataclass
class _Statement:
    """What stands before a ';', a '{' or, in an enum, a ','."""

    pieces: List[Piece] = field(default_factory=list)
    opens: bool = False

    @property
    def word(self) -> str:
        return self.pieces[0].text


class _Formatter:
    def __init__(self, pieces: Sequence[Piece]):
        self.pieces = pieces
        self.at = 0
        self.lines: List[Line] = []

    def text(self) -> str:
        self._block("", 0)
        _align(self.lines)
        return "".join(line.text() + "\n" for line in self.lines)

    @property
    def piece(self) -> Piece:
        return self.pieces[self.at]

    def _is(self, sign: str) -> bool:
        return self.piece.kind == "sign" and self.piece.text == sign

    def _block(self, word: str, level: int) -> None:
        """Statements up to the end of the block that @word began, or of the file."""
        first = True
        while self.piece.kind != "end" and not self._is("}"):
            piece = self.piece
            trails = piece.kind == "comment" and not piece.begins_line
            if trails and self.lines and not self.lines[-1].comment and not self.lines[-1].is_comment:
                self.lines[-1].comment = piece.text
                self.at += 1
                continue
            if piece.blank_before and not first and not (self.lines and self.lines[-1].is_doc):
                self.lines.append(Line(0, ""))
            first = False
            if piece.kind in ("comment", "doc"):
                self.lines.append(Line(level, piece.text, is_doc=piece.kind == "doc", is_comment=True))
                self.at += 1
            else:
                self._statement(word, level)

    def _statement(self, block: str, level: int) -> None:
        start = self.at
        statement = self._take(block in ITEMS)
        if not statement.opens:
            self.lines += lay_out(statement.pieces, level)
            return
        end = self._closing()
        if not self._on_one_line(statement, start, end, level):
            self.lines += lay_out(statement.pieces, level)
            opened = len(self.lines)
            self._block(statement.word, level + 1)
            if opened == len(self.lines) and not self.lines[-1].comment:
                self.lines[-1].code += "}"
            else:
                self.lines.append(Line(level, "}"))
        self.at = end + 1
        if self._is(";"):  # allowed behind a block, and needed nowhere
            self.at += 1

    def _take(self, item: bool) -> _Statement:
        """The next statement without its comments behind the end; the last @item gets its comma."""
        out = _Statement()
        while not (item and self._is("}")):
            piece = self.piece
            self.at += 1
            out.pieces.append(piece)
            if piece.kind == "sign" and piece.text in (",;{" if item else ";{"):
                out.opens = piece.text == "{"
                return out
        while out.pieces[-1].kind == "comment":  # they stand behind the item, not in it
            out.pieces.pop()
            self.at -= 1
        out.pieces.append(Piece("sign", ","))
        return out

    def _closing(self) -> int:
        """Where the block that was just opened ends."""
        depth = 1
        for at in range(self.at, len(self.pieces)):
            piece = self.pieces[at]
            if piece.kind == "sign" and piece.text in "{}":
                depth += 1 if piece.text == "{" else -1
            if not depth:
                return at
        raise AssertionError("a file that parses closes its blocks")

    def _on_one_line(self, statement: _Statement, start: int, end: int, level: int) -> bool:
        """Write the block on one line, if it was on one and fits."""
        inside = list(self.pieces[start:end + 1])
        if statement.word not in ONE_LINE or any(p.kind in ("comment", "doc") for p in inside) or \
                statement.pieces[-1].line != self.pieces[end].line or end == self.at:
            return False
        if inside[-2].text == "," and inside[-2].kind == "sign":
            del inside[-2]
        code = joined(inside)
        if columns(level, code) > COLUMNS:
            return False
        self.lines.append(Line(level, code))
        return True


def _align(lines: List[Line]) -> None:
    """Comments at the ends of neighbouring lines begin in one column."""
    group: List[Line] = []
    for line in [*lines, Line(0, "")]:
        if group and (not line.comment or line.level != group[0].level):
            width = max(len(other.code) for other in group)
            for other in group:
                other.code = other.code.ljust(width)
            group = []
        if line.comment and columns(line.level, line.code) <= ALIGN_COLUMNS:
            group.append(line)
