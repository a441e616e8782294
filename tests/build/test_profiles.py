# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What is built: what it links, what it exports, that it is the same wherever it is built."""
import filecmp
import fnmatch
import glob
import grp
import os
import pwd
import re
import shlex
import shutil
import signal

import sanitized
import scratch
import tap

ALLOWED_SHARED = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "linux-vdso.so.1"}

LINKERS_OWN = {"_start", "_edata", "_end", "__bss_start", "__data_start", "data_start", "_IO_stdin_used",
               "_init", "_fini", "main"}


def test_the_default_product_shares_libc_and_nothing_else():
    shown = tap.run("ldd", tap.PRODUCT).stdout
    shared = {os.path.basename(line.split()[0]) for line in shown.splitlines()}
    if "asan" in shown:
        raise tap.Skip("built with sanitizers, which are shared libraries")
    tap.equal(shared - ALLOWED_SHARED, set(), "other libraries")


def test_it_exports_the_public_functions_and_nothing_else():
    with_headers = set()
    folder = os.path.join(tap.SOURCE, "include", "emf")
    for path in [os.path.join(folder, name) for name in os.listdir(folder)] + glob.glob(os.path.join(tap.BUILD, "obj", "*_emf.h")):
        with open(path) as f:
            with_headers |= set(re.findall(r"^EMF_API [^;(]*?\b(\w+)(?:\(|;)", f.read(), re.MULTILINE))
    shown = tap.run("nm", "-D", "--defined-only", tap.PRODUCT).stdout
    exported = {line.split()[-1] for line in shown.splitlines()} - LINKERS_OWN
    # Variables of libc that the program refers to are copied into it.
    exported = {symbol for symbol in exported if "@GLIBC" not in symbol}
    if "__asan_init" in shown or any(s.startswith("__asan") for s in exported):
        raise tap.Skip("built with sanitizers, which export symbols of their own")
    # What user parts call on the maps and programs of their skeletons, by the patterns of the map.
    with open(os.path.join(tap.SOURCE, "core", "exports.map")) as f:
        patterns = re.findall(r"^\t((?:lib)?bpf_\S+);$", f.read(), re.MULTILINE)
    of_libbpf = {s for s in exported if any(fnmatch.fnmatchcase(s, p) for p in patterns)}
    tap.equal({"bpf_map__fd", "bpf_program__set_autoload"} <= of_libbpf, True, "whether what user parts call of libbpf is there")
    exported -= of_libbpf
    tap.equal(exported - with_headers, set(), "exported, and in no header")
    tap.equal(with_headers - exported, set(), "in a header, and not exported")


def test_builds_in_different_folders_are_identical_and_name_neither():
    parent = tap.folder()
    options = shlex.split(tap.run(os.path.join(tap.BUILD, "config.status"), "--config").stdout)
    other = scratch.Build(scratch.source(parent), os.path.join(parent, "some", "where", "else"), *options, anew=True)
    other.make("all")
    for name in ["emf"] + [os.path.join("obj", n) for n in sorted(os.listdir(other.product("obj"))) if n.endswith((".bpf.o", ".skel.h", "_emf.c", "_emf.h"))]:
        if not filecmp.cmp(os.path.join(tap.BUILD, name), other.product(name), shallow=False):
            raise AssertionError(f"{name} differs")
    with open(other.product(), "rb") as f:
        data = f.read()
    tap.equal([folder for folder in (parent, tap.BUILD) if folder.encode() in data], [], "folders that are named in the binary")
    # The comparison above could not fail if sources left no trace at all.
    with open(other.product("obj/hello.bpf.o"), "rb") as f:
        tap.equal(b"./modules/hello.bpf.c" in f.read(), True, "the source's name is in its line information")


@scratch.once
def static(parent):
    """A fully static product; made once."""
    made = scratch.Build(scratch.source(parent), os.path.join(parent, "b"), "--enable-fully-static", f"--sysconfdir={parent}/etc")
    made.make()
    made.rules = os.path.join(parent, "etc", "emf", "acl.d", "test.conf")
    os.makedirs(os.path.dirname(made.rules))
    return made


def test_a_fully_static_product_needs_no_library_and_runs():
    shown = tap.run("ldd", static().product())
    tap.contains(shown.stdout + shown.stderr, "not a dynamic executable")
    there = {os.path.basename(path).split(".")[0] for path in glob.glob(os.path.join(tap.SOURCE, "modules", "*.bpf.c"))}
    tap.equal(there - set(static().modules()), set(), "modules that it lacks")
    tap.need_root()
    done = tap.run(static().product(), "execsnoop", "-d", "200ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")


