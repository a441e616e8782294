# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make compare: tools of this product beside those of the same name of libbpf-tools, on this machine.

Both watch the same work at the same time: what each has counted of it, how long it took from exec to the last program being
attached, and its memory. The table is Markdown; docs/comparison.md has one. A tool that does not run here is told with what it said.
"""
import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PATIENCE = 30
TRACED = ["unshare", "-m", "--propagation", "slave", "sh", "-c",
          'mount -t tracefs tracefs /sys/kernel/tracing; mount -t debugfs debugfs /sys/kernel/debug; exec "$@"', "sh"]


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise RuntimeError(f"waited {PATIENCE} s for {what}")


# --- work that is watched: each is a process that waits for a line, and has a name and a number of events that it makes

READY = """import os, socket, subprocess, sys, time
print("ready", flush=True)
sys.stdin.readline()
"""
N = 50


class Work:
    def __init__(self, code, *args, within=()):
        self.process = subprocess.Popen([*within, sys.executable, "-c", READY + code, *map(str, args)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.process.stdout.readline()

    def run(self):
        out, _ = self.process.communicate("go\n", timeout=PATIENCE)
        if self.process.returncode:
            raise RuntimeError("the work failed")
        return out.split()


# A disk of its own, of a file: nobody else reads it.
READ = """
import mmap
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
room = mmap.mmap(-1, 4096)
for i in range(50): os.preadv(fd, [room], i * 4096)
"""
CONNECT = """
for i in range(50):
    listener = socket.create_server(("127.0.0.1", 0)) if not i else listener
    c = socket.create_connection(listener.getsockname())
    s, _ = listener.accept()
    c.close(); s.recv(1); s.close()
print(listener.getsockname()[1])
"""
ALONE = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]


def lines_with(*words):
    """How many lines have all of these, as words of their own."""
    def count(text):
        return sum(all(re.search(rf"(?<![\w.]){re.escape(str(w))}(?!\w)", line) for w in words) for line in text.splitlines())
    return count


def slots(text):
    """All that histograms have counted, of either side's."""
    return sum(int(n) for n in re.findall(r"^\s*\d+ -> \d+\s*: (\d+)", text, re.MULTILINE))


def of_disk(device):
    """What the histogram of one disk has counted."""
    def count(text):
        found = re.search(rf"^.*\b{device}[ \t]*\n((?:.*(?:usecs| -> ).*\n?)+)", text, re.MULTILINE)
        return slots(found.group(1)) if found else 0
    return count


class Tool:
    """
    What is compared: words of both, {pid} is the work's; the work; and how its events are counted in what is printed, or None
    where that is known when the work is done.
    """

    def __init__(self, name, ours, theirs, make, count):
        self.name, self.ours, self.theirs, self.make, self.count = name, ours, theirs, make, count


