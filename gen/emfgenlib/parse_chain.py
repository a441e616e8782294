# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Grammar of chains."""
from typing import Callable, List, Union

from .cursor import Cursor
from .parse_types import declarator, members
from .syntax import Attach, Chain, Field, Handoff, Slot, Struct, Value


def attach(cursor: Cursor, doc: List[str], parameter: Callable[[Cursor, List[str]], Field] = declarator) -> Attach:
    """kind(arguments): what it hangs on is given, or asked for as a @parameter."""
    kind = cursor.name("a kind such as xdp or uprobe")

    def argument() -> Union[Field, Value]:
        if cursor.if_word("param"):
            return parameter(cursor, [])
        return cursor.value()

    return Attach(kind.text, kind.position, doc, None, cursor.in_parens(argument, may_be_empty=True))


def chain(cursor: Cursor, doc: List[str]) -> Chain:
    name = cursor.name("the name of the chain")
    out = Chain(name.text, name.position, doc)
    cursor.sign(":")
    out.type = cursor.name("a program type such as xdp")

    def attach_(statement_doc: List[str]) -> None:
        out.attach.append(attach(cursor, statement_doc))
        cursor.sign(";")

    def sets(attribute: str, what: str):  # type: ignore[no-untyped-def]
        def statement(_doc: List[str]) -> None:
            value = cursor.name(what)
            if getattr(out, attribute):
                cursor.errors.add(value.position, f"'{attribute}' stands in this chain twice")
            setattr(out, attribute, value)
            cursor.sign(";")

        return statement

    def state(statement_doc: List[str]) -> None:
        position = cursor.token.position
        if out.state:
            cursor.errors.add(position, "'state' stands in this chain twice")
        out.state = Struct("state", position, statement_doc, members(cursor, "state"))

    def handoff(_doc: List[str]) -> None:
        member = cursor.name("a member of the state")
        cursor.word("to")
        out.handoffs.append(Handoff(member, cursor.name("a chain")))
        cursor.sign(";")

    def slot(statement_doc: List[str]) -> None:
        slot_name = cursor.name("the name of the slot")
        new = Slot(slot_name.text, slot_name.position, statement_doc)
        if cursor.if_sign("["):
            new.room = cursor.size()
            cursor.sign("]")
        new.optional = cursor.if_word("optional")
        out.slots.append(new)
        cursor.sign(";")

    statements = {
        "attach": attach_,
        "backend": sets("backend", "tailcall or direct"),
        "default": sets("default", "a verdict such as XDP_PASS"),
        "handoff": handoff,
        "proceed": sets("proceed", "a verdict such as XDP_PASS"),
        "slot": slot,
        "state": state,
    }
    cursor.block("chain", lambda statement_doc: cursor.choose("chain", statements, statement_doc))
    cursor.if_sign(";")
    return out
