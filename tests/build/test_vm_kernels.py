# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Some tests of the kernel on other kernels: what each of them lacks or does in another way is asked in every run of make check.

Without these, a product that no longer starts on a kernel of a stable release would be found by make check-vm alone, which takes hours.
"""
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

LIMIT = 900  # seconds for a guest, which takes some three hundred


def on(kernel):
    tap.need_root()
    # What a guest writes to is below the build folder: /tmp and /var/tmp are its own.
    kept = os.path.join(tap.BUILD, "obj", "guests")
    log = os.path.join(kept, "log", kernel)
    shutil.rmtree(log, ignore_errors=True)
    try:
        suite.elsewhere(kernel, MARKED, kept, 1, size=len(MARKED), limit=LIMIT)
    except kernels.Missing as e:
        raise tap.Skip(str(e)) from None
    result = matrix.Matrix(os.path.join(kept, "log"), MARKED, [kernel])
    print("\n".join("# " + line for line in result.text().splitlines()))
    tap.equal(result.failed, False, f"whether one failed, or is skipped for what doctor does not say ({log})")


def test_the_marked_tests_pass_on_linux_5_10():
    on("5.10")


def test_the_marked_tests_pass_on_linux_6_1():
    on("6.1")


def test_the_marked_tests_pass_on_linux_6_12():
    on("6.12")


if __name__ == "__main__":
    tap.main()
