# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Extensions in processes of their own: what they offer works as if they were in the product, with the privileges that they declare
and no others; whatever they do, the product serves on.

Without these, a crash of an extension could be one of the product, an extension could ask for what its
description does not say, and a hostile one could make services of its own the product's.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, is_listening, opened, spawn, until  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "isolated")


def prepare(src):
    """Of the modules one, and the extensions of tests/kernel/isolated."""
    for folder, kept in (("modules", {"hello"}), ("dynamic", set())):
        for name in os.listdir(os.path.join(src, folder)):
            if name.split(".")[0] not in kept and not name.endswith((".h", ".md")):
                os.unlink(os.path.join(src, folder, name))
    for folder in ("modules", "dynamic", "bus-idl"):
        for name in os.listdir(os.path.join(HERE, folder)):
            shutil.copy(os.path.join(HERE, folder, name), os.path.join(src, folder, name))


@scratch.once
def build(parent):
    os.chmod(parent, 0o755)  # one test runs it as another user
    return scratch.product(parent, prepare)


def so(name):
    return os.path.join(build().path, "obj", f"{name}.so")


class Service(Tool):
    """`emf serve` of a module that uses what extensions provide, on a socket of its own."""

    def __init__(self, *words, config="", modules=("listener",)):
        folder = tap.folder()
        path = os.path.join(folder, "emf.conf")
        with open(path, "w") as f:
            f.write(config)
        self.bus = os.path.join(folder, "bus")
        super().__init__("serve", *modules, "--config", path, *words, product=build().product(), env={"EMF_BUS": self.bus})
        until(lambda: is_listening(self.bus) or self.process.poll() is not None, "the socket")

    def ask(self, *words, **kwargs):
        return tap.run(build().product(), *words, env=dict(os.environ, EMF_BUS=self.bus), **kwargs)

    def must(self, *words):
        done = self.ask(*words)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of {' '.join(words)}")
        return done.stdout

    def load(self, name, *words):
        tap.equal(self.must("load", "--isolated", so(name), *words), "", f"output of load {name}")
        return self.of(name)

    def module(self, name):
        return next((m for m in json.loads(self.must("status", "-j"))["modules"] if m["name"] == name), None)

    def of(self, name):
        return self.module(name)["isolated"]

    def call(self, *words):
        return json.loads(self.must("call", *words, "-j"))


def fields(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def children(pid):
    """Pids of its processes, as the kernel has them; those that were not waited for among them."""
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found.add(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


# --- what works


def test_its_methods_and_signals_are_there_for_everybody():
    tap.need_root()
    tool = Service()
    one = tool.load("sums")
    tap.equal(one["process"], "running", "its state")
    tap.equal(children(tool.process.pid), {one["pid"]}, "processes of the product")
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 5}, "what it answers")
    tap.contains(tool.must("describe", "sums"), "method add(u32 a, u32 b) -> (u32 sum)")
    tap.contains(tool.must("services"), "sums")
    listener = tap.start(build().product(), "listen", "sums.added", "-j", env=dict(os.environ, EMF_BUS=tool.bus))
    until(lambda: "sums" in tool.must("call", "bus", "subscriptions", "-j"), "the listener")
    tool.must("call", "sums", "add", "a=20", "b=30")
    listener.send_signal(signal.SIGINT)
    out, _ = listener.communicate(timeout=tap.PATIENCE)
    tap.equal([json.loads(line)["args"] for line in out.splitlines()], [{"sum": 50}], "what was heard")
    tap.equal(tool.stop(), 0, "exit status")
    tap.equal(tool.err, "", "messages")


def test_it_goes_as_it_came():
    tap.need_root()
    tool = Service()
    pid = tool.load("sums")["pid"]
    tap.equal(tool.must("unload", "sums"), "", "output of unload")
    tap.equal((tool.module("sums"), children(tool.process.pid), os.path.exists(f"/proc/{pid}")), (None, set(), False), "what is left of it")
    done = tool.ask("call", "sums", "add", "a=2", "b=3")
    tap.equal(done.returncode != 0, True, "whether a call fails")
    tool.load("sums")
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 5}, "what another one answers")
    tap.equal(tool.stop(), 0, "exit status")


