# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make holds kernel parts against their descriptions, and makes the accessors of their
maps: all that changed in one run, and nothing that did not agree is used.

Without these, a wrong object could be linked because the header of yesterday is still
there, or a header be remade at every make.
"""
import atexit
import os
import re
import shutil
import tempfile

import scratch
import tap

KERNEL = """#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
struct {name}_row {{ __u32 id; __u32 n; }};
struct {{
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct {name}_row);
}} {map} SEC(".maps");
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx) {{ __u32 zero = 0; return bpf_map_lookup_elem(&{map}, &zero) != 0; }}
"""
USER = """#include "{name}_emf.h"
int {name}_has_keys(const struct module *m);
int {name}_has_keys(const struct module *m) {{ __u32 id; return !{name}_map_{map}_next(m, NULL, &id); }}
"""
AGREES = "struct row { u32 id; u32 n; }\n"
DIFFERS = "struct row { u32 id; u16 n; u16 m; }\n"
WRONG = "modules/one.emf:1:26: error: 'struct one_row' of modules/one.bpf.c has 'n' at byte 4 with 4 bytes (__u32), here it is at byte 4 with 2\n"

_build = None


def build():
    """A product of two modules, out of the tree; made once for all tests of this file."""
    global _build
    if not _build:
        parent = tempfile.mkdtemp(prefix="emf-test-")
        atexit.register(shutil.rmtree, parent)
        src = scratch.source(parent)
        for name in os.listdir(os.path.join(src, "modules")):
            os.unlink(os.path.join(src, "modules", name))
        # What is checked may not be built yet; here it is only about the check.
        with open(os.path.join(src, "gen", "emfgenlib", "not_yet.py"), "a") as f:
            f.write("\n\ndef refuse(file, errors):\n    pass\n")
        _build = scratch.Build(src, os.path.join(parent, "build"))
        for name in ("one", "two"):
            put(name + ".bpf.c", KERNEL.format(name=name, map="rows"))
        put("one.c", USER.format(name="one", map="rows"))
        put("one.emf", AGREES)
        _build.make()
    return _build


def put(name, text, folder="modules"):
    scratch.write(os.path.join(_build.src, folder, name), text)


def out(name):
    return os.path.join(build().path, "obj", name)


def text_of(name):
    with open(out(name)) as f:
        return f.read()


def restore(**files):
    """After the test these files are as they were, and the product built from them."""
    def back():
        for name, text in files.items():
            put(name.replace("_", "."), text)
        build().make()

    tap.cleanup(back)


def nothing_to_do():
    tap.contains(build().make(), "Nothing to be done")


def handled(said):
    """What the generator was given, of a make with V=1."""
    calls = re.findall(r"emfgen objects --built '(\S+)' *(.*?) *&&", said)
    tap.equal(len(calls), 1, f"runs of emfgen objects in {said}")
    return calls[0][1].split()


def test_a_second_make_does_nothing():
    build()
    nothing_to_do()
    tap.contains(text_of("one_maps.h"), "one_map_rows_for_each")


def test_one_changed_file_is_the_only_one_that_is_looked_at():
    build()
    for name, wanted in (("two.bpf.c", ["obj/two.bpf.o"]), ("one.emf", ["modules/one.emf"])):
        os.utime(os.path.join(build().src, "modules", name))
        before = os.stat(out("one_maps.h")).st_mtime_ns, os.stat(out("two_maps.h")).st_mtime_ns
        tap.equal(handled(build().make("V=1")), wanted, f"after a change of {name}")
        tap.equal((os.stat(out("one_maps.h")).st_mtime_ns, os.stat(out("two_maps.h")).st_mtime_ns), before, "times of the headers")
        nothing_to_do()


def test_a_new_name_of_a_map_reaches_the_user_part_in_the_same_make():
    build()
    restore(one_bpf_c=KERNEL.format(name="one", map="rows"), one_c=USER.format(name="one", map="rows"))
    put("one.bpf.c", KERNEL.format(name="one", map="lines"))
    tap.contains(build().make_fails("-j2"), "one_map_rows_next")
    put("one.c", USER.format(name="one", map="lines"))
    build().make()
    tap.contains(text_of("one_maps.h"), "one_map_lines_next")
    nothing_to_do()
    if os.geteuid() == 0:
        tap.equal(tap.run(build().product(), "one", "-d", "50ms").returncode, 0, "exit status of the module")


def test_a_difference_ends_every_make_until_it_is_gone():
    build()
    restore(one_emf=AGREES)
    put("one.emf", DIFFERS)
    for words in ((), ("-j2",), ("-k",)):
        tap.contains(build().make_fails(*words), WRONG)
        tap.equal(os.path.exists(out("one_maps.h")), False, "the header of the object that differs")
        tap.equal(os.path.exists(out("two_maps.h")), True, "the header of the other one")
    put("one.emf", AGREES)
    build().make()
    tap.contains(text_of("one_maps.h"), "one_map_rows_for_each")
    nothing_to_do()


def test_a_difference_in_the_kernel_part_is_found_too():
    build()
    restore(one_bpf_c=KERNEL.format(name="one", map="rows"))
    put("one.bpf.c", KERNEL.format(name="one", map="rows").replace("__u32 n;", "__s32 n;"))
    message = "'struct one_row' of modules/one.bpf.c has 'n' signed (__s32), here it is unsigned\n"
    for _ in range(2):
        tap.contains(build().make_fails(), message)
    put("one.bpf.c", KERNEL.format(name="one", map="rows"))
    build().make()
    nothing_to_do()


def test_an_imported_description_is_looked_at_when_it_changes():
    build()
    restore(one_emf=AGREES)
    put("shared.emf", "service one 1.0 {\n\tstruct row { u32 id; u32 n; }\n}\n", "bus-idl")
    shared = os.path.join(build().src, "bus-idl", "shared.emf")
    tap.cleanup(lambda: os.path.exists(shared) and os.unlink(shared))
    put("one.emf", 'import "shared.emf";\n')
    build().make()
    put("shared.emf", "service one 1.0 {\n\tstruct row { u32 id; s32 n; }\n}\n", "bus-idl")
    tap.contains(build().make_fails(), "bus-idl/shared.emf:2:27: error: 'struct one_row' of modules/one.bpf.c has 'n' unsigned")
    os.unlink(shared)
    put("one.emf", AGREES)
    build().make()


def test_a_build_that_is_to_write_no_compiled_python_keeps_the_generator_s():
    made = build()
    cache = os.path.join(made.path, "obj", ".pycache")
    shutil.rmtree(cache, ignore_errors=True)
    os.unlink(os.path.join(made.path, "obj", "modules.mk"))
    scratch.must("make", cwd=made.path, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
    files = [name for _, _, names in os.walk(cache) for name in names]
    tap.equal(any(name.startswith("lexer.") for name in files), True, "compiled files of the generator")


def test_what_was_deleted_is_made_again():
    build()
    for name in ("one_maps.h", "objects.stamp", "one.bpf.o", "one_emf.h", "one_emf.c", "product_emf.c"):
        os.unlink(out(name))
        build().make()
        tap.equal(os.path.exists(out(name)), True, name)
        nothing_to_do()


def test_a_broken_object_is_removed_and_the_next_make_is_whole():
    build()
    for text in ("", "what a killed compiler left"):
        for first in ([], ["obj/objects.stamp"]):  # whoever reads it first
            scratch.write(out("one.bpf.o"), text)
            tap.contains(build().make_fails(*first), "run make again")
            build().make()
            nothing_to_do()


def test_a_header_of_a_file_that_is_gone_cannot_be_included():
    build()
    for name in ("three.emf", "three.c"):
        put(name, {"three.emf": "module three 1.0;\n", "three.c": '#include "three_emf.h"\n'}[name])
    put("shared.emf", "const MANY = 7;\n", "bus-idl")
    build().make()
    tap.equal(os.path.exists(out("shared_emf.h")), True, "a header of a shared file")
    for folder, name in (("modules", "three.emf"), ("modules", "three.c"), ("bus-idl", "shared.emf")):
        os.unlink(os.path.join(build().src, folder, name))
    restore(**{"one.c": USER.format(name="one", map="rows")})
    put("one.c", '#include "shared_emf.h"\n' + USER.format(name="one", map="rows"))
    tap.contains(build().make_fails(), "shared_emf.h: No such file or directory")
    tap.equal([n for n in os.listdir(out("")) if n.startswith(("three", "shared"))], [], "what was made for them")


def test_a_module_that_comes_back_is_looked_at_again():
    build()
    three = os.path.join(build().src, "modules", "three.bpf.c")
    put("three.bpf.c", KERNEL.format(name="three", map="rows"))
    build().make()
    tap.contains(text_of("three_maps.h"), "three_map_rows_next")
    os.rename(three, three + ".away")
    build().make()
    tap.equal([n for n in os.listdir(out("")) if n.startswith("three")], [], "files of a module that is gone")
    nothing_to_do()
    # It differs now, and the object is older than the last check.
    put("three.emf", DIFFERS)
    os.utime(os.path.join(build().src, "modules", "three.emf"), (1000, 1000))
    os.rename(three + ".away", three)
    tap.contains(build().make_fails(), "modules/three.emf:1:26: error: 'struct three_row' of modules/three.bpf.c")
    os.unlink(os.path.join(build().src, "modules", "three.emf"))
    os.unlink(three)
    build().make()
    nothing_to_do()


tap.main()
