# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""README.md and the tutorials, run as they are written there: every block of commands, and what they show of its output.

Without these, the first thing that somebody tries could fail, or show something else than the page says.
"""
import functools
import re

import document
import tap

README = "README.md"
TUTORIALS = ("docs/first-module.md", "docs/first-service.md", "docs/first-chain.md", "docs/sdk.md", "docs/testing.md", "docs/operating.md")


def said(name, heading):
    """What the commands of one section have printed."""
    return "\n".join(step.printed for step in ran(name) if step.heading.startswith(heading))


@functools.cache
def _tried(name):
    try:
        return document.run(name)
    except (AssertionError, tap.Skip) as error:
        return error


def ran(name):
    """Its steps; its failure is that of all tests that ask for it."""
    if isinstance(_tried(name), Exception):
        raise _tried(name)
    return _tried(name)


def matches(text, pattern, what):
    if not re.search(pattern, text, re.MULTILINE):
        raise AssertionError(f"{what}: nothing matches {pattern}:\n{text}")


def test_every_block_of_the_readme_runs_as_it_is_written():
    ran(README)


def test_the_first_module_of_the_readme_counts_and_goes_with_its_files():
    out = said(README, "Your first module")
    matches(out, r"^[1-9]\d* context switches$", "what was counted")
    tap.equal(re.search(r"^switches\b", out, re.MULTILINE), None, "whether the module is listed without its files")


def test_the_tool_of_one_file_prints_what_the_readme_says():
    out = said(README, "A tool in 20 lines of one file")
    steps, _ = document.read(README)
    with open(f"{tap.SOURCE}/{README}", encoding="utf-8") as f:
        example = re.search(r'`(\{"module".*?)`', f.read().split("\n## A tool in 20 lines", 1)[1]).group(1)
    tap.contains(out, "--min-status NUMBER       lowest status that is shown (default 1)")
    for status in (3, 40):
        matches(out, "^" + re.escape(example).replace("4711", r"\d+").replace(":3,", f":{status},") + "$", "lines of JSON")
    tap.contains(out, "    PID  STATUS COMM\n", "the heading")
    code = next(re.search(r"<<'END'\n(.*?)^END$", s.code, re.MULTILINE | re.DOTALL).group(1) for s in steps if "failures.bpf.c" in s.code)
    tap.equal(len([line for line in code.splitlines() if line]) <= 20, True, "20 lines")
    matches(out, r"^failures\.failure pid=\d+ status=\d+ comm=\S+$", "a signal")
    matches(out, r"^emf_failures_failure_total [1-9]\d*$", "a metric")


def test_the_service_of_the_readme_answers_as_it_says():
    out = said(README, "Your second module")
    matches(out, r"^greeter\b.*answer the calls of service greeter", "the list")
    matches(out, r"^greeting number 1\nhello, world$", "what the caller printed")
    for line in ("text  hello, you", '  "text": "hello, me"', "greeter.greeted times=1"):
        tap.contains(out, f"\n{line}\n", "what the shell printed")


def test_the_readme_links_every_tutorial():
    with open(f"{tap.SOURCE}/{README}", encoding="utf-8") as f:
        text = f.read()
    for name in TUTORIALS:
        tap.contains(text, f"]({name})", README)


def _runs(name):
    return lambda: ran(name)


def _is_skipped(reason):
    def skip():
        raise tap.Skip(reason)

    return skip


def _tests():
    """A test for each tutorial, and one for each block that is not run, so that these are seen."""
    for name in TUTORIALS:
        yield f"every block of {name} does what it says", _runs(name)
    for name in (README, *TUTORIALS):
        for heading, line, reason in document.read(name)[1]:
            yield f"the block of {name} under {heading} in line {line}", _is_skipped(reason)


globals().update(("test_" + re.sub(r"\W+", "_", sentence), function) for sentence, function in _tests())
tap.main()
