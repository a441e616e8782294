# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Services: what a peer of the old version calls, sends and waits for."""
from typing import List

from .changes import Changes, major_raised, version
from .diff_types import compare_members, compare_types
from .diff_wire import Side
from .errors import Position
from .syntax import Const, Declaration, Enum, Method, Service, Signal, Struct, access_of


def compare_services(before: Service, after: Service, old_file: Side, new_file: Side, changes: Changes) -> None:
    old, new = old_file.inside(before), new_file.inside(after)
    kinds = (Const, Enum, Struct)
    compare_types([m for m in before.members if isinstance(m, kinds)], [m for m in after.members if isinstance(m, kinds)],
                  old, new, changes)
    _calls(before, after, old, new, changes)
    old_version, new_version = version(before.version), version(after.version)
    if new_version < old_version:
        changes.breaks(after.version.position, f"service '{after.name}' is at {after.version.text} and was at {before.version.text}",
                       "who wants the old version is refused")
    added = [change.what for change in changes.found if change.adds]
    if added and new_version[:2] == old_version[:2]:
        more = f", and {len(added) - 1} more" if len(added) > 1 else ""
        changes.breaks(after.version.position, f"service '{after.name}' is still at {after.version.text}: {added[0]}{more}",
                       "a peer cannot tell whether it is there; raise the minor version")


def _calls(before: Service, after: Service, old: Side, new: Side, changes: Changes) -> None:
    """Methods and signals."""
    calls = [m for m in before.members if isinstance(m, Signal)]
    there = {m.name: m for m in after.members}
    known = {m.name for m in before.members}
    fresh = [m for m in after.members if isinstance(m, Signal) and m.name not in known]
    for call in calls:
        other = there.get(call.name)
        if type(other) is type(call):
            _call(call, other, old, new, changes)
            continue
        same = [m for m in fresh if type(m) is type(call) and _shape(m) == _shape(call) and _shape(m)]
        position = same[0].position if same and other is None else call.position
        changes.breaks(position, f"{_kind(call)} '{call.name}' "
                       + (f"is called '{same[0].name}' now" if same and other is None else "is gone"),
                       "who calls it is told that there is no such method" if isinstance(call, Method) else
                       "who waits for it waits in vain")
    major = major_raised(before.version, after.version)
    for call in fresh:
        changes.adds(call.position, f"{_kind(call)} '{call.name}' is new")
        _new_since(call, before, major, changes)


def _kind(call: Declaration) -> str:
    return "method" if isinstance(call, Method) else "signal"


def _shape(call: Signal) -> List[str]:
    results = call.results if isinstance(call, Method) else []
    return [f"{f.type.text} {f.name}" for f in [*call.arguments, *results]]


def _new_since(call: Signal, service: Service, major: bool, changes: Changes) -> None:
    """Something new says since when, unless the whole service is."""
    if major:
        return
    if call.since is None:
        changes.breaks(call.position, f"new {_kind(call)} '{call.name}' does not say since when it is there",
                       "a peer of an older version would be asked for it; add: since VERSION")
    elif version(call.since) <= version(service.version):
        changes.breaks(call.since.position, f"new {_kind(call)} '{call.name}' is said to be there since {call.since.text}",
                       f"{service.version.text} did not have it")


def _call(before: Signal, after: Signal, old: Side, new: Side, changes: Changes) -> None:
    what = f"{_kind(before)} '{before.name}'"
    compare_members(before.arguments, after.arguments, "argument" if isinstance(before, Method) else "signal", what,
                    old, new, changes)
    _access(before, after, what, changes)
    since = [s.since.text if s.since else "" for s in (before, after)]
    if since[0] != since[1] and after.since and (not before.since or version(after.since) > version(before.since)):
        changes.breaks(after.since.position, f"{what} is said to be there since {after.since.text}",
                       "it was there before, and peers rely on it")
    if isinstance(before, Method) and isinstance(after, Method):
        compare_members(before.results, after.results, "result", f"the results of {what}", old, new, changes)
        _errors(before, after, what, changes)


def _access(before: Signal, after: Signal, what: str, changes: Changes) -> None:
    """read is for all, admin for few; a tag is what the site makes of it."""
    was, is_ = (access_of(s) for s in (before, after))
    if was == is_:
        return
    position: Position = after.access.position if after.access else after.position
    said = f"access to {what} is {is_} and was {was}"
    if is_ == "read" or was == "admin":
        changes.fine(position, said)
    else:
        changes.breaks(position, said, "who was allowed before may be refused")


def _errors(before: Method, after: Method, what: str, changes: Changes) -> None:
    was, is_ = ([e.text for e in m.errors] for m in (before, after))
    for error in after.errors:
        if error.text not in was:
            changes.fine(error.position, f"{what} can fail with {error.text}")
    for error in before.errors:
        if error.text not in is_:
            changes.fine(error.position, f"{what} does not fail with {error.text} any more")
