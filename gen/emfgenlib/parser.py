"""Tokens to the model. Grammar only: what the words mean is checked elsewhere."""
import re
from typing import Callable, Dict, List, NoReturn

from .errors import Errors, Position
from .lexer import Token, read, tokens, unquoted
from .model import Description, File, Product, Setting


class _Skip(Exception):
    """Raised after an error was noted; parsing goes on at the next statement."""


class Parser:
    def __init__(self, path: str, text: str, errors: Errors):
        self.path = path
        self.errors = errors
        self.tokens = tokens(path, text, errors)
        self.at = 0

    # --- small steps

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
        raise _Skip

    def is_sign(self, text: str) -> bool:
        return self.token.kind == "sign" and self.token.text == text

    def sign(self, text: str) -> Token:
        if not self.is_sign(text):
            self.fail(self.token, f"expected '{text}', found {self.token}")
        return self.next()

    def take(self, kind: str, what: str) -> Token:
        if self.token.kind != kind:
            self.fail(self.token, f"expected {what}, found {self.token}")
        return self.next()

    def name(self, what: str) -> Token:
        return self.take("name", what)

    def integer(self) -> int:
        """A number that C's int can hold, with its sign."""
        first = self.token
        negative = self.is_sign("-") and bool(self.next())
        token = self.take("number", "a number")
        if re.match("0[0-9]", token.text):
            self.fail(token, f"'{token.text}' begins with a zero", "C would take it for octal: drop the zero")
        # Its length first: Python refuses to convert endless ones.
        value = int(token.text, 0) if len(token.text) <= 20 else 1 << 64
        value = -value if negative else value
        if not -(1 << 31) <= value < 1 << 31:
            self.fail(first, "this number does not fit into 32 bits")
        return value

    def version(self) -> str:
        return self.next().text if self.token.kind == "version" else ""

    def value(self) -> str:
        """A value of a parameter, as it would stand in a configuration file."""
        sign = self.next().text if self.is_sign("-") else ""
        kinds = ("number",) if sign else ("number", "duration", "version", "name", "string")
        if self.token.kind not in kinds:
            self.fail(self.token, f"expected a value, found {self.token}")
        token = self.next()
        return sign + (unquoted(token.text) if token.kind == "string" else token.text)

    def docs(self) -> str:
        lines: List[str] = []
        while self.token.kind == "doc":
            lines.append(self.next().text[3:].strip())
        return " ".join(line for line in lines if line)

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
                    return
            elif self.is_sign(";") and depth == 0:
                self.next()
                return
            self.next()

    def block(self, what: str, statements: Dict[str, Callable[[], None]]) -> None:
        opening = self.sign("{")
        while not self.is_sign("}"):
            if self.token.kind == "end":
                self.fail(opening, f"this block of the {what} has no end", "add the missing '}'")
            before = self.at
            try:
                self.docs()
                if self.is_sign("}"):
                    break
                word = self.name(f"a statement of the {what}")
                handler = statements.get(word.text)
                if not handler:
                    self.fail(word, f"'{word.text}' is no statement of a {what}",
                              "it can have: " + ", ".join(sorted(statements)))
                handler()
                self.sign(";")
            except _Skip:
                self.skip_statement()
                if self.at == before and not self.is_sign("}"):
                    self.next()
        self.sign("}")

    # --- declarations

    def file(self) -> File:
        out = File(self.path)
        declarations = {"module": self.module, "product": self.product}
        while self.token.kind != "end":
            try:
                doc = self.docs()
                if self.token.kind == "end":
                    break
                word = self.name("a declaration")
                handler = declarations.get(word.text)
                if not handler:
                    self.fail(word, f"'{word.text}' is no declaration",
                              "a file can have: " + ", ".join(sorted(declarations)))
                handler(out, doc)
            except _Skip:
                self.skip_statement()
                if self.is_sign("}"):
                    self.next()
        return out

    def module(self, out: File, doc: str) -> None:
        name = self.name("the name of the module")
        module = Description(name.text, name.position, doc=doc)
        module.version = self.version()
        if self.token.kind == "name" and self.token.text == "required":
            self.next()
            module.required = True
        if self.is_sign(";"):
            self.next()
            out.modules.append(module)
            return

        def priority() -> None:
            module.priority = self.integer()

        self.block("module", {"priority": priority})
        out.modules.append(module)

    def product(self, out: File, doc: str) -> None:
        name = self.name("the name of the product")
        product = Product(name.text, name.position, doc=doc)
        product.version = self.version()

        def modules() -> None:
            while True:
                token = self.name("the name of a module")
                product.modules.append((token.text, token.position))
                if not self.is_sign(","):
                    return
                self.next()

        def set_() -> None:
            module = self.name("module.parameter")
            self.sign(".")
            param = self.name("the name of a parameter")
            self.sign("=")
            product.settings.append(Setting(module.text, param.text, self.value(), module.position))

        self.block("product", {"modules": modules, "set": set_})
        out.products.append(product)


def parse(path: str, errors: Errors) -> File:
    text = read(path, errors)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        errors.add(Position(path, line, 1, ""), "there is a NUL byte in this line")
        return File(path)
    return Parser(path, text, errors).file()
