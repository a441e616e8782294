# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What was measured, beside what, and whether it is what was wanted: as a table, as JSON, and as a page of the manual."""
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import time

_TARGET = re.compile(r"(ratio |)(<=|>=|<|>) (floor \+ |)([\d.]+)\Z")
_HOLDS = {"<=": float.__le__, "<": float.__lt__, ">=": float.__ge__, ">": float.__gt__}
_BUSY = 0.15  # of the processors, by others; what interrupts do for what is measured is a part of it
_HEAD = ("WHAT", "VALUE", "SPREAD", "FLOOR", "PEER", "RATIO", "TARGET", "")


def lower_quartile(values):
    return statistics.quantiles(values)[0]


def shown(value, unit):
    """Three digits of it."""
    if unit == "/s":
        return f"{value / 1000:.0f}k/s" if value < 1e6 else f"{value / 1e6:.2f}M/s"
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}".rstrip()


class NotMeasured(Exception):
    """A figure, or a group of them, cannot be measured: says why."""


class Figure:
    """
    @values: one for each run; @floor: the same of the least that can be done, or @peer of another product, with @beside, what that is;
    @target: "ratio <= 1.1", of the value to the floor or the peer, "<= 5", of the value, or "<= floor + 3"; @usual: what of the runs is taken;
    @paired: runs of both belong together, and the one of the usual ratio is taken; @why: it was not measured, and why.
    """

    def __init__(self, what, values=(), unit="", floor=(), peer=(), beside="", target="", usual=statistics.median, paired=False, why=""):
        self.what, self.unit, self.beside, self.target, self.why = what, unit, beside, target, why
        self.values, self.floors, self.peers = ([float(v) for v in some] for some in (values, floor, peer))
        others = self.floors or self.peers
        self.value = self.other = self.ratio = None
        if self.values and others and paired:
            pairs = sorted(zip(self.values, others), key=lambda pair: pair[0] / pair[1])
            self.value, self.other = pairs[len(pairs) // 2]
        elif self.values:
            self.value = usual(self.values) if len(self.values) > 1 else self.values[0]
            self.other = (usual(others) if len(others) > 1 else others[0]) if others else None
        if self.other:
            self.ratio = self.value / self.other
        elif self.value is not None and target.startswith("ratio"):
            self.value, self.why = None, "what it is held against is nothing"

    @property
    def spread(self):
        """Half of the distance between the quartiles, as a part of the median; None of few runs."""
        middle = statistics.median(self.values) if len(self.values) >= 4 else 0
        if not middle:
            return None
        low, _, high = statistics.quantiles(self.values)
        return (high - low) / 2 / middle

    @property
    def met(self):
        """None: nothing was wanted, or nothing measured."""
        if not self.target or self.value is None:
            return None
        of_ratio, holds, above, limit = _TARGET.match(self.target).groups()
        if of_ratio and self.ratio is None:
            return None
        return _HOLDS[holds](self.ratio if of_ratio else self.value, float(limit) + (self.other if above else 0))

    def _held_against(self):
        """The ratio, or the difference where that is what is wanted."""
        if "floor" in self.target and self.other is not None:
            return f"{'+' if self.value >= self.other else '-'}{shown(abs(self.value - self.other), self.unit)}"
        return "" if self.ratio is None else f"{self.ratio:.2f}"

    def cells(self):
        other = f"{shown(self.other, self.unit)} {self.beside}".rstrip() if self.other is not None else ""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        wanted = f"{self.target} {self.unit}".rstrip() if self.target and not self.target.startswith("ratio") else self.target
        if self.value is None:
            return (self.what, f"not measured: {self.why}", "", "", "", "", wanted, "")
        return (self.what, shown(self.value, self.unit), "" if self.spread is None else f"±{100 * self.spread:.0f} %", other if self.floors else "",
                other if self.peers else "", self._held_against(), wanted, verdict)

    def fields(self):
        return {"what": self.what.strip(), "value": self.value, "unit": self.unit, "runs": len(self.values), "spread": self.spread,
                "floor": self.other if self.floors else None, "peer": self.other if self.peers else None, "beside": self.beside or None, "ratio": self.ratio,
                "target": self.target or None, "met": self.met, "why_not": self.why or None}


def _of_cpuinfo(key):
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
        found = re.search(rf"^{key}\s*: (.*)$", f.read(), re.MULTILINE)
    return found[1] if found else None


def _first_line(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None


def machine(product):
    with open("/proc/meminfo", encoding="ascii") as f:
        memory = int(re.search(r"^MemTotal:\s+(\d+)", f.read(), re.MULTILINE)[1])
    return {"processor": _of_cpuinfo("model name") or platform.machine(), "processors": os.cpu_count(), "memory_gib": round(memory / 2**20, 1),
            "kernel": re.match(r"[\d.]*", platform.release())[0], "compiler": _first_line("gcc", "--version"), "clang": _first_line("clang", "--version"),
            "product": _first_line(product, "version")}


def _seconds_of_processors():
    """That all processors have worked, and of it this program and what it has run."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, irq, softirq = (int(n) for n in f.readline().split()[1:8])
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK"), sum(used.ru_utime + used.ru_stime for used in own)


class Report:
    def __init__(self, product):
        self.machine = machine(product)
        self.groups = {}
        self._figures = None
        self._begun, self._before = time.monotonic(), _seconds_of_processors()
        self.others = 0.0

    def end(self):
        """All is measured."""
        everything, own = (after - before for after, before in zip(_seconds_of_processors(), self._before))
        self.others = self.machine["others"] = round(max(0.0, everything - own) / (time.monotonic() - self._begun) / os.cpu_count(), 3)

    def group(self, name):
        self._figures = self.groups.setdefault(name, [])

    def add(self, what, *values, **more):
        self._figures.append(Figure(what, *values, **more))

    def lacks(self, what, why, target=""):
        """The page is for everybody: the name that somebody gave a kernel of theirs stays out of it."""
        self._figures.append(Figure(what, why=why.replace(platform.release(), self.machine["kernel"]), target=target))

    @property
    def all(self):
        return [figure for figures in self.groups.values() for figure in figures]

    @property
    def missed(self):
        return [figure.what.strip() for figure in self.all if figure.met is False]

    @property
    def busy(self):
        """What else the machine did meanwhile, as a sentence; or nothing."""
        return f"The machine was busy with something else ({100 * self.others:.0f} % of its processors): times are not to be trusted, ratios hardly." \
            if self.others > _BUSY else ""

    def verdict(self):
        wanted = [figure for figure in self.all if figure.met is not None]
        lacking = [figure for figure in self.all if figure.value is None]
        text = f"{len(wanted) - len(self.missed)} of {len(wanted)} targets met, {len(lacking)} figures not measured."
        return text + (f" MISSED: {'; '.join(self.missed)}." if self.missed else "")

    def text(self):
        rows = [_HEAD] + [figure.cells() for figure in self.all]
        widths = [max([len(r[i]) for r in rows if i != 1 or not r[1].startswith("not measured")]) for i in range(len(_HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, "", self.verdict(), *([self.busy] if self.busy else [])])

    def json(self):
        groups = {name: [figure.fields() for figure in figures] for name, figures in self.groups.items()}
        return json.dumps({"machine": self.machine, "groups": groups}, indent=1, ensure_ascii=False) + "\n"

    def page(self):
        m = self.machine
        out = ["# Figures", "", "Written by `make bench`; `bench.json` has the same for programs. A value is the median of at least seven runs, where nothing else is said; its",
               "spread is half of the distance between the quartiles. The floor is the least that does the same, bare libbpf or code by hand; a peer is another",
               "product. They take turns with what they are held against, so that what else the machine does falls on both: trust ratios more than times.", "",
               f"Measured with {m['product']}, on {m['processors']} processors ({m['processor']}), {m['memory_gib']} GiB, Linux {m['kernel']}, {m['compiler']}, {m['clang']}.", "",
               self.verdict(), *(["", self.busy] if self.busy else [])]
        for name, figures in self.groups.items():
            out += ["", f"## {name}", "", "| what | value | spread | floor | peer | ratio | target | |", "|---" * 8 + "|"]
            out += ["| " + " | ".join(cell.strip() for cell in figure.cells()) + " |" for figure in figures]
        return "\n".join(out) + "\n"
