# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What C sees of one .emf file: names, literals and layouts, ready for the templates."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Set, Tuple, Union

from . import types
from .errors import Position
from .layout import Layout, Layouts
from .schema import Schema, hash64
from .scope import Scope, of_file, of_service
from .syntax import (Chain, Const, Declaration, Enum, Event, Field, File, Method, ModuleDecl, Name, Service, Signal,
                     Struct, TypedError)
from .values import items_of

INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1


@dataclass
class CEnum:
    """An enum, or macros where a value is beyond C's int."""

    name: str
    declaration: Enum
    base: str  # the C type of a member
    items: List[Tuple[str, str, Declaration]]  # C name, literal
    fits_int: bool
    hash: str

    @property
    def pairs(self) -> List[Tuple[str, str]]:
        """Its items by the names that people write."""
        return [(item.name, c_name) for c_name, _, item in self.items]


@dataclass
class CStruct:
    name: str
    declaration: Declaration
    layout: Layout
    fields: List[Field]
    hash: str
    scope: Scope
    leaves: List[str] = field(default_factory=list)  # of a message

    @property
    def tail(self) -> Optional[str]:
        """The bounded array at the end, of which a record may carry the used part only."""
        last = self.fields[-1]
        return last.name if last.array_kind == "bounded" else None


@dataclass
class CMessage:
    """A method, a signal, a typed error: arguments and results, None for those without."""

    name: str
    declaration: Declaration
    arguments: Optional[CStruct] = None
    reply: Optional[CStruct] = None
    via_map: bool = False  # too much for the context of the BPF program that serves it

    @property
    def access(self) -> str:
        """Who may: a method is for few, a signal for all, unless it says otherwise."""
        declared = getattr(self.declaration, "access", None)
        return declared.text if declared else "admin" if isinstance(self.declaration, Method) else "read"


@dataclass
class CService:
    name: str
    declaration: Service
    hash: str
    methods: List[CMessage] = field(default_factory=list)
    signals: List[CMessage] = field(default_factory=list)
    errors: List[CMessage] = field(default_factory=list)

    @property
    def served(self) -> List[CMessage]:
        """Methods that BPF programs serve."""
        return [m for m in self.methods if m.declaration.served_by]

    @property
    def version(self) -> str:
        return self.declaration.version.text if self.declaration.version else "0.0"


@dataclass
class CChain:
    name: str
    declaration: Chain
    slots: List[Tuple[str, Declaration]]
    state: Optional[CStruct]
    rooms: List[int]  # of each slot
    handoff_mark: str = "0"  # of the names and types of what is handed off
    hash: str = "0"  # of what a program in it has to know

    @property
    def handed(self) -> List[str]:
        """Members of the state that another chain takes over."""
        return [h.member.text for h in self.declaration.handoffs]

    @property
    def handed_to(self) -> str:
        return self.declaration.handoffs[0].chain.text if self.declaration.handoffs else ""


@dataclass
class CEvent:
    name: str
    declaration: Event
    record: CStruct
    own: bool  # declared with the event, not with a signal
    signal: Optional[Tuple[str, str]]  # service, signal
    index: int = 0  # of the signal in its service

    @property
    def filters(self) -> List[Tuple[str, str, str]]:
        """Members that the kernel part can test: name, C type, and as what they are compared."""
        at = {m.name: m for m in self.record.layout.members}
        fields = {f.name: f for f in self.record.fields}
        out = []
        for name in self.declaration.filters:
            type_, low = fields[name.text].type.text, getattr(types.BUILT_IN.get(fields[name.text].type.text), "low", 0)
            out.append((name.text, at[name.text].c_type, "error" if type_ == "errno" else "signed" if low else "unsigned"))
        return out


@dataclass
class Interface:
    """One file."""

    file: File
    name: str  # of the file, without its ending
    scope: Scope
    includes: List[str] = field(default_factory=list)
    consts: List[Tuple[str, str, Const]] = field(default_factory=list)
    enums: List[CEnum] = field(default_factory=list)
    structs: List[CStruct] = field(default_factory=list)  # each after those that it is made of
    services: List[CService] = field(default_factory=list)
    chains: List[CChain] = field(default_factory=list)
    events: List[CEvent] = field(default_factory=list)
    # For collisions: every C name, those of them that are tags of structs and enums, and the
    # names of tables in generated C files.
    names: List[Tuple[str, Position]] = field(default_factory=list)
    tags: Set[str] = field(default_factory=set)
    tables: List[Tuple[str, Position]] = field(default_factory=list)

    @property
    def declares(self) -> bool:
        """Whether there is anything for a header."""
        return bool(self.consts or self.enums or self.structs or self.services or self.chains)

    def declare(self, position: Position, *names: str) -> None:
        self.names += [(name, position) for name in names]

    def tag(self, position: Position, name: str, *tables: str) -> None:
        """A struct or an enum; @tables: endings of what the core reads about it."""
        self.declare(position, name)
        self.tags.add(name)
        self.tables += [(name + ending, position) for ending in tables]

    def event_of(self, name: str) -> CEvent:
        return next(e for e in self.events if e.name == name)


