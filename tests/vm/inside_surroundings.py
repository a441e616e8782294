# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What happens to a machine that no test may do to the one that it runs on: for a guest alone (tests/build/test_vm_surroundings.py).

Without these, a processor that is taken away could end a tool or hang a service, and a clock that is set end one too soon or never.
"""
import datetime
import json
import os
import re
import shutil
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "kernel"))
sys.path.insert(0, os.path.join(TESTS, "build"))

import tap  # noqa: E402 - the path has to be set first
import test_surroundings as surroundings  # noqa: E402
from foreign import Place  # noqa: E402
from tool import spawn, until  # noqa: E402


def in_a_guest():
    """A place in it: what these do is done to the whole machine."""
    if not os.environ.get("EMF_GUEST"):
        raise tap.Skip("takes processors away and sets the clock: runs in a virtual machine alone, tests/build/test_vm_surroundings.py")
    return Place()


def processor(n, state):
    with open(f"/sys/devices/system/cpu/cpu{n}/online", "w") as f:
        f.write(str(state))


class Burner:
    """A shell of that name that does nothing but run, on one processor."""

    def __init__(self, name, cpu):
        path = os.path.join(tap.folder(), name)
        shutil.copy("/bin/sh", path)
        self.process = tap.start("taskset", "-c", str(cpu), path, "-c", "while :; do :; done")

    def ran(self, seconds):
        def is_done():
            with open(f"/proc/{self.process.pid}/stat") as f:
                user, kernel = f.read().rsplit(")", 1)[1].split()[11:13]
            return int(user) + int(kernel) >= seconds * os.sysconf("SC_CLK_TCK")

        until(is_done, f"{seconds} s of a processor")
        self.process.kill()
        self.process.wait()


def test_a_processor_that_goes_and_comes_back_ends_nothing_and_no_event_is_lost():
    at = in_a_guest()
    service = surroundings.Service(at)
    execs, stacks = (at.start("run", *words).ready() for words in (("execsnoop", "-j"), ("profile", "--folded", "--user-only", "-F", "19")))
    waits = at.start("run", "runqlat", "-j").ready()
    for state, cpus in ((0, "0"), (1, "01")):
        processor(1, state)
        for cpu in cpus:
            spawn("taskset", "-c", cpu, "/bin/echo", f"on-{cpu}-of-{len(cpus)}")
        service.goes_on()
        tap.equal(at.send(10, 7), 10, f"packets that pass the chain, with {len(cpus)} processors")
        if not state:
            Burner("remains", 0).ran(2)
    for tool in (execs, waits):
        tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.equal(stacks.stop(), 0, "exit status")
    tap.equal(re.sub(r"profile: warning: \d+ stacks were not read: the map was full\n", "", stacks.err), "", "messages, but the one that counts what was not read")
    tap.equal(service.tool.stop(), 0, f"exit status of the service ({service.tool.err})")
    surroundings.nothing_is_left(at)
    tap.equal(sorted(set(re.findall(r"on-\d-of-\d", execs.out))), ["on-0-of-1", "on-0-of-2", "on-1-of-2"], "programs that were told of")
    tap.equal(("runqlat" in waits.out, "remains;" in stacks.out), (True, True), f"whether the others have what they measured ({waits.out[-300:]} {stacks.out[-300:]})")


def test_a_clock_that_is_set_changes_the_times_that_are_shown_and_no_duration():
    at = in_a_guest()
    service = surroundings.Service(at)
    for hours in (5, -10):
        begun = time.monotonic()
        tool = at.start("run", "execsnoop", "-j", "-d", "10").ready()
        time.clock_settime(time.CLOCK_REALTIME, time.time() + hours * 3600)
        spawn("/bin/true")
        until(lambda: "\n" in tool.out or tool.process.poll() is not None, "an event")
        shown = datetime.datetime.fromisoformat(json.loads(tool.out.splitlines()[0])["args"]["time"][:19] + "+00:00").timestamp()
        tap.equal(abs(shown - time.time()) < 600, True, f"whether the time that is shown, {shown}, is of the clock that was set")
        tap.equal(tool.process.wait(tap.PATIENCE), 0, f"exit status ({tool.err})")
        took = time.monotonic() - begun
        tap.equal(10 <= took < 10 + tap.PATIENCE, True, f"whether it ran for its duration ({took} s)")
        service.goes_on()
    tap.equal(service.tool.stop(), 0, f"exit status of the service ({service.tool.err})")


tap.main()
