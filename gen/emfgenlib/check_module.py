# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What must hold for the description of a module, and of a product."""
import re
from typing import Dict, List, Optional, Tuple

from . import bpf_names, types, words
from .check_attach import check_attaches
from .check_chain import all_of
from .check_fields import check_fields, check_in_range, check_unique
from .check_maps import check_maps
from .check_metric import check_metrics, fields_of
from .check_show import check_shows
from .errors import Errors
from .layout import Layouts, near_type
from .near import near, nearest
from .scope import Scope, of_file
from .syntax import (Chain, Enum, Event, Field, File, Method, ModuleDecl, Name, Need, ProductDecl, Service, Setting, Signal,
                     Struct, Value)
from .values import check_value

# Of struct module, include/emf/module.h.
CALLBACKS = ("configure", "create", "attach", "poll", "notify", "migrate", "detach", "destroy")
MAX_RECORD = 1 << 16  # bytes; a quarter of an event's ring
MAX_FILTERS = 8  # members, EMF_EVENT_FILTER_MAX of include/emf/event.h
OVERFLOWS = ("drop_old", "drop_new", "block")
NEEDS = (*bpf_names.OF, *bpf_names.BY_NAME, "library")
_LIBRARY = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*\Z")
SAID = {"cap": "capability", "helper": "helper", "map_type": "map type"}
AS_IN = {"cap": "without CAP_, as in: BPF, PERFMON, NET_ADMIN", "helper": "without bpf_, as in: ktime_get_coarse_ns",
         "map_type": "in lower case, as in: ringbuf, lru_hash"}
MAX_VARIANTS = 8  # of one module, EMF_VARIANTS_MAX of core/need.h
# Options that every module shares with the product: core/cmd_run.c, core/show_options.c.
TAKEN_OPTIONS = ("bus", "config", "duration", "help", "log")
TAKEN_LETTERS = {"c": "--cgroup", "d": "--duration", "h": "--help", "j": "--json", "n": "--count", "p": "--pid", "T": "--timestamps",
                 "u": "--user", "v": "--verbose"}


def check_module(module: ModuleDecl, file: File, scope: Scope, layouts: Layouts, errors: Errors) -> None:
    if module.name in words.NO_MODULE:
        errors.add(module.position, f"module '{module.name}' has the name of a built-in command",
                   f"rename the module: 'emf {module.name}' could never reach it")
    services = {s.name: s for s in all_of(file, Service)}
    _services(module, services, errors)
    for need in module.needs:
        _need(need, errors)
    _variants(module, errors)
    check_fields(module.options, scope, errors)
    _params(module.options, scope, layouts, errors)
    check_attaches(module, errors)
    check_unique(module.events, "an event", errors)
    for event in module.events:
        _event(event, services, scope, layouts, errors)
    _policies(module.events, errors)
    _callbacks(module, errors)
    check_maps(module, {d.name: d for f in file.reached() for d in f.of(ModuleDecl)}, errors)
    check_unique(module.metrics, "a metric", errors)
    check_metrics(module, services, scope, errors)
    check_shows(module, scope, errors)
    _plugs(module, {c.name: c for c in all_of(file, Chain)}, errors)


def _known(name: Name, what: str, known: Dict, errors: Errors) -> bool:
    if name.text in known:
        return True
    errors.add(name.position, f"there is no {what} '{name.text}'",
               lambda: "there are: " + ", ".join(sorted(known)) if known else f"import the file that declares the {what}")
    return False


def _services(module: ModuleDecl, services: Dict[str, Service], errors: Errors) -> None:
    seen: Dict[str, str] = {}
    for name, verb in [(n, "provides") for n in module.provides] + [(u.service, "uses") for u in module.uses]:
        _known(name, "service", services, errors)
        if seen.get(name.text) == verb:
            errors.add(name.position, f"'{module.name}' {verb} '{name.text}' twice")
        elif name.text in seen:
            errors.add(name.position, f"'{module.name}' uses '{name.text}', which it provides itself",
                       "it would wait for itself, and never start: call your own functions")
        seen[name.text] = verb
    for use in module.uses:
        service = services.get(use.service.text)
        if not use.version or not service or not service.version:
            continue
        wanted, there = ([int(p) for p in v.text.split(".")] for v in (use.version, service.version))
        if wanted[0] != there[0] or wanted > there:
            errors.add(use.version.position, f"'{use.service.text}' is at {service.version.text}, and {use.version.text} is wanted")


