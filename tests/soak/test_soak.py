# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""All modules in one service for minutes, with two hundred clients that come and go, a storm of events, and modules that are loaded,
unloaded, upgraded and taken back: what it holds at the end of a round is what it held before, and every event is accounted for.

Without these, a leak of some bytes for a client, or a descriptor for an upgrade, would be found by who runs it for a month.

EMF_SOAK_MINUTES is how long; `make soak MINUTES=10` sets it.
"""
import collections
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "build"), os.path.join(TESTS, "kernel")]

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from foreign import Place  # noqa: E402
from tool import held, opened, opened_as, until  # noqa: E402
from upgraded import write_watched  # noqa: E402

MINUTES = os.environ.get("EMF_SOAK_MINUTES", "2")
if not re.fullmatch(r"[1-9]\d{0,3}|0?\.\d+", MINUTES):
    sys.exit(f"make soak MINUTES={MINUTES}: a number of minutes from 1 to 9999 is wanted")
SECONDS = float(MINUTES) * 60
CLIENTS = 200
WARM_UP = 0.25  # of the rounds: caches and pools fill
MEMORY_KIB = 512  # that its memory may grow by from the warm-up to the end; the allocator's own ups and downs are below 200
LEAST_ROUNDS = 8

# Calls, in bursts, until its input ends; says how often.
STORM = """
import os, select, sys
print("storms", flush=True)
n = 0
while not select.select([sys.stdin], [], [], 0.01)[0]:
    for i in range(100):
        os.getppid()
    n += 100
