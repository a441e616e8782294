# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The example of docs/examples/quarantine: a tracing program says who, a program of sockets
says what is theirs, a chain of a group drops it. The ground truth is what arrives.

Without these, the packets of a suspect could get out by a process that it started or from
an interrupt, and those of others be dropped in their place.
"""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from netns import Pair  # noqa: E402
from tool import Tool, cgroup  # noqa: E402

EXAMPLE = os.path.join("docs", "examples", "quarantine")
# In the group, as what it is called.
JOIN = ["sh", "-c", 'echo $$ >"$1"/cgroup.procs && shift && exec "$@"', "sh"]


def blocks():
    with open(os.path.join(tap.SOURCE, EXAMPLE, "README.md"), encoding="utf-8") as f:
        return re.findall(r"^```\n(.*?)^```$", f.read(), re.MULTILINE | re.DOTALL)


@scratch.once
def build(parent):
    """By the first block of the text."""
    src = scratch.source(parent)
    for path in glob.glob(os.path.join(src, "modules", "*")):
        os.unlink(path)
    scratch.Build(src, src, "--enable-werror")
    scratch.must("sh", "-ec", blocks()[0], cwd=src)
    return src


def start(group):
    tap.need_root()
    tap.PRODUCT = os.path.join(build(), "emf")
    return Tool("run", "quarantine", "--name", "visitor", "--group", group, "--cgroup", group).ready()


def visitor():
    """Python by the name of a suspect."""
    path = os.path.join(tap.folder(), "visitor")
    os.symlink(sys.executable, path)
    return path


SEND = 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); [s.sendto(b"x", ("10.9.0.1", 7)) for i in range(10)]'
START = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
CONNECT = """
import socket, sys
s = socket.socket()
s.settimeout(float(sys.argv[1]))
try:
    s.connect(("10.9.0.2", 8))
    print(s.recv(3).decode())
except TimeoutError:
    print("nothing")
"""
GREET = """
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.9.0.2", 8))
s.listen()
print("listens", flush=True)
s.accept()[0].sendall(b"hey")
"""


def arrive(pair, group, *words):
    """Of ten packets that a process of the group in b sends."""
    receiver = tap.start(*pair.within(pair.a), sys.executable, "-c", COUNT, stdin=-1)
    tap.equal(receiver.stdout.readline(), "listens\n", "what the receiver says")
    tap.run(*JOIN, group, *pair.within(pair.b), *words)
    out, _ = receiver.communicate("end\n", timeout=20)
    return int(out)


# All that was sent has arrived when the sender has ended: a veth delivers at once, or from ksoftirqd soon after.
COUNT = """
import select, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.9.0.1", 7))
print("listens", flush=True)
n, wait = 0, None
while True:
    ready = select.select([s] + ([sys.stdin] if wait is None else []), [], [], wait)[0]
    if s in ready:
        n += len(s.recv(64))
    elif not ready:
        break
    else:
        wait = 0.5
print(n)
"""


def test_a_suspect_and_what_it_starts_send_nothing_and_others_do():
    pair, group, name = Pair(), cgroup(), visitor()
    tool = start(group)
    tap.equal(arrive(pair, group, sys.executable, "-c", SEND), 10, "packets of somebody else")
    tap.equal(arrive(pair, group, name, "-c", SEND), 0, "packets of a suspect")
    tap.equal(arrive(pair, group, name, "-c", START, sys.executable, "-c", SEND), 0, "packets of what it starts")
    tap.equal(arrive(pair, group, sys.executable, "-c", SEND), 10, "packets of somebody else, again")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    tap.contains(tool.out, "2 packets of 2 sockets were dropped; 0 sockets were refused")
    tap.equal(arrive(pair, group, name, "-c", SEND), 10, "packets of a suspect after the end")


def test_a_suspect_elsewhere_is_not_stopped():
    pair, group, other = Pair(), cgroup(), cgroup("other")
    tool = start(group)
    tap.equal(arrive(pair, other, visitor(), "-c", SEND), 10, "packets out of another group")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_what_leaves_from_an_interrupt_belongs_to_its_socket():
    pair, group, name = Pair(), cgroup(), visitor()
    tool = start(group)
    for listener, seconds, hears in ((name, 0.5, "nothing\n"), (sys.executable, tap.PATIENCE, "hey\n")):
        server = tap.start(*JOIN, group, *pair.within(pair.b), listener, "-c", GREET)
        tap.equal(server.stdout.readline(), "listens\n", "what the listener says")
        client = tap.run(*pair.within(pair.a), sys.executable, "-c", CONNECT, str(seconds))
        tap.equal(client.stdout, hears, f"what a client hears from {listener} ({client.stderr})")
        server.kill()
        server.wait()
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_what_leaves_while_a_suspect_runs_is_not_taken_for_its():
    pair, group, name = Pair(), cgroup(), visitor()
    tool = start(group)
    server = tap.start(*JOIN, group, *pair.within(pair.b), sys.executable, "-c", GREET)
    tap.equal(server.stdout.readline(), "listens\n", "what the listener says")
    # The interrupt that its packet causes answers it at once: the suspect, who is in no group, is the current process then.
    client = tap.run(*pair.within(pair.a), name, "-c", CONNECT, str(tap.PATIENCE))
    tap.equal(client.stdout, "hey\n", f"what a suspect hears ({client.stderr})")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    tap.contains(tool.out, "0 packets of 0 sockets were dropped")


def test_the_text_works_as_written():
    tap.need_root()
    group = cgroup()
    os.rmdir(group)
    tap.cleanup(os.makedirs, group, exist_ok=True)
    src, pair = build(), Pair()
    text = blocks()[1].replace("/sys/fs/cgroup/visitors", group)
    out = scratch.must(*pair.within(pair.a), "bash", "-ec", text, cwd=src, env=dict(os.environ, HOME=src))
    for line in ("bash may", "visitor may not", "what it starts may not"):
        tap.contains("\n" + out, f"\n{line}\n", "what the shell printed")
    tap.contains(out, "2 packets of 2 sockets were dropped", "what the shell printed")
    os.unlink(os.path.join(src, "visitor"))


if __name__ == "__main__":
    tap.main()
