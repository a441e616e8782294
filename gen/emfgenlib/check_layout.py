"""Declared structs against those that the compiler made for the kernel part."""
import os
from typing import Iterable, List, Optional, Tuple

from . import btf, types
from .bpf_object import Object
from .errors import Errors
from .layout import Layout, Layouts, Member
from .near import near
from .scope import Scope, of_file, of_service
from .syntax import Chain, File, Service, Struct


TOLD = 8  # members in one message


def visible(file: File) -> Iterable[Tuple[File, str, Struct, Scope]]:
    """Every struct that has a C name in this file and those it imports."""
    for owner in [file, *file.reached()]:
        scope = of_file(owner)
        for declaration in owner.declarations:
            if isinstance(declaration, Struct):
                yield owner, scope.prefix, declaration, scope
            elif isinstance(declaration, Chain) and declaration.state:
                yield owner, declaration.name, declaration.state, scope
            elif isinstance(declaration, Service):
                inner = of_service(declaration, scope)
                for member in declaration.members:
                    if isinstance(member, Struct):
                        yield owner, inner.prefix, member, inner


def check_layouts(obj: Object, source: str, file: File, errors: Errors) -> None:
    layouts = Layouts(Errors())  # what is wrong with the file itself was told when it was checked
    for owner, prefix, struct, scope in visible(file):
        name = f"{prefix}_{struct.name}"
        number = obj.structs.get(name)
        if number is None:
            continue
        layout = layouts.of(struct, scope)
        if layout:
            header = os.path.basename(owner.path).rsplit(".", 1)[0] + "_emf.h"
            _Comparison(obj, source, name, struct, layout, errors,
                        f'change one of the two, or take it from "{header}"').run(number)


class _Comparison:
    """Of one struct: what is declared here, and what is there."""

    def __init__(self, obj: Object, source: str, name: str, struct: Struct, layout: Layout, errors: Errors, hint: str):
        self.btf = obj.btf
        self.what = f"'struct {name}' of {source}"
        self.struct, self.layout, self.errors, self.hint = struct, layout, errors, hint

    def run(self, number: int) -> None:
        if self.btf.kinds[number] == btf.UNION:
            self.errors.add(self.struct.position, self.what.replace("struct", "union", 1) + " is no struct", self.hint)
            return
        before = self.errors.count
        there = {m.name: m for m in self.btf.members(number)}
        shift = 0
        for member in self.layout.members:
            found = there.get(member.name)
            if not found:
                self._add(member, f"has no member '{member.name}'", near(member.name, there, "it has"))
                continue
            shift = self._place(member, found, shift)
        declared = {m.name for m in self.layout.members}
        more = [f"'{m.name}' at byte {m.offset}" for m in there.values() if m.name not in declared]
        if more:
            self._add(None, "has what is not here: " + ", ".join(more[:TOLD]) + (" and more" if more[TOLD:] else ""))
        size = self.btf.size(number)
        if size != self.layout.size and self.errors.count == before:
            self._add(None, f"has {size} bytes, here it has {self.layout.size}")

    def _add(self, member: Optional[Member], message: str, hint: str = "") -> None:
        at = member.field if member and member.field else self.struct
        self.errors.add(at.position, f"{self.what} {message}", hint or self.hint)

    def _place(self, member: Member, found: btf.Member, shift: int) -> int:
        """How far the member is from where it is declared. Those behind one that is too
        long are all as far off, and are not told again."""
        written, size = self.btf.written(found.type), self.btf.size(found.type)
        if found.bits:
            self._add(member, f"has '{member.name}' as a bit-field of {found.bits} bits")
            return shift
        off = found.offset - member.offset
        if size != member.size or off not in (0, shift):
            self._add(member, f"has '{member.name}' at byte {found.offset} with {size} byte{'' if size == 1 else 's'} "
                      f"({written}), here it is at byte {member.offset} with {member.size}")
        else:
            self._type(member, found, written)
        return off + size - member.size

    def _type(self, member: Member, found: btf.Member, written: str) -> None:
        dimensions, element = self.btf.array(found.type)
        if dimensions != member.dimensions:
            here = "".join(f"[{n}]" for n in member.dimensions)
            self._add(member, f"has '{member.name}' as {written}, here it is " + (here or "no array"))
            return
        bare = self.btf.strip(element)
        there_type = self.btf.written(bare)
        is_struct = member.c_type.startswith("struct ")
        if is_struct or self.btf.kinds[bare] in (btf.STRUCT, btf.UNION):
            if there_type != member.c_type:
                self._add(member, f"has '{member.name}' as {there_type}, here it is {member.c_type}")
            return
        signed = self.btf.is_signed(element)
        if signed is None:
            self._add(member, f"has '{member.name}' as {written}, here it is a number")
        elif member.c_type != "char" and there_type != "char" and signed != _is_signed(member):
            words = ("unsigned", "signed")
            self._add(member, f"has '{member.name}' {words[signed]} ({written}), here it is {words[not signed]}")


def _is_signed(member: Member) -> bool:
    if member.low is not None:
        return member.low < 0
    return member.c_type in _SIGNED


_SIGNED = frozenset(t.c for t in types.BUILT_IN.values() if t.low is not None and t.low < 0)


def member_names(obj: Object, number: Optional[int]) -> List[str]:
    """Of a struct; none for what is no struct."""
    if number is None:
        return []
    bare = obj.btf.strip(number)
    if obj.btf.kinds[bare] not in (btf.STRUCT, btf.UNION):
        return []
    return [m.name for m in obj.btf.members(bare) if m.name]
