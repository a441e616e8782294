# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the core reads about a module: parameters, needs, and what its records are made of."""
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Tuple

from . import bpf_names, types
from .attach import PLACES, TYPES
from .errors import Errors, Position
from .interface import CEnum, CService, CStruct, Interface, literal, type_name
from .scope import Scope
from .syntax import Attach, Enum, Field, ModuleDecl, Use
from .values import check_value


@dataclass
class TableMember:
    name: str
    type: str  # EMF_U32
    offset: int
    size: int
    count: int
    len_offset: Optional[int]
    names: str = ""  # C name of an enum
    record: str = ""  # C name of a struct
    initial: Optional[str] = None
    range: Optional[Tuple[str, str]] = None
    bits: int = 0  # of a bit-field
    shift: int = 0


@dataclass
class TableRecord:
    name: str  # in C
    shown: str
    size: int
    fixed: int
    members: List[TableMember]
    declaration: object
    tail: int = 0  # of a kernel part alone: where the array at the end begins in what is sent,
    tail_max: int = 0  # and how many elements it has at most

    @property
    def least(self) -> int:
        """Bytes that a record has when it is sent, at least."""
        return self.tail if self.tail_max else self.fixed


@dataclass
class TableParam:
    name: str
    option: str
    declaration: Field
    c_type: str
    elements: int
    type: str
    initial: Optional[str]
    range: Optional[Tuple[str, str]]
    doc: str
    names: str = ""


@dataclass
class TableNeed:
    kind: str  # EMF_NEED_HELPER
    id: int
    name: str
    program: str
    instead: str
    position: Position


@dataclass
class TableAttach:
    """The C of each argument, and the option that gives it, "" for one that is written out."""

    program: str
    kind: str  # EMF_ATTACH_UPROBE
    texts: List[str]
    options: List[str]
    position: Position
    more: List[str] = field(default_factory=list)  # initializers of what few have


@dataclass
class Tables:
    enums: List[CEnum] = field(default_factory=list)
    records: List[TableRecord] = field(default_factory=list)  # each after those that it is made of
    params: List[TableParam] = field(default_factory=list)
    attaches: List[TableAttach] = field(default_factory=list)
    needs: List[TableNeed] = field(default_factory=list)
    provided: List[CService] = field(default_factory=list)
    used: List[Use] = field(default_factory=list)


class _Maker:
    def __init__(self, interfaces: List[Interface]):
        self.enums: Dict[int, CEnum] = {id(e.declaration): e for i in interfaces for e in i.enums}
        self.structs: Dict[int, CStruct] = {id(s.declaration): s for i in interfaces for s in i.structs}
        self.services: Dict[str, CService] = {s.name: s for i in interfaces for s in i.services}
        self.out = Tables()
        self.done: Dict[str, TableRecord] = {}
        self.places: Dict[int, str] = {}  # what a parameter of an attach statement is for

    def enum(self, declaration: Enum) -> str:
        made = self.enums[id(declaration)]
        if made not in self.out.enums:
            self.out.enums.append(made)
        return made.name

    def record(self, struct: CStruct, shown: str) -> None:
        if struct.name in self.done:
            return
        members = []
        at = {m.name: m for m in struct.layout.members}
        for member in struct.fields:
            if not is_padding(member):
                members.append(self._member(member, struct, at))
        tail = at[struct.tail].offset if struct.tail else struct.layout.size
        self.done[struct.name] = TableRecord(struct.name, shown, struct.layout.size, tail, members, struct.declaration)
        self.out.records.append(self.done[struct.name])

    def service(self, service: CService) -> None:
        for message in [*service.methods, *service.signals, *service.errors]:
            for struct in (message.arguments, message.reply):
                if struct:
                    self.record(struct, message.name)

    def _member(self, member: Field, struct: CStruct, at: dict) -> TableMember:
        type_, declaration, _ = type_name(member.type, struct.scope)
        place = at[member.name]
        count = place.dimensions[0] if member.array is not None else 1
        out = TableMember(member.name, type_, place.offset, place.size // count, count,
                          at[member.name + "_len"].offset if member.array_kind == "bounded" else None)
        out.initial, out.range = _initial(member, struct.scope), _range(member, struct.scope)
        if member.qualifier == "rw":
            out.type += "_RW"
        if isinstance(declaration, Enum):
            out.names = self.enum(declaration)
        elif declaration is not None:
            inner = self.structs[id(declaration)]
            self.record(inner, inner.declaration.name)
            out.record = inner.name
        return out

    def param(self, param: Field, interface: Interface) -> TableParam:
        scope = interface.scope
        type_, declaration, _ = type_name(param.type, scope)
        out = TableParam(param.name, param.name.replace("_", "-"), param, "", 0, type_,
                         _initial(param, scope), _range(param, scope), param.summary or self.places.get(id(param), ""))
        if param.type.text == types.STRING:
            out.c_type, out.elements = "char", scope.number(param.bound, Errors()) + 1
        elif isinstance(declaration, Enum):
            out.c_type, out.names = self.enums[id(declaration)].base, self.enum(declaration)
        else:
            out.c_type, out.elements = types.BUILT_IN[param.type.text].c, types.BUILT_IN[param.type.text].elements
        return out


