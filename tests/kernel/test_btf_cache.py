# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The BTF cache: what a start finds, makes, keeps, and leaves alone.

Without these, each start could read megabytes again and nobody would notice, a program could
attach to something else than its SEC() says, or a product could load what somebody else wrote.
"""
import json
import os
import re
import shutil
import stat
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import LINUX, Tool, spawn, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = "/sys/kernel/btf/vmlinux"
NOBODY = 65534
# Before Linux 5.11 maps are locked memory, of which a user has little. To be given more wants CAP_SYS_RESOURCE.
MEMORY = ("prlimit", "--memlock=unlimited") if LINUX < (5, 11) else ()
ENTRY = r"emf-[0-9a-f]{16}-[0-9a-f]{16}\.btf"


def need():
    tap.need_root()
    if not os.path.exists(KERNEL):
        raise tap.Skip("this kernel has no BTF", doctor="system btf")


def cache():
    """A folder for the cache that is not there yet."""
    need()
    return os.path.join(tap.folder(), "cache")


class Run(Tool):
    """A module that runs with its socket, what its status says, and how much it has read."""

    def __init__(self, folder, *words, within=(), product=None, env=None):
        self.bus = os.path.join(tap.folder(), "bus")
        os.chmod(os.path.dirname(self.bus), 0o777)
        self.product = product or tap.PRODUCT
        super().__init__(*(words or ("runqlat",)), "--bus", within=within, product=product,
                         env={"EMF_BUS": self.bus, "EMF_CACHE": folder, **(env or {})})

    def status(self):
        def answer():
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.err}")
            done = tap.run(self.product, "status", "-j", env=dict(os.environ, EMF_BUS=self.bus))
            return json.loads(done.stdout) if done.returncode == 0 else None

        return until(answer, "its status")

    def state(self):
        return self.status()["btf_cache"]

    def read_all(self):
        """Whether it has read as many bytes as the kernel's BTF has."""
        with open(f"/proc/{self.process.pid}/io") as f:
            return int(re.search(r"^rchar: (\d+)$", f.read(), re.MULTILINE).group(1)) >= os.path.getsize(KERNEL)

    def quietly(self):
        """Its end: nothing was told."""
        tap.equal((self.stop(), self.err), (0, ""), "exit status and messages")


def state(folder, *words, **kwargs):
    """What the status of a start says; it ends well and says nothing."""
    run = Run(folder, *words, **kwargs)
    found = run.state()
    run.quietly()
    return found


def entries(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def entry(folder):
    names = entries(folder)
    tap.equal([bool(re.fullmatch(ENTRY, n)) for n in names], [True], f"one entry, of {names}")
    return os.path.join(folder, names[0])


def content(path):
    with open(path, "rb") as f:
        return f.read()


# --- what it is for -------------------------------------------------------------------


def test_the_first_start_makes_an_entry_and_the_second_does_not_read_the_kernels_btf():
    folder = cache()
    for found, reads in (("made", True), ("hit", False), ("hit", False)):
        run = Run(folder)
        tap.equal((run.state(), run.read_all()), (found, reads), "state, and whether all was read")
        run.quietly()
    st = os.stat(entry(folder))
    tap.equal((stat.S_IMODE(st.st_mode), st.st_uid), (0o600, 0), "mode and owner")
    tap.equal(st.st_size < 65536, True, f"{st.st_size} bytes are a part of {os.path.getsize(KERNEL)}")


def test_events_are_the_same_with_the_cache_and_without_it():
    folder = cache()
    seen = []
    for words in ((), (), ("--no-cache",)):
        tool = Tool("execsnoop", *words, env={"EMF_CACHE": folder}).ready()
        pid, _ = spawn("/bin/sh", "-c", "exit 7", "cached")

        def events(tool=tool, pid=pid):
            rows = [row for row in tool.rows if row[2] == str(pid)]
            return rows if len(rows) == 2 else None

        rows = until(events, "exec and exit")
        tap.equal(tool.stop(), 0, "exit status")
        # Without times and the process.
        seen.append([row[1:2] + row[3:5] + row[6:] for row in rows])
    tap.equal(seen[1], seen[0], "events of the second start")
    tap.equal(seen[2], seen[0], "events without the cache")


def test_a_module_that_needs_nothing_of_the_kernels_btf_makes_nothing():
    folder = cache()
    tap.equal((state(folder, "hello"), entries(folder)), ("unused", []), "state and entries")


def test_modules_together_use_one_entry():
    folder = cache()
    tap.equal([state(folder, "runqlat", "execsnoop", "tcpstates"), state(folder, "tcpstates")], ["made", "hit"], "states")
    entry(folder)


def test_starts_at_the_same_time_leave_one_whole_entry():
    folder = cache()
    runs = [Run(folder) for _ in range(5)]
    for run in runs:
        tap.equal(run.state() in ("made", "hit"), True, "state")
    for run in runs:
        run.quietly()
    entry(folder)
    tap.equal(state(folder), "hit", "state of one behind them")


# --- what it does not trust -----------------------------------------------------------


def test_a_damaged_entry_is_made_again():
    folder = cache()
    state(folder)
    path = entry(folder)
    whole = content(path)
    middle = len(whole) // 2
    for damaged in (whole[:middle], b"", whole + b"\0", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:], bytes(len(whole))):
        with open(path, "wb") as f:
            f.write(damaged)
        tap.equal(state(folder), "made", f"state, {len(damaged)} bytes")
        tap.equal(content(path), whole, "the entry")
        tap.equal(state(folder), "hit", "state of the next start")


