# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Filters that the kernel part applies itself, against what a process did: what does not pass is never
sent, and what passes is what passes in user space. Without these, a filter could hide what it should
show, or be as dear as it was."""
import json
import os
import re

import tap
from collected import TRACED, Script, Snoop
from tool import Tool, until

PROGRAMS = {"x86_64": 8, "aarch64": 4}[os.uname().machine]
# Opens one file so many times, and one that is not there.
OPENS = "for i in range(%d): os.close(os.open('/etc/passwd', os.O_RDONLY))\nfor i in range(%d): tried(os.open, '/no/such/file', os.O_WRONLY)\ndone()"
CONNECT = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
for i in range(5): socket.create_connection(("127.0.0.1", port)).close()
free = socket.socket(); free.bind(("127.0.0.1", 0)); refused = free.getsockname()[1]
for i in range(3): socket.socket().connect_ex(("127.0.0.1", refused))
done([port, refused])
"""
ALONE = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]


def summary(tool):
    """seen, sent, dropped, printed, filtered out, in the kernel."""
    found = re.search(r"(\d+) events seen, (\d+) sent, (\d+) dropped; (\d+) printed, (\d+) filtered out(?:, (\d+) in the kernel)?", tool.err)
    return [int(n or 0) for n in found.groups()]


def opens(script, *options):
    """opensnoop, ready, with the script's number for PID."""
    return Snoop("opensnoop", "-v", *[o.replace("PID", str(script.pid)) for o in options], programs=PROGRAMS, within=TRACED)


def refused(*words):
    tap.need_root()
    done = tap.run(tap.PRODUCT, "run", *words, "--in-kernel", "-d", "100ms")
    tap.equal(done.returncode, 2, f"exit status ({done.stderr})")
    return done.stderr


def test_what_does_not_pass_is_never_sent_and_what_passes_is_all_of_it():
    tap.need_root()
    script = Script(OPENS % (200, 30))
    failed = opens(script, "--in-kernel", "--filter", "pid == PID && error == ENOENT")
    good = opens(script, "--in-kernel", "--filter", "pid >= PID && pid <= PID && fd >= 0 && !error")
    script.run()
    failed.wait(30, path="/no/such/file")
    good.wait(200, path="/etc/passwd")
    for snoop, path, n in ((failed, "/no/such/file", 30), (good, "/etc/passwd", 200)):
        tap.equal(snoop.tool.stop(), 0, "exit status")
        tap.equal({(e["pid"], e["path"]) for e in snoop.events()}, {(script.pid, path)}, "what was printed")
        seen, sent, dropped, printed, left, in_kernel = summary(snoop.tool)
        tap.equal((seen, sent, dropped, printed, left), (n, n, 0, n, 0), "all that was sent is what passes")
        tap.equal(in_kernel >= 230 - n, True, f"{in_kernel} that were filtered in the kernel")
    tap.contains(failed.tool.err, "event 'open' is filtered in the kernel by: pid, error")


def test_what_the_kernel_part_cannot_test_is_left_to_user_space_with_the_same_result():
    tap.need_root()
    script = Script(OPENS % (20, 20))
    snoop = opens(script, "--filter", 'pid == PID && path ~ "/no/*" && (error == ENOENT || error == EPERM)')
    script.run()
    snoop.wait(20, path="/no/such/file")
    tap.equal(snoop.tool.stop(), 0, "exit status")
    seen, sent, dropped, printed, left, in_kernel = summary(snoop.tool)
    tap.equal((seen, sent, dropped, printed, left), (40, 40, 0, 20, 20), "counts")
    tap.equal(len(snoop.events()), 20, "events")
    tap.contains(snoop.tool.err, "event 'open' is filtered in the kernel by: pid")
    tap.contains(snoop.tool.err, "event 'open' is filtered in user space as well: 'path' is not among")


