# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Builds with the sanitizers that make check has no time for; make check-long runs them. What make check has is in
test_profiles.py: the product with those of gcc."""
import glob
import os
import subprocess

import sanitized
import scratch
import tap

HOURS = 2  # for the tests of the kernel
SAID_MAX = 80  # lines of a file of tests of which something fails
THREADS = {"TSAN_OPTIONS": "halt_on_error=1 second_deadlock_stack=1"}


def test_a_product_with_the_sanitizers_of_clang_is_clean_and_nothing_of_it_gives_a_warning():
    sanitized.clean("clang", "check", "script_tests=")  # the tests are compiled, and those in C run


def test_the_loop_the_worker_the_bus_and_its_clients_are_clean_by_the_thread_sanitizer():
    parent = tap.folder()
    checked = scratch.Build(scratch.source(parent), os.path.join(parent, "b"), "--enable-sanitizers=thread", "--enable-werror")
    checked.env.update(THREADS)
    checked.make()
    # What it maps for itself has no place among addresses as random as the kernel can make them.
    scratch.must("setarch", "-R", "make", "check", "script_tests=", cwd=checked.path, env=checked.env)
    tap.need_root()
    done = tap.run("setarch", "-R", checked.product(), "run", "execsnoop", "runqlat", "tcpstates", "hello", "-d", "500ms", "--interval", "200ms",
                   "--failed", env=dict(os.environ, **THREADS))
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")


def test_the_tests_of_the_kernel_pass_with_a_product_with_the_sanitizers_of_gcc():
    tap.need_root()
    parent = tap.folder()
    os.chmod(parent, 0o711)  # users without privileges run it, too
    checked = scratch.Build(scratch.source(parent), os.path.join(parent, "b"), "--enable-sanitizers", "--enable-werror")
    checked.env.update(sanitized.SANITIZERS)
    checked.make()
    tests = [os.path.join("tests", "kernel", os.path.basename(path)) for path in sorted(glob.glob(os.path.join(tap.SOURCE, "tests", "kernel", "test_*.py")))]
    done = tap.run("make", "-k", "check", "TESTS=" + " ".join(tests), cwd=checked.path, env=checked.env, timeout=HOURS * 3600, stderr=subprocess.STDOUT)
    lines = done.stdout.splitlines()
    print("\n".join("# " + line for line in lines if line.startswith(("FAIL: ", "ERROR: ", "# TOTAL", "# PASS", "# SKIP"))))
    failed = [line for line in lines if line.startswith(("FAIL: ", "ERROR: "))]
    for name in sorted({line.split()[1] for line in failed}):
        log = os.path.join(checked.path, os.path.splitext(name)[0] + ".log")
        if not os.path.exists(log):
            continue
        with open(log, errors="replace") as f:
            print(f"# {name}:", *[line.rstrip()[:300] for line in f if line.startswith("#")][:SAID_MAX], sep="\n")
    tap.equal(failed, [], "cases that fail")
    tap.equal(sum(line.startswith("PASS: ") for line in lines) > len(tests), True, "whether they ran")


tap.main()
