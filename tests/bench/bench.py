"""make bench: what the framework costs over the least that libbpf can do.

One table: what, value, floor, ratio, target, and whether it was met. Figures are
medians; the product and its floor take turns, so that what else the machine does
falls on both. Not part of make check: a busy machine would fail it.
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

KIB = 1024
KB = 1000  # as sizes are quoted; memory is counted in pages, and so in KiB
LINKS = {"execsnoop": 2, "runqlat": 3, "hello": 1, "tcpstates": 1}
ROWS = []
MISSED = []


def row(what, value, floor="", ratio="", target="", met=None):
    verdict = "" if met is None else "met" if met else "MISSED"
    ROWS.append((what, value, floor, ratio, target, verdict))
    if met is False:
        MISSED.append(what)


def run(*words, **kwargs):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, timeout=300, **kwargs)


def attached(args, n, *words):
    """Microseconds: of the clock, of the processor, of the clock beyond the kernel's own load and attach."""
    return [float(us) for us in run(os.path.join(args.programs, "attached"), n, *words).stdout.split()]


def attach_times(args):
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
            value, floor = (statistics.median(t[i] for t in times[who]) / 1000 for who in ("product", "floor"))
            if not floor:
                continue  # a kernel without CONFIG_SCHED_INFO does not count it
            row(what, f"{value:.2f} ms", f"{floor:.2f} ms", f"{value / floor:.2f}", f"ratio <= {target}", value / floor <= target)


def cached_times(args):
    """With the BTF cache: without it in turn, and what a start takes beyond the kernel's own load and attach."""
    beyond = {}
    for modules in (["execsnoop"], ["runqlat"], list(LINKS)):
        n, name = sum(LINKS[m] for m in modules), modules[0] if len(modules) == 1 else f"{len(modules)} modules"
        times = collections.defaultdict(list)
        run(args.product, "run", *modules, "-d", "50ms")
        for _ in range(args.runs):
            for who, words in (("cache", ()), ("none", ("--no-cache",))):
                times[who].append(attached(args, n, args.product, "run", *modules, *words))
        cache, none = (statistics.median(t[0] for t in times[who]) / 1000 for who in ("cache", "none"))
        row(f"exec to attached, {name}, with the BTF cache", f"{cache:.2f} ms", f"{none:.2f} ms without", f"{cache / none:.2f}")
        beyond[name] = statistics.median(t[2] for t in times["cache"]) / 1000
        if len(modules) == 1:
            row("  beyond the kernel's own load and attach", f"{beyond[name]:.2f} ms", target="<= 5 ms", met=beyond[name] <= 5)
    more = (beyond[f"{len(LINKS)} modules"] - beyond["runqlat"]) / (len(LINKS) - 1)
    row("  beyond it, for each further module", f"{more:.2f} ms", target="<= 1 ms", met=more <= 1)


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


def sizes(args, folder):
    product, floor = stripped_size(args.small, folder), stripped_size(os.path.join(args.programs, "floor_all"), folder)
    row("size of all modules, stripped", f"{stripped_size(args.product, folder) / KB:.0f} KB")
    row("size of four modules, stripped", f"{product / KB:.0f} KB", f"{floor / KB:.0f} KB", f"{product / floor:.2f}",
        "<= 600 KB", product <= 600 * KB)
    found = parts(args.map)
    core = sum(n for path, n in found.items() if "libemf-core.a(" in path)
    modules = {m: sum(n for path, n in found.items() if re.fullmatch(rf"(.*/)?obj/{m}(_emf)?\.o", path)) for m in LINKS}
    generated = sum(n for path, n in found.items() if path.endswith("product_emf.o"))
    framework = core + generated
    row("  of it: framework (core, generated)", f"{framework / KB:.0f} KB", target="<= 100 KB",
        met=framework <= 100 * KB)
    for name in ("jansson", "inih", "bpf", "elf", "z"):
        row(f"  of it: lib{name}" if name != "inih" else "  of it: inih",
            f"{sum(n for path, n in found.items() if f'/lib{name}.a(' in path) / KB:.0f} KB")
    for module, size in modules.items():
        kernel = os.path.getsize(os.path.join("obj", module + ".bpf.o"))
        row(f"  of it: module {module}", f"{size / KB:.1f} KB", f"{kernel / KB:.1f} KB", f"{size / kernel:.2f}")


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
                raise SystemExit(f"bench: {words[0]} did not attach")
            time.sleep(0.01)
        time.sleep(1)
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file.read().splitlines())
        return [int(status[key].split()[0]) for key in ("VmRSS", "RssAnon", "RssFile")]
    finally:
        process.terminate()
        process.wait(20)


