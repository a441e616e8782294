# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What is printed of events, and how: columns, filters, forms, the terminal.

Without these, a filter could let pass what it should not, a spreadsheet read a line
wrongly, or a name that somebody gave a process drive a terminal.
"""
import csv
import datetime
import fcntl
import io
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios

import tap
from tool import PATIENCE, Tool, until

NAMES = ("emfa", "emfb", 'em"f,c')


def named(name):
    """A program of a name of its own."""
    path = os.path.join(tap.folder(), name)
    shutil.copy(shutil.which("true"), path)
    return path


def run(path):
    process = subprocess.Popen([path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return process.pid, process.wait(timeout=PATIENCE)


def shown(*options, names=NAMES, ready=True):
    """What 'hello' prints of some programs that are started, and their pids by name."""
    tap.need_root()
    tool = Tool("run", "hello", *options)
    if ready:
        tool.ready()
    pids = {name: run(named(name))[0] for name in names}
    last = named("emflast")
    until(lambda: tool.process.poll() is not None or run(last) and ready and "emflast" in tool.out, "the last program")
    if tool.process.poll() is None:
        tool.stop()
    return tool, pids


def objects(tool):
    return [json.loads(line) for line in tool.out.splitlines()]


def refused(*options):
    done = tap.run(tap.PRODUCT, "run", "hello", *options)
    tap.equal((done.returncode, done.stdout), (2, ""), f"exit status and output ({done.stderr})")
    return done.stderr


def test_a_filter_lets_pass_what_it_is_true_for():
    tool, pids = shown("-j", "--filter", f'comm ~ "emf[ab]" && !(pid == 1) || comm == emflast')
    got = {(o["args"]["comm"], o["args"]["pid"]) for o in objects(tool) if o["args"]["comm"] != "emflast"}
    tap.equal(got, {(name, pids[name]) for name in NAMES[:2]}, "programs")


def test_options_that_all_tools_share_are_filters_where_a_module_has_no_parameter():
    tool, pids = shown("-j", "--comm", "emf*")
    tap.equal([o["args"]["pid"] for o in objects(tool) if o["args"]["comm"] in NAMES[:2]], [pids[name] for name in NAMES[:2]], "programs")
    tap.equal({o["args"]["comm"][:3] for o in objects(tool)}, {"emf"}, "names")
    done = tap.run(tap.PRODUCT, "run", "acl", "--user", "0")
    tap.equal(done.returncode, 2, "exit status of a tool that has neither")
    tap.contains(done.stderr, "--user: no module that runs tells one user from another: none has a parameter 'uid', or an event, table or histogram with a member of that type")
    tap.contains(refused("--user", "nobody-of-this-name"), "there is no user 'nobody-of-this-name'")
    tap.contains(refused("--pid", "x"), "hello: --pid: 'x' is no number of a process")


def test_mistakes_in_a_filter_are_told_with_the_nearest_name():
    for text, said in (("pidd == 1", "'greeting' has no 'pidd'; did you mean 'pid'?"),
                       ("zzzzz == 1", "'greeting' has no 'zzzzz'; there are pid, comm"),
                       ("pid = 1", "'=' sets nothing here: write == to compare"),
                       ("pid ==", "a value is missing behind 'pid' and its comparison"),
                       ("pid == many", "'pid' cannot be many: it is a number, not negative"),
                       ("(pid == 1", "a ')' is missing at its end"),
                       ("pid == 1 comm", "nothing can stand where it says 'comm': join comparisons by && or ||"),
                       ("&& pid", "a member is missing before '&& pid'"),
                       ("", "a member is missing at its end"),
                       ('comm == "a', "a \" at the end of a text is missing"),
                       ("!" * 40 + "pid", "more than 16 brackets or '!' are in each other"),
                       (" || ".join(["pid"] * 40), "it has more than 64 comparisons and words that join them")):
        tap.contains(refused("--filter", text), f"--filter: {said}\n")


def test_columns_are_those_that_are_asked_for_in_their_order():
    tool, pids = shown("--columns", "comm,pid")
    heading, *rows = [line.split() for line in tool.out.splitlines()]
    tap.equal(heading, ["COMM", "PID"], "heading")
    tap.equal(["emfa", str(pids["emfa"])] in rows, True, f"the row ({rows})")
    tap.contains(refused("--columns", "com"), "--columns: nothing that is printed has 'com'; did you mean 'comm'?")
    for option in ("--columns", "--event"):
        for names in ("", "pid,", ",pid", "pid,,comm", "p" * 300):
            tap.contains(refused(option, names), f"{option}: '{names}' is no list of names: write NAME,NAME\n")
    tap.contains(refused("--event", "greetings"), "--event: no module that runs has an event, a table or a histogram 'greetings'; did you mean 'greeting'?")


def test_csv_is_read_back_whatever_is_in_a_name():
    tool, pids = shown("--csv", "-T")
    rows = list(csv.DictReader(io.StringIO(tool.out)))
    tap.equal({name: str(pids[name]) for name in NAMES}, {r["comm"]: r["pid"] for r in rows if r["comm"] in NAMES}, "programs")
    when = datetime.datetime.fromisoformat(re.sub(r"\.(\d{6})\d{3}Z$", r".\1+00:00", rows[0]["time"]))
    tap.equal(abs((datetime.datetime.now(datetime.timezone.utc) - when).total_seconds()) < 2 * PATIENCE, True, f"time ({rows[0]})")


def test_json_has_the_time_when_it_is_asked_for():
    tool, _ = shown("-j", "-T")
    first = objects(tool)[0]
    tap.equal(list(first), ["module", "event", "time", "args"], "names")
    tap.equal(bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", first["time"])), True, f"time ({first['time']})")


def test_it_ends_after_so_many_events():
    tool, _ = shown("-j", "-n", "2", ready=False)  # where others start programs, too, it is over before it is looked at
    tap.equal((tool.process.poll(), len(objects(tool))), (0, 2), f"exit status, and events ({tool.err})")
    tap.contains(refused("-n", "0"), "--count: \"0\" is not a number above 0")


def test_what_became_of_events_is_told_in_the_end():
    tool, _ = shown("-v", "--filter", "comm ~ emf*")
    found = re.search(r"hello: (\d+) events seen, (\d+) sent, (\d+) dropped; (\d+) printed, (\d+) filtered out\n", tool.err)
    seen, sent, dropped, printed, filtered = (int(n) for n in found.groups())
    tap.equal((seen == sent + dropped, sent == printed + filtered, printed), (True, True, len(tool.out.splitlines()) - 1), f"counts ({found[0]})")


def test_events_that_are_not_chosen_are_filtered_out_in_what_is_told():
    tap.need_root()
    tool = Tool("run", "hello", "execsnoop", "-j", "-v", "--event", "exec")
    tool.ready()
    last = named("emflast")
    until(lambda: run(last) and "emflast" in tool.out, "the last program")
    tool.stop()
    found = re.search(r"hello: (\d+) events seen, (\d+) sent, \d+ dropped; (\d+) printed, (\d+) filtered out\n", tool.err)
    seen, sent, printed, filtered = (int(n) for n in found.groups())
    tap.equal((seen > 0, printed, filtered), (True, 0, sent), f"counts of the other module ({found[0]})")


# --- on a terminal


class Screen:
    """A tool on a terminal of a size."""

    def __init__(self, *words, columns, rows=24, **env):
        tap.need_root()
        self.master, slave = pty.openpty()
        tap.cleanup(os.close, self.master)
        self.resize(columns, rows)
        self.tool = subprocess.Popen([tap.PRODUCT, "run", *words], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE,
                                     env={**os.environ, "TERM": "xterm", **env}, start_new_session=True,
                                     preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0))
        os.close(slave)
        tap.cleanup(self.end)
        os.set_blocking(self.master, False)
        self.seen = b""
        until(lambda: "PID" in self.text(), "the heading")

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def text(self):
        try:
            self.seen += os.read(self.master, 1 << 16)
        except (BlockingIOError, OSError):
            pass
        return self.seen.decode(errors="replace").replace("\r\n", "\n")

    def shows(self, path, count=1):
        name = os.path.basename(path)[:15]
        until(lambda: run(path) and self.text().count(name[:8]) >= count, f"{name}")

    def end(self):
        if self.tool.poll() is None:
            self.tool.terminate()
        self.tool.wait(timeout=PATIENCE)
        self.tool.stderr.close()


def test_a_terminal_has_a_bold_heading_that_comes_again_when_it_has_left_the_screen():
    screen = Screen("hello", "--comm", "emfz", columns=80, rows=6)
    screen.shows(named("emfz"), 9)
    lines = screen.text().splitlines()
    headings = [i for i, line in enumerate(lines) if line.startswith("\x1b[1m")]
    tap.equal(headings[:3], [0, 5, 10], f"lines of the headings ({lines})")


def test_a_terminal_that_wants_no_colours_gets_none():
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        screen = Screen("hello", columns=80, **env)
        tap.equal("\x1b" in screen.text(), False, f"escape sequences with {env}")
        screen.end()


def widths(text):
    return [len(line) for line in text.replace("\x1b[1m", "").replace("\x1b[m", "").splitlines()]


def test_a_narrow_terminal_cuts_names_and_leaves_out_columns_on_the_right():
    for columns in (60, 40, 28):
        screen = Screen("execsnoop", "--comm", "emfnarrow", columns=columns, NO_COLOR="1")
        until(lambda: run(named("emfnarrow")) and screen.text().count("\n") > 2, "a row")
        heading, *rows = screen.text().splitlines()
        tap.equal((len(heading) <= columns, heading[-2:]), (True, " …"), f"the heading of {columns} ({heading})")
        tap.equal(max(widths("\n".join(rows))) <= columns, True, f"rows of {columns} ({rows})")
        tap.equal("ARGS" in heading, False, f"the last column in {columns}")
        screen.end()


def test_a_terminal_with_room_has_all_columns():
    screen = Screen("execsnoop", "--comm", "emfroom", columns=160, NO_COLOR="1")
    screen.shows(named("emfroom"), 1)
    tap.equal(screen.text().splitlines()[0].split()[-1], "ARGS", "the last column")


def test_a_terminal_that_shrinks_gets_a_heading_of_its_width():
    screen = Screen("execsnoop", "--comm", "emfshrink", columns=160, NO_COLOR="1")
    screen.shows(named("emfshrink"), 1)
    screen.resize(40, 24)
    until(lambda: run(named("emfshrink")) and screen.text().count("TIME") == 2, "the second heading")
    lines = screen.text().splitlines()
    second = next(i for i, line in enumerate(lines) if i and line.startswith("TIME"))
    tap.equal(max(widths("\n".join(lines[second:]))) <= 40, True, f"lines since then ({lines[second:]})")


def test_a_list_on_a_narrow_terminal_goes_on_below():
    master, slave = pty.openpty()
    tap.cleanup(os.close, master)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 64, 0, 0))
    done = subprocess.run([tap.PRODUCT, "list"], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE, timeout=PATIENCE)
    os.close(slave)
    text = b""
    while select.select([master], [], [], 0)[0]:
        try:
            text += os.read(master, 1 << 16)
        except OSError:  # nobody has the other end any more
            break
    text = text.decode().replace("\r\n", "\n")
    lines = text.splitlines()
    column = lines[0].index("WHAT IT DOES")
    tap.equal((done.returncode, max(len(line) for line in lines) <= 64), (0, True), f"exit status, and the width of {text}")
    words = " ".join(line[column:] for line in lines[1:])
    tap.equal(words, " ".join(line[column:] for line in tap.run(tap.PRODUCT, "list").stdout.splitlines()[1:]), "what all of them do")


def test_lines_of_several_tools_have_one_time_each():
    tap.need_root()
    tool = Tool("run", "execsnoop", "exitsnoop", "-T", "--comm", "emftimes").ready()
    path = named("emftimes")
    until(lambda: run(path) and "exitsnoop exit " in tool.out and "execsnoop exec " in tool.out, "a line of each")
    tool.stop()
    tap.equal([len(re.findall(r"\d\d:\d\d:\d\d", line)) for line in tool.out.splitlines()], [1] * len(tool.out.splitlines()), f"times ({tool.out})")


def test_lines_of_several_tools_say_whose_they_are():
    tap.need_root()
    tool = Tool("run", "execsnoop", "exitsnoop", "--comm", "emfboth").ready()
    path = named("emfboth")
    until(lambda: run(path) and "exitsnoop exit " in tool.out and "execsnoop exec " in tool.out, "a line of each")
    tool.stop()
    tap.equal({line.split()[0] for line in tool.out.splitlines()}, {"execsnoop", "exitsnoop"}, f"first words ({tool.out})")
    tap.equal(all("comm=emfboth" in line for line in tool.out.splitlines()), True, f"names and values ({tool.out})")


def test_of_several_tools_one_that_is_chosen_is_a_table():
    tap.need_root()
    tool = Tool("run", "execsnoop", "exitsnoop", "--event", "exec", "--comm", "emfone").ready()
    path = named("emfone")
    until(lambda: run(path) and "emfone" in tool.out, "a row")
    tool.stop()
    tap.equal(tool.out.splitlines()[0].split()[:2], ["TIME", "WHAT"], f"the heading ({tool.out})")


tap.main()
