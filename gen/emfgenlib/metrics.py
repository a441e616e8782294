# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The metrics of a module as tables of the core: what the description says, with the types
of the maps that the compiled kernel part has."""
import dataclasses
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from . import btf, c_types
from .bpf_object import Map, Object
from .check_metric import DEFAULT_SERIES, exported, slots_of
from .check_object import COUNT
from .errors import Errors, Position
from .infer_record import Names, Records
from .interface import Interface
from .maps import per_cpu, readable
from .near import near
from .said import Said
from .scope import Scope
from .syntax import Metric, ModuleDecl, Name
from .tables import TableMember, member_tables

_NUMBERS = {f"EMF_{sign}{bits}" for sign in "US" for bits in (8, 16, 32, 64)} | {f"EMF_BE{bits}" for bits in (16, 32, 64)} \
    | {"EMF_" + word for word in ("BOOL", "DURATION", "NS", "WALL", "PID", "UID", "ERRNO", "SIGNO", "NETDEV", "CGROUP")}
_TIMES = ("EMF_DURATION", "EMF_NS")
LOG2_SLOTS = 64


@dataclass
class MadeMetric:
    name: str
    unit: int
    declaration: Metric
    map: str = ""
    labels: List[TableMember] = field(default_factory=list)
    value: Optional[TableMember] = None
    slot: Optional[TableMember] = None
    sum: Optional[TableMember] = None
    slots: int = 0
    numbers: List[int] = field(default_factory=list)  # of the scale
    counters: List[Tuple[int, int, int]] = field(default_factory=list)
    conditions: List[Tuple[int, bool]] = field(default_factory=list)  # numbers of parameters, and whether they must not be given
    is_shown: bool = False  # not declared as one

    @property
    def doc(self) -> str:
        d = self.declaration
        return d.summary or f"{d.kind} {d.name}, from {'event' if d.is_event else 'map'} {d.source.text}"

    @property
    def kind(self) -> str:
        return self.declaration.kind

    @property
    def position(self) -> Position:
        return self.declaration.position

    @property
    def scale(self) -> str:
        return self.declaration.scale.text if self.declaration.scale else ""

    @property
    def max_series(self) -> int:
        return self.declaration.max_series.value if self.declaration.max_series else DEFAULT_SERIES


class Bad(Exception):
    """An error was noted."""


class Maker:
    def __init__(self, obj: Object, source: str, module: ModuleDecl, interfaces: List[Interface], scope: Scope, errors: Errors):
        self.obj, self.btf, self.source, self.module, self.scope, self.errors = obj, obj.btf, source, module, scope, errors
        self.interfaces = interfaces
        self.records = Records(obj, module.name + "_metric", Said())
        self.members, self.enums = member_tables(interfaces)
        self.used: Dict[str, Names] = {}

    def make(self) -> List[MadeMetric]:
        out: List[MadeMetric] = []
        names: Dict[str, MadeMetric] = {}
        for metric in self.module.metrics:
            try:
                made = self._event(metric) if metric.is_event else self.map_metric(metric)
            except Bad:
                continue
            if made.name in names:  # by the types of what they read
                self.errors.add(metric.position, f"'{metric.name}' is called {made.name} where it is read, and so is "
                                f"'{names[made.name].declaration.name}'", "rename one of them")
            names.setdefault(made.name, made)
            out.append(made)
        return out

    @property
    def all_enums(self) -> List[Names]:
        return self.records.enums + list(self.used.values())

    def fail(self, position, message: str, hint: str = "") -> None:
        self.errors.add(position, message, hint)
        raise Bad

    def made(self, metric: Metric, value: Optional[TableMember], labels: List[TableMember]) -> MadeMetric:
        name, unit = exported(self.module.name, metric, bool(value) and value.type in _TIMES)
        out = MadeMetric(name, unit, metric, value=self.renamed(value) if value else None, labels=[self.renamed(l) for l in labels])
        if metric.scale:
            out.numbers, out.slots = slots_of(metric, unit, self.scope)
        return out

    def renamed(self, member: TableMember) -> TableMember:
        """With names of its own: those of a declared enum may stand in the same C file already."""
        if not member.names or member.names not in self.enums:
            return member
        name = f"{self.module.name}_metric_{member.names}"
        self.used[name] = Names(name, self.enums[member.names].pairs)
        return dataclasses.replace(member, names=name)

    # --- events

    def _event(self, metric: Metric) -> MadeMetric:
        record = next(e.record for i in self.interfaces for e in i.events if e.declaration in self.module.events and e.name == metric.source.text)
        members = self.members(record)
        for label in metric.labels:
            if members[label.text].type == "EMF_STRUCT":
                self.fail(label.position, f"'{label.text}' of event '{metric.source.text}' is a struct, and a label is one value")
        made = self.made(metric, members[metric.member.text] if metric.member else None, [members[n.text] for n in metric.labels])
        if metric.scale and not made.slots:
            made.slots = min(8 * made.value.size, LOG2_SLOTS)
        return made

    # --- maps

    def of(self, type_: int) -> Dict[str, TableMember]:
        """Members of a struct: as it is declared, or as its BTF says."""
        bare = self.btf.strip(type_)
        declared = next((s for i in self.interfaces for s in i.structs if s.name == self.btf.name(bare)), None)
        return self.members(declared) if declared else {m.name: m for m in self.records.members(bare)}

    def is_struct(self, type_: int) -> bool:
        return self.btf.kinds[self.btf.strip(type_)] == btf.STRUCT

    def single(self, type_: int, name: str) -> TableMember:
        return self.records.single(name, type_)

    def map_of(self, name: Name) -> Map:
        found = self.obj.maps[name.text]
        if not readable(found):
            self.fail(name.position, f"map '{found.name}' of {self.source} is none whose keys and values can be read", "hashes, arrays and the like can")
        return found

    def counters_of(self, found: Map) -> List[Tuple[int, int, int]]:
        return c_types.counters(self.btf, found.value) if found.value is not None and per_cpu(found) else []

    def map_metric(self, metric: Metric) -> MadeMetric:
        found = self.map_of(metric.source)
        value = self._value(metric, found)
        made = self.made(metric, value, self._labels(metric, found))
        made.map = found.name
        made.counters = self.counters_of(found) if value else []
        if metric.kind == "histogram":
            self._hist(made, found)
        return made

    def _value(self, metric: Metric, found: Map) -> Optional[TableMember]:
        what = f"the value of map '{found.name}' in {self.source}"
        at = metric.member.position if metric.member else metric.source.position
        if found.value is None:
            if metric.member and metric.member.text == COUNT and metric.kind != "histogram":
                return None
            self.fail(at, f"{what} has no type", "declare it there: __type(value, ...)")
        members = self.of(found.value) if self.is_struct(found.value) else {}
        if metric.member and metric.member.text == COUNT and COUNT not in members and metric.kind != "histogram":
            return None
        if metric.member:
            chosen = members.get(metric.member.text)
        elif self.is_struct(found.value):
            fits = [m for m in members.values() if self._fits(m, metric)]
            chosen = fits[0] if len(fits) == 1 else None
            if not chosen:
                self.fail(at, f"{what} has {len(fits) or 'no'} members that could be a {metric.kind}",
                           f"write: from {found.name}.MEMBER; it has: " + ", ".join(members))
        else:
            chosen = self.single(found.value, "value")
        if not chosen or not self._fits(chosen, metric):
            self.fail(at, f"{what} ({self.btf.written(found.value)}) is nothing that a {metric.kind} can be read from",
                       "an array of __u32 or __u64, or a number whose key is the slot" if metric.kind == "histogram" else
                       near(metric.member.text if metric.member else "", members, "it has"))
        return chosen

    def _fits(self, member: TableMember, metric: Metric) -> bool:
        if member.type not in _NUMBERS or member.bits:
            return False
        return metric.kind == "histogram" or member.count == 1

    def _labels(self, metric: Metric, found: Map) -> List[TableMember]:
        if not metric.labels:
            return []
        if not self.is_struct(found.key):
            return [dataclasses.replace(self.single(found.key, metric.labels[0].text), name=metric.labels[0].text)]
        members = self.of(found.key)
        for label in metric.labels:
            member = members.get(label.text)
            if not member or member.count > 1 or member.type == "EMF_STRUCT":
                self.fail(label.position, f"'{label.text}' of the key of map '{found.name}' in {self.source} is no single value, and a label is one",
                           near(label.text, members, "it has"))
        return [members[label.text] for label in metric.labels]

    def _hist(self, made: MadeMetric, found: Map) -> None:
        metric, value = made.declaration, made.value
        if value.count == 1:
            made.slot, made.slots = self._slot(metric, found), made.slots or LOG2_SLOTS
            return
        self.slots(made, f"map '{found.name}'")
        if self.is_struct(found.value):
            total = self.of(found.value).get("sum")
            made.sum = total if total and total.count == 1 and total.type in _NUMBERS else None

    def slots(self, made: MadeMetric, what: str) -> None:
        """As many as the scale makes."""
        value, scale = made.value, made.declaration.scale
        if not made.slots and value.count <= LOG2_SLOTS:
            made.slots = value.count
        if made.slots != value.count:
            self.fail(scale.position, f"'{value.name}' of {what} in {self.source} has {value.count} slots, and {scale.text} "
                      + (f"makes {made.slots}" if made.slots else f"takes {LOG2_SLOTS} at most"), "the last slot counts all that is above the others")

    def _slot(self, metric: Metric, found: Map) -> TableMember:
        """What of the key says which slot it is."""
        labels = {n.text for n in metric.labels}
        if not self.is_struct(found.key):
            left = [] if labels else [self.single(found.key, "slot")]
        else:
            left = [m for m in self.of(found.key).values() if m.name not in labels]
        if len(left) != 1 or left[0].count != 1 or left[0].type not in _NUMBERS:
            self.fail(metric.source.position, f"nothing of the key of map '{found.name}' in {self.source} says which slot a value counts",
                       "let the key be its number, or have one number that is no label")
        return left[0]
