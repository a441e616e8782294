# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emf test: the tests that a module brings along.

Without these, a test of a module could pass whatever the module does, and what 'emfgen
new' writes could fail before anybody changed it.
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def sources(parent):
    """With a module as 'emfgen new' writes it, and one with tests that fail."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "module_tests"), os.path.join(src, "modules"))
    done = tap.run(sys.executable, os.path.join(src, "gen", "emfgen"), "new", "module", "fresh", cwd=src)
    tap.equal((done.returncode, done.stderr), (0, ""), "emfgen new")
    tap.contains(done.stdout, "next: make && ./emf test fresh && ./emf fresh")
    return src


def made(src, parent):
    built = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    built.make()
    return built


@scratch.once
def build(parent):
    return made(sources(parent), parent)


@scratch.once
def broken(parent):
    """The same, and the new module does what its tests do not expect."""
    src = sources(parent)
    path = os.path.join(src, "modules", "fresh.bpf.c")
    with open(path) as f:
        text = f.read()
    scratch.write(path, text.replace("if (parent && started_by != parent)", "if (parent && started_by == parent)")
                  .replace("e->parent = started_by;", "e->parent = 0;"))
    return made(src, parent)


def tested(*words, product=build):
    tap.need_root()
    done = tap.run(product().product(), "test", *words)
    return done.returncode, [line for line in done.stdout.splitlines() if not line.startswith("#")], done.stdout, done.stderr


def test_the_tests_that_the_generator_writes_pass():
    status, lines, out, err = tested("fresh")
    tap.equal((status, sorted(lines[1:3]), lines[-1], err), (0, ["ok 1 - a program of another parent is not shown",
              "ok 2 - a program that starts is shown with its parent"], "2 passed, 0 failed, 0 skipped", ""), f"the tests ({out})")


def test_they_fail_when_the_program_is_broken():
    status, lines, out, _ = tested("fresh", product=broken)
    tap.equal((status, lines[1][:6], lines[2][:6]), (1, "not ok", "not ok"), f"the tests ({out})")
    tap.contains(out, "# nothing like this was printed: {\"event\":\"started\",\"args\":{\"pid\":")
    tap.contains(out, "# what was printed last:\n# {\"module\":\"fresh\",\"event\":\"started\"")


def test_a_program_is_run_on_a_packet_in_a_namespace_of_its_own():
    for name in ("a_short", "a_parameter", "only_the_loopback"):
        status, lines, out, _ = tested("gate", name)  # that its program hangs nowhere is a warning
        tap.equal((status, lines[-1]), (0, "1 passed, 0 failed, 0 skipped"), f"the tests ({out})")


def test_what_went_wrong_is_told():
    for name, *said in (("what_is_expected", "nothing like this was printed: {\"event\":\"refused\",\"args\":{\"length\":151}}",
                         "{\"module\":\"gate\",\"event\":\"refused\",\"args\":{\"length\":150}}", "this was printed: {\"event\":\"refused\"}"),
                        ("wrong_names", "the module has no program 'pass_long'",
                         "the module has no event of a map 'event_accepted'; that of a described event NAME is event_NAME",
                         "what is expected is no JSON: ", "'false' ended with status 0x100", "'/no/such/program' cannot be run: No such file or directory"),
                        ("wrong_it_crashes", "the process of the test was killed")):
        status, lines, out, _ = tested("gate", name)
        tap.equal((status, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"), f"the tests ({out})")
        for text in said:
            tap.contains(out, text)
    tap.contains(tested("gate", "wrong_setting")[3], "gate: wrong_setting: shortest=1: there is no such parameter, or no '='")


def test_what_is_not_there_is_told():
    for words, said in ((("gate", "nonsense"), "module 'gate' has no test 'nonsense'"), (("gates",), "did you mean 'gate'?"),
                        ((), "which module?")):
        status, lines, _, err = tested(*words)
        tap.equal((status, lines), (2, []), f"test {words}")
        tap.contains(err, said)


@tap.of_the_build
def test_a_product_can_be_built_without_them():
    made = scratch.Build(build().src, os.path.join(os.path.dirname(build().path), "without"), "--enable-werror", "--disable-module-tests")
    made.make()
    done = tap.run(made.product(), "test", "gate")
    tap.equal((done.returncode, "module 'gate' has no tests: they are written into modules/gate.test.c, see docs/testing.md" in done.stderr), (2, True),
              f"its tests ({done.stderr})")


tap.main()
