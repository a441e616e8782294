# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Events from the kernel part to the line that is printed, the function that handles
them, and the module that listens to the signal that they feed.

Without these, a record that was cut could be refused or read beyond its end, and a
signal be declared that nobody ever hears.
"""
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, spawn, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


@scratch.once
def built(parent):
    """A product of a module that sends events and one that listens, built once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "events"), os.path.join(src, "modules"))
    shutil.move(os.path.join(src, "modules", "talk.emf"), os.path.join(src, "bus-idl"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def build():
    made = built()
    tap.PRODUCT = made.product()
    return made


def lines_of(pid, tool):
    return [line for line in tool.out.splitlines() if str(pid) in line.replace("=", " ").split()]


def told(*modules):
    """The lines about one program that was started while these modules ran."""
    tap.need_root()
    build()
    tool = Tool("run", *modules).ready()
    pid, _ = spawn("/bin/true")
    until(lambda: any(line.startswith("teller: ") for line in lines_of(pid, tool)), "the record")
    lines = [line.replace(str(pid), "PID") for line in lines_of(pid, tool)]
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    return lines


def test_one_event_is_printed_as_a_row_and_the_other_is_handled():
    row, handled = told("teller")
    tap.equal(row.split(), ["PID", "true", "hell\\x1b"], "the row")
    tap.equal(handled, "teller: PID", "what the function printed")


def test_a_signal_that_an_event_feeds_reaches_who_listens_behind_the_row():
    row, heard, handled = told("listener")
    tap.equal(row.split(), ["PID", "true", "hell\\x1b"], "the row")
    tap.equal((heard, handled), ("listener: PID true 5", "teller: PID"), "what was heard and handled")


class Drip:
    """A process that makes calls when it is told to, and a tool that has an event for each."""

    def __init__(self):
        tap.need_root()
        build()
        self.calls = 0
        self.process = tap.start(sys.executable, "-c", "import os, sys\nfor line in sys.stdin:\n    for _ in range(int(line)):\n        os.getppid()",
                                 stdin=subprocess.PIPE)
        tap.cleanup(self.process.stdin.close)
        self.tool = Tool("run", "drip", "--caller", str(self.process.pid)).ready()

    def drop(self, n):
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        self.calls += n
        until(lambda: self.tool.out.splitlines()[-1:] == [str(self.calls)], f"the last of {self.calls} events")

    def switches(self):
        with open(f"/proc/{self.tool.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches"))


def test_each_event_arrives_whatever_the_pause_before_it():
    """Of all lengths up to that in which the reader falls asleep, and beyond."""
    drip = Drip()
    choose = random.Random(7)
    for _ in range(200):
        drip.drop(choose.choice((1, 1, 2, 50, 5000)))
        time.sleep(choose.choice((0, 0.0005, 0.002, 0.008, 0.010, 0.011, 0.012, 0.013, 0.016)))
    tap.equal((drip.tool.stop(), drip.tool.out.splitlines()[-1], drip.tool.err), (0, f"received {drip.calls}", ""), "exit status, events, messages")


def test_a_tool_without_events_sleeps():
    drip = Drip()
    drip.drop(1)
    until(lambda: (drip.switches(), time.sleep(0.2), drip.switches())[::2] == (drip.switches(),) * 2, "it to fall asleep")
    before = drip.switches()
    time.sleep(2)
    tap.equal(drip.switches() - before < 10, True, f"whether it woke less than 5 times a second ({before}, {drip.switches()})")
    drip.drop(1)
    drip.tool.stop()


def test_a_function_that_handles_and_is_missing_is_named_by_the_linker():
    path = os.path.join(build().src, "modules", "teller.c")
    tap.cleanup(build().make)  # it is kept, with its product
    with open(path) as f:
        tap.cleanup(scratch.write, path, f.read())
    scratch.write(path, '#include "teller_emf.h"\n')
    tap.contains(build().make_fails(), "undefined reference to `teller_handle_heard'")


tap.main()
