# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""flow against packets that the test sends itself, on XDP and on tc: who, to whom, how many, how many bytes.

Without these, packets could be counted for somebody else, twice, in other bytes than were
on the wire, or not at all when their headers are less common ones.
"""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import packets
import tap
from netns import Pair
from packets import HOOKS, TCP, UDP, Service, ip4, ip6, tag, tcp, udp


def rows(tool):
    """The table: what stands in each line, the port of the sender left out where the kernel chose it."""
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    out = []
    for line in tool.out.splitlines():
        words = line.split()
        if len(words) == 6 and words[0] != "SOURCE":
            out.append((*words[:4], int(words[4]), int(words[5])))
    return sorted(out)


def sender(row):
    """Its address alone."""
    return (row[0].rsplit(":", 1)[0], *row[1:])


def start(pair, hook):
    return packets.start(pair, hook, "flow", "--rows", "512")


def sent_again(pair):
    """Segments, by the kernel's own count of the namespace that sends."""
    heads, numbers = (line.split() for line in tap.run(*pair.within(pair.b), "cat", "/proc/net/snmp").stdout.splitlines() if line.startswith("Tcp:"))
    return int(dict(zip(heads, numbers))["RetransSegs"])


def test_packets_of_each_flow_are_counted_with_all_their_bytes():
    for hook in HOOKS:
        pair = Pair()
        tool = start(pair, hook)
        tap.equal((pair.send(20, 7), pair.send(10, 9), pair.ping(3)), (20, 10, 3), "packets that arrive")
        # 14 bytes of Ethernet, 20 of IP, 8 of UDP and ICMP, and 64 that are sent.
        tap.equal(sorted(sender(row) for row in rows(tool)),
                  [("10.9.0.2", "10.9.0.1", "ICMP", "-", 3, 3 * 42), ("10.9.0.2", "10.9.0.1:7", "UDP", "-", 20, 20 * 106),
                   ("10.9.0.2", "10.9.0.1:9", "UDP", "-", 10, 10 * 106)], f"flows of {hook}")


