# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Chains: what a hop costs, and a change of the chain, on a pair of interfaces in namespaces of their own."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

import bus_bench
from report import NotMeasured, lower_quartile
from serving import Serving

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[1:1] = [TESTS, os.path.join(TESTS, "build")]
import scratch  # noqa: E402 - the path has to be set first

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chain")
LENGTHS = (1, 4, 8, 12, 16, 32)
PLAIN = 8
TWO = ("left", "right")
ROUNDS = 7
LOADS = 50
SWAPS = 20
FLOOD_MS = 500
ON_ONE = bus_bench.ON_ONE
ON_OTHER = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]
run = bus_bench.run

IDL = """/// Programs in a line.
chain line : xdp {
	attach xdp(param netdev iface[]);
	slot all[32];
	default XDP_PASS;
}
"""


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def module(folder, name, n, body):
    """A module of @n programs in a line."""
    programs = "".join(f'SEC("xdp")\nint {name}_{i:02}(struct xdp_md *ctx)\n{{\n\treturn {body};\n}}\n\n' for i in range(n))
    write(os.path.join(folder, f"{name}.bpf.c"),
          f'#include "{name}_emf.h"\n#include <emf/bpf.h>\n\nchar LICENSE[] SEC("license") = "GPL";\n\n{programs}')
    plugs = "".join(f"\tplug {name}_{i:02} into line.all;\n" for i in range(n))
    write(os.path.join(folder, f"{name}.emf"), f'import "line.emf";\n\n/// {n} programs\nmodule {name} 0.1 {{\n{plugs}}}\n')


def build(args, folder):
    """A product of such modules, and the programs that measure it."""
    src, out = scratch.source(folder), os.path.join(folder, "build")
    modules = os.path.join(src, "modules")
    shutil.rmtree(modules)
    os.mkdir(modules)
    write(os.path.join(src, "bus-idl", "line.emf"), IDL)
    for n in LENGTHS:
        module(modules, f"calls{n}", n, "line_next(ctx)")
    module(modules, f"plain{PLAIN}", PLAIN, "XDP_PASS")
    for name in TWO:
        module(modules, name, 1, "XDP_PASS")
    os.mkdir(out)
    run(os.path.join(src, "configure"), cwd=out)
    run("make", f"-j{os.cpu_count()}", cwd=out)
    for name in ("run", "flood"):
        run(*shlex.split(args.cc), "-O2", "-std=gnu17", "-D_GNU_SOURCE", os.path.join(HERE, name + ".c"), *shlex.split(args.libs), "-o",
            os.path.join(folder, name))
    for n in LENGTHS:
        run(*shlex.split(args.compile), f"-DHOPS={n}", "-c", "-o", os.path.join(folder, f"hand{n}.o"), os.path.join(HERE, "hand.bpf.c"))
    for name in TWO:
        run(*shlex.split(args.compile), f"-DNAME={name}", "-c", "-o", os.path.join(folder, f"{name}.o"), os.path.join(HERE, "one.bpf.c"))
    # It is linked with the libbpf that libxdp brings, and not there without libxdp.
    done = subprocess.run([*shlex.split(args.cc), "-O2", "-std=gnu17", "-D_GNU_SOURCE", os.path.join(HERE, "dispatcher.c"), "-lxdp", "-o",
                           os.path.join(folder, "dispatcher")], check=False, capture_output=True, text=True)
    if done.returncode and "xdp/libxdp.h" not in done.stderr and "-lxdp" not in done.stderr:
        raise NotMeasured(f"dispatcher.c: {done.stderr}")
    return os.path.join(out, "emf")


class Namespaces:
    """Two of them, with interface va in one and vb in the other."""

    def __init__(self):
        self.a, self.b = (f"emf-bench-{os.getpid()}-{end}" for end in "ab")

    def __enter__(self):
        for name in (self.a, self.b):
            run("ip", "netns", "add", name)
        run("ip", "link", "add", "va", "netns", self.a, "type", "veth", "peer", "name", "vb", "netns", self.b)
        for name, link in ((self.a, "va"), (self.b, "vb")):
            run("ip", "-n", name, "link", "set", link, "up")
        return self

    def __exit__(self, *_):
        for name in (self.a, self.b):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def within(self, name):
        return ["ip", "netns", "exec", name]


class Product(Serving):
    """The product with one of the modules, while the block runs."""

    def __init__(self, spaces, product, folder, *modules):
        config = os.path.join(folder, "chain.conf")
        write(config, "[line]\niface = va\n")
        self.product = product
        super().__init__([*spaces.within(spaces.a), *ON_OTHER, product, "serve", *modules, "--config", config],
                         os.path.join(folder, "chain.sock"), [product, "chain", "show", "line"])

    def chain(self, *words):
        return self.run(self.product, "chain", *words)


