# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What of a kernel part is in the product: the same programs, maps, types and relocations, and of the source lines their numbers.

Without these, a program could run other than it was compiled, or the verifier's complaint name no line.
"""
import glob
import gzip
import json
import os
import random
import re
import struct
import sys

import tap

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib.bpf_object import Object  # noqa: E402 - the path has to be set first
from emfgenlib.elf import BadObject, read  # noqa: E402
from emfgenlib.embed import packed, slim  # noqa: E402

ENVIRONMENT = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")


def objects():
    """Name to bytes, of all that was compiled for this product."""
    found = {os.path.basename(path): read(path) for path in sorted(glob.glob(os.path.join(tap.BUILD, "obj", "*.bpf.o")))}
    tap.equal(bool(found), True, "there are compiled kernel parts")
    return found


def types(data):
    path = os.path.join(tap.folder(), "file")
    with open(path, "wb") as f:
        f.write(data)
    done = tap.run("bpftool", "-j", "btf", "dump", "file", path, env=ENVIRONMENT)
    tap.equal(done.returncode, 0, f"exit status of bpftool: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)["types"]


def notes(data):
    """What .BTF.ext says: functions, lines and relocations, by section, with their texts."""
    obj = Object(data)
    ext, out = bytes(obj.elf.bytes_of(obj.elf.section(".BTF.ext"))), []
    size = struct.unpack_from("<I", ext, 4)[0]
    for i, columns in enumerate((2, 4, 4)):
        at, length = struct.unpack_from("<II", ext, 8 + 8 * i)
        part, rows, here = ext[size + at : size + at + length], {}, 4
        while here < length:
            name, n = struct.unpack_from("<II", part, here)
            rows[obj.btf.text(name)] = [struct.unpack_from(f"<{columns}I", part, here + 8 + 4 * columns * k) for k in range(n)]
            here += 8 + 4 * columns * n
        out.append(rows)
    functions, lines, relocations = out
    return (functions,
            {name: [(at, obj.btf.text(file), obj.btf.text(text), where >> 10) for at, file, text, where in rows] for name, rows in lines.items()},
            {name: [(at, type_, obj.btf.text(path), kind) for at, type_, path, kind in rows] for name, rows in relocations.items()})


def line_of(lines, at):
    """File and line of an instruction: what the nearest entry before it says that has a line."""
    before = [(file, line) for place, file, _, line in lines if place <= at and line]
    return before[-1] if before else None


def test_programs_maps_and_types_are_those_of_the_object():
    for name, data in objects().items():
        ours = slim(Object(data))
        for section in Object(data).elf.sections:
            there = Object(ours).elf.sections[section.index]
            tap.equal((there.name, there.type, there.flags), (section.name, section.type, section.flags), f"section {section.index} of {name}")
            if section.name not in (".BTF", ".BTF.ext") and section.type:
                same = bytes(Object(ours).elf.bytes_of(there)) == bytes(Object(data).elf.bytes_of(section))
                tap.equal(same, True, f"the bytes of section {section.name} of {name} are the same")
        tap.equal(types(ours) == types(data), True, f"the types of {name} are the same")


def test_functions_and_relocations_are_told_as_before():
    for name, data in objects().items():
        before, after = notes(data), notes(slim(Object(data)))
        tap.equal((after[0], after[2]), (before[0], before[2]), f"functions and relocations of {name}")


def test_each_instruction_has_its_line_and_no_line_has_its_text():
    for name, data in objects().items():
        (functions, before, _), (_, after, _) = notes(data), notes(slim(Object(data)))
        for section, lines in before.items():
            for at, _, _, line in lines:
                if line:
                    tap.equal(line_of(after[section], at), line_of(lines, at), f"line of instruction {at // 8} of {section} in {name}")
            tap.equal([text for _, _, text, line in after[section] if text != str(line)], [], f"texts of lines of {section} in {name}")
            tap.equal({at for at, _ in functions[section]} - {place for place, *_ in after[section]}, set(), "functions begin with a line")


def test_functions_of_one_line_have_it_each():
    """As a macro makes them: the kernel refuses a program with a function that begins nowhere."""
    source, path = os.path.join(tap.folder(), "line.c"), os.path.join(tap.folder(), "line.o")
    with open(source, "w") as f:
        f.write("int a(void *c) { return c != 0; } int b(void *c) { return c == 0; }\n")
    for command in (("clang", "-target", "bpf", "-g", "-O2", "-c", source, "-o", path + ".tmp"), ("bpftool", "gen", "object", path, path + ".tmp")):
        done = tap.run(*command, env=ENVIRONMENT)
        tap.equal(done.returncode, 0, f"exit status of {command[0]}: {done.stderr}")
    functions, lines, _ = notes(slim(Object(read(path))))
    tap.equal([at for at, _ in functions[".text"]], [place for place, *_ in lines[".text"]], "where functions and lines begin")


def test_it_is_smaller_by_the_texts_and_packed_the_same_each_time():
    before = after = 0
    for data in objects().values():
        bytes_ = packed(Object(data))
        tap.equal(bytes_ == packed(Object(data)), True, "it is the same each time")
        tap.equal(gzip.decompress(bytes_) == slim(Object(data)), True, "what comes out is what went in")
        before, after = before + len(gzip.compress(data, 9)), after + len(bytes_)
    tap.equal(after < before * 0.8, True, f"{after} bytes are less than four fifths of {before}")


def test_an_object_that_bpftool_did_not_link_stays_as_it_is():
    source = os.path.join(tap.SOURCE, "tests", "golden", "btf", "corpus.c")
    path = os.path.join(tap.folder(), "corpus.o")
    done = tap.run("clang", "-target", "bpfel", "-g", "-O2", "-c", source, "-o", path)
    tap.equal(done.returncode, 0, f"exit status of clang: {done.stderr}")
    tap.equal(slim(Object(read(path))) == read(path), True, "it is as it was")


def test_no_mutation_of_what_it_tells_of_lines_ends_in_a_traceback():
    data = objects()["hello.bpf.o"]
    chance, obj = random.Random(20261122), Object(data)
    parts = [obj.elf.section(".BTF"), obj.elf.section(".BTF.ext")]
    bad = 0
    for number in range(int(os.environ.get("EMF_FUZZ_COUNT", "1500"))):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            part = chance.choice(parts)
            at = part.offset + (chance.randrange(part.size - 4) & ~3)
            struct.pack_into("<I", broken, at, chance.choice([0, 1, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, part.size, chance.randrange(300)]))
        try:
            slim(Object(bytes(broken)))
        except BadObject as e:
            bad += 1
            tap.equal(bool(re.match("(is|has) ", str(e))), True, f"'{e}' goes on after the file's name")
        except Exception as e:
            raise AssertionError(f"mutation {number} of this seed") from e
    tap.equal(bad > 0, True, "some were found to be broken")


tap.main()
