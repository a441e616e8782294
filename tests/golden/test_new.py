# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen new: what it writes passes the checks and is in canonical form, and what it
refuses is not half written.

Without these, the first thing that somebody sees of the language could be an error, and a
name such as ../x could overwrite a file of somebody else.
"""
import fnmatch
import os
import re
import sys

import tap

EMFGEN = os.path.join(tap.SOURCE, "gen", "emfgen")
WRITES = {
    "module": ["modules/fresh.bpf.c", "modules/fresh.emf", "modules/fresh.test.c"], "service": ["modules/fresh.c", "modules/fresh.emf"],
    "chain": ["bus-idl/fresh.emf"], "product": ["bus-idl/fresh.emf"],
}
HINTS = {"exists": "choose another name, or move it away", "reserved": "choose another name"}


def tree(*files):
    """A source folder with these files in it, all of them empty."""
    folder = os.path.join(tap.folder(), "tree")
    for name in ("modules", "bus-idl"):
        os.makedirs(os.path.join(folder, name))
    for name in files:
        with open(os.path.join(folder, name), "w"):
            pass
    return folder


def there(folder):
    return sorted(os.path.relpath(os.path.join(place, f), folder) for place, _, files in os.walk(folder) for f in files)


def emfgen(folder, *words):
    return tap.run(sys.executable, EMFGEN, *words, cwd=folder)


def refused(folder, kind, name, message):
    """With exactly this message, and nothing written here or a folder higher."""
    parent = os.path.dirname(folder)
    before = there(folder), sorted(os.listdir(parent))
    done = emfgen(folder, "new", kind, name)
    tap.equal((done.returncode, done.stdout, done.stderr), (1, "", message), f"new {kind} {name!r}")
    tap.equal((there(folder), sorted(os.listdir(parent))), before, "files")


def test_each_kind_gives_files_that_pass_the_checks_and_are_in_canonical_form():
    for kind, files in WRITES.items():
        folder = tree()
        done = emfgen(folder, "new", kind, "fresh")
        tap.equal((done.returncode, done.stderr), (0, ""), f"new {kind}")
        tap.equal(there(folder), files, f"files of a {kind}")
        described = [f for f in files if f.endswith(".emf")]
        done = emfgen(folder, "check", *described)
        tap.equal((done.returncode, done.stderr), (0, ""), f"check of a {kind}")
        done = emfgen(folder, "fmt", "--check", *described)
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"canonical form of a {kind}")
        done = emfgen(folder, "build")
        tap.equal((done.returncode, done.stderr), (0, ""), f"build with a {kind}")


def test_a_product_names_the_modules_that_are_there():
    for files in ([], ["modules/one.c", "modules/two.bpf.c", "modules/two.emf"]):
        folder = tree(*files)
        tap.equal(emfgen(folder, "new", "product", "fresh").returncode, 0, "status")
        with open(os.path.join(folder, "bus-idl", "fresh.emf")) as f:
            tap.equal("modules one, two;" in f.read(), bool(files), "modules")
        tap.equal(emfgen(folder, "fmt", "--check", "bus-idl/fresh.emf").returncode, 0, "canonical form")


def test_the_name_of_a_product_can_have_dashes_from_new_to_the_build():
    folder = tree("modules/one.bpf.c")
    for name in ("my-tool", "a--b-", "x-9"):
        tap.equal(emfgen(folder, "new", "product", name).returncode, 0, "status of new")
        path = f"bus-idl/{name}.emf"
        for words in (("check", path), ("fmt", "--check", path), ("build", "--product", name)):
            done = emfgen(folder, *words)
            tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), " ".join(words))
        with open(os.path.join(folder, "obj", "product_emf.c")) as f:
            tap.contains(f.read(), f'.name = "{name}",')


def test_a_product_with_a_great_many_modules_is_in_canonical_form_too():
    folder = tree(*(f"modules/a_module_with_a_name_{n}.c" for n in range(20)))
    tap.equal(emfgen(folder, "new", "product", "fresh").returncode, 0, "status")
    tap.equal(emfgen(folder, "fmt", "--check", "bus-idl/fresh.emf").returncode, 0, "canonical form")


def test_the_longest_name_that_is_taken_gives_no_name_in_c_that_is_too_long():
    for kind in WRITES:
        folder = tree()
        tap.equal(emfgen(folder, "new", kind, "n" * 40).returncode, 0, f"status of a {kind}")
        done = emfgen(folder, "check", *(f for f in there(folder) if f.endswith(".emf")))
        tap.equal(done.stderr, "", f"check of a {kind}")
        refused(folder, kind, "n" * 41, "emfgen: error: this name has more than 40 characters\n")


def test_a_name_that_is_there_in_either_folder_is_refused():
    for kind in WRITES:
        for path in ("modules/fresh.emf", "modules/fresh.bpf.c", "modules/fresh.c", "bus-idl/fresh.emf"):
            refused(tree(path), kind, "fresh", f"emfgen: error: {path} exists already\n  hint: {HINTS['exists']}\n")


def test_a_link_that_leads_nowhere_is_there_too():
    folder = tree()
    os.symlink("/nowhere/at/all", os.path.join(folder, "modules", "fresh.emf"))
    refused(folder, "module", "fresh", f"emfgen: error: modules/fresh.emf exists already\n  hint: {HINTS['exists']}\n")


def test_names_with_a_path_or_other_signs_are_refused():
    for kind in WRITES:
        signs = "'_' and '-'" if kind == "product" else "'_'"
        for name in ("../x", "/tmp/x", "a/b", ".", "..", "", "a.b", "A", "9p", "a b", "a\n", "\u00e4", "$(x)", "{{x}}", "_x"):
            refused(tree(), kind, name, f"emfgen: error: '{name}' cannot be the name of a {kind}\n  hint: use lower-case letters, "
                    f"digits and {signs}, and start with a letter\n")
    refused(tree(), "module", "a-b", "emfgen: error: 'a-b' cannot be the name of a module\n  hint: use lower-case letters, "
            "digits and '_', and start with a letter\n")


def source(*path):
    with open(os.path.join(tap.SOURCE, *path), encoding="utf-8") as f:
        return f.read()


def test_a_product_is_not_called_what_make_is_asked_for():
    targets = set()
    for path in (("Makefile.am",), ("tests", "tools.mk"), ("sdk", "emf.mk")):
        for line in re.findall(r"^\.PHONY: (.*)", source(*path), re.M):
            targets |= {word for word in line.split() if re.fullmatch("[a-z][a-z-]*", word)}
    in_make = re.search(r"^emf_taken = (.*?[^\\])\n\$\(if \$\(filter \$\(emf_taken\) (.*?),", source("sdk", "emf.mk"), re.M | re.S)
    in_configure = re.search(r"AS_CASE\(\[\$with_product\], \[(all\|[^\]]*)\]", source("sdk", "emf.m4"))
    makes = " ".join(in_make.groups()).replace("\\\n", " ").replace("%", "*").split()
    configures = in_configure[1].split("|")
    for name in sorted(targets):
        for where, patterns in (("emf_taken in sdk/emf.mk", makes), ("EMF_OPTIONS in sdk/emf.m4", configures)):
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                raise AssertionError(f"{name} is a target of make, and not in {where}")
        refused(tree(), "product", name, f"emfgen: error: a product cannot be called '{name}': make, or a folder beside it, is\n  hint: choose another name\n")


def test_reserved_names_are_refused():
    for kind in WRITES:
        for name in ("int", "class", "emf", "ebus", "errno"):
            refused(tree(), kind, name, f"emfgen: error: '{name}' is a name that C or EMF reserves\n  hint: {HINTS['reserved']}\n")
        if kind != "product":
            refused(tree(), kind, "status", f"emfgen: error: 'status' is a built-in command\n  hint: {HINTS['reserved']}\n")
            refused(tree(), kind, "pid", f"emfgen: error: 'pid' is a built-in type\n  hint: {HINTS['reserved']}\n")


def alone(folder, *words, **kwargs):
    """A product where there is no folder of descriptions; autoreconf is left to who has it."""
    return tap.run(sys.executable, EMFGEN, "new", "product", *words, cwd=folder, env={**os.environ, "PATH": "/nowhere"}, **kwargs)


def test_a_product_without_a_folder_of_descriptions_gets_a_folder_of_its_own():
    both = [".github/workflows/check.yml", ".gitignore", "README.md", "bus-idl/my-tool.emf", "debian/changelog", "debian/control", "debian/copyright",
            "debian/my-tool.lintian-overrides", "debian/rules", "debian/source/format", "my-tool.spec"]
    for options, module, built_by, before in (((), "starts", ["Makefile.am", "configure.ac", "m4/emf.m4"], "autoreconf -fi && ./configure && "),
                                              (("--plain-make", "--module", "first"), "first", ["Makefile"], "")):
        folder = tap.folder()
        done = alone(folder, "my-tool", *options)
        tap.equal((done.returncode, done.stderr), (0, ""), "status and errors")
        tap.equal(done.stdout, f"wrote my-tool/; next: cd my-tool && {before}make && ./my-tool list\n", "what is told")
        tap.equal(there(os.path.join(folder, "my-tool")), sorted(both + built_by + [f"modules/{module}{e}" for e in (".bpf.c", ".emf", ".test.c")]), "files")
        tap.equal(os.listdir(folder), ["my-tool"], "what else is there")
        tree = os.path.join(folder, "my-tool")
        described = [f for f in there(tree) if f.endswith(".emf")]
        done = emfgen(tree, "fmt", "--check", *described)
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "canonical form")
        tap.equal(os.access(os.path.join(tree, "debian/rules"), os.X_OK), True, "whether debian/rules can be run")
        # It is a tree like any other: another product is declared in it.
        tap.equal(emfgen(tree, "new", "product", "other").returncode, 0, "status of another one")
        tap.equal(os.path.exists(os.path.join(tree, "bus-idl", "other.emf")), True, "whether it is declared")


def test_a_folder_of_a_product_is_not_written_over_nor_half_written():
    folder = tap.folder()
    os.mkdir(os.path.join(folder, "there"))
    os.symlink("/nowhere/at/all", os.path.join(folder, "led"))
    for words, message in ((("there",), f"there exists already\n  hint: {HINTS['exists']}"), (("led",), f"led exists already\n  hint: {HINTS['exists']}"),
                           (("starts",), "the product and its first module cannot both be named 'starts'\n  hint: give the module another name: --module NAME"),
                           (("ok", "--module", "a-b"), "'a-b' cannot be the name of a module\n  hint: use lower-case letters, digits and '_', and start with a letter"),
                           (("../x",), "'../x' cannot be the name of a product\n  hint: use lower-case letters, digits and '_' and '-', and start with a letter")):
        done = alone(folder, *words)
        tap.equal((done.returncode, done.stdout, done.stderr), (1, "", f"emfgen: error: {message}\n"), " ".join(words))
        tap.equal(sorted(os.listdir(folder)), ["led", "there"], "files")


def test_options_of_a_folder_of_its_own_are_refused_elsewhere():
    folder = tree()
    for kind, hint in (("product", "leave them out, or run it where there is no bus-idl/"), ("module", "leave them out")):
        done = emfgen(folder, "new", kind, "fresh", "--plain-make")
        tap.equal((done.returncode, done.stderr), (1, f"emfgen: error: --module and --plain-make are for a product with a folder of its own\n  hint: {hint}\n"), kind)
    tap.equal(there(folder), [], "files")


def test_without_the_folder_nothing_is_written():
    folder = os.path.join(tap.folder(), "empty")
    os.mkdir(folder)
    refused(folder, "module", "fresh", "emfgen: error: there is no folder modules/\n"
            "  hint: run it in the source folder, or name the folder by an option\n")


tap.main()
