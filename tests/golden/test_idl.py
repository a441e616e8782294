# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The language: each mistake is told with its exact place, and what is right is taken.

A case is a file of idl/bad with the message in a file of the same name that ends with
.stderr; idl/good has files that pass, idl/shared what both import. UPDATE_GOLDEN=1
writes the messages anew; read the difference before you commit it.
"""
import os
import random
import re
import sys

import tap
from idl_grammar import random_file

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "idl")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib.check_file import check_file, check_loaded  # noqa: E402 - the path has to be set first
from emfgenlib.check_names import check_names_of  # noqa: E402
from emfgenlib.errors import Errors  # noqa: E402
from emfgenlib.implied import imply  # noqa: E402
from emfgenlib.imports import Loader  # noqa: E402
from emfgenlib.layout import Layouts  # noqa: E402
from emfgenlib.parser import parse_text  # noqa: E402


def check(path):
    """What emfgen check says of a file, by names relative to the cases."""
    errors = Errors()
    loader, layouts = Loader([os.path.join(GOLDEN, "shared")], errors), Layouts(errors)
    files = check_loaded([path], loader, layouts)
    if not errors:
        check_names_of(files, layouts, errors)
    return errors.report().replace(GOLDEN + "/", "").replace(os.path.dirname(path) + "/", "")


def check_text(name, text, errors):
    file, layouts = parse_text(name, text, errors), Layouts(errors)
    imply(file)
    check_file(file, errors, layouts)
    if not errors:
        check_names_of([file], layouts, errors)


def bad(path):
    said = check(path) + "\n"
    golden = path[: -len(".emf")] + ".stderr"
    if UPDATE:
        with open(golden, "w") as f:
            f.write(said)
    with open(golden) as f:
        tap.equal(said, f.read(), "messages")
    # A message that a person could not find the place by would be no message.
    if not re.match(r"\S+\.emf:\d+:\d+: error: .+\n  .*\S.*\n +\t* *\^", said):
        raise AssertionError(f"no place, line and caret: {said}")


def good(path):
    tap.equal(check(path), "", "messages")


def define(kind, function):
    """One test for each file, named like it."""
    folder = os.path.join(GOLDEN, kind)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".emf"):
            def test(path=os.path.join(folder, name)):
                function(path)
            globals()[f"test_{kind}: {name[:-4].replace('_', ' ')}"] = test


define("good", good)
define("bad", bad)


def test_there_are_at_least_sixty_bad_inputs():
    names = [n for n in os.listdir(os.path.join(GOLDEN, "bad")) if n.endswith(".emf")]
    if len(names) < 60:
        raise AssertionError(f"{len(names)} only")


def test_files_that_import_each_other_in_a_ring_are_told_once():
    folder = tap.folder()
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        with open(os.path.join(folder, name + ".emf"), "w") as f:
            f.write(f'import "{other}.emf";\n')
    errors = Errors()
    check_file(Loader([], errors).load(os.path.join(folder, "a.emf")), errors)
    tap.equal(errors.report().count("imports this file, directly or not"), 1, "messages")


def test_an_imported_file_is_named_as_one_beside_the_first():
    folder = tap.folder()
    for name, other in (("a", "b"), ("b", "a")):
        with open(os.path.join(folder, name + ".emf"), "w") as f:
            f.write(f'import "{other}.emf";\n')
    done = tap.run(sys.executable, os.path.join(tap.SOURCE, "gen", "emfgen"), "check", "a.emf", cwd=folder)
    tap.equal(done.stderr.split(":")[0], "b.emf", "the file")


def test_a_file_that_two_files_import_is_read_once():
    folder = tap.folder()
    for name, text in (("base", "const N = 4;\n"), ("one", 'import "base.emf";\n'), ("two", 'import "base.emf";\n'),
                       ("top", 'import "one.emf";\nimport "two.emf";\nstruct s { u8 a[N]; }\n')):
        with open(os.path.join(folder, name + ".emf"), "w") as f:
            f.write(text)
    errors = Errors()
    loader = Loader([], errors)
    check_file(loader.load(os.path.join(folder, "top.emf")), errors)
    tap.equal((errors.report(), len(loader.files)), ("", 4), "messages and files")


def test_deep_nesting_is_an_error_and_no_traceback():
    for text in ("{" * 100000, "service s 1.0 " + "{" * 5000, "module m { param string<=" * 3000):
        errors = Errors()
        check_file(parse_text("x.emf", text, errors), errors)
        if not errors:
            raise AssertionError("nothing was found wrong")


# --- padding ---------------------------------------------------------------------------------


def a_block(chance):
    """The text before its members, what ends or separates them, the text behind them."""
    return chance.choice([("struct s {", ";", "}"), ("service v 1.0 { error e {", ";", "}}"),
                          ("service v 1.0 { signal s(", ",", ");}"), ("service v 1.0 { method m() -> (", ",", ");}"),
                          ("service v 1.0 { method m(", ",", ") -> ();}"), ("module x 1.0 { event e(", ",", ");}"),
                          ("chain c : xdp { slot a; default XDP_PASS; state {", ";", "}}")])


def members(chance):
    types = ["u8", "u16", "u32", "u64", "mac", "ip6", "comm", "inner"]
    names = chance.sample(["a", "b", "c", "d", "pad1", "pad3", "pad"], chance.randint(1, 6))
    return [f"{chance.choice(types)} {name}{chance.choice(['', '', '[3]', '[<=3]'])}" for name in names]


def with_hints(text, errors):
    """The text as the hints say, the last place first."""
    def place(e):
        return e.position.line, e.position.column
    for error in sorted(errors.found, key=place, reverse=True):
        found = re.match(r"put '(.*)' before (?:it|'(\w+)')|add '(.*)' (?:behind|as) its last", error.hint)
        before, name, last = found.groups()
        lines = text.split("\n")
        line = error.position.line - 1
        if last:  # of the block or list that begins in this line
            lines.insert(next(n for n in range(line + 1, len(lines)) if lines[n][0] in ")}"), last)
        elif name:
            at = next(n for n in range(line + 1, len(lines)) if re.search(rf"\b{name}\b", lines[n]))
            lines.insert(at, before)
        else:
            lines.insert(line, before)
        text = "\n".join(lines)
    return text


def test_a_file_with_all_the_padding_that_its_errors_ask_for_passes():
    told = 0
    for seed in range(max(200, min(int(os.environ.get("EMF_FUZZ_COUNT", "200")), 20000))):
        chance = random.Random(seed)
        begin, sign, end = a_block(chance)
        inner = chance.sample(["u8 a", "u16 b", "u64 c"], 2)
        text = "\n".join(["struct inner {", ";\n".join(inner), ";\n}", begin, (sign + "\n").join(members(chance)) + sign.strip(","),
                          end, ""])
        errors = Errors()
        check_text("x.emf", text, errors)
        if any(not e.message.startswith("C would add") for e in errors.found):
            continue  # too large
        better, again = with_hints(text, errors), Errors()
        check_text("x.emf", better, again)
        told += len(errors.found)
        if again:
            raise AssertionError(f"seed {seed}:\n{text}\n{errors.report()}\n\n{better}\n{again.report()}")
    tap.equal(told > 100, True, f"{told} hints")


def test_the_padding_behind_a_member_of_unknown_size_is_not_guessed():
    errors = Errors()
    check_text("x.emf", "struct s { u8 a; u33 b; u64 c; }\n", errors)
    tap.equal([e.message for e in errors.found], ["there is no type 'u33'"], "messages")


def mutate(chance, text):
    """The text with a few pieces cut, doubled, swapped or replaced."""
    words = re.findall(r"\w+|\s+|[^\w\s]", text)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(words))
        kind = chance.randrange(5)
        if kind == 0:
            del words[at]
        elif kind == 1:
            words.insert(at, words[chance.randrange(len(words))])
        elif kind == 2:
            words[at] = chance.choice(["{", "}", ";", "->", "<=", "..", "0", "99999999999999999999", "-1", '"', "'x'", "\0"])
        elif kind == 3:
            other = chance.randrange(len(words))
            words[at], words[other] = words[other], words[at]
        else:
            words[at] = chance.choice(["u8", "string", "map_fd", "service", "module", "since", "range", "optional"])
    return "".join(words)


def test_no_mutation_of_a_good_file_ends_in_a_traceback():
    with open(os.path.join(GOLDEN, "good", "everything.emf")) as f:
        text = f.read()
    count = int(os.environ.get("EMF_FUZZ_COUNT", "400"))
    chance = random.Random(20261121)
    for number in range(count):
        mutant = mutate(chance, text)
        errors = Errors()
        try:
            check_text("mutant.emf", mutant, errors)
            errors.report()
        except Exception as e:
            raise AssertionError(f"mutation {number} of this seed:\n{mutant}") from e


def test_random_files_pass_when_they_were_made_to():
    refused = 0
    for seed in range(min(int(os.environ.get("EMF_FUZZ_COUNT", "200")), 20000)):
        valid = seed % 2 == 0
        text = random_file(random.Random(seed), valid=valid)
        errors = Errors()
        try:
            check_text("random.emf", text, errors)
            said = errors.report()
        except Exception as e:
            raise AssertionError(f"seed {seed}:\n{text}") from e
        if valid and said:
            raise AssertionError(f"seed {seed}: {said}\n{text}")
        refused += bool(said)
    tap.equal(refused > 5, True, "some of the others are refused")


tap.main()