def hops(folder, product, spaces, report):
    """
    The lower quartile of many loads: the kernel puts programs at random addresses, and where
    jumps collide in the processor's branch predictor, that costs more than all else, for both.
    """
    got = {}
    measure = [*ON_ONE, os.path.join(folder, "run")]
    for name in [f"calls{n}" for n in LENGTHS] + [f"plain{PLAIN}"]:
        n = int(re.sub(r"\D", "", name))
        with Product(spaces, product, folder, name) as it:
            for _ in range(LOADS):
                it.chain("count", "line", "off")  # a new generation
                got.setdefault(name, []).append(float(run(*spaces.within(spaces.a), *measure, "va").stdout))
                got.setdefault(n, []).append(float(run(*spaces.within(spaces.b), *measure, "vb", os.path.join(folder, f"hand{n}.o")).stdout))
    for n in LENGTHS:
        report.add(f"chain of {n} program{'s' * (n > 1)}, a packet", got[f"calls{n}"], "ns", floor=got[n], beside="by hand", target="ratio <= 1.1", usual=lower_quartile)
    value, floor = ([ns / PLAIN for ns in got[key]] for key in (f"plain{PLAIN}", f"calls{PLAIN}"))
    report.add("  a program that only returns a verdict", value, "ns", floor=floor, beside="one that goes on", target="<= floor + 3", usual=lower_quartile)


class Dispatcher:
    """The same two modules behind the dispatcher of libxdp, while the block runs; `why` says why they are not."""

    def __init__(self, spaces, folder):
        program = os.path.join(folder, "dispatcher")
        self.process, self.why = None, "" if os.path.exists(program) else "libxdp is not installed"
        # libxdp keeps its links as files; the namespace has none of /sys/fs/bpf.
        files = ["sh", "-c", 'mount -t bpf bpf /sys/fs/bpf && exec "$@"', "sh"]
        self.words = [*spaces.within(spaces.b), *files, program, "vb", *(os.path.join(folder, f"{name}.o") for name in TWO)]

    def __enter__(self):
        if not self.why:
            self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            said = self.process.stdout.readline().strip()
            self.why = "" if said == "attached" else said
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.stdin.close()
            self.process.wait(20)
            self.process.stdout.close()


def is_emulated():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        return "TCG" in file.read()


def dispatched(folder, product, spaces, report):
    """Two modules that know nothing of each other, in a chain and behind the dispatcher."""
    what, measure = "two modules on XDP, a packet", [*ON_ONE, os.path.join(folder, "run")]
    chain, other, why = [], [], ""
    with Product(spaces, product, folder, *TWO) as it:
        for _ in range(LOADS):
            it.chain("count", "line", "off")  # a new generation
            chain.append(float(run(*spaces.within(spaces.a), *measure, "va").stdout))
            if why:
                continue
            with Dispatcher(spaces, folder) as behind:
                why = behind.why
                if not why:
                    other.append(float(run(*spaces.within(spaces.b), *measure, "vb").stdout))
    if why:
        report.add(what, chain, "ns", usual=lower_quartile)
        report.lacks("  against the dispatcher of libxdp", why)
        return
    report.add(what, chain, "ns", peer=other, beside="by libxdp" + (", emulated: only an indication" if is_emulated() else ""), usual=lower_quartile)


def flood(folder, spaces):
    return [*spaces.within(spaces.b), *ON_ONE, os.path.join(folder, "flood"), "vb", str(FLOOD_MS)]


def swaps(folder, product, spaces, report):
    """From the command to the answer, which comes when the new generation runs; the process of the command is part of it."""
    took, still, swapped = [], [], []
    with Product(spaces, product, folder, f"calls{PLAIN}") as it:
        program = f"calls{PLAIN}_00"
        for _ in range(ROUNDS):
            still.append(int(run(*flood(folder, spaces)).stdout))
            sender = subprocess.Popen(flood(folder, spaces), stdout=subprocess.PIPE, text=True)
            while sender.poll() is None:
                for word in ("disable", "enable"):
                    start = time.perf_counter()
                    it.chain(word, "line", f"calls{PLAIN}", program)
                    took.append(1000 * (time.perf_counter() - start))
            swapped.append(int(sender.communicate()[0]))
    report.add(f"  change of a chain of {PLAIN}, with its command", took, "ms", target="< 50")
    during, before = ([n * 1000 / FLOOD_MS for n in some] for some in (swapped, still))
    report.add(f"  packets while it changes ({len(took) / (ROUNDS * FLOOD_MS / 1000):.0f} times a second)", during, "/s", floor=before, beside="else", target="ratio >= 0.95")


def measure(args, folder, report):
    folder = os.path.join(folder, "chain")
    os.mkdir(folder)
    product = build(args, folder)
    with Namespaces() as spaces:
        hops(folder, product, spaces, report)
        dispatched(folder, product, spaces, report)
        swaps(folder, product, spaces, report)


if __name__ == "__main__":
    sys.exit("chain_bench.py is a part of make bench")
