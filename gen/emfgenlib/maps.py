# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The maps of a kernel part as accessors for its user part."""
from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import c_types
from .bpf_object import Map, Object
from .c_types import CType

# include/uapi/linux/bpf.h
_RDONLY, _WRONLY = 1 << 3, 1 << 4  # as user space sees the map


class Kind(NamedTuple):
    """A type of map, and what bpf(2) can do with one from user space."""

    name: str
    can: str  # l: look-up, u: update, d: delete, n: next, and so a walk
    per_cpu: bool = False
    plain: bool = True  # the value is what BTF says; else a descriptor in, an id out


# By number. What is not here, and what has no key (rings, queues, bloom filters),
# has no accessors.
_KINDS: Dict[int, Kind] = {
    1: Kind("hash", "ludn"),
    2: Kind("array", "lun"),  # its keys are always there
    3: Kind("prog_array", "lud", plain=False),
    4: Kind("perf_event_array", "ud", plain=False),
    5: Kind("percpu_hash", "ludn", per_cpu=True),
    6: Kind("percpu_array", "lun", per_cpu=True),
    7: Kind("stack_trace", "ldn"),  # programs fill it
    8: Kind("cgroup_array", "ud", plain=False),
    9: Kind("lru_hash", "ludn"),
    10: Kind("lru_percpu_hash", "ludn", per_cpu=True),
    11: Kind("lpm_trie", "ludn"),
    12: Kind("array_of_maps", "ludn", plain=False),
    13: Kind("hash_of_maps", "ludn", plain=False),
    14: Kind("devmap", "ludn"),
    15: Kind("sockmap", "ud", plain=False),
    16: Kind("cpumap", "ludn"),
    17: Kind("xskmap", "ud", plain=False),
    18: Kind("sockhash", "udn", plain=False),
    19: Kind("cgroup_storage", "lun"),
    20: Kind("reuseport_sockarray", "ud", plain=False),
    21: Kind("percpu_cgroup_storage", "lun", per_cpu=True),
    24: Kind("sk_storage", "lud"),  # by the descriptor of a socket
    25: Kind("devmap_hash", "ludn"),
    28: Kind("inode_storage", "lud"),
    29: Kind("task_storage", "lud"),
    32: Kind("cgrp_storage", "lud"),
}


# Their keys are numbers, also where only the size of these is declared.
_INDEXED = frozenset("""array prog_array perf_event_array percpu_array cgroup_array array_of_maps devmap sockmap
    cpumap xskmap reuseport_sockarray stack_trace""".split())


@dataclass
class Accessors:
    """Of one map, as the template writes them."""

    name: str
    index: int
    kind: Kind
    max_entries: int
    key: CType
    value: CType
    can: str
    counters: List[Tuple[int, int, int]] = field(default_factory=list)

    @property
    def stride(self) -> int:
        """From one CPU's value to the next one's."""
        return self.value.size + -self.value.size % 8

    @property
    def values(self) -> str:
        """The element of the array that holds all CPUs' values."""
        return self.value.c if self.stride == self.value.size else "__u64"


def readable(map_: Map) -> bool:
    """Whether user space can walk it, and finds values as they are declared."""
    kind = _KINDS.get(map_.type)
    return bool(kind) and kind.plain and {"l", "n"} <= set(kind.can) and not map_.flags & _WRONLY


def per_cpu(map_: Map) -> bool:
    return map_.type in _KINDS and _KINDS[map_.type].per_cpu


def accessors(obj: Object, module: str) -> List[Accessors]:
    """In the order of the object; maps that can do nothing are left out."""
    found = (_of(obj, map_, module) for map_ in sorted(obj.maps.values(), key=lambda m: m.index))
    return [a for a in found if a]


# What module_maps.h.j2 makes of the name of a map.
_WORDS = """cpu delete for_each index key key_bytes layout lookup next sum update value value_bytes visit visit_one walk""".split()


def names_of_maps(module: str, maps: List[Accessors]) -> List[str]:
    return [f"{module}_map_{map_.name}_{word}" for map_ in maps for word in _WORDS]


def _of(obj: Object, map_: Map, module: str) -> Optional[Accessors]:
    kind = _KINDS.get(map_.type)
    name = c_types.plain_name(map_.name, "map")
    if not kind:
        return None
    can = kind.can
    if map_.flags & _RDONLY:
        can = can.translate({ord("u"): None, ord("d"): None})
    if map_.flags & _WRONLY:
        can = can.translate({ord("l"): None, ord("n"): None})
    key = _type(obj, map_.key, map_.key_size, f"{module}_map_{name}_key")
    if key.c == "void" and key.size == 4 and kind.name in _INDEXED:
        key = CType("__u32", 4, "__u32")
    if kind.plain:
        value = _type(obj, map_.value, map_.value_size, f"{module}_map_{name}_value")
    else:
        value = CType("__u32", 4, "a descriptor in, an id out" if "l" in can else "a descriptor")
    if not key.size or not value.size:
        return None
    sums = c_types.counters(obj.btf, map_.value) if kind.per_cpu and map_.value is not None else []
    return Accessors(name, map_.index, kind, map_.max_entries, key, value, can, sums)


def _type(obj: Object, number: Optional[int], size: int, name: str) -> CType:
    if number is None:
        return CType("void", size, f"{size} bytes")
    return c_types.of(obj.btf, number, name)
