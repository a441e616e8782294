"""profile: what ran, by its stacks, against a program that does nothing else than run.

Without these, a flame graph could name functions that never ran, or not open.
"""
import json
import os
import re
import shutil
import xml.etree.ElementTree

import tap
from tool import Tool

BURN = """
#include <unistd.h>
volatile unsigned long x;
__attribute__((noinline, noclone)) void burn_inner(void) { for (int i = 0; i < 10000; i++) x += i; }
__attribute__((noinline, noclone)) void burn_outer(void) { for (int i = 0; i < 10000; i++) { burn_inner(); x++; } }
int main(void) { for (;;) { burn_outer(); x++; } }
"""


def burner(*flags):
    """A process that is in one function, mostly."""
    tap.need_root()
    path = os.path.join(tap.folder(), "emf<burn>")
    with open(path + ".c", "w") as f:
        f.write(BURN)
    done = tap.run(shutil.which("cc") or "gcc", "-O0", *flags, "-o", path, path + ".c")  # each function has a frame pointer then
    tap.equal(done.returncode, 0, f"the compiler ({done.stderr})")
    return tap.start(path)


def profiled(process, *options):
    tool = Tool("run", "profile", "-p", str(process.pid), "-F", "199", "-d", "2", *options)
    tap.equal((tool.process.wait(timeout=60), tool.err), (0, ""), "exit status and messages")
    return tool.out


def test_folded_stacks_name_what_ran_from_the_outermost_to_the_innermost():
    lines = [re.fullmatch(r"(.*) (\d+)", line).groups() for line in profiled(burner(), "--folded", "--user-only").splitlines()]
    inner = sum(int(n) for stack, n in lines if stack.endswith(";main;burn_outer;burn_inner"))
    whole = sum(int(n) for stack, n in lines)
    tap.equal({stack.split(";")[0] for stack, n in lines}, {"emf<burn>"}, "processes")
    tap.equal((inner * 10 > whole * 9, whole > 30), (True, True), f"samples in the inner function, of {whole} ({lines})")


def test_a_stripped_program_has_the_name_of_its_file_instead():
    out = profiled(burner("-s"), "--folded", "--user-only")
    tap.contains(out, "[emf<burn>];[emf<burn>];[emf<burn>]")


def test_json_has_both_sides_of_a_stack():
    rows = [json.loads(line) for line in profiled(burner(), "-j").splitlines()]
    most = rows[-1]
    tap.equal((most["module"], most["event"], most["args"]["comm"], most["args"]["user"][-2:], most["args"]["kernel"]),
              ("profile", "stack", "emf<burn>", ["burn_outer", "burn_inner"], []), f"the stack with the most samples ({most})")


def test_a_flame_graph_is_as_wide_as_what_it_shows():
    path = os.path.join(tap.folder(), "flame.svg")
    profiled(burner(), "--svg", path, "--user-only")
    svg = xml.etree.ElementTree.parse(path).getroot()
    space = {"s": "http://www.w3.org/2000/svg"}
    widths = {}
    for group in svg.findall("s:g/s:g", space):
        name = group.find("s:title", space).text.split(": ")[0]
        widths[name] = widths.get(name, 0) + float(group.find("s:rect", space).get("width"))
    tap.equal((widths["all"], widths["emf<burn>"]), (1200, 1200), f"the whole and the process ({widths})")
    tap.equal(widths["burn_inner"] > 1000, True, f"the function ({widths})")
    tap.equal([name for name in os.listdir(os.path.dirname(path)) if name.endswith(".part")], [], "files that stay beside it")


def test_what_cannot_be_is_said_before_anything_runs():
    tap.need_root()
    done = tap.run(tap.PRODUCT, "run", "profile", "-U", "-K")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "profile: --user-only and --kernel-only together leave nothing to show")
    done = tap.run(tap.PRODUCT, "run", "profile", "-d", "100ms", "--svg", "/no/such/folder/x.svg")
    tap.contains(done.stderr, "profile: the flame graph '/no/such/folder/x.svg' was not written: No such file or directory")


tap.main()
