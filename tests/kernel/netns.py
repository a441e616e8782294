# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Two network namespaces with a pair of interfaces between them, for one test."""
import contextlib
import ctypes
import errno
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

import tap

_CLONE_NEWNET = 0x40000000  # include/uapi/linux/sched.h
_QUIET = 0.3  # seconds without a packet behind which none comes any more: a veth delivers before send() returns, or soon after
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(name):
    """A socket that is made here stays in that network namespace."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _LIBC.setns(there, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns of {name}")
        try:
            yield
        finally:
            if _LIBC.setns(here, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns back")
    finally:
        os.close(there)
        os.close(here)


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _send(s, packet):
    """One that no queue on the way had room for is sent again: it was not delivered."""
    end = time.monotonic() + 20
    while True:
        try:
            return s.send(packet)
        except OSError as e:
            if e.errno != errno.ENOBUFS or time.monotonic() > end:
                raise
        time.sleep(0.001)


def _take(s):
    """What is there. Return: how many."""
    n = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            s.recv(65536, socket.MSG_DONTWAIT)
            n += 1
    return n


def _take_the_last(s, came, wanted):
    """Until nothing comes any more, or all came and nothing more at once."""
    while select.select([s], [], [], _QUIET if came < wanted else 0.02)[0]:
        came += _take(s)
    return came


class Pair:
    """`a` has interface va with 10.9.0.1, `b` has vb with 10.9.0.2; with ip6 also fd09::1 and fd09::2. They go when the test ends."""

    made = 0

    def __init__(self, ip6=False):
        tap.need_root()
        Pair.made += 1
        self.a, self.b = (f"emf-test-{os.getpid()}-{Pair.made}{end}" for end in "ab")
        for name in (self.a, self.b):
            self._ip("netns", "add", name)
            tap.cleanup(tap.run, "ip", "netns", "del", name)
        self._ip("link", "add", "va", "netns", self.a, "type", "veth", "peer", "name", "vb", "netns", self.b)
        for name, link, address in ((self.a, "va", "10.9.0.1/24"), (self.b, "vb", "10.9.0.2/24")):
            # No neighbour discovery and the like: what is counted is what the test sends.
            tap.run("ip", "netns", "exec", name, "sysctl", "-qw", f"net.ipv6.conf.all.disable_ipv6={0 if ip6 else 1}",
                    "net.ipv6.conf.all.router_solicitations=0", "net.ipv6.conf.default.router_solicitations=0")
            self._ip("-n", name, "addr", "add", address, "dev", link)
            if ip6:
                self._ip("-n", name, "addr", "add", f"fd09::{address[7]}/64", "dev", link, "nodad")
            self._ip("-n", name, "link", "set", link, "up")
            self._ip("-n", name, "link", "set", "lo", "up")
        self._ip("-n", self.a, "neigh", "add", "10.9.0.2", "lladdr", self._mac(self.b, "vb"), "dev", "va", "nud", "permanent")
        self._ip("-n", self.b, "neigh", "add", "10.9.0.1", "lladdr", self._mac(self.a, "va"), "dev", "vb", "nud", "permanent")
        if ip6:
            self._ip("-n", self.a, "neigh", "add", "fd09::2", "lladdr", self._mac(self.b, "vb"), "dev", "va", "nud", "permanent")
            self._ip("-n", self.b, "neigh", "add", "fd09::1", "lladdr", self._mac(self.a, "va"), "dev", "vb", "nud", "permanent")

    @staticmethod
    def _ip(*words):
        done = tap.run("ip", *words)
        tap.equal((done.returncode, done.stderr), (0, ""), f"ip {' '.join(words)}")
        return done.stdout

    def _mac(self, name, link):
        return json.loads(self._ip("-j", "-n", name, "link", "show", link))[0]["address"]

    @staticmethod
    def within(name):
        """Words to put before a command."""
        return ["ip", "netns", "exec", name]

    def send(self, n, port, source="b", receiver=None, size=64):
        """So many UDP packets of so many bytes from one side to the other. Return: how many arrive, at a receiver of this kind."""
        here, there = (self.b, self.a) if source == "b" else (self.a, self.b)
        address = "10.9.0.1" if source == "b" else "10.9.0.2"
        if not receiver:
            return self._deliver(here, there, n, (address, port), "", size)
        receiver = subprocess.Popen([*self.within(there), *receiver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        tap.equal(receiver.stdout.readline(), "listens\n", "what the receiver says")
        with self._sender(here, address) as sender:
            for _ in range(n):
                sender.sendto(b"x" * size, (address, port))
        out, _ = receiver.communicate("end\n", timeout=20)
        return int(out)

    def add_address(self, address):
        """One more for b, which a can answer."""
        self._ip("-n", self.b, "addr", "add", f"{address}/{64 if ':' in address else 24}", "dev", "vb", *(["nodad"] if ":" in address else []))
        self._ip("-n", self.a, "neigh", "add", address, "lladdr", self._mac(self.b, "vb"), "dev", "va", "nud", "permanent")

    def add_tunnel(self, name):
        """An interface of a whose packets begin with IP."""
        self._ip("-n", self.a, "tuntap", "add", "dev", name, "mode", "tun")
        self._ip("-n", self.a, "link", "set", name, "up")

    def allow(self, n_bytes):
        """Packets of so many bytes behind their Ethernet headers, on both sides."""
        for name, link in ((self.a, "va"), (self.b, "vb")):
            self._ip("-n", name, "link", "set", link, "mtu", str(n_bytes))

    def frames(self, frames, merged=None):
        """
        What b sends to a as it stands: bytes behind the two Ethernet addresses. With `merged` each is several TCP segments in one,
        as the kernel merges them: where TCP begins and how long its header is, and how many bytes a segment has.
        """
        # struct virtio_net_hdr, include/uapi/linux/virtio_net.h: a checksum is wanted, TCP over IPv4
        hints = struct.pack("=BBHHHH", 1, 1, merged[0] + merged[1], merged[2], merged[0], 16) if merged else b""
        head = hints + b"".join(bytes.fromhex(self._mac(name, link).replace(":", "")) for name, link in ((self.a, "va"), (self.b, "vb")))
        with inside(self.b):
            sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with sender:
            sender.bind(("vb", 0))
            if merged:
                sender.setsockopt(263, 15, 1)  # SOL_PACKET, PACKET_VNET_HDR: include/uapi/linux/if_packet.h
            for frame in frames:
                _send(sender, head + frame)

    def deliver(self, n, port, address="10.9.0.1", source="", size=64):
        """So many UDP packets of one socket of b to an address of a of either family. Return: how many arrive."""
        return self._deliver(self.b, self.a, n, (address, port), source, size)

    @staticmethod
    def _sender(here, address):
        with inside(here):
            return socket.socket(_family(address), socket.SOCK_DGRAM)

    def _deliver(self, here, there, n, place, source, size):
        with inside(there):
            receiver = socket.socket(_family(place[0]), socket.SOCK_DGRAM)
        came = 0
        with receiver, self._sender(here, place[0]) as sender:
            receiver.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE: more than net.core.rmem_max
            receiver.bind(("", place[1]))
            if source:
                sender.bind((source, 0))
            for _ in range(n):
                sender.sendto(b"x" * size, place)
                came += _take(receiver)
            return _take_the_last(receiver, came, n)

    def stream(self, n_bytes):
        """So many bytes from b to a through a TCP connection to port 7. Return: how many arrive."""
        with inside(self.a):
            server = socket.create_server(("10.9.0.1", 7))
            server.settimeout(20)
        with inside(self.b):
            sender = socket.create_connection(("10.9.0.1", 7), timeout=20)
        with server, sender:
            receiver, _ = server.accept()
            with receiver:
                return self._pour(sender, receiver, memoryview(b"x" * n_bytes))

    @staticmethod
    def _pour(sender, receiver, left):
        came, end = 0, time.monotonic() + 20
        sender.setblocking(False)
        while time.monotonic() < end:
            readable, writable, _ = select.select([receiver], [sender] if left else [], [], 1)
            if writable:
                left = left[sender.send(left):]
                if not left:
                    sender.shutdown(socket.SHUT_WR)
            if readable:
                data = receiver.recv(1 << 16)
                came += len(data)
                if not data:
                    return came
        raise AssertionError(f"the stream does not end; {came} bytes came")

    def ping(self, n, address="10.9.0.1"):
        """Return: how many of so many are answered."""
        is6 = ":" in address
        with inside(self.b):
            s = socket.socket(_family(address), socket.SOCK_RAW, 58 if is6 else 1)
        with s:
            s.connect((address, 0))
            return sum(self._is_answered(s, number, is6) for number in range(n))

    @staticmethod
    def _is_answered(s, number, is6):
        """Whether it is within 0.2 seconds."""
        head = bytes([128 if is6 else 8, 0, 0, 0, 0x12, 0x34, 0, number])
        total = sum(int.from_bytes(head[i:i + 2], "big") for i in range(0, 8, 2))
        total = (total & 0xffff) + (total >> 16)
        s.send(head if is6 else head[:2] + (total ^ 0xffff).to_bytes(2, "big") + head[4:])
        while select.select([s], [], [], 0.2)[0]:
            answer = s.recv(2048)[0 if is6 else 20:]
            if answer[0] == (129 if is6 else 0) and answer[4:] == head[4:]:
                return True
        return False

    def has_filter(self):
        """Whether a program of clsact is on va: before tcx, tc has no link that says so."""
        show = ("tc", "filter", "show", "dev", "va")
        return any("bpf" in tap.run(*self.within(self.a), *show, way).stdout for way in ("ingress", "egress"))

    def numbered(self, n, ports, seed):
        """So many UDP packets with their number in them, each to one of these ports, from one processor, so that they stay in order."""
        return Numbered(self, n, ports, seed)

    def flood(self, port):
        """Packets from b to a as fast as one process sends them, until it is told to end."""
        return Flood(self, port)


class Numbered:
    def __init__(self, pair, n, ports, seed):
        self.receiver = tap.start(*pair.within(pair.a), sys.executable, "-c", RECEIVE_NUMBERS, json.dumps(ports), stdin=subprocess.PIPE)
        tap.equal(self.receiver.stdout.readline(), "listens\n", "what the receiver says")
        self.sender = tap.start(*pair.within(pair.b), sys.executable, "-c", SEND_NUMBERS, "10.9.0.1", json.dumps(ports), str(n), str(seed))

    def is_over(self):
        return self.sender.poll() is not None

    def end(self):
        """The port of each packet, in the order in which they were sent; and the numbers of those that arrived, from 0."""
        sent, said = self.sender.communicate(timeout=60)
        tap.equal((self.sender.returncode, said), (0, ""), "sending")
        came, _ = self.receiver.communicate("end\n", timeout=20)
        return json.loads(sent), json.loads(came)


class Flood:
    def __init__(self, pair, port):
        self.receiver = tap.start(*pair.within(pair.a), sys.executable, "-c", RECEIVE, str(port), stdin=subprocess.PIPE)
        tap.equal(self.receiver.stdout.readline(), "listens\n", "what the receiver says")
        self.sender = tap.start(*pair.within(pair.b), sys.executable, "-c", FLOOD, "10.9.0.1", str(port), stdin=subprocess.PIPE)

    def end(self):
        """How many packets were sent, and how many arrived."""
        sent, _ = self.sender.communicate("end\n", timeout=20)
        came, _ = self.receiver.communicate("end\n", timeout=20)
        return int(sent), int(came)


# Until its input ends: then all that was sent has been delivered, since a veth delivers before send() returns or soon after.
RECEIVE = """
import select, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE: more than net.core.rmem_max, for a reader that is slow
s.bind(("", int(sys.argv[1])))
print("listens", flush=True)
n, last = 0, None
while last is None or time.monotonic() - last < 0.3:
    ready = select.select([s] + ([sys.stdin] if last is None else []), [], [], 0.1)[0]
    if s in ready:
        s.recv(65536)
        n += 1
        last = time.monotonic() if last else None
    if sys.stdin in ready:
        last = time.monotonic()
