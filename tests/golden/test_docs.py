# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The reference of the language says what the code does: its examples pass or fail as
it says, and no word, type or limit is missing.

Without these, docs/idl.md and emf-idl(5) would describe an older language after the
next change.
"""
import os
import re
import shutil
import sys

import tap
from idl_words import choices, keywords, limits, type_names

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import sections, types  # noqa: E402 - the path has to be set first
from emfgenlib.attach import PLACES  # noqa: E402
from emfgenlib.check_file import check_file, check_loaded  # noqa: E402
from emfgenlib.check_names import check_names_of  # noqa: E402
from emfgenlib.errors import Errors  # noqa: E402
from emfgenlib.fmt import canonical  # noqa: E402
from emfgenlib.imports import Loader  # noqa: E402
from emfgenlib.layout import Layouts  # noqa: E402
from emfgenlib.not_yet import refuse  # noqa: E402
from emfgenlib.parser import parse_text  # noqa: E402

REFERENCE = os.path.join("docs", "idl.md")
PAGES = ("packaging/man/emf-idl.5.in", "packaging/man/emfgen.1.in", "packaging/man/emf-client.3.in", "packaging/man/emf.8.in", "packaging/man/emf-package.5.in", "packaging/man/emf-acl.5.in", "packaging/man/emf.conf.5.in")
BLOCK = re.compile(r"^```emf(?: (file|error)[=:] ?([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(path):
    with open(os.path.join(tap.SOURCE, path), encoding="utf-8") as f:
        return f.read()


def missing(words, text, where):
    lacking = [w for w in words if not re.search(rf"(?<!\w){re.escape(w)}(?!\w)", text)]
    if lacking:
        raise AssertionError(f"{where} does not tell of: {', '.join(lacking)}")


def man_text(path):
    """A page as its source says it, without the escapes."""
    return re.sub(r"\\f.|\\&", "", read(path)).replace("\\-", "-").replace("\\e", "\\")


# --- examples -------------------------------------------------------------------------------


def check_blocks(path):
    folder, count = tap.folder(), 0
    for kind, said, text in BLOCK.findall(read(path)):
        count += 1
        file = os.path.join(folder, said if kind == "file" else f"block{count}.emf")
        with open(file, "w", encoding="utf-8") as f:
            f.write(text)
        errors = Errors()
        layouts = Layouts(errors)
        files = check_loaded([file], Loader([], errors), layouts)
        if not errors:
            check_names_of(files, layouts, errors)
        if kind == "error":
            tap.equal([e.message for e in errors.found], [said], f"errors of block {count}")
        else:
            tap.equal(errors.report(), "", f"errors of block {count}")
            tap.equal(canonical(file, text, errors), text, f"block {count} in canonical form")
    return count


def test_examples_of_the_reference_are_as_it_says():
    tap.equal(check_blocks(REFERENCE) > 10, True, "there are examples")


def test_examples_of_the_readme_pass():
    check_blocks("README.md")


def test_examples_of_the_manual_pass():
    text = man_text(PAGES[0]).split(".nf\n.RS\n")[1].split(".RE")[0].replace("    ", "\t")
    errors = Errors()
    check_file(parse_text("flow.emf", text, errors), errors)
    tap.equal(errors.report(), "", "errors")


# --- words, types, limits ---------------------------------------------------------------------


def test_the_reference_and_the_manual_tell_of_every_word():
    words = keywords() + choices()
    tap.equal(len(words) > 60, True, "words were found")
    missing(words, read(REFERENCE), REFERENCE)
    missing(words, man_text(PAGES[0]), PAGES[0])


def c_type(t):
    elements = getattr(t, "elements", 0)
    return t.c + (f"[{elements}]" if elements else "")


def test_the_reference_has_every_type_with_its_c_type_and_size():
    text = read(REFERENCE)
    for name, t in types.BUILT_IN.items():
        tap.contains(text, f"\n| `{name}` | `{c_type(t)}` | {t.size} | ", REFERENCE)
    missing(type_names(), text, REFERENCE)
    listed = set(re.findall(r"^\| `(\w+)` \| `[^`]*` \| \d+ \|", text, re.MULTILINE))
    tap.equal(listed, set(types.BUILT_IN), "types of the table")


def test_the_manual_has_every_type_with_its_c_type_and_size():
    text = man_text(PAGES[0])
    for name, t in types.BUILT_IN.items():
        tap.contains(text, f"\n{name}\t{c_type(t)}\t{t.size}\t", PAGES[0])


def test_the_alignment_of_types_is_their_size_but_for_those_that_are_named():
    other = {f"`{name}` ({t.align})" for name, t in types.BUILT_IN.items() if t.align != t.size}
    tap.equal(other, {"`ip6` (4)", "`ip` (4)", "`mac` (1)", "`comm` (1)"}, "exceptions")
    tap.contains(read(REFERENCE), "except `ip6` (4), `ip` (4), `mac` and `comm` (1).", REFERENCE)


def test_every_limit_is_told():
    found = limits()
    tap.equal(len(found) > 5, True, "limits were found")
    told = {section: set(re.findall(r"\d+", text)) for section, text in (
        (REFERENCE, read(REFERENCE).split("## Limits")[1]), (PAGES[0], man_text(PAGES[0]).split(".SH LIMITS")[1]))}
    for name, value in found.items():
        for where, numbers in told.items():
            if str(value) not in numbers:
                raise AssertionError(f"{where} does not tell of {name}, {value}, under its limits")


def test_the_reference_says_what_is_not_built_yet():
    wanted = {kind for kind in sections.KINDS if kind not in PLACES and sections.is_known(kind)}
    section = read(REFERENCE).split("## Not built yet")[1]
    tap.equal(set(re.findall(r"`(\w+)`", section.split("\n\n")[2])), wanted, "kinds of attach that are not built")
    told = set(re.findall(r"\w+", man_text(PAGES[0]).split('.SH "NOT BUILT YET"')[1].split(".PP")[1].split(".SH")[0]))
    tap.equal(told, wanted, "kinds of attach that are not built, in the manual")


def test_the_build_refuses_what_is_not_built_yet_and_nothing_else():
    tap.equal(refused('module m { attach p tc("eth0"); }'), ["nothing is built from 'attach tc' yet"], "refusal of a kind")
    for text in ("chain c : uprobe { slot a; default OK; } module m { plug p into c.a; }", "const X = 1;", "enum e : u8 { A }", "struct s { u8 a; }", "module m { counter c from rows; gauge g from event e.a; histogram h log2 from rows; event e(u8 a); }",
                 "service s 1.0 { method m() -> () access(read); signal g(u8 a); }",
                 "module m { needs cap(BPF); param u8 a; event e(u8 a) handled; callbacks create; provides s; uses t; attach p raw_tp(\"x\"); }"):
        tap.equal(refused(text), [], f"refusals of {text}")


def refused(text):
    errors = Errors()
    file = parse_text("x.emf", text, errors)
    tap.equal(errors.report(), "", "syntax errors")
    refuse(file, errors)
    return [e.message for e in errors.found]


# --- man pages -----------------------------------------------------------------------------------


def test_man_pages_have_no_warnings():
    if not shutil.which("man"):
        raise tap.Skip("man is not installed")
    for page in PAGES:
        done = tap.run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", os.path.join(tap.SOURCE, page),
                       env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
        tap.equal((done.returncode, done.stderr), (0, ""), f"man of {page}")


def test_man_pages_pass_mandoc():
    if not shutil.which("mandoc"):
        raise tap.Skip("mandoc is not installed")
    for page in PAGES:
        done = tap.run("mandoc", "-T", "lint", "-W", "warning", os.path.join(tap.SOURCE, page))
        tap.equal(done.stdout, "", f"mandoc of {page}")


def test_the_manual_of_the_generator_tells_of_every_command_and_option():
    usage = tap.run(sys.executable, os.path.join(tap.SOURCE, "gen", "emfgen"), "--help").stdout
    commands = re.findall(r"^    (\w+) ", usage, re.MULTILINE)
    tap.equal(len(commands) > 5, True, "commands were found")
    missing(commands, man_text(PAGES[1]), PAGES[1])
    for command in ("check", "fmt", "diff", "doc", "new"):
        usage = tap.run(sys.executable, os.path.join(tap.SOURCE, "gen", "emfgen"), command, "--help").stdout
        missing(sorted(set(re.findall(r"(?<!\w)--?[A-Za-z][A-Za-z-]*", usage)) - {"-h", "--help"}), man_text(PAGES[1]), PAGES[1])


tap.main()
