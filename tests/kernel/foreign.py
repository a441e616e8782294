# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What others have on an interface, and a place where tests see only what they made themselves."""
import json
import os
import subprocess

import scratch
import tap
from netns import Pair
from tool import Tool, until

HERE = os.path.dirname(os.path.abspath(__file__))


def objects(folder):
    """The compiled programs of chain_foreign.c."""
    path = os.path.join(folder, "chain_foreign.o")
    if not os.path.exists(path):
        include = f"-I/usr/include/{os.uname().machine}-linux-gnu"
        scratch.must("clang", "-O2", "-g", "-target", "bpf", include, "-c", os.path.join(HERE, "chain_foreign.c"), "-o", path, cwd=folder)
    return path


class Place(Pair):
    """A pair with a bpffs and a /run of its own, that no other process and no other test sees."""

    def __init__(self):
        super().__init__()
        script = "mount -t bpf bpf /sys/fs/bpf && mount -t tmpfs tmpfs /run && echo ready && read -r end"
        self.holder = tap.start("unshare", "-m", "--propagation", "private", "sh", "-c", script, stdin=subprocess.PIPE)
        tap.equal(self.holder.stdout.readline(), "ready\n", "mounts of its own")

    def within(self, name):
        return ["nsenter", f"--net=/run/netns/{name}", "-t", str(self.holder.pid), "-m", "-r", "-w"]  # the root and the folder, too: a guest may run in a chroot

    def run(self, *words, ok=True, side="a", **kwargs):
        done = tap.run(*self.within(self.a if side == "a" else self.b), *words, **kwargs)
        if ok:
            tap.equal((done.returncode, done.stderr), (0, ""), " ".join(str(w) for w in words))
        return done

    def start(self, *words, **kwargs):
        return Tool(*words, within=self.within(self.a), **kwargs)

    def xdp(self, link="va"):
        """Name of the XDP program on an interface, or None."""
        link = json.loads(self.run("ip", "-d", "-j", "link", "show", link).stdout)[0]
        return link.get("xdp", {}).get("prog", {}).get("name") if link.get("xdp") else None

    def qdiscs(self):
        return self.run("tc", "qdisc", "show", "dev", "va").stdout

    def filters(self, side):
        """Names of the programs of clsact, in the order in which they run."""
        rows = json.loads(self.run("tc", "-j", "filter", "show", "dev", "va", side).stdout or "[]")
        return [row["options"]["bpf_name"] for row in sorted(rows, key=lambda row: row["pref"]) if row.get("options", {}).get("bpf_name")]

    def seen(self, program):
        """How often a foreign program ran."""
        found = json.loads(self.run("bpftool", "-j", "prog", "show", "name", program).stdout)
        found = found if isinstance(found, list) else [found]
        maps = [i for one in found for i in one.get("map_ids", ())]
        total = 0
        for i in maps:
            dump = json.loads(self.run("bpftool", "-j", "map", "dump", "id", i).stdout)
            total += int.from_bytes(bytes(int(b, 16) for b in dump[0]["value"][:8]), "little")
        return total

    def pins(self):
        """All that is in bpffs, but what the kernel and iproute2 put there."""
        done = self.run("find", "/sys/fs/bpf", "-mindepth", "1", "-path", "/sys/fs/bpf/emf*")
        return sorted(line[len("/sys/fs/bpf/"):] for line in done.stdout.splitlines())

    def records(self):
        return [name for name in self.run("sh", "-c", "ls /run/emf 2>/dev/null || true").stdout.split() if name.endswith(".owned")]


def children(pid):
    """Processes that one has started, with their names."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            for child in f.read().split():
                with open(f"/proc/{child}/comm") as comm:
                    found[int(child)] = comm.read().strip()
    return found


def guardian(tool):
    """The pid of a product's guardian, which has its name when it is ready."""
    found = until(lambda: [pid for pid, name in children(tool.process.pid).items() if name == "emf-guardian"], "a guardian")
    tap.equal(len(found), 1, f"guardians of the product ({found})")
    return found[0]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_end(pid):
    until(lambda: not is_alive(pid), f"process {pid} to end")
