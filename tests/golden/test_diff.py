# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen diff: what breaks somebody is told, with the place and the reason, and exit 1.

Without these, a minor version could go out that makes its peers read one member as
another, and no compiler would say a word.
"""
import os
import random
import sys

import tap
from idl_grammar import random_file

EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
COUNT = min(int(os.environ.get("EMF_FUZZ_COUNT", "20")), 500)


def diff(old, new):
    """Status and lines; the two files are called old.emf and new.emf."""
    folder = tap.folder()
    for name, text in (("old.emf", old), ("new.emf", new)):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    done = tap.run(sys.executable, EMFGEN, "diff", "old.emf", "new.emf", cwd=folder)
    tap.equal(done.stderr, "", "stderr")
    return done.returncode, done.stdout.splitlines()


def is_(old, new, *wanted):
    """The changes, without their places and reasons: '!' marks a break, '+' what is compatible."""
    status, lines = diff(old, new)
    said = []
    for line in lines:
        verdict, what = line.split(": ", 2)[1:]
        said.append({"break": "!", "compatible": "+"}[verdict] + what.split(" (")[0])
        if (verdict == "break") != (line.endswith(")") and " (" in line and not line.endswith("(allowed by the new major version)")):
            raise AssertionError(f"a break has a reason, and nothing else has: {line}")
    tap.equal(sorted(said), sorted(wanted), "changes")
    tap.equal(status, 1 if any(w[0] == "!" for w in wanted) else 0, "status")


def service(body, version="1.1"):
    return f"service s {version} {{ {body} }}\n"


def both(old, new, *wanted):
    """Of a service whose minor version is raised."""
    is_(service(old), service(new, "1.2"), *wanted)


# --- what there is to see --------------------------------------------------------------------


def test_a_break_is_told_with_its_place_and_reason():
    tap.equal(diff("const N = 1;\n", "\n  const N = 2;\n"),
              (1, ["new.emf:2:9: break: const 'N' is 2 and was 1 (peers of the old version were compiled with the old value)"]),
              "status and lines")


def test_what_is_gone_is_told_where_it_was():
    tap.equal(diff("struct a { u8 x; }\n\nstruct b { u8 x; }\n", "struct a { u8 x; }\n"),
              (1, ["old.emf:3:8: break: struct 'b' is gone (code that names it does not compile)"]), "status and lines")


def test_a_file_with_errors_is_no_version():
    folder = tap.folder()
    for name, text in (("old.emf", "const N = 1;\n"), ("new.emf", "struct s { nothing x; }\n")):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    for words in (("old.emf", "new.emf"), ("new.emf", "old.emf"), ("old.emf", "none.emf")):
        done = tap.run(sys.executable, EMFGEN, "diff", *words, cwd=folder)
        tap.equal((done.returncode, done.stdout), (2, ""), "status and output")
        tap.contains(done.stderr, "error: ", "stderr")


def test_layout_comments_and_the_order_of_declarations_mean_nothing():
    is_("const N = 4;\nstruct s { u8 a[N]; }\nenum e : u8 { A, B }\n",
        "// new\nenum e : u8 {\n\tA = 0,\n\tB = 0x1,\n}\nstruct s { u8 a[4]; }\n/// doc\nconst N = 0x4;\n")


def test_random_files_do_not_differ_from_themselves():
    for seed in range(COUNT):
        text = random_file(random.Random(seed), valid=True)
        is_(text, text)


# --- types ---------------------------------------------------------------------------------------


def test_a_const_that_bounds_arrays_is_judged_by_them():
    both("const N = 4; method m(u8 a[<=N]) -> ();", "const N = 8; method m(u8 a[<=N]) -> ();",
         "+const 'N' is 8 and was 4", "+the array 'a' of method 'm' is [<=8] and was [<=4]")


def test_values_of_an_enum_may_be_added_and_nothing_else():
    both("enum e : u8 { A = 1, B = 2, C = 3, D = 4 }", "enum e : u16 { A = 1, X = 2, C = 5, E = 9 }",
         "!enum 'e' is made of u16 and was made of u8", "!'B' of enum 'e' is called 'X' now",
         "!'C' of enum 'e' is 5 and was 3", "!'D' of enum 'e' is gone", "+'E' of enum 'e' is new")


def test_values_that_count_themselves_move_when_one_is_inserted():
    both("flags f : u8 { A, B }", "flags f : u8 { A, X, B }", "!'B' of flags 'f' is 4 and was 2")


def test_an_enum_that_becomes_flags_breaks():
    both("enum e : u8 { A = 1 }", "flags e : u8 { A = 1 }", "!enum 'e' is a flags now")


def test_members_keep_their_type_name_and_place():
    both("struct t { u32 a; u32 b; u32 c; u32 d; }", "struct t { u32 b; u32 a; s32 c; u32 x; }",
         "!'b' of struct 't' stands where 'a' stood", "!'c' of struct 't' is a s32 and was a u32",
         "!'d' of struct 't' is called 'x' now")


def test_a_member_that_is_gone_or_inserted_breaks():
    both("struct t { u32 a; u8 b; u8 c; u16 d; }", "struct t { u32 a; u32 n; u8 c; u8 pad; u16 d; }",
         "!'b' of struct 't' is gone", "!'n' of struct 't' is new and stands before 'c'",
         "!'pad' of struct 't' is new and stands before 'd'")


def test_bounds_of_members_stay():
    both("struct t { u8 a[4]; string<=7 b; u8 c[4]; }", "struct t { u8 a[8]; string<=15 b; u32 c; }",
         "!the array 'a' of struct 't' is [8] and was [4]", "!'b' of struct 't' is a string<=15 and was a string<=7",
         "!'c' of struct 't' is a u32 and was a u8", "!the array 'c' of struct 't' is a single one and was [4]")


def test_a_unit_is_a_part_of_what_a_number_means():
    both("struct t { u64 a @unit(bytes); }", "struct t { u64 a @unit(packets); }",
         "!the unit of 'a' of struct 't' is packets and was bytes")


def test_a_struct_may_grow_where_nothing_follows_it():
    both("struct t { u32 a; } method m(u32 x, t last) -> (t r);", "struct t { u32 a; u32 b; } method m(u32 x, t last) -> (t r);",
         "+'b' of struct 't' is new")


def test_a_struct_may_not_grow_in_an_array_or_before_something():
    grown = "!struct 't' has 8 bytes and had 4, and {} has it in an array or has members behind it"
    for use, where in (("method m(t x, u32 y) -> ();", "the arguments of method 'm'"),
                       ("method m() -> (t x[<=4]);", "the results of method 'm'"),
                       ("struct o { t x; u32 y; } signal g(o o);", "signal 'g'"),
                       ("error e { t x[2]; }", "error 'e'")):
        both("struct t { u32 a; } " + use, "struct t { u32 a; u32 b; } " + use, grown.format(where), "+'b' of struct 't' is new")


def test_the_state_of_a_chain_holds_structs_too():
    chain = "chain c : xdp {{ default XDP_PASS; slot a; state {{ t x; u32 y; }} }} struct t {{ u32 a; {} }}"
    is_(chain.format(""), chain.format("u32 b;"), "+'b' of struct 't' is new",
        "!struct 't' has 8 bytes and had 4, and the state of chain 'c' has it in an array or has members behind it")


def test_a_type_of_the_same_name_at_another_place_is_another_type():
    is_("struct t { u32 a; }\n" + service("method m(t x) -> ();"),
        "struct t { u32 a; }\n" + service("struct t { u32 a; } method m(t x) -> ();", "1.2"),
        "+struct 't' is new", "!'x' of method 'm' is a t of the service and was a t")


# --- services ------------------------------------------------------------------------------------


def test_arguments_and_results_may_be_appended():
    both("method m(u32 a) -> (u32 b); signal g();", "method m(u32 a, u32 c) -> (u32 b, u32 d); signal g(u32 e);",
         "+'c' of method 'm' is new", "+'d' of the results of method 'm' is new", "+'e' of signal 'g' is new")


def test_nothing_can_follow_the_last_array_of_a_message():
    both("method m(u8 a[<=4]) -> ();", "method m(u8 a[<=4], u32 b) -> ();", "!'b' of method 'm' is new behind 'a[<=]'")
    both("struct t { u8 a[<=4]; } signal g(t x);", "struct t { u8 a[<=4]; u32 b; } signal g(t x);", "+'b' of struct 't' is new",
         "!struct 't' has a member behind 'a[<=]', and signal 'g' has it")


def test_the_last_array_may_grow_in_arguments_and_nowhere_else():
    both("method m(u8 a[<=4]) -> (u8 b[<=4]); signal g(u8 c[<=4]);", "method m(u8 a[<=8]) -> (u8 b[<=8]); signal g(u8 c[<=8]);",
         "+the array 'a' of method 'm' is [<=8] and was [<=4]", "!the array 'b' of the results of method 'm' is [<=8] and was [<=4]",
         "!the array 'c' of signal 'g' is [<=8] and was [<=4]")
    both("method m(u8 a[<=8]) -> ();", "method m(u8 a[<=4]) -> ();", "!the array 'a' of method 'm' is [<=4] and was [<=8]")
    both("method m(u8 a[<=4], u32 b) -> ();", "method m(u8 a[<=8], u32 b) -> ();",
         "!the array 'a' of method 'm' is [<=8] and was [<=4]")


def test_a_method_a_signal_or_an_error_that_is_gone_breaks():
    both("method m(u8 a) -> (); signal g(); error e { u8 x; }", "method n(u8 a) -> () since 1.2;",
         "!method 'm' is called 'n' now", "+method 'n' is new", "!signal 'g' is gone", "!error 'e' is gone")


def test_something_new_says_since_when_it_is_there():
    both("", "method m() -> ();", "+method 'm' is new", "!new method 'm' does not say since when it is there")
    both("", "signal g() since 1.1;", "+signal 'g' is new", "!new signal 'g' is said to be there since 1.1")
    both("", "method m() -> () since 1.2;", "+method 'm' is new")


def test_what_was_there_is_not_new():
    both("method m() -> ();", "method m() -> () since 1.2;", "!method 'm' is said to be there since 1.2")


def test_additions_raise_the_minor_version():
    is_(service("enum e : u8 { A }"), service("enum e : u8 { A, B } struct t { u8 x; }"), "+'B' of enum 'e' is new",
        "+struct 't' is new", "!service 's' is still at 1.1: 'B' of enum 'e' is new, and 1 more")


def test_a_version_does_not_fall():
    is_(service("", "1.2"), service("", "1.1"), "!service 's' is at 1.1 and was at 1.2")


def test_a_major_version_may_break_and_says_so():
    is_(service("method m() -> (); struct t { u32 a; }"), service("struct t { u64 a; } method n() -> ();", "2.0"),
        "+service 's' has a new major version, 2.0 after 1.1: it may break what was built for the old one",
        "+method 'm' is gone", "+'a' of struct 't' is a u64 and was a u32", "+method 'n' is new")


def test_types_outside_of_services_go_with_all_of_them():
    text = "struct t {{ u32 {}; }}\nservice a {}.0 {{}}\nservice b {}.0 {{}}\n"
    major = "+service '{}' has a new major version, 2.0 after 1.0: it may break what was built for the old one"
    renamed = "'x' of struct 't' is called 'y' now"
    is_(text.format("x", 1, 1), text.format("y", 2, 1), major.format("a"), "!" + renamed)
    is_(text.format("x", 1, 1), text.format("y", 2, 2), major.format("a"), major.format("b"), "+" + renamed)


def test_access_may_become_wider_and_not_stricter():
    both("method a() -> () access(read); method b() -> () access(read); method c() -> (); method d() -> () access(ops);"
         "method e() -> () access(ops);",
         "method a() -> (); method b() -> () access(ops); method c() -> () access(read); method d() -> () access(admin);"
         "method e() -> () access(read);",
         "!access to method 'a' is admin and was read", "!access to method 'b' is ops and was read",
         "+access to method 'c' is read and was admin", "!access to method 'd' is admin and was ops",
         "+access to method 'e' is read and was ops")


def test_ranges_of_what_is_sent_may_widen_and_of_what_comes_back_narrow():
    both("method m(u8 a range(1..9), u8 b range(1..9), u8 c) -> (u8 d range(1..9), u8 e range(1..9));",
         "method m(u8 a range(0..9), u8 b range(2..9), u8 c range(0..9)) -> (u8 d range(2..9), u8 e range(0..9));",
         "+the range of 'a' of method 'm' is 0..9 and was 1..9", "!the range of 'b' of method 'm' is 2..9 and was 1..9",
         "!the range of 'c' of method 'm' is 0..9 and was not limited",
         "+the range of 'd' of the results of method 'm' is 2..9 and was 1..9",
         "!the range of 'e' of the results of method 'm' is 0..9 and was 1..9")


def test_the_list_of_errors_is_open():
    both("method m() -> () errors(EINVAL);", "method m() -> () errors(EEXIST);", "+method 'm' can fail with EEXIST",
         "+method 'm' does not fail with EINVAL any more")


def test_a_default_may_change():
    both("method m(u32 a = 1) -> ();", "method m(u32 a = 2) -> ();", "+the default of 'a' of method 'm' is 2 and was 1")


def test_a_read_only_map_does_not_become_writable_unnoticed():
    both("method m() -> (map_fd a);", "method m() -> (map_fd rw a);",
         "!'a' of the results of method 'm' is a map_fd rw and was a map_fd")


def test_a_service_that_is_gone_breaks_and_a_new_one_does_not():
    is_("service a 1.0 {}", "service b 1.0 {}", "!service 'a' is gone", "+service 'b' is new")


# --- chains ------------------------------------------------------------------------------------------


def chain(body, type_="xdp", default="XDP_PASS"):
    return f"chain c : {type_} {{ default {default}; {body} }}\n"


def test_slots_may_be_appended_and_may_take_more():
    is_(chain("slot a; slot b[2];"), chain("slot a optional; slot b[4]; slot d optional;"), "+slot 'a' of chain 'c' is optional now",
        "+slot 'b' of chain 'c' has room for 4 and had room for 2", "+slot 'd' of chain 'c' is new")


def test_slots_do_not_move_shrink_or_go():
    is_(chain("slot a; slot b[2]; slot d; slot e optional;"), chain("slot n optional; slot e; slot b; slot a; slot z;"),
        "!slot 'd' of chain 'c' is gone", "!slot 'n' of chain 'c' is new and stands before 'e'",
        "!slot 'e' of chain 'c' stands where 'a' stood", "!slot 'e' of chain 'c' is not optional any more",
        "!slot 'b' of chain 'c' has room for 1 and had room for 2", "!slot 'z' of chain 'c' is new and must be filled")


def test_what_a_chain_decides_stays():
    is_(chain("slot a; proceed XDP_PASS;"), chain("slot a;", default="XDP_DROP"),
        "!the default verdict of chain 'c' is XDP_DROP and was XDP_PASS", "!the proceed verdict of chain 'c' is none and was XDP_PASS")
    is_(chain("slot a;", "sk_lookup", "SK_PASS"), chain("slot a;"), "!chain 'c' is of type xdp and was of type sk_lookup",
        "!the default verdict of chain 'c' is XDP_PASS and was SK_PASS")


def test_the_state_of_a_chain_only_grows():
    is_(chain("slot a; state { u32 x; }"), chain("slot a; state { u32 x; u32 y; }"), "+'y' of the state of chain 'c' is new")
    is_(chain("slot a; state { u32 x; u32 y; }"), chain("slot a; state { u32 y; }"), "!'x' of the state of chain 'c' is gone")
    is_(chain("slot a; state { u32 x; }"), chain("slot a;"), "!the state of chain 'c' is gone")


def test_where_a_chain_hangs_stays():
    is_(chain("slot a; attach xdp(param netdev iface[]); backend direct;"), chain("slot a; attach xdp(param netdev dev[]);"),
        "!chain 'c' does not attach to xdp as it did", "+chain 'c' attaches to xdp", "+the backend of chain 'c' is the usual one and was direct")


def test_a_handoff_stays():
    text = "chain d : tc { slot z; default TC_ACT_OK; state { u32 x; } }\n"
    is_(text + chain("slot a; state { u32 x; } handoff x to d;"), text + chain("slot a; state { u32 x; }"),
        "!chain 'c' does not hand 'x' to 'd' any more")


# --- modules and products -------------------------------------------------------------------------


def module(body, version="1.0"):
    return f"module m {version} {{ {body} }}\n"


def test_parameters_have_no_order_and_may_be_added():
    is_(module("param u8 a; param u8 b;"), module("param u8 x; param u8 b; param u8 a short 'a' live;"),
        "+parameter 'x' of module 'm' is new", "+parameter 'a' of module 'm' is -a too", "+parameter 'a' of module 'm' is live now")


def test_parameters_do_not_go_narrow_or_change():
    is_(module("param u8 a short 'a'; param u8 b; param u8 e live; param u32 f = 5 range(0..9);"),
        module("param u8 a short 'b'; param u16 b; param u8 e; param u32 f = 5 range(1..9); param u8 d;"),
        "!parameter 'a' of module 'm' is -b and was -a", "!'b' of module 'm' is a u16 and was a u8",
        "!parameter 'e' of module 'm' is not live any more", "!the range of 'f' of module 'm' is 1..9 and was 0..9",
        "+parameter 'd' of module 'm' is new")
    is_(module("param u8 a;"), module(""), "!parameter 'a' of module 'm' is gone")


def test_what_a_module_gives_stays():
    text = service("signal g(u8 a);")
    is_(text + module("provides s; map x export; event e -> signal s.g; counter n from x.a label(k); gauge v from x.b;"
                      "histogram h log2 from x;"),
        text + module("event e(u8 a) private; gauge n from x.a; gauge v from x.b label(k); histogram h linear(0, 10, 10) from x;"),
        "!module 'm' provides 's' no more", "!module 'm' exports map 'x' no more",
        "!event 'e' of module 'm' feeds signal none and fed s.g", "+'a' of event 'e' of module 'm' is new", "!metric 'n' of module 'm' is a gauge and was a counter",
        "!the labels of metric 'n' of module 'm' are none and were k", "!the labels of metric 'v' of module 'm' are k and were none",
        "!the buckets of metric 'h' of module 'm' are others")


def test_what_a_module_shows_stays():
    params = "param bool a; param bool b; "
    is_(module(params + 'show table t from x; show histogram h "us" log2 from y if a; show histogram h "ms" log2 from y if not a; show stacks s "us" from z with w;'),
        module(params + 'show table t from x key(k) sort n; show histogram h "ns" log2 from y if a; show histogram h "ms" log2 from y if not a, b; show table u from v;'),
        "!'t' of module 'm' is shown in another form", "!'h' of module 'm' is shown in another form", "+'h' of module 'm' is shown under other conditions",
        "!module 'm' does not show 's' any more", "+module 'm' shows 'u'")


def test_an_event_is_compared_once_though_it_is_a_signal_and_a_metric_too():
    is_(module("event e(u8 a);"), module("event e(u8 a); event f(u8 b);"), "+event 'f' of module 'm' is new")
    is_(module("event e(u8 a); event f(u8 b);"), module("event e(u8 a);", "1.1"), "!event 'f' of module 'm' is gone")
    is_(module("event e(u8 a);"), module("event e(u16 a);"), "!'a' of event 'e' of module 'm' is a u16 and was a u8")
    is_(module("event e(u8 a);"), module("event e(u8 a) private;"), "!event 'e' of module 'm' feeds signal none and fed m.e")
    is_(module("event e(u8 a) private;"), module("event e(u8 a);"), "+event 'e' of module 'm' feeds signal m.e")


def test_a_struct_that_grows_may_be_in_a_map_that_others_import():
    old, new = "struct row { u32 n; }\n", "struct row { u32 n; u32 more; }\n"
    is_(old + module("map x from o;"), new + module("map y from o;"), "+'more' of struct 'row' is new",
        "+module 'm' imports map 'y' from 'o'", "+module 'm' does not import map 'x' from 'o' any more")
    is_(old + module("map x export;"), new + module("map x export;"), "+'more' of struct 'row' is new",
        "!struct 'row' has 8 bytes and had 4, and may be the key or the value of a map that module 'm' exports")


def test_parameters_of_attach_statements_are_parameters():
    is_(module("attach p uprobe(param string<=255 path, \"f\"); attach q xdp(param netdev dev);"), module("attach p uprobe(\"/bin/sh\", \"f\"); attach q xdp(param netdev dev);"),
        "!parameter 'path' of module 'm' is gone", "+module 'm' attaches 'p' to uprobe(/bin/sh, f)",
        "+module 'm' does not attach 'p' to uprobe(param string path, f) any more")


def test_whether_a_program_hangs_there_may_change():
    is_(module("param bool x; attach p raw_tp(\"a\") if x;"), module("param bool x; attach p raw_tp(\"a\") optional;"),
        "+module 'm' attaches 'p' to raw_tp(a) optional", "+module 'm' does not attach 'p' to raw_tp(a) if x any more")


def test_what_is_printed_of_an_event_stays():
    is_(module("event e(u8 a); event f(u8 a) handled;"), module("event e(u8 a) handled; event f(u8 a);"),
        "!event 'e' of module 'm' is handled by the module now", "!event 'f' of module 'm' is printed as it is now")


def test_a_new_need_refuses_where_the_old_version_ran():
    is_(module("needs btf(a); needs btf(b) else variant(p, q);"), module("needs btf(a, c); needs btf(b); needs btf(d) else variant(p, q);"),
        "!module 'm' needs btf(c)", "!module 'm' needs btf(b)", "+module 'm' runs another program without btf(d)")
    is_(module("needs btf(a);"), module(""), "+module 'm' does not need btf(a) any more")


def test_who_may_listen_without_a_clause_is_everybody():
    both("signal g(u8 a) access(read); signal h(u8 a); method m() -> () access(admin);",
         "signal g(u8 a); signal h(u8 a) access(admin); method m() -> ();", "!access to signal 'h' is admin and was read")


def test_a_major_version_of_a_module_allows_it():
    is_(module("param u8 a;"), module("", "2.0"), "+parameter 'a' of module 'm' is gone",
        "+module 'm' has a new major version, 2.0 after 1.0: it may break what was built for the old one")


def test_commands_of_a_product_stay():
    text = service("method a() -> (); method b() -> ();")
    is_(text + "product p 1.0 { modules x, y; command one = s.a; command two = s.a; set x.n = 1; }",
        text + "product p 1.0 { modules y, z; command two = s.b; set x.n = 2; }",
        "!product 'p' has module 'x' no more", "+product 'p' has module 'z'", "!product 'p' has command 'one' no more",
        "!command 'two' of product 'p' is s.b and was s.a", "+product 'p' sets x.n to 2; it was 1")


tap.main()
