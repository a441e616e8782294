# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""cgroupconnect against connections that processes of a group make themselves, over loopback.

Without these, a process could reach what it is kept from, or be kept from what it may reach; a rule could be another group's,
or of a network that merely begins alike; and nobody would be told.
"""
import json
import os
import re
import subprocess
import sys
import threading

import tap
from tool import Tool, cgroup, links, until

# Joins a group; then each line is a family, a type, an address and a port, and what became of the connection is said.
CONNECT = """
import errno, os, socket, sys
with open(os.path.join(sys.argv[1], "cgroup.procs"), "w") as f:
    f.write(str(os.getpid()))
print("joined", flush=True)
for line in sys.stdin:
    family, kind, address, port = line.split()
    with socket.socket(getattr(socket, family), getattr(socket, kind)) as s:
        if family == "AF_INET6":
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        print(errno.errorcode.get(s.connect_ex((address, int(port))), "made"), flush=True)
"""
HAS_IP6 = os.path.exists("/proc/net/if_inet6")


class Member:
    """A process of a group that connects where it is told to."""

    def __init__(self, group):
        self.process = tap.start(sys.executable, "-c", CONNECT, group, stdin=subprocess.PIPE)
        self.pid = self.process.pid
        tap.equal(self.process.stdout.readline(), "joined\n", "what the process says first")
        # Before the group goes.
        tap.cleanup(lambda: (self.process.kill(), self.process.wait()))

    def connects(self, port, address="127.0.0.1", family=None, kind="SOCK_STREAM"):
        family = family or ("AF_INET6" if ":" in address else "AF_INET")
        self.process.stdin.write(f"{family} {kind} {address} {port}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


def server(address="127.0.0.1"):
    """The port of a socket that takes whoever comes."""
    import socket
    made = socket.create_server((address, 0), backlog=64, family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    tap.cleanup(made.close)
    return made.getsockname()[1]


def inner(group, name):
    path = os.path.join(group, name)
    os.mkdir(path)
    tap.cleanup(os.rmdir, path)
    return path


def started(group, *options, words=("run",)):
    """On a group, with both programs attached."""
    tap.need_root()
    folder = tap.folder()
    env = {"EMF_BUS": os.path.join(folder, "bus.sock")}
    tool = Tool(*words, "cgroupconnect", "--cgroup", group, *options, env=env)
    until(lambda: links(tool.process.pid) >= 2 or tool.process.poll() is not None, "both programs to attach")
    tool.env = env
    return tool


def served(group, *options):
    tool = started(group, *options, words=("serve",))
    until(lambda: shell(tool, "status").returncode == 0, "the service to answer")
    return tool


def shell(tool, *words):
    return tap.run(tap.PRODUCT, *words, env=dict(os.environ, **tool.env))


def call(tool, method, **args):
    done = shell(tool, "call", "-j", "cgroupconnect", method, json.dumps(args))
    tap.equal(done.returncode, 0, f"exit status of {method} {args} ({done.stderr})")
    return json.loads(done.stdout)


def test_what_a_rule_denies_cannot_be_connected_to_and_all_else_can():
    group = cgroup("connect")
    shut, open_ = server(), server()
    tool = started(group, "--deny", f"127.0.0.0/8:{shut},10.0.0.0/8")
    member = Member(group)
    tap.equal([member.connects(shut), member.connects(shut, "127.7.7.7"), member.connects(open_)], ["EPERM", "EPERM", "made"],
              "to the port that is shut, at another address, and to another port")
    tap.equal(member.connects(9, "10.1.2.3"), "EPERM", "to a network of which all ports are shut")
    tap.equal(member.connects(shut, kind="SOCK_DGRAM"), "EPERM", "over UDP")
    tap.equal(member.connects(shut, "::ffff:127.0.0.1"), "EPERM", "from a socket of IPv6")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.equal(member.connects(shut), "made", "when the tool has ended")


def test_each_denied_connection_is_told_and_one_that_is_let_pass_on_request():
    group = cgroup("connect")
    shut, open_ = server(), server()
    few = started(group, "-j", "--deny", f"127.0.0.1:{shut}")
    all_ = started(group, "-j", "--allowed")
    member = Member(group)
    tap.equal([member.connects(shut), member.connects(open_)], ["EPERM", "made"], "connections")

    def told(tool):
        return [json.loads(line)["args"] for line in tool.out.rpartition("\n")[0].splitlines()]

    def of(tool, dport):
        return [e for e in told(tool) if e["pid"] == member.pid and e["dport"] == dport]

    (event,) = until(lambda: of(few, shut), "the event")
    until(lambda: of(all_, open_), "the event of the one that is let pass")
    wanted = {"uid": 0, "verdict": "DENY", "daddr": "127.0.0.1", "dport": shut, "proto": "tcp", "pid": member.pid}
    tap.equal({k: event[k] for k in wanted}, wanted, f"the event ({event})")
    tap.equal(event["cgroup"] in (os.path.basename(group), "/" + os.path.basename(group), str(os.stat(group).st_ino)) or
              event["cgroup"].endswith("/" + os.path.basename(group)), True, f"the group ({event})")
    tap.equal([e["verdict"] for e in of(all_, open_)], ["ALLOW"], "with --allowed")
    for tool in (few, all_):
        tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.equal(of(few, open_), [], "of what was let pass, without --allowed")


def test_rules_come_and_go_while_processes_connect():
    group = cgroup("connect")
    port = server()
    tool = served(group)
    member = Member(group)
    tap.equal(member.connects(port), "made", "without a rule")
    tap.equal(call(tool, "deny", network="127.0.0.1", port=port), {}, "the answer")
    tap.equal([member.connects(port), member.connects(port)], ["EPERM", "EPERM"], "with a rule")
    (row,) = call(tool, "list")["rows"]
    wanted = {"cgroup": "0", "port": port, "verdict": "DENY", "network": "127.0.0.1/32", "hits": 2}
    tap.equal({**row, "cgroup": str(row["cgroup"])}, wanted, "the list")
    call(tool, "deny", network="127.0.0.1", port=port)
    tap.equal(call(tool, "list")["rows"][0]["hits"], 2, "hits of a rule that is said again")
    tap.equal(call(tool, "remove", network="127.0.0.1", port=port), {}, "the answer")
    tap.equal((member.connects(port), call(tool, "list")["total"]), ("made", 0), "when the rule has gone")
    done = shell(tool, "call", "cgroupconnect", "remove", "network=127.0.0.1", f"port={port}")
    tap.equal((done.returncode, "no_such_rule" in done.stderr), (1, True), f"a rule that is not there ({done.stderr})")
    metrics = shell(tool, "metrics").stdout
    counted = {name: int(float(n)) for name, n in re.findall(r"^emf_cgroupconnect_(\w+?)(?:\{.*\})? (\S+)$", metrics, re.MULTILINE)}
    tap.equal({k: counted.get(k) for k in ("allowed_total", "denied_total", "rules")}, {"allowed_total": 2, "denied_total": 2, "rules": 0}, "metrics")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_a_rule_of_the_innermost_group_decides_and_then_the_one_of_the_smallest_network():
    group = cgroup("connect")
    below, beside = inner(group, "below"), inner(group, "beside")
    port, other = server(), server()
    tool = served(group)
    call(tool, "deny", network="127.0.0.0/8")
    call(tool, "allow", network="127.0.0.0/8", cgroup=os.stat(below).st_ino)
    inside, outside = Member(below), Member(beside)
    tap.equal([inside.connects(port), outside.connects(port)], ["made", "EPERM"], "a group that may, in one that may not")
    call(tool, "deny", network="127.0.0.1", cgroup=os.stat(below).st_ino)
    tap.equal([inside.connects(port), inside.connects(port, "127.0.0.2")], ["EPERM", "ECONNREFUSED"], "an address of a network that is open")
    call(tool, "allow", network="127.0.0.0/8", port=other, cgroup=os.stat(below).st_ino)
    tap.equal([inside.connects(port), inside.connects(other)], ["EPERM", "made"], "a port is more than a network")
    call(tool, "remove", network="127.0.0.0/8")
    tap.equal(outside.connects(port), "made", "of a group that no rule is for any more")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_processes_of_other_groups_are_not_meant():
    group, port = cgroup("connect"), server()
    watched, beside = inner(group, "watched"), inner(group, "beside")
    tool = started(watched, "--deny", "any", "--otherwise", "DENY")
    tap.equal([Member(watched).connects(port), Member(beside).connects(port)], ["EPERM", "made"], "in the group, and beside it")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_with_otherwise_deny_only_what_a_rule_allows_can_be_connected_to():
    if not HAS_IP6:
        raise tap.Skip("this system has no IPv6")
    group = cgroup("connect")
    four, six = server(), server("::1")
    tool = started(group, "--otherwise", "DENY", "--allow", f"[::1/128]:{six}")
    member = Member(group)
    tap.equal([member.connects(four), member.connects(six, "::1"), member.connects(four, "::1")], ["EPERM", "made", "EPERM"], "connections")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_what_becomes_of_a_connection_without_a_rule_changes_while_it_runs():
    group = cgroup("connect")
    tool, member, port = served(group), Member(group), server()
    for verdict, wanted in (("DENY", "EPERM"), ("ALLOW", "made")):
        done = shell(tool, "set", f"cgroupconnect.otherwise={verdict}")
        tap.equal((done.returncode, done.stderr), (0, ""), f"setting it to {verdict}")
        tap.equal(member.connects(port), wanted, f"with {verdict}")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_a_full_list_and_a_mistake_in_a_rule_are_told_and_change_nothing():
    group = cgroup("connect")
    tool = served(group, "--rules", "2")
    call(tool, "deny", network="10.0.0.0/8")
    call(tool, "deny", network="10.0.0.0/8", port=1)
    for args, said in ((["network=11.0.0.0/8"], "there is room for 2 (parameter rules)"), (["network=10.0.0.1/8"], "write 10.0.0.0/8 for the network"),
                       (["network=home"], "is no address or network"), (["network=10.0.0.0/8", "port=65536"], "65536")):
        done = shell(tool, "call", "cgroupconnect", "deny", *args)
        tap.equal(done.returncode != 0, True, f"whether {args} is refused")
        tap.contains(done.stderr, said, f"what is said of {args}")
    tap.equal(call(tool, "list")["total"], 2, "rules")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_without_a_group_or_with_one_that_is_none_it_says_what_to_do():
    tap.need_root()
    for options, said in (([], "give --cgroup"), (["--cgroup", "/proc"], "has to be a folder of cgroup version 2"),
                          (["--cgroup", "/proc", "--deny", "10.0.0.0/8:x"], "is no network with a port")):
        done = tap.run(tap.PRODUCT, "cgroupconnect", "-d", "1", *options)
        tap.equal(done.returncode != 0, True, f"whether it fails with {options}")
        tap.contains(done.stderr, said, "what it says")


def test_rules_change_while_others_connect_and_no_connection_meets_half_of_one():
    """A port that is always denied stays so, however many rules come and go beside it."""
    group = cgroup("connect")
    shut = server()
    tool = served(group, "--deny", f"127.0.0.1:{shut}")
    member, came = Member(group), []
    walker = threading.Thread(target=lambda: came.extend(member.connects(shut) for _ in range(300)))
    walker.start()
    for i in range(30):
        call(tool, "deny" if i % 2 else "allow", network=f"127.0.{i}.0/24")
        call(tool, "remove", network=f"127.0.{i}.0/24")
    walker.join()
    tap.equal(set(came), {"EPERM"}, "what became of each")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


tap.main()