def not_kept(folder, path):
    """What is there is neither used nor touched."""
    before = os.lstat(path)
    tap.equal(state(folder), "not kept", "state")
    after = os.lstat(path)
    tap.equal((after.st_ino, after.st_mtime_ns, after.st_mode, after.st_uid), (before.st_ino, before.st_mtime_ns, before.st_mode, before.st_uid),
              "the file")
    tap.equal(entries(folder), [os.path.basename(path)], "entries")


def test_somebody_elses_entry_is_neither_used_nor_replaced():
    folder = cache()
    state(folder)
    path = entry(folder)
    os.chown(path, NOBODY, NOBODY)
    not_kept(folder, path)


def test_an_entry_that_others_can_write_to_is_neither_used_nor_replaced():
    folder = cache()
    state(folder)
    path = entry(folder)
    for mode in (0o602, 0o620):
        os.chmod(path, mode)
        not_kept(folder, path)


def test_a_symbolic_link_or_a_pipe_in_the_place_of_an_entry_is_left_alone():
    folder = cache()
    state(folder)
    path = entry(folder)
    elsewhere = os.path.join(tap.folder(), "elsewhere")
    os.rename(path, elsewhere)
    os.symlink(elsewhere, path)
    not_kept(folder, path)
    os.unlink(path)
    os.mkfifo(path, 0o600)
    not_kept(folder, path)


def test_a_folder_of_somebody_else_is_not_used():
    for spoil in (lambda f: os.chown(f, NOBODY, NOBODY), lambda f: os.chmod(f, 0o777), lambda f: os.chmod(f, 0o775)):
        folder = cache()
        state(folder)
        spoil(folder)
        path = entry(folder)
        not_kept(folder, path)
    folder = cache()
    real = tap.folder()
    os.symlink(real, folder)
    tap.equal((state(folder), os.listdir(real)), ("not kept", []), "state, and what is behind a link")


# --- where it cannot be ---------------------------------------------------------------


def mounted(options, folder, before=""):
    """A command line in mounts of its own, with a small file system on the folder."""
    os.makedirs(folder)
    return ["unshare", "-m", "--propagation", "private", "sh", "-ec",
            f'mount -t tmpfs -o mode=755,{options} none {folder}; {before}; exec "$@"', "sh"]


def test_where_nothing_can_be_written_a_product_starts_as_without_it():
    folder = cache()
    tap.equal(state(folder, within=mounted("size=64k", folder, f"mount -o remount,ro {folder}")), "not kept", "state on a read-only file system")
    folder = cache()
    full = f"head -c 4096 /dev/zero >{folder}/else"
    run = Run(folder, within=mounted("size=4k", folder, full))
    tap.equal(run.state(), "not kept", "state on a full file system")
    tap.equal(os.listdir(f"/proc/{run.process.pid}/root{folder}"), ["else"], "what is there")
    run.quietly()
    tap.equal(state("/proc/nowhere"), "not kept", "state where no folder can be made")


def test_no_cache_touches_nothing():
    folder = cache()
    run = Run(folder, "runqlat", "--no-cache")
    tap.equal((run.state(), run.read_all()), ("off", True), "state, and whether all was read")
    run.quietly()
    tap.equal(os.path.exists(folder), False, "a folder was made")


def test_a_configuration_says_whether_and_where():
    folder = cache()
    conf = os.path.join(tap.folder(), "emf.conf")
    for value, found in (("no", "off"), ("yes", "made"), (folder + "2", "made")):
        scratch.write(conf, f"[product]\ncache = {value}\n")
        env = {"EMF_CACHE": ""} if value.startswith("/") else {}
        tap.equal(state(folder, "runqlat", "--config", conf, env=env), found, f"state of cache = {value}")
    entry(folder)
    entry(folder + "2")
    scratch.write(conf, "[product]\ncache = sometimes\n")
    done = tap.run(tap.PRODUCT, "runqlat", "--config", conf, "-d", "50ms")
    tap.equal((done.returncode, done.stderr),
              (2, f"emf: {conf}:2: cache: \"sometimes\" is neither yes, no, nor a folder, which begins with '/'\n"), "a mistake")