def tools(folder):
    name = f"cmp-{os.getpid() % 10000}"
    program = os.path.join(folder, name)
    os.symlink("/bin/true", program)
    path = os.path.join(folder, "opened")
    place = os.path.join(folder, "mounted")
    os.mkdir(place)
    runs = f"for i in range({N}): subprocess.run([{program!r}])"
    naps = "for i in range(50): time.sleep(0.002)"
    libc = next(line.split()[-1] for line in open("/proc/self/maps") if "libc.so.6" in line)
    call = f"import ctypes\nlibc = ctypes.CDLL(None)\nfor i in range({N}): libc.getppid()"
    yield Tool("execsnoop", [], [], lambda: Work(runs), lines_with(program))
    yield Tool("exitsnoop", [], [], lambda: Work(runs), lines_with(name))
    yield Tool("opensnoop", [], [], lambda: Work(f"for i in range({N}):\n  try: os.open({path!r}, 0)\n  except OSError: pass"),
               lines_with(path))
    yield Tool("killsnoop", [], [], lambda: Work(f"for i in range({N}): os.kill(os.getpid(), 0)\nprint(os.getpid())"), None)
    yield Tool("mountsnoop", [], [], lambda: Work(f"for i in range({N // 5}):\n  subprocess.run(['mount', '-i', '-t', 'tmpfs', 'none', {place!r}], check=True)\n"
                                                  f"  subprocess.run(['umount', '-i', {place!r}], check=True)"), lambda text: text.count(place))
    yield Tool("tcplife", [], [], lambda: Work(CONNECT, within=ALONE), None)
    yield Tool("tcpstates", [], [], lambda: Work(CONNECT, within=ALONE), None)
    yield Tool("syscount", ["-p", "{pid}"], ["-p", "{pid}"], lambda: Work(call), calls_of("getppid"))
    yield Tool("cpudist", ["--off-cpu", "-p", "{pid}"], ["-O", "-p", "{pid}"], lambda: Work(naps), slots)
    yield Tool("runqlat", ["-p", "{pid}"], ["-p", "{pid}"], lambda: Work(naps), slots)
    yield Tool("offcputime", ["-p", "{pid}", "--folded"], ["-p", "{pid}"], lambda: Work(naps), None)
    yield Tool("funclatency", ["--path", libc, "--function", "getppid", "-p", "{pid}"], ["-p", "{pid}", "c:getppid"], lambda: Work(call), slots)
    yield Tool("gethostlatency", ["-p", "{pid}"], ["-p", "{pid}"],
               lambda: Work(f"for i in range({N}): socket.getaddrinfo('localhost', 1)"), lines_with("localhost"))
    yield Tool("biolatency", ["--per-disk"], ["-D"], disk(folder), None)
    yield Tool("biosnoop", [], [], disk(folder), None)
    yield Tool("oomkill", [], [], lambda: Work(CONNECT, within=ALONE), slots)
    for name in ("tcpconnect", "tcptop", "tcprtt"):
        yield Tool(name, [], [], lambda: Work(CONNECT, within=ALONE), None)


def calls_of(name):
    def count(text):
        found = re.search(rf"^{name}\s+(\d+)", text, re.MULTILINE)
        return int(found.group(1)) if found else 0
    return count


def disk(folder):
    """Work that reads a disk of its own, made of a file."""
    def make():
        image = os.path.join(folder, "disk")
        with open(image, "wb") as f:
            f.write(b"x" * (N * 4096))
        device = subprocess.run(["losetup", "-f", "--show", image], check=True, capture_output=True, text=True).stdout.strip()
        work = Work(READ, device)
        work.device = device
        return work
    return make


# --- a run of both

class Running:
    def __init__(self, words, folder, who):
        self.path = os.path.join(folder, who)
        with open(self.path + ".out", "w") as out, open(self.path + ".err", "w") as err:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.links = 0

    def text(self, end=".out"):
        with open(self.path + end, errors="replace") as f:
            return f.read()

    def attached(self):
        """Once it has attached programs, and no more for a while; False if it ended."""
        last, since = 0, time.monotonic()
        while time.monotonic() - since < PATIENCE:
            if self.process.poll() is not None:
                return False
            now = links(self.process.pid)
            if now != last:
                last, since = now, time.monotonic()
            if last and time.monotonic() - since > 0.5:
                self.links = last
                return True
            time.sleep(0.02)
        return False

    def memory(self):
        """Resident, and its own share of it, in KiB."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as f:
            found = dict(re.findall(r"^(Rss|Pss): +(\d+) kB", f.read(), re.MULTILINE))
        return int(found["Rss"]), int(found["Pss"])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def links(pid):
    count = 0
    try:
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                count += "link_type:" in f.read()
    except OSError:
        pass
    return count


def counter(tool, work, said):
    """How its events are counted, now that it is known which process or port they are of."""
    if tool.count:
        return tool.count
    if tool.name == "killsnoop":
        return lines_with(work.pid)
    if tool.name in ("biolatency", "biosnoop"):
        device = os.path.basename(work.device)
        return of_disk(device) if tool.name == "biolatency" else lines_with(device)
    if tool.name == "offcputime":  # milliseconds, behind each stack or below it
        return lambda text: sum(int(n) for n in re.findall(r"[ \t](\d+)$", text, re.MULTILINE)) // 1000
    return lines_with(said[0])


def watch(tool, args, peer, folder):
    work = tool.make()
    running = []
    try:
        ours = Running([args.product, "run", tool.name, *(w.format(pid=work.pid) for w in tool.ours)], folder, "ours")
        running.append(ours)
        theirs = Running([peer, *(w.format(pid=work.pid) for w in tool.theirs)], folder, "theirs")
        running.append(theirs)
        if not ours.attached():
            return None, f"{tool.name} of this product: {last_line(ours.text('.err'))}"
        if not theirs.attached():
            return None, last_line(theirs.text(".err") + theirs.text())
        said = work.run()
        time.sleep(0.5)
        memory = [r.memory() for r in running]
        for r in running:
            r.stop()
        count = counter(tool, work, said)
        return (ours, theirs, [count(r.text()) for r in running], memory), None
    finally:
        for r in running:
            r.stop()
        if work.process.poll() is None:
            work.process.kill()
        work.process.wait()
        if hasattr(work, "device"):
            subprocess.run(["losetup", "-d", work.device], check=False)


def last_line(text):
    """What it said that is a reason: libbpf's lines have it in front of the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reasons = [line for line in lines if "failed to create" in line or "failed to load" in line or "-95" in line]
    return (reasons or lines or ["it said nothing"])[0].replace("|", "/")[:120]


