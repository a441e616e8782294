# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Which test passed on which kernel, out of the logs of tests/vm/suite.py."""
import json
import os
import re

_LINE = re.compile(r"^(not ok|ok)(?: \d+)? - (.*?)(?: # SKIP ?(.*))?$")
_END = re.compile(r"^# exit \d+ after (\d+) s$", re.MULTILINE)  # as suite.py writes it; a test may say '# exit' too
_LACKS = re.compile(r" \[doctor: (\S+) (\S+)\]$")


def name(test):
    return os.path.splitext(os.path.basename(test))[0]


def confirmed_by(reason):
    """What doctor is asked of: a kind of program, a map, a helper, a module, what the system has, a version."""
    lacks = _LACKS.search(reason)
    return " ".join(lacks.groups()) if lacks else "nothing"


def confirmed(doctor, reason):
    """Whether 'emf doctor' of that kernel says the same as a reason to skip."""
    lacks = _LACKS.search(reason)
    if not lacks:
        return False
    group, what = lacks.groups()
    if group in ("before", "from"):
        running, wanted = ([int(n) for n in re.findall(r"\d+", text)[:2]] for text in (doctor["system"]["kernel"], what))
        return (running < wanted) == (group == "before")
    if group == "below":
        what, wanted = what.split(":")
        return (doctor["system"][what]["online"] or int(wanted)) < int(wanted)
    if group == "system":
        found = doctor["system"][what]
        return not (found["readable"] if isinstance(found, dict) else found)
    if group == "modules":
        return any(row["name"] == what and not row["can_run"] for row in doctor["modules"])
    if group == "has":
        return any(row["kind"] == what and row["supported"] == "yes" for row in doctor["programs"])
    key = {"programs": "kind", "maps": "type", "helpers": "name"}.get(group)
    return any(row[key] == what and row["supported"] != "yes" for row in doctor[group]) if key else False


def has_ended(text):
    return bool(_END.search(text))


class Log:
    """What one file said on one kernel."""

    def __init__(self, folder, test):
        self.cases = {}  # sentence: "passed", "failed" or the reason why it was skipped
        self.seconds = None
        planned = None
        try:
            with open(os.path.join(folder, name(test) + ".log"), errors="replace") as f:
                lines = f.read().splitlines()
        except FileNotFoundError:
            lines = []
        for line in lines:
            found = _LINE.match(line)
            if found:
                verdict, sentence, reason = found.groups()
                skipped = "without a reason" if " # SKIP" in line else None
                self.cases[sentence] = "failed" if verdict == "not ok" else reason or skipped or "passed"
            elif re.match(r"1\.\.\d+", line) and planned is None:
                planned = int(re.match(r"1\.\.(\d+)", line)[1])
            elif _END.match(line):
                self.seconds = int(_END.match(line)[1])
        if planned is None or len(self.cases) < planned:
            self.cases["all of its cases run to their end"] = "failed"

    def count(self, what):
        return list(self.cases.values()).count(what)

    @property
    def skipped(self):
        return {case: how for case, how in self.cases.items() if how not in ("passed", "failed")}


def told(folder, test):
    log = Log(folder, test)
    failed = [case for case, how in log.cases.items() if how == "failed"]
    said = f"{name(test)}: {log.count('passed')} passed, {len(failed)} failed, {len(log.skipped)} skipped, {log.seconds} s"
    return "\n".join([said, *(f"    failed: {case}" for case in failed)])


class Matrix:
    def __init__(self, folder, tests, kernels=None):
        """@kernels: those alone; without, all that have a log."""
        self.tests = tests
        self.kernels = sorted(kernels or os.listdir(folder), key=lambda k: [int(n) for n in re.findall(r"\d+", k)] or [0])
        self.logs, self.doctors = {}, {}
        self.unconfirmed = []
        for kernel in self.kernels:
            at = os.path.join(folder, kernel)
            try:
                with open(os.path.join(at, "doctor.json")) as f:
                    self.doctors[kernel] = json.load(f)
            except (FileNotFoundError, json.JSONDecodeError):
                self.doctors[kernel] = None
            for test in tests:
                log = self.logs[kernel, test] = Log(at, test)
                self.unconfirmed += [(kernel, test, case, reason) for case, reason in log.skipped.items()
                                     if not self.doctors[kernel] or not confirmed(self.doctors[kernel], reason)]
        self.failed = bool(self.unconfirmed) or any(log.count("failed") for log in self.logs.values())

    def release(self, kernel):
        """Its version; what builders of kernels put behind it says nothing of what it can do."""
        return re.match(r"[\d.]+\d", self.doctors[kernel]["system"]["kernel"])[0] if self.doctors[kernel] else "its doctor did not run"

    def _cell(self, kernel, test):
        log = self.logs[kernel, test]
        parts = [str(log.count("passed"))]
        if log.count("failed"):
            parts.append(f"{log.count('failed')} FAILED")
        if log.skipped:
            parts.append(f"{len(log.skipped)} skipped")
        return ", ".join(parts)

    def _rows(self):
        yield ["test", *(self.release(kernel) for kernel in self.kernels)]
        for test in self.tests:
            yield [name(test), *(self._cell(kernel, test) for kernel in self.kernels)]
        for what in ("passed", "failed"):
            yield [f"all, {what}", *(str(sum(self.logs[kernel, test].count(what) for test in self.tests)) for kernel in self.kernels)]
        yield ["all, skipped", *(str(sum(len(self.logs[kernel, test].skipped) for test in self.tests)) for kernel in self.kernels)]

    def text(self):
        rows = list(self._rows())
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        lines += [f"skipped, and doctor does not confirm it: {kernel}: {name(test)}: {case}: {reason}" for kernel, test, case, reason in self.unconfirmed]
        return "\n".join(lines)

    def document(self):
        """The table as a page of the manual, and what was skipped where."""
        rows = list(self._rows())
        out = ["# Kernels", "", "Which tests of the kernel pass where: written by `make check-vm`, which runs them on the kernels of Debian 11, 12 and 13 in virtual machines,",
               "and on the one that runs. The numbers are cases that passed; what is skipped is below, with what `emf doctor` of that kernel confirms.", "",
               "| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
        out += ["| " + " | ".join(row) + " |" for row in rows[1:]]
        reasons = {}
        for (kernel, test), log in self.logs.items():
            for case, reason in log.skipped.items():
                reasons.setdefault((name(test), _LACKS.sub("", reason), confirmed_by(reason)), {}).setdefault(self.release(kernel), []).append(case)
        out += ["", "## Skipped", "", "| test | why | `emf doctor` says of | cases | on |", "|---|---|---|---|---|"]
        out += [f"| {test} | {why.split(':')[0]} | {says} | {'; '.join(dict.fromkeys(case for cases in on.values() for case in cases))} | {', '.join(on)} |" for (test, why, says), on in sorted(reasons.items())]
        failed = [(test, case, kernel) for (kernel, test), log in self.logs.items() for case, how in log.cases.items() if how == "failed"]
        if failed:
            out += ["", "## Failed", "", "| test | case | on |", "|---|---|---|"]
            out += [f"| {name(test)} | {case} | {self.release(kernel)} |" for test, case, kernel in sorted(failed)]
        return "\n".join(out) + "\n"
