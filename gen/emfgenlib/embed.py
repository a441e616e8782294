# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What of a compiled kernel part becomes a part of the product: all that runs, and of its
source the numbers of the lines. The text of each line, which the compiler notes with every
instruction (.BTF.ext, Documentation/bpf/btf.rst of the kernel), would be a third of it."""
import gzip
import struct
from typing import Dict, List, Tuple

from . import btf
from .bpf_object import Object
from .elf import BadObject

# By kind: where the entries behind a type begin, how long they are; each begins with a name.
_NAMED = {btf.STRUCT: 12, btf.UNION: 12, btf.ENUM: 8, btf.FUNC_PROTO: 8, btf.ENUM64: 12}
_HEADER = "HBBIIIIII"  # struct btf_ext_header with its first three parts; and where the fourth is
_LINE_BITS = 10  # BPF_LINE_INFO_LINE_NUM, include/uapi/linux/bpf.h


class _Texts:
    """The table of texts, with those that are still referred to."""

    def __init__(self, types: btf.Btf):
        self.old = types
        self.bytes = bytearray(b"\0")
        self.places: Dict[str, int] = {"": 0}

    def add(self, text: str) -> int:
        place = self.places.get(text)
        if place is None:
            place = self.places[text] = len(self.bytes)
            self.bytes += text.encode("utf-8", "surrogateescape") + b"\0"
        return place

    def moved(self, offset: int) -> int:
        return self.add(self.old.text(offset))


def _types(types: btf.Btf, texts: _Texts) -> bytes:
    out, order = bytearray(types.types), types.endian + "I"

    def move(at: int) -> None:
        struct.pack_into(order, out, at, texts.moved(struct.unpack_from(order, out, at)[0]))

    for number in range(1, len(types.kinds)):
        place, kind = types.places[number], types.kinds[number]
        move(place - 12)
        for i in range(types.count(number) if kind in _NAMED else 0):
            move(place + i * _NAMED[kind])
    return bytes(out)


_Rows = List[Tuple[int, List[tuple]]]


def _rows(part: bytes, layout: str) -> _Rows:
    """What .BTF.ext tells of each section: the name's place, and the entries."""
    out: _Rows = []
    size, at = struct.calcsize(layout), 4
    if part and struct.unpack_from(layout[0] + "I", part)[0] != size:
        raise BadObject("has a .BTF.ext of an unknown kind")
    while at < len(part):
        name, n = struct.unpack_from(layout[0] + "II", part, at)
        out.append((name, [struct.unpack_from(layout, part, at + 8 + i * size) for i in range(n)]))
        at += 8 + n * size
    return out


def _part(rows: _Rows, layout: str, texts: _Texts) -> bytes:
    out = struct.pack(layout[0] + "I", struct.calcsize(layout)) if rows else b""
    for name, entries in rows:
        out += struct.pack(layout[0] + "II", texts.moved(name), len(entries))
        out += b"".join(struct.pack(layout, *entry) for entry in entries)
    return out


def _lines(rows: _Rows, functions: _Rows, texts: _Texts) -> _Rows:
    """One entry for a line, and one where a function begins, which the kernel asks for. The text is its number, for kernels that print nothing else."""
    begins = {name: {entry[0] for entry in entries} for name, entries in functions}
    out: _Rows = []
    for name, entries in rows:
        kept: List[tuple] = []
        before = None
        for offset, file, _, position in entries:
            line = position >> _LINE_BITS
            if (line and (file, line) != before) or offset in begins.get(name, ()):  # what has no line goes with the one before
                kept.append((offset, texts.moved(file), texts.add(str(line)), line << _LINE_BITS))
                before = file, line
        if kept:
            out.append((name, kept))
    return out


def _ext(data: bytes, order: str, texts: _Texts) -> bytes:
    header = struct.unpack_from(order + _HEADER, data)
    magic, version, flags, size = header[:4]
    parts = [data[size + header[i] : size + header[i] + header[i + 1]] for i in (4, 6)]
    relocations = data[size + header[8] :][: struct.unpack_from(order + "I", data, 28)[0]] if size >= 32 else b""
    if magic != btf.MAGIC or version != 1 or size < 24:
        raise BadObject("has a .BTF.ext of an unknown kind")
    functions, lines = _rows(parts[0], order + "II"), _rows(parts[1], order + "IIII")
    core = [(name, [(at, type_, texts.moved(path), kind) for at, type_, path, kind in entries])
            for name, entries in _rows(relocations, order + "IIII")]
    made = [_part(functions, order + "II", texts), _part(_lines(lines, functions, texts), order + "IIII", texts), _part(core, order + "IIII", texts)]
    out = struct.pack(order + "HBBI", magic, version, flags, 32)
    at = 0
    for part in made:
        out += struct.pack(order + "II", at, len(part))
        at += len(part)
    return out + b"".join(made)


def _file(obj: Object, changed: Dict[str, bytes]) -> bytes:
    """The ELF file with other bytes in these sections."""
    elf = obj.elf
    data, order = bytes(elf.data), elf.endian
    start = struct.unpack_from(order + "Q", data, 40)[0]
    rows = [list(struct.unpack_from(order + "IIQQQQIIQQ", data, start + 64 * i)) for i in range(len(elf.sections))]
    out = bytearray(data[:64])
    for section, row in sorted(zip(elf.sections, rows), key=lambda both: both[0].offset):
        if section.type == 0:
            continue
        out += bytes(-len(out) % max(row[8], 1))
        body = changed.get(section.name, bytes(elf.bytes_of(section)))
        row[4], row[5] = len(out), len(body) if section.name in changed else row[5]
        out += body
    out += bytes(-len(out) % 8)
    struct.pack_into(order + "Q", out, 40, len(out))
    return bytes(out) + b"".join(struct.pack(order + "IIQQQQIIQQ", *row) for row in rows)


def slim(obj: Object) -> bytes:
    """The object as the product has it. One that bpftool did not link still has relocations of its BTF, and stays as it is."""
    if obj.elf.section(".rel.BTF") or obj.elf.section(".rel.BTF.ext"):
        return bytes(obj.elf.data)
    texts = _Texts(obj.btf)
    ext = obj.elf.section(".BTF.ext")
    types = _types(obj.btf, texts)
    changed = {}
    try:
        if ext:
            changed[".BTF.ext"] = _ext(bytes(obj.elf.bytes_of(ext)), obj.elf.endian, texts)
    except struct.error:
        raise BadObject("is broken: its .BTF.ext ends too early") from None
    head = struct.pack(obj.elf.endian + "HBBIIIII", btf.MAGIC, 1, 0, 24, 0, len(types), len(types), len(texts.bytes))
    changed[".BTF"] = head + types + bytes(texts.bytes)
    return _file(obj, changed)


def packed(obj: Object) -> bytes:
    """The same, compressed, and always in the same way."""
    return gzip.compress(slim(obj), 9, mtime=0)
