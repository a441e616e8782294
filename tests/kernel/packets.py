# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Packets, byte by byte; and a service of network modules. What the tests of these modules share."""
import ipaddress
import json
import os
import struct

import scratch
import tap
from tool import Tool, until

# Where the same module can run, by the option that says on which interface.
HOOKS = ("iface", "tc-iface")
TCP, UDP = 6, 17


def tag(number, inside, kind=0x8100):
    return struct.pack("!HH", kind, number) + inside


def ip4(payload, proto=UDP, source="10.9.0.2", fragment=0, options=b"", head=None):
    """With its type before it; the checksum is right."""
    length = 20 + len(options)
    first = head if head is not None else 0x40 | length // 4
    text = struct.pack("!BBHHHBBH4s4s", first, 0, length + len(payload), 1, fragment, 64, proto, 0, ipaddress.ip_address(source).packed,
                       ipaddress.ip_address("10.9.0.1").packed) + options
    return struct.pack("!H", 0x0800) + text[:10] + struct.pack("!H", checksum(text)) + text[12:] + payload


def ip6(payload, following=UDP, source="fd09::2"):
    return struct.pack("!HIHBB16s16s", 0x86dd, 6 << 28, len(payload), following, 64, ipaddress.ip_address(source).packed,
                       ipaddress.ip_address("fd09::1").packed) + payload


def udp(port, size=20, sport=4000):
    """No checksum, which IPv4 allows."""
    return struct.pack("!HHHH", sport, port, 8 + size, 0) + b"x" * size


def tcp(port, sport=4000):
    return struct.pack("!HHIIHHHH", sport, port, 1, 0, 5 << 12 | 2, 1024, 0, 0)


def checksum(text):
    total = sum(struct.unpack(f"!{len(text) // 2}H", text))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def start(pair, hook, *words):
    """`emf run WORDS` in namespace a, when it hangs on its interface."""
    return Tool("run", *words, f"--{hook}", "va", within=pair.within(pair.a)).ready(pair.has_filter)


class Service:
    """`emf serve MODULES` in namespace a, and what a shell asks it."""

    def __init__(self, pair, *modules, options=(), hook="iface"):
        folder = tap.folder()
        self.env = {"EMF_BUS": os.path.join(folder, "bus.sock")}
        chain = {"iface": "ingress", "tc-iface": "ingress_tc"}[hook]
        config = os.path.join(folder, "emf.conf")
        scratch.write(config, f"[{chain}]\n{hook} = va\n")
        self.tool = Tool("serve", *modules, *options, "--config", config, within=pair.within(pair.a), env=self.env)
        until(lambda: self.hangs() or self.tool.process.poll() is not None, "the service to answer, and its chain to hang")

    def hangs(self):
        done = self.shell("chain", "list", "-j")
        return done.returncode == 0 and [row for row in json.loads(done.stdout) if row["generation"]]

    def shell(self, *words):
        return tap.run(tap.PRODUCT, *words, env=dict(os.environ, **self.env))

    def call(self, *words):
        done = self.shell("call", *words, "-j")
        tap.equal((done.returncode, done.stderr), (0, ""), f"call {' '.join(words)}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def refuses(self, *words):
        done = self.shell("call", *words, "-j")
        tap.equal(done.returncode, 1, f"exit status of call {' '.join(words)} ({done.stdout})")
        return done.stderr

    def listen(self, *words):
        """A listener that has begun to listen."""
        listener = tap.start(tap.PRODUCT, "listen", *words, "-j", env=dict(os.environ, **self.env))
        until(lambda: self.call("bus", "subscriptions")["rows"] or listener.poll() is not None, "the listener to begin")
        return listener

    def stop(self):
        tap.equal(self.tool.stop(), 0, f"exit status of the service ({self.tool.err})")
