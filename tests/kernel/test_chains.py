"""Chains of programs on real interfaces: who is in them, in which order, and what becomes
of packets. The ground truth is what arrives on the other side.

Without these, a program could be skipped or run twice, see what another packet left, or
let pass what it should drop.
"""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from netns import Pair  # noqa: E402
from tool import Tool  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


@scratch.once
def build(parent):
    """A product of the modules in chain/; built once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "chain"), os.path.join(src, "modules"))
    shutil.move(os.path.join(src, "modules", "wire.emf"), os.path.join(src, "bus-idl"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def start(pair, *words):
    tap.PRODUCT = build().product()
    tool = Tool(*words, within=pair.within(pair.a))
    return tool.ready()


def counts(tool):
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    return {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", tool.out)}


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


if __name__ == "__main__":
    tap.main()
