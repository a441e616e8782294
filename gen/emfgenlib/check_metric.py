# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Metrics of a module, as far as its description alone can tell; and what they are called where they are read."""
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import types
from .errors import Errors
from .near import near
from .scope import Scope
from .syntax import Event, Field, Metric, ModuleDecl, Name, Service, Show, Signal, Value
from .values import duration

SCALES = {"log2": 0, "linear": 3, "bounds": 1}  # how many numbers; bounds takes more
MAX_SERIES = 100000  # label values of one metric
DEFAULT_SERIES = 1000
_MAX_SLOTS = 1024  # EMF_SLOTS_MAX, include/emf/hist.h
# What is called emf_<word>_... already: core/metric_builtin.c.
RESERVED = ("bus", "loop", "metric", "module", "product")
# Ends of names that say a unit: the base unit, and how many make one of it.
UNITS = {"ns": ("seconds", 10**9), "nsecs": ("seconds", 10**9), "us": ("seconds", 10**6), "usecs": ("seconds", 10**6),
         "ms": ("seconds", 10**3), "msecs": ("seconds", 10**3), "secs": ("seconds", 1), "s": ("seconds", 1)}

WORDS = (*UNITS, "bytes")  # units of a histogram that is shown, which its metric ends with


class Exported(NamedTuple):
    name: str
    unit: int  # the values are divided by it


def exported(module: str, metric: Metric, is_time: bool) -> Exported:
    """The name that Prometheus sees: base units, and _total of what is a counter. @is_time: the value is of type duration or ns."""
    name = metric.name
    if metric.kind == "counter" and name.endswith("_total"):
        name = name[: -len("_total")]
    stem, _, end = name.rpartition("_")
    unit = 10**9 if is_time else 1
    if stem and end in UNITS:
        word, per = UNITS[end]
        name, unit = f"{stem}_{word}", unit if is_time else per
    elif is_time and end != "seconds":
        name += "_seconds"
    return Exported(f"emf_{module}_{name}" + ("_total" if metric.kind == "counter" else ""), unit)


def metric_of(show: Show) -> Metric:
    """What a histogram that is shown is as a metric."""
    name = f"{show.name}_{show.unit.text}" if show.unit.text in WORDS else show.name
    return Metric(name, show.position, show.doc or [f"histogram {show.name}"], "histogram", show.scale, show.numbers, show.source, False, show.member)


def slots_of(metric: Metric, unit: int, scope: Scope) -> Tuple[List[int], int]:
    """The numbers of a histogram's scale, durations in what the values are counted in, and the slots that it has; 0 of log2."""
    numbers = [_number(v, unit, scope) or 0 for v in metric.numbers]
    if metric.scale.text == "linear":
        return numbers, (numbers[1] - numbers[0]) // numbers[2] + 1
    return numbers, len(numbers) + 1 if metric.scale.text == "bounds" else 0


def _number(value: Value, unit: int, scope: Scope) -> Optional[int]:
    if value.kind == "duration":
        ns = duration(value.text) or 0
        per = 10**9 // unit if unit > 1 else 1
        return ns // per if not ns % per else None
    if value.kind == "number":
        return int(value.text, 0) if len(value.text) <= 20 else None
    return scope.number(Name(value.text, value.position), Errors()) if value.kind == "name" else None


def check_metrics(module: ModuleDecl, services: Dict[str, Service], scope: Scope, errors: Errors) -> None:
    names: Dict[str, Metric] = {}
    events = {e.name: e for e in module.events}
    for metric in module.metrics:
        name = exported(module.name, metric, False).name
        if name in names:
            errors.add(metric.position, f"'{metric.name}' is called {name} where it is read, and so is '{names[name].name}'",
                       f"that one is at {names[name].position}; rename one of them")
        names.setdefault(name, metric)
        check_scale(metric, scope, errors)
        if metric.max_series and not 1 <= metric.max_series.value <= MAX_SERIES:
            errors.add(metric.max_series.position, f"max_series is from 1 to {MAX_SERIES}")
        _labels(metric, errors)
        if metric.is_event and metric.source.text not in events:
            errors.add(metric.source.position, f"module '{module.name}' has no event '{metric.source.text}'", near(metric.source.text, events, "it has"))
        elif metric.is_event:
            _event(metric, events[metric.source.text], services, errors)
    if (module.metrics or module.shows or module.lost) and module.name in RESERVED:
        errors.add(module.position, f"metrics of module '{module.name}' would be called like EMF's own, emf_{module.name}_...", "rename the module")


