# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Grammar of types: const, enum, flags, struct, and the fields of all that has fields."""
from typing import List

from .cursor import Cursor
from .syntax import Const, Enum, Field, Item, Struct


def const(cursor: Cursor, doc: List[str]) -> Const:
    name = cursor.name("the name of the const")
    cursor.sign("=")
    value = cursor.size()
    cursor.sign(";")
    return Const(name.text, name.position, doc, value)


def enum(cursor: Cursor, doc: List[str]) -> Enum:
    return _enum(cursor, doc, is_flags=False)


def flags(cursor: Cursor, doc: List[str]) -> Enum:
    return _enum(cursor, doc, is_flags=True)


def _enum(cursor: Cursor, doc: List[str], is_flags: bool) -> Enum:
    what = "flags" if is_flags else "enum"
    name = cursor.name(f"the name of the {what}")
    out = Enum(name.text, name.position, doc, is_flags)
    cursor.sign(":")
    out.base = cursor.name("a type such as u8")

    def item(item_doc: List[str]) -> None:
        item_name = cursor.name(f"a name of the {what}")
        value = cursor.size() if cursor.if_sign("=") else None
        out.items.append(Item(item_name.text, item_name.position, item_doc, value))
        # The last one may do without its comma.
        if not cursor.is_sign("}"):
            cursor.sign(",")

    cursor.block(what, item)
    cursor.if_sign(";")
    return out


def struct(cursor: Cursor, doc: List[str]) -> Struct:
    name = cursor.name("the name of the struct")
    return Struct(name.text, name.position, doc, members(cursor, "struct"))


def members(cursor: Cursor, what: str) -> List[Field]:
    """{ fields }, each ended by ';'."""
    out: List[Field] = []

    def member(doc: List[str]) -> None:
        out.append(field(cursor, doc))
        cursor.sign(";")

    cursor.block(what, member)
    cursor.if_sign(";")
    return out


def arguments(cursor: Cursor) -> List[Field]:
    """( fields ), separated by ','."""
    return cursor.in_parens(lambda: field(cursor, cursor.docs()), may_be_empty=True)


def field(cursor: Cursor, doc: List[str]) -> Field:
    """type name, then what belongs to it in any order."""
    out = declarator(cursor, doc)
    while True:
        if cursor.if_sign("="):
            out.default = cursor.value()
        elif cursor.if_sign("@"):
            cursor.word("unit")
            out.unit = cursor.one_in_parens("a unit such as bytes")
        elif cursor.if_word("range"):
            cursor.sign("(")
            low = cursor.value()
            cursor.sign("..")
            out.range = (low, cursor.value())
            cursor.sign(")")
        else:
            return out


def declarator(cursor: Cursor, doc: List[str]) -> Field:
    """type name, and how many of them."""
    word = cursor.token
    if word.text in ("struct", "enum") and cursor.tokens[cursor.at + 1].kind == "name":
        cursor.errors.add(word.position, f"expected a type, found {word}", f"no '{word.text}' before the name of a type")
        cursor.next()
    type_ = cursor.name("a type")
    bound = cursor.size() if type_.text == "string" and cursor.if_sign("<=") else None
    qualifier = "rw" if type_.text == "map_fd" and cursor.if_word("rw") else ""
    name = cursor.name("a name for it")
    out = Field(name.text, name.position, doc, type_, qualifier, bound)
    if cursor.if_sign("["):
        if cursor.if_sign("]"):
            out.array_kind = "many"
            return out
        out.array_kind = "bounded" if cursor.if_sign("<=") else "fixed"
        out.array = cursor.size()
        cursor.sign("]")
    return out