print(n)
"""


@scratch.once
def packages(parent):
    """Two versions of a module that counts the calls of one process, and one of the collection, as packages."""
    src = scratch.source(parent)
    modules = os.path.join(src, "modules")
    for name in os.listdir(modules):
        if not name.endswith(".h") and not name.startswith("exitsnoop."):
            os.unlink(os.path.join(modules, name))
    made, files = None, {}
    for name in ("first", "second"):
        write_watched(modules, name)
        made = made or scratch.Build(src, os.path.join(parent, "build"), "--without-extensions")
        made.make()
        files[name] = os.path.join(parent, f"{name}.emfpkg")
        scratch.must(made.product(), "pack", "watched", "-o", files[name], cwd=parent)
    # Under another name: the one that is linked in runs as well.
    path = os.path.join(modules, "exitsnoop.")
    for end in ("emf", "bpf.c"):
        with open(path + end) as f:
            text = f.read()
        os.unlink(path + end)
        scratch.write(os.path.join(modules, "coming." + end), text.replace("exitsnoop", "coming"))
    made.make()
    files["coming"] = os.path.join(parent, "coming.emfpkg")
    scratch.must(made.product(), "pack", "coming", "-o", files["coming"], cwd=parent)
    return files


def can_run():
    """Modules that this kernel runs, and that need no word of where to look."""
    known = {m["name"]: m for m in json.loads(tap.run(tap.PRODUCT, "list", "-j").stdout)}
    able = {m["name"] for m in json.loads(tap.run(tap.PRODUCT, "doctor", "-j").stdout)["modules"] if m["can_run"]}
    return sorted(name for name in able if not known[name]["by_name"] and known[name]["kind"] != "chain")


class Service:
    """`emf serve` of all of them, in a place of its own, with a storm of calls and one who counts what is heard of it."""

    def __init__(self):
        tap.need_root()
        self.at = Place()
        self.storm = tap.start(sys.executable, "-c", STORM, stdin=subprocess.PIPE)
        tap.equal(self.storm.stdout.readline(), "storms\n", "what the storm says")
        # It waits until somebody counts.
        self.storm.send_signal(signal.SIGSTOP)
        config = os.path.join(tap.folder(), "emf.conf")
        scratch.write(config, "[product]\nreplace = no\nupgradable = yes\n")
        self.env = dict(os.environ, EMF_BUS=os.path.join(os.path.dirname(config), "bus"))
        self.modules = can_run()
        self.tool = self.at.start("serve", *self.modules, packages()["first"], "--allow-unsigned", "--config", config, "--set", "ingress.iface=va", "--watched.iface", "lo", "--watched.caller", str(self.storm.pid), product=tap.PRODUCT, env={"EMF_BUS": self.env["EMF_BUS"]})
        self.tool.ready(lambda: os.path.exists(self.env["EMF_BUS"]))
        self.pid = self.tool.process.pid

    def emf(self, *words):
        done = self.at.run(tap.PRODUCT, *words, ok=False, env=self.env)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of {words}")
        return done.stdout

    def client(self, *words):
        return subprocess.Popen([*self.at.within(self.at.a), tap.PRODUCT, *words], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def peers(self):
        return len(json.loads(self.emf("peers", "-j"))["rows"])

    def counted(self):
        """Events of the storm: how many were seen in the kernel, sent, dropped there, and received."""
        ring = {m["name"]: m for m in json.loads(self.emf("status", "-j"))["modules"]}["watched"]["rings"][0]
        return {what: ring[what] for what in ("seen", "sent", "dropped", "received")}

    def sockets(self):
        return len(os.listdir(f"/proc/{self.pid}/fd")) - opened(self.pid)

    def held(self, rounds):
        """What it holds, now that nobody is there. Memory is its own: pages of files, and of rings that it shares with the kernel, come as they are first used."""
        with open(f"/proc/{self.pid}/status") as f:
            memory = int(re.search(r"^RssAnon:\s+(\d+)", f.read(), re.MULTILINE)[1])
        # The connection of the command that asked last may be there for another turn, and no longer.
        fewest = min((one["sockets"] for one in rounds), default=None)
        sockets = until(lambda: next((n for n in [self.sockets()] if fewest is None or n <= fewest), None), f"at most {fewest} sockets")
        return {"memory": memory, "descriptors": collections.Counter(re.sub(r"\d+", "N", word) for word in opened_as(self.pid)), "sockets": sockets, "maps": len(held(self.pid, "map")),
                "programs": len(held(self.pid, "prog")), "links": len(held(self.pid, "link")), "threads": len(os.listdir(f"/proc/{self.pid}/task"))}


LISTENS = (("listen", "log.*"), ("listen", "parameters.*"), ("listen", "watched.call", "-n", "50"), ("listen", "execsnoop.*", "-d", "1"))
STAY = 2  # of these: they listen to what is rare
ASKS = (("status",), ("peers",), ("call", "statistics", "loop"), ("get", "watched.port"), ("services",))


def one_round(s, number):
    """Clients come, and some ask while modules are exchanged below them; half of them are killed, the others end as they are told to."""
    listeners, asking = [], []
    try:
        listeners += [s.client(*LISTENS[i % len(LISTENS)]) for i in range(CLIENTS // 2)]
        s.emf("load", packages()["coming"])
        asking += [s.client(*ASKS[i % len(ASKS)]) for i in range(CLIENTS // 4)]
        s.emf("upgrade", "watched", packages()["second"])
        listeners += [s.client(*LISTENS[i % len(LISTENS)]) for i in range(CLIENTS // 4)]
        s.emf("set", f"watched.port={7 + number % 2}")
        s.emf("rollback", "watched")
        s.emf("unload", "coming")
        for one in asking:
            _, said = one.communicate(timeout=tap.PATIENCE)
            tap.equal((one.returncode, said), (0, ""), f"exit status and messages of {one.args[-3:]}, in round {number}")
        staying = len(listeners) * STAY // len(LISTENS)
        until(lambda: s.peers() >= staying, f"{staying} clients that listen at once")
        for i, one in enumerate(listeners):
            if one.poll() is None:
                one.send_signal(signal.SIGKILL if i % 2 else signal.SIGINT)
    finally:
        for one in listeners + asking:
            if one.poll() is None and sys.exc_info()[0]:
                one.kill()
            one.wait(timeout=tap.PATIENCE)
            one.stderr.close()


def soaked():
    """The rounds, once for all tests: what it held after each, and what became of events."""
    s = Service()
    heard = s.at.start("listen", "watched.call", "-j", product=tap.PRODUCT, env={"EMF_BUS": s.env["EMF_BUS"]})
    until(lambda: json.loads(s.emf("call", "-j", "bus", "subscriptions"))["rows"], "the listener")
    s.storm.send_signal(signal.SIGCONT)
    rounds, begun = [], time.monotonic()
    while len(rounds) < LEAST_ROUNDS or time.monotonic() - begun < SECONDS:
        one_round(s, len(rounds))
        until(lambda: s.peers() == 2, "clients to have left, but the listener and the one that asks")
        rounds.append(s.held(rounds))
    calls = int(s.storm.communicate("\n", timeout=tap.PATIENCE)[0])
    events = until(lambda: next((c for c in [s.counted()] if c["received"] + c["dropped"] >= calls), None), f"what came of {calls} calls ({s.counted()})")
    # Who listens has read all that waited when it is told to end.
    heard.stop(signal.SIGINT)
    unheard = re.search(r"(\d+) signals were not heard", heard.err)
    status = s.tool.stop()
    left = (s.at.xdp("va"), s.at.xdp("lo"), s.at.pins(), s.at.records())
    seconds = time.monotonic() - begun
    with open(heard.out_path) as f:
        lines = sum(line.startswith("{") for line in f)
    return {"rounds": rounds, "calls": calls, **events, "heard": lines, "unheard": int(unheard[1]) if unheard else 0,
            "status": status, "left": left, "said": s.tool.err, "seconds": seconds, "modules": len(s.modules)}


results = []


def soak():
    """Once for all tests of this file."""
    if not results:
        results.append({})
        results[0] = soaked()
    tap.equal(results[0] == {}, False, "whether the rounds failed: the first failure says why")
    return results[0]


def test_what_it_holds_is_the_same_after_each_round_when_it_is_warm():
    rounds = soak()["rounds"]
    warm = rounds[int(len(rounds) * WARM_UP):]
    print(f"# {len(rounds)} rounds in {soak()['seconds']:.0f} s, {soak()['modules']} modules, {CLIENTS} clients in each")
    differ = [(i, one["descriptors"] - warm[0]["descriptors"], warm[0]["descriptors"] - one["descriptors"]) for i, one in enumerate(warm)]
    tap.equal([one for one in differ if one[1] or one[2]][:5], [], f"descriptors that came and that went, by round of {len(warm)}")
    for what in ("maps", "programs", "links", "threads"):
        tap.equal({one[what] for one in warm}, {warm[0][what]}, f"{what} after each round")


def test_its_memory_does_not_grow_when_it_is_warm():
    rounds = soak()["rounds"]
    warm = [one["memory"] for one in rounds[int(len(rounds) * WARM_UP):]]
    # The median of the slopes between all rounds: what one round has by chance does not count (Theil and Sen).
    slope = statistics.median((b - a) / (j - i) for i, a in enumerate(warm) for j, b in enumerate(warm[i + 1:], i + 1))
    grown = slope * len(warm)
    print(f"# memory: {warm[0]} KiB, then {warm[-1]} KiB; by its slope {grown:+.0f} KiB in {len(warm)} rounds")
    tap.equal(grown <= MEMORY_KIB, True, f"whether it grew by at most {MEMORY_KIB} KiB ({warm})")


def test_every_event_was_sent_or_dropped_and_counted():
    r = soak()
    print(f"# calls {r['calls']}: seen {r['seen']}, sent {r['sent']}, dropped {r['dropped']}, received {r['received']}")
    tap.equal((r["seen"], r["sent"] + r["dropped"], r["received"]), (r["calls"], r["seen"], r["sent"]), "events seen, sent or dropped, and received")


def test_every_signal_was_heard_or_counted_as_unheard():
    r = soak()
    print(f"# emitted {r['received']}: heard {r['heard']}, unheard {r['unheard']}")
    tap.equal(r["heard"] + r["unheard"], r["received"], "signals that were heard or not")


def test_the_service_ends_as_it_should_and_leaves_nothing():
    r = soak()
    tap.equal((r["status"], r["left"]), (0, (None, None, [], [])), f"exit status, and what hangs on interfaces, in bpffs and /run ({r['said']})")


tap.main()
