# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Packages of this tree, built as a user builds them."""
import os
import re
import shutil

import scratch
import tap

# Few, so that a build of all packages is quick.
MODULES = "--with-modules=execsnoop,hello"


def version():
    with open(os.path.join(tap.SOURCE, "configure.ac")) as f:
        return re.search(r"^AC_INIT\(\[emf\], \[(.*)\]\)", f.read(), re.M).group(1)


@scratch.once
def _packed(parent):
    """What make dist packs, in a folder and in a file."""
    path = os.path.join(parent, f"emf-{version()}")
    scratch.must("make", "distdir", f"distdir={path}", cwd=tap.BUILD)
    scratch.must("tar", "-C", parent, "-cJf", f"{path}.tar.xz", os.path.basename(path), cwd=parent, env=dict(os.environ, XZ_OPT="-0"))
    return path


def tarball():
    return _packed() + ".tar.xz"


def unpacked():
    """A tree of one's own, as it is in the tarball."""
    return shutil.copytree(_packed(), os.path.join(tap.folder(), "src"), symlinks=True)


def make(kind, folder, *words, **environment):
    """Puts packages of a kind into a folder."""
    scratch.must(os.path.join(tap.SOURCE, "packaging/make-packages"), kind, tarball(), folder, *words, cwd=folder,
                 env=dict(scratch.compiling(), **environment))


def debs(folder):
    """Files of packages by their names."""
    names = [name for name in sorted(os.listdir(folder)) if name.endswith(".deb") and "-dbgsym_" not in name]
    return {name.split("_")[0]: os.path.join(folder, name) for name in names}


def rpms(folder):
    names = [name for name in sorted(os.listdir(folder)) if name.endswith(".rpm") and not name.endswith(".src.rpm")]
    return {name.split(f"-{version()}")[0]: os.path.join(folder, name) for name in names}


def in_two(found):
    """Files that more than one of these packages, name to path, has."""
    owners = {}
    for name, path in found.items():
        for file in files(path):
            owners.setdefault(file, []).append(name)
    return {file: names for file, names in owners.items() if len(names) > 1}


def files(package):
    """What is in a package, without folders."""
    if package.endswith(".rpm"):
        lines = tap.run("rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]", package).stdout.splitlines()
        return {line.split()[1] for line in lines if not line.startswith("d")}
    lines = tap.run("dpkg-deb", "-c", package).stdout.splitlines()
    return {line.split()[5].lstrip(".") for line in lines if not line.startswith("d")}


def lintian(folder):
    changes = [name for name in os.listdir(folder) if name.endswith(".changes")]
    done = tap.run("lintian", "--allow-root", "--fail-on", "error,warning", *changes, cwd=folder, timeout=300)
    return done.returncode, done.stdout
