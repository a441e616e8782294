# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The product as a service: its socket, its status, its configuration."""
import json
import os
import re
import resource
import signal
import socket
import stat
import struct
import time

import tap
from tool import Tool, is_listening, spawn, until


def serve(*words, config=""):
    """A running service with a socket and a configuration of its own."""
    folder = tap.folder()
    path = os.path.join(folder, "emf.conf")
    with open(path, "w") as f:
        f.write(config)
    tool = Tool("serve", "--config", path, *words, env={"EMF_BUS": os.path.join(folder, "bus")})
    tool.config = path
    tool.bus = os.path.join(folder, "bus")
    until(lambda: is_listening(tool.bus) or tool.process.poll() is not None, "the socket")
    return tool


def ask(bus, *words):
    return tap.run(tap.PRODUCT, "status", *words, env=dict(os.environ, EMF_BUS=bus))


def status(tool):
    done = ask(tool.bus, "-j")
    tap.equal(done.returncode, 0, f"status ({done.stderr})")
    return json.loads(done.stdout)


def module(tool, name):
    return next(m for m in status(tool)["modules"] if m["name"] == name)


def running(tool, name):
    until(lambda: module(tool, name)["state"] == "running", f"{name} to run")


def test_what_runs_by_name_runs_where_it_is_named():
    tap.need_root()
    listed = json.loads(tap.run(tap.PRODUCT, "list", "-j").stdout)
    secret = next(m for m in listed if m["name"] == "sslsniff")
    tap.equal((secret["by_name"], next(m for m in listed if m["name"] == "hello")["by_name"]), (True, False), "of which it is told")
    tool = serve()
    running(tool, "hello")
    for m in listed:
        if m["by_name"]:
            tap.equal(module(tool, m["name"])["state"], "idle", f"{m['name']} of a service without names")
    tool.stop()
    tool = serve(config="[product]\nmodules = hello, mallocstacks\n")
    running(tool, "mallocstacks")
    tap.equal(tool.stop(), 0, "exit status of the one that is configured")


def test_an_event_of_a_description_is_a_signal_and_is_counted():
    """Who listens hears each one, and the metric and the ring say how many there were."""
    tap.need_root()
    tool = serve("execsnoop", "hello")
    running(tool, "execsnoop")
    env = dict(os.environ, EMF_BUS=tool.bus)
    listener = tap.start(tap.PRODUCT, "listen", "execsnoop.exec", "-j", env=env)
    until(lambda: tap.run(tap.PRODUCT, "call", "bus", "subscriptions", "-j", env=env).stdout.count("execsnoop"), "the listener to begin")
    pids = [spawn("/bin/true", f"heard {n}")[0] for n in range(5)]
    until(lambda: module(tool, "execsnoop")["rings"][0]["received"] >= 10, "ten records")
    listener.send_signal(signal.SIGINT)
    out, _ = listener.communicate(timeout=tap.PATIENCE)
    heard = [json.loads(line)["args"] for line in out.splitlines()]
    for n, pid in enumerate(pids):
        tap.equal([(e["what"], e["comm"], f"heard {n}" in str(e["args"])) for e in heard if e["pid"] == pid],
                  [("EXEC", "true", True), ("EXIT", "true", False)], f"what was heard of process {pid}")
    metrics = tap.run(tap.PRODUCT, "metrics", env=env).stdout
    counted = int(re.search(r"^emf_execsnoop_exec_total (\d+)$", metrics, re.MULTILINE)[1])
    tap.equal(counted <= module(tool, "execsnoop")["rings"][0]["received"], True, f"{counted} that the metric counted")
    tap.equal(counted >= 10, True, f"{counted} of at least ten that the metric counted")
    tap.contains(tap.run(tap.PRODUCT, "describe", "hello", env=env).stdout,
                 "service hello 0.1 {\n\t/// A program has started.\n\tsignal greeting(pid pid, comm comm) access(admin);\n}")
    tap.equal(tool.stop(), 0, "exit status")


def test_it_prints_nothing_and_tells_its_status_over_the_socket():
    tap.need_root()
    tool = serve("execsnoop")
    running(tool, "execsnoop")
    for n in range(20):
        spawn("/bin/true", str(n))
    until(lambda: module(tool, "execsnoop")["rings"][0]["received"] >= 40, "forty records")

    def adds_up():
        # The counters are read one after the other, and the machine goes on meanwhile.
        ring = module(tool, "execsnoop")["rings"][0]
        return ring["seen"] == ring["sent"] + ring["dropped"]

    until(adds_up, "seen to be sent and dropped together")
    tap.equal(module(tool, "execsnoop")["rings"][0]["dropped"], 0, "dropped")
    tap.equal(module(tool, "runqlat")["state"], "idle", "a module that was not asked for")
    table = ask(tool.bus).stdout
    tap.contains(table, "MODULE")
    tap.equal(bool(re.search(r"^execsnoop +running", table, re.MULTILINE)), True, f"whether it runs ({table})")
    tap.equal(tool.stop(), 0, "exit status")
    tap.equal((tool.out, tool.err), ("", ""), "output")
    tap.equal(os.path.exists(tool.bus), False, "socket left behind")


