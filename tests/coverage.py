# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Which lines and branches of the core the tests run: make coverage

    python3 tests/coverage.py TEST...

A copy of the tree is built in obj/coverage to count, and TESTs run in it; so is what they build themselves. What they did not run is
written to obj/coverage.txt. A process that is killed (SIGKILL), or may write no file at all, has not written its counts.
"""
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "build")]

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402

TARGET = 90  # per cent of the lines
FOLDER = os.path.join(tap.BUILD, "obj", "coverage")
REPORT = os.path.join(tap.BUILD, "obj", "coverage.txt")
SECONDS = 7200  # for all tests
AT_ONCE = 100  # files for one gcov


# The core alone counts: an extension may have no constructors, and what counts has one.
COMPILER = """#!/bin/sh
how=link core=
unset ending
for word; do
	case $word in
	-shared) ending= ;;
	-c) how= ;;
	core/*.c | */core/*.c) core=--coverage ;;
	esac
done
exec gcc "$@" $core ${how:+--coverage ${ending-%s}}
"""


def build():
    """Optimized by nothing, so that a line is a line."""
    if os.path.exists(FOLDER):
        shutil.rmtree(FOLDER)
    os.makedirs(FOLDER)
    with tempfile.TemporaryDirectory(prefix="emf-coverage-") as outside:  # of the tree, which FOLDER may be in
        src = shutil.move(scratch.source(outside), FOLDER)
    compiler, ending = os.path.join(FOLDER, "cc"), os.path.join(FOLDER, "coverage.o")
    scratch.must("gcc", "-D_GNU_SOURCE", "-c", "-o", ending, os.path.join(HERE, "coverage.c"), cwd=FOLDER)
    linked = f"-Wl,--wrap=_exit,--wrap=open {ending}"
    scratch.write(compiler, COMPILER % linked)
    os.chmod(compiler, 0o755)
    # In the environment, so that a product that a test builds is built like this one.
    os.environ.update(CC=compiler, CFLAGS="-O0 -g -fprofile-update=atomic", EMF_CLIENT_FLAGS=f"--coverage {linked}")
    made = scratch.Build(src, os.path.join(FOLDER, "build"), anew=True)
    made.make()
    return made


def run_tests(made, tests):
    """The lines of those that failed; what they ran counts all the same."""
    env = dict(os.environ, EMF_CACHE=os.path.join(made.path, "obj", "btf-cache"))
    path = os.path.join(FOLDER, "check.log")
    with open(path, "w", encoding="utf-8") as log:
        # A session of its own, so that what is late ends with all that it has started.
        make = subprocess.Popen(["make", f"-j{os.cpu_count()}", "-k", "check", "TESTS=" + " ".join(tests)], cwd=made.path, env=env, stdin=subprocess.DEVNULL,
                                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        late = []
        try:
            make.wait(SECONDS)
        except subprocess.TimeoutExpired:
            late = [f"not all tests came to their end within {SECONDS} s"]
            os.killpg(make.pid, signal.SIGTERM)
            make.wait()
    with open(path, encoding="utf-8", errors="replace") as log:
        failed = [line.rstrip() for line in log if line.startswith(("FAIL: ", "ERROR: "))]
    return late + failed or (["make check"] if make.returncode else [])


class File:
    """How often each line, and each way of a branch, was taken in the build that took it most."""

    def __init__(self):
        self.lines, self.branches = collections.Counter(), collections.Counter()

    def add(self, lines):
        for line in lines:
            number = line["line_number"]
            self.lines[number] = max(self.lines[number], line["count"])
            for i, branch in enumerate(line["branches"]):
                self.branches[number, i] = max(self.branches[number, i], branch["count"])

    def missed(self):
        return sorted(number for number, count in self.lines.items() if not count)


def count(folder):
    """The files of the core, by name. What was compiled and never ran has its notes (gcno), and no counts."""
    notes = sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names if name.endswith(".gcno"))
    files = collections.defaultdict(File)
    for i in range(0, len(notes), AT_ONCE):
        done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *notes[i:i + AT_ONCE]], cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=SECONDS, check=True)
        for text in done.stdout.splitlines():
            for file in json.loads(text)["files"]:
                name = os.path.normpath(file["file"])
                if name.startswith("core/"):
                    files[name].add(file["lines"])
    return files


def part(counts):
    taken = sum(1 for count in counts.values() if count)
    return f"{100 * taken / len(counts) if counts else 100:5.1f} % of {len(counts):5}"


def total(files, what):
    return {(name, key): count for name, file in files.items() for key, count in getattr(file, what).items()}


def ranges(numbers):
    """1, 2, 3, 7 as 1-3 7."""
    found = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def show(files):
    """Per cent of the lines."""
    lines = total(files, "lines")
    print(f"core: lines {part(lines)}, branches {part(total(files, 'branches'))}")
    print("not covered, lines, branches, file")
    order = sorted(files.items(), key=lambda item: (-len(item[1].missed()), item[0]))
    with open(REPORT + ".tmp", "w", encoding="utf-8") as f:
        for name, file in order:
            print(f"{len(file.missed()):5}  {part(file.lines)}  {part(file.branches)}  {name}")
            if file.missed():
                f.write(f"{name}: {ranges(file.missed())}\n")
    os.rename(REPORT + ".tmp", REPORT)
    print(f"{REPORT} has the lines that were not covered")
    return 100 * sum(1 for count in lines.values() if count) / (len(lines) or 1)


def main():
    print(f"{FOLDER}: a product that counts", flush=True)
    made = build()
    print(f"{len(sys.argv) - 1} files of tests", flush=True)
    failed = run_tests(made, sys.argv[1:])
    percent = show(count(made.path))
    for line in failed:
        print(f"failed: {line}; {FOLDER}/check.log says more")
    print(f"{TARGET} % of the lines: {'met' if percent >= TARGET else 'MISSED'}, {percent:.1f} %")
    # Whether tests pass is told by make check: here they are slow, and one may not meet what it waits for.
    sys.exit(1 if percent < TARGET else 0)


main()
