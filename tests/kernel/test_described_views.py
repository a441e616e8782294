# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a description shows of its maps, in each form, against what a process wrote.

Without these, the tables that are generated of a description could name other members than the kernel part
counts in, a condition choose the wrong statement, or what was lost stay untold.
"""
import csv
import io
import json
import os
import re
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, until  # noqa: E402
from writer import Writer  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TRACED = ["unshare", "-m", "--propagation", "slave", "sh", "-c",
          'test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh"]


@scratch.once
def build(parent):
    """A product of one module with a description and one without, built once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "shows"), os.path.join(src, "modules"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made.product()


def started(*words, **more):
    tap.need_root()
    return Tool(*words, "--parent", os.getpid(), within=TRACED, product=build(), **more).ready()


def ended(tool, messages=""):
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, messages), "exit status and messages")
    return tool.out


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_table_has_the_members_that_are_chosen_and_structs_of_the_description_in_them():
    one, other = Writer(5), Writer(70000)
    tool = started("shows", "-j", "--event", "writes")
    one.write()
    other.write()
    got = [o for o in objects(ended(tool)) if o["key"]["at"]["pid"] in (one.pid, other.pid)]
    tap.equal([(o["table"], o["key"]["at"]["pid"], o["key"]["at"]["size"], o["value"]) for o in got],
              [("writes", other.pid, "LARGE", {"bytes": 70000, "comm": "python3"}), ("writes", one.pid, "SMALL", {"bytes": 5, "comm": "python3"})], "rows")


def test_a_key_that_is_a_number_gets_the_name_and_the_meaning_that_the_description_gives_it():
    writer = Writer(1, 1, 1)
    tool = started("shows", "--csv", "--event", "calls", "-p", writer.pid)
    writer.write()
    tap.equal(list(csv.DictReader(io.StringIO(ended(tool)))), [{"pid": str(writer.pid), "calls": "3"}], "rows")


def test_the_same_name_is_a_histogram_with_a_parameter():
    writer = Writer(0, 1, 5, 10, 11, 100, 101, 70000)
    tool = started("shows", "-j", "--each", "--filter", f"at.pid == {writer.pid}")
    writer.write()
    got = {o["key"]["at"]["size"]: o for o in objects(ended(tool))}
    counted = {size: [(b["from"], b["to"], b["count"]) for b in o["buckets"]] for size, o in got.items()}
    tap.equal(counted, {"NONE": [(0, 1, 1)], "SMALL": [(0, 1, 1), (2, 10, 2)], "LARGE": [(11, 100, 2), (101, None, 2)]}, "slots by key")
    tap.equal({(o["histogram"], o["unit"], o["value"]["comm"]) for o in got.values()}, {("writes", "bytes", "python3")}, "what stands beside them")


def test_a_histogram_of_a_global_begins_at_its_first_slot_and_anew_with_each_interval():
    writer = Writer(10, 20, 25, 70000)
    tool = started("shows", "--event", "all", "-i", "100ms")
    for n in range(2):
        writer.write()
        until(lambda: tool.out.count("20 -> 29") > n, "the histogram of an interval")
    out = ended(tool)
    rows = re.findall(r"^ *(\d+) -> (\S+) *: (\d+) ", out, re.MULTILINE)
    tap.equal("0 -> 9" in out, False, "an empty slot before the first one")
    counts = {}
    for low, high, n in rows:
        counts[low, high] = counts.get((low, high), 0) + int(n)
    tap.equal(counts, {("10", "19"): 2, ("20", "29"): 4, ("30", "..."): 2}, "what two writes made")


def test_an_interval_that_is_live_can_change():
    bus = os.path.join(tap.folder(), "bus")
    writer = Writer(5)
    tool = started("shows", "--event", "all", "--bus", env={"EMF_BUS": bus})
    for n, interval in enumerate(("50ms", "60ms")):
        done = tap.run(build(), "set", f"shows.interval={interval}", env=dict(os.environ, EMF_BUS=bus))
        tap.equal((done.returncode, done.stderr), (0, ""), "setting it")
        writer.write()
        until(lambda: tool.out.count("distribution") > n, "a histogram")
    tap.equal(tap.run(build(), "set", "shows.interval=0", env=dict(os.environ, EMF_BUS=bus)).returncode, 0, "none any more")
    writer.write()
    ended(tool)


