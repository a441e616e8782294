# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The tests of the kernel on other kernels: all of them on Linux 6.1, and some on an older and a newer one, in every run of make check.

Without these, what no longer runs on a kernel of a stable release would be found by make check-vm alone, which takes hours.
"""
import functools
import glob
import os
import shutil
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "vm"))

import kernels  # noqa: E402 - the path has to be set first
import matrix  # noqa: E402
import suite  # noqa: E402
import tap  # noqa: E402

# They need nothing but the product, so that no guest waits for a build: what a kernel is found to have, how a tool starts, traces,
# counts and ends, a service and its manager, programs on interfaces, what is told when it cannot, and rights.
MARKED = [os.path.join(TESTS, "kernel", f"test_{name}.py") for name in ("exit_status", "doctor", "serve", "notify", "show", "execsnoop", "runqlat", "tcpstates", "acl", "least")]

ALL = sorted(glob.glob(os.path.join(TESTS, "kernel", "test_*.py")))

# What a guest writes to is below the build folder: /tmp and /var/tmp are its own.
LOGS = os.path.join(tap.BUILD, "obj", "guests")
LIMIT = 1800  # seconds for a guest, which takes some six hundred beside the other tests
# So many at once, each with a processor and 2 GiB of memory at most. One waits a tenth of its time for what it has told to begin or to end.
GUESTS = min(4, (os.cpu_count() or 1) + 1)


@functools.cache
def run():
    """All of them, so many guests at once. Return: the kernels that cannot be had, and why."""
    tap.need_root()
    shutil.rmtree(LOGS, ignore_errors=True)
    jobs = [("5.10", MARKED, None), ("6.12", MARKED, None), *suite.batches("6.1", ALL)]
    return suite.elsewhere(jobs, os.path.join(tap.BUILD, "obj", "kept"), GUESTS, limit=LIMIT, logs=LOGS, processors=1)


def passes(kernel, tests):
    lacking = run()
    if kernel in lacking:
        raise tap.Skip(str(lacking[kernel]))
    result = matrix.Matrix(LOGS, tests, [kernel])
    print("\n".join("# " + line for line in result.text().splitlines()))
    tap.equal(result.failed, False, f"whether one failed, or is skipped for what doctor does not say ({LOGS}/{kernel})")


def test_the_marked_tests_pass_on_linux_5_10():
    passes("5.10", MARKED)


def test_the_marked_tests_pass_on_linux_6_12():
    passes("6.12", MARKED)


def test_all_tests_of_the_kernel_pass_on_linux_6_1():
    passes("6.1", ALL)


if __name__ == "__main__":
    tap.main()
