# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Methods that programs in the kernel serve, on kernels with such programs and without.

Without these, a module with one such method would not load before Linux 5.14, or its
callers would learn that the method is not there from an answer of the verifier only.

On another machine's kernel: build once here, and give the product as EMF_SERVED there.
"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import HAS_SYSCALL_PROGRAMS, Tool, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


@scratch.once
def build(parent):
    """A product of the module kern, built once for all tests of this file."""
    if "EMF_SERVED" in os.environ:
        return os.environ["EMF_SERVED"]
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "served"), os.path.join(src, "modules"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made.product()


def product():
    tap.need_root()
    tap.PRODUCT = build()
    return tap.PRODUCT


def asked():
    """What a call answers while the module runs: status and both outputs. The rest of it is attached in any case."""
    environment = dict(os.environ, EMF_BUS=os.path.join(tap.folder(), "bus"))
    product()
    tool = Tool("run", "kern", "--bus", env=environment).ready()
    until(lambda: not tap.run(product(), "status", env=environment).returncode, "an answer")
    done = tap.run(product(), "call", "kern", "add", "a=40", "b=2", "-j", env=environment)
    tap.equal(tool.stop(), 0, "exit status of the module")
    return done.returncode, done.stdout, done.stderr, tool.err


def diagnosed():
    """The doctor's lines about the module, and what its JSON has."""
    lines = tap.run(product(), "doctor").stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["kern"])
    module, = json.loads(tap.run(product(), "doctor", "-j").stdout)["modules"]
    return [line.strip() for line in lines[at + 1:]], module["can_run"], module["lacking_served"]


def test_where_the_kernel_has_such_programs_they_answer():
    if not HAS_SYSCALL_PROGRAMS:
        raise tap.Skip("needs Linux 5.14 or later", doctor="before 5.14")
    status, answer, said, log = asked()
    tap.equal((status, json.loads(answer), said, log), (0, {"sum": 42}, "", ""), "status, answer and messages")
    tap.equal(diagnosed(), ([], True, []), "what the doctor says")


def test_where_the_kernel_has_none_the_method_answers_so_and_the_rest_runs():
    if HAS_SYSCALL_PROGRAMS:
        raise tap.Skip("needs Linux before 5.14", doctor="from 5.14")
    status, answer, said, log = asked()
    tap.equal((status, answer), (1, ""), f"status and answer ({said})")
    tap.contains(said, "EOPNOTSUPP")
    tap.contains(log, "kern: warning: program 'add' cannot be run on this kernel, which is older than 5.14: what it serves answers ENOTSUP")
    tap.equal(diagnosed(), (["methods answer ENOTSUP (before Linux 5.14), those served by bpf: add"], True, ["add"]), "what the doctor says")


def test_who_may_not_load_programs_is_not_told_that_the_kernel_is_old():
    product()
    done = tap.run("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--", product(), "run", "kern", "-d", "50ms")
    tap.equal((done.returncode, "5.14" in done.stderr), (77, False), f"exit status, and whether it is told ({done.stderr})")
    tap.contains(done.stderr, "Operation not permitted")


tap.main()