def test_segments_that_the_kernel_has_merged_count_as_they_were_on_the_wire():
    for hook in HOOKS:
        pair = Pair()
        tool = start(pair, hook)
        tap.equal(pair.stream(1000000), 1000000, "bytes that arrive")
        (row,) = rows(tool)
        packets, n = row[4:]
        tap.equal(packets >= 1000000 // 1448, True, f"whether there are as many packets as it takes with {hook} ({packets})")
        # Ethernet, IP, TCP with time stamps; the first packet has 8 more bytes of options. What was sent again was on the wire again.
        again, more = sent_again(pair), n - 1000000 - 66 * packets - 8
        tap.equal((more > 0, 0 <= more <= 1448 * again), (again > 0, True), f"{more} bytes more than of {packets} packets, {again} segments sent again, with {hook}")


def test_a_fragment_without_ports_belongs_to_the_flow_without_ports():
    for hook in HOOKS:
        pair = Pair(ip6=True)
        tool = start(pair, hook)
        tap.equal((pair.deliver(4, 7, size=3000), pair.deliver(4, 7, "fd09::1", size=3000)), (4, 4), "datagrams that arrive")
        found = sorted((row[1], row[4]) for row in rows(tool) if row[2] == "UDP")
        tap.equal(found, [("10.9.0.1", 8), ("10.9.0.1:7", 4), ("[fd09::1]:7", 4), ("fd09::1", 8)], f"whom packets of {hook} went to")


def test_each_of_the_merged_segments_had_the_tag_that_the_kernel_took_out():
    for hook in HOOKS:
        pair = Pair()
        tool = start(pair, hook)
        pair.frames([tag(7, ip4(tcp(7) + 5000 * b"x", TCP))], merged=(38, 20, 1000))
        # Five times Ethernet with its tag, IP, TCP.
        tap.equal(rows(tool), [("10.9.0.2:4000", "10.9.0.1:7", "TCP", "7", 5, 5 * 58 + 5000)], f"flows of {hook}")


def test_tags_of_vlans_are_a_part_of_the_flow():
    for hook in HOOKS:
        pair = Pair()
        tool = start(pair, hook)
        pair.frames(3 * [tag(7, ip4(udp(7)))] + 2 * [tag(0x2008, tag(9, ip4(udp(7))), 0x88a8)] + [ip4(udp(7))])
        found = [row for row in rows(tool) if row[0] == "10.9.0.2:4000"]
        # The outer tag counts, without its priority.
        tap.equal(found, [("10.9.0.2:4000", "10.9.0.1:7", "UDP", "-", 1, 62), ("10.9.0.2:4000", "10.9.0.1:7", "UDP", "7", 3, 3 * 66),
                          ("10.9.0.2:4000", "10.9.0.1:7", "UDP", "8", 2, 2 * 70)], f"flows of {hook}")


def test_ports_are_found_behind_options_and_extension_headers():
    hop = struct.pack("!BB6x", 60, 0)  # then destination options, of 16 bytes
    destination = struct.pack("!BB14x", 51, 1)  # then an authentication header
    authentication = struct.pack("!BB22x", UDP, 4)
    for hook in HOOKS:
        pair = Pair(ip6=True)
        tool = start(pair, hook)
        pair.frames([ip4(udp(7), options=4 * b"\x01"), ip4(tcp(8), TCP, options=40 * b"\x01"), ip6(hop + destination + authentication + udp(9), 0)])
        found = [(row[0], row[1], row[2]) for row in rows(tool) if "4000" in row[0]]
        tap.equal(found, [("10.9.0.2:4000", "10.9.0.1:7", "UDP"), ("10.9.0.2:4000", "10.9.0.1:8", "TCP"),
                          ("[fd09::2]:4000", "[fd09::1]:9", "UDP")], f"flows of {hook}")


def test_the_busiest_flows_come_first_for_those_who_call_and_a_new_one_is_told():
    pair = Pair()
    service = Service(pair, "flow")
    listener = service.listen("flow.opened", "-n", "3")
    pair.frames([ip4(udp(port, size)) for port, size in ((1, 10), (2, 30), (3, 20)) for _ in range(4)] + [b"\x08\x99" + 46 * b"x"])
    out, err = listener.communicate(timeout=tap.PATIENCE)
    tap.equal((listener.returncode, err), (0, ""), "the listener")
    signals = [json.loads(line) for line in out.splitlines()]
    flat = [signal.get("args", signal) for signal in signals]
    tap.equal([(s["source"], s["sport"], s["destination"], s["dport"], s["proto"]) for s in flat],
              [("10.9.0.2", 4000, "10.9.0.1", port, "UDP") for port in (1, 2, 3)], "flows that were opened")
    top = service.call("flow", "top", "limit=2")["rows"]
    tap.equal([(r["source"], r["dport"], r["packets"], r["bytes"]) for r in top], [("10.9.0.2", 2, 4, 288), ("10.9.0.2", 3, 4, 248)], "the top")
    totals = service.call("flow", "totals")
    tap.equal(totals, {"packets": 12, "bytes": 744, "other_packets": 1, "other_bytes": 60, "opened": 3, "kept": 3, "lost": 0}, "totals")
    tap.contains(service.shell("call", "flow", "top", "limit=0").stderr, "limit")
    service.stop()


def test_the_busiest_of_many_flows_are_found_in_whatever_order_they_are_kept():
    pair = Pair()
    service = Service(pair, "flow")
    sizes = {port: 10 + port * 37 % 211 for port in range(1, 201)}  # all of them differ
    pair.frames([ip4(udp(port, size)) for port, size in sizes.items()])
    for limit in (1, 2, 5, 64, 200, 512):
        wanted = sorted(sizes, key=sizes.get, reverse=True)[:limit]
        tap.equal([r["dport"] for r in service.call("flow", "top", f"limit={limit}")["rows"]], wanted, f"the {limit} busiest ones")
    service.stop()


def test_a_full_table_lets_go_of_old_flows_and_counts_all_packets():
    pair = Pair()
    service = Service(pair, "flow", options=("--flows", "64"))
    pair.frames([ip4(udp(port)) for port in range(1, 1001)])
    totals = service.call("flow", "totals")
    tap.equal((totals["packets"], totals["opened"] + totals["lost"]), (1000, 1000), f"packets, and what became of their flows ({totals})")
    tap.equal(0 < totals["kept"] <= 64, True, f"whether flows are kept, and not too many ({totals})")
    service.stop()


def test_a_module_that_hangs_nowhere_says_which_options_there_are():
    tap.need_root()
    done = tap.run(tap.PRODUCT, "run", "flow", "acl")
    tap.equal((done.returncode, sorted(done.stderr.splitlines())),
              (2, [f"{name}: its programs hang nowhere: give --iface or --tc-iface" for name in ("acl", "flow")]), "status and messages")
    done = tap.run(tap.PRODUCT, "run", "flow", "--iface", "emf-none")
    tap.equal((done.returncode, done.stderr), (1, "ingress: chain ingress: there is no interface 'emf-none'\nflow: chain ingress, in which it has programs, does not run\n"),
              "status and messages")


if __name__ == "__main__":
    tap.main()
