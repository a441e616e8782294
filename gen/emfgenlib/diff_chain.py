# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Chains: what programs that were compiled for the old version rely on."""
from typing import Optional

from .changes import Changes
from .diff_types import compare_members
from .diff_wire import Side
from .syntax import Chain, Field, File, Name, Slot


def compare_chains(old_file: File, new_file: File, old: Side, new: Side, changes: Changes) -> None:
    there = {c.name: c for c in new_file.of(Chain)}
    known = {c.name for c in old_file.of(Chain)}
    for chain in old_file.of(Chain):
        if chain.name not in there:
            changes.breaks(chain.position, f"chain '{chain.name}' is gone", "modules that plug into it do not load")
        else:
            _chain(chain, there[chain.name], old, new, changes)
    for chain in new_file.of(Chain):
        if chain.name not in known:
            changes.fine(chain.position, f"chain '{chain.name}' is new")


def _chain(before: Chain, after: Chain, old: Side, new: Side, changes: Changes) -> None:
    what = f"chain '{before.name}'"
    if before.type.text != after.type.text:
        changes.breaks(after.type.position, f"{what} is of type {after.type.text} and was of type {before.type.text}",
                       "the kernel does not take programs of another type")
    for verb, was, is_ in (("default", before.default, after.default), ("proceed", before.proceed, after.proceed)):
        _verdict(verb, was, is_, what, after, changes)
    _state(before, after, what, old, new, changes)
    _handoffs(before, after, what, changes)
    _slots(before, after, what, old, new, changes)
    _attach(before, after, what, changes)
    backends = [c.backend.text if c.backend else "the usual one" for c in (before, after)]
    if backends[0] != backends[1]:
        changes.fine(after.position, f"the backend of {what} is {backends[1]} and was {backends[0]}")


def _verdict(verb: str, was: Optional[Name], is_: Optional[Name], what: str, after: Chain, changes: Changes) -> None:
    texts = [v.text if v else "none" for v in (was, is_)]
    if texts[0] != texts[1]:
        changes.breaks(is_.position if is_ else after.position, f"the {verb} verdict of {what} is {texts[1]} and was {texts[0]}",
                       "the same programs decide otherwise about the same packets")


def _state(before: Chain, after: Chain, what: str, old: Side, new: Side, changes: Changes) -> None:
    if not before.state:
        if after.state:
            changes.adds(after.state.position, f"the state of {what} is new")
    elif not after.state:
        changes.breaks(before.state.position, f"the state of {what} is gone", "programs read and write it")
    else:
        compare_members(before.state.fields, after.state.fields, "state", f"the state of {what}", old, new, changes)


def _handoffs(before: Chain, after: Chain, what: str, changes: Changes) -> None:
    was, is_ = ({(h.member.text, h.chain.text) for h in c.handoffs} for c in (before, after))
    for handoff in before.handoffs:
        if (handoff.member.text, handoff.chain.text) not in is_:
            changes.breaks(handoff.member.position, f"{what} does not hand '{handoff.member.text}' to '{handoff.chain.text}' any more",
                           "programs there find nothing in it")
    for handoff in after.handoffs:
        if (handoff.member.text, handoff.chain.text) not in was:
            changes.fine(handoff.member.position, f"{what} hands '{handoff.member.text}' to '{handoff.chain.text}'")


def _room(slot: Slot, side: Side) -> int:
    return side.number(slot.room) or 1


def _slots(before: Chain, after: Chain, what: str, old: Side, new: Side, changes: Changes) -> None:
    there = {s.name: s for s in after.slots}
    names = [s.name for s in before.slots]
    for slot in before.slots:
        other = there.get(slot.name)
        if not other:
            changes.breaks(slot.position, f"slot '{slot.name}' of {what} is gone", "programs that plug into it have no place")
            continue
        rooms = _room(slot, old), _room(other, new)
        if rooms[1] < rooms[0]:
            changes.breaks(other.position, f"slot '{slot.name}' of {what} has room for {rooms[1]} and had room for {rooms[0]}",
                           "programs that had a place have none")
        elif rooms[1] > rooms[0]:
            changes.fine(other.position, f"slot '{slot.name}' of {what} has room for {rooms[1]} and had room for {rooms[0]}")
        if slot.optional and not other.optional:
            changes.breaks(other.position, f"slot '{slot.name}' of {what} is not optional any more",
                           "a product without a program there does not start")
        elif other.optional and not slot.optional:
            changes.fine(other.position, f"slot '{slot.name}' of {what} is optional now")
    kept = [s for s in after.slots if s.name in names]
    for slot, name in zip(kept, [n for n in names if n in there]):
        if slot.name != name:
            changes.breaks(slot.position, f"slot '{slot.name}' of {what} stands where '{name}' stood",
                           "programs run in another order, and call slots by their numbers")
            break
    _new_slots(after, names, what, changes)


def _new_slots(after: Chain, names: list, what: str, changes: Changes) -> None:
    for at, slot in enumerate(after.slots):
        if slot.name in names:
            continue
        behind = [s.name for s in after.slots[at + 1:] if s.name in names]
        if behind:
            changes.breaks(slot.position, f"slot '{slot.name}' of {what} is new and stands before '{behind[0]}'",
                           "programs call slots by their numbers; append it")
        elif slot.optional or slot.room is not None:
            changes.fine(slot.position, f"slot '{slot.name}' of {what} is new")
        else:
            changes.breaks(slot.position, f"slot '{slot.name}' of {what} is new and must be filled",
                           "a product without a program there does not start; make it optional")


def _attach(before: Chain, after: Chain, what: str, changes: Changes) -> None:
    was, is_ = ([(a.name, [argument(x) for x in a.arguments]) for a in c.attach] for c in (before, after))
    for attach, key in zip(before.attach, was):
        if key not in is_:
            changes.breaks(attach.position, f"{what} does not attach to {attach.name} as it did",
                           "who configured where it hangs is refused")
    for attach, key in zip(after.attach, is_):
        if key not in was:
            changes.fine(attach.position, f"{what} attaches to {attach.name}")


def argument(one: object) -> str:
    if isinstance(one, Field):
        return f"param {one.type.text} {one.name} {one.array_kind}".rstrip()
    return getattr(one, "text", "")
