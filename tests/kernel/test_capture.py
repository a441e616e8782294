# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Events in a file: what is read is what a tool would have printed, and a file that is damaged is told as such,
whatever is wrong with it. Without these, a file could lose events silently, or make its reader crash."""
import json
import os
import random
import re
import signal
import subprocess

import tap
from tool import Tool, spawn, until

FLIPS = 400


def capture(*options, work=3, module="execsnoop"):
    """A file of what some programs did, and its path; and what another tool printed of the same programs."""
    tap.need_root()
    path = os.path.join(tap.folder(), "events")
    live = Tool(module, "-j").ready()
    tool = Tool(module, "-v", "--capture", path, *options).ready()
    pids = [spawn("/bin/sh", "-c", f"exit {n}", f"captured {n}")[0] for n in range(work)]
    until(lambda: all(live.out.count(f'"pid":{pid},') >= 2 for pid in pids), "all programs to end")
    status = tool.stop()
    live.stop()
    printed = [json.loads(line) for line in live.out.splitlines()]
    return path, tool, status, [e for e in printed if e["args"]["pid"] in pids]


def read(path, *words, status=0, **kwargs):
    done = tap.run(tap.PRODUCT, "read", path, *words, **kwargs)
    tap.equal(done.returncode, status, f"exit status of read ({done.stderr})")
    return done


def mine(done, events):
    pids = {e["args"]["pid"] for e in events}
    return [e for e in (json.loads(line) for line in done.stdout.splitlines()) if e["args"]["pid"] in pids]


def test_what_is_read_is_what_would_have_been_printed():
    path, tool, status, printed = capture()
    tap.equal((status, tool.out), (0, ""), "status and output of the tool that writes")
    tap.equal(len(printed), 6, "ground truth")
    got = mine(read(path, "-j"), printed)
    for e in got + printed:  # two tools have looked at the clocks at different times
        e["args"]["time"] = e["args"]["time"][:19]
        e["args"]["took"] = e["args"]["took"] > 0
    tap.equal(got, printed, "events")
    written = int(tool.err.split(" events written, 0 lost")[0].split()[-1])
    tap.equal(len(read(path, "-j").stdout.splitlines()), written, "all that were written")


def test_all_options_of_a_tool_work_on_a_file_without_privileges():
    path, _, _, printed = capture()
    folder = os.path.dirname(path)
    os.chmod(folder, 0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = tap.run(*nobody, tap.PRODUCT, "read", path)
    tap.equal(done.returncode, 1, "exit status for another user")
    tap.contains(done.stderr, "Permission denied")
    os.chmod(path, 0o644)
    pid = printed[0]["args"]["pid"]
    words = ["read", path, "--csv", "--columns", "what,result,args", "--filter", 'what == EXEC && args ~ "*captured*"', "-p", str(pid)]
    done = tap.run(*nobody, tap.PRODUCT, *words)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status")
    tap.equal(done.stdout, 'what,result,args\nEXEC,0,"[""/bin/sh"",""-c"",""exit 0"",""captured 0""]"\n', "CSV")
    tap.equal(len(read(path, "-n", "2", "-j").stdout.splitlines()), 2, "events of -n 2")
    table = read(path, "-p", str(pid)).stdout.splitlines()
    tap.equal(table[0].split(), "TIME WHAT PID PPID UID TOOK COMM RESULT ARGS".split(), "heading")
    tap.equal(len(table), 3, "heading and two events")
    tap.contains(read(path, "--columns", "wat", status=2).stderr, "did you mean 'what'?")


def test_some_events_of_a_file_can_be_written_to_another_one():
    path, _, _, printed = capture()
    other = path + ".some"
    pid = printed[0]["args"]["pid"]
    tap.contains(read(path, "--capture", path, status=2).stderr, "is the file that is read")
    read(path, "--capture", other, "-p", str(pid))
    tap.equal(read(other, "-T").stdout, read(path, "-T", "-p", str(pid)).stdout, "events")


def test_only_what_passes_a_filter_is_written():
    path, tool, _, printed = capture("--filter", "result == 2")
    tap.equal([e["args"]["result"] for e in mine(read(path, "-j"), printed)], ["2"], "results")
    tap.contains(tool.err, "1 events written, 0 lost")
    tap.equal(os.stat(path).st_mode & 0o777, 0o600, "mode of the file")


def test_a_disk_that_is_full_is_told_and_what_is_lost_is_counted():
    tap.need_root()
    disk = tap.folder()
    tap.equal(tap.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk).returncode, 0, "status of mount")
    tap.cleanup(tap.run, "umount", disk)
    path = os.path.join(disk, "events")
    ours = f"of-{os.getpid()}-"
    tool = Tool("execsnoop", "-v", "--capture", path, "--filter", f"what == EXEC && args ~ '*{ours}*'").ready()
    head = os.path.getsize(path)
    for _ in range(5):
        spawn("/bin/true", ours + "x" * 2000)
    until(lambda: os.path.getsize(path) > head, "the first events")
    for _ in range(60):
        spawn("/bin/true", ours + "x" * 2000)
    tap.equal(tool.stop(), 1, "exit status")
    tap.equal(tool.err.count("No space left on device"), 1, f"how often it is told ({tool.err})")
    written, lost = map(int, re.search(r"(\d+) events written, (\d+) lost, and its end is missing", tool.err).groups())
    tap.equal(written + lost, 65, "events that came")
    tap.equal(written > 0 and lost > 0, True, "some were written, and some were lost")
    done = read(path, "-j", status=1)
    tap.equal(len(done.stdout.splitlines()), written, "events that are in the file")
    tap.contains(done.stderr, f"it was cut short in the head of an event, after {written} events")


def test_of_a_tool_that_is_killed_all_but_the_last_second_can_be_read():
    tap.need_root()
    path = os.path.join(tap.folder(), "events")
    tool = Tool("execsnoop", "--capture", path, "--filter", "args ~ '*killed*'").ready()
    head = until(lambda: os.path.exists(path) and os.path.getsize(path), "the head")
    spawn("/bin/true", "killed")
    until(lambda: os.path.getsize(path) > head, "the event")
    tool.stop(signal.SIGKILL)
    done = read(path, "--columns", "args", status=1)
    tap.equal(done.stdout.split(), ["ARGS", "/bin/true", "killed"], "what is read")
    tap.contains(done.stderr, "it was cut short in the head of an event, after 1 events")


def test_a_tool_that_does_not_start_leaves_the_old_file_alone():
    tap.need_root()
    folder = tap.folder()
    path = os.path.join(folder, "events")
    os.chown(folder, 65534, 65534)
    with open(path, "w") as f:
        f.write("old")
    os.chmod(path, 0o644)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    for status, words in ((2, [tap.PRODUCT, "execsnoop", "-p", "999999999"]), (77, [*nobody, tap.PRODUCT, "execsnoop"])):
        done = tap.run(*words, "--capture", path, cwd=folder)
        tap.equal(done.returncode, status, f"exit status ({done.stderr})")
        with open(path) as f:
            tap.equal((f.read(), os.listdir(folder)), ("old", ["events"]), "the file, and what is beside it")
    tool = Tool("execsnoop", "--capture", path).ready()
    tap.equal(tool.stop(), 0, "exit status")
    tap.equal((os.stat(path).st_mode & 0o777, os.listdir(folder)), (0o600, ["events"]), "mode of the new one")


def test_links_and_pipes_are_no_place_for_a_file():
    tap.need_root()
    folder = tap.folder()
    target = os.path.join(folder, "target")
    os.symlink(target, os.path.join(folder, "link"))
    os.mkfifo(os.path.join(folder, "fifo"))
    for name in ("link", "fifo", "."):
        done = tap.run(tap.PRODUCT, "execsnoop", "--capture", os.path.join(folder, name), "-d", "100ms")
        tap.equal(done.returncode, 2, f"exit status ({done.stderr})")
        tap.contains(done.stderr, "is no regular file")
    tap.equal(sorted(os.listdir(folder)), ["fifo", "link"], "what is there")


def test_a_file_of_another_boot_is_told_since_its_names_can_be_wrong():
    path, *_ = capture("--filter", "result == 2")
    with open(path, "r+b") as f:
        f.seek(24)
        f.write(b"00000000-0000")
    copy = path + ".copy"
    for done in (read(path), read(path, "--capture", copy), read(copy)):
        tap.equal(done.stderr.count(f"it was written on '{os.uname().nodename}' in another boot"), 1, f"a warning ({done.stderr})")


def test_a_file_that_cannot_be_read_is_told_by_its_reason():
    tap.contains(read(tap.folder(), status=1).stderr, "it cannot be read: Is a directory")
    tap.contains(read("x", "--in-kernel", status=2).stderr, "in-kernel")
    tap.equal("--in-kernel" in read("--help").stdout, False, "whether a reader has what needs a kernel part")


def test_what_cannot_be_written_is_refused_before_anything_starts():
    tap.need_root()
    for words, why in ((("runqlat", "--capture", "x"), "no module that runs prints events, and tables and histograms are not written"),
                       (("execsnoop", "--capture", "/no/such/folder/x"), "/no/such/folder/x cannot be written: No such file or directory")):
        done = tap.run(tap.PRODUCT, *words, "-d", "100ms", cwd=tap.folder())
        tap.equal(done.returncode, 2, f"exit status ({done.stderr})")
        tap.contains(done.stderr, why)
    tap.contains(read("/etc/passwd", status=1).stderr, "it is no file of events")
    tap.contains(tap.run(tap.PRODUCT, "read").stderr, "read needs one file")


def damaged(content, path):
    """Exit status and errors of a reader of these bytes."""
    with open(path, "wb") as f:
        f.write(content)
    done = subprocess.run([tap.PRODUCT, "read", path, "-j"], capture_output=True, timeout=tap.PATIENCE, check=False)
    tap.equal(done.returncode in (0, 1), True, f"exit status {done.returncode} ({done.stderr})")
    if done.returncode == 1:
        told = [line for line in done.stderr.splitlines() if b"in another boot" not in line]
        tap.equal(len(told) == 1 and told[0].startswith(b"emf: " + path.encode() + b": "), True, f"one sentence: {done.stderr}")
    return done


def test_a_file_that_is_cut_short_is_printed_as_far_as_it_goes_and_told():
    path, *_ = capture("--filter", "result == 2 || args ~ '*captured*'")
    with open(path, "rb") as f:
        content = f.read()
    whole = read(path, "-j").stdout.encode()
    for size in [*range(0, 64), *range(64, len(content), 37), *range(len(content) - 40, len(content))]:
        done = damaged(content[:size], path + ".cut")
        tap.equal(done.returncode, 1, f"exit status for the first {size} of {len(content)} bytes")
        tap.equal(whole.startswith(done.stdout), True, "what is printed is the beginning of all")
    tap.equal(damaged(content + b"x", path + ".cut").returncode, 1, "exit status for a byte too many")


def test_a_file_with_wrong_bytes_is_read_or_refused_and_does_no_harm():
    path, *_ = capture()
    with open(path, "rb") as f:
        content = f.read()
    rng = random.Random(1)
    seen = set()
    for _ in range(FLIPS):
        wrong = bytearray(content)
        for _ in range(rng.randint(1, 4)):
            wrong[rng.randrange(min(len(wrong), 3000))] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))
        seen.add(damaged(bytes(wrong), path + ".flipped").returncode)
    tap.equal(seen, {0, 1}, "what came of it")


tap.main()
