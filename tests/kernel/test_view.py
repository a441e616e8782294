# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What is printed of tables and histograms of maps, and how: the options that all tools share.

Without these, a spreadsheet could read a row wrongly, a filter leave out what it should
not, or an option mean one thing of events and another of what is counted.
"""
import contextlib
import csv
import datetime
import fcntl
import io
import json
import os
import pty
import re
import shutil
import signal
import struct
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, until  # noqa: E402
from writer import Writer  # noqa: E402

CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "corpus")
TRACED = ["unshare", "-m", "--propagation", "slave", "sh", "-c",
          'test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh"]
OWN = tap.PRODUCT

# A table with a text that is wider than some terminals, and a time.
TEXT = "a_text_that_is_wider_than_a_terminal_of_forty_columns_has"
WIDE = f"""#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct write_sums {{
	char text[64];
	__u64 took_ns;
}};

struct {{
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct write_sums);
}} rows SEC(".maps");
EMF_TABLE(rows);

const volatile bool by_name;
struct write_key {{
	char comm[16] EMF_AS(comm);
}};
struct {{
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct write_key);
	__type(value, __u64);
}} names SEC(".maps");
EMF_TABLE(names);
EMF_IF(names, by_name);

SEC("tracepoint/syscalls/sys_enter_write")
int on_write(void *ctx)
{{
	__u32 first = 0;
	struct write_sums *what = bpf_map_lookup_elem(&rows, &first);

	if (!what)
		return 0;
	__builtin_memcpy(what->text, "{TEXT}", {len(TEXT)});
	what->took_ns = 1234567891;
	return 0;
}}
"""


@scratch.once
def built(parent):
    """A product of what counts, built once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    os.mkdir(os.path.join(src, "modules"))
    for name in ("sizes", "counts", "calls"):
        shutil.copy(os.path.join(CORPUS, name + ".bpf.c"), os.path.join(src, "modules"))
    with open(os.path.join(src, "modules", "wide.bpf.c"), "w") as f:
        f.write(WIDE)
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def build():
    made = built()
    tap.PRODUCT = made.product()
    return made


def started(*words):
    tap.need_root()
    build()
    return Tool(*words, within=TRACED).ready()


def ended(tool):
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, ""), "exit status and messages")
    return tool.out


def refused(*words):
    tap.need_root()
    build()
    done = tap.run(tap.PRODUCT, "run", *words)
    tap.equal((done.returncode, done.stdout), (2, ""), f"exit status and output ({done.stderr})")
    return done.stderr


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def slots_of(sizes, times=1):
    """So many bytes as rows of a histogram: from, to, count."""
    out = {}
    for n in sizes:
        slot = max(n, 1).bit_length() - 1
        out[slot] = out.get(slot, 0) + times
    return [(str(1 << slot if slot else 0), str((2 << slot) - 1), str(n)) for slot, n in sorted(out.items())]


def slots_in(rows):
    return [(row["from"], row["to"], row["count"]) for row in rows]


SIZES = (0, 1, 2, 3, 5, 5, 1000, 1024, 100000)


# --- comma-separated values


def test_csv_of_a_table_is_a_heading_and_its_rows_most_first_whatever_is_in_a_name():
    small, large = Writer(1, 1, 1), Writer(70000)
    tool = started("calls", "--csv", "--ppid", os.getpid())
    small.write(comm='em"a,b')
    large.write()
    out = ended(tool)
    tap.equal(out.splitlines()[0], "pid,number,calls,bytes,comm", "the heading")
    got = [tuple(row.values()) for row in rows_of(out) if row["pid"] in (str(small.pid), str(large.pid))]
    tap.equal(got, [(str(large.pid), "3", "1", "70000", "python3"), (str(small.pid), "3", "3", "3", 'em"a,b')], "the rows")


def test_csv_of_a_histogram_has_a_row_for_each_slot_below_its_key():
    writer, other = Writer(*SIZES), Writer(7)
    tool = started("sizes", "--csv", "--filter", f"pid == {writer.pid} || pid == {other.pid}")
    writer.write().write()
    other.write()
    out = ended(tool)
    tap.equal(out.splitlines()[0], "pid,comm,from,to,count", "the heading")
    rows = rows_of(out)
    tap.equal(slots_in(row for row in rows if row["pid"] == str(writer.pid)), slots_of(SIZES, 2), "what one wrote")
    tap.equal(slots_in(row for row in rows if row["pid"] == str(other.pid)), slots_of([7]), "what the other one wrote")
    tap.equal({row["comm"] for row in rows}, {"python3"}, "what stands beside the slots")


def test_csv_of_the_last_slot_has_no_end():
    writer = Writer(1 << 26)
    tool = started("sizes", "--csv", "-p", writer.pid)
    writer.write()
    tap.equal(slots_in(rows_of(ended(tool))), [(str(1 << 26), "", "1")], "the row")


