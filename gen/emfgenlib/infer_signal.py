# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The service of a kernel part alone: it is called like the module, and each type of event is
a signal. It is written as a description would have it, and read as one, so that peers match it
like any other. What the language has no type for goes as bytes."""
from dataclasses import dataclass, field, replace
from typing import Dict, List, Optional, Set, Tuple

from . import macros, types, words
from .check_fields import NAME_MAX
from .check_file import check_file
from .errors import Errors
from .idl_text import service_texts
from .infer_record import Names
from .interface import Builder, CService
from .layout import Layouts
from .parser import parse_text
from .tables import TableMember, TableRecord, tables

_SIGNED_FROM = 1 << 63  # of a value that is written without its sign
_LONG = 40  # a name of bytes that is made of names of bit-fields


@dataclass
class InferredSignal:
    name: str
    event: TableRecord
    record: TableRecord  # what it is to those who hear it
    leaves: List[str]


@dataclass
class InferredService:
    idl: List[str] = field(default_factory=list)
    version: str = ""
    hash: str = ""
    signals: List[InferredSignal] = field(default_factory=list)
    records: List[TableRecord] = field(default_factory=list)  # of signals that are not the events'
    left_out: List[Tuple[TableRecord, str]] = field(default_factory=list)  # events, and why they are on no bus


class _NoSignal(Exception):
    """Why not."""


@dataclass
class _Field:
    """A member of a signal, and the bytes that it is of what is sent."""

    name: str
    line: str
    offset: int
    bytes: int
    align: int
    inner: Optional["_Struct"] = None
    length: Optional[int] = None  # where the number of its elements is

    @property
    def begin(self) -> int:
        return self.offset if self.length is None else self.length


@dataclass
class _Struct:
    name: str
    fields: List[_Field]
    size: int
    align: int
    is_event_s: bool  # the members are those of the event


def service_of(module: str, events: List[TableRecord], records: List[TableRecord], enums: List[Names]) -> InferredService:
    """Without signals if there is nothing to hear."""
    out = InferredService()
    good: List[TableRecord] = []
    for event in events:
        try:
            if any(event.shown == other.shown for other in good):
                raise _NoSignal(f"another type is called '{event.shown}', too")
            _read(_Writer(module, records, enums), [event])
            good.append(event)
        except _NoSignal as why:
            out.left_out.append((event, str(why)))
    if not good:
        return out
    writer = _Writer(module, records, enums)
    try:
        service, laid_out, out.idl = _read(writer, good)
    except _NoSignal as why:  # of two that are fine, each alone
        out.left_out += [(event, str(why)) for event in good]
        return out
    out.version, out.hash = service.version, service.hash
    for signal, event in zip(service.signals, good):
        record = event if writer.structs[event.name].is_event_s else _told(laid_out[signal.arguments.name], laid_out, writer.names, out.records)
        out.signals.append(InferredSignal(signal.name, event, record, signal.arguments.leaves))
    return out


def _told(record: TableRecord, laid_out: Dict[str, TableRecord], names: Dict[str, str], out: List[TableRecord]) -> TableRecord:
    """A record beside those of the events, which may have its name."""
    name = record.name + "_told"
    made = next((r for r in out if r.name == name), None)
    if not made:
        members = [replace(m, names=names.get(m.names, ""), record=_told(laid_out[m.record], laid_out, names, out).name if m.record else "")
                   for m in record.members]
        made = replace(record, name=name, members=members)
        out.append(made)
    return made


def _read(writer: "_Writer", events: List[TableRecord]) -> Tuple[CService, Dict[str, TableRecord], List[str]]:
    errors = Errors()
    file = parse_text(f"{writer.module}.emf", writer.service(events), errors)
    layouts = Layouts(errors)
    if not errors:
        check_file(file, errors, layouts)
    if errors:
        raise _NoSignal(f"as a description it would be wrong: {errors.found[0].message}")
    interface = Builder(layouts).of(file)
    service = interface.services[0]
    laid_out = {r.name: r for r in tables(None, interface, [interface]).records}
    for signal, event in zip(service.signals, events):
        _check_same(writer.structs[event.name], laid_out[signal.arguments.name], laid_out)
    return service, laid_out, service_texts(file)[service.name]


def _check_same(sent: _Struct, described: TableRecord, laid_out: Dict[str, TableRecord]) -> None:
    """Each member is where the language puts it."""
    places = {m.name: m for m in described.members}
    for f in sent.fields:
        m = places.get(f.name)
        if not m or (m.offset, m.size * m.count) != (f.offset, f.bytes):
            raise _NoSignal(f"'{f.name}' is not where the language puts it")
        if f.inner:
            _check_same(f.inner, laid_out[m.record], laid_out)
    if described.size != sent.size:
        raise _NoSignal(f"it has {sent.size} bytes, and the language makes {described.size} of it")


class _Writer:
    def __init__(self, module: str, records: List[TableRecord], enums: List[Names]):
        self.module = module
        self.records = {r.name: r for r in records}
        self.enums = {e.name: e for e in enums}
        self.structs: Dict[str, _Struct] = {}  # by the name of the record that it is of
        self.declared: Dict[str, str] = {}  # enums and structs, in the language
        self.names: Dict[str, str] = {}  # what an enum of the language is called in C

    def service(self, events: List[TableRecord]) -> str:
        signals = "".join(f"\tsignal {event.shown}({_lines(self._struct(event), ',')}\n\t) access(admin);\n" for event in events)
        return "".join(self.declared.values()) + f"/// What the kernel part of {self.module} sends.\nservice {self.module} 1.0 {{\n{signals}}}\n"

    def _struct(self, record: TableRecord) -> _Struct:
        if record.name not in self.structs:
            self.structs[record.name] = self._made(record)
        return self.structs[record.name]

    def _made(self, record: TableRecord) -> _Struct:
        fields: List[_Field] = []
        for group in _groups(record.members):
            one = self._bytes(group, fields, record) if group[0].bits else self._field(group[0], record)
            fields += [one] if one.bytes else []
        is_event_s = [(f.name, f.offset, f.bytes) for f in fields] == [(m.name, m.offset, m.size * m.count) for m in record.members] and \
            all(not f.inner or f.inner.is_event_s for f in fields) and not any(m.bits or _is_wide(m) for m in record.members)
        return _Struct(_sayable(record.shown, True), fields, record.size, max((f.align for f in fields), default=1), is_event_s)

    def _field(self, m: TableMember, record: TableRecord) -> _Field:
        word, align, inner = self._word(m)
        name, bytes_ = _sayable(m.name), m.size * m.count
        if m.len_offset is not None:  # at the end of what is sent; its length is before it
            while {f"{name}_len", f"{name}_pad"} & {other.name for other in record.members}:
                name += "_"
            word, align = (word, align) if word else (self._opaque(m.size), 1)
            return _Field(name, f"{word} {name}[<={m.count}]", m.offset, bytes_, max(align, 4), inner, m.len_offset)
        array = f"[{m.count}]" if m.count > 1 else ""
        if not word or m.offset % align or record.size % align:
            return _Field(name, f"u8 {name}[{bytes_}]", m.offset, bytes_, 1)
        return _Field(name, f"{word} {name}{array}", m.offset, bytes_, align, inner)

    def _bytes(self, group: List[TableMember], before: List[_Field], record: TableRecord) -> _Field:
        """Bit-fields that share bytes: all of them, between what is before and behind."""
        start = max(min(m.offset for m in group), before[-1].offset + before[-1].bytes if before else 0)
        behind = [m.offset for m in record.members if not m.bits and m.offset >= start]
        end = min([max(m.offset + m.size for m in group), *behind])
        name = "_and_".join(m.name for m in group)
        name = _sayable(name if len(name) <= _LONG else f"bits{start}")
        return _Field(name, f"u8 {name}[{end - start}]", start, end - start, 1)

    def _word(self, m: TableMember) -> Tuple[str, int, Optional[_Struct]]:
        """The type of one element in the language, "" if it has none; its alignment; what a struct is made of."""
        word = m.type[4:].lower()
        if _is_wide(m):
            return "", 1, None
        if m.record:
            inner = self._struct(self.records[m.record])
            self.declared.setdefault(inner.name, f"struct {inner.name} {{{_lines(inner, ';')};\n}}\n")
            return inner.name, inner.align, inner
        if m.names:
            word = _sayable(m.names[len(self.module) + 1:], True)
            self.declared.setdefault(word, self._enum(word, m))
            self.names[f"{self.module}_{word}"] = m.names
            return word, m.size, None
        if word == "string":
            return f"string<={m.size - 1}", 1, None
        if word in types.BUILT_IN and types.BUILT_IN[word].size != m.size:
            word = f"u{8 * m.size}"  # a protocol in 16 bits
        return word, types.BUILT_IN[word].align, None

    def _opaque(self, size: int) -> str:
        """A struct of so many bytes: an element that the language has no type for."""
        word = f"bytes{size}"
        self.declared.setdefault(word, f"struct {word} {{\n\t\tu8 bytes[{size}];\n}}\n")
        return word

    def _enum(self, word: str, m: TableMember) -> str:
        pairs = [(name, int(value.rstrip("ul"), 0)) for name, value in self.enums[m.names].pairs]
        signed = any(value >= _SIGNED_FROM for _, value in pairs)
        items = ", ".join(f"{name} = {value - 2 * _SIGNED_FROM if value >= _SIGNED_FROM else value}" for name, value in pairs)
        return f"enum {word} : {'s' if signed else 'u'}{8 * m.size} {{ {items} }}\n"


def _is_wide(m: TableMember) -> bool:
    return m.type in ("EMF_U128", "EMF_S128", "EMF_HEX")


def _groups(members: List[TableMember]) -> List[List[TableMember]]:
    """Each member alone, but bit-fields together that share bytes."""
    out: List[List[TableMember]] = []
    for m in members:
        shares = m.bits and out and out[-1][0].bits and m.offset < max(o.offset + o.size for o in out[-1])
        if shares:
            out[-1].append(m)
        else:
            out.append([m])
    return out


def _lines(struct: _Struct, separator: str) -> str:
    """Its members. What C leaves between two, the language has written out; nobody prints it."""
    names = {f.name for f in struct.fields}
    lines: List[str] = []
    at = 0
    for f in struct.fields:
        lines += _padding(at, f.begin, names) + [f.line]
        at = f.offset + f.bytes
    lines += _padding(at, struct.size, names)
    return separator.join(f"\n\t\t{line}" for line in lines)


def _padding(at: int, to: int, names: Set[str]) -> List[str]:
    return [f"u8 {_free(f'pad{at}', names)}[{to - at}]"] if to > at else []


def _free(name: str, names: Set[str]) -> str:
    while name in names:
        name += "0"
    return name


def _sayable(name: str, is_type: bool = False) -> str:
    """A name that the language refuses, with a sign behind it."""
    is_taken = name in words.C_WORDS or name in words.PREFIXES or macros.is_macro(name) or (is_type and (name in types.BUILT_IN or name == types.STRING))
    return name[:NAME_MAX - 1] + "_" if is_taken else name
