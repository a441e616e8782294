# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""execsnoop against processes that the test starts itself. Without these, an exec
or an exit could be lost, shown twice, or shown with somebody else's arguments."""
import json
import os
import signal
import subprocess
import threading

import tap
from tool import Tool, spawn, until


def columns(row):
    """TIME WHAT PID PPID UID TOOK COMM RESULT ARGS"""
    return {"what": row[1], "pid": int(row[2]), "ppid": int(row[3]), "uid": row[4], "took": row[5], "comm": row[6],
            "result": row[7], "args": " ".join(row[8:])}


def events(tool, pid, what=None):
    found = [columns(r) for r in tool.rows if int(r[2]) == pid]
    return [e for e in found if what in (None, e["what"])]


def wait_for_exit_of(tool, pid):
    until(lambda: events(tool, pid, "EXIT"), f"the exit of process {pid}")


def test_every_process_of_a_burst_is_shown_once_with_its_arguments_and_exit_code():
    tap.need_root()
    tool = Tool("execsnoop").ready()
    started = []
    for batch in range(10):
        running = [subprocess.Popen(["/bin/sh", "-c", f"exit {n % 256}", f"burst-{batch}-{n}"])
                   for n in range(50)]
        started += [(p.pid, p.wait(), f"/bin/sh -c 'exit {n % 256}' burst-{batch}-{n}")
                    for n, p in enumerate(running)]
    pid, _ = spawn("/bin/true", "the-last-one")
    wait_for_exit_of(tool, pid)
    tap.equal(tool.stop(), 0, "exit status")
    by_pid = {}
    for row in tool.rows:
        by_pid.setdefault(int(row[2]), []).append(columns(row))
    for pid, code, args in started:
        seen = by_pid.get(pid, [])
        tap.equal([e["what"] for e in seen], ["EXEC", "EXIT"], f"events of {args}")
        tap.equal(seen[0]["args"], args, "arguments")
        tap.equal(seen[0]["ppid"], os.getpid(), "parent")
        tap.equal(seen[0]["comm"], "sh", "name")
        tap.equal(seen[0]["result"], "0", "result")
        tap.equal(seen[1]["result"], str(code), "exit code")


def test_odd_arguments_arrive_unchanged_and_cannot_drive_the_terminal():
    tap.need_root()
    tool = Tool("execsnoop").ready()
    pid, _ = spawn("/bin/true", "", "two words", 'a"b', "\x1b[31m", "new\nline", "ü", b"\xff\xfe", "back\\slash")
    wait_for_exit_of(tool, pid)
    tool.stop()
    wanted = r"""/bin/true '' 'two words' 'a"b' $'\x1b[31m' $'new\nline' ü $'\xff\xfe' 'back\slash'"""
    tap.equal(events(tool, pid, "EXEC")[0]["args"], wanted, "arguments")
    if "\x1b" in tool.out:
        raise AssertionError("an escape character reached the output")


def test_a_shell_that_is_given_what_was_printed_does_the_same_and_nothing_else():
    tap.need_root()
    folder = tap.folder()
    touch = f"touch {folder}/x"
    words = [f"$({touch})", f"`{touch}`", f"';{touch};'", f"\n';{touch};'", f'"; {touch}; "', "$HOME", "!!", "^a^b", "it's", "\\", "\\'", "\t'\\'", "~", "a=b", ">x"]
    tool = Tool("execsnoop").ready()
    pid, _ = spawn("/bin/true", *words)
    assigned, _ = spawn("A=b", "c", executable="/bin/true")
    wait_for_exit_of(tool, assigned)
    tool.stop()
    printed = events(tool, pid, "EXEC")[0]["args"]
    for shell in ("bash", "sh"):
        done = tap.run(shell, "-c", "printf '%s\\0' " + printed, cwd=folder)
        if shell == "bash":
            tap.equal(done.stdout.split("\0")[:-1], ["/bin/true", *words], f"what bash reads in {printed}")
        tap.equal(os.listdir(folder), [], f"files that {shell} made of {printed}")
    tap.equal(events(tool, assigned, "EXEC")[0]["args"], "'A=b' c", "a program whose name sets a variable")


def test_long_arguments_are_cut_and_marked():
    tap.need_root()
    tool = Tool("execsnoop").ready()
    whole, _ = spawn("/bin/true", "x" * 3000)
    cut, _ = spawn("/bin/true", "y" * 10000)
    wait_for_exit_of(tool, cut)
    tool.stop()
    tap.equal(events(tool, whole, "EXEC")[0]["args"], "/bin/true " + "x" * 3000, "3000 bytes")
    # 4096 bytes in all: "/bin/true" and its NUL are ten of them
    tap.equal(events(tool, cut, "EXEC")[0]["args"], "/bin/true " + "y" * 4086 + " ...", "10000 bytes")


def test_failed_execs_are_shown_on_request_with_their_error():
    tap.need_root()
    folder = tap.folder()
    plain = os.path.join(folder, "no-program")
    with open(plain, "w") as f:
        f.write("neither script nor program\n")
    tool = Tool("execsnoop", "--failed").ready()
    quiet = Tool("execsnoop").ready()
    script = f"""import os
for path in ("/no/such/program", {plain!r}):
    try:
        os.execv(path, ["as-told", "one", "two words"])
    except OSError as e:
        pass
os._exit(0)"""
    pid, _ = spawn("/usr/bin/python3", "-c", script)
    wait_for_exit_of(tool, pid)
    wait_for_exit_of(quiet, pid)
    tool.stop()
    quiet.stop()
    failed = [(e["result"], e["args"]) for e in events(tool, pid, "EXEC") if e["result"] != "0"]
    tap.equal(failed, [("ENOENT", "/no/such/program one 'two words'"), ("EACCES", f"{plain} one 'two words'")],
              "failed execs")
    tap.equal([e["result"] for e in events(quiet, pid, "EXEC")], ["0"], "execs without --failed")


