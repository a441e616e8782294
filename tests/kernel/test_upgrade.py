# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Modules that become another version of themselves while they run: nothing is missed, counted twice or let through meanwhile, those who
use them are told nothing, and whatever fails leaves the one that ran.

Without these, an upgrade could lose events, open a hole in a policy for a moment, or leave a service with half of each.
"""
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from foreign import Place  # noqa: E402
from tool import LINUX, held, opened, spawn, until  # noqa: E402
from upgraded import Products  # noqa: E402

ROUNDS = int(os.environ.get("EMF_UPGRADE_ROUNDS", "20"))
build = scratch.once(Products)

# Calls, in bursts, until its input ends.
STORM = """
import os, select, sys
print("storms", flush=True)
n = 0
while not select.select([sys.stdin], [], [], 0.003)[0]:
    for i in range(50):
        os.getppid()
    n += 50
print(n)
"""


class Service:
    """A service in a place of its own, with the first version of the module, which counts the calls of one process."""

    def __init__(self, *words, caller=None, product=None, first="first", modules=None, config="upgradable = yes"):
        tap.need_root()
        self.at = Place()
        self.product = product or build().product
        self.config = os.path.join(tap.folder(), "emf.conf")
        scratch.write(self.config, f"[product]\nreplace = no\n{config}\n")
        self.env = {"EMF_BUS": os.path.join(os.path.dirname(self.config), "bus")}
        watched = () if modules else ("--watched.iface", "va", "--watched.caller", str(caller or os.getpid()))
        self.words = ("--config", self.config, "--allow-unsigned", *watched, *words)
        self.start(modules or (build().files[first] if first else "watched"))

    def start(self, module):
        self.tool = self.at.start("serve", module, *self.words, product=self.product, env=self.env)
        self.tool.ready()
        self.pid = self.tool.process.pid

    def emf(self, *words, **kwargs):
        return self.at.run(self.product, *words, ok=False, env={**os.environ, **self.env}, **kwargs)

    def done(self, *words):
        done = self.emf(*words)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status, messages of {words}")
        return done.stdout

    def upgrade(self, version, *words, module="watched"):
        return self.done("upgrade", module, build().files[version], *words)

    def refused(self, version, *sentences, module="watched"):
        done = self.emf("upgrade", module, build().files[version])
        tap.equal((done.returncode, done.stdout), (1, ""), f"exit status and output ({done.stderr})")
        for sentence in sentences:
            tap.contains(done.stderr, sentence)

    def module(self, name="watched"):
        return {m["name"]: m for m in json.loads(self.done("status", "-j"))["modules"]}[name]

    def ring(self):
        return self.module()["rings"][0]

    def variables(self, module="watched"):
        """Those of .bss, by what bpftool says of the map that runs."""
        ids = held(self.pid, "map")
        for i in ids:
            shown = json.loads(self.at.run("bpftool", "-j", "map", "show", "id", i).stdout)
            if shown["name"].endswith(".bss") and shown["name"].startswith(module):
                dump = json.loads(self.at.run("bpftool", "-j", "map", "dump", "id", i).stdout)
                return {name: value for row in dump[0]["formatted"]["value"][".bss"] for name, value in row.items()}
        raise AssertionError("no map of variables")

    def map(self, name):
        """What the map of this name has that the process holds."""
        for i in held(self.pid, "map"):
            shown = json.loads(self.at.run("bpftool", "-j", "map", "show", "id", i).stdout)
            if shown["name"] == name:
                return [row["formatted"] for row in json.loads(self.at.run("bpftool", "-j", "map", "dump", "id", i).stdout)]
        raise AssertionError(f"no map {name}")

    def listen(self):
        heard = self.at.start("listen", "watched.call", "-j", product=self.product, env=self.env)
        until(lambda: self.asks("bus", "subscriptions")["rows"], "a listener")
        return heard

    def asks(self, *words):
        return json.loads(self.done("call", "-j", *words))

    def has(self):
        """What could be left behind."""
        return {"descriptors": opened(self.pid), "maps": len(held(self.pid, "map")), "programs": len(held(self.pid, "prog"))}


def numbers(heard):
    return [json.loads(line)["args"]["number"] for line in heard.out.rpartition("\n")[0].splitlines()]


def versions(heard):
    return {json.loads(line)["args"]["version"] for line in heard.out.splitlines() if line.endswith("}")}


def call(n):
    for _ in range(n):
        os.getppid()


# --- what goes on


def test_a_newer_version_goes_on_with_maps_numbers_and_parameters():
    s = Service()
    heard = s.listen()
    s.done("set", "watched.port=7")
    call(10)
    s.upgrade("second")
    tap.equal((s.module()["version"], s.module()["params"]["port"], s.module()["params"]["caller"]), ("1.2", "7", str(os.getpid())), "version and parameters")
    call(10)
    until(lambda: numbers(heard)[-1:] == [20], f"event 20 ({heard.out[-200:]})")
    tap.equal((numbers(heard), versions(heard)), (list(range(1, 21)), {1, 2}), "events of both, heard by one who was told nothing")
    tap.equal({k: s.ring()[k] for k in ("seen", "sent", "dropped", "received")}, {"seen": 20, "sent": 20, "dropped": 0, "received": 20}, "the ring's counts")
    tap.contains(s.done("metrics"), "emf_watched_calls_total 20\n")
    s.tool.says("watched: version 1.2 took the place of version 1.1")


def test_variables_that_stand_elsewhere_are_copied_by_their_names():
    s = Service()
    call(7)
    until(lambda: s.ring()["received"] == 7, "events")
    s.upgrade("third")
    call(3)
    until(lambda: s.ring()["received"] == 10, "events of the newer one")
    found = s.variables()
    tap.equal((found["number"], found["another"]), (10, 3 * 12), "the number that went on, and what is new")


def test_run_counts_and_times_do_not_go_back():
    s = Service()
    measured = s.at.start("call", "statistics", "measure", product=s.product, env=s.env)

    def runs():
        rows = s.asks("statistics", "programs")
        return {row["name"]: row["runs"] for row in rows["rows"] if row["module"] == "watched"}, rows["timed"]

    until(lambda: runs()[1], "that programs are timed")
    before = 0
    for version in ("second", "first", "third"):
        call(1000)
        s.at.send(100, 9)
        counted = runs()[0]
        tap.equal(counted["on_call"] >= before + 1000, True, f"runs ({counted}, {before} before)")
        before = counted["on_call"]
        s.upgrade(version)
    tap.equal(runs()[0]["on_packet"] >= 300, True, f"packets ({runs()[0]})")
    measured.stop()


def test_it_can_be_what_it_was_before_and_again():
    s = Service()
    done = s.emf("rollback", "watched")
    tap.equal(done.returncode, 2, "exit status when nothing ran before")
    tap.contains(done.stderr, "module watched was not upgraded since it was loaded: nothing ran before it")
    s.upgrade("second")
    call(3)
    for version in ("1.1", "1.2", "1.1"):
        s.done("rollback", "watched")
        call(3)
        tap.equal(s.module()["version"], version, "version")
    until(lambda: s.ring()["received"] == 12, f"events ({s.ring()})")


def test_a_module_that_is_linked_in_is_upgraded_by_a_file_and_comes_back():
    s = Service(first=None, product=build().linked)
    call(2)
    s.upgrade("third")
    tap.equal(s.module()["version"], "1.3", "version")
    tap.contains(s.emf("unload", "watched").stderr, "rollback")
    s.done("rollback", "watched")
    call(2)
    tap.equal(s.module()["version"], "1.1", "version")
    until(lambda: s.ring()["received"] == 4, f"events ({s.ring()})")
    tap.equal(s.tool.stop(), 0, "exit status")


def with_jumps(*words):
    """The second version, which has a kernel part."""
    return Service("--extension", build().files["jumps2"], "--jumps.caller", str(os.getpid()), *words, modules="jumps", config="" if words else "upgradable = yes")


def test_a_module_loses_its_kernel_part_and_gets_one_again():
    for words in ((), ("--persist",)):
        s = with_jumps(*words)
        for version in ("1", "2", "1", "3"):
            s.upgrade(f"jumps{version}", module="jumps")
            tap.equal((s.module("jumps")["version"], s.module("jumps")["state"]), (f"{version}.0", "running"), f"version and state with {words}")
        call(3)
        tap.equal(s.variables("jumps")["seen"], [0, 0, 0, 3], f"calls that were seen, by version, with {words}")
        s.done("rollback", "jumps")
        tap.equal(s.module("jumps")["version"], "1.0", f"version with {words}")
        tap.equal(s.tool.stop(), 0, f"exit status with {words}")
        s.at.run(s.product, "purge", ok=False)


def test_an_array_of_programs_is_that_of_each_version():
    s = with_jumps()
    call(3)
    tap.contains(s.upgrade("jumps3", "--dry-run", module="jumps"), "map targets is new\n")
    call(3)
    tap.equal(s.variables("jumps")["seen"], [0, 0, 6, 0], "calls that were seen, by version, when the other one was loaded and forgotten")
    s.upgrade("jumps3", module="jumps")
    call(2)
    tap.equal(s.variables("jumps")["seen"], [0, 0, 6, 2], "calls that were seen, by version")


# --- what is said, and what is refused


def test_a_dry_run_says_what_would_happen_and_changes_nothing():
    s = Service()
    call(1)
    before = held(s.pid, "prog")
    said = s.upgrade("third", "--dry-run")
    for line in ("module watched goes from version 1.1 to 1.3", "map callers stays, with what is in it", "program on_packet takes the place of the old one by one step",
                 "program on_call takes the place of the old one by one step", f"parameter caller keeps its value: {os.getpid()}", "parameter limit is new: 5"):
        tap.contains(said, line + "\n")
    tap.contains(said, ".bss is laid out otherwise: its variables are copied one by one\n")
    tap.equal((s.module()["version"], held(s.pid, "prog")), ("1.1", before), "what runs")


def test_where_it_is_not_asked_for_a_dry_run_says_that_both_see_what_happens():
    s = Service(config="")
    tap.contains(s.upgrade("second", "--dry-run"), "program on_call is attached before the old one goes: for that moment both see what happens\n")
    s.upgrade("second")
    call(5)
    until(lambda: s.ring()["received"] == 5, f"events ({s.ring()})")


def goes_on(s, before):
    """It is as it was, and counts."""
    n = s.ring()["seen"]
    call(4)
    until(lambda: s.ring()["received"] == n + 4, "events")
    tap.equal((s.module()["version"], s.module()["state"], s.has()), ("1.1", "running", before), "version, state, and what the process has")


def test_a_map_that_means_something_else_is_refused_with_what_differs():
    s = Service()
    before = s.has()
    s.refused("other", "map 'callers' cannot be taken over: the size of its values is 8 there and 16 here")
    goes_on(s, before)


def test_what_the_verifier_rejects_leaves_the_old_one():
    s = Service()
    before = s.has()
    s.refused("refused", "the verifier rejected program 'on_call'")
    goes_on(s, before)


def test_what_is_another_module_or_none_is_refused():
    s = Service()
    before = s.has()
    s.refused("adder1", "the module in it is adder, and not watched")
    done = s.emf("upgrade", "wached", build().files["second"])
    tap.equal(done.returncode, 2, "exit status of a wrong name")
    tap.contains(done.stderr, "did you mean 'watched'?")
    s.done("stop", "watched")
    done = s.emf("upgrade", "watched", build().files["second"])
    tap.contains(done.stderr, "module watched does not run: it is stopped")
    s.done("start", "watched")
    goes_on(s, before)


def load_adder(s, version):
    if LINUX < (5, 12):
        raise tap.Skip("an atomic instruction does not say what was there", doctor="before 5.12")
    s.done("load", build().files[version])


def test_a_start_that_fails_leaves_the_old_one():
    s = Service()
    load_adder(s, "adder2")
    before = s.has()
    s.refused("adder3", "create failed: Input/output error", module="adder")
    tap.equal(s.asks("sums", "add", "a=3", "b=4"), {"sum": 7, "version": 2}, "who answers")
    until(lambda: s.has() == before, f"what the process had: {before}")


def test_what_is_laid_out_otherwise_is_handed_over_by_the_function_that_knows_both():
    s = Service()
    load_adder(s, "adder1")
    for n in range(3):
        s.done("call", "sums", "add", "a=1", "b=1")
    s.refused("adder4", "map 'added' cannot be taken over: the size of its values is 8 there and 16 here", module="adder")
    tap.contains(s.upgrade("adder5", "--dry-run", module="adder"), "map added is laid out otherwise, or cannot be handed over: the module's migrate is called for it\n")
    s.upgrade("adder5", module="adder")
    s.done("call", "sums", "add", "a=1", "b=1")
    tap.equal(s.map("added"), [{"key": 0, "value": {"n": 4, "more": 7}}], "what the map has")
    done = s.emf("rollback", "adder")
    tap.contains(done.stderr, "map 'added' cannot be taken over: the size of its values is 16 there and 8 here")
    tap.equal(s.asks("sums", "add", "a=1", "b=1")["version"], 5, "who answers")


def test_a_map_that_another_module_imports_is_not_migrated():
    s = Service()
    s.done("load", build().files["keeper1"])
    s.done("load", build().files["reader1"])
    before = s.has()
    s.refused("keeper2", "map 'kept' is laid out otherwise, and module reader imports it: stop that one first", module="keeper")
    goes_on(s, before)
    s.done("stop", "reader")
    s.upgrade("keeper2", module="keeper")
    tap.equal(s.module("keeper")["version"], "2.0", "version once nobody imports it")


# --- who uses it


def test_a_call_that_is_not_answered_is_to_be_made_again():
    s = Service()
    load_adder(s, "adder1")
    waits = s.at.start("call", "sums", "wait", product=s.product, env=s.env)
    until(lambda: s.asks("sums", "waits")["calls"], "a call that waits")
    s.upgrade("adder2", module="adder")
    until(lambda: waits.process.poll() is not None, "its end")
    tap.contains(waits.err, "Resource temporarily unavailable")
    again = s.at.start("call", "sums", "wait", product=s.product, env=s.env)
    until(lambda: s.asks("sums", "waits")["calls"], "that it waits again")
    tap.equal(again.process.poll(), None, "whether it was answered")


def test_a_client_that_calls_all_the_time_meets_no_error():
    s = Service()
    load_adder(s, "adder1")
    client = tap.start(*s.at.within(s.at.a), build().client, s.env["EMF_BUS"], "10000", stdin=subprocess.PIPE)
    tap.equal(client.stdout.readline(), "begins 0\n", "what the client says")
    for n in range(ROUNDS):
        s.upgrade("adder2" if n % 2 == 0 else "adder1", module="adder")
    said, _ = client.communicate("end\n", timeout=tap.PATIENCE)
    said = json.loads(said)
    tap.equal((said["error"], said["wrong"], said["calls"] >= 10000), ("", 0, True), f"errors, wrong answers, calls ({said})")
    tap.equal(said["heard"] + said["lost"], said["calls"], f"signals of both ({said})")
    tap.equal(said["first"] > 0 and said["second"] > 0, True, f"whether both answered ({said})")


def started(heard):
    return [json.loads(line)["args"]["number"] for line in heard.out.rpartition("\n")[0].splitlines()]


def test_a_program_on_demand_stays_attached_for_who_listens():
    s = Service()
    load_adder(s, "adder1")
    heard = s.at.start("listen", "adder.started", "-j", product=s.product, env=s.env)
    until(lambda: s.module("adder")["on_demand"][0]["attached"], "that it is attached")
    for version in ("adder2", "adder1", "adder2"):
        s.upgrade(version, module="adder")
        spawn("/bin/true")
    until(lambda: started(heard), "a signal")
    last = started(heard)[-1]
    until(lambda: spawn("/bin/true") and started(heard)[-1] > last, "one more")
    numbers = started(heard)
    tap.equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "numbers without a hole or a repeat")
    heard.stop()
    until(lambda: not s.module("adder")["on_demand"][0]["attached"], "that it is detached")


def test_a_chain_goes_to_its_next_generation_and_lets_nothing_through():
    s = Service(modules="acl", product=build().linked, config="[ingress]\niface = va")
    s.done("call", "acl", "add", "prefix=10.9.0.2")
    flood = s.at.flood(9)
    s.upgrade("acl", module="acl")
    for _ in range(5):
        s.done("rollback", "acl")
    sent, came = flood.end()
    tap.equal((sent > 0, came), (True, 0), "packets that came")
    totals = s.asks("acl", "totals")
    tap.equal((totals["seen"], totals["blocked"]), (sent, sent), "packets that were counted")
    tap.equal(s.asks("acl", "list")["total"], 1, "entries")
    tap.contains(s.done("upgrade", "acl", build().files["acl"], "--dry-run"), "program check_xdp is in the next generation of chain ingress\n")


# --- under load


def test_many_upgrades_under_a_storm_and_a_flood_miss_nothing_and_let_nothing_through():
    storm = tap.start(sys.executable, "-c", STORM, stdin=subprocess.PIPE)
    tap.equal(storm.stdout.readline(), "storms\n", "what the storm says")
    s = Service(caller=storm.pid)
    heard = s.listen()
    dropped, passed = s.at.flood(9), s.at.flood(10)
    first = s.ring()["seen"]
    for n in range(ROUNDS):
        s.upgrade("second" if n % 2 == 0 else "first")
    (sent, came), (sent_too, came_too) = dropped.end(), passed.end()
    storm.communicate("end\n", timeout=tap.PATIENCE)
    until(lambda: s.ring()["received"] == s.ring()["sent"], "that all is read")
    ring = s.ring()
    tap.equal(ring["seen"], ring["sent"] + ring["dropped"], "what was seen")
    tap.equal(ring["seen"] > first, True, "whether the storm went on")
    tap.equal((came, came_too), (0, sent_too), f"packets that came, of {sent} that are dropped and {sent_too} that pass")
    until(lambda: numbers(heard)[-1:] == [s.variables()["number"]], "the last event")
    heard.stop()  # by then it has told what it did not hear
    found = numbers(heard)
    lost = [int(n) for n in re.findall(r"(\d+) signals were not heard", heard.err)]
    tap.equal(found[0] + len(found) - 1 + sum(lost), found[-1], "numbers without a hole or a repeat")
    tap.equal(len(set(found)) == len(found), True, "whether none came twice")
    tap.equal(s.variables()["dropped"], sent, "packets that the program has dropped")
    tap.equal(versions(heard), {1, 2}, "who saw it")


def test_many_upgrades_leave_nothing_behind():
    s = Service()
    s.upgrade("second")
    s.upgrade("first")
    before = s.has()
    for n in range(ROUNDS):
        s.upgrade("second" if n % 2 == 0 else "first")
    tap.equal(s.has(), before, "what the process has")
    s.done("unload", "watched")
    tap.equal("watched" in s.done("status", "-j"), False, "whether it is known still")


# --- with --persist


def test_a_start_that_cannot_stay_leaves_nothing_pinned():
    s = Service("--persist", config="")
    module = "emf/module=watched/"
    names = [name for name in s.at.pins() if name.startswith(module)]
    links = [name for name in names if name.startswith(module + "link-")]
    tap.equal(len(links), 2, f"programs that are pinned ({names})")
    s.tool.stop()
    for name in links:
        s.at.run(s.product, "purge", ok=False)
        s.at.run("mkdir", "-m", "700", "-p", "/sys/fs/bpf/emf", f"/sys/fs/bpf/{module}")
        s.at.run("mkdir", f"/sys/fs/bpf/{name}")
        refused = s.at.start("serve", build().files["first"], *s.words, product=s.product, env=s.env)
        refused.says("it cannot stay when this process ends")
        refused.stop()
        tap.equal([pin for pin in s.at.pins() if pin.startswith(module) and pin != name], [], f"what is pinned, where {name} cannot be")
        s.at.run("rmdir", f"/sys/fs/bpf/{name}")


def test_what_stays_is_that_of_the_newer_one():
    s = Service("--persist", config="")
    call(3)
    until(lambda: s.ring()["received"] == 3, "events")
    pins = s.at.pins()
    s.upgrade("second")
    tap.equal([name.rsplit("-", 1)[0] for name in s.at.pins()], [name.rsplit("-", 1)[0] for name in pins], "what is pinned")
    s.refused("other", "map 'callers' cannot be taken over")
    s.tool.process.send_signal(signal.SIGKILL)
    s.tool.process.wait()
    call(5)
    s.start(build().files["second"])
    s.tool.says("watched: goes on from an earlier run, with 6 of its maps and 2 of its attached programs")
    until(lambda: s.ring()["received"] >= 5, f"events of the time in which nobody was there ({s.ring()})")
    tap.equal(s.variables()["number"], 8, "all of them")
    s.tool.stop()
    s.at.run(s.product, "purge", ok=False)


# --- the manual


@scratch.once
def newer(parent):
    """A tree with a newer version of a module of the collection."""
    src = scratch.source(parent)
    path = os.path.join(src, "modules", "execsnoop.emf")
    with open(path) as f:
        text = f.read()
    scratch.write(path, text.replace("module execsnoop 0.1 {", "module execsnoop 0.2 {"))
    return scratch.Build(src, src, "--with-modules=execsnoop", "--with-extensions=none")


def commands(page):
    """Pairs of a command and what the page says that it prints, of each block of commands."""
    for block in re.findall(r"^```\n(# .*?)^```", page, re.MULTILINE | re.DOTALL):
        yield [(c.split("\n", 1)[0], c.split("\n", 1)[1]) for c in re.split(r"^# ", block, flags=re.MULTILINE)[1:]]


def test_the_manual_works_as_it_is_written():
    with open(os.path.join(tap.SOURCE, "docs", "upgrading.md")) as f:
        making, upgrading, refused = commands(f.read())
    src = newer().src
    for command, _ in making:
        scratch.must("sh", "-ec", command, cwd=src)
    s = Service("--set", "execsnoop.failed=true", product=tap.PRODUCT, modules="execsnoop")
    for command, printed in upgrading:
        words = [os.path.join(src, word) if word.endswith(".emfpkg") else word for word in command.split()[1:]]
        tap.equal(s.done(*words), printed, f"what '{command}' prints")
    tap.equal(s.module("execsnoop")["version"], "0.1", "the version in the end")
    tap.equal(len(refused), 1, "an upgrade that is refused")


tap.main()
