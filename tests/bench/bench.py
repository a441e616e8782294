# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make bench: what the framework costs over the least that libbpf can do.

One table, see report.py. The product and its floor take turns, so that what else the machine
does falls on both. Not part of make check: a busy machine would fail it.
"""
import argparse
import collections
import os
import re
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bus_bench
import chain_bench
import event_bench
import many
import peers
import upgrade_bench
from report import NotMeasured, Report
from units import KB, KIB

LINKS = {"execsnoop": 2, "runqlat": 3, "hello": 1, "tcpstates": 1}
RUNS = 7  # of what takes long; starts are measured more often


def run(*words, **kwargs):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, timeout=300, **kwargs)


def attached(args, n, *words):
    """Microseconds: of the clock, of the processor, of the clock beyond the kernel's own load and attach."""
    return [float(us) for us in run(os.path.join(args.programs, "attached"), n, *words).stdout.split()]


def attach_times(args, report):
    """From before the fork to the last link, product and floor in turn; the floor has no cache of the kernel's BTF."""
    for module in ("execsnoop", "runqlat", "hello"):
        times = collections.defaultdict(list)
        commands = {"product": [args.product, "run", module, "--no-cache"], "floor": [os.path.join(args.programs, "floor_" + module)]}
        # A millisecond drowns in what else the machine does: more of them.
        for _ in range(args.runs * (4 if module == "hello" else 1)):
            for who, words in commands.items():
                times[who].append(attached(args, LINKS[module], *words))
        target = 1.15 if module == "hello" else 1.1
        for i, what in enumerate((f"exec to attached, {module}, without the BTF cache", "  the same, processor time")):
            value, floor = ([t[i] / 1000 for t in times[who]] for who in ("product", "floor"))
            if not any(floor):
                report.lacks(what, "this kernel does not count it (CONFIG_SCHED_INFO)")
                continue
            report.add(what, value, "ms", floor=floor, target=f"ratio <= {target}")


def cached_times(args, report):
    """With the BTF cache: without it in turn, and what a start takes beyond the kernel's own load and attach."""
    beyond = {}
    for modules in (["execsnoop"], ["runqlat"], list(LINKS)):
        n, name = sum(LINKS[m] for m in modules), modules[0] if len(modules) == 1 else f"{len(modules)} modules"
        times = collections.defaultdict(list)
        run(args.product, "run", *modules, "-d", "50ms")
        for _ in range(args.runs):
            for who, words in (("cache", ()), ("none", ("--no-cache",))):
                times[who].append(attached(args, n, args.product, "run", *modules, *words))
        cache, none = ([t[0] / 1000 for t in times[who]] for who in ("cache", "none"))
        report.add(f"exec to attached, {name}, with the BTF cache", cache, "ms", floor=none, beside="without")
        beyond[name] = [t[2] / 1000 for t in times["cache"]]
        if len(modules) == 1:
            report.add("  beyond the kernel's own load and attach", beyond[name], "ms", target="<= 5")
    more = (statistics.median(beyond[f"{len(LINKS)} modules"]) - statistics.median(beyond["runqlat"])) / (len(LINKS) - 1)
    report.add("  beyond it, for each further module", [more], "ms", target="<= 1")


def package_times(args, folder, report):
    """A module that is linked in beside its package in the product that lacks it, each with its cache."""
    package = os.path.join(folder, "syscount.emfpkg")
    run(args.product, "pack", "syscount", "-o", package)
    commands = {"package": [args.small, "run", package, "--allow-unsigned"], "linked": [args.product, "run", "syscount"]}
    times = collections.defaultdict(list)
    for words in commands.values():
        run(*words, "-d", "50ms")
    for _ in range(args.runs):
        for who, words in commands.items():
            times[who].append(attached(args, 4, *words)[0] / 1000)
    report.add("exec to attached, syscount, of a package", times["package"], "ms", floor=times["linked"], beside="linked in", target="ratio <= 1.15")


# --- sizes ------------------------------------------------------------------------

def stripped_size(path, folder):
    copy = os.path.join(folder, "stripped")
    run("strip", "-o", copy, path)
    return os.path.getsize(copy)


def parts(map_file):
    """Bytes that the linker placed for each input, by its map."""
    sizes = collections.Counter()
    with open(map_file, encoding="utf-8", errors="replace") as file:
        text = file.read()
    text = text[text.index("Linker script and memory map"):]
    for m in re.finditer(r"^ (\.\S+|emf_modules)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", text, re.M):
        section, address, size, path = m.group(1), int(m.group(2), 16), int(m.group(3), 16), m.group(4)
        if address and not section.startswith((".bss", ".debug", ".comment")):
            sizes[path] += size
    return sizes


