# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The metrics of a kernel part alone: how many events of each type, and what its histograms and
tables hold."""
import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from .check_metric import DEFAULT_SERIES
from .errors import Position
from .infer_view import InferredView
from .tables import TableMember, TableRecord

# What the headings of libbpf's tools mean: so many of them make one of what a metric's name ends with.
_UNITS = {"nsecs": ("seconds", 10**9), "ns": ("seconds", 10**9), "usecs": ("seconds", 10**6), "us": ("seconds", 10**6),
          "msecs": ("seconds", 1000), "ms": ("seconds", 1000), "secs": ("seconds", 1), "bytes": ("bytes", 1)}
LABEL = re.compile(r"EMF_(?!STRUCT|HEX|[US]128|CHAR)\w+")
NUMBER = re.compile(r"EMF_(BOOL|[US](8|16|32|64)|BE(16|32|64)|DURATION)\Z")


@dataclass
class InferredMetric:
    """As metric.j2 wants it."""

    name: str
    doc: str
    kind: str
    position: Position
    unit: int = 1
    map: str = ""
    labels: List[TableMember] = field(default_factory=list)
    value: Optional[TableMember] = None
    slot: Optional[TableMember] = None
    sum: Optional[TableMember] = None
    scale: str = ""
    slots: int = 0
    numbers: List[int] = field(default_factory=list)
    counters: List[Tuple[int, int, int]] = field(default_factory=list)
    max_series: int = DEFAULT_SERIES
    conditions: List[Tuple[int, bool]] = field(default_factory=list)
    is_shown: bool = False  # by a view, which empties what it prints


def metrics_of(module: str, events: List[Tuple[TableRecord, Position]], views: List[InferredView]) -> List[InferredMetric]:
    """Those of events first, in their order: the core counts by that."""
    out: Dict[str, InferredMetric] = {}
    for record, position in events:
        name = f"emf_{module}_{record.shown}_total"
        out[record.name] = InferredMetric(name, f"events of type {record.shown}", "counter", position, max_series=1)
    for view in views:
        labels = view.key.members if view.key else []
        if view.section or any(m.bits or m.count > 1 or not LABEL.match(m.type) for m in labels):
            continue  # a global has no map that could be read beside the skeleton; and a label is one value
        for metric in [_hist(module, view)] if view.slots else _table(module, view):
            metric.map, metric.labels, metric.counters = view.name, list(labels), view.counters or []
            metric.is_shown = True
            out.setdefault(metric.name, metric)
    return list(out.values())


def _hist(module: str, view: InferredView) -> InferredMetric:
    word, unit = _UNITS.get(view.unit or "", ("", 1))
    name = f"emf_{module}_{view.name}" + (f"_{word}" if word else "")
    return InferredMetric(name, f"histogram {view.name}", "histogram", view.position, unit, value=view.slots, slot=view.slot, scale="log2",
                          slots=view.slots_n)


def _table(module: str, view: InferredView) -> List[InferredMetric]:
    """May go down: nobody said that it does not."""
    return [InferredMetric(f"emf_{module}_{view.name}_{m.name}" + ("_seconds" if m.type == "EMF_DURATION" else ""), f"{m.name} of table {view.name}", "gauge", view.position,
                           10**9 if m.type == "EMF_DURATION" else 1, value=m)
            for m in (view.value.members if view.value else []) if NUMBER.match(m.type) and m.count == 1 and not m.bits]
