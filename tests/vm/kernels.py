# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Kernels of Debian's releases, as their packages have them, unpacked in a cache."""
import glob
import os
import shutil
import subprocess
import tempfile

# What each release came with: its cloud kernel, which has what a virtual machine needs and little more.
RELEASES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie"}
PACKAGE = "linux-image-cloud-amd64"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Missing(Exception):
    """A kernel or a program that is not here; its text says what to do."""


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("EMF_VM_CACHE") or os.path.join(base, "emf-vm")


def _said(words, **more):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, **more)
    except subprocess.TimeoutExpired:
        raise Missing(f"{' '.join(words[:1] + words[-2:])} did not end in 300 s") from None
    if done.returncode:
        raise Missing(f"{' '.join(words[:1] + words[-2:])} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def _mirror():
    """Where this machine has its own packages from."""
    for line in _said(["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)", "Created-By: Packages"]).splitlines():
        uri, component = line.split()
        if component == "main" and uri.rstrip("/").endswith("/debian"):
            return uri
    raise Missing("apt has no mirror of Debian to have a kernel from: put a line 'deb ... main' into /etc/apt/sources.list.d/")


def _fetched(release, folder):
    """The package of a release's kernel, in a folder; apt's own lists stay as they are."""
    state = os.path.join(folder, "apt")
    for name in ("lists/partial", "archives/partial"):
        os.makedirs(os.path.join(state, name))
    for name, text in (("status", ""), ("sources.list", f"deb [signed-by={KEYS}] {_mirror()} {release} main\n")):
        with open(os.path.join(state, name), "w") as f:
            f.write(text)
    options = {"Dir::Etc::SourceList": f"{state}/sources.list", "Dir::Etc::SourceParts": "-", "Dir::State::Lists": f"{state}/lists",
               "Dir::State::Status": f"{state}/status", "Dir::Cache::Archives": f"{state}/archives", "Dir::Cache::PkgCache": "",
               "Dir::Cache::SrcPkgCache": "", "APT::Architecture": "amd64", "APT::Sandbox::User": "root", "Acquire::Check-Valid-Until": "false"}
    apt = [f"-o{name}={value}" for name, value in options.items()]
    _said(["apt-get", *apt, "update"])
    shown = _said(["apt-cache", *apt, "--no-all-versions", "show", PACKAGE])
    needs = next(line.partition(": ")[2] for line in shown.splitlines() if line.startswith("Depends: "))
    _said(["apt-get", *apt, "download", needs.split()[0].rstrip(",")], cwd=folder)
    return glob.glob(os.path.join(folder, "*.deb"))[0]


_missing = {}  # what could not be had once is not asked for again


def tree(kernel):
    """The folder with its boot/ and lib/modules/; fetched if it is not in the cache yet."""
    if kernel in _missing:
        raise _missing[kernel]
    try:
        return _tree(kernel)
    except Missing as e:
        _missing[kernel] = e
        raise


def _tree(kernel):
    if kernel not in RELEASES:
        raise Missing(f"there is no kernel {kernel} to be had: there are {', '.join(RELEASES)}")
    at = os.path.join(cache(), kernel)
    if not os.path.isdir(at):
        os.makedirs(cache(), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            there = os.path.join(folder, "tree")
            _said(["dpkg-deb", "-x", _fetched(RELEASES[kernel], folder), there])
            if os.path.isdir(os.path.join(there, "usr/lib/modules")) and not os.path.isdir(os.path.join(there, "lib/modules")):
                shutil.move(os.path.join(there, "usr/lib"), there)
            _said(["depmod", "-b", there, release_of(there)])
            # Whole or not at all, also when two come at once.
            try:
                os.rename(there, at)
            except OSError:
                if not os.path.isdir(at):
                    raise
    return at


def image(at):
    found = glob.glob(os.path.join(at, "boot", "vmlinuz-*"))
    if len(found) != 1:
        raise Missing(f"no kernel is in {at}: remove that folder, and it is fetched anew")
    return found[0]


def release_of(at):
    """As uname -r says."""
    return os.path.basename(image(at)).partition("-")[2]
