# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A letter of an option is one option in the whole collection, and docs/output.md has all of them.

Without these, -x would be what failed in one tool, and something else in the next.
"""
import glob
import os
import re

import tap

SHARED = {"p": "pid", "u": "user", "c": "cgroup", "n": "count", "T": "timestamps", "d": "duration", "v": "verbose", "j": "json", "h": "help"}
PARAM = re.compile(r"^\tparam\s+\S+\s+(\w+)[^;]*\bshort '(.)'", re.MULTILINE)
ROW = re.compile(r"^\| `-(\w)` \| `--([\w-]+)` \|", re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def letters():
    """(tool, letter, option) of each description."""
    for path in sorted(glob.glob(os.path.join(tap.SOURCE, "modules", "*.emf"))):
        for name, letter in PARAM.findall(read(path)):
            yield os.path.basename(path), letter, name.replace("_", "-")


def catalogue():
    section = read(os.path.join(tap.SOURCE, "docs", "output.md")).partition("\n## Letters\n")[2].partition("\n## ")[0]
    return ROW.findall(section)


def test_a_letter_is_the_same_option_in_every_tool():
    known = dict(SHARED)
    for tool, letter, option in letters():
        tap.equal(option, known.setdefault(letter, option), f"-{letter} of {tool}")


def test_the_catalogue_has_each_letter_once_and_none_that_no_tool_has():
    tap.equal(len(catalogue()) > 10, True, "whether the catalogue is found")
    tap.equal(sorted(catalogue()), sorted({(letter, option) for _, letter, option in letters() if option != SHARED.get(letter)}), "letters")


tap.main()
