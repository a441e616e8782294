# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The bus: calls and signals inside of a product, and between processes on one processor."""
import os
import shlex
import shutil
import subprocess
import sys
import time

from report import NotMeasured

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bus")
LISTENERS = 8
RUNS = 7
ON_ONE = ["taskset", "-c", "0"]  # across processors, waking up hides everything else


def run(*words, **kwargs):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, timeout=300, **kwargs)


def build(args, folder):
    """Programs in @folder, with the compiler and the libraries of the build."""
    run(*shlex.split(args.emfgen), "stubs", os.path.join(HERE, "bench.emf"), "--out", folder)
    # Where a loop lies in a cache line decides about a third of a call: all that is compared begins alike.
    aligned = ["-falign-functions=64", "-falign-loops=32"]
    compile_words = shlex.split(args.cc) + ["-O2", *aligned, "-std=gnu17", "-Iinclude", f"-I{folder}"]
    stubs = os.path.join(folder, "bench_emf.c")
    client = ["libemf-client.a", "-lpthread"]
    served = ["libemf-core.a", *shlex.split(args.libs)]
    core = ["-rdynamic", "-Wl,--whole-archive", "libemf-core.a", "-Wl,--no-whole-archive", *shlex.split(args.libs)]
    for name, words in (("raw", []), ("client", [stubs, *client]), ("inside", [stubs, *client]), ("server", [stubs, *core]),
                        ("served", [stubs, *served])):
        run(*compile_words, os.path.join(HERE, name + ".c"), *words, "-o", os.path.join(folder, name))
    peers = {}
    for name, libraries in (("zmq", ["-lzmq"]), ("dbus", ["-lsystemd"]), ("ubus", ["-lubus", "-lubox"])):
        source = os.path.join(HERE, f"peer_{name}.c")
        try:
            run(*compile_words, source, *libraries, "-o", os.path.join(folder, name))
            peers[name] = os.path.join(folder, name)
        except subprocess.CalledProcessError as error:  # its package is not installed, most often
            wrong = [line for line in error.stderr.splitlines() if "error" in line or "cannot find" in line]
            peers[name] = NotMeasured((wrong or ["it does not compile"])[0].replace(HERE + os.sep, ""))
    return peers


def inside(folder, report):
    times = [[float(ns) for ns in run(*ON_ONE, os.path.join(folder, "inside")).stdout.split()] for _ in range(RUNS)]
    # One run of each pair, and not the best of each alone: memory lies otherwise in each process.
    direct, call, indirect, signal = zip(*times)
    report.add("typed call in process", call, "ns", floor=direct, beside="for ops->f()", target="ratio <= 1.3", paired=True)
    report.add("signal to one subscriber in process", signal, "ns", floor=indirect, beside="for a call", target="ratio <= 3", paired=True)


def served(folder, report):
    bare, typed = zip(*([float(ns) for ns in run(*ON_ONE, os.path.join(folder, "served")).stdout.split()] for _ in range(RUNS)))
    report.add("method served by BPF", typed, "ns", floor=bare, beside="for TEST_RUN", target="ratio <= 1.3")


def rate(*words):
    return float(run(*ON_ONE, *words).stdout.split()[-1])


