# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The ELF file that a compiled kernel part is: its sections and symbols. Whatever the
file claims is checked against its size, so that one that lies is an error and no more."""
import os
import stat
import struct
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

MAX_BYTES = 64 << 20  # of an object; the largest seen has 2 MiB
_MAX_NAME = 4096  # bytes; what is longer is no name
_MAX_SECTIONS = 0xFF00  # SHN_LORESERVE, include/uapi/linux/elf.h

# include/uapi/linux/elf.h, elf-em.h
_EM_BPF = 247
_SHT_PROGBITS, _SHT_SYMTAB, _SHT_NOBITS, _SHT_REL = 1, 2, 8, 9
_SHF_EXECINSTR = 4
_STT_FUNC = 2
_STB_LOCAL = 0


class BadObject(Exception):
    """What is wrong with a file that should be a kernel part, as one sentence."""


@dataclass
class Section:
    index: int
    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int

    @property
    def is_code(self) -> bool:
        return self.type == _SHT_PROGBITS and bool(self.flags & _SHF_EXECINSTR)


@dataclass
class Symbol:
    name: str
    section: int
    value: int
    size: int
    is_function: bool
    is_local: bool


def read(path: str) -> bytes:
    """The whole of a regular file of bearable size."""
    # A FIFO would block, a device never end: neither is opened to be read.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as f:
        about = os.fstat(f.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise BadObject("is no file that an object could be in")
        if about.st_size > MAX_BYTES:
            raise BadObject(f"is larger than {MAX_BYTES} bytes")
        return f.read(MAX_BYTES + 1)[:MAX_BYTES]


def text_at(table: bytes, offset: int, what: str) -> str:
    """A string of a string table."""
    if offset >= len(table):
        raise BadObject(f"is broken: a name of {what} is outside of its table")
    # The limit keeps a table without NUL bytes cheap.
    end = table.find(b"\0", offset, offset + _MAX_NAME)
    if end < 0:
        raise BadObject(f"is broken: a name of {what} has no end")
    return table[offset:end].decode("utf-8", "replace")


class Elf:
    """The sections and symbols of one object."""

    def __init__(self, data: bytes):
        self.data = memoryview(data)
        if len(data) < 64 or data[:4] != b"\x7fELF":
            raise BadObject("is no ELF file")
        if data[4] != 2 or data[5] not in (1, 2):
            raise BadObject("is no 64-bit ELF file")
        self.endian = "<" if data[5] == 1 else ">"
        machine = self._unpack("H", 18)[0]
        if machine != _EM_BPF:
            raise BadObject(f"is for machine {machine}, and not for BPF")
        self.sections = self._read_sections()
        # Of two with one name the first counts, as with libbpf.
        self.by_name: Dict[str, Section] = {}
        for section in self.sections:
            self.by_name.setdefault(section.name, section)
        self.symbols = self._read_symbols()

    def _unpack(self, layout: str, offset: int) -> tuple:
        try:
            return struct.unpack_from(self.endian + layout, self.data, offset)
        except struct.error:
            raise BadObject("is broken: it ends too early") from None

    def _read_sections(self) -> List[Section]:
        start = self._unpack("Q", 40)[0]
        entry_bytes, count, names_index = self._unpack("HHH", 58)
        if not start:
            raise BadObject("is broken: it has no sections")
        if entry_bytes != 64 or start + 64 * count > len(self.data):
            raise BadObject("is broken: its table of sections is outside of the file")
        if count == 0 or count > _MAX_SECTIONS or names_index >= count:
            raise BadObject(f"is broken: it claims to have {count} sections")
        rows = [self._unpack("IIQQQQI", start + 64 * i) for i in range(count)]
        out = []
        for index, (_, kind, flags, _, offset, size, link) in enumerate(rows):
            if kind not in (0, _SHT_NOBITS) and offset + size > len(self.data):
                raise BadObject(f"is broken: its section {index} is outside of the file")
            out.append(Section(index, "", kind, flags, offset, size, link))
        names = bytes(self.bytes_of(out[names_index]))
        for section, row in zip(out, rows):
            section.name = text_at(names, row[0], "a section") if section.type else ""
        return out

    def _read_symbols(self) -> List[Symbol]:
        table = next((s for s in self.sections if s.type == _SHT_SYMTAB), None)
        if not table:
            return []
        if table.link >= len(self.sections):
            raise BadObject("is broken: its symbols have no names")
        names = bytes(self.bytes_of(self.sections[table.link]))
        rows = self.bytes_of(table)
        rows = rows[: len(rows) - len(rows) % 24]
        return [
            Symbol(text_at(names, name, "a symbol") if name else "", section, value, size,
                   info & 15 == _STT_FUNC, info >> 4 == _STB_LOCAL)
            for name, info, _, section, value, size in struct.iter_unpack(self.endian + "IBBHQQ", rows)
        ]

    def relocations(self, section: Section) -> List[Tuple[int, Symbol]]:
        """Where a section refers to symbols: offsets in it, and which."""
        table = self.by_name.get(".rel" + section.name)
        if not table or table.type != _SHT_REL:
            return []
        rows = self.bytes_of(table)
        rows = rows[: len(rows) - len(rows) % 16]
        return [(offset, self.symbols[info >> 32]) for offset, info in struct.iter_unpack(self.endian + "QQ", rows)
                if info >> 32 < len(self.symbols)]

    def bytes_of(self, section: Section) -> memoryview:
        """What is in a section; nothing for one that takes no room in the file."""
        if section.type == _SHT_NOBITS:
            return self.data[:0]
        return self.data[section.offset : section.offset + section.size]

    def section(self, name: str) -> Optional[Section]:
        return self.by_name.get(name)
