# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make rpm: the rpm packages of emf are built in a root that has what a build needs, and installed into an empty one."""
import os
import re
import shutil

import chroot
import packages
import scratch
import tap
from chroot_deb import PLACES, build

NAMES = {"emf", "emf-devel", "emf-doc", "libemf-client1", "libemf-client-devel"}


def sums(folder):
    return {name: tap.run("sha256sum", os.path.join(folder, name)).stdout.split()[0]
            for name in os.listdir(folder) if name.endswith(".rpm") and not name.endswith(".src.rpm")}


@scratch.once
def made(parent):
    """A folder of the packages, and sums of two builds. The names of what is needed are Fedora's: here it has Debian's."""
    root = chroot.Root("buildd")
    with open(os.path.join(tap.SOURCE, "debian/control")) as f:
        needs = re.search(r"^Build-Depends: (.*?)^\S", f.read(), re.M | re.S).group(1)
    needs = [n for n in " ".join(needs.split()).rstrip(",").split(", ") if not re.match("debhelper|dh-python", n)]
    root.install_needs(", ".join([*needs, "autoconf", "automake", "rpm"]))
    root.give(packages.tarball(), os.path.join(tap.SOURCE, "packaging/make-packages"))
    one, another = (build(root, "rpm", place) for place in PLACES)
    two_sums = sums(one), sums(another)
    shutil.move(one, os.path.join(parent, "rpms"))
    return os.path.join(parent, "rpms"), two_sums


def rpms():
    return packages.rpms(made()[0])


def test_the_packages_build_with_only_what_they_declare():
    tap.equal(set(rpms()), NAMES, "packages")


def test_two_builds_in_other_folders_times_and_locales_are_the_same_bytes():
    one, another = made()[1]
    tap.equal({name for name in one if one[name] != another.get(name)} | (set(one) ^ set(another)), set(), "packages that differ")


def test_no_file_is_in_two_packages():
    tap.equal(packages.in_two(rpms()), {}, "files of two packages")


def test_rpmlint_finds_no_error():
    if tap.run("which", "rpmlint").returncode:
        raise tap.Skip("needs rpmlint, of the package of this name")
    done = tap.run("rpmlint", "-c", os.path.join(tap.SOURCE, "packaging/rpm/rpmlint.toml"), *rpms().values())
    tap.equal([line for line in done.stdout.splitlines() if " E: " in line], [], "errors")
    tap.contains(done.stdout, "0 errors", "the end of what rpmlint says")


def test_all_packages_are_installed_into_an_empty_root():
    made()
    root = os.path.join(tap.folder(), "root")
    os.mkdir(root)
    scratch.must("rpm", "--root", root, "--nodeps", "-i", *rpms().values(), cwd="/")
    for path in rpms().values():
        missing = [f for f in packages.files(path) if not os.path.lexists(root + f)]
        tap.equal(missing, [], f"what is missing of {path}")


def test_what_is_installed_runs_and_nothing_of_it_is_left_when_it_is_erased():
    made()
    root = chroot.Root()
    root.install_needs("rpm")
    root.give(*rpms().values())
    before = root.files()
    names = [f"/build/{os.path.basename(path)}" for path in rpms().values()]
    root.must("rpm", "--nodeps", "-i", *names)
    tap.contains(root.must("/usr/bin/emf", "list"), "execsnoop")
    root.must("/usr/bin/emf", "run", "execsnoop", "--persist", "-d", "100ms")
    tap.equal(root.run("test", "-e", "/sys/fs/bpf/emf").returncode, 0, "whether something stays in the kernel")
    root.must("rpm", "-e", *NAMES)
    tap.equal(root.run("test", "-e", "/sys/fs/bpf/emf").returncode, 1, "whether nothing stays in the kernel")
    # Folders of Fedora's own packages, filesystem and others, which are not here.
    shared = {"./usr/lib64/pkgconfig", "./usr/share/licenses", "./usr/share/aclocal", "./usr/share/fish", "./usr/share/fish/vendor_completions.d",
              "./usr/share/zsh", "./usr/share/zsh/site-functions"}
    tap.equal({f for f in root.files() - before - shared if not f.startswith("./var/lib/rpm")}, set(), "what is left")


if __name__ == "__main__":
    tap.main()
