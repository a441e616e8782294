# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Each call of the core that can fail does so once: the product ends with a sentence, or goes on whole, and leaves nothing.

Without these, code that runs when memory, descriptors or rights are short would run for the first time at somebody's who
has no memory, descriptors or rights: it would crash there, leak, or leave half of something attached.

EMF_FAULT_CALLS=N has N calls of each kind of work fail, in place of the few that are spread over it; 0: each of them in turn.
"""
import collections
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from faulty import SANITIZERS, State, broken, build, seen  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from foreign import Place  # noqa: E402
from tool import held, in_loop, links, opened_as, until  # noqa: E402

CALLS = int(os.environ.get("EMF_FAULT_CALLS", "8"))
SEED = int(os.environ.get("EMF_SEED", "1"))

LEAST = 50  # calls that any kind of work makes
SOON = 10  # seconds for links to be closed and files to go


def soon(get, wanted):
    """What get() is: as wanted, or after a while in which it did not become that."""
    end, now = time.monotonic() + SOON, get()
    while now != wanted and time.monotonic() < end:
        time.sleep(0.05)
        now = get()
    return now


def settled(get):
    """What get() is once it stays: what a swap leaves is closed some time after it."""
    end, now, same = time.monotonic() + SOON, get(), 0
    while same < 3 and time.monotonic() < end:
        time.sleep(0.05)
        last, now = now, get()
        same = same + 1 if now == last else 0
    return now


def numbered(words):
    """Words that are all different: those that come again have a number."""
    times = collections.Counter()
    out = []
    for word in words:
        times[word] += 1
        out.append(f"{word} {times[word]}")
    return out


def differences(before, now):
    """What is in one and not in the other, of what has() and whole() say."""
    flat = [{(name, str(value)) for key, values in one[0].items() for name, value in ([(key, v) for v in values] if isinstance(values, list) else [(key, values)])}
            | {("whole", str(one[1]))} for one in (before, now)]
    return f"before {sorted(flat[0] - flat[1])}, then {sorted(flat[1] - flat[0])}"


def chosen(n):
    """Numbers of calls, spread evenly over n, from a place that depends on the seed."""
    if not CALLS or CALLS >= n:
        return range(1, n + 1)
    first = random.Random(SEED).random()
    return [1 + int((i + first) * n / CALLS) for i in range(CALLS)]


class Found:
    """What was wrong, of all calls of one kind of work; told at the end, so that one does not hide the others."""

    def __init__(self, what):
        self.what, self.wrong, self.tried, self.refused, self.went_on = what, [], 0, 0, 0

    def one(self, state, problem, refused):
        self.tried += 1
        self.refused += refused
        self.went_on += not refused
        if problem:
            self.wrong.append(f"{state.story()}\n  {problem}")

    def end(self, n):
        print(f"# {self.what}: {n} calls, {self.tried} failed in turn: {self.refused} ended it, with {self.went_on} it went on; seed {SEED}", flush=True)
        # No two runs make the same number of calls, so that some of the last are not reached.
        tap.equal((n > LEAST, 2 * self.tried > len(chosen(n))), (True, True), f"whether calls are counted ({n}), and fail ({self.tried} of {len(chosen(n))})")
        if self.wrong:
            raise AssertionError(f"{len(self.wrong)} of {self.tried} calls:\n" + "\n".join(self.wrong))


# --- which calls these are ---------------------------------------------------------------------


def words_of(path):
    """All words of a file of lists, in which # begins a comment."""
    with open(path, encoding="ascii") as f:
        return [word for line in f for word in line.partition("#")[0].split()]