def fan_out(folder, socket, how, n):
    client = [*ON_ONE, os.path.join(folder, "client"), socket]
    listeners = [subprocess.Popen([*client, how, str(n)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                 for _ in range(LISTENERS)]
    try:
        for one in listeners:
            if one.stdout.readline() != "ready\n":
                raise NotMeasured("a listener does not listen")
        start = time.perf_counter()
        run(*client, "emit", n)
        lost = sum(int(one.communicate(timeout=60)[1].split()[-1]) for one in listeners)
        return (LISTENERS * n - lost) / (time.perf_counter() - start)
    finally:
        for one in listeners:
            one.kill()
            one.wait()


def between(folder, peers, report):
    socket = os.path.join(folder, "bus")
    server = subprocess.Popen([*ON_ONE, os.path.join(folder, "server"), "serve"], env=dict(os.environ, EMF_BUS=socket),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while not os.path.exists(socket) and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.2)
        client, raw = [os.path.join(folder, "client"), socket], os.path.join(folder, "raw")
        found = {key: [] for key in ("one", "many", "raw one", "raw many", "packets", "fan")}
        for _ in range(RUNS):  # in turn, so that what else the machine does falls on all
            found["raw one"].append(rate(raw, 1, 50000))
            found["one"].append(rate(*client, "one", 50000))
            found["raw many"].append(rate(raw, 32, 100000))
            found["many"].append(rate(*client, "many", 400000))
            found["packets"].append(fan_out(folder, socket, "packets", 100000))
            found["fan"].append(fan_out(folder, socket, "listen", 400000))
            peers.turn()
    finally:
        server.terminate()
        server.wait(20)
    report.add("call between processes, 64 bytes", found["one"], "/s", floor=found["raw one"], beside="bare SEQPACKET", target="ratio >= 0.85")
    report.add("  32 of them under way", found["many"], "/s", floor=found["raw many"], beside="bare SEQPACKET", target="ratio >= 5")
    report.add(f"  signals, 1 to {LISTENERS} processes, in packets", found["packets"], "/s")
    report.add(f"  signals, 1 to {LISTENERS} processes, by a ring", found["fan"], "/s")
    peers.tell(found, report)


def with_broker(broker_words, socket, words, **env):
    """What the peer @words prints while the broker runs, as numbers."""
    broker = subprocess.Popen([*ON_ONE, *broker_words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 5
        while not os.path.exists(socket) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        return [float(word) for word in run(*ON_ONE, *words, env=dict(os.environ, **env)).stdout.split()]
    finally:
        broker.terminate()
        broker.wait(10)
        if os.path.exists(socket):
            os.unlink(socket)


def dbus(folder, program):
    """Calls and deliveries a second."""
    for name in ("dbus-broker-launch", "dbus-daemon"):
        if not shutil.which(name):
            raise NotMeasured(f"{name} is not installed")
    socket = os.path.join(folder, "dbus.sock")
    return with_broker([sys.executable, os.path.join(HERE, "dbus_broker.py"), socket], socket, [program],
                       DBUS_SESSION_BUS_ADDRESS=f"unix:path={socket}")


def ubus(folder, program):
    """Calls and deliveries a second."""
    ubusd = shutil.which("ubusd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not ubusd:
        raise NotMeasured("ubusd is not installed")
    socket = os.path.join(folder, "ubus.sock")
    return with_broker([ubusd, "-s", socket], socket, [program, socket])


def zmq(folder, program):
    """Calls of which 32 are under way, and deliveries, a second."""
    return [float(word) for word in run(*ON_ONE, program).stdout.split()]


# What others offer: how it is measured, and which of our figures its two are held against, with what is wanted.
PEERS = {
    "dbus": ("D-Bus by dbus-broker", dbus, (("call", "one", "ratio >= 3.5"), ("signals in packets", "packets", "ratio >= 10"))),
    "ubus": ("ubus by ubusd", ubus, (("call", "one", "ratio >= 3.5"), ("signals in packets", "packets", "ratio >= 10"))),
    "zmq": ("ZeroMQ", zmq, (("32 calls", "many", "ratio > 1"), ("signals by a ring", "fan", "ratio >= 3"))),
}


class Peers:
    """Those that were built; each has a turn in each round, until it fails."""

    def __init__(self, folder, built):
        self.folder, self.built = folder, built
        self.found = {name: [] for name in PEERS}

    def turn(self):
        for name, (_, measured, _) in PEERS.items():
            if isinstance(self.built[name], Exception):
                continue
            try:
                figures = measured(self.folder, self.built[name])
                if len(figures) != 2:
                    raise NotMeasured("it did not print two figures")
                self.found[name].append(figures)
            except subprocess.CalledProcessError as error:
                self.built[name] = NotMeasured((error.stderr.strip() or f"it ended with {error.returncode}").splitlines()[-1])
            except subprocess.TimeoutExpired as error:
                self.built[name] = NotMeasured(f"it did not end within {error.timeout:.0f} s")
            except (NotMeasured, subprocess.SubprocessError, ValueError) as error:
                self.built[name] = error

    def tell(self, ours, report):
        for name, (title, _, figures) in PEERS.items():
            for i, (what, key, target) in enumerate(figures):
                if isinstance(self.built[name], Exception):
                    report.lacks(f"  {what}, against {title}", str(self.built[name]), target)
                else:
                    report.add(f"  {what}, against {title}", ours[key], "/s", peer=[one[i] for one in self.found[name]], target=target)


def measure(args, folder, report):
    folder = os.path.join(folder, "bus")
    os.mkdir(folder)
    peers = Peers(folder, build(args, folder))
    inside(folder, report)
    served(folder, report)
    between(folder, peers, report)


if __name__ == "__main__":
    sys.exit("bus_bench.py is a part of make bench")