def test_what_is_lost_is_told_at_the_end_and_the_size_of_a_map_is_a_parameter():
    writers = [Writer(1) for _ in range(6)]
    for rooms, messages in (("6", ""), ("2", "shows: warning: 4 writers had no room: raise --rooms\n")):
        tool = started("shows", "-j", "--event", "calls", "--rooms", rooms)
        for writer in writers:
            writer.write()
        tap.equal(len(objects(ended(tool, messages))), int(rooms), "rows")


def test_a_histogram_that_is_shown_is_a_metric_unless_one_of_the_map_is_declared():
    bus = os.path.join(tap.folder(), "bus")
    writers = [Writer(5) for _ in range(3)]
    tap.need_root()
    for each in ((), ("--each",)):
        tool = Tool("serve", "shows", "--parent", os.getpid(), "--rooms", "2", *each, within=TRACED, product=build(), env={"EMF_BUS": bus})
        tool.ready()
        for writer in writers:
            writer.write()
        text = tap.run(build(), "metrics", env=dict(os.environ, EMF_BUS=bus)).stdout
        tap.contains(text, "\nemf_shows_lost_total 1\n")
        tap.contains(text, "\nemf_shows_counted 2\n")
        tap.equal(tool.stop(signal.SIGINT), 0, "exit status")
        shown = [line for line in text.splitlines() if re.match(r"emf_shows_(all|families|writes|calls)", line)]
        wanted = [(le, 3) for le in ("9", "19", "29", "+Inf")] if not each else [("1", 0), ("+Inf", 3)]
        wanted = [f'emf_shows_all_bytes_bucket{{le="{le}"}} {n}' for le, n in wanted] + ["emf_shows_all_bytes_count 3"]
        tap.equal(sorted(shown), sorted(wanted), "metrics of what is shown")


def test_what_is_emptied_at_intervals_is_no_metric_until_it_is_emptied_no_more():
    bus = os.path.join(tap.folder(), "bus")
    env = dict(os.environ, EMF_BUS=bus)
    writer = Writer(5)
    tool = started("shows", "--event", "all", "--bus", "-i", "50ms", env={"EMF_BUS": bus})
    writer.write()
    until(lambda: "distribution" in tool.out, "a histogram")
    text = tap.run(build(), "metrics", env=env).stdout
    tap.equal(("emf_shows_all" in text, "\nemf_shows_lost_total 0\n" in text), (False, True), f"metrics at intervals ({text})")
    tap.equal(tap.run(build(), "set", "shows.interval=0", env=env).returncode, 0, "none any more")
    tap.contains(tap.run(build(), "metrics", env=env).stdout, "\nemf_shows_all_bytes_count ")
    ended(tool)


# 20 bytes there and back, as some user.
TALK = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
for i in range(20):
    client.sendall(b"x"), server.recv(1), server.sendall(b"y"), client.recv(1)
"""


def test_who_asks_of_sockets_alone_knows_users_and_groups_and_no_processes():
    tap.need_root()
    of_one, of_another = (Tool("segments", "-j", "-u", uid, product=build()).ready() for uid in ("54321", "54322"))
    done = tap.run("unshare", "-n", "sh", "-c", 'ip link set lo up; exec setpriv --reuid 54321 --clear-groups "$@"', "sh", sys.executable, "-c", TALK)
    tap.equal(done.returncode, 0, f"the talk ({done.stderr})")
    rows = objects(ended(of_one))
    tap.equal([40 <= row["value"]["segments"] <= 200 for row in rows], [True], f"whether the segments of one talk are counted ({rows})")
    tap.equal(ended(of_another), "", "rows of a user who has no sockets")
    for option, what in (("--pid", "process"), ("--comm", "name of a process")):
        done = tap.run(build(), "run", "segments", option, "1")
        tap.equal((done.returncode, done.stdout), (2, ""), f"exit status and output ({done.stderr})")
        tap.contains(done.stderr, f"segments: {option}: it does not tell one {what} from another: it has no parameter '{option[2:]}', and no event, table or histogram with a member of that type")


tap.main()
