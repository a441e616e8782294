# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Modules and products: what their users type, configure, read and graph."""
from typing import Callable, Dict, List, Tuple

from .changes import Changes
from .diff_chain import argument
from .diff_types import compare_member, compare_members
from .diff_wire import Side
from .errors import Position
from .syntax import Attach, Event, Field, Metric, ModuleDecl, Name, ProductDecl, Show


def compare_modules(before: ModuleDecl, after: ModuleDecl, old: Side, new: Side, changes: Changes) -> None:
    what = f"module '{before.name}'"
    _params(before, after, what, old, new, changes)
    _names("provides", _provided(before), _provided(after), what,
           "who uses the service finds no provider", changes)
    _names("exports map", {m.map.text: m.map.position for m in before.maps if m.export},
           {m.map.text: m.map.position for m in after.maps if m.export}, what, "modules that import it do not load", changes)
    _uses(before, after, what, changes)
    _imports(before, after, what, changes)
    _needs(before, after, what, changes)
    _attaches(before, after, what, changes)
    _paired("event", before.events, after.events, what, lambda a, b: _event(a, b, what, old, new, changes), changes)
    _paired("metric", _said(before.metrics), _said(after.metrics), what, lambda a, b: _metric(a, b, what, changes), changes)
    _shows(before, after, what, changes)
    if after.required and not before.required:
        changes.fine(after.position, f"{what} is required now")
    if after.by_name and not before.by_name:
        changes.breaks(after.position, f"{what} runs only where it is named", "a product that starts all of its modules has it no more")


def _said(metrics: List[Metric]) -> List[Metric]:
    """Those that are written; the others come and go with their events."""
    return [m for m in metrics if not m.implied]


def _provided(module: ModuleDecl) -> Dict[str, Position]:
    implied = {e.signal[0].text for e in module.events if e.implied}
    return {n.text: n.position for n in module.provides if n.text not in implied}


def _names(verb: str, was: Dict[str, Position], is_: Dict[str, Position], what: str, why: str, changes: Changes) -> None:
    for name, position in was.items():
        if name not in is_:
            changes.breaks(position, f"{what} {verb} '{name}' no more", why)
    for name, position in is_.items():
        if name not in was:
            changes.adds(position, f"{what} {verb} '{name}'")


def _params(before: ModuleDecl, after: ModuleDecl, what: str, old: Side, new: Side, changes: Changes) -> None:
    """Parameters, also of attach statements, are known by name; their order means nothing."""
    there = {p.name: p for p in after.options}
    names = {p.name for p in before.options}
    for param in before.options:
        other = there.get(param.name)
        if not other:
            changes.breaks(param.position, f"parameter '{param.name}' of {what} is gone",
                           "a configuration or command line that sets it is refused")
            continue
        compare_member(param, other, "parameter", what, old, new, changes)
        _letter(param, other, what, changes)
        if param.live and not other.live:
            changes.breaks(other.position, f"parameter '{param.name}' of {what} is not live any more",
                           "it cannot be changed while the module runs")
        elif other.live and not param.live:
            changes.fine(other.position, f"parameter '{param.name}' of {what} is live now")
    for param in after.options:
        if param.name not in names:
            changes.adds(param.position, f"parameter '{param.name}' of {what} is new")


def _letter(before: Field, after: Field, what: str, changes: Changes) -> None:
    was, is_ = (p.short.text if p.short else "" for p in (before, after))
    if was == is_:
        return
    if was:
        changes.breaks(after.position, f"parameter '{before.name}' of {what} is " + (f"-{is_}" if is_ else "no letter")
                       + f" and was -{was}", "a command line that uses the letter is refused, or means something else")
    else:
        changes.fine(after.position, f"parameter '{before.name}' of {what} is -{is_} too")


def _uses(before: ModuleDecl, after: ModuleDecl, what: str, changes: Changes) -> None:
    was = {u.service.text: (u.version.text if u.version else "", u.optional) for u in before.uses}
    for use in after.uses:
        now = use.version.text if use.version else "", use.optional
        if was.get(use.service.text) != now:
            changes.fine(use.service.position, f"{what} uses '{use.service.text}'" + f" >= {now[0]}" * bool(now[0])
                         + " optional" * use.optional)


