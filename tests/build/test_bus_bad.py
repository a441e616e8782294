# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Peers that are broken or hostile: each is told so or disconnected, and everybody else is served.

Without these, whoever may connect could end the product, have it close its own files, or
fill its memory and its log.
"""
import errno
import os
import signal
import socket
import struct
import subprocess
import time

import bus_raw as raw
import tap
from bus_product import Service, build, client_run, rules, until
from bus_raw import Peer, bind, bind_bytes, call, frame, hello, memfd, nobody, number, text

LINES_OF_STARTING, LINES_IN_TEN_SECONDS = 20, 21  # of the log, whatever a peer does: TELL_MAX of server_peer.c, and how many more
SANITIZED = "sanitizers" in os.environ.get("EMF_CONFIGURE", "")
GROWTH_MAX = (160 if SANITIZED else 12) << 20  # bytes; a sanitizer keeps what was freed


def served(service):
    """A peer that does all right gets its answer."""
    peer = Peer(service.bus)
    got = peer.answer(number(serial=5))
    peer.close()
    tap.equal(got, 0, "what another peer was answered")


def unharmed(service, before):
    served(service)
    until(lambda: service.files() <= before, f"no more than {before} files to be open")


def ended(service):
    lines = len(service.err.splitlines())
    most = LINES_OF_STARTING + LINES_IN_TEN_SECONDS * (1 + int((time.monotonic() - service.since) / 10))
    tap.equal(service.stop(), 0, f"exit status of the service ({service.err[-4000:]})")
    tap.equal(lines <= most, True, f"whether the log is short ({lines} lines, and at most {most})")


def each(rows, check):
    """check(service, row) for each; what is wrong in any, together."""
    tap.need_root()
    service = Service()
    before = service.files()
    wrong = []
    for name, *row in rows:
        try:
            check(service, *row)
            unharmed(service, before)
        except (AssertionError, OSError, AttributeError) as why:
            wrong.append(f"{name}: {why!r}")
        if service.process.poll() is not None:
            wrong.append(f"{name}: the service ended with {service.process.returncode}")
            break
    tap.equal(wrong, [], f"what went wrong; the log: {service.err[-3000:]}")
    ended(service)


def hangs_up(service, packet, fds=(), **kwargs):
    peer = Peer(service.bus, **kwargs)
    peer.send(packet, fds=fds() if callable(fds) else fds)
    tap.equal(peer.is_gone(), True, "whether it was disconnected")
    peer.close()


def test_packets_that_are_no_frames_end_the_connection():
    head = frame(raw.CANCEL)
    each([
        ("8 bytes", head[:8]),
        ("15 bytes", head[:15]),
        ("none", b""),
        ("zeroes", bytes(64)),
        ("many zeroes", bytes(32768)),
        ("beyond a packet", frame(raw.CANCEL, bytes(32768))),
        ("far beyond a packet", frame(raw.CANCEL, bytes(60000))),
        ("bytes behind the last frame", head + bytes(8)),
        *[(f"size {n}", frame(raw.CANCEL, bytes(16), size=n)) for n in (0, 1, 15, 33, 4096, 0x7fffffff, 0xfffffff8, 0xffffffff)],
        ("the second one lies", head + frame(raw.CANCEL, size=17)),
        *[(f"kind {n}", frame(n)) for n in (0, 14, 255, 0xffff)],
    ], hangs_up)


def test_a_greeting_is_first_and_once_and_right():
    def before_greeting(service, packet):
        hangs_up(service, packet, greet=False)

    each([(f"kind {n} before", frame(n, bytes(128))) for n in (0, *range(2, 15))] + [
        ("magic", hello(magic=1)),
        ("protocol 0", hello(protocol=0)),
        ("the next protocol", hello(protocol=raw.PROTOCOL + 1)),
        ("short", frame(raw.HELLO, bytes(95))),
        ("long", frame(raw.HELLO, bytes(97))),
        ("name without an end", hello(name=b"n" * 64)),
        ("version without an end", hello(version=b"1" * 16)),
        ("name of two lines", hello(name=b"me\nemf: warning: all is lost")),
        ("name that moves the cursor", hello(name=b"\x1b[2J")),
        ("twice", hello() + hello()),
        ("a call behind it that nothing is bound to", hello() + number()),
    ], before_greeting)


def edited(at, new, of=None):
    payload = bind_bytes("echo") if of is None else of
    return payload[:at] + new + payload[at + len(new):]


COUNTS = 88  # in struct ebus_bind: n_methods, n_signals, n_errors
FIRST = 96  # struct ebus_bind_member


def test_binding_with_what_makes_no_sense_ends_the_connection():
    whole = bind_bytes("echo")
    lies = [(f"{n} {what}", bind(edited(COUNTS + 2 * i, struct.pack("=H", n)), 1))
            for i, what in enumerate(("methods", "signals", "errors")) for n in (0, 100, 257, 0xffff)]
    each([
        *lies,
        ("nothing", bind(b"", 1)),
        ("a part of the head", bind(whole[:95], 1)),
        ("the head", bind(whole[:96], 1)),
        ("a part of a leaf", bind(whole[:-1], 1)),
        ("more than all", bind(whole + bytes(8), 1)),
        ("name without an end", bind(edited(0, b"e" * 64), 1)),
        ("version without an end", bind(edited(64, b"1" * 16), 1)),
        ("member without an end", bind(edited(FIRST, b"m" * 64), 1)),
        ("more leaves than there are", bind(edited(FIRST + 64, b"\xff\xff\xff\xff"), 1)),
        ("a handle out of range", bind(whole, 64)),
        ("the last handle there could be", bind(whole, 0xffff)),
        ("a taken handle", bind(whole, 0)),
    ], hangs_up)


def test_binding_to_what_does_not_match_is_answered():
    def answered(service, packet, err):
        peer = Peer(service.bus)
        peer.send(packet)
        tap.equal(peer.next(raw.BOUND).err, err, "errno")
        tap.equal(peer.answer(number()), 0, "a call of the other binding")
        peer.close()

    each([
        ("unknown service", bind(edited(0, b"nothing\0"), 1), errno.ENOENT),
        ("no name", bind(edited(0, b"\0"), 1), errno.ENOENT),
        ("another major version", bind(edited(64, b"2.0\0"), 1), errno.EPROTO),
        ("no version", bind(edited(64, b"\0"), 1), errno.EPROTO),
        ("another minor version", bind(edited(64, b"1.99\0"), 1), 0),
        ("the service of nobody", bind(bind_bytes("guest"), 63), 0),
    ], answered)


def test_a_member_that_differs_is_refused_and_the_others_work():
    tap.need_root()
    service = Service()
    peer = Peer(service.bus)
    # The leaves of number() are behind its struct ebus_bind_member.
    peer.send(bind(edited(FIRST + 72, bytes(24)), 1))
    tap.equal(peer.next(raw.BOUND).payload[24], 3, "EBUS_BROKEN")
    tap.equal(peer.answer(number(handle=1)), errno.EPROTO, "the broken one")
    tap.equal(peer.answer(call(raw.CANCELLED, handle=1, serial=2)), 0, "another one")
    peer.send(bind(edited(FIRST, b"numbers\0"), 2))
    tap.equal(peer.next(raw.BOUND).payload[24], 2, "EBUS_ABSENT")
    tap.equal(peer.answer(number(handle=2)), errno.EOPNOTSUPP, "one that is not there")
    peer.close()
    ended(service)


def test_members_and_handles_out_of_range_and_frames_nobody_asked_for_end_the_connection():
    wish = raw.wish()
    methods, signals = (len(names) for names in raw.members("echo"))
    each([
        *[(f"call of member {n}", call(n)) for n in (methods, 255, 256, 0xffff)],
        *[(f"call of handle {n}", number(handle=n)) for n in (1, 63, 64, 0xffff)],
        *[(f"subscribe to member {n}", frame(raw.SUBSCRIBE, wish, member=n)) for n in (signals, 256, 0xffff)],
        *[(f"subscribe to handle {n}", frame(raw.SUBSCRIBE, wish, service=n)) for n in (1, 64, 0xffff)],
        ("unsubscribe from handle 1", frame(raw.UNSUBSCRIBE, service=1)),
        ("a wish that is short", frame(raw.SUBSCRIBE, bytes(23))),
        ("a wish that is long", frame(raw.SUBSCRIBE, bytes(25))),
        ("a wish for what there is not", raw.subscribe(flags=2)),
        ("rings where none are taken", frame(raw.RING, bytes(24))),
        ("word from a ring that there is not", frame(raw.RANG)),
        ("the end of a ring that there is not", frame(raw.RING_END, bytes(8))),
        ("reading that is short", frame(raw.READ, bytes(7))),
        ("missing that is long", frame(raw.MISSED, bytes(9))),
        ("missing of handle 1", frame(raw.MISSED, bytes(8), service=1)),
        ("a wish out of range", raw.subscribe(overflow=4)),
        ("subscribe twice", 2 * frame(raw.SUBSCRIBE, wish)),
        ("an answer to no call", frame(raw.REPLY)),
        ("a short failure", frame(raw.FAIL, bytes(4), serial=1)),
        ("a refusal of no subscription", frame(raw.FAIL, bytes(8))),
        ("bound to nothing", frame(raw.BOUND, bytes(24))),
        ("changed", frame(raw.CHANGED, member=1)),
        ("a signal", frame(raw.SIGNAL, bytes(12))),
        ("lost", frame(raw.LOST, bytes(8))),
        ("a short offer", frame(raw.OFFER, bytes(79))),
        ("an offer of two lines", frame(raw.OFFER, b"a\nb".ljust(80, b"\0"))),
    ], hangs_up)


def test_what_crosses_on_its_way_is_no_mistake():
    def goes_on(service, packet):
        peer = Peer(service.bus)
        tap.equal(peer.answer(packet, number()), 0, "the call behind it")
        peer.close()

    each([
        ("cancel of nothing", frame(raw.CANCEL, serial=99)),
        ("cancel of 0", frame(raw.CANCEL)),
        ("an answer to a call that is over", frame(raw.REPLY, bytes(8), serial=99)),
        ("a failure of one", frame(raw.FAIL, bytes(8), serial=0xffffffff)),
        ("unsubscribe from what is not heard", frame(raw.UNSUBSCRIBE, member=1)),
        ("the offer of a service that nobody knows", frame(raw.OFFER, b"nothing".ljust(80, b"\0"))),
    ], goes_on)


def answered(service, packet, err, fds=()):
    peer = Peer(service.bus)
    tap.equal(peer.answer(packet, fds=fds() if callable(fds) else fds), err, "errno of the answer")
    tap.equal(peer.answer(number(serial=2)), 0, "the next call")
    peer.close()


def test_wrong_values_are_refused_and_the_connection_stays():
    arguments = struct.pack("=QII", 1, 0, 0)
    each([
        ("no payload", call(raw.NUMBER), errno.EBADMSG),
        ("too short", call(raw.NUMBER, arguments[:-1]), errno.EBADMSG),
        ("too long", call(raw.NUMBER, arguments + b"\0"), errno.EBADMSG),
        ("payload for none", call(raw.CANCELLED, b"\0"), errno.EBADMSG),
        ("boolean of 7", call(raw.TEXT, text(loud=7)), errno.EINVAL),
        ("enum out of range", call(raw.TEXT, text(kind=2)), errno.EINVAL),
        ("enum of 255", call(raw.TEXT, text(kind=255)), errno.EINVAL),
        ("string without an end", call(raw.TEXT, text(s=b"s" * 16)), errno.EINVAL),
        ("array without its count", call(raw.BYTES, bytes(3)), errno.EBADMSG),
        ("count beyond what is there", call(raw.BYTES, struct.pack("=I", 9) + bytes(8)), errno.EBADMSG),
        ("count below what is there", call(raw.BYTES, struct.pack("=I", 7) + bytes(8)), errno.EBADMSG),
        ("count beyond the bound", call(raw.BYTES, struct.pack("=I", 1048577) + bytes(8)), errno.EBADMSG),
        ("count that wraps", call(raw.BYTES, struct.pack("=I", 0xffffffff) + bytes(8)), errno.EBADMSG),
    ], answered)


def test_descriptors_that_do_not_belong_are_closed_and_those_that_lack_are_told():
    null = os.open("/dev/null", os.O_WRONLY)
    tap.cleanup(os.close, null)
    refer = struct.pack("=i", 0)
    each([
        ("one where none belongs", number(n_fds=1), 0, [null]),
        ("16 where none belong", number(n_fds=16), 0, 16 * [null]),
        ("three where one belongs", call(raw.FILE, refer, n_fds=3), 0, 3 * [null]),
        ("none where one belongs", call(raw.FILE, refer), errno.EBADMSG),
        ("one with a payload that is short", call(raw.FILE, b"", n_fds=1), errno.EBADMSG, [null]),
        ("one beside a wrong value", call(raw.TAGGED, refer + b"\7\0\0\0", n_fds=1), errno.EINVAL, [null]),
        ("none, on purpose", call(raw.TAGGED, struct.pack("=i", -1) + bytes(4)), errno.EBADF),
    ], answered)


def test_numbers_of_descriptors_that_a_peer_writes_close_nothing_of_the_product():
    tap.need_root()
    service = Service()
    peer = Peer(service.bus)
    before = service.files()
    for n in range(3, 40):
        tap.equal(peer.answer(call(raw.TAGGED, struct.pack("=i", n) + b"\7\0\0\0")), errno.EINVAL, "errno of the answer")
        tap.equal(peer.answer(call(raw.TAGGED, struct.pack("=i", n))), errno.EBADMSG, "errno of the answer")
    tap.equal(service.files(), before, "open files")
    served(service)
    ended(service)


def test_descriptors_that_come_unannounced_get_nowhere():
    tap.need_root()
    service = Service()
    null = os.open("/dev/null", os.O_RDONLY)
    tap.cleanup(os.close, null)
    before = service.files()
    peer = raw.Peer(service.bus)
    peer.send(number(), fds=8 * [null], announced=False)
    tap.equal(peer.next(raw.REPLY, raw.FAIL).err, 0, "a call that says nothing of them")
    peer.send(number(n_fds=1), fds=[null], announced=False)
    tap.equal(peer.is_gone(), True, "whether one that says it has one ends the connection")
    second = raw.Peer(service.bus)
    second.send(frame(raw.FDS))
    tap.equal(second.answer(number()), 0, "a call in the place of what was announced")
    second.close()
    until(lambda: service.files() <= before, "all descriptors to be closed")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_too_many_descriptors_end_the_connection_and_are_closed():
    null = os.open("/dev/null", os.O_WRONLY)
    tap.cleanup(os.close, null)
    each([
        ("more than a frame may have", number(n_fds=17), 17 * [null]),
        ("more than the frames say", number(), [null]),
        ("fewer than the frame says", number(n_fds=2), [null]),
        ("none of them", number(n_fds=1)),
        ("255 of none", number(n_fds=255)),
        ("as many as a packet may have, of no frame", number(), 64 * [null]),
        ("one more", number(), 65 * [null]),
        ("as many as can be", number(), 253 * [null]),
        ("with an empty packet", b"", [null]),
        ("with a broken one", bytes(5), [null]),
    ], hangs_up)


def large(size, n_fds=1):
    return call(raw.BYTES, struct.pack("=Q", size), n_fds=n_fds, flags=raw.LARGE)


def some_file(size):
    path = os.path.join(tap.folder(), "file")
    with open(path, "wb") as f:
        f.write(bytes(size))
    fd = os.open(path, os.O_RDWR)
    tap.cleanup(os.close, fd)
    return fd


def test_large_payloads_come_in_sealed_memfds_of_their_size_or_not_at_all():
    size = 100000
    content = struct.pack("=I", size - 4) + bytes(range(1, 251)) * 400
    good = content[:size]
    socketpair = socket.socketpair()
    each([
        ("no descriptor", large(size, 0)),
        *[(f"sealed by {seals} only", large(size), lambda seals=seals: [memfd(good, seals)]) for seals in (0, 2, 4, 8, 6, 10, 12)],
        ("smaller than said", large(size + 1), lambda: [memfd(good)]),
        ("larger than said", large(size - 1), lambda: [memfd(good)]),
        ("nothing", large(0), lambda: [memfd(b"")]),
        ("beyond what there can be", large(1 << 25), lambda: [memfd(good, size=1 << 25)]),
        ("of any size", large((1 << 64) - 1), lambda: [memfd(good)]),
        ("a hole", large(size), lambda: [memfd(good[:100], size=size)]),
        ("a file", large(size), lambda: [some_file(size)]),
        ("a folder", large(4096), lambda: [os.open("/", os.O_RDONLY)]),
        ("a socket", large(size), [socketpair[0].fileno()]),
        ("no size", call(raw.BYTES, b"", n_fds=1, flags=raw.LARGE), lambda: [memfd(good)]),
    ], hangs_up)
    each([
        ("as it should be", large(size), 0, lambda: [memfd(good)]),
        ("a lie inside", large(size), errno.EBADMSG, lambda: [memfd(struct.pack("=I", 7) + good[4:])]),
    ], answered)


# --- those that take and do not give, or the other way round

def memory(service):
    with open(f"/proc/{service.process.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))


def flood(peer, packet, most):
    """Sends it until the socket takes no more, or the other side hangs up."""
    peer.socket.settimeout(0.3)
    for i in range(most):
        try:
            peer.send(packet)
        except (TimeoutError, BrokenPipeError, ConnectionResetError, BlockingIOError):
            return i
    return most


def test_a_peer_that_never_reads_does_not_grow_the_product_and_others_are_served():
    tap.need_root()
    service = Service()
    files, before = service.files(), memory(service)
    peer = Peer(service.bus)
    for handle in range(1, 64):
        peer.send(bind(handle=handle), raw.subscribe(raw.HEARD, handle))
        tap.equal(peer.next(raw.BOUND).err, 0, "what became of binding")
    shout = call(raw.SHOUT, struct.pack("=II", 2000, 4000))
    payload = call(raw.BYTES, struct.pack("=I", 30000) + bytes(30000))
    flood(peer, shout, 5)
    served(service)
    flood(peer, payload, 2000)
    served(service)
    grown = memory(service) - before
    tap.equal(grown <= GROWTH_MAX, True, f"whether it grew little ({grown} bytes)")
    peer.close()
    unharmed(service, files)
    ended(service)


def test_a_slow_subscriber_hears_all_that_waits_once_it_reads():
    tap.need_root()
    service = Service()
    peer, other = Peer(service.bus), Peer(service.bus)
    peer.send(raw.subscribe())
    tap.equal(peer.answer(number(serial=3)), 0, "a call behind it")
    times = 10000
    tap.equal(other.answer(call(raw.SHOUT, struct.pack("=II", times, 1000))), 0, "who has signals sent")
    heard = lost = 0
    while heard + lost < times:
        one = peer.next(raw.SIGNAL, raw.LOST)
        heard += one.kind == raw.SIGNAL
        lost = struct.unpack("=Q", one.payload)[0] if one.kind == raw.LOST else lost
    tap.equal(heard + lost, times, "heard and lost")
    ended(service)


def test_large_answers_that_are_not_read_are_bounded_and_the_rest_refused():
    tap.need_root()
    service = Service()
    peer = Peer(service.bus)
    size = 1 << 20
    content = memfd(struct.pack("=I", size) + b"x" * size)
    for serial in range(1, 101):
        peer.send(call(raw.BYTES, struct.pack("=Q", size + 4), serial, n_fds=1, flags=raw.LARGE), fds=[content])
        served(service)
    errs = [peer.next(raw.REPLY, raw.FAIL).err for _ in range(100)]
    tap.equal((errs.count(0), errs.count(errno.EBUSY)), (63, 37), "answers, and refusals")
    tap.equal(peer.answer(call(raw.BYTES, struct.pack("=Q", size + 4), n_fds=1, flags=raw.LARGE), fds=[content]), 0, "once it has read")
    peer.close()
    ended(service)


def test_descriptors_that_are_not_read_do_not_use_up_those_of_the_product():
    tap.need_root()
    service = Service()
    files = service.files()
    peer = Peer(service.bus)
    null = os.open("/dev/null", os.O_WRONLY)
    tap.cleanup(os.close, null)
    peer.socket.settimeout(0.3)
    most = 0
    for _ in range(400):
        try:
            peer.send(b"".join(call(raw.FILE, bytes(4), n_fds=1) for _ in range(60)), fds=60 * [null])
        except (TimeoutError, BrokenPipeError, ConnectionResetError, OSError):
            break
        most = max(most, service.files())
    tap.equal(most <= files + 300, True, f"whether few files are open ({most})")
    served(service)
    peer.close()
    unharmed(service, files)
    ended(service)


def test_calls_under_way_are_bounded_and_forgotten_with_their_caller():
    tap.need_root()
    service = Service()
    for _ in range(3):  # the provider has room for two thousand in all
        peer = Peer(service.bus)
        for serial in range(1, 1031):
            peer.send(number(after_ms=60000, serial=serial))
        got = [peer.next(raw.REPLY, raw.FAIL) for _ in range(6)]
        tap.equal([(g.serial, g.err) for g in got], [(n, errno.EBUSY) for n in range(1025, 1031)], "those that are too many")
        peer.send(frame(raw.CANCEL, serial=7))
        tap.equal(peer.answer(number(serial=2000)), 0, "in place of one that was cancelled")
        peer.close()
        served(service)
    ended(service)


def test_a_peer_that_is_killed_in_the_middle_takes_nothing_with_it():
    tap.need_root()
    service = Service()
    before = service.files()
    for i in range(20):
        pid = os.fork()
        if not pid:
            peer = Peer(service.bus)
            peer.send(raw.subscribe(), number(after_ms=5), call(raw.NEVER, serial=2))
            peer.send(call(raw.SHOUT, struct.pack("=II", 500, 500), serial=3))
            if i % 2:
                peer.send(frame(raw.CANCEL, size=1000))
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
        unharmed(service, before)
    ended(service)


# --- connections

def silent(bus, n):
    return [raw.connected(bus) for _ in range(n)]


def test_a_thousand_connections_that_say_nothing_keep_nobody_out_and_have_to_go():
    tap.need_root()
    service = Service()
    before = service.files()
    silent(service.bus, 900)
    files = service.files()
    tap.equal(files <= before + 260, True, f"whether connections are bounded, but for those that come and go at the moment ({before}, then {files})")
    served(service)
    tap.equal(client_run(service.bus, "number").stdout, "number 1\n", "another client")
    until(lambda: service.files() <= before, "all that say nothing to be disconnected")
    ended(service)


def test_a_user_has_so_many_connections_and_no_more():
    tap.need_root()
    rules("[user 65534]\nallow = read\n")
    service = Service()
    before = service.files()
    with nobody():
        mine = [Peer(service.bus) for _ in range(64)]
        extra = raw.connected(service.bus)
        extra.settimeout(tap.PATIENCE)
        tap.equal(extra.recv(10), b"", "what one more hears")
    served(service)
    tap.equal(mine[0].answer(number()), 0, "one of those that came first")
    for peer in mine:
        peer.close()
    unharmed(service, before)
    ended(service)


def test_what_a_user_may_not_is_refused_each_time_and_logged_a_few_times():
    tap.need_root()
    rules("[user 65534]\nallow = read\n")
    service = Service()
    with nobody():
        peer = Peer(service.bus)
        for serial in range(1, 500):
            tap.equal(peer.answer(call(raw.SECRET, serial=serial)), errno.EACCES, "errno of the answer")
        peer.send(raw.subscribe(raw.QUIET))
        tap.equal(peer.next(raw.FAIL).err, errno.EACCES, "errno of the subscription")
        for _ in range(100):
            guest = Peer(service.bus)
            guest.send(frame(raw.OFFER, b"guest".ljust(80, b"\0")))
            tap.equal(guest.is_gone(), True, "whether who offers without leave is disconnected")
            guest.close()
    served(service)
    ended(service)


def test_a_guest_that_provides_nonsense_harms_nobody():
    tap.need_root()
    service = Service()
    before = service.files()
    null = os.open("/dev/null", os.O_WRONLY)
    tap.cleanup(os.close, null)

    def guest():
        peer = Peer(service.bus)
        peer.send(frame(raw.OFFER, b"guest".ljust(80, b"\0")))
        bound = peer.next(raw.BIND)
        matches = bytes(sum(map(len, raw.members("guest"))))
        peer.send(frame(raw.BOUND, struct.pack("=iI16s", 0, 1, b"1.0") + matches, service=bound.service))
        return peer, bound.service

    for nonsense in (b"", bytes(7), bytes(9)):
        peer, handle = guest()
        asked = peer.next(raw.CALL)
        peer.send(2 * frame(raw.REPLY, nonsense, serial=asked.serial))
        for _ in range(50):
            peer.send(frame(raw.SIGNAL, bytes(4), service=handle, member=1, n_fds=1), fds=[null])
        tap.equal(peer.answer(number()), 0, "a call of the guest")
        tap.equal(service.files() <= before + 1, True, "whether descriptors of signals are closed")
        peer.send(frame(raw.SIGNAL, bytes(7), service=handle))
        tap.equal(peer.is_gone(), True, "whether a wrong signal ends it")
        unharmed(service, before)
    ended(service)


# --- the place of the socket

def serve(bus, **kwargs):
    return tap.run(build().product(), "serve", "--duration", "1", env=dict(os.environ, EMF_BUS=bus), **kwargs)


def test_a_stale_socket_is_replaced_and_one_that_is_served_is_not():
    tap.need_root()
    service = Service()
    second = serve(service.bus)
    tap.equal(second.returncode != 0, True, "whether a second product of the name is refused")
    tap.contains(second.stderr, "is already served by another process")
    served(service)
    service.stop(signal.SIGKILL)
    tap.equal(os.path.exists(service.bus), True, "whether a killed service leaves its socket")
    service.start()
    served(service)
    ended(service)


def test_a_place_where_no_socket_can_be_made_is_named():
    tap.need_root()
    folder = tap.folder()
    tap.equal(subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "tmpfs", folder], check=False).returncode, 0, "mount")
    tap.cleanup(subprocess.run, ["umount", "-l", folder], check=False)
    bus = os.path.join(folder, "bus.sock")
    done = serve(bus)  # there is room for the lock, and none for the socket
    tap.equal(done.returncode not in (0, None) and done.returncode > 0, True, f"whether it ends with an error ({done.stderr})")
    tap.contains(done.stderr, f"{bus}: No space left on device")
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    tap.contains(serve(bus).stderr, "Read-only file system")
    missing = os.path.join(folder, "none", "bus.sock")
    tap.contains(serve(missing).stderr, "No such file or directory")


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, max(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    tap.main()
