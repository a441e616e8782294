# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A guest that boots another kernel, sees the file system of this machine, and runs one command.

It runs in QEMU, which translates its instructions: that works also where a virtual machine cannot have one of its own,
and takes ten to twenty times as long. So what is tested in it is built outside. What it writes goes to memory, and is gone
with it, but in the one folder that it is given for writing.
"""
import contextlib
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

import emulator
import kernels

HERE = os.path.dirname(os.path.abspath(__file__))
_STARTED = 20  # seconds for a server of files to be there
_BOOTED = 150  # and for a guest to begin, which takes 4 where nothing else runs; one in some hundreds never does, and is begun once more
_MODULES = ("virtio_pci", "virtiofs", "overlay")
# What a newer processor has, five levels of pages above all, takes more to translate: a process begins in half the time on this one.
# Linux 6.12 panics at random if instructions on 16 bytes at once are translated on several processors; seen with QEMU 7.2.
_PROCESSOR = "Nehalem,-cx16"
_TOOLS = {emulator.PROGRAM: "qemu-system-x86", "cpio": "cpio", "busybox": "busybox-static", "depmod": "kmod", "modprobe": "kmod", "dpkg-deb": "dpkg", "apt-get": "apt"}
_WITH_US = ("setpriv", "--pdeathsig", "KILL")  # what runs ends when this ends, however that is
_SERVERS = ("/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd")


def _needed():
    """What serves files, after all that is needed was found."""
    if os.geteuid():
        raise kernels.Missing("a virtual machine is to see all files: run it as root")
    if os.uname().machine != "x86_64":
        raise kernels.Missing("the kernels are those of x86_64, and this machine is another one")
    missing = sorted({package for tool, package in _TOOLS.items() if not shutil.which(tool)})
    server = next((path for path in _SERVERS if os.path.exists(path)), None)
    if not server:
        missing.append("qemu-system-common, or virtiofsd from Debian 13 on")
    if missing:
        raise kernels.Missing(f"a virtual machine needs {', '.join(missing)}: install that")
    return server


def _modules(tree, folder):
    """Modules that reach the files of the host, in the order in which they are put in."""
    done = subprocess.run(["modprobe", "--dirname", tree, "--set-version", kernels.release_of(tree), "--show-depends", "--all", *_MODULES],
                          capture_output=True, text=True, check=True)
    names = []
    for line in done.stdout.splitlines():
        words = line.split()
        if words[0] != "insmod" or words[1] in names:
            continue
        names.append(words[1])
        with open(os.path.join(folder, os.path.basename(words[1]).removesuffix(".xz")), "wb") as f:
            unpack = ["xz", "-dc"] if words[1].endswith(".xz") else ["cat"]
            subprocess.run([*unpack, words[1]], stdout=f, check=True)
    with open(os.path.join(folder, "order"), "w") as f:
        f.writelines(os.path.basename(name).removesuffix(".xz") + "\n" for name in names)


def _first_root(tree, path):
    """What the kernel unpacks and begins with: init, busybox and a few modules."""
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "bin"))
        os.makedirs(os.path.join(folder, "modules"))
        shutil.copy(shutil.which("busybox"), os.path.join(folder, "bin"))
        shutil.copy(os.path.join(HERE, "init"), folder)
        _modules(tree, os.path.join(folder, "modules"))
        with open(path, "wb") as f:
            subprocess.run("find . | cpio --quiet -o -H newc", shell=True, cwd=folder, stdout=f, check=True)


class _Files:
    """Serves a folder to the guest, by a socket. @cached: what the guest has seen of it is not asked for again, which costs more than all else."""

    def __init__(self, server, source, socket, cached):
        self.socket = socket
        # What is mounted in / stays out of it: /proc, /sys and /dev of the host. A guest is root, and could mount it for writing.
        script = 'mount --bind / "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' if source == "/" else 'shift; exec "$@"'
        view = socket + ".view"
        os.mkdir(view)
        shared = view if source == "/" else source
        self.log = open(socket + ".log", "w")
        self.process = subprocess.Popen([*_WITH_US, "unshare", "--mount", "sh", "-c", script, "sh", view, server, f"--socket-path={socket}", "-o", f"source={shared},sandbox=chroot,cache={'always' if cached else 'auto'}"],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def wait(self):
        end = time.monotonic() + _STARTED
        while not (os.path.exists(self.socket) and stat.S_ISSOCK(os.stat(self.socket).st_mode)):
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.log.name) as f:
                    raise kernels.Missing(f"virtiofsd does not run: {f.read().strip()[-300:]}")
            time.sleep(0.02)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        # That of Debian 12 keeps a file with its pid, named by the socket.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"/run/virtiofsd/{self.socket.lstrip('/').replace('/', '.')}.pid")


def end_when_told():
    """SIGTERM and SIGHUP, of timeout(1) or of a terminal that is closed, end a guest as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


