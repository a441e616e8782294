# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""tcptop and tcprtt, against what two ends of connections sent to each other in a network namespace of their own, and
how long that took.

Without these, bytes could be counted twice, for another process or not at all, and a round trip be told in another unit.
"""
import json
import os
import signal
import subprocess
import sys

import tap
from collected import Script
from tool import Tool, cgroup, links, until

WITHIN = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]

# Two processes, one connection for each address: what the client writes and the server answers, in odd pieces and by each way there is.
TRAFFIC = """
import socket
ADDRESSES = ["127.0.0.1"] + (["::1"] if os.path.exists("/proc/net/if_inet6") else [])
UP, DOWN = [1, 70000, 333], [5, 1000000]
def exactly(s, n):
    while n:
        n -= len(s.recv(n))
rows = []
for address in ADDRESSES:
    listener = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    port = listener.getsockname()[1]
    child = os.fork()
    if not child:
        s, _ = listener.accept()
        exactly(s, sum(UP))
        for n in DOWN:
            s.sendall(b"x" * n)
        s.recv(1)
        os._exit(0)
    listener.close()
    s = socket.create_connection((address, port))
    own = s.getsockname()[1]
    s.send(b"x" * UP[0])
    os.write(s.fileno(), b"x" * UP[1])
    s.sendmsg([b"x" * (UP[2] - 33), b"x" * 33])
    s.recv(3, socket.MSG_PEEK)
    exactly(s, sum(DOWN))
    s.close()
    os.waitpid(child, 0)
    rows.append([address, own, port, os.getpid(), child, sum(UP), sum(DOWN)])
# What is no TCP does not count.
a, b = socket.socketpair()
a.send(b"x" * 100)
b.recv(100)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.sendto(b"x" * 100, ("127.0.0.1", 9))
done(rows)
"""


def started(name, *options, programs, **kwargs):
    tap.need_root()
    tool = Tool(name, "-j", *options, **kwargs)
    until(lambda: links(tool.process.pid) >= programs or tool.process.poll() is not None, f"{programs} programs to attach")
    return tool.ready()


def ended(tool):
    """What it printed, as JSON."""
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, ""), "exit status and messages")
    return [json.loads(line) for line in tool.out.splitlines()]


def ends(rows, comm):
    """What each end of each connection sent and received."""
    for address, own, port, client, server, up, down in rows:
        yield {"pid": client, "saddr": address, "daddr": address, "sport": own, "dport": port, "bytes": up + down, "sent": up, "received": down,
               "comm": comm}
        yield {"pid": server, "saddr": address, "daddr": address, "sport": port, "dport": own, "bytes": up + down, "sent": down, "received": up,
               "comm": comm}


def test_tcptop_counts_the_bytes_of_each_end_of_each_connection():
    script = Script(TRAFFIC, within=WITHIN)
    everyone, one = started("tcptop", programs=2), started("tcptop", "-p", script.pid, programs=2)
    wanted = sorted(ends(script.run(), script.comm), key=lambda r: r["sport"])
    pids = {r["pid"] for r in wanted}
    mine = [{**line["key"], **line["value"]} for line in ended(everyone) if line["key"]["pid"] in pids]
    tap.equal(sorted(mine, key=lambda r: r["sport"]), wanted, "both ends")
    mine = [{**line["key"], **line["value"]} for line in ended(one)]
    tap.equal(sorted(mine, key=lambda r: r["sport"]), [r for r in wanted if r["pid"] == script.pid], "with --pid")


def test_tcptop_by_process_adds_up_its_connections_and_top_has_the_busiest():
    script = Script(TRAFFIC, within=WITHIN)
    every, top = (started("tcptop", "--by-process", *options, programs=2) for options in ([], ["--top", "1"]))
    rows = script.run()
    client = {"bytes": sum(r[5] + r[6] for r in rows), "sent": sum(r[5] for r in rows), "received": sum(r[6] for r in rows), "comm": script.comm}
    lines = ended(every)
    tap.equal([line["value"] for line in lines if line["key"] == {"pid": script.pid}], [client], "the process that connects")
    found = [line["value"]["bytes"] for line in lines]
    tap.equal(found, sorted(found, reverse=True), "most come first")
    tap.equal(len(ended(top)), 1, "rows of --top 1")


def test_tcptop_begins_anew_with_each_interval():
    script = Script(TRAFFIC, within=WITHIN)
    tool = started("tcptop", "--by-process", "--interval", "100ms", "-p", script.pid, programs=2)
    rows = script.run()
    until(lambda: tool.out, "the first interval")
    lines = ended(tool)
    tap.equal(sum(line["value"]["bytes"] for line in lines), sum(r[5] + r[6] for r in rows), "bytes of all intervals")
    tap.equal(all("time" in line for line in lines), True, f"whether each row has its time ({lines[:2]})")


# More connections than tcptop has rows, and then one of another port.
MANY = """
import socket
def connection(port):
    with socket.create_server(("127.0.0.1", port)) as server:
        for i in range(1 << 16):
            yield
            client = socket.create_connection(("127.0.0.1", port), source_address=(f"127.1.{i >> 8}.{i & 255}", 0))
            peer, _ = server.accept()
            client.sendall(b"x")
            peer.close()
            client.close()
