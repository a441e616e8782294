# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The options of a tool as its help and its manual page name them."""
from dataclasses import dataclass
from typing import Dict, List, Optional

from . import types
from .chains import RunChain
from .errors import Errors
from .infer import Inferred, InferredParam
from .interface import Interface
from .scope import Scope
from .syntax import Enum, Field, ModuleDecl, Value
from .tables import TableParam, tables

# What stands for a value, emf_value_word() in core/value_words.c; NUMBER for all others.
_WORDS: Dict[str, str] = {
    "string": "TEXT", "comm": "TEXT", "duration": "TIME", "ip4": "ADDRESS", "ip6": "ADDRESS", "ip": "ADDRESS", "mac": "ADDRESS",
    "netdev": "INTERFACE", "cgroup": "CGROUP", "container": "CGROUP", "tcp_state": "STATE", "ipproto": "PROTOCOL", "syscall": "CALL",
    "cap": "CAPABILITY", "dev": "DEVICE", "signo": "SIGNAL", "char": "CHARACTER", "wait_status": "STATUS", "errno": "ERROR", "ksym": "SYMBOL",
    "uid": "USER", "enum": "NAME", "flags": "NAME"}
# Those that every tool has, core/cmd_run.c and core/show_options.c: a parameter of that name is written with its module.
_COMMON = frozenset("""duration config log set extension isolated replace persist no-cache place verbose json csv columns event filter in-kernel capture
    pid user comm cgroup count timestamps bus help""".split())
_LETTERS = frozenset("dvjpucnTh")
# And what of these sets a parameter instead, core/show_only.c: the letter, what stands for the value, and types that it can have.
_ONLY = {"pid": ("p", "PID", ("pid",)), "user": ("u", "USER", ("uid",)), "comm": ("", "NAME", ("comm",)), "cgroup": ("c", "CGROUP", ("cgroup", "string"))}
_UNITS = (("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 1000), ("ns", 1))


@dataclass
class Option:
    name: str
    letter: str
    word: str  # "" for one that is given or not
    doc: str
    default: str = ""
    allowed: str = ""
    live: bool = False


def options_of(module: ModuleDecl, interface: Interface, interfaces: List[Interface]) -> List[Option]:
    """@interfaces: its own, and those of what it imports."""
    made = tables(module, interface, interfaces).params
    return [_described(module.name, field, param, interface.scope) for field, param in zip(module.options, made)]


def _described(module: str, field: Field, param: TableParam, scope: Scope) -> Option:
    found = scope.find_type(field.type.text) if field.type.text not in types.BUILT_IN else None
    enum = found.type if found and isinstance(found.type, Enum) else None
    out = _option(module, param.option, "enum" if enum else field.type.text, field.short, param.doc)
    out.live = field.live
    if field.default and not (field.type.text == "bool" and field.default.text in ("no", "false")):
        out.default = param.initial or field.default.text
    if field.range:
        out.allowed = " to ".join(_bound(value, literal) for value, literal in zip(field.range, param.range))
    elif enum:
        out.allowed = "one of " + ", ".join(item.name for item in enum.items)
    return out


def _bound(value: Value, literal: str) -> str:
    """As it is written, but for the name of a const."""
    return value.text if value.kind != "name" else literal.replace("(int64_t)", "").strip("()").rstrip("l")


def inferred_options(module: str, inferred: Inferred) -> List[Option]:
    names = {e.name: [name for name, _ in e.pairs] for e in inferred.enums}
    values = {e.name: {int(value.rstrip("ul"), 0): name for name, value in e.pairs} for e in inferred.enums}
    out = []
    for param in inferred.params:
        type_ = param.type[len("EMF_"):].lower()
        option = _option(module, param.option, type_, param.declaration.short, param.doc)
        option.default = _start(param, type_, values.get(param.names, {}))
        if param.range:
            option.allowed = " to ".join(_time(bound) for bound in param.range)
        elif param.names:
            option.allowed = "one of " + ", ".join(names[param.names])
        out.append(option)
    return out


def _start(param: InferredParam, type_: str, names: Dict[int, str]) -> str:
    """What its variable starts with; a nothing says nothing, but that of an enum has a name."""
    if param.elements:
        return param.value.strip('"')
    number = _number(param.value)
    if number is None or (not number and not names):
        return ""
    return names.get(number, str(number)) if names else "yes" if type_ == "bool" else _time(param.value) if type_ == "duration" else str(number)


def _number(literal: str) -> Optional[int]:
    try:
        return int(literal.replace("(int64_t)", "").rstrip("ul"), 0)
    except ValueError:
        return None


def _time(literal: str) -> str:
    ns = _number(literal) or 0
    return next((f"{ns // per}{unit}" for unit, per in _UNITS if ns and not ns % per), "0")


def _option(module: str, name: str, type_: str, short: Optional[Value], doc: str) -> Option:
    letter = short.text if short and short.text not in _LETTERS else ""
    word = "" if type_ == "bool" else _WORDS.get(type_, "NUMBER")
    if name in _ONLY and type_ in _ONLY[name][2]:
        letter, word = _ONLY[name][0], _ONLY[name][1]
    elif name in _COMMON:
        name = f"{module}.{name}"
    return Option(name, letter, word, doc)


def chain_options(chains: List[RunChain]) -> List[Option]:
    """Where the chains hang that the programs of a tool are plugged into."""
    out = []
    for chain in chains:
        if chain.option:
            out.append(Option(chain.option, "", "TEXT", chain.doc))
        if chain.hook.has_modes:
            out.append(Option(chain.mode_option, "", "TEXT", "how it hangs there: native, generic, or auto: native where the driver has it", "auto"))
    return out
