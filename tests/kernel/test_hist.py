# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Maps of kernel parts alone that are printed: histograms and tables hold exactly what the test did.

Without these, a tool could add up the wrong bytes of a value, lose what was counted between
two intervals, or print maps that are bookkeeping. The kernel parts are in tests/corpus.
"""
import json
import os
import re
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import LINUX, Tool, until  # noqa: E402
from writer import Writer  # noqa: E402

CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "corpus")
TRACED = ["unshare", "-m", "--propagation", "slave", "sh", "-c",
          'test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh"]

@scratch.once
def built(parent):
    """A product of the corpus that counts, built once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    os.mkdir(os.path.join(src, "modules"))
    for name in ("sizes", "counts", "calls", "waits"):
        shutil.copy(os.path.join(CORPUS, name + ".bpf.c"), os.path.join(src, "modules"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def build():
    made = built()
    tap.PRODUCT = made.product()
    return made


def started(*words, within=TRACED):
    tap.need_root()
    build()
    return Tool(*words, within=within).ready()


def ended(tool):
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, ""), "exit status and messages")
    return tool.out


def log2_of(sizes, times=1):
    """Buckets of so many bytes, as they are printed."""
    out = {}
    for n in sizes:
        slot = max(n, 1).bit_length() - 1
        key = (1 << slot if slot else 0, (2 << slot) - 1)
        out[key] = out.get(key, 0) + times
    return out


def bars(text):
    """The buckets that have a count, of each histogram, by the line above it."""
    out, heading, above = {}, None, ""
    for line in text.splitlines():
        found = re.match(r"\s+(\d+) -> (\d+|\.\.\.)\s+: (\d+)\s*\|(\**) *\|$", line)
        if " : count " in line:
            heading = above
            out[heading] = {}
        elif found and int(found.group(3)):
            out[heading][int(found.group(1)), int(found.group(2))] = int(found.group(3))
        above = line
    return out


SIZES = (0, 1, 2, 3, 5, 5, 1000, 1024, 100000)


def test_a_map_of_slots_is_a_histogram_for_each_key():
    writer, other = Writer(*SIZES), Writer(7)
    tool = started("sizes")
    writer.write().write()
    other.write()
    got = bars(ended(tool))
    tap.equal(got[f"pid = {writer.pid} python3"], log2_of(SIZES, 2), "what one wrote")
    tap.equal(got[f"pid = {other.pid} python3"], log2_of([7]), "what the other one wrote")
    counts = [sum(h.values()) for h in got.values()]
    tap.equal(counts, sorted(counts, reverse=True), "those with most come first")


def test_a_map_without_a_line_that_is_no_histogram_is_not_printed():
    writer = Writer(5)
    tool = started("sizes", "--tgid", writer.pid)
    writer.write()
    got = [line for line in ended(tool).splitlines() if line and "->" not in line]
    tap.equal(got, [f"pid = {writer.pid} python3", f"{'value':>25} : count      distribution"], "all that is printed")


def test_slots_that_are_keys_or_a_global_are_histograms_of_the_same():
    writer = Writer(*SIZES)
    tool = started("counts", "--tgid", writer.pid)
    writer.write()
    out = ended(tool)
    tap.equal(bars(out), {name: log2_of(SIZES) for name in ("write_hist", "per_cpu", "slots")}, "histograms")
    tap.equal(re.findall(r"^ +(\w+) : count", out, re.MULTILINE), ["value", "bytes", "value"], "their headings")


def test_json_has_a_line_for_each_histogram():
    writer = Writer(*SIZES)
    tool = started("sizes", "-j", "--tgid", writer.pid)
    writer.write()
    lines = [json.loads(line) for line in ended(tool).splitlines()]
    buckets = [{"from": low, "to": high, "count": n} for (low, high), n in sorted(log2_of(SIZES).items())]
    tap.equal(lines, [{"module": "sizes", "histogram": "hists", "key": {"pid": writer.pid}, "value": {"comm": "python3"}, "unit": "value",
                       "buckets": buckets}], "lines")


