# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Maps and globals of a kernel part that are printed: histograms by their shape or by
EMF_HIST(), tables by EMF_TABLE() only, since most maps are bookkeeping."""
import re
from dataclasses import dataclass, field
from typing import Callable, List, Optional, Tuple

from . import bpf_names, btf, c_types
from .bpf_object import Map, Object, Variable
from .errors import Errors, Position
from .infer_record import Records
from .near import near
from .said import Said
from .tables import TableMember, TableRecord

_MAX_SLOTS = 64  # of powers of two
MAX_COLUMNS = 12  # EMF_TABLE_COLUMNS, core/table.h
_SLOTS = "slots"  # the member of a value, as libbpf's tools call it
_GLOBALS = re.compile(r"slots|(\w+_)?(hist|dist)\Z")  # that are slots themselves
_COUNTED = re.compile(r"(\w+_)?(hist|dist|histogram)\Z")  # maps whose key is the slot
_KINDS = {bpf_names.MAP_TYPES.index(n): n for n in ("hash", "array", "percpu_hash", "percpu_array", "lru_hash", "lru_percpu_hash")}
NUMBERS = re.compile(r"EMF_(U|S)(8|16|32|64)|EMF_(PID|UID|DURATION|BE16|BE32|BE64)")

Place = Callable[[str], Position]


@dataclass
class Stacks:
    """Of a map that counts by them: its members, and the map that has them."""

    map: str
    at_end: bool
    per: int
    pid: TableMember
    weight: TableMember
    user: Optional[TableMember] = None
    kernel: Optional[TableMember] = None
    comm: Optional[TableMember] = None
    is_comm_of_value: bool = False


@dataclass
class InferredView:
    name: str
    unit: Optional[str]  # of a histogram
    position: Position
    value_size: int
    key: Optional[TableRecord] = None
    value: Optional[TableRecord] = None
    slots: Optional[TableMember] = None
    slot: Optional[TableMember] = None
    slots_n: int = 0
    scale: str = "log2"
    numbers: List[int] = field(default_factory=list)  # of the scale
    sort: str = ""  # "&flow_rows_members[2]"
    counters: Optional[List[Tuple[int, int, int]]] = None
    section: str = ""  # of the object, of a global
    offset: int = 0
    elements: int = 0
    stacks: Optional[Stacks] = None
    map: str = ""
    conditions: List[Tuple[int, bool]] = field(default_factory=list)  # numbers of parameters, and whether they must not be given


class Views:
    def __init__(self, obj: Object, records: Records, there: Said, place: Place, has_user: bool, errors: Errors):
        self.obj, self.btf, self.records, self.there, self.place, self.has_user, self.errors = obj, obj.btf, records, there, place, has_user, errors
        self.maps = {m.name: m for m in sorted(obj.maps.values(), key=lambda m: m.index) if m.type in _KINDS}
        self.globals = {v.name: v for v in obj.variables.values() if v.section.startswith((".bss", ".data")) and not v.is_static}

    def all(self) -> List[InferredView]:
        self._check_names()
        out = []
        for map_ in self.maps.values():
            if map_.name in self.there.tables:
                out.append(self._table(map_))
            elif map_.name in self.there.hists or not self.has_user:
                out.append(self._hist(map_))
        for variable in self.globals.values():
            if variable.name in self.there.hists or not self.has_user:
                out.append(self._global(variable))
        return [view for view in out if view]

    def _check_names(self) -> None:
        for names, line, known in ((self.there.hists, "EMF_HIST", {**self.maps, **self.globals}), (self.there.tables, "EMF_TABLE", self.maps)):
            for name in names:
                if name not in known:
                    what = "a map or a global" if line == "EMF_HIST" else "a map"
                    self.errors.add(self._said(line, name), f"there is no '{name}' that could be printed: {what} that user space can read",
                                    near(name, known))

    def add_conditions(self, views: List[InferredView], params: List[str]) -> None:
        """Said by EMF_IF(), of what is printed."""
        by_name = {view.name: view for view in views}
        for name, said in self.there.ifs.items():
            param = said.lstrip("! ")
            if name not in by_name:
                self.errors.add(self._said("EMF_IF", name), f"'{name}' is not printed, with no option", near(name, by_name))
            elif param not in params:
                self.errors.add(self._said("EMF_IF", name), f"'{param}' is no option: those are const volatile, and numbers, bool, enums or char[N]",
                                near(param, params))
            else:
                by_name[name].conditions = [(params.index(param), said.startswith("!"))]

    def _said(self, line: str, name: str) -> Position:
        return self.place(rf"{line}\s*\(\s*({re.escape(name)})\b")

    def _position(self, name: str) -> Position:
        return self.place(rf"EMF_(?:HIST|TABLE)\s*\(\s*({re.escape(name)})\b", rf"\b({re.escape(name)})\s+(?:SEC|__section)", rf"\b({re.escape(name)})\b")

    # --- histograms

    def _slots(self, type_: Optional[int]) -> Optional[TableMember]:
        """The member of a struct that has the slots."""
        if type_ is None or self.btf.kinds[self.btf.strip(type_)] != btf.STRUCT:
            return None
        found = next((m for m in self.btf.members(self.btf.strip(type_)) if m.name == _SLOTS and not m.bits), None)
        return self._array(found.name, found.type, found.offset) if found else None

    def _array(self, name: str, type_: int, at: int) -> Optional[TableMember]:
        dimensions, element = self.btf.array(type_)
        size = self.btf.size(element)
        if len(dimensions) != 1 or self.btf.kinds[self.btf.strip(element)] != btf.INT or size not in (4, 8) or not 1 < dimensions[0] <= _MAX_SLOTS:
            return None
        return TableMember(name, f"EMF_U{8 * size}", at, size, dimensions[0], None)

    def _hist(self, map_: Map) -> Optional[InferredView]:
        said = map_.name in self.there.hists
        view = InferredView(map_.name, self.there.hists.get(map_.name) or "value", self._position(map_.name), map_.value_size)
        view.counters, view.map = self._counters(map_), map_.name
        view.slots = self._slots(map_.value)
        if view.slots:
            view.slots_n = view.slots.count
            view.value = self._beside(map_.value, map_.name, view.slots)
            is_one = _KINDS[map_.type].endswith("array") and map_.max_entries == 1
            view.key = None if is_one or map_.key is None else self._key(map_, view.value)
            return view
        if (said or _COUNTED.match(map_.name)) and self._is_count(map_):
            view.slots_n = _MAX_SLOTS
            view.slots, view.slot = self._number("count", map_.value), self._number("slot", map_.key)
            return view
        if said:
            self.errors.add(self._said("EMF_HIST", map_.name), f"'{map_.name}' holds no histograms: its value is {self._written(map_.value)}",
                            f"give the value a member __u64 slots[N], N at most {_MAX_SLOTS}, or let it be a __u64, and the key a __u32 that is the slot")
        return None

    def _written(self, type_: Optional[int]) -> str:
        return self.btf.written(type_) if type_ is not None else "of no type"

    def _is_count(self, map_: Map) -> bool:
        """A number that is counted up, under a small one."""
        if map_.key is None or map_.value is None:
            return False
        is_small = not _KINDS[map_.type].endswith("array") or map_.max_entries <= _MAX_SLOTS
        return is_small and self.records.base(map_.key) in ("u8", "u16", "u32", "s32") and self.records.base(map_.value) in ("u32", "u64")

    def _number(self, name: str, type_: int) -> TableMember:
        return TableMember(name, "EMF_" + self.records.base(type_).upper(), 0, self.btf.size(type_), 1, None)

    def _global(self, variable: Variable) -> Optional[InferredView]:
        dimensions, element = self.btf.array(variable.type)
        name, said = variable.name, variable.name in self.there.hists
        view = InferredView(name, self.there.hists.get(name) or "value", self._position(name), 0, section=variable.section,
                            offset=variable.offset)
        view.slots = self._slots(element) if len(dimensions) < 2 else None
        if view.slots:
            view.elements, view.value_size = dimensions[0] if dimensions else 1, self.btf.size(element)
            view.value = self._beside(element, name, view.slots)
            view.key = self._single("index", "EMF_U32", 4) if dimensions else None
        elif said or _GLOBALS.match(name):
            view.slots, view.elements, view.value_size = self._array(name, variable.type, 0), 1, self.btf.size(variable.type)
        if view.slots:
            view.slots_n = view.slots.count
            return view
        if said:
            self.errors.add(self._said("EMF_HIST", name), f"'{name}' is {self._written(variable.type)}, and no histogram",
                            f"let it be __u64 {name}[N], or structs with a member __u64 slots[N], N at most {_MAX_SLOTS}")
        return None

    # --- keys and values

    def _counters(self, map_: Map) -> Optional[List[Tuple[int, int, int]]]:
        return c_types.counters(self.btf, map_.value) if "percpu" in _KINDS[map_.type] and map_.value is not None else None

    def _single(self, name: str, type_: str, size: int) -> TableRecord:
        return self.records.made(name, size, [TableMember(name, type_, 0, size, 1, None)])

    def _key(self, map_: Map, value: Optional[TableRecord]) -> Optional[TableRecord]:
        """A number beside the name of a task is its pid."""
        bare = self.btf.strip(map_.key)
        if self.btf.kinds[bare] == btf.STRUCT:
            return self.records.record(bare, self.btf.name(bare) or "key")
        base = self.records.base(map_.key)
        if base in ("u32", "s32") and value and any(m.type == "EMF_COMM" for m in value.members):
            return self._single("pid", "EMF_PID", 4)
        name = "index" if _KINDS[map_.type].endswith("array") else next((t[:-2] for t in self.btf.typedefs(map_.key) if t in ("pid_t", "uid_t")), "key")
        return self.records.event(map_.key, name)

    def _beside(self, type_: int, name: str, slots: TableMember) -> Optional[TableRecord]:
        bare = self.btf.strip(type_)
        members = [m for m in self.records.members(bare) if m.name != slots.name]
        return self.records.made(name + "_beside", self.btf.size(bare), members, name) if members else None

    # --- tables

    def _table(self, map_: Map) -> Optional[InferredView]:
        position, sort = self._said("EMF_TABLE", map_.name), self.there.tables[map_.name]
        if map_.key is None or map_.value is None:
            self.errors.add(position, f"'{map_.name}' has a key or a value without a type", "declare it there: __type(key, ...), __type(value, ...)")
            return None
        view = InferredView(map_.name, None, position, map_.value_size, counters=self._counters(map_), map=map_.name)
        bare = self.btf.strip(map_.value)
        is_struct = self.btf.kinds[bare] == btf.STRUCT
        view.value = self.records.record(bare, self.btf.name(bare) or map_.name) if is_struct else self.records.event(map_.value, map_.name)
        view.key = self._key(map_, view.value)
        columns = len(view.key.members) + len(view.value.members)
        if columns > MAX_COLUMNS:
            self.errors.add(position, f"'{map_.name}' has {columns} members of key and value together, and a table has {MAX_COLUMNS} columns",
                            "print it in a user part")
            return None
        numbers = {m.name: i for i, m in enumerate(view.value.members) if m.count == 1 and not m.bits and NUMBERS.fullmatch(m.type)}
        if sort and sort not in numbers:
            self.errors.add(position, f"the value of '{map_.name}' ({self._written(map_.value)}) has no number '{sort}' to sort by", near(sort, numbers, "it has"))
            return None
        index = numbers[sort] if sort else next(iter(numbers.values()), None)
        view.sort = f"&{view.value.name}_members[{index}]" if index is not None else ""
        return view