first, last = connection(7001), connection(7002)
for i in range(17000):
    next(first)
next(last)
next(last)
done()
"""


def test_tcptop_counts_new_connections_after_more_than_it_has_rows():
    script = Script(MANY, within=WITHIN)
    tool = started("tcptop", "-p", script.pid, programs=2)
    script.run()
    ports = [line["key"]["dport"] for line in ended(tool)]
    tap.equal((ports.count(7002), 7001 in ports, len(ports) <= 16384), (1, True, True), f"the last connection, among {len(ports)}")


# --- tcprtt

DELAY_MS = 60

# An interface whose packets come back with their addresses exchanged, each after half of the delay: so a connection to 10.77.0.2 is one
# to a listener of 10.77.0.1, and its round trip takes the delay.
ECHO = f"""
import fcntl, heapq, os, select, struct, subprocess, time
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH", b"far", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI: include/uapi/linux/if_tun.h
for words in ("link set lo up", "addr add 10.77.0.1/24 dev far", "link set far up"):
    subprocess.run(["ip", *words.split()], check=True)
print("ready", flush=True)
queue, poll = [], select.poll()
poll.register(tun, select.POLLIN)
while True:
    wait = max(0, (queue[0][0] - time.monotonic()) * 1000) if queue else None
    if poll.poll(wait):
        p = os.read(tun, 65536)
        if p[0] >> 4 == 4:
            heapq.heappush(queue, (time.monotonic() + {DELAY_MS} / 2000, p[:12] + p[16:20] + p[12:16] + p[20:]))
    while queue and queue[0][0] <= time.monotonic():
        os.write(tun, heapq.heappop(queue)[1])
"""

# Says how far it got; each line is an address to talk to, or "again" over the connection that is there. Answers the round trip times
# that the two ends see, in microseconds.
TALK = """
import json, socket, struct, sys
if len(sys.argv) > 1:
    with open("/proc/self/comm", "w") as f:
        f.write(sys.argv[1])
listener = socket.create_server(("", 0))
print(json.dumps(listener.getsockname()[1]), flush=True)
client = server = None
for line in sys.stdin:
    if line.strip() != "again":
        client = socket.create_connection((line.strip(), listener.getsockname()[1]))
        server, _ = listener.accept()
    seen = []
    for s in (client, server):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(20):
        client.sendall(b"x")
        server.recv(1)
        server.sendall(b"y")
        client.recv(1)
        for s in (client, server):
            info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            seen.append(struct.unpack_from("I", info, 68)[0])  # tcpi_rtt, include/uapi/linux/tcp.h
    print(json.dumps([min(seen), max(seen)]), flush=True)
