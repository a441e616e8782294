# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Grammar of what is printed of maps and globals."""
from typing import Callable, Dict, List

from .cursor import Cursor
from .syntax import Condition, Lost, Show

# What can stand behind the source of each kind.
CLAUSES: Dict[str, List[str]] = {"histogram": ["key", "value", "if"], "table": ["key", "value", "sort", "if"],
                                 "stacks": ["with", "at_end", "if"]}


def show(cursor: Cursor, doc: List[str]) -> Show:
    kind = cursor.name("what is shown: histogram, table or stacks")
    if kind.text not in CLAUSES:
        cursor.fail(cursor.tokens[cursor.at - 1], f"'{kind.text}' is nothing that can be shown", "it can be one of: " + ", ".join(CLAUSES))
    name = cursor.name("its name: whoever prints, filters or reads it uses that")
    out = Show(name.text, name.position, doc, kind.text)
    if out.kind != "table":
        out.unit = cursor.string('the unit in quotes, such as "usecs"')
    if out.kind == "stacks" and cursor.if_sign("/"):
        out.per = cursor.number(1)
    if out.kind == "histogram" and cursor.is_word("from"):
        cursor.fail(cursor.token, f"nothing says which scale '{out.name}' has", "write before it: log2, linear(FIRST, LAST, STEP) or bounds(N, ...)")
    if out.kind == "histogram":
        out.scale = cursor.name("log2, linear or bounds")
        if cursor.is_sign("("):
            out.numbers = cursor.in_parens(cursor.value)
    cursor.word("from")
    out.source = cursor.name("a map" if out.kind != "histogram" else "a map or a global")
    if out.kind != "table" and cursor.if_sign("."):
        out.member = cursor.name("a member of its value")
    _clauses(cursor, out)
    if out.kind == "stacks" and not out.stacks:
        cursor.fail(cursor.token, f"nothing says which map has the stacks of '{out.name}'", "write: with MAP")
    return out


def _clauses(cursor: Cursor, out: Show) -> None:
    seen: List[str] = []
    clauses: Dict[str, Callable[[], None]] = {
        "key": lambda: out.key.extend(cursor.in_parens(lambda: cursor.name("a member of its key"))),
        "value": lambda: out.value.extend(cursor.in_parens(lambda: cursor.name("a member of its value"))),
        "sort": lambda: setattr(out, "sort", cursor.name("a member of its value")),
        "with": lambda: setattr(out, "stacks", cursor.name("the map that has the stacks")),
        "at_end": lambda: setattr(out, "at_end", True),
        "if": lambda: out.conditions.extend(cursor.listed(lambda: _condition(cursor))),
    }
    while cursor.token.kind == "name":
        word = cursor.token
        if word.text not in CLAUSES[out.kind] and cursor.begins_line():
            break  # the next statement
        if word.text in seen:
            cursor.fail(word, f"'{word.text}' stands here twice")
        if word.text not in CLAUSES[out.kind]:
            cursor.fail(word, f"'{word.text}' cannot stand here", "there can be: " + ", ".join(CLAUSES[out.kind]))
        seen.append(cursor.next().text)
        clauses[word.text]()


def _condition(cursor: Cursor) -> Condition:
    negated = cursor.if_word("not")
    return Condition(cursor.name("a parameter"), negated)


def lost(cursor: Cursor, doc: List[str]) -> Lost:
    name = cursor.name("the global that counts it")
    return Lost(name.text, name.position, doc, cursor.string('what happened, in quotes, as in: "calls were not measured"'))
