# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Kernel parts as others write them, each a module without a line more: they build, and what they
print is what happened.

Without these, a tool could print a member from where another one stands, or be refused though
everything about it can be known. The kernel parts are in tests/corpus.
"""
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from netns import Pair  # noqa: E402
from tool import LINUX, Tool, cgroup, spawn, until  # noqa: E402

WHOLE = tap.PRODUCT  # until build() has made its own
CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "corpus")
TRACED = ["unshare", "-m", "--propagation", "slave", "sh", "-c",
          'test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh"]


@scratch.once
def built(parent):
    """A product of the whole corpus, whose warnings are errors, built once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    os.mkdir(os.path.join(src, "modules"))
    for path in glob.glob(os.path.join(CORPUS, "*.bpf.c")):
        shutil.copy(path, os.path.join(src, "modules"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.said = made.make()
    return made


def build():
    made = built()
    tap.PRODUCT = made.product()
    return made


def since(release, what):
    if LINUX < release:
        raise tap.Skip(what, doctor="before " + ".".join(map(str, release)))


def started(*words, within=TRACED):
    tap.need_root()
    build()
    return Tool(*words, within=within).ready()


def events(tool):
    """What was printed so far, as JSON."""
    return [json.loads(line) for line in tool.out.rpartition("\n")[0].splitlines()]


def one(tool, **members):
    """The first event with these members."""
    def found():
        return next((e["args"] for e in events(tool) if all(e["args"].get(k) == v for k, v in members.items())), None)

    args = until(found, f"an event with {members}: {tool.err}")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    return args


def text_of(name):
    with open(os.path.join(CORPUS, name + ".bpf.c")) as f:
        return f.read()


def test_all_of_them_build_and_only_two_have_lines_of_their_own():
    names = {os.path.basename(path)[: -len(".bpf.c")] for path in glob.glob(os.path.join(CORPUS, "*.bpf.c"))}
    tap.equal(set(build().modules()), names, "modules of the product")
    tap.equal(re.findall(r"/(\w+\.bpf\.c):.* warning: (.*?):", build().said), [], "warnings of the build")
    said = set()
    for name in names:
        if "EMF_EVENT(" in text_of(name):
            said.add(name)
    tap.equal(said, {"phases", "held"}, "those that say what they send")
    tap.equal((len(names), len([n for n in names if "EMF_" not in text_of(n)]) >= 24), (32, True), "all of them, and whether most have no line of EMF")


def test_what_an_option_starts_with_and_what_it_can_be_are_those_of_the_global():
    wanted = {
        "execs": {"--ppid NUMBER": "", "--root-only[=yes|no]": ""},
        "kills": {"--target-signal NUMBER": "", "--failed-only[=yes|no]": ""},
        "opens": {"--uid NUMBER": "(default 4294967295)"},  # --pid is one that all tools have
        "packets": {"--port NUMBER": "", "--iface INTERFACE": "where its programs are attached"},
        "connects": {},
        "shapes": {"--word TEXT": "(default ab)", "--scale NUMBER": "(default -2)", "--nameless NUMBER": "(default 7)",
                   "--colour NAME": "what is painted (one of: RED, BLUE, NO_COLOUR, default BLUE)"},
        "waits": {"--ms[=yes|no]": "", "--unit NAME": "(one of: MICRO, MILLI, default MICRO)", "--since NUMBER": "",
                  "--interval TIME": "print and start anew this often; 0 for once, at the end (0 to 24h)"},
        "pids": {},
        "lived": {"--min-lived-ns NUMBER": ""},
        "bursts": {"--window-ns NUMBER": "(default 200000000)", "--iface INTERFACE": "where its programs are attached"},
        "networks": {"--bits NUMBER": "(default 24)"},
        "places": {},
    }
    build()
    for name, options in wanted.items():
        text = tap.run(tap.PRODUCT, name, "--help").stdout.split("\nOptions:\n")[0]
        found = dict(re.findall(r"^  (?:-.,|   ) (--\S+(?: [A-Z]+)?) *(.*)$", text, re.MULTILINE))
        if name == "opens":
            found = {k.replace("USER", "NUMBER"): v for k, v in found.items()}
        tap.equal(found, options, f"options of {name}")


def test_a_string_and_numbers_come_from_a_tracepoint():
    tool = started("execs", "-j", "--root-only")
    pid, _ = spawn("/bin/true")
    tap.equal(one(tool, pid=pid), {"pid": pid, "ppid": os.getpid(), "comm": "true", "filename": "/bin/true", "is_root": True}, "the event")


def test_an_option_is_what_the_kernel_part_reads():
    tool = started("execs", "-j", "--ppid", os.getpid())
    spawn("/bin/sh", "-c", "/bin/true; /bin/true")
    pid, _ = spawn("/bin/true")
    one(tool, pid=pid)
    tap.equal({e["args"]["ppid"] for e in events(tool)}, {os.getpid()}, "parents")


def test_records_of_a_perf_buffer_arrive_and_are_counted():
    tool = started("exits", "-j", "--bus", within=())
    pid, status = spawn("/bin/sh", "-c", "exit 3")
    got = one(tool, pid=pid)
    tap.equal((got["exit_code"], got["comm"], status), (3, "sh", 3), "the event")
    tap.equal(got["age_ns"] > 0, True, "its age")


def on_one_processor():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def test_what_a_perf_buffer_lost_is_told():
    """One that does not read: stopped, until its buffer is full."""
    tool = started("exits", "-j", within=())
    tool.process.send_signal(signal.SIGSTOP)
    tap.cleanup(tool.process.send_signal, signal.SIGCONT)
    # Each record takes 56 bytes of the 256 KiB that a processor has.
    spawn(sys.executable, "-c", "import os\nfor i in range(9000):\n    pid = os.fork()\n    if not pid: os._exit(0)\n    os.waitpid(pid, 0)",
          preexec_fn=on_one_processor)
    tool.process.send_signal(signal.SIGCONT)
    # The kernel says how many were lost in front of the next one that has room, of the same processor.
    later = set()
    until(lambda: later.add(spawn("/bin/true", preexec_fn=on_one_processor)[0]) or any(e["args"]["pid"] in later for e in events(tool)),
          "the record behind those that were lost")
    tap.equal(tool.stop(), 0, "exit status")
    found = re.search(r"exits: warning: (\d+) of (\d+) records were lost, because the ring 'events' was full", tool.err)
    if not found:
        raise AssertionError(f"no loss is told: {tool.err}")
    tap.equal(int(found.group(2)) - int(found.group(1)), len(events(tool)), "seen but for lost, which is printed")


def test_a_signal_and_an_error_have_their_numbers_or_names():
    tool = started("kills", "-j", "--failed-only")
    os.kill(os.getpid(), 0)
    try:
        os.kill(2 ** 22 + 1, signal.SIGUSR1)  # one more than there can be
    except ProcessLookupError:
        pass
    got = one(tool, pid=os.getpid())
    tap.equal((got["tpid"], got["sig"], got["ret"]), (2 ** 22 + 1, "SIGUSR1", -3), "the event")
    tap.equal(len([e for e in events(tool) if e["args"]["pid"] == os.getpid()]), 1, "events of calls that failed")


def test_a_record_that_is_cut_has_its_text_and_no_more():
    tool = started("args", "-j")
    words = ["x" * 900, "y"]
    pids = [spawn("/bin/true", word)[0] for word in words]
    for pid, word in zip(pids, words):
        got = until(lambda p=pid: next((e["args"] for e in events(tool) if e["args"]["pid"] == p), None), "the record")
        tap.equal((got["args_size"], got["args"]), (len(word) + 1, word), "the text")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_a_uprobe_and_its_return_are_told_by_name():
    tool = started("groups", "-j", within=())
    ctypes.CDLL(None).getpgid(os.getpid())
    one(tool, pid=os.getpid(), phase="PHASE_RETURN")
    mine = [e["args"] for e in events(tool) if e["args"]["pid"] == os.getpid()]
    tap.equal([(e["phase"], e["value"]) for e in mine], [("PHASE_CALL", os.getpid()), ("PHASE_RETURN", os.getpgid(0))], "call and return")


def test_a_type_that_only_an_unused_pointer_names_is_decoded():
    tool = started("names", "-j")
    code = "import os\nprint(os.getpid(), open('/proc/self/comm').read())\nopen('/proc/self/comm', 'w').write('a name')"
    pid, old = tap.run(sys.executable, "-c", code).stdout.split()
    tap.equal(one(tool, pid=int(pid), newcomm="a name")["oldcomm"], old, "the old name")


def test_a_number_alone_is_an_event():
    tool = started("pids", "-j", within=())
    pid, _ = spawn("/bin/true")
    tap.equal(one(tool, pids=pid), {"pids": pid}, "the event")


def test_two_types_in_one_ring_are_told_apart():
    tool = started("phases", within=())
    pid, _ = spawn("/bin/true")
    exec_line = f"exec_event type=EVENT_EXEC pid={pid} comm=true"
    fork_line = f"fork_event type=EVENT_FORK parent={os.getpid()} child={pid}"
    until(lambda: exec_line in tool.out.splitlines() and fork_line in tool.out.splitlines(), f"both lines: {tool.err}")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_every_shape_of_a_member_is_printed_by_what_it_is():
    tool = started("shapes", "-j", "--word", "cd", "--colour", "RED", "--scale", "-3", within=())
    pid, _ = spawn("/bin/true")
    wanted = {
        "delta_ns": 1500000, "pid": pid, "colour": "RED", "missing": "7", "low": 5, "high": 1 << 28, "negative": -16, "yes": True,
        "point": {"x": -3, "y": 2}, "inner": 3, "innermost": 4, "number_or_bytes": "01020304", "either": "0506", "large": str(1 << 64),
        "negative_large": "-7", "saddr": "127.0.0.1", "saddr_v6": "::1", "nodes": [0, 0, 8], "corners": [{"x": 0, "y": 0}, {"x": 0, "y": 9}],
        "words": ["c", "d"], "address": "0xffffffff81000000", "err": "ENOENT", "sig": "SIGTERM", "ifindex": "lo", "marked": "10.0.0.1",
        "n": 3, "tail": [10, 11, 12]}
    tap.equal(one(tool, pid=pid), wanted, "the event")


def test_a_table_has_the_same_in_columns():
    tool = started("shapes", within=())
    pid, _ = spawn("/bin/true")
    line = until(lambda: next((l for l in tool.out.splitlines() if f" {pid} " in l), None), "the row")
    heading = tool.out.splitlines()[0].split()
    tap.equal(heading[:6], ["DELTA_NS", "PID", "COLOUR", "MISSING", "LOW", "HIGH"], "heading")
    tap.equal(line.split()[:6], ["1500us", str(pid), "BLUE", "7", "5", str(1 << 28)], "row")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_file_that_is_opened_is_named_though_its_map_is_a_pointer_there():
    path = os.path.join(tap.folder(), "a file")
    tool = started("opens", "-j", "--pid", os.getpid())
    with open(path, "w"):
        pass
    got = one(tool, fname=path)
    tap.equal((got["pid"], got["uid"], got["flags"] & (os.O_CREAT | os.O_WRONLY)), (os.getpid(), os.getuid(), os.O_CREAT | os.O_WRONLY), "the event")


def test_packets_are_told_with_addresses_and_the_interface():
    pair = Pair()
    tool = started("packets", "-j", "--iface", "va", "--port", "7", within=pair.within(pair.a))
    tap.equal((pair.send(3, 9), pair.send(3, 7)), (3, 3), "packets that arrive")
    got = one(tool, port=7)
    tap.equal({k: got[k] for k in ("saddr", "daddr", "ifindex", "ttl")}, {"saddr": "10.9.0.2", "daddr": "10.9.0.1", "ifindex": "va", "ttl": 64},
              "the event")
    link = json.loads(tap.run("ip", "-j", "-n", pair.b, "link", "show", "vb").stdout)[0]
    tap.equal((got["source_mac"], "pad" in got), (link["address"], False), f"source ({got})")
    tap.equal({e["args"]["port"] for e in events(tool)}, {7}, "ports")


def test_a_classic_tracepoint_sends_through_a_perf_buffer():
    tool = started("forks", "-j", "--target-pid", str(os.getpid()))
    pid, _ = spawn("/bin/true")
    got = one(tool, child_pid=pid)
    tap.equal(got["parent_pid"], os.getpid(), f"the parent ({got})")


def test_a_socket_that_listens_is_told():
    tool = started("listens", "-j", within=())
    server = socket.create_server(("127.0.0.1", 0), backlog=7)
    tap.cleanup(server.close)
    got = one(tool, lport=server.getsockname()[1])
    tap.equal((got["pid"], got["family"], got["saddr"], got["backlog"]), (os.getpid(), 2, "127.0.0.1", 7), "the event")


def test_a_system_call_is_told_with_its_arguments_and_its_result():
    tool = started("unlinks", "-j", "--failed")
    path = os.path.join(tap.folder(), "a file that is not there")
    pid, _ = spawn(sys.executable, "-c", f"import os; fd = os.open('/', os.O_RDONLY); os.unlink({path!r}, dir_fd=fd)")
    got = one(tool, path=path)
    tap.equal((got["tgid"], got["uid"], got["err"], got["is_dir"], "pad" in got), (pid, 0, "ENOENT", 0, False), f"the event ({got})")


def test_an_enum_of_the_kernel_is_told_by_its_name():
    since((5, 17), "a packet is dropped without a reason")
    tool = started("drops", "-j", "--min-len", "777", within=())
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tap.cleanup(sender.close)
    free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    free.bind(("127.0.0.1", 0))
    place = free.getsockname()
    free.close()
    sender.sendto(bytes(900), place)
    got = one(tool, reason="SKB_DROP_REASON_NO_SOCKET")
    tap.equal((got["len"] >= 900, got["location"][:2], "unused" in got), (True, "0x", False), f"the event ({got})")


def numbers(*words, product=None, within=()):
    """What 'numbered' sends with these options: a name, and the number that its kernel part has for it."""
    tap.need_root()
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise tap.Skip("this kernel does not show its types")
    build()
    tool = Tool(*words, "-j", product=product, within=within).ready()
    until(lambda: spawn("true") and events(tool), "an event")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    return {(e["args"]["kind"], e["args"]["number"]) for e in events(tool)}


def test_an_enum_of_another_kernel_has_the_numbers_of_the_one_that_runs():
    tap.equal(numbers("numbered"), {("PIDTYPE_SID", 3)}, "the default")
    tap.equal(numbers("numbered", "--kind", "PIDTYPE_TGID"), {("PIDTYPE_TGID", 1)}, "what is asked for")
    tap.equal(numbers("numbered", "--filter", "kind == PIDTYPE_SID"), {("PIDTYPE_SID", 3)}, "what a filter lets pass")
    gone = tap.run(tap.PRODUCT, "run", "numbered", "--kind", "PIDTYPE_GONE")
    tap.equal(gone.returncode, 2, f"exit status ({gone.stderr})")
    tap.contains(gone.stderr, "one of: PIDTYPE_SID, PIDTYPE_PGID, PIDTYPE_TGID, PIDTYPE_PID\n")


def test_a_default_that_this_kernel_lacks_is_0_and_is_told():
    tool = started("numbered", "-j")
    until(lambda: spawn("true") and events(tool), "an event")
    tap.equal({e["args"]["gone"] for e in events(tool)}, {0}, "what the kernel part has")
    tap.contains(tool.err, "the default of --gone is 0 here")


def test_a_package_has_the_numbers_of_where_its_module_was_compiled():
    build()
    package = os.path.join(tap.folder(), "numbered.emfpkg")
    done = tap.run(tap.PRODUCT, "pack", "numbered", "-o", package)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    hidden = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"]
    words = {"product": WHOLE}  # which has no module of that name
    tap.equal(numbers("run", package, "--allow-unsigned", **words), {("PIDTYPE_SID", 3)}, "the default")
    tap.equal(numbers("run", package, "--allow-unsigned", "--kind", "PIDTYPE_TGID", **words), {("PIDTYPE_TGID", 1)}, "what is asked for")
    as_json = os.path.join(os.path.dirname(package), "numbered.json")
    done = tap.run(tap.PRODUCT, "pack", "numbered", "--format", "eunomia", "-o", as_json)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    tap.equal(numbers("run", as_json, "--allow-unsigned", **words), {("100", 100)}, "the default, which is a number there")
    tap.equal(numbers("run", as_json, "--allow-unsigned", "--kind", "3", **words), {("PIDTYPE_SID", 3)}, "a number of this kernel")
    tap.equal(numbers("run", package, "--allow-unsigned", within=hidden, **words), {("PIDTYPE_SID", 100)}, "where the kernel does not show its types")


def test_a_function_of_a_library_is_told_when_it_returns():
    tool = started("getenvs", "-j")
    code = "import ctypes; f = ctypes.CDLL('libc.so.6').getenv; f.restype = ctypes.c_char_p; f(b'EMF_THERE'); f(b'EMF_NOT_THERE')"
    pid, _ = spawn(sys.executable, "-S", "-c", code, env={**os.environ, "EMF_THERE": "1"})
    until(lambda: len([e for e in events(tool) if e["args"]["pid"] == pid and e["args"]["name"].startswith("EMF_")]) == 2, "both calls")
    tap.equal([(e["args"]["name"], e["args"]["found"]) for e in events(tool) if e["args"]["pid"] == pid and e["args"]["name"].startswith("EMF_")],
              [("EMF_THERE", True), ("EMF_NOT_THERE", False)], "the calls")
    tool.stop()


def test_sockets_of_a_cgroup_are_told():
    group = cgroup()
    tool = started("sockets", "-j", "--cgroup", group, "--only-type", "2", within=())
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM); socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)"
    tap.run("sh", "-c", 'echo $$ > "$1"/cgroup.procs && exec "$2" -c "$3"', "sh", group, sys.executable, code)
    got = one(tool, type=2)
    tap.equal((got["family"], len(events(tool))), (10, 1), f"the socket ({got})")


