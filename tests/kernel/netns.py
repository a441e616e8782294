"""Two network namespaces with a pair of interfaces between them, for one test."""
import json
import os
import subprocess
import sys

import tap


class Pair:
    """`a` has interface va with 10.9.0.1, `b` has vb with 10.9.0.2. They go when the test ends."""

    made = 0

    def __init__(self):
        tap.need_root()
        Pair.made += 1
        self.a, self.b = (f"emf-test-{os.getpid()}-{Pair.made}{end}" for end in "ab")
        for name in (self.a, self.b):
            self._ip("netns", "add", name)
            tap.cleanup(tap.run, "ip", "netns", "del", name)
        self._ip("link", "add", "va", "netns", self.a, "type", "veth", "peer", "name", "vb", "netns", self.b)
        for name, link, address in ((self.a, "va", "10.9.0.1/24"), (self.b, "vb", "10.9.0.2/24")):
            # No neighbour discovery and the like: what is counted is what the test sends.
            tap.run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            self._ip("-n", name, "addr", "add", address, "dev", link)
            self._ip("-n", name, "link", "set", link, "up")
            self._ip("-n", name, "link", "set", "lo", "up")
        self._ip("-n", self.a, "neigh", "add", "10.9.0.2", "lladdr", self._mac(self.b, "vb"), "dev", "va", "nud", "permanent")
        self._ip("-n", self.b, "neigh", "add", "10.9.0.1", "lladdr", self._mac(self.a, "va"), "dev", "vb", "nud", "permanent")

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
        receiver = subprocess.Popen([*self.within(there), *(receiver or [sys.executable, "-c", RECEIVE, str(port)])],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        tap.equal(receiver.stdout.readline(), "listens\n", "what the receiver says")
        sent = tap.run(*self.within(here), sys.executable, "-c", SEND, address, str(port), str(n), str(size))
        tap.equal((sent.returncode, sent.stderr), (0, ""), "sending")
        out, _ = receiver.communicate("end\n", timeout=20)
        return int(out)


    def flood(self, port):
        """Packets from b to a as fast as one process sends them, until it is told to end."""
        return Flood(self, port)


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
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
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
SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[3])):
    s.sendto(b"x" * int(sys.argv[4]), (sys.argv[1], int(sys.argv[2])))
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
