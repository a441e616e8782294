# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Grammar of modules and products."""
from typing import Callable, Dict, List

from .cursor import Cursor
from .parse_chain import attach
from .parse_service import version
from .parse_show import lost, show
from .parse_types import arguments, field
from .syntax import (Command, Event, MapSize, MapUse, Metric, ModuleDecl, Name, Need, Plug, ProductDecl, Setting, Use,
                     Value)

Statement = Callable[[List[str]], None]


def module(cursor: Cursor, doc: List[str]) -> ModuleDecl:
    name = cursor.name("the name of the module")
    out = ModuleDecl(name.text, name.position, doc)
    if cursor.token.kind == "version":
        out.version = cursor.value()
    out.required = cursor.if_word("required")
    out.by_name = cursor.if_word("by_name")
    if cursor.if_sign(";"):
        return out
    statements = {**_about(cursor, out), **_needs(cursor, out), **_kernel(cursor, out), **_events(cursor, out)}

    def statement(statement_doc: List[str]) -> None:
        cursor.choose("module", statements, statement_doc)
        cursor.sign(";")

    cursor.block("module", statement)
    cursor.if_sign(";")
    return out


def _about(cursor: Cursor, out: ModuleDecl) -> Dict[str, Statement]:
    """What the module is, and its parameters."""

    def once(there: object) -> None:
        if there is not None:
            cursor.fail(cursor.tokens[cursor.at - 1], f"{cursor.tokens[cursor.at - 1]} stands in this module twice")

    def priority(_doc: List[str]) -> None:
        once(out.priority)
        out.priority = cursor.integer()

    def license_(_doc: List[str]) -> None:
        once(out.license)
        out.license = cursor.string('a license in quotes, such as "GPL"')

    def param(doc: List[str]) -> None:
        new = field(cursor, doc)
        while cursor.token.kind == "name":
            word = cursor.token
            if word.text not in ("short", "live") and cursor.begins_line():
                break  # the next statement
            cursor.next()
            if word.text == "short" and new.short or word.text == "live" and new.live:
                cursor.fail(word, f"'{word.text}' stands here twice")
            if word.text == "short":
                token = cursor.take("char", "a letter such as 's'")
                new.short = Value("char", token.text[1:-1], token.position)
            elif word.text == "live":
                new.live = True
            else:
                cursor.fail(word, f"'{word.text}' cannot stand here", "there can be: live, range, short, =")
        out.params.append(new)

    def callbacks(_doc: List[str]) -> None:
        out.callbacks += cursor.listed(lambda: cursor.name("a callback such as create"))

    return {"priority": priority, "license": license_, "param": param, "callbacks": callbacks}


def _library(cursor: Cursor) -> Name:
    """As pkg-config knows it, with dashes and dots."""
    value = cursor.string("the library, as pkg-config knows it")
    return Name(value.text, value.position)


def _needs(cursor: Cursor, out: ModuleDecl) -> Dict[str, Statement]:
    """What the module offers, and what it cannot do without."""

    def provides(_doc: List[str]) -> None:
        out.provides += cursor.listed(lambda: cursor.name("a service"))

    def uses(_doc: List[str]) -> None:
        new = Use(cursor.name("a service"))
        if cursor.if_sign(">="):
            new.version = version(cursor)
        new.optional = cursor.if_word("optional")
        out.uses.append(new)

    def needs(_doc: List[str]) -> None:
        kind = cursor.name("what it needs: cap, helper, map_type, kfunc, btf or library")
        new = Need(kind, cursor.in_parens(lambda: _library(cursor) if kind.text == "library" else cursor.name("a name")))
        if cursor.if_word("else"):
            cursor.word("variant")
            cursor.sign("(")
            first = cursor.name("a program")
            cursor.sign(",")
            new.variant = (first, cursor.name("the program in its place"))
            cursor.sign(")")
        out.needs.append(new)

    return {"provides": provides, "uses": uses, "needs": needs}


def _kernel(cursor: Cursor, out: ModuleDecl) -> Dict[str, Statement]:
    """Maps and programs."""

    def map_(_doc: List[str]) -> None:
        new = MapUse(cursor.name("a map"))
        if cursor.if_word("max_entries"):
            out.sizes.append(MapSize(new.map, cursor.name("the parameter that says how many")))
            return
        if cursor.if_word("from"):
            new.source = cursor.name("the module that exports it")
        else:
            cursor.word("export")
            new.export = True
        out.maps.append(new)

    def plug(_doc: List[str]) -> None:
        program = cursor.name("a program")
        cursor.word("into")
        chain_name = cursor.name("a chain")
        cursor.sign(".")
        out.plugs.append(Plug(program, chain_name, cursor.name("a slot")))

    def attach_(doc: List[str]) -> None:
        program = cursor.name("a program")
        new = attach(cursor, doc, field)
        new.program = program
        if cursor.if_word("if"):
            new.negated = cursor.if_word("not")
            new.condition = cursor.name("a parameter")
        new.optional = cursor.if_word("optional")
        out.attaches.append(new)

    return {"map": map_, "plug": plug, "attach": attach_}


