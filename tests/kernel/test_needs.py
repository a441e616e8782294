# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a module needs of the kernel: it is refused with a sentence that names what is
missing, or runs the program that does without.

Without these, a module could be refused by the verifier's words, or be refused though
all is there, or run both programs of which one was to be chosen.
"""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import LINUX, Tool, held, spawn, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LATER = "a later kernel may have it ('doctor' tells more)"
# Modules that are refused or run for what they need alone.
WANTS = {
    "capable": "cap(BPF, NET_ADMIN)",
    "typed": "btf(task_struct)",
    "untyped": "btf(no_such_struct)",
    "calls": "kfunc(no_such_kfunc)",
    "packets": "helper(xdp_adjust_head)",
    "sockets": "helper(skc_lookup_tcp, sk_assign)",
    "maps": "map_type(hash, array)",
    "filtered": "map_type(bloom_filter)",
}


@scratch.once
def built(parent):
    """A product of modules that need things, built once for all tests of this file."""
    src = scratch.source(parent)
    modules = os.path.join(src, "modules")
    shutil.rmtree(modules)
    os.mkdir(modules)
    for name in ("either.emf", "either.bpf.c", "filter.emf", "filter.bpf.c", "all.emf", "all.bpf.c"):
        shutil.copy(os.path.join(HERE, "needs", name), modules)
    for name, need in WANTS.items():
        scratch.write(os.path.join(modules, name + ".emf"), f"module {name} 0.1 {{\n\tneeds {need};\n}}\n")
        shutil.copy(os.path.join(HERE, "needs", "wants.bpf.c"), os.path.join(modules, name + ".bpf.c"))
    build = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    build.make()
    return build.product()


def product():
    tap.need_root()
    tap.PRODUCT = built()
    return tap.PRODUCT


def refused(name, sentence, *words):
    done = tap.run(*words, product(), name, "-d", "50ms")
    tap.equal((done.returncode, done.stdout, done.stderr), (77, "", f"{name}: {sentence}\n"), name)


def runs(name, *words):
    done = tap.run(*words, product(), name, "-d", "50ms")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), name)


def test_a_capability_that_is_missing_is_named():
    runs("capable")
    lacks = "needs the capability CAP_NET_ADMIN, which this process lacks"
    refused("capable", f"{lacks}: let it keep it (keep-capabilities, CapabilityBoundingSet=), or grant it", "setpriv", "--bounding-set=-net_admin")
    # Another user, who may read any file, as that of a product in a folder of root, and use BPF.
    refused("capable", f"{lacks}: run as root, or grant it", "setpriv", "--reuid=65534", "--clear-groups",
            "--inh-caps=+dac_read_search,+bpf,+perfmon", "--ambient-caps=+dac_read_search,+bpf,+perfmon")


def test_a_type_of_the_kernel_is_there_or_named():
    runs("typed")
    refused("untyped", f"needs the BTF type no_such_struct, which this kernel lacks: {LATER}")


def test_a_function_of_the_kernel_that_is_missing_is_named():
    refused("calls", f"needs the kfunc no_such_kfunc, which this kernel lacks: {LATER}")


def test_a_helper_that_no_program_of_the_module_may_call_is_named():
    refused("sockets", f"needs the helper bpf_sk_assign, which this kernel lacks for such programs: {LATER}")


def test_a_helper_that_one_of_the_programs_may_call_is_there():
    runs("packets")


def test_map_types_are_there():
    runs("maps")


# --- variants -------------------------------------------------------------------------


def programs(pid):
    """Names of the programs that a process has loaded."""
    names = set()
    for number in held(pid, "prog"):
        done = tap.run("bpftool", "-j", "prog", "show", "id", number, env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))
        names.add(json.loads(done.stdout)["name"])
    return names


def started(name):
    """The module, running, with a socket of its own."""
    product()
    bus = os.path.join(tap.folder(), "bus")
    tool = Tool(name, "--bus", env={"EMF_BUS": bus}).ready()
    tool.bus = dict(os.environ, EMF_BUS=bus)
    return tool


def events(tool, n):
    def which():
        spawn("/bin/true")
        found = {int(line) for line in tool.out.splitlines() if line.strip().isdigit()}
        return found if len(found) >= n else None

    return until(which, "an event of each program")


def status(tool, name):
    done = tap.run(product(), "status", "-j", env=tool.bus)
    return next(m for m in json.loads(done.stdout)["modules"] if m["name"] == name)["variants"]


HAS_STRNCMP = LINUX >= (5, 17)


def test_of_two_programs_the_one_that_the_kernel_can_run_is_loaded_alone():
    tool = started("either")
    tap.equal(events(tool, 2), {1 if HAS_STRNCMP else 2, 4}, "which ran")
    tap.equal(programs(tool.process.pid), {"with_text" if HAS_STRNCMP else "without_text", "without_packets"}, "which are loaded")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_status_says_which_program_runs_and_why():
    tool = started("either")
    has, one, other = ("has", "with_text", "without_text") if HAS_STRNCMP else ("lacks", "without_text", "with_text")
    text = f"this kernel {has} the helper bpf_strncmp for such programs"
    packets = "this kernel lacks the helper bpf_xdp_adjust_head for such programs"
    tap.equal(status(tool, "either"), [{"runs": one, "instead_of": other, "why": text},
                                       {"runs": "without_packets", "instead_of": "with_packets", "why": packets}], "variants")
    table = tap.run(product(), "status", env=tool.bus).stdout
    tap.contains(table, f"\neither: program {one} runs, and not {other}: {text}\n")
    tap.contains(table, f"\neither: program without_packets runs, and not with_packets: {packets}\n")
    tap.equal(status(tool, "filter"), [], "of a module that does not run")


def test_needs_that_name_the_same_two_programs_must_all_be_met():
    tool = started("all")
    tap.equal(programs(tool.process.pid), {"second"}, "which is loaded")
    why = "this kernel lacks the BTF type no_such_struct"
    tap.equal(status(tool, "all"), [{"runs": "second", "instead_of": "first", "why": why}], "variants")


def test_a_sentence_in_the_help_has_one_full_stop():
    tap.contains(tap.run(product(), "all", "--help").stdout, "\nRun the one program whose needs are all met.\n")
    tap.contains(tap.run(product(), "either", "--help").stdout, "\nrun what the kernel can run.\n")


TRACE = ("-e", "trace=bpf", "-e", "signal=none")


def without_filters(*words):
    """strace, and what makes the kernel under it one without Bloom filters: the first of them is tried only."""
    if not shutil.which("strace"):
        raise tap.Skip("there is no strace")
    path = os.path.join(tap.folder(), "trace")
    done = tap.run("strace", "-o", path, *TRACE, *words)
    tap.equal(done.returncode in (0, 77), True, f"exit status {done.returncode} under strace: {done.stderr}")
    with open(path) as f:
        calls = [line for line in f if line.startswith("bpf(")]
    first = next(i for i, line in enumerate(calls, 1) if is_filter(line))
    return ("strace", "-o", path, *TRACE, "-e", f"inject=bpf:error=EINVAL:when={first}"), path


def is_filter(line):
    return "BPF_MAP_CREATE" in line and re.search(r"map_type=(BPF_MAP_TYPE_BLOOM_FILTER|0x1e)\b", line) is not None


def test_a_map_type_that_the_kernel_has_is_used():
    tool = started("filter")
    if status(tool, "filter")[0]["runs"] == "without_filter":
        raise tap.Skip("this kernel has no Bloom filters", doctor="maps bloom_filter")
    tap.equal(events(tool, 1), {1}, "which ran")
    tap.equal(programs(tool.process.pid), {"with_filter"}, "which is loaded")


def test_a_map_type_that_the_kernel_lacks_is_not_created_and_the_other_program_runs():
    words = (product(), "filter", "-d", "50ms")
    strace, path = without_filters(*words)
    done = tap.run(*strace, *words)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    with open(path) as f:
        calls = f.read().splitlines()
    tap.equal(sum(is_filter(line) for line in calls), 1, "Bloom filters, tried or created")
    loaded = [name for line in calls if "BPF_PROG_LOAD" in line for name in re.findall(r'prog_name="(with\w*)"', line)]
    tap.equal(loaded, ["without_filter"], "programs that were loaded")


def test_a_map_type_that_is_missing_is_named_where_nothing_stands_in_for_it():
    words = (product(), "filtered", "-d", "50ms")
    strace, _ = without_filters(*words)
    refused("filtered", f"needs the map type bloom_filter, which this kernel lacks: {LATER}", *strace)


tap.main()
