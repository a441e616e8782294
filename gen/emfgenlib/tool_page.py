# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The manual page of a tool, PRODUCT-TOOL(8): what its description, its compiled kernel part
and its text say, in the order that man(1) is read in."""
import re
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Optional, Tuple

from . import VERSION, tool_text
from .chains import RunChain
from .doc import call_of, type_of
from .doc_man import ToolMan
from .errors import Errors
from .infer import Inferred
from .infer_view import InferredView
from .interface import Interface
from .model import Module
from .scope import Scope
from .syntax import Enum, Event, Field, ModuleDecl, Name, Service, Show, Signal, Struct
from .tables import TableMember, TableRecord, is_padding
from .tool_options import Option, chain_options, inferred_options, options_of
from .tool_text import EXAMPLES, Text, Writer
from .views import Shown


@dataclass
class Tool:
    name: str  # in the product
    module: Module
    interface: Optional[Interface] = None  # of its description
    interfaces: List[Interface] = field(default_factory=list)  # with those of what it imports
    shown: Optional[Shown] = None  # of its maps, with the types of the kernel part
    inferred: Optional[Inferred] = None  # of a kernel part alone
    chains: List[RunChain] = field(default_factory=list)
    text: Text = field(default_factory=Text)

    @property
    def described(self) -> Optional[ModuleDecl]:
        return self.module.description

    @property
    def summary(self) -> str:
        described = self.described.summary if self.described else self.inferred.doc if self.inferred else ""
        return described or f"a module: its help is {self.name} --help"

    @property
    def services(self) -> List[Service]:
        """That it provides."""
        if not self.described or not self.interface:
            return []
        known = {s.name: s for file in (self.interface.file, *self.interface.file.reached()) for s in file.of(Service)}
        return [known[name.text] for name in self.described.provides if name.text in known]

    @property
    def options(self) -> List[Option]:
        own = options_of(self.described, self.interface, self.interfaces) if self.described and self.interface else \
            inferred_options(self.name, self.inferred) if self.inferred else []
        return own + chain_options(self.chains)


def page_of(tool: Tool, product: str) -> str:
    return _Writer(tool, product).text()


class _Writer:
    def __init__(self, tool: Tool, product: str):
        self.tool, self.product = tool, product
        self.page = ToolMan(f"{product}-{tool.name}", f"EMF {VERSION}")
        self.prose = Writer(self.page, product)

    def text(self) -> str:
        tool, page = self.tool, self.page
        page.heading(1, "NAME")
        page.paragraph(page.escaped(f"{self.product}-{tool.name}") + " \\- " + page.escaped(tool.summary))
        page.heading(1, "SYNOPSIS")
        page.paragraph(page.code(f"{self.product} {tool.name}") + " [\\fIOPTIONS\\fR]")
        page.heading(1, "DESCRIPTION")
        self._description()
        for title in tool.text.others:
            page.heading(1, title.upper())
            self.prose.write(tool.text.of(title))
        self._options()
        self._output()
        self._signals()
        self._metrics()
        if tool.text.of(EXAMPLES):
            page.heading(1, "EXAMPLES")
            self.prose.write(tool.text.of(EXAMPLES))
        page.heading(1, "SEE ALSO")
        page.paragraph(", ".join(page.code(name) + "(8)" for name in [self.product, *sorted(self.prose.named)]))
        return page.text()

    # --- what it is

    def _description(self) -> None:
        tool, page, d = self.tool, self.page, self.tool.described
        if tool.text.of(""):
            self.prose.write(tool.text.of(""))
        else:
            summary = page.escaped(tool.summary)
            page.paragraph(summary[:1].upper() + summary[1:] + "." * (summary[-1:] not in ".!?"))
        facts = [f"It runs only where it is named: {page.code(f'{self.product} {tool.name}')}, or in the configuration."] if d and d.by_name else []
        facts += ["A product with it does not run without it."] * bool(d and d.required)
        facts += [f"Its programs stand in chain {page.code(c.name)}." for c in tool.chains]
        facts += [f"It is an extension, {page.code(tool.name + '.so')} in the folder of extensions."] * tool.module.is_extension
        facts += [f"It is linked with {self._list(tool.module.libraries)}."] * bool(tool.module.libraries)
        needs = [need for need in (d.needs if d else []) if not need.variant and need.kind.text in ("cap", "btf", "kfunc", "helper", "map_type")]
        caps = ["CAP_" + name.text for need in needs if need.kind.text == "cap" for name in need.names]
        facts += [f"Without root it needs {self._list(caps)}."] * bool(caps)
        facts += [f"It needs a kernel with {need.kind.text.replace('_', ' ')} {self._list(n.text for n in need.names)}." for need in needs if need.kind.text != "cap"]
        if facts:
            page.paragraph(" ".join(facts))

    def _list(self, names: Iterable[str]) -> str:
        return ", ".join(self.page.code(name) for name in names)

    # --- options

    def _options(self) -> None:
        page, options = self.page, self.tool.options
        page.heading(1, "OPTIONS")
        if options:
            page.definitions([(self._option(option), self._about(option)) for option in options])
        page.paragraph(("Besides these it" if options else "It") + " has those of all tools, which " + page.code(self.product) + "(8) explains.")

    def _option(self, option: Option) -> str:
        names = [f"-{option.letter}"] * bool(option.letter) + [f"--{option.name}"]
        value = f" \\fI{self.page.escaped(option.word)}\\fR" if option.word else "[=\\fByes\\fR|\\fBno\\fR]"
        return ", ".join(self.page.code(name) for name in names) + value

    def _about(self, option: Option) -> str:
        page = self.page
        facts = [_sentence(page.escaped(option.doc))] * bool(option.doc)
        facts += [f"From {page.escaped(option.allowed)}." if not option.allowed.startswith("one of") else
                  _sentence(page.escaped(option.allowed))] * bool(option.allowed)
        facts += [f"Default: {page.code(option.default)}."] * bool(option.default)
        facts += ["May change while a service runs."] * option.live
        return " ".join(facts)

    # --- what it prints

    def _output(self) -> None:
        tool = self.tool
        blocks = self._events() + self._shows()
        lost = [(x.name, x.text.text) for x in tool.described.lost] if tool.described else []
        if not blocks and not lost:
            return
        self.page.heading(1, "OUTPUT")
        for title, about, members in blocks:
            self.page.definitions([(self.page.code(title), about)])
            if members:
                self.page.inner(members)
        if lost:
            self.page.paragraph("Told at the end, with their number:")
            self.page.definitions([(self.page.code(name), self.page.escaped(text)) for name, text in lost])

    def _events(self) -> List[Tuple[str, str, List[Tuple[str, str]]]]:
        tool, page = self.tool, self.page
        if tool.inferred:
            records = {r.name: r for e in tool.inferred.events for _, r in e.types}.values()
            return [(r.shown, "An event.", self._members(r.members, [])) for r in records]
        events = [e for e in (tool.interface.events if tool.interface else []) if not e.declaration.handled]
        return [(e.name, _sentence(page.escaped(self._doc_of(e.declaration))) or "An event.", self._fields(e.record.fields, e.record.scope)) for e in events]

    def _doc_of(self, event: Event) -> str:
        """Its own, or that of its signal."""
        signals = {(s.name, g.name): g for s in self.tool.services for g in s.of(Signal)}
        told = signals.get((event.signal[0].text, event.signal[1].text)) if event.signal else None
        return event.summary or (told.summary if told else "")

    def _fields(self, fields: List[Field], scope: Scope) -> List[Tuple[str, str]]:
        return [self._member(f.name, _written(f, scope), f.summary, _items(f, scope)) for f in fields if not is_padding(f)]

    def _members(self, members: List[TableMember], fields: List[Field]) -> List[Tuple[str, str]]:
        """Of a table of the core; @fields: of a declared struct that has them, too."""
        docs = {f.name: f.summary for f in fields}
        return [self._member(m.name, _type(m), docs.get(m.name, ""), self._names(m)) for m in members]

    def _member(self, name: str, type_: str, doc: str, items: List[str]) -> Tuple[str, str]:
        page = self.page
        about = " ".join([_sentence(page.escaped(doc))] * bool(doc) + [f"One of {page.escaped(', '.join(items))}."] * bool(items))
        return f"{page.code(name)} ({page.escaped(type_)})", about

    def _names(self, member: TableMember) -> List[str]:
        made = self.tool.inferred or self.tool.shown
        return [name for e in (made.enums if made else []) if e.name == member.names for name, _ in e.pairs]

    def _shows(self) -> List[Tuple[str, str, List[Tuple[str, str]]]]:
        tool = self.tool
        declared: List[Optional[Show]] = list(tool.described.shows) if tool.described else []
        views: List[InferredView] = tool.shown.views if tool.shown else tool.inferred.views if tool.inferred else []
        declared += [None] * (len(views) - len(declared))
        return [(view.name, self._show(view, show), self._of_view(view)) for view, show in zip(views, declared)]

    def _show(self, view: InferredView, show: Optional[Show]) -> str:
        page = self.page
        text = "Stacks" if view.stacks else "A histogram" if view.slots else "A table"
        text += f" in {page.escaped(view.unit)}" if view.unit and (view.stacks or view.unit != "value") else ""
        if show and show.conditions:
            text += ", if " + " and ".join("not " * c.negated + page.code("--" + c.param.text.replace("_", "-")) for c in show.conditions)
        return text + (": " + page.escaped(show.summary) if show and show.doc else ".")

    def _of_view(self, view: InferredView) -> List[Tuple[str, str]]:
        out = []
        for record in (view.key, view.value):
            if record:
                out += self._members(record.members, self._declared(record))
        return out

    def _declared(self, record: TableRecord) -> List[Field]:
        """The fields of the struct of the description that these members are of."""
        names = {m.name for m in record.members}
        structs = self.tool.interface.file.of(Struct) if self.tool.interface else []
        return next((s.fields for s in structs if names <= {f.name for f in s.fields}), [])

    # --- what others hear and count of it

    def _signals(self) -> None:
        page, tool = self.page, self.tool
        heard = {s.name: [g.name for g in s.of(Signal)] for s in tool.services if s.implied}
        if tool.inferred and tool.inferred.service:
            heard = {tool.name: [g.name for g in tool.inferred.service.signals]}
        if heard:
            page.heading(1, "SIGNALS")
            names = [f"{service}.{name}" for service, signals in heard.items() for name in signals]
            page.paragraph(f"Of a service that runs it, each event is a signal, for the administrator: {self._list(names)}.")
            page.verbatim([f"{self.product} serve {tool.name} &", f"{self.product} listen {names[0]}"])
        for service in tool.services:
            if not service.implied:
                self._service(service)

    def _service(self, service: Service) -> None:
        page = self.page
        page.heading(1, f"SERVICE {service.name.upper()}")
        page.doc(service.doc)
        page.paragraph(f"Of a service that runs it: {page.code(f'{self.product} call {service.name} METHOD')}, {page.code(f'{self.product} listen {service.name}.SIGNAL')}; "
                       f"{page.code(f'{self.product} describe {service.name}')} has all types.")
        for member in service.members:
            if isinstance(member, Signal):
                call_of(page, member)

    def _metrics(self) -> None:
        page, tool = self.page, self.tool
        made = tool.shown.all if tool.shown else tool.inferred.metrics if tool.inferred else []
        docs = {m.name: m for m in reversed(made)}
        labels: Dict[str, List[str]] = {m.name: [] for m in made}
        for m in made:  # what is shown in two ways has the labels of one of them
            by = f"by {self._list(label.name for label in m.labels)}" if m.labels else ""
            labels[m.name] += [by] * bool(by and by not in labels[m.name])
        if made:
            page.heading(1, "METRICS")
            page.paragraph(f"Of a service that runs it, {page.code(self.product + ' metrics')} prints:")
            page.definitions([(page.code(name), ", ".join([f"A {docs[name].kind}", *[" or ".join(by)] * bool(by)]) + f": {page.escaped(docs[name].doc)}.")
                              for name, by in labels.items()])


def _sentence(text: str) -> str:
    """Docs begin small and have no full stop, or are sentences."""
    return text[:1].upper() + text[1:] + "." * (text[-1:] not in ".!?") if text else ""


def _items(field_: Field, scope: Scope) -> List[str]:
    found = scope.find_type(field_.type.text)
    return [item.name for item in found.type.items] if found and isinstance(found.type, Enum) else []


def _written(field_: Field, scope: Scope) -> str:
    """Its type, with the numbers that names of constants stand for."""
    text = type_of(field_)
    for size in (field_.bound, field_.array):
        if isinstance(size, Name):
            text = re.sub(rf"(?<=[=\[]){size.text}\b", str(scope.number(size, Errors())), text)
    return text


def _type(member: TableMember) -> str:
    word = member.type[len("EMF_"):].lower()
    return word + (f"[{member.count}]" if member.count > 1 else "")


def read_text(paths: Iterable[str]) -> Text:
    """The first of these files that is there; a tool needs none."""
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as f:
                return tool_text.read(f.read())
        except FileNotFoundError:
            continue
    return Text()
