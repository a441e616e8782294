# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A product that is none: what answers a client of libemf-client is broken or hostile.

Without these, a service that somebody else runs at the path of a socket could end or hang
every program that connects to it.
"""
import array
import os
import socket
import struct
import subprocess
import threading

import bus_raw as raw
import tap
from bus_product import build
from bus_raw import Raw, frame, hello

PATIENCE = 30  # seconds; a call that is not answered takes five, EBUS_TIMEOUT_MS


def n_members():
    return sum(map(len, raw.members("echo")))


def bound(handle=0, err=0, provided=1, version=b"1.2", matches=None):
    matches = bytes(n_members()) if matches is None else matches
    return frame(raw.BOUND, struct.pack("=iI16s", err, provided, version) + matches, service=handle)


class Fake:
    """Listens, and does play(peer) with the one that comes."""

    def __init__(self, play):
        self.bus = os.path.join(tap.folder(), "bus.sock")
        self.play = play
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.settimeout(PATIENCE)
        self.listener.bind(self.bus)
        self.listener.listen(4)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            connection, _ = self.listener.accept()
            peer = Raw(connection)
            peer.socket.settimeout(PATIENCE)
            self.play(peer)
            connection.close()
        except OSError:
            pass  # the client has had enough

    def client(self, word):
        """What the client printed; it ends by itself, and by no signal."""
        try:
            done = tap.run(build().client, self.bus, word, timeout=PATIENCE)
        except subprocess.TimeoutExpired as why:
            raise AssertionError("the client hangs") from why
        self.thread.join(PATIENCE)
        tap.equal((done.returncode in (0, 1), done.stderr), (True, ""), f"whether it ended by itself, and said nothing ({done.returncode})")
        return done.stdout


def each(rows, word="number"):
    wrong = []
    for name, play, wanted in rows:
        try:
            tap.contains(Fake(play).client(word), wanted)
        except AssertionError as why:
            wrong.append(f"{name}: {why}")
    tap.equal(wrong, [], "what went wrong")


def says(*packets, then=None):
    """Reads the greeting, sends these, and then reads on or hangs up."""

    def play(peer):
        peer.next(raw.HELLO)
        for packet in packets:
            peer.send(packet)
        if then == "stay":
            peer.is_gone()

    return play


def binds(*packets, **kwargs):
    """Greets, and answers BIND by these."""

    def play(peer):
        peer.next(raw.HELLO)
        peer.send(hello())
        peer.next(raw.BIND)
        for packet in packets:
            peer.send(packet)
        if kwargs.get("stay", True):
            peer.is_gone()

    return play


def answers(*make, fds=()):
    """Binds, and answers each call by what make(call) returns."""

    def play(peer):
        peer.next(raw.HELLO)
        peer.send(hello())
        peer.next(raw.BIND)
        peer.send(bound())
        while True:
            asked = peer.next(raw.CALL)
            if not asked:
                return
            for one in make:
                packet = one(asked)
                if packet is None:
                    return
                peer.send(packet, fds=fds)

    return play


def test_a_greeting_that_is_none_is_told_and_one_that_never_comes_too():
    other = "speaks another protocol"
    each([
        ("zeroes", says(bytes(64), then="stay"), other),
        ("8 bytes", says(bytes(8), then="stay"), other),
        ("a frame too long", says(frame(raw.HELLO, bytes(96), size=500), then="stay"), other),
        ("another magic", says(hello(magic=1), then="stay"), other),
        ("another protocol", says(hello(protocol=9), then="stay"), other),
        ("short", says(frame(raw.HELLO, bytes(95)), then="stay"), other),
        ("name without an end", says(hello(name=b"x" * 64), then="stay"), other),
        ("name that moves the cursor", says(hello(name=b"\x1b[2J"), then="stay"), other),
        ("two", says(hello() + hello(), then="stay"), ": "),
        ("a call before it", says(raw.number(), then="stay"), other),
        ("hangs up", says(), "hung up without an answer"),
        ("hangs up at once", lambda peer: None, "hung up without an answer"),
        ("says nothing", says(then="stay"), "does not answer"),
    ])


def test_an_answer_to_binding_that_makes_no_sense_is_an_error():
    gone = "use: "
    each([
        ("nothing", binds(frame(raw.BOUND)), gone),
        ("short", binds(bound(matches=bytes(n_members() - 1))), gone),
        ("long", binds(bound(matches=bytes(n_members() + 1))), gone),
        ("very long", binds(bound(matches=bytes(20000))), gone),
        ("another handle", binds(bound(handle=1)), gone),
        ("a handle out of range", binds(bound(handle=64)), gone),
        ("version without an end", binds(bound(version=b"1" * 16)), gone),
        ("version that moves the cursor", binds(bound(err=-71, version=b"\x1b[2J")), gone),
        ("an error above 0", binds(bound(err=5, matches=b"")), gone),
        ("an error that is none", binds(bound(err=-2147483648, matches=b"")), gone),
        ("not known", binds(bound(err=-2, matches=b"")), "there is no service echo"),
        ("another major version", binds(bound(err=-71, version=b"7.0", matches=b"")), "is at version 7.0 there and at 1.2 here"),
        ("twice", binds(bound() + bound()), ": "),
        ("hangs up", binds(stay=False), gone),
        ("never", binds(), "Connection timed out"),
        ("changed before it", binds(frame(raw.CHANGED, member=1)), gone),
        ("a signal before it", binds(frame(raw.SIGNAL, bytes(12))), gone),
    ])


def test_members_that_are_said_to_differ_are_refused_here():
    each([
        ("broken", binds(bound(matches=b"\3" + bytes(n_members() - 1))), "number: Protocol error"),
        ("absent", binds(bound(matches=b"\2" + bytes(n_members() - 1))), "number: Operation not supported"),
        ("not provided", binds(bound(provided=0)), "number: Transport endpoint is not connected"),
        ("taken away", binds(bound() + frame(raw.CHANGED)), "number: Transport endpoint is not connected"),
    ])


def reply(payload, **kwargs):
    return lambda asked: frame(raw.REPLY, payload, serial=asked.serial, **kwargs)


def fail(err, error=-1, payload=b""):
    return lambda asked: frame(raw.FAIL, struct.pack("=ii", err, error) + payload, serial=asked.serial)


def test_answers_that_make_no_sense_are_errors_of_the_call():
    each([
        ("no payload", answers(reply(b"")), "number: Bad message"),
        ("short", answers(reply(bytes(7))), "number: Bad message"),
        ("long", answers(reply(bytes(9))), "number: Bad message"),
        ("another value", answers(reply(b"\xff" * 8)), "number: Bad message"),
        ("an error above 0", answers(fail(5)), "number: Protocol error"),
        ("no error", answers(fail(0)), "number: Protocol error"),
        ("an error beyond all", answers(fail(-5000)), "number: Protocol error"),
        ("the smallest one", answers(fail(-2147483648)), "number: Protocol error"),
        ("that it comes later", answers(fail(-115)), "number: Protocol error"),
        ("a typed error that is not there", answers(fail(-121, 1)), "number: Remote I/O error"),
        ("a typed error below 0", answers(fail(-121, -7)), "number: Remote I/O error"),
        ("a typed error that is long", answers(fail(-121, 0, bytes(2000))), "number: Remote I/O error"),
        ("a failure cut short", answers(lambda asked: frame(raw.FAIL, bytes(4), serial=asked.serial)), "number: "),
        ("an answer to 0", answers(lambda asked: frame(raw.REPLY, bytes(8))), "number: "),
        ("an answer to another call", answers(lambda asked: frame(raw.REPLY, bytes(8), serial=asked.serial ^ 0x80000000),
                                              lambda asked: None), "number: Transport endpoint is not connected"),
        ("a large one without a file", answers(reply(bytes(8), flags=raw.LARGE)), "number: "),
        ("hangs up", answers(lambda asked: None), "number: Transport endpoint is not connected"),
        ("zeroes", answers(lambda asked: bytes(100)), "number: "),
        ("a call of what is not provided", answers(lambda asked: raw.number()), "number: "),
        ("never", answers(lambda asked: frame(raw.CANCEL)), "number: Connection timed out"),
    ])


def test_a_typed_error_that_nobody_knows_is_not_the_one_of_the_call_before():
    def other(asked):
        first = not seen
        seen.append(asked)
        return fail(-121, 0, struct.pack("=I", 5))(asked) if first else fail(-121, -1)(asked)

    seen = []
    tap.equal(Fake(answers(other)).client("error"), "error 1 5\nerror 1 0\n", "what the client printed")


def test_an_answer_that_comes_twice_finds_nobody():
    def twice(asked):
        n = struct.unpack("=Q", asked.payload[:8])[0]
        return 3 * frame(raw.REPLY, struct.pack("=Q", n), serial=asked.serial)

    tap.equal(Fake(answers(twice)).client("number"), "number 1\n", "what the client printed")
    tap.equal(Fake(answers(twice)).client("pipelined"), "pipelined 1000 1000\ndeferred 1000 1000\n", "what the client printed")


def test_descriptors_in_answers_that_are_wrong_are_an_error():
    null = array.array("i", [os.open("/dev/null", os.O_RDONLY)])
    tap.cleanup(os.close, null[0])
    both = struct.pack("=ii", 0, -1)
    each([
        ("none", answers(reply(both)), "file: Bad message"),
        ("one of two", answers(reply(bytes(8), n_fds=1), fds=null), "file: Bad message"),
        ("more than it says", answers(reply(both), fds=null), "file: "),
        ("fewer than it says", answers(reply(both, n_fds=2), fds=null), "file: "),
    ], "file")


if __name__ == "__main__":
    tap.main()
