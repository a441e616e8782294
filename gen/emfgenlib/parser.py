# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Tokens to declarations. Grammar only: what the words mean is checked elsewhere."""
from typing import List

from .cursor import Cursor, Skip
from .errors import Errors
from .lexer import read, tokens
from .parse_chain import chain
from .parse_module import module, product
from .parse_types import const, enum, flags, struct
from .parse_service import service
from .syntax import File, Import

DECLARATIONS = {
    "chain": chain,
    "const": const,
    "enum": enum,
    "flags": flags,
    "module": module,
    "product": product,
    "service": service,
    "struct": struct,
}


def _import(cursor: Cursor, out: File) -> None:
    path = cursor.string("the path of a file in quotes")
    cursor.sign(";")
    out.imports.append(Import(path))


def _declaration(cursor: Cursor, out: File, doc: List[str]) -> None:
    word = cursor.take("name", "a declaration")
    if word.text == "import":
        _import(cursor, out)
        return
    if word.text not in DECLARATIONS:
        cursor.fail(word, f"'{word.text}' is no declaration",
                    "a file can have: " + ", ".join(sorted([*DECLARATIONS, "import"])))
    out.declarations.append(DECLARATIONS[word.text](cursor, doc))


def parse_text(path: str, text: str, errors: Errors) -> File:
    out = File(path, text=text)
    cursor = Cursor(tokens(path, text, errors), errors)
    while cursor.token.kind != "end":
        try:
            doc = cursor.docs()
            if cursor.token.kind == "end":
                break
            _declaration(cursor, out, doc)
        except Skip:
            cursor.skip_statement()
            if cursor.is_sign("}"):
                cursor.next()
    return out


def parse(path: str, errors: Errors) -> File:
    return parse_text(path, read(path, errors), errors)
