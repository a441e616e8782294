# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Each fuzz target under libFuzzer, EMF_FUZZ_SECONDS (10) long, two at once: without these, a change of what
reads untrusted bytes could do harm that its corpus does not show.

What is found stays in obj/fuzz; "make fuzz T=NAME" goes on from there.
"""
import atexit
import concurrent.futures
import functools
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first

SECONDS = int(os.environ.get("EMF_FUZZ_SECONDS", "10"))
TARGETS = sorted(os.path.basename(path)[len("fuzz_"):-len(".c")] for path in glob.glob(os.path.join(tap.SOURCE, "tests", "fuzz", "fuzz_*.c")))
BUILD = 600  # seconds that the core may take to be compiled


def make(*words, timeout):
    return tap.run("make", "-s", *words, cwd=tap.BUILD, timeout=timeout, env=scratch.compiling(), stderr=subprocess.STDOUT)


@functools.cache
def clang():
    with open(os.path.join(tap.BUILD, "Makefile")) as f:
        return re.search(r"^CLANG = (.*)$", f.read(), re.MULTILINE).group(1)


@functools.cache
def build():
    """What is wrong with this machine, or the output of a build that failed; None."""
    folder = tap.folder()
    source = os.path.join(folder, "none.c")
    scratch.write(source, "int LLVMFuzzerTestOneInput(const unsigned char *, unsigned long);\n"
                          "int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { return !data || !size ? 0 : 0; }\n")
    if tap.run(clang(), "-fsanitize=fuzzer,address", "-o", os.path.join(folder, "none"), source).returncode:
        return tap.Skip("clang has no fuzzer here (Debian: libclang-rt-dev; Fedora: compiler-rt)")
    done = make(f"-j{os.cpu_count()}", "fuzz-programs", timeout=BUILD)
    return AssertionError(f"the fuzz targets were not built:\n{done.stdout[-4000:]}") if done.returncode else None


def fuzz(target, found):
    # From the same seed, so that what is found in a check is there in the next one.
    return make("fuzz", f"T={target}", f"FUZZ_SECONDS={SECONDS}", f"FUZZ_FOUND={found}", "FUZZ_OPTIONS=-seed=1", timeout=SECONDS + tap.PATIENCE)


def wanted(target):
    return not sys.argv[1:] or any(word in name(target) for word in sys.argv[1:])


def name(target):
    return f"test_nothing_that_is_read_as_{target}_does_harm"


@functools.cache
def runs():
    """All that are asked for, begun with the first."""
    pool = concurrent.futures.ThreadPoolExecutor(2)
    found = tempfile.mkdtemp(prefix="emf-test-")  # for this run alone: each begins with the corpus
    atexit.register(shutil.rmtree, found)
    return {target: pool.submit(fuzz, target, found) for target in TARGETS if wanted(target)}


def check(target):
    wrong = build()
    if wrong:
        raise wrong
    done = runs()[target].result()
    if done.returncode:
        raise AssertionError(f"fuzz_{target} ended with {done.returncode}:\n{done.stdout[-6000:]}")
    tried = re.search(r"stat::number_of_executed_units: *(\d+)", done.stdout)
    tap.equal(bool(tried) and int(tried.group(1)) > 0, True, f"whether anything was tried in\n{done.stdout[-2000:]}\n")


def test_a_word_that_is_no_target_is_told_with_those_that_there_are():
    done = make("fuzz", "T=no_such_target", timeout=tap.PATIENCE)
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stdout, f"there is no fuzz target no_such_target; T is of: {' '.join(TARGETS)}")


def test_each_target_has_a_corpus_and_all_of_the_core_tells_the_fuzzer_where_it_goes():
    for target in TARGETS:
        tap.equal(bool(os.listdir(os.path.join(tap.SOURCE, "tests", "fuzz", "corpus", target))), True, f"whether there is a corpus of {target}")
    wrong = build()
    if wrong:
        raise wrong
    shown = tap.run("nm", "-A", os.path.join(tap.BUILD, "obj", "fuzz", "core.a")).stdout
    objects = set(re.findall(r"core\.a:([^:]+):[0-9a-f]+ [tT] ", shown))
    tap.equal(len(objects) > 100, True, f"whether these are the objects of the core: {objects}")
    tap.equal(objects - {"syscall_names.o"} - set(re.findall(r"core\.a:([^:]+):.* __start___sancov_cntrs", shown)), set(), "those that do not, beside one that is a table")


def sentence(target):
    def runs_it():
        check(target)
    return runs_it


globals().update({name(target): sentence(target) for target in TARGETS})
tap.main()