def test_a_fully_static_product_runs_extensions_isolated_by_the_program_beside_it():
    tap.need_root()
    path = os.path.join(tap.BUILD, "obj", "signature.so")
    if not os.path.exists(path):
        raise tap.Skip("signature.so was not built (Debian: libsodium-dev)")
    folder = tap.folder()
    env = dict(os.environ, EMF_BUS=os.path.join(folder, "bus"), EMF_ISOLATED_HOST=static().product("obj/emf-isolated"))
    shutil.copy(path, folder)  # of root, whoever built it
    path = os.path.join(folder, "signature.so")
    os.chmod(path, 0o755)
    done = tap.run(static().product(), "run", "hello", "--extension", path, "-d", "100ms", env=env)
    tap.equal(done.returncode, 1, "exit status of one that is to be loaded")
    tap.contains(done.stderr, "this product is fully static, and loads no shared objects: use --isolated")
    config = os.path.join(folder, "emf.conf")
    scratch.write(config, "[product]\nmodules = hello\n")
    tool = tap.start(static().product(), "serve", "--config", config, "--isolated", path, env=env)
    tap.equal(tap.run(static().product(), "wait", "signature", "--timeout", "30s", env=dict(env, EMF_BUS=env["EMF_BUS"])).returncode, 0, "exit status of wait")
    tap.contains(tap.run(static().product(), "status", env=env).stdout, "signature: isolated, process running")
    tool.send_signal(signal.SIGTERM)
    tap.equal((tool.wait(timeout=tap.PATIENCE), tool.stderr.read()), (0, ""), "exit status and messages")
    # Without the program it is one sentence.
    done = tap.run(static().product(), "run", "--isolated", path, "-d", "100ms", env=dict(env, EMF_ISOLATED_HOST=os.path.join(folder, "none")))
    tap.equal(done.returncode, 1, "exit status without the program")
    tap.contains(done.stderr, f"its process cannot be started from {folder}/none: No such file or directory")
    shown = tap.run("ldd", static().product("obj/emf-isolated")).stdout
    tap.equal({os.path.basename(line.split()[0]) for line in shown.splitlines()} - ALLOWED_SHARED, set(), "libraries of the program beside it")


def test_access_rules_of_a_fully_static_product_name_users_and_groups_as_this_system_has_them():
    user = pwd.getpwnam("daemon")
    group = grp.getgrgid(user.pw_gid).gr_name
    scratch.write(static().rules, f"[user {user.pw_name}]\nallow = log.get_level\n[group {group}]\nallow = log.line\n"
                                  f"[user {user.pw_uid}]\nallow = statistics.loop\n[group {user.pw_gid}]\ndeny = statistics.queues\n")

    def explain(user, what):
        done = tap.run(static().product(), "acl", "explain", user, what)
        return done.returncode, done.stdout.splitlines()[1:], done.stderr.replace(static().rules, "RULES")

    def rule(n, text):
        return [f"{static().rules}:{n}: {text}"]
    for name in (user.pw_name, str(user.pw_uid)):
        tap.equal(explain(name, "log.get_level"), (0, rule(2, f"[user {user.pw_name}] allow = log.get_level"), ""), f"{name} by user")
        tap.equal(explain(name, "log.line"), (0, rule(4, f"[group {group}] allow = log.line"), ""), f"{name} by group")
        tap.equal(explain(name, "statistics.loop"), (0, rule(6, f"[user {user.pw_uid}] allow = statistics.loop"), ""), f"{name} by the user's number")
        tap.equal(explain(name, "statistics.queues"), (1, rule(8, f"[group {user.pw_gid}] deny = statistics.queues"), ""), f"{name} by the group's number")
    tap.equal(explain("nobody", "log.get_level")[:2], (1, ["no rule: nobody else may"]), "somebody else")
    tap.contains(explain("no_such_user", "log.line")[2], 'there is no user "no_such_user" on this system')
    scratch.write(static().rules, "[user no_such_user]\nallow = read\n[group no_such_group]\nallow = read\n")
    said = explain("root", "log.line")[2]
    tap.contains(said, 'RULES:2: there is no user "no_such_user" on this system')
    tap.contains(said, 'RULES:4: there is no group "no_such_group" on this system')


