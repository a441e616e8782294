# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen doc: what a file declares, as Markdown and as a man page.

Without these, a sentence of a doc could become a macro of man, a bar could break a
table, or a default could be missing from the documentation.
"""
import os
import random
import shutil
import sys

import tap
from idl_grammar import random_file

EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
IDL = os.path.join(tap.SOURCE, "tests", "golden", "idl")
GOOD = os.path.join(IDL, "good", "everything.emf")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
COUNT = min(int(os.environ.get("EMF_FUZZ_COUNT", "10")), 300)


def doc(path, format_="markdown"):
    done = tap.run(sys.executable, EMFGEN, "doc", "--format", format_, "-I", os.path.join(IDL, "shared"), path)
    tap.equal((done.returncode, done.stderr), (0, ""), "status and stderr")
    return done.stdout


def of_text(text, format_="markdown"):
    path = os.path.join(tap.folder(), "x.emf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return doc(path, format_)


def man(text):
    """The page as man shows it; no warning may be given."""
    if not shutil.which("man"):
        raise tap.Skip("man is not installed")
    path = os.path.join(tap.folder(), "page.7")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    environment = {**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": "", "GROFF_NO_SGR": "1"}
    done = tap.run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path, env=environment)
    tap.equal((done.returncode, done.stderr), (0, ""), "man's status and warnings")
    return tap.run("man", "-E", "UTF-8", "-l", path, env=environment).stdout


def golden(name, format_):
    path, text = os.path.join(IDL, "doc", name), doc(GOOD, format_)
    if UPDATE:
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    with open(path, encoding="utf-8") as f:
        tap.equal(text, f.read(), name)


def test_everything_as_markdown_is_as_it_was_read_by_a_person():
    golden("everything.md", "markdown")


def test_everything_as_a_man_page_has_no_warnings():
    man(doc(GOOD, "man"))


SIGNS = """/// .TH is no macro
///
/// 'so a is none either, and \\fBno bold\\fR
///
/// a | b <c> *d* _e_ `f` [g](h) &amp; $x$ ~~y~~
///
/// # no heading
///
/// 1. no list
struct s {
	/// a | b <script>
	u8 x;
}
"""


def test_signs_of_markdown_are_escaped():
    text = of_text(SIGNS)
    for line in ("\n.TH is no macro\n", "'so a is none either, and \\\\fBno bold\\\\fR\n",
                 "a \\| b \\<c\\> \\*d\\* \\_e\\_ \\`f\\` \\[g\\](h) &amp;amp; \\$x\\$ \\~\\~y\\~\\~\n", "\n\\# no heading\n",
                 "\n1\\. no list\n", "| `x`    | `u8` | a \\| b \\<script\\> |\n"):
        tap.contains(text, line)


def test_requests_of_man_are_text():
    shown = man(of_text(SIGNS, "man"))
    for line in (".TH is no macro", "'so a is none either, and \\fBno bold\\fR", "a | b <c> *d* _e_ `f` [g](h) &amp; $x$ ~~y~~",
                 "# no heading"):
        tap.contains(shown, line)


def test_arguments_have_their_default_range_unit_and_doc():
    text = of_text("service s 1.1 {\n\tmethod m(\n\t\t/// How many.\n\t\tu32 n = 5 range(1..9) @unit(rows)\n\t) -> () "
                   "since 1.1 access(read) errors(EINVAL);\n}\n")
    tap.contains(text, "| Name | Type  | Default | Range    | Unit   | About     |\n")
    tap.contains(text, "| `n`  | `u32` | `5`     | `1 to 9` | `rows` | How many. |\n")
    tap.contains(text, "Returns nothing. Access: `read`. Errors: `EINVAL`. Since `1.1`.\n")


def test_parameters_are_options():
    text = of_text('module x 1.0 {\n\t/// Whose.\n\tparam string<=9 name = "a|b" short \'N\' live;\n\tparam bool all;\n}\n')
    tap.contains(text, '- `-N, --name string<=9`  \n  Whose. Default: `"a\\|b"`. May change while the module runs.\n- `--all`\n')


def test_a_file_with_errors_has_no_documentation():
    path = os.path.join(tap.folder(), "x.emf")
    with open(path, "w") as f:
        f.write("struct s { nothing x; }\n")
    done = tap.run(sys.executable, EMFGEN, "doc", path)
    tap.equal((done.returncode, done.stdout), (1, ""), "status and output")
    tap.contains(done.stderr, "there is no type 'nothing'", "stderr")


def test_random_files_have_documentation_without_warnings():
    for seed in range(COUNT):
        text = random_file(random.Random(seed), valid=True)
        of_text(text)
        man(of_text(text, "man"))


tap.main()
