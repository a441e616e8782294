# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Chains of every type that the language has, of every length that the kernel follows, and
inside of themselves.

Without these, a type could be generated and not run, a state could be another packet's, or
a program at the end of a long chain be left out.
"""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from netns import Pair  # noqa: E402
from tool import LINUX, Tool, cgroup, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
XDP_LENGTHS = (1, 2, 12, 32, 33)
ROOT_LENGTH = 32

LINES = """/// Packets, one program after the other.
chain line : xdp {
	attach xdp(param netdev line[]);
	state { u32 hops; }
	slot all[33] optional;
	default XDP_PASS;
}

/// The same behind a root program, which costs a hop.
chain switches : raw_tp {
	attach raw_tp("sched_switch");
	state { u32 hops; }
	slot all[32];
	default OK;
}
"""
HEAD = """#include "{name}_emf.h"
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

__u64 whole, wrong;
"""
PROGRAM = """
SEC("{section}")
int {name}_{i:02}({context} *ctx)
{{
	struct {chain}_state *state = {chain}_state();

	if (!state || state->hops++ != {i})
		__sync_fetch_and_add(&wrong, 1);
	else if ({i} == {n} - 1)
		__sync_fetch_and_add(&whole, 1);
	return {chain}_next(ctx);
}}
"""
USER = """#include "{name}_emf.h"