def in_container(group):
    """A group as docker makes one, with a process in it that makes a system call each time it reads a line."""
    path = os.path.join(group, f"docker-{ID}.scope")
    os.mkdir(path)
    tap.cleanup(os.rmdir, path)
    code = "import os, sys\nprint('ready', flush=True)\nfor line in sys.stdin: os.getpgid(0); print('done', flush=True)"
    process = tap.start("sh", "-c", 'echo $$ > "$1"/cgroup.procs && exec "$2" -c "$3"', "sh", path, sys.executable, code,
                        stdin=subprocess.PIPE)
    tap.equal(process.stdout.readline(), "ready\n", "what the process says")
    return path, process


ID = "0123456789abcdef" * 4


def test_where_a_process_runs_and_what_it_calls_have_names():
    group = cgroup("places")
    path, process = in_container(group)
    shown = "cgroup_id,container,call,uid,disk,capability,state,from,proto"
    tools = [started("places", "-p", process.pid, "--filter", "call == getpgid && container == " + ID, *words, within=())
             for words in (("-j",), ("--columns", shown), ("--csv", "--columns", shown))]
    process.stdin.write("\n")
    process.stdin.flush()
    tap.equal(process.stdout.readline(), "done\n", "what the process says")
    got = one(tools[0], call="getpgid")
    device = os.stat(os.path.realpath(sys.executable)).st_dev
    below = f"/emf-places-{os.getpid()}/docker-{ID}.scope"
    wanted = {"container": ID, "call": "getpgid", "pid": process.pid, "uid": 0, "capability": "CAP_NET_ADMIN", "state": "LISTEN",
              "from": "10.0.0.1", "proto": "tcp"}
    tap.equal({name: got[name] for name in wanted}, wanted, "the event")
    tap.equal(got["cgroup_id"].endswith(below), True, f"the cgroup ({got})")
    if os.major(device):  # what is stacked has a number of its own in each place that tells it
        tap.equal(got["disk"], f"{os.major(device)}:{os.minor(device)}", "the device")
    rest = ["getpgid", "root", got["disk"], "CAP_NET_ADMIN", "LISTEN", "10.0.0.1", "tcp"]
    row = until(lambda: tools[1].out.splitlines()[1:], "the row")[0].split()
    tap.equal(row, [got["cgroup_id"], ID[:12], *rest], "the row")
    row = until(lambda: tools[2].out.splitlines()[1:], "the row of CSV")[0].replace('"', "").split(",")
    tap.equal(row, [got["cgroup_id"], ID, *rest[:1], "0", *rest[2:]], "the row of CSV")


