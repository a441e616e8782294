# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A product whose module serves echo, and a client of it: what the tests of the bus share."""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kernel"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import HAS_SYSCALL_PROGRAMS, links, until  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bus")


PRODUCT = """import "echo.emf";
/// Answers.
product emf {
	/// say a number again
	command again = echo.number;
}
"""


@scratch.once
def build(parent):
    """A product of echoer, and a client; made once for all tests of this file."""
    src, path = os.path.join(parent, "src"), os.path.join(parent, "build")
    copy(parent)
    made = scratch.Build(src, path, "--enable-werror", f"--sysconfdir={parent}/etc", *os.environ.get("EMF_CONFIGURE", "").split())
    made.rules = os.path.join(parent, "etc", "emf", "acl.d", "test.conf")
    made.client, made.bind = (os.path.join(path, name) for name in ("client", "bind"))
    made.make()
    os.makedirs(os.path.dirname(made.rules))
    compile_client(made, os.path.join(made.path, "obj"), made.client)
    compile_client(made, os.path.join(made.path, "obj"), made.bind, "-I", os.path.join(src, "core"), source="bind.c")
    return made


def copy(parent):
    """The tree with the modules and descriptions of these tests in the place of its own."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    os.mkdir(os.path.join(src, "modules"))
    for name in ("echoer.emf", "echoer.c", "echoer.bpf.c"):
        shutil.copy(os.path.join(HERE, name), os.path.join(src, "modules"))
    shutil.copy(os.path.join(HERE, "echo.emf"), os.path.join(src, "bus-idl"))
    scratch.write(os.path.join(src, "bus-idl", "products.emf"), PRODUCT)


def compile_client(made, stubs, out, *flags, source="client.c"):
    scratch.must("gcc", "-std=gnu17", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-O1", "-g", "-I", os.path.join(made.src, "include"),
                 "-I", stubs, *flags, *os.environ.get("EMF_CLIENT_FLAGS", "").split(), os.path.join(HERE, source),
                 os.path.join(stubs, "echo_emf.c"), os.path.join(made.path, "libemf-client.a"), "-lpthread", "-o", out, cwd=made.path)


class Service:
    def __init__(self, *words):
        folder = tap.folder()
        os.chmod(folder, 0o755)
        self.bus = os.path.join(folder, "bus.sock")
        self.err_path = os.path.join(folder, "err")
        self.start(*words)

    def start(self, *words):
        self.since = time.monotonic()
        with open(self.err_path, "a") as err:
            self.process = tap.start(build().product(), "serve", "--log", "info", *words, stdout=subprocess.DEVNULL, stderr=err,
                                     env=dict(os.environ, EMF_BUS=self.bus))
        until(lambda: client_run(self.bus).returncode == 0 or self.process.poll() is not None, "the service to answer")

    @property
    def err(self):
        with open(self.err_path) as f:
            return f.read()

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.process.wait(timeout=tap.PATIENCE)


def rules(text):
    """The access rules, until the end of the test."""
    if not os.path.exists(build().rules):
        tap.cleanup(os.unlink, build().rules)
    scratch.write(build().rules, text)


def client_run(bus, *words, **kwargs):
    return tap.run(build().client, bus, *words, **kwargs)
