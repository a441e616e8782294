# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""One file that needs nothing, of glibc and of musl: make static-test. Not a part of make check, since it compiles libraries first."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vm"))

import kernels  # noqa: E402 - the path has to be set first
import machine  # noqa: E402
import scratch  # noqa: E402
import tap  # noqa: E402

TARGETS = {"glibc": 1600, "musl": 800}  # KB, stripped, with the whole collection


@scratch.once
def glibc(parent):
    made = scratch.Build(scratch.source(parent), os.path.join(parent, "b"), "--enable-fully-static", "--disable-module-tests")
    made.make(made.product("emf").rpartition("/")[2])
    return made


@scratch.once
def musl(parent):
    if not shutil.which("musl-gcc") or not shutil.which("dpkg-source"):
        return tap.Skip("needs musl-tools and dpkg-dev")
    src, libs = scratch.source(parent), os.path.join(parent, "libs")
    done = tap.run(os.path.join(src, "packaging", "musl", "build-libs"), libs, timeout=1200)
    if "could not be had" in done.stderr:
        return tap.Skip("no source packages can be had from here")
    tap.equal(done.returncode, 0, f"exit status of build-libs: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    # As it says itself.
    words = re.search(r"\./configure (.*) && make", done.stdout).group(1).split()
    made = scratch.Build(src, os.path.join(parent, "b"), "--disable-module-tests", *words)
    made.make("emf")
    return made


def both():
    return (("glibc", glibc()), ("musl", musl()))


def stripped(made):
    path = os.path.join(tap.folder(), "emf")
    tap.equal(tap.run("strip", "-o", path, made.product("emf")).returncode, 0, "exit status of strip")
    return path


def alone(path, *words, timeout=60):
    """Run it where there is nothing else but the kernel's own file systems."""
    root = tap.folder()
    shutil.copy(path, os.path.join(root, "emf"))
    for name in ("proc", "sys", "run", "tmp"):
        os.mkdir(os.path.join(root, name))
    script = 'mount -t proc p "$1/proc" && mount -t sysfs s "$1/sys" && mount -t tracefs t "$1/sys/kernel/tracing" && r=$1 && shift && exec chroot "$r" /emf "$@"'
    return tap.run("unshare", "--mount", "sh", "-c", script, "sh", root, *words, timeout=timeout)


def test_it_is_one_file_that_needs_no_library():
    for libc, made in both():
        shown = tap.run("readelf", "-dl", made.product("emf")).stdout
        tap.equal(("INTERP" in shown, "(NEEDED)" in shown), (False, False), f"an interpreter and libraries of that of {libc}")


def test_it_runs_where_there_is_nothing_else():
    tap.need_root()
    for libc, made in both():
        path = stripped(made)
        done = alone(path, "list")
        tap.equal((done.returncode, "execsnoop" in done.stdout), (0, True), f"list of {libc} ({done.stderr})")
        done = alone(path, "hello", "-d", "200ms", "--no-cache")
        tap.equal(done.returncode, 0, f"a tool of {libc} ({done.stderr})")
        done = alone(path, "no-such-command")
        tap.equal(done.returncode, 2, f"a mistake of {libc} ({done.stderr})")


def test_its_tools_see_what_happens():
    tap.need_root()
    for libc, made in both():
        tool = subprocess.Popen([made.product("emf"), "execsnoop", "-j", "-n", "1", "--filter", 'args ~ "*one-static-test*"', "-d", "30"],
                                stdout=subprocess.PIPE, text=True)
        tap.cleanup(tool.kill)
        while tool.poll() is None:
            subprocess.run(["/bin/sh", "-c", "sleep 0.05; : one-static-test"], check=True)
        tap.contains(tool.communicate(timeout=60)[0], "one-static-test", f"what that of {libc} prints")


# In a guest: what each of these files sees of a program that is run. A tool is given time to begin: no instruction is run as it is.
SEES = """
for emf; do
	"$emf" execsnoop -j -n 1 --filter 'args ~ "*one-static-test*"' -d 60 >"$emf.out" 2>"$emf.err" &
	while kill -0 $! 2>/dev/null; do sh -c 'sleep 0.2; : one-static-test'; done
	wait $! && grep -q one-static-test "$emf.out" && echo sees || { echo is blind; cat "$emf.err"; }
done
"""


def test_the_same_file_runs_on_other_kernels():
    tap.need_root()
    folder = tap.folder()
    files = [shutil.copy(stripped(made), os.path.join(folder, libc)) for libc, made in both()]
    for kernel in kernels.RELEASES:
        try:
            status, output = machine.run(kernel, ["sh", "-c", SEES, "sh", *files], folder, timeout=300)
        except kernels.Missing as e:
            raise tap.Skip(str(e)) from None
        tap.equal((status, output), (0, "sees\nsees\n"), f"exit status and output on Linux {kernel}")


def test_its_size_is_told():
    for libc, made in both():
        size = os.path.getsize(stripped(made)) / 1024
        print(f"# {libc}: {size:.0f} KB stripped; target {TARGETS[libc]} KB: {'met' if size <= TARGETS[libc] else 'MISSED'}")
        tap.equal(size < 2 * TARGETS[libc], True, f"whether {size:.0f} KB are of the usual kind")


tap.main()
