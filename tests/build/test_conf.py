# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The files that an operator edits, as they are installed: every key is in them, and none changes anything."""
import os
import re

import scratch
import tap

OF = os.path.join(tap.BUILD, "obj", os.path.basename(tap.PRODUCT))


def lines(path):
    with open(path) as f:
        return f.read().splitlines()


def run_with(text):
    path = os.path.join(tap.folder(), "x.conf")
    scratch.write(path, text)
    return tap.run(tap.PRODUCT, "run", "hello", "-d", "50ms", "--config", path)


def keys():
    """Names and values that stand behind a '#', of the section of the product."""
    product = "\n".join(lines(OF + ".conf")).split("[MODULE]")[0]
    return dict(re.findall(r"^#([a-z-]+) = (.*)$", product, re.M))


def test_every_key_that_a_product_knows_is_in_its_file():
    tap.need_root()
    done = run_with("[product]\nno-such-key = 1\n")
    known = re.search(r"it has: (.*)", done.stderr).group(1)
    tap.equal(sorted(keys()), sorted(known.split(", ")), "keys of the file")


def test_what_stands_behind_the_signs_is_accepted_and_is_as_it_is_without():
    tap.need_root()
    text = "\n".join(f"{key} = {value}" for key, value in keys().items() if value != value.upper())
    done, without = run_with("[product]\n" + text + "\n"), run_with("")
    tap.equal((done.returncode, done.stderr), (without.returncode, without.stderr), "status and messages")
    tap.equal(done.returncode, 0, "exit status")


def test_nothing_in_the_files_has_an_effect_as_they_are():
    for path in (OF + ".conf", OF + "-acl.conf"):
        tap.equal([line for line in lines(path) if line and not line.startswith("#")], ["[product]"] * path.endswith(f"{os.path.basename(OF)}.conf"), path)
        tap.equal([line for line in lines(path) if re.search(r"@\w+@", line)], [], f"what is not filled in of {path}")


def test_make_install_never_writes_over_them_and_uninstall_leaves_what_was_edited():
    at = tap.folder()
    words = (f"DESTDIR={at}", "sysconfdir=/etc")
    name = os.path.basename(tap.PRODUCT)
    paths = [os.path.join(at, "etc/emf", f"{name}.conf"), os.path.join(at, "etc/emf/acl.d", f"{name}.conf")]
    scratch.must("make", "install-product", *words, cwd=tap.BUILD)
    tap.equal([os.path.exists(path) for path in paths], [True, True], "whether they are installed")
    scratch.write(paths[0], "[product]\nlog = warn\n")
    scratch.must("make", "install-product", *words, cwd=tap.BUILD)
    tap.equal(lines(paths[0]), ["[product]", "log = warn"], "what was edited")
    scratch.must("make", "uninstall", *words, cwd=tap.BUILD)
    tap.equal([os.path.exists(path) for path in paths], [True, False], "what is left")


def test_a_product_is_installed_without_what_it_shares():
    at = tap.folder()
    scratch.must("make", "install-product", f"DESTDIR={at}", "prefix=/usr", cwd=tap.BUILD)
    found = [os.path.relpath(os.path.join(d, f), at) for d, _, files in os.walk(at) for f in files]
    name = os.path.basename(tap.PRODUCT)
    tap.equal([f for f in found if not re.match(rf"_?{name}($|[-.])", os.path.basename(f))], [], "files that have not its name")
    tap.equal([f for f in found if re.search(r"/include/|libemf|/lib/emf/", f)], [], "files of the framework")


if __name__ == "__main__":
    tap.main()
