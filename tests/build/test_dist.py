# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make distcheck: the tarball is complete, builds from a read-only source, runs its unit
tests, installs, and cleans up after itself."""
import glob
import os

import scratch
import tap


def test_the_tarball_builds_tests_installs_and_cleans_up():
    if os.environ.get("EMF_INSIDE_DISTCHECK"):
        raise tap.Skip("runs inside make distcheck already")
    os.environ["EMF_INSIDE_DISTCHECK"] = "1"
    parent = tap.folder()
    build = scratch.Build(scratch.source(parent), os.path.join(parent, "b"))
    # The build and kernel tests run outside already: this is about the tarball.
    build.make("distcheck", "script_tests=")
    tap.equal(len(glob.glob(os.path.join(build.path, "emf-*.tar.xz"))), 1, "tarballs")


tap.main()
