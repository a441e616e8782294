# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the description of a kernel part would have said, where there is none: options from
its "const volatile" globals, events from what it sends."""
import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from . import bpf_names, btf, sections, semantics
from .bpf_object import Map, Object, Variable
from .errors import Errors, Position
from .files import read_regular
from .infer_metric import InferredMetric, metrics_of
from .infer_record import Names, Records
from .infer_signal import InferredService, service_of
from .infer_view import InferredView, Views
from .near import near
from .opaque import Opaque, opaque
from .said import Said, SaidEvent, said
from .syntax import ModuleDecl, Value
from .tables import TableAttach, TableParam, TableRecord
from .types import BUILT_IN
from .warn import warn

_RING, _PERF = (bpf_names.MAP_TYPES.index(name) for name in ("ringbuf", "perf_event_array"))
_PREFIX = "targ_"  # of what user space sets, in libbpf-tools
_MAX_TEXT = 4096  # EMF_PARAM_VALUE_MAX, core/param.h
_NUMBERS = ("u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "be16", "be32", "be64")


@dataclass
class InferredParam(TableParam):
    section: str = ""  # of the object
    offset: int = 0  # there
    value: str = "0"  # what the variable starts with, in C


@dataclass
class Declared:
    """Where it stands, as a declaration would say."""

    position: Position
    short: Optional[Value] = None
    live: bool = False


@dataclass
class InferredEvent:
    map: str
    types: List[Tuple[int, TableRecord]]  # with the value of the first member
    position: Position


@dataclass
class Inferred:
    doc: str = ""
    enums: List[Names] = field(default_factory=list)
    records: List[TableRecord] = field(default_factory=list)
    params: List[InferredParam] = field(default_factory=list)
    events: List[InferredEvent] = field(default_factory=list)
    views: List[InferredView] = field(default_factory=list)
    types: List[Opaque] = field(default_factory=list)  # of globals
    attaches: List[TableAttach] = field(default_factory=list)
    service: Optional[InferredService] = None
    unheard: List[Tuple[TableRecord, str]] = field(default_factory=list)  # events that are no signals, and why
    metrics: List[InferredMetric] = field(default_factory=list)
    lost: List[object] = field(default_factory=list)  # a description can say that
    conventions: List[str] = field(default_factory=list)  # what is said of the printing by a parameter

    def counted(self, record: TableRecord) -> int:
        """The index of the metric that counts a type of event."""
        return _sent(self.events).index(record)

    def told(self, module: str, record: TableRecord) -> str:
        """Of the signal of a type of event, in C."""
        signals = self.service.signals if self.service else []
        number = next((i for i, g in enumerate(signals) if g.event is record), None)
        return "NULL, 0" if number is None else f"&{module}_service, {number}"


class Source:
    """The lines of a kernel part, to show where something stands."""

    def __init__(self, path: str):
        self.path = path
        try:
            self.text = read_regular(path).decode("utf-8", "replace")
        except OSError:
            self.text = ""

    def place(self, *patterns: str) -> Position:
        for pattern in patterns:
            found = re.search(pattern, self.text, re.MULTILINE)
            if found:
                at = found.start(found.lastindex or 0)
                start = self.text.rfind("\n", 0, at) + 1
                line = self.text[start:].split("\n", 1)[0]
                return Position(self.path, self.text.count("\n", 0, at) + 1, at - start + 1, line)
        return Position(self.path)


def infer(obj: Object, module: str, path: str, has_user: bool, errors: Errors) -> Inferred:
    there, source = said(obj.btf), Source(path)
    records = Records(obj, module, there)
    out = Inferred(there.doc)
    out.params = _params(obj, records, there, source, errors)
    out.events = _Events(obj, records, there, source, has_user, errors).all()
    views = Views(obj, records, there, source.place, has_user, errors)
    out.views = views.all()
    views.add_conditions(out.views, [p.name for p in out.params])
    _add_view_params(out, path)
    if not has_user:
        _attach(obj, module, source, out)
    out.enums, out.records, out.types = records.enums, records.records, opaque(obj, module)
    if not has_user:
        service = service_of(module, _sent(out.events), out.records, out.enums)
        out.service, out.unheard = service if service.signals else None, service.left_out
        out.metrics = metrics_of(module, [(r, e.position) for e in out.events for _, r in e.types], out.views)
    return out


def _sent(events: List[InferredEvent]) -> List[TableRecord]:
    """The types of all events, each once."""
    out: List[TableRecord] = []
    for event in events:
        out += [record for _, record in event.types if record not in out]
    return out


def tell_unheard(inferred: Inferred) -> None:
    for record, why in inferred.unheard:
        place = next(e.position for e in inferred.events if any(r is record for _, r in e.types))
        warn(place, f"'{record.shown}' is printed, and not on the bus: {why}")


def tell_unused(obj: Object, path: str, declared: ModuleDecl) -> None:
    """A description wins; what is said beside it is of no effect."""
    there, source = said(obj.btf), Source(path)
    if there.doc:
        warn(source.place(r"^(EMF_DOC)\b"), f"EMF_DOC() is not used, since {declared.position.path} describes module '{declared.name}'",
             "say it there: /// in front of the module")
    for event in there.events:
        warn(source.place(rf"EMF_EVENT\s*\(\s*({re.escape(event.map)})\b"), f"EMF_EVENT() is not used, since {declared.position.path} describes "
             f"module '{declared.name}'", "declare the event there")
    for word, names in (("HIST", there.hists), ("TABLE", there.tables)):
        for name in names:
            warn(source.place(rf"EMF_{word}\s*\(\s*({re.escape(name)})\b"), f"EMF_{word}() is not used, since {declared.position.path} "
                 f"describes module '{declared.name}'",
                 f"declare it there: show histogram {name} ... from {name};" if word == "HIST" else f"declare it there: show table {name} from {name};")
    for name in there.ifs:
        warn(source.place(rf"EMF_IF\s*\(\s*({re.escape(name)})\b"), f"EMF_IF() is not used, since {declared.position.path} describes "
             f"module '{declared.name}'", f"say it there: show ... {name} ... if ...;")
    for name in there.params:
        warn(source.place(rf"EMF_PARAM\s*\(\s*({re.escape(name)})\b"), f"EMF_PARAM() is not used, since {declared.position.path} describes "
             f"module '{declared.name}'", "declare the parameter there, with its doc")


# --- options --------------------------------------------------------------------------------


def _params(obj: Object, records: Records, there: Said, source: Source, errors: Errors) -> List[InferredParam]:
    wanted = [v for v in obj.variables.values() if v.section.startswith(".rodata") and v.is_const_volatile and not v.is_static
              and not v.name.startswith(("_", "emf_"))]
    for name in there.params_twice:
        one = rf"EMF_PARAM\s*\(\s*{re.escape(name)}\b"
        warn(source.place(rf"{one}[\s\S]*EMF_PARAM\s*\(\s*({re.escape(name)})\b"), f"EMF_PARAM({name}, ...) is there twice, with two texts", "keep one of them")
    found = {v.name: made for v in wanted for made in [_param(obj, records, v, there.params.get(v.name, ""), source)] if made}
    for name in there.params:
        if name not in found:
            errors.add(source.place(rf"EMF_PARAM\s*\(\s*({re.escape(name)})\b"),
                       f"'{name}' is no global that can be an option: those are const volatile, and numbers, bool, enums or char[N]",
                       near(name, found))
    names: Dict[str, str] = {}
    for name, param in found.items():
        short = _option(name[len(_PREFIX):]) if name.startswith(_PREFIX) else ""
        taken = {_option(other) for other in found if other != name}
        param.option = short if short and short not in taken else _option(name)
        if param.option in names:
            errors.add(param.declaration.position, f"'{name}' and '{names[param.option]}' would both be the option --{param.option}",
                       "rename one of them")
        names[param.option] = name
    return list(found.values())


def _option(name: str) -> str:
    return name.lower().replace("_", "-").strip("-")


def _param(obj: Object, records: Records, variable: Variable, help_: str, source: Source) -> Optional[InferredParam]:
    types, name, data = obj.btf, variable.name, obj.initial(variable)
    dimensions, element = types.array(variable.type)
    bare, base = types.strip(element), records.base(element)
    position = source.place(rf"\bvolatile\b[^;{{}}]*\b({re.escape(name)})\b")
    out = InferredParam(name, "", Declared(position), "", 0, "", None, None, help_, section=variable.section,
                        offset=variable.offset)
    order = "little" if obj.elf.endian == "<" else "big"
    if dimensions:
        if len(dimensions) > 1 or base != "char" or not 1 < dimensions[0] <= _MAX_TEXT:
            return None
        meant = semantics.of(name, [], f"char[{dimensions[0]}]")
        out.c_type, out.elements, out.type = "char", dimensions[0], "EMF_COMM" if meant == "comm" else "EMF_STRING"
        text = data.split(b"\0", 1)[0]
        out.value = '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in text[: dimensions[0] - 1]) + '"'
        return out
    signed = bool(types.is_signed(element)) and base != "bool"
    value = int.from_bytes(data, order, signed=signed)
    if types.kinds[bare] in (btf.ENUM, btf.ENUM64):
        names = records.enum(bare, name)
        out.type, out.names = "EMF_ENUM", names.name
        if names.type and value:  # 0 is none, more often than a choice
            out.initial = next((each for each, number in types.values(bare) if number == value), None)
        out.c_type = f"__{'s' if signed else 'u'}{8 * len(data)}"
    elif base in _NUMBERS or base in ("bool", "char"):
        meant = semantics.of(name, types.typedefs(element), base)
        if meant not in semantics.OF_PARAMETERS or (value < 0 and meant != "signo"):
            meant = base
        out.type, out.c_type = "EMF_" + meant.upper(), BUILT_IN[base].c
    else:
        return None
    out.value = f"{value}{'' if signed else 'u'}ll" if abs(value) > (1 << 31) - 1 else str(value)
    if value == -(1 << 63):
        out.value = "(-0x7fffffffffffffffll - 1)"
    return out


# --- views ------------------------------------------------------------------------------------


def _add_view_params(out: Inferred, path: str) -> None:
    """How often histograms and tables are printed, and how much of them."""
    taken = {p.option for p in out.params} | {p.name for p in out.params}

    def add(name: str, c_type: str, type_: str, range_: Optional[Tuple[str, str]], help_: str, letter: str = "") -> None:
        option = name if name not in taken else "print-" + name
        short = Value("char", letter, Position(path)) if letter and name not in taken else None
        out.params.append(InferredParam("emf_view_" + name, option, Declared(Position(path), short), c_type, 0, type_, None, range_, help_))

    if out.views:
        day = "(int64_t)86400000000000ll"
        out.conventions.append("interval")
        add("interval", "__u64", "EMF_DURATION", ("(int64_t)0", day), "print and start anew this often; 0 for once, at the end", "i")
    if any(view.unit is None for view in out.views):
        out.conventions.append("top")
        add("top", "__u32", "EMF_U32", None, "rows of a table that are printed; 0 for all")


# --- places -----------------------------------------------------------------------------------

# What a SEC() does not say and an option can: by the kind of place, its name, type, and size as a text.
_PLACES = {"xdp": ("iface", "netdev", 0), "cgroup": ("cgroup", "string", 256)}


def _attach(obj: Object, module: str, source: Source, out: Inferred) -> None:
    """Programs of one kind hang in the same place."""
    for program in obj.programs.values():
        word = sections.place_wanted(program.section)
        if word not in _PLACES:
            continue
        name, type_, size = _PLACES[word]
        param = next((p for p in out.params if p.name == name), None)
        position = source.place(rf'"\??({re.escape(program.section)})"')
        if param and param.section:
            continue  # a global of that name means something else
        if not param:
            out.params.append(InferredParam(name, name, Declared(position), "char" if size else "__u32", size, "EMF_" + type_.upper(), None, None,
                                            "where its programs are attached", value='""' if size else "0"))
        texts = [f"{module}_params.{name}" if size else "NULL"]
        more = [] if size else [f".netdev = &{module}_params.{name}"]
        out.attaches.append(TableAttach(program.name, "EMF_ATTACH_" + word.upper(), texts, [f'"{name}"'], position, more))


# --- events -----------------------------------------------------------------------------------


def _name_of(map_: str) -> str:
    """The name in "(void *)&events"."""
    return re.sub(r"[\s&()]|void\s*\*", "", map_)


class _Events:
    def __init__(self, obj: Object, records: Records, there: Said, source: Source, has_user: bool, errors: Errors):
        self.btf = obj.btf
        self.records = records
        self.there = there
        self.source = source
        self.has_user = has_user
        self.errors = errors
        self.rings = {m.name: m for m in sorted(obj.maps.values(), key=lambda m: m.index) if m.type in (_RING, _PERF)}
        self.named = {to.name for section in obj.elf.sections if section.is_code for _, to in obj.elf.relocations(section)}

    def all(self) -> List[InferredEvent]:
        for event in self.there.events:
            if event.map not in self.rings:
                self.errors.add(self.source.place(rf"EMF_EVENT\s*\(\s*({re.escape(event.map)})\b"),
                                f"there is no ring buffer or perf buffer '{event.map}'",
                                near(event.map, self.rings, nothing="declare one in SEC(\".maps\")"))
        out = []
        for name, map_ in self.rings.items():
            said_ = [e for e in self.there.events if e.map == name]
            if self.has_user and not said_:
                continue  # its own business
            made = self._said(map_, said_) if said_ else self._seen(map_)
            if made:
                out.append(made)
        return out

    def _place(self, name: str) -> Position:
        name = re.escape(name)
        return self.source.place(rf"EMF_EVENT\s*\(\s*({name})\b", rf"\b({name})\s+(?:SEC|__section)", rf"EMF_RING\s*\(\s*({name})\b",
                                 rf"\b({name})\b")

    # --- said, by EMF_EVENT()

    def _said(self, map_: Map, events: List[SaidEvent]) -> Optional[InferredEvent]:
        place = self._place(map_.name)
        for event in events:
            if self.btf.kinds[self.btf.strip(event.type)] == btf.FWD:
                self.errors.add(place, f"{self.btf.written(event.type)} is declared, and nowhere defined: nothing says what a record of '{map_.name}' is",
                                "define it in this file, or name the type that is sent")
                return None
        if len(events) > 1 and (any(e.id is None for e in events) or len({e.id for e in events}) < len(events)):
            self.errors.add(place, f"nothing says which of its {len(events)} types a record of '{map_.name}' has",
                            "write for each the value of its first member: " + self._lines(map_.name, [e.type for e in events], ", VALUE"))
            return None
        types = [(e.id or 0, self.records.event(e.type, map_.name)) for e in events]
        firsts = {(r.members[0].offset, r.members[0].size, r.members[0].type[4:5]) for _, r in types}
        if len(types) > 1 and (len(firsts) > 1 or types[0][1].members[0].offset or types[0][1].members[0].size not in (1, 2, 4, 8)):
            self.errors.add(place, f"the types of '{map_.name}' do not begin with the same number, so nothing says which one a record has",
                            "let the first member of each be a number of the same type")
            return None
        made = InferredEvent(map_.name, types, place)
        self._check_bytes(map_.name, [e.type for e in events], made)
        return made

    def _check_bytes(self, map_: str, types: List[int], made: InferredEvent) -> None:
        """A record of a size that is known has to be one of the types. It may be longer where it is no
        other record, but bytes that one of them lies in, and shorter by what its last array leaves out,
        where it is not the whole of another one."""
        keys, records = [self._key(t) for t in types], [r for _, r in made.types]
        for sent in self.there.sent:
            if _name_of(sent.map) != map_ or not sent.bytes:
                continue
            is_other = self._is_record(sent.type) and self._key(sent.type) not in keys
            is_whole = is_other and self.btf.size(sent.type) == sent.bytes and all(sent.bytes < self.btf.size(t) for t in types)
            if any(r.least <= sent.bytes for r in records) and not is_whole and not (is_other and all(r.size < sent.bytes for r in records)):
                continue
            what = f"is a {self._written(sent.type)} of {sent.bytes} bytes" if is_other else f"has {sent.bytes} bytes"
            has = " and ".join(f"{self._written(t)} has {self.btf.size(t)}" for t in types)
            hint = self._lines(map_, [sent.type]) if is_other and len(types) == 1 else ""
            self.errors.add(made.position, f"a record of '{map_}' {what} where it is sent, and {has}",
                            f"name the type that is sent: {hint}" if hint else "send all of it, or name what is sent by EMF_EVENT()")
            return

    # --- seen, where something is sent

    def _seen(self, map_: Map) -> Optional[InferredEvent]:
        unused = [t for i, t in enumerate(self.there.unused) if self._key(t) not in [self._key(o) for o in self.there.unused[:i]]]
        if len(self.rings) == 1 and len(unused) == 1:
            return InferredEvent(map_.name, [(0, self.records.event(unused[0], map_.name))], self._place(map_.name))
        here, anywhere, is_used = self._sent_to(map_.name)
        found = here or (anywhere if len(self.rings) == 1 else [])
        if len(found) == 1:
            made = InferredEvent(map_.name, [(0, self.records.event(found[0], map_.name))], self._place(map_.name))
            self._check_bytes(map_.name, found, made)
            return made
        if not is_used and (map_.type == _PERF or map_.name not in self.named):
            return None  # counters of the processor, which are read; or nothing at all
        if len(found) > 1:
            self.errors.add(self._place(map_.name), f"'{map_.name}' carries " + " and ".join(self.btf.written(t) for t in found)
                            + ", and nothing says which one a record has",
                            "write for each, with the value of its first member: " + self._lines(map_.name, found, ", VALUE"))
        else:
            known = anywhere or unused
            self.errors.add(self._place(map_.name), f"what is sent through '{map_.name}' is not known",
                            f"write: {self._lines(map_.name, known[:1]) if known else f'EMF_EVENT({map_.name}, struct NAME);'}"
                            + (" (or " + ", ".join(self.btf.written(t) for t in known[1:]) + ")" if known[1:] else "")
                            + ("" if known else " with the struct that is sent"))
        return None

    def _lines(self, map_: str, types: List[int], more: str = "") -> str:
        return " ".join(f"EMF_EVENT({map_}, {self._written(t)}{more});" for t in types)

    def _written(self, type_: int) -> str:
        typedefs = self.btf.typedefs(type_)
        return self.btf.written(type_) if self.btf.name(self.btf.strip(type_)) or not typedefs else typedefs[0]

    def _key(self, type_: int) -> Tuple[int, int]:
        return self.btf.strip(type_), 0

    def _is_record(self, type_: int) -> bool:
        """What has a meaning as it is: not bytes of anything."""
        bare = self.btf.strip(type_)
        return self.btf.kinds[bare] in (btf.STRUCT, btf.ENUM, btf.ENUM64) or \
            (self.btf.kinds[bare] == btf.INT and self.btf.size(bare) > 1)

    def _sent_to(self, map_: str) -> Tuple[List[int], List[int], bool]:
        """The types that are sent through a map, all that are sent anywhere, and whether it is used at all."""
        here: Dict[Tuple[int, int], int] = {}
        anywhere: Dict[Tuple[int, int], int] = {}
        is_used = False
        functions = set()
        for sent in self.there.sent:
            name = _name_of(sent.map)
            is_used |= name == map_ or (name != "" and name not in self.rings)
            if name == map_:
                functions.add(sent.function)
            if self._is_record(sent.type):
                anywhere.setdefault(self._key(sent.type), sent.type)
                if name == map_:
                    here.setdefault(self._key(sent.type), sent.type)
        if not here:  # of a function that knows one buffer only, what it submits is sent there
            for sent in self.there.sent:
                others = {_name_of(s.map) for s in self.there.sent if s.function == sent.function} - {map_, ""}
                if not sent.map and sent.function in functions and not others and self._is_record(sent.type):
                    here.setdefault(self._key(sent.type), sent.type)
        return list(here.values()), list(anywhere.values()), is_used
