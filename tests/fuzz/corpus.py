#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Writes the inputs that fuzzing begins with: tests/fuzz/corpus.py

One folder for each target; what the bytes mean stands at the top of fuzz_<target>.c, and
what the services are in services.h.
"""
import json
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

def types(*members, size=32, fixed=28):
    """A module with one type of events, as core/schema.h says."""
    record = {"name": "exec", "size": size, "fixed": fixed, "members": list(members)}
    made = {"name": "tool", "version": "1.0", "hash": "0x1", "records": [record], "methods": [], "errors": [],
            "signals": [{"name": "exec", "access": "admin", "in": {"record": 0, "leaves": []}, "out": {}}]}
    text = json.dumps(made, separators=(",", ":")).encode()
    return struct.pack("=I", len(text)) + text


def of(name, kind, offset, size, count=1, **more):
    return dict({"name": name, "type": kind, "offset": offset, "size": size, "count": count}, **more)


def event(content, module=0, kind=0, time=7):
    return struct.pack("=IHHQ", len(content), module, kind, time) + content


EVENT_TYPES = types(of("time", "ns", 0, 8), of("what", "enum", 8, 4, names=[["EXEC", 1], ["EXIT", 2]]), of("result", "wait_status", 12, 4),
                    of("address", "ip4", 16, 4), of("pids", "pid", 20, 2 * 2), of("args", "argv", 28, 1, 4, len_offset=24))
EVENT = struct.pack("=QIi4sII", 1, 2, 0x8b, bytes(4), 5, 3) + b"a\0b"
EVENT_HEAD = b"EMFEVENT" + struct.pack("=IIQ40s64s", 2, 1, 1 << 60, b"1-2-3", b"host")


BITS = (of("low", "u32", 1, 4, bits=3, shift=0), of("high", "s32", 1, 4, bits=29, shift=3), of("large", "u128", 5, 16), of("either", "hex", 21, 3))
BITS_BEHIND = (of("low", "u32", 1, 4, bits=3, shift=0), of("high", "s64", 20, 8, bits=29, shift=36))


def end(n, lost=0):
    return struct.pack("=IHHQ", 0, 0xffff, lost, n)


events = {
    "good": EVENT_HEAD + EVENT_TYPES + event(EVENT) + event(EVENT) + end(2),
    "none": EVENT_HEAD + EVENT_TYPES + end(0, lost=1),
    "too_few": EVENT_HEAD + EVENT_TYPES + event(EVENT) + end(2),
    "too_long": EVENT_HEAD + EVENT_TYPES + event(EVENT[:-1]) + end(1),
    "other_format": b"EMFEVENT" + struct.pack("=IIQ", 1, 1, 0),
    "bits": EVENT_HEAD + types(*BITS, size=24, fixed=24) + event(bytes(range(24))) + end(1),
    "bits_behind_the_end": EVENT_HEAD + types(*BITS_BEHIND, size=24, fixed=24) + event(bytes(range(24))) + end(1),
    "type_behind_the_last": EVENT_HEAD + EVENT_TYPES + event(EVENT, kind=1) + end(1),
    "module_behind_the_last": EVENT_HEAD + EVENT_TYPES + event(EVENT, module=1) + end(1),
    "no_types": EVENT_HEAD + struct.pack("=I", 2) + b"{}",
}


def captured(kind="call", direction="in", service="flow", member="top", **more):
    line = {"emf": 1, "at": 1, "time": 7, "kind": kind, "dir": direction, "from": {"pid": 1, "name": "a"}, "to": {"pid": 1, "name": "a"},
            "service": service, "member": member, "serial": 31, "size": 8, "lost": 0, "args": {"limit": 3}}
    return json.dumps(dict(line, **more)).encode() + b"\n"


captures = {
    "answered": captured() + captured("reply", "out"),
    "failed": captured() + captured("fail", "out", reason="EPERM") + captured() + captured("fail", "out", error="too_rich"),
    "cancelled": captured() + captured() + captured("cancel"),
    "signals": captured("signal", "out", serial=0) + captured("signal", "in", args=None, cannot="cut"),
    "cannot": b"".join(captured(args=None, cannot=why) for why in ("descriptors", "unreadable", "text")),
    "cut": captured()[:-20],
    "other_format": captured(emf=2),
}

# What is written to be sent; the first byte is the record, as in fuzz_json.c.
jsons = {
    "defaults": b'\0{"point": {"x": 1, "is_set": true, "kind": "loud", "flags": ["a", "c"]}}',
    "typed": b'\0{"number": "18446744073709551615", "took": "5ms", "level": -3, "addr6": "fe80::1", "addr": "10.0.0.1", "addr4": "10.1.2.3", '
             b'"uid": "root", "netdev": "lo", "dev": "8:1", "flags": ["a"], "call": "openat", "cap": "CAP_BPF", "error": "EPERM", "signal": "SIGKILL", '
             b'"status": "SIGKILL", "port": 443, "list": [1, 2, 3], "kind": "odd", "is_on": "yes", "state": "LISTEN", "proto": "tcp", '
             b'"mac": "02:00:00:00:00:02", "bits": 5, "name": "ab\\u00e4", "comm": "sh", "text": "a\\nb", "args": ["a", "b c"], '
             b'"point": {"x": 1, "is_set": 0, "kind": 5, "flags": 3}, "points": [{"x": 1, "is_set": 1, "kind": 0, "flags": 0}]}',
    "path": b'\1{"points": [{"x": 4294967295, "is_set": false, "kind": "plain", "flags": []}]}',
    "files": b'\2{"file": null, "points": [], "name": "x", "files": [], "tail": [1, 2, 255]}',
    "point": b'\3{"x": 1, "is_set": true, "kind": "plain", "flags": "a|b"}',
    "no_object": b"\3[1, 2]",
    "words": b"\4point.x=1\npoint.is_set=yes\npoint.kind=loud\npoint.flags=a|b\nlist=1,2,3\nname=ab\ntook=1h\npoints=[]",
    "words_json": b'\7{"x": 1, "is_set": true, "kind": "plain", "flags": 0}',
    "words_nested": b'\4point={"x": 1, "is_set": true, "kind": "odd", "flags": 0}\ntext=abc\nargs=a,b',
}

filters = {
    "numbers": b"number == 42 && pid != 41 || !(level <= -3)\0",
    "texts": b"comm ~ 'ba*' && name == \"x\\\"y\" || text !~ a[b-d]?\0",
    "networks": b"addr == 10.0.0.0/8 || addr6 == fe80::/10 && addr4 != 10.1.2.3 || mac == 02:00:00:00:00:01\0",
    "names": b"error == ENOENT || signal > SIGHUP && kind == loud || state ~ LIS* || call == openat || proto == tcp || cap == CAP_BPF\0",
    "nested": b"((((point.x))) && point.kind == odd) || took > 4999us && status == SIGKILL && args ~ 'sh *'\0" + bytes(range(256)),
    "set": b"!container && bits && is_on && dev == 8:1 && uid == root && netdev == lo && wall && at && cgroup ~ /a*\0" + b"\xff" * 400,
    "mistakes": b"number = 3 and comm ==\0",
    "deep": 60 * b"!(" + b"pid" + 60 * b")",
}

acls = {
    "rules": b"# who may\n[user 5]\nallow = read, flow.block, provide:geo\n[group 6]\nallow = admin\ndeny = flow.reset\n",
    "names": b"[user root]\nallow=read\n[group  daemon]\ndeny = provide:*, *.reset ; all of it\n",
    "mistakes": b"allow = read\n[nobody]\nallow = read\n[user 5]\npermit = all\n[user\nallow\n",
    "long": b"[user 5]\nallow = " + 300 * b"x" + b"\n[" + 200 * b"user " + b"]\n",
    "mark": b"\xef\xbb\xbf[user 5]\n\tallow: read\n",
    "no_text": b"\x7fELF\1\0\n",
}

configs = {
    "product": b"[product]\nmodules = flow\nisolated =\nlog = debug\nreplace = yes\npersist = no\nupgradable = on\nplace = first\ncache = /tmp\n"
               b"unsigned-packages = no\nkeep-capabilities = bpf, perfmon\n",
    "parameters": b"[flow]\non = yes\nbyte = 255\nmac = 02:00:00:00:00:01\nport = 443\nlive = 100\nfixed = 0x10\naddr4 = 10.0.0.1\nuid = root\npid = 1\n"
                  b"netdev = lo\nkind = loud\nflags = a|b\nerror = EPERM\nsignal = SIGTERM\nwait = 5ms\nnumber = 18446744073709551615\naddr6 = fe80::1\nthe-name = x\n",
    "mistakes": b"key = before\n[product]\nmodules = flow, none\nlog = loud\nplace = middle\ncache = maybe\nkeep-capabilities = all of them\nreplace = perhaps\n"
                b"[flow]\nlive = 101\nliv = 1\n[none]\nx = 1\n",
    "long": b"[flow]\nthe-name = " + 400 * b"x" + b"\n",
}


def btf(names, *types, begin=0):
    """Types as a compiler writes them; each is (name, kind, vlen, size or type, what is behind it)."""
    strings, at = b"\0", {"": 0}
    for name in names:
        at[name] = len(strings)
        strings += name.encode() + b"\0"
    body = b"".join(struct.pack("=III", at[name], kind << 24 | n, size) + b"".join(struct.pack("=I", at.get(w, w) if isinstance(w, str) else w & 0xffffffff) for w in behind)
                    for name, kind, n, size, behind in types)
    return struct.pack("=HBBIIIII", 0xeb9f, 1, 0, 24 + begin, 0, len(body), len(body), len(strings)) + bytes(begin) + body + strings


INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, PROTO, VAR, SECTION, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(1, 20)
int_type = ("int", INT, 0, 4, (1 << 24 | 32,))
btfs = {
    "struct": btf(("int", "task_struct", "pid", "comm", "parent"), int_type, ("int", INT, 0, 1, (8,)), ("", ARRAY, 0, 0, (2, 1, 16)),
                  ("task_struct", STRUCT, 3, 32, ("pid", 1, 0, "comm", 3, 64, "parent", 5, 192)), ("", PTR, 0, 4, ())),
    "functions": btf(("int", "do_exit", "sched_switch", "btf_trace_sched_switch", "a"), int_type, ("", PROTO, 2, 0, ("a", 1, "a", 1)),
                     ("do_exit", FUNC, 1, 2, ()), ("", PTR, 0, 2, ()), ("btf_trace_sched_switch", TYPEDEF, 0, 4, ())),
    "many": btf(("int", "u", "e", "E", "t", "v", ".maps", "f", "g"), int_type, ("u", UNION, 2, 8, ("e", 1, 0, "t", 4, 0)), ("e", ENUM, 2, 4, ("E", 0, "t", -1)),
                ("t", TYPEDEF, 0, 5, ()), ("", CONST, 0, 6, ()), ("", VOLATILE, 0, 7, ()), ("", PTR, 0, 8, ()), ("f", FWD, 0, 0, ()), ("g", FLOAT, 0, 8, ()),
                ("v", VAR, 0, 2, (1,)), (".maps", SECTION, 1, 8, (10, 0, 8)), ("t", DECL_TAG, 0, 2, (0,)), ("g", TYPE_TAG, 0, 1, ()),
                ("e", ENUM64, 1, 8, ("E", 1, 2)), ("", RESTRICT, 0, 7, ())),
    "circle": btf(("a",), ("a", TYPEDEF, 0, 2, ()), ("", CONST, 0, 1, ())),
    "circle_of_structs": btf(("a",), ("a", STRUCT, 1, 4, ("a", 2, 0)), ("", ARRAY, 0, 0, (1, 1, 1))),
    # Its members have names: empty ones, at the end of its own.
    "circle_of_empty_names": btf(("t",), ("t", STRUCT, 2, 8, (2, 2, 0, 2, 2, 32)), ("", CONST, 0, 1, ())),
    "names": btf(("int", "a" * 500), ("int", INT, 0, 4, (1 << 24 | 32,)), ("a" * 500, TYPEDEF, 0, 1, ())),
    "odd_begin": btf(("a",), ("a", TYPEDEF, 0, 2, ()), ("", PTR, 0, 0, ()), begin=1),
    "nothing": btf(()),
}

for target, inputs in (("acl", acls), ("btf", btfs), ("cache", caches), ("capture", captures), ("config", configs), ("events", events), ("filter", filters),
                       ("json", jsons), ("map", maps), ("peer", peers), ("record", records), ("ring", rings)):
    folder = os.path.join(HERE, target)
    os.makedirs(folder, exist_ok=True)
    for name, content in inputs.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)