def test_csv_of_slots_that_are_keys_is_of_one_histogram_that_is_chosen():
    writer = Writer(*SIZES)
    tap.contains(refused("counts", "--csv"), "--csv: what is printed is of 3 types, whose columns differ: choose one by --event: write_hist, per_cpu, slots")
    for view in ("write_hist", "per_cpu", "slots"):
        tool = started("counts", "--csv", "--event", view, "-p", writer.pid)
        writer.write()
        out = ended(tool)
        tap.equal((out.splitlines()[0], slots_in(rows_of(out))), ("from,to,count", slots_of(SIZES)), view)


def test_csv_at_intervals_has_the_time_in_front_and_one_heading():
    writer = Writer(*SIZES)
    tool = started("sizes", "--csv", "-i", "50ms", "-p", writer.pid)
    for n in range(2):
        writer.write()
        until(lambda: len({row["time"] for row in rows_of(tool.out)}) > n, "the end of an interval")
    out = ended(tool)
    rows = rows_of(out)
    tap.equal((list(rows[0])[0], out.count("time")), ("time", 1), "the first column, and its headings")
    said = {row["time"] for row in rows}
    ages = [datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(t[:26] + "+00:00") for t in said]
    tap.equal((len(said) > 1, all(0 <= age.total_seconds() < tap.PATIENCE for age in ages)), (True, True), f"times ({said})")
    counts = {}
    for low, high, n in slots_in(rows):
        counts[low, high] = counts.get((low, high), 0) + int(n)
    tap.equal(sorted(counts.items()), sorted(((low, high), int(n)) for low, high, n in slots_of(SIZES, 2)), "the sum of the intervals")