def test_a_cgroup_is_watched_when_an_option_names_it():
    group = cgroup()
    tool = started("connects", "-j", "--cgroup", group, within=())
    server = socket.create_server(("127.0.0.1", 0))
    tap.cleanup(server.close)
    port = server.getsockname()[1]
    code = "import os, socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print(os.getpid())"
    joined = tap.run("sh", "-c", 'echo $$ > "$1"/cgroup.procs && exec "$2" -c "$3" "$4"', "sh", group, sys.executable, code, port)
    got = one(tool, pid=int(joined.stdout))
    tap.equal((got["to"], got["dport"], got["family"]), ("127.0.0.1", port, 2), "the event")
    tap.equal(got["cgroup_id"].lstrip("/") in (str(os.stat(group).st_ino), os.path.basename(group)), True, f"the cgroup ({got})")


def in_group(group, code, *args):
    """What a Python program prints that is in a group."""
    done = tap.run("sh", "-c", 'echo $$ > "$1"/cgroup.procs && shift && exec "$@"', "sh", group, sys.executable, "-c", code, *args)
    tap.equal((done.returncode, done.stderr), (0, ""), "the program in the group")
    return done.stdout


def test_what_is_kept_with_a_task_is_told_when_it_ends():
    since((5, 11), "programs that trace keep nothing with a task")
    tool = started("lived", "-j", "--min-lived-ns", "200000000", within=())
    short, _ = spawn("/bin/sh", "-c", "exec sleep 0.01")
    long, _ = spawn("/bin/sh", "-c", "exec sleep 0.3")
    got = one(tool, pid=long)
    tap.equal((got["execs"], got["comm"], 300_000_000 <= got["lived_ns"] < 60_000_000_000), (2, "sleep", True), f"the event ({got})")
    tap.equal([e for e in events(tool) if e["args"]["pid"] == short], [], "events of one that lived shorter")


