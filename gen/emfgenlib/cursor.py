# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Steps through the tokens of a file, and what to say when one does not fit."""
import re
from typing import Callable, Dict, List, NoReturn, TypeVar

from .errors import Errors, Position
from .lexer import Token, unquoted
from .syntax import Name, Number, Size, Value

T = TypeVar("T")


class Skip(Exception):
    """Raised after an error was noted; parsing goes on at the next statement."""


class Cursor:
    def __init__(self, tokens: List[Token], errors: Errors):
        self.tokens = tokens
        self.errors = errors
        self.at = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.at += 1
        return token

    def fail(self, token: Token, message: str, hint: str = "") -> NoReturn:
        self.errors.add(token.position, message, hint)
        raise Skip

    # --- signs and words

    def is_sign(self, text: str) -> bool:
        return self.token.kind == "sign" and self.token.text == text

    def is_word(self, text: str) -> bool:
        return self.token.kind == "name" and self.token.text == text

    def if_sign(self, text: str) -> bool:
        """Take the sign if it is next."""
        return self.is_sign(text) and bool(self.next())

    def if_word(self, text: str) -> bool:
        """Take the word if it is next."""
        return self.is_word(text) and bool(self.next())

    def begins_line(self) -> bool:
        """Whether the next token does: then what is missing is missing before it."""
        return self.at > 0 and self.token.position.line > self.tokens[self.at - 1].position.line

    def sign(self, text: str) -> Token:
        if not self.is_sign(text) and text in (";", ",") and self.begins_line():
            before = self.tokens[self.at - 1]
            p = before.position
            self.errors.add(Position(p.path, p.line, p.column + len(before.text), p.text), f"expected '{text}' behind {before}")
            return before  # as if it stood there
        if not self.is_sign(text):
            self.fail(self.token, f"expected '{text}', found {self.token}")
        return self.next()

    def word(self, text: str) -> Token:
        if not self.is_word(text):
            self.fail(self.token, f"expected '{text}', found {self.token}")
        return self.next()

    # --- names, numbers, values

    def take(self, kind: str, what: str) -> Token:
        if self.token.kind != kind:
            self.fail(self.token, f"expected {what}, found {self.token}")
        return self.next()

    def name(self, what: str, dashes: bool = False) -> Name:
        token = self.take("name", what)
        if "-" in token.text and not dashes:
            self.fail(token, f"expected {what}, and '{token.text}' is none", "only the name of a product can have a '-'")
        return Name(token.text, token.position)

    def number(self, low: int = -(1 << 63), high: int = (1 << 64) - 1, bits: int = 64) -> Number:
        first = self.token
        negative = self.if_sign("-")
        token = self._digits()
        # Its length first: Python refuses to convert endless ones.
        value = int(token.text, 0) if len(token.text) <= 20 else 1 << 64
        value = -value if negative else value
        if not low <= value <= high:
            self.fail(first, f"this number does not fit into {bits} bits")
        return Number("-" * negative + token.text, value, first.position)

    def _digits(self) -> Token:
        token = self.take("number", "a number")
        if re.match("0[0-9]", token.text):
            self.fail(token, f"'{token.text}' begins with a zero", "C would take it for octal: drop the zero")
        return token

    def integer(self) -> Number:
        """A number that C's int can hold."""
        return self.number(-(1 << 31), (1 << 31) - 1, 32)

    def size(self, what: str = "a number or the name of a const") -> Size:
        if self.token.kind == "name":
            return self.name(what)
        if self.token.kind != "number" and not self.is_sign("-"):
            self.fail(self.token, f"expected {what}, found {self.token}")
        return self.number()

    def value(self) -> Value:
        first = self.token
        if self.if_sign("-"):
            return Value("number", "-" + self._digits().text, first.position)
        if first.kind not in ("number", "duration", "version", "name", "string"):
            self.fail(first, f"expected a value, found {first}")
        if first.kind == "number":
            self._digits()
        else:
            self.next()
        return Value(first.kind, unquoted(first.text) if first.kind == "string" else first.text, first.position)

    def string(self, what: str) -> Value:
        token = self.take("string", what)
        return Value("string", unquoted(token.text), token.position)

    def docs(self) -> List[str]:
        lines: List[str] = []
        while self.token.kind == "doc":
            lines.append(re.sub("^ ", "", self.next().text[3:].rstrip()))
        return lines

    # --- lists and blocks

    def listed(self, element: Callable[[], T]) -> List[T]:
        """One or more, separated by commas."""
        found = [element()]
        while self.if_sign(","):
            found.append(element())
        return found

    def in_parens(self, element: Callable[[], T], may_be_empty: bool = False) -> List[T]:
        self.sign("(")
        if may_be_empty and self.if_sign(")"):
            return []
        found = self.listed(element)
        self.sign(")")
        return found

    def one_in_parens(self, what: str) -> Name:
        self.sign("(")
        found = self.name(what)
        self.sign(")")
        return found

    def skip_statement(self) -> None:
        """After an error: to behind the next ';', or to the block's '}'."""
        depth = 0
        while self.token.kind != "end":
            if self.is_sign("{"):
                depth += 1
            elif self.is_sign("}"):
                if depth == 0:
                    return
                depth -= 1
                if depth == 0:
                    self.next()
                    self.if_sign(";")
                    return
            elif self.is_sign(";") and depth == 0:
                self.next()
                return
            self.next()

    def block(self, what: str, statement: Callable[[List[str]], None]) -> None:
        """{ statements }, each of which takes its own end; one that fails is skipped."""
        opening = self.sign("{")
        while not self.is_sign("}"):
            if self.token.kind == "end":
                self.fail(opening, f"this block of the {what} has no end", "add the missing '}'")
            before = self.at
            try:
                doc = self.docs()
                if self.is_sign("}"):
                    break
                statement(doc)
            except Skip:
                self.skip_statement()
                if self.at == before and not self.is_sign("}"):
                    self.next()
        self.sign("}")

    def choose(self, what: str, statements: Dict[str, Callable[[List[str]], None]], doc: List[str]) -> None:
        """The statement that the next word begins."""
        word = self.take("name", f"a statement of the {what}")
        handler = statements.get(word.text)
        if not handler:
            self.fail(word, f"'{word.text}' is no statement of a {what}",
                      "it can have: " + ", ".join(sorted(statements)))
        handler(doc)
