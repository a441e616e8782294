# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""rpm packages, of a product that is installed beside emf. make rpm tries emf's own, in a root of their own."""
import os
import re
import shlex

import packages
import scratch
import tap


def need_rpm():
    for program, package in (("rpmbuild", "rpm"), ("rpmlint", "rpmlint")):
        if tap.run("which", program).returncode:
            raise tap.Skip(f"needs {program}, of the package {package}")


def flags():
    """Those of Debian's packages, where they are known: the compiler's cache has what test_deb.py built."""
    found = {}
    for name in ("CFLAGS", "CPPFLAGS", "LDFLAGS"):
        try:
            found[name] = tap.run("dpkg-buildflags", "--get", name, cwd="/").stdout.strip()
        except FileNotFoundError:
            return {}
    return found


@scratch.once
def built(parent):
    folder = os.path.join(parent, "rpms")
    os.mkdir(folder)
    packages.make("rpm", folder, "nettop", packages.MODULES, "--disable-module-tests", **flags())
    return folder


def product():
    need_rpm()
    return packages.rpms(built())["nettop"]


def query(package, *words):
    done = tap.run("rpm", "-qp", *words, package)
    tap.equal(done.returncode, 0, f"exit status of rpm ({done.stderr})")
    return done.stdout


def test_a_product_becomes_a_package_of_its_name_with_everything_of_its_own():
    need_rpm()
    tap.equal(set(packages.rpms(built())), {"nettop"}, "packages")
    own = packages.files(product())
    for part in ("bin/nettop", "man8/nettop.8", "man8/nettop-hello.8", "completions/nettop", "/nettop.service", "/etc/emf/nettop.conf"):
        tap.equal(any(f.removesuffix(".gz").endswith(part) for f in own), True, f"whether there is {part} in {sorted(own)}")
    tap.equal([f for f in own if re.search(r"include|libemf|emfgen|/lib64/.*\.so", f)], [], "files of the framework")


def test_rpmlint_finds_no_error():
    words = [product(), *(os.path.join(built(), name) for name in os.listdir(built()) if name.endswith(".src.rpm"))]
    done = tap.run("rpmlint", "-c", os.path.join(tap.SOURCE, "packaging/rpm/rpmlint.toml"), *words)
    tap.equal([line for line in done.stdout.splitlines() if " E: " in line], [], "errors")
    tap.contains(done.stdout, "0 errors", "the end of what rpmlint says")


def test_what_an_operator_edits_is_kept_by_rpm():
    tap.equal(query(product(), "-c").split(), ["/etc/emf/acl.d/nettop.conf", "/etc/emf/nettop.conf"], "files")


def test_the_version_is_that_of_configure():
    tap.equal(query(product(), "--qf", "%{VERSION}"), packages.version(), "version")
    with open(os.path.join(tap.SOURCE, "packaging/rpm/emf.spec.in")) as f:
        tap.contains(f.read(), f"> - {packages.version()}-1\n", "the list of changes")


def test_what_a_build_needs_is_what_bootstrap_installs():
    """bootstrap knows for Fedora, too, what a build from git needs; the package adds its own macros."""
    with open(os.path.join(tap.SOURCE, "bootstrap")) as f:
        wanted = set(shlex.split(re.search(r"^fedora_build='(.*?)'", f.read(), re.M | re.S).group(1)))
    with open(os.path.join(tap.SOURCE, "packaging/rpm/emf.spec.in")) as f:
        declared = set(re.findall(r"^BuildRequires: (\S+)", f.read(), re.M))
    tap.equal(declared - {"systemd-rpm-macros"}, wanted - {"glibc-static"}, "what the package declares")


if __name__ == "__main__":
    tap.main()
