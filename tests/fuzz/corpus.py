#!/usr/bin/env python3
"""Writes the inputs that fuzzing begins with: tests/fuzz/corpus.py

One folder for each target; what the bytes mean stands at the top of fuzz_<target>.c, and
what the services are in services.h.
"""
import os
import struct
import zlib

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
HELLO, BIND, BOUND, CHANGED, CALL, REPLY, FAIL, CANCEL, SUBSCRIBE, UNSUBSCRIBE, SIGNAL, LOST, OFFER, RING, RANG, READ, RING_END, MISSED = range(1, 19)
MEMFD, SILENT = 0x08, 0x10
FIRST_CALL = 1 << 10 | 31  # the serial of the first call that a peer makes, bus_use.c


def frame(kind, payload=b"", serial=0, service=0, member=0, n_fds=0, flags=0):
    return struct.pack("=IHBBIHH", 16 + len(payload), kind, n_fds, flags, serial, service, member) + payload + bytes(-len(payload) % 8)


def packet(*frames, what=0):
    content = b"".join(frames)
    return struct.pack("=HB", len(content), what) + content


def member(name, ins=(), outs=()):
    return struct.pack("=64sHHI", name, len(ins), len(outs), 0) + b"".join(struct.pack("=Q", n) for n in (*ins, *outs))


RICH, PATH, BIG = (11, 12, 13, 14, 15), (21,), (31,)


def service(name=b"rich", version=b"1.0", rich=RICH, extra=False):
    methods = [member(b"all", rich, rich), member(b"later", PATH, rich), member(b"big", BIG, BIG), member(b"fail")]
    methods += [member(b"more", (1, 2), (3,))] if extra else []
    rest = [member(b"heard", rich), member(b"big_heard", BIG), member(b"too_rich", PATH)]
    return struct.pack("=64s16sQHHHH", name, version, 0, len(methods), 2, 1, 0) + b"".join(methods + rest)


def point(x=1, is_set=1, kind=5, flags=0x102):
    return struct.pack("=IBBH", x, is_set, kind, flags)


def rich(file=-1, points=(), name=b"name", files=(), tail=b"tail"):
    return (struct.pack("=iI", file, len(points)) + b"".join(points).ljust(24, b"\0") + struct.pack("=16sI", name, len(files))
            + b"".join(struct.pack("=i", f) for f in files).ljust(8, b"\0") + struct.pack("=I", len(tail)) + tail)


def path(*points):
    return struct.pack("=I", len(points)) + b"".join(points)


def big(n):
    return struct.pack("=I", n) + bytes(n)


hello = frame(HELLO, struct.pack("=IIII64s16s", 0x73756265, 1, 1, 0, b"fuzz", b"1"))
greeted = packet(hello, frame(BIND, service()))
subscribed = greeted + packet(*[frame(SUBSCRIBE, struct.pack("=IIIIII", 0, 0, n, 0, 1, 0), member=n) for n in (0, 1)])
offered = packet(hello, frame(OFFER, struct.pack("=64s16s", b"guest", b"1.0")))
bound = frame(BOUND, struct.pack("=iI16s", 0, 1, b"1.0") + bytes(6))
provided = offered + packet(bound)

peers = {
    "greeting": packet(hello),
    "bind": greeted,
    "bind_minor": packet(hello, frame(BIND, service(rich=RICH[:2], extra=True))) + packet(frame(CALL, rich()[:32], serial=1)),
    "bind_many": packet(hello, *[frame(BIND, service(), service=n) for n in range(8)]),
    "call": greeted + packet(frame(CALL, rich(points=3 * [point()]), serial=1)),
    "call_fds": greeted + packet(frame(CALL, rich(0, files=(0, 0)), serial=1, n_fds=3), what=3),
    "call_later": greeted + packet(*[frame(CALL, path(point(), point()), serial=n, member=1) for n in range(10)]),
    "call_cancel": greeted + packet(frame(CALL, path(), serial=1, member=1), frame(CANCEL, serial=1), frame(CANCEL, serial=2)),
    "call_fail": greeted + packet(frame(CALL, serial=1, member=3)),
    "call_big": greeted + packet(frame(CALL, big(30000), serial=1, member=2)),
    "call_large": greeted + packet(frame(CALL, struct.pack("=Q", 64), serial=1, member=2, n_fds=1, flags=1), what=1 | MEMFD),
    "signals": subscribed + packet(*[frame(CALL, rich(), serial=n) for n in range(20)]) + packet(frame(UNSUBSCRIBE)),
    "signals_fds": subscribed + packet(frame(CALL, rich(0, files=(0,)), serial=1, n_fds=2), what=2),
    "signals_slow": subscribed + 5 * packet(frame(CALL, big(16000), serial=1, member=2), what=SILENT),
    "offer": offered,
    "provided": provided + packet(frame(REPLY, rich(points=[point()]), serial=FIRST_CALL)),
    "provided_fds": provided + packet(frame(REPLY, rich(0, files=(0, 0)), serial=FIRST_CALL, n_fds=3), what=3),
    "provided_fail": provided + packet(frame(FAIL, struct.pack("=ii", -121, 0) + point(), serial=FIRST_CALL)),
    "provided_signal": provided + packet(frame(SIGNAL, rich(0), n_fds=1), frame(LOST, bytes(8)), what=1),
    "provided_goes": provided + packet(frame(CHANGED), frame(CHANGED, member=1), frame(CHANGED)),
    "provided_refuses": provided + packet(frame(FAIL, struct.pack("=ii", -13, -1))),
    "not_provided": offered + packet(frame(BOUND, struct.pack("=iI16s", -2, 0, b""))),
}
records = {
    "rich": b"\0" + rich(points=2 * [point()], tail=100 * b"t"),
    "rich_fds": b"\0" + rich(3, files=(4, -1), tail=b""),
    "rich_partial": b"\4" + rich()[:40],
    "path": b"\1" + path(*50 * [point()]),
    "path_empty": b"\1" + path(),
    "path_partial": b"\5" + path(point()) + bytes(400),
    "big": b"\2" + big(1000),
    "point": b"\3" + point(),
    "point_partial": b"\7" + point()[:5],
}
maps = {
    "same": service(),
    "newer": service(version=b"1.7", rich=RICH + (16,), extra=True),
    "older": service(rich=RICH[:3]),
    "broken": service(rich=(11, 12, 13, 14, 99)),
    "major": service(version=b"2.0"),
}



