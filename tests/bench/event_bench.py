# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Events: what one costs the program that makes it, and the tool that prints it."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

import bus_bench
from report import NotMeasured

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[1:1] = [TESTS, os.path.join(TESTS, "build")]
import scratch  # noqa: E402 - the path has to be set first

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "event")
CALLS = 4_000_000
PRINTS = 1_000_000
ROUNDS = 7
ON_ONE = bus_bench.ON_ONE
ON_OTHER = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]
run = bus_bench.run


def build(args, folder):
    """A product of the module, and the floors."""
    src, out = scratch.source(folder), os.path.join(folder, "build")
    modules = os.path.join(src, "modules")
    shutil.rmtree(modules)
    os.mkdir(modules)
    for name in ("storm.bpf.c", "storm.c"):
        shutil.copy(os.path.join(HERE, name), modules)
    shutil.copy(os.path.join(HERE, "storm.emf"), modules)
    os.mkdir(out)
    run(os.path.join(src, "configure"), cwd=out)
    run("make", f"-j{os.cpu_count()}", cwd=out)
    for name in ("caller", "floor"):
        run(*shlex.split(args.cc), "-O2", "-std=gnu17", os.path.join(HERE, name + ".c"), *shlex.split(args.libs), "-o", os.path.join(folder, name))
    for name, defines in (("filter", ["-DFLOOR", "-DFILTER"]), ("floor", ["-DFLOOR"])):
        run(*shlex.split(args.compile), *defines, "-c", "-o", os.path.join(folder, name + ".o"), os.path.join(HERE, "storm.bpf.c"))
    return os.path.join(out, "emf")


def storm(folder, reader):
    """Nanoseconds a call, and the records that @reader(pid), which is started on the other processor, got."""
    caller = subprocess.Popen([*ON_ONE, os.path.join(folder, "caller"), str(CALLS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    end = reader(caller.stdout.readline().strip())
    caller.stdin.write("\n")
    caller.stdin.flush()
    ns = float(caller.stdout.readline())
    caller.communicate(timeout=60)
    return ns, end()


def by_floor(folder, name):
    def start(pid):
        process = subprocess.Popen([*ON_OTHER, os.path.join(folder, "floor"), os.path.join(folder, name + ".o"), pid],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise NotMeasured(f"the floor '{name}' of events does not start")
        return lambda: int(process.communicate(timeout=60)[0].split()[-1])
    return start


def by_product(product):
    def start(pid):
        process = subprocess.Popen([*ON_OTHER, product, "run", "storm", "-v", "--caller", pid], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line == "storm: runs\n":
                break

        def end():
            time.sleep(0.1)
            process.terminate()
            return int(re.search(r"received (\d+)", process.communicate(timeout=60)[1])[1])
        return end
    return start


def printed(product, *options):
    """Nanoseconds of an event that is printed, and of a signal that nobody hears."""
    done = subprocess.run([*ON_ONE, product, "run", "storm", "--print", str(PRINTS), "-d", "100ms", *options], check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return [float(v) for v in re.search(r"print ([\d.]+) signal ([\d.]+)", done.stderr).groups()]


def measure(args, folder, report):
    folder = os.path.join(folder, "event")
    os.mkdir(folder)
    product = build(args, folder)
    rounds = [(storm(folder, by_floor(folder, "filter")), storm(folder, by_floor(folder, "floor")), storm(folder, by_product(product)))
              for _ in range(ROUNDS)]
    bare, floor, ours = ([r[i][0] for r in rounds] for i in range(3))
    report.add("a traced call with an event", ours, "ns", floor=floor, target="ratio <= 1.1")
    report.add("  without an event", bare, "ns")
    lost, lost_by_floor = (sum(CALLS - r[i][1] for r in rounds) for i in (2, 1))
    report.add(f"  events lost, of {ROUNDS * CALLS // 1_000_000} million", [lost], floor=[lost_by_floor], target="<= 0")
    kinds = (("a table", 300, ()), ("JSON", 400, ("-j",)), ("CSV", 400, ("--csv",)))
    prints = [[printed(product, *options) for _, _, options in kinds] for _ in range(ROUNDS)]
    for i, (what, target, _) in enumerate(kinds):
        report.add(f"an event of 64 bytes as {what}", [p[i][0] for p in prints], "ns", target=f"<= {target}")
    report.add("a signal that nobody hears", [p[-1][1] for p in prints], "ns", target="<= 15")