def test_long_arguments_of_a_failed_exec_are_marked_as_cut_only_when_they_are():
    tap.need_root()
    tool = Tool("execsnoop", "--failed").ready()
    script = """import os
for args in (["a"] + ["z" * 3000], ["a"] * 32, ["a"] * 33):
    try:
        os.execv("/no/such/program", args)
    except OSError:
        pass
os._exit(0)"""
    pid, _ = spawn("/usr/bin/python3", "-c", script)
    wait_for_exit_of(tool, pid)
    tool.stop()
    failed = [e["args"] for e in events(tool, pid, "EXEC") if e["result"] == "ENOENT"]
    tap.equal([a.endswith(" ...") for a in failed], [True, False, True], "marks")


def test_a_process_with_many_threads_ends_once_and_a_killed_one_by_its_signal():
    tap.need_root()
    tool = Tool("execsnoop").ready()
    script = """import threading, os
for _ in range(20):
    threading.Thread(target=lambda: None).start()
os._exit(7)"""
    threads, code = spawn("/usr/bin/python3", "-c", script)
    tap.equal(code, 7, "ground truth")
    killed = subprocess.Popen(["/bin/sleep", "60"])
    until(lambda: events(tool, killed.pid, "EXEC"), "sleep to start")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_for_exit_of(tool, killed.pid)
    tool.stop()
    tap.equal([e["result"] for e in events(tool, threads, "EXIT")], ["7"], "exits of the threaded process")
    tap.equal([e["result"] for e in events(tool, killed.pid, "EXIT")], ["SIGKILL"], "exit of the killed one")


def test_its_records_go_through_every_sink_and_arguments_can_be_chosen_by():
    tap.need_root()
    chosen = Tool("execsnoop", "-j", "--filter", 'args ~ "*chosen words" || result == 42').ready()
    csv = Tool("execsnoop", "--csv", "--columns", "what,result,args", "--filter", 'args ~ "*chosen words"', "-n", "1").ready()
    pid, _ = spawn("/bin/sh", "-c", "exit 42", "chosen words")
    spawn("/bin/true", "three words")
    until(lambda: chosen.out.count("\n") >= 2, "two events")
    tap.equal(csv.process.wait(timeout=tap.PATIENCE), 0, "exit status after one event")
    tap.equal(chosen.stop(), 0, "exit status")
    events_ = [json.loads(line)["args"] for line in chosen.out.splitlines()]
    tap.equal([(e["what"], e["pid"], e["result"], e["args"]) for e in events_],
              [("EXEC", pid, "0", ["/bin/sh", "-c", "exit 42", "chosen words"]), ("EXIT", pid, "42", [])], "events")
    tap.equal(csv.out, 'what,result,args\nEXEC,0,"[""/bin/sh"",""-c"",""exit 42"",""chosen words""]"\n', "CSV")


def test_cut_arguments_end_with_null_in_json():
    tap.need_root()
    tool = Tool("execsnoop", "-j", "--exits=no").ready()
    whole, _ = spawn("/bin/true", "x" * 3000)
    cut, _ = spawn("/bin/true", "y" * 4084, "next")  # 10 bytes, 4085, and one more: cut behind a NUL
    until(lambda: f'"pid":{cut},' in tool.out, "the second program")
    tool.stop()
    args = {e["pid"]: e["args"] for e in (json.loads(line)["args"] for line in tool.out.splitlines())}
    tap.equal(args[whole], ["/bin/true", "x" * 3000], "all")
    tap.equal(args[cut], ["/bin/true", "y" * 4084, "n", None], "cut")


def test_exec_from_a_thread_keeps_the_pid_of_the_process():
    tap.need_root()
    tool = Tool("execsnoop").ready()
    script = """import os, threading, time
threading.Thread(target=lambda: os.execv("/bin/true", ["true", "from-a-thread"])).start()
time.sleep(60)"""
    pid, _ = spawn("/usr/bin/python3", "-c", script)
    wait_for_exit_of(tool, pid)
    tool.stop()
    tap.equal([e["args"].split()[-1] for e in events(tool, pid, "EXEC")][-1], "from-a-thread", "last exec")


def test_exits_can_be_left_out():
    tap.need_root()
    tool = Tool("execsnoop", "--exits=no").ready()
    spawn("/bin/true", "one")
    pid, _ = spawn("/bin/true", "two")
    until(lambda: events(tool, pid, "EXEC"), "the second exec")
    tool.stop()
    tap.equal([r for r in tool.rows if r[1] == "EXIT"], [], "exit rows")


def test_what_was_running_before_is_not_invented():
    tap.need_root()
    before = subprocess.Popen(["/bin/sleep", "60"])
    tap.cleanup(before.wait)
    tap.cleanup(before.kill)
    tool = Tool("execsnoop").ready()
    before.kill()
    before.wait()
    pid, _ = spawn("/bin/true", "after")
    wait_for_exit_of(tool, pid)
    tool.stop()
    tap.equal(events(tool, before.pid), [], "events of a process that was there before")


def test_three_at_once_see_the_same():
    tap.need_root()
    tools = [Tool("execsnoop").ready() for _ in range(3)]
    done = []
    workers = [threading.Thread(target=lambda: done.append(spawn("/bin/true", "shared"))) for _ in range(20)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    for tool in tools:
        for pid, _ in done:
            wait_for_exit_of(tool, pid)
        tool.stop()
        for pid, _ in done:
            tap.equal(len(events(tool, pid, "EXEC")), 1, f"execs of {pid}")


tap.main()
