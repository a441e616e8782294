# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A kernel part against its description: each difference is told with its exact place,
and typed accessors of its maps compile under all warnings, as C and as C++.

Without these, a struct could differ between the two sides of the kernel boundary, and
numbers be read from where others stand.

A case is a file of objects/bad with the message in a file of the same name that ends
with .stderr; objects/good has files that agree. Both are held against flow.bpf.c, or the
kernel part that is named like the module in them; guard imports maps from rules.
UPDATE_GOLDEN=1 writes what is expected anew; read the difference before you commit it.
"""
import ctypes
import os
import re
import shutil
import sys

import tap

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "objects")
EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
WARNINGS = """-Wall -Wextra -Wshadow -Wvla -Wundef -Wformat=2 -Wpointer-arith -Wwrite-strings -fno-common
    -fvisibility=hidden -Werror""".split()
C_WARNINGS = "-Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition".split()
_objects = {}

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import sections  # noqa: E402 - the path has to be set first


def compile_bpf(source, path, *flags):
    try:
        done = tap.run("clang", "-target", "bpf", "-g", "-O2", *flags, "-c", source, "-o", path)
    except FileNotFoundError:
        raise tap.Skip("needs clang") from None
    tap.equal(done.returncode, 0, f"exit status of clang: {done.stderr}")


def object_of(name):
    """The bytes of a compiled kernel part of objects/, compiled once."""
    if name not in _objects:
        path = os.path.join(tap.folder(), "object")
        compile_bpf(os.path.join(GOLDEN, name + ".bpf.c"), path)
        _objects[name] = read(path, "rb")
    return _objects[name]


def read(path, mode="r"):
    with open(path, mode) as f:
        return f.read()


def put(*parts, data=b""):
    path = os.path.join(*parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path


def place(*names, **descriptions):
    """A folder with the objects of these modules, and their descriptions."""
    folder = tap.folder()
    for name in names:
        put(folder, "obj", name + ".bpf.o", data=object_of(name))
    for name, text in descriptions.items():
        put(folder, "modules", name + ".emf", data=text)
    shutil.copytree(os.path.join(GOLDEN, "shared"), os.path.join(folder, "bus-idl"))
    return folder


def objects(folder, built, *changed):
    return tap.run(sys.executable, EMFGEN, "objects", "--built", built, *changed, cwd=folder)


def made(folder):
    return sorted(name for name in os.listdir(os.path.join(folder, "obj")) if name.endswith("_maps.h"))


def case(path):
    """The module of a case, and those that it imports maps from."""
    text = read(path)
    found = re.search(r"^module (guard|sleepy)\b", text, re.MULTILINE)
    module = found.group(1) if found else "flow"
    others = ["rules"] if module == "guard" else []
    folder = place(module, *others, **{module: text})
    put(folder, "obj", f"{module}_maps.h", data="/* of the last run */\n")
    return folder, objects(folder, ",".join([module, *others])), module, [name + "_maps.h" for name in others]


def good(path):
    folder, result, module, others = case(path)
    tap.equal((result.returncode, result.stdout, result.stderr), (0, "", ""), "status and output")
    tap.equal(made(folder), sorted([module + "_maps.h", *others]), "headers")
    if others:
        layouts = [re.findall(r"_layout (\w+)", read(os.path.join(folder, "obj", name))) for name in made(folder)]
        tap.equal(len(layouts[0]), 1, "layouts in the header")


def bad(path):
    folder, result, _, others = case(path)
    golden = path[: -len(".emf")] + ".stderr"
    if UPDATE:
        put(golden, data=result.stderr)
    tap.equal(result.stderr, read(golden), "standard error")
    tap.equal((result.returncode, result.stdout), (1, ""), "status and output")
    tap.equal(made(folder), others, "headers")
    if not re.match(r"\S+\.emf:\d+:\d+: error: .+\n  .*\S.*\n +\t* *\^", result.stderr):
        raise AssertionError(f"no place, line and caret: {result.stderr}")


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


def test_the_metrics_of_a_description_are_these_lines():
    folder = place("flow", flow=read(os.path.join(GOLDEN, "good", "metrics_of_every_kind.emf")))
    done = objects(folder, "flow")
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")
    text, golden = read(os.path.join(folder, "obj", "flow_shown.h")), os.path.join(GOLDEN, "flow_shown.h")
    if UPDATE:
        put(golden, data=text)
    tap.equal(text, read(golden), "the header")


def test_what_a_description_shows_are_these_lines():
    folder = place("flow", flow=read(os.path.join(GOLDEN, "good", "shows.emf")))
    done = objects(folder, "flow")
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")
    text, golden = read(os.path.join(folder, "obj", "flow_shown.h")), os.path.join(GOLDEN, "flow_views.h")
    if UPDATE:
        put(golden, data=text)
    tap.equal(text, read(golden), "the header")


# --- program types ---------------------------------------------------------------------------


def test_sections_mean_the_program_types_that_libbpf_gives_them():
    try:
        libbpf = ctypes.CDLL("libbpf.so.1")
    except OSError:
        raise tap.Skip("there is no shared libbpf to ask") from None
    libbpf.libbpf_set_print(None)
    libbpf.libbpf_bpf_prog_type_str.restype = ctypes.c_char_p
    known, wrong = 0, []
    for kind in sections.KINDS.values():
        for section in kind.sections:
            name = section.replace("+", "/x")
            number, attach = ctypes.c_int(), ctypes.c_int()
            if libbpf.libbpf_prog_type_by_name(name.encode(), ctypes.byref(number), ctypes.byref(attach)):
                continue  # of a later version
            known += 1
            told = libbpf.libbpf_bpf_prog_type_str(number.value).decode()
            told = told.replace("raw_tracepoint_writable", "raw_tracepoint")
            if told != kind.type or sections.kind_of(name) != kind:
                wrong.append((name, told, kind.type))
    tap.equal(wrong, [], "sections of another type")
    tap.equal(known > 80, True, f"{known} sections that libbpf knows too")


def test_sections_that_go_on_where_they_must_not_are_not_known():
    for section in ("xdp/eth0", "tc/", "kprobed", "uprobes/x", "", "syscall/x"):
        tap.equal(sections.kind_of(section), None, section)


SECTIONS = """#define SEC(name) __attribute__((section(name), used))
char terms[] SEC("license") = "GPL";
SEC("uprobe") int one(void *ctx) { return 0; }
SEC("raw_tq/sys_enter") int two(void *ctx) { return 0; }
SEC("cgroup_skb/egress") int three(void *ctx) { return 0; }
SEC("xdp") int four(void *ctx) { return 0; }
SEC("kprobe/do_exit") int five(void *ctx) { return 0; }
"""


def programs(text, **files):
    """What is said of a module with this kernel part."""
    folder = tap.folder()
    source = put(folder, "modules", "x.bpf.c", data=text)
    os.mkdir(os.path.join(folder, "obj"))
    compile_bpf(source, os.path.join(folder, "obj", "x.bpf.o"))
    for ending, data in files.items():
        put(folder, "modules", "x." + ending, data=data)
    return objects(folder, "x")


def test_a_section_that_libbpf_does_not_know_is_an_error_at_its_place():
    said = programs(SECTIONS)
    tap.equal(said.returncode, 1, "exit status")
    tap.contains(said.stderr, "modules/x.bpf.c:4:5: error: libbpf knows no section 'raw_tq/sys_enter', that of program 'two'\n"
                 '  SEC("raw_tq/sys_enter") int two(void *ctx) { return 0; }\n      ^\n  hint: did you mean \'raw_tp/sys_enter\'?\n')


def test_a_program_that_nothing_says_where_to_attach_is_warned_of():
    text = SECTIONS.replace("raw_tq", "raw_tp")
    said = programs(text, emf='module x 1.0 { attach four xdp(param netdev iface); }\n')
    tap.equal(said.returncode, 0, "exit status")
    tap.equal(re.findall(r"^\S+ warning: .*|hint: .*", said.stderr, re.MULTILINE),
              ["modules/x.bpf.c:3:5: warning: SEC(\"uprobe\") does not say where program 'one' hangs",
               'hint: write in the module\'s description: attach one uprobe("path", "function");',
               "modules/x.bpf.c:5:5: warning: SEC(\"cgroup_skb/egress\") does not say where program 'three' hangs",
               'hint: write in the module\'s description: attach three cgroup("path");'], "warnings")
    tap.equal(programs(text, c="").stderr, "", "of a user part that may attach them")


def test_a_kernel_part_without_anything_is_named_by_its_source():
    for text in ("", "int unused;\n"):
        said = programs(text)
        tap.equal(said.returncode, 1, "exit status")
        tap.contains(said.stderr, "modules/x.bpf.c: error: there is no program and no map in it\n")


# --- many objects in one run -------------------------------------------------------------


def test_errors_of_all_objects_are_told_and_the_others_are_made():
    folder = place("flow", "maps", flow="module flow 1.0 {\n\tmap rws export;\n}\n", maps="struct count { u64 n; }\n")
    put(folder, "obj", "third.bpf.o", data=object_of("maps"))
    put(folder, "obj", "fourth.bpf.o", data=b"\x7fELF")
    result = objects(folder, "flow,fourth,maps,third,fifth")
    tap.equal(result.returncode, 1, "exit status")
    for part in ("modules/flow.emf:2:6: error: there is no map 'rws' in modules/flow.bpf.c\n",
                 "modules/maps.emf:1:20: error: 'struct maps_count' of modules/maps.bpf.c has no member 'n'\n",
                 "obj/fourth.bpf.o: error: is no ELF file\n", "obj/fifth.bpf.o: error: cannot be read: No such file or directory\n"):
        tap.contains(result.stderr, part)
    tap.equal("Traceback" in result.stderr, False, "a traceback")
    tap.equal(made(folder), ["third_maps.h"], "headers")


def test_only_what_a_change_concerns_is_looked_at():
    folder = place("flow", "maps", flow='import "net.emf";\n', maps="module maps 1.0;\n")
    tap.equal(objects(folder, "maps", "obj/maps.bpf.o").stderr, "", "of one object")
    tap.equal(made(folder), ["maps_maps.h"], "headers")
    put(folder, "obj", "flow_maps.h")
    put(folder, "obj", "maps.bpf.o", data=b"broken, and not looked at")
    for changed in ("modules/flow.emf", "bus-idl/net.emf", "obj/flow.bpf.o"):
        result = objects(folder, "flow,maps", changed)
        tap.contains(result.stderr, "bus-idl/net.emf:2:9: error: 'struct flow_key' of modules/flow.bpf.c has what is not here: ")
        tap.equal("maps.bpf.o" in result.stderr, False, "the other object was looked at")
        put(folder, "obj", "flow_maps.h")
    for changed in ((), ("gen/emfgenlib/maps.py",)):
        put(folder, "obj", "maps.bpf.o", data=b"broken")
        tap.contains(objects(folder, "flow,maps", *changed).stderr, "obj/maps.bpf.o: error: is no ELF file\n  hint: it is removed: run make again")
        tap.equal(os.path.exists(os.path.join(folder, "obj", "maps.bpf.o")), False, "the broken object is there")


def test_a_header_is_written_when_its_bytes_change_only():
    folder = place("maps", maps="module maps 1.0;\n")
    header = os.path.join(folder, "obj", "maps_maps.h")
    for _ in range(2):
        tap.equal(objects(folder, "maps").returncode, 0, "exit status")
        times = os.stat(header).st_mtime
        os.utime(header, (1000, 1000))
    tap.equal(os.stat(header).st_mtime == 1000 and times == 1000, True, "the second run left it alone")


# --- the accessors -------------------------------------------------------------------------


def test_the_accessors_are_these_lines():
    folder = place("maps")
    tap.equal(objects(folder, "maps").stderr, "", "standard error")
    got = read(os.path.join(folder, "obj", "maps_maps.h"))
    if UPDATE:
        put(GOLDEN, "maps_maps.h", data=got)
    tap.equal(got, read(os.path.join(GOLDEN, "maps_maps.h")), "the header")


def compiles(folder, compiler, language, headers):
    if not shutil.which(compiler):
        raise tap.Skip(f"there is no {compiler}")
    source = put(folder, "x." + ("c" if language == "gnu17" else "cc"), data="".join(f'#include "{h}"\n' for h in headers))
    flags = C_WARNINGS if language == "gnu17" else []
    done = tap.run(compiler, f"-std={language}", "-O2", *WARNINGS, *flags, f"-I{tap.SOURCE}/include", f"-I{folder}/obj",
                   "-c", source, "-o", os.path.join(folder, "x.o"))
    tap.equal((done.returncode, done.stderr), (0, ""), f"{compiler} -std={language}")


def bag_header():
    """The header of the kernel part that the tests on the running kernel use: all kinds."""
    folder = place("flow", "maps")
    multiarch = tap.run("gcc", "-print-multiarch").stdout.strip()
    compile_bpf(os.path.join(tap.SOURCE, "tests", "kernel", "maps", "bag.bpf.c"), os.path.join(folder, "obj", "bag.bpf.o"),
                f"-I{tap.SOURCE}/include", "-idirafter", f"/usr/include/{multiarch}", "-Wno-missing-declarations")
    tap.equal(objects(folder, "flow,maps,bag").stderr, "", "standard error")
    return folder


HEADERS = ("bag_maps.h", "flow_maps.h", "maps_maps.h", "bag_maps.h")


def test_the_accessors_compile_with_gcc_as_c():
    compiles(bag_header(), "gcc", "gnu17", HEADERS)


def test_the_accessors_compile_with_clang_as_c():
    compiles(bag_header(), "clang", "gnu17", HEADERS)


def test_the_accessors_compile_with_gcc_as_cpp():
    compiles(bag_header(), "g++", "gnu++17", HEADERS)


def test_the_accessors_compile_with_clang_as_cpp():
    compiles(bag_header(), "clang++", "gnu++17", HEADERS)


FLOW_KEY = "unsigned int saddr, daddr; unsigned short sport, dport; unsigned char proto, dir, pad[2];"
CALLS = """#include "flow_maps.h"
struct flow_key { %s };
struct flow_row { struct flow_key key; unsigned long long bytes; long long delta; char name[16]; unsigned char tags[8]; };
int visit(const struct flow_key *key, const struct flow_row *row, void *ctx);
int use(const struct module *m, struct flow_row *row);
int use(const struct module *m, struct flow_row *row)
{
	struct flow_key key = { 1, 2, 3, 4, 5, 6, { 0, 0 } };

	(void)row, (void)key;
	return %s;
}
"""


def call(compiler, language, members, expression):
    if not shutil.which(compiler):
        raise tap.Skip(f"there is no {compiler}")
    folder = place("flow")
    tap.equal(objects(folder, "flow").returncode, 0, "exit status")
    source = put(folder, "x." + ("c" if language == "gnu17" else "cc"), data=CALLS % (members, expression))
    return tap.run(compiler, f"-std={language}", "-O2", *WARNINGS, f"-I{tap.SOURCE}/include", f"-I{folder}/obj", "-c", source,
                   "-o", os.path.join(folder, "x.o"))


COMPILERS = (("gcc", "gnu17"), ("clang", "gnu17"), ("g++", "gnu++17"), ("clang++", "gnu++17"))


def test_a_call_with_a_struct_of_the_same_name_and_another_size_does_not_compile():
    for compiler, language in COMPILERS:
        for function in ("lookup(m, &key, row)", "update(m, &key, row)", "delete(m, &key)", "next(m, NULL, &key)", "for_each(m, visit, NULL)"):
            done = call(compiler, language, FLOW_KEY, "flow_map_rows_" + function)
            tap.equal((done.returncode, done.stderr), (0, ""), f"{compiler}: {function}")
            more = FLOW_KEY.replace("pad[2]", "pad[6]")
            done = call(compiler, language, more, "flow_map_rows_" + function)
            tap.equal(done.returncode != 0, True, f"{compiler} takes {function} with another struct")
            tap.contains(done.stderr, "struct flow_key is another one than that of the kernel part", compiler)


def test_a_map_whose_name_is_no_name_of_c_is_an_error():
    folder = place("maps")
    put(folder, "obj", "maps.bpf.o", data=object_of("maps").replace(b"\0counts\0", b"\0cou*ts\0"))
    tap.equal(objects(folder, "maps").stderr, "obj/maps.bpf.o: error: has a map named 'cou*ts', which is no name of C\n",
              "standard error")


tap.main()
