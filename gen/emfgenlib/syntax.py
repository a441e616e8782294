# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What an .emf file says, as plain data: one class for each kind of declaration.

Every declaration has a position and a doc; what a name refers to is looked up by
the checks, not here.
"""
from dataclasses import dataclass, field
from typing import List, Optional, Set, Tuple, Type, TypeVar, Union

from .errors import Position

# Nodes are neither compared nor printed: methods for it would take 10 ms of each start to make.
node = dataclass(eq=False, repr=False)


@node
class Name:
    """A name that is used, not declared."""

    text: str
    position: Position


@node
class Number:
    """A number that is written out, as it was written."""

    text: str
    value: int
    position: Position


# What can stand where a number is wanted: the number, or the name of a const.
Size = Union[Number, Name]


@node
class Value:
    """A default, a bound of a range, a setting."""

    kind: str  # "number", "duration", "version", "name" or "string"
    text: str  # without quotes
    position: Position


@node
class Declaration:
    name: str
    position: Position
    doc: List[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The doc as one line."""
        return " ".join(line.strip() for line in self.doc if line.strip())


D = TypeVar("D", bound=Declaration)


@node
class Const(Declaration):
    value: Optional[Size] = None


@node
class Item(Declaration):
    """A value of an enum or of flags."""

    value: Optional[Size] = None


@node
class Enum(Declaration):
    is_flags: bool = False
    base: Optional[Name] = None
    items: List[Item] = field(default_factory=list)


@node
class Field(Declaration):
    """A member of a struct, an argument, a parameter."""

    type: Optional[Name] = None
    qualifier: str = ""  # "rw" of map_fd
    bound: Optional[Size] = None  # of string<=N
    array: Optional[Size] = None
    array_kind: str = ""  # "fixed" [N], "bounded" [<=N], "many" [] (of what a chain hangs on)
    unit: Optional[Name] = None
    default: Optional[Value] = None
    range: Optional[Tuple[Value, Value]] = None
    short: Optional[Value] = None
    live: bool = False


@node
class Struct(Declaration):
    fields: List[Field] = field(default_factory=list)


@node
class TypedError(Struct):
    """error name { members }: an error that carries more than a number."""


@node
class Signal(Declaration):
    arguments: List[Field] = field(default_factory=list)
    since: Optional[Value] = None
    access: Optional[Name] = None


@node
class Method(Signal):
    results: List[Field] = field(default_factory=list)
    errors: List[Name] = field(default_factory=list)
    served_by: Optional[Name] = None


def access_of(call: Signal) -> str:
    """Who may: without a clause everybody may listen, and few may call."""
    return call.access.text if call.access else "admin" if isinstance(call, Method) else "read"


@node
class Service(Declaration):
    version: Optional[Value] = None
    members: List[Declaration] = field(default_factory=list)
    implied: bool = False  # by the events of the module that is called like it

    def of(self, kind: Type[D]) -> List[D]:
        """Members of exactly this kind: a method is a signal with more to it, and is none."""
        return [m for m in self.members if type(m) is kind]  # type: ignore[misc]


@node
class Slot(Declaration):
    room: Optional[Size] = None  # of a multi-slot
    optional: bool = False


@node
class Attach(Declaration):
    """Where a chain or a program hangs: kind(arguments); the name is the kind. A name among
    the arguments is that of a parameter."""

    program: Optional[Name] = None
    arguments: List[Union[Field, Value]] = field(default_factory=list)
    condition: Optional[Name] = None  # the parameter that has to be given
    negated: bool = False  # or must not be
    optional: bool = False


@node
class Handoff:
    member: Name
    chain: Name


@node
class Chain(Declaration):
    type: Optional[Name] = None
    attach: List[Attach] = field(default_factory=list)
    backend: Optional[Name] = None
    proceed: Optional[Name] = None
    default: Optional[Name] = None
    state: Optional[Struct] = None
    handoffs: List[Handoff] = field(default_factory=list)
    slots: List[Slot] = field(default_factory=list)


@node
class Use:
    service: Name
    version: Optional[Value] = None
    optional: bool = False


@node
class Need:
    kind: Name  # cap, helper, map_type, kfunc, btf, library
    names: List[Name]
    variant: Optional[Tuple[Name, Name]] = None  # another program in the first one's place


@node
class MapUse:
    map: Name
    export: bool = False
    source: Optional[Name] = None  # the module that exports it


@node
class Event(Declaration):
    fields: List[Field] = field(default_factory=list)  # of its record, if it has no signal's
    signal: Optional[Tuple[Name, Name]] = None  # service, signal
    handled: bool = False  # by a function of the user part, not printed
    overflow: Optional[Name] = None
    on_demand: bool = False
    private: bool = False  # no signal
    filters: List[Name] = field(default_factory=list)  # members that the kernel part can test before it begins a record
    implied: bool = False  # its signal is, and has the same fields


