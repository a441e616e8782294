# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a description would have said, found in a kernel part alone; and where it cannot be
found, the line that would say it.

Without these, a record could be taken for one of another type, or a kernel part be refused
with a message that does not help. UPDATE_GOLDEN=1 writes the header that is expected anew.
"""
import os
import re
import sys

import tap

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import semantics  # noqa: E402 - the path has to be set first

HERE = os.path.dirname(os.path.abspath(__file__))
EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"

# As bpf_helpers.h declares them: what is a macro in front of a parenthesis stays a name here.
HEAD = """#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define RING(name, type_) struct { __uint(type, type_); __uint(max_entries, 4096); } name SEC(".maps")
static void *(*bpf_ringbuf_reserve)(void *ringbuf, unsigned long long size, unsigned long long flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, unsigned long long flags) = (void *)132;
static long (*bpf_ringbuf_output)(void *ringbuf, void *data, unsigned long long size, unsigned long long flags) = (void *)130;
static long (*bpf_perf_event_output)(void *ctx, void *map, unsigned long long flags, void *data, unsigned long long size) = (void *)25;
static unsigned long long (*bpf_perf_event_read)(void *map, unsigned long long flags) = (void *)22;
char terms[] SEC("license") = "GPL";
enum { ID_A = 1, ID_B };
struct a { int id; int x; };
struct b { int id; char name[8]; };
"""


def source_of(body):
    return HEAD + "#line 1\n" + body


def inferred(body, vmlinux_h="", **files):
    """What emfgen says of a module with this kernel part, and the header that it wrote. @vmlinux_h: what it may have included"""
    folder = tap.folder()
    os.makedirs(os.path.join(folder, "modules"))
    os.mkdir(os.path.join(folder, "obj"))
    source = os.path.join(folder, "modules", "x.bpf.c")
    for name, text in dict(files, **{"bpf.c": body}).items():
        with open(os.path.join(folder, "modules", "x." + name), "w") as f:
            f.write(text)
    with open(os.path.join(folder, "obj", "vmlinux.h"), "w") as f:
        f.write(vmlinux_h)
    head = os.path.join(folder, "head.h")
    with open(head, "w") as f:
        f.write(HEAD)
    try:
        done = tap.run("clang", "-target", "bpf", "-g", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-parameter",
                       "-DEMF_ALONE", "-include", os.path.join(tap.SOURCE, "include", "emf", "alone.h"), "-include", head,
                       "-I" + os.path.join(folder, "obj"), "-c", source, "-o", os.path.join(folder, "obj", "x.bpf.o"))
    except FileNotFoundError:
        raise tap.Skip("needs clang") from None
    tap.equal(done.returncode, 0, f"exit status of clang: {done.stderr}")
    said = tap.run(sys.executable, EMFGEN, "objects", "--built", "x", cwd=folder)
    tap.equal("Traceback" in said.stderr, False, f"a traceback: {said.stderr}")
    path = os.path.join(folder, "obj", "x_inferred.h")
    text = ""
    if os.path.exists(path):
        with open(path) as f:
            text = f.read()
    tap.equal((said.returncode, bool(text)), (1, False) if "error:" in said.stderr else (0, "emf" not in files), "exit status, and a header")
    return said.stderr, text


def types_of(body, **files):
    """The records of each ring, which is all that is said."""
    said, text = inferred(body, **files)
    tap.equal(said, "", "messages")
    return {ring: re.findall(r"\{ (-?\d+), &x_(\w+)_record, ", table)
            for ring, table in re.findall(r"struct emf_event_type x_(\w+)_types\[\] = \{\n(.*?)\n\};", text, re.DOTALL)}


RING = 'RING(ring, 27);\n'
TWO = 'RING(ring, 27);\nRING(other, 27);\n'


def program(code):
    return f'SEC("raw_tp/x") int f(void *ctx)\n{{\n\t{code}\n\treturn 0;\n}}\n'


# --- what is heard of it ---------------------------------------------------------------------------


def signals_of(members):
    """The signals of a type with these members, as its service describes them; None if it has no service."""
    said, text = inferred("struct ev { %s };\n" % members + RING + program(
        "struct ev e = {};\n\tbpf_ringbuf_output(&ring, &e, sizeof(e), 0);"))
    tap.equal(said, "", "messages")
    found = re.search(r"x_idl\[\] =\n(.*?);\n", text, re.DOTALL)
    return re.sub(r"\s+", " ", "".join(re.findall(r'"(.*)"', found.group(1))).replace("\\012", " ").replace("\\011", " ")) if found else None


def test_a_type_with_the_padding_that_c_makes_is_a_signal():
    for members, wanted in (("int a; unsigned long long b; char c[16];", "signal ev(s32 a, u8 pad4[4], u64 b, string<=15 c)"),
                            ("unsigned long long a; int b; char c[10];", "signal ev(u64 a, s32 b, string<=9 c, u8 pad22[2])"),
                            ("unsigned char a; int pad1; int b; struct { unsigned char x; unsigned short y; } c;", "signal ev(u8 a, u8 pad1[7], s32 b, ")):
        tap.contains(signals_of(members) or "", wanted)


def test_what_the_language_has_no_type_for_is_a_signal_as_bytes():
    for members, wanted in (
            ("int a : 3; int b;", "signal ev(u8 a[4], s32 b)"),
            ("unsigned a : 3, c : 9; char b;", "signal ev(u8 a_and_c[2], char b, u8 pad3[1])"),
            ("char a; unsigned b : 8;", "signal ev(char a, u8 b[3])"),
            ("unsigned __int128 a; int b;", "signal ev(u8 a[16], s32 b, u8 pad20[12])"),
            ("union { int a; float b; } u;", "signal ev(u8 u[4])"),
            ("char a; int b; struct { char c; long d; } __attribute__((packed)) in;", "struct in { char c; u8 d[8]; } "),
            ("int new; int b;", "signal ev(s32 new_, s32 b)"),
            ("enum { ONE = 1 } which;", "enum which_values : u32 { ONE = 1 } "),
            ("long a; unsigned b[3];", "signal ev(s64 a, u32 b[<=3])"),
            ("long a; unsigned short b[3];", "signal ev(s64 a, u16 b[<=6])"),
            ("long a; unsigned long b[3];", "signal ev(s64 a, u8 pad8[4], u64 b[<=3])"),
            ("short a; unsigned long b[3];", "signal ev(s16 a, u8 pad2[10], u64 b[<=3])"),
            ("int a; int b_len; char b[];", "signal ev(s32 a, s32 b_len, char b_[<=65508])"),
            ("char a; char b[];", "signal ev(char a, u8 pad1[3], char b[<=65512])"),
            ("int a; unsigned __int128 b[];", "struct bytes16 { u8 bytes[16]; } "),
            ("int a; unsigned __int128 b[];", "signal ev(s32 a, u8 pad4[16], bytes16 b[<=4094])"),
            ("char a; struct { long x; } __attribute__((packed)) b[];", "signal ev(char a, u8 pad1[3], b b[<=8189])")):
        tap.contains(signals_of(members) or "", wanted, members)


def test_a_type_that_is_on_no_bus_is_warned_of_with_the_reason():
    said, text = inferred("struct ev { int n; struct { int x; struct { char y; } d; } s; };\nstruct d { int z; struct ev ev; };\n" + RING + program(
        "struct d e = {};\n\tbpf_ringbuf_output(&ring, &e, sizeof(e), 0);"))
    tap.contains(said, "modules/x.bpf.c:3:")
    tap.contains(said, "warning: 'd' is printed, and not on the bus: ")
    tap.equal("x_idl" in text, False, "a service")


# --- which ring has which type -----------------------------------------------------------------


def test_the_type_that_is_reserved_is_that_of_the_ring():
    for size in ("sizeof(*e)", "sizeof(struct a)", "sizeof(*e) + 8", "2 * sizeof(*e)", "(sizeof(*e))", "sizeof *e", "8", "SIZE"):
        code = f"struct a *e = bpf_ringbuf_reserve(&ring, {size}, 0);\n\tif (!e)\n\t\treturn 0;\n\tbpf_ringbuf_submit(e, 0);"
        tap.equal(types_of(RING + "#define SIZE (sizeof(struct a))\n" + program(code)), {"ring": [("0", "a")]}, size)


def test_the_type_that_is_handed_over_is_that_of_the_ring():
    for kind, code in (("27", "bpf_ringbuf_output(&ring, &e, sizeof(e), 0);"),
                       ("4", "bpf_perf_event_output(ctx, &ring, 0xffffffff, &e, sizeof(e));")):
        tap.equal(types_of(RING.replace("27", kind) + program("struct b e = {};\n\t" + code)), {"ring": [("0", "b")]}, code)


def test_each_of_two_rings_has_its_own():
    got = types_of(TWO + program("struct a a = {};\n\tstruct b b = {};\n\tbpf_ringbuf_output(&ring, &b, sizeof(b), 0);\n"
                                 "\tbpf_ringbuf_output(&other, &a, sizeof(a), 0);"))
    tap.equal(got, {"ring": [("0", "b")], "other": [("0", "a")]}, "types")


def test_a_pointer_that_nobody_uses_names_the_type_of_the_only_ring():
    body = RING + "const struct b *unused __attribute__((unused));\nstatic int send(void *p) { return bpf_ringbuf_output(&ring, p, 4, 0); }\n"
    tap.equal(types_of(body + program("int x = 1;\n\tsend(&x);")), {"ring": [("0", "b")]}, "types")


def test_what_is_said_wins_over_what_is_seen():
    code = program("struct a a = {};\n\tbpf_ringbuf_output(&ring, &a, sizeof(a), 0);")
    tap.equal(types_of(RING + "struct c { short x, y; unsigned z; };\nEMF_EVENT(ring, struct c);\n" + code), {"ring": [("0", "c")]}, "types")
    both = "EMF_EVENT(ring, struct b, ID_B); EMF_EVENT(ring, struct a, ID_A);\n"
    tap.equal(types_of(RING + both + code), {"ring": [("2", "b"), ("1", "a")]}, "types by their first member")


def test_a_ring_that_nothing_goes_through_and_counters_that_are_read_have_no_events():
    tap.equal(types_of(RING + program("")), {}, "a ring")
    tap.equal(types_of(RING.replace("27", "4") + program("bpf_perf_event_read(&ring, 0);")), {}, "counters")


def test_a_ring_of_a_module_with_a_user_part_is_its_own_business():
    code = RING + program("char c[8] = {};\n\tbpf_ringbuf_output(&ring, c, sizeof(c), 0);")
    tap.equal(types_of(code, c="int x;\n"), {}, "without a word")
    tap.equal(types_of(code + "EMF_EVENT(ring, struct a);\n", c="int x;\n"), {"ring": [("0", "a")]}, "with one")


# --- the line that would say it ----------------------------------------------------------------


def test_a_ring_of_an_unknown_type_is_told_with_the_line_that_would_say_it():
    for more, line in (("", "EMF_EVENT(ring, struct NAME); with the struct that is sent"),
                       ("\tstruct a a = {};\n\tbpf_ringbuf_output(&other, &a, sizeof(a), 0);\n", "EMF_EVENT(ring, struct a);")):
        said, _ = inferred(TWO + program("char c[4] = {};\n\tbpf_ringbuf_output(&ring, c, sizeof(c), 0);\n" + more))
        tap.equal(said, "modules/x.bpf.c:1:6: error: what is sent through 'ring' is not known\n  RING(ring, 27);\n       ^\n"
                        f"  hint: write: {line}\n", "the message")


def test_of_two_rings_a_pointer_that_nobody_uses_names_none():
    body = TWO + "const struct b *unused __attribute__((unused));\nstatic int send(void *m, void *p) { return bpf_ringbuf_output(m, p, 4, 0); }\n"
    said, _ = inferred(body + program("int x = 1;\n\tsend(&ring, &x);\n\tsend(&other, &x);"))
    tap.equal(re.findall("error: .*|hint: .*", said), ["error: what is sent through 'ring' is not known", "hint: write: EMF_EVENT(ring, struct b);",
                                                       "error: what is sent through 'other' is not known", "hint: write: EMF_EVENT(other, struct b);"], "errors")


def test_several_types_are_told_with_a_line_for_each():
    said, _ = inferred(RING + program("struct a a = {};\n\tstruct b b = {};\n\tbpf_ringbuf_output(&ring, &b, sizeof(b), 0);\n"
                                      "\tbpf_ringbuf_output(&ring, &a, sizeof(a), 0);"))
    tap.contains(said, "modules/x.bpf.c:1:6: error: 'ring' carries struct b and struct a, and nothing says which one a record has\n")
    tap.contains(said, "hint: write for each, with the value of its first member: EMF_EVENT(ring, struct b, VALUE); EMF_EVENT(ring, struct a, VALUE);")


LONG = "struct c { int id; char name[32]; }; struct d { int id; long x, y; };\n"


def test_a_type_of_another_size_than_what_is_sent_is_told_with_both_sizes():
    for said_, code, wanted in (
            ("EMF_EVENT(ring, struct a);", "struct b x = {};\n\tbpf_ringbuf_output(&ring, &x, sizeof(x), 0);",
             "a record of 'ring' is a struct b of 12 bytes where it is sent, and struct a has 8\nEMF_EVENT(ring, struct b);"),
            ("EMF_EVENT(ring, struct d);", "struct a *x = bpf_ringbuf_reserve(&ring, sizeof(*x), 0);\n\tif (x)\n\t\tbpf_ringbuf_submit(x, 0);",
             "a record of 'ring' is a struct a of 8 bytes where it is sent, and struct d has 24\nEMF_EVENT(ring, struct a);"),
            ("EMF_EVENT(ring, struct c);", "struct b x = {};\n\tbpf_ringbuf_output(&ring, &x, sizeof(x), 0);",
             "a record of 'ring' is a struct b of 12 bytes where it is sent, and struct c has 36\nEMF_EVENT(ring, struct b);"),
            ("EMF_EVENT(ring, struct a);", "int *x = bpf_ringbuf_reserve(&ring, 4, 0);\n\tif (x)\n\t\tbpf_ringbuf_submit(x, 0);",
             "a record of 'ring' has 4 bytes where it is sent, and struct a has 8\n"),
            ("", "struct a x = {};\n\tbpf_ringbuf_output(&ring, &x, 4, 0);", "a record of 'ring' has 4 bytes where it is sent, and struct a has 8\n"),
            ("EMF_EVENT(ring, struct a, 1); EMF_EVENT(ring, struct b, 2);", "struct c x = {};\n\tbpf_ringbuf_output((void *)&ring, &x, sizeof(x), 0);",
             "a record of 'ring' is a struct c of 36 bytes where it is sent, and struct a has 8 and struct b has 12\n")):
        what, line = wanted.split("\n")
        said, _ = inferred(LONG + said_ + "\n" + RING + program(code))
        tap.contains(said, f"modules/x.bpf.c:{2 if said_ else 3}:{11 if said_ else 6}: error: {what}\n", said_)
        tap.contains(said, f"  hint: name the type that is sent: {line}\n" if line else "  hint: send all of it, or name what is sent by EMF_EVENT()\n")


def test_a_record_may_be_longer_than_its_type_and_shorter_by_its_last_array():
    code = ("union u { struct a a; struct b b; };\nstatic int send(void *p, int n) { return bpf_ringbuf_output(&ring, p, n, 0); }\n"
            + program("int n = (long)ctx;\n\tstruct c x = {};\n\tunion u *u = bpf_ringbuf_reserve(&ring, sizeof(union u), 0);\n\tif (u)\n\t\tbpf_ringbuf_submit(u, 0);\n"
                      "\tsend(&x, n & 31);\n\tbpf_ringbuf_output(&ring, &x, n & 31, 0);"))
    tap.equal(types_of(LONG + RING + "EMF_EVENT(ring, struct a);\n" + code), {"ring": [("0", "a")]}, "a union with more than the type")
    code = program("struct c x = {};\n\tbpf_ringbuf_output(&ring, &x, sizeof(x) - 20, 0);\n\tbpf_ringbuf_output(&ring, &x, 5, 0);")
    tap.equal(types_of(LONG + RING + "EMF_EVENT(ring, struct c);\n" + code), {"ring": [("0", "c")]}, "a text that is not sent to its end")


def test_a_type_that_is_only_declared_is_told():
    said, _ = inferred(RING + "struct later;\nEMF_EVENT(ring, struct later);\n" + program("struct a a = {};\n\tbpf_ringbuf_output(&ring, &a, sizeof(a), 0);"))
    tap.contains(said, "error: struct later is declared, and nowhere defined: nothing says what a record of 'ring' is")


def test_what_is_said_wrongly_is_told_where_it_stands():
    for line, wanted in (
            ("EMF_EVENT(rings, struct a);", "1: error: there is no ring buffer or perf buffer 'rings'"),
            ("EMF_EVENT(ring, struct a); EMF_EVENT(ring, struct b);", "1: error: nothing says which of its 2 types a record of 'ring' has"),
            ("EMF_EVENT(ring, struct a, 1); EMF_EVENT(ring, struct b, 1);", "1: error: nothing says which of its 2 types a record of 'ring' has"),
            ("struct c { char name[8]; }; EMF_EVENT(ring, struct a, 1); EMF_EVENT(ring, struct c, 2);",
             "39: error: the types of 'ring' do not begin with the same number"),
            ('EMF_PARAM(misspelt, "help"); const volatile int mispelt = 1;', "11: error: 'misspelt' is no global that can be an option"),
            ("const volatile int a_b = 1; const volatile int A_b = 2;", "48: error: 'A_b' and 'a_b' would both be the option --a-b"),
            ("struct d { int x EMF_AS(ip5); }; EMF_EVENT(ring, struct d);", "has EMF_AS(ip5) behind 'x' of struct d; there are: u8, "),
            ("struct d { short x EMF_AS(ip4); }; EMF_EVENT(ring, struct d);",
             "has EMF_AS(ip4) behind 'x' of struct d, which has 2 bytes, and ip4 has 4")):
        said, _ = inferred(line + "\n" + RING + program("int *x = bpf_ringbuf_reserve(&ring, 4, 0);\n\tif (x)\n\t\tbpf_ringbuf_submit(x, 0);"))
        tap.contains(said, wanted, line)


def test_enums_of_the_kernel_are_those_of_vmlinux_h_and_those_with_a_flavour():
    own, of_kernel, flavour = "enum own { OWN_A, OWN_B };\n", "enum of_kernel { KERNEL_A = 1, KERNEL_B = 2 };\n", "enum other___old { OTHER_A = 5 };\n"
    body = ("struct ev { enum own own; enum of_kernel its; enum other___old old; };\n" + RING
            + "const volatile enum of_kernel which = KERNEL_B, none = 0;\nconst volatile enum own mine = OWN_B;\n"
            + program("struct ev ev = { mine, which == none ? none : which, OTHER_A };\n\tbpf_ringbuf_output(&ring, &ev, sizeof(ev), 0);"))

    def found(head):
        said, text = inferred(head + own + flavour + body, vmlinux_h=of_kernel)
        tap.equal(said, "", "messages")
        table = re.search(r"x_kernel_enums\[\] = \{\n(.*?)\n\};", text, re.DOTALL).group(1)
        return set(re.findall(r"\{ (\S+), x_(\w+)_built, x_\2_names \}", table)), re.findall(r"\.initial = (\S+),", text)

    tap.equal(found('#include "vmlinux.h"\n'), ({('"of_kernel"', "of_kernel"), ('"other"', "other___old")}, ['"KERNEL_B"']), "with vmlinux.h, and defaults by name")
    tap.equal(found(of_kernel), ({('"other"', "other___old")}, []), "with an enum of its own that is called the same")


def test_a_parameter_with_two_texts_is_warned_of_where_the_second_stands():
    said, _ = inferred('EMF_PARAM(n, "one help");\nconst volatile int n = 1;\n  EMF_PARAM(n, "another");\n' + program(""))
    tap.contains(said, "modules/x.bpf.c:3:13: warning: EMF_PARAM(n, ...) is there twice, with two texts")
    said, _ = inferred('EMF_PARAM(n, "one help");\nEMF_PARAM(other, "help");\nconst volatile int n = 1, other = 2;\n' + program(""))
    tap.equal(said, "", "what is said of two parameters")


def test_a_line_says_what_the_tool_does():
    _, text = inferred('EMF_DOC("shows \\"things\\"; all of them");\n' + program(""))
    tap.contains(text, '#define X_INFERRED .doc = "shows \\"things\\"; all of them",')
    tap.equal(".doc" in inferred(program(""))[1], False, "a doc that nobody said")


def test_a_description_wins_and_what_stands_beside_it_is_warned_of():
    said, _ = inferred('EMF_EVENT(ring, struct a);\nEMF_PARAM(n, "help");\nEMF_DOC("what it does");\n' + RING + "const volatile int n = 1;\n"
                       + program("struct a *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);\n\tif (e)\n\t\tbpf_ringbuf_submit(e, 0);"),
                       emf="module x 1.0;\n")
    tap.equal(re.findall(r"^\S+ warning: .*", said, re.MULTILINE),
              ["modules/x.bpf.c:3:1: warning: EMF_DOC() is not used, since modules/x.emf describes module 'x'",
               "modules/x.bpf.c:1:11: warning: EMF_EVENT() is not used, since modules/x.emf describes module 'x'",
               "modules/x.bpf.c:2:11: warning: EMF_PARAM() is not used, since modules/x.emf describes module 'x'"], "warnings")


# --- histograms and tables -----------------------------------------------------------------------


def map_of(name, key="unsigned", value="struct hist", kind=1, entries=64):
    return (f"struct {{ __uint(type, {kind}); __uint(max_entries, {entries}); {key} *key; {value} *value; }} {name} SEC(\".maps\");\n")


HISTS = """typedef unsigned long long u64;
struct hist { unsigned slots[27]; char comm[16]; };
struct count { u64 calls; int x; char comm[16]; };
"""


def views_of(body, **files):
    """What is printed: the name of each, and the heading of its values; None for a table."""
    said, text = inferred(HISTS + body + program(""), **files)
    tap.equal(said, "", "messages")
    table = re.search(r"struct emf_view x_views\[\] = \{\n(.*?)\n\};", text, re.DOTALL)
    found = re.findall(r'\.name = "(\w+)",(.*?)\n\t\},', table.group(1), re.DOTALL) if table else []
    return {name: (re.search(r'\.unit = "(.*?)"', rest) or [None, None])[1] for name, rest in found}


def test_a_map_or_a_global_with_slots_is_a_histogram_and_bookkeeping_is_none():
    tap.equal(views_of(map_of("hists") + map_of("start", value="u64") + map_of("counts", value="struct count")), {"hists": "value"}, "maps")
    tap.equal(views_of("struct hist all = {}; struct hist each[3] = {}; static struct hist zero; u64 slots[8] = {}; u64 lost[2]; unsigned x_hist[4];"),
              {"all": "value", "each": "value", "slots": "value", "x_hist": "value"}, "globals")
    for value in ("struct { unsigned slots; }", "struct { char slots[16]; }", "struct { u64 slots[65]; }", "struct { u64 slots[4][4]; }"):
        tap.equal(views_of(map_of("hists", value=value)), {}, value)


def test_counts_whose_key_is_the_slot_are_a_histogram_by_the_name_of_the_map():
    for name, key, value, wanted in (("dist", "unsigned", "u64", True), ("read_hist", "unsigned char", "unsigned", True), ("hist", "u64", "u64", False),
                                     ("hist", "unsigned", "struct count", False), ("history", "unsigned", "u64", False), ("seen", "unsigned", "u64", False)):
        tap.equal(name in views_of(map_of(name, key, value)), wanted, f"{name}: {key} to {value}")
    tap.equal((views_of(map_of("dist", "unsigned", "u64", 2, 65)), views_of(map_of("dist", "unsigned", "u64", 9, 9999))), ({}, {"dist": "value"}), "sizes")


def test_a_line_makes_a_histogram_or_a_table_of_a_map():
    body = map_of("counts", value="u64") + 'EMF_HIST(counts, "usecs");\n' + map_of("rows", value="struct count") + "EMF_TABLE(rows, x);\n"
    tap.equal(views_of(body), {"counts": "usecs", "rows": None}, "views")
    tap.equal(views_of(body + map_of("hists"), c="int x;\n"), {"counts": "usecs", "rows": None}, "of a module with a user part")


def test_options_of_what_is_printed_give_way_to_those_of_the_kernel_part():
    def options(body):
        return re.findall(r'\.name = "([a-z-]+)",(?:\n\t\t\.short_name = \'(.)\',)?', inferred(HISTS + body + program(""))[1].split("emf_param ")[1])

    rows = map_of("rows", value="struct count") + "EMF_TABLE(rows);\n"
    tap.equal(options(map_of("hists"))[:1], [("interval", "i")], "of a histogram")
    tap.equal(options(rows)[:2], [("interval", "i"), ("top", "")], "of a table")
    tap.equal(options(rows + "const volatile int interval = 1; const volatile int targ_top = 1;")[:4],
              [("interval", ""), ("top", ""), ("print-interval", ""), ("print-top", "")], "beside others")


def test_a_line_about_a_map_that_cannot_be_printed_is_told():
    for line, wanted in (
            ("EMF_HIST(hist);", "3:10: error: there is no 'hist' that could be printed"),
            ("EMF_TABLE(hist);", "3:11: error: there is no 'hist' that could be printed"),
            ("EMF_HIST(counts);", "3:10: error: 'counts' holds no histograms: its value is struct count"),
            ("EMF_TABLE(counts, comm);", "3:11: error: the value of 'counts' (struct count) has no number 'comm' to sort by"),
            ("EMF_HIST(number); int number;", "3:10: error: 'number' is int, and no histogram"),
            ("EMF_TABLE(wide); " + map_of("wide", value="struct { int a, b, c, d, e, f, g, h, i, j, k, l; }").strip(),
             "3:11: error: 'wide' has 13 members of key and value together, and a table has 12 columns")):
        said, _ = inferred(HISTS.replace("\nstruct count", " struct count") + line + "\n" + map_of("counts", value="struct count") + program(""))
        tap.contains(said, "modules/x.bpf.c:" + wanted, line)


def test_what_is_printed_with_an_option_only_is_said_by_a_line():
    two = map_of("all", value="struct count") + map_of("each", value="struct count") + "EMF_TABLE(all); EMF_TABLE(each);\nconst volatile int n, by_each;\n"
    said, text = inferred(HISTS + two + "EMF_IF(all, !by_each); EMF_IF(each, by_each);\n" + program(""))
    tap.equal(said, "", "messages")
    names = re.findall(r'\.name = "([a-z-]+)",\n\t\t\.type', text)
    tap.equal(re.findall(r"view_\d_conditions\[\] = { { &x_param_table\[(\d)\], (\w+) }", text),
              [(str(names.index("by-each")), "true"), (str(names.index("by-each")), "false")], "conditions")
    for line, wanted in (("EMF_IF(eech, by_each);", "8: error: 'eech' is not printed, with no option\n"), ("EMF_IF(each, by_eech);", "8: error: 'by_eech' is no option: ")):
        said, _ = inferred(line + "\n" + HISTS + two + program(""))
        tap.contains(said, "modules/x.bpf.c:1:" + wanted, line)
        tap.contains(said, "did you mean '" + ("each" if "eech," in line else "by_each") + "'?", line)


# --- options -------------------------------------------------------------------------------------


def test_what_user_space_could_set_is_an_option_and_nothing_else():
    _, text = inferred("""typedef _Bool bool;
