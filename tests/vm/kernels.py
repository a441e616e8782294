# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Kernels of Debian's releases, as their packages have them, unpacked in a cache."""
import glob
import os
import shutil

import debian
from debian import Missing

# What each release came with: its cloud kernel, which has what a virtual machine needs and little more.
RELEASES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie"}
PACKAGE = "linux-image-cloud-amd64"

_missing = {}  # what could not be had once is not asked for again


def tree(kernel):
    """The folder with its boot/ and lib/modules/; fetched if it is not in the cache yet."""
    if kernel in _missing:
        raise _missing[kernel]
    if kernel not in RELEASES:
        raise Missing(f"there is no kernel {kernel} to be had: there are {', '.join(RELEASES)}")
    try:
        return debian.kept(kernel, RELEASES[kernel], _fill)
    except Missing as e:
        _missing[kernel] = e
        raise


def _fill(suite, at):
    suite.unpack([suite.first_need(PACKAGE)], at)
    if os.path.isdir(os.path.join(at, "usr/lib/modules")) and not os.path.isdir(os.path.join(at, "lib/modules")):
        shutil.move(os.path.join(at, "usr/lib"), at)
    debian.said(["depmod", "-b", at, release_of(at)])


def image(at):
    found = glob.glob(os.path.join(at, "boot", "vmlinuz-*"))
    if len(found) != 1:
        raise Missing(f"no kernel is in {at}: remove that folder, and it is fetched anew")
    return found[0]


def release_of(at):
    """As uname -r says."""
    return os.path.basename(image(at)).partition("-")[2]