def test_sockets_of_a_cgroup_count_their_round_trips_by_port():
    group = cgroup()
    tool = started("rtts", "-j", "--cgroup", group, within=())
    server = socket.create_server(("127.0.0.1", 0))
    tap.cleanup(server.close)
    port = server.getsockname()[1]
    in_group(group, "import socket, sys\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nfor i in range(20): s.send(b'x')", port)
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    (line,) = (json.loads(text) for text in tool.out.splitlines())
    tap.equal((line["histogram"], list(line["key"].values())), ("ports", [port]), "the histogram and its key")
    tap.equal(sum(b["count"] for b in line["buckets"]) >= 2, True, f"round trips of 20 segments ({line['buckets']})")


def test_a_trie_that_fills_itself_tells_each_network_once():
    group = cgroup()
    tool = started("networks", "-j", "--cgroup", group, within=())
    code = """import socket
to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
to.bind(("127.0.0.1", 0))
for source in ("127.7.1.1", "127.7.1.2", "127.7.2.1", "127.7.1.1"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.sendto(b"x" * 100, to.getsockname())
    to.recv(200)"""
    in_group(group, code)
    got = one(tool, from_addr="127.7.2.1")
    tap.equal(got, {"network": {"prefix_len": 24, "net": "127.7.2.0"}, "from_addr": "127.7.2.1", "len": 128, "proto": 17}, "the event")
    tap.equal([e["args"]["from_addr"] for e in events(tool)], ["127.7.1.1", "127.7.2.1"], "first packets")


