# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A kernel part with very many maps, which no compiler ends in time: its bytes, put together here."""
import struct

MAP_BYTES = 32  # of what declares one: four pointers
# include/uapi/linux/btf.h
INT, PTR, ARRAY, STRUCT, VAR, DATASEC = 1, 2, 3, 4, 14, 15
GLOBAL, OBJECT, FUNCTION = 1, 1, 2  # elf.h


class Texts:
    def __init__(self):
        self.bytes = bytearray(b"\0")

    def add(self, text):
        at = len(self.bytes)
        self.bytes += text.encode() + b"\0"
        return at


def btf(names):
    texts, types = Texts(), bytearray()

    def add(name, kind, count, size, *rest):
        types.extend(struct.pack(f"<III{len(rest)}I", texts.add(name) if name else 0, kind << 24 | count, size, *rest))

    add("int", INT, 0, 4, 1 << 24 | 32)
    # A number is the length of an array that is pointed to: 3 is type 2, an array, 5 a size of 4, 7 room for one.
    for number, length in ((2, 2), (4, 4), (6, 1)):
        add("", ARRAY, 0, 0, 1, 1, length)
        add("", PTR, 0, number)
    members = [(texts.add(name), type_, 64 * i) for i, (name, type_) in enumerate((("type", 3), ("key_size", 5), ("value_size", 5), ("max_entries", 7)))]
    add("", STRUCT, len(members), MAP_BYTES, *[number for member in members for number in member])
    for name in names:
        add(name, VAR, 0, 8, GLOBAL)
    add(".maps", DATASEC, len(names), MAP_BYTES * len(names), *[n for i in range(len(names)) for n in (9 + i, MAP_BYTES * i, MAP_BYTES)])
    return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(texts.bytes)) + types + texts.bytes


def make(count):
    names, texts = [f"m{i}" for i in range(count)], Texts()
    symbols = bytearray(24)
    for i, name in enumerate(names):
        symbols += struct.pack("<IBBHQQ", texts.add(name), GLOBAL << 4 | OBJECT, 0, 4, MAP_BYTES * i, MAP_BYTES)
    symbols += struct.pack("<IBBHQQ", texts.add("on_switch"), GLOBAL << 4 | FUNCTION, 0, 3, 0, 16)
    code = struct.pack("<BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)  # r0 = 0; exit
    # Name, type, flags, link, information, bytes: elf.h
    sections = [(".strtab", 3, 0, 0, 0, None), (".symtab", 2, 0, 1, 1, bytes(symbols)), ("raw_tp/sched_switch", 1, 6, 0, 0, code),
                (".maps", 1, 3, 0, 0, bytes(MAP_BYTES * count)), ("license", 1, 3, 0, 0, b"GPL\0"), (".BTF", 1, 0, 0, 0, btf(names))]
    places = [texts.add(section[0]) for section in sections]
    out, rows = bytearray(64), bytearray(64)
    for place, (_, kind, flags, link, info, body) in zip(places, sections):
        body = texts.bytes if body is None else body
        out += bytes(-len(out) % 8)
        rows += struct.pack("<IIQQQQIIQQ", place, kind, flags, 0, len(out), len(body), link, info, 8, 24 if kind == 2 else 0)
        out += body
    out += bytes(-len(out) % 8)
    out[:64] = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 1, 247, 1, 0, 0, len(out), 0, 64, 0, 0, 64, len(sections) + 1, 1)
    return bytes(out + rows)
