# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The QEMU that guests run in.

That of Debian 12 takes half as long again as a newer one for the same guest, and about one in thirty of its guests hangs with
both of its processors at work. So with that one a newer one is fetched, into the cache beside the kernels.
"""
import os
import re
import shutil
import subprocess

import debian

PROGRAM = "qemu-system-x86_64"
_FAST = 10  # the first version of which the above was measured
_SUITE = "bookworm-backports"
_PACKAGES = ("qemu-system-x86", "qemu-system-common", "qemu-system-data")
_FIRMWARE = ("/usr/share/seabios", "/usr/share/qemu")  # what does not come with it

_chosen = []


def version(program):
    """Its first number; 0 if it does not run."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"version (\d+)\.", done.stdout)
    return int(found[1]) if found else 0


def _fetched():
    at = debian.kept("qemu", _SUITE, lambda suite, into: suite.unpack(_PACKAGES, into))
    return os.path.join(at, "usr/bin", PROGRAM), os.path.join(at, "usr/share/qemu")


def command():
    """The words that a guest's command line begins with: the installed one if it is new enough, or if no newer one can be had."""
    if not _chosen:
        words = [shutil.which(PROGRAM)]
        if version(words[0]) < _FAST:
            try:
                newer, firmware = _fetched()
                if version(newer) >= _FAST:
                    words = [newer, *(word for folder in (firmware, *_FIRMWARE) for word in ("-L", folder))]
            except debian.Missing:
                pass
        _chosen[:] = words
    return list(_chosen)
