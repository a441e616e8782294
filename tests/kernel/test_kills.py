# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Services that are killed at any moment of what they do: the next start is clean, or takes over what stays; what others have stays as it is.

Without these, a machine whose service was killed by want of memory could need hands before it can start again, or lose
what others have on its interfaces.

EMF_KILLS: how often; EMF_SEED: at which moments, for a run that is to be repeated.
"""
import json
import os
import random
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import foreign  # noqa: E402 - the path has to be set first
import scratch  # noqa: E402
import tap  # noqa: E402
from foreign import Place  # noqa: E402
from tool import until  # noqa: E402

KILLS = int(os.environ.get("EMF_KILLS", "50"))
SEED = int(os.environ.get("EMF_SEED", str(random.SystemRandom().randrange(1 << 32))))
MODULES = ("hello", "acl", "flow")
# What is done over and over until the service is killed; a lone word is done once before, and must succeed.
WORKS = {
    "load": ("load {so}", "unload prometheus"),
    "upgrade": ("upgrade hello {package}", "rollback hello"),
    "swap": ("chain disable ingress {link} {program}", "chain enable ingress {link} {program}"),
    "start": ("stop flow", "start flow"),
}


def theirs(at):
    """What others have there."""
    script = "ip -d link; tc filter show dev va ingress; tc qdisc show dev va; find /sys/fs/bpf -name 'their*'; bpftool -j map dump pinned /sys/fs/bpf/theirs/map"
    ours = r"\n +prog/xdp id \d+ name ingress_entry [^\n]*|xdp(generic)? (?=qdisc noqueue state UP)|filter protocol all pref \d+ bpf chain 0 (handle \S+ ingress_tc_\S+ [^\n]*)?\n"
    return re.sub(ours, "", at.run("sh", "-c", script).stdout)


def everything(at):
    script = "ip -d link; bpftool net show; find /sys/fs/bpf/emf /run/emf -mindepth 1 ! -name 'verifier-*.log' 2>/dev/null || true"
    return at.run("sh", "-c", script).stdout


class Killed:
    """A service that is started again after each kill, and what others have beside it."""

    def __init__(self):
        tap.need_root()
        self.at, folder = Place(), tap.folder()
        self.choose = random.Random(SEED)
        config, package = os.path.join(folder, "emf.conf"), os.path.join(folder, "hello.emfpkg")
        scratch.write(config, "[product]\nupgradable = yes\n[ingress]\niface = va\n[ingress_tc]\ntc_iface = va\n")
        scratch.must(tap.PRODUCT, "pack", "hello", "-o", package, cwd=folder)
        self.names = {"so": os.path.join(tap.BUILD, "obj", "prometheus.so"), "package": package, "link": "acl", "program": "check_xdp"}
        self.env = {"EMF_BUS": os.path.join(folder, "bus")}
        self.words = ("serve", *MODULES, "--config", config, "--allow-unsigned")
        objects = foreign.objects(folder)
        self.at.run("sh", "-ec", "ip link add their0 type veth peer name their1 && ip link set their0 mtu 1400 up && ip link set va mtu 1400 && mkdir /sys/fs/bpf/theirs && "
                    f"ip link set their0 xdpgeneric obj {objects} program foreign && tc qdisc add dev va clsact && "
                    f"tc filter add dev va ingress bpf da obj {objects} sec tc && "
                    "bpftool map create /sys/fs/bpf/theirs/map type array key 4 value 8 entries 2 name theirs")
        self.before, self.empty = theirs(self.at), everything(self.at)

    def emf(self, *words):
        return self.at.run(tap.PRODUCT, *words, ok=False, env={**os.environ, **self.env})

    def start(self, persists):
        self.tool = self.at.start(*self.words, *(("--persist",) if persists else ()), env=self.env)

    def is_up(self):
        """All of it runs, whole, after whatever was before."""
        self.tool.ready()
        until(lambda: self.emf("status").returncode == 0 or self.tool.process.poll() is not None, "an answer")
        tap.equal(self.tool.process.poll(), None, f"whether it ended ({self.tool.err})")
        states = {m["name"]: m["state"] for m in json.loads(self.emf("status", "-j").stdout)["modules"] if m["name"] in MODULES}
        tap.equal(states, {name: "running" for name in MODULES}, f"states of modules ({self.tool.err})")
        chains = json.loads(self.emf("chain", "list", "-j").stdout)
        tap.equal({(c["chain"], c["misses"]) for c in chains}, {("ingress", 0), ("ingress_tc", 0)}, "chains, and packets that they lost")

    def works(self, what):
        """Until it is killed; begun when this returns."""
        once, back = (words.format(**self.names) for words in WORKS[what])
        script = f'"$0" {once} && "$0" {back} || {{ echo failed; exit 1; }}; echo done; while "$0" {once} && "$0" {back}; do :; done'
        work = tap.start(*self.at.within(self.at.a), "sh", "-c", script, tap.PRODUCT, env={**os.environ, **self.env})
        tap.equal(work.stdout.readline(), "done\n", f"the first {what}")
        return work

    def others_have_all(self):
        """At once, or when the guardian has taken the filter of ours from theirs, which has no link before Linux 6.6."""
        until(lambda: theirs(self.at) == self.before, f"what others have to be as it was; there is {theirs(self.at)}, and was {self.before}")

    def clean(self):
        done = self.emf("purge")
        tap.equal(done.returncode, 0, f"exit status of purge ({done.stderr})")
        until(lambda: everything(self.at) == self.empty, f"all to go; there is {everything(self.at)}")


def test_whatever_it_does_when_it_is_killed_the_next_start_runs_and_nothing_of_others_is_touched():
    s = Killed()
    print(f"# {KILLS} kills, EMF_SEED={SEED}", flush=True)
    for turn in range(KILLS):
        what, persists = s.choose.choice((*WORKS, "begin")), s.choose.random() < 0.5
        where = f"in turn {turn}, {what}{', --persist' if persists else ''}, EMF_SEED={SEED}"
        try:
            s.start(persists)
            if what != "begin":
                s.is_up()
            work = s.works(what) if what != "begin" else None
            time.sleep(s.choose.uniform(0, 0.2))
            tap.equal(s.tool.process.poll(), None, f"whether it had ended before ({s.tool.err})")
            tap.equal(work and work.poll(), None, "exit status of what it was asked for before it was killed")
            s.tool.stop(signal.SIGKILL)
            if work:
                work.wait(tap.PATIENCE)
            s.others_have_all()
            if s.choose.random() < 0.3:
                s.clean()
        except AssertionError as wrong:
            raise AssertionError(f"{where}: {wrong}") from wrong
    s.start(False)
    s.is_up()
    tap.equal(s.tool.stop(), 0, f"exit status ({s.tool.err})")
    s.clean()
    s.others_have_all()


if __name__ == "__main__":
    tap.main()