def memory(args):
    product, floor = [], []
    for _ in range(5):
        product.append(resident_kib([args.product, "run", *LINKS]))
        floor.append(resident_kib([os.path.join(args.programs, "floor_all")]))
    for i, (what, target) in enumerate((("resident memory, four modules", "<= floor + 1 MiB"), ("  of it: anonymous", ""),
                                        ("  of it: of files", ""))):
        value, base = (statistics.median(one[i] for one in many) for many in (product, floor))
        row(what, f"{value:.0f} KiB", f"{base:.0f} KiB", f"{value / base:.2f}", target,
            value <= base + KIB if target else None)


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


def median_ms(words, runs):
    """Of the clock, and of the processors."""
    times, used = [], []
    for _ in range(runs):
        start, before = time.perf_counter(), children_ms()
        run(*words)
        times.append(1000 * (time.perf_counter() - start))
        used.append(children_ms() - before)
    return statistics.median(times), statistics.median(used)


def compiling(args, folder, what, text):
    source = os.path.join(folder, "bench.bpf.c")
    with open(source, "w", encoding="ascii") as file:
        file.write(text)
    compile_words = shlex.split(args.compile)
    tail = ["-c", "-o", source + ".o", source]
    with_pch = median_ms(compile_words + ["-include-pch", "obj/vmlinux.h.pch"] + tail, 11)
    without = median_ms(compile_words + tail, 5)
    for line, value, base in zip((what, "  the same, processor time"), with_pch, without):
        row(line, f"{value:.0f} ms", f"{base:.0f} ms without pch", f"{value / base:.2f}", "< 150 ms", value < 150)


def building(args, folder):
    # task_struct leads to most of the kernel's types, and all go into the debug information.
    compiling(args, folder, "compile with vmlinux.h, task_struct", SOURCE)
    compiling(args, folder, "compile with vmlinux.h, a small type",
              SOURCE.replace("struct task_struct *", "struct iphdr *").replace("BPF_CORE_READ(task, tgid)",
                                                                               "BPF_CORE_READ(task, saddr)"))


def generating(args, folder):
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
    empty = median_ms([sys.executable, "-c", ""], 11)[0]

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

    for what, measure, target in ((f"emfgen, {many.MODULES} modules and {many.SERVICES} services: all", whole, 1500),
                                  ("  one file changed", one_changed, 250)):
        value = statistics.median(measure() for _ in range(7))
        row(what, f"{value:.0f} ms", f"{empty:.0f} ms for python3", "", f"< {target} ms", value < target)


def print_table():
    head = ("WHAT", "VALUE", "FLOOR", "RATIO", "TARGET", "")
    widths = [max(len(r[i]) for r in [head] + ROWS) for i in range(len(head))]
    for r in [head] + ROWS:
        print("  ".join(cell.ljust(w) for cell, w in zip(r, widths)).rstrip())
    if MISSED:
        print(f"\n{len(MISSED)} target(s) MISSED: " + "; ".join(what.strip() for what in MISSED))
    else:
        print("\nAll targets met.")


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
    args = parser.parse_args()
    if os.geteuid():
        sys.exit("bench: needs root: it loads eBPF programs")
    folder = tempfile.mkdtemp(prefix="emf-bench-")
    try:
        # Nothing is left on the system, and what others left there plays no part.
        os.environ["EMF_CACHE"] = os.path.join(folder, "btf-cache")
        attach_times(args)
        cached_times(args)
        sizes(args, folder)
        memory(args)
        building(args, folder)
        generating(args, folder)
        bus_bench.measure(args, folder, row)
        chain_bench.measure(args, folder, row)
        event_bench.measure(args, folder, row)
    except subprocess.CalledProcessError as error:
        sys.exit(f"bench: {shlex.join(error.cmd)}: {error.stderr.strip()}")
    finally:
        shutil.rmtree(folder)
    print_table()
    busy = os.getloadavg()[0]
    if busy > os.cpu_count() * 0.75:
        print(f"The machine was busy with something else (load {busy:.1f} on {os.cpu_count()} processors): "
              "of the times, only those of the processor are to be trusted.")
    return 1 if MISSED else 0


sys.exit(main())
