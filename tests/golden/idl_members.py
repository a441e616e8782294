# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The members of a random struct or message (see idl_grammar): no byte of padding is
left to C, and a value that is given fits its type."""
import os
import sys
from collections import namedtuple

import tap

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import types  # noqa: E402 - the path has to be set first

# A declared type; items are the names of an enum's or flags' values.
Type = namedtuple("Type", "name size align items", defaults=((),))

BUILT_IN = [Type(name, t.size, t.align) for name, t in types.BUILT_IN.items() if not t.messages_only and name != "argv"]
FILES = [Type(name, t.size, t.align) for name, t in types.BUILT_IN.items() if t.messages_only]
# Those whose values are written as plain numbers.
NUMBERS = [n for n, t in types.BUILT_IN.items() if t.low is not None and not n.startswith("be")
           and n not in ("bool", "char", "duration", "netdev", "cgroup", "ksym", "errno", "signo", "wait_status", "wall")]


class Members:
    def __init__(self, writer, most=4096):
        self.writer = writer
        self.rng = writer.rng
        self.most = most  # bytes
        self.texts = []
        self.names = []
        self.size = 0
        self.align = 1

    def some(self, low, high, bounded=False, files=False, values=False):
        """Add members; @bounded: an array of varying length, most often the last one."""
        for _ in range(self.rng.randint(low, high)):
            if self.size < self.most // 2:
                self._one(files, values)
        if bounded:
            self._bounded()
            if self.writer.chance(4):
                self._one(files, values)
        self._pad(self.align)

    def value(self, name):
        """One that stands alone, as a parameter does: type, name, default, range."""
        kind = self.rng.randrange(4)
        items = [t for t in self.writer.types if t.items]
        if kind == 0 and items:
            t = self.rng.choice(items)
            return f"{t.name} {name}" + f" = {self.rng.choice(t.items)}" * self.rng.randrange(2)
        if kind == 1:
            bound, n = self.writer.size()
            text = "".join(self.rng.choice('ab .%|\\"') for _ in range(self.rng.randint(0, n)))
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            return f"string<={bound} {name}" + f' = "{quoted}"' * self.rng.randrange(2)
        t = self.rng.choice([t for t in BUILT_IN if t.name != "ksym"])
        return f"{t.name} {name}{self._default(t.name)}"

    def _default(self, kind):
        if self.writer.chance(3):
            return ""
        if self.writer.slip():
            return " = 99999999999999999999"
        if kind == "bool":
            return f" = {self.rng.choice(('true', 'no', 'off', 'yes'))}"
        if kind == "ip4":
            return f' = "10.0.{self.rng.randrange(256)}.1"'
        if kind == "duration":
            low = self.rng.randrange(50)
            return f" = {low + 5}ms range({low}ms..{self.rng.choice(('1s', '2m', '3h'))})"
        if kind not in NUMBERS:
            return ""
        t = types.BUILT_IN[kind]
        low, value, high = sorted(self.rng.choice((self.rng.randint(t.low, t.high), self.rng.randint(0, 100)))
                                  for _ in range(3))
        unit = " @unit(bytes)" * self.writer.chance(4)
        return f" = {value}{unit}" + f" range({low}..{high})" * self.writer.chance(2)

    def _pad(self, align):
        gap = -self.size % align
        if gap and not self.writer.slip():
            self._add("u8", f"pad{len(self.texts)}_{len(self.names)}[{gap}]", gap, 1)

    def _add(self, type_, rest, size, align):
        self.texts.append(f"{type_} {rest}")
        self.size += size
        self.align = max(self.align, align)

    def _one(self, files, values):
        name = self.writer.new()
        if self.writer.chance(6):
            bound, n = self.writer.size(1, 63)
            self._add(f"string<={bound}", name, n + 1, 1)
        else:
            t = self.rng.choice(self._types(files))
            self._pad(t.align)
            text, n = self.writer.size(1, 8) if self.writer.chance(4) else ("", 1)
            type_ = t.name + " rw" * (t.name == "map_fd" and self.writer.chance(2))
            if self.writer.slip():
                type_ = self.rng.choice(("fd", "nothing", "string", "long"))
            default = self._default(t.name) if values and not text else " @unit(packets)" * self.writer.chance(9)
            self._add(type_, name + (f"[{text}]" if text else "") + default, t.size * n, t.align)
        self.names.append(name)

    def _types(self, files):
        declared = [t for t in self.writer.types if t.size <= self.most // 16]
        return BUILT_IN + 3 * declared + (3 * FILES if files else [])

    def _bounded(self):
        name, t = self.writer.new(), self.rng.choice(self._types(False))
        self._pad(4)
        bound, n = self.writer.size(1, 32)
        self.size += 4
        self.size += -self.size % t.align  # the generator's own padding
        self._add(t.name, f"{name}[<={bound}]", t.size * n, max(t.align, 4))
        self.names.append(name)