# C names of a chain, behind its own: of its header, and of what is generated for it.
CHAIN_WORDS = ("slot", "next", "call", "begin", "chain", "chain_mode", "chain_module", "chain_params", "chain_slots", "chain_targets", "counts", "cpu",
               "entry", "entry_bpf", "entry_pack", "entry_pack_end", "entry_pack_start", "fresh", "full", "go_to", "hand", "handed", "handoff", "missed", "run", "slots", "states", "take", "task", "this", "traces", "travel", "travels", "watch")


def literal(value: int) -> str:
    """A C constant that is right in the preprocessor, too."""
    if value == -(1 << 63):
        return "(-0x7fffffffffffffffll - 1)"
    if value > (1 << 63) - 1:
        return f"{value:#x}ull"
    if not INT_MIN < value <= INT_MAX:
        return f"{value}ll"
    return str(value) if value >= 0 else f"({value})"


class Builder:
    """Makes interfaces of checked files; @layouts knows every struct of them."""

    def __init__(self, layouts: Layouts):
        self.layouts = layouts
        self.schema = Schema(layouts)
        self.known: Dict[int, CStruct] = {}
        self.messages: Dict[Tuple[str, str], CMessage] = {}  # signals by service and name
        self.indices: Dict[Tuple[str, str], int] = {}  # of those in their service
        self.made: Dict[str, Interface] = {}

    def of(self, file: File) -> Interface:
        if file.path not in self.made:
            self.made[file.path] = self._make(file)
        return self.made[file.path]

    def _make(self, file: File) -> Interface:
        imported = [self.of(other) for other in file.imported]
        scope = of_file(file)
        out = Interface(file, scope.prefix, scope, [i.name for i in imported if i.declares])
        out.declare(Position(file.path), f"{scope.prefix}_emf_h".upper())
        self._types(out, file.declarations, scope)
        for service in file.of(Service):
            inner = of_service(service, scope)
            self._types(out, service.members, inner)
            self._service(out, service, inner)
        for chain in file.of(Chain):
            self._chain(out, chain, scope)
        for module in file.of(ModuleDecl):
            self._events(out, module, scope)
        return out

    # --- types

    def _types(self, out: Interface, declarations: List[Declaration], scope: Scope) -> None:
        prefix = scope.prefix
        for declaration in declarations:
            if isinstance(declaration, Const):
                name = f"{prefix}_{declaration.name}".upper()
                number = scope.number(declaration.value, self.layouts.errors)
                out.consts.append((name, literal(number), declaration))
                out.declare(declaration.position, name)
            elif isinstance(declaration, Enum):
                self._enum(out, declaration, scope)
        for declaration in declarations:
            if isinstance(declaration, Struct):
                self._declared(out, declaration, scope)

    def _enum(self, out: Interface, enum: Enum, scope: Scope) -> None:
        name = f"{scope.prefix}_{enum.name}"
        values = dict(items_of(enum, scope))
        items = [(f"{name}_{i.name}".upper(), literal(values[i.name]), i) for i in enum.items]
        fits = all(INT_MIN <= v <= INT_MAX for v in values.values())
        out.enums.append(CEnum(name, enum, types.BUILT_IN[enum.base.text].c, items, fits,
                               hash64(self.schema.enum(enum, scope))))
        out.tag(enum.position, name, "_names")
        out.names += [(c_name, item.position) for c_name, _, item in items]

    def _declared(self, out: Interface, struct: Struct, scope: Scope) -> None:
        """A struct, after those of this file that its members are."""
        if id(struct) in self.known:
            return
        for member in struct.fields:
            self._uses(out, member, scope)
        self.known[id(struct)] = self._struct(out, f"{scope.prefix}_{struct.name}", struct, struct.fields, scope)

    def _uses(self, out: Interface, member: Field, scope: Scope) -> None:
        found = scope.find_type(member.type.text) if member.type.text not in types.BUILT_IN else None
        if found and isinstance(found.type, Struct):
            self._declared(out, found.type, found.scope)

    def _struct(self, out: Interface, name: str, declaration: Declaration, fields: List[Field], scope: Scope,
                named: bool = True) -> CStruct:
        owner = Struct(declaration.name, declaration.position)
        layout = self.layouts.of(declaration, scope) if isinstance(declaration, Struct) and named \
            else self.layouts.of_fields(owner, fields, scope)
        made = CStruct(name, declaration, layout, fields, hash64(self.schema.fields(fields, scope)), scope)
        out.structs.append(made)
        out.tag(declaration.position, name, "_members", "_record", "_leaves")
        return made

    # --- services

    def _message(self, out: Interface, name: str, declaration: Declaration, fields: List[Field],
                 scope: Scope) -> Optional[CStruct]:
        for member in fields:
            self._uses(out, member, scope)
        return self._with_leaves(self._struct(out, name, declaration, fields, scope, named=False)) if fields else None

    def _with_leaves(self, made: CStruct) -> CStruct:
        made.leaves = self.schema.leaves(made.fields, made.scope)
        return made

    def _service(self, out: Interface, service: Service, scope: Scope) -> None:
        s = service.name
        made = CService(s, service, hash64(self.schema.service(service, scope)))
        for error in service.of(TypedError):
            made.errors.append(CMessage(error.name, error, self._with_leaves(self.known[id(error)])))
            out.declare(error.position, *(f"{s}_{verb}_{error.name}" for verb in ("fail", "fail_later", "error")))
        for method in service.of(Method):
            name = f"{s}_{method.name}"
            made.methods.append(CMessage(method.name, method,
                                         self._message(out, name + "_args", method, method.arguments, scope),
                                         self._message(out, name + "_reply", method, method.results, scope)))
            made.methods[-1].via_map = any(self._has_arrays(r) for r in (made.methods[-1].arguments, made.methods[-1].reply) if r)
            if method.served_by:
                out.declare(method.position, name + "_run", name + "_runs", name + "_message")
            out.declare(method.position, f"{s}_call_{method.name}", f"{s}_call_{method.name}_async", f"{s}_serve_{method.name}",
                        f"{s}_reply_{method.name}", name + "_async", name + "_async_finished")
            out.tables += [(f"{s}_{word}_{method.name}", method.position) for word in ("invoke", "remote")]
        for signal in service.of(Signal):
            name = f"{s}_{signal.name}"
            message = CMessage(signal.name, signal, self._message(out, name, signal, signal.arguments, scope))
            made.signals.append(message)
            self.messages[s, signal.name] = message
            self.indices[s, signal.name] = len(made.signals) - 1
            out.declare(signal.position, f"{s}_emit_{signal.name}", f"{s}_on_{signal.name}", name + "_subscription",
                        name + "_deliver", f"{s}_signal_{signal.name}".upper())
        out.services.append(made)
        out.declare(service.position, *(f"{s}_{word}" for word in ("ops", "client", "service")), f"{s}_served".upper())
        out.tables += [(f"{s}_{word}", service.position)
                       for word in ("methods", "signals", "errors", "subscriptions", "served", "remote_ops", "idl")]

    def _has_arrays(self, struct: CStruct) -> bool:
        """Whether there is something in it that is indexed, or handed to a helper."""
        for member in struct.fields:
            found = struct.scope.find_type(member.type.text) if member.type.text not in types.BUILT_IN else None
            if found and isinstance(found.type, Struct) and self._has_arrays(self.known[id(found.type)]):
                return True
        return any(m.dimensions for m in struct.layout.members)

    # --- chains and modules

    def _chain(self, out: Interface, chain: Chain, scope: Scope) -> None:
        c = chain.name
        slots = [(f"{c}_slot_{slot.name}".upper(), slot) for slot in chain.slots]
        state = None
        if chain.state:
            for member in chain.state.fields:
                self._uses(out, member, scope)
            state = self._struct(out, f"{c}_state", chain.state, chain.state.fields, scope)
        rooms = [scope.number(slot.room, self.layouts.errors) if slot.room else 1 for slot in chain.slots]
        out.chains.append(CChain(c, chain, slots, state, rooms))
        handed = [f for f in (chain.state.fields if chain.state else []) if f.name in out.chains[-1].handed]
        if handed:
            out.chains[-1].handoff_mark = hash64(self.schema.fields(handed, scope))[:10]
        out.chains[-1].hash = hash64(self.schema.chain(chain, rooms, scope))
        out.names += [(name, slot.position) for name, slot in slots]
        out.declare(chain.position, f"{c}_slots".upper(), f"{c}_default".upper(), f"{c}_proceed".upper(), *(f"{c}_{word}" for word in CHAIN_WORDS))

    def _events(self, out: Interface, module: ModuleDecl, scope: Scope) -> None:
        m = module.name
        for event in module.events:
            signal = None
            if event.signal:
                signal = (event.signal[0].text, event.signal[1].text)
                record = self.messages[signal].arguments
            else:
                record = self._message(out, f"{m}_{event.name}", event, event.fields, scope)
            out.events.append(CEvent(event.name, event, record, not event.signal, signal, self.indices.get(signal, 0)))
            verbs = ["reserve", "submit", "lost", "record"] + (["reserve_cut"] if record.tail else [])
            verbs += ["pass", "passes", "members"] if event.filters else []
            out.declare(event.position, *(f"{m}_event_{event.name}_{verb}" for verb in verbs),
                     f"{m}_event_{event.name}_bytes".upper(), f"{m}_handle_{event.name}", f"{m}_print_{event.name}")


def type_name(name: Name, scope: Scope) -> Tuple[str, Optional[Union[Enum, Struct]], Optional[Scope]]:
    """How the tables call a type (EMF_U32), and its declaration if it has one."""
    if name.text in types.BUILT_IN or name.text == types.STRING:
        return "EMF_" + name.text.upper(), None, None
    found = scope.find_type(name.text)
    if isinstance(found.type, Enum):
        return ("EMF_FLAGS" if found.type.is_flags else "EMF_ENUM"), found.type, found.scope
    return "EMF_STRUCT", found.type, found.scope