def test_what_the_product_knows_is_called_and_heard_by_its_modules():
    tap.need_root()
    tool = Service()
    tool.load("turner")
    tap.equal(tool.call("heard", "ask", "x=3", "y=4"), {"x": 4, "y": 3}, "what its module was answered")
    until(lambda: tool.call("heard", "last") == {"x": 4, "n": 1}, "its module to hear it")
    tap.equal(tool.stop(), 0, "exit status")


def test_it_calls_and_hears_what_the_product_has():
    tap.need_root()
    tool = Service()
    tool.load("turner")
    tool.call("heard", "ask", "x=7", "y=9")
    until(lambda: tool.call("heard", "last")["n"] == 1, "the module of the product to hear it")
    tap.equal(tool.call("asking", "last"), {"x": 9, "n": 1}, "what it was answered")
    tap.equal(tool.call("asking", "asked"), {"x": 7}, "what it heard")
    tap.equal(tool.stop(), 0, "exit status")


def test_its_parameters_are_given_at_load_and_by_the_configuration():
    tap.need_root()
    tool = Service(config="[product]\nlog = warn\n")
    tool.load("sums", "factor=7")
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 35}, "what it answers")
    done = tool.ask("set", "sums.factor=8")
    tap.equal(done.returncode != 0, True, "whether set fails")
    tap.contains(done.stderr, "module sums runs isolated: its parameters are given when it starts, by the configuration or by 'load --isolated'")
    tool.must("unload", "sums")
    for word, why in (("factor=0", "sums.factor: "), ("size=3", 'module sums has no parameter "size"')):
        done = tool.ask("load", "--isolated", so("sums"), word)
        tap.equal(done.returncode, 1, f"exit status of {word}")
        tap.contains(done.stderr, why)
    done = tool.ask("load", "--isolated", so("sums"), so("turner"))
    tap.equal(done.returncode, 2, "exit status of two files")
    tap.contains(done.stderr, "is not PARAMETER=VALUE: it loads one file")
    tap.equal((tool.module("sums"), children(tool.process.pid)), (None, set()), "what is left")
    tap.equal(tool.stop(), 0, "exit status")
    at = tap.folder()
    os.chmod(at, 0o755)
    shutil.copy(so("sums"), at)
    os.environ["EMF_EXTENSIONS"] = at
    tap.cleanup(os.environ.pop, "EMF_EXTENSIONS")
    config = "[product]\nmodules = listener\nisolated = sums\n[sums]\nfactor = 3\n"
    tool = Service(config=config, modules=())
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 15}, "what one of the configuration answers")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_tool_runs_it_too():
    tap.need_root()
    done = tap.run(build().product(), "run", "--isolated", so("sums"), "-d", "200ms")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "exit status, output, messages")
    done = tap.run(build().product(), "run", "--isolated", so("hostile"), "--set", "hostile.deed=leave", "-d", "200ms")
    tap.equal((done.returncode, done.stderr.count("\n")), (1, 1), f"exit status and lines of one that does not start ({done.stderr})")
    tap.contains(done.stderr, "ended with status 3")


def test_it_starts_with_the_product():
    tap.need_root()
    tool = Service("--isolated", so("sums"), "--set", "sums.factor=2", "--isolated", so("turner"))
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 10}, "what it answers")
    tap.equal(tool.call("heard", "ask", "x=3", "y=4"), {"x": 4, "y": 3}, "what the module was answered")
    tap.equal(len(children(tool.process.pid)), 2, "processes of the product")
    tap.equal(tool.must("stop", "sums"), "", "output of stop")
    tap.equal((tool.module("sums")["state"], len(children(tool.process.pid))), ("stopped", 1), "its state, and processes")
    tap.equal(tool.must("start", "sums"), "", "output of start")
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 10}, "what it answers again")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


# --- its rights


