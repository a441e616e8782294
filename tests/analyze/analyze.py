#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""gcc -fanalyzer, clang-tidy and cppcheck on the user space of EMF: make analyze

What they find beside what is known ends it with 1. What is known stands in a file for each of them beside this one:
"FILE CHECK: the line of the source that it is about", behind a comment that says why it is no mistake.
"""
import collections
import concurrent.futures
import glob
import os
import re
import shlex
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(os.environ["EMF_SRCDIR"])
FOUND = re.compile(r"^([^\s:]+):(\d+):\d+: (?:warning|error): (.*?) \[(?:CWE-\d+\] \[)?([\w.,-]+)\]$", re.MULTILINE)
CPPCHECK = ("--quiet", "--std=c11", f"--library={HERE}/cppcheck.cfg", "--enable=warning,performance,portability", "--error-exitcode=0",
            # An array that ends with NULL is passed NULL as a pointer, which it is in each libc that there is for Linux.
            "--suppress=varFuncNullUB", "--template={file}:{line}:1: warning: {message} [{id}]")

Finding = collections.namedtuple("Finding", "path line check text source")


def flags(path):
    """What it is compiled with; a module's user part knows whose it is."""
    core = path.startswith("core/")
    return shlex.split(os.environ["EMF_CORE_FLAGS" if core else "EMF_MODULE_FLAGS"]) + (
        [] if core else [f"-DEMF_MODULE_IS_{os.path.basename(path)[:-2]}"])


def with_gcc(path):
    return [os.environ["EMF_CC"], *flags(path), "-std=gnu17", "-O1", "-fanalyzer", "-S", "-o", "/dev/null", os.path.join(SOURCE, path)]


def with_clang_tidy(path):
    return ["clang-tidy", "--quiet", f"--config-file={HERE}/clang-tidy.yaml", os.path.join(SOURCE, path), "--", *flags(path), "-std=gnu17"]


def with_cppcheck(path):
    # Headers of the system are not read, and macros that choose between systems not tried.
    return ["cppcheck", *CPPCHECK, *(f for f in flags(path) if f.startswith(("-D", "-I"))), os.path.join(SOURCE, path)]


TOOLS = {"gcc": with_gcc, "clang-tidy": with_clang_tidy, "cppcheck": with_cppcheck}


def sources():
    paths = [os.path.relpath(p, SOURCE) for folder in ("core", "modules") for p in sorted(glob.glob(os.path.join(SOURCE, folder, "*.c")))]
    built = os.environ["EMF_MODULES"].split()
    return [p for p in paths if not p.endswith((".bpf.c", ".test.c")) and (p.startswith("core/") or os.path.basename(p)[:-2] in built)]


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def findings(output):
    for path, line, text, check in FOUND.findall(output):
        path = os.path.relpath(os.path.realpath(path), os.path.realpath(SOURCE))
        with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
            source = f.read().splitlines()[int(line) - 1].strip()
        yield Finding(path, int(line), check, text, source)


def known(tool):
    with open(os.path.join(HERE, f"{tool}.known"), encoding="utf-8") as f:
        return {line.strip() for line in f if line.strip() and not line.startswith("#")}


def analyze(tool, paths):
    """The findings that are new, and what is known and was not found."""
    found, said = set(), known(tool)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (status, output) in zip(paths, pool.map(run, map(TOOLS[tool], paths))):
            here = set(findings(output))
            if status and not here:
                sys.exit(f"{tool} could not read {path}:\n{output}")
            found |= here
    keys = {f: f"{f.path} {f.check}: {f.source}" for f in found}
    return sorted(f for f in found if keys[f] not in said), sorted(said - set(keys.values()))


def main():
    status = 0
    unknown = [tool for tool in sys.argv[1:] if tool not in TOOLS]
    if unknown:
        sys.exit(f"there is no analyzer {unknown[0]}; there are: {' '.join(TOOLS)}")
    for tool in sys.argv[1:] or TOOLS:
        begin = time.monotonic()
        try:
            new, old = analyze(tool, sources())
        except FileNotFoundError:
            sys.exit(f"{tool} is not installed: ./bootstrap analyze installs what is needed")
        for f in new:
            print(f"{f.path}:{f.line}: {f.text} [{f.check}]\n    {f.source}")
        for line in old:
            print(f"{tool}.known: no longer found: {line}")
        print(f"{tool}: {len(new)} new findings in {len(sources())} files, {time.monotonic() - begin:.0f} seconds", flush=True)
        status = status or bool(new)
    sys.exit(status)


main()