def test_without_a_service_status_says_how_to_start_one():
    done = ask(os.path.join(tap.folder(), "bus"))
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "serve")


def test_who_waits_for_what_has_failed_is_told_why():
    tap.need_root()
    tool = serve("cgroupconnect", "--cgroup", "/sys/fs/cgroup/none-of-this-name")
    done = tap.run(tap.PRODUCT, "wait", "cgroupconnect", env=dict(os.environ, EMF_BUS=tool.bus))
    tap.equal(done.returncode, 1, f"exit status ({tool.err})")
    tap.contains(done.stderr, "service cgroupconnect: module cgroupconnect, which provides it, has failed: ")
    tool.stop()


def test_a_file_in_the_place_of_the_socket_is_not_removed():
    folder = tap.folder()
    path = os.path.join(folder, "precious")
    with open(path, "w") as f:
        f.write("mine")
    done = tap.run(tap.PRODUCT, "serve", "-d", "1", env=dict(os.environ, EMF_BUS=path))
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, f"{path} is no socket")
    tap.contains(done.stderr, "EMF_BUS")
    tap.equal(os.listdir(folder), ["precious"], "files")
    with open(path) as f:
        tap.equal(f.read(), "mine", "the file")


def test_an_empty_name_of_the_socket_is_none():
    tap.need_root()
    script = 'mount -t tmpfs none /run && EMF_BUS= "$0" serve hello -d 200ms && ls /run/emf'
    done = tap.run("unshare", "--mount", "sh", "-c", script, tap.PRODUCT)
    tap.equal((done.returncode, done.stdout), (0, "emf.sock.lock\n"), f"status and files ({done.stderr})")


def test_a_service_that_does_not_answer_is_told():
    bus = os.path.join(tap.folder(), "bus")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tap.cleanup(listener.close)
    listener.bind(bus)
    listener.listen(0)
    while True:  # until its queue is full
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        tap.cleanup(peer.close)
        if peer.connect_ex(bus):
            break
    done = ask(bus)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "does not answer")


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


LISTENS = "00010000"  # __SO_ACCEPTCON, the flags of a row of /proc/net/unix


def alone(tool):
    """Wait for the ends of all connections: those that were accepted carry the socket's name until they are closed."""
    def connections():
        with open("/proc/net/unix") as f:
            rows = [line.split() for line in f]
        return [row for row in rows if row[-1] == tool.bus and row[3] != LISTENS]

    until(lambda: not connections(), "the ends of all connections")


def test_out_of_file_descriptors_it_hangs_up_and_does_not_spin():
    tap.need_root()
    tool = serve("hello")
    running(tool, "hello")
    pid = tool.process.pid
    alone(tool)  # the descriptor of the question above is free after that
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    last = max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (last + 1, hard))
    holes = last + 1 - len(os.listdir(f"/proc/{pid}/fd"))
    tap.equal(holes, 0, "free file descriptors")
    before = cpu_ticks(pid)
    for _ in range(3):
        done = ask(tool.bus)
        tap.equal(done.returncode, 1, "exit status")
        tap.contains(done.stderr, "hung up")
    time.sleep(0.5)
    spent = (cpu_ticks(pid) - before) / os.sysconf("SC_CLK_TCK")
    tap.equal(spent < 0.3, True, f"it spins: {spent} s in half a second")
    tap.equal(tool.err.count("turned away"), 1, "times it was told")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    tap.equal(module(tool, "hello")["state"], "running", "the module")


def test_another_user_is_told_of_the_system_service_and_that_it_is_not_his():
    tap.need_root()
    if os.path.exists("/run/emf/emf.sock"):
        raise tap.Skip("a service of this machine has the system's socket")
    tool = Tool("serve", "hello")
    until(lambda: is_listening("/run/emf/emf.sock") or tool.process.poll() is not None, "the socket")
    copy = os.path.join(tap.folder(), "emf")
    os.chmod(os.path.dirname(copy), 0o755)
    tap.run("cp", tap.PRODUCT, copy)
    done = tap.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "status", env={})
    tap.equal(done.returncode, 77, f"exit status ({done.stderr})")
    tap.contains(done.stderr, "this user may not connect to /run/emf/emf.sock; run as root")
    tool.stop()


def test_a_second_service_of_the_same_name_is_refused_and_a_stale_socket_is_not():
    tap.need_root()
    tool = serve("hello")
    running(tool, "hello")
    second = tap.run(tap.PRODUCT, "serve", "hello", env=dict(os.environ, EMF_BUS=tool.bus))
    tap.equal(second.returncode, 1, "exit status of the second")
    tap.contains(second.stderr, "already served")
    tap.equal(module(tool, "hello")["state"], "running", "the first")
    tool.process.kill()
    tool.process.wait()
    tap.equal(os.path.exists(tool.bus), True, "a killed service leaves its socket")
    third = Tool("serve", "hello", env={"EMF_BUS": tool.bus})
    third.bus = tool.bus
    until(lambda: ask(tool.bus).returncode == 0, "the third to answer")
    third.stop()


