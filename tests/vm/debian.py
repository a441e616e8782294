# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Packages of any release of Debian, unpacked in a cache: nothing of them is installed, and apt's own lists stay as they are."""
import glob
import os
import subprocess
import tempfile

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_LIMIT = 300  # seconds for a download


class Missing(Exception):
    """A kernel, a program or a package that is not here; its text says what to do."""


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("EMF_VM_CACHE") or os.path.join(base, "emf-vm")


def said(words, **more):
    """What a command printed, which has to succeed."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_LIMIT, check=False, **more)
    except subprocess.TimeoutExpired:
        raise Missing(f"{' '.join(words[:1] + words[-2:])} did not end in {_LIMIT} s") from None
    if done.returncode:
        raise Missing(f"{' '.join(words[:1] + words[-2:])} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def _mirror():
    """Where this machine has its own packages from."""
    for line in said(["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)", "Created-By: Packages"]).splitlines():
        uri, component = line.split()
        if component == "main" and uri.rstrip("/").endswith("/debian"):
            return uri
    raise Missing("apt has no mirror of Debian to have packages from: put a line 'deb ... main' into /etc/apt/sources.list.d/")


class Suite:
    """A release as apt sees it that has this one alone, with its state in a folder."""

    def __init__(self, name, folder):
        self.folder = folder
        state = os.path.join(folder, "apt")
        for part in ("lists/partial", "archives/partial"):
            os.makedirs(os.path.join(state, part))
        for part, text in (("status", ""), ("sources.list", f"deb [signed-by={KEYS}] {_mirror()} {name} main\n")):
            with open(os.path.join(state, part), "w") as f:
                f.write(text)
        options = {"Dir::Etc::SourceList": f"{state}/sources.list", "Dir::Etc::SourceParts": "-", "Dir::State::Lists": f"{state}/lists",
                   "Dir::State::Status": f"{state}/status", "Dir::Cache::Archives": f"{state}/archives", "Dir::Cache::PkgCache": "",
                   "Dir::Cache::SrcPkgCache": "", "APT::Architecture": "amd64", "APT::Sandbox::User": "root", "Acquire::Check-Valid-Until": "false"}
        self._options = [f"-o{name}={value}" for name, value in options.items()]
        said(["apt-get", *self._options, "update"])

    def first_need(self, package):
        """The first package that another one depends on: of a package that only names the newest one."""
        shown = said(["apt-cache", *self._options, "--no-all-versions", "show", package])
        needs = next(line.partition(": ")[2] for line in shown.splitlines() if line.startswith("Depends: "))
        return needs.split()[0].rstrip(",")

    def unpack(self, packages, into):
        said(["apt-get", *self._options, "download", *packages], cwd=self.folder)
        for package in glob.glob(os.path.join(self.folder, "*.deb")):
            said(["dpkg-deb", "-x", package, into])


def kept(name, suite, fill):
    """
    A folder of the cache, which is filled if it is not there yet: whole or not at all, also when two come at once.

    @fill: is called with a Suite and the folder.
    """
    at = os.path.join(cache(), name)
    if not os.path.isdir(at):
        os.makedirs(cache(), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            there = os.path.join(folder, "tree")
            fill(Suite(suite, folder), there)
            try:
                os.rename(there, at)
            except OSError:
                if not os.path.isdir(at):
                    raise
    return at