def _events(cursor: Cursor, out: ModuleDecl) -> Dict[str, Statement]:
    """What comes out of the kernel part: events, metrics, and what is printed of its maps."""

    def event(doc: List[str]) -> None:
        name = cursor.name("the name of the event")
        new = Event(name.text, name.position, doc)
        if cursor.is_sign("("):
            new.fields = arguments(cursor)
        seen: List[str] = []
        while cursor.token.kind in ("name", "sign") and not cursor.is_sign(";"):
            if cursor.token.text in seen:
                cursor.fail(cursor.token, f"{cursor.token} stands here twice")
            seen.append(cursor.token.text)
            if cursor.if_sign("->"):
                cursor.word("signal")
                service_name = cursor.name("a service")
                cursor.sign(".")
                new.signal = (service_name, cursor.name("a signal"))
            elif cursor.if_word("overflow"):
                new.overflow = cursor.one_in_parens("drop_old, drop_new or block")
            elif cursor.if_word("on_demand"):
                new.on_demand = True
            elif cursor.if_word("handled"):
                new.handled = True
            elif cursor.if_word("filter"):
                new.filters = cursor.in_parens(lambda: cursor.name("a member"))
            elif cursor.if_word("private"):
                new.private = True
            elif cursor.begins_line():
                break  # the next statement
            else:
                cursor.fail(cursor.token, f"{cursor.token} cannot stand here",
                            "there can be: -> signal SERVICE.SIGNAL, filter(...), handled, overflow(...), on_demand, private")
        out.events.append(new)

    def metric(kind: str) -> Statement:
        return lambda doc: out.metrics.append(_metric(cursor, kind, doc))

    def show_(doc: List[str]) -> None:
        out.shows.append(show(cursor, doc))

    def lost_(doc: List[str]) -> None:
        out.lost.append(lost(cursor, doc))

    return {"show": show_, "lost": lost_, "event": event, "counter": metric("counter"), "gauge": metric("gauge"), "histogram": metric("histogram")}


def _metric(cursor: Cursor, kind: str, doc: List[str]) -> Metric:
    name = cursor.name(f"the name of the {kind}")
    out = Metric(name.text, name.position, doc, kind)
    if kind == "histogram":
        out.scale = cursor.name("log2, linear or bounds")
        if cursor.is_sign("("):
            out.numbers = cursor.in_parens(cursor.value)
    cursor.word("from")
    out.source = cursor.name("a map, or: event NAME")
    if out.source.text == "event" and cursor.token.kind == "name" and cursor.token.text not in ("label", "max_series"):
        out.source, out.is_event = cursor.name("an event"), True
    if cursor.if_sign("."):
        out.member = cursor.name("a member of its record" if out.is_event else "a member of its value")
    while cursor.token.kind == "name":
        word = cursor.token
        if word.text not in ("label", "max_series") and cursor.begins_line():
            break  # the next statement
        cursor.next()
        if word.text == "label":
            out.labels = cursor.in_parens(lambda: cursor.name("a member of its record" if out.is_event else "a member of its key"))
        elif word.text == "max_series":
            out.max_series = cursor.integer()
        else:
            cursor.fail(word, f"'{word.text}' cannot stand here", "there can be: label, max_series")
    return out


def product(cursor: Cursor, doc: List[str]) -> ProductDecl:
    name = cursor.name("the name of the product", dashes=True)
    out = ProductDecl(name.text, name.position, doc)
    if cursor.token.kind == "version":
        out.version = cursor.value()

    def modules(_doc: List[str]) -> None:
        out.modules += cursor.listed(lambda: cursor.name("the name of a module"))

    def command(command_doc: List[str]) -> None:
        command_name = cursor.name("the name of the command")
        cursor.sign("=")
        service_name = cursor.name("service.method")
        cursor.sign(".")
        out.commands.append(Command(command_name.text, command_name.position, command_doc, service_name,
                                    cursor.name("a method")))

    def set_(_doc: List[str]) -> None:
        module_name: Name = cursor.name("module.parameter")
        cursor.sign(".")
        param = cursor.name("the name of a parameter")
        cursor.sign("=")
        out.settings.append(Setting(module_name, param, cursor.value()))

    statements = {"modules": modules, "command": command, "set": set_}

    def statement(statement_doc: List[str]) -> None:
        cursor.choose("product", statements, statement_doc)
        cursor.sign(";")

    cursor.block("product", statement)
    cursor.if_sign(";")
    return out
