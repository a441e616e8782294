# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Other kernels, in virtual machines: that a test in one is a test, and what the oldest kernel has to be asked in another way.

Without these, what is said to run on a kernel could have run on this one.
"""
import os
import shutil
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "vm"))

import kernels  # noqa: E402 - the path has to be set first
import machine  # noqa: E402
import tap  # noqa: E402

OLDEST = next(iter(kernels.RELEASES))


def run(*words, writable=None, **more):
    """In a guest with the oldest kernel: its exit status and output."""
    tap.need_root()
    try:
        return machine.run(OLDEST, words, writable or tap.folder(), **more)
    except kernels.Missing as e:
        raise tap.Skip(str(e)) from None


def test_a_command_runs_on_the_kernel_that_is_asked_for_and_its_status_and_output_come_back():
    folder = tap.folder()
    outside = os.path.join("/etc", f"emf-vm-{os.getpid()}")
    status, output = run("sh", "-c", f"uname -r; id -u; pwd; touch {outside} inside; ls {outside}; mkdir /tmp/m; mount -t virtiofs host /tmp/m; touch /tmp/m{outside} 2>&1 | grep -o 'Read-only file system'; printf 'no end'; exit 7", writable=folder)
    release, rest = output.split("\n", 1)
    tap.equal(release.startswith(OLDEST + "."), True, f"the kernel is {OLDEST} ({release})")
    tap.equal((status, rest), (7, f"0\n{folder}\n{outside}\nRead-only file system\nno end"), "exit status and output")
    tap.equal((os.path.exists(outside), os.listdir(folder)), (False, ["inside"]), "what it wrote outside of its folder, and in it")


def test_a_command_that_does_not_end_and_a_guest_that_breaks_are_told_apart():
    status, output = run("sh", "-c", "echo begun; sleep 600", timeout=5)
    tap.equal((status, output), (124, "begun\nit did not end within 5 s\n"), "exit status and output of what is late")
    status, output = run("sh", "-c", "echo c >/proc/sysrq-trigger; sleep 600", timeout=120)
    tap.equal((status, "sysrq" in output), (125, True), f"exit status and log of a kernel that panics ({output})")


def test_tools_of_a_cgroup_know_it_on_a_kernel_that_does_not_tell_tracing_programs():
    env = {name: os.environ[name] for name in ("EMF_BUILDDIR", "EMF_SRCDIR", "EMF_PRODUCT", "PYTHONPATH")}
    status, output = run(sys.executable, os.path.join(TESTS, "kernel", "test_only.py"), "cgroup",
                         writable=tap.BUILD, env={**env, "PYTHONDONTWRITEBYTECODE": "1"})
    tap.equal((status, output.count("\nok "), "SKIP" in output), (0, 2, False), f"exit status, cases and skips ({output})")


def test_the_emulator_that_is_installed_runs_guests_where_no_newer_one_can_be_had():
    installed = shutil.which("qemu-system-x86_64")
    if not installed:
        raise tap.Skip("no emulator is installed")
    folder = tap.folder()
    with open(os.path.join(folder, "apt.conf"), "w") as f:
        f.write('Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "/dev/null";\n')
    env = dict(os.environ, EMF_VM_CACHE=folder, APT_CONFIG=os.path.join(folder, "apt.conf"), PYTHONPATH=os.path.join(TESTS, "vm"))
    done = subprocess.run([sys.executable, "-c", "import emulator; print(*emulator.command())"], env=env, capture_output=True, text=True, timeout=300, check=False)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, installed + "\n", ""), "exit status, the command and errors")


tap.main()