int {name}_destroy(struct module *m)
{{
	emf_print(m, "whole %llu wrong %llu\\n", (unsigned long long){name}_skeleton(m)->bss->whole,
		  (unsigned long long){name}_skeleton(m)->bss->wrong);
	return 0;
}}
"""


def write_line(folder, name, n, chain, section, context):
    """A module of @n programs that count where they stand."""
    programs = "".join(PROGRAM.format(name=name, i=i, n=n, chain=chain, section=section, context=context) for i in range(n))
    plugs = "".join(f"\tplug {name}_{i:02} into {chain}.all;\n" for i in range(n))
    scratch.write(os.path.join(folder, f"{name}.bpf.c"), HEAD.format(name=name) + programs)
    scratch.write(os.path.join(folder, f"{name}.c"), USER.format(name=name))
    scratch.write(os.path.join(folder, f"{name}.emf"),
                  f'import "lines.emf";\n\n/// {n} programs\nmodule {name} 0.1 {{\n{plugs}\tcallbacks destroy;\n}}\n')


@scratch.once
def build(parent):
    """A product of the modules in chain_types/, and of lines of programs."""
    return scratch.product(parent, modules)


def modules(src):
    folder, services = os.path.join(src, "modules"), os.path.join(src, "bus-idl")
    shutil.rmtree(folder)
    shutil.copytree(os.path.join(HERE, "chain_types"), folder)
    shutil.move(os.path.join(folder, "kinds.emf"), services)
    scratch.write(os.path.join(services, "lines.emf"), LINES)
    for n in XDP_LENGTHS:
        write_line(folder, f"line{n}", n, "line", "xdp", "struct xdp_md")
    write_line(folder, f"root{ROOT_LENGTH}", ROOT_LENGTH, "switches", "raw_tp/sched_switch", "void")


def start(pair, *words):
    tap.PRODUCT = build().product()
    return Tool(*words, within=pair.within(pair.a)).ready(pair.has_filter)


def end(tool):
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    return {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", tool.out)}


def test_each_program_of_a_chain_runs_in_its_place_whatever_the_length():
    for n in XDP_LENGTHS:
        pair = Pair()
        tool = start(pair, f"line{n}", "--line", "va")
        tap.equal(pair.send(20, 7), 20, f"packets that arrive behind {n} programs")
        tap.equal(end(tool), {"whole": 20, "wrong": 0}, f"of {n} programs")


def test_a_chain_under_a_root_program_has_room_for_32():
    pair = Pair()
    tool = start(pair, f"root{ROOT_LENGTH}")
    tap.equal(tap.run("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.01; done").returncode, 0, "a process that waits")
    counts = end(tool)
    tap.equal((counts["whole"] > 10, counts["wrong"]), (True, 0), f"switches that went through all of them ({counts})")


def test_an_empty_chain_gives_the_default_verdict():
    pair = Pair()
    service = Tool("serve", "line2", "--config", config("[line]\nline = va\n"), within=pair.within(pair.a), env=bus())
    until(lambda: ask(service, "chain", "show", "line").returncode == 0, "the service to answer")
    for i in range(2):
        tap.equal(ask(service, "chain", "disable", "line", "line2", f"line2_{i:02}").stderr, "", "disable")
    tap.equal(pair.send(20, 7), 20, "packets that arrive")
    service.stop()


def bus():
    return {"EMF_BUS": os.path.join(tap.folder(), "bus.sock")}


def config(text):
    tap.PRODUCT = build().product()
    path = os.path.join(tap.folder(), "emf.conf")
    scratch.write(path, text)
    return path


def ask(service, *words):
    return tap.run(tap.PRODUCT, *words, env=dict(os.environ, **service.env))


def test_a_uprobe_chain_sees_each_call_once():
    tool = watch("watch", "--binary", worker())
    tap.equal(tap.run(worker(), "50").returncode, 0, "the program that calls")
    counts = end(tool)
    tap.equal((counts["called"], counts["wrong"]), (50, 0), "calls")


def watch(*words, **kwargs):
    tap.need_root()
    tap.PRODUCT = build().product()
    return Tool(*words, **kwargs).ready()


# In mounts of its own: tracepoints are found there.
WITH_TRACEFS = ["unshare", "-m", "sh", "-c",
                'test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh"]


WORKER = """#include <stdlib.h>
__attribute__((noinline)) int work(int i) { __asm__ volatile("" : "+r"(i)); return i; }
int main(int argc, char **argv) { int n = 0; for (int i = 0; i < atoi(argv[1]); i++) n += work(i); return n == 1; }
"""


def worker():
    path = os.path.join(build().path, "worker")
    if not os.path.exists(path):
        scratch.write(path + ".c", WORKER)
        scratch.must("cc", "-O1", "-o", path, path + ".c", cwd=build().path)
    return path


def test_a_chain_of_a_perf_event_ticks_on_the_processors_that_work():
    tool = watch("watch")
    busy = "import time\nwhile time.process_time() < 1: pass"
    tap.equal(tap.run(sys.executable, "-c", busy).returncode, 0, "a second of work")
    counts = end(tool)
    tap.equal((counts["ticked"] > 20, counts["wrong"]), (True, 0), f"ticks of a second of work ({counts})")


def test_a_chain_of_a_tracepoint_sees_each_run():
    sees_each_run("switcher")


def test_a_chain_of_a_kprobe_sees_each_run():
    if not has_kprobes():
        raise tap.Skip("this kernel has no kprobes", doctor="programs kprobe")
    sees_each_run("opener")


def test_what_a_chain_hangs_on_and_is_not_there_is_told():
    tap.need_root()
    tap.PRODUCT = build().product()
    hidden = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs t /sys/kernel/tracing; exec "$@"', "sh"]
    for before, words, part in ((hidden, ("switcher",), "chain switched cannot hang on sched/sched_switch: the kernel has no such tracepoint, or tracefs"),
                                ([], ("watch", "--binary", "/nowhere/at/all"), "chain calls cannot hang on /nowhere/at/all: there is no such file")):
        done = tap.run(*before, tap.PRODUCT, "run", *words, timeout=tap.PATIENCE)
        tap.equal((done.returncode, part in done.stderr), (1, True), f"exit status of {words} ({done.stderr})")


def sees_each_run(module):
    tool = watch(module, within=WITH_TRACEFS)
    for _ in range(20):
        tap.equal(tap.run("cat", "/dev/null").returncode, 0, "a process that opens files and waits")
    counts = end(tool)
    tap.equal((counts["right"] >= 20, counts["wrong"]), (True, 0), f"runs ({counts})")


def has_kprobes():
    return tap.run("test", "-e", "/sys/bus/event_source/devices/kprobe/type").returncode == 0


def test_a_chain_of_socket_filters_sees_the_packets_of_an_interface_and_changes_nothing():
    pair = Pair()
    tool = start(pair, "watch", "--tap", "va")
    tap.equal(pair.send(20, 7), 20, "packets that arrive")
    counts = end(tool)
    tap.equal((counts["saw"], counts["wrong"]), (20, 0), "packets that the chain saw")


def test_a_chain_of_socket_look_ups_decides_in_its_namespace_only():
    pair = Pair()
    tool = start(pair, "refuse", "--namespace", "/proc/self/ns/net")
    tap.equal((pair.send(10, 9), pair.send(10, 7)), (0, 10), "packets that find a socket, at the port that is refused and at another one")
    tap.equal(pair.send(10, 9, "a"), 10, "packets in the other namespace")
    end(tool)


def test_one_program_hangs_by_itself_in_a_direct_chain():
    pair = Pair()
    tool = start(pair, "single", "--alone", "va")
    tap.contains(tap.run(*pair.within(pair.a), "ip", "-d", "link", "show", "va").stdout, "xdp")
    names = tap.run(*pair.within(pair.a), "bpftool", "net").stdout
    tap.equal(pair.send(5, 7), 0, f"packets that arrive ({names})")
    loaded = tap.run("bpftool", "prog", "show").stdout
    tap.equal("alone_entry" in loaded, False, "whether there is an entry")
    end(tool)
    tap.equal(pair.send(5, 7), 5, "packets that arrive after the end")


def test_a_chain_that_runs_inside_of_itself_has_a_state_for_each_run():
    pair = Pair()
    tool = start(pair, "twice", "--again", "va")
    tap.equal(pair.send(10, 7, "a"), 20, "packets that arrive")
    tap.equal(end(tool), {"outer": 10, "inner": 10, "wrong": 0}, "runs outside and inside")


def test_states_of_a_group_are_right_while_its_tasks_preempt_each_other():
    pair = Pair()
    group = cgroup()
    tool = start(pair, "watch", "--cgroup", group)
    script = 'echo $$ > "$1"/cgroup.procs && exec "$2" -c "$3" 10.9.0.2'
    words = [*pair.within(pair.a), "taskset", "-c", "0", "sh", "-c", script, "sh", group, sys.executable, SENDER]
    senders = [tap.start(*words) for _ in range(6)]
    for sender in senders:
        tap.equal(sender.wait(60), 0, "exit status of a sender")
    counts = end(tool)
    tap.equal((counts["sent"] >= 6 * 3000, counts["wrong"]), (True, 0), f"packets ({counts})")


# On one processor with different priorities, so that they take it from each other.
SENDER = """
import os, socket, sys
os.nice(os.getpid() % 10)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(3000):
    s.sendto(b"x" * (10 + os.getpid() % 500), (sys.argv[1], 7))
