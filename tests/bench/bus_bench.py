"""The bus: calls and signals inside of a product, and between processes on one processor."""
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bus")
LISTENERS = 8
RUNS = 5
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
        if not os.path.exists(source):
            continue
        try:
            run(*compile_words, source, *libraries, "-o", os.path.join(folder, name))
            peers[name] = os.path.join(folder, name)
        except subprocess.CalledProcessError:
            pass  # its package is not installed: the row says so
    return peers


def inside(folder, row):
    times = [[float(ns) for ns in run(*ON_ONE, os.path.join(folder, "inside")).stdout.split()] for _ in range(RUNS)]
    # One run of each pair, and not the best of each alone: memory lies otherwise in each process.
    direct, call = sorted((t[:2] for t in times), key=lambda t: t[1] / t[0])[RUNS // 2]
    indirect, signal = sorted((t[2:] for t in times), key=lambda t: t[1] / t[0])[RUNS // 2]
    row("typed call in process", f"{call:.2f} ns", f"{direct:.2f} ns for ops->f()", f"{call / direct:.2f}", "ratio <= 1.3",
        call / direct <= 1.3)
    row("signal to one subscriber in process", f"{signal:.2f} ns", f"{indirect:.2f} ns for a call", f"{signal / indirect:.2f}",
        "ratio <= 3", signal / indirect <= 3)


def served(folder, row):
    times = [[float(ns) for ns in run(*ON_ONE, os.path.join(folder, "served")).stdout.split()] for _ in range(RUNS)]
    bare, typed = (statistics.median(t[i] for t in times) for i in range(2))
    row("method served by BPF", f"{typed:.0f} ns", f"{bare:.0f} ns for TEST_RUN", f"{typed / bare:.2f}", "ratio <= 1.3", typed <= 1.3 * bare)


def rate(*words):
    return float(run(*ON_ONE, *words).stdout.split()[-1])


def fan_out(folder, socket, how, n):
    client = [*ON_ONE, os.path.join(folder, "client"), socket]
    listeners = [subprocess.Popen([*client, how, str(n)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                 for _ in range(LISTENERS)]
    try:
        for one in listeners:
            if one.stdout.readline() != "ready\n":
                raise SystemExit("bench: a listener does not listen")
        start = time.perf_counter()
        run(*client, "emit", n)
        lost = sum(int(one.communicate(timeout=60)[1].split()[-1]) for one in listeners)
        return (LISTENERS * n - lost) / (time.perf_counter() - start)
    finally:
        for one in listeners:
            one.kill()
            one.wait()


def kilo(rate_):
    return f"{rate_ / 1000:.0f}k/s" if rate_ < 1e6 else f"{rate_ / 1e6:.2f}M/s"


def between(folder, peers, row):
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
    finally:
        server.terminate()
        server.wait(20)
    got = {key: statistics.median(values) for key, values in found.items()}
    row("call between processes, 64 bytes", kilo(got["one"]), f"{kilo(got['raw one'])} bare SEQPACKET", f"{got['one'] / got['raw one']:.2f}",
        "ratio >= 0.85", got["one"] >= 0.85 * got["raw one"])
    row("  32 of them under way", kilo(got["many"]), f"{kilo(got['raw many'])} bare SEQPACKET", f"{got['many'] / got['raw many']:.1f}",
        "ratio >= 5", got["many"] >= 5 * got["raw many"])
    row(f"  signals, 1 to {LISTENERS} processes, in packets", kilo(got["packets"]))
    row(f"  signals, 1 to {LISTENERS} processes, by a ring", kilo(got["fan"]))
    compare(folder, peers, got, row)


def with_broker(broker_words, socket, words, **env):
    """What the peer @words prints while the broker runs, as numbers."""
    broker = subprocess.Popen([*ON_ONE, *broker_words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 5
        while not os.path.exists(socket) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        return [float(word) for word in run(*ON_ONE, *words, env=dict(os.environ, **env)).stdout.split()]
    except subprocess.CalledProcessError:
        return None  # it wants something that this system does not have
    finally:
        broker.terminate()
        broker.wait(10)


def dbus(folder, program):
    """Calls and deliveries a second; None where there is no dbus-broker."""
    if not all(shutil.which(name) for name in ("dbus-broker-launch", "dbus-daemon")):
        return None
    socket = os.path.join(folder, "dbus.sock")
    return with_broker([sys.executable, os.path.join(HERE, "dbus_broker.py"), socket], socket, [program],
                       DBUS_SESSION_BUS_ADDRESS=f"unix:path={socket}")


def ubus(folder, program):
    """Calls and deliveries a second; None where there is no ubusd."""
    ubusd = shutil.which("ubusd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    socket = os.path.join(folder, "ubus.sock")
    return with_broker([ubusd, "-s", socket], socket, [program, socket]) if ubusd else None


def compare(folder, peers, got, row):
    """With what others offer, where it is installed."""
    against(got, row, "D-Bus by dbus-broker", dbus(folder, peers["dbus"]) if "dbus" in peers else None, "not installed")
    if "zmq" in peers:
        many, fan = ([float(v) for v in run(*ON_ONE, peers["zmq"]).stdout.split()])
        row("  32 calls, against ZeroMQ", kilo(got["many"]), kilo(many), f"{got['many'] / many:.1f}", "ratio > 1", got["many"] > many)
        row("  signals by a ring, against ZeroMQ", kilo(got["fan"]), kilo(fan), f"{got['fan'] / fan:.1f}", "ratio >= 3", got["fan"] >= 3 * fan)
    else:
        row("  against ZeroMQ", "", "not installed")
    against(got, row, "ubus by ubusd", ubus(folder, peers["ubus"]) if "ubus" in peers else None, "libubus is not installed")


def against(got, row, broker, found, why_not):
    """With a broker: its calls and its deliveries a second."""
    if not found:
        row(f"  against {broker}", "", why_not)
        return
    one, fan = found
    row(f"  call, against {broker}", kilo(got["one"]), kilo(one), f"{got['one'] / one:.1f}", "ratio >= 3.5", got["one"] >= 3.5 * one)
    row(f"  signals in packets, against {broker}", kilo(got["packets"]), kilo(fan), f"{got['packets'] / fan:.0f}", "ratio >= 10",
        got["packets"] >= 10 * fan)


def measure(args, folder, row):
    folder = os.path.join(folder, "bus")
    os.mkdir(folder)
    peers = build(args, folder)
    inside(folder, row)
    served(folder, row)
    between(folder, peers, row)


if __name__ == "__main__":
    sys.exit("bus.py is a part of make bench")
