# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A service under a manager that speaks the protocols of sd_notify(3) and sd_listen_fds(3); this test is the manager."""
import json
import os
import signal
import socket
import time

import tap
from tool import Tool, until

HELLO = ("serve", "hello")


class Manager:
    """The socket that a service tells its state."""

    def __init__(self, name=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        tap.cleanup(self.socket.close)
        self.name = name or os.path.join(tap.folder(), "notify")
        self.socket.bind("\0" + self.name[1:] if self.name[0] == "@" else self.name)
        self.socket.settimeout(tap.PATIENCE)

    def told(self):
        """The next message, by its lines."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def told_but(self, *names):
        """The next one that does not only say these."""
        while True:
            said = self.told()
            if set(said) - set(names):
                return said


def serve(manager, *words, **env):
    bus = os.path.join(tap.folder(), "bus")
    tool = Tool(*(words or HELLO), env=dict(env, EMF_BUS=bus, NOTIFY_SOCKET=manager.name))
    tool.bus = bus
    return tool


def status(bus):
    return json.loads(tap.run(tap.PRODUCT, "status", "-j", env=dict(os.environ, EMF_BUS=bus)).stdout)


def test_a_manager_is_told_when_the_modules_run_and_when_it_ends():
    tap.need_root()
    manager = Manager()
    tool = serve(manager)
    tap.equal(manager.told(), {"READY": "1", "STATUS": "1 module runs"}, "what is told first")
    tap.equal([(m["name"], m["state"]) for m in status(tool.bus)["modules"] if m["name"] == "hello"], [("hello", "running")], "the module then")
    tap.equal(tool.stop(), 0, "exit status")
    tap.equal(manager.told(), {"STOPPING": "1"}, "what is told last")


def test_a_name_without_a_file_is_one_too():
    tap.need_root()
    manager = Manager(f"@emf-test-{os.getpid()}")
    tool = serve(manager)
    tap.equal(manager.told()["READY"], "1", "what is told")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_a_manager_is_told_that_the_configuration_is_read_again():
    tap.need_root()
    manager = Manager()
    tool = serve(manager)
    manager.told()
    os.kill(tool.process.pid, signal.SIGHUP)
    said = manager.told()
    tap.equal((said["RELOADING"], int(said["MONOTONIC_USEC"]) > 0), ("1", True), f"what is told first ({said})")
    tap.equal(manager.told()["READY"], "1", "what is told then")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_watchdog_is_fed_while_the_loop_turns_and_not_while_it_does_not():
    tap.need_root()
    manager = Manager()
    tool = serve(manager, WATCHDOG_USEC="200000")
    tap.equal(manager.told()["READY"], "1", "what is told first")
    for _ in range(3):
        tap.equal(manager.told(), {"WATCHDOG": "1"}, "what is told then")
    os.kill(tool.process.pid, signal.SIGSTOP)
    until(lambda: open(f"/proc/{tool.process.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "T", "it to stand still")
    manager.socket.setblocking(False)
    try:
        while True:
            manager.told()  # from before
    except BlockingIOError:
        pass
    manager.socket.settimeout(0.6)
    try:
        tap.equal(manager.told(), None, "what one that stands still tells")
    except TimeoutError:
        pass
    os.kill(tool.process.pid, signal.SIGCONT)
    manager.socket.settimeout(tap.PATIENCE)
    tap.equal(manager.told(), {"WATCHDOG": "1"}, "what is told when it goes on")
    tap.equal((tool.stop(), manager.told_but("WATCHDOG")), (0, {"STOPPING": "1"}), "exit status, and the last word")


def test_a_watchdog_of_another_process_is_none_of_ours():
    tap.need_root()
    manager, fed = Manager(), Manager()
    tool = serve(manager, WATCHDOG_USEC="100000", WATCHDOG_PID="1")
    other = serve(fed, WATCHDOG_USEC="100000")
    tap.equal((manager.told()["READY"], fed.told()["READY"]), ("1", "1"), "what is told first")
    for _ in range(5):  # long enough for the one that is ours
        tap.equal(fed.told(), {"WATCHDOG": "1"}, "what is told then")
    tap.equal((other.stop(), tool.stop(), manager.told()), (0, 0, {"STOPPING": "1"}), "exit status, and the next word")


def test_a_service_that_reads_its_configuration_often_feeds_its_watchdog_all_the_same():
    tap.need_root()
    manager = Manager()
    tool = serve(manager, WATCHDOG_USEC="1000000")
    tap.equal(manager.told()["READY"], "1", "what is told first")
    for _ in range(100):  # each before the next feeding would be due
        os.kill(tool.process.pid, signal.SIGHUP)
        said = manager.told_but("MONOTONIC_USEC", "RELOADING", "STATUS")
        if "WATCHDOG" in said:
            break
        time.sleep(0.1)
    tap.equal(said, {"WATCHDOG": "1"}, "what comes in between")
    tool.stop()


def test_a_manager_that_is_not_there_is_told_of_and_nothing_fails():
    tap.need_root()
    bus = os.path.join(tap.folder(), "bus")
    for name, why in ((os.path.join(tap.folder(), "none"), "No such file or directory"), ("vsock:2:1", "is no name of a socket")):
        tool = Tool(*HELLO, "-d", "100ms", env={"EMF_BUS": bus, "NOTIFY_SOCKET": name})
        tap.equal(tool.process.wait(tap.PATIENCE), 0, "exit status")
        tap.contains(tool.err, f"NOTIFY_SOCKET: {name}" if why[0] == "i" else f"NOTIFY_SOCKET: {name}: {why}")


# --- a socket that is there before the service -------------------------------------------------------


def handed(bus, kind=socket.SOCK_SEQPACKET):
    """A manager's socket at @bus, and a service that gets it."""
    listener = socket.socket(socket.AF_UNIX, kind)
    tap.cleanup(listener.close)
    listener.bind(bus)
    listener.listen(4)
    return listener


def serve_on(listener, bus):
    fd = listener.fileno()
    return Tool(*HELLO, env={"EMF_BUS": bus}, within=["sh", "-c", f'exec 3<&{fd}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh"], pass_fds=[fd])


def test_who_asked_before_the_service_began_is_answered_and_the_socket_stays():
    tap.need_root()
    bus = os.path.join(tap.folder(), "bus")
    listener = handed(bus)
    early = Tool("status", "-j", env={"EMF_BUS": bus})
    inode = os.stat(bus).st_ino
    tool = serve_on(listener, bus)
    tap.equal(early.process.wait(tap.PATIENCE), 0, f"exit status of who asked early ({early.err})")
    tap.equal(json.loads(early.out)["product"], os.path.basename(tap.PRODUCT), "whom it reached")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")
    tap.equal(os.stat(bus).st_ino, inode, "the socket, when the service has ended")
    again = serve_on(listener, bus)
    until(lambda: status(bus)["modules"], "the next one to answer")
    tap.equal(again.stop(), 0, "exit status of the next one")


def test_a_socket_that_a_manager_keeps_is_not_taken_away():
    tap.need_root()
    bus = os.path.join(tap.folder(), "bus")
    listener = handed(bus)
    inode = os.stat(bus).st_ino
    tool = Tool(*HELLO, env={"EMF_BUS": bus})
    tap.equal(tool.process.wait(tap.PATIENCE), 1, "exit status of one that was started by hand")
    tap.contains(tool.err, f"{bus}: somebody listens there and is no service")
    tap.equal((os.stat(bus).st_ino, tool.err.count("\n")), (inode, 1), "the socket, and lines of errors")
    listener.accept()[0].close()  # who looked
    tool = serve_on(listener, bus)
    until(lambda: status(bus)["modules"], "the service that gets it to answer")
    tap.equal(tool.stop(), 0, "exit status")


def test_a_socket_of_another_kind_or_place_is_not_taken():
    tap.need_root()
    for kind, other in ((socket.SOCK_STREAM, "bus2"), (socket.SOCK_SEQPACKET, "bus2")):
        folder = tap.folder()
        bus = os.path.join(folder, "bus")
        tool = serve_on(handed(os.path.join(folder, other), kind), bus)
        until(lambda: os.path.exists(bus) or tool.process.poll() is not None, "a socket of its own")
        tap.equal((tool.stop(), os.path.exists(bus)), (0, False), f"exit status, and whether its socket is left ({tool.err})")


tap.main()