def sizes(args, folder, report):
    def size(what, n, **more):
        report.add(what, [n / KB], "KB", **more)

    size("size of all modules, stripped", stripped_size(args.product, folder), target="<= 1000")
    size("size of four modules, stripped", stripped_size(args.small, folder), floor=[stripped_size(os.path.join(args.programs, "floor_all"), folder) / KB],
         target="<= 600")
    found = parts(args.map)
    core = sum(n for path, n in found.items() if "libemf-core.a(" in path)
    modules = {m: sum(n for path, n in found.items() if re.fullmatch(rf"(.*/)?obj/{m}(_emf)?\.o", path)) for m in LINKS}
    size("  of it: framework (core, generated)", core + sum(n for path, n in found.items() if path.endswith("product_emf.o")), target="<= 100")
    for name, library in (("libjansson", "jansson"), ("inih", "inih"), ("libbpf", "bpf"), ("libelf", "elf"), ("libz", "z")):
        size(f"  of it: {name}", sum(n for path, n in found.items() if f"/lib{library}.a(" in path))
    for module, n in modules.items():
        size(f"  of it: module {module}", n, floor=[os.path.getsize(os.path.join("obj", module + ".bpf.o")) / KB], beside="its kernel part")


# --- memory -----------------------------------------------------------------------

def links_of(pid):
    n = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            n += os.readlink(f"/proc/{pid}/fd/{fd}").startswith(("anon_inode:bpf_link", "anon_inode:bpf-link"))
        except FileNotFoundError:
            pass
    return n


