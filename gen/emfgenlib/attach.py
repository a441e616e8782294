# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The kinds of places that an attach statement can name, and what each wants to know."""
from typing import Dict, List, Tuple

from . import sections
from .errors import Errors
from .near import nearest
from .syntax import Attach

# enum emf_attach_kind, include/emf/attach.h. What is in [] may be left out.
PLACES: Dict[str, Tuple[str, ...]] = {
    "cgroup": ("path",),
    "kprobe": ("function",),
    "kretprobe": ("function",),
    "perf_event": ("event", "frequency", "[pid]"),
    "raw_tp": ("name",),
    "tracepoint": ("category", "name"),
    "uprobe": ("path", "function", "[pid]"),
    "uretprobe": ("path", "function", "[pid]"),
    "usdt": ("path", "provider", "name", "[pid]"),
    "xdp": ("interface",),
}
# What a parameter for it is; of all others a string.
TYPES = {"frequency": "u32", "interface": "netdev", "pid": "pid"}
# Of a function or a tracepoint that is not there, the kernel says that.
MAY_BE_MISSING = ("kprobe", "kretprobe", "raw_tp", "tracepoint", "uprobe", "uretprobe", "usdt")
EXAMPLES = {"event": "cpu-clock", "frequency": "99"}


def wanted(kind: str) -> List[str]:
    """What has to be said."""
    return [what for what in PLACES[kind] if what[0] != "["]


def form(kind: str) -> str:
    """As it is written: uprobe(path, function [, pid])."""
    may = [what.strip("[]") for what in PLACES[kind] if what[0] == "["]
    return f"{kind}({', '.join(wanted(kind))}{''.join(f' [, {what}]' for what in may)})"


def example(kind: str) -> str:
    return f"{kind}({', '.join(repr(EXAMPLES.get(what, what)) for what in wanted(kind))})".replace("'", '"')


def check_kind(attach: Attach, errors: Errors) -> None:
    """Whether there is such a kind, built already or not."""
    if attach.name not in PLACES and not sections.is_known(attach.name):
        errors.add(attach.position, f"there is no kind '{attach.name}'",
                   nearest(attach.name, [*PLACES, *sections.KINDS]) or "there are: " + ", ".join(PLACES))