def _need(need: Need, errors: Errors) -> None:
    if need.kind.text not in NEEDS:
        errors.add(need.kind.position, f"'{need.kind.text}' is nothing that can be needed",
                   "it can be one of: " + ", ".join(NEEDS))
    elif need.kind.text in bpf_names.OF:
        for name in need.names:
            known = [n for n in bpf_names.OF[need.kind.text] if n != "unspec"]  # the kernel's word for none
            if name.text not in known:
                errors.add(name.position, f"there is no {SAID[need.kind.text]} '{name.text}'",
                           lambda: nearest(name.text, known) or AS_IN[need.kind.text])
    elif need.kind.text == "library":
        for name in need.names:
            if not _LIBRARY.match(name.text):
                errors.add(name.position, "this is no name of a library", 'as pkg-config knows it, as in: "libmicrohttpd"')
        if need.variant:
            errors.add(need.kind.position, "a library has no variant", "it is linked with all of the module")
    if need.variant and len(need.names) > 1:
        errors.add(need.names[1].position, "a variant is chosen by one name",
                   "one 'needs' for each, each with programs of its own")
    if need.variant and need.kind.text == "cap":
        errors.add(need.kind.position, "a missing capability has no variant", "it is missing for all programs")


def _variants(module: ModuleDecl, errors: Errors) -> None:
    """Several needs may name one pair, and must then all be met. A program in two pairs
    would be the loser of one and the winner of the other."""
    pairs: Dict[Tuple[str, str], Need] = {}
    owners: Dict[str, Tuple[Tuple[str, str], Name]] = {}
    for need in module.needs:
        if not need.variant:
            continue
        first, second = need.variant
        pair = first.text, second.text
        if first.text == second.text:
            errors.add(second.position, f"'{second.text}' cannot take its own place", "name another program")
            continue
        for name in need.variant:
            other, where = owners.setdefault(name.text, (pair, name))
            if other != pair:
                errors.add(name.position, f"program '{name.text}' is in two pairs of variants",
                           f"the other one is at {where.position}; a program has one that takes its place, or takes the place of one")
        if pair not in pairs and len(pairs) == MAX_VARIANTS:
            errors.add(need.kind.position, f"'{module.name}' has more than {MAX_VARIANTS} variants")
        pairs.setdefault(pair, need)


def _params(params: List[Field], scope: Scope, layouts: Layouts, errors: Errors) -> None:
    letters: Dict[str, str] = dict(TAKEN_LETTERS)
    for param in params:
        option = param.name.lower()
        if param.name != option:
            errors.add(param.position, f"parameter '{param.name}' has upper-case letters", "it is an option: write it in lower case")
        if option in TAKEN_OPTIONS:
            errors.add(param.position, f"--{option} is an option of every command", "choose another name")
        t = types.BUILT_IN.get(param.type.text)
        if param.array_kind:
            errors.add(param.position, f"parameter '{param.name}' is an array", "a parameter is one value")
        elif t and t.messages_only:
            errors.add(param.type.position, f"a parameter cannot be a '{param.type.text}'")
        elif not t and param.type.text != types.STRING:
            found = scope.find_type(param.type.text)
            if not found:
                errors.add(param.type.position, f"there is no type '{param.type.text}'", near_type(param.type.text, scope))
            elif not isinstance(found.type, Enum):
                errors.add(param.type.position, f"a parameter cannot be a struct, as '{param.type.text}' is",
                           "a parameter is one value: make one of each member")
        if not param.short:
            continue
        letter = param.short.text
        if not letter.isascii() or not letter.isalnum():
            errors.add(param.short.position, f"'{letter}' cannot be a short option", "use a letter or a digit")
        elif letter in letters:
            errors.add(param.short.position, f"-{letter} is {letters[letter]} already")
        letters.setdefault(letter, "--" + param.name)