const volatile int targ_pid = 0; const volatile bool verbose = 1; const volatile char name[8] = "a\\"b"; const volatile long long low = -1;
const volatile unsigned long long high = -1; enum e { ONE = 1 }; const volatile enum e which = ONE; const volatile int targ_low = 3;
static const volatile int hidden = 1; const volatile int __internal = 1; const int fixed = 1; volatile int live = 1; int plain = 1;
const volatile int list[2] = { 1, 2 }; const volatile struct a pair = { 1, 2 }; const volatile char one = 'x';
""" + program("return hidden + fixed + live + plain;"))
    found = dict(re.findall(r'\.name = "([a-z-]+)",\n\t\t\.type = EMF_(\w+),', text))
    tap.equal(found, {"pid": "PID", "verbose": "BOOL", "name": "STRING", "low": "S64", "high": "U64", "which": "ENUM", "targ-low": "S32",
                      "one": "CHAR"}, "options")
    values = dict(re.findall(r"^\t\.(\w+) = (.*),$", text, re.MULTILINE))
    tap.equal(values, {"targ_pid": "0", "verbose": "1", "name": '"a\\042b"', "low": "-1", "high": "18446744073709551615ull", "which": "1",
                       "targ_low": "3", "one": "120"}, "what they start with")


def test_the_header_of_every_shape_is_these_lines():
    with open(os.path.join(HERE, "infer", "shapes.c")) as f:
        _, text = inferred(f.read())
    path = os.path.join(HERE, "infer", "shapes_inferred.h")
    if UPDATE:
        with open(path, "w") as f:
            f.write(text)
    with open(path) as f:
        tap.equal(text, f.read(), "the header")


def test_a_constant_of_the_kernel_has_as_many_bytes_as_its_member():
    body = ("typedef unsigned int tcp_state; typedef unsigned int dev_t;\n"
            "struct d { tcp_state from; int to EMF_AS(tcp_state); unsigned char in EMF_AS(tcp_state); char pad; short proto EMF_AS(ipproto);\n"
            "long call EMF_AS(syscall); int caps[2] EMF_AS(cap); dev_t dev; int oldstate; int addr[4] EMF_AS(ip);\n"
            "unsigned long long group EMF_AS(container); }; EMF_EVENT(ring, struct d);\n")
    said, text = inferred(RING + body + program("struct d d = {};\n\tbpf_ringbuf_output(&ring, &d, sizeof(d), 0);"))
    tap.equal(said, "", "messages")
    found = re.findall(r'\.name = "(\w+)", \.type = EMF_(\w+), \.offset = \d+, \.size = (\d+), \.count = (\d+)', text)
    tap.equal(found, [("from", "TCP_STATE", "4", "1"), ("to", "TCP_STATE", "4", "1"), ("in", "TCP_STATE", "1", "1"), ("proto", "IPPROTO", "2", "1"),
                      ("call", "SYSCALL", "8", "1"), ("caps", "CAP", "4", "2"), ("dev", "DEV", "4", "1"), ("oldstate", "S32", "4", "1"),
                      ("addr", "IP", "16", "1"), ("group", "CONTAINER", "8", "1")], "members")
    said, _ = inferred(RING + "struct d { char x[3] EMF_AS(cap); char y[16] EMF_AS(ip); short z EMF_AS(container); }; EMF_EVENT(ring, struct d);\n")
    tap.contains(said, "has EMF_AS(container) behind 'z' of struct d, which has 2 bytes, and container has 8")


def test_the_manual_has_the_table_of_what_names_mean():
    with open(os.path.join(tap.SOURCE, "docs", "alone.md")) as f:
        rows = {row[0]: row for row in re.findall(r"^\| `(\w+)` \|([^|]*)\|[^|]*\|([^|]*)\|$", f.read(), re.MULTILINE)}
    tap.equal(list(rows), [m.type for m in semantics.MEANINGS], "meanings")
    for meaning in semantics.MEANINGS:
        for typedef in meaning.typedefs:
            if not typedef.startswith("__"):
                tap.contains(rows[meaning.type][1], f"`{typedef.replace('struct_', 'struct ')}`", meaning.type)
        for name in re.findall("`(.*?)`", rows[meaning.type][2]):
            said = name.replace("…", "any_" if name[0] == "…" and "_" not in name else "any")
            tap.equal(semantics.of(said, [], meaning.bases[0]), meaning.type, f"{meaning.type}: {name}")
    for name, base in (("number", "u32"), ("address", "u64"), ("rapid", "u32"), ("signals", "u32"), ("ret", "s32"), ("tns", "u64")):
        tap.equal(semantics.of(name, [], base), "", name)


tap.main()
