# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The generator as a process, given what nobody should give it: a clear message, an end
in bounded time, never a traceback, and no file anywhere but where it may write.

Without these, a description from elsewhere could hang a build, fill a screen with
Python, or make the generator read or write outside of its folders.
"""
import os
import random
import sys

import tap
from idl_grammar import random_file

EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
SECONDS = 20  # a file of the largest size takes less than a tenth of that
NOBODY = 65534
COUNT = min(int(os.environ.get("EMF_FUZZ_COUNT", "12")), 2000)
COMMANDS = (("check", "{}"), ("fmt", "--check", "{}"), ("doc", "{}"), ("doc", "--format", "man", "{}"), ("diff", "{}", "{}"))


def emfgen(*words, **kwargs):
    start = ("-c", AS_NOBODY) if kwargs.pop("as_nobody", False) else (EMFGEN,)
    done = tap.run(sys.executable, *start, *words, timeout=SECONDS, **kwargs)
    if "Traceback" in done.stderr or done.returncode not in (0, 1, 2):
        raise AssertionError(f"{words}: status {done.returncode}\n{done.stderr}")
    return done


# As root everything may be read and written: then it goes on as nobody, once it has read
# itself, since neither Python nor the tree need be readable for others.
AS_NOBODY = f"""import importlib, os, pkgutil, sys
sys.path.insert(0, {os.path.dirname(EMFGEN)!r})
import emfgenlib
for module in pkgutil.iter_modules(emfgenlib.__path__):
    importlib.import_module("emfgenlib." + module.name)
from emfgenlib.cli import main
main(["check", {os.path.join(tap.SOURCE, "tests", "golden", "idl", "good", "everything.emf")!r}])  # brings in what is imported when needed
if os.geteuid() == 0:
    os.setuid({NOBODY})
