# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The part of a page of packaging/man that says what the help of a command says: between two comments, made of that help.

UPDATE_GOLDEN=1 with tests/build/test_pages.py writes it anew, after a change of a command or its options.
"""
import os
import re

import tap

GROUPS = {
    "run": ("run", "read", "test", "list", "doctor"),
    "serve": ("serve", "status", "metrics", "top", "start", "stop", "get", "set", "acl", "purge"),
    "module": ("load", "unload", "upgrade", "rollback"),
    "package": ("pack", "key", "sign", "verify"),
    "bus": ("call", "listen", "monitor", "replay", "send", "services", "describe", "wait", "peers"),
    "chain": ("chain",),
}
WITHOUT_OPTIONS = {"help", "version"}  # emf(8) has them

_OPTION = re.compile(r"^ +(?:(-\w), )?(--[\w-]+)(\S*)(?: ([^ ].*?))?(?:  +(.*))?$")


def path(group):
    return os.path.join(tap.SOURCE, "packaging", "man", f"emf-{group}.1.in")


def text_of(group):
    with open(path(group), encoding="utf-8") as f:
        return f.read()


def commands(product):
    """All that its help lists."""
    listed = tap.run(product, "--help").stdout.split("\nCommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\w+) ", listed, re.MULTILINE)


def _escaped(text):
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"))


def _of_option(line):
    letter, name, rest, argument, what = _OPTION.match(line).groups()
    word = ", ".join(f"\\fB{_escaped(o)}\\fR" for o in (letter, name) if o)
    return f".TP\n{word}{_escaped(rest)}{f' {chr(92)}fI{_escaped(argument)}{chr(92)}fR' if argument else ''}\n{_escaped(what[0].upper() + what[1:])}.\n"


def part(product, command):
    """What a page says of a command: its words, its line, its options."""
    # A module may be named "acl" as well; a word more, and the command is meant.
    said = tap.run(product, command, *(["explain"] if command == "acl" else []), "--help").stdout
    usage, summary, *rest = said.splitlines()
    words = usage.split(f" {command} ", 1)[1] if f" {command} " in usage else ""
    # Options that need a module are told on its page.
    options = [line for line in rest if line.startswith(" ")]
    return f".SS {command}\n.B emf {command}\n{_escaped(words)}".rstrip("\n") + f"\n.PP\n{_escaped(summary)}\n" + "".join(map(_of_option, options))


def between(text, command):
    """The text before it, it, and behind it."""
    begin, end = f'.\\" {command}: its help\n', f'.\\" {command}: end\n'
    before, rest = text.split(begin, 1)
    inside, after = rest.split(end, 1)
    return before + begin, inside, end + after