def test_each_call_that_the_core_makes_is_known_to_fail_or_not_to():
    here = os.path.dirname(os.path.abspath(__file__))
    found = tap.run("nm", "--undefined-only", "--format=posix", os.path.join(tap.BUILD, "libemf-core.a"))
    tap.equal(found.returncode, 0, f"exit status of nm ({found.stderr})")
    called = {line.split()[0] for line in found.stdout.splitlines() if " U" in line}
    # Ours, what the generator made, and what the compiler and its sanitizers call.
    called = {name for name in called if not re.match(r"emf_|ebus_|_|\w+_(client|service)$|\w+_(serve|reply|fail|signal)_\w+$", name)}
    with open(os.path.join(here, "calls.h"), encoding="ascii") as f:
        fails = re.findall(r"^CALL\([^(]*?, (\w+), \(", f.read(), re.MULTILINE)
    with open(os.path.join(here, "fault.c"), encoding="ascii") as f:
        fails += re.findall(r"^\t+MORE\((\w+), ", f.read(), re.MULTILINE)
    never = words_of(os.path.join(here, "never"))
    tap.equal(sorted(called - set(fails) - set(never)), [], "calls that belong into calls.h, or into never")
    tap.equal([name for name in fails if name in never], [], "calls of both")
    with open(build().made.product("obj/fault.names"), encoding="ascii") as f:
        tap.equal(sorted(line.split()[0] for line in f), sorted(fails), "calls that the build replaces")


# --- a run from start to end -------------------------------------------------------------------


ALONE = ("--pid", "1")  # of what others of this machine start nothing is told: each of these would be one more call


class Run:
    """`emf run WORDS` for a moment, in a place of its own, beside which nothing else is. @cold: what it keeps of the kernel's types is not there yet."""

    def __init__(self, *words, worked, after=None, cold=False):
        tap.need_root()
        self.words, self.worked, self.after, self.cold = words, worked, after, cold
        self.at, self.state = Place(), State()
        self.before = seen(self.at)
        self.env = {"EMF_BUS": os.path.join(tap.folder(), "bus"), **self.state.env}
        if cold:
            self.env["EMF_CACHE"] = os.path.join(tap.folder(), "cache")

    def work(self):
        """Return: exit status, what it said, and whether it did what it is for."""
        done = self.at.run("timeout", "-s", "KILL", "20", build().path, "run", *self.words, "-d", "100ms", ok=False, env=dict(os.environ, **self.env))
        return done.returncode, done.stderr, self.worked(done.stdout) or done.stdout

    def once(self, number):
        """With this call failing. Return: exit status, what was wrong or None."""
        if self.cold:
            shutil.rmtree(self.env["EMF_CACHE"], ignore_errors=True)
        self.state.begin(number)
        status, said, worked = self.work()
        self.made = self.state.calls  # without those of what comes after
        problem = broken(status, said)
        if not problem and status and not said.strip():
            problem = f"it ended with {status} and said nothing"
        if not problem and not status and worked is not True:
            problem = f"it ended with 0 and did not do its work: {worked!r} {said!r}"
        if self.after:
            self.state.disarm()
            after = self.at.run(build().path, *self.after, ok=False, env=dict(os.environ, **{**self.env, **SANITIZERS}))
            if after.returncode and not problem:
                problem = f"{self.after} ended with {after.returncode}: {after.stderr}"
        # The kernel takes a link down some time after its last pin.
        left = soon(lambda: seen(self.at), self.before)
        if left != self.before and not problem:
            problem = f"it left {[line for line in left if line not in self.before]}, and took {[line for line in self.before if line not in left]} ({said!r})"
        if os.environ.get("EMF_FAULT_SHOW"):
            print(f"# {self.state.story() if number else ''}: {status} {said.strip()!r}", flush=True)
        return status, problem

    def walk(self, what):
        for _ in range(2):  # in the first one more is made that stays
            status, problem = self.once(0)
            tap.equal((status, problem), (0, None), "status, and what was wrong, when nothing fails")
        n, found = self.made, Found(what)
        for number in chosen(n):
            status, problem = self.once(number)
            if self.state.failed or problem:
                found.one(self.state, problem, status != 0)
        found.end(n)