def test_only_its_owner_and_root_may_use_the_socket():
    tap.need_root()
    tool = serve("hello")
    running(tool, "hello")
    tap.equal(stat.S_IMODE(os.stat(tool.bus).st_mode), 0o660, "mode of the socket")
    # Even where the socket's mode lets a stranger in, his credentials do not.
    os.chmod(os.path.dirname(tool.bus), 0o755)
    os.chmod(tool.bus, 0o666)
    copy = os.path.join(os.path.dirname(tool.bus), "emf")
    tap.run("cp", tap.PRODUCT, copy)
    done = tap.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "status",
                   env=dict(os.environ, EMF_BUS=tool.bus))
    tap.equal((done.returncode, done.stdout), (77, ""), "a stranger's status")
    tap.contains(done.stderr, "does not let this user in")


def test_peers_that_connect_and_do_nothing_do_no_harm():
    tap.need_root()
    tool = serve("hello")
    running(tool, "hello")

    alone(tool)

    def files():
        return len(os.listdir(f"/proc/{tool.process.pid}/fd"))

    fds = files()
    peers = []
    for _ in range(200):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.connect(tool.bus)
        peers.append(peer)
    abrupt = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    abrupt.connect(tool.bus)
    abrupt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    abrupt.close()
    tap.equal(module(tool, "hello")["state"], "running", "the module")
    for peer in peers:
        peer.close()
    for _ in range(100):
        ask(tool.bus)
    until(lambda: files() == fds, "all files of peers to be closed")


def test_the_configuration_chooses_modules_and_parameters_and_the_command_line_wins():
    tap.need_root()
    tool = serve("--set", "runqlat.pid=7", config="""
[product]
modules = hello, runqlat
[runqlat]
per-process = yes
pid = 5
""")
    running(tool, "runqlat")
    states = {m["name"]: m["state"] for m in status(tool)["modules"]}
    tap.equal({name for name in states if states[name] == "running"}, {"runqlat", "hello"}, "modules that run")
    tap.equal((states["execsnoop"], states["tcpstates"]), ("idle", "idle"), "others")
    params = module(tool, "runqlat")["params"]
    tap.equal((params["per-process"], params["pid"]), ("true", "7"), "parameters")


def test_a_mistake_in_the_configuration_is_told_with_its_line_and_nothing_starts():
    folder = tap.folder()
    path = os.path.join(folder, "emf.conf")
    with open(path, "w") as f:
        f.write("[runqlat]\npid = many\nper-proces = yes\n[nonsense]\na = b\n")
    done = tap.run(tap.PRODUCT, "run", "hello", "-d", "1", "--config", path)
    tap.equal(done.returncode, 2, "exit status")
    for part in (f"{path}:2: runqlat.pid", f"{path}:3: module runqlat has no parameter", "per-process",
                 f"{path}:5: this product has no module"):
        tap.contains(done.stderr, part)


def test_a_hangup_reads_the_configuration_again_and_a_mistake_changes_nothing():
    tap.need_root()
    tool = serve("runqlat", config="[runqlat]\npid = 5\n")
    running(tool, "runqlat")
    with open(tool.config, "w") as f:
        f.write("[product]\nlog = debug\n[runqlat]\npid = nonsense\n")
    tool.process.send_signal(signal.SIGHUP)
    until(lambda: "nothing was changed" in tool.err, "the mistake to be told")
    tap.contains(tool.err, f"{tool.config}:4")
    with open(tool.config, "w") as f:
        f.write("[runqlat]\npid = 6\ninterval = 90s\n")
    tool.process.send_signal(signal.SIGHUP)
    until(lambda: "configuration read again" in tool.err, "the new configuration")
    tap.contains(tool.err, "pid takes effect after a restart")
    params = module(tool, "runqlat")["params"]
    tap.equal((params["pid"], params["interval"]), ("5", "90s"), "the running values")


def test_a_private_run_opens_a_socket_only_when_asked():
    tap.need_root()
    bus = os.path.join(tap.folder(), "bus")
    for words, wanted in (((), 1), (("--bus",), 0)):
        tool = Tool("hello", *words, env={"EMF_BUS": bus}).ready()
        tap.equal(ask(bus).returncode, wanted, f"exit status of status with {words}")
        tool.stop()


def test_messages_to_a_journal_carry_their_priority():
    folder = tap.folder()
    path = os.path.join(folder, "journal")
    with open(path, "w") as f:
        st = os.fstat(f.fileno())
        tap.run(tap.PRODUCT, "exesnoop", stderr=f,
                env=dict(os.environ, JOURNAL_STREAM=f"{st.st_dev}:{st.st_ino}"))
    with open(path) as f:
        text = f.read()
    tap.equal(text[:8], "<3>emf: ", "begin of the message")


tap.main()
