# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Debian packages: what is in them, and what lintian says. make deb tries them in a root of their own."""
import fnmatch
import os
import re
import subprocess

import packages
import scratch
import tap

NAMES = {"emf", "libemf-dev", "libemf-client1", "libemf-client-dev", "emf-doc"}


def need_debhelper():
    for program, package in (("dpkg-buildpackage", "dpkg-dev"), ("dh", "debhelper"), ("dh_python3", "dh-python"), ("lintian", "lintian")):
        if tap.run("which", program).returncode:
            raise tap.Skip(f"needs {program}, of the package {package}")


@scratch.once
def built(parent):
    folder = os.path.join(parent, "debs")
    os.mkdir(folder)
    packages.make("deb", folder, "emf", packages.MODULES, "--disable-module-tests")
    return folder


def debs():
    need_debhelper()
    return packages.debs(built())


def control(deb, field):
    return tap.run("dpkg-deb", "-f", deb, field).stdout.strip()


def test_the_tree_becomes_these_packages_and_no_others():
    tap.equal(set(debs()), NAMES, "packages")
    tap.equal({control(path, "Version") for path in debs().values()}, {packages.version()}, "versions")


def test_lintian_has_nothing_to_say():
    need_debhelper()
    tap.equal(packages.lintian(built()), (0, ""), "what lintian says")


def test_no_file_is_in_two_packages():
    tap.equal(packages.in_two(debs()), {}, "files of two packages")


def test_each_part_is_in_its_package():
    of = {name: packages.files(path) for name, path in debs().items()}
    library = next(f for f in of["libemf-client1"] if "/libemf-client.so" in f).rsplit("/", 1)[0]
    wanted = {
        "emf": {"/usr/bin/emf", "/usr/share/man/man8/emf.8.gz", "/usr/share/man/man8/emf-execsnoop.8.gz", "/etc/emf/emf.conf",
                "/etc/emf/acl.d/emf.conf", "/usr/share/bash-completion/completions/emf", f"{library}/emf/prometheus.so"},
        "libemf-client1": {f"{library}/libemf-client.so.1"},
        "libemf-client-dev": {f"{library}/libemf-client.so", f"{library}/libemf-client.a", f"{library}/pkgconfig/emf-client.pc",
                              "/usr/include/emf/client.h", "/usr/share/man/man3/emf-client.3.gz"},
        "libemf-dev": {"/usr/bin/emfgen", "/usr/share/emf/gen/templates/module.c.j2", "/usr/include/emf.h", "/usr/include/emf/map.h"},
        "emf-doc": {"/usr/share/doc/emf/tools/execsnoop.md"},
    }
    for name, some in wanted.items():
        tap.equal(some - of[name], set(), f"what {name} lacks")
    tap.equal([f for f in of["emf"] if f.endswith("systemd/system/emf.service")] != [], True, "whether there is a unit")


def test_a_client_s_headers_include_no_other_ones():
    folder = tap.folder()
    path = debs()["libemf-client-dev"]
    scratch.must("dpkg-deb", "-x", path, folder, cwd=folder)
    scratch.write(os.path.join(folder, "x.c"), "#include <emf/client.h>\n#include <emf/emf_emf.h>\nint main(void) { return 0; }\n")
    scratch.must("gcc", "-Wall", "-Werror", "-I", f"{folder}/usr/include", "-c", "x.c", "-o", "x.o", cwd=folder)


def test_what_an_operator_edits_is_kept_by_dpkg():
    conffiles = tap.run("dpkg-deb", "-I", debs()["emf"], "conffiles").stdout.split()
    tap.equal(sorted(conffiles), ["/etc/emf/acl.d/emf.conf", "/etc/emf/emf.conf"], "files")


def test_a_name_that_no_package_can_have_is_refused():
    src = packages.unpacked()
    script = os.path.join(src, "packaging/product-package")
    for words, sentence in ((["Net_Top"], '"Net_Top" is no name of a package'), ([], "name the product"),
                            (["nettop", "with-modules"], "options of configure begin with"), (["nettop", "--with-product=x"], "named by the first word"),
                            (["nettop", "--with-modules=$(x)"], "does not get to configure")):
        done = tap.run(script, *words)
        tap.equal(done.returncode, 2, f"exit status of {words}")
        tap.contains(done.stderr, sentence)
    tap.equal(tap.run(script, "nettop").returncode, 0, "exit status")
    done = tap.run(script, "nettop")
    tap.equal(done.returncode, 1, "exit status of another time")
    tap.contains(done.stderr, "or of another product already")


def test_a_version_that_is_not_that_of_configure_is_refused():
    need_debhelper()
    src = packages.unpacked()
    path = os.path.join(src, "debian/changelog")
    with open(path) as f:
        text = f.read()
    scratch.write(path, text.replace(f"emf ({packages.version()})", "emf (77.0)", 1))
    done = tap.run("debian/rules", "override_dh_auto_configure", cwd=src)
    tap.equal(done.returncode != 0, True, "whether it fails")
    tap.contains(done.stderr, f"debian/changelog says version 77.0, configure.ac {packages.version()}: let both have the new one")


def paragraphs():
    """Patterns of debian/copyright with their licences, in the order of the file."""
    with open(os.path.join(tap.SOURCE, "debian/copyright")) as f:
        for paragraph in f.read().split("\n\n"):
            match = re.match(r"Files: (.*?)\nCopyright: .*\nLicense: (.*)", paragraph, re.S)
            if match:
                yield match.group(1).split(), match.group(2).splitlines()[0].replace(" or ", " OR ")


def test_debian_copyright_says_what_the_files_say():
    src = packages.unpacked()
    wrong = []
    for name in subprocess.run(["grep", "-rlI", "SPDX-License-Identifier: ", "."], cwd=src, text=True, stdout=subprocess.PIPE, check=True).stdout.split():
        with open(os.path.join(src, name)) as f:
            said = re.search(r"^\W*SPDX-License-Identifier: ([\w.-]+ OR [\w.-]+)", "".join(f.readlines()[:3]), re.M)
        licence = [licence for patterns, licence in paragraphs() if any(fnmatch.fnmatchcase(name[2:], p) for p in patterns)][-1]
        if said and said.group(1) != licence:
            wrong.append((name, said.group(1), licence))
    tap.equal(wrong, [], "files, what they say, and what debian/copyright says")


if __name__ == "__main__":
    tap.main()