class Hung(Run):
    """One that is looked at while it runs: what hangs is all of it."""

    def __init__(self, *words, **more):
        super().__init__(*words, worked=None, **more)
        self.whole = None

    def hangs(self, pid):
        """On interfaces, and links; not what has the number of a process or a time in its name."""
        return [line for line in seen(self.at) if not line.startswith("/")], links(pid)

    def work(self):
        tool = self.at.start("run", *self.words, product=build().path, env=self.env)
        ended = lambda: tool.process.poll() is not None
        until(lambda: in_loop(tool.process.pid) or ended(), "the loop to turn, or the end")
        if ended():
            return tool.process.returncode, tool.err, "it ended by itself"
        hangs = self.hangs(tool.process.pid)
        self.whole = self.whole or hangs
        try:
            status = tool.stop()
        except subprocess.TimeoutExpired:
            tool.stop(signal.SIGKILL)
            return 0, tool.err, "it did not end when it was to"
        # One that was at its end, all taken down, has given the signal back.
        if status == -signal.SIGTERM and tool.err.strip():
            status = 1
        return status, tool.err, hangs == self.whole or f"there hung {hangs}, and whole it is {self.whole}"


def test_a_tool_that_traces_says_what_failed_or_traces():
    Run("hello", *ALONE, worked=lambda out: "COMM" in out).walk("run hello")


def test_a_tool_that_has_to_find_the_types_of_the_kernel_says_what_failed_or_traces():
    Run(build().files["runqlat"], "--allow-unsigned", worked=lambda out: "usecs" in out, cold=True).walk("run of a package, with nothing kept")


def test_a_tool_of_a_package_says_what_failed_or_measures():
    Run(build().files["runqlat"], "--allow-unsigned", worked=lambda out: "usecs" in out).walk("run of a package")


def test_a_program_on_an_interface_and_one_that_traces_hang_both_or_say_why_not():
    Hung("watched", "--iface", "va", "--caller", "1").walk("run watched, with XDP")


def test_a_chain_hangs_whole_or_not_at_all():
    Hung("acl", "--iface", "va", "--tc-iface", "va", "--block", "10.1.0.0/16").walk("run acl, a chain")


def test_what_answers_on_a_socket_leaves_none_when_it_cannot():
    Run("hello", "--bus", *ALONE, worked=lambda out: "COMM" in out).walk("run hello, with the bus")


def test_of_a_chain_that_is_to_stay_purge_takes_down_what_there_is():
    Hung("acl", "--iface", "va", "--persist", after=("purge",)).walk("run acl, which stays")


NO_ANSWER = "the service does not answer"


# --- a service that goes on ----------------------------------------------------------------------


