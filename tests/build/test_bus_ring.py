# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Signals of a high rate, which come by memory that is shared.

Without these, a signal could come twice or not at all when it moves there or back, who
is slow could lose some without a word, or somebody could read what rules forbid.
"""
import json
import mmap
import os
import shutil
import signal
import struct

import bus_raw as raw
import tap
from bus_product import Service, build, client_run, rules, until

# As client.c has it: one call alone is a burst, EBUS_RING_BURST in core/bus_peer.h, however long calls
# take here; all of it is less than a ring, so that nobody has to be lost.
SHOUTS, EACH = 6, 2000
ALL = SHOUTS * EACH
FEW = 100


class Hearer:
    """A client that hears so many signals, and then ends."""

    def __init__(self, service, times, uid=None, whispers=False):
        program = os.path.join(os.path.dirname(service.bus), "client")
        if not os.path.exists(program):
            shutil.copy(build().client, program)  # where other users can execute it
        who = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        env = dict(os.environ, HEAR=str(times), **({"WHISPERS": "1"} if whispers else {}))
        self.process = tap.start(*who, program, service.bus, "hear", env=env)
        tap.equal(self.process.stdout.readline(), "hears\n", "what the client says first")

    def rings(self):
        """The rings that it has mapped, and how."""
        with open(f"/proc/{self.process.pid}/maps") as f:
            fields = [line.split() for line in f if "/memfd:ebus" in line]
        return {inode: mode for _, mode, _, _, inode, *_ in fields}

    def end(self):
        """How many were lost, how many gaps there were, and how many whispers came."""
        out, err = self.process.communicate(timeout=tap.PATIENCE)
        tap.equal((self.process.returncode, err), (0, ""), "how the client ended")
        words = out.replace(",", "").split()
        return int(words[5]), int(words[7]), int(words[9])


def does(service, what):
    tap.equal(client_run(service.bus, what).returncode, 0, f"whether a client could {what}")


def subscriptions(service, name="heard"):
    done = tap.run(build().product(), "call", "-j", "bus", "subscriptions", env=dict(os.environ, EMF_BUS=service.bus))
    return [row for row in json.loads(done.stdout)["rows"] if row["signal"] == name]


def shared(service, n):
    until(lambda: sum(row["shared"] for row in subscriptions(service)) == n, f"{n} subscribers to share a ring")


def test_only_a_signal_that_may_lose_the_oldest_moves_to_a_ring():
    tap.need_root()
    service = Service()
    client = tap.start(build().client, service.bus, "flood")

    def row(name):
        return (subscriptions(service, name) or [{"shared": False, "seen": 0}])[0]

    until(lambda: row("newest")["shared"], "the ring")
    before = row("oldest")["seen"]
    until(lambda: min(row(name)["seen"] for name in ("oldest", "each")) > before + 100000, "as many of the others")
    tap.equal([row(name)["shared"] for name in ("oldest", "each")], [False, False], "whether they have moved")
    client.kill()
    client.wait()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_all_hear_fast_signals_by_one_ring_in_order_and_once():
    tap.need_root()
    service = Service()
    hearers = [Hearer(service, 2 * ALL) for _ in range(3)]
    does(service, "shout_many")
    until(lambda: all(h.rings() for h in hearers), "a ring")
    rings = hearers[0].rings()
    tap.equal([h.rings() for h in hearers], 3 * [rings], "the rings of each")
    tap.equal(list(rings.values()), ["r--s"], "how it is mapped")
    for row in subscriptions(service):
        tap.equal((row["shared"], row["seen"], row["dropped"], row["sent"]), (True, ALL, 0, ALL), "a subscription")
    does(service, "shout_many")
    for h in hearers:
        tap.equal(h.end(), (0, 2 * SHOUTS - 1, 0), "lost, gaps")
    until(lambda: not subscriptions(service), "the subscriptions to end")
    with open(f"/proc/{service.process.pid}/maps") as f:
        tap.equal("ebus ring" in f.read(), False, "whether the ring is kept for nobody")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_slow_signals_stay_with_the_socket():
    tap.need_root()
    service = Service()
    hearer = Hearer(service, 5 * FEW)
    for _ in range(5):
        done = tap.run(build().product(), "call", "echo", "shout", f"times={FEW}", "bytes=1", env=dict(os.environ, EMF_BUS=service.bus))
        tap.equal((done.returncode, hearer.rings()), (0, {}), "a call, and rings")
    hearer.end()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_who_is_overtaken_knows_what_it_lost_and_says_so():
    tap.need_root()
    service = Service()
    slow, other = Hearer(service, 8 * ALL), Hearer(service, 8 * ALL)
    does(service, "shout_many")
    shared(service, 2)
    slow.process.send_signal(signal.SIGSTOP)
    for _ in range(6):
        does(service, "shout_many")
        until(lambda: other.process.poll() is not None or subscriptions(service), "the service to answer")
    slow.process.send_signal(signal.SIGCONT)

    def row():
        return next(r for r in subscriptions(service) if r["pid"] == slow.process.pid)

    until(lambda: row()["dropped"], "the losses to be told")
    found = row()
    tap.equal((found["seen"], found["sent"] + found["dropped"]), (7 * ALL, 7 * ALL), "what was seen, and sent or dropped")
    does(service, "shout_many")
    lost, _, _ = slow.end()
    tap.equal(lost, found["dropped"], "lost as the client and as the service have it")
    other.end()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_who_may_not_hear_a_signal_has_no_ring_with_it():
    tap.need_root()
    rules("[user 65534]\nallow = read\ndeny = echo.whispered\n")
    service = Service()
    free = Hearer(service, 2 * ALL, whispers=True)
    bound = Hearer(service, 2 * ALL, uid=65534)
    does(service, "whisper_many")
    until(free.rings, "a ring of whispers")
    whispers = set(free.rings())
    does(service, "shout_many")
    shared(service, 2)
    until(bound.rings, "a ring of who may not hear whispers")
    tap.equal(whispers & set(bound.rings()), set(), "whispers that it can read")
    does(service, "shout_many")
    tap.equal((free.end(), bound.end()), ((0, 2 * SHOUTS - 1, ALL), (0, 2 * SHOUTS - 1, 0)), "lost, gaps, whispers")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_ring_ends_for_all_when_rules_forbid_it_to_one_and_none_is_lost():
    tap.need_root()
    rules("[user 65534]\nallow = read\n")
    service = Service()
    free = Hearer(service, 3 * ALL, whispers=True)
    bound = Hearer(service, 3 * ALL, uid=65534, whispers=True)
    does(service, "whisper_many")
    does(service, "shout_many")
    shared(service, 2)
    tap.equal((len(free.rings()), bound.rings()), (1, free.rings()), "the ring of both")
    rules("[user 65534]\nallow = read\ndeny = echo.whispered\n")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: not bound.rings() and not free.rings(), "the ring to end")
    does(service, "whisper_many")
    until(free.rings, "a ring of whispers")
    whispers = set(free.rings())
    does(service, "shout_many")
    shared(service, 2)
    until(bound.rings, "a ring of who may not hear whispers")
    tap.equal(whispers & set(bound.rings()), set(), "whispers that it can read")
    does(service, "shout_many")
    tap.equal((free.end()[::2], bound.process.wait(tap.PATIENCE)), ((0, 2 * ALL), 0), "lost, whispers; and the other one's end")
    out = bound.process.stdout.read()
    tap.contains(out, f"heard and lost {3 * ALL}, lost 0, gaps {3 * SHOUTS - 1}, whispers {ALL}\n")
    tap.contains(bound.process.stderr.read(), "signal echo.whispered is not heard: Permission denied")
    tap.equal(service.stop(), 0, "exit status of the service")


def fast(peer, signal):
    """What is shared with a peer that subscribes to a signal, once there are many of them: a descriptor of the ring."""
    peer.send(raw.subscribe(signal, flags=1))
    caller = raw.Peer(peer.bus)
    for serial in range(1, 40):
        caller.send(raw.call(raw.SHOUT, struct.pack("=II", 3000, 1), serial=serial))
        tap.equal(caller.next(raw.REPLY, raw.FAIL).err, 0, "a call")
        found = [f for f in peer.all_that_came() if f.kind == raw.RING]
        if found:
            return found[0]
    raise AssertionError("no ring")


def mapped(frame):
    return mmap.mmap(frame.fds[0], 4096 + (4 << 20), mmap.MAP_SHARED, mmap.PROT_READ)


def test_who_had_a_ring_reads_nothing_more_in_it_after_it_left():
    """Rules that are asked about readers say nothing of who was one."""
    tap.need_root()
    rules("[user 65534]\nallow = read\ndeny = echo.whispered\n")
    service = Service()
    root = raw.Peer(service.bus)
    with raw.nobody():
        left = raw.Peer(service.bus)
    root.send(raw.subscribe(raw.HEARD, flags=1))
    memory = mapped(fast(left, raw.HEARD))
    left.send(raw.frame(raw.UNSUBSCRIBE, member=raw.HEARD))
    tap.equal(left.answer(raw.number()), 0, "a call behind it")
    root.all_that_came()
    before = memory[:]
    root.send(raw.subscribe(raw.WHISPERED, flags=1))
    does(service, "shout_many")
    does(service, "whisper_many")
    tap.equal(memory[:] == before, True, "whether the memory is as it was")
    root.close()
    left.close()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_reader_that_says_it_has_read_what_was_not_written_is_disconnected():
    tap.need_root()
    service = Service()
    for at in (1 << 40, 0):
        peer = raw.Peer(service.bus)
        ring = struct.unpack("=HHIQQ", fast(peer, raw.HEARD).payload)[0]
        peer.send(raw.frame(raw.READ, struct.pack("=Q", at), service=ring))
        if at:
            tap.equal(peer.is_gone(), True, "whether it is disconnected")
        else:
            peer.close()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_signal_that_drops_new_ones_has_no_ring_also_if_its_module_starts_later():
    tap.need_root()
    service = Service()
    tap.equal(tap.run(build().product(), "stop", "echoer", env=dict(os.environ, EMF_BUS=service.bus)).returncode, 0, "stop")
    peer = raw.Peer(service.bus)
    peer.send(raw.subscribe(raw.OLDEST, flags=1))
    tap.equal(tap.run(build().product(), "start", "echoer", env=dict(os.environ, EMF_BUS=service.bus)).returncode, 0, "start")
    caller = raw.Peer(service.bus)
    for serial in range(1, 6):
        tap.equal(caller.answer(raw.call(raw.FLOOD, struct.pack("=I", 1000), serial)), 0, "a flood")
    tap.equal([f.kind for f in peer.all_that_came() if f.kind == raw.RING], [], "rings")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_reader_that_is_killed_leaves_the_others_alone():
    tap.need_root()
    service = Service()
    killed, other = Hearer(service, 9 * ALL), Hearer(service, 3 * ALL)
    does(service, "shout_many")
    shared(service, 2)
    killed.process.kill()
    killed.process.wait()
    does(service, "shout_many")
    does(service, "shout_many")
    tap.equal(other.end()[1], 3 * SHOUTS - 1, "gaps")
    until(lambda: not subscriptions(service), "the subscriptions to end")
    tap.equal(service.stop(), 0, "exit status of the service")


if __name__ == "__main__":
    tap.main()
