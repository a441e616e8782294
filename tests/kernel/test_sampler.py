# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""sampler: packets that are taken, as a line, as a signal and in a file; the file is read here byte by
byte, and by tcpdump where it is installed.

Without these, a file could have packets that were never sent, or be written where a link leads.
"""
import json
import os
import re
import shutil
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import tap
from netns import Pair
from packets import HOOKS, Service, ip4, ip6, start, tag, udp
from tool import until

FRAMES = [ip4(udp(7, 100)), tag(7, ip4(udp(8, 100))), ip6(udp(9, 1400)), b"\x08\x99" + 60 * b"y"]


def blocks(path):
    """Types and bodies of the blocks of a pcapng file; both lengths of each are right."""
    with open(path, "rb") as f:
        text = f.read()
    out = []
    while text:
        kind, n = struct.unpack_from("=II", text)
        tap.equal(struct.unpack_from("=I", text, n - 4)[0], n, "the length at the end of a block")
        tap.equal(n % 4, 0, "the rest of a block's length")
        out.append((kind, text[8:n - 4]))
        text = text[n:]
    return out


def packets(path):
    """Name of the interface, time, length and bytes of each."""
    (first, head), *rest = blocks(path)
    tap.equal((first, head), (0x0a0d0d0a, struct.pack("=IHHq", 0x1a2b3c4d, 1, 0, -1)), "the first block")
    names, out = [], []
    for kind, body in rest:
        if kind == 1:
            link, snap = struct.unpack_from("=HxxI", body)
            options = re.fullmatch(rb"\x02\x00(..)(.*)\x09\x00\x01\x00\x09\x00\x00\x00\x00\x00\x00\x00", body[8:], re.DOTALL)
            tap.equal((link, snap, bool(options)), (1, 2048 + 4, True), f"an interface ({body})")
            names.append(options[2][:struct.unpack("=H", options[1])[0]].decode())
        else:
            interface, high, low, kept, length = struct.unpack_from("=IIIII", body)
            tap.equal((kept <= snap, kept <= length), (True, True), f"whether the bytes of a packet ({kept}) are as many as were announced, or fewer")
            out.append((names[interface], high << 32 | low, length, body[20:20 + kept]))
    return out


def test_a_file_has_the_packets_as_they_were_on_the_wire():
    for hook in HOOKS:
        pair = Pair()
        path = os.path.join(tap.folder(), "out.pcapng")
        tool = start(pair, hook, "sampler", "--rate", "1", "--snap", "200", "--write", path)
        before = time.time_ns()
        pair.frames(FRAMES)
        after = time.time_ns()
        tap.equal((tool.stop(), tool.out, tool.err), (0, f"4 packets are in {path}\n", ""), "exit status and messages")
        found = packets(path)
        # A tag that the kernel has taken out before tc stands where it was.
        tap.equal([(name, length, text[12:]) for name, _, length, text in found], [("va", 12 + len(f), f[:len(text) - 12]) for f, (_, _, _, text)
                                                                                   in zip(FRAMES, found)], f"packets of {hook}")
        kept = [min(200, 12 + len(f)) for f in FRAMES]
        tap.equal([len(text) for *_, text in found], kept, f"bytes that are kept of packets of {hook}")
        times = [at for _, at, _, _ in found]
        tap.equal((times, [t for t in times if not before - 10**6 <= t <= after + 10**6]), (sorted(times), []), "times: in order, and when they were sent")
        tap.equal(os.stat(path).st_mode & 0o777, 0o600, "who may read it")
        if shutil.which("tcpdump"):
            text = tap.run("tcpdump", "-nnr", path).stdout
            tap.equal([part in text for part in ("10.9.0.2.4000 > 10.9.0.1.7: UDP, length 100", "10.9.0.2.4000 > 10.9.0.1.8",
                                                 "fd09::2.4000 > fd09::1.9: UDP, length 1400")], 3 * [True], f"what tcpdump reads ({text})")


def test_large_packets_are_kept_to_their_end_where_that_is_wanted():
    for hook in HOOKS:
        pair = Pair()
        path = os.path.join(tap.folder(), "out.pcapng")
        tool = start(pair, hook, "sampler", "--rate", "1", "--snap", "2048", "-w", path)
        pair.frames([ip4(udp(7, 1472)), ip4(udp(7, 0))])
        tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
        tap.equal([(length, len(text)) for *_, length, text in packets(path)], [(1514, 1514), (42, 42)], f"lengths of {hook}")


def test_a_tag_that_is_put_back_does_not_make_a_packet_larger_than_the_file_says():
    pair = Pair()
    pair.allow(4000)
    path = os.path.join(tap.folder(), "out.pcapng")
    tool = start(pair, "tc-iface", "sampler", "--rate", "1", "--snap", "2048", "-w", path)
    pair.frames([tag(7, ip4(udp(7, 3000))), ip4(udp(8, 10))])
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.equal([(length, len(text)) for *_, length, text in packets(path)], [(3046, 2052), (52, 52)], "lengths")
    if shutil.which("tcpdump"):
        done = tap.run("tcpdump", "-nnr", path)
        tap.equal((done.returncode, len(done.stdout.splitlines())), (0, 2), f"status of tcpdump, and lines of it ({done.stderr})")


def test_packets_are_in_the_file_soon_and_not_at_the_end_only():
    pair = Pair()
    path = os.path.join(tap.folder(), "out.pcapng")
    tool = start(pair, "iface", "sampler", "--rate", "1", "-w", path)
    pair.frames(FRAMES)
    until(lambda: len(packets(path)) == 4 if os.path.getsize(path) else False, "packets in the file")
    tap.equal(tool.stop(), 0, "exit status")


def test_about_one_packet_in_so_many_is_taken():
    pair = Pair()
    tool = start(pair, "iface", "sampler", "--rate", "10")
    pair.frames(5000 * [ip4(udp(7))])
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    # 500 with a deviation of 21; 8 of those are met once in 10^15 runs.
    tap.equal(330 < len(tool.rows) < 670, True, f"whether there are about 500 ({len(tool.rows)})")
    tap.equal({tuple(row[1:]) for row in tool.rows}, {("va", "62", "17", "10.9.0.2", "4000", "10.9.0.1", "7")}, "what they are")


def test_samples_are_a_signal_too_with_the_places_of_headers():
    pair = Pair()
    service = Service(pair, "sampler", options=("--rate", "1", "--snap", "60"), hook="tc-iface")
    listener = service.listen("sampler.packet", "-n", "2")
    pair.frames(FRAMES[:2])
    out, err = listener.communicate(timeout=tap.PATIENCE)
    tap.equal((listener.returncode, err), (0, ""), "the listener")
    found = [json.loads(line) for line in out.splitlines()]
    found = [one.get("args", one) for one in found]
    tap.equal([(p["length"], p["l3_off"], p["l4_off"], p["sport"], p["dport"], p["vlan_proto"], p["vlan_tci"], len(p["bytes"])) for p in found],
              [(142, 14, 34, 4000, 7, 0, 0, 60), (142, 14, 34, 4000, 8, 0x8100, 7, 60)], "signals")
    service.stop()


def test_no_file_is_written_where_a_link_leads_nor_to_what_is_no_file():
    pair = Pair()
    folder = tap.folder()
    victim, link, hard = (os.path.join(folder, name) for name in ("victim", "link", "hard"))
    with open(victim, "w") as f:
        f.write("mine")
    os.symlink(victim, link)
    os.link(victim, hard)
    os.mkfifo(os.path.join(folder, "fifo"))
    os.mkdir(os.path.join(folder, "folder"))
    for name, why in (("link", "is a link, which is not followed"), ("hard", "is no file of this user alone"), ("fifo", ""), ("folder", ""),
                      ("none/file", "No such file")):
        done = tap.run(*pair.within(pair.a), tap.PRODUCT, "sampler", "--iface", "va", "-w", os.path.join(folder, name))
        tap.equal(done.returncode, 1, f"exit status of {name}")
        tap.contains(done.stderr, f"sampler: --write {folder}/{name}: {why}")
    with open(victim) as f:
        tap.equal(f.read(), "mine", "the file that they lead to")
    os.unlink(hard)
    tool = start(pair, "iface", "sampler", "--rate", "1", "-w", victim)
    tool.stop()
    tap.equal(packets(victim), [], "packets in a file that was there before")


if __name__ == "__main__":
    tap.main()
