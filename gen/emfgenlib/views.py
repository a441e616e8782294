# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a description shows of the maps and globals of its compiled kernel part, as tables of the core."""
import dataclasses
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from . import bpf_names
from .bpf_object import Map, Object, Variable
from .check_metric import metric_of
from .check_show import CONVENTIONS
from .errors import Errors, Position
from .infer_metric import LABEL
from .infer_record import Names
from .infer_view import InferredView, MAX_COLUMNS, NUMBERS, Stacks
from .interface import Interface
from .maps import per_cpu
from .metrics import Bad, MadeMetric, Maker
from .near import near
from .scope import Scope
from .syntax import Lost, Metric, ModuleDecl, Name, Show
from .tables import TableMember, TableRecord

STACK_TRACE = bpf_names.MAP_TYPES.index("stack_trace")
_STACK_BUILD_ID = 1 << 5  # include/uapi/linux/bpf.h
_STACK_BYTES = 127 * 8  # PERF_MAX_STACK_DEPTH addresses, include/uapi/linux/perf_event.h
_SIZES = (4, 8)  # of a global's slots, which are taken one by one


@dataclass
class MadeLost:
    """A global, and what it says."""

    name: str
    section: str  # of the object
    offset: int
    text: str
    position: Position


@dataclass
class Shown:
    """What of a module is measured and printed, and what that is made of."""

    all: List[MadeMetric] = field(default_factory=list)
    views: List[InferredView] = field(default_factory=list)
    lost: List[MadeLost] = field(default_factory=list)
    enums: List[Names] = field(default_factory=list)
    records: List[TableRecord] = field(default_factory=list)
    conventions: List[str] = field(default_factory=list)  # parameters that say when, how much and in which form it is printed


def shown(obj: Object, source: str, module: ModuleDecl, interfaces: List[Interface], scope: Scope, errors: Errors) -> Shown:
    maker = Maker(obj, source, module, interfaces, scope, errors)
    out = Shown(maker.make())
    Viewer(maker, out).make()
    out.enums, out.records = maker.all_enums, _reached(out.views, maker.records.records)
    kinds = {show.kind for show in module.shows}
    names = {p.name for p in module.options}
    out.conventions = [name for name, (_, of, _) in CONVENTIONS.items() if name in names and kinds & set(of)]
    return out


def _reached(views: List[InferredView], records: List[TableRecord]) -> List[TableRecord]:
    """Those that a view is made of: to look at a struct makes records, too."""
    wanted = {r.name for v in views for r in (v.key, v.value) if r}
    for record in reversed(records):  # each stands after those that it is made of
        wanted |= {m.record for m in record.members if record.name in wanted}
    return [r for r in records if r.name in wanted]


