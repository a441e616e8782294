# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make deb: Debian packages are built in a root that has only what they declare, and installed into one that has nothing."""
import hashlib
import os
import re
import shutil

import chroot
import packages
import scratch
import tap
from test_client_install import examples

# What may differ between two builds and not be seen in the packages.
PLACES = (("/build/one", {"TZ": "UTC+12", "LC_ALL": "C"}, "022"), ("/build/another/place", {"TZ": "UTC-14", "LC_ALL": "C.UTF-8", "LANGUAGE": "de"}, "002"))


EMF = ()
PRODUCT = ("nettop", "--with-modules=parse,flow,acl,hello")


def build(root, kind, place, *words):
    """Packages of a kind that are built below a place of a root; a folder that has them."""
    where, environment, umask = place
    where += "/" + "-".join(words[:1] or ["emf"])
    root.must("sh", "-ec", f"umask {umask}; mkdir -p {where}; TMPDIR={where} /build/make-packages {kind} \"$@\"", "sh",
              f"/build/{os.path.basename(packages.tarball())}", f"{where}/made", *words, **environment)
    return root.path + f"{where}/made"


def sums(folder):
    found = {}
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            with open(os.path.join(folder, name), "rb") as f:
                found[name] = hashlib.sha256(f.read()).hexdigest()
    return found


@scratch.once
def made(parent):
    """Folders of the packages of emf and of a product, and sums of those of emf that were built twice."""
    root = chroot.Root("buildd")
    with open(os.path.join(tap.SOURCE, "debian/control")) as f:
        needs = re.search(r"^Build-Depends: (.*?)^\S", f.read(), re.M | re.S).group(1)
    root.install_needs(" ".join(needs.split()).rstrip(","))
    root.give(packages.tarball(), os.path.join(tap.SOURCE, "packaging/make-packages"))
    one, another = build(root, "deb", PLACES[0]), build(root, "deb", PLACES[1])
    two_sums = sums(one), sums(another)
    for words, folder in ((EMF, one), (PRODUCT, build(root, "deb", PLACES[0], *PRODUCT))):
        shutil.move(folder, os.path.join(parent, words[0] if words else "emf"))
    return {EMF: os.path.join(parent, "emf"), PRODUCT: os.path.join(parent, "nettop")}, two_sums


def debs(words=EMF):
    return packages.debs(made()[0][words])


def depends(*paths):
    """What packages need of others than themselves."""
    own = {os.path.basename(path).split("_")[0] for path in paths}
    needs = ", ".join(tap.run("dpkg-deb", "-f", path, "Depends").stdout.strip() for path in paths)
    return ", ".join(n for n in needs.split(", ") if n and n.split()[0].split(":")[0] not in own)


def installed(*paths, variant="minbase"):
    """A root with these packages, and what was in it before."""
    root = chroot.Root(variant)
    root.install_needs(depends(*paths))
    root.give(*paths, to="build/debs")
    before = root.files()
    root.must("dpkg", "-i", *(f"/build/debs/{os.path.basename(p)}" for p in paths))
    return root, before


def serving(root, name, *modules):
    """The service of the unit, with these modules; ends with the test, if not before."""
    folder = os.path.join(root.path, f"etc/emf/{name}.conf.d")
    os.makedirs(folder, exist_ok=True)
    scratch.write(os.path.join(folder, "test.conf"), f"[product]\nmodules = {', '.join(modules)}\n")
    with open(os.path.join(root.path, f"lib/systemd/system/{name}.service")) as f:
        command = re.search(r"^ExecStart=(.*)$", f.read(), re.M).group(1).split()
    process = tap.start(*root.words(*command))
    done = root.run(f"/usr/bin/{name}", "wait", "modules", "--timeout", "60s")
    if done.returncode:
        process.kill()
        raise AssertionError(f"{command} does not serve: {done.stderr}{process.stderr.read()}")
    return process


def end(process):
    process.terminate()
    said = process.communicate(timeout=60)[1]
    tap.equal(process.returncode, 0, f"exit status of the service ({said})")


def test_the_packages_build_with_only_what_they_declare():
    tap.equal(set(debs()), {"emf", "libemf-dev", "libemf-client1", "libemf-client-dev", "emf-doc"}, "packages")
    tap.equal(set(debs(PRODUCT)), {"nettop"}, "packages of a product")


def test_two_builds_in_other_folders_times_and_locales_are_the_same_bytes():
    one, another = made()[1]
    tap.equal({name for name in one if one[name] != another.get(name)} | (set(one) ^ set(another)), set(), "packages that differ")
    tap.equal(len(one) > 4, True, "whether there are some")


def test_lintian_has_nothing_to_say_of_a_product_s_package():
    if tap.run("which", "lintian").returncode:
        raise tap.Skip("needs lintian, of the package of this name")
    tap.equal(packages.lintian(made()[0][PRODUCT]), (0, ""), "what lintian says")


def test_what_is_installed_runs_and_nothing_of_it_is_left_by_purge():
    root, before = installed(debs()["emf"])
    process = serving(root, "emf", "execsnoop", "hello")
    tap.contains(root.must("/usr/bin/emf", "status"), "execsnoop")
    loaded = root.must("/usr/bin/emf", "load", "/usr/lib/" + next(f for f in packages.files(debs()["emf"]) if f.endswith("/prometheus.so"))[9:])
    tap.equal(loaded, "", "what load says")
    tap.contains(root.must("/usr/bin/emf", "status"), "prometheus")
    end(process)
    root.must("/usr/bin/emf", "run", "execsnoop", "--persist", "-d", "100ms")
    tap.equal(root.run("test", "-e", "/sys/fs/bpf/emf").returncode, 0, "whether something stays in the kernel")
    os.unlink(os.path.join(root.path, "etc/emf/emf.conf.d/test.conf"))
    root.must("dpkg", "--remove", "emf")
    tap.equal(os.path.exists(os.path.join(root.path, "etc/emf/emf.conf")), True, "whether the configuration is kept")
    tap.equal(root.run("test", "-e", "/sys/fs/bpf/emf").returncode, 1, "whether nothing stays in the kernel")
    root.must("dpkg", "--purge", "emf")
    tap.equal(root.files() - before, set(), "what purge leaves")
    tap.equal(before - root.files(), set(), "what purge took of others")