@node
class Metric(Declaration):
    kind: str = ""  # counter, gauge, histogram
    scale: Optional[Name] = None  # of a histogram: log2, linear, bounds
    numbers: List[Value] = field(default_factory=list)
    source: Optional[Name] = None  # a map, or an event
    is_event: bool = False
    member: Optional[Name] = None
    labels: List[Name] = field(default_factory=list)
    max_series: Optional[Number] = None
    implied: bool = False  # by its event


@node
class Condition:
    """Only if a parameter is given, or only if it is not."""

    param: Name
    negated: bool = False


@node
class Show(Declaration):
    """A map or a global that is printed."""

    kind: str = ""  # histogram, table, stacks
    unit: Optional[Value] = None
    per: Optional[Number] = None  # of stacks: so many of what is counted are one of the unit
    scale: Optional[Name] = None  # of a histogram
    numbers: List[Value] = field(default_factory=list)
    source: Optional[Name] = None  # a map or a global
    member: Optional[Name] = None
    key: List[Name] = field(default_factory=list)  # the members that are shown; none for all
    value: List[Name] = field(default_factory=list)
    sort: Optional[Name] = None
    stacks: Optional[Name] = None  # the map that has them
    at_end: bool = False  # what is there then, not what came since the last time
    conditions: List[Condition] = field(default_factory=list)


@node
class Lost(Declaration):
    """A global that counts what a kernel part could not; the name is the global's."""

    text: Optional[Value] = None  # what happened to so many


@node
class MapSize:
    """map blocks max_entries PARAMETER"""

    map: Name
    param: Name


@node
class Plug:
    program: Name
    chain: Name
    slot: Name


@node
class ModuleDecl(Declaration):
    version: Optional[Value] = None
    required: bool = False
    by_name: bool = False
    priority: Optional[Number] = None
    license: Optional[Value] = None
    provides: List[Name] = field(default_factory=list)
    uses: List[Use] = field(default_factory=list)
    needs: List[Need] = field(default_factory=list)
    params: List[Field] = field(default_factory=list)
    maps: List[MapUse] = field(default_factory=list)
    events: List[Event] = field(default_factory=list)
    metrics: List[Metric] = field(default_factory=list)
    shows: List[Show] = field(default_factory=list)
    lost: List[Lost] = field(default_factory=list)
    sizes: List[MapSize] = field(default_factory=list)
    plugs: List[Plug] = field(default_factory=list)
    attaches: List[Attach] = field(default_factory=list)
    callbacks: List[Name] = field(default_factory=list)  # of struct module, which the user part has

    @property
    def options(self) -> List[Field]:
        """All that can be given on the command line: also where programs are attached."""
        return self.params + [a for attach in self.attaches for a in attach.arguments if isinstance(a, Field)]

    @property
    def attached_by(self) -> Set[str]:
        """Names of parameters that say where programs hang, or whether."""
        names = {a.text for attach in self.attaches for a in attach.arguments if isinstance(a, Value) and a.kind == "name"}
        return names | {attach.condition.text for attach in self.attaches if attach.condition}

    @property
    def shown_by(self) -> Set[str]:
        """Names of parameters that say what is printed, or when, or how large a map is."""
        names = {c.param.text for show in self.shows for c in show.conditions} | {s.param.text for s in self.sizes}
        names |= {"interval"} if self.shows else set()
        names |= {"top"} if any(s.kind == "table" for s in self.shows) else set()
        return names | ({"folded", "svg"} if any(s.kind == "stacks" for s in self.shows) else set())


@node
class Command(Declaration):
    service: Optional[Name] = None
    method: Optional[Name] = None


@node
class Setting:
    module: Name
    param: Name
    value: Value


@node
class ProductDecl(Declaration):
    version: Optional[Value] = None
    modules: List[Name] = field(default_factory=list)
    commands: List[Command] = field(default_factory=list)
    settings: List[Setting] = field(default_factory=list)


@node
class Import:
    path: Value


@node
class File:
    path: str
    imports: List[Import] = field(default_factory=list)
    declarations: List[Declaration] = field(default_factory=list)
    imported: List["File"] = field(default_factory=list)  # found and parsed
    text: str = ""  # as it was read

    def of(self, kind: Type[D]) -> List[D]:
        return [d for d in self.declarations if isinstance(d, kind)]

    def reached(self) -> List["File"]:
        """All files that are imported, directly or not, each once however many ways lead to it."""
        out: List["File"] = []
        seen: Set[int] = set()
        waiting = self.imported[::-1]
        while waiting:
            file = waiting.pop()
            if id(file) not in seen:
                seen.add(id(file))
                out.append(file)
                waiting += file.imported[::-1]
        return out