def test_a_product_with_sanitizers_is_clean_from_start_to_end():
    sanitized.clean("gcc")  # with those of clang: test_sanitizers.py, in make check-long


def test_what_is_installed_is_uninstalled():
    parent = tap.folder()
    destination = os.path.join(parent, "to")
    scratch.must("make", "install", f"DESTDIR={destination}", cwd=tap.BUILD)
    installed = [os.path.join(d, f) for d, _, files in os.walk(destination) for f in files]
    names = {os.path.basename(f) for f in installed}
    tap.equal({"emf", "emf.h", "module.h", "emf.8", "emf-execsnoop.8", "emf-prometheus.8", "emf.service"} - names, set(), "missing files")
    scratch.must("make", "uninstall", f"DESTDIR={destination}", cwd=tap.BUILD)
    left = [os.path.join(d, f) for d, _, files in os.walk(destination) for f in files]
    tap.equal(left, [], "files left")


def configure(src, *words):
    """What configure says before it refuses; in an empty folder."""
    done = tap.run(os.path.join(src, "configure"), *words, cwd=tap.folder(), timeout=300)
    tap.equal(done.returncode, 1, f"exit status of configure with {words}")
    return done.stderr


def files(folder):
    return {os.path.relpath(os.path.join(d, f), folder) for d, _, names in os.walk(folder) for f in names}


def test_two_products_are_installed_side_by_side():
    parent = tap.folder()
    src = scratch.source(parent)
    found = {}
    for name in ("one", "two-b"):
        build = scratch.Build(src, os.path.join(parent, name), "--prefix=/usr", "--sysconfdir=/etc",
                              "--with-modules=hello", f"--with-product={name}")
        build.make()
        build.make("install", f"DESTDIR={parent}/to-{name}")
        found[name] = files(f"{parent}/to-{name}")
    # What is the framework's is the same for both.
    shared = re.compile("usr/include/emf|usr/share/man/man3/|usr/share/man/man[15]/emf|usr/lib/systemd/system/emf@|usr/lib/emf/|usr/lib/(pkgconfig/)?(lib)?emf[-.](client|core|pc)|"
                        "usr/share/emf/|usr/share/aclocal/emf.m4|usr/bin/emfgen")
    tap.equal([f for f in found["one"] & found["two-b"] if not shared.match(f)], [], "files of both")
    tap.equal({"usr/bin/two-b", "usr/share/man/man8/two-b.8", "usr/share/man/man8/two-b-hello.8"} - found["two-b"], set(), "missing files")
    with open(f"{parent}/to-two-b/usr/share/man/man8/two-b.8") as f:
        manual = f.read().replace("\\-", "-")
    for part in (".TH TWO-B 8", "two-b - run eBPF modules", "/etc/emf/two-b.conf.d/", "/run/emf/two-b.sock", ".B two-b serve"):
        tap.contains(manual, part, "the manual")
    left = re.search(r"@\w+@|emf\.(conf|sock)|\.B emf\b", manual)
    tap.equal(left and left.group(0), None, "what is not the product's own in the manual")


def test_what_was_compiled_with_other_flags_is_no_part_of_a_build():
    folder = tap.folder()
    src, build = scratch.source(folder), os.path.join(folder, "build")
    objects = [os.path.join(build, name) for name in ("core/libemf_core_a-log.o", "obj/hello.o", "tests/unit/unit.o")]

    def stay(*options):
        for path in objects:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            scratch.write(path, "")
        scratch.Build(src, build, *options)
        return [path for path in objects if os.path.exists(path)]

    scratch.Build(src, build, "--enable-werror")
    tap.equal(stay("--enable-werror"), objects, "objects after the same flags")
    tap.equal(stay("--enable-werror", "--enable-sanitizers"), [], "objects after those of sanitizers")
    tap.equal(stay("--enable-werror", "--enable-fault-injection"), [], "objects after those of faults")


def test_configure_refuses_a_tool_that_cannot_be_used():
    src = scratch.source(tap.folder())
    for tool in ("clang", "bpftool"):
        for given in (f"--with-{tool}=no", f"--without-{tool}", f"--with-{tool}=", f"--with-{tool}"):
            tap.contains(configure(src, given), f"--with-{tool} needs the path")
        for given in (f"/nonexistent/{tool}", f"no-such-{tool}"):
            tap.contains(configure(src, f"--with-{tool}={given}"), f"--with-{tool}={given}: no such program")
    tap.contains(configure(src, "--with-vmlinux-h="), "--with-vmlinux-h needs the path")


