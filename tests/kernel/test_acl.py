# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""acl: who is kept out, for how long, and what is told of it. The ground truth is what arrives.

Without these, packets of others could be dropped, those of the list let pass, and a list with
a mistake in it be taken for what was meant.
"""
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import tap
from netns import Pair
from packets import HOOKS, Service, ip4, ip6, start, tag, udp
from tool import until


def test_packets_from_a_network_on_the_list_do_not_arrive_and_others_do():
    for hook in HOOKS:
        pair = Pair(ip6=True)
        for address in ("10.9.0.66", "10.9.0.130", "fd09::66"):
            pair.add_address(address)
        tool = start(pair, hook, "flow", "acl", "--block", "10.9.0.64/26,fd09::60/124,10.8.0.0/16")
        came = {source: pair.deliver(10, 7, "fd09::1" if ":" in source else "10.9.0.1", source)
                for source in ("10.9.0.2", "10.9.0.66", "10.9.0.130", "fd09::2", "fd09::66")}
        tap.equal(came, {"10.9.0.2": 10, "10.9.0.66": 0, "10.9.0.130": 10, "fd09::2": 10, "fd09::66": 0}, f"what arrives with {hook}")
        tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
        flows = sorted(line.split()[0].rsplit(":", 1)[0] for line in tool.out.splitlines() if " UDP " in line)
        tap.equal(flows, ["10.9.0.130", "10.9.0.2", "[fd09::2]"], "flows: of packets that were not dropped")
        tap.contains(tool.out, "10.9.0.64/26")
        tap.contains(tool.out, " 20 dropped with ")


def test_fragments_and_tagged_packets_are_dropped_by_their_address():
    for hook in HOOKS:
        pair = Pair(ip6=True)
        pair.add_address("10.9.0.66")
        service = Service(pair, "acl", options=("--block", "10.9.0.66,fd09::66"), hook=hook)
        tap.equal((pair.deliver(3, 7, source="10.9.0.66", size=3000), pair.deliver(3, 7, size=3000)), (0, 3), f"what arrives in fragments, {hook}")
        pair.frames([tag(7, ip4(udp(7), source="10.9.0.66")), tag(8, tag(9, ip6(udp(7), source="fd09::66")), 0x88a8), tag(7, ip4(udp(7)))])
        found = {row["prefix"]: row["packets"] for row in service.call("acl", "list")["rows"]}
        tap.equal(found, {"10.9.0.66/32": 10, "fd09::66/128": 1}, f"packets that {hook} stopped: three of each datagram, and tagged ones")
        service.stop()


def test_the_list_changes_while_packets_come_and_counts_what_it_stops():
    pair = Pair()
    service = Service(pair, "acl")
    tap.equal(pair.deliver(5, 7), 5, "what arrives while the list is empty")
    tap.equal(service.call("acl", "add", "prefix=10.9.0.0/24"), {}, "the answer")
    tap.equal(pair.deliver(5, 7), 0, "what arrives")
    row = {"prefix": "10.9.0.0/24", "left": 0, "packets": 5, "bytes": 530}
    tap.equal(service.call("acl", "list"), {"total": 1, "rows": [row]}, "the list")
    service.call("acl", "add", "prefix=10.9.0.0/24", "ttl=1h")
    (again,) = service.call("acl", "list")["rows"]
    tap.equal((again["packets"], 0 < again["left"] <= 3600 * 10**9), (5, True), "packets, and whether it has a time now")
    tap.equal(service.call("acl", "totals"), {"seen": 10, "blocked": 5, "blocked_bytes": 530}, "totals")
    service.call("acl", "remove", "prefix=10.9.0.0/24")
    tap.equal((pair.deliver(5, 7), service.call("acl", "list")), (5, {"total": 0, "rows": []}), "what arrives then, and the list")
    service.stop()


def test_an_entry_that_is_added_again_loses_none_of_what_it_stops_meanwhile():
    pair = Pair()
    service = Service(pair, "acl")
    service.call("acl", "add", "prefix=10.9.0.0/24")
    sender = threading.Thread(target=pair.frames, args=(100000 * [ip4(udp(7))],))
    sender.start()
    while sender.is_alive():
        service.call("acl", "add", "prefix=10.9.0.0/24", "ttl=1h")
    (row,) = service.call("acl", "list")["rows"]
    tap.equal((row["packets"], row["bytes"]), (100000, 6200000), "what the entry has stopped")
    service.call("acl", "remove", "prefix=10.9.0.0/24")
    service.call("acl", "add", "prefix=10.9.0.0/24")
    (row,) = service.call("acl", "list")["rows"]
    tap.equal((row["packets"], row["bytes"]), (0, 0), "what it has stopped since it was removed and came again")
    service.stop()


def test_a_list_with_a_mistake_is_refused_with_what_is_wrong():
    pair = Pair()
    service = Service(pair, "acl", options=("--entries", "1"))
    for prefix, why in (("10.9.0.2/24", "write 10.9.0.0/24 for the network"), ("10.0.0.0/33", "a number of bits from 0 to 32"),
                        ("fd09::/129", "a number of bits from 0 to 128"), ("10.0.0.0/", "a number of bits"), ("10.0.0.0/-1", "a number of bits"),
                        ("10.0.0.0/8x", "a number of bits"), ("10.0.0", "is no address or network"), ("eth0", "is no address or network"),
                        ("fe80::1%eth0", "is no address or network"), ("::ffff:10.0.0.1", "is an IPv4 address"), ("", "is no address or network")):
        for method in ("add", "remove"):
            tap.contains(service.refuses("acl", method, json.dumps({"prefix": prefix})), why, f"what {method} says of {prefix!r}")
    tap.equal(service.call("acl", "list")["total"], 0, "entries")
    tap.contains(service.refuses("acl", "remove", "prefix=10.0.0.0/8"), "no_such_entry")
    service.call("acl", "add", "prefix=10.0.0.0/8")
    tap.contains(service.refuses("acl", "remove", "prefix=10.9.0.2"), "10.9.0.2/32")
    tap.contains(service.refuses("acl", "add", "prefix=10.9.0.2"), "10.9.0.2/32 does not fit: the list has room for 1")
    service.call("acl", "add", "prefix=fd09::/64")
    tap.equal(service.call("acl", "list", "skip=1")["total"], 2, "entries, one of each family")
    service.stop()
    done = tap.run(*pair.within(pair.a), tap.PRODUCT, "acl", "--iface", "va", "--block", "10.9.0.0/24, 10.9.0.2/24")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, 'acl: --block: "10.9.0.2/24" is an address in a network: write 10.9.0.0/24 for the network')


def test_an_entry_whose_time_is_over_stops_nothing_and_makes_room():
    pair = Pair()
    service = Service(pair, "acl", options=("--entries", "1"))
    service.call("acl", "add", "prefix=10.9.0.2", "ttl=300ms")
    until(lambda: service.call("acl", "list")["total"] == 0, "its time to be over")
    service.call("acl", "add", "prefix=10.9.0.3")
    tap.equal(pair.deliver(5, 7), 5, "what arrives")
    service.stop()


def test_the_kernel_part_sees_by_itself_that_a_time_is_over_and_what_larger_network_still_holds():
    pair = Pair()
    pair.add_address("10.9.0.66")
    service = Service(pair, "acl")
    stay = tap.PATIENCE // 30  # seconds: longer than the calls and the packets below take, on a guest as well
    for prefix, ttl in (("10.9.0.2", stay), ("10.9.0.66/32", stay), ("10.9.0.64/28", stay), ("10.9.0.64/26", 0)):
        service.call("acl", "add", f"prefix={prefix}", f"ttl={ttl}s")
    tap.equal((pair.deliver(5, 7), pair.deliver(5, 7, source="10.9.0.66")), (0, 0), "what arrives before")
    service.tool.process.send_signal(signal.SIGSTOP)  # nobody removes anything
    time.sleep(stay + 0.1)  # at least as long as the entries were to stay
    tap.equal((pair.deliver(5, 7), pair.deliver(5, 7, source="10.9.0.66")), (5, 0), "what arrives after")
    service.tool.process.send_signal(signal.SIGCONT)
    until(lambda: service.call("acl", "list")["total"] == 1, "entries to go")
    service.stop()


def test_dropped_packets_are_told_but_not_each_of_a_flood():
    pair = Pair()
    service = Service(pair, "acl", options=("--block", "10.9.0.0/24", "--report", "1h"))
    listener = service.listen("acl.blocked", "-n", "3")
    pair.frames(20 * [ip4(udp(7))])
    tap.equal(service.call("acl", "totals")["blocked"], 20, "packets that were dropped")
    service.shell("set", "acl.report=0")
    pair.frames(2 * [ip4(udp(9))])
    out, err = listener.communicate(timeout=tap.PATIENCE)
    tap.equal((listener.returncode, err), (0, ""), "the listener")
    found = [json.loads(line) for line in out.splitlines()]
    found = [one.get("args", one) for one in found]
    tap.equal([(s["prefix"], s["source"], s["destination"], s["sport"], s["dport"], s["proto"], s["packets"]) for s in found],
              [("10.9.0.0/24", "10.9.0.2", "10.9.0.1", 4000, port, "UDP", n) for port, n in ((7, 1), (9, 21), (9, 22))], "signals")
    service.stop()


def test_an_interface_without_ethernet_is_refused_before_a_list_keeps_out_nobody():
    pair = Pair()
    pair.add_tunnel("emf-tun")
    for module in ("acl", "ratelimit", "flow", "sampler", "parse"):
        for hook in HOOKS:
            done = tap.run(*pair.within(pair.a), tap.PRODUCT, "run", module, f"--{hook}", "lo, emf-tun")
            tap.equal(done.returncode, 1, f"exit status of {module}")
            tap.contains(done.stderr, f"{module}: --{hook} emf-tun: packets of this interface have no Ethernet headers")
    # The loopback interface has them, all of zeros.
    tool = start(pair, "iface", "acl", "--tc-iface", "lo")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_the_command_of_the_same_name_is_still_there():
    done = tap.run(tap.PRODUCT, "acl", "explain", "root", "acl.add")
    tap.equal((done.returncode, "allow" in done.stdout), (0, True), f"status and answer ({done.stdout} {done.stderr})")
    tap.contains(tap.run(tap.PRODUCT, "acl", "--help").stdout, "--block")


if __name__ == "__main__":
    tap.main()
