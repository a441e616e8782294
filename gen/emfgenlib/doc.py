# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The documentation of what files declare, from their types and docs.

What is said is decided here, once, as headings, paragraphs, definitions, tables and
code; how it is written is up to doc_markdown and doc_man.
"""
import os
from dataclasses import replace
from typing import List, Sequence

from .doc_man import Man
from .doc_markdown import Markdown
from .doc_page import Page
from .syntax import (Attach, Chain, Const, Declaration, Enum, Event, Field, File, Method, Metric, ModuleDecl, ProductDecl,
                     Service, Show, Signal, Size, Struct, TypedError, Value, access_of)


def document(files: Sequence[File], format_: str) -> str:
    names = ", ".join(os.path.basename(f.path) for f in files)
    page: Page = Man(names) if format_ == "man" else Markdown(names)
    for file in files:
        for declaration in file.declarations:
            if isinstance(declaration, Service):
                _service(page, declaration)
            elif isinstance(declaration, Chain):
                _chain(page, declaration)
            elif isinstance(declaration, ModuleDecl):
                _module(page, declaration)
            elif isinstance(declaration, ProductDecl):
                _product(page, declaration)
        plain = [d for d in file.declarations if isinstance(d, (Const, Enum, Struct))]
        if plain:
            page.heading(1, f"Types of {os.path.basename(file.path)}")
            _types(page, plain)
    return page.text()


# --- how it is spelled ------------------------------------------------------------------


def _size(size: Size) -> str:
    return size.text


def type_of(field: Field) -> str:
    text = field.type.text + (f"<={_size(field.bound)}" if field.bound is not None else "")
    text += " " + field.qualifier if field.qualifier else ""
    if field.array_kind:
        bound = _size(field.array) if field.array is not None else ""
        text += f"[{'<=' if field.array_kind == 'bounded' else ''}{bound}]"
    return text


def value_of(value: Value) -> str:
    if value.kind != "string":
        return value.text
    escaped = value.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _fields(page: Page, fields: List[Field], head: str = "Name") -> None:
    """A table with the columns that have anything in them."""
    columns = [("Type", [type_of(f) for f in fields]),
               ("Default", [value_of(f.default) if f.default else "" for f in fields]),
               ("Range", [f"{value_of(f.range[0])} to {value_of(f.range[1])}" if f.range else "" for f in fields]),
               ("Unit", [f.unit.text if f.unit else "" for f in fields])]
    docs = [f.summary for f in fields]
    used = [(title, cells) for title, cells in columns if any(cells)]
    header = [head] + [title for title, _ in used] + ["About"] * any(docs)
    rows = []
    for at, field in enumerate(fields):
        rows.append([page.code(field.name)] + [page.code(cells[at]) if cells[at] else "" for _, cells in used]
                    + [page.escaped(docs[at])] * any(docs))
    page.table(header, rows)


# --- types and services ---------------------------------------------------------------------


def _types(page: Page, declarations: Sequence[Declaration]) -> None:
    consts = [d for d in declarations if isinstance(d, Const)]
    if consts:
        page.heading(3, "Constants")
        page.table(["Name", "Value", "About"],
                   [[page.code(c.name), page.code(_size(c.value)), page.escaped(c.summary)] for c in consts])
    for declaration in declarations:
        if isinstance(declaration, Enum):
            page.heading(3, f"{'flags' if declaration.is_flags else 'enum'} {declaration.name}")
            page.doc(declaration.doc)
            page.paragraph(f"{'Flags' if declaration.is_flags else 'An enum'} of type {page.code(declaration.base.text)}.")
            page.table(["Name", "Value", "About"],
                       [[page.code(i.name), page.code(_size(i.value)) if i.value is not None else "the next one",
                         page.escaped(i.summary)] for i in declaration.items])
        elif isinstance(declaration, Struct):
            page.heading(3, f"{'error' if isinstance(declaration, TypedError) else 'struct'} {declaration.name}")
            page.doc(declaration.doc)
            _fields(page, declaration.fields, "Member")


def _service(page: Page, service: Service) -> None:
    page.heading(1, f"Service {service.name} {service.version.text}")
    page.doc(service.doc)
    calls = [m for m in service.members if isinstance(m, Signal)]
    for kind, title in ((Method, "Methods"), (Signal, "Signals")):
        own = [c for c in calls if type(c) is kind]
        if own:
            page.heading(2, title)
        for call in own:
            call_of(page, call)
    others = [m for m in service.members if not isinstance(m, (Signal, TypedError))]
    if others:
        page.heading(2, "Types")
        _types(page, others)
    errors = service.of(TypedError)
    if errors:
        page.heading(2, "Errors")
        _types(page, errors)


def call_of(page: Page, call: Signal) -> None:
    page.heading(3, ("method " if isinstance(call, Method) else "signal ") + call.name)
    page.doc(call.doc)
    results = call.results if isinstance(call, Method) else []
    for title, fields in (("Arguments" if isinstance(call, Method) else "Carries", call.arguments), ("Results", results)):
        if fields:
            page.paragraph(f"{title}:")
            _fields(page, fields)
    facts = []
    if isinstance(call, Method):
        facts += ["Takes nothing."] * (not call.arguments) + ["Returns nothing."] * (not results)
    facts.append(f"Access: {page.code(access_of(call))}.")
    if isinstance(call, Method) and call.errors:
        facts.append("Errors: " + ", ".join(page.code(e.text) for e in call.errors) + ".")
    if isinstance(call, Method) and call.served_by:
        facts.append(f"Served by the BPF program {page.code(call.served_by.text)}.")
    if call.since:
        facts.append(f"Since {page.code(call.since.text)}.")
    page.paragraph(" ".join(facts))


# --- chains, modules, products --------------------------------------------------------------------


def _attach(attach: Attach) -> str:
    arguments = ["param " + type_of(replace(a, array_kind="")) + f" {a.name}" + "[]" * bool(a.array_kind)
                 if isinstance(a, Field) else value_of(a) for a in attach.arguments]
    return f"{attach.name}({', '.join(arguments)})"


def _chain(page: Page, chain: Chain) -> None:
    page.heading(1, f"Chain {chain.name}")
    page.doc(chain.doc)
    facts = [f"A chain of type {page.code(chain.type.text)}; the default verdict is {page.code(chain.default.text)}."]
    facts += [f"A plain program goes on with {page.code(chain.proceed.text)}."] if chain.proceed else []
    facts += [f"Attaches to {page.code(_attach(a))}." for a in chain.attach]
    facts += [f"Hands {page.code(h.member.text)} to {page.code(h.chain.text)}." for h in chain.handoffs]
    page.paragraph(" ".join(facts))
    page.heading(2, "Slots")
    page.table(["Slot", "Programs", "About"],
               [[page.code(s.name), ("up to " + page.code(_size(s.room)) if s.room is not None else "at most one" if s.optional
                                     else "exactly one"), page.escaped(s.summary)] for s in chain.slots])
    if chain.state:
        page.heading(2, "State")
        page.doc(chain.state.doc)
        _fields(page, chain.state.fields, "Member")


def _module(page: Page, module: ModuleDecl) -> None:
    page.heading(1, f"Module {module.name}" + (f" {module.version.text}" if module.version else ""))
    page.doc(module.doc)
    facts = ["A product with it does not run without it."] * module.required + ["It runs only where it is named."] * module.by_name
    for verb, names in (("Provides", [n.text for n in module.provides]),
                        ("Uses", [u.service.text + " (optional)" * u.optional for u in module.uses]),
                        ("Needs", [f"{n.kind.text}({', '.join(x.text for x in n.names)})" for n in module.needs]),
                        ("Exports", [f"map {m.map.text}" for m in module.maps if m.export]),
                        ("Imports", [f"map {m.map.text} from {m.source.text}" for m in module.maps if m.source])):
        facts += [f"{verb}: {', '.join(page.code(n) for n in names)}."] if names else []
    facts += [f"License: {page.escaped(module.license.text)}."] if module.license else []
    if facts:
        page.paragraph(" ".join(facts))
    if module.params:
        page.heading(2, "Options")
        page.definitions([(_option(page, p), _about_option(page, p)) for p in module.params])
    if module.events:
        page.heading(2, "Events")
        page.definitions([(page.code(e.name), _event(e, page)) for e in module.events])
    if module.shows:
        page.heading(2, "What it prints of maps")
        page.definitions([(page.code(s.name), _show(s, page)) for s in module.shows])
    if module.lost:
        page.heading(2, "What it may lose")
        page.definitions([(page.code(x.name), page.escaped(x.text.text)) for x in module.lost])
    if module.metrics:
        page.heading(2, "Metrics")
        page.table(["Name", "Kind", "Labels", "About"],
                   [[page.code(m.name), _scale(m), ", ".join(page.code(n.text) for n in m.labels), page.escaped(m.summary)]
                    for m in module.metrics])


def _event(event: Event, page: Page) -> str:
    facts = [page.escaped(event.summary)] if event.summary else []
    if event.signal:
        facts.append(f"Published as signal {page.code('.'.join(n.text for n in event.signal))}.")
    if event.overflow:
        facts.append(f"For a slow subscriber: {page.code(event.overflow.text)}.")
    return " ".join(facts)


def _show(show: Show, page: Page) -> str:
    text = {"histogram": "A histogram", "table": "A table", "stacks": "Stacks"}[show.kind]
    text += (f" in {page.escaped(show.unit.text)}" if show.unit else "") + f" of {page.code(show.source.text)}"
    if show.conditions:
        text += ", if " + " and ".join("not " * c.negated + page.code("--" + c.param.text) for c in show.conditions)
    return text + (f": {page.escaped(show.summary)}" if show.summary else ".")


def _scale(metric: Metric) -> str:
    return metric.kind + (f", {metric.scale.text}" if metric.scale else "")


def _option(page: Page, param: Field) -> str:
    short = f"-{param.short.text}, " if param.short else ""
    if param.type.text == "bool":
        return page.code(f"{short}--{param.name}")
    return page.code(f"{short}--{param.name} {type_of(param)}")


def _about_option(page: Page, param: Field) -> str:
    facts = [page.escaped(param.summary)] if param.doc and param.summary else []
    facts += [f"Default: {page.code(value_of(param.default))}."] if param.default else []
    facts += [f"From {page.code(value_of(param.range[0]))} to {page.code(value_of(param.range[1]))}."] if param.range else []
    facts += [f"In {page.escaped(param.unit.text)}."] if param.unit else []
    facts += ["May change while the module runs."] * param.live
    return " ".join(facts)


def _product(page: Page, product: ProductDecl) -> None:
    page.heading(1, f"Product {product.name}" + (f" {product.version.text}" if product.version else ""))
    page.doc(product.doc)
    if product.modules:
        page.paragraph("Modules: " + ", ".join(page.code(n.text) for n in product.modules) + ".")
    if product.commands:
        page.heading(2, "Commands")
        page.definitions([(page.code(c.name), page.escaped(c.summary) or
                           f"Calls {page.code(c.service.text + '.' + c.method.text)}.") for c in product.commands])
    if product.settings:
        page.heading(2, "Settings")
        page.table(["Parameter", "Value"], [[page.code(f"{s.module.text}.{s.param.text}"), page.code(value_of(s.value))]
                                            for s in product.settings])
