# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""tcpstates against connections that the test makes to itself. Without these, a state
could be lost, or be shown with another socket's addresses or times."""
import csv
import io
import json
import os
import re
import socket
import time

import tap
from tool import Tool, until

CONNECTIONS = 50
HOLD = 0.05  # seconds that the first connection stays open

# The side that closes first, and the one that closes second.
CLIENT = [("CLOSE", "SYN_SENT"), ("SYN_SENT", "ESTABLISHED"), ("ESTABLISHED", "FIN_WAIT1"),
          ("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "CLOSE")]
SERVER = [("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED"), ("ESTABLISHED", "CLOSE_WAIT"),
          ("CLOSE_WAIT", "LAST_ACK"), ("LAST_ACK", "CLOSE")]


def columns(row):
    """TIME SOCKET PID [COMM] SADDR SPORT DADDR DPORT OLD_STATE NEW_STATE TOOK"""
    saddr, sport, daddr, dport, old, new, took = row[-7:]
    return {"socket": row[1], "pid": row[2], "local": written((saddr, sport)), "remote": written((daddr, dport)),
            "change": (old, new), "took": took}


def events(tool, local=None, remote=None):
    found = [columns(r) for r in tool.rows]
    return [e for e in found if local in (None, e["local"]) and remote in (None, e["remote"])]


def lines(tool):
    """Those of JSON that are whole."""
    return [json.loads(line)["args"] for line in tool.out.split("\n")[:-1]]


def listen(family, address):
    server = socket.socket(family, socket.SOCK_STREAM)
    tap.cleanup(server.close)
    server.bind((address, 0))
    server.listen(CONNECTIONS)
    return server


def connect_and_close(server, hold=0.0):
    """One connection, closed by the client first; its local address."""
    client = socket.create_connection(server.getsockname()[:2])
    accepted, _ = server.accept()
    local = client.getsockname()
    time.sleep(hold)
    client.shutdown(socket.SHUT_WR)
    while accepted.recv(100):
        pass
    accepted.close()
    while client.recv(100):
        pass
    client.close()
    return local


def written(address):
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


def in_seconds(text):
    number, unit = re.fullmatch(r"([0-9]+)([a-z]*)", text).groups()
    return int(number) * {"": 0, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}[unit]


def check_family(family, address):
    tap.need_root()
    tool = Tool("tcpstates").ready()
    server = listen(family, address)
    there = written(server.getsockname())
    first = connect_and_close(server, HOLD)
    others = [connect_and_close(server) for _ in range(CONNECTIONS - 1)]
    last = written((others[-1]))
    until(lambda: [e for e in events(tool, last, there) if e["change"][1] == "CLOSE"], "the last close")
    until(lambda: [e for e in events(tool, there, last) if e["change"][1] == "CLOSE"], "the server's last close")
    tap.equal(tool.stop(), 0, "exit status")
    for local in [first] + others:
        here = written(local)
        client = events(tool, here, there)
        # The port is chosen after the first change.
        tap.equal([e["change"] for e in client], CLIENT[1:], f"client of {here}")
        server_side = [e["change"] for e in events(tool, there, here)]
        # Older kernels (5.10) make the accepted socket in SYN_RECV, without a change.
        tap.equal(server_side[-4:], SERVER[1:], f"server of {here}")
        tap.equal(server_side[:-4] in ([], SERVER[:1]), True, f"first change of {here}")
        tap.equal({e["pid"] for e in client}, {str(os.getpid())}, "pid")
    begun = [e for e in events(tool, None, there) if e["change"] == CLIENT[0]]
    tap.equal(len(begun), CONNECTIONS, "connections begun")
    established = next(e for e in events(tool, written(first), there) if e["change"] == ("ESTABLISHED", "FIN_WAIT1"))
    if in_seconds(established["took"]) < HOLD:
        raise AssertionError(f"it was established for {HOLD} s, and is shown with {established['took']}")


def test_each_ipv4_connection_goes_through_its_states_once_on_both_sides():
    check_family(socket.AF_INET, "127.0.0.1")


def test_each_ipv6_connection_goes_through_its_states_once_on_both_sides():
    if not os.path.exists("/proc/net/if_inet6"):
        raise tap.Skip("this kernel has no IPv6")
    check_family(socket.AF_INET6, "::1")


def test_a_listener_is_shown_with_its_process_and_port():
    tap.need_root()
    tool = Tool("tcpstates").ready()
    server = listen(socket.AF_INET, "127.0.0.1")
    there = written(server.getsockname())
    until(lambda: events(tool, there), "the listener")
    tool.stop()
    found = events(tool, there)[0]
    tap.equal((found["change"], found["pid"]), (("CLOSE", "LISTEN"), str(os.getpid())), "listener")


def test_a_refused_connection_ends_in_close():
    tap.need_root()
    tool = Tool("tcpstates").ready()
    server = listen(socket.AF_INET, "127.0.0.1")
    address = server.getsockname()
    server.close()
    refused = socket.socket()
    tap.equal(refused.connect_ex(address), 111, "errno (ECONNREFUSED)")
    refused.close()
    remote = written(address)
    until(lambda: len(events(tool, None, remote)) >= 2, "two changes")
    tool.stop()
    tap.equal([e["change"] for e in events(tool, None, remote)], [("CLOSE", "SYN_SENT"), ("SYN_SENT", "CLOSE")],
              "changes")


def test_json_and_csv_have_addresses_and_states_by_name_and_times_as_numbers():
    tap.need_root()
    tools = [Tool("tcpstates", form, "-p", str(os.getpid())).ready() for form in ("-j", "--csv")]
    server = listen(socket.AF_INET, "127.0.0.1")
    port = server.getsockname()[1]
    local = connect_and_close(server, HOLD)[1]
    until(lambda: [e for e in lines(tools[0]) if e["new_state"] == "CLOSE"], "the last close")
    until(lambda: "FIN_WAIT2,CLOSE" in tools[1].out.replace('"', ""), "the last close in CSV")
    tap.equal([tool.stop() for tool in tools], [0, 0], "exit statuses")
    rows = list(csv.DictReader(io.StringIO(tools[1].out)))
    for read in (lines(tools[0]), rows):
        mine = [e for e in read if int(e["sport"]) == local]
        tap.equal([(e["old_state"], e["new_state"]) for e in mine], CLIENT[1:], "changes")
        tap.equal({(e["saddr"], e["daddr"], int(e["dport"]), int(e["pid"])) for e in mine}, {("127.0.0.1", "127.0.0.1", port, os.getpid())}, "who")
        tap.equal(int(mine[1]["took"]) >= HOLD * 1e9, True, f"how long it was established ({mine[1]['took']} ns)")


def test_a_filter_takes_a_network_a_port_and_a_state():
    tap.need_root()
    server = listen(socket.AF_INET, "127.0.0.1")
    six = listen(socket.AF_INET6, "::1") if os.path.exists("/proc/net/if_inet6") else None
    port = server.getsockname()[1]
    ours = f"sport == {port} || dport == {port}" + (f" || dport == {six.getsockname()[1]}" if six else "")
    tool = Tool("tcpstates", "-j", "--filter", f"daddr == 127.0.0.0/8 && old_state == ESTABLISHED && ({ours})").ready()
    connect_and_close(six or server)
    connect_and_close(server)
    until(lambda: len(lines(tool)) >= (2 if six else 4), "both sides")
    tool.stop()
    tap.equal({(e["saddr"], e["old_state"]) for e in lines(tool)}, {("127.0.0.1", "ESTABLISHED")}, "what is shown")
    tap.equal({e["new_state"] for e in lines(tool)}, {"FIN_WAIT1", "CLOSE_WAIT"}, "changes")


tap.main()