def _imports(before: ModuleDecl, after: ModuleDecl, what: str, changes: Changes) -> None:
    was, is_ = ({(m.map.text, m.source.text): m.map.position for m in module.maps if m.source} for module in (before, after))
    for (name, source), position in is_.items():
        if (name, source) not in was:
            changes.fine(position, f"{what} imports map '{name}' from '{source}'")
    for (name, source), position in was.items():
        if (name, source) not in is_:
            changes.fine(position, f"{what} does not import map '{name}' from '{source}' any more")


def _needs(before: ModuleDecl, after: ModuleDecl, what: str, changes: Changes) -> None:
    """A need with a variant runs everywhere; one without did until now."""
    def each(module: ModuleDecl) -> Dict[Tuple[str, str], Tuple[Name, bool]]:
        return {(n.kind.text, name.text): (name, n.variant is not None) for n in module.needs for name in n.names}

    was, is_ = each(before), each(after)
    for (kind, needed), (name, has_variant) in is_.items():
        strict = (kind, needed) in was and not was[kind, needed][1]
        if has_variant and (kind, needed) not in was:
            changes.fine(name.position, f"{what} runs another program without {kind}({needed})")
        elif not has_variant and not strict:
            changes.breaks(name.position, f"{what} needs {kind}({needed})", "where that is missing it ran, and is refused now")
    for (kind, needed), (name, has_variant) in was.items():
        if not has_variant and ((kind, needed) not in is_ or is_[kind, needed][1]):
            changes.fine(name.position, f"{what} does not need {kind}({needed}) any more")


def _attaches(before: ModuleDecl, after: ModuleDecl, what: str, changes: Changes) -> None:
    """Where programs hang, but for the parameters, which are compared as such."""
    def each(module: ModuleDecl) -> Dict[Tuple[str, str], Name]:
        return {(a.program.text, f"{a.name}({', '.join(argument(x) for x in a.arguments)}){_when(a)}"): a.program
                for a in module.attaches if a.program}

    was, is_ = each(before), each(after)
    for (program, place), name in is_.items():
        if (program, place) not in was:
            changes.fine(name.position, f"{what} attaches '{program}' to {place}")
    for (program, place), name in was.items():
        if (program, place) not in is_:
            changes.fine(name.position, f"{what} does not attach '{program}' to {place} any more")


def _when(attach: Attach) -> str:
    only = f" if {'not ' * attach.negated}{attach.condition.text}" if attach.condition else ""
    return only + " optional" * attach.optional


def _paired(kind: str, before: List, after: List, what: str, compare: Callable, changes: Changes) -> None:  # type: ignore[type-arg]
    there = {d.name: d for d in after}
    names = {d.name for d in before}
    for declaration in before:
        if declaration.name in there:
            compare(declaration, there[declaration.name])
        else:
            changes.breaks(declaration.position, f"{kind} '{declaration.name}' of {what} is gone",
                           "who reads it finds nothing")
    for declaration in after:
        if declaration.name not in names:
            changes.adds(declaration.position, f"{kind} '{declaration.name}' of {what} is new")


def _event(before: Event, after: Event, what: str, old: Side, new: Side, changes: Changes) -> None:
    # An event has the fields of its signal, or its own.
    compare_members(before.fields, after.fields, "event", f"event '{before.name}' of {what}", old, new, changes)
    was, is_ = (".".join(n.text for n in e.signal) if e.signal else "none" for e in (before, after))
    if was == "none" and is_ != was:
        changes.adds(after.position, f"event '{before.name}' of {what} feeds signal {is_}")
    elif was != is_:
        changes.breaks(after.position, f"event '{before.name}' of {what} feeds signal {is_} and fed {was}",
                       "who waits for the signal waits in vain, or gets other records")
    if before.handled != after.handled:
        changes.breaks(after.position, f"event '{before.name}' of {what} is {'handled by the module' if after.handled else 'printed as it is'} now",
                       "who reads what was printed finds something else")
    policies = [e.overflow.text if e.overflow else "the usual one" for e in (before, after)]
    if policies[0] != policies[1]:
        changes.fine(after.position, f"the overflow policy of event '{before.name}' of {what} is {policies[1]} and was {policies[0]}")


