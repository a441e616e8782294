# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Who owns a hook: chains beside programs of others, and what a killed product leaves.

Without these, a chain could throw out what somebody else has on an interface, be refused
without anybody knowing by whom, or stay there for ever when its product was killed.
"""
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import foreign  # noqa: E402 - the path has to be set first
import scratch  # noqa: E402
import tap  # noqa: E402
import test_chains  # noqa: E402
from foreign import Place, guardian, is_alive, wait_end  # noqa: E402
from tool import Tool, until  # noqa: E402

KILLS = int(os.environ.get("EMF_CHAIN_KILLS", "5"))


def build():
    made = test_chains.build()
    tap.PRODUCT = made.product()
    return made


def place():
    build()
    return Place()


def objects():
    return foreign.objects(build().path)


@scratch.once
def other_product(parent):
    """The same modules under another name."""
    other = scratch.Build(build().src, os.path.join(parent, "build"), "--enable-werror", "--with-product=other")
    other.make()
    return other.product("other")


def has_tcx():
    build()
    rows = json.loads(tap.run(tap.PRODUCT, "doctor", "-j").stdout)["programs"]
    return {row["kind"]: row["supported"] for row in rows}["tcx"] == "yes"


def need_clsact():
    if has_tcx():
        raise tap.Skip("this kernel has tcx, as 'emf doctor' says: no filter of clsact is made (bookworm's has not)", doctor="has tcx")


def hang_foreign(at, program="foreign"):
    at.run("ip", "link", "set", "dev", "va", "xdp", "obj", objects(), "program", program)
    tap.equal(at.xdp(), program, "the program that hangs there")


def refused(at, *words):
    """What a product says that cannot hang its chain."""
    done = at.run(tap.PRODUCT, "run", "last", "--iface", "va", *words, ok=False)
    tap.equal(done.returncode, 1, f"exit status ({done.stderr})")
    return done.stderr


def start(at, *words):
    tool = at.start(*words)
    until(lambda: at.xdp() == "ingress_entry" or tool.process.poll() is not None, "the chain to hang")
    tap.equal(tool.process.poll(), None, f"whether it ended ({tool.err})")
    return tool


# --- XDP: one program, one owner ---------------------------------------------------------------


def test_an_xdp_program_that_hangs_by_netlink_is_named_with_what_to_do_and_stays():
    at = place()
    hang_foreign(at)
    said = refused(at)
    tap.contains(said, "chain ingress cannot hang on va: XDP program 'foreign' (id ")
    tap.contains(said, "by netlink, and no process holds it; --replace puts it aside until this product ends, 'ip link set dev va xdpdrv off'")
    tap.equal(at.xdp(), "foreign", "the program that hangs there")


def test_an_xdp_program_that_hangs_by_a_link_is_named_with_its_process_and_cannot_be_replaced():
    at = place()
    other = other_product()
    first = Tool("run", "last", "--iface", "va", within=at.within(at.a), product=other)
    until(lambda: at.xdp() == "ingress_entry" or first.process.poll() is not None, "the other product to hang there")
    for words in ((), ("--replace",)):
        said = refused(at, *words)
        tap.contains(said, "XDP program 'ingress_entry' (id ")
        tap.contains(said, f"of 'other' (pid {first.process.pid}); a link cannot be replaced: stop that process")
    tap.equal(first.stop(), 0, "exit status of the other product")


def test_the_dispatcher_of_libxdp_is_recognised():
    at = place()
    hang_foreign(at, "xdp_dispatcher")
    tap.contains(refused(at), "it is libxdp's dispatcher, under which programs of others run")


def test_a_foreign_xdp_program_is_put_aside_and_back():
    at = place()
    hang_foreign(at)
    tool = start(at, "run", "first", "filter", "last", "--iface", "va", "--replace")
    tap.equal((at.send(10, 9), at.send(10, 7)), (0, 10), "packets that pass the chain")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    tap.equal(at.xdp(), "foreign", "the program that hangs there")
    before = at.seen("foreign")
    tap.equal((at.send(10, 9), at.seen("foreign") - before), (10, 10), "packets that arrive, and that the foreign program sees")


def test_a_foreign_xdp_program_is_put_back_when_the_product_is_killed():
    at = place()
    hang_foreign(at)
    tool = start(at, "run", "last", "--iface", "va", "--replace")
    of = guardian(tool)
    tool.stop(signal.SIGKILL)
    wait_end(of)
    tap.equal((at.xdp(), at.records()), ("foreign", []), "the program that hangs there, and records")
    tool.says("guardian: 'emf' was killed: its XDP program on va has made room again for the one before")


def test_what_others_hung_in_the_place_of_ours_stays():
    for sig in (signal.SIGTERM, signal.SIGKILL):
        at = place()
        hang_foreign(at)
        tool = start(at, "run", "last", "--iface", "va", "--replace")
        of = guardian(tool)
        at.run("ip", "-force", "link", "set", "dev", "va", "xdp", "obj", objects(), "program", "xdp_dispatcher")
        tool.stop(sig)
        wait_end(of)
        tap.equal(at.xdp(), "xdp_dispatcher", f"the program that hangs there after {sig.name}")


def test_swaps_in_the_place_of_a_foreign_program_lose_no_packet():
    at = place()
    hang_foreign(at)
    service = Serving(at, "first", "filter", "last", "--replace", ingress=("iface", "va"))
    flood = at.flood(9999)
    for _ in range(5):
        service.does("disable", "ingress", "filter", "drop_in")
        service.does("enable", "ingress", "filter", "drop_in")
    sent, came = flood.end()
    tap.equal(came, sent, "packets that arrive")
    of = guardian(service.tool)
    service.tool.stop(signal.SIGKILL)
    wait_end(of)
    tap.equal(at.xdp(), "foreign", "the program that hangs there")


class Serving(test_chains.Service):
    """A service in a place."""

    def __init__(self, at, *modules, **targets):
        super().__init__(at, *modules, **targets)
        tap.equal(self.tool.process.poll(), None, f"whether it ended ({self.tool.err})")


# --- the guardian ------------------------------------------------------------------------------


def test_a_product_has_no_guardian_before_there_is_something_to_guard_and_no_child_when_it_ends():
    at = place()
    tool = start(at, "run", "last", "--iface", "va")
    tap.equal((foreign.children(tool.process.pid), at.records()), ({}, []), "children, and records")
    tool.stop()
    hang_foreign(at)
    tool = start(at, "run", "last", "--iface", "va", "--replace")
    of = guardian(tool)
    tap.equal(len(at.records()), 1, "records")
    tap.equal(tool.stop(), 0, "exit status")
    tap.equal((is_alive(of), os.path.exists(f"/proc/{of}"), at.records()), (False, False, []), "the guardian, its zombie, and records")


def has_maps(pid):
    """Whether BPF maps are mapped into a process: they live as long as it."""
    with open(f"/proc/{pid}/maps") as f:
        return "anon_inode:bpf-map" in f.read()


def test_a_guardian_holds_nothing_but_what_it_needs_and_ends_with_its_product_only():
    at = place()
    hang_foreign(at)
    tool = start(at, "run", "last", "--iface", "va", "--replace")
    of = guardian(tool)
    with open(f"/proc/{of}/status") as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    tap.equal(status["CapEff"], "0000000000201000", "capabilities: CAP_NET_ADMIN, CAP_SYS_ADMIN")
    tap.equal(os.getsid(of) == of, True, "whether it has a session of its own")
    what = sorted(os.readlink(f"/proc/{of}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{of}/fd") if fd != "2")
    tap.equal(what[:2] + what[3:], ["/dev/null", "/dev/null", "anon_inode", "socket"], f"what it has open ({what})")
    tap.equal((has_maps(tool.process.pid), has_maps(of)), (True, False), "whether maps of the product, and of the guardian, live in its memory")
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(of, sig)
    tap.equal(tool.stop(), 0, "exit status")
    tap.equal((at.xdp(), os.path.exists(f"/proc/{of}")), ("foreign", False), "the program that hangs there, and the guardian")


def test_a_killed_guardian_has_a_successor():
    at = place()
    hang_foreign(at)
    service = Serving(at, "first", "filter", "last", "--replace", ingress=("iface", "va"))
    first = guardian(service.tool)
    os.kill(first, signal.SIGKILL)
    service.does("disable", "ingress", "filter", "drop_in")
    second = guardian(service.tool)
    tap.equal((second != first, os.path.exists(f"/proc/{first}")), (True, False), "another one, and no zombie")
    service.tool.stop(signal.SIGKILL)
    wait_end(second)
    tap.equal(at.xdp(), "foreign", "the program that hangs there")


def kill_both(at, tool):
    """Nobody is left to clean up: returns the records."""
    of = guardian(tool)
    os.kill(of, signal.SIGSTOP)  # or it would be faster
    tool.process.kill()
    os.kill(of, signal.SIGKILL)
    tool.process.wait()
    wait_end(of)
    return at.records()


def test_when_the_guardian_is_killed_too_the_next_start_removes_what_is_left():
    at = place()
    hang_foreign(at)
    tap.equal(len(kill_both(at, start(at, "run", "last", "--iface", "va", "--replace"))), 1, "records")
    tap.equal(at.xdp(), "ingress_entry", "what is left")
    tool = start(at, "run", "last", "--iface", "va", "--log", "debug")
    until(lambda: "ingress: runs" in tool.err or tool.process.poll() is not None, "the chain to run")
    tool.says("the XDP program of ingress_entry on va, which a killed 'emf' left behind, was removed; the program that it")
    tap.equal((tool.stop(), at.xdp(), at.records()), (0, None, []), "in the end")


def test_when_the_guardian_is_killed_too_purge_removes_what_is_left_and_nothing_of_a_running_product():
    at = place()
    hang_foreign(at)
    kill_both(at, start(at, "run", "last", "--iface", "va", "--replace"))
    done = at.run(tap.PRODUCT, "purge", ok=False)
    tap.equal((done.returncode, at.xdp(), at.records()), (0, None, []), f"after purge ({done.stderr})")
    hang_foreign(at)
    tool = start(at, "run", "last", "--iface", "va", "--replace")
    done = at.run(tap.PRODUCT, "purge", ok=False)
    tap.equal((done.returncode, at.xdp(), len(at.records())), (0, "ingress_entry", 1), "while it runs")
    tap.contains(done.stderr, "nothing is left of a 'emf' that ended")
    tap.equal(tool.stop(), 0, "exit status")


def test_products_of_two_pid_namespaces_with_one_run_folder_have_a_record_each():
    at = place()
    at.run("ip", "link", "add", "vc", "type", "veth", "peer", "name", "vd")
    tools = []
    for link in ("va", "vc"):
        at.run("ip", "link", "set", "dev", link, "xdp", "obj", objects(), "program", "foreign")
        words = ("unshare", "--pid", "--fork", "--kill-child", tap.PRODUCT, "run", "last", "--iface", link, "--replace")
        tools.append(Tool(*words[1:], within=at.within(at.a), product=words[0]))
        until(lambda: at.xdp(link) == "ingress_entry" or tools[-1].process.poll() is not None, "the chain to hang")
    tap.equal((sorted(at.records()), tools[0].process.poll(), tools[1].process.poll()), (["emf.1-1.owned", "emf.1.owned"], None, None),
              f"records, and whether they ended ({tools[0].err}{tools[1].err})")
    tap.contains(at.run(tap.PRODUCT, "purge", ok=False).stderr, "nothing is left of a 'emf' that ended")
    tap.equal((len(at.records()), at.xdp(), at.xdp("vc")), (2, "ingress_entry", "ingress_entry"), "while they run")
    for tool in tools:
        tool.stop(signal.SIGKILL)  # with its namespace, and so with the guardian, unless that is faster
    until(lambda: at.run(tap.PRODUCT, "purge", ok=False) and not at.records(), "what is left to be removed")
    tap.equal([at.xdp(link) for link in ("va", "vc") if at.xdp(link) == "ingress_entry"], [], "what of ours hangs there in the end")


def test_purge_leaves_what_others_hung_there_since():
    at = place()
    hang_foreign(at)
    kill_both(at, start(at, "run", "last", "--iface", "va", "--replace"))
    at.run("ip", "-force", "link", "set", "dev", "va", "xdp", "obj", objects(), "program", "xdp_dispatcher")
    at.run(tap.PRODUCT, "purge", ok=False)
    tap.equal((at.xdp(), at.records()), ("xdp_dispatcher", []), "what hangs there, and records")


# --- tc: everybody is welcome ------------------------------------------------------------------


def looks(tool):
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    return int(tool.out.split()[1])


def wait_hung(tool):
    """A chain of tc cannot be seen from outside, but its module says that it runs."""
    until(lambda: tool.process.poll() is not None or "egress: runs" in tool.err, "the chain to hang")
    tap.equal(tool.process.poll(), None, f"whether it ended ({tool.err})")
    return tool


def tc(at, *words, product=None):
    return wait_hung(Tool(*words, "--log", "debug", within=at.within(at.a), product=product))


def test_two_products_run_on_one_interface_one_behind_the_other_in_the_order_that_is_asked_for():
    at = place()
    for where, seen in (("last", 10), ("first", 20)):
        first = tc(at, "run", "filter", "--out", "va", product=other_product())
        second = tc(at, "run", "fussy", "--out", "va", "--place", where)
        tap.equal((at.send(10, 9, "a"), at.send(10, 7, "a")), (0, 10), "packets that arrive")
        tap.equal(looks(second), seen, f"packets that the second product saw as the {where} one")
        tap.equal(first.stop(), 0, "exit status")


def hang_filter(at, side, priority):
    at.run("tc", "filter", "add", "dev", "va", side, "pref", priority, "bpf", "da", "obj", objects(), "sec", "tc")


def test_filters_of_others_stay_and_run():
    at = place()
    at.run("tc", "qdisc", "add", "dev", "va", "clsact")
    hang_filter(at, "egress", 10)
    before = at.filters("egress")
    tool = tc(at, "run", "fussy", "--out", "va")
    tap.equal((at.send(10, 7, "a"), at.seen("foreign_tc")), (10, 10), "packets that arrive, and that the foreign filter sees")
    tap.equal(looks(tool), 10, "packets that the chain sees")
    tap.equal((at.filters("egress"), "clsact" in at.qdiscs()), (before, True), "filters, and clsact, in the end")


def test_filters_of_others_before_and_behind_ours_run_and_stay_where_there_is_no_tcx():
    need_clsact()
    at = place()
    tool = tc(at, "run", "fussy", "--out", "va")
    hang_filter(at, "egress", 10)
    hang_filter(at, "egress", 60000)
    tap.equal([name.split(":")[0] for name in at.filters("egress")], ["chain_foreign.o", "egress_entry", "chain_foreign.o"], "filters")
    tap.equal((at.send(10, 7, "a"), at.seen("foreign_tc")), (10, 20), "packets that arrive, and that both foreign filters see")
    tap.equal(looks(tool), 10, "packets that the chain sees")
    tap.equal((len(at.filters("egress")), "clsact" in at.qdiscs()), (2, True), "filters that are left, and clsact that we made")


def test_a_place_before_or_behind_the_filters_of_others_can_be_chosen_where_there_is_no_tcx():
    need_clsact()
    at = place()
    at.run("tc", "qdisc", "add", "dev", "va", "clsact")
    hang_filter(at, "egress", 10)
    for where, ours in (("first", 0), ("last", 1)):
        tool = tc(at, "run", "fussy", "--out", "va", "--place", where)
        tap.equal([name.split(":")[0] for name in at.filters("egress")].index("egress_entry"), ours, f"where the {where} one stands")
        tool.stop()


def test_the_guardian_removes_exactly_our_filter_and_clsact_if_we_made_it_where_there_is_no_tcx():
    need_clsact()
    for is_there in (False, True):
        at = place()
        if is_there:
            at.run("tc", "qdisc", "add", "dev", "va", "clsact")
            hang_filter(at, "egress", 10)
        tool = tc(at, "run", "filter", "--out", "va", "--iface", "va")
        tap.equal(at.send(10, 9, "a"), 0, "packets that arrive")
        of = guardian(tool)
        tool.stop(signal.SIGKILL)
        wait_end(of)
        tap.equal((len(at.filters("egress")), "clsact" in at.qdiscs(), at.send(10, 9, "a")), (int(is_there), is_there, 10), "what is left")


def test_when_both_are_killed_the_next_start_and_purge_remove_the_filter_where_there_is_no_tcx():
    need_clsact()
    for again in (("run", "fussy", "--out", "va", "-d", "1"), ("purge",)):
        at = place()
        kill_both(at, tc(at, "run", "filter", "--out", "va", "--iface", "va"))
        tap.equal(len(at.filters("egress")), 1, "filters that are left, whose array of programs is empty")
        done = at.run(tap.PRODUCT, *again, ok=False)
        tap.contains(done.stderr, "the tc filter of egress_entry on va, which a killed 'emf' left behind, was removed")
        tap.equal((done.returncode, at.filters("egress"), "clsact" in at.qdiscs(), at.records()), (0, [], False, []), "in the end")


def test_doctor_says_what_becomes_of_filters_when_a_product_is_killed():
    tcx = has_tcx()
    said = tap.run(tap.PRODUCT, "doctor").stdout
    tap.contains(said, "nothing stays attached: chains of tc hang by tcx links" if tcx else "a guardian removes the clsact filters")


# --- killed while it changes -------------------------------------------------------------------


def instance(service, chain):
    return next(row for row in json.loads(service.chain("list", "-j").stdout) if row["chain"] == chain)


def generation_sum(service):
    return sum(row["generation"] for row in json.loads(service.chain("list", "-j").stdout))


def sleep(seconds):
    """Until some moment that is to be hit by chance; nothing depends on how long it is."""
    time.sleep(seconds)


def kill_during(service, choose, script, *words):
    """The script ends when the service does, and never before: what is hit is a swap, or the moment between two of them."""
    before = generation_sum(service)
    swaps = tap.start("sh", "-c", script, tap.PRODUCT, *words, env=dict(os.environ, **service.env))
    until(lambda: generation_sum(service) > before or swaps.poll() is not None, "the first swap")
    sleep(choose.uniform(0, 0.2))
    tap.equal(swaps.poll(), None, "whether swapping ended by itself")
    service.tool.stop(signal.SIGKILL)
    swaps.wait(60)


def kill_while_counting_changes(service, choose):
    """SIGKILL at some moment of swaps that leave the same programs there."""
    kill_during(service, choose, 'while "$0" chain count ingress off && "$0" chain count ingress on; do :; done')


def kill_while_it_changes(service, chain, choose):
    """SIGKILL at some moment of a swap."""
    program = service.order(chain)[0][0]
    module = next(r["module"] for r in json.loads(service.chain("show", chain, "-j").stdout) if r["program"] == program)
    kill_during(service, choose, 'while "$0" chain disable "$@" && "$0" chain enable "$@"; do :; done', chain, module, program)


def test_a_product_that_is_killed_while_it_changes_leaves_nothing():
    choose = random.Random(2)
    for _ in range(KILLS):
        at = place()
        service = Serving(at, "first", "filter", "last", ingress=("iface", "va"), egress=("out", "va"))
        kill_while_it_changes(service, "ingress", choose)
        until(lambda: at.xdp() is None and "clsact" not in at.qdiscs() and not at.records(), "all of it to go")
        tap.equal((at.send(5, 9), at.send(5, 9, "a"), at.pins()), (5, 5, []), "packets that arrive, and pins")


def test_swaps_of_a_filter_that_are_interrupted_leave_nothing_where_there_is_no_tcx():
    need_clsact()
    choose = random.Random(3)
    for _ in range(KILLS):
        at = place()
        service = Serving(at, "filter", egress=("out", "va"), ingress=("iface", "va"))
        kill_while_it_changes(service, "egress", choose)
        until(lambda: "clsact" not in at.qdiscs() and not at.records(), "all of it to go")


def test_a_program_that_the_verifier_refuses_leaves_the_generation_that_runs():
    at = place()
    service = Serving(at, "filter", egress=("out", "va"), ingress=("iface", "va"), fussy=("byte", "9"))
    before = instance(service, "egress")["programs"]
    done = tap.run(tap.PRODUCT, "start", "fussy", env=dict(os.environ, **service.env))
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "chain egress, slot all: program 'look' of module fussy")
    service.tool.says("chain egress, slot all: program 'look' of module fussy: ")
    service.tool.says("it runs on as it was")
    after = instance(service, "egress")["programs"]
    tap.equal((after, at.send(10, 9, "a"), at.send(10, 7, "a")), (before, 0, 10), "programs, and packets that arrive")
    service.stop()


if __name__ == "__main__":
    tap.main()