def test_it_has_the_capabilities_that_it_declares_and_no_others():
    tap.need_root()
    tool = Service()
    users = set()
    for name, caps in (("sums", 0), ("ringer", 1 << 38 | 1 << 39)):
        one = tool.load(name)
        status = fields(one["pid"])
        for line in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            tap.equal(int(status[line], 16), caps, f"{line} of {name}")
        uid = str(one["uid"])
        tap.equal((status["NoNewPrivs"], status["Uid"], status["Gid"], status["Groups"].strip()), ("1", "\t".join([uid] * 4), "\t".join([uid] * 4), ""), f"rights of {name}")
        tap.equal(one["uid"] >= 0x70000000, True, f"whether its user {uid} is of the range")
        users.add(uid)
        with open(f"/proc/{one['pid']}/limits") as f:
            limits = f.read()
        tap.equal(bool(re.search(r"Max core file size +0 +0 ", limits) and re.search(r"Max open files +1024 +1024 ", limits)), True, f"its limits ({limits})")
        tap.equal(os.getsid(one["pid"]), one["pid"], "its session")
        inherited = {os.readlink(f"/proc/{one['pid']}/fd/{fd}") for fd in os.listdir(f"/proc/{one['pid']}/fd")} & {os.path.join(tool.bus + ".lock")}
        tap.equal(inherited, set(), "files of the product that it has open")
    tap.equal(len(users), 2, "users")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_kernel_part_works_with_what_it_declares_and_fails_by_name_without():
    tap.need_root()
    tool = Service()
    tool.load("ringer")
    listener = Tool("listen", "ringer.began", "-j", product=build().product(), env={"EMF_BUS": tool.bus})
    until(lambda: "ringer" in tool.must("call", "bus", "subscriptions", "-j"), "the listener")
    pid = spawn("/bin/true")[0]
    until(lambda: f'"pid":{pid}' in listener.out.replace(" ", ""), "the event")
    done = tool.ask("load", "--isolated", so("bare"))
    tap.equal(done.returncode, 77, "exit status of one that declares nothing")
    tap.contains(done.stderr, "CAP_BPF")
    tap.equal(tool.module("bare"), None, "what is left of it")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_capability_that_the_product_lacks_is_named():
    tap.need_root()
    if not shutil.which("setpriv"):
        raise tap.Skip("no setpriv(1)")
    for gone, why in (("perfmon", "it needs the capability CAP_PERFMON, which this process lacks and cannot give"),
                      ("setuid", "this process lacks the capability CAP_SETUID, without which it cannot run an extension as another user")):
        done = tap.run("setpriv", f"--bounding-set=-{gone}", build().product(), "run", "--isolated", so("ringer"), "-d", "1")
        tap.equal(done.returncode, 1, f"exit status without {gone}")
        tap.contains(done.stderr, why)


def test_a_user_without_privileges_runs_it_as_himself():
    tap.need_root()
    at = tap.folder()
    os.chown(at, 65534, 65534)
    path = os.path.join(at, "sums.so")
    shutil.copy(so("sums"), path)
    os.chown(path, 65534, 65534)
    bus = os.path.join(at, "bus")
    tool = Tool("serve", "listener", "--isolated", path, product=build().product(), env={"EMF_BUS": bus, "HOME": at}, user=65534, group=65534, extra_groups=[])
    until(lambda: is_listening(bus) or tool.process.poll() is not None, "the socket")
    done = tap.run(build().product(), "call", "sums", "add", "a=2", "b=3", "-j", env=dict(os.environ, EMF_BUS=bus), user=65534, group=65534, extra_groups=[])
    tap.equal((done.returncode, done.stderr, json.loads(done.stdout or "0")), (0, "", {"sum": 5}), "what it answers")
    (pid,) = children(tool.process.pid)
    status = fields(pid)
    tap.equal((status["Uid"].split()[0], status["NoNewPrivs"], int(status["CapPrm"], 16)), ("65534", "1", 0), "its rights")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_service_that_it_does_not_declare_is_denied_and_told():
    tap.need_root()
    tool = Service()
    done = tool.ask("load", "--isolated", so("hostile"), "deed=pry")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "it has pried")
    tap.contains(tool.err, "isolated: it may not use heard.secret: its description has to say 'uses heard'")
    tap.equal(tool.stop(), 0, "exit status")


# --- its end


