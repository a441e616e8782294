# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a kernel part says about itself with the macros of emf/alone.h, found in its BTF."""
import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from . import btf
from .btf import Btf

_EVENT = re.compile(r"emf_event_(\d+)_(.+)\Z")
_ID = re.compile(r"emf_event_id_(\d+)\Z")
_PARAM = re.compile(r"emf_param_(.+)\Z")
_VIEW = re.compile(r"emf_(hist|table)_(.+)\Z")
_IF = re.compile(r"emf_if_(.+)\Z")
_SENT = re.compile(r"(?:(.+)\.)?emf_sent_\d+\Z")
_DOC = "emf_doc"
_TAG = "emf:"


@dataclass
class SaidEvent:
    """An EMF_EVENT()."""

    map: str
    type: int
    id: Optional[int]


@dataclass
class Sent:
    """A place where a record is sent."""

    map: str  # as it is written there, "&events"; "" where it is not
    type: int
    function: str
    bytes: int = 0  # 0 where the compiler does not know


@dataclass
class Said:
    doc: str = ""
    events: List[SaidEvent] = field(default_factory=list)
    params: Dict[str, str] = field(default_factory=dict)  # help by name
    params_twice: List[str] = field(default_factory=list)  # with two texts
    hists: Dict[str, str] = field(default_factory=dict)  # heading by map
    tables: Dict[str, str] = field(default_factory=dict)  # member to sort by, by map
    ifs: Dict[str, str] = field(default_factory=dict)  # "by_process" or "!by_process" by map
    sent: List[Sent] = field(default_factory=list)
    unused: List[int] = field(default_factory=list)  # the types of const struct event *unused
    members: Dict[Tuple[int, int], str] = field(default_factory=dict)  # EMF_AS() by struct and index


def said(types: Btf) -> Said:
    out = Said()
    tags: Dict[int, str] = {}
    ids: Dict[int, int] = {}
    events: List[Tuple[int, SaidEvent]] = []
    for number, kind in enumerate(types.kinds):
        if kind == btf.DECL_TAG and types.name(number).startswith(_TAG):
            text, component = types.name(number)[len(_TAG):], types.component(number)
            if component < 0:
                param = _PARAM.match(types.name(types.to(number)))
                if param and types.to(number) in tags:
                    out.params_twice.append(param.group(1))
                tags[types.to(number)] = text
            else:
                out.members[types.to(number), component] = text
        elif kind == btf.VAR and _ID.match(types.name(number)):
            values = types.values(types.strip(types.to(number)))
            if values:
                ids[int(_ID.match(types.name(number)).group(1))] = values[0][1]
    for number, kind in enumerate(types.kinds):
        if kind != btf.VAR:
            continue
        name = types.name(number)
        found = _EVENT.match(name)
        if found and not _ID.match(name):
            counter = int(found.group(1))
            events.append((counter, SaidEvent(found.group(2), _pointee(types, number), ids.get(counter))))
        elif name == _DOC and number in tags:
            out.doc = tags[number]
        elif _PARAM.match(name) and number in tags:
            out.params[_PARAM.match(name).group(1)] = tags[number]
        elif _VIEW.match(name) and number in tags:
            kind_, map_ = _VIEW.match(name).groups()
            (out.hists if kind_ == "hist" else out.tables)[map_] = tags[number]
        elif _IF.match(name) and number in tags:
            out.ifs[_IF.match(name).group(1)] = tags[number]
        elif _SENT.match(name):
            out.sent.append(_sent(types, number, tags.get(number, "")))
        elif "unused" in name and "." not in name and types.kinds[types.strip(types.to(number))] == btf.PTR:
            to = _pointee(types, number)
            if types.kinds[types.strip(to)] == btf.STRUCT:
                out.unused.append(to)
    out.events = [event for _, event in sorted(events, key=lambda e: e[0])]
    return out


def _sent(types: Btf, variable: int, map_: str) -> Sent:
    """A pointer to as many pointers to the type as the record has bytes."""
    dimensions, element = types.array(_pointee(types, variable))
    return Sent(map_, _to(types, element), _SENT.match(types.name(variable)).group(1) or "", dimensions[0] if dimensions else 0)


def _pointee(types: Btf, variable: int) -> int:
    return _to(types, types.to(variable))


def _to(types: Btf, type_: int) -> int:
    pointer = types.strip(type_)
    return types.to(pointer) if types.kinds[pointer] == btf.PTR else 0