def test_a_bloom_filter_lets_a_name_through_once():
    since((5, 16), "there is no Bloom filter")
    tool = started("firsts", "-j")
    name = f"first-{os.getpid() % 100000}"
    path = os.path.join(tap.folder(), name)
    os.symlink("/bin/true", path)
    pids = [spawn(path)[0] for _ in range(3)]
    other = path + "-b"
    os.symlink("/bin/true", other)
    last, _ = spawn(other)
    got = one(tool, pid=last)
    tap.equal((got["name"], got["uid"]), ({"comm": name + "-b"}, 0), "the event of another name")
    tap.equal([e["args"]["pid"] for e in events(tool) if e["args"]["name"]["comm"] == name], pids[:1], "events of the name")


def test_a_queue_and_a_stack_have_who_came_before():
    since((5, 12), "an atomic instruction does not say what was there")
    tool = started("turns", "-j", "--ppid", os.getpid(), within=())
    pids = [spawn("/bin/true")[0] for _ in range(5)]
    one(tool, pid=pids[4])
    wanted = [{"pid": p, "last_pid": pids[i - 1] if i else 0, "oldest_pid": pids[i - 3] if i >= 3 else 0} for i, p in enumerate(pids)]
    tap.equal([e["args"] for e in events(tool)], wanted, "the events")


