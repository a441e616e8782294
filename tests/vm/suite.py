#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Run tests of the kernel on other kernels, and say which of them passed on which.

    tests/vm/suite.py --kept DIR [--kernel VERSION]... [--document FILE] TEST.py...

First the tests run here; what they build is kept in DIR, below the build folder, and guests take it from there. A test that is
skipped has to say what it lacks in a way that 'emf doctor' of that kernel confirms (tap.Skip): any other skip is a failure.
The logs are in DIR/log/KERNEL; those of kernels that are not run again stay, and are in the table. The exit status is 0 if
nothing failed, on any kernel.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import kernels  # noqa: E402 - the path has to be set first
import machine  # noqa: E402
import matrix  # noqa: E402

HERE = "running"
_IN_A_GUEST = 6  # files, so that one which breaks it takes few along
_AT_THE_END = 2  # so that the last guests end together; a guest begins within some seconds
_A_SHARE = 6  # of what is left, for the next guest
_A_FILE = 1500  # seconds that a file has in a guest, which is ten to twenty times as slow
# Each in a process group of its own with a limit; what is left says how it ended. The first line of a log is when it began.
_INSIDE = """
cd "$1"; log=$2; limit=$3; shift 3
made=$(mktemp "$log/doctor.XXXXXX")
"$EMF_PRODUCT" doctor -j >"$made" # its status says whether all modules can run
mv "$made" "$log/doctor.json"
for test; do
	name=$(basename "$test" .py); begun=$(date +%s)
	timeout -k 10 "$limit" "$EMF_PYTHON" "$test" >"$log/$name.log" 2>&1
	echo "# exit $? after $(($(date +%s) - begun)) s" >>"$log/$name.log"
done
"""


def environment():
    build = os.path.abspath(os.environ.get("EMF_BUILDDIR", "."))
    source = os.path.abspath(os.environ.get("EMF_SRCDIR", build))
    return {"EMF_BUILDDIR": build, "EMF_SRCDIR": source, "EMF_PRODUCT": os.environ.get("EMF_PRODUCT", os.path.join(build, "emf")),
            "EMF_PYTHON": sys.executable, "PYTHONPATH": os.path.join(source, "tests"), "PYTHONDONTWRITEBYTECODE": "1"}


def has_ended(log, test):
    try:
        with open(os.path.join(log, matrix.name(test) + ".log"), errors="replace") as f:
            return matrix.has_ended(f.read())
    except FileNotFoundError:
        return False


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def here(tests, kept):
    """On the kernel that runs, which builds what there is to be built."""
    log = os.path.join(kept, "log", HERE)
    os.makedirs(log)
    env = dict(os.environ, **environment(), EMF_KEPT=kept)
    for test in tests:
        subprocess.run(["sh", "-c", _INSIDE, "sh", os.getcwd(), log, str(_A_FILE), test], env=env, check=False, stdin=subprocess.DEVNULL)
        say(f"{HERE}: {matrix.told(log, test)}")


def guest(kernel, tests, kept, log, limit, processors, tried):
    """
    Run files in one guest, which has @limit seconds. Return: those that are to be run in another one, since this one broke. One that
    hangs says nothing of a test: about one of thirty does, with both processors at work (QEMU 7.2). @tried: the file in
    which one has broken before; if this one does so too, the file fails.
    """
    env = dict(environment(), EMF_KEPT=kept, EMF_GUEST="1", EMF_PATIENCE="300")
    # One that was built with a shared library of itself takes twice as long to begin, and tests begin many.
    env["EMF_PYTHON"] = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    words = ["sh", "-c", _INSIDE, "sh", os.getcwd(), log, str(_A_FILE), *tests]
    status, output = machine.run(kernel, words, log, env=env, timeout=limit or _A_FILE * len(tests), memory=2048, processors=processors,
                                 line="lsm=lockdown,yama,integrity,apparmor,bpf")
    left = [test for test in tests if not has_ended(log, test)]
    if left and left[0] != tried:
        say(f"{kernel}: the guest broke ({status}) before {matrix.name(left[0])} ended: what is left runs in another one")
    elif left:
        failed = left.pop(0)
        with open(os.path.join(log, matrix.name(failed) + ".log"), "a") as f:
            f.write(f"\nnot ok - the guest broke ({status})\n# " + "\n# ".join(output.splitlines()[-40:]) + "\n# exit 125 after 0 s\n")
    for test in tests:
        if test not in left:
            say(f"{kernel}: {matrix.told(log, test)}")
    return left


