# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Consts, enums, structs, and the members of everything that has members."""
from typing import List, Optional, Sequence, Tuple, Union

from .changes import Changes
from .diff_wire import Side, dimension, spelled
from .errors import Errors
from .syntax import Const, Declaration, Enum, Field, ModuleDecl, Struct, TypedError, Value
from .values import check_value, items_of

PEERS = "peers of the old version"
# Where the other side only reads what this one sends.
SENT = ("result", "signal", "error")
MESSAGES = ("argument", "result", "signal", "error", "event")


def kind_of(declaration: Declaration) -> str:
    if isinstance(declaration, Enum):
        return "flags" if declaration.is_flags else "enum"
    return {"TypedError": "error"}.get(type(declaration).__name__, type(declaration).__name__.lower())


def compare_types(before: Sequence[Declaration], after: Sequence[Declaration], old: Side, new: Side,
                  changes: Changes) -> None:
    """The declarations of one block that are types."""
    there = {d.name: d for d in after}
    known = {d.name for d in before}
    for declaration in before:
        other = there.get(declaration.name)
        what = f"{kind_of(declaration)} '{declaration.name}'"
        if other is None:
            changes.breaks(declaration.position, f"{what} is gone", "code that names it does not compile")
        elif kind_of(other) != kind_of(declaration):
            changes.breaks(other.position, f"{what} is a {kind_of(other)} now", "code that names it does not compile")
        elif isinstance(declaration, Const):
            _const(declaration, other, old, new, changes)
        elif isinstance(declaration, Enum):
            _enum(declaration, other, old, new, changes)
        elif isinstance(declaration, Struct):
            _struct(declaration, other, old, new, changes)
    for declaration in after:
        if declaration.name not in known:
            changes.adds(declaration.position, f"{kind_of(declaration)} '{declaration.name}' is new")


def _const(before: Const, after: Const, old: Side, new: Side, changes: Changes) -> None:
    values = old.number(before.value), new.number(after.value)
    if values[0] == values[1]:
        return
    what = f"const '{before.name}' is {values[1]} and was {values[0]}"
    if before.name in old.bounds:
        changes.fine(after.position, what)  # and what became of the arrays is told where they stand
    else:
        changes.breaks(after.position, what, f"{PEERS} were compiled with the old value")


def _enum(before: Enum, after: Enum, old: Side, new: Side, changes: Changes) -> None:
    what = f"{kind_of(before)} '{before.name}'"
    if before.base.text != after.base.text:
        changes.breaks(after.base.position, f"{what} is made of {after.base.text} and was made of {before.base.text}",
                       f"{PEERS} read it with another width or sign")
    values, now = dict(items_of(before, old.scope)), dict(items_of(after, new.scope))
    names = {value: name for name, value in now.items()}
    for item in before.items:
        value = values[item.name]
        if item.name not in now:
            new_name = names.get(value)
            renamed = new_name and new_name not in values
            place = next((i.position for i in after.items if renamed and i.name == new_name), item.position)
            changes.breaks(place, f"'{item.name}' of {what} " + (f"is called '{new_name}' now" if renamed else "is gone"),
                           "code and commands that name it fail")
        elif now[item.name] != value:
            place = next(i.position for i in after.items if i.name == item.name)
            changes.breaks(place, f"'{item.name}' of {what} is {now[item.name]} and was {value}",
                           f"{PEERS} take it for something else")
    for item in after.items:
        if item.name not in values and now[item.name] not in values.values():
            changes.adds(item.position, f"'{item.name}' of {what} is new")


def _struct(before: Struct, after: Struct, old: Side, new: Side, changes: Changes) -> None:
    if isinstance(before, TypedError):
        compare_members(before.fields, after.fields, "error", f"error '{before.name}'", old, new, changes)
        return
    what = f"struct '{before.name}'"
    sizes = [layout.size if layout else 0 for layout in (old.layouts.of(before, old.scope), new.layouts.of(after, new.scope))]
    own = Changes()
    compare_members(before.fields, after.fields, "struct", what, old, new, own)
    broken = any(change.breaks for change in own.found)
    changes.take(own)
    if sizes[0] == sizes[1] or broken:
        return
    uses = old.uses.get(id(before), [])
    inner = [use.message for use in uses if not use.last]
    exporters = [m.name for m in old.file.of(ModuleDecl) if any(use.export for use in m.maps)]
    if uses and before.fields[-1].array_kind == "bounded":
        changes.breaks(after.position, f"{what} has a member behind '{before.fields[-1].name}[<=]', and {uses[0].message} has it",
                       "the last array is cut to what is used, and nothing can follow it")
    elif inner:
        changes.breaks(after.position, f"{what} has {sizes[1]} bytes and had {sizes[0]}, and {inner[0]} "
                       "has it in an array or has members behind it", f"{PEERS} look for what follows at the old place")
    elif not uses and exporters:
        # Of what types a map is, its kernel part knows alone.
        changes.breaks(after.position, f"{what} has {sizes[1]} bytes and had {sizes[0]}, and may be the key or the value of a map that "
                       f"module '{exporters[0]}' exports", "modules that import it and were built with the old one do not load")


# --- members --------------------------------------------------------------------------------