def test_a_crash_is_told_its_callers_get_an_error_and_it_comes_back():
    tap.need_root()
    tool = Service()
    pid = tool.load("sums")["pid"]
    waiter = Tool("call", "sums", "wait", product=build().product(), env={"EMF_BUS": tool.bus})
    listener = Tool("listen", "sums.added", "-j", product=build().product(), env={"EMF_BUS": tool.bus})
    until(lambda: "sums" in tool.must("call", "bus", "subscriptions", "-j"), "the listener")
    until(lambda: any(p["under_way"] for p in tool.call("bus", "peers")["rows"] if p["name"] != "emf call bus"), "a call that waits")
    done = tool.ask("call", "sums", "crash")
    tap.equal(done.returncode != 0, True, "whether the call that it crashed in fails")
    tap.equal(waiter.process.wait(timeout=tap.PATIENCE) != 0, True, "whether one that waited fails")
    tool.says(f"isolated: its process {pid} was killed by signal 11 (SIGSEGV); it starts again in 1 s (1 of 5)")
    tap.equal((tool.of("sums")["process"], tool.of("sums")["pid"], tool.call("heard", "last")["n"]), ("waiting", 0, 0), "its state, and whether others are served")
    tap.equal(children(tool.process.pid), set(), "processes that were not waited for")
    tap.contains(tool.must("status"), "isolated, process waiting, starts again in ")
    until(lambda: tool.of("sums")["process"] == "running", "it to come back")
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 5}, "what it answers then")
    until(lambda: listener.out.count("sum"), "the listener to hear the one that came back")
    one = tool.of("sums")
    tap.equal((one["restarts"], one["last_end"], one["pid"] != pid), (1, f"process {pid} was killed by signal 11 (SIGSEGV)", True), "what status says")
    tap.equal(tool.stop(), 0, "exit status")


def test_one_that_crashes_again_and_again_is_given_up_and_can_be_started():
    tap.need_root()
    tool = Service()
    trap = os.path.join(tap.folder(), "trap")
    os.chmod(os.path.dirname(trap), 0o755)
    tool.load("sums", f"trap={trap}")
    scratch.write(trap, "")
    tool.ask("call", "sums", "crash")
    until(lambda: "given up" in tool.err, "it to be given up")
    tap.equal(re.findall(r"starts again in (\d+) s \((\d) of 5\)", tool.err), [("1", "1"), ("2", "2"), ("4", "3"), ("8", "4"), ("16", "5")], "how long it waited")
    tool.says("it is given up after 5 starts in a row: 'emf start sums' tries again")
    tap.equal((tool.module("sums")["state"], tool.of("sums")["process"], children(tool.process.pid)), ("failed", "given up", set()), "its state")
    os.unlink(trap)
    tool.must("start", "sums")
    tap.equal(tool.call("sums", "add", "a=2", "b=3"), {"sum": 5}, "what it answers then")
    tap.equal(tool.stop(), 0, "exit status")


def test_one_that_waits_to_start_again_is_unloaded_at_once():
    tap.need_root()
    tool = Service()
    tool.load("sums")
    tool.ask("call", "sums", "crash")
    until(lambda: tool.of("sums")["process"] == "waiting", "it to wait")
    tool.must("unload", "sums")
    tap.equal(tool.module("sums"), None, "what is left of it")
    tap.equal(tool.stop(), 0, "exit status")


def test_one_that_hangs_at_its_start_is_ended_and_the_product_serves_meanwhile():
    tap.need_root()
    tool = Service()
    loading = Tool("load", "--isolated", so("hostile"), "deed=hang", product=build().product(), env={"EMF_BUS": tool.bus})
    until(lambda: children(tool.process.pid), "its process")
    tap.equal(tool.call("heard", "last"), {"x": 0, "n": 0}, "what others are answered")
    done = tool.ask("unload", "hostile")
    tap.equal((done.returncode, "it is being started" in done.stderr), (1, True), "whether it can be unloaded meanwhile")
    tap.equal(loading.process.wait(timeout=tap.PATIENCE), 1, "exit status of load")
    tap.contains(loading.err, "its modules did not run within 10 s, and it was ended")
    tap.equal((tool.module("hostile"), children(tool.process.pid)), (None, set()), "what is left of it")
    tap.equal(tool.stop(), 0, "exit status")


def test_one_that_takes_no_notice_of_its_end_is_killed():
    tap.need_root()
    tool = Service()
    pid = tool.load("sums")["pid"]
    os.kill(pid, signal.SIGSTOP)
    tool.must("unload", "sums")
    tap.equal(os.path.exists(f"/proc/{pid}"), False, "whether it is there")
    pid = tool.load("sums")["pid"]
    os.kill(pid, signal.SIGSTOP)
    tap.equal((tool.stop(), os.path.exists(f"/proc/{pid}")), (0, False), "exit status, and whether it is there when the product has ended")


