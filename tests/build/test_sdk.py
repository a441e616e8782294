# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A product outside of the tree, made with what make install installs and nothing else.

Without these, a rule or a file that only the tree has could come to be needed, and who makes a
tool of their own would be the first to see.
"""
import json
import os
import re
import shlex
import shutil

import scratch
import tap

NOBODY = 65534
LONG = 30  # seconds of a processor; the promise is 10 by the clock, on a machine that does nothing else

KERNEL = """#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
__u64 runs;
SEC("raw_tp/sched_switch")
int on_it(void *ctx) { runs++; return 0; }
"""

# One that is plugged into a chain of EMF's, with no other module of EMF's there.
PLUGGED = """#include <emf/bpf.h>

#include "watcher_emf.h"

char LICENSE[] SEC("license") = "GPL";
__u64 packets;

SEC("xdp")
int watch(struct xdp_md *ctx)
{
	packets++;
	return XDP_PASS;
}
"""


@scratch.once
def sdk(parent):
    """The prefix that the tree was installed to, beside which products are made."""
    prefix = os.path.join(parent, "usr")
    scratch.must("make", "install", f"prefix={prefix}", cwd=tap.BUILD, env=dict(os.environ))
    return prefix


def environment(anew=False, **more):
    """Of somebody who has the SDK in a prefix of their own. @anew: nothing is taken from another build."""
    env = dict(os.environ) if anew else scratch.compiling()
    return {**env, "PKG_CONFIG_PATH": os.path.join(sdk(), "lib/pkgconfig"), "PATH": f"{sdk()}/bin:{env['PATH']}", **more}


def must(*words, cwd, **kwargs):
    return scratch.must(*words, cwd=cwd, env=environment(**kwargs))


def make(*words, cwd):
    return must("make", f"-j{os.cpu_count()}", *words, cwd=cwd)


def fails(*words, cwd, **more):
    """The last line of what it says."""
    done = tap.run(*words, cwd=cwd, env=environment(**more), timeout=300)
    tap.equal(done.returncode != 0, True, f"whether {' '.join(words)} fails")
    return (done.stdout + done.stderr).strip()


@scratch.once
def fresh(parent):
    """What emfgen has written, as nobody has touched it."""
    must("emfgen", "new", "product", "my-tool", cwd=parent)
    must("emfgen", "new", "product", "small", "--plain-make", "--module", "first", cwd=parent)
    return parent


def new(name):
    """A product in a folder that goes with the test."""
    path = os.path.join(tap.folder(), name)
    shutil.copytree(os.path.join(fresh(), name), path)
    return path


@scratch.once
def product(parent):
    """A product that is built where its sources are."""
    path = os.path.join(parent, "my-tool")
    shutil.copytree(os.path.join(fresh(), "my-tool"), path)
    if not os.path.exists(os.path.join(path, "configure")):
        raise AssertionError("emfgen new has not made a configure")
    before = os.times()
    must("./configure", cwd=path, anew=True)
    must("make", cwd=path, anew=True)
    after = os.times()
    took, worked = after.elapsed - before.elapsed, after.children_user + after.children_system - before.children_user - before.children_system
    print(f"# ./configure && make: {took:.1f} s, {worked:.1f} s of a processor", flush=True)
    tap.equal(worked < LONG, True, "whether it is built in a time to wait for")
    return path


def modules(path, name="my-tool"):
    """What it lists, but for the chains that are shown among them."""
    return {m["name"] for m in json.loads(must(f"./{name}", "list", "-j", cwd=path)) if m["kind"] != "chain"}


def drop(path, name, text):
    where = os.path.join(path, name)
    os.makedirs(os.path.dirname(where), exist_ok=True)
    scratch.write(where, text)
    tap.cleanup(lambda: os.path.exists(where) and os.unlink(where))


def files(folder):
    return sorted(os.path.relpath(os.path.join(place, f), folder) for place, _, names in os.walk(folder) for f in names)


def test_a_new_product_is_one_binary_with_its_own_name_and_module():
    tap.equal(modules(product()), {"starts"}, "modules")
    tap.equal(must("./my-tool", "--version", cwd=product()).splitlines()[0], "my-tool 0.1", "version")
    tap.contains(make(cwd=product()), "Nothing to be done")
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", tap.run("readelf", "-d", os.path.join(product(), "my-tool")).stdout)
    tap.equal([n for n in needed if not n.startswith(("libc.", "ld-"))], [], "what it needs beside libc")


def test_make_check_tests_its_module_as_root_and_itself_as_anybody():
    said = make("check", cwd=product())
    tap.contains(said, "my-tool 0.1\n")
    tap.contains(said, "2 passed, 0 failed" if os.geteuid() == 0 else "are left out: they need root")
    drop(product(), "modules/typo.emf", "module typo 0.1 { param u32 }\n")
    tap.contains(fails("make", "check", cwd=product()), "modules/typo.emf:1:")


def test_it_shows_what_its_module_sees():
    tap.need_root()
    tool = tap.start("./my-tool", "starts", "-j", "-n", "1", cwd=product())
    while tool.poll() is None:
        tap.run("true")
    tap.equal(json.loads(tool.stdout.readline())["module"], "starts", "module of the event")


def test_what_is_dropped_into_its_folders_is_built_in_and_taken_out():
    if must("pkg-config", "--variable=profile", "emf", cwd=sdk()) == "static\n":
        raise tap.Skip("a static product has no extensions of its own process")
    drop(product(), "modules/dropped.bpf.c", KERNEL)
    drop(product(), "dynamic/example.c", scratch.CLASSIC)
    make(cwd=product())
    tap.equal(modules(product()), {"starts", "dropped"}, "modules")
    done = tap.run("./my-tool", "run", "example", "--extension", "obj/example.so", "-d", "50ms", cwd=product())
    tap.equal((done.returncode, done.stdout), (0, "create example\nattach example\ndestroy example\n"), "what the extension prints")
    os.unlink(os.path.join(product(), "modules/dropped.bpf.c"))
    os.unlink(os.path.join(product(), "dynamic/example.c"))
    make(cwd=product())
    tap.equal(modules(product()), {"starts"}, "modules")
    tap.equal(os.path.exists(os.path.join(product(), "obj/example.so")), False, "whether the extension is left")


def test_modules_of_emf_stand_beside_its_own_in_a_build_of_another_folder():
    src = new("my-tool")
    path = os.path.join(os.path.dirname(src), "build")
    os.mkdir(path)
    must("../my-tool/configure", "--enable-werror", "--with-emf-modules=execsnoop,flow", cwd=path)
    make(cwd=path)
    tap.equal(modules(path), {"starts", "execsnoop", "flow"}, "modules")
    tap.contains(make(cwd=path), "Nothing to be done")
    tap.equal(os.path.exists(os.path.join(path, "obj/pages/my-tool-flow.8")), True, "whether flow has its page")
    with open(os.path.join(path, "my-tool"), "rb") as f:
        binary = f.read()
    for folder in (sdk(), src, path):
        tap.equal(os.fsencode(folder) in binary, False, f"whether the binary names {folder}")
    # One of them again, by its name.
    drop(src, "modules/flow.c", scratch.CLASSIC.replace('"example"', '"flow"'))
    tap.contains(fails("make", cwd=path), "this module of EMF's was chosen, and modules/ has one of its name")
    os.unlink(os.path.join(src, "modules/flow.c"))
    # And without them.
    must("../my-tool/configure", cwd=path)
    make(cwd=path)
    tap.equal(modules(path), {"starts"}, "modules")


def test_an_own_module_is_plugged_into_a_chain_of_emfs():
    drop(product(), "modules/watcher.emf", 'import "net.emf";\n\n/// look at packets\nmodule watcher 0.1 {\n\tplug watch into ingress.filter;\n}\n')
    drop(product(), "modules/watcher.bpf.c", PLUGGED)
    make(cwd=product())
    tap.contains(must("./my-tool", "list", cwd=product()), "ingress")
    must("emfgen", "check", "modules/watcher.emf", cwd=product())  # which finds net.emf as the build does


def own_files(name, etc="etc"):
    """What a product installs, but for its pages."""
    return sorted([f"{etc}/emf/acl.d/{name}.conf", f"{etc}/emf/{name}.conf", f"usr/bin/{name}", f"usr/lib/systemd/system/{name}.service",
                   f"usr/lib/systemd/system/{name}.socket", f"usr/share/bash-completion/completions/{name}",
                   f"usr/share/fish/vendor_completions.d/{name}.fish", f"usr/share/zsh/site-functions/_{name}"])


def test_what_is_installed_is_the_products_own_and_goes_again():
    to = os.path.join(tap.folder(), "to")
    must("./configure", "--prefix=/usr", cwd=product())
    make("install", f"DESTDIR={to}", cwd=product())
    tap.equal(files(to), sorted([*own_files("my-tool"), "usr/share/man/man8/my-tool-starts.8", "usr/share/man/man8/my-tool.8"]), "files")
    with open(os.path.join(to, "usr/lib/systemd/system/my-tool.service")) as f:
        tap.contains(f.read(), "ExecStart=/usr/bin/my-tool serve\n")
    make("uninstall", f"DESTDIR={to}", cwd=product())
    tap.equal(files(to), [], "files that are left")


def test_what_make_dist_carries_builds_and_so_do_its_packages():
    path = new("my-tool")
    must("./configure", cwd=path)
    make("dist", cwd=path)
    parent = tap.folder()
    must("tar", "-xf", os.path.join(path, "my-tool-0.1.tar.gz"), cwd=parent)
    path = os.path.join(parent, "my-tool-0.1")
    if shutil.which("rpmspec"):
        tap.contains(must("rpmspec", "-P", "my-tool.spec", cwd=path), "BuildRequires:  autoconf automake emf-devel")
    if not shutil.which("dpkg-buildpackage") or not shutil.which("dh"):
        raise tap.Skip("needs dpkg-dev and debhelper")
    # -d: the SDK is there, but not as a package.
    must("dpkg-buildpackage", "-d", "-us", "-uc", "-b", cwd=path)
    deb = next(f for f in os.listdir(parent) if re.match(r"my-tool_0\.1_\w+\.deb", f))
    tap.contains(must("dpkg", "-c", deb, cwd=parent), "./usr/bin/my-tool\n")


def test_a_plain_makefile_does_the_same():
    path = new("small")
    make(cwd=path)
    tap.equal(modules(path, "small"), {"first"}, "modules")
    tap.contains(make(cwd=path), "Nothing to be done")
    make("check", cwd=path)
    to = os.path.join(path, "to")
    make("install", "prefix=/usr", f"DESTDIR={to}", cwd=path)
    tap.equal([f for f in files(to) if "man" not in f], own_files("small"), "files")
    with open(os.path.join(to, "usr/lib/systemd/system/small.service")) as f:
        tap.contains(f.read(), "ExecStart=/usr/bin/small serve\n")
    make("clean", cwd=path)
    tap.equal(os.path.exists(os.path.join(path, "obj/modules.mk")) or os.path.exists(os.path.join(path, "small")), False, "what clean has left")


def test_a_new_version_of_the_sdk_makes_everything_anew():
    path, version = product(), os.path.join(sdk(), "share/emf/version")
    make(cwd=path)
    with open(version) as f:
        before = f.read()
    tap.cleanup(scratch.write, version, before)
    scratch.write(version, "0.1.0.1\n")
    tap.contains(make(cwd=path), "CC       obj/product_emf.o")
    tap.contains(make(cwd=path), "Nothing to be done")


def test_pkg_config_names_all_that_a_product_is_linked_with():
    make(cwd=product())
    words = shlex.split(must("pkg-config", "--libs", "emf", cwd=product()))
    must("gcc", "obj/product_emf.o", "obj/starts_emf.o", *words, "-o", "obj/by-hand", cwd=product())
    tap.contains(must("obj/by-hand", "list", cwd=product()), "starts")


def test_without_the_sdk_there_is_one_error_that_says_what_to_install():
    path, plain = new("my-tool"), new("small")
    nowhere = {"PKG_CONFIG_PATH": "", "PKG_CONFIG_LIBDIR": os.path.join(path, "nowhere")}
    tap.contains(fails("./configure", cwd=path, **nowhere), "the SDK of EMF (installed elsewhere: --with-emf=PREFIX) - Debian: libemf-dev;")
    tap.contains(fails("make", cwd=plain, **nowhere), "pkg-config does not find the SDK of EMF: install libemf-dev,")
    done = tap.run("./configure", f"--with-emf={sdk()}", cwd=path, env=environment(**nowhere))
    tap.equal(done.returncode, 0, "status with the prefix that was given")


def test_a_module_that_emf_has_not_is_told_by_configure_and_by_make():
    path, plain = new("my-tool"), new("small")
    tap.contains(fails("./configure", "--with-emf-modules=execsnop", cwd=path), 'EMF 0.1.0 has no module "execsnop"')
    tap.contains(fails("make", "EMF_WITH_EMF_MODULES=execsnop", cwd=plain), "there is no module 'execsnop' in obj/emf/modules/")


def test_where_nothing_can_be_written_nothing_is_half_there():
    tap.need_root()
    parent = tap.folder()
    os.chmod(parent, 0o755)
    os.chmod(os.path.dirname(sdk()), 0o755)
    done = tap.run("emfgen", "new", "product", "my-tool", cwd=parent, env=environment(), user=NOBODY)
    tap.equal((done.returncode, done.stdout), (1, ""), "exit status and output")
    tap.equal(done.stderr, f"emfgen: error: {parent}/my-tool: Permission denied\n", "error")
    tap.equal(os.listdir(parent), [], "files")


tap.main()