"""


class Far:
    """A namespace with a peer that is near, 127.0.0.1, and one that is far, 10.77.0.2, and a process that talks to both."""

    def __init__(self):
        tap.need_root()
        if not os.path.exists("/dev/net/tun"):
            raise tap.Skip("this system has no /dev/net/tun")
        self.echo = tap.start("unshare", "-n", sys.executable, "-c", ECHO)
        tap.equal(self.echo.stdout.readline(), "ready\n", "what the far end says")
        within = ["nsenter", "-t", str(self.echo.pid), "-n"]
        self.process = tap.start(*within, sys.executable, "-c", TALK, stdin=subprocess.PIPE)
        self.port = json.loads(self.process.stdout.readline())

    def talks_to(self, address):
        """Return: the shortest and the longest round trip time that its ends saw, in microseconds."""
        self.process.stdin.write(address + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def slots(lines, **key):
    found = [line for line in lines if line.get("key", {}) == key]
    tap.equal(len(found), 1, f"histograms with key {key} in {lines}")
    return {b["from"]: b["count"] for b in found[0]["buckets"]}, found[0]["unit"]


def slot_of(value):
    return 1 << value.bit_length() - 1 if value > 1 else 0


def test_tcprtt_has_the_round_trip_times_that_the_sockets_see():
    far = Far()
    for options, unit, per in ((["--remote-address", "10.77.0.2"], "usecs", 1), (["--remote-address", "10.77.0.2", "--ms"], "msecs", 1000)):
        tool = started("tcprtt", *options, programs=4)
        least, most = far.talks_to("10.77.0.2")
        found, said = slots(ended(tool))
        tap.equal((said, least >= DELAY_MS * 1000), (unit, True), f"the unit, and whether a round trip takes {DELAY_MS} ms ({least} us)")
        tap.equal((min(found) >= slot_of(DELAY_MS * 1000 // per), max(found) <= 2 * slot_of(most // per)), (True, True),
                  f"slots {found} of {least} to {most} us")
        tap.equal(20 <= sum(found.values()), True, f"whether there are as many as segments that came in ({found})")


def test_tcprtt_counts_only_what_its_options_say():
    far = Far()
    near = [["--remote-address", "127.0.0.1"], ["--local-address", "127.0.0.1"]]
    both = [["--local-port", far.port], ["--remote-port", far.port]]
    none = [["--remote-port", "1"], ["--local-address", "fe80::1"]]
    tools = [[started("tcprtt", *map(str, options), programs=4) for options in group] for group in (near, both, none)]
    fast, slow = far.talks_to("127.0.0.1"), far.talks_to("10.77.0.2")
    tap.equal(fast[1] < slow[0], True, f"whether what is near is faster ({fast}, {slow})")
    limit = slot_of(DELAY_MS * 1000)
    for options, tool in zip(near, tools[0]):
        found, _ = slots(ended(tool))
        tap.equal(max(found) < limit, True, f"what is near, with {options} ({found})")
    for options, tool in zip(both, tools[1]):
        found, _ = slots(ended(tool))
        tap.equal(min(found) < limit <= max(found), True, f"both, with {options} ({found})")
    for options, tool in zip(none, tools[2]):
        tap.equal(ended(tool), [], f"what is printed with {options}")


def test_tcprtt_by_remote_has_a_histogram_for_each_address():
    far = Far()
    tool = started("tcprtt", "--by-remote", "--local-port", str(far.port), programs=4)
    far.talks_to("127.0.0.1")
    far.talks_to("10.77.0.2")
    lines = ended(tool)
    tap.equal({line["key"]["remote"] for line in lines}, {"127.0.0.1", "10.77.0.2"}, "addresses")
    near, far_ = (slots(lines, remote=address)[0] for address in ("127.0.0.1", "10.77.0.2"))
    tap.equal(max(near) < slot_of(DELAY_MS * 1000) <= min(far_), True, f"times of what is near and far ({near}, {far_})")


class Near:
    """A process that talks to itself, as some user, in some cgroup and by some name, in a namespace of its own."""

    def __init__(self, uid, group=None, name="talks"):
        tap.need_root()
        enter = f"ip link set lo up; {f'echo $$ >{group}/cgroup.procs; ' if group else ''}exec \"$@\""
        self.process = tap.start("unshare", "-n", "sh", "-c", enter, "sh", "setpriv", "--reuid", str(uid), "--clear-groups",
                                 sys.executable, "-c", TALK, name, stdin=subprocess.PIPE)
        self.port = json.loads(self.process.stdout.readline())

    talks_to = Far.talks_to

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=tap.PATIENCE)


def test_tcprtt_counts_the_sockets_of_a_user_or_of_a_cgroup():
    tap.need_root()
    group = cgroup("tcprtt")
    within = os.path.join(group, "within")
    os.mkdir(within)
    tap.cleanup(os.rmdir, within)
    mine, others = Near(54321, within), Near(54320)
    some = [["-u", "54321"], ["-c", group], ["-c", within], ["-u", "54321", "-c", group, "--remote-port", str(mine.port)]]
    none = [["-u", "54321", "--remote-port", str(others.port)], ["-c", group, "--remote-port", str(others.port)], ["-u", "54320", "-c", group]]
    tools = [[started("tcprtt", *options, programs=4) for options in list_] for list_ in (some, none)]
    mine.talks_to("127.0.0.1")
    others.talks_to("127.0.0.1")
    for options, tool in zip(some, tools[0]):
        found, _ = slots(ended(tool))
        tap.equal(20 <= sum(found.values()) <= 100, True, f"whether the segments of one talk are counted with {options} ({found})")
    for options, tool in zip(none, tools[1]):
        tap.equal(ended(tool), [], f"what is printed with {options}")
    mine.end()
    others.end()


def test_tcprtt_counts_the_connections_of_a_process_or_of_a_name():
    tap.need_root()
    group = cgroup("tcprtt")
    mine, others = Near(54321, group, name="emf-mine"), Near(54321, name="emf-others")
    for process in (mine, others):
        process.talks_to("127.0.0.1")
    some = [["-p", str(mine.process.pid)], ["--comm", "emf-mine"], ["--comm", "emf-m*", "-u", "54321", "-c", group], ["-p", str(mine.process.pid), "--remote-port", str(mine.port)]]
    none = [["-p", str(mine.process.pid), "-u", "54320"], ["--comm", "emf-others", "-c", group], ["-p", str(others.process.pid), "--comm", "emf-mine"]]
    for address in ("again", "127.0.0.1"):
        tools = [[started("tcprtt", *options, programs=4) for options in list_] for list_ in (some, none)]
        for process in (mine, others):
            process.talks_to(address)
        for options, tool in zip(some, tools[0]):
            found, _ = slots(ended(tool))
            # Segments come in for an end from when it is first used: 20 and acknowledgements for each of the two, or for one.
            tap.equal(19 <= sum(found.values()) <= 100, True, f"whether the segments of one talk, to {address}, are counted with {options} ({found})")
        for options, tool in zip(none, tools[1]):
            tap.equal(ended(tool), [], f"what is printed with {options}")
    mine.end()
    others.end()


# A process makes a connection and uses it twice; its child goes on with both ends.
HANDED = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
def talk(n):
    for i in range(n):
        client.sendall(b"x")
        server.recv(1)
        server.sendall(b"y")
        client.recv(1)
talk(2)
child = os.fork()
if not child:
    talk(200)
    os._exit(0)
os.waitpid(child, 0)
done(child)
"""


def test_tcprtt_forgets_a_connection_that_another_process_goes_on_with():
    tap.need_root()
    first = Script(HANDED, within=WITHIN)
    tool = started("tcprtt", "-p", str(first.pid), programs=4)
    child = first.run()
    found, _ = slots(ended(tool))
    tap.equal(sum(found.values()) < 30, True, f"whether only its own few segments are counted, not those of its child {child} ({found})")


tap.main()