sys.exit(main(sys.argv[1:]))
"""


def put(folder, name, text=""):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def files_of(folder):
    return sorted(os.path.join(place, f) for place, _, files in os.walk(folder) for f in files)


def all_refuse(path, message, but=(), **kwargs):
    """Every command says this of the file, and nothing is written."""
    folder = os.path.dirname(path)
    before = files_of(folder)
    for command, *words in COMMANDS:
        if command in but:
            continue
        done = emfgen(command, *[w.format(path) for w in words], **kwargs)
        tap.equal((done.returncode, done.stdout), (2 if command == "diff" else 1, ""), f"status and output of {command}")
        tap.contains(done.stderr, message, f"stderr of {command}")
    tap.equal(files_of(folder), before, "files")


def refused(text, message, **kwargs):
    all_refuse(put(tap.folder(), "x.emf", text), message, **kwargs)


# --- what is in a file -----------------------------------------------------------------------------


def test_a_file_of_ten_megabytes_is_refused_at_once():
    refused(b"const N = 1;\n" * (10 << 20 >> 4) * 2, "is larger than 1048576 bytes")


def test_a_file_of_the_largest_size_ends_in_time():
    text = "".join(f"const N{n} = {n};\n" for n in range(50000))[:1 << 20]
    path = put(tap.folder(), "x.emf", text[: text.rindex("\n") + 1])
    for command, *words in COMMANDS:
        emfgen(command, *[w.format(path) for w in words])


def test_thousands_of_mistakes_in_one_line_are_told_in_time_and_on_a_few_screens():
    fields = "".join(f"nothing a{n}; u8 b{n}[N{n}]; " for n in range(4000))
    uses = "".join(f"event e{n} -> signal s{n}y.g; " for n in range(4000))
    services = "".join(f"service s{n}x 1.0 {{}} " for n in range(4000))
    helpers = ", ".join(f"ktime_get_nz{n}" for n in range(4000))
    for text, count in ((f"struct s {{ {fields}}}", 8000), (f"module m {{ {uses}}} {services}", None),
                        (f"module m {{ needs helper({helpers}); }}", 4000),
                        ("$" * 1000000, 1000000)):
        done = emfgen("check", put(tap.folder(), "x.emf", text + "\n"))
        tap.equal(done.returncode, 1, "status")
        tap.equal(done.stderr.count(" error: "), 100, "errors that are told")
        tap.equal(len(done.stderr) < 100000, True, f"{len(done.stderr)} characters")
        if count:
            tap.contains(done.stderr, f"\nemfgen: and {count - 100} more errors\n")


def test_of_a_long_line_what_is_around_the_mistake_is_shown():
    line = "struct s { " + "u8 aaaa; " * 50 + "nothing b; " + "u8 cccc; " * 50 + "}"
    said = emfgen("check", put(tap.folder(), "x.emf", line + "\n")).stderr.splitlines()
    shown = next(row for at, row in enumerate(said) if "no type 'nothing'" in said[at - 1])
    caret = said[said.index(shown) + 1]
    tap.equal((len(shown), shown[:5], shown[-3:]), (128, "  ...", "..."), "the line")
    tap.equal(shown[caret.index("^"):].split(";")[0], "nothing b", "under the caret")


def test_two_large_files_that_differ_everywhere_are_compared_in_time():
    folder = tap.folder()
    paths = [put(folder, f"{bound}.emf", "".join(f"const N{n} = {n + bound};\nstruct t{n} {{ u8 a[{bound}]; }}\n" for n in range(12000)))
             for bound in (4, 5)]
    tap.equal(emfgen("diff", *paths).stdout.count("\n"), 24000, "breaks")


def test_deep_nesting_is_refused():
    refused("service s 1.0 " + "{" * 50000, "expected a statement of the service, found '{'")
    refused("service s 1.0 { method m" + "(" * 50000, "expected a type, found '('")


def test_a_chain_of_thousands_of_consts_or_structs_is_no_traceback():
    consts = "".join(f"const N{n} = N{n + 1};\n" for n in range(5000)) + "const N5000 = 1;\n"
    structs = "struct t0 { u8 a; }\n" + "".join(f"struct t{n + 1} {{ t{n} a; }}\n" for n in range(5000))
    backwards = "".join(f"struct t{n} {{ t{n + 1} a; }}\n" for n in range(3000)) + "struct t3000 { u8 a; }\n"
    for text in (consts, structs, backwards):
        path = put(tap.folder(), "x.emf", text)
        for command, *words in COMMANDS:
            emfgen(command, *[w.format(path) for w in words])


def test_files_that_are_imported_in_a_great_many_ways_are_read_once():
    folder = tap.folder()
    for n in range(60):
        for side in "ab":
            put(folder, f"{side}{n}.emf", f'import "a{n + 1}.emf";\nimport "b{n + 1}.emf";\nstruct {side}{n} {{ nothing x; }}\n')
    for side in "ab":
        put(folder, f"{side}60.emf")
    all_refuse(os.path.join(folder, "a0.emf"), "there is no type 'nothing'", but=("fmt",))


def test_what_is_no_utf8_is_told_with_its_byte():
    refused(b"const N = 1; // \xff\n", ":1:17: error: the byte 0xff is no UTF-8")


def test_a_nul_byte_is_told_with_its_line():
    refused(b"const N = 1;\n// \0\n", ":2:4: error: there is a NUL byte here")


def test_line_ends_of_windows_are_line_ends():
    path = put(tap.folder(), "x.emf", b"const N = 1;\r\n/// doc\r\nstruct s { u8 a[N]; }\r\n")
    tap.equal(emfgen("check", path).returncode, 0, "status")
    if "\r" in emfgen("doc", path).stdout:
        raise AssertionError("a carriage return is in the documentation")


def test_an_empty_file_is_a_file():
    path = put(tap.folder(), "x.emf")
    for command, *words in COMMANDS:
        tap.equal(emfgen(command, *[w.format(path) for w in words]).returncode, 0, f"status of {command}")


# --- which file it is ---------------------------------------------------------------------------------


def test_a_folder_is_no_file():
    folder = tap.folder()
    os.mkdir(os.path.join(folder, "x.emf"))
    all_refuse(os.path.join(folder, "x.emf"), "x.emf: error: cannot be read: Is a directory")


def test_a_fifo_a_device_and_a_socket_are_refused_and_not_waited_for():
    folder = tap.folder()
    path = os.path.join(folder, "x.emf")
    os.mkfifo(path)
    all_refuse(path, "x.emf: error: cannot be read: Not a regular file")
    os.unlink(path)
    os.symlink("/dev/zero", path)
    all_refuse(path, "x.emf: error: cannot be read: Not a regular file")


def test_a_fifo_among_the_files_of_a_build_is_refused_and_not_waited_for():
    for name in ("modules/x.emf", "modules/x.c", "modules/x.bpf.c", "bus-idl/x.emf", "obj/x_emf.h", "obj/modules.mk"):
        folder = tap.folder()
        for other in ("modules", "bus-idl", "obj"):
            os.mkdir(os.path.join(folder, other))
        put(folder, "modules/x.c", "int x;\n")
        path = os.path.join(folder, name)
        if os.path.exists(path):
            os.unlink(path)
        os.mkfifo(path)
        done = emfgen("build", cwd=folder)
        tap.equal(done.returncode, 1, f"status for {name}")
        tap.contains(done.stderr, "Not a regular file", f"stderr for {name}")


def test_a_file_that_is_not_there_is_told():
    all_refuse(os.path.join(tap.folder(), "x.emf"), "x.emf: error: cannot be read: No such file or directory")


def test_a_file_that_may_not_be_read_is_told():
    folder = tap.folder()
    path = put(folder, "x.emf", "const N = 1;\n")
    os.chmod(folder, 0o755)
    os.chmod(path, 0)
    all_refuse(path, "cannot be read: Permission denied", as_nobody=True)


def test_a_file_that_may_not_be_written_is_told_by_fmt():
    folder = tap.folder()
    path = put(folder, "x.emf", "const  N = 1;\n")
    os.chmod(folder, 0o555)
    tap.cleanup(os.chmod, folder, 0o755)
    done = emfgen("fmt", path, as_nobody=True)
    tap.equal(done.returncode, 1, "status")
    tap.contains(done.stderr, "Permission denied", "stderr")
    tap.equal(files_of(folder), [path], "files")


def test_an_output_that_takes_nothing_is_told():
    if not os.path.exists("/dev/full"):
        raise tap.Skip("there is no /dev/full")
    path = put(tap.folder(), "x.emf", "const N = 1;\n")
    other = put(tap.folder(), "x.emf", "const N = 2;\n")
    for words in (("doc", path), ("fmt", "-"), ("fmt", "--check", put(tap.folder(), "y.emf", "const  N=1;")), ("diff", path, other)):
        with open("/dev/full", "w") as full, open(path) as text:
            done = emfgen(*words, stdout=full, stdin=text)
        tap.equal(done.returncode, 1, f"status of {words[0]}")
        tap.contains(done.stderr, "No space left on device", f"stderr of {words[0]}")


def test_a_reader_that_went_away_ends_it_quietly():
    path = put(tap.folder(), "x.emf", "".join(f"struct t{n} {{ u8 a; }}\n" for n in range(5000)))
    for words in (("doc", path), ("diff", put(tap.folder(), "y.emf", ""), path)):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = emfgen(*words, stdout=write_end)
        os.close(write_end)
        tap.equal(done.stderr.count("\n") <= 1, True, f"lines of {words[0]}'s message")


# --- imports --------------------------------------------------------------------------------------------


def test_an_import_never_leaves_its_folders():
    for name in ("../x.emf", "a/../../x.emf", "/etc/x.emf", "..", "."):
        refused(f'import "{name}";\n', ":1:8: error: ", but=("fmt",))
    folder = tap.folder()
    put(folder, "secret.emf", "const SECRET = 1;\n")
    os.mkdir(os.path.join(folder, "in"))
    path = put(os.path.join(folder, "in"), "x.emf", 'import "../secret.emf";\nstruct s { u8 a[SECRET]; }\n')
    all_refuse(path, "an import names a file in one of the folders, not a way out of them", but=("fmt",))


def test_an_import_of_what_is_no_description_is_refused():
    folder = tap.folder()
    put(folder, "x.txt", "not for you\n")
    path = put(folder, "y.emf", 'import "x.txt";\n')
    for command, *words in COMMANDS:
        if "not for you" in emfgen(command, *[w.format(path) for w in words]).stderr:
            raise AssertionError("the content of a file that is no description was shown")
    all_refuse(path, "there is no file 'x.txt'", but=("fmt",))


def test_a_symlink_that_leads_to_itself_is_told():
    folder = tap.folder()
    os.symlink("b.emf", os.path.join(folder, "a.emf"))
    os.symlink("a.emf", os.path.join(folder, "b.emf"))
    all_refuse(os.path.join(folder, "a.emf"), "cannot be read: Too many levels of symbolic links")
    all_refuse(put(folder, "x.emf", 'import "a.emf";\n'), "there is no file 'a.emf'", but=("fmt",))


def test_files_that_import_each_other_through_symlinks_are_told():
    folder = tap.folder()
    os.symlink("x.emf", os.path.join(folder, "again.emf"))
    all_refuse(put(folder, "x.emf", 'import "again.emf";\n'), "'again.emf' imports this file, directly or not", but=("fmt",))


def test_a_symlink_may_lead_to_a_file_of_another_folder():
    """Who put it there decided so; out-of-tree builds are made of such links."""
    folder, other = tap.folder(), tap.folder()
    os.symlink(put(other, "base.emf", "const N = 1;\n"), os.path.join(folder, "base.emf"))
    path = put(folder, "x.emf", 'import "base.emf";\nstruct s { u8 a[N]; }\n')
    tap.equal(emfgen("check", path).returncode, 0, "status")


def test_a_fifo_is_not_waited_for_when_it_is_imported():
    folder = tap.folder()
    os.mkfifo(os.path.join(folder, "pipe.emf"))
    all_refuse(put(folder, "x.emf", 'import "pipe.emf";\n'), "there is no file 'pipe.emf'", but=("fmt",))


def test_a_long_line_of_imports_is_no_traceback():
    folder = tap.folder()
    for n in range(400):
        put(folder, f"f{n}.emf", f'import "f{n + 1}.emf";\n')
    put(folder, "f400.emf")
    all_refuse(os.path.join(folder, "f0.emf"), "more than 256 files are imported", but=("fmt",))


# --- random files -------------------------------------------------------------------------------------------


def test_random_files_are_checked_formatted_compared_and_documented():
    folder = tap.folder()
    for seed in range(COUNT):
        valid = seed % 2 == 0
        path = put(folder, "x.emf", random_file(random.Random(seed), valid=valid))
        done = {words[0]: emfgen(words[0], *[w.format(path) for w in words[1:]]) for words in COMMANDS}
        if valid:
            tap.equal((done["check"].returncode, done["doc"].returncode), (0, 0), f"status for seed {seed}")
        if done["check"].returncode == 0:
            tap.equal((done["diff"].returncode, done["diff"].stdout), (0, ""), f"diff with itself for seed {seed}")
    tap.equal(files_of(folder), [os.path.join(folder, "x.emf")], "files")


tap.main()