def compare_members(before: List[Field], after: List[Field], role: str, owner: str, old: Side, new: Side,
                    changes: Changes) -> None:
    """Members, arguments, results: the order counts, and new ones come last."""
    names, now = [f.name for f in before], {f.name: f for f in after}
    for at, member in enumerate(before):
        if member.name not in now:
            other = after[at] if at < len(after) and after[at].name not in names else None
            if other and _type(other, new) == _type(member, old):
                changes.breaks(other.position, f"'{member.name}' of {owner} is called '{other.name}' now",
                               "code that names it does not compile, and its JSON has another key")
            else:
                changes.breaks(member.position, f"'{member.name}' of {owner} is gone",
                               f"{PEERS} send or expect it, and what followed it has moved")
            continue
        last = at == len(before) - 1 and after[-1].name == member.name
        compare_member(member, now[member.name], role, owner, old, new, changes, last)
    kept = [f for f in after if f.name in names]
    order = [n for n in names if n in now]
    for member, name in zip(kept, order):
        if member.name != name:
            changes.breaks(member.position, f"'{member.name}' of {owner} stands where '{name}' stood",
                           f"{PEERS} look for it at its old place")
            break
    _new_members(before, after, role, owner, changes)


def _new_members(before: List[Field], after: List[Field], role: str, owner: str, changes: Changes) -> None:
    names = [f.name for f in before]
    there = [f.name for f in after]
    for at, member in enumerate(after):
        if member.name in names:
            continue
        behind = [f.name for f in after[at + 1:] if f.name in names]
        if behind:
            changes.breaks(member.position, f"'{member.name}' of {owner} is new and stands before '{behind[0]}'",
                           f"{PEERS} look for what follows at its old place; append it")
        elif role in MESSAGES and before and before[-1].array_kind == "bounded" and before[-1].name in there:
            changes.breaks(member.position, f"'{member.name}' of {owner} is new behind '{before[-1].name}[<=]'",
                           "the last array is cut to what is used, and nothing can follow it")
        elif at >= len(names) or all(n in there for n in names):
            changes.adds(member.position, f"'{member.name}' of {owner} is new")


def _type(member: Field, side: Side) -> Tuple[Tuple[str, ...], str]:
    return spelled(member, side), dimension(member, side)


def compare_member(before: Field, after: Field, role: str, owner: str, old: Side, new: Side, changes: Changes,
                   last: bool = False) -> None:
    """The type and what else is said of one member that is in both."""
    what = f"'{before.name}' of {owner}"
    types = spelled(before, old), spelled(after, new)
    sizes = old.imported_size(before.type.text), new.imported_size(after.type.text)
    if types[0] != types[1]:
        where = "" if types[0][0] != types[1][0] else f" of {types[1][1]}"
        changes.breaks(after.type.position, f"{what} is a {types[1][0]}{where} and was a {types[0][0]}",
                       f"{PEERS} read its bytes as the old type" if role != "parameter" else "values that were given may not fit")
    elif all(sizes) and sizes[0] != sizes[1]:
        changes.breaks(after.type.position, f"{what} has {sizes[1]} bytes and had {sizes[0]}",
                       f"{PEERS} look for what follows at the old place")
    _array(before, after, role, what, old, new, changes, last)
    units = [f.unit.text if f.unit else "none" for f in (before, after)]
    if units[0] != units[1]:
        changes.breaks(after.position, f"the unit of {what} is {units[1]} and was {units[0]}",
                       "the same number means something else")
    compare_ranges(before, after, role, what, old, new, changes)
    defaults = [f.default.text if f.default else "none" for f in (before, after)]
    if _value(before, before.default, old) != _value(after, after.default, new):
        changes.fine(after.position, f"the default of {what} is {defaults[1]} and was {defaults[0]}")


def _array(before: Field, after: Field, role: str, what: str, old: Side, new: Side, changes: Changes, last: bool) -> None:
    was, is_ = dimension(before, old), dimension(after, new)
    if was == is_:
        return
    grown = before.array_kind == after.array_kind == "bounded" and (new.number(after.array) or 0) > (old.number(before.array) or 0)
    said = f"the array {what} is {is_ or 'a single one'} and was {was or 'a single one'}"
    if grown and last and role == "argument":
        # Only who makes use of it can be refused by a provider of the old version.
        changes.adds(after.position, said)
    elif grown and last and role in SENT:
        changes.breaks(after.position, said, f"{PEERS} have no room for what is more")
    else:
        changes.breaks(after.position, said, f"{PEERS} look for what follows at the old place, or send more than there is room for")


def _value(member: Field, value: Optional[Value], side: Side) -> Optional[Union[int, str]]:
    if value is None:
        return None
    number = check_value(member, value, side.scope, Errors())
    return number if number is not None else value.text


def compare_ranges(before: Field, after: Field, role: str, what: str, old: Side, new: Side, changes: Changes) -> None:
    """Who sends must not be refused what was taken; who receives may be sent less."""
    bounds = [[_value(f, v, side) for v in f.range] if f.range else None for f, side in ((before, old), (after, new))]
    was, is_ = bounds
    if was == is_:
        return
    texts = [f"{f.range[0].text}..{f.range[1].text}" if f.range else "not limited" for f in (before, after)]
    said = f"the range of {what} is {texts[1]} and was {texts[0]}"
    narrower = is_ is not None and (was is None or is_[0] > was[0] or is_[1] < was[1])  # type: ignore[operator]
    wider = was is not None and (is_ is None or is_[0] < was[0] or is_[1] > was[1])  # type: ignore[operator]
    if narrower and role not in SENT:
        changes.breaks(after.position, said, "what was a good value before is refused")
    elif wider and role in SENT:
        changes.breaks(after.position, said, f"{PEERS} may be sent what they were told not to expect")
    else:
        changes.fine(after.position, said)