def runs(pid):
    """Whether there is such a process that has not ended."""
    try:
        return fields(pid)["State"][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_ends_with_a_product_that_is_killed():
    tap.need_root()
    tool = Service("--isolated", so("ringer"), "--isolated", so("sums"))
    until(lambda: tool.module("sums")["state"] == "running", "them to run")
    pids = children(tool.process.pid)
    tap.equal(len(pids), 2, "processes")
    os.kill(min(pids), signal.SIGSTOP)  # this one notices nothing any more
    tool.stop(signal.SIGKILL)
    until(lambda: not any(runs(p) for p in pids), "them to end")


def of_user(uid):
    """Pids of the processes of a user."""
    found = set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if fields(entry)["Uid"].split()[0] == str(uid):
                found.add(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def test_what_its_process_has_started_goes_with_it():
    tap.need_root()
    tool = Service()
    isolated = tool.load("hostile", "deed=fork")
    until(lambda: len(of_user(isolated["uid"])) == 2, "a process of its process")
    tool.must("unload", "hostile")
    until(lambda: not of_user(isolated["uid"]), "all processes of its user to end")
    isolated = tool.load("hostile", "deed=fork")
    until(lambda: len(of_user(isolated["uid"])) == 2, "a process of its process")
    tap.equal(tool.stop(), 0, "exit status")
    until(lambda: not of_user(isolated["uid"]), "all processes of its user to end")


def test_its_parameters_are_not_for_everybody_to_read():
    tap.need_root()
    tool = Service()
    pid = tool.load("sums", "factor=97")["pid"]
    with open(f"/proc/{pid}/cmdline") as f:
        tap.equal("factor=97" in f.read(), False, "the value is in the words of its process")
    tap.equal(tool.call("sums", "factor")["factor"], 97, "the value that it has")


def test_its_end_is_noticed_where_ends_of_processes_were_ignored():
    """As a supervisor may leave it: then the kernel tells nobody."""
    tap.need_root()
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        tool = Service()
    finally:
        signal.signal(signal.SIGCHLD, before)
    pid = tool.load("sums")["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: tool.of("sums")["restarts"] or tool.of("sums")["process"] == "waiting", "its end to be noticed")
    tap.equal(tool.stop(), 0, "exit status")


def test_nothing_stays_of_those_that_came_and_went():
    tap.need_root()
    tool = Service()

    def measure():
        status = fields(tool.process.pid)
        return opened(tool.process.pid), children(tool.process.pid), int(status["VmRSS"].split()[0])

    for _ in range(5):
        tool.load("sums")
        tool.must("unload", "sums")
    files, processes, memory = measure()
    for _ in range(50):
        tool.load("sums")
        tool.must("unload", "sums")
    tap.equal(measure()[:2], (files, processes), "files and processes")
    tap.equal(measure()[2] - memory < 512, True, f"whether memory stays ({memory} kB, and {measure()[2]})")
    tap.equal(tool.stop(), 0, "exit status")


# --- what people read


def blocks(text):
    """Files that the page shows by their names, and its commands with what they print."""
    files = re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    commands = []
    for block in re.findall(r"^```\n(# .*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("# "):
                commands.append([line[2:], ""])
            else:
                commands[-1][1] += line + "\n"
    return files, commands


def test_the_page_works_as_it_is_written():
    tap.need_root()
    with open(os.path.join(tap.SOURCE, "docs", "isolated.md")) as f:
        files, commands = blocks(f.read())
    tap.equal((len(files), len(commands)), (2, 8), "files and commands of the page")
    tool = Service()
    tap.cleanup(build().make)
    for name, text in files:
        path = os.path.join(build().src, name)
        tap.cleanup(os.unlink, path)
        scratch.write(path, text)
    env = dict(os.environ, EMF_BUS=tool.bus, PATH=f"{build().path}:{os.environ['PATH']}")
    for command, printed in commands:
        done = tap.run("sh", "-c", command, env=env, cwd=build().path, timeout=600)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of '{command}'")
        if printed:
            tap.equal(done.stdout, printed, f"output of '{command}'")
    tap.equal(tool.module("adder"), None, "what is left of it")
    tap.equal(tool.stop(), 0, "exit status")


# --- what is refused


def test_whatever_it_sends_the_product_says_one_sentence_and_serves_on():
    tap.need_root()
    tool = Service()
    files = opened(tool.process.pid)
    sense = "its process was ended: what it sent makes no sense"
    for deed, why in (("garbage", sense), ("kind", sense), ("hello", sense), ("flood", sense),
                      ("offer", "it offers the service modules, which its file does not say that it provides"),
                      ("describe", "it describes the service modules, which its file does not say that it provides"),
                      ("empty", "its description of the service hostile is damaged"),
                      ("truncated", "its description of the service hostile is damaged: it is no JSON"),
                      ("other", "it describes the service hostile otherwise than its file"),
                      ("crash", "was killed by signal 11 (SIGSEGV)"), ("leave", "ended with status 3")):
        before = len(tool.err)
        done = tool.ask("load", "--isolated", so("hostile"), f"deed={deed}")
        tap.equal((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), f"exit status, output, lines of {deed} ({done.stderr})")
        tap.contains(done.stderr, why, deed)
        tap.equal(tool.err[before:].count("\n"), 1, f"lines in the log of {deed} ({tool.err[before:]})")
        tap.equal((tool.module("hostile"), children(tool.process.pid), opened(tool.process.pid)), (None, set(), files), f"what is left of {deed}")
        tap.equal(tool.call("heard", "last"), {"x": 0, "n": 0}, "what others are answered")
    tool.load("hostile")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_process_that_somebody_else_started_loads_nothing_that_is_his():
    """By the name and the words that the product would give it: a program may have privileges that its caller has not."""
    tap.need_root()
    path = os.path.join(tap.folder(), "sums.so")
    shutil.copy(so("sums"), path)
    os.chown(path, 65534, 65534)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with open(path, "rb") as f, ours, its:
        words = ["emf-isolated", its.fileno(), f.fileno(), os.getpid(), 0, "8000000000", path]
        child = subprocess.Popen([str(w) for w in words], executable=build().product(), pass_fds=(its.fileno(), f.fileno()), stderr=subprocess.PIPE, text=True)
        its.close()
        said = b""
        while part := ours.recv(65536):
            said += part
        child.communicate(timeout=tap.PATIENCE)
    tap.equal(child.returncode, 1, "exit status")
    tap.contains(said.decode("latin-1"), "it belongs to user 65534")


def test_what_cannot_run_isolated_is_refused():
    tap.need_root()
    tool = Service()
    at = tap.folder()
    path = os.path.join(at, "sums.so")
    shutil.copy(so("sums"), path)

    def refused(sentence, path=path):
        done = tool.ask("load", "--isolated", path)
        tap.equal((done.returncode, done.stderr.count("\n")), (1, 1), f"exit status and lines ({done.stderr})")
        tap.contains(done.stderr, sentence)
        tap.equal(children(tool.process.pid), set(), "processes")

    os.chmod(path, 0o700)
    refused("nobody but its owner can read it (mode 0700), and it runs as a user of its own: chmod a+r")
    os.chmod(path, 0o666)
    refused("others than its owner can write to it")
    os.chmod(path, 0o755)
    os.chown(path, 65534, 65534)
    refused("it belongs to user 65534")
    scratch.write(os.path.join(at, "x.emfpkg"), "")
    refused("it is a package, which has no native code that could do harm", os.path.join(at, "x.emfpkg"))
    refused("it is no ELF file", os.path.join(build().src, "README.md"))
    tool.load("sums")
    done = tool.ask("load", so("sums"))
    tap.contains(done.stderr, "service sums is that of an isolated extension, which code in this process cannot share")
    done = tool.ask("load", "--isolated", so("sums"))
    tap.contains(done.stderr, "module sums is loaded already: unload it first")
    done = tool.ask("upgrade", "sums", so("sums"))
    tap.contains(done.stderr, "the module runs isolated, and its maps go with its process")
    tool.must("unload", "sums")
    tool.must("load", so("sums"))
    done = tool.ask("load", "--isolated", so("sums"))
    tap.contains(done.stderr, 'two modules are named "sums"')
    tap.equal(tool.stop(), 0, "exit status")


if __name__ == "__main__":
    tap.main()
