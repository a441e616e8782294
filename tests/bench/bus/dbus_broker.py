# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A D-Bus of its own for the bench: dbus_broker.py SOCKET, until it is killed.

dbus-broker-launch wants the socket of a journal, and a bus where systemd could be. So that
it runs anywhere, this makes a socket that swallows all, in a mount namespace of its own,
and a dbus-daemon where nobody is.
"""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
 <type>session</type><auth>EXTERNAL</auth><listen>unix:path={}</listen>
 <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x00020000, 0x4000, 1 << 18  # linux/sched.h, linux/mount.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
JOURNAL = "/run/systemd/journal/socket"


def mount(libc, what, where, kind, flags):
    if libc.mount(what, where, kind, flags, None):
        raise OSError(ctypes.get_errno(), "mount")


def write_config(path):
    config = path + ".conf"
    with open(config, "w") as f:
        f.write(CONFIG.format(path))
    return config


def make_journal():
    os.makedirs(os.path.dirname(JOURNAL))
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(JOURNAL)
    journal.settimeout(0.2)
    return journal


def swallow(journal, children):
    """Reads what is sent to the journal, until it is told to end or the bus ends."""

    def end(*_):
        for child in children:
            child.terminate()
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    while children[0].poll() is None:
        try:
            journal.recv(65536)
        except TimeoutError:
            pass
    end()


def start(words, path=None, **env):
    """With PATH, a process that is given its socket as systemd would."""
    def prepare():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if path:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(64)
            os.dup2(os.dup(listener.detach()), 3)
            os.environ["LISTEN_PID"] = str(os.getpid())

    return subprocess.Popen(words, preexec_fn=prepare, close_fds=False, env=None if path else dict(os.environ, **env))


def main(path):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    mount(libc, b"none", b"/", None, MS_REC | MS_PRIVATE)
    mount(libc, b"tmpfs", b"/run", b"tmpfs", 0)
    journal = make_journal()  # before the launcher, which ends where there is none
    first = start(["dbus-daemon", "--nofork", "--nopidfile", "--config-file", write_config(path + ".first")])
    while not os.path.exists(path + ".first") and first.poll() is None:
        time.sleep(0.01)
    os.environ.update(LISTEN_FDS="1", DBUS_SESSION_BUS_ADDRESS=f"unix:path={path}.first")
    swallow(journal, [start(["dbus-broker-launch", "--scope", "user", "--config-file", write_config(path)], path), first])


if __name__ == "__main__":
    main(sys.argv[1])