def member_tables(interfaces: List[Interface]) -> Tuple[Callable[[CStruct], Dict[str, TableMember]], Dict[str, CEnum]]:
    """A function that gives the members of a declared struct, and the enums by their names in C."""
    maker = _Maker(interfaces)

    def members(struct: CStruct) -> Dict[str, TableMember]:
        at = {m.name: m for m in struct.layout.members}
        return {f.name: maker._member(f, struct, at) for f in struct.fields if not is_padding(f)}

    return members, {e.name: e for i in interfaces for e in i.enums}


def is_padding(member: Field) -> bool:
    """u8 pad[N] or u8 pad, as errors about padding suggest it: nobody wants to see it printed."""
    return member.type.text == "u8" and member.array_kind in ("", "fixed") and bool(re.match(r"pad[0-9]*\Z", member.name))


def _initial(param: Field, scope: Scope) -> Optional[str]:
    """The default as the core reads it: as it is written, but for the name of a const."""
    if not param.default:
        return None
    number = check_value(param, param.default, scope, Errors())
    is_const = param.default.kind == "name" and isinstance(number, int) and scope.find_const(param.default.text) \
        and scope.find_type(param.type.text) is None and param.type.text != "bool"
    return str(number) if is_const else param.default.text


def _range(field_: Field, scope: Scope) -> Optional[Tuple[str, str]]:
    if not field_.range:
        return None
    low, high = (check_value(field_, value, scope, Errors()) for value in field_.range)
    return f"(int64_t){literal(low)}", f"(int64_t){literal(high)}"


def _attach(attach: Attach, module: ModuleDecl) -> TableAttach:
    from .render import c_string  # with jinja2 loaded by then

    out = TableAttach(attach.program.text, "EMF_ATTACH_" + attach.name.upper(), [], [], attach.position)
    for what, argument in zip(PLACES[attach.name], attach.arguments):
        is_param = isinstance(argument, Field) or argument.kind == "name"
        name = argument.name if isinstance(argument, Field) else argument.text
        value = f"{module.name}_params.{name}" if is_param else c_string(name)
        kind = TYPES.get(what.strip("[]"))
        if is_param and kind == "netdev":
            out.more.append(f".netdev = &{value}")
            value = "NULL"
        elif is_param and kind:
            out.more.append(f".{what.strip('[]')} = &{value}")
            continue
        out.texts.append(value)
        out.options.append(c_string(name.replace("_", "-")) if is_param else "NULL")
    if attach.condition:
        number = [p.name for p in module.options].index(attach.condition.text)
        out.more.append(f".{'unless' if attach.negated else 'only_if'} = &{module.name}_param_table[{number}]")
    if attach.optional:
        out.more.append(".optional = true")
    return out


def _needs(module: ModuleDecl) -> List[TableNeed]:
    out = []
    for need in module.needs:
        kind = need.kind.text
        for name in need.names if kind != "library" else []:  # that is the linker's
            program, instead = (n.text for n in need.variant) if need.variant else ("", "")
            out.append(TableNeed("EMF_NEED_" + kind.upper(), bpf_names.number(kind, name.text), name.text, program, instead,
                                 need.kind.position))
    return out


def tables(module: Optional[ModuleDecl], interface: Optional[Interface], interfaces: List[Interface]) -> Tables:
    maker = _Maker(interfaces)
    for service in interface.services if interface else []:
        maker.service(service)
    if not module or not interface:
        return maker.out
    for event in interface.events:
        maker.record(event.record, event.name)
    for attach in module.attaches:
        for what, argument in zip(PLACES[attach.name], attach.arguments):
            maker.places[id(argument)] = f"the {what.strip('[]')} that {attach.program.text} is attached to"
    maker.out.params = [maker.param(p, interface) for p in module.options]
    maker.out.attaches = [_attach(a, module) for a in module.attaches]
    maker.out.needs = _needs(module)
    maker.out.provided = [maker.services[name.text] for name in module.provides]
    maker.out.used = module.uses
    return maker.out
