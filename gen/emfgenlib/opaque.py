# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The types of a kernel part's globals, for its skeleton. That names them as the kernel part does, and
user space has no header for most. Nothing looks into a global of such a type, so its size is enough; and
under another name it meets no type that a system header has by the same one."""
from dataclasses import dataclass
from typing import Dict, List

from . import btf
from .bpf_object import Object
from .c_types import MAX_DEPTH, plain_name
from .elf import BadObject

# Types that every user of a skeleton has, and words of the skeleton itself, which cannot be others there.
_KNOWN = frozenset("""bool size_t __u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 __be16 __be32 __be64 __le16 __le32 __le64 __sum16 __wsum
    """.split())
_WORDS = frozenset("""s obj opts err errno sz name maps map map_cnt map_skel_sz progs prog prog_cnt prog_skel_sz link links data data_sz
    skeleton mmaped rodata bss kconfig open load attach detach destroy elf_bytes open_and_load calloc free""".split())
_TAGS = {btf.STRUCT: "struct", btf.UNION: "union", btf.ENUM: "enum", btf.ENUM64: "enum"}


@dataclass
class Opaque:
    there: str  # its name in the kernel part
    name: str  # what it is called here
    word: str  # struct, union, enum; "" for a typedef
    size: int

    @property
    def is_renamed(self) -> bool:
        return self.name != self.there


def opaque(obj: Object, module: str) -> List[Opaque]:
    """All that the skeleton names, by name."""
    found: Dict[str, Opaque] = {}
    for variable in obj.variables.values():
        if not variable.is_static:
            _Walk(obj.btf, module, found).type(variable.type, 0)
    return [found[key] for key in sorted(found)]


class _Walk:
    def __init__(self, types: btf.Btf, module: str, found: Dict[str, Opaque]):
        self.btf, self.module, self.found = types, module, found

    def type(self, number: int, depth: int) -> None:
        types = self.btf
        kind = types.kind(number)
        if depth > 4 * MAX_DEPTH:
            raise BadObject("has a global whose type is too deep")
        if kind == btf.TYPEDEF:
            self.add(number, "")
        elif kind in _TAGS and types.name(number):
            self.add(number, _TAGS[kind])
        elif kind in (btf.STRUCT, btf.UNION):
            for member in types.members(number):
                self.type(member.type, depth + 1)
        elif kind == btf.ARRAY:
            self.type(types.array(number)[1], depth + 1)
        elif kind == btf.FUNC_PROTO:
            for parameter in [types.to(number), *types.parameters(number)]:
                self.type(parameter, depth + 1)
        elif kind in (btf.PTR, btf.VOLATILE, btf.CONST, btf.RESTRICT, btf.TYPE_TAG):
            to = types.to(number)
            # A pointer to a struct is fine with its name alone.
            if not (kind == btf.PTR and types.kinds[types.unqualified(to)] in _TAGS and types.name(types.unqualified(to))):
                self.type(to, depth + 1)

    def add(self, number: int, word: str) -> None:
        there = plain_name(self.btf.name(number), "type")
        if there in _KNOWN:
            return
        name = there if there in _WORDS else f"{self.module}_type_{there}"
        self.found.setdefault(f"{there} {word}", Opaque(there, name, word, self.btf.size(number)))
