# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Chains of programs on real interfaces: who is in them, in which order, and what becomes
of packets. The ground truth is what arrives on the other side.

Without these, a program could be skipped or run twice, see what another packet left, or
let pass what it should drop.
"""
import json
import os
import random
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from netns import RECEIVE, Pair  # noqa: E402
from tool import Tool, cgroup, held, until  # noqa: E402

STEPS = int(os.environ.get("EMF_CHAIN_STEPS", "100"))
HERE = os.path.dirname(os.path.abspath(__file__))


@scratch.once
def build(parent):
    """A product of the modules in chain/; built once for all tests of this file."""
    return scratch.product(parent, chain_modules)


def chain_modules(src):
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "chain"), os.path.join(src, "modules"))
    shutil.move(os.path.join(src, "modules", "wire.emf"), os.path.join(src, "bus-idl"))
    os.unlink(os.path.join(src, "bus-idl", "net.emf"))  # it has chains of these names, too


def start(pair, *words):
    tap.PRODUCT = build().product()
    return Tool(*words, within=pair.within(pair.a)).ready(pair.has_filter)


def counts(tool):
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    return {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", tool.out)}


@tap.of_the_build
def test_a_change_of_one_module_does_not_build_its_chains_anew():
    made = build()
    paths = [os.path.join(made.path, "obj", name) for name in ("ingress_entry.bpf.o", "ingress_chain.o", "egress_entry.bpf.o.gz")]
    before = [os.stat(path).st_mtime_ns for path in paths]
    os.utime(os.path.join(made.src, "modules", "first.bpf.c"))
    tap.contains(made.make(), "obj/modules.mk", "what make does")
    tap.equal([os.stat(path).st_mtime_ns for path in paths], before, "times of what the chains are made of")


def test_packets_run_through_all_slots_in_order_with_a_state_of_their_own():
    pair = Pair()
    tool = start(pair, "run", "first", "filter", "last", "--iface", "va")
    tap.equal((pair.send(50, 7), pair.send(30, 9)), (50, 0), "packets that arrive, at the port that passes and the one that does not")
    tap.equal(counts(tool), {"seen": 50, "marked": 50, "wrong": 0}, "at the end of the chain")


def test_a_module_brings_its_chains_along_and_an_empty_slot_is_skipped():
    pair = Pair()
    tool = start(pair, "last", "--iface", "va")
    tap.equal(pair.send(20, 9), 20, "packets that arrive")
    tap.equal(counts(tool), {"seen": 20, "marked": 0, "wrong": 0}, "at the end of the chain")


def test_a_chain_of_tc_drops_on_the_way_out_and_leaves_nothing_behind():
    pair = Pair()
    tool = start(pair, "filter", "--out", "va", "--iface", "va")
    tap.equal((pair.send(10, 9, "a"), pair.send(10, 7, "a"), pair.send(10, 9)), (0, 10, 0), "out, out by another port, in")
    counts(tool)
    left = tap.run(*pair.within(pair.a), "tc", "qdisc", "show", "dev", "va").stdout
    tap.equal("clsact" in left, False, "whether clsact is left")
    tap.equal((pair.send(10, 9, "a"), pair.send(10, 9)), (10, 10), "after the end")


def test_hooks_whose_links_cannot_be_updated_have_chains_too():
    pair = Pair()
    service = Service(pair, "watch")
    tap.equal((service.order("switches")[0], service.order("typed")[0]), (["again", "on_switch"], ["on_typed"]), "the programs")
    service.does("disable", "switches", "watch", "on_switch")
    service.does("enable", "switches", "watch", "on_switch")
    rows = {r["chain"]: (r["type"], r["generation"], r["misses"], r["refused"]) for r in json.loads(service.chain("list", "-j").stdout)}
    tap.equal(rows, {"switches": ("raw_tp", 3, 0, 0), "typed": ("tp_btf", 1, 0, 0)}, "the chains")
    service.stop()


def test_programs_of_tracing_chains_see_each_other_s_state():
    pair = Pair()
    tool = start(pair, "run", "watch", "-d", "1")
    tap.equal(tool.process.wait(20), 0, f"exit status ({tool.err})")
    found = {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", tool.out)}
    tap.equal((found["first"] > 10, found["typed"] > 10, found["wrong"]), (True, True, 0), f"what they counted ({found})")
    tap.equal(found["first"] - found["second"] < 10, True, f"whether the second one ran as often ({found})")


def test_a_chain_of_a_cgroup_drops_what_comes_to_its_processes():
    pair = Pair()
    group = cgroup()
    tool = start(pair, "dropper", "--cgroup", group)
    port = 7
    receiver = ["sh", "-c", 'echo $$ > "$1"/cgroup.procs && exec "$2" -c "$3" "$4"', "sh", group, sys.executable, RECEIVE, port]
    tap.equal(pair.send(5, port, receiver=[str(word) for word in receiver]), 0, "packets that arrive in the group")
    tap.equal(pair.send(5, port), 5, "packets that arrive elsewhere")
    tap.equal(tool.stop(), 0, "exit status")


# --- while it runs ---------------------------------------------------------------------------


class Service:
    def __init__(self, pair, *modules, **targets):
        self.pair = pair
        folder = tap.folder()
        self.env = {"EMF_BUS": os.path.join(folder, "bus.sock")}
        config = os.path.join(folder, "emf.conf")
        scratch.write(config, "".join(f"[{chain}]\n{option} = {link}\n" for chain, (option, link) in targets.items()))
        tap.PRODUCT = build().product()
        self.tool = Tool("serve", *modules, "--config", config, within=pair.within(pair.a), env=self.env)
        until(lambda: self.chain("list").returncode == 0 or self.tool.process.poll() is not None, "the service to answer")

    def chain(self, *words):
        return tap.run(tap.PRODUCT, "chain", *words, env=dict(os.environ, **self.env))

    def module(self, *words):
        done = tap.run(tap.PRODUCT, *words, env=dict(os.environ, **self.env))
        tap.equal((done.returncode, done.stderr), (0, ""), f"{' '.join(words)}")

    def does(self, *words):
        done = self.chain(*words)
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"chain {' '.join(words)}")

    def refuses(self, *words, status=1):
        done = self.chain(*words)
        tap.equal(done.returncode, status, f"exit status of chain {' '.join(words)} ({done.stdout})")
        return done.stderr

    def order(self, chain):
        """The programs that take part, and the others."""
        rows = self.rows(chain)
        return ([r["program"] for r in rows if r["place"]], [r["program"] for r in rows if not r["place"]])

    def rows(self, chain):
        """Of the programs, as show prints them."""
        return [r for r in json.loads(self.chain("show", chain, "-j").stdout) if r["program"]]

    def runs(self, chain):
        return {r["program"]: r["runs"] for r in self.rows(chain)}

    def stop(self):
        tap.equal(self.tool.stop(), 0, f"exit status of the service ({self.tool.err})")


def test_a_program_is_taken_out_and_put_back_while_packets_flow():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    tap.equal(pair.send(10, 9), 0, "packets that arrive")
    service.does("disable", "ingress", "filter", "drop_in")
    tap.equal((service.order("ingress"), pair.send(10, 9)), ((["mark", "end"], ["drop_in"]), 10), "without it")
    service.does("enable", "ingress", "filter", "drop_in")
    tap.equal((service.order("ingress"), pair.send(10, 9)), ((["mark", "drop_in", "end"], []), 0), "with it")
    service.stop()


def test_modules_come_and_go_in_a_running_chain():
    pair = Pair()
    service = Service(pair, "first", "last", ingress=("iface", "va"))
    tap.equal((service.order("ingress")[0], pair.send(10, 9)), (["mark", "end"], 10), "without filter")
    service.module("start", "filter")
    tap.equal((service.order("ingress")[0], pair.send(10, 9)), (["mark", "drop_in", "end"], 0), "with filter")
    service.module("stop", "filter")
    tap.equal((service.order("ingress")[0], pair.send(10, 9)), (["mark", "end"], 10), "without it again")
    service.stop()


def test_no_packet_is_lost_while_generations_change_and_none_sees_two_of_them():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    trace = Tool("chain", "trace", "ingress", "20", "-j", env=service.env)
    until(lambda: json.loads(service.chain("list", "-j").stdout)[0]["sample"] == 20, "the trace to begin")
    flood = pair.flood(9999)
    steps = random.Random(1)
    for _ in range(STEPS):
        program = steps.choice((("first", "mark"), ("filter", "drop_in"), ("last", "end")))
        service.does(steps.choice(("enable", "disable")), "ingress", *program)
    sent, came = flood.end()
    tap.equal(sent > 100, True, f"whether there was a flood ({sent})")
    tap.equal(came, sent, "packets that arrive")
    found = [json.loads(line) for line in trace.out.splitlines()]
    tap.equal(len(found) > 2, True, f"whether packets were traced ({len(found)})")
    mixed = [one for one in found if {h["generation"] for h in one["hops"]} - {one["generation"]}]
    tap.equal(mixed, [], "packets that met programs of two generations")
    row = json.loads(service.chain("list", "-j").stdout)[0]
    tap.equal((row["misses"], row["refused"]), (0, 0), "misses")
    service.stop()


def test_runs_are_counted_over_generations_and_never_go_back():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    pair.send(10, 7)
    tap.equal(set(service.runs("ingress").values()), {0}, "runs while nobody counts")
    service.does("count", "ingress", "on")
    pair.send(10, 9)
    service.does("disable", "ingress", "filter", "drop_in")
    pair.send(5, 9)
    tap.equal(service.runs("ingress"), {"mark": 15, "drop_in": 10, "end": 5}, "runs")
    service.does("count", "ingress", "off")
    pair.send(5, 9)
    tap.equal(service.runs("ingress"), {"mark": 15, "drop_in": 10, "end": 5}, "runs after the end of it")
    service.stop()


def test_runs_and_time_never_go_back_whatever_changes():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    service.does("count", "ingress", "on")
    flood = pair.flood(7)
    steps = random.Random(2)
    programs = (("first", "mark"), ("filter", "drop_in"), ("last", "end"))
    before, went_back = {}, []
    for _ in range(STEPS):
        kind = steps.choice(("enable", "disable", "move", "stop", "count"))
        if kind == "stop":
            service.module("stop", "filter")
            service.module("start", "filter")
        elif kind == "count":
            service.does("count", "ingress", "off")
            service.does("count", "ingress", "on")
        else:
            service.does(kind, "ingress", *steps.choice(programs), *(["1"] if kind == "move" else []))
        now = {(row["program"], which): row[which] for row in service.rows("ingress") for which in ("runs", "ns")}
        went_back += [(key, n, now[key]) for key, n in before.items() if now[key] < n]
        before = now
    sent, came = flood.end()
    tap.equal((came, went_back), (sent, []), "packets that arrive, and counts that went back")
    tap.equal([key for key, n in before.items() if not n], [], "what was never counted")
    service.stop()


def test_a_tail_call_that_fails_is_counted_where_it_failed_and_the_packet_has_the_default_verdict():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    tap.equal(pair.send(10, 9), 0, "packets that arrive")
    clear_place(service.tool.process.pid, "ingress_slots", 1)
    tap.equal(pair.send(10, 9), 10, "packets that arrive when nothing is behind the first program")
    rows = {r["program"]: r["misses"] for r in json.loads(service.chain("show", "ingress", "-j").stdout) if r["program"]}
    tap.equal(rows, {"mark": 10, "drop_in": 0, "end": 0}, "misses of each program")
    tap.equal(next(r["misses"] for r in json.loads(service.chain("list", "-j").stdout) if r["chain"] == "ingress"), 10, "misses of the chain")
    service.does("count", "ingress", "off")
    tap.equal(pair.send(10, 9), 0, "packets that arrive in the next generation")
    service.stop()


def clear_place(pid, name, place):
    """Takes a program out of an array that only the product should write."""
    for map_id in held(pid, "map"):
        if json.loads(tap.run("bpftool", "-j", "map", "show", "id", map_id).stdout).get("name") == name[:15]:
            done = tap.run("bpftool", "map", "delete", "id", map_id, "key", str(place), "0", "0", "0")
            tap.equal((done.returncode, done.stderr), (0, ""), "taking it out")
            return
    raise AssertionError(f"the product has no map {name}")


def test_show_names_each_slot_with_who_is_in_it_or_why_not():
    pair = Pair()
    service = Service(pair, "first", "last", ingress=("iface", "va"))
    service.does("count", "ingress", "on")
    service.does("disable", "ingress", "first", "mark")
    pair.send(20, 7)
    rows = json.loads(service.chain("show", "ingress", "-j").stdout)
    tap.equal([(r["slot"], r["place"], r["module"], r["program"], r["runs"], r["why_not"]) for r in rows],
              [("first", 0, "first", "mark", 0, "it is disabled"), ("filter", 0, "filter", "drop_in", 0, "its module does not run"),
               ("spare", 0, None, None, 0, "nothing is in it"), ("last", 1, "last", "end", 20, None)], "slots and programs")
    tap.equal({(r["chain"], r["type"], r["target"], r["generation"], r["misses"]) for r in rows}, {("ingress", "xdp", "va", 3, 0)}, "the chain")
    tap.equal(rows[-1]["ns"] > 0, True, "whether time was counted")
    shown = [line.split() for line in service.chain("show", "ingress").stdout.splitlines()]
    tap.equal(shown[0], "ingress (xdp) on va: generation 3, runs are counted, 0 misses, 0 refused".split(), "the chain in the table")
    tap.equal(shown[1:], [["SLOT", "PLACE", "MODULE", "PROGRAM", "RUNS", "NS/RUN", "MISSES"],
                          ["first", "-", "first", "mark", "0", "0", "0", "it", "is", "disabled"],
                          ["filter", "-", "filter", "drop_in", "0", "0", "0", "its", "module", "does", "not", "run"],
                          ["spare", "-", "-", "-", "-", "-", "-", "nothing", "is", "in", "it"],
                          ["last", "1", "last", "end", "20", str(rows[-1]["ns"] // 20), "0"]], "the table")
    service.stop()


def drawn(text):
    """What a picture shows: the nodes and the way through them, each by the lines in it; and what is dashed, slots too."""
    if shutil.which("dot"):
        done = tap.run("dot", "-Tsvg", input=text, stdin=None)
        tap.equal((done.returncode, done.stderr), (0, ""), "dot")
    nodes, slots, dashed = {}, [], set()
    label = r'label="((?:[^"\\]|\\.)*)"'
    for line in text.splitlines():
        node = re.fullmatch(rf"\t+(\w+) \[{label}(.*)\];", line)
        slot = re.fullmatch(rf"\t\t\t{label}; style=(.*)", line)
        if node:
            nodes[node[1]] = tuple(plain.replace('\\"', '"').replace("\\\\", "\\") for plain in node[2].split("\\n"))
            dashed |= {nodes[node[1]]} if "dashed" in node[3] else set()
        elif slot:
            slots.append(slot[1])
            dashed |= {slot[1]} if "dashed" in slot[2] else set()
    (way,) = re.findall(r"^\t+(in0(?: -> \w+)*);$", text, re.MULTILINE)
    return list(nodes.values()), [nodes[name] for name in way.split(" -> ")], slots, dashed


def test_the_picture_shows_what_json_says():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    service.does("count", "ingress", "on")
    service.does("disable", "ingress", "filter", "drop_in")
    pair.send(20, 7)
    rows = service.rows("ingress")
    lines = {r["program"]: (r["program"], r["module"], *([r["why_not"]] if r["why_not"] else [f"{r['runs']} runs", f"{r['ns'] // r['runs']} ns a run"]))
             for r in rows}
    picture = service.chain("show", "ingress", "--dot").stdout
    nodes, way, slots, dashed = drawn(picture)
    ends = [("va", "xdp"), ("XDP_PASS", "if no program", "decides")]
    tap.equal(way, [ends[0], lines["mark"], lines["end"], ends[1]], "the way of a packet")
    tap.equal(sorted(nodes), sorted([*ends, *lines.values(), ("empty",)]), "nodes")
    tap.equal(slots, ["first", "filter", "spare", "last"], "slots")
    tap.equal(dashed, {"filter", lines["drop_in"], "spare"}, "what takes no part")
    tap.contains(picture, f'label="ingress, generation {rows[0]["generation"]}, 0 misses"', "the picture")
    tap.contains(service.refuses("list", "--dot", status=2), "--dot is for 'chain show'")
    tap.contains(service.refuses("show", "ingress", "--dot", "-j", status=2), "without -j")
    service.stop()


def test_names_are_escaped_in_the_picture():
    path = os.path.join(cgroup(), 'a"b\\c')
    os.mkdir(path)
    tap.cleanup(os.rmdir, path)
    service = Service(Pair(), "dropper", group=("cgroup", path))
    tap.equal(drawn(service.chain("show", "group", "--dot").stdout)[1][0], (path, "cgroup_skb"), "where it hangs")
    service.stop()


def test_an_interface_that_goes_takes_its_chain_along_and_no_other_one():
    pair = Pair()
    for words in (("link", "add", "vc", "type", "veth", "peer", "name", "vd"), ("link", "set", "vc", "up")):
        tap.equal(tap.run("ip", "-n", pair.a, *words).returncode, 0, "a second pair")
    for targets in ("vc,va", "va,vc"):
        service = Service(pair, "first", "filter", "last", ingress=("iface", targets))
        tap.equal(pair.send(10, 9), 0, "packets that arrive")
        tap.equal(tap.run("ip", "-n", pair.a, "link", "del", "vc").returncode, 0, "deleting the interface")
        service.does("disable", "ingress", "filter", "drop_in")
        rows = [(r["target"], r["generation"]) for r in json.loads(service.chain("list", "-j").stdout)]
        tap.equal((rows, pair.send(10, 9)), ([("va", 2)], 10), "where it hangs, and packets that arrive")
        service.module("stop", "filter")
        service.does("move", "ingress", "last", "end", "1")
        service.tool.says("ingress: warning: interface 'vc' is gone: the chain does not hang there any more")
        service.stop()
        tap.run("ip", "-n", pair.a, "link", "add", "vc", "type", "veth", "peer", "name", "vd")


def test_a_target_stands_once():
    pair = Pair()
    tap.PRODUCT = build().product()
    done = tap.run(*pair.within(pair.a), tap.PRODUCT, "run", "last", "--iface", "va,va", timeout=tap.PATIENCE)
    tap.equal((done.returncode, "chain ingress: 'va' stands twice in --iface" in done.stderr), (1, True), f"exit status ({done.stderr})")


def test_what_cannot_be_done_says_why_and_changes_nothing():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    before = service.chain("list", "-j").stdout
    tap.contains(service.refuses("disable", "ingress", "filter", "drop"), "no program 'drop' of a module filter is plugged into chain ingress")
    tap.contains(service.refuses("move", "ingress", "last", "end", "2"), "slot last of chain ingress has places 1 to 1, and no place 2")
    tap.contains(service.refuses("show", "egress"), "there is no chain 'egress' that hangs anywhere")
    tap.contains(service.refuses("mvoe", status=2), "did you mean 'move'?")
    tap.contains(service.refuses("move", "ingress", "last", "end", "0", status=2), "places are 1 to 33, and not '0'")
    tap.contains(service.refuses("count", "ingress", "yes", status=2), "'on' or 'off'")
    tap.contains(service.refuses("move", "ingress", "last", "end", "x", status=2), "a place is a number")
    tap.equal(service.chain("list", "-j").stdout, before, "the chains")
    service.stop()


def test_a_trace_shows_what_each_packet_met_and_the_verdict_that_it_got():
    pair = Pair()
    service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
    trace = Tool("chain", "trace", "ingress", "-j", env=service.env)
    until(lambda: json.loads(service.chain("list", "-j").stdout)[0]["sample"] == 1, "the trace to begin")
    tap.equal((pair.send(5, 9), pair.send(5, 7)), (0, 5), "packets that arrive")
    until(lambda: trace.out.count("\n") >= 10, "the packets")
    found = [json.loads(line) for line in trace.out.splitlines()]
    paths = [([h["program"] for h in one["hops"]], one["verdict"]) for one in found]
    tap.equal(paths, 5 * [(["mark", "drop_in"], 1)] + 5 * [(["mark", "drop_in", "end"], 2)], "programs and verdicts")
    tap.equal([{h["generation"] for h in one["hops"]} for one in found], 10 * [{2}], "generations")
    trace.process.kill()
    trace.process.wait()
    until(lambda: json.loads(service.chain("list", "-j").stdout)[0]["sample"] == 0, "the trace to end with who asked for it")
    service.stop()


def test_the_verdict_of_each_packet_that_is_traced_is_what_became_of_it():
    for sample in (1, 3):
        pair = Pair()
        service = Service(pair, "first", "filter", "last", ingress=("iface", "va"))
        trace = Tool("chain", "trace", "ingress", str(sample), "-j", env=service.env)
        until(lambda: json.loads(service.chain("list", "-j").stdout)[0]["sample"] == sample, "the trace to begin")
        packets = pair.numbered(3000, (7, 9), sample)
        while not packets.is_over():
            for word in ("disable", "enable"):
                service.does(word, "ingress", "filter", "drop_in")
        sent, came = packets.end()
        ports = [{sent[i] for i in which} for which in (came, set(range(3000)) - set(came))]
        tap.equal(ports, [{7, 9}, {9}], "ports of packets that arrived, and of those that did not")
        until(lambda: trace.out.count("\n") >= 3000 // sample, "the packets")
        found = [json.loads(line) for line in trace.out.splitlines()]
        tap.equal(len(found), 3000 // sample, "packets that were traced")
        # One in so many in the order in which they came; 1 is XDP_DROP, 2 is XDP_PASS.
        wrong = [(number, one) for number, one in zip(range(sample - 1, 3000, sample), found) if one["verdict"] != (2 if number in set(came) else 1)]
        tap.equal(wrong, [], "packets of which the trace says something else than the receiver")
        tap.equal(json.loads(service.chain("list", "-j").stdout)[0]["untraced"], 0, "hops that are missing")
        trace.process.kill()
        service.stop()


if __name__ == "__main__":
    tap.main()