"""


def test_an_interface_can_be_told_to_run_the_chain_the_generic_way_or_its_own():
    for mode, shown in (("generic", "xdpgeneric"), ("native", "xdp ")):
        pair = Pair()
        tool = start(pair, "line2", "--line", "va", "--line-mode", mode)
        tap.contains(tap.run(*pair.within(pair.a), "ip", "link", "show", "va").stdout, shown)
        tap.equal(pair.send(20, 7), 20, f"packets that arrive in mode {mode}")
        tap.equal(end(tool), {"whole": 20, "wrong": 0}, f"in mode {mode}")
    done = tap.run(*pair.within(pair.a), build().product(), "run", "line2", "--line", "va", "--line-mode", "fast")
    tap.equal((done.returncode, "'fast' is no mode of XDP: it can be auto, native or generic" in done.stderr), (1, True), f"a wrong mode ({done.stderr})")


def test_a_member_of_the_state_goes_on_from_xdp_to_tc_with_its_packet():
    pair = Pair()
    tool = start(pair, "hand", "--early", "va", "--late", "va")
    tap.equal(pair.send(20, 7), 20, "packets that arrive")
    tap.equal(end(tool), {"painted": 20, "seen": 20, "none": 0, "wrong": 0}, "packets with the color")


def test_a_packet_that_loses_what_it_carried_has_a_state_of_zero():
    pair = Pair()
    if not has_tcx():
        raise tap.Skip("without tcx, before Linux 6.6, the order of two chains of tc on an interface cannot be said", doctor="programs tcx")
    tool = start(pair, "run", "hand", "strip", "--early", "va", "--between", "va", "--late", "va")
    tap.equal(pair.send(20, 7), 20, "packets that arrive")
    tap.equal(end(tool), {"painted": 20, "seen": 0, "none": 20, "wrong": 0}, "packets with the color")


def test_metadata_goes_where_nobody_takes_it_over():
    pair = Pair()
    tool = start(pair, "run", "litter", "hand", "--early", "va", "--between", "va")
    tap.equal(pair.send(20, 7), 20, "packets that arrive")
    counts = end(tool)
    tap.equal((counts["left"], counts["with"], counts["without"]), (20, 0, 20), f"packets in the stack ({counts})")


def test_what_was_handed_over_and_what_was_not_is_counted():
    pair = Pair()
    service = Tool("serve", "hand", "--config", config("[early]\nearly = va\n[late]\nlate = va\n"), within=pair.within(pair.a), env=bus())
    until(lambda: ask(service, "chain", "show", "late").returncode == 0, "the service to answer")
    tap.equal(pair.send(20, 7), 20, "packets that arrive")
    rows = {r["chain"]: (r["handed"], r["lost"]) for r in json.loads(ask(service, "chain", "list", "-j").stdout)}
    tap.equal(rows, {"early": (20, 0), "late": (20, 0)}, "handed and lost")
    tap.equal(service.stop(), 0, f"exit status ({service.err})")


def has_tcx():
    return LINUX >= (6, 6)


def large(pair):
    """Packets of more than one buffer; skipped where the kernel has no XDP for them."""
    for name, link in ((pair.a, "va"), (pair.b, "vb")):
        tap.equal(tap.run("ip", "-n", name, "link", "set", link, "mtu", "9000").returncode, 0, "the size of packets")
    if LINUX < (6, 3):
        raise tap.Skip("veth takes packets of more than one buffer from Linux 6.3 on", doctor="before 6.3")


def test_packets_of_more_than_one_buffer_come_if_all_programs_take_them():
    pair = Pair()
    large(pair)
    tool = start(pair, "whole", "--large", "va", "--large-mode", "native")
    tap.equal(pair.send(10, 7, size=8000), 10, "large packets that arrive")
    end(tool)
    done = tap.run(*pair.within(pair.a), build().product(), "run", "whole", "parts", "--large", "va", "--large-mode", "native", timeout=60)
    tap.equal(done.returncode, 1, f"exit status with a program that does not take them ({done.stderr})")
    tap.contains(done.stderr, "chain large cannot hang on va: ")
    tap.equal(pair.send(10, 7, size=8000), 10, "large packets that arrive afterwards")


def test_a_change_that_one_of_several_targets_refuses_is_made_on_none():
    pair = Pair()
    large(pair)
    tap.equal(tap.run("ip", "-n", pair.a, "link", "add", "vc", "type", "veth", "peer", "name", "vd").returncode, 0, "a second pair")
    for link in ("va", "vc"):
        tap.equal(tap.run("ip", "-n", pair.a, "link", "set", link, "mtu", "1500", "up").returncode, 0, "small packets")
    tap.equal(tap.run("ip", "-n", pair.b, "link", "set", "vb", "mtu", "1500").returncode, 0, "small packets")
    tap.equal(tap.run("ip", "-n", pair.a, "link", "set", "vd", "mtu", "9000").returncode, 0, "large packets on the other interface")
    service = Tool("serve", "whole", "--config", config("[large]\nlarge = va,vc\nlarge-mode = native\n"), within=pair.within(pair.a), env=bus())
    until(lambda: ask(service, "chain", "show", "large").returncode == 0, "the service to answer")
    refused = ask(service, "start", "parts")
    tap.equal((refused.returncode, "chain large cannot hang on vc" in refused.stderr), (1, True), f"a program that it cannot have ({refused.stderr})")
    rows = [(r["target"], r["programs"]) for r in json.loads(ask(service, "chain", "list", "-j").stdout)]
    tap.equal((rows, pair.send(10, 7)), ([("va", 1), ("vc", 1)], 10), "programs, and packets that arrive")
    service.stop()


if __name__ == "__main__":
    tap.main()