def test_a_timer_tells_of_the_packets_of_its_time():
    since((5, 15), "there are no timers")
    pair = Pair()
    tool = started("bursts", "-j", "--iface", "va", within=pair.within(pair.a))
    tap.equal(pair.send(30, 9), 30, "packets that arrive")
    until(lambda: sum(e["args"]["packets"] for e in events(tool)) == 30, "all packets in bursts")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    found = [e["args"] for e in events(tool)]
    tap.equal((sum(e["bytes"] for e in found), {e["ifindex"] for e in found}), (30 * 106, {"va"}), "bytes and interface")
    tap.equal(all(200_000_000 <= e["took_ns"] < 60_000_000_000 for e in found), True, f"how long each was ({found})")


def test_two_types_in_a_perf_buffer_are_told_apart_and_a_socket_keeps_its_time():
    group = cgroup()
    tool = started("held", "-j", "--cgroup", group, within=())
    in_group(group, "import socket, time; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); time.sleep(0.1); s.close()")

    def found():
        return {e["event"]: e["args"] for e in events(tool)}

    until(lambda: len(found()) == 2, f"both events: {tool.err}")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    made, gone = found()["made_event"], found()["gone_event"]
    tap.equal((made["kind"], made["family"], made["type"]), ("SOCKET_MADE", 10, 2), f"the first one ({made})")
    tap.equal((gone["kind"], gone["cookie"], 100_000_000 <= gone["held_ns"] < 60_000_000_000), ("SOCKET_GONE", made["cookie"], True), f"the second one ({gone})")