def _metric(before: Metric, after: Metric, what: str, changes: Changes) -> None:
    name = f"metric '{before.name}' of {what}"
    if before.kind != after.kind:
        changes.breaks(after.position, f"{name} is a {after.kind} and was a {before.kind}", "queries over it mean something else")
    labels = [[n.text for n in m.labels] for m in (before, after)]
    if labels[0] != labels[1]:
        changes.breaks(after.position, f"the labels of {name} are {', '.join(labels[1]) or 'none'} and were "
                       f"{', '.join(labels[0]) or 'none'}", "queries over it match nothing, or add up something else")
    scales = [(m.scale.text if m.scale else "", [n.text for n in m.numbers]) for m in (before, after)]
    if scales[0] != scales[1]:
        changes.breaks(after.position, f"the buckets of {name} are others", "old and new samples cannot be added up")


def _shows(before: ModuleDecl, after: ModuleDecl, what: str, changes: Changes) -> None:
    """Under one name there may be several, of which one is there."""
    def each(module: ModuleDecl) -> Dict[Tuple[str, str], Show]:
        return {(s.name, ", ".join("not " * c.negated + c.param.text for c in s.conditions)): s for s in module.shows}

    was, is_ = each(before), each(after)
    known = {name for name, _ in was}
    for name in sorted({name for name, _ in is_} - known):
        changes.adds(next(s for (n, _), s in is_.items() if n == name).position, f"{what} shows '{name}'")
    for (name, when), show in was.items():
        others = [s for (n, w), s in is_.items() if n == name]
        if not others:
            changes.breaks(show.position, f"{what} does not show '{name}' any more", "who reads it finds nothing")
            continue
        other = is_.get((name, when)) or next((s for s in others if _form(s) == _form(show)), others[0])
        if _form(show) != _form(other):
            changes.breaks(other.position, f"'{name}' of {what} is shown in another form", "who reads what was printed finds something else")
        if (name, when) not in is_:
            changes.fine(other.position, f"'{name}' of {what} is shown under other conditions")


def _form(show: Show) -> Tuple[object, ...]:
    return (show.kind, show.unit.text if show.unit else "", show.per.value if show.per else 1, show.scale.text if show.scale else "",
            *([n.text for n in names] for names in (show.numbers, show.key, show.value)))


def compare_products(before: ProductDecl, after: ProductDecl, changes: Changes) -> None:
    what = f"product '{before.name}'"
    _names("has module", {n.text: n.position for n in before.modules}, {n.text: n.position for n in after.modules}, what,
           "who runs it is told that there is no such module", changes)
    calls = [{c.name: f"{c.service.text}.{c.method.text}" for c in p.commands} for p in (before, after)]
    for command in before.commands:
        if command.name not in calls[1]:
            changes.breaks(command.position, f"{what} has command '{command.name}' no more", "scripts that run it fail")
    for command in after.commands:
        if command.name not in calls[0]:
            changes.adds(command.position, f"{what} has command '{command.name}'")
        elif calls[0][command.name] != calls[1][command.name]:
            changes.breaks(command.position, f"command '{command.name}' of {what} is {calls[1][command.name]} and was "
                           f"{calls[0][command.name]}", "scripts that run it get something else")
    was = {(s.module.text, s.param.text): s.value.text for s in before.settings}
    for setting in after.settings:
        old_value = was.get((setting.module.text, setting.param.text), "not set")
        if old_value != setting.value.text:
            changes.fine(setting.module.position, f"{what} sets {setting.module.text}.{setting.param.text} to {setting.value.text}; "
                         f"it was {old_value}")