_guests = set()


def end_all():
    """End all guests of this process, whichever thread runs them."""
    for guest in list(_guests):
        guest.kill()


def _ended(process):
    _guests.discard(process)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()


def run(kernel, words, writable, cwd=None, env=(), timeout=600, memory=1024, processors=2, line=""):
    """
    Run a command in a guest, as root.

    @kernel: one of kernels.RELEASES; @writable: the folder that it may write to; @env: of variables, beside PATH, HOME and TERM;
    @timeout: in seconds, from when the command begins; @memory: in MiB; @line: more words for the kernel's command line.

    Return: its exit status, 124 if it did not end in time, 125 if the guest broke; and what it printed, errors as well, or the end
    of the kernel's log if the guest broke. One that does not begin is begun once more, with a word on standard error.
    """
    status, output = _run(kernel, words, writable, cwd, env, timeout, memory, processors, line)
    if status is None:
        print(f"emf: the guest did not begin within {_BOOTED} s: once more", file=sys.stderr)
        status, output = _run(kernel, words, writable, cwd, env, timeout, memory, processors, line)
    return (125, f"the guest did not begin within {_BOOTED} s, twice\n" + output) if status is None else (status, output)


def _run(kernel, words, writable, cwd, env, timeout, memory, processors, line):
    """The same, once: no status if it does not begin."""
    if re.search(r"\s", writable):
        raise kernels.Missing(f"the folder '{writable}' has a blank in its name, which the command line of a kernel cannot have: move it")
    server, tree = _needed(), kernels.tree(kernel)
    for path in (os.path.dirname(HERE), cwd or writable, tree):
        if os.stat(path).st_dev != os.stat("/").st_dev:
            raise kernels.Missing(f"{path} is on a file system of its own, and a guest sees that of / alone: move it there (kernels: EMF_VM_CACHE)")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="emf-vm-", dir="/var/tmp"))
        control, console = os.path.join(folder, "control"), os.path.join(folder, "console")
        os.mkdir(control)
        exports = {"HOME": "/root", "TERM": "dumb", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **dict(env)}
        with open(os.path.join(control, "command"), "w") as f:
            f.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items())
            f.write(f"cd {shlex.quote(cwd or writable)} && exec {shlex.join(words)}\n")
        _first_root(tree, os.path.join(folder, "initrd"))
        shares = {"host": "/", "writable": writable, "control": control}
        devices = ["-object", f"memory-backend-memfd,id=memory,size={memory}M,share=on", "-numa", "node,memdev=memory"]
        servers = []
        for tag, source in shares.items():
            socket = os.path.join(folder, tag)
            if tag == "control":
                socket += ".socket"
            servers.append(_Files(server, source, socket, cached=tag != "control"))
            stack.callback(servers[-1].end)
            devices += ["-chardev", f"socket,id={tag},path={socket}", "-device", f"vhost-user-fs-pci,chardev={tag},tag={tag}"]
        for one in servers:
            one.wait()
        said = f"console=ttyS0 quiet loglevel=4 panic=-1 oops=panic mitigations=off emf.writable={writable} emf.control={control} emf.tree={tree} {line}"
        guest = subprocess.Popen([*_WITH_US, *emulator.command(), "-accel", os.environ.get("EMF_VM_ACCEL", "tcg,thread=multi"), "-cpu", _PROCESSOR, "-smp", str(processors),
                                  "-m", str(memory), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none", "-serial", f"file:{console}",
                                  *devices, "-kernel", kernels.image(tree), "-initrd", os.path.join(folder, "initrd"), "-append", said],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        _guests.add(guest)
        stack.callback(guest.stdout.close)
        stack.callback(_ended, guest)
        begun = time.monotonic()
        while guest.poll() is None and not os.path.exists(os.path.join(control, "output")) and time.monotonic() - begun < _BOOTED:
            time.sleep(0.05)
        if guest.poll() is None and not os.path.exists(os.path.join(control, "output")):
            return None, _read(console)[-3000:]
        try:
            said, _ = guest.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return 124, _read(os.path.join(control, "output")) + f"it did not end within {timeout} s\n"
        status = _read(os.path.join(control, "status"))
        if status:
            return int(status), _read(os.path.join(control, "output"))
        return 125, _read(os.path.join(control, "output")) + said + _read(console)[-3000:]


def _read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""
