# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Modules of a running product: started, stopped, listed, measured; and who is told when a
parameter changes.

Without these, a module could not be exchanged without ending all others, one that was
stopped could leave programs in the kernel or callers waiting for ever, and nobody could
say which module it is that makes a machine slow.
"""
import concurrent.futures
import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kernel"))

import bus_raw  # noqa: E402 - the path has to be set first
import scratch  # noqa: E402
import tap  # noqa: E402
from tool import held, links, spawn, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SYSCTL = "/proc/sys/kernel/bpf_stats_enabled"
ENVIRONMENT = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
SANITIZED = "sanitizers" in os.environ.get("EMF_CONFIGURE", "")


@scratch.once
def build(parent):
    """echoer and who needs it, two that share a map, one that fails, one that stops itself, one that is required."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "modules"), os.path.join(src, "modules"))
    shutil.move(os.path.join(src, "modules", "desk.emf"), os.path.join(src, "bus-idl"))
    shutil.copytree(os.path.join(os.path.dirname(HERE), "kernel", "shared"), os.path.join(src, "modules"), dirs_exist_ok=True)
    for name in ("echoer.emf", "echoer.c", "echoer.bpf.c"):
        shutil.copy(os.path.join(HERE, "bus", name), os.path.join(src, "modules"))
    shutil.copy(os.path.join(HERE, "bus", "echo.emf"), os.path.join(src, "bus-idl"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror", f"--sysconfdir={parent}/etc",
                         *os.environ.get("EMF_CONFIGURE", "").split())
    made.make()
    return made


class Service:
    def __init__(self, *modules, config=""):
        tap.need_root()
        folder = tap.folder()
        os.chmod(folder, 0o755)
        self.bus, self.config, self.err_path = (os.path.join(folder, name) for name in ("bus", "emf.conf", "err"))
        scratch.write(self.config, config)
        self.env = dict(ENVIRONMENT, EMF_BUS=self.bus)
        with open(self.err_path, "w") as err:
            self.process = tap.start(build().product(), "serve", "--log", "info", "--config", self.config, *modules,
                                     stdout=subprocess.DEVNULL, stderr=err, env=self.env)
        until(lambda: self.process.poll() is not None or self.run("wait", "modules", "--timeout", "100ms").returncode == 0,
              "the service to answer")

    def run(self, *words, **kwargs):
        return tap.run(build().product(), *words, **{"env": self.env, **kwargs})

    def start(self, *words, **kwargs):
        return tap.start(build().product(), *words, **{"env": self.env, **kwargs})

    def does(self, *words):
        done = self.run(*words)
        tap.equal((done.returncode, done.stderr), (0, ""), f"status and messages of {words}")
        return done.stdout

    def asks(self, *words):
        return json.loads(self.does("call", "-j", *words))

    def refuses(self, words, status, part):
        done = self.run(*words)
        tap.equal((done.returncode, done.stdout), (status, ""), f"status and output of {words}: {done.stderr}")
        tap.contains(done.stderr, part)

    def state(self, name):
        listed = {row["name"]: row for row in self.asks("modules", "list")["rows"]}
        shown = {row["name"]: row for row in json.loads(self.does("status", "-j"))["modules"]}
        tap.equal((listed[name]["state"].lower(), listed[name]["programs"]), (shown[name]["state"], shown[name]["programs"]),
                  f"{name} in the list, and in the status")
        return shown[name]["state"]

    @property
    def err(self):
        with open(self.err_path) as f:
            return f.read()

    @property
    def pid(self):
        return self.process.pid

    def files(self):
        names = []
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed since
                names.append(os.readlink(f"/proc/{self.pid}/fd/{fd}"))
        return sorted(names)

    def end(self, status=0):
        self.process.send_signal(signal.SIGTERM)
        tap.equal(self.process.wait(timeout=30), status, f"exit status of the service ({self.err})")


def quiet(service):
    """Its files, once nobody but who asks for it is connected."""
    files = service.files()
    return files if sum(name.startswith("socket:") for name in files) == 1 else None


# --- start and stop -----------------------------------------------------------------------------


def test_a_module_stops_and_starts_while_others_run():
    service = Service("echoer", "failer", "--set", "failer.fails=no")
    echo = ("call", "echo", "number", "n=5", "after_ms=0", "most=0")
    both, programs = links(service.pid), held(service.pid, "prog")
    tap.equal(service.does(*echo), "n  5\n", "what it answers")
    tap.equal(service.does("stop", "echoer"), "", "what stop prints")
    tap.equal((service.state("echoer"), service.state("failer")), ("stopped", "running"), "states")
    tap.equal(len(held(service.pid, "prog") & programs), 1, "programs that are left: the one of failer")
    service.refuses(echo, 1, "echo.number: nobody provides the service now")
    row = {row["name"]: row for row in json.loads(service.does("services", "-j"))}["echo"]
    tap.equal(row["provided"], False, "its service is provided")
    tap.contains(service.does("status"), "echoer    stopped")
    service.does("start", "echoer")
    tap.equal((service.state("echoer"), links(service.pid)), ("running", both), "state and links")
    tap.equal(service.does(*echo), "n  5\n", "what it answers")
    tap.equal(service.asks("echo", "add", "a=2", "b=3"), {"sum": 5}, "what its kernel part answers")
    service.does("stop", "echoer", "failer")
    service.does("start", "failer", "echoer")
    tap.equal((service.state("echoer"), service.state("failer")), ("running", "running"), "states")
    service.end()


def test_who_listens_hears_a_module_that_was_started_again():
    service = Service("echoer")
    out = os.path.join(tap.folder(), "out")  # other programs are started on this machine, too: it is not ended by them
    with open(out, "w") as f:
        service.start("listen", "-j", "echo.heard", "echo.execed", stdout=f)
    until(lambda: len(service.asks("bus", "subscriptions")["rows"]) == 2, "the listener")
    service.does("stop", "echoer")
    tap.equal(links(service.pid), 0, "links of what was stopped")
    service.does("start", "echoer")
    until(lambda: links(service.pid) == 1, "its program, which is wanted still, to be attached")
    before = os.path.getsize(out)
    service.does("call", "echo", "shout", "times=1", "bytes=0")

    def names():
        with open(out) as f:
            f.seek(before)
            return {json.loads(line)["signal"] for line in f if line.endswith("\n")}

    until(lambda: spawn("/bin/true") and names() == {"heard", "execed"}, "both signals")
    service.end()


def test_one_that_was_not_configured_to_run_is_listed_and_can_be_started():
    service = Service("echoer")
    rows = {row["name"]: row for row in service.asks("modules", "list")["rows"]}
    tap.equal(sorted(rows), ["boss", "clerk", "echoer", "failer", "guard", "listener", "rules"], "names")
    tap.equal({k: v for k, v in rows["clerk"].items() if k != "programs"},
              {"name": "clerk", "version": "1.0", "doc": "stop itself when it is asked to", "state": "IDLE", "required": False,
               "priority": rows["clerk"]["priority"], "why": ""}, "clerk")
    tap.equal((rows["boss"]["required"], rows["guard"]["priority"]), (True, -1), "of boss, of guard")
    service.does("start", "clerk", "listener", "rules", "guard")
    tap.equal([service.state(name) for name in ("clerk", "listener", "rules", "guard")], ["running"] * 4, "states")
    service.end()


def test_what_cannot_be_is_refused_with_its_reason():
    service = Service("boss", "echoer", "listener", "rules", "guard")
    for words, status, part in ((("stop", "boss"), 1, "module boss is required: the product does not run without it"),
                                (("stop", "echoer"), 1, "module listener cannot run without echoer: stop what uses it first"),
                                (("stop", "rules"), 1, "module guard cannot run without rules"),
                                (("start", "echoer"), 1, "module echoer runs already"),
                                (("stop", "clerk"), 1, "module clerk does not run: it is idle"),
                                (("stop", "ecoer"), 2, "there is no module 'ecoer'; did you mean 'echoer'?"),
                                (("stop", "rules", "listener", "ecoer"), 2, "there is no module 'ecoer'; did you mean 'echoer'?"),
                                (("start", "clerk", "nobody"), 2, "there is no module 'nobody'; 'list' lists them"),
                                (("start", "x" * 63), 2, "there is no module 'xxx"),
                                (("start", "x" * 64), 2, "there is no module 'xxx"),
                                (("start",), 2, "start needs the name of a module"),
                                (("call", "modules", "stop", "module=boss"), 1, "modules.stop: refused: reason=EPERM why="),
                                (("call", "modules", "start", "module=nobody"), 1, "modules.start: refused: reason=ENOENT why=")):
        service.refuses(words, status, part)
    tap.equal([service.state(name) for name in ("boss", "echoer", "rules", "listener")], ["running"] * 4, "states")
    tap.equal(service.state("clerk"), "idle", "of what stood before a wrong name")
    service.does("stop", "listener", "echoer", "guard", "rules")
    service.refuses(("start", "listener"), 1, "listener: uses the service echo, which no running module provides")
    service.refuses(("start", "guard"), 1, "guard: imports map 'ban' of module rules, which was stopped")
    service.end(1)  # modules that it was to run have failed


def test_a_module_whose_service_a_process_provides_is_told_that():
    service = Service("echoer")
    peer = bus_raw.Peer(service.bus, bound=False)
    peer.send(bus_raw.frame(bus_raw.OFFER, b"desk".ljust(80, b"\0")))
    bind = peer.next(bus_raw.BIND)
    matches = bytes(sum(struct.unpack_from("=HHH", bind.payload, 88)))
    peer.send(bus_raw.frame(bus_raw.BOUND, struct.pack("=iI16s", 0, 1, b"1.0") + matches, service=bind.service))
    service.does("wait", "desk")
    why = "service desk is provided by another process already: end that one first"
    service.refuses(("start", "clerk"), 1, f"emf: clerk: {why}\n")
    tap.equal([row["why"] for row in service.asks("modules", "list")["rows"] if row["name"] == "clerk"], [why], "why")
    tap.equal((service.err.count(why), service.err.count("provide failed")), (1, 0), f"what the log tells of it: {service.err}")
    peer.close()
    until(lambda: service.run("start", "clerk").returncode == 0, "it to start when the process has gone")
    service.end()


def test_one_that_fails_to_start_says_why_and_leaves_nothing():
    service = Service("echoer")
    before = until(lambda: quiet(service), "those who asked to be gone"), held(service.pid, "prog"), held(service.pid, "map")
    why = f"attach failed: {os.strerror(84)}"
    for _ in range(3):
        service.refuses(("start", "failer"), 1, f"emf: failer: {why}\n")
        until(lambda: service.files() == before[0], "files to be closed")
        tap.equal((held(service.pid, "prog"), held(service.pid, "map")), before[1:], "what the product holds")
    service.refuses(("call", "modules", "start", "module=failer"), 1, "modules.start: failed: reason=EILSEQ")
    tap.equal(service.state("failer"), "failed", "state")
    tap.equal([row["why"] for row in service.asks("modules", "list")["rows"] if row["name"] == "failer"], [why], "why")
    service.refuses(("stop", "failer"), 1, "module failer does not run: it is failed")
    service.does("set", "failer.fails=no")
    service.does("start", "failer")
    tap.equal(service.state("failer"), "running", "state, with another parameter")
    service.refuses(("set", "failer.fails=yes"), 1, "cannot change while the module runs")
    service.end()


def test_a_start_reads_the_configuration_of_that_module_again():
    service = Service("failer", "echoer", config="[failer]\nfails = no\n[echoer]\nloudness = 3\n")
    scratch.write(service.config, "[failer]\nfails = yes\n[echoer]\nloudness = 4\n")
    service.does("stop", "failer")
    service.refuses(("start", "failer"), 1, "failer: attach failed")
    scratch.write(service.config, "[failer]\nfails = no\nmuch = 7\n[echoer]\nloudness = 4\n")
    service.does("start", "failer")
    tap.equal((service.does("get", "failer.much"), service.does("get", "echoer.loudness")), ("7\n", "3\n"), "values")
    service.does("stop", "failer")
    scratch.write(service.config, "[failer]\nmuch = many\n")
    service.refuses(("start", "failer"), 1, "the configuration has mistakes, which the log of the service names")
    tap.contains(service.err, f"{service.config}:2: failer.much")
    tap.equal(service.state("failer"), "stopped", "state")
    service.end()


def test_calls_to_a_module_that_stops_are_all_answered():
    service = Service("echoer")
    words = ("call", "-j", "echo", "number", "n=5", "after_ms=60000", "most=0", "--timeout", "60s")
    waiting = [service.start(*words) for _ in range(8)]
    waiting += [service.start("call", "echo", "never", "--timeout", "60s") for _ in range(2)]
    until(lambda: sum(row["under_way"] for row in service.asks("bus", "peers")["rows"]) >= 10, "ten calls to be under way")
    service.does("stop", "echoer")
    for process in waiting:
        tap.equal(process.wait(timeout=10), 1, "status of a call that was under way")
        tap.contains(process.stderr.read(), "nobody provides the service now")
    service.end()


def test_calls_that_come_while_it_stops_and_starts_are_answered():
    service = Service("echoer", "clerk")
    over = []

    def calls():
        told = set()
        while not over:
            done = service.run("call", "-j", "echo", "number", "n=5", "after_ms=3", "most=0")
            told.add((done.returncode, "".join(done.stdout.split()), "nobody provides" in done.stderr, "" if "nobody" in done.stderr else done.stderr))
        return told

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(calls) for _ in range(4)]
        try:
            for _ in range(20):
                service.does("stop", "echoer")
                time.sleep(0.02)
                service.does("start", "echoer")
                time.sleep(0.02)
        finally:
            over.append(True)
        told = set.union(*(caller.result(timeout=30) for caller in callers))
    answered, refused = (0, '{"n":5}', False, ""), (1, "", True, "")
    tap.equal((answered in told, told - {answered, refused}), (True, set()), "how they were answered")
    service.end()


