# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The file of a package, taken apart and put together again with hashes that are right: docs are in emf-package(5)."""
import hashlib
import struct

MANIFEST, TEXTS, TABLES, OBJECT, WHOLE = 1, 2, 3, 4, 5
BTF = 0x80000001
RELEASE_BYTES = 72  # before the BTF of a kernel
_HEAD = struct.Struct("<8sIIQ32sQ")
_SECTION = struct.Struct("<IHHQQ32sQ")
HEAD_BYTES = _HEAD.size


class Package:
    def __init__(self, data):
        self.magic, self.version, n, size, _, _ = _HEAD.unpack_from(data)
        self.signature = data[size:]
        self.sections = []
        for i in range(n):
            kind, machine, number, offset, length, _, _ = _SECTION.unpack_from(data, _HEAD.size + i * _SECTION.size)
            self.sections.append([kind, machine, number, data[offset:offset + length]])

    def get(self, kind):
        return next(s for s in self.sections if s[0] == kind)

    def replace(self, kind, old, new):
        section = self.get(kind)
        if old not in section[3]:
            raise AssertionError(f"{old!r} is not in section {kind}")
        section[3] = section[3].replace(old, new)
        return self

    def bytes(self):
        at = _HEAD.size + len(self.sections) * _SECTION.size
        table, body = b"", b""
        for kind, machine, number, data in self.sections:
            pad = -at % 8
            table += _SECTION.pack(kind, machine, number, at + pad, len(data), hashlib.sha256(data).digest(), 0)
            body += bytes(pad) + data
            at += pad + len(data)
        head = _HEAD.pack(self.magic, self.version, len(self.sections), at, bytes(32), 0)
        head = _HEAD.pack(self.magic, self.version, len(self.sections), at, hashlib.sha256(head + table).digest(), 0)
        return head + table + body + self.signature


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path