def test_csv_of_all_together_has_an_empty_key():
    tap.need_root()
    done = tap.run(OWN, "cpudist", "--csv", "--event", "all", "-d", "300ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    tap.equal({row["key"] for row in rows_of(done.stdout)}, {""}, "keys")


def test_one_histogram_of_all_has_no_heading_and_begins_with_its_first_slot():
    tap.need_root()
    done = tap.run(OWN, "cpudist", "-d", "300ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    first, *rows = done.stdout.splitlines()
    tap.equal(re.fullmatch(r" +usecs : count +distribution", first) is not None, True, f"the first line ({first!r})")
    tap.equal(rows[0].split()[4] != "0", True, f"the first slot ({rows[0]!r})")


# --- which, and what of them


def test_a_process_that_is_not_there_is_an_error_of_each_tool():
    tap.need_root()
    gone = tap.start("true")
    gone.wait()
    said = f"emf: --pid: there is no process {gone.pid} (one that comes later: --filter 'pid == {gone.pid}', where the tool prints it)\n"
    for tool in ("profile", "cpudist", "runqlat", "opensnoop", "tcptop"):
        done = tap.run(OWN, tool, "-p", gone.pid, "-d", "100ms")
        tap.equal((done.returncode, done.stdout, done.stderr), (2, "", said), tool)


def test_columns_of_a_table_are_those_that_are_asked_for_in_their_order():
    writer = Writer(70000)
    words = ("calls", "--ppid", os.getpid(), "--columns", "bytes,comm,pid", "--filter", f"pid == {writer.pid}")
    for form in ((), ("-j",), ("--csv",)):
        tool = started(*words, *form)
        writer.write()
        out = ended(tool)
        if not form:
            tap.equal([line.split() for line in out.splitlines()], [["BYTES", "COMM", "PID"], ["70000", "python3", str(writer.pid)]], "the table")
        elif form[0] == "-j":
            tap.equal([(o["key"], o["value"]) for o in objects(out)], [({"pid": writer.pid}, {"bytes": 70000, "comm": "python3"})], "lines of JSON")
        else:
            tap.equal(out, f'bytes,comm,pid\n70000,"python3",{writer.pid}\n', "comma-separated values")


def test_columns_of_a_histogram_are_of_its_rows_and_of_the_line_above_it():
    writer = Writer(5)
    tool = started("sizes", "--csv", "--columns", "count,pid,from", "-p", writer.pid)
    writer.write()
    tap.equal(ended(tool), f"count,pid,from\n1,{writer.pid},4\n", "comma-separated values")
    tool = started("sizes", "--columns", "comm", "-p", writer.pid)
    writer.write()
    tap.equal([line for line in ended(tool).splitlines() if line and " : " not in line], ["python3"], "the line above")


def test_a_filter_is_on_rows_and_on_what_stands_at_a_histogram():
    one, other = Writer(70000), Writer(5)
    tool = started("calls", "-j", "--ppid", os.getpid(), "--filter", "bytes > 60000 && number == 3")
    one.write()
    other.write()
    tap.equal([o["key"]["pid"] for o in objects(ended(tool))], [one.pid], "rows")
    tool = started("sizes", "-j", "--filter", 'comm ~ "emf?ne"')
    one.write(comm="emfone")
    other.write(comm="emftwo")
    got = objects(ended(tool))
    tap.equal([(o["key"]["pid"], o["value"]["comm"]) for o in got], [(one.pid, "emfone")], "histograms")


def test_a_view_without_the_member_is_not_printed_when_another_one_has_it():
    writer = Writer(5)
    tool = started("run", "calls", "sizes", "-j", "--calls.ppid", os.getpid(), "--filter", f"calls > 0 && pid == {writer.pid}")
    writer.write()
    tap.equal([o.get("table") for o in objects(ended(tool))], ["writers"], "what is printed")


def test_views_are_chosen_by_name_as_events_are():
    writer = Writer(5)
    tool = started("counts", "-j", "--event", "slots,write_hist", "-p", writer.pid)
    writer.write()
    tap.equal(sorted(o["histogram"] for o in objects(ended(tool))), ["slots", "write_hist"], "what is printed")


def test_options_that_all_tools_share_are_filters_on_rows_where_there_is_no_parameter():
    one, other = Writer(5), Writer(5)
    for words in (("calls", "-p", one.pid), ("calls", "--comm", "emfo*"), ("sizes", "--comm", "emfone")):
        tool = started(*words, "-j")
        one.write(comm="emfone")
        other.write(comm="emftwo")
        got = {o["key"]["pid"] for o in objects(ended(tool))}
        tap.equal(got, {one.pid}, f"processes of {words}")
    tap.contains(refused("calls", "--user", "0"), "calls: --user: it does not tell one user from another: it has no parameter 'uid', "
                                                  "and no event, table or histogram with a member of that type")


def test_what_tells_of_processes_with_an_option_only_is_refused_with_its_name():
    tap.equal(refused("wide", "--comm", "x"),
              "wide: --comm: what is printed does not tell one name of a process from another: give --by-name, and 'names' does\n", "the message")
    tap.equal(started("wide", "--comm", "x", "--by-name").stop(), 0, "exit status with the option")


def test_a_name_that_no_view_has_is_told_with_the_nearest():
    for words, said in ((("--columns", "byte"), "--columns: nothing that is printed has 'byte'; did you mean 'bytes'?"),
                        (("--columns", "form"), "--columns: nothing that is printed has 'form'; did you mean 'from'?"),
                        (("--event", "writer"), "--event: no module that runs has an event, a table or a histogram 'writer'; did you mean 'writers'?"),
                        (("--filter", "numbr == 3"), "--filter: 'writers' has no 'numbr'; did you mean 'number'?"),
                        (("--filter", "count > 3"), "--filter: '")):
        tap.contains(refused("calls", "sizes", *words), said)


# --- when, and on a terminal


def test_count_ends_after_so_many_intervals():
    tool = started("sizes", "-i", "100ms", "-n", "3")
    tap.equal((tool.process.wait(timeout=tap.PATIENCE), tool.err), (0, ""), "exit status and messages")
    tap.equal(len(re.findall(r"^\d\d:\d\d:\d\d\.\d{3}$", tool.out, re.MULTILINE)), 3, f"intervals ({tool.out})")


def test_count_without_an_interval_is_told_to_mean_nothing():
    tap.need_root()
    build()
    done = tap.run(*TRACED, tap.PRODUCT, "sizes", "-n", "1", "-d", "200ms")
    tap.equal(done.returncode, 0, "exit status")
    tap.contains(done.stderr, "sizes: warning: --count: it prints once, when it ends: say how often by --interval, or when it ends by --duration")


def test_timestamps_are_above_a_table_in_json_and_a_column_of_csv():
    writer = Writer(5)
    for form, pattern in (((), r"\d\d:\d\d:\d\d\.\d{3}\n"), (("-j",), r'\{"module":"calls","table":"writers","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z",'),
                          (("--csv",), r"time,pid,number,calls,bytes,comm\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z,")):
        tool = started("calls", "-T", "-p", writer.pid, *form)
        writer.write()
        out = ended(tool)
        tap.equal(bool(re.match(pattern, out)), True, f"how it begins with {form}: {out}")


def test_a_table_rounds_durations_and_a_file_gets_all_of_a_text():
    tool = started("wide")
    Writer(5).write()
    tap.equal(ended(tool), f"INDEX {'TEXT':<{len(TEXT)}} TOOK_NS\n    0 {TEXT}  1235ms\n", "the table")


def test_a_terminal_cuts_texts_of_a_table():
    tap.need_root()
    build()
    master, slave = pty.openpty()
    tap.cleanup(os.close, master)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    process = tap.start(*TRACED, tap.PRODUCT, "wide", "-d", "1", stdout=slave, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
    os.close(slave)
    writer, seen = Writer(5), b""
    while process.poll() is None:
        writer.write()
    with contextlib.suppress(OSError):  # EIO when all of it was read: pty(7)
        while True:
            seen += os.read(master, 1 << 16)
    lines = seen.decode().split("\r\n")
    row = next(line for line in lines if TEXT[:8] in line)
    tap.equal((max(len(line) for line in lines[:2]), "…" in row, "1235ms" in row), (40, True, True), f"what the terminal shows ({lines})")


tap.main()
