# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""parse: what packets are, of headers that are right, unusual, wrong and cut.

Without these, a packet could pass as something else, and what stands behind its end be taken
for a header.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import tap
from netns import Pair
from packets import HOOKS, TCP, UDP, Service, ip4, ip6, tag, tcp, udp

NONE = {"packets": 0, "ip4": 0, "ip6": 0, "other": 0, "tcp": 0, "udp": 0, "tagged": 0, "fragments": 0, "broken": 0}
EXTENSION = struct.pack("!BB6x", 60, 0)
# What is sent, and what it counts as beside a packet.
KINDS = [
    (ip4(udp(7)), ("ip4", "udp")),
    (ip4(tcp(7), TCP), ("ip4", "tcp")),
    (ip4(8 * b"x", 1), ("ip4",)),
    (ip6(udp(7)), ("ip6", "udp")),
    (ip6(tcp(7), TCP), ("ip6", "tcp")),
    (tag(7, ip4(udp(7))), ("ip4", "udp", "tagged")),
    (tag(7, tag(8, ip6(udp(7))), 0x88a8), ("ip6", "udp", "tagged")),
    (b"\x08\x06" + 28 * b"x", ("other",)),
    (ip4(udp(7), fragment=0x2000), ("ip4", "udp", "fragments")),
    (ip4(24 * b"x", fragment=0x2003), ("ip4", "udp", "fragments")),
    (ip4(24 * b"x", TCP, fragment=3), ("ip4", "tcp", "fragments")),
    (ip6(struct.pack("!BBHI", UDP, 0, 1, 5) + udp(7), 44), ("ip6", "udp", "fragments")),
    (ip6(struct.pack("!BBHI", UDP, 0, 8, 5) + 24 * b"x", 44), ("ip6", "udp", "fragments")),
    (ip6(struct.pack("!BBHI", UDP, 0, 0, 5) + udp(7), 44), ("ip6", "udp")),  # a fragment that is the whole
    (ip6(7 * EXTENSION + struct.pack("!BB6x", UDP, 0) + udp(7), 60), ("ip6", "udp")),
    # Wrong, or cut.
    (ip4(udp(7), head=0x44), ("other", "broken")),
    (ip4(udp(7), head=0x65), ("other", "broken")),
    (ip4(udp(7), head=0x4f), ("other", "broken")),
    (ip4(udp(7, 40), head=0x4f)[:50], ("ip4", "udp", "broken")),
    (ip4(udp(7))[:20], ("other", "broken")),
    (ip4(b""), ("ip4", "udp", "broken")),
    (ip4(udp(7)[:3]), ("ip4", "udp", "broken")),
    (ip6(udp(7))[:40], ("other", "broken")),
    (ip6(b""), ("ip6", "udp", "broken")),
    (ip6(EXTENSION, 0), ("ip6", "broken")),
    (ip6(b"\x11\xff" + 20 * b"x", 60), ("ip6", "udp", "broken")),
]


def wanted(kinds):
    out = dict(NONE, packets=len(kinds))
    for _, names in kinds:
        for name in names:
            out[name] += 1
    return out


def test_packets_are_counted_by_what_they_are():
    for hook in HOOKS:
        pair = Pair()
        service = Service(pair, "parse", hook=hook)
        for frame, names in KINDS:
            before = service.call("parse", "totals")
            pair.frames([frame])
            after = service.call("parse", "totals")
            found = {name: after[name] - before[name] for name in after}
            tap.equal(found, wanted([(frame, names)]), f"what {hook} counts {frame[:60].hex()} as")
        service.stop()


def test_what_parse_has_found_is_what_other_modules_find_themselves():
    for hook in HOOKS:
        found = []
        for modules in (("flow",), ("parse", "flow"), ("parse", "sampler", "acl", "ratelimit", "flow")):
            pair = Pair()
            service = Service(pair, *modules, hook=hook)
            pair.frames([frame for frame, _ in KINDS])
            rows = service.call("flow", "top", "limit=512")["rows"]
            found.append((sorted((r["source"], r["sport"], r["dport"], str(r["proto"]), r["vlan"], r["packets"], r["bytes"]) for r in rows),
                          service.call("flow", "totals")["other_packets"]))
            service.stop()
        tap.equal(found[1:], 2 * found[:1], f"flows of {hook} with parse, and without it")
        tap.equal(found[0][1], wanted(KINDS)["other"], "packets without an address")


if __name__ == "__main__":
    tap.main()