def test_a_program_without_its_place_says_which_option_names_it():
    tap.need_root()
    build()
    done = tap.run(tap.PRODUCT, "packets", "-d", "1")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "program 'on_packet' cannot be attached: it is not said where (give --iface)")


def test_globals_of_types_that_user_space_does_not_know_are_no_obstacle():
    tool = started("waits", "--unit", "MILLI", within=())
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.contains(tool.out, "\nindex = 1\n")


def listening(bus, pattern):
    """Who hears signals, once it is subscribed."""
    def seen():
        done = tap.run(tap.PRODUCT, "call", "-j", "bus", "subscriptions", env=dict(os.environ, EMF_BUS=bus))
        return done.returncode == 0 and pattern.partition(".")[0] in done.stdout

    listener = Tool("listen", "-j", pattern, env={"EMF_BUS": bus})
    until(lambda: seen() or listener.process.poll() is not None, f"the subscription: {listener.err}")
    return listener


def test_each_type_of_event_is_a_signal_and_a_metric_of_a_service():
    bus = os.path.join(tap.folder(), "bus.sock")
    tap.need_root()
    build()
    tool = Tool("serve", "phases", env={"EMF_BUS": bus}, within=TRACED).ready()
    env = dict(os.environ, EMF_BUS=bus)
    described = tap.run(tap.PRODUCT, "describe", "phases", env=env).stdout
    for line in ("enum event_type : u32 {", "service phases 1.0 {", "\tsignal fork_event(event_type type, pid parent, pid child) access(admin);"):
        tap.contains(described, line + ("" if line.endswith("{") else "\n"), "the service as a description")
    listener = listening(bus, "phases.*")
    pid, _ = spawn("/bin/true")
    heard = until(lambda: [s for s in map(json.loads, listener.out.splitlines()) if s["args"].get("pid", s["args"].get("child")) == pid][1:],
                  f"both signals: {listener.out} {listener.err}")
    tap.equal((heard[0]["args"]["type"], heard[0]["args"]["comm"]), ("EVENT_EXEC", "true"), "what it executed, behind what it was forked by")
    counts = dict(re.findall(r"^emf_phases_(\w+)_total (\d+)$", tap.run(tap.PRODUCT, "metrics", env=env).stdout, re.MULTILINE))
    tap.equal((set(counts), all(int(n) >= 1 for n in counts.values())), ({"fork_event", "exec_event"}, True), f"counters {counts}")
    row = next(line.split() for line in tap.run(tap.PRODUCT, "status", env=env).stdout.splitlines() if line.startswith("phases "))
    tap.equal((row[1], int(row[5]) >= 2, row[5] == row[6], row[7]), ("running", True, True, "-"), f"seen, sent, and dropped, which nobody counts: {row}")
    listener.stop()
    tap.equal((tool.stop(), tool.out), (0, ""), "exit status and output of the service")