def test_a_user_has_a_cache_of_its_own():
    need()
    home = tap.folder()
    os.chown(home, NOBODY, NOBODY)
    user = [*MEMORY, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all,+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon",
            "--bounding-set=-all,+bpf,+perfmon"]
    if tap.run(*user, tap.PRODUCT, "runqlat", "--no-cache", "-d", "50ms").returncode:
        raise tap.Skip("this kernel, or a folder above, does not let a user with CAP_BPF run it")
    folder = os.path.join(home, "emf")
    env = {"EMF_CACHE": "", "XDG_CACHE_HOME": home}
    tap.equal([state("", within=user, env=env), state("", within=user, env=env)], ["made", "hit"], "states")
    tap.equal(os.stat(entry(folder)).st_uid, NOBODY, "whose it is")
    os.mkdir(os.path.join(home, ".cache"))
    os.chown(os.path.join(home, ".cache"), NOBODY, NOBODY)
    tap.equal(state("", within=user, env={"EMF_CACHE": "", "XDG_CACHE_HOME": "", "HOME": home}), "made", "state by HOME")
    entry(os.path.join(home, ".cache", "emf"))


def test_a_program_with_more_rights_than_its_user_takes_nothing_from_that_user():
    need()
    home = tap.folder()
    os.chown(home, NOBODY, NOBODY)
    product = os.path.join(home, "capable")
    shutil.copy(tap.PRODUCT, product)
    if tap.run("setcap", "cap_bpf,cap_perfmon=ep", product, env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")).returncode:
        raise tap.Skip("files cannot have capabilities here")
    user = [*MEMORY, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all"]
    done = tap.run(*user, product, "runqlat", "-d", "50ms", env=dict(os.environ, EMF_CACHE=os.path.join(home, "cache")))
    if done.returncode == 77 or "Operation not permitted" in done.stderr:
        raise tap.Skip("this kernel, or its mounts, gives such a file no rights")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    tap.equal(sorted(os.listdir(home)), ["capable"], "what was written")


# --- what is kept ---------------------------------------------------------------------


def test_of_many_entries_the_newest_stay_and_what_is_not_ours_is_left_alone():
    folder = cache()
    os.mkdir(folder)
    old = [f"emf-{n:016x}-{n:016x}.btf" for n in range(20)]
    left = f"emf-{0:016x}-{0:016x}.btf.123.new"
    others = ["emf-x-0123456789abcdef-0123456789abcdef.btf", "emf.conf", "emf-0123456789abcdef.btf", f"other-{0:016x}-{0:016x}.btf",
              f"emf-{0:016x}-{0:016x}.btf2"]
    now = time.time()
    for n, name in enumerate(old + [left] + others):
        scratch.write(os.path.join(folder, name), "x")
        os.utime(os.path.join(folder, name), (now - 10000 + n, now - 10000 + n))
    new = f"emf-{0:016x}-{1:016x}.btf.124.new"
    scratch.write(os.path.join(folder, new), "x")
    tap.equal(state(folder), "made", "state")
    mine = [n for n in entries(folder) if n not in old + others + [new, left]]
    tap.equal(len(mine), 1, "new entries")
    tap.equal(entries(folder), sorted(mine + old[-7:] + others + [new]), "what is left")


def with_notes(folder, notes, name):
    """A command line of a kernel that says this of itself."""
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(notes)
    return ["unshare", "-m", "--propagation", "private", "sh", "-ec", f'mount --bind {path} /sys/kernel/notes; exec "$@"', "sh"]


def test_another_kernel_has_another_entry():
    folder = cache()
    other = tap.folder()
    note = struct.pack("=III4s20s", 4, 20, 3, b"GNU", b"0123456789abcdef0123")
    tap.equal(state(folder), "made", "state of this kernel")
    for n, notes in enumerate((note, b"", struct.pack("=III4s4s", 4, 4, 99, b"Xen", b"1234") + note[:-1] + b"4"), 2):
        within = with_notes(other, notes, f"notes{n}")
        tap.equal([state(folder, within=within), state(folder, within=within)], ["made", "hit"], "states of another kernel")
        tap.equal(len(entries(folder)), n, "entries")
    tap.equal(state(folder), "hit", "state of this kernel")


def test_the_doctor_tells_where_it_is_and_how_it_is():
    folder = cache()

    def doctor():
        done = tap.run(tap.PRODUCT, "doctor", "-j", env=dict(os.environ, EMF_CACHE=folder))
        return json.loads(done.stdout)["btf_cache"]

    tap.equal(doctor(), {"state": "none", "folder": folder, "entries": 0, "bytes": 0}, "before the first start")
    tap.equal(os.path.exists(folder), False, "the doctor made a folder")
    state(folder)
    path = entry(folder)
    tap.equal(doctor(), {"state": "fresh", "folder": folder, "entries": 1, "bytes": os.path.getsize(path)}, "behind it")
    text = tap.run(tap.PRODUCT, "doctor", env=dict(os.environ, EMF_CACHE=folder)).stdout
    tap.contains(text, f"  BTF cache       {folder} has what this product needs on this kernel\n")
    tap.contains(text, f"to be rid of them: rm -r {folder}\n")
    with open(path, "ab") as f:
        f.write(b"x")
    tap.equal(doctor()["state"], "corrupt", "of a damaged entry")
    os.chown(path, NOBODY, NOBODY)
    tap.equal(doctor()["state"], "not ours", "of somebody else's entry")
    os.chown(folder, NOBODY, NOBODY)
    tap.equal(doctor()["state"], "no folder", "of somebody else's folder")


# --- what programs attach to ----------------------------------------------------------


def modules(src):
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "cached"), os.path.join(src, "modules"))


