# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""tcpconnect and tcplife, against connections of two processes in a network namespace of their own.

Without these, a connection could be shown as somebody else's, with its addresses the wrong way round, or with bytes that nobody sent.
"""
import time

import tap
from collected import Script, Snoop, check_length, check_time, os_error, without

WITHIN = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]

# A process listens, another one connects: the bytes that each sends to the other.
PAIRS = """
import errno, socket
ADDRESSES = ["127.0.0.1", "127.7.7.7"] + (["::1"] if os.path.exists("/proc/net/if_inet6") else [])
SIZES = [(0, 0), (1, 100000), (3000000, 7)]
def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET
def drain(s):
    n = 0
    while True:
        got = len(s.recv(1 << 16))
        if not got:
            return n
        n += got
def serve(address, tell):
    listener = socket.socket(family(address))
    listener.bind((address, 0))
    listener.listen()
    os.write(tell, b"%d" % listener.getsockname()[1])
    for up, down in SIZES:
        s, _ = listener.accept()
        assert drain(s) == up
        s.sendall(b"x" * down)
        s.close()
    os._exit(0)
pairs, failed = [], []
for address in ADDRESSES:
    ear, mouth = os.pipe()
    server = os.fork()
    if not server:
        serve(address, mouth)
    port = int(os.read(ear, 100))
    for up, down in SIZES:
        s = socket.create_connection((address, port))
        own = s.getsockname()
        s.sendall(b"x" * up)
        s.shutdown(socket.SHUT_WR)
        assert drain(s) == down
        s.close()
        pairs.append([own[0], address, own[1], port, os.getpid(), server, up, down])
    os.waitpid(server, 0)
    s = socket.socket(family(address))
    failed.append([address, port, -s.connect_ex((address, port))])
    s.close()
# One that nobody answers: the listener has no room for more, and its process does not accept.
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
waiting = []
for i in range(8):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(listener.getsockname())
    waiting.append(s)
__import__("time").sleep(0.1)
tcp_info = [s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] for s in waiting]
for s, state in zip(waiting, tcp_info):
    if state == 2:  # TCP_SYN_SENT, include/net/tcp_states.h
        failed.append(["127.0.0.1", listener.getsockname()[1], -errno.ECONNABORTED])
    s.close()
