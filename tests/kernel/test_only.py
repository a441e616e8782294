# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""-p, -u, --comm and -c where nothing that is printed says whose it is: the kernel part tells of no others.

Without these, a tool could count what others do besides, or nothing of a group within the group.
"""
import json
import os
import shutil
import signal
import subprocess

import tap
from collected import TRACED
from tool import Tool, cgroup, until

# So many calls of kill(2), once it is told.
WORK = 'echo ready; read x; for i in $(seq "$1"); do kill -0 $$; done; echo done; read x'


class Worker:
    def __init__(self, calls, *within, shell="/bin/sh", group=None):
        self.process = tap.start(*within, shell, "-c", WORK, "sh", str(calls), stdin=subprocess.PIPE)
        self.calls = calls
        tap.equal(self.process.stdout.readline(), "ready\n", "what it says first")
        if group:
            with open(os.path.join(group, "cgroup.procs"), "w") as f:
                f.write(str(self.process.pid))

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        tap.equal(self.process.stdout.readline(), "done\n", "what it says when it has done it")

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=tap.PATIENCE)


def counted(options, workers):
    """How many calls of kill(2) 'syscount' tells of, while these work."""
    tool = Tool("run", "syscount", "-j", "--event", "calls", *options, within=TRACED).ready()
    for worker in workers:
        worker.go()
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, ""), "exit status and messages")
    for worker in workers:
        worker.end()
    rows = [json.loads(line) for line in tool.out.splitlines()]
    return sum(row["value"]["calls"] for row in rows if row["key"]["call"] == "kill")


def child_of(group):
    path = os.path.join(group, "within")
    os.mkdir(path)
    tap.cleanup(os.rmdir, path)
    return path


def left(group):
    """Processes that have ended are still in it for a moment."""
    until(lambda: not open(os.path.join(group, "cgroup.procs")).read(), f"{group} to be empty")


def test_of_a_cgroup_are_processes_in_it_and_in_groups_within():
    tap.need_root()
    group = cgroup("only")
    child = child_of(group)
    workers = [Worker(3, group=group), Worker(20, group=child), Worker(100)]
    tap.equal(counted(["-c", group], workers), 23, "calls in the group")
    workers = [Worker(3, group=group), Worker(20, group=child), Worker(100)]
    tap.equal(counted(["--cgroup", str(os.stat(child).st_ino)], workers), 20, "calls in the group within, by its number")
    left(group)
    left(child)


def test_of_a_user_are_processes_that_run_as_it():
    tap.need_root()
    as_nobody = ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all"]
    tap.equal(counted(["-u", "65534"], [Worker(5, *as_nobody), Worker(100)]), 5, "calls of user 65534")


def test_of_a_name_are_those_that_have_it_or_begin_with_it():
    tap.need_root()
    folder = tap.folder()
    shells = [os.path.join(folder, name) for name in ("emf-one", "emf-only", "emf-other")]
    for path in shells:
        shutil.copy("/bin/sh", path)
    for pattern, wanted in (("emf-one", 1), ("emf-on*", 11), ("emf-*", 111), ("emf-on", 0)):
        workers = [Worker(n, shell=path) for n, path in zip((1, 10, 100), shells)]
        tap.equal(counted(["--comm", pattern], workers), wanted, f"calls of {pattern}")


def test_options_together_ask_for_what_all_of_them_want():
    tap.need_root()
    group = cgroup("both")
    workers = [Worker(4, group=group), Worker(30)]
    tap.equal(counted(["-c", group, "-p", str(workers[0].process.pid)], workers), 4, "calls of one that is in the group")
    workers = [Worker(4, group=group), Worker(30)]
    tap.equal(counted(["-c", group, "-p", str(workers[1].process.pid)], workers), 0, "calls of one that is not")
    left(group)


def test_a_task_that_is_switched_to_is_asked_for_as_well():
    tap.need_root()
    group = cgroup("switched")
    tool = Tool("run", "runqlat", "-j", "-c", group, within=TRACED).ready()
    tap.run("sh", "-c", "for i in $(seq 20); do sleep 0.001; done")
    tap.equal((tool.stop(signal.SIGINT), tool.out, tool.err), (0, "", ""), "what is told of an empty group")
    worker = Worker(1, group=group)
    tool = Tool("run", "runqlat", "-j", "-c", group, within=TRACED).ready()
    worker.go()
    tool.stop(signal.SIGINT)
    worker.end()
    waits = [bucket["count"] for line in tool.out.splitlines() for bucket in json.loads(line)["buckets"]]
    tap.equal(sum(waits) > 0, True, f"waits of the one in it ({tool.out})")
    left(group)


def test_events_are_of_the_cgroup_too():
    tap.need_root()
    group = cgroup("events")
    script = 'echo $$ >"$1/cgroup.procs"; exec true emf-in-the-group'
    tool = Tool("run", "execsnoop", "-j", "-c", group, within=TRACED).ready()
    tap.run("true", "emf-outside")
    tap.run("sh", "-c", script, "sh", group)
    until(lambda: "emf-in-the-group" in tool.out, "what was started in it")
    tool.stop()
    tap.equal("emf-outside" in tool.out, False, f"what was started outside ({tool.out})")
    left(group)


def test_what_cannot_be_asked_for_is_refused_in_one_sentence():
    tap.need_root()
    for words, why in ((["--comm", "*x"], "--comm: '*x' is neither a name nor the beginning of one, as 'ba*', and nothing that is printed has the name"),
                       (["--comm", "x" * 16], f"--comm: '{'x' * 16}' is longer than the 15 characters of a name"),
                       (["-c", "/of/no/such/name"], "--cgroup: '/of/no/such/name' is no cgroup of version 2: it is given by its path, or by its number")):
        done = tap.run(*TRACED, tap.PRODUCT, "run", "runqlat", *words)
        tap.equal((done.returncode, done.stdout, done.stderr), (2, "", f"runqlat: {why}\n"), f"with {words}")


tap.main()
