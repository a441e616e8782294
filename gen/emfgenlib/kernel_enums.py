# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Which enums of a compiled kernel part are those of the kernel: what vmlinux.h has, and what CO-RE takes for another's by
its name. The kernel that runs may number them otherwise."""
import functools
import re
from typing import FrozenSet

from .files import read_regular

_ENUM = re.compile(rb"\benum\s+(\w+)\s*\{")
_FLAVOUR = re.compile(r"(.*[^_])___[^_].*")  # bpf_core_essential_name_len(), libbpf


@functools.lru_cache(maxsize=None)
def _defined(path: str) -> FrozenSet[str]:
    try:
        return frozenset(name.decode() for name in _ENUM.findall(read_regular(path)))
    except OSError:
        return frozenset()


def name_there(name: str, vmlinux_h: str) -> str:
    """What the kernel calls an enum; "" for one that is not the kernel's."""
    flavoured = _FLAVOUR.fullmatch(name)
    if flavoured:
        return flavoured[1]
    return name if name in _defined(vmlinux_h) else ""