class Viewer:
    """Of one module; types, records and errors are those of its metrics' maker."""

    def __init__(self, maker: Maker, out: Shown):
        self.out = out
        self.maker, self.obj, self.btf, self.module = maker, maker.obj, maker.btf, maker.module
        self.structs = {s.name: s for i in maker.interfaces for s in i.structs}
        self.inner: Dict[str, str] = {}  # records of structs in structs, by the names of the declared ones
        self.measured = {m.source.text for m in self.module.metrics if not m.is_event}
        self.numbers = {p.name: i for i, p in enumerate(self.module.options)}

    def make(self) -> None:
        names = {m.name: "" for m in self.out.all}  # whose they are
        for show in self.module.shows:
            try:
                view, metrics = self._shown(show)
            except Bad:
                continue
            view.conditions = [(self.numbers[c.param.text], c.negated) for c in show.conditions]
            for metric in metrics if show.source.text not in self.measured else []:
                metric.conditions, metric.is_shown = view.conditions, True
                self._meets(metric, show.name, names)
            self.out.views.append(view)
        for lost in self.module.lost:
            try:
                self._meets(self._lost(lost), lost.name, names)
            except Bad:
                continue

    def _meets(self, metric: MadeMetric, owner: str, names: Dict[str, str]) -> None:
        """Who is shown under one name with other parameters has one metric."""
        if names.setdefault(metric.name, owner) != owner:
            other = names[metric.name]
            self.maker.errors.add(metric.position, f"'{owner}' is called {metric.name} where it is read, and so is " + (f"'{other}'" if other else "a metric that is declared"),
                                  "rename one of them")
        self.out.all.append(metric)

    def _shown(self, show: Show) -> Tuple[InferredView, List[MadeMetric]]:
        name = show.source
        variable = self.obj.variables.get(name.text)
        if show.kind == "histogram" and variable and name.text not in self.obj.maps:
            return self._global(show, variable)
        found = self.maker.map_of(name)
        view = InferredView(show.name, show.unit.text if show.unit else None, show.position, found.value_size, map=found.name)
        if per_cpu(found):
            view.counters = self.maker.counters_of(found)
        return {"histogram": self._hist, "table": self._table, "stacks": self._stacks}[show.kind](show, view, found)

    # --- histograms

    def _hist(self, show: Show, view: InferredView, found: Map) -> Tuple[InferredView, List[MadeMetric]]:
        made = self.maker.map_metric(metric_of(show))
        view.slots, view.slot = made.value, made.slot
        view.slots_n, view.scale, view.numbers = made.slots, made.scale, made.numbers
        if made.slot:
            if show.key or show.value:
                self.maker.fail((show.key + show.value)[0].position, f"a value of map '{found.name}' is one slot of a histogram, and nothing stands beside it",
                                "let the value have all the slots of a key")
            return view, [made]
        view.value = self._beside(show, found.value, made.value.name, found.name)
        if found.max_entries != 1 or not per_array(found) or show.key:
            view.key = self._key(show, found, view.value)
        return view, self._labelled(view, [made])

    def _beside(self, show: Show, type_: int, slots: str, of: str) -> Optional[TableRecord]:
        """What is in a value besides the slots."""
        if not self.maker.is_struct(type_):
            self._no_struct(show.value, 0, f"the value of '{of}'", type_)
            return None
        members = self._chosen(show.value, {n: m for n, m in self.maker.of(type_).items() if n != slots}, f"the value of '{of}'", type_)
        return self._record(f"{show.name}_beside", self.btf.size(type_), members, of) if members else None

    def _global(self, show: Show, variable: Variable) -> Tuple[InferredView, List[MadeMetric]]:
        dimensions, element = self.btf.array(variable.type)
        view = InferredView(show.name, show.unit.text, show.position, 0, section=variable.section, offset=variable.offset)
        metric = metric_of(show)
        made = self.maker.made(metric, None, [])
        is_struct = self.maker.is_struct(element) and len(dimensions) < 2
        view.elements, view.value_size = (dimensions or [1])[0] if is_struct else 1, self.btf.size(element if is_struct else variable.type)
        members = self.maker.of(element) if is_struct else {variable.name: self.maker.single(variable.type, variable.name)}
        wanted = show.member.text if show.member else "slots" if is_struct else variable.name
        slots = members.get(wanted)
        if variable.is_const_volatile or variable.is_static or not slots or slots.count < 2 or slots.size not in _SIZES or slots.type not in ("EMF_U32", "EMF_U64"):
            self.maker.fail(show.source.position, f"'{variable.name}' in {self.maker.source} is {self.btf.written(variable.type)}, and no histogram",
                            f"let it be: __u64 {variable.name}[N]; or have a member that is so")
        made.value = dataclasses.replace(slots, offset=slots.offset + variable.offset)
        made.map = variable.section
        self.maker.slots(made, variable.name)
        view.slots, view.slots_n, view.scale, view.numbers = slots, made.slots, made.scale, made.numbers
        if is_struct:
            view.value = self._beside(show, element, slots.name, variable.name)
        if is_struct and dimensions:
            view.key = self._record(f"{show.name}_key", 4, [TableMember("index", "EMF_U32", 0, 4, 1, None)], "key")
        return view, [] if view.elements > 1 else [made]

    # --- tables

    def _table(self, show: Show, view: InferredView, found: Map) -> Tuple[InferredView, List[MadeMetric]]:
        for side, type_ in (("key", found.key), ("value", found.value)):
            if type_ is None:
                self.maker.fail(show.source.position, f"the {side} of map '{found.name}' in {self.maker.source} has no type", f"declare it there: __type({side}, ...)")
        if self.maker.is_struct(found.value):
            members = self._chosen(show.value, self.maker.of(found.value), f"the value of '{found.name}'", found.value)
        else:
            self._no_struct(show.value, 1, f"the value of '{found.name}'", found.value)
            members = [self.maker.single(found.value, show.value[0].text if show.value else show.name)]
        view.value = self._record(f"{show.name}_value", self.btf.size(found.value), members, found.name)
        view.key = self._key(show, found, view.value)
        columns = len(view.key.members) + len(members)
        if columns > MAX_COLUMNS:
            self.maker.fail(show.position, f"table '{show.name}' has {columns} columns, and {MAX_COLUMNS} are the most", "choose members: key(...) value(...)")
        numbers = {m.name: i for i, m in enumerate(members) if m.count == 1 and not m.bits and NUMBERS.fullmatch(m.type)}
        if show.sort and show.sort.text not in numbers:
            self.maker.fail(show.sort.position, f"table '{show.name}' has no number '{show.sort.text}' in its value to sort by",
                            near(show.sort.text, numbers, "it has", "it has none"))
        at = numbers[show.sort.text] if show.sort else next(iter(numbers.values()), None)
        view.sort = f"&{view.value.name}_members[{at}]" if at is not None else ""
        return view, []  # a series for each row, of each connection perhaps, is there for who declares it only

    # --- stacks

    def _stacks(self, show: Show, view: InferredView, found: Map) -> Tuple[InferredView, List[MadeMetric]]:
        """They have no metric: a label is one value."""
        key = self.maker.of(found.key) if self.maker.is_struct(found.key) else {}
        value = self.maker.of(found.value) if self.maker.is_struct(found.value) else {"value": self.maker.single(found.value, "value")}
        ids = {n: key[n] for n in ("user", "kernel") if n in key and key[n].size == 4 and key[n].count == 1}
        pid = next((m for m in key.values() if m.type == "EMF_PID" and m.count == 1), None)
        if not ids or not pid:
            self.maker.fail(show.source.position, f"the key of map '{found.name}' in {self.maker.source} says no stack of a process",
                            "let it have a pid, and an s32 called user, kernel, or both, which are what bpf_get_stackid() said")
        weight = value.get(show.member.text if show.member else "value")
        if not weight or weight.count != 1 or weight.bits or not NUMBERS.fullmatch(weight.type):
            self.maker.fail((show.member or show.source).position, f"the value of map '{found.name}' in {self.maker.source} has no number that a stack weighs",
                            f"write: from {found.name}.MEMBER; it has: " + ", ".join(value))
        stacks = self.maker.map_of(show.stacks)
        if stacks.type != STACK_TRACE:
            self.maker.fail(show.stacks.position, f"map '{stacks.name}' in {self.maker.source} has no stacks", "name one of type BPF_MAP_TYPE_STACK_TRACE")
        if stacks.flags & _STACK_BUILD_ID or stacks.value_size > _STACK_BYTES:
            self.maker.fail(show.stacks.position, f"stacks of map '{stacks.name}' in {self.maker.source} " +
                            ("are build ids" if stacks.flags & _STACK_BUILD_ID else f"have {stacks.value_size} bytes, and {_STACK_BYTES} are the most"),
                            f"let it be of addresses: without BPF_F_STACK_BUILD_ID, and a value_size of {_STACK_BYTES} at most")
        comm = next((m for m in [*key.values(), *value.values()] if m.type == "EMF_COMM" and m.count == 1), None)
        of_value = comm is not None and comm.name not in key
        view.stacks = Stacks(stacks.name, show.at_end, show.per.value if show.per else 1, pid, weight, ids.get("user"), ids.get("kernel"), comm, of_value)
        view.key = self._record(f"{show.name}_key", self.btf.size(found.key), [pid] + [comm] * bool(comm and not of_value), "key")
        if of_value:
            view.value = self._record(f"{show.name}_value", self.btf.size(found.value), [comm], found.name)
        return view, []

    # --- keys and values

    def _chosen(self, names: List[Name], members: Dict[str, TableMember], what: str, type_: int) -> List[TableMember]:
        for name in names:
            if name.text not in members:
                self.maker.fail(name.position, f"{what} in {self.maker.source} ({self.btf.written(type_)}) has no member '{name.text}'",
                                near(name.text, members, "it has", "it has none that could be shown"))
        return [members[name.text] for name in names] or list(members.values())

    def _no_struct(self, names: List[Name], most: int, what: str, type_: int) -> None:
        if len(names) > most:
            self.maker.fail(names[most].position, f"{what} in {self.maker.source} is {self.btf.written(type_)}, and no struct",
                            "one name says what it is called" if most else "there is nothing beside the slots")

    def _key(self, show: Show, found: Map, value: Optional[TableRecord]) -> TableRecord:
        if self.maker.is_struct(found.key):
            members = self._chosen(show.key, self.maker.of(found.key), f"the key of '{found.name}'", found.key)
            return self._record(f"{show.name}_key", self.btf.size(found.key), members, self.btf.name(self.btf.strip(found.key)) or "key")
        self._no_struct(show.key, 1, f"the key of '{found.name}'", found.key)
        name = show.key[0].text if show.key else self._called(found, value)
        member = dataclasses.replace(self.maker.single(found.key, name), name=name)
        return self._record(f"{show.name}_key", self.btf.size(found.key), [member], "key")

    def _called(self, found: Map, value: Optional[TableRecord]) -> str:
        """A number beside the name of a task is its pid."""
        base = self.maker.records.base(found.key)
        if base in ("u32", "s32") and value and any(m.type == "EMF_COMM" for m in value.members):
            return "pid"
        return "index" if per_array(found) else "key"

    def _record(self, name: str, size: int, members: List[TableMember], shown: str) -> TableRecord:
        own = [self._own(m) for m in members]  # the records of what it is made of stand before it
        return self.maker.records.made(name, size, own, shown)

    def _own(self, member: TableMember) -> TableMember:
        if member.type != "EMF_STRUCT" or member.record not in self.structs:
            return self.maker.renamed(member)
        if member.record not in self.inner:
            struct = self.structs[member.record]
            self.inner[member.record] = self._record(member.record, struct.layout.size, list(self.maker.members(struct).values()), struct.declaration.name).name
        return dataclasses.replace(member, record=self.inner[member.record])

    def _labelled(self, view: InferredView, metrics: List[MadeMetric]) -> List[MadeMetric]:
        """With the members of the key as labels; none where one of them is not one value, or has a name that Prometheus keeps."""
        labels = view.key.members if view.key else []
        if any(m.name == "le" or m.name.startswith("__") for m in labels) or any(m.bits or m.count > 1 or not LABEL.match(m.type) for m in labels):
            return []
        for metric in metrics:
            metric.labels = list(labels)
        return metrics

    # --- what is lost

    def _lost(self, lost: Lost) -> MadeMetric:
        variable = self.obj.variables.get(lost.name)
        if not variable or variable.section.startswith(".rodata") or variable.is_static:
            self.maker.fail(lost.position, f"there is no global '{lost.name}' in {self.maker.source} that counts", f"add there: __u64 {lost.name};")
        if self.maker.records.base(variable.type) != "u64":
            self.maker.fail(lost.position, f"'{lost.name}' in {self.maker.source} is {self.btf.written(variable.type)}, and what is lost is counted by a __u64",
                            f"write there: __u64 {lost.name};")
        self.out.lost.append(MadeLost(lost.name, variable.section, variable.offset, lost.text.text, lost.position))
        metric = Metric(lost.name, lost.position, [lost.text.text], "counter", None, [], Name(variable.section, lost.position))
        made = self.maker.made(metric, TableMember(lost.name, "EMF_U64", variable.offset, 8, 1, None), [])
        made.map = variable.section
        return made


def per_array(found: Map) -> bool:
    """Whether its keys are numbers from 0 on."""
    return found.type in (2, 6)  # BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY, include/uapi/linux/bpf.h