def _callbacks(module: ModuleDecl, errors: Errors) -> None:
    seen: Dict[str, Name] = {}
    for name in module.callbacks:
        if name.text not in CALLBACKS:
            errors.add(name.position, f"struct module has no callback '{name.text}'", "there are: " + ", ".join(CALLBACKS))
        elif name.text in seen:
            errors.add(name.position, f"callback '{name.text}' is named twice")
        seen[name.text] = name


def _event_record(event: Event, scope: Scope, layouts: Layouts, errors: Errors) -> None:
    if event.fields:
        check_fields(event.fields, scope, errors)
        layout = layouts.of_fields(Struct(event.name, event.position), event.fields, scope, in_message=False)
        if layout and layout.size > MAX_RECORD:
            errors.add(event.position, f"the record of '{event.name}' has {layout.size} bytes; {MAX_RECORD} are the most")
        if event.signal and not event.implied:
            errors.add(event.fields[0].position, f"event '{event.name}' has the members of its signal, and cannot have its own",
                       "drop the (...), or the -> signal")
    elif not event.signal:
        errors.add(event.position, f"nothing says what event '{event.name}' carries",
                   f"write: event {event.name}(u32 some_number); or: event {event.name} -> signal SERVICE.SIGNAL;")


def _event_signal(event: Event, signal: Signal, errors: Errors) -> None:
    """Whether a record of the kernel part can be this signal."""
    position = event.signal[1].position
    files = [a for a in signal.arguments if a.type.text in types.BUILT_IN and types.BUILT_IN[a.type.text].messages_only]
    if not signal.arguments:
        errors.add(position, f"signal '{signal.name}' carries nothing, so no record can be it", "give the signal an argument")
    elif files:
        errors.add(position, f"signal '{signal.name}' carries a '{files[0].type.text}', which no kernel part can send",
                   "declare another signal for the event")


def _signal_for(event: Event) -> str:
    return "drop the private" if event.private else "add: -> signal SERVICE.SIGNAL"


def _filters(event: Event, services: Dict[str, Service], scope: Scope, errors: Errors) -> None:
    """Members that are one number in host order, which the kernel part compares as such."""
    members = {f.name: f for f in fields_of(event, services)}
    seen: Dict[str, Name] = {}
    if event.filters and event.handled:
        errors.add(event.filters[0].position, f"event '{event.name}' is handled, and its function gets each record", "drop the filter(...), or the handled")
    for name in event.filters:
        member = members.get(name.text)
        if name.text in seen:
            errors.add(name.position, f"'{name.text}' stands here twice")
        elif members and not member:
            errors.add(name.position, f"event '{event.name}' has no member '{name.text}'", near(name.text, members, "it has"))
        elif member and not _is_compared(member, scope):
            errors.add(name.position, f"'{name.text}' is no number that the kernel part could compare",
                       "name members that are one number in host order, or an enum or flags")
        seen.setdefault(name.text, name)
    if len(event.filters) > MAX_FILTERS:
        errors.add(event.filters[MAX_FILTERS].position, f"event '{event.name}' can be filtered by more than {MAX_FILTERS} members", "leave some to user space")


def _is_compared(member: Field, scope: Scope) -> bool:
    type_ = types.BUILT_IN.get(member.type.text)
    if not type_:
        found = scope.find_type(member.type.text)
        return not member.array_kind and bool(found) and isinstance(found.type, Enum)
    return not member.array_kind and type_.low is not None and not member.type.text.startswith("be") \
        and member.type.text not in ("char", "wait_status", "container")


