# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Schema hashes: they change with what the bytes of a type mean, and with nothing else.

Without these, two sides could take each other's bytes for something else, or refuse each
other because of a comment.
"""
import os
import sys

import tap

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib.check_file import check_file  # noqa: E402 - the path has to be set first
from emfgenlib.errors import Errors  # noqa: E402
from emfgenlib.interface import Builder  # noqa: E402
from emfgenlib.layout import Layouts  # noqa: E402
from emfgenlib.parser import parse_text  # noqa: E402

STRUCT = "struct row { u32 hits; u32 misses; } "
SERVICE = "service s 1.0 { enum e : u8 { A, B } error gone { u8 a; } method m(u8 a, e b) -> (u8 r); signal g(u8 a); }"


def hashes(text):
    """Name to hash of all that has one."""
    errors = Errors()
    file, layouts = parse_text("x.emf", text, errors), Layouts(errors)
    check_file(file, errors, layouts)
    tap.equal(errors.report(), "", "errors")
    found = Builder(layouts).of(file)
    return {each.name: each.hash for each in [*found.enums, *found.structs, *found.services]}


def same(one, other, *names):
    one, other = hashes(one), hashes(other)
    for name in names or one:
        tap.equal(other[name], one[name], name)


def differ(one, other, name):
    if hashes(one)[name] == hashes(other)[name]:
        raise AssertionError(f"{name} has the same hash in\n{one}\n{other}")


def test_a_hash_has_64_bits_and_stays_as_it_was():
    tap.equal(hashes("struct row { u32 hits; u32 misses; }"), {"x_row": "0x40068d8f6e50ac36ull"}, "hash")


def test_what_is_for_people_is_no_part_of_it():
    same(STRUCT, "/// Doc.\nstruct row {\n\t/// Doc.\n\tu32 hits @unit(packets); // why\n\tu32 misses = 5 range(1..9);\n}\n")
    same("const N = 4; struct a { u8 x[N]; }", "const OTHER = 0x4; struct a { u8 x[OTHER]; }")
    same(SERVICE, SERVICE.replace("-> (u8 r)", "-> (u8 r) access(read) errors(EIO) since 1.0").replace("s 1.0", "s 1.7"))


def test_the_order_of_declarations_is_no_part_of_it():
    other = "struct other { row r; } "
    same(STRUCT + other, other + STRUCT)
    same(SERVICE, "service s 1.0 { signal g(u8 a); method m(u8 a, e b) -> (u8 r); error gone { u8 a; } enum e : u8 { A, B } }")
    same("enum e : u8 { A = 1, B = 2 }", "enum e : u8 { B = 2, A = 1 }")


def test_members_are_by_name_type_place_and_bound():
    for changed in ("u32 hits; u32 missed;", "u32 hits; s32 misses;", "u32 misses; u32 hits;", "u32 hits; u32 misses; u32 more;",
                    "u32 hits; u32 misses[2];", "u32 hits; pid misses;", "u32 hits; string<=3 misses;"):
        differ(STRUCT, f"struct row {{ {changed} }}", "x_row")
    differ("struct a { u32 n; u8 x[<=4]; }", "struct a { u32 n; u8 x[<=8]; }", "x_a")
    differ("struct a { u32 n; u8 x[<=4]; }", "struct a { u32 n; u8 x[4]; }", "x_a")


def test_a_struct_in_a_struct_is_by_what_it_is_made_of():
    outer = " struct outer { row r; }"
    differ(STRUCT + outer, STRUCT.replace("misses", "missed") + outer, "x_outer")
    tap.equal(hashes(STRUCT + outer)["x_outer"], hashes((STRUCT + outer).replace("row", "line"))["x_outer"], "of another name")


def test_an_enum_is_by_its_width_names_and_values():
    for changed in ("enum e : u16 { A, B }", "enum e : u8 { A, C }", "enum e : u8 { A, B = 3 }", "enum e : u8 { A, B, C }",
                    "flags e : u8 { A = 0, B = 1 }"):
        differ("enum e : u8 { A, B }", changed, "x_e")


def test_a_service_is_by_its_name_and_its_members():
    for old, new in (("m(u8 a, e b)", "m(u8 a)"), ("(u8 r)", "()"), ("g(u8 a)", "g()"), ("signal g", "signal h"), ("{ A, B }", "{ A, C }"),
                     ("gone { u8 a; }", "gone { u8 b; }")):
        differ(SERVICE, SERVICE.replace(old, new), "s")
    tap.equal(hashes(SERVICE)["s"] == hashes(SERVICE.replace("service s", "service t"))["t"], False, "of another name")


def test_structs_that_double_with_each_level_are_hashed_at_once():
    text = "struct t0 { u8 a; }\n" + "".join(f"struct t{n + 1} {{ t{n} a; t{n} b; }}\n" for n in range(23))
    tap.equal(len(hashes(text)), 24, "hashes")


tap.main()