def test_configure_finds_the_compiler_of_a_cross_build():
    """Where there is no other: the machine that builds need not have one of its own."""
    tools = tap.folder()
    for place in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for name in os.listdir(place):
            target = os.path.join(tools, name)
            if name not in ("gcc", "clang", "cc") and not os.path.lexists(target):
                os.symlink(os.path.join(place, name), target)
    gcc = tap.run("sh", "-c", "command -v gcc").stdout.strip()
    path = os.path.join(tools, "emfarch-linux-gnu-gcc")
    scratch.write(path, f'#!/bin/sh\nexec {gcc} "$@"\n')
    os.chmod(path, 0o755)
    src = scratch.source(tap.folder())
    done = tap.run(os.path.join(src, "configure"), "--host=s390x-linux-gnu", cwd=tap.folder(), timeout=300,
                   env={"PATH": tools, "HOME": tools})
    tap.contains(done.stderr, "a C compiler - Debian: gcc")
    os.rename(path, os.path.join(tools, "s390x-linux-gnu-gcc"))
    done = tap.run(os.path.join(src, "configure"), "--host=s390x-linux-gnu", cwd=tap.folder(), timeout=300,
                   env={"PATH": tools, "HOME": tools})
    tap.contains(done.stdout, "checking for s390x-linux-gnu-gcc... s390x-linux-gnu-gcc")
    if "a C compiler" in done.stderr:
        raise AssertionError(done.stderr)


def test_configure_names_the_package_of_a_static_libc():
    tap.need_root()
    libc = tap.run("gcc", "-print-file-name=libc.a").stdout.strip()
    if not os.path.exists(libc):
        raise tap.Skip("there is no static libc here to hide")
    src = scratch.source(tap.folder())
    done = tap.run("unshare", "--mount", "sh", "-ec", f'mount --bind /dev/null {libc}; exec "$0" "$@"',
                   os.path.join(src, "configure"), "--enable-fully-static", cwd=tap.folder(), timeout=300)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "a static libc, for --enable-fully-static - Debian: libc6-dev; Fedora: glibc-static")


def test_the_unit_of_a_product_names_its_binary_and_is_one_that_systemd_takes():
    path = os.path.join(tap.BUILD, "obj", "emf.service")
    with open(path) as f:
        text = f.read()
    tap.contains(text, "/bin/emf serve")
    if "@" in text:
        raise AssertionError(f"something was not filled in:\n{text}")
    folder = tap.folder()
    # The binary need not be installed for the unit to be right.
    copy = os.path.join(folder, "emf.service")
    scratch.write(copy, re.sub(r"ExecStart=\S+", f"ExecStart={tap.PRODUCT}", text))
    try:
        done = tap.run("systemd-analyze", "--man=no", "verify", copy)
    except FileNotFoundError:
        raise tap.Skip("systemd-analyze is not installed") from None
    tap.equal((done.returncode, done.stderr), (0, ""), "what systemd says")


def test_configure_tells_all_that_is_missing_at_once_with_its_package():
    folder = tap.folder()
    tools = os.path.join(folder, "bin")
    os.mkdir(tools)
    # A path with everything but these.
    hidden = {"clang", "bpftool"} | {f"clang-{n}" for n in range(10, 30)}
    for place in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for name in os.listdir(place):
            target = os.path.join(tools, name)
            if name not in hidden and not os.path.lexists(target):
                os.symlink(os.path.join(place, name), target)
    source = scratch.source(folder)
    # Its own search for bpftool goes beyond the path.
    done = tap.run("unshare", "--mount", "sh", "-c",
                   'for f in /usr/sbin/bpftool /usr/local/sbin/bpftool; do [ ! -e $f ] || mount --bind /dev/null $f; done; exec "$0"',
                   os.path.join(source, "configure"), cwd=source, timeout=300,
                   env={"PATH": tools, "HOME": folder}) if os.geteuid() == 0 else None
    if not done:
        raise tap.Skip("needs root: it hides installed tools in a mount namespace")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "clang, with the BPF target - Debian: clang")
    tap.contains(done.stderr, "bpftool - Debian: bpftool")
    tap.contains(done.stderr, "./bootstrap deps")


tap.main()