def _labels(metric: Metric, errors: Errors) -> None:
    seen: Dict[str, Name] = {}
    for label in metric.labels:
        if label.text in seen:
            errors.add(label.position, f"label '{label.text}' stands here twice")
        elif label.text.startswith("__") or (label.text == "le" and metric.kind == "histogram"):
            errors.add(label.position, f"'{label.text}' is a label that Prometheus keeps for itself", "give the member another name")
        seen.setdefault(label.text, label)


def check_scale(metric: Metric, scope: Scope, errors: Errors) -> None:
    if not metric.scale:
        return
    wanted, at = SCALES.get(metric.scale.text), metric.scale.position
    if wanted is None:
        errors.add(at, f"there is no scale '{metric.scale.text}'", "there are: " + ", ".join(SCALES))
        return
    if (metric.scale.text == "bounds" and not metric.numbers) or (metric.scale.text != "bounds" and len(metric.numbers) != wanted):
        errors.add(at, f"'{metric.scale.text}' takes {wanted or 'no'} numbers" + (" or more" if metric.scale.text == "bounds" else ""))
        return
    unit = exported("", metric, False).unit
    numbers = [_number(v, unit, scope) for v in metric.numbers]
    for value, number in zip(metric.numbers, numbers):
        if number is None or not 0 <= number < 1 << 63:
            errors.add(value.position, f"'{value.text}' is no bound of a bucket", "write a number that is not negative, a const, or a time such as 5ms")
            return
    if metric.scale.text == "linear":
        first, last, step = numbers
        if step < 1 or last <= first or (last - first) % step:
            errors.add(at, "linear(FIRST, LAST, STEP) goes from FIRST to LAST in whole steps", "as in: linear(0, 100, 10)")
            return
    elif any(a >= b for a, b in zip(numbers, numbers[1:])):
        errors.add(at, "each bound is above the one before it", "put them in order")
        return
    if metric.numbers and slots_of(metric, unit, scope)[1] > _MAX_SLOTS:
        errors.add(at, f"this has {slots_of(metric, unit, scope)[1]} buckets; {_MAX_SLOTS} are the most")


# --- of an event --------------------------------------------------------------------------


def fields_of(event: Event, services: Dict[str, Service]) -> List[Field]:
    """The members of its record; none where something else is wrong."""
    if not event.signal:
        return event.fields
    service = services.get(event.signal[0].text)
    signal = next((s for s in service.of(Signal) if s.name == event.signal[1].text), None) if service else None
    return signal.arguments if signal else []


def is_number(member: Field) -> bool:
    type_ = types.BUILT_IN.get(member.type.text)
    return not member.array_kind and bool(type_) and type_.low is not None and member.type.text != "char"


def _event(metric: Metric, event: Event, services: Dict[str, Service], errors: Errors) -> None:
    members = {f.name: f for f in fields_of(event, services)}
    if event.on_demand:
        errors.add(metric.source.position, f"event '{event.name}' is on demand, and is not sent while nobody listens",
                   "count in a map, or drop the on_demand")
    if metric.kind != "counter" and not metric.member:
        errors.add(metric.source.position, f"a {metric.kind} takes the value of a member", f"write: from event {event.name}.MEMBER")
    for name, is_label in [(metric.member, False)] * bool(metric.member) + [(n, True) for n in metric.labels]:
        member = members.get(name.text)
        if not member and members:
            errors.add(name.position, f"the record of event '{event.name}' has no member '{name.text}'", near(name.text, members, "it has"))
        elif member and not is_label and not is_number(member):
            errors.add(name.position, f"'{name.text}' of event '{event.name}' is no number, and a {metric.kind} is", "name a member that is one")
        elif member and is_label and member.array_kind:
            errors.add(name.position, f"'{name.text}' of event '{event.name}' is an array, and a label is one value")
