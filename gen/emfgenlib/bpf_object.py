# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a compiled kernel part has: structs, maps, variables and programs."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional

from . import btf
from .btf import Btf
from .elf import MAX_BYTES, BadObject, Elf, Symbol

_DATA = (".data", ".rodata", ".bss")
_MAX_ATTRIBUTES = 64  # of one map; libbpf knows twelve


@dataclass
class Map:
    """A map as its BTF declares it. Numbers that it leaves out are 0."""

    name: str
    index: int  # among the maps of the section .maps, as libbpf counts them
    type: int = 0
    max_entries: int = 0
    flags: int = 0
    key: Optional[int] = None  # numbers of types
    value: Optional[int] = None
    key_size: int = 0
    value_size: int = 0


@dataclass
class Variable:
    """A global of .data, .rodata or .bss."""

    name: str
    section: str
    type: int
    offset: int
    size: int
    is_const_volatile: bool
    is_static: bool = False


@dataclass
class Program:
    name: str
    section: str  # as in SEC(), without the '?' of one that is not loaded by itself
    maps: List[str] = field(default_factory=list)  # that its own code names


class Empty(BadObject):
    """Compiled from a file with nothing in it."""


class Object:
    def __init__(self, data: bytes, vmlinux_h: str = ""):
        self.elf = Elf(data)
        self.vmlinux_h = vmlinux_h  # that it was compiled with, or ""
        section = self.elf.section(".BTF")
        if not section and not any(s.is_code and s.size for s in self.elf.sections):
            raise Empty("has no programs and no maps")
        if not section:
            raise BadObject("has no BTF: compile it with -g")
        self.btf = Btf(self.elf.bytes_of(section), self.elf.endian)
        self._offsets: Dict[int, Dict[str, int]] = {}
        self.maps: Dict[str, Map] = {}
        self.variables: Dict[str, Variable] = {}
        for number, kind in enumerate(self.btf.kinds):
            if kind == btf.DATASEC:
                self._datasec(number)
        self.programs = {p.name: p for p in self._programs()}

    @property
    def structs(self) -> Dict[str, int]:
        return self.btf.structs()

    # --- maps and variables -------------------------------------------------------------

    def _symbols_of(self, section: int) -> Dict[str, int]:
        if not self._offsets:
            for symbol in self.elf.symbols:
                self._offsets.setdefault(symbol.section, {})[symbol.name] = symbol.value
        return self._offsets.get(section, {})

    def _datasec(self, number: int) -> None:
        name = self.btf.name(number)
        is_data = name.startswith(_DATA)
        section = self.elf.section(name)
        if not section or not (is_data or name == ".maps"):
            return
        symbols = self._symbols_of(section.index)
        rows = []
        for var, offset, size in self.btf.secinfos(number):
            if self.btf.kind(var) == btf.VAR:
                var_name = self.btf.name(var)
                # The compiler leaves the offset to whoever has the symbols.
                rows.append((symbols.get(var_name, offset), var_name, self.btf.to(var), size, self.btf.is_static(var)))
        rows.sort(key=lambda row: row[0])
        for index, (offset, var_name, type_, size, is_static) in enumerate(rows):
            if not is_data:
                self.maps[var_name] = self._map(var_name, index, type_)
                continue
            size = size or self.btf.size(type_)
            self.variables[var_name] = Variable(
                var_name, name, type_, offset, size, self.btf.has_qualifiers(type_, (btf.CONST, btf.VOLATILE)), is_static)

    def initial(self, variable: Variable) -> bytes:
        """The bytes that a variable starts with."""
        section = self.elf.section(variable.section)
        end = variable.offset + variable.size
        if not section or end > section.size or variable.size > MAX_BYTES:
            raise BadObject(f"is broken: variable '{variable.name}' is outside of {variable.section}")
        data = self.elf.bytes_of(section)[variable.offset : end]
        return bytes(data) or bytes(variable.size)  # .bss takes no room in the file

    def _map(self, name: str, index: int, type_: int) -> Map:
        """From struct { __uint(type, ...); __type(key, ...); ... }."""
        out = Map(name, index)
        bare = self.btf.strip(type_)
        if self.btf.kinds[bare] != btf.STRUCT:
            raise BadObject(f"has a map '{name}' that is no struct")
        if self.btf.count(bare) > _MAX_ATTRIBUTES:
            raise BadObject(f"has a map '{name}' with more attributes than there are")
        for member in self.btf.members(bare):
            pointer = self.btf.strip(member.type)
            if self.btf.kinds[pointer] != btf.PTR:
                continue  # values[] of an outer map
            to = self.btf.to(pointer)
            if member.name in ("key", "value"):
                if self.btf.size(to):
                    setattr(out, member.name, to)
                    setattr(out, member.name + "_size", self.btf.size(to))
            elif member.name in ("type", "max_entries", "map_flags", "key_size", "value_size"):
                dimensions, _ = self.btf.array(to)
                setattr(out, "flags" if member.name == "map_flags" else member.name, dimensions[0] if dimensions else 0)
        return out

    # --- programs -------------------------------------------------------------------------

    def _programs(self) -> List[Program]:
        code = {s.index: s.name for s in self.elf.sections if s.is_code and s.name != ".text"}

        def is_program(symbol: Symbol) -> bool:
            return symbol.is_function and not symbol.is_local and symbol.section in code

        return [Program(s.name, code[s.section].lstrip("?"), self._maps_of(s)) for s in self.elf.symbols if is_program(s)]

    def _maps_of(self, program: Symbol) -> List[str]:
        section = self.elf.sections[program.section]
        named = {to.name for offset, to in self.elf.relocations(section)
                 if program.value <= offset < program.value + program.size and to.name in self.maps}
        return sorted(named)
