# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Upgrades of a running module, and the load of an extension, on a pair of interfaces in namespaces of their own."""
import json
import os
import subprocess
import sys
import time

import bus_bench
import chain_bench
from report import NotMeasured
from serving import Serving

sys.path[1:1] = [chain_bench.TESTS, os.path.join(chain_bench.TESTS, "build")]
import scratch  # noqa: E402 - the path has to be set first

ROUNDS = 7
run = bus_bench.run

EMF = """/// one program on packets, and two that trace
module swapped {version} {{ license "GPL"; attach on_packet xdp(param netdev iface); event exec(u32 pid); }}
"""
BPF = """#include "swapped_emf.h"
__u64 packets, execs;
SEC("xdp")
int on_packet(void *ctx)
{{
	__sync_fetch_and_add(&packets, {n});
	return XDP_PASS;
}}
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{{
	struct swapped_exec *e = swapped_event_exec_reserve();

	if (!e)
		return 0;
	e->pid = (__u32)(bpf_get_current_pid_tgid() >> 32) + {n} - {n};
	__sync_fetch_and_add(&execs, {n});
	swapped_event_exec_submit(e);
	return 0;
}}
SEC("raw_tp/sched_process_exit")
int on_exit(void *ctx)
{{
	__sync_fetch_and_add(&execs, {n});
	return 0;
}}
"""


def build(args, folder):
    """A product, two versions of a module as packages, and one as an extension."""
    src, out = scratch.source(folder), os.path.join(folder, "build")
    modules, dynamic = os.path.join(src, "modules"), os.path.join(src, "dynamic")
    for name in os.listdir(modules):
        os.unlink(os.path.join(modules, name))
    os.mkdir(out)
    run(os.path.join(src, "configure"), cwd=out)
    packages = []
    for n in (1, 2):
        chain_bench.write(os.path.join(modules, "swapped.emf"), EMF.format(version=f"{n}.0"))
        chain_bench.write(os.path.join(modules, "swapped.bpf.c"), BPF.format(n=n))
        run("make", f"-j{os.cpu_count()}", cwd=out)
        packages.append(os.path.join(folder, f"{n}.emfpkg"))
        run(os.path.join(out, "emf"), "pack", "swapped", "-o", packages[-1])
    for name in ("swapped.emf", "swapped.bpf.c"):
        os.unlink(os.path.join(modules, name))
    chain_bench.write(os.path.join(dynamic, "swapped.emf"), EMF.format(version="1.0").replace("attach on_packet xdp(param netdev iface); ", ""))
    chain_bench.write(os.path.join(dynamic, "swapped.bpf.c"), BPF.format(n=1).replace('SEC("xdp")', "static __attribute__((unused))"))
    run("make", f"-j{os.cpu_count()}", cwd=out)
    run(args.cc.split()[0], "-O2", "-std=gnu17", "-D_GNU_SOURCE", os.path.join(chain_bench.HERE, "flood.c"), "-o", os.path.join(folder, "flood"))
    run(args.cc.split()[0], "-O2", "-std=gnu17", "-D_GNU_SOURCE", "-shared", "-fPIC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "dlopen_time.c"), "-o",
        os.path.join(folder, "dlopen_time.so"))
    return os.path.join(out, "emf"), packages, os.path.join(out, "obj", "swapped.so")


class Service(Serving):
    """The product, while the block runs."""

    def __init__(self, spaces, product, folder, *words):
        config = os.path.join(folder, "upgrade.conf")
        chain_bench.write(config, "[product]\nupgradable = yes\n")
        self.product = product
        super().__init__([*spaces.within(spaces.a), *chain_bench.ON_OTHER, product, "serve", *words, "--config", config],
                         os.path.join(folder, "upgrade.sock"), [product, "status"])

    def timed(self, *words):
        """Milliseconds, with the process of the command."""
        start = time.perf_counter()
        self.run(self.product, *words)
        return 1000 * (time.perf_counter() - start)

    def module(self, name):
        return {m["name"]: m for m in json.loads(self.run(self.product, "status", "-j").stdout)["modules"]}[name]


def upgrades(folder, product, packages, spaces, report):
    """From the command to the answer, which comes when the old one is gone."""
    took, still, during = [], [], []
    with Service(spaces, product, folder, packages[0], "--allow-unsigned", "--swapped.iface", "va") as it:
        for _ in range(ROUNDS):
            still.append(int(run(*chain_bench.flood(folder, spaces)).stdout))
            sender = subprocess.Popen(chain_bench.flood(folder, spaces), stdout=subprocess.PIPE, text=True)
            while sender.poll() is None:
                took.append(it.timed("upgrade", "swapped", packages[(len(took) + 1) % 2]))
                time.sleep(0.1)
            said = sender.communicate()[0]
            if said:  # else the machine was so busy that there was no buffer to send from
                during.append(int(said))
    if not during:
        raise NotMeasured("no flood came to its end while the module was upgraded")
    report.add("upgrade of one XDP and two tracing programs, with its command", took, "ms", target="< 60")
    during, before = ([n * 1000 / chain_bench.FLOOD_MS for n in some] for some in (during, still))
    report.add(f"  packets during it ({len(took) / (ROUNDS * chain_bench.FLOOD_MS / 1000):.0f} times a second)", during, "/s", floor=before, beside="else",
               target="ratio >= 0.95")


def loads(folder, product, extension, spaces, report):
    """The turn of the loop that loads it, and what libbpf takes to open its kernel part; the kernel's load and attach come after it."""
    beyond, times = [], os.path.join(folder, "dlopen.times")
    for _ in range(2 * ROUNDS):
        with Service(spaces, product, folder, "--allow-unsigned") as it:
            it.timed("load", extension)
            longest = json.loads(it.run(product, "call", "-j", "statistics", "loop").stdout)["longest"]
            beyond.append(longest / 1e6 + it.module("swapped")["open_ms"])
    # In starts of their own: the library that measures takes time itself.
    for _ in range(2 * ROUNDS):
        it = Service(spaces, product, folder, "--allow-unsigned")
        it.env.update(LD_PRELOAD=os.path.join(folder, "dlopen_time.so"), EMF_DLOPEN_TIMES=times)
        with it:
            it.timed("load", extension)
    with open(times) as f:
        of_dlopen = [int(line) / 1e6 for line in f]
    report.add("load of an extension, beyond the kernel's own load", beyond, "ms", floor=of_dlopen, beside="dlopen", target="<= floor + 1")


def measure(args, folder, report):
    folder = os.path.join(folder, "upgrade")
    os.mkdir(folder)
    product, packages, extension = build(args, folder)
    with chain_bench.Namespaces() as spaces:
        upgrades(folder, product, packages, spaces, report)
        loads(folder, product, extension, spaces, report)


if __name__ == "__main__":
    sys.exit("upgrade_bench.py is a part of make bench")
