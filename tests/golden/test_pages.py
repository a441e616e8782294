# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The manual page of a tool, from what is declared, what a kernel part alone says, and a text.

Without these, a sentence of a text could become a macro of man, an option could be
missing, or a command be that of another product.
"""
import os
import shutil
import sys

import tap

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib.doc_man import ToolMan  # noqa: E402 - the path has to be set first
from emfgenlib.tool_text import Writer, read  # noqa: E402

EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")

DESCRIBED = """/// tells of things that are tried
module tried 0.1 by_name {
	needs cap(BPF);
	/// how many at once
	param u32 most = 8 range(1..MOST) short 'm' live;
	/// what becomes of the others
	param verdict otherwise = DROP;
	/// all of them
	param bool all;
	/// where it is written
	param string<=63 log;
	/// A thing was tried.
	event thing(
		pid pid,
		verdict verdict,
		/// what it is called
		string<=LONG name
	);
	event kept(u32 number) handled;
}

enum verdict : u32 { PASS, DROP }
const MOST = 64;
const LONG = 31;
"""

TEXT = """# tried

Tries `emf tried --all`, **really**: see [its list](../list.md), \\*not\\* [other](other.md)(8).
A second line - of the paragraph.

.A line that is no macro, 'nor this

| sign | means |
|---|---|
| `a \\| b` | one of two |

- first
  and more
- `second`

## What it costs

Nothing.

## Examples

```
# emf tried -m 2
\ttab \\ and .dot

# a comment
```
"""


def made(product="emf", **files):
    """The page of a module without a kernel part, by the generator's own command."""
    folder = tap.folder()
    os.mkdir(os.path.join(folder, "modules"))
    for name, text in files.items():
        with open(os.path.join(folder, "modules", "tried." + name), "w", encoding="utf-8") as f:
            f.write(text)
    done = tap.run(sys.executable, EMFGEN, "pages", "--product", product, cwd=folder)
    tap.equal((done.returncode, done.stderr), (0, ""), "status and stderr")
    with open(os.path.join(folder, "obj", "pages", f"{product}-tried.8"), encoding="utf-8") as f:
        return f.read()


def checked(page):
    """The page as a terminal shows it, without a warning of those that read it."""
    path = os.path.join(tap.folder(), "page.8")
    with open(path, "w", encoding="utf-8") as f:
        f.write(page)
    if shutil.which("mandoc"):
        tap.equal(tap.run("mandoc", "-T", "lint", "-W", "warning", path).stdout, "", "what mandoc says")
    if not shutil.which("man"):
        raise tap.Skip("man is not installed")
    environment = {**os.environ, "MANWIDTH": "160", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": "", "GROFF_NO_SGR": "1"}
    done = tap.run("man", "--warnings", "-E", "UTF-8", "-l", path, env=environment)
    tap.equal((done.returncode, done.stderr), (0, ""), "man's status and warnings")
    plain = tap.run("col", "-b", input=done.stdout, stdin=None).stdout
    return " ".join(plain.split())


def test_a_page_has_the_name_and_what_the_description_says_of_it():
    shown = checked(made(emf=DESCRIBED))
    tap.contains(shown, "NAME emf-tried - tells of things that are tried SYNOPSIS emf tried [OPTIONS] DESCRIPTION Tells of things that are tried.")
    tap.contains(shown, "It runs only where it is named: emf tried, or in the configuration. Without root it needs CAP_BPF.")


def test_each_option_has_its_letter_its_value_its_help_and_what_it_can_be():
    shown = checked(made(emf=DESCRIBED))
    for part in ("-m, --most NUMBER How many at once. From 1 to 64. Default: 8. May change while a service runs.",
                 "--otherwise NAME What becomes of the others. One of PASS, DROP. Default: DROP.",
                 "--all[=yes|no] All of them.", "--tried.log TEXT Where it is written."):  # every tool has a --log
        tap.contains(shown, part)


def test_events_that_are_printed_are_told_with_their_members():
    shown = checked(made(emf=DESCRIBED))
    tap.contains(shown, "OUTPUT thing A thing was tried. pid (pid) verdict (verdict) One of PASS, DROP. name (string<=31) What it is called.")
    tap.equal("kept (" in shown or "number (" in shown, False, "an event that is not printed is told")
    tap.contains(shown, "SIGNALS Of a service that runs it, each event is a signal, for the administrator: tried.thing")


def test_the_text_of_a_tool_is_its_description_and_its_examples():
    shown = checked(made(emf=DESCRIBED, md=TEXT))
    tap.contains(shown, "DESCRIPTION Tries emf tried --all, really: see its list, *not* emf-other(8)(8). A second line - of the paragraph. "
                        ".A line that is no macro, 'nor this a | b one of two")
    tap.contains(shown, "first and more")
    tap.contains(shown, "WHAT IT COSTS Nothing. OPTIONS")
    tap.contains(shown, "EXAMPLES # emf tried -m 2 tab \\ and .dot # a comment SEE ALSO emf(8), emf-other(8)")
    tap.equal("Tells of things that are tried. It runs" in shown, False, "the description stands there twice")


def test_commands_and_pages_are_those_of_the_product():
    shown = checked(made("net-top", emf=DESCRIBED, md=TEXT))
    for part in ("net-top-tried - tells", "Tries net-top tried --all", "# net-top tried -m 2", "SEE ALSO net-top(8), net-top-other(8)"):
        tap.contains(shown, part)
    tap.equal("emf tried" in shown or "emf-" in shown, False, "a command of another product")


def test_a_module_that_says_nothing_has_a_page():
    tap.contains(checked(made(emf="module tried;")), "OPTIONS It has those of all tools, which emf(8) explains. SEE ALSO")
    shown = checked(made(c='#include <emf.h>\nstatic struct module m = { .name = "tried" };\nebpf_module(m);\n'))
    tap.contains(shown, "emf-tried - a module: its help is tried --help")


def test_nothing_of_a_text_drives_man_or_a_terminal():
    nasty = "# x\n\n.SH NO\n'br\n\\fBbold\\fR `\\n` [a](b) `` ` `` | | \x1b[31m \n\n```\n.TH X\n'\\\n```\n\n| a |\n\n- \n-\n\n## Examples\n\n```\nopen"
    shown = checked(made(emf=DESCRIBED, md=nasty))
    tap.contains(shown, ".SH NO 'br")
    tap.equal("\x1b" in shown, False, "an escape of a terminal")
    tap.contains(shown, "EXAMPLES open SEE ALSO")


def test_parts_of_a_text_begin_at_headings_of_the_second_level_outside_of_code():
    text = read("# name\nfirst\n## One\n### deeper\n```\n## no heading\n```\n## Examples\nlast\n")
    tap.equal(list(text.parts), ["", "One", "Examples"], "parts")
    tap.equal(text.others, ["One"], "sections")
    page = ToolMan("x", "y")
    page.lines = []
    Writer(page, "emf").write(text.of("One"))
    tap.equal(page.lines, ['.SS "deeper"', ".nf", ".RS 4", "## no heading", ".RE", ".fi"], "lines")


tap.main()