def batches(kernel, tests):
    """Files in groups, each for one guest of a kernel."""
    jobs, first = [], 0
    while first < len(tests):
        size = min(_IN_A_GUEST, max(_AT_THE_END, (len(tests) - first) // _A_SHARE))
        jobs.append((kernel, tests[first:first + size], None))
        first += size
    return jobs


class _Guests:
    """So many at once, until nothing waits."""

    def __init__(self, jobs, kept, logs, limit, processors):
        self.waiting, self.kept, self.logs, self.limit, self.processors = list(jobs), kept, logs, limit, processors
        self.lock, self.stopped, self.lacking = threading.Lock(), threading.Event(), {}

    def work(self):
        while not self.stopped.is_set():
            with self.lock:
                if not self.waiting:
                    return
                kernel, tests, tried = self.waiting.pop(0)
            try:
                left = guest(kernel, tests, self.kept, os.path.join(self.logs, kernel), self.limit, self.processors, tried)
            except kernels.Missing as e:
                with self.lock:
                    self.lacking[kernel] = e
                    self.waiting = [job for job in self.waiting if job[0] != kernel]
                continue
            if left:
                with self.lock:
                    self.waiting.insert(0, (kernel, left, left[0]))


def elsewhere(jobs, kept, guests, limit=None, logs=None, processors=2):
    """
    On other kernels, in so many guests beside each other. Return: what cannot be had, and why, by kernel.

    @jobs: the kernel, files for one guest of it, and None, as batches() makes them; @limit: in seconds, for a guest;
    @logs: the folder to have a log for each in it, DIR/log otherwise; @processors: of a guest. One that has one needs three quarters of the time of a processor here for the same work.
    """
    logs = logs or os.path.join(kept, "log")
    for kernel in {kernel for kernel, _, _ in jobs}:
        os.makedirs(os.path.join(logs, kernel))
    all_of_them = _Guests(jobs, kept, logs, limit, processors)
    workers = [threading.Thread(target=all_of_them.work) for _ in range(guests)]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except BaseException:
        all_of_them.stopped.set()  # no other is begun
        machine.end_all()
        raise
    return all_of_them.lacking


def main():
    parser = argparse.ArgumentParser(prog="tests/vm/suite.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", required=True, metavar="DIR", help="where builds and logs are kept")
    parser.add_argument("--kernel", action="append", choices=[HERE, *kernels.RELEASES], help="only this one; 'running' is that of this machine")
    parser.add_argument("--guests", type=int, default=max(1, (os.cpu_count() or 1)), metavar="N", help="so many at once (default: one for a processor)")
    parser.add_argument("--document", metavar="FILE", help="write the table to this file as well")
    parser.add_argument("tests", nargs="+", metavar="TEST.py")
    args = parser.parse_args()
    machine.end_when_told()
    kept = os.path.abspath(args.kept)
    chosen = args.kernel or [HERE, *kernels.RELEASES]
    for kernel in chosen:
        shutil.rmtree(os.path.join(kept, "log", kernel), ignore_errors=True)
    begun = time.monotonic()
    if HERE in chosen:
        here(args.tests, kept)
    jobs = [job for kernel in chosen if kernel != HERE for job in batches(kernel, args.tests)]
    lacking = elsewhere(jobs, kept, args.guests)
    result = matrix.Matrix(os.path.join(kept, "log"), args.tests)
    say(result.text())
    for kernel, why in lacking.items():
        say(f"not run: {kernel}: {why}")
    say(f"{time.monotonic() - begun:.0f} s")
    if args.document:
        with open(args.document, "w") as f:
            f.write(result.document())
    return 1 if result.failed or lacking else 0


if __name__ == "__main__":
    sys.exit(main())