def resident_kib(words):
    """VmRSS, and the part that is not shared, one second after all was attached."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while links_of(process.pid) < sum(LINKS.values()):
            if process.poll() is not None or time.monotonic() > end:
                raise NotMeasured(f"{words[0]} did not attach")
            time.sleep(0.01)
        time.sleep(1)
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file.read().splitlines())
        return [int(status[key].split()[0]) for key in ("VmRSS", "RssAnon", "RssFile")]
    finally:
        process.terminate()
        process.wait(20)


def memory(args, report):
    product, floor = [], []
    for _ in range(RUNS):
        product.append(resident_kib([args.product, "run", *LINKS]))
        floor.append(resident_kib([os.path.join(args.programs, "floor_all")]))
    for i, (what, target) in enumerate((("resident memory, four modules", f"<= floor + {KIB}"), ("  of it: anonymous", ""), ("  of it: of files", ""))):
        report.add(what, [one[i] for one in product], "KiB", floor=[one[i] for one in floor], target=target)


# --- building -----------------------------------------------------------------------

SOURCE = """#include "vmlinux.h"
#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
EMF_RING(events, 64 * 1024);
struct event { __u32 pid; };
SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	struct event *e = emf_ring_reserve(events, sizeof(*e));

	if (!e)
		return 0;
	e->pid = BPF_CORE_READ(task, tgid);
	emf_ring_submit(events, e);
	return 0;
}
"""


def children_ms():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (used.ru_utime + used.ru_stime)


def timed(words):
    """Milliseconds of the clock, and of the processors."""
    start, before = time.perf_counter(), children_ms()
    run(*words)
    return 1000 * (time.perf_counter() - start), children_ms() - before


def compiling(args, folder, what, text, report):
    source = os.path.join(folder, "bench.bpf.c")
    with open(source, "w", encoding="ascii") as file:
        file.write(text)
    compile_words = shlex.split(args.compile)
    tail = ["-c", "-o", source + ".o", source]
    with_pch, without = zip(*((timed(compile_words + ["-include-pch", "obj/vmlinux.h.pch"] + tail), timed(compile_words + tail)) for _ in range(RUNS)))
    for i, line in enumerate((what, "  the same, processor time")):
        report.add(line, [t[i] for t in with_pch], "ms", floor=[t[i] for t in without], beside="without pch", target="< 150")


def building(args, folder, report):
    # task_struct leads to most of the kernel's types, and all go into the debug information.
    compiling(args, folder, "compile with vmlinux.h, task_struct", SOURCE, report)
    compiling(args, folder, "compile with vmlinux.h, a small type",
              SOURCE.replace("struct task_struct *", "struct iphdr *").replace("BPF_CORE_READ(task, tgid)",
                                                                               "BPF_CORE_READ(task, saddr)"), report)


def generating(args, folder, report):
    """The two runs that a build makes: before the compiler, and after it."""
    tree = os.path.join(folder, "many")
    names = many.write(tree)
    out = os.path.join(tree, "obj")
    emfgen = ["env", "-u", "PYTHONDONTWRITEBYTECODE", f"PYTHONPYCACHEPREFIX={out}/.pycache", *shlex.split(args.emfgen)]
    build = emfgen + ["build"]
    objects = emfgen + ["objects", "--built", ",".join(names)]
    run(*build, cwd=tree)
    root = os.getcwd()
    include = [f"-I{os.path.join(root, w[2:])}" if w.startswith("-I") and not w.startswith("-I/") else w for w in shlex.split(args.compile)]
    for name in names:
        run(*include, "-Iobj", f"-DEMF_MODULE_IS_{name}", "-c", "-o", f"obj/{name}.bpf.o", f"modules/{name}.bpf.c", cwd=tree)
    run(*objects, cwd=tree)
    def whole():
        for name in os.listdir(out):
            if name.endswith((".h", ".c", ".mk")):
                os.unlink(os.path.join(out, name))
        start = time.perf_counter()
        run(*build, cwd=tree)
        run(*objects, cwd=tree)
        return 1000 * (time.perf_counter() - start)

    def one_changed():
        with open(os.path.join(tree, "modules", "mod7.emf"), "a", encoding="ascii") as f:
            f.write("// changed\n")
        start = time.perf_counter()
        run(*build, cwd=tree)
        run(*objects, "obj/mod7.bpf.o", "modules/mod7.emf", cwd=tree)
        return 1000 * (time.perf_counter() - start)

    for what, measure, target in ((f"emfgen, {many.MODULES} modules and {many.SERVICES} services: all", whole, 1500), ("  one file changed", one_changed, 250)):
        values, empty = zip(*((measure(), timed([sys.executable, "-c", ""])[0]) for _ in range(RUNS)))
        report.add(what, values, "ms", floor=empty, beside="for python3", target=f"< {target}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--product", required=True)
    parser.add_argument("--small", required=True, help="the same with the modules that are measured, and no others")
    parser.add_argument("--programs", required=True, help="the folder of the floor programs")
    parser.add_argument("--map", required=True, help="the linker's map of the product")
    parser.add_argument("--compile", required=True, help="how make compiles kernel parts")
    parser.add_argument("--emfgen", required=True)
    parser.add_argument("--cc", required=True, help="the compiler of user parts")
    parser.add_argument("--libs", required=True, help="what the product is linked with")
    parser.add_argument("--runs", type=int, default=61)
    parser.add_argument("--json", metavar="FILE", help="write all of it to this file")
    parser.add_argument("--page", metavar="FILE", help="and as a page of the manual")
    args = parser.parse_args()
    if os.geteuid():
        sys.exit("bench: needs root: it loads eBPF programs")
    folder = tempfile.mkdtemp(prefix="emf-bench-")
    report = Report(args.product)

    def measured(what, part, *words):
        """One part that cannot be measured says why, and the others are."""
        try:
            part(*words)
        except Exception as error:  # whatever it is, the other figures are not lost
            said = error.stderr if isinstance(error, subprocess.CalledProcessError) else None
            said = said or (str(error) if isinstance(error, NotMeasured) else f"{type(error).__name__}: {error}")
            report.lacks(what, said.strip().splitlines()[-1])

    try:
        # Nothing is left on the system, and what others left there plays no part.
        os.environ["EMF_CACHE"] = os.path.join(folder, "btf-cache")
        report.group("Start")
        measured("attaching", attach_times, args, report)
        measured("attaching with what is kept", cached_times, args, report)
        measured("packages", package_times, args, folder, report)
        measured("what others take to start", peers.measure, args, report)
        report.group("Size")
        measured("sizes", sizes, args, folder, report)
        report.group("Memory")
        measured("memory", memory, args, report)
        report.group("Build")
        measured("building", building, args, folder, report)
        measured("generating", generating, args, folder, report)
        for name, part in (("Bus", bus_bench), ("Chains", chain_bench), ("Events", event_bench), ("Upgrades", upgrade_bench)):
            report.group(name)
            measured(f"the rest of {name.lower()}", part.measure, args, folder, report)
    finally:
        shutil.rmtree(folder)
    report.end()
    print(report.text())
    for path, text in ((args.json, report.json()), (args.page, report.page())):
        if path:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    return 1 if report.missed else 0


sys.exit(main())