def test_two_who_ask_for_the_same_are_both_answered():
    service = Service("echoer")
    stoppers = [service.start("stop", "echoer") for _ in range(6)]
    told = [(process.wait(timeout=10), process.stderr.read()) for process in stoppers]
    tap.equal(sum(status == 0 for status, _ in told) >= 1, True, f"one of them stopped it: {told}")
    for status, text in told:
        if status:
            tap.equal(text in ("emf: module echoer is being stopped\n", "emf: module echoer does not run: it is stopped\n"), True, text)
    service.end()


def test_one_may_stop_itself_from_its_own_functions():
    service = Service("clerk")
    for words, status in ((("desk", "leave", "waiting=no"), 0), (("desk", "leave", "waiting=yes"), 0), (("desk", "leave_soon"), 1)):
        tap.equal(service.run("call", *words).returncode, status, f"status of {words}")
        until(lambda: service.state("clerk") == "stopped", "it to stop")
        service.does("start", "clerk")
    tap.contains(service.err, "clerk: leaves: 0, and once more: -121")  # EREMOTEIO: refused, since it is on its way
    tap.equal("was told" in service.err, False, "it was called behind its end")
    service.end()


def test_fifty_cycles_leave_nothing_behind():
    service = Service("clerk")

    def cycle():
        service.does("start", "echoer", "rules", "guard", "listener")
        listener = service.start("listen", "echo.execed")
        until(lambda: service.asks("bus", "subscriptions")["rows"], "the listener")
        service.does("stop", "listener", "guard", "rules", "echoer")
        listener.kill()
        listener.wait()

    def settled():
        return until(lambda: quiet(service), "those who asked to be gone"), held(service.pid, "prog"), held(service.pid, "map"), links(service.pid)

    def memory():
        with open(f"/proc/{service.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    service.refuses(("start", "failer"), 1, "attach failed")
    cycle()
    before = settled()
    tap.equal(before[1:], (set(), set(), 0), "programs, maps and links of what was stopped")
    for n in range(50):
        cycle()
        if n == 20:
            grown = memory()
    tap.equal(settled(), before, "files, programs, maps and links")
    tap.equal(SANITIZED or memory() - grown < 1 << 20, True, f"grew from {grown} to {memory()} bytes in thirty cycles")
    service.end()


def test_who_may_only_read_may_not_start_and_stop():
    service = Service("clerk")
    os.chmod(service.bus, 0o666)
    os.chown(service.bus, 0, 65534)  # the group nogroup, that nobody is of, may read
    product = shutil.copy(build().product(), os.path.dirname(service.bus))
    nobody = dict(user=65534, group=65534, extra_groups=[], env=service.env)
    for what in ("start", "stop"):
        done = tap.run(product, what, "clerk", **nobody)
        tap.equal((done.returncode, done.stdout), (77, ""), f"status of {what}")
        tap.contains(done.stderr, f"rules do not allow this user to {what} modules; 'acl explain 65534 modules.{what}' says which one decides")
    shown = tap.run(product, "top", "-n", "1", "-d", "50ms", **nobody)
    tap.equal((shown.returncode, shown.stderr), (0, ""), "status of top")
    with open(SYSCTL) as f:
        if f.read().strip() == "0":
            tap.contains(shown.stdout, "Programs are not timed: rules do not allow this user to have them timed, by statistics.measure; 'acl explain'")
    tap.equal(shown.stdout.splitlines()[2].split()[2], "-", "user time that nobody measured")
    tap.equal(service.state("clerk"), "running", "state")
    service.end()


# --- what it costs ------------------------------------------------------------------------------


def shown(program):
    return json.loads(tap.run("bpftool", "-j", "prog", "show", "id", program, env=ENVIRONMENT).stdout)


def test_top_tells_what_the_kernel_tells():
    service = Service("failer", "clerk", "--set", "failer.fails=no")
    number = held(service.pid, "prog").pop()
    holder = service.start("call", "statistics", "measure", "--timeout", "60s")
    until(lambda: service.asks("statistics", "programs")["timed"], "the clocks to run")
    for _ in range(20):
        spawn("/bin/true")
    before = shown(number)
    top = service.start("top", "-j", "-n", "3", "-d", "200ms")
    for _ in range(20):
        spawn("/bin/true")
    service.does("call", "desk", "work", "ms=50")
    tap.equal(top.wait(timeout=10), 0, "status of top")
    after = shown(number)
    lines = [json.loads(line) for line in top.stdout.read().splitlines()]
    tap.equal((len(lines), [line["timed"] for line in lines]), (3, [True] * 3), "lines")
    rows = [{row["module"]: row for row in line["modules"]} for line in lines]
    costs = [row["failer"] for row in rows]
    for key, of in (("runs", "run_cnt"), ("kernel_ns", "run_time_ns")):
        told = [before[of]] + [cost[key] for cost in costs] + [after[of]]
        tap.equal((told == sorted(told), told[0] < told[-1]), (True, True), f"{key}: bpftool's, ours, bpftool's: {told}")
    for key, total, unit in (("runs_per_s", "runs", 1), ("kernel_percent", "kernel_ns", 1e7)):
        each = [(cost[key] * line["interval_s"] * unit, new[total] - old[total])
                for cost, line, old, new in zip(costs[1:], lines[1:], costs, costs[1:])]
        tap.equal(all(abs(a - b) < 1 for a, b in each), True, f"{key} of the totals: {each}")
    maps = [json.loads(tap.run("bpftool", "-j", "map", "show", "id", n, env=ENVIRONMENT).stdout) for n in held(service.pid, "map")]
    tap.equal(costs[-1]["memory"], sum(m["bytes_memlock"] for m in maps), "bytes of its maps")
    tap.equal(50e6 <= rows[-1]["clerk"]["user_ns"] < 1e9, True, f"time of a method that was called: {rows[-1]['clerk']['user_ns']}")
    with open(f"/proc/{service.pid}/stat") as f:
        words = f.read().rsplit(")", 1)[1].split()
    ticks = (int(words[11]) + int(words[12]) + 2) / os.sysconf("SC_CLK_TCK") * 1e9
    tap.equal(sum(row["user_ns"] for row in rows[-1].values()) <= ticks, True, "no more than the process took")
    tap.equal(lines[-1]["modules"], sorted(lines[-1]["modules"], key=lambda row: -row["kernel_percent"] - row["user_percent"]), "order")
    holder.kill()
    service.end()


def test_programs_are_timed_only_while_somebody_measures():
    service = Service("failer", "--set", "failer.fails=no")
    with open(SYSCTL) as f:
        if f.read().strip() != "0":
            raise tap.Skip("this machine times programs anyway")

    def timed():
        return service.asks("statistics", "programs")["timed"]

    tap.equal(timed(), False, "timed, before")
    files = until(lambda: quiet(service), "those who asked to be gone")
    for sig in (signal.SIGINT, signal.SIGKILL):
        tops = [service.start("top", "-d", "100ms") for _ in range(2)]
        until(timed, "the clocks to run")
        for top in tops:
            top.stdout.readline()  # it catches signals by now
            tap.equal(timed(), True, "timed, while one of them is left")
            top.send_signal(sig)
            tap.equal(top.wait(timeout=10), 0 if sig == signal.SIGINT else -9, "status of top")
        until(lambda: not timed(), "the clocks to stop")
    until(lambda: service.files() == files, "files to be closed")
    service.end()


def test_top_is_for_people_and_says_what_it_does_not_know():
    service = Service("failer", "clerk", "--set", "failer.fails=no")
    blocks = service.does("top", "-n", "2", "-d", "100ms").split("\n\n")
    tap.equal(len(blocks), 3, "blocks, and nothing behind the last one")
    for block in blocks[:2]:
        lines = block.splitlines()
        tap.equal(bool(re.fullmatch(r"\d\d:\d\d:\d\d\.\d\d\d emf, 2 modules run", lines[0])), True, lines[0])
        tap.equal(re.split(r"  +", lines[1]), ["MODULE", "KERNEL %", "USER %", "RUNS/s", "SEEN/s", "DROPPED/s", "UNHEARD/s", "MAPS KiB"], "heading")
        tap.equal(sorted(line.split()[0] for line in lines[2:]), ["clerk", "failer"], "modules")
    service.refuses(("top", "-n", "0"), 2, "--count")
    service.refuses(("top", "clerk"), 2, "takes no further words")
    top = service.start("top", "-d", "10s")
    until(lambda: len(service.asks("bus", "peers")["rows"]) > 1, "top to be connected")
    service.end()
    tap.equal(top.wait(timeout=10), 1, "status when the service ends")
    tap.contains(top.stderr.read(), "the service has ended")
    service.refuses(("top",), 1, "no service answers at")


def test_top_leaves_a_terminal_as_it_was():
    service = Service("clerk")
    ours, theirs = pty.openpty()
    tap.cleanup(os.close, ours)
    top = service.start("top", "-d", "50ms", stdout=theirs)
    os.close(theirs)
    text = b""

    def more():
        nonlocal text
        while select.select([ours], [], [], 0)[0]:
            try:
                text += os.read(ours, 65536)
            except OSError:  # EIO: the other side is closed
                break
        return text
    until(lambda: more().count(b"\x1b[H\x1b[J") >= 3, "three frames")
    tap.equal(text.startswith(b"\x1b[?1049h\x1b[?25l"), True, "how it begins")
    top.send_signal(signal.SIGTERM)
    tap.equal(top.wait(timeout=10), 0, "status")
    tap.equal(more().endswith(b"\x1b[?25h\x1b[?1049l"), True, "how it ends")
    service.end()


def test_maps_and_queues_are_told_with_whose_they_are():
    service = Service("rules", "guard", "echoer")
    maps = {(row["module"], row["name"]): row for row in service.asks("statistics", "maps")["rows"]}
    ours, theirs = maps["rules", "ban"], maps["guard", "ban"]
    tap.equal((ours["of"], theirs["of"], theirs["id"]), ("", "rules", ours["id"]), "a map that is imported")
    kernel = json.loads(tap.run("bpftool", "-j", "map", "show", "id", str(ours["id"]), env=ENVIRONMENT).stdout)
    tap.equal((ours["type"], ours["max_entries"], ours["memory"]), (kernel["type"], kernel["max_entries"], kernel["bytes_memlock"]), "of it")
    tap.equal({str(row["id"]) for row in maps.values()}, held(service.pid, "map"), "maps, all in all")
    listener = service.start("listen", "-j", "echo.heard", "-n", "4")
    until(lambda: service.asks("bus", "subscriptions")["rows"], "the listener")
    service.does("call", "echo", "shout", "times=3", "bytes=2")
    rows = [row for row in service.asks("statistics", "queues")["rows"] if row["kind"] != "RING"]
    tap.equal(rows, [{"module": "echoer", "name": "echo.heard", "pid": listener.pid, "kind": "SOCKET", "seen": 3, "sent": 3, "dropped": 0,
                      "received": 3}], "queues of who listens")
    listener.send_signal(signal.SIGSTOP)
    service.does("call", "echo", "flood", "times=1")
    for _ in range(40):
        service.does("call", "echo", "shout", "times=100", "bytes=8192")
    row = [row for row in service.asks("statistics", "queues")["rows"] if row["kind"] != "RING"][0]
    cost = [row for row in service.asks("statistics", "costs")["rows"] if row["module"] == "echoer"][0]
    tap.equal((row["seen"], row["seen"] == row["sent"] + row["dropped"], cost["unheard"]), (4003, True, row["dropped"]), f"of a slow one: {row}")
    listener.send_signal(signal.SIGCONT)
    service.end()


# --- parameters ---------------------------------------------------------------------------------


class Changes:
    def __init__(self, service):
        self.path = os.path.join(tap.folder(), "out")
        self.service = service
        with open(self.path, "a") as out:  # to its end, also when it was emptied
            self.process = service.start("listen", "-j", "parameters.changed", stdout=out)
        until(lambda: service.asks("bus", "subscriptions")["rows"], "the listener")

    def are(self, *wanted):
        """What came since the start; one more is sent, so that nothing is still on its way."""
        self.service.does("send", "parameters", "changed", "module=", "name=end", "value=")

        def told():
            with open(self.path) as f:
                args = [json.loads(line)["args"] for line in f.read().splitlines()]
            return args and args[-1]["name"] == "end" and args
        args = until(told, "the last one")
        tap.equal([(a["module"] + "." + a["name"], a["value"]) for a in args if a["name"] != "end"], list(wanted), "what was told")
        with open(self.path, "w"):
            pass


def test_a_change_of_a_parameter_is_told_once_whoever_makes_it():
    service = Service("echoer", "failer", config="[failer]\nfails = no\n")
    changes = Changes(service)
    service.does("set", "echoer.loudness=7")
    changes.are(("echoer.loudness", "7"))
    service.does("set", "echoer.loudness=7")
    service.refuses(("set", "echoer.loudness=11"), 2, "out of range")
    changes.are()
    service.does("set", "echoer.loudness=8", "failer.much=3")
    changes.are(("echoer.loudness", "8"), ("failer.much", "3"))
    service.refuses(("set", "failer.much=4", "echoer.depth=1s"), 1, "cannot change")
    changes.are()
    service.end()


def test_a_change_by_the_configuration_is_told_as_well():
    service = Service("echoer", "failer", config="[failer]\nfails = no\n")
    changes = Changes(service)
    scratch.write(service.config, "[failer]\nfails = no\nmuch = 9\n[echoer]\nloudness = 2\ndepth = 1s\n")
    for told in ([("echoer.loudness", "2"), ("failer.much", "9")], []):
        n = service.err.count("configuration read again")
        service.process.send_signal(signal.SIGHUP)
        until(lambda: service.err.count("configuration read again") > n, "the configuration to be read")
        changes.are(*told)
    service.does("stop", "echoer")
    service.does("start", "echoer")
    changes.are(("echoer.depth", "1s"))
    service.end()


tap.main()
