# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The tools that tell of processes, files, signals and mounts, against what the test does itself.

Without these, an event could be lost, told twice, told of somebody else, or have a member that is not what happened.
"""
import os
import signal
import time

import tap
from collected import TRACED, Script, Snoop, check_length, check_time, os_error, without

NOBODY = 65534


# --- exitsnoop

def ended(script):
    """A script, how it ended, as wait(2) tells, and the longest that it can have lived."""
    begin = time.monotonic()
    made = Script(script)
    made.run()
    return made, made.process.returncode, time.monotonic() - begin


def test_exitsnoop_tells_the_status_or_the_signal_of_every_process_once():
    began = time.time()
    snoop = Snoop("exitsnoop", programs=1)
    made = [ended(f"os._exit({n})") for n in (0, 1, 3, 255)]
    made += [ended(f"os.kill(os.getpid(), {n})") for n in (signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1)]
    made.append(ended(f"os.setuid({NOBODY}); os._exit(7)"))
    for script, status, longest in made:
        event = snoop.wait(pid=script.pid)
        tap.equal(len(event), 1, f"events of {script.pid}")
        wanted = {"pid": script.pid, "tid": script.pid, "ppid": os.getpid(), "uid": NOBODY if status == 7 else 0, "status": max(status, 0),
                  "signal": signal.Signals(-status).name if status < 0 else "0", "core_dumped": False}
        tap.equal(without(event[0], "time", "age", "comm"), wanted, "the event")
        tap.equal(event[0]["comm"], script.comm, "name")
        check_time(event[0], began)
        check_length(event[0], "age", longest)
    snoop.stop()


def test_exitsnoop_says_of_a_dumped_core_what_wait_says():
    snoop = Snoop("exitsnoop", programs=1)
    # With a core where the system writes one; into a folder that goes.
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"cd {tap.folder()}; ulimit -c unlimited; kill -ABRT $$"], os.environ)
    _, status = os.waitpid(pid, 0)
    tap.equal(os.WTERMSIG(status), signal.SIGABRT, "ground truth")
    event = snoop.wait(pid=pid)[0]
    tap.equal((event["signal"], event["core_dumped"]), ("SIGABRT", os.WCOREDUMP(status)), "signal and core")
    snoop.stop()


THREADS = """
import threading
for i in range(3):
    t = threading.Thread(target=lambda: done(threading.get_native_id()))
    t.start()
    t.join()
os._exit(5)
"""


def test_exitsnoop_tells_one_end_of_a_process_with_threads_and_theirs_on_request():
    whole, each = Snoop("exitsnoop", programs=1), Snoop("exitsnoop", "--threads", programs=1)
    script = Script(THREADS)
    out, _ = script.process.communicate("go\n")
    tids = [int(line) for line in out.split()]
    tap.equal(len(tids), 3, "threads of the script")
    each.wait(4, pid=script.pid)
    whole.wait(pid=script.pid)
    whole.stop()
    each.stop()
    # The last thread is joined before the kernel is done with it.
    of_whole = whole.events(pid=script.pid)
    tap.equal([e["status"] for e in of_whole], [5], "the end of the process")
    tap.equal(of_whole[0]["tid"] in (script.pid, tids[-1]), True, "the thread that ended last")
    tap.equal(sorted(e["tid"] for e in each.events(pid=script.pid)), sorted(tids + [script.pid]), "ends of threads")


def test_exitsnoop_tells_only_what_is_asked_for():
    scripts = [Script("os._exit(4)"), Script("os._exit(4)"), Script("os._exit(0)")]
    one, failed, pipe = (Snoop("exitsnoop", *o, programs=1) for o in (["-p", scripts[1].pid], ["-x"], ["--comm", "python3*"]))
    for script in scripts:
        script.run()
    pipe.wait(pid=scripts[2].pid)
    failed.wait(pid=scripts[1].pid)
    one.wait()
    for snoop in (one, failed, pipe):
        snoop.stop()
    mine = {s.pid for s in scripts}
    tap.equal([e["pid"] for e in one.events()], [scripts[1].pid], "with --pid")
    tap.equal([e["pid"] for e in failed.events() if e["pid"] in mine], [s.pid for s in scripts[:2]], "with --failed")
    tap.equal([e["pid"] for e in pipe.events() if e["pid"] in mine], [s.pid for s in scripts], "with --comm")


# --- opensnoop

OPENS = """
folder = sys.argv[-1]
os.chdir(folder)
made = []
def note(path, flags, result):
    made.append([path, flags, result])
    if result >= 0:
        os.close(result)