done([pairs, failed])
os._exit(0)
"""


def ends(pairs, client, server):
    """Each pair as its two ends see it, with what a function says of them."""
    found = []
    for own, other, port, other_port, pid, other_pid, up, down in pairs:
        here = {"pid": pid, "saddr": own, "daddr": other, "sport": port, "dport": other_port, **client(up, down)}
        there = {"pid": other_pid, "saddr": other, "daddr": own, "sport": other_port, "dport": port, **server(up, down)}
        found += [here, there]
    return found


def keyed(events):
    """In an order of their own: two processors tell of two ends, each when it has come so far."""
    return sorted(events, key=lambda e: (e["saddr"], e["daddr"], e["sport"], e["dport"]))


def test_tcpconnect_tells_each_connection_that_is_made_or_fails_and_both_ends_on_request():
    began = time.time()
    script = Script(PAIRS, within=WITHIN)
    both, out, failing = (Snoop("tcpconnect", *o, programs=1) for o in (["--incoming"], ["-p", script.pid], ["-x"]))
    begin = time.monotonic()
    pairs, failed = script.run()
    longest = time.monotonic() - begin
    tap.equal(len(failed) >= 3 and {e[2] for e in failed} == {-111, -103}, True, f"ground truth ({failed})")
    common = {"uid": 0, "comm": script.comm, "result": "0"}
    wanted = keyed(ends(pairs, lambda *_: {"dir": "OUT", **common}, lambda *_: {"dir": "IN", **common}))
    servers = {p[5] for p in pairs}
    for dport in {p[3] for p in pairs}:
        out.wait(sum(p[3] == dport for p in pairs) + 1, dport=dport)
    for address, port, result in failed:
        for snoop in (both, out, failing):
            snoop.wait(pid=script.pid, dport=port, result=os_error(result))
    for pid in servers:
        both.wait(3, pid=pid)
    for snoop in (both, out, failing):
        snoop.stop()
    fits = [e for e in both.events() if e["pid"] in servers | {script.pid} and e["result"] == "0" and e["dport"] != failed[-1][1] and
            e["sport"] != failed[-1][1]]
    tap.equal(keyed([without(e, "time", "took") for e in fits]), wanted, "both ends")
    tap.equal({e["dir"] for e in out.events()}, {"OUT"}, "with --pid")
    for snoop in (both, out, failing):
        found = [(e["daddr"], e["dport"], e["result"]) for e in snoop.events(pid=script.pid) if e["result"] != "0"]
        tap.equal(sorted(found), sorted((a, p, os_error(r)) for a, p, r in failed), "what failed")
    tap.equal([e for e in failing.events() if e["result"] == "0"], [], "with --failed")
    for event in fits:
        check_time(event, began)
        if event["dir"] == "OUT":
            check_length(event, "took", longest)
        else:
            tap.equal(event["took"], 0, "of one that came in")


def test_tcplife_tells_what_each_end_of_a_connection_carried():
    began = time.time()
    script = Script(PAIRS, within=WITHIN)
    everyone, one = Snoop("tcplife", programs=1), Snoop("tcplife", "-p", script.pid, programs=1)
    begin = time.monotonic()
    pairs, _ = script.run()
    longest = time.monotonic() - begin
    common = {"uid": 0, "comm": script.comm}
    wanted = keyed(ends(pairs, lambda up, down: {"tx": up, "rx": down, **common}, lambda up, down: {"tx": down, "rx": up, **common}))
    ports = {p[3] for p in pairs}
    for own, _, port, other, pid, other_pid, _, _ in pairs:
        everyone.wait(pid=pid, sport=port, dport=other)
        everyone.wait(pid=other_pid, sport=other, dport=port)
        one.wait(pid=pid, sport=port, dport=other)
    everyone.stop()
    one.stop()
    mine = [e for e in everyone.events() if ports & {e["sport"], e["dport"]}]
    tap.equal(keyed([without(e, "time", "age") for e in mine]), wanted, "both ends")
    own = keyed([without(e, "time", "age") for e in one.events() if e["dport"] in ports])
    tap.equal(own, [e for e in wanted if e["pid"] == script.pid], "with --pid")
    for event in mine:
        check_time(event, began)
        check_length(event, "age", longest)


RESETS = """
import socket, struct
listener = socket.create_server(("127.0.0.1", 0))
s = socket.create_connection(listener.getsockname())
accepted, _ = listener.accept()
s.sendall(b"x" * 1000)
accepted.recv(1000, socket.MSG_WAITALL)
own = s.getsockname()[1]
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
done([own, listener.getsockname()[1]])
"""


def test_tcplife_tells_of_a_connection_that_is_reset_and_not_of_one_that_never_was():
    script = Script(RESETS, within=WITHIN)
    snoop = Snoop("tcplife", programs=1)
    refused = Script("import socket; done(socket.socket().connect_ex(('127.0.0.1', 1)))", within=WITHIN)
    tap.equal(refused.run(), 111, "ground truth (ECONNREFUSED)")
    own, other = script.run()
    here, there = snoop.wait(sport=own, dport=other)[0], snoop.wait(sport=other, dport=own)[0]
    snoop.stop()
    # Who has not closed it himself, and did not make it, is not known.
    tap.equal((here["pid"], here["tx"], here["rx"]), (script.pid, 1000, 0), "of who reset it")
    tap.equal((there["tx"], there["rx"]), (0, 1000), "of the other end")
    tap.equal(snoop.events(pid=refused.pid), [], "of one that was refused")


tap.main()