def _event(event: Event, services: Dict[str, Service], scope: Scope, layouts: Layouts, errors: Errors) -> None:
    _event_record(event, scope, layouts, errors)
    _filters(event, services, scope, errors)
    if event.overflow and event.overflow.text not in OVERFLOWS:
        errors.add(event.overflow.position, f"there is no overflow policy '{event.overflow.text}'",
                   "there are: " + ", ".join(OVERFLOWS))
    if event.private and event.signal:
        errors.add(event.position, f"event '{event.name}' is private, and feeds a signal", "drop the private, or the -> signal")
    if event.on_demand and not event.signal:
        errors.add(event.position, f"event '{event.name}' is on demand, and feeds no signal", _signal_for(event))
    if event.overflow and not event.signal:
        errors.add(event.overflow.position, f"the overflow policy of event '{event.name}' is for who subscribes to its signal, and it feeds none",
                   _signal_for(event) + "; what does not fit into the ring of the event is dropped and counted in any case")
    if event.signal and _known(event.signal[0], "service", services, errors):
        signals = {s.name: s for s in services[event.signal[0].text].of(Signal)}
        if _known(event.signal[1], "signal", signals, errors):
            _event_signal(event, signals[event.signal[1].text], errors)


def _policies(events: List[Event], errors: Errors) -> None:
    """A signal has one policy, whichever event it comes from."""
    chosen: Dict[str, Name] = {}
    for event in events:
        if not event.signal or not event.overflow:
            continue
        signal = ".".join(n.text for n in event.signal)
        first = chosen.setdefault(signal, event.overflow)
        if first.text != event.overflow.text:
            errors.add(event.overflow.position, f"signal '{signal}' has the overflow policy {first.text} already",
                       f"at {first.position}; a signal has one")


def _plugs(module: ModuleDecl, chains: Dict[str, Chain], errors: Errors) -> None:
    plugged: Dict[str, Name] = {}
    for plug in module.plugs:
        if plug.program.text in plugged:
            errors.add(plug.program.position, f"program '{plug.program.text}' is plugged twice",
                       f"the first time at {plugged[plug.program.text].position}")
        plugged.setdefault(plug.program.text, plug.program)
        if _known(plug.chain, "chain", chains, errors):
            _known(plug.slot, "slot", {s.name: s for s in chains[plug.chain.text].slots}, errors)
    for attach in module.attaches:
        if attach.program and attach.program.text in plugged:
            errors.add(attach.program.position, f"program '{attach.program.text}' is plugged and attached",
                       "a program is either; drop one of the two")


def check_setting(setting: Setting, module: ModuleDecl, scope: Scope, errors: Errors) -> None:
    """@scope is that of the module's file. A const becomes its number: the core reads the text."""
    name, value = setting.param, setting.value
    params = {p.name: p for p in module.options}
    param = params.get(name.text)
    if not param:
        errors.add(name.position, f"module '{module.name}' has no parameter '{name.text}'", near(name.text, params, "it has", "it has none"))
        return
    number = check_value(param, value, scope, errors)
    if param.range and number is not None:
        check_in_range(param, value, scope, "", errors)
    if isinstance(number, int) and value.kind == "name" and param.type.text in types.BUILT_IN and param.type.text != "bool":
        setting.value = Value("number", str(number), value.position)


def _settings(product: ProductDecl, file: File, errors: Errors) -> None:
    """Of modules that are imported; the build has them all."""
    modules = {d.name: (d, f) for f in file.reached() for d in f.of(ModuleDecl)}
    for setting in product.settings:
        if setting.module.text in modules:
            module, owner = modules[setting.module.text]
            check_setting(setting, module, of_file(owner), errors)


def check_product(product: ProductDecl, file: File, errors: Errors) -> None:
    _settings(product, file, errors)
    services: Dict[str, Service] = {s.name: s for s in all_of(file, Service)}
    seen: Dict[str, Optional[Name]] = {}
    for name in product.modules:
        if name.text in seen:
            errors.add(name.position, f"product '{product.name}' names module '{name.text}' twice")
        seen[name.text] = name
    for command in product.commands:
        if command.name in words.BUILT_IN:
            errors.add(command.position, f"'{command.name}' is a built-in command", "choose another name")
        elif command.name in seen:
            errors.add(command.position, f"'{command.name}' is a module of this product", "choose another name")
        if _known(command.service, "service", services, errors):
            methods = {m.name: m for m in services[command.service.text].of(Method)}
            _known(command.method, "method", methods, errors)
