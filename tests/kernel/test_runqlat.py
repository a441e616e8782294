# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""runqlat against the scheduler's own account of the same processes. Without these,
waits could be lost, counted twice, or put into the wrong slot."""
import os
import re
import subprocess
import time

import tap
from tool import Tool, until

HOG = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end:\n    pass\n"


def hog(cpu):
    """A process that only computes, on one CPU."""
    process = subprocess.Popen(["/usr/bin/python3", "-S", "-c", HOG], preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    tap.cleanup(process.wait)
    tap.cleanup(process.kill)
    return process


def schedstat(pid):
    """proc(5): time on the CPU and time waiting for it, in ns, and how often it ran."""
    with open(f"/proc/{pid}/schedstat") as f:
        ran, waited, times = (int(word) for word in f.read().split())
    return waited, times


def histogram(text):
    """Slots as a list of (low, high, count)."""
    rows = re.findall(r"^ *(\d+) -> (\d+) *: (\d+) ", text, re.MULTILINE)
    return [(int(low), int(high), int(count)) for low, high, count in rows]


def test_the_waits_of_two_hogs_on_one_cpu_agree_with_the_schedulers_own_account():
    tap.need_root()
    if not os.path.exists("/proc/self/schedstat"):
        raise tap.Skip("this kernel keeps no schedstat, which is the ground truth")
    cpu = max(os.sched_getaffinity(0))
    one, other = hog(cpu), hog(cpu)
    # It counts from somewhere between the first two readings to somewhere between the
    # last two, however slow the machine is.
    readings = [schedstat(one.pid)]
    tool = Tool("runqlat", "--pid", str(one.pid)).ready()
    readings.append(schedstat(one.pid))
    time.sleep(2)
    readings.append(schedstat(one.pid))
    tap.equal(tool.stop(), 0, "exit status")
    readings.append(schedstat(one.pid))
    del other
    slots = histogram(tool.out)
    (waited_least, times_least), (waited_most, times_most) = (
        (b[0] - a[0], b[1] - a[1]) for a, b in ((readings[1], readings[2]), (readings[0], readings[3])))
    counted = sum(count for _, _, count in slots)
    edge = 5  # waits that readings cut in two, and those of moments in which a virtual machine runs no tracepoint: seen are three
    if not times_least or not times_least - edge <= counted <= times_most + edge:
        raise AssertionError(f"{counted} waits counted, the scheduler says {times_least} to {times_most}:\n{tool.out}{tool.err}")
    least = sum(low * count for low, _, count in slots) * 1000
    most = sum((high + 1) * count for _, high, count in slots) * 1000
    if least > waited_most * 1.05 or most < waited_least * 0.95:
        raise AssertionError(f"between {least} and {most} ns counted, the scheduler says {waited_least} to {waited_most}:\n{tool.out}")


def test_each_process_has_a_histogram_of_its_own_on_request():
    tap.need_root()
    cpu = max(os.sched_getaffinity(0))
    hogs = [hog(cpu), hog(cpu)]
    tool = Tool("runqlat", "--per-process").ready()
    time.sleep(1)
    tool.stop()
    for process in hogs:
        part = re.search(rf"^pid = {process.pid} (\S+)\n(.*?)(?:\n\n|\Z)", tool.out, re.MULTILINE | re.DOTALL)
        if not part:
            raise AssertionError(f"no histogram of {process.pid}:\n{tool.out}")
        tap.contains(part.group(1), "python", "name")
        # Two that never sleep share a CPU by turns of a millisecond or more.
        long_waits = sum(count for low, _, count in histogram(part.group(2)) if low >= 512)
        if long_waits < 10:
            raise AssertionError(f"a hog that shares its CPU waited {long_waits} times:\n{part.group(2)}")


def test_an_interval_prints_again_and_again_and_starts_anew():
    tap.need_root()
    tool = Tool("runqlat", "--interval", "200ms").ready()
    until(lambda: tool.out.count("distribution") >= 3, "three histograms")
    tool.stop()


def test_only_the_process_asked_for_is_counted():
    tap.need_root()
    cpu = max(os.sched_getaffinity(0))
    one, other = hog(cpu), hog(cpu)
    tool = Tool("runqlat", "--per-process", "--pid", str(one.pid)).ready()
    time.sleep(0.5)
    tool.stop()
    tap.equal(re.findall(r"^pid = (\d+)", tool.out, re.MULTILINE), [str(one.pid)], "processes")
    del other


tap.main()