def test_each_interval_begins_anew_and_nothing_is_counted_twice_or_lost_between_them():
    for name, key in (("sizes", "pid"), ("counts", None)):
        writer = Writer(*SIZES)
        tool = started(name, "-j", "-i", "50ms", "--tgid", writer.pid)
        for _ in range(10):
            writer.write()
        until(lambda: tool.out, "the end of an interval")
        for _ in range(10):
            writer.write()
        lines = [json.loads(line) for line in ended(tool).splitlines()]
        tap.equal(len({line["time"] for line in lines}) > 1, True, "there was more than one interval")
        for view in {line["histogram"] for line in lines} - {"per_cpu"}:  # of arrays what comes between is missed
            got, wanted, intervals = {}, log2_of(SIZES, 20), 0
            for line in lines:
                intervals += line["histogram"] == view
                for bucket in line["buckets"] if line["histogram"] == view else []:
                    at = bucket["from"], bucket["to"]
                    got[at] = got.get(at, 0) + bucket["count"]
            # An entry that is taken while the program holds it loses what is added then: once in an interval, if at all. Before
            # Linux 5.14 a hash is read first and cleared then; a global never is.
            least = -intervals if view == "slots" or LINUX >= (5, 14) else -19
            tap.equal([(at, got.get(at), n) for at, n in wanted.items() if not n + least <= got.get(at, 0) <= n], [], f"of {view}, what differs ({got})")
            tap.equal(set(got) - set(wanted), set(), f"further buckets of {view}")


def test_an_interval_has_the_time_above_it():
    writer = Writer(5)
    tool = started("sizes", "-i", "100ms", "--tgid", writer.pid)
    writer.write()
    until(lambda: "->" in tool.out, "a histogram")
    tap.equal(bool(re.match(r"\d\d:\d\d:\d\d\.\d{3}\n", ended(tool))), True, f"a line with the time: {tool.out}")


def test_a_table_is_sorted_by_the_member_that_its_line_names():
    small, large = Writer(1, 1, 1, 1), Writer(70000)
    tool = started("calls", "--ppid", os.getpid())
    small.write()
    large.write()
    rows = [line.split() for line in ended(tool).splitlines()]
    rows = [row for row in rows if row[0] in ("PID", str(small.pid), str(large.pid))]  # the tool writes, too
    tap.equal(rows, [["PID", "NUMBER", "CALLS", "BYTES", "COMM"], [str(large.pid), "3", "1", "70000", "python3"],
                     [str(small.pid), "3", "4", "4", "python3"]], "the table")


def test_top_cuts_a_table_and_json_has_its_rows():
    small, large = Writer(1), Writer(70000)
    tool = started("calls", "-j", "--top", "1", "--ppid", os.getpid())
    small.write()
    large.write()
    tap.equal([json.loads(line) for line in ended(tool).splitlines()],
              [{"module": "calls", "table": "writers", "key": {"pid": large.pid, "number": 3},
                "value": {"calls": 1, "bytes": 70000, "comm": "python3"}}], "lines")


def test_counts_of_all_processors_are_one():
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        raise tap.Skip("this machine has one processor", doctor="below processors:2")
    writer = Writer(5)
    tool = started("calls", "-j", "--ppid", os.getpid())
    for cpu in processors:
        writer.write(cpu=cpu)
    value = next(row["value"] for row in map(json.loads, ended(tool).splitlines()) if row["key"]["pid"] == writer.pid)
    tap.equal(value, {"calls": len(processors), "bytes": 5 * len(processors), "comm": "python3"}, "the row")


def test_a_duration_ends_in_the_histogram():
    tap.need_root()
    build()
    done = tap.run(tap.PRODUCT, "waits", "-d", "1")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    tap.equal(list(bars(done.stdout)), ["index = 0"], "histograms")


def test_a_service_has_them_as_metrics():
    writer = Writer(*SIZES)
    env = {"EMF_BUS": os.path.join(tap.folder(), "bus.sock")}
    tap.need_root()
    build()
    tools = {name: Tool("serve", name, env={"EMF_BUS": env["EMF_BUS"] + name}, within=TRACED).ready() for name in ("sizes", "calls", "counts")}
    writer.write()
    got = ""
    for name, tool in tools.items():
        got += tap.run(tap.PRODUCT, "metrics", env=dict(os.environ, EMF_BUS=env["EMF_BUS"] + name)).stdout
        tap.equal((tool.stop(), tool.out), (0, ""), f"exit status and output of {name}")
    hist = dict(re.findall(rf'^emf_sizes_hists_bucket{{pid="{writer.pid}",le="(\S+)"}} (\d+)$', got, re.MULTILINE))
    tap.equal({le: int(hist[le]) for le in ("1", "3", "7", "1023", "2047", "131071", "+Inf")},
              {"1": 2, "3": 4, "7": 6, "1023": 7, "2047": 8, "131071": 9, "+Inf": 9}, "buckets, each with those below it")
    rows = re.findall(rf'^emf_calls_writers_(calls|bytes){{([^}}]*"{writer.pid}"[^}}]*)}} (\d+)$', got, re.MULTILINE)
    tap.equal(sorted((what, int(n)) for what, _, n in rows), [("bytes", sum(SIZES)), ("calls", len(SIZES))], "a gauge for each number of the table")
    tap.contains(got, "# TYPE emf_counts_write_hist histogram\n")
    tap.equal("emf_sizes_start" in got, False, "whether bookkeeping is a metric")


tap.main()
