# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a description does not say since it goes without saying: an event is a signal of a
service that is called like its module, and is counted."""
import re
from typing import Dict, List

from .check_metric import exported
from .syntax import Event, File, Metric, ModuleDecl, Name, Service, Signal, Value

VERSION = "1.0"  # of the service of a module that has none


def imply(file: File) -> None:
    """Adds to the modules of a file, whose imports were parsed. Who declares a service of
    that name has said what is on the bus, and it stays as it is."""
    declared = {s.name for f in (file, *file.reached()) for s in f.of(Service)}
    for module in file.of(ModuleDecl):
        first = {e.name: e for e in reversed(module.events)}  # a second of that name is a mistake, which is told
        told = [e for e in first.values() if e.fields and not e.signal and not e.private][::-1]
        if not told or module.name in declared:
            continue
        for event in told:
            event.signal, event.implied = (Name(module.name, event.position), Name(event.name, event.position)), True
        _count(module, told)
        module.provides.append(Name(module.name, module.position))
        version = module.version or Value("version", VERSION, module.position)
        signals = [Signal(e.name, e.position, e.doc, e.fields, None, Name("admin", e.position)) for e in told]
        file.declarations.append(Service(module.name, module.position, _doc(module), version, signals, implied=True))


def _doc(module: ModuleDecl) -> List[str]:
    return [f"What the kernel part of {module.name} sends."]


def _count(module: ModuleDecl, told: List[Event]) -> None:
    """Those that no counter counts already; what is on demand may not be sent at all."""
    taken = {exported(module.name, m, False).name for m in module.metrics}
    counted = {m.source.text for m in module.metrics if m.is_event and m.kind == "counter" and not m.member}
    for event in told:
        name = Name(event.name, event.position)
        metric = Metric(event.name + "_total", event.position, [f"events of type {event.name}"], "counter", source=name, is_event=True, implied=True)
        if event.name not in counted and not event.on_demand and exported(module.name, metric, False).name not in taken:
            module.metrics.append(metric)


def text_of(service: Service, module: ModuleDecl, lines: List[str]) -> List[str]:
    """The lines of such a service, of those of its module in canonical form."""
    signals = _statements(lines)
    out = [f"/// {line}\n" for line in service.doc] + [f"service {service.name} {service.version.text} {{\n"]
    for event in module.events:
        if event.implied:
            out += signals[event.name]
    return [*out, "}\n"]


_EVENT = re.compile(r"\tevent (\w+)(?=\()")
_SIGN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|[()]')


def _statements(lines: List[str]) -> Dict[str, List[str]]:
    """Of each event with fields, as the statement of a signal."""
    out: Dict[str, List[str]] = {}
    for begin, line in enumerate(lines):
        found = _EVENT.match(line)
        if not found:
            continue
        doc = begin
        while lines[doc - 1].startswith("\t///"):
            doc -= 1
        fields = _in_parens("".join([line[found.end():], *lines[begin + 1:]]))
        out[found[1]] = lines[doc:begin] + f"\tsignal {found[1]}{fields} access(admin);\n".splitlines(keepends=True)
    return out


def _in_parens(text: str) -> str:
    """From the first one to the one that closes it."""
    depth = 0
    for sign in _SIGN.finditer(text):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if not depth:
            return text[:sign.end()]
    return text
