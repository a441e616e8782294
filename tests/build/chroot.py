# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Roots of a small Debian, made by debootstrap, for packages to be built and installed in; nothing of them stays."""
import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import tap

# What the packages of a system write by themselves when a package comes and goes.
_NOT_OURS = ("./var/lib/dpkg", "./var/lib/apt", "./var/cache/apt", "./var/cache/ldconfig", "./var/cache/man", "./var/log", "./tmp", "./root",
             "./proc", "./sys", "./dev", "./build", "./etc/ld.so.cache")
_HOURS = 3600

# Roots are large, and go also when the test is ended.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _release():
    with open("/etc/os-release") as f:
        words = dict(line.rstrip().split("=", 1) for line in f if "=" in line)
    return words.get("VERSION_CODENAME", "").strip('"')


def _mirror():
    """Where this machine has its own packages from, and of which release."""
    release = _release()
    done = tap.run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(SUITE) $(COMPONENT)", "Created-By: Packages")
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[3] == "main" and release in words[1:3]:
            return words[0], release
    raise tap.Skip("apt has no mirror of this release of Debian, which debootstrap needs")


def _proxies():
    """apt's own settings of proxies, as a file of them."""
    done = tap.run("apt-config", "dump")
    return "".join(line + "\n" for line in done.stdout.splitlines() if line.startswith("Acquire::http") and "roxy" in line)


def _made(path, variant):
    """debootstrap in that folder; its failure to download is a skip, which is counted."""
    if tap.run("which", "debootstrap").returncode:
        raise tap.Skip("needs debootstrap, of the package of this name")
    tap.need_root()
    mirror, release = _mirror()
    env = dict(os.environ)
    for line in _proxies().splitlines():
        name, _, value = line.rstrip(";").partition(" ")
        env.setdefault(name.split("::")[1] + "_proxy", value.strip('"'))
    # It mounts what would stay if it were killed.
    done = tap.run("unshare", "--mount", "debootstrap", f"--variant={variant}", "--include=ca-certificates", release, path, mirror, env=env, timeout=_HOURS)
    if done.returncode and not os.path.exists(os.path.join(path, "debootstrap")):
        raise tap.Skip(f"debootstrap cannot reach {mirror}: {(done.stderr or done.stdout).strip()[-200:]}")
    if done.returncode:
        with open(os.path.join(path, "debootstrap/debootstrap.log"), errors="replace") as f:
            said = f.read()[-2000:]
        if "download" in done.stdout + done.stderr or "resolv" in said:
            raise tap.Skip(f"debootstrap cannot reach {mirror}")
        raise AssertionError(f"debootstrap failed:\n{done.stdout[-2000:]}{done.stderr}{said}")
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", os.path.join(path, "etc", name))
    with open(os.path.join(path, "etc/apt/apt.conf.d/90of-the-machine"), "w") as f:
        f.write(_proxies() + 'APT::Install-Recommends "no";\nAcquire::Languages "none";\n')
    # A root has no services to be started.
    policy = os.path.join(path, "usr/sbin/policy-rc.d")
    with open(policy, "w") as f:
        f.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)


_bases = {}


def _base(variant):
    if variant not in _bases:
        parent = tempfile.mkdtemp(prefix="emf-root-")
        atexit.register(shutil.rmtree, parent, ignore_errors=True)
        try:
            _made(os.path.join(parent, "root"), variant)
            _bases[variant] = os.path.join(parent, "root")
        except Exception as e:  # of all tests
            _bases[variant] = e
    if isinstance(_bases[variant], Exception):
        raise _bases[variant]
    return _bases[variant]


class Root:
    """
    A root of its own, with what a kernel shows in it. @variant: minbase, or buildd, which has what every package may
    be built with. Its mounts are in a namespace of a process, and go with it.
    """

    def __init__(self, variant="minbase"):
        parent = tempfile.mkdtemp(prefix="emf-root-")
        self.path = os.path.join(parent, "root")
        self.holder = None
        tap.cleanup(self._end, parent)
        subprocess.run(["cp", "-a", _base(variant), self.path], check=True)
        script = """mount --make-rprivate / && mount -t proc proc "$1/proc" && mount -t sysfs sysfs "$1/sys" &&
            mount -t bpf bpf "$1/sys/fs/bpf" && mount -t tracefs tracefs "$1/sys/kernel/tracing" && echo ready && exec cat"""
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", script, "sh", self.path], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != "ready\n":
            raise AssertionError(f"mounts of a root: {self.holder.stderr.read()}")

    def _end(self, parent):
        if self.holder:
            self.holder.stdin.close()
            self.holder.wait()
            self.holder.stdout.close()
            self.holder.stderr.close()
        shutil.rmtree(parent)

    def words(self, *words):
        """The words that run a command in it."""
        return ["nsenter", f"--target={self.holder.pid}", "--mount", "chroot", self.path, *map(str, words)]

    def run(self, *words, timeout=_HOURS, **environment):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        return tap.run(*self.words(*words), timeout=timeout, env=dict(env, **environment))

    def must(self, *words, **environment):
        done = self.run(*words, **environment)
        if done.returncode:
            raise AssertionError(f"{' '.join(map(str, words))} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def give(self, *paths, to="build"):
        """Copies files and folders into a folder of it."""
        os.makedirs(os.path.join(self.path, to), exist_ok=True)
        for path in paths:
            subprocess.run(["cp", "-a", path, os.path.join(self.path, to)], check=True)

    def install_needs(self, needs):
        """The packages that a list of dependencies names, and those that they need."""
        self.must("apt-get", "-q", "update")
        if needs:
            self.must("apt-get", "-q", "satisfy", "-y", needs)

    def files(self):
        """Names of all that is in it, but for what a system itself keeps of packages."""
        pruned = [word for name in _NOT_OURS for word in ("-path", name, "-o")][:-1]
        found = tap.run("find", ".", "-xdev", "(", *pruned, ")", "-prune", "-o", "-print", cwd=self.path).stdout
        return set(found.splitlines())