def hear_mixes(tool, bus):
    """One signal of mixes, as it is heard of a service that has begun."""
    listener = listening(bus, "mixes.*")
    pid, _ = spawn("/bin/true")
    heard = until(lambda: [s["args"] for s in map(json.loads, listener.out.splitlines()) if s["args"]["pid"] == pid], f"the signal: {listener.err}")
    order = sys.byteorder
    tap.equal(heard[0], {
        "pid": pid, "low_and_high": list((5 | 0x123 << 4).to_bytes(4, order)), "which": "MIX_SOME", "either": [0, 0, 0, 9],
        "large": list((258).to_bytes(16, order)), "seen": {"kind": 1, "at": list((2).to_bytes(4, order))}, "slots": [0, 0, 7]}, "the signal")
    listener.stop()
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_what_a_description_has_no_type_for_is_heard_as_bytes():
    bus = os.path.join(tap.folder(), "bus.sock")
    tap.need_root()
    build()
    hear_mixes(Tool("serve", "mixes", env={"EMF_BUS": bus}, within=TRACED).ready(), bus)


def test_packed_it_is_heard_in_another_product():
    bus, package = (os.path.join(tap.folder(), name) for name in ("bus.sock", "mixes.emfpkg"))
    tap.need_root()
    build()
    done = tap.run(tap.PRODUCT, "pack", "mixes", "-o", package)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of pack")
    tool = Tool("serve", "mixes", "--extension", package, "--allow-unsigned", product=WHOLE, env={"EMF_BUS": bus}, within=TRACED).ready()
    hear_mixes(tool, bus)


def test_an_array_without_a_length_is_heard_as_long_as_it_was_sent():
    bus = os.path.join(tap.folder(), "bus.sock")
    tap.need_root()
    build()
    tool = Tool("serve", "shapes", "--set", "shapes.nameless=1", env={"EMF_BUS": bus}, within=TRACED).ready()
    listener = listening(bus, "shapes.event")
    pid, _ = spawn("/bin/true")
    heard = until(lambda: [s["args"] for s in map(json.loads, listener.out.splitlines()) if s["args"]["pid"] == pid], f"the signal: {listener.err}")
    tap.equal({k: heard[0][k] for k in ("missing", "words", "large", "n", "tail")},
              {"missing": "RED", "words": ["a", "b"], "large": list((1 << 64).to_bytes(16, sys.byteorder)), "n": 3, "tail": [10, 11, 12]}, "the signal")
    listener.stop()
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_every_shape_of_a_member_is_the_same_out_of_a_file():
    """Bit-fields, unions, 128 bits, an array without a length."""
    path = os.path.join(tap.folder(), "shapes.events")
    tool = started("shapes", "-j", within=())
    writer = started("shapes", "--capture", path, within=())
    pid, _ = spawn("/bin/true")
    until(lambda: any(e["args"]["pid"] == pid for e in events(tool)), f"the event: {tool.err}")
    tap.equal((tool.stop(), writer.stop()), (0, 0), f"exit status ({writer.err})")
    printed = [e["args"] for e in events(tool) if e["args"]["pid"] == pid]
    done = tap.run(tap.PRODUCT, "read", path, "-j", "--filter", f"pid == {pid} && low == 5 && negative == -16")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of read")
    tap.equal([json.loads(line)["args"] for line in done.stdout.splitlines()], printed, "events of the file")


tap.main()
