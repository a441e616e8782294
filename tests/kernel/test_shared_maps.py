# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A map that one module exports and another one imports: both kernel parts and both user
parts are at the same map, the importer starts behind the exporter and never without it,
and two that were compiled with other types are told apart.

Without these, an importer could count in a map of its own that nobody reads, or read
bytes by a struct that its writer does not have.
"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, held, spawn, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


@scratch.once
def build(parent):
    """A product of rules, which exports map ban, and guard, which imports it; built once for all tests of this file."""
    return both(parent)


def both(parent):
    os.makedirs(parent, exist_ok=True)
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "shared"), os.path.join(src, "modules"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def product():
    tap.need_root()
    tap.PRODUCT = build().product()
    return tap.PRODUCT


def changed(name, old, new):
    """The file for one test, with this text replaced; afterwards as it was, and built."""
    path = os.path.join(build().src, "modules", name)
    with open(path) as f:
        before = f.read()
    tap.contains(before, old, name)
    scratch.write(path, before.replace(old, new))
    tap.cleanup(build().make)
    tap.cleanup(scratch.write, path, before)


def fails(*words, by=None):
    """What is said of a run that fails."""
    done = tap.run(by or product(), "run", "guard", "-d", "50ms", *words)
    tap.equal(done.returncode, 1, f"exit status ({done.stdout}{done.stderr})")
    return done.stderr


# --- when it runs ----------------------------------------------------------------------------


def test_user_parts_read_what_the_other_one_wrote_and_the_importer_brings_the_exporter_along():
    done = tap.run(product(), "guard", "-d", "50ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    # guard has the lower priority, and starts behind rules: its create finds what that of rules has written.
    said = [line for line in done.stdout.splitlines() if "seen" not in line]  # of whatever else was started meanwhile
    tap.equal(sorted(said), ["from guard: 2", "from rules: 1"], "what they read")


def test_kernel_parts_are_at_the_same_map():
    product()
    tool = Tool("run", "rules", "guard").ready()
    pid, _ = spawn("/bin/true")
    until(lambda: f"{pid} seen 7" in tool.out.splitlines(), "what guard's kernel part counted where that of rules has written")
    shown = [json.loads(tap.run("bpftool", "-j", "map", "show", "id", n, env=ENVIRONMENT).stdout) for n in held(tool.process.pid, "map")]
    tap.equal([m["name"] for m in shown if m["name"] == "ban"], ["ban"], "maps of that name in the kernel")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


ENVIRONMENT = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")


def test_status_says_who_exports_and_who_imports():
    environment = dict(os.environ, EMF_BUS=os.path.join(tap.folder(), "bus"))
    tap.start(product(), "run", "guard", "--bus", env=environment)
    until(lambda: not tap.run(product(), "status", env=environment).returncode, "an answer")
    modules = {m["name"]: m["maps"] for m in json.loads(tap.run(product(), "status", "-j", env=environment).stdout)["modules"]}
    tap.equal(modules, {"rules": [{"map": "ban", "imported_by": ["guard"]}], "guard": [{"map": "ban", "from": "rules"}]}, "maps")
    tap.contains(tap.run(product(), "status", env=environment).stdout, "guard: map ban is that of module rules\n")


# --- when the exporter does not --------------------------------------------------------------


def test_an_exporter_that_fails_takes_the_importer_along():
    for step in ("create", "attach"):
        said = fails("--ends-in", step)
        tap.contains(said, f"rules: {step} failed: Input/output error\n")
        tap.contains(said, "guard: imports map 'ban' of module rules, which failed\n")


def test_an_exporter_that_stops_leaves_the_importer_its_map():
    environment = dict(os.environ, EMF_BUS=os.path.join(tap.folder(), "bus"))
    tool = Tool("run", "guard", "--bus", "--ends-in", "poll", env=environment)
    until(lambda: "rules: poll failed" in tool.err, "rules to end")

    def states():
        done = tap.run(product(), "status", "-j", env=environment)
        return {m["name"]: m["state"] for m in json.loads(done.stdout)["modules"]} if not done.returncode else {}

    until(lambda: states() == {"rules": "failed", "guard": "running"}, "guard to run on alone")
    names = [json.loads(tap.run("bpftool", "-j", "map", "show", "id", n, env=ENVIRONMENT).stdout)["name"]
             for n in held(tool.process.pid, "map")]
    tap.equal("ban" in names, True, f"the map is there ({names})")
    tap.equal(tool.stop(), 1, "exit status: a module failed")


# What another tree has otherwise in a header, and how the maps differ then. How large one is, is the exporter's to choose.
ELSEWHERE = (("ban.h", "__u32 level", "__s32 level", "other members of the key or the value"),
             ("ban.h", "__u32 level;", "__u32 level; __u64 more;", "another size of the value"),
             ("ban.h", "__u32 pid;", "__u32 pid, tid;", "another size of the key"),
             ("ban_map.h", "BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_LRU_HASH", "another type of map"),
             ("ban_map.h", "max_entries, 64);", "max_entries, 64); __uint(map_flags, BPF_F_NO_PREALLOC);", "other map_flags"),
             ("ban_map.h", "max_entries, 64", "max_entries, 32", None))


@scratch.once
def mixed(parent):
    """Products of rules as it is here and guard as another tree has it, one for each of these."""
    here, elsewhere = (both(os.path.join(parent, name)) for name in ("here", "elsewhere"))
    made = []
    for number, (name, old, new, _) in enumerate(ELSEWHERE):
        path = os.path.join(elsewhere.src, "modules", name)
        with open(path) as f:
            before = f.read()
        tap.contains(before, old, name)
        scratch.write(path, before.replace(old, new))
        elsewhere.make()
        scratch.write(path, before)
        for part in ("guard.o", "guard_emf.o"):
            shutil.copy(os.path.join(elsewhere.path, "obj", part), os.path.join(here.path, "obj", part))
        here.make()
        made.append(os.path.join(parent, f"emf{number}"))
        shutil.copy(here.product(), made[-1])
    return made


def test_a_module_that_was_built_elsewhere_with_another_map_is_refused_when_it_starts():
    tap.need_root()
    for by, (*_, differs) in zip(mixed(), ELSEWHERE):
        if differs:
            tap.contains(fails(by=by), f"guard: imports map 'ban' of module rules, which exports it with {differs}: "
                         "build both modules with the same header\n")
        else:
            done = tap.run(by, "run", "guard", "-d", "50ms")
            tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")


# --- when it is built ------------------------------------------------------------------------


@tap.of_the_build
def test_another_type_of_the_value_does_not_build_whichever_side_was_changed():
    tap.need_root()
    own = '#include "ban_map.h"\n', ('#include <linux/types.h>\nstruct ban_key { __u32 pid; };\n'
                                     'struct ban_value { __u64 seen; __s32 level; __u32 told; };\n'
                                     'struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__uint(max_entries, 64);\n'
                                     '\t__type(key, struct ban_key);\n\t__type(value, struct ban_value);\n} ban SEC(".maps");\n')
    for name, here, there in (("guard.bpf.c", "int", "unsigned int"), ("rules.bpf.c", "unsigned int", "int")):
        changed(name, *own)
        tap.contains(build().make_fails(), f"""modules/guard.emf:7:6: error: map 'ban' of modules/guard.bpf.c is not as modules/rules.bpf.c exports it: \
its value is struct ban_value, there struct ban_value: 'level' is __{'s' if here == 'int' else 'u'}32 (4 bytes), \
there __{'s' if there == 'int' else 'u'}32 (4 bytes)
  \tmap ban from rules;
  \t    ^
  hint: declare it in both alike, with types from one header
""")
        tap._cleanups.close()


@tap.of_the_build
def test_an_exporter_that_is_not_selected_is_named_when_it_is_built():
    made = scratch.Build(build().src, os.path.join(tap.folder(), "build"), "--with-modules=guard")
    tap.contains(made.make_fails(), """modules/guard.emf:7:15: error: module 'guard' imports map 'ban' from module 'rules', which is not one of those that are built
  \tmap ban from rules;
  \t             ^
  hint: add 'rules' to --with-modules, or leave out 'guard'
""")


tap.main()
