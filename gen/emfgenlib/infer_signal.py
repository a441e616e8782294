"""The service of a kernel part alone: it is called like the module, and each type of event is
a signal. It is written as a description would have it, and read as one, so that peers match it
like any other."""
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from .check_file import check_file
from .errors import Errors
from .idl_text import service_texts
from .infer_record import Names
from .interface import Builder, CService
from .layout import Layouts
from .parser import parse_text
from .tables import TableMember, TableRecord, tables
from .types import BUILT_IN

_SIGNED_FROM = 1 << 63  # of a value that is written without its sign


@dataclass
class InferredSignal:
    name: str
    record: TableRecord
    leaves: List[str]


@dataclass
class InferredService:
    idl: List[str]
    version: str
    hash: str
    signals: List[InferredSignal]


def service_of(module: str, events: List[TableRecord], records: List[TableRecord], enums: List[Names]) -> Optional[InferredService]:
    """None if there is nothing to hear: what has bit-fields, parts without a meaning, or a tail, is not on the bus."""
    writer = _Writer(module, records, enums)
    good = [event for event in events if _read(writer, [event])]
    made = _read(writer, good) if good else None
    if not made:
        return None
    service, idl = made
    signals = [InferredSignal(g.name, event, g.arguments.leaves) for g, event in zip(service.signals, good)]
    return InferredService(idl, service.version, service.hash, signals)


def _read(writer: "_Writer", events: List[TableRecord]) -> Optional[Tuple[CService, List[str]]]:
    text = writer.service(events)
    if text is None:
        return None
    errors = Errors()
    file = parse_text(f"{writer.module}.emf", text, errors)
    layouts = Layouts(errors)
    if not errors:
        check_file(file, errors, layouts)
    if errors:
        return None
    interface = Builder(layouts).of(file)
    service = interface.services[0]
    laid_out = {r.name: r for r in tables(None, interface, [interface]).records}
    known = {r.name: r for r in writer.records.values()}
    for signal, event in zip(service.signals, events):
        if not _is_same(event, laid_out[signal.arguments.name], known, laid_out):
            return None
    return service, service_texts(file)[service.name]


def _is_same(sent: TableRecord, described: TableRecord, known: Dict[str, TableRecord], laid_out: Dict[str, TableRecord]) -> bool:
    """Whether each member is where the language puts it."""
    def place(m: TableMember) -> Tuple[str, int, int]:
        return m.name, m.offset, m.size * m.count

    return sent.size == described.size and [place(m) for m in sent.members] == [place(m) for m in described.members] and \
        all(not s.record or _is_same(known[s.record], laid_out[d.record], known, laid_out) for s, d in zip(sent.members, described.members))


def _padding(at: int, to: int, record: TableRecord) -> List[str]:
    """What C leaves between two members, the language has written out; nobody prints it."""
    name = f"pad{at}"
    while any(m.name == name for m in record.members):
        name += "0"
    return [f"u8 {name}[{to - at}]"] if to > at else []


class _Writer:
    def __init__(self, module: str, records: List[TableRecord], enums: List[Names]):
        self.module = module
        self.records = {r.name: r for r in records}
        self.enums = {e.name: e for e in enums}

    def service(self, events: List[TableRecord]) -> Optional[str]:
        """None if a member cannot be written."""
        declared: Dict[str, str] = {}
        lines = [self._members(event, declared, ",") for event in events]
        if None in lines or len({event.shown for event in events}) < len(events):
            return None
        signals = "".join(f"\tsignal {event.shown}(\n{members}\n\t) access(admin);\n" for event, members in zip(events, lines))
        return "".join(declared.values()) + f"/// What the kernel part of {self.module} sends.\nservice {self.module} 1.0 {{\n{signals}}}\n"

    def _members(self, record: TableRecord, declared: Dict[str, str], separator: str) -> Optional[str]:
        lines: List[Optional[str]] = []
        at = 0
        for m in record.members:
            lines += [*_padding(at, m.offset, record), self._member(m, declared)]
            at = m.offset + m.size * m.count
        lines += _padding(at, record.size, record)
        if None in lines:
            return None
        end = "" if separator == "," else separator
        return f"{separator}\n".join(f"\t\t{line}" for line in lines) + end

    def _member(self, m: TableMember, declared: Dict[str, str]) -> Optional[str]:
        word, array = m.type[4:].lower(), f"[{m.count}]" if m.count > 1 else ""
        if m.bits or m.len_offset is not None or word in ("u128", "s128", "hex"):
            return None
        if m.record:
            inner = self.records[m.record]
            members = self._members(inner, declared, ";")
            if members is None:
                return None
            declared.setdefault(inner.shown, f"struct {inner.shown} {{\n{members}\n}}\n")
            word = inner.shown
        elif m.names:
            word = m.names[len(self.module) + 1:]
            declared.setdefault(word, self._enum(word, m))
        elif word == "string":
            word = f"string<={m.size - 1}"
        elif word in BUILT_IN and BUILT_IN[word].size != m.size:
            word = f"u{8 * m.size}"  # a protocol in 16 bits
        return f"{word} {m.name}{array}"

    def _enum(self, word: str, m: TableMember) -> str:
        pairs = [(name, int(value.rstrip("ul"), 0)) for name, value in self.enums[m.names].pairs]
        signed = any(value >= _SIGNED_FROM for _, value in pairs)
        items = ", ".join(f"{name} = {value - 2 * _SIGNED_FROM if value >= _SIGNED_FROM else value}" for name, value in pairs)
        return f"enum {word} : {'s' if signed else 'u'}{8 * m.size} {{ {items} }}\n"