note("new", ["RDWR", "CREAT", "EXCL", "CLOEXEC"], tried(os.open, "new", os.O_RDWR | os.O_CREAT | os.O_EXCL))
note("new", ["RDWR", "CREAT", "EXCL", "CLOEXEC"], tried(os.open, "new", os.O_RDWR | os.O_CREAT | os.O_EXCL))
note("none", ["CLOEXEC"], tried(os.open, "none", os.O_RDONLY))
note(".", ["DIRECTORY", "CLOEXEC"], tried(os.open, ".", os.O_DIRECTORY))
how = (ctypes.c_uint64 * 3)(os.O_WRONLY | os.O_APPEND)
note("new", ["WRONLY", "APPEND"], call("openat2", -100, b"new", how, 24))
if "open" in CALLS:
    note("new", ["NOFOLLOW"], call("open", b"new", os.O_NOFOLLOW))
    note("other", ["WRONLY", "CREAT", "TRUNC"], call("creat", b"other", 0o600))
for length in (255, 256):
    path = "/" * (length - len(folder) - 4) + folder.lstrip("/") + "/new"
    note("/" + path, ["CLOEXEC"], tried(os.open, "/" + path, os.O_RDONLY))
note("", [], call("openat2", -100, None, (ctypes.c_uint64 * 3)(), 24))
done(made)
os._exit(0)
"""


def opened(script):
    """What the script did, as events."""
    return [{"pid": script.pid, "uid": 0, "comm": script.comm, "fd": max(result, -1), "error": os_error(result), "flags": flags,
             "cut": len(path) > 255, "path": path[:255]} for path, flags, result in script.made]


def test_opensnoop_tells_each_way_to_open_a_file_with_its_result():
    began = time.time()
    script = Script(OPENS.replace("sys.argv[-1]", repr(tap.folder())))
    other = Script("tried(os.open, '/of-another-process', 0)")
    snoop = Snoop("opensnoop", "-p", script.pid, programs=4, within=TRACED)
    failed = Snoop("opensnoop", "--failed", "-p", script.pid, programs=4, within=TRACED)
    other.run()
    script.made = script.run()
    wanted = opened(script)
    snoop.wait(len(wanted))
    failed.wait(sum(e["fd"] < 0 for e in wanted))
    snoop.stop()
    failed.stop()
    tap.equal([without(e, "time") for e in snoop.events()], wanted, "what was opened")
    tap.equal([without(e, "time") for e in failed.events()], [e for e in wanted if e["fd"] < 0], "what failed")
    check_time(snoop.events()[0], began)


# --- killsnoop

KILLS = """
import signal
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
pid = os.getpid()
made = [["KILL", t, s, tried(os.kill, t, s) or 0] for t, s in ((pid, 0), (pid, 10), (2 ** 22 + 1, 15), (pid, 99), (-2 ** 22 - 5, 10))]
made.append(["TKILL", pid, 10, call("tkill", pid, 10)])
signal.pthread_kill(__import__("threading").get_ident(), 10)
made.append(["TGKILL", pid, 10, 0])
done(made)
os._exit(0)
"""


def test_killsnoop_tells_who_signals_whom_and_what_became_of_it():
    began = time.time()
    script, other = Script(KILLS), Script(KILLS)
    all_, one, usr1, failed = (Snoop("killsnoop", *o, programs=6, within=TRACED) for o in ([], ["-p", script.pid], ["-s", "USR1"], ["-x"]))
    made = script.run()
    other.run()
    wanted = [{"pid": script.pid, "uid": 0, "comm": script.comm, "by": by, "target": target,
               "signal": {0: "0", 99: "99"}.get(n) or signal.Signals(n).name, "result": os_error(result)} for by, target, n, result in made]
    tap.equal([e["result"] for e in wanted], ["0", "0", "ESRCH", "EINVAL", "ESRCH", "0", "0"], "ground truth")
    for snoop, those in ((all_, wanted), (one, wanted), (usr1, [e for e in wanted if e["signal"] == "SIGUSR1"]),
                         (failed, [e for e in wanted if e["result"] != "0"])):
        snoop.wait(len(those), pid=script.pid)
        if snoop is not one:
            snoop.wait(len(those), pid=other.pid)
        snoop.stop()
        tap.equal([without(e, "time") for e in snoop.events(pid=script.pid)], those, "signals")
    tap.equal(one.events(pid=other.pid), [], "of another process")
    check_time(all_.events(pid=script.pid)[0], began)


def test_killsnoop_tells_signals_of_the_kernel_on_request():
    with_, without_ = Snoop("killsnoop", "--kernel", programs=7, within=TRACED), Snoop("killsnoop", programs=7, within=TRACED)
    script = Script("import ctypes; ctypes.string_at(0)")
    script.run()
    tap.equal(script.process.returncode, -signal.SIGSEGV, "ground truth")
    last = Script("os.kill(os.getpid(), 9)")
    last.run()
    with_.wait(pid=last.pid, signal="SIGCHLD")
    without_.wait(pid=last.pid, signal="SIGKILL")
    tap.equal([(e["by"], e["target"], e["signal"]) for e in with_.events(pid=script.pid)],
              [("KERNEL", script.pid, "SIGSEGV"), ("KERNEL", os.getpid(), "SIGCHLD")], "of the kernel")
    tap.equal(without_.events(pid=script.pid), [], "without the option")
    with_.stop()
    without_.stop()


# --- mountsnoop

MOUNTS = """
made = []
folder = sys.argv[-1]
def mount(source, target, kind, flags, names):
    result = libc.mount(source and source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags), None)
    made.append(["MOUNT", source or "", target, kind or "", names, [], -ctypes.get_errno() if result else 0])
