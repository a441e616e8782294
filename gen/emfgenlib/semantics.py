# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a member or a parameter means, by the name of its type or by its own: the one table
that decides, and that docs/alone.md shows. Only what cannot be meant otherwise is in it."""
import re
from typing import Dict, List, NamedTuple, Optional, Pattern, Tuple

from .types import BUILT_IN


class Meaning(NamedTuple):
    type: str  # of the interface language
    typedefs: Tuple[str, ...]  # names of types that mean it whatever the member is called
    bases: Tuple[str, ...]  # what it can be made of
    name: Optional[Pattern]  # of a member that means it


def _meaning(type_: str, typedefs: str, bases: str, name: str = "") -> Meaning:
    return Meaning(type_, tuple(typedefs.split()), tuple(bases.split()), re.compile(rf"(?:{name})\Z") if name else None)


# The first one that fits counts. An array stands as u8[6].
MEANINGS: List[Meaning] = [
    _meaning("ip4", "struct_in_addr", "be32", r"\w*addr\w*|(\w+_)?ip4?"),
    _meaning("ip6", "struct_in6_addr", "u8[16] be32[4] u32[4]", r"\w*addr\w*|(\w+_)?(ip|ip6|ipv6)"),
    _meaning("mac", "", "u8[6]", r"\w*(mac|addr|h_source|h_dest)\w*"),
    _meaning("comm", "", "char[16]", r"\w*comm"),
    _meaning("pid", "pid_t __kernel_pid_t", "u32 s32", r"[pt]?pid|tgid|tid|(\w+_)(pid|tgid|tid)"),
    _meaning("uid", "uid_t __kernel_uid32_t", "u32 s32", r"uid|euid|fsuid|suid"),
    _meaning("netdev", "", "u32 s32", r"(\w+_)?ifindex"),
    _meaning("errno", "", "s32", r"errno|err|error"),
    _meaning("signo", "", "u32 s32", r"sig|signo|signal"),
    _meaning("cgroup", "", "u64", r"cgroup|cgroup_id|cgid|cgrp_id"),
    _meaning("tcp_state", "tcp_state tcp_state_t", ""),
    _meaning("ipproto", "ipproto ipproto_t", ""),
    _meaning("dev", "dev_t __kernel_dev_t", ""),
    _meaning("ns", "", "u64", r"(\w+_)?(ts|timestamp|time|start|at)_ns"),
    _meaning("duration", "", "u64", r"(\w+_)?ns"),
]
# Of a parameter: numbers stay numbers where somebody who knows the program would write one.
OF_PARAMETERS = ("ip4", "comm", "pid", "uid", "netdev", "signo", "cgroup")
# What EMF_AS() can say: the type has to have this many bytes, or for those of WIDE any that a number has.
SIZES: Dict[str, int] = {name: type_.size for name, type_ in BUILT_IN.items() if not type_.messages_only and name != "argv"}
WIDE = ("tcp_state", "ipproto", "syscall", "cap")
WIDTHS = (1, 2, 4, 8)


def of(name: str, typedefs: List[str], base: str) -> str:
    """The type of the interface language; "" for what is no more than its base."""
    for meaning in MEANINGS:
        if any(t in meaning.typedefs for t in typedefs):
            return meaning.type
        if meaning.name and base in meaning.bases and meaning.name.match(name):
            return meaning.type
    return ""