def start_ups(args, commands):
    """Of each command, so many programs and its words, the median of milliseconds from exec to the last of them being attached; they take turns."""
    times = [[] for _ in commands]
    for _ in range(args.runs):
        for found, (n, words) in zip(times, commands):
            done = subprocess.run([args.attached, str(n), *words], capture_output=True, text=True, timeout=120)
            if not done.returncode:
                found.append(float(done.stdout.split()[0]) / 1000)
    return [statistics.median(found) if found else None for found in times]


def milliseconds(value):
    return f"{value:.1f}" if value is not None else "-"


def compare(args, folder):
    rows, lacking = [], []
    for tool in tools(folder):
        peer = shutil.which(tool.name, path=":".join(filter(None, (args.peers, os.environ["PATH"], "/usr/sbin"))))
        if not peer:
            lacking.append((tool.name, "there is none on this machine"))
            continue
        found, reason = watch(tool, args, peer, folder)
        if not found:
            lacking.append((tool.name, reason))
            continue
        ours, theirs, counts, memory = found
        mine, others = ([w.format(pid=os.getpid()) for w in words] for words in (tool.ours, tool.theirs))
        run = [args.product, "run", tool.name]
        times = start_ups(args, [(ours.links, [*run, *mine]), (ours.links, [*run, "--no-cache", *mine]), (theirs.links, [peer, *others])])
        rows.append([tool.name, *map(str, counts), *map(milliseconds, times), *(f"{m[i] / 1024:.1f}" for i in (0, 1) for m in memory)])
    heads = ["tool", "counted", "theirs", "start, ms", "no cache, ms", "theirs", "memory, MiB", "theirs", "own, MiB", "theirs"]
    for row in (heads, ["---"] * len(heads), *rows):
        print("| " + " | ".join(row) + " |")
    if lacking:
        print("\n| not compared | why |\n| --- | --- |")
    for name, reason in lacking:
        print(f"| {name} | {reason} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--product", required=True)
    parser.add_argument("--attached", required=True, help="the program of make bench that measures starts")
    parser.add_argument("--peers", default=os.environ.get("EMF_PEERS", ""), help="where libbpf-tools are, before the PATH")
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    args.product, args.attached = os.path.abspath(args.product), os.path.abspath(args.attached)
    if os.geteuid():
        sys.exit("compare: needs root: it loads eBPF programs")
    if not os.path.exists("/sys/kernel/tracing/events") and "EMF_TRACED" not in os.environ:
        os.execvpe(TRACED[0], [*TRACED, sys.executable, *sys.argv], {**os.environ, "EMF_TRACED": "1"})
    with tempfile.TemporaryDirectory(prefix="emf-compare-") as folder:
        compare(args, folder)


if __name__ == "__main__":
    main()
