# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Grammar of services: their types, errors, methods and signals."""
from typing import List

from .cursor import Cursor
from .parse_types import arguments, const, enum, flags, members, struct
from .syntax import Method, Service, Signal, TypedError, Value


def service(cursor: Cursor, doc: List[str]) -> Service:
    name = cursor.name("the name of the service")
    out = Service(name.text, name.position, doc)
    if cursor.token.kind == "version":
        out.version = cursor.value()

    def adds(parse):  # type: ignore[no-untyped-def]
        return lambda member_doc: out.members.append(parse(cursor, member_doc))

    statements = {
        "const": adds(const),
        "enum": adds(enum),
        "error": adds(_error),
        "flags": adds(flags),
        "method": adds(_method),
        "signal": adds(_signal),
        "struct": adds(struct),
    }
    cursor.block("service", lambda member_doc: cursor.choose("service", statements, member_doc))
    cursor.if_sign(";")
    return out


def _error(cursor: Cursor, doc: List[str]) -> TypedError:
    name = cursor.name("the name of the error")
    return TypedError(name.text, name.position, doc, members(cursor, "error"))


def version(cursor: Cursor) -> Value:
    token = cursor.take("version", "a version such as 1.1")
    return Value("version", token.text, token.position)


def _method(cursor: Cursor, doc: List[str]) -> Method:
    name = cursor.name("the name of the method")
    out = Method(name.text, name.position, doc, arguments(cursor))
    cursor.sign("->")
    out.results = arguments(cursor)
    _clauses(cursor, out)
    return out


def _signal(cursor: Cursor, doc: List[str]) -> Signal:
    name = cursor.name("the name of the signal")
    out = Signal(name.text, name.position, doc, arguments(cursor))
    _clauses(cursor, out)
    return out


def _clauses(cursor: Cursor, out: Signal) -> None:
    """What may follow the arguments, each once and in any order, up to the ';'."""
    seen = set()
    allowed = ["access", "since"] + (["errors", "served_by"] if isinstance(out, Method) else [])
    while not cursor.if_sign(";"):
        if cursor.token.text not in allowed and cursor.begins_line():
            cursor.sign(";")
            return
        word = cursor.take("name", "';'")
        if word.text not in allowed:
            cursor.fail(word, f"'{word.text}' cannot stand here", "there can be: " + ", ".join(sorted(allowed)))
        if word.text in seen:
            cursor.fail(word, f"'{word.text}' stands here twice")
        seen.add(word.text)
        if word.text == "since":
            out.since = version(cursor)
        elif word.text == "access":
            out.access = cursor.one_in_parens("read, admin or a tag")
        elif word.text == "errors" and isinstance(out, Method):
            out.errors = cursor.in_parens(lambda: cursor.name("an error"))
        elif isinstance(out, Method):
            cursor.word("bpf")
            out.served_by = cursor.one_in_parens("a program")