class Served:
    """A service of a place of its own, which all calls of one kind of work fail in, one after the other."""

    def __init__(self):
        tap.need_root()
        self.at, self.state = Place(), State()
        folder = tap.folder()
        config = os.path.join(folder, "emf.conf")
        with open(config, "w") as f:
            f.write("[product]\nupgradable = yes\n[ingress]\niface = va\n[watched]\niface = lo\n")
        self.env = {"EMF_BUS": os.path.join(folder, "bus"), **SANITIZERS}
        self.words = ("serve", "hello", "watched", "acl", "--config", config, "--allow-unsigned", "--watched.caller", "1")
        self.tool = None
        self.start()

    def start(self):
        """It, or another one after the one that is broken."""
        self.state.begin()
        if self.tool:
            self.tool.stop(signal.SIGKILL)
        self.tool = self.at.start(*self.words, product=build().path, env={**self.env, **self.state.env})
        self.tool.ready()
        self.pid, self.before = self.tool.process.pid, None
        until(lambda: self.emf("status").returncode == 0, "an answer")

    def emf(self, *words):
        return self.at.run(build().path, *words, ok=False, env={**os.environ, **self.env})

    def module(self, name):
        """State and version of a module, or nothing."""
        done = self.emf("status", "-j")
        tap.equal(done.returncode, 0, f"exit status of status ({done.stderr})")
        return next(((m["state"], m.get("version")) for m in json.loads(done.stdout)["modules"] if m["name"] == name), None)

    def has(self):
        """What could be left behind."""
        return {"descriptors": numbered(opened_as(self.pid)), "maps": len(held(self.pid, "map")), "programs": len(held(self.pid, "prog")), "place": seen(self.at)}

    def once(self, number, work, undo, whole, mend):
        """
        @work with this call failing in the service, and without it @undo, if it was done, or @mend, if it was not: @whole() is the
        same before and after.
        Return: whether it was refused, what was wrong or None.
        """
        before, seen_ = self.before or settled(lambda: [self.has(), whole()]), len(self.tool.err)
        self.state.arm(number)
        done = work()
        self.state.disarm()
        hit = self.state.failed
        if self.tool.process.poll() is not None:
            return True, broken(self.tool.process.returncode, self.tool.err[seen_:]) or f"the service ended: {self.tool.err[seen_:]}"
        problem = broken(done.returncode, done.stderr)
        if not problem and done.returncode and not done.stderr.strip():
            problem = f"exit status {done.returncode}, and nothing said"
        # Who did not hear the answer cannot know whether it was done.
        unknown = NO_ANSWER in done.stderr
        if undo and (not done.returncode or unknown and whole() != before[1]):
            undone = undo()
            if undone.returncode:
                problem = problem or f"it was done and could not be undone: {undone.stderr!r}"
        elif mend and done.returncode:
            mend()
        now = soon(lambda: [self.has(), whole()], before)
        self.before = before
        if now != before:
            problem = problem or f"exit status {done.returncode} ({done.stderr!r}, {self.tool.err[seen_:]!r}), and what is there is not what was: {differences(before, now)}"
        if os.environ.get("EMF_FAULT_SHOW"):
            print(f"# {self.state.story() if hit else ''}: {done.returncode} {done.stderr.strip()!r} {self.tool.err[seen_:].strip()!r}", flush=True)
        return done.returncode != 0, problem

    def walk(self, what, work, undo=None, whole=lambda: None, mend=None):
        # Once without a fault, so that what is made at its first use is there.
        tap.equal((work().returncode, undo().returncode if undo else 0), (0, 0), "exit status when nothing fails")
        begun = self.state.calls
        work()
        n, found = self.state.calls - begun, Found(what)
        if undo:
            undo()
        for number in chosen(n):
            refused, problem = self.once(number, work, undo, whole, mend)
            if self.state.failed or problem:
                found.one(self.state, problem, refused)
            if problem:
                self.start()
                work()
                if undo:
                    undo()
        status = self.tool.stop()
        said = self.tool.err
        if status or broken(status, said):
            found.wrong.append(f"the service in the end: {broken(status, said) or status}\n{said}")
        found.end(n)


def test_a_package_that_cannot_be_loaded_leaves_the_service_as_it_was():
    s = Served()
    s.walk("load", lambda: s.emf("load", build().files["runqlat"]), lambda: s.emf("unload", "runqlat"),
           lambda: [s.module(name) for name in ("hello", "watched", "acl", "runqlat")])


def test_an_upgrade_that_fails_leaves_the_version_that_ran():
    s = Served()
    programs = lambda: s.module("watched")
    s.walk("upgrade", lambda: s.emf("upgrade", "watched", build().files["second"]), lambda: s.emf("rollback", "watched"), programs)


def test_a_module_that_is_stopped_and_started_comes_back_or_says_why_not():
    s = Served()

    def again():
        stopped = s.emf("stop", "acl")
        return s.emf("start", "acl") if not stopped.returncode else stopped

    s.walk("stop and start of a chain", again, whole=lambda: s.module("acl"), mend=lambda: s.emf("start", "acl"))


def test_calls_settings_and_listeners_are_answered_or_refused():
    s = Served()

    def asks():
        for words in (("set", "watched.port=8"), ("call", "acl", "add", "prefix=10.2.0.0/16"), ("call", "acl", "remove", "prefix=10.2.0.0/16"), ("peers", "-j"),
                      ("metrics",), ("services",), ("listen", "hello.*", "-d", "10ms"), ("chain", "list", "-j")):
            done = s.emf(*words)
            if done.returncode:
                s.emf("call", "acl", "remove", "prefix=10.2.0.0/16")
                return done
        return done

    s.walk("calls, settings, listeners", asks)


if __name__ == "__main__":
    tap.main()