def umount(target, flags, names):
    result = libc.umount2(target.encode(), flags)
    made.append(["UMOUNT", "", target, "", [], names, -ctypes.get_errno() if result else 0])
mount("a-source", folder, "tmpfs", 2 | 8, ["NOSUID", "NOEXEC"])
mount("none", folder, None, 0xC0ED0000 | 32 | 1, ["RDONLY", "REMOUNT"])
mount("b" * 127, folder + "/none", "tmpfs", 0, [])
mount("none", folder, "no-such-type", 0, [])
umount(folder, 2, ["DETACH"])
umount(folder, 0, [])
fd = call("fsopen", b"tmpfs", 0)
made.append(["FSOPEN", "", "", "tmpfs", [], [], 0])
assert fd > 2
result = call("move_mount", fd, b"", -100, folder.encode(), 4)
made.append(["MOVE_MOUNT", "", folder, "", [], [], result])
done(made)
os._exit(0)
"""


def test_mountsnoop_tells_what_is_mounted_and_unmounted_with_its_result():
    began = time.time()
    within = ["unshare", "-m", "--propagation", "private"]
    script = Script(MOUNTS.replace("sys.argv[-1]", repr(tap.folder())), within=within)
    other = Script("libc.umount2(b'/of-another-process', 0)", within=within)
    all_, one, failed = (Snoop("mountsnoop", *o, programs=8, within=TRACED) for o in ([], ["-p", script.pid], ["-x"]))
    begin = time.monotonic()
    made = script.run()
    longest = time.monotonic() - begin
    other.run()
    wanted = [{"pid": script.pid, "comm": script.comm, "call": call, "result": os_error(result), "flags": flags, "umount_flags": of_umount,
               "cut": False, "type": kind, "source": source, "target": target}
              for call, source, target, kind, flags, of_umount, result in made]
    tap.equal([e["result"] for e in wanted][:7], ["0", "0", "ENOENT", "ENODEV", "0", "EINVAL", "0"], "ground truth")
    for snoop, those in ((all_, wanted), (one, wanted), (failed, [e for e in wanted if e["result"] != "0"])):
        snoop.wait(len(those), pid=script.pid)
        if snoop is not one:
            snoop.wait(pid=other.pid, target="/of-another-process")
        snoop.stop()
        tap.equal([without(e, "time", "took") for e in snoop.events(pid=script.pid)], those, "mounts")
    tap.equal(one.events(pid=other.pid), [], "of another process")
    for event in all_.events(pid=script.pid):
        check_time(event, began)
        check_length(event, "took", longest)


def test_mountsnoop_marks_a_text_that_is_cut():
    script = Script("libc.mount(b's' * 128, b'/none', b't' * 63, ctypes.c_ulong(0), None)")
    snoop = Snoop("mountsnoop", "-p", script.pid, programs=8, within=TRACED)
    script.run()
    event = snoop.wait()[0]
    snoop.stop()
    tap.equal((event["cut"], event["source"], event["type"]), (True, "s" * 127, "t" * 63), "cut texts")


tap.main()
