# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What must hold for a chain."""
from typing import TYPE_CHECKING, Dict, Iterable, List, Optional, Union

from .attach import check_kind
from .chain_hooks import DIRECTION, EVENT, EVENTS, FREQUENCY, HOOKS, MAX_FREQUENCY
from .errors import Errors
from .layout import Layouts
from .near import nearest
from .scope import Scope
from .syntax import Chain, Field, File, Handoff, Name, Slot, Value

if TYPE_CHECKING:
    from .imports import Loader
    from .model import Module

# Tail calls that the kernel follows, MAX_TAIL_CALL_CNT of include/linux/bpf.h.
MAX_HOPS = 33

# Bytes of state: for each nesting level and CPU, and for each task where the kernel may preempt.
MAX_STATE = 1024
MAX_TASK_STATE = 256
MAX_HANDOFF = 28  # bytes of metadata of XDP on kernels before 6.8, xdp_metalen_invalid() of include/net/xdp.h, but for a mark of 4
BACKENDS = ("tailcall", "direct")


def check_chain(chain: Chain, file: File, scope: Scope, layouts: Layouts, errors: Errors) -> None:
    if chain.type.text not in HOOKS:
        errors.add(chain.type.position, f"no chain can be of type '{chain.type.text}'",
                   "it can be one of: " + ", ".join(sorted(HOOKS)))
        return
    if not chain.slots:
        errors.add(chain.position, f"chain '{chain.name}' has no slot", "add: slot NAME;")
    if not chain.default:
        errors.add(chain.position, f"chain '{chain.name}' has no default verdict", "add: default VERDICT;")
    if chain.backend and chain.backend.text not in BACKENDS:
        errors.add(chain.backend.position, f"there is no backend '{chain.backend.text}'",
                   "there are: " + ", ".join(BACKENDS))
    elif chain.backend and chain.backend.text == "direct":
        _direct(chain, scope, errors)
    for name in (chain.default, chain.proceed):
        _verdict(chain, name, errors)
    _slots(chain, scope, errors)
    _state(chain, file, scope, layouts, errors)
    for attach in chain.attach:
        check_kind(attach, errors)
        for argument in attach.arguments:
            if isinstance(argument, Field) and argument.array_kind not in ("", "many"):
                errors.add(argument.position, "what a chain hangs on is one, or any number: []")


def chains_of_build(found: "Iterable[Module]", loader: "Loader") -> None:
    """Chains that run: those that the modules of a build plug programs into."""
    seen: List[Chain] = []
    for module in found:
        file = loader.load(module.emf_source) if module.has_emf else None
        chains = {c.name: c for c in all_of(file, Chain)} if file else {}
        for plug in module.description.plugs if module.description else []:
            chain = chains.get(plug.chain.text)
            if chain and chain not in seen:
                seen.append(chain)
                check_hangs(chain, loader.errors)
    donors: Dict[str, str] = {}
    for chain in seen:
        for handoff in chain.handoffs[:1]:
            if handoff.chain.text in donors:
                loader.errors.add(handoff.chain.position, f"chain '{handoff.chain.text}' takes over from '{donors[handoff.chain.text]}' already, "
                                  "and can from one only")
            donors[handoff.chain.text] = chain.name


def check_hangs(chain: Chain, errors: Errors) -> None:
    """Of a chain that programs are plugged into: where it hangs."""
    hook = HOOKS[chain.type.text]
    form = f"attach {chain.type.text}({', '.join(hook.places)})"
    if len(chain.attach) != 1:
        errors.add(chain.attach[1].position if chain.attach else chain.position,
                   f"chain '{chain.name}' hangs at " + ("more than one kind of place" if chain.attach else "no place"), f"write: {form}")
        return
    attach = chain.attach[0]
    if attach.name != chain.type.text:
        errors.add(attach.position, f"a chain of type '{chain.type.text}' does not hang on '{attach.name}'", f"write: {form}")
    elif len(attach.arguments) != len(hook.places):
        errors.add(attach.position, f"'{attach.name}' takes {len(hook.places)} here, not {len(attach.arguments)}", f"write: {form}")
    else:
        for what, argument in zip(hook.places, attach.arguments):
            _place(what, argument, form, errors)


def _place(what: str, argument: Union[Field, Value], form: str, errors: Errors) -> None:
    if isinstance(argument, Field):
        if what[0] != "<":
            errors.add(argument.position, f"the {what} of '{form}' cannot be a parameter", "put it in quotes")
    elif argument.kind != "string" or not argument.text or (what == DIRECTION and argument.text not in ("ingress", "egress")):
        errors.add(argument.position, f"this is no {what.strip('<>')}: a text in quotes is wanted", f"write: {form}")
    elif what == EVENT and argument.text not in EVENTS:
        errors.add(argument.position, f"there is no event '{argument.text}'", nearest(argument.text, EVENTS) or "there are: " + ", ".join(EVENTS))
    elif what == FREQUENCY and not (argument.text.isascii() and argument.text.isdigit() and 0 < int(argument.text) <= MAX_FREQUENCY):
        errors.add(argument.position, f"'{argument.text}' is no number of {what}", f"it can be 1 to {MAX_FREQUENCY}")


