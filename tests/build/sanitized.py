# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A product that is built with the address and undefined-behaviour sanitizers of a compiler, and used."""
import os

import scratch
import tap


# A report has this status, which nothing else has.
BROKEN = 99
SANITIZERS = {"ASAN_OPTIONS": f"exitcode={BROKEN}:detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode={BROKEN}",
              "LSAN_OPTIONS": f"exitcode={BROKEN}:print_suppressions=0"}


def clean(compiler, *words):
    """From start to end; with @words, make is asked for these, too."""
    parent = tap.folder()
    checked = scratch.Build(scratch.source(parent), os.path.join(parent, "b"), "--enable-sanitizers", "--enable-werror", f"CC={compiler}")
    checked.make()
    if words:
        checked.make(*words)
    for shown in (["list"], ["--help"], ["list", "-j"], ["no-such-thing"], ["runqlat", "--help"]):
        done = tap.run(checked.product(), *shown)
        if "Sanitizer" in done.stderr or "runtime error" in done.stderr:
            raise AssertionError(done.stderr)
    tap.need_root()
    # With an interval: a timer is pending when its module is destroyed.
    done = tap.run(checked.product(), "run", "execsnoop", "runqlat", "tcpstates", "hello", "-d", "500ms",
                   "--interval", "200ms", "--failed")
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")
    return checked
