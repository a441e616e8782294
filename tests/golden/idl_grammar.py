# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Random .emf files that look as if somebody had written them.

random_file(rng) mostly passes the checks; with valid=True it passes all of them, and
what is generated from it must compile: every name ends in a number of its own, so that
no two C names can meet (struct top_args and the arguments of method top, say), and
every struct is padded by hand. Which files come out depends on the seed alone.
"""
import os
import re
import sys

import tap
from idl_members import Members, Type

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import types, words  # noqa: E402 - the path has to be set first
from emfgenlib.check_file import MAX_ERROR  # noqa: E402
from emfgenlib.check_module import OVERFLOWS, TAKEN_LETTERS  # noqa: E402
from emfgenlib.errors import Errors  # noqa: E402
from emfgenlib.parser import parse_text  # noqa: E402

# A verdict that every chain of the type may end with, and where it hangs.
CHAINS = {
    "xdp": ("XDP_PASS", "xdp(param netdev {}[])"),
    "tc": ("TC_ACT_OK", "tc(param netdev {}[], \"ingress\")"),
    "sk_lookup": ("SK_PASS", "netns()"),
    "cgroup_skb": ("SK_PASS", "cgroup(param string<=255 {})"),
}
DOCS = ("Packets from the wire.", "", ".TH is no macro here", "'quoted' at its beginning", "a | b <c> *d* _e_ `f` [g](h)",
        "ends a comment */ or begins one /*", "a backslash \\ and \\fB, \\n", "100 % of \"it\"", "\tindented", "ümlaut – dash",
        "# no heading", "- no list", "ends with a backslash \\", "what ??/ was", "&amp; && $HOME {{ x }} {% y %}")
WORDS = ("row", "key", "table", "packet", "max_rows", "latency", "peer_addr", "first", "total", "limit", "state_of", "busy")


def _understood(text):
    errors = Errors()
    parse_text("x.emf", text, errors)
    return not errors


EVENT_FIELDS = _understood("module m { event e(pid p); }")


def random_file(rng, valid=False, name="random", without=()):
    """The text of a file called @name.emf; @without names statements to leave out."""
    return _Writer(rng, valid, name, frozenset(without)).file()


class _Writer:
    def __init__(self, rng, valid, name, without):
        self.rng = rng
        self.name = name
        self.suffix = "" if name == "random" else "_" + name  # for several files in one build
        self.without = without
        self.slips = 0 if valid else rng.choice((0, 0, 0.002, 0.02))
        self.count = 0
        self.used = []
        self.types = []  # what a member can be of here, besides the built-in ones
        self.consts = []  # (name, value) that can bound an array
        self.services = []  # (name, version, methods, signals)
        self.takers = []  # chains of tc, and a member of the state that another chain may hand to them
        self.chains = []  # (name, slots, members of the state)

    # --- words

    def slip(self):
        """Whether to make a mistake here."""
        return bool(self.slips) and self.rng.random() < self.slips

    def chance(self, n):
        return self.rng.randrange(n) == 0

    def new(self, upper=False):
        """A name that nothing else in the file has."""
        if self.slip():
            return self.rng.choice(self.used + ["int", "u8", "emf", "class", "x" * 64, "state"])
        self.count += 1
        name = f"{self.rng.choice(WORDS)}{self.count}{self.suffix}"
        self.used.append(name)
        return name.upper() if upper else name

    def size(self, low=1, high=64):
        """A number, or a const that stands for one."""
        if self.slip():
            return self.rng.choice(("0", "-1", "NOWHERE", "16777217")), low
        fitting = [c for c in self.consts if low <= c[1] <= high]
        if fitting and self.chance(3):
            return self.rng.choice(fitting)
        value = self.rng.randint(low, high)
        return (hex(value) if self.chance(5) else str(value)), value

    def doc(self, indent):
        """A few lines of documentation, or none."""
        if not self.chance(3):
            return ""
        return "".join(f"{indent}///{' ' * self.rng.randrange(2)}{self.rng.choice(DOCS)}\n"
                       for _ in range(self.rng.randint(1, 4)))

    def block(self, head, statements, level=0):
        """Statements in braces, laid out like a person would, or not."""
        tabs = "\t" * level
        style = self.rng.randrange(4)
        if style == 0 and not any("//" in s for s in statements):
            return f"{tabs}{head} {{ {' '.join(s.strip() for s in statements)} }}\n"
        lines = []
        for statement in statements:
            if self.chance(8):
                lines.append(self.rng.choice(("", f"{tabs}\t// why", "")))
            doc = self.doc(tabs + "\t")
            text = statement if statement.startswith("\t") else f"{tabs}\t{statement}"
            lines.append(doc + text.rstrip("\n") + (" // at its end" if self.chance(10) else ""))
        return f"{tabs}{head} {{\n" + "\n".join(lines) + f"\n{tabs}}}\n"

    # --- types

    def const(self):
        name = self.new(upper=True)
        kind = self.rng.randrange(5)
        if kind == 0 and self.consts:
            text, value = self.rng.choice(self.consts)
        elif kind == 1:
            text = value = self.rng.choice((-1, -(1 << 31), (1 << 32) - 1, (1 << 63) - 1, (1 << 64) - 1, -(1 << 63), 0))
        else:
            value = self.rng.randint(1, 64)
            text = hex(value) if self.chance(2) else value
        self.consts.append((name, value))
        return f"const {name} = {text};"

    def enum(self, level):
        """An enum or flags of any width; their values fit into it."""
        is_flags, base = self.chance(2), self.rng.choice(types.WIDTHS)
        name, t = self.new(), types.BUILT_IN[base]
        bits = 8 * t.size - (1 if t.low else 0)
        items, names = [], []
        if is_flags:
            explicit = self.chance(2)
            for bit in sorted(self.rng.sample(range(bits), self.rng.randint(1, 5))) if explicit else range(self.rng.randint(1, 6)):
                names.append(self.new(upper=True))
                items.append(f"{names[-1]} = {hex(1 << bit)}" if explicit else names[-1])
        else:
            following = 0
            for value in sorted(self.rng.sample(range(max(t.low, -100), 100), self.rng.randint(1, 5))) + \
                    [t.high] * self.chance(4):
                names.append(self.new(upper=True))
                explicit = value != following or self.chance(2)
                items.append(f"{names[-1]} = {value}" if explicit else names[-1])
                following = value + 1
        if self.slip():
            items.append(f"{names[0]} = 99999999999")
        ends = [item + "," for item in items]
        ends[-1] = items[-1] + "," * self.chance(2)
        self.types.append(Type(name, t.size, t.align, names))
        return self.block(f"{'flags' if is_flags else 'enum'} {name} : {base}", ends, level)

    def struct(self, level, keyword="struct"):
        is_error = keyword == "error"  # and short
        members = Members(self, most=MAX_ERROR) if is_error else Members(self)
        members.some(1, 8, bounded=not is_error and self.chance(3))
        name = self.new()
        if keyword == "struct" and members.size <= 512:
            self.types.append(Type(name, members.size, members.align))
        return name, self.block(f"{keyword} {name}", [f"{m};" for m in members.texts], level)

    def message(self, fixed=False):
        """Arguments or results: they may hand over files, and end with a bounded array."""
        members = Members(self)
        members.some(0, 6, bounded=not fixed and self.chance(2), files=not fixed and self.chance(4), values=True)
        return "(" + ", ".join(members.texts) + ")"

    # --- services

    def service(self):
        name = self.name if self.chance(3) and self.name not in [s[0] for s in self.services] else self.new()
        minor = self.rng.randint(0, 9)
        version = f"{self.rng.randint(0, 3)}.{minor}"
        outer_types, outer_consts = list(self.types), list(self.consts)
        body, errors, methods, signals = [], [], [], []
        for _ in range(self.rng.randint(1, 9)):
            kind = self.rng.randrange(8)
            if kind == 0:
                body.append(self.const())
            elif kind == 1:
                body.append(self.enum(1))
            elif kind == 2:
                body.append(self.struct(1)[1])
            elif kind == 3:
                error, text = self.struct(1, "error")
                errors.append(error)
                body.append(text)
            elif kind < 6:
                methods.append(self.new())
                body.append(self.method(methods[-1], version, minor, errors))
            else:
                signal, message = self.new(), self.message()
                if message != "()" and not re.search(r"\b(map_|prog_)?fd ", message):
                    signals.append(signal)  # that an event can feed
                body.append(f"signal {signal}{message}{self.clauses(version, minor)};")
        self.types, self.consts = outer_types, outer_consts
        self.services.append((name, version, methods, signals))
        return self.block(f"service {name} {version}", body)

    def method(self, name, version, minor, errors):
        served = "served_by" not in self.without and self.chance(6)
        clauses = self.clauses(version, minor)
        if self.chance(3):
            clauses += f" errors({', '.join(dict.fromkeys(self.rng.sample(sorted(words.ERRNO), 2) + errors[:2]))})"
        if served:
            clauses += f" served_by bpf({self.new()})"
        return f"method {name}{self.message(served)} -> {self.message(served)}{clauses};"

    def clauses(self, version, minor):
        out = f" access({self.rng.choice(('read', 'admin', 'operator'))})" if self.chance(3) else ""
        since = f"{version.split('.')[0]}.{self.rng.randint(0, minor + self.slip())}"
        return out + (f" since {since}" if self.chance(3) else "")

    # --- chains

    def chain(self):
        name, type_ = self.new(), self.rng.choice(sorted(CHAINS))
        verdict, attach = CHAINS[type_]
        body = [f"default {verdict};"]
        if self.chance(2):
            body.append(f"attach {attach.format(self.new())};")
        if self.chance(3):
            body.append("backend tailcall;")
        if self.chance(3):
            body.append(f"proceed {verdict};")
        slots, state, room = [], [], 32
        for _ in range(self.rng.randint(1, 5)):
            slots.append(self.new())
            text, taken = self.size(1, 6) if self.chance(3) else ("", 1)
            if taken > room and not self.slip():
                text, taken = "", 1
            room -= taken
            body.append(f"slot {slots[-1]}{f'[{text}]' if text else ''}{' optional' * self.chance(3)};")
        if self.chance(2):
            members = Members(self, most=256)
            members.some(1, 6)
            state, texts = members.names, members.texts
            if type_ == "tc" and self.chance(2):
                state = [self.new()]
                texts = [f"u32 {state[0]}"]
                self.takers.append((name, state[0]))
            elif type_ == "xdp" and self.takers:
                taker, member = self.rng.choice(self.takers)
                state, texts = [member], [f"u32 {member}"]
                body.append(f"handoff {member} to {taker};")
            body.append(self.block("state", [f"{m};" for m in texts], 1))
        if len(slots) == 1 and room == 31 and not state and "backend tailcall;" not in body:
            body.append("backend direct;")
        self.rng.shuffle(body)
        self.chains.append((name, slots, state))
        return self.block(f"chain {name} : {type_}", body)

    # --- modules and products

    def module(self):
        body = self.about() + self.params() + self.kernel() + self.events()
        body = [s for s in body if s.split(None, 1)[0] not in self.without]
        self.rng.shuffle(body)
        head = f"module {self.name} 1.{self.rng.randrange(9)}{' required' * self.chance(3)}{' by_name' * self.chance(3)}"
        return self.block(head, body) if body else head + ";\n"

    def about(self):
        body = [f"priority {self.rng.randint(-100, 100)};"] * self.chance(2) + ['license "GPL";'] * self.chance(2)
        names = self.rng.sample(self.services, self.rng.randint(0, len(self.services)))
        for name, version, _, _ in names:
            if self.chance(2):
                body.append(f"provides {name};")
            else:
                body.append(f"uses {name}{f' >= {version}' * self.chance(2)}{' optional' * self.chance(2)};")
        if self.chance(3):
            body.append("needs cap(BPF, NET_ADMIN);")
        if self.chance(3):
            body.append('needs library("libz", "libelf");')
        if self.chance(3):
            body.append("needs helper(ktime_get_coarse_ns)"
                        + f" else variant({self.new()}, {self.new()})" * self.chance(2) + ";")
        return body

    def params(self):
        letters = sorted(set("abcdefghijklmnopqrstuvwxyz0123456789ABC") - set(TAKEN_LETTERS))
        body = []
        for _ in range(self.rng.randint(0, 8)):
            text = "param " + Members(self).value(self.new())
            if self.chance(3):
                letter = self.rng.choice(letters)
                if not self.slip():
                    letters.remove(letter)
                text += f" short '{letter}'"
            body.append(text + " live" * self.chance(3) + ";")
        return body

    def kernel(self):
        body = []
        for _ in range(self.rng.randint(0, 2)):
            body.append(f"map {self.new()} {self.rng.choice(('export', 'from elsewhere'))};")
        for name, slots, _ in self.chains:
            if self.chance(2):
                body.append(f"plug {self.new()} into {name}.{self.rng.choice(slots)};")
        if self.chance(3):
            path = self.new()
            default = self.rng.choice(("", ' = "libc"'))
            body.append(f"attach {self.new()} uprobe(param string<=255 {path}{default}, \"exit\");")
            clauses = self.rng.choice(("", f" if {path}", f" if not {path}", " optional", f" if {path} optional"))
            body.append(f"attach {self.new()} uretprobe({path}, \"main\"){clauses};")
        return body

    def events(self):
        body = []
        targets = [(s[0], signal) for s in self.services for signal in s[3]]
        for _ in range(self.rng.randint(0, 2)):
            text = f"event {self.new()}"
            if targets and self.chance(2):
                service, signal = self.rng.choice(targets)
                text += f" -> signal {service}.{signal}" + " on_demand" * self.chance(2)
                # By its name: a signal has one policy, whichever event feeds it.
                text += f" overflow({OVERFLOWS[len(service + signal) % len(OVERFLOWS)]})" * self.chance(2)
            elif EVENT_FIELDS:
                members = Members(self)
                members.some(1, 5)
                text += "(" + ", ".join(members.texts) + ")" + " private" * self.chance(3)
            body.append(text + ";")
        if self.chance(3):
            body.append(f"counter {self.new()} from {self.new()}.packets{' label(dir)' * self.chance(2)} max_series 100;")
            body.append(f"gauge {self.new()} from {self.new()}.count;")
            body.append(f"show table {self.new()} from {self.new()} key(a, b) value(c) sort c;")
            body.append(f"show stacks {self.new()} \"us\"{' / 1000' * self.chance(2)} from {self.new()}.n with {self.new()}{' at_end' * self.chance(2)};")
            body.append(f"show histogram {self.new()} \"usecs\" linear(0, 100, 10) from {self.new()}.slots;")
            body.append(f'lost {self.new()} "calls were not counted";')
            body.append(f"histogram {self.new()} {self.rng.choice(('log2', 'linear(0, 100, 10)', 'bounds(1ms, 5ms)'))} "
                        f"from {self.new()};")
        return body

    def product(self):
        body = [f"modules {self.name};"]
        methods = [(s[0], method) for s in self.services for method in s[2]]
        if methods:
            body.append(f"command {self.new()} = %s.%s;" % self.rng.choice(methods))
        if self.chance(2):
            body.append(f"set {self.name}.{self.new()} = {self.rng.choice(('10', '5ms', 'yes', chr(34) + 'text' + chr(34)))};")
        return self.block(f"product {self.new()} 1.0", body)

    def file(self):
        parts = []
        kinds = ["const", "enum", "struct", "service", "chain"]
        for _ in range(self.rng.randint(2, 10)):
            kind = self.rng.choice([k for k in kinds if k not in self.without] or ["const"])
            text = {"const": lambda: self.const() + "\n", "enum": lambda: self.enum(0), "struct": lambda: self.struct(0)[1],
                    "service": self.service, "chain": self.chain}[kind]()
            parts.append(self.doc("") + text)
        if "module" not in self.without and not self.chance(4):
            parts.append(self.doc("") + self.module())
        if "product" not in self.without and self.chance(4):
            parts.append(self.doc("") + self.product())
        return "".join(part + "\n" * self.rng.randrange(3) for part in parts)
