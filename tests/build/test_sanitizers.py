# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Builds with the sanitizers that make check has no time for; make check-long runs them. What make check has is in
test_profiles.py: the product with those of gcc."""
import os

import sanitized
import scratch
import tap

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


tap.main()
