# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen fmt: one form for what says the same, and never another meaning.

Without these, a formatter could drop a comment, move it to what it does not belong
to, or shuffle a file forth and back between two forms.
"""
import glob
import os
import random
import re
import sys

import tap
from idl_grammar import random_file

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib.errors import Errors  # noqa: E402 - the path has to be set first
from emfgenlib.fmt import canonical  # noqa: E402
from emfgenlib.lexer import tokens  # noqa: E402
from emfgenlib.parser import parse_text  # noqa: E402
from emfgenlib.same import same  # noqa: E402

EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
GOLDEN = os.path.join(tap.SOURCE, "tests", "golden", "idl")
COUNT = int(os.environ.get("EMF_FUZZ_COUNT", "150"))


def emfgen(*words, **kwargs):
    return tap.run(sys.executable, EMFGEN, *words, **kwargs)


def read(path):
    with open(path, "rb") as f:
        return f.read().decode()


def put(text, name="x.emf"):
    path = os.path.join(tap.folder(), name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def form(text):
    errors = Errors()
    out = canonical("x.emf", text, errors)
    tap.equal(errors.report(), "", "errors")
    return out


def is_form(before, after):
    tap.equal(form(before), after, "canonical form")
    tap.equal(form(after), after, "canonical form of the canonical form")


def remarks(text):
    """All that comments and docs say, in order."""
    return [re.sub(r"\s+", "", t.text) for t in tokens("x", text, Errors(), comments=True) if t.kind in ("comment", "doc")]


def holds(text):
    """What must be true of every text that parses."""
    errors = Errors()
    before = parse_text("x.emf", text, errors)
    if errors:
        return False
    out = form(text)
    tap.equal(same(before, parse_text("x.emf", out, Errors())), True, "the two say the same")
    tap.equal(form(out), out, "canonical form of the canonical form")
    tap.equal(sorted(remarks(out)), sorted(remarks(text)), "comments")
    if re.search(r"[ \t\r]$|\n\n\n|\{\n\n|\n\n\t*\}", out, re.MULTILINE):
        raise AssertionError(f"blanks that nobody needs:\n{out}")
    return True


# --- the form ---------------------------------------------------------------------------


def test_blanks_between_tokens_are_always_the_same():
    is_form("const  N=- 1 ;\nstruct s{string <= N  a [ <= 4 ] ;u8 c [ 2 ];u8 b@ unit ( bytes )range( - 1 .. 5 )=2;}",
            "const N = -1;\nstruct s { string<=N a[<=4]; u8 c[2]; u8 b @unit(bytes) range(-1..5) = 2; }\n")


def test_each_statement_has_its_line_and_its_tabs():
    is_form("service s 1.0 { method m ( u8 a,u8 b )->( )access( read ) ; signal t(); };",
            "service s 1.0 {\n\tmethod m(u8 a, u8 b) -> () access(read);\n\tsignal t();\n}\n")


def test_a_short_block_stays_on_its_line_and_a_tall_one_stays_tall():
    is_form("enum e : u8 { A, B, }\nenum f : u8 {\n A,\n B }\n", "enum e : u8 { A, B }\nenum f : u8 {\n\tA,\n\tB,\n}\n")


def test_a_block_on_one_line_that_does_not_fit_is_broken():
    members = " ".join(f"u32 member_number_{n};" for n in range(6))
    is_form(f"struct s {{ {members} }}", "struct s {\n" + "".join(f"\tu32 member_number_{n};\n" for n in range(6)) + "}\n")


def test_a_long_list_has_one_element_on_each_line():
    arguments = [f"u32 argument_number_{n}" for n in range(6)]
    is_form(f"service s 1.0 {{ method m({', '.join(arguments)}) -> (u8 a, u8 b); }}",
            "service s 1.0 {\n\tmethod m(\n" + ",\n".join("\t\t" + a for a in arguments) + "\n\t) -> (u8 a, u8 b);\n}\n")


def test_comments_stay_where_they_belong():
    is_form("// first\n\n\n\nmodule m 1.0 {   // of the head\n\n  // own line\n  priority 5;// of it\n"
            "  license \"GPL\"; // of this\n\n  // the last\n\n}\n// end",
            "// first\n\nmodule m 1.0 { // of the head\n\t// own line\n\tpriority 5;    // of it\n"
            "\tlicense \"GPL\"; // of this\n\n\t// the last\n}\n// end\n")


def test_comments_inside_a_statement_break_it_where_they_stand():
    is_form("service s 1.0 { method m(u8 a, // one\n /// Documents b.\n u8 b\n // own\n) -> () // before the end\n; }",
            "service s 1.0 {\n\tmethod m(\n\t\tu8 a, // one\n\t\t/// Documents b.\n\t\tu8 b\n\t\t// own\n"
            "\t) -> (); // before the end\n}\n")


def test_docs_stand_above_what_they_document():
    is_form("enum e : u8 { A, ///of B\n B }", "enum e : u8 {\n\tA,\n\t/// of B\n\tB,\n}\n")


def test_a_comment_behind_the_last_value_gets_its_comma_before_it():
    is_form("enum e : u8 {\n A, // a\n B // b\n // own\n}", "enum e : u8 {\n\tA, // a\n\tB, // b\n\t// own\n}\n")


def test_all_good_files_keep_their_meaning_and_have_one_form():
    paths = glob.glob(os.path.join(GOLDEN, "*", "*.emf")) + glob.glob(os.path.join(tap.SOURCE, "*", "*.emf"))
    done = [path for path in sorted(paths) if holds(read(path))]
    if len(done) < 60:
        raise AssertionError(f"{len(done)} only")


def test_random_files_keep_their_meaning_and_have_one_form():
    for seed in range(COUNT):
        holds(random_file(random.Random(seed), valid=seed % 2 == 0))


def scattered(rng, text):
    """The text with comments and line ends at random places."""
    out = []
    for token in tokens("x", text, Errors(), comments=True):
        out.append(token.text + ("\n" if token.kind in ("doc", "comment") else " "))
        if not rng.randrange(12):
            out.append(rng.choice(("// c\n", "\r\n", "\n// own\n", "\n\n\n", "\n\n// x\n\n// y\n", " \t")))
    return "".join(out)


def test_comments_at_any_place_are_kept_and_settle_at_once():
    done = 0
    for seed in range(COUNT):
        rng = random.Random(seed)
        done += holds(scattered(rng, random_file(rng, valid=True)))
    tap.equal(done > COUNT // 2, True, "most of them parse")


def test_mutations_that_parse_keep_their_meaning():
    text = read(os.path.join(GOLDEN, "good", "everything.emf"))
    rng, done = random.Random(11), 0
    for _ in range(COUNT * 4):
        words = re.findall(r"\w+|\s+|[^\w\s]", text)
        for _ in range(rng.randint(1, 3)):
            words[rng.randrange(len(words))] = rng.choice(["\n", " ", "// x\n", "5", "name", ",", ";", "/// d\n", "", "\n\n\n"])
        done += holds("".join(words))
    tap.equal(done > 10, True, "some of them parse")


# --- the command ---------------------------------------------------------------------------


def test_a_file_is_rewritten_in_place_with_its_rights():
    path = put("const  N = 1;\r\n")
    os.chmod(path, 0o640)
    link = os.path.join(os.path.dirname(path), "link.emf")
    os.symlink("x.emf", link)
    done = emfgen("fmt", link)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "status and output")
    tap.equal((read(path), os.stat(path).st_mode & 0o777, os.path.islink(link)), ("const N = 1;\n", 0o640, True), "file")
    tap.equal(sorted(os.listdir(os.path.dirname(path))), ["link.emf", "x.emf"], "files")


def test_a_file_in_canonical_form_is_not_touched():
    path = put("const N = 1;\n")
    os.utime(path, (1, 1))
    tap.equal(emfgen("fmt", path).returncode, 0, "status")
    tap.equal(os.stat(path).st_mtime, 1, "time")


def test_check_names_what_would_change_and_changes_nothing():
    one, other = put("const  N = 1;\n"), put("const N = 1;\n")
    done = emfgen("fmt", "--check", one, other)
    tap.equal((done.returncode, done.stdout, done.stderr), (1, one + "\n", ""), "status and output")
    tap.equal(read(one), "const  N = 1;\n", "file")
    tap.equal(emfgen("fmt", "--check", other).returncode, 0, "status")


def test_a_file_with_a_syntax_error_stays_and_the_next_one_is_done():
    one, other = put("const  N = ;\n"), put("const  N = 1;\n")
    done = emfgen("fmt", one, other)
    tap.equal(done.returncode, 1, "status")
    tap.contains(done.stderr, f"{one}:1:12: error: expected a number or the name of a const, found ';'", "stderr")
    tap.equal((read(one), read(other)), ("const  N = ;\n", "const N = 1;\n"), "files")


def test_a_dash_reads_stdin_and_writes_stdout():
    path = put("const  N = 1;\r\n")
    with open(path) as f:
        done = emfgen("fmt", "-", stdin=f)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "const N = 1;\n", ""), "status and output")


def test_files_that_only_the_checks_refuse_are_formatted():
    path = put("struct  s { nothing x; }")
    tap.equal((emfgen("fmt", path).returncode, read(path)), (0, "struct s { nothing x; }\n"), "status and file")


def test_the_descriptions_of_this_tree_are_in_canonical_form():
    paths = [path for folder in ("modules", "bus-idl") for path in sorted(glob.glob(os.path.join(tap.SOURCE, folder, "*.emf")))]
    tap.equal(len(paths) > 3, True, "there are some")
    done = emfgen("fmt", "--check", *paths)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "files that would change")


tap.main()
