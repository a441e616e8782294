# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The pages on extensions and packages, tried as they are written: docs/extending.md, docs/packages.md. Those on isolated
extensions and on upgrades are tried where their tests are, and what comes from the network by test_fetch.

Without these, the first thing that a reader does could fail.
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from manual import Reader, commands  # noqa: E402

NETWORK = "example.org"
NOBODY = 65534


def extensions():
    """Where the product of this build is, and its extension signature."""
    folder = os.path.join(tap.BUILD, "obj")
    if not os.path.exists(os.path.join(folder, "signature.so")):
        raise tap.Skip("signature.so was not built (Debian: libsodium-dev)")
    return folder


@tap.of_the_build
def test_the_page_on_extensions_works_as_it_is_written():
    tap.need_root()
    parent = tap.folder()
    src = scratch.source(parent)
    for name in os.listdir(os.path.join(src, "modules")):
        if not name.endswith(".h") and not name.startswith("hello"):
            os.unlink(os.path.join(src, "modules", name))
    made = scratch.Build(src, src, f"--prefix={parent}", f"--sysconfdir={parent}/etc")
    made.make()
    begin, serving = commands("extending.md")
    reader = Reader(src, os.path.join(parent, "sbin"), os.path.join(parent, "bin"), EMF_BUS=os.path.join(parent, "bus"), **{k: made.env[k] for k in made.env if k.startswith("CCACHE")})
    move, from_tree, install, installed = begin
    tap.contains(reader.tries(move), "  SO       obj/hello.so\n")
    reader.interrupts(from_tree)
    reader.tries(install)
    reader.interrupts(installed)
    service = reader.serves()
    reader.tries("emf unload hello")  # the one that is installed
    load, status, unload = serving
    reader.tries(load)
    tap.contains(reader.tries(status), "hello")
    reader.tries(unload)
    tap.equal("hello" in reader.tries(status), False, "it is there still")
    service.terminate()
    tap.equal(service.wait(timeout=tap.PATIENCE), 0, "exit status of the service")


@scratch.once
def other_product(parent):
    """One without these modules, and with keys of its own; another user runs it, too."""
    os.chmod(parent, 0o755)
    made = scratch.Build(scratch.source(parent), os.path.join(parent, "b"), "--with-modules=hello", f"--sysconfdir={parent}/etc")
    made.make()
    made.keys = os.path.join(parent, "etc", "emf", "keys.d")
    return made


def test_the_page_on_packages_works_as_it_is_written():
    tap.need_root()
    parent = tap.folder()
    pack, run, _, _, load, sign, eunomia, of_eunomia, to_eunomia = commands("packages.md")
    programs = os.path.join(parent, "bin")
    os.mkdir(programs)
    os.symlink(tap.PRODUCT, os.path.join(programs, "emf"))
    author = Reader(parent, programs, EMF_EXTENSIONS=extensions(), EMF_BUS=os.path.join(parent, "bus"))
    for command in pack:
        author.tries(command)
    made = other_product()
    os.makedirs(made.keys)
    tap.cleanup(shutil.rmtree, made.keys)
    shutil.rmtree(programs)
    os.mkdir(programs)
    os.symlink(made.product(), os.path.join(programs, "emf"))
    user = Reader(parent, programs, EMF_EXTENSIONS=os.path.join(made.path, "obj"), EMF_BUS=os.path.join(parent, "bus"))
    for command in run:
        if NETWORK not in command:
            user.interrupts(command)
    for command in sign:
        if command.startswith("install"):
            command = command.replace("/etc/emf/keys.d", made.keys)
        user.tries(command)
    user.tries("emf sign two.emfpkg --key me.key")
    service = user.serves("hello")
    for command in load:
        user.tries(command)
    user.tries("emf unload runqlat")
    service.terminate()
    tap.equal(service.wait(timeout=tap.PATIENCE), 0, "exit status of the service")
    # By the product of this build again, which has modules to pack.
    os.unlink(os.path.join(programs, "emf"))
    os.symlink(tap.PRODUCT, os.path.join(programs, "emf"))
    for command in to_eunomia:
        author.tries(command)
    os.rename(os.path.join(parent, "exitsnoop.json"), os.path.join(parent, "package.json"))
    os.unlink(os.path.join(programs, "emf"))
    os.symlink(made.product(), os.path.join(programs, "emf"))
    tap.contains(user.tries(eunomia[0]), "exitsnoop")
    pack, sign = (command.replace("mytool", "exitsnoop") for command in of_eunomia)
    os.chown(parent, NOBODY, NOBODY)
    os.chmod(parent, 0o755)
    user.tries(f"exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups {pack}")
    user.tries(sign)
    service = user.serves("hello", "--allow-unsigned")
    user.tries(eunomia[-1])
    service.terminate()
    tap.equal(service.wait(timeout=tap.PATIENCE), 0, "exit status of the service")


tap.main()