@scratch.once
def build(parent):
    """A product of modules that attach by the BTF, built once for all tests of this file."""
    return scratch.product(parent, modules).product()


def test_an_iterator_is_found_by_the_cache():
    folder = cache()
    for found, reads in (("made", True), ("hit", False)):
        run = Run(folder, "walks", product=build())
        tap.equal((run.state(), run.read_all(), run.status()["modules"][0]["programs"] >= 0), (found, reads, True), "state")
        walks = next(m for m in run.status()["modules"] if m["name"] == "walks")
        tap.equal((walks["state"], walks["programs"]), ("running", 1), "the module")
        run.quietly()


def test_a_program_that_sleeps_may_do_so_with_the_cache():
    folder = cache()
    if LINUX < (5, 19):
        raise tap.Skip("iterators do not sleep before Linux 5.19", doctor="before 5.19")
    tap.equal([state(folder, "sleeps", product=build()), state(folder, "sleeps", product=build())], ["made", "hit"], "states")


def ran(tool, event, pid):
    return [e["args"] for e in map(json.loads, tool.out.splitlines()) if e["event"] == event and e["args"]["pid"] == pid]


def test_a_program_that_is_told_where_to_attach_attaches_there():
    folder = cache()
    for _ in range(2):
        run = Run(folder, "chosen", "-j", product=build())
        run.status()
        pid, _ = spawn("/bin/true")  # it ends, and starts nobody
        until(lambda run=run, pid=pid: ran(run, "seen", pid), "its end")
        tap.equal((run.stop(), run.err), (0, ""), "exit status and messages")


def test_a_module_with_typed_symbols_of_the_kernel_reads_all_of_the_btf_and_says_so():
    folder = cache()
    for found in ("made", "hit"):
        run = Run(folder, "typed", "--log", "debug", product=build())
        tap.equal((run.state(), run.read_all()), (found, True), "state, and whether all was read")
        tap.equal(run.stop(), 0, "exit status")
        tap.contains(run.err, "typed: the BTF cache is not used: it uses variables or functions of the kernel by their type\n")


def group_of(run, event, wanted):
    """Ask for the group of a process until the programs have told it."""
    def told():
        os.getpgid(os.getpid())  # by its number: of 0, nobody asks the security modules
        return ran(run, event, os.getpid())

    found = []
    until(lambda: found.extend(told()) or wanted(found), "what its programs tell")


def started(folder, name, kind):
    run = Run(folder, name, "-j", product=build())
    try:
        run.status()
    except AssertionError:
        if run.process.poll() == 77:
            raise tap.Skip(f"this kernel has no such programs: {run.err.strip()}", doctor=f"programs {kind}") from None
        raise
    return run


def test_programs_at_functions_of_the_kernel_attach_by_the_cache():
    folder = cache()
    for found, reads in (("made", True), ("hit", False)):
        run = started(folder, "enters", "fentry")
        tap.equal((run.state(), run.read_all()), (found, reads), "state, and whether all was read")
        group_of(run, "passed", lambda events: {e["which"] for e in events} >= {1, 2, 3})
        run.quietly()


def test_programs_of_security_modules_attach_with_the_cache_though_libbpf_reads_all():
    folder = cache()
    mounted_there = 'mount -t securityfs none /sys/kernel/security 2>/dev/null; cat /sys/kernel/security/lsm'
    if "bpf" not in tap.run("unshare", "-m", "sh", "-c", mounted_there).stdout:
        raise tap.Skip("programs are no security module of this kernel; lsm=...,bpf on its command line makes them one", doctor="programs lsm")
    for _ in range(2):
        run = started(folder, "guards", "lsm")
        group_of(run, "asked", bool)
        run.quietly()


tap.main()
