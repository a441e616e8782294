# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The wire of the bus by hand, as core/bus_wire.h has it: a peer that can send what no library would."""
import array
import collections
import contextlib
import fcntl
import functools
import os
import socket
import struct
import subprocess
import time

import tap
from bus_product import build

HELLO, BIND, BOUND, CHANGED, CALL, REPLY, FAIL, CANCEL, SUBSCRIBE, UNSUBSCRIBE, SIGNAL, LOST, OFFER, RING, RANG, READ, RING_END, MISSED, FDS = range(1, 20)
LARGE = 1
MAGIC, PROTOCOL = 0x73756265, 2
PACKET_MAX = 32768
SEALS = 2 | 4 | 8  # F_SEAL_SHRINK, GROW, WRITE, linux/fcntl.h
ADD_SEALS = 1033  # F_ADD_SEALS


def frame(kind, payload=b"", serial=0, service=0, member=0, n_fds=0, flags=0, size=None):
    size = 16 + len(payload) if size is None else size
    return struct.pack("=IHBBIHH", size, kind, n_fds, flags, serial, service, member) + payload + bytes(-len(payload) % 8)


def hello(magic=MAGIC, protocol=PROTOCOL, name=b"raw", version=b"1.0"):
    return frame(HELLO, struct.pack("=IIII64s16s", magic, protocol, os.getpid(), 0, name, version))


@functools.cache
def bind_bytes(service):
    """What follows the frame of BIND, for a service as it is."""
    return subprocess.run([build().bind, service], stdout=subprocess.PIPE, check=True).stdout


@functools.cache
def members(service):
    """Names of its methods, and of its signals."""
    payload = bind_bytes(service)
    counts = struct.unpack_from("=HHH", payload, 88)
    names, at = [], 96
    for _ in range(sum(counts)):
        name, n_in, n_out = struct.unpack_from("=64sHH", payload, at)
        names.append(name.rstrip(b"\0").decode())
        at += 72 + 8 * (n_in + n_out)
    return names[:counts[0]], names[counts[0]:counts[0] + counts[1]]


def __getattr__(name):
    """raw.NUMBER is the number of the method or signal number of the service echo."""
    for names in members("echo") if name.isupper() else ():
        if name.lower() in names:
            return names.index(name.lower())
    raise AttributeError(name)


def bind(payload=None, handle=0):
    return frame(BIND, bind_bytes("echo") if payload is None else payload, service=handle)


def wish(max_messages=0, max_bytes=0, overflow=0, block_ms=0, flags=0):
    return struct.pack("=IIIIII", max_messages, max_bytes, overflow, block_ms, flags, 0)


def subscribe(member=0, handle=0, **kwargs):
    return frame(SUBSCRIBE, wish(**kwargs), service=handle, member=member)


def call(method, payload=b"", serial=1, handle=0, **kwargs):
    return frame(CALL, payload, serial, handle, method, **kwargs)


def number(n=7, after_ms=0, most=0, serial=1, handle=0, **kwargs):
    return call(members("echo")[0].index("number"), struct.pack("=QII", n, after_ms, most), serial, handle, **kwargs)


def text(s=b"hello", kind=0, loud=0):
    return s.ljust(16, b"\0") + bytes([kind, loud, 0, 0])


def memfd(content, seals=SEALS, size=None):
    fd = os.memfd_create("raw", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    if size is not None:
        os.ftruncate(fd, size)
    fcntl.fcntl(fd, ADD_SEALS, seals)
    tap.cleanup(os.close, fd)
    return fd


class Frame:
    def __init__(self, head, payload, fds):
        self.size, self.kind, self.n_fds, self.flags, self.serial, self.service, self.member = head
        self.payload, self.fds = payload, fds

    @property
    def err(self):
        """Of a FAIL or a BOUND, the positive errno; 0 for a REPLY."""
        return -struct.unpack("=i", self.payload[:4])[0] if self.kind in (FAIL, BOUND) else 0


def take_apart(packet, fds=()):
    frames, at, fds = [], 0, list(fds)
    while at < len(packet):
        head = struct.unpack_from("=IHBBIHH", packet, at)
        frames.append(Frame(head, packet[at + 16:at + head[0]], fds[:head[2]]))
        del fds[:head[2]]
        at += (head[0] + 7) & ~7
    return frames


def connected(bus):
    """A socket that waits for its turn, as a client's does: with settimeout() of Python it would not block,
    and be refused with EAGAIN whenever the listener's queue is full."""
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tap.cleanup(one.close)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", tap.PATIENCE, 0))
    one.connect(bus)
    return one


class Raw:
    """One end of a connection."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(tap.PATIENCE)
        self.waiting = collections.deque()
        tap.cleanup(self.close)

    def close(self):
        self.socket.close()

    def send(self, *frames, fds=(), announced=True):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        if fds and announced:
            self.socket.send(frame(FDS))
        self.socket.sendmsg([b"".join(frames)], control)

    def packet(self):
        """Frames of the next packet; none when the other side has hung up."""
        try:
            packet, control, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(4 * 253))
        except (ConnectionResetError, BrokenPipeError):
            return []
        fds = array.array("i")
        for level, kind, content in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(content)
        for fd in fds:
            tap.cleanup(os.close, fd)
        frames = take_apart(packet, fds)
        return self.packet() if [f.kind for f in frames] == [FDS] else frames

    def collect(self, size, pause=0):
        """Packets of so many bytes, or until none comes for a while, so many seconds apart; next() looks at them."""
        packets = []
        self.socket.settimeout(1)
        try:
            while size > 0:
                time.sleep(pause)
                packets.append(self.socket.recv(65536))
                size -= len(packets[-1]) or size
        except TimeoutError:
            pass
        self.socket.settimeout(tap.PATIENCE)
        for packet in packets:
            self.waiting.extend(take_apart(packet))

    def all_that_came(self):
        """Frames that are there, and those of the next moment."""
        self.socket.settimeout(0.2)
        try:
            while packet := self.packet():
                self.waiting.extend(packet)
        except TimeoutError:
            pass
        self.socket.settimeout(tap.PATIENCE)
        found, self.waiting = list(self.waiting), collections.deque()
        return found

    def next(self, *kinds):
        """The next frame of these kinds, or None at the end; others are passed over."""
        while True:
            while self.waiting:
                one = self.waiting.popleft()
                if not kinds or one.kind in kinds:
                    return one
            self.waiting.extend(self.packet())
            if not self.waiting:
                return None

    def is_gone(self):
        """Whether the other side hangs up; what it says before is passed over."""
        return self.next(-1) is None


class Peer(Raw):
    """A client that has greeted, and has bound to echo."""

    def __init__(self, bus, greet=True, bound=True):
        super().__init__(connected(bus))
        self.bus = bus
        if greet:
            self.send(hello())
            tap.equal(self.next().kind, HELLO, "the answer to the greeting")
        if greet and bound:
            self.send(bind())
            tap.equal(self.next(BOUND).err, 0, "what became of binding")

    def answer(self, *frames, fds=()):
        """Errno of the answer to the call in these frames; None when the connection ends."""
        self.send(*frames, fds=fds)
        got = self.next(REPLY, FAIL)
        return got and got.err


@contextlib.contextmanager
def nobody():
    """Who connects inside is user 65534, in no group."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