print(n)
"""
# Two thousand in a second, so that no queue on the way is ever full.
FLOOD = """
import select, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
n = 0
while not select.select([sys.stdin], [], [], 0.0005)[0]:
    s.sendto(b"x" * 64, (sys.argv[1], int(sys.argv[2])))
    n += 1
print(n)
"""
# Two thousand in a second at most, like a flood.
SEND_NUMBERS = """
import json, os, random, socket, sys, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
choose = random.Random(int(sys.argv[4]))
sent = [choose.choice(json.loads(sys.argv[2])) for i in range(int(sys.argv[3]))]
for i, port in enumerate(sent):
    s.sendto(str(i).encode(), (sys.argv[1], port))
    time.sleep(0.0005)
print(json.dumps(sent))
"""
RECEIVE_NUMBERS = """
import json, select, socket, sys, time
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in json.loads(sys.argv[1])]
for s, port in zip(sockets, json.loads(sys.argv[1])):
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE: more than net.core.rmem_max, for a reader that is slow
    s.bind(("", port))
print("listens", flush=True)
came, last = [], None
while last is None or time.monotonic() - last < 0.3:
    for s in select.select(sockets + ([sys.stdin] if last is None else []), [], [], 0.1)[0]:
        if s is sys.stdin:
            last = time.monotonic()
            continue
        came.append(int(s.recv(65536)))
        last = time.monotonic() if last else None
print(json.dumps(came))
"""