def ring(*contents, at=0, end=None, reserved=None, size=4096):
    """Records of slot 0, or whatever @contents say."""
    memory = b"".join(content if isinstance(content, bytes) else struct.pack("=IIQ", content, 0, n) + bytes(content + -content % 8)
                      for n, content in enumerate(contents))
    end = len(memory) if end is None else end
    head = struct.pack("=IIQ", 0x676e6972, 0, size).ljust(64, b"\0")
    head += struct.pack("=QQ", end if reserved is None else reserved, end).ljust(64, b"\0") + struct.pack("=Q", len(contents)) * 64
    return struct.pack("=HH", at // 8, end // 8) + head.ljust(4096, b"\0") + memory


rings = {
    "records": ring(0, 8, 100, 60, 240),
    "segment": ring(100, 300, struct.pack("=IIQ", 64, 0xffffffff, 0) + bytes(64), 400, 9),
    "lies": ring(5, 0xfffffff0 // 2 % 4000, struct.pack("=IIQ", 0xffffffff, 0, 2)),
    "overtaken": ring(*30 * [100], end=40960, reserved=41000),
    "ahead": ring(*10 * [100], end=4000, reserved=200),
    "middle": ring(*20 * [100], at=232),
    "slots": ring(struct.pack("=IIQ", 8, 64, 0) + bytes(8), struct.pack("=IIQ", 8, 63, 7) + bytes(8)),
}



def entry(uses=b"\0\1\0", targets=((1234, b"tp_btf/sched_switch"), (77, b"fentry.s/function")), btf=b"\x9f\xeb\1\0" + bytes(60), sum_of=zlib.crc32):
    rest = struct.pack("=IIIQQ", len(btf), len(uses), len(targets), 1, 2) + uses + bytes(-len(uses) % 8)
    rest += b"".join(struct.pack("=I124s", n, name) for n, name in targets) + btf
    return struct.pack("=III", 0x42464d45, 1, sum_of(rest)) + rest


def compiled(relocations=3):
    """The sections that matter of an object, as a compiler lays them out."""
    records = struct.pack("=III", 16, 1, relocations) + b"".join(struct.pack("=IIII", 8 * n, 1, 3, 0) for n in range(relocations))
    ext = struct.pack("=HBBIIIIIII", 0xeb9f, 1, 0, 32, 0, 0, 0, 0, 0, len(records)) + records
    names = b"\0.BTF\0.BTF.ext\0tp_btf/sched_switch\0?fentry/function\0.strtab\0"
    contents = [b"", b"\x9f\xeb\1\0" + bytes(20), ext, bytes(16), bytes(16), names]
    kinds = [(b"", 0, 0), (b".BTF", 1, 0), (b".BTF.ext", 1, 0), (b"tp_btf", 1, 6), (b"?fentry", 1, 6), (b".strtab", 3, 0)]
    at, headers, body = 64, b"", b""
    for content, (name, kind, flags) in zip(contents, kinds):
        headers += struct.pack("=IIQQQQIIQQ", names.index(b"\0" + name) + 1 if name else 0, kind, flags, 0, at, len(content), 0, 0, 8, 0)
        body += content + bytes(-len(content) % 8)
        at = 64 + len(body)
    head = struct.pack("=16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 1, 247, 1, 0, 0, at, 0, 64, 0, 0, 64, len(contents), 5)
    return head + body + headers


caches = {
    "entry": b"\0" + entry(),
    "entry_repaired": b"\1" + entry(sum_of=len),
    "entry_empty": b"\1" + entry(b"", (), b""),
    "entry_bad_target": b"\1" + entry(targets=((1, b"xdp/none"),)),
    "object": b"\2" + compiled(),
    "object_bare": b"\2" + compiled(0),
}

for target, inputs in (("peer", peers), ("record", records), ("map", maps), ("ring", rings), ("cache", caches)):
    folder = os.path.join(HERE, target)
    os.makedirs(folder, exist_ok=True)
    for name, content in inputs.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)