def _verdict(chain: Chain, name: Optional[Name], errors: Errors) -> None:
    hook = HOOKS[chain.type.text]
    if name and name.text not in hook.verdicts:
        errors.add(name.position, f"a chain of type '{chain.type.text}' has no verdict '{name.text}'",
                   nearest(name.text, hook.verdicts) or "there are: " + ", ".join(hook.verdicts))


def _room(slot: Slot, scope: Scope, errors: Errors) -> int:
    if slot.room is None:
        return 1
    room = scope.number(slot.room, errors)
    if room is not None and room < 1:
        errors.add(slot.room.position, f"a slot cannot have room for {room} programs")
    return max(room or 1, 1)


def _slots(chain: Chain, scope: Scope, errors: Errors) -> None:
    seen: Dict[str, Slot] = {}
    depth = 0
    for slot in chain.slots:
        if slot.name in seen:
            errors.add(slot.position, f"slot '{slot.name}' is declared twice",
                       f"the first one is at {seen[slot.name].position}")
        seen.setdefault(slot.name, slot)
        depth += _room(slot, scope, errors)
    most = MAX_HOPS - 1 if HOOKS[chain.type.text].has_root else MAX_HOPS
    if depth > most:
        errors.add(chain.position, f"chain '{chain.name}' has room for {depth} programs, and the kernel follows {most} tail calls"
                   + ("" if most == MAX_HOPS else " behind a root program"), "make its slots smaller")


def _direct(chain: Chain, scope: Scope, errors: Errors) -> None:
    """One program that hangs there by itself: nothing comes before it, or behind."""
    if len(chain.slots) > 1 or any(_room(s, scope, Errors()) > 1 for s in chain.slots):
        errors.add(chain.backend.position, f"chain '{chain.name}' is direct, and so has one slot for one program",
                   "take the backend out for more")
    if chain.state:
        errors.add(chain.state.position, f"chain '{chain.name}' is direct: nothing would set up its state", "take the backend out")


def _state(chain: Chain, file: File, scope: Scope, layouts: Layouts, errors: Errors) -> None:
    if not chain.state:
        for handoff in chain.handoffs:
            errors.add(handoff.member.position, f"chain '{chain.name}' has no state to hand off")
        return
    layout = layouts.of(chain.state, scope)
    most = MAX_TASK_STATE if HOOKS[chain.type.text].preempted else MAX_STATE
    if layout and layout.size > most:
        errors.add(chain.state.position, f"the state of '{chain.name}' has {layout.size} bytes; {most} are the most"
                   + ("" if most == MAX_STATE else f" in a chain of type '{chain.type.text}', which keeps one for each task"))
    _handoffs(chain, file, scope, layouts, errors)


def _handoffs(chain: Chain, file: File, scope: Scope, layouts: Layouts, errors: Errors) -> None:
    """From XDP to tc, which the same packet comes to next; all of them to one chain, in one piece of metadata."""
    chains = {c.name: c for c in all_of(file, Chain)}
    layout = layouts.of(chain.state, scope)
    members = {f.name: f for f in chain.state.fields}
    seen: Dict[str, Handoff] = {}
    size = 0
    for handoff in chain.handoffs:
        name = handoff.member
        to = chains.get(handoff.chain.text)
        if name.text not in members:
            errors.add(name.position, f"the state of '{chain.name}' has no member '{name.text}'", nearest(name.text, members))
        elif name.text in seen:
            errors.add(name.position, f"'{name.text}' is handed off twice")
        elif not to:
            errors.add(handoff.chain.position, f"there is no chain '{handoff.chain.text}'", nearest(handoff.chain.text, chains))
        elif (chain.type.text, to.type.text if to.type else "") != ("xdp", "tc"):
            errors.add(handoff.chain.position, "a chain of type 'xdp' hands off to one of type 'tc', and no other one")
        elif handoff.chain.text != chain.handoffs[0].chain.text:
            errors.add(handoff.chain.position, f"chain '{chain.name}' hands off to '{chain.handoffs[0].chain.text}' already, and can to one only")
        else:
            _same(chain, members[name.text], to, handoff, errors)
            size += sum(m.size for m in layout.members if m.field and m.field.name == name.text) if layout else 0
        seen[name.text] = handoff
    if size > MAX_HANDOFF:
        errors.add(chain.handoffs[0].member.position, f"chain '{chain.name}' hands off {size} bytes; {MAX_HANDOFF} are the most")


def _same(chain: Chain, member: Field, to: Chain, handoff: Handoff, errors: Errors) -> None:
    """A member of the same name and type on the other side."""
    other = next((f for f in to.state.fields if f.name == member.name), None) if to.state else None
    if not other:
        errors.add(handoff.chain.position, f"the state of '{to.name}' has no member '{member.name}' that could take it over")
    elif member.array_kind not in ("", "fixed") or (member.type.text, member.array_kind) != (other.type.text, other.array_kind):
        errors.add(handoff.member.position, f"'{member.name}' has another type in the state of '{to.name}'" if member.array_kind in ("", "fixed")
                   else f"'{member.name}' has no fixed size, and cannot be handed off", f"the other one is at {other.position}")


def all_of(file: File, kind: type) -> list:
    """The declarations of this kind in a file and all that it imports."""
    return [d for f in [file, *file.reached()] for d in f.of(kind)]