def test_an_upgrade_keeps_what_was_configured():
    root, before = installed(debs()["emf"])
    path = os.path.join(root.path, "etc/emf/emf.conf")
    with open(path, "a") as f:
        f.write("[product]\nlog = warn\n")
    with open(path) as f:
        edited = f.read()
    newer = os.path.join(tap.folder(), "newer")
    scratch.must("dpkg-deb", "-R", debs()["emf"], newer, cwd="/")
    with open(os.path.join(newer, "DEBIAN/control")) as f:
        text = f.read()
    scratch.write(os.path.join(newer, "DEBIAN/control"), re.sub(r"^(Version: .*)$", r"\1+1", text, flags=re.M))
    scratch.write(os.path.join(newer, "usr/share/doc/emf/newer"), "of a newer version\n")
    scratch.must("dpkg-deb", "-b", newer, newer + ".deb", cwd="/")
    root.give(newer + ".deb")
    root.must("dpkg", "-i", "/build/newer.deb")
    with open(path) as f:
        tap.equal(f.read(), edited, "the configuration")
    tap.equal(os.path.exists(os.path.join(root.path, "usr/share/doc/emf/newer")), True, "whether the newer version is there")
    end(serving(root, "emf", "hello"))
    os.unlink(os.path.join(root.path, "etc/emf/emf.conf.d/test.conf"))
    root.must("dpkg", "--purge", "emf")
    tap.equal(root.files() - before, set(), "what purge leaves")


def test_the_examples_of_the_acl_file_are_accepted():
    root, _ = installed(debs()["emf"])
    path = os.path.join(root.path, "etc/emf/acl.d/emf.conf")
    with open(path) as f:
        text = f.read()
    examples_in_it = text[text.index("#[group"):].replace("#", "").replace("operators", "daemon").replace("alice", "daemon")
    scratch.write(path, examples_in_it)
    tap.contains(root.must("/usr/bin/emf", "acl", "explain", "daemon", "modules.start"), "allowed")
    tap.equal(root.run("/usr/bin/emf", "acl", "explain", "daemon", "parameters.set").returncode, 1, "exit status of what is denied")


def test_the_unit_is_one_that_systemd_takes():
    if tap.run("which", "systemd-analyze").returncode:
        raise tap.Skip("needs systemd-analyze, of the package systemd")
    root, _ = installed(debs()["emf"], debs(PRODUCT)["nettop"])
    for name in ("emf", "nettop"):
        # With its own root it would want the units of a whole system.
        unit = os.path.join(tap.folder(), f"{name}.service")
        with open(os.path.join(root.path, f"lib/systemd/system/{name}.service")) as f:
            scratch.write(unit, f.read().replace("ExecStart=/usr/bin/", f"ExecStart={root.path}/usr/bin/"))
        done = tap.run("systemd-analyze", "verify", "--man=no", unit)
        tap.equal([line for line in done.stderr.splitlines() if name in line], [], f"what systemd says of {name}")


def test_products_run_side_by_side_and_each_takes_its_own_along():
    root, before = installed(debs()["emf"], debs(PRODUCT)["nettop"])
    first, second = serving(root, "emf", "hello"), serving(root, "nettop", "hello")
    for name in ("emf", "nettop"):
        tap.equal(os.path.exists(os.path.join(root.path, f"run/emf/{name}.sock")), True, f"whether {name} has a socket")
    end(second)
    os.unlink(os.path.join(root.path, "etc/emf/nettop.conf.d/test.conf"))
    root.must("dpkg", "--purge", "nettop")
    tap.contains(root.must("/usr/bin/emf", "status"), "hello")
    end(first)
    os.unlink(os.path.join(root.path, "etc/emf/emf.conf.d/test.conf"))
    root.must("dpkg", "--purge", "emf")
    tap.equal(root.files() - before, set(), "what purge leaves")


def test_a_client_is_built_and_stubs_are_made_of_what_is_installed():
    names = ("libemf-client1", "libemf-client-dev", "libemf-dev")
    root, before = installed(*(debs()[name] for name in names), variant="buildd")
    manual = root.must("gunzip", "-c", "/usr/share/man/man3/emf-client.3.gz")
    scratch.write(os.path.join(root.path, "build/example.c"), examples(manual)[-1])
    scratch.write(os.path.join(root.path, "build/echo.emf"), "service echo 1.0 {\n\tmethod number(u32 n) -> (u32 n) access(read);\n}\n")
    root.must("apt-get", "-q", "install", "-y", "pkg-config")
    before |= root.files() - before - {"." + f for name in names for f in packages.files(debs()[name])}
    for static in ("", "-static"):
        root.must("sh", "-ec", f"cd /build && gcc -Wall -Werror {static} $(pkg-config --cflags emf-client) example.c $(pkg-config --static --libs emf-client) -o example")
    root.must("sh", "-ec", "cd /build && emfgen stubs echo.emf && gcc -Wall -Werror -c $(pkg-config --cflags emf-client) echo_emf.c")
    root.must("dpkg", "--purge", *names)
    tap.equal({f for f in root.files() - before if "emf" in f}, set(), "what purge leaves")


if __name__ == "__main__":
    tap.main()
