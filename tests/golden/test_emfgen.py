# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The generator: good inputs give exactly the files of good/CASE/expected, bad
ones exactly the message of bad/CASE/stderr, and no input at all a traceback.

Without these, a change of a template could alter every product unseen, and a
mistake in a description could be answered with the wrong place or with Python.

UPDATE_GOLDEN=1 writes what is expected anew; read the difference before you
commit it. A case is a folder with modules/, bus-idl/ and args, each optional.
"""
import contextlib
import io
import os
import random
import re
import shutil
import sys

import tap

GOLDEN = os.path.dirname(os.path.abspath(__file__))
EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
NOBODY = 65534

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

# build and new are imported by main when they are wanted, which a test without root cannot.
from emfgenlib import build, new, objects  # noqa: E402, F401 - the path has to be set first
from emfgenlib.cli import main  # noqa: E402 - the path has to be set first


def emfgen(*words, cwd=None):
    return tap.run(sys.executable, EMFGEN, *words, cwd=cwd)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def put(*parts, data=""):
    """Write a file, its folder included."""
    path = os.path.join(*parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def files_of(folder):
    """Relative path to bytes of all files below a folder."""
    found = {}
    for place, _, files in os.walk(folder):
        for file in files:
            path = os.path.join(place, file)
            found[os.path.relpath(path, folder)] = read(path)
    return found


def case_words(case):
    path = os.path.join(case, "args")
    return read(path).decode().split() if os.path.exists(path) else []


def build(folder, *words):
    """Build in a folder, as make does, into its obj/."""
    return emfgen("build", *words, cwd=folder)


def refused(result, wanted):
    tap.equal(result.stderr, wanted, "standard error")
    tap.equal(result.stdout, "", "standard output")
    tap.equal(result.returncode, 1, "exit status")


# --- golden cases -----------------------------------------------------------------


def good(case):
    folder = os.path.join(tap.folder(), "case")
    shutil.copytree(case, folder)
    os.chmod(folder, 0o755)  # what "make dist" unpacks may be read-only
    shutil.rmtree(os.path.join(folder, "expected"), ignore_errors=True)
    result = build(folder, *case_words(case))
    tap.equal((result.returncode, result.stdout, result.stderr), (0, "", ""), "status and output")
    got, expected = files_of(os.path.join(folder, "obj")), os.path.join(case, "expected")
    if UPDATE:
        shutil.rmtree(expected, ignore_errors=True)
        for name, data in got.items():
            put(expected, name, data=data)
    wanted = files_of(expected)
    tap.equal(sorted(got), sorted(wanted), "generated files")
    for name, data in wanted.items():
        tap.equal(got[name].decode(), data.decode(), name)
        if data.count(b"\n") > 200:
            raise AssertionError(f"{name} is too long for anybody to review")


def bad(case):
    result = build(case, "--out", os.path.join(tap.folder(), "obj"), *case_words(case))
    if UPDATE:
        put(case, "stderr", data=result.stderr)
    refused(result, read(os.path.join(case, "stderr")).decode())


def define(kind, check):
    """One test for each folder, named like it."""
    for name in sorted(os.listdir(os.path.join(GOLDEN, kind))):
        def test(case=os.path.join(GOLDEN, kind, name)):
            check(case)
        globals()[f"test_{kind}: {name}"] = test


define("good", good)
define("bad", bad)


# --- inputs that are no text ------------------------------------------------------


def refuses_bytes(data, message):
    folder = tap.folder()
    put(folder, "bus-idl", "x.emf", data=data)
    refused(build(folder), message)
    tap.equal(sorted(os.listdir(folder)), ["bus-idl"], "what was written")


def test_a_nul_byte_is_named_with_its_line_and_column():
    refuses_bytes("product p {\n}\n// \u00e4\0b\n".encode(), "bus-idl/x.emf:3:5: error: there is a NUL byte here\n  // \u00e4?b\n      ^\n")


def test_a_byte_order_mark_is_called_by_its_name():
    for data, name in ((b"\xef\xbb\xbfproduct p {}\n", "UTF-8"), ("\ufeffproduct p {}\n".encode("utf-16-le"), "UTF-16")):
        refuses_bytes(data, f"bus-idl/x.emf: error: begins with a byte order mark of {name}\n  hint: save it as UTF-8 without one\n")


def test_bytes_that_are_no_utf8_are_named():
    refuses_bytes("const N = 1; // \u00e4\n// ".encode() + b"\xe4\n", "bus-idl/x.emf:2:4: error: the byte 0xe4 is no UTF-8\n  // \ufffd\n     ^\n"
                  "  hint: save the file as UTF-8\n")


def test_a_description_of_more_than_one_mebibyte_is_refused():
    refuses_bytes(b"//" + b"x" * (1 << 20), "bus-idl/x.emf: error: is larger than 1048576 bytes\n  hint: split it\n")


def test_a_description_of_one_mebibyte_is_read():
    folder = tap.folder()
    put(folder, "bus-idl", "x.emf", data=b"//" + b"x" * ((1 << 20) - 2))
    tap.equal(build(folder).returncode, 0, "exit status")


def test_windows_line_ends_are_fine():
    folder = tap.folder()
    put(folder, "modules", "a.bpf.c", data="")
    put(folder, "modules", "a.emf", data="/// A doc.\r\nmodule a 1.0 {\r\n\tpriority 5;\r\n}\r\n")
    tap.equal(build(folder).stderr, "", "standard error")
    text = read(os.path.join(folder, "obj", "a_emf.c")).decode()
    tap.contains(text, '.doc = "A doc.",\n')
    tap.equal("\r" in text, False, "a carriage return")


def test_an_error_after_windows_line_ends_shows_the_line_without_them():
    refuses_bytes(b"product p {\r\n\tx;\r\n}\r\n",
                  "bus-idl/x.emf:2:2: error: 'x' is no statement of a product\n  \tx;\n  \t^\n"
                  "  hint: it can have: command, modules, set\n")


def test_c_files_may_hold_any_bytes():
    folder = tap.folder()
    source = b"/* J\xfcrgen */\n" + b"/* " + b"x" * (1 << 20) + b" */\n"
    put(folder, "modules", "a.c", data=source + b'struct module a = { .name = "later" };\nebpf_module(a);\n')
    put(folder, "modules", "b.bpf.c", data=source + b'/*\n#include "vmlinux.h"\n*/\n')
    tap.equal(build(folder).stderr, "", "standard error")
    tap.contains(read(os.path.join(folder, "obj", "product_emf.c")).decode(), '"later", /* modules/a.c:')
    tap.equal("vmlinux" in read(os.path.join(folder, "obj", "modules.mk")).decode(), False, "vmlinux.h is needed")


def test_what_stands_in_comments_and_quotes_does_not_register():
    folder = tap.folder()
    put(folder, "modules", "a.c", data="int quote = '\"'; /*\nebpf_module(a);\n*/ int other = '\"';\n// ebpf_module(b)\n"
        "int third = '\"'; /* \"\nstruct module old = { .name = \"old\" };\n*/\n"
        'const char *s = "/*";\nstruct module a = { .name = "real" };\nebpf_module(a);\n/* */\n')
    tap.equal(build(folder).stderr, "", "standard error")
    names = re.findall(r'^\t"(\w+)",', read(os.path.join(folder, "obj", "product_emf.c")).decode(), re.MULTILINE)
    tap.equal(names, ["real"], "modules of the product")


def test_a_c_file_that_registers_no_module_is_warned_of():
    folder = tap.folder()
    put(folder, "modules", "x.c", data="int helper(void);\n")
    result = build(folder)
    tap.equal((result.returncode, result.stderr), (0, "modules/x.c: warning: is linked in, and is no module: it has no ebpf_module()\n"
              "  hint: add that, or modules/x.emf, if it should be one\n"), "status and message")


# --- files that cannot be read ----------------------------------------------------


def test_a_folder_and_a_dangling_link_in_place_of_files_are_named():
    folder = tap.folder()
    os.makedirs(os.path.join(folder, "modules", "x.c"))
    os.symlink("nowhere", os.path.join(folder, "modules", "y.bpf.c"))
    os.makedirs(os.path.join(folder, "bus-idl", "z.emf"))
    refused(build(folder), "bus-idl/z.emf: error: cannot be read: Is a directory\n"
            "modules/x.c: error: cannot be read: Is a directory\n"
            "modules/y.bpf.c: error: cannot be read: No such file or directory\n")


def test_a_file_or_folder_without_permission_is_named():
    folder = tap.folder()
    os.chmod(put(folder, "modules", "x.c"), 0)
    os.chmod(folder, 0o755)
    os.mkdir(os.path.join(folder, "closed"), 0)

    def as_nobody(*words):
        if os.geteuid() != 0:
            return in_process(*words)
        os.seteuid(NOBODY)
        try:
            return in_process(*words)
        finally:
            os.seteuid(0)

    modules = os.path.join(folder, "modules")
    tap.equal(as_nobody("build", "--modules", modules, "--out", folder),
              (1, f"{modules}/x.c: error: cannot be read: Permission denied\n"))
    tap.equal(as_nobody("build", "--modules", os.path.join(folder, "closed"), "--out", folder),
              (1, f"emfgen: error: {folder}/closed: Permission denied\n"))


def test_a_file_in_place_of_the_output_folder_is_named():
    folder = tap.folder()
    put(folder, "obj")
    result = build(folder)
    tap.equal(result.returncode, 1, "exit status")
    tap.equal(result.stderr, "emfgen: error: obj/product_emf.c: Not a directory\n", "standard error")


def test_a_name_that_is_no_utf8_is_named():
    folder = tap.folder()
    os.makedirs(os.path.join(folder, "modules"))
    put(os.fsencode(folder), b"modules", b"\xff.c", data=b"")
    result = build(folder, "--only", "")
    tap.equal(result.returncode, 1, "exit status")
    tap.contains(result.stderr, "modules: error: make cannot handle a file named '\\udcff.c'\n")
    tap.equal("Traceback" in result.stderr, False, "a traceback")


def test_hidden_files_and_others_are_no_modules():
    folder = tap.folder()
    for name in (".x.c.swp", ".#x.c", ".y.c", "x.h", "x.c~", "README"):
        put(folder, "modules", name)
    tap.equal(build(folder).stderr, "", "standard error")
    tap.contains(read(os.path.join(folder, "obj", "modules.mk")).decode(), "\nEMF_SEEN = \n")


# --- what is written, and when ----------------------------------------------------


def a_product(folder):
    put(folder, "modules", "flow.bpf.c")
    put(folder, "modules", "flow.emf", data="module flow 1.0 { param u32 x; }\n")
    put(folder, "modules", "hello.c", data='struct module h = { .name = "hello" };\nebpf_module(h);\n')
    put(folder, "bus-idl", "p.emf", data="product p {\n\tset flow.x = 1;\n}\n")


def test_a_second_run_writes_nothing_but_touches_the_fragment():
    folder = tap.folder()
    a_product(folder)
    tap.equal(build(folder, "--product", "p").returncode, 0, "exit status")
    out = os.path.join(folder, "obj")
    for name in os.listdir(out):
        os.utime(os.path.join(out, name), (1000, 1000))
    before = {name: os.stat(os.path.join(out, name)).st_ino for name in os.listdir(out)}
    tap.equal(build(folder, "--product", "p").returncode, 0, "exit status")
    changed = [name for name in before if os.stat(os.path.join(out, name)).st_mtime != 1000]
    tap.equal(changed, ["modules.mk"], "files with a new time")
    after = {name: os.stat(os.path.join(out, name)).st_ino for name in os.listdir(out)}
    tap.equal(after, before, "files and their inodes")


def test_a_change_rewrites_the_files_it_concerns_only():
    folder = tap.folder()
    a_product(folder)
    build(folder, "--product", "p")
    out = os.path.join(folder, "obj")
    for name in os.listdir(out):
        os.utime(os.path.join(out, name), (1000, 1000))
    put(folder, "modules", "flow.emf", data="module flow 1.1 { param u32 x; }\n")
    tap.equal(build(folder, "--product", "p").returncode, 0, "exit status")
    changed = sorted(name for name in os.listdir(out) if os.stat(os.path.join(out, name)).st_mtime != 1000)
    tap.equal(changed, ["flow_emf.c", "modules.mk"], "files with a new time")


def test_an_error_leaves_the_files_of_the_last_run():
    folder = tap.folder()
    a_product(folder)
    build(folder, "--product", "p")
    before = files_of(os.path.join(folder, "obj"))
    put(folder, "modules", "flow.emf", data="module flow 1.1\n")
    tap.equal(build(folder, "--product", "p").returncode, 1, "exit status")
    tap.equal(files_of(os.path.join(folder, "obj")), before, "generated files")


def test_the_output_does_not_depend_on_where_the_sources_are():
    outputs = []
    for name in ("here", "a/longer/place"):
        folder = os.path.join(tap.folder(), name)
        a_product(folder)
        tap.equal(build(folder, "--product", "p").returncode, 0, "exit status")
        outputs.append(files_of(os.path.join(folder, "obj")))
        for file, data in outputs[-1].items():
            tap.equal(os.fsencode(folder) in data, False, f"the source folder in {file}")
    tap.equal(outputs[0], outputs[1], "generated files")


def test_everything_is_in_the_order_of_names_not_of_the_folder():
    folder = tap.folder()
    names = ["m", "c", "z", "a", "x", "k", "b", "t"]
    for name in names:
        put(folder, "modules", f"{name}.bpf.c")
        put(folder, "bus-idl", f"{name}.emf", data=f"product {name} {{\n}}\n")
    tap.equal(build(folder).returncode, 0, "exit status")
    fragment = read(os.path.join(folder, "obj", "modules.mk")).decode()
    seen = re.search("^EMF_SEEN = (.*)$", fragment, re.MULTILINE).group(1).split()
    wanted = [f"modules/{n}.bpf.c" for n in sorted(names)] + [f"bus-idl/{n}.emf" for n in sorted(names)]
    tap.equal(seen, wanted, "EMF_SEEN")
    tap.equal(re.findall("^# --- (\\w+):", fragment, re.MULTILINE), sorted(names), "rules")


# --- the command line -------------------------------------------------------------


def test_check_reports_errors_and_writes_nothing():
    folder = tap.folder()
    put(folder, "good.emf", data="module a;\n")
    put(folder, "bad.emf", data="nonsense\n")
    result = emfgen("check", "good.emf", cwd=folder)
    tap.equal((result.returncode, result.stderr), (0, ""), "a good file")
    result = emfgen("check", "good.emf", "bad.emf", "none.emf", cwd=folder)
    refused(result, "bad.emf:1:1: error: 'nonsense' is no declaration\n  nonsense\n  ^\n"
            "  hint: a file can have: chain, const, enum, flags, import, module, product, service, struct\nnone.emf: error: cannot be read: No such file or directory\n")
    tap.equal(sorted(os.listdir(folder)), ["bad.emf", "good.emf"], "files")


def test_usage_mistakes_have_status_2():
    for words in ([], ["nonsense"], ["check"], ["build", "--nonsense"]):
        result = emfgen(*words)
        tap.equal(result.returncode, 2, f"exit status of {words}")
        tap.contains(result.stderr, "usage: emfgen")
        tap.equal("Traceback" in result.stderr, False, "a traceback")


def test_the_version_and_the_help_are_printed():
    tap.contains(emfgen("--version").stdout, "emfgen 0.1.0\n")
    tap.contains(emfgen("--help").stdout, "build")


def test_a_generated_file_that_somebody_edited_is_made_again():
    folder = tap.folder()
    put(folder, "modules", "x.emf", data="struct s { u8 a; }\nmodule x;\n")
    header = os.path.join(folder, "obj", "x_emf.h")
    env = dict(os.environ, PYTHONPYCACHEPREFIX=os.path.join(folder, "obj", ".pycache"))
    texts = []
    for _ in range(2):
        tap.equal(tap.run(sys.executable, EMFGEN, "build", cwd=folder, env=env).returncode, 0, "exit status")
        with open(header) as f:
            texts.append(f.read())
        put(header, data="/* mine */\n" + texts[-1])
    tap.equal(texts[0] == texts[1] and "struct x_s" in texts[0], True, "the same text")


def test_no_module_can_take_the_name_of_a_command():
    listed = emfgen("words").stdout.split()
    tap.equal(listed, sorted(set(listed)), "the words, in order")
    text = tap.run(tap.PRODUCT, "--help").stdout
    commands = re.findall(r"^  (\w+)", text.split("Commands:\n")[1].split("\n\n")[0], re.MULTILINE)
    tap.equal("run" in commands and "help" in commands, True, "run and help are commands")
    tap.equal([c for c in commands if c not in listed], [], "commands that emfgen does not know")


# --- fuzzing ----------------------------------------------------------------------


def in_process(*words):
    """Run emfgen in this process, which is fast. Its status and standard error."""
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        status = main(list(words))
    return status, err.getvalue()


VALID = """/// Who talks to whom.
/// More.
module flow 1.2 required {
	priority -20; // why
}
product nettop 1.0 {
	modules flow, tcp;
	set flow.sample = 10;
	set flow.interval = 5ms;
	set flow.title = "a \\"b\\"";
}
"""
PIECES = ["{", "}", ";", "\"", "\\", "///", "//", "\n", "\r\n", "-", "=", ".", ",", "0", "010", "1.2.3.4", "9" * 5000,
          "module", "product", "set", "required", "priority", "\u00e4", "\U0001f41d", "\ufeff", "\x1b", "\0", "@", " "]


def mutate(chance, text):
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randint(0, 12))
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + chance.choice(PIECES) + text[at:]
        elif kind == 2:
            text = text[:at] + text[at:end] * chance.randint(2, 40) + text[end:]
        else:
            text = text[:at] + chance.choice(PIECES) + text[end:]
    return text


def test_mutated_descriptions_give_errors_with_places_and_no_traceback():
    chance = random.Random(20240229)
    path = os.path.join(tap.folder(), "x.emf")
    outcomes = {0: 0, 1: 0}
    for _ in range(300):
        text = mutate(chance, VALID)
        put(path, data=text)
        try:
            status, err = in_process("check", path)
        except Exception as e:
            raise AssertionError(f"{e!r} for {text!r}") from e
        outcomes[status] += 1
        if status:
            tap.contains(err, f"{path}:", f"errors of {text!r}")
    tap.equal(min(outcomes.values()) > 10, True, f"both good and bad ones among {outcomes}")


def test_a_number_of_thousands_of_digits_is_out_of_range():
    """Python raises an error of its own when it converts one."""
    path = put(tap.folder(), "x.emf", data="module x {\n\tpriority " + "9" * 5000 + ";\n}\n")
    status, err = in_process("check", path)
    tap.equal(status, 1, "exit status")
    tap.contains(err, f"{path}:2:11: error: this number does not fit into 32 bits\n")


def test_a_deeply_nested_description_is_refused_quickly():
    path = put(tap.folder(), "x.emf", data="product p {\n" + "{" * 100000)
    status, err = in_process("check", path)
    tap.equal(status, 1, "exit status")
    tap.contains(err, f"{path}:1:11: error: this block of the product has no end\n")


tap.main()