def test_every_comparison_passes_what_it_is_true_for():
    """Of signed numbers and unsigned ones, at the ends of their types, negated, twice of one member."""
    tap.need_root()
    script = Script(CONNECT, within=ALONE)
    texts = ["result == 0", "result == ECONNREFUSED", "result != 0", "result < 0", "result <= -111", "result > -111", "result >= 0", "result", "!result",
             "dport != 0", "dport > 65534", "sport >= 1 && sport <= 65535", "uid == 0", "uid > 0", "uid < 1",
             "dir == OUT", "dir == IN", "dir", "uid <= 4294967295 && uid >= 0", "pid != 1 && pid != 2", "result > -2147483648", "result < -2147483648"]
    tools = [Tool("tcpconnect", "-j", "-v", "--filter", f"pid == {script.pid} && {t}" if "pid" not in t else t).ready() for t in texts]
    watch = Tool("tcpconnect", "-j", "--filter", f"pid == {script.pid}").ready()
    port, refused_port = script.run()
    until(lambda: watch.out.count("\n") >= 8, "eight connections")
    tap.equal(watch.stop(), 0, "exit status")
    all_ = [json.loads(line)["args"] for line in watch.out.splitlines()]
    tap.equal(sorted(e["result"] for e in all_), ["0"] * 5 + ["ECONNREFUSED"] * 3, "ground truth")
    number = {"0": 0, "ECONNREFUSED": -111}
    for text, tool in zip(texts, tools):
        tool.stop()
        got = sorted((e["sport"], e["dport"]) for e in (json.loads(line)["args"] for line in tool.out.splitlines()) if e["pid"] == script.pid)
        wanted = sorted((e["sport"], e["dport"]) for e in all_ if truth(text, dict(e, result=number[e["result"]])))
        tap.equal(got, wanted, text)
        tap.equal(summary(tool)[4], 0, f"what user space filtered out of '{text}'")


def truth(text, event):
    """The same filter in Python."""
    names = dict(event, ECONNREFUSED=-111, OUT="OUT", IN="IN", dir={"OUT": 0, "IN": 1}[event["dir"]], uid=int(event["uid"]))
    names.update(OUT=0, IN=1)
    return bool(eval(text.replace("&&", "and").replace("!result", "not result"), {}, names))


def test_a_filter_that_has_to_be_in_the_kernel_and_cannot_be_says_why():
    for text, why in (('path ~ "*x"', "'path' is not among what its description names in filter(...)"),
                      ("pid == 3 || pid == 4", "joined by &&"), ("!(pid == 3 && fd == 4)", "joined by &&"),
                      ("pid != 3 && pid != 4 && pid != 5", "'pid' is compared more than 2 times"),
                      ("flags ~ CREAT", "'flags' is compared with a pattern")):
        tap.contains(refused("opensnoop", "--filter", text), why)
    tap.contains(refused("hello", "--filter", "pid == 3"), "hello: --in-kernel: the filter of event 'greeting' cannot be pushed down: 'pid'")
    tap.contains(refused("opensnoop"), "--in-kernel: there is nothing to filter by: add --filter")
    tap.contains(refused("opensnoop", "--bus", "--filter", "pid == 3"), "others hear and count its events, too")
    tap.contains(refused("tcpconnect", "sampler", "--event", "connect", "--filter", "pid == 3"), "module sampler has code of its own, which can listen to its events")
    tap.contains(tap.run(tap.PRODUCT, "run", "-v", "tcpconnect", "opensnoop", "--event", "connect", "--filter", "pid == 3", "-d", "100ms").stderr,
                 "event 'connect' is filtered in the kernel by: pid")


def test_a_filter_for_who_watches_takes_nothing_from_who_hears_or_counts():
    tap.need_root()
    env = {"EMF_BUS": os.path.join(tap.folder(), "bus")}
    tool = Tool("tcpconnect", "-j", "--bus", "--filter", "result != 0", env=env).ready()
    script = Script(CONNECT, within=ALONE)
    script.run()

    def counted():
        said = tap.run(tap.PRODUCT, "metrics", env=dict(os.environ, **env)).stdout
        found = re.search(r"^emf_tcpconnect_connect_total (\d+)$", said, re.MULTILINE)
        return found and int(found[1]) >= 8

    until(counted, "the metric to count all eight")
    tap.equal(tool.stop(), 0, "exit status")
    mine = [json.loads(line)["args"] for line in tool.out.splitlines() if f'"pid":{script.pid},' in line]
    tap.equal(len(mine), 3, "events that were printed")


tap.main()
