# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Packages: what was packed prints what the compiled-in tool prints, comes and goes while a service runs, and is trusted only
if a trusted key has signed it; what is damaged or hostile is refused, and leaves nothing behind.

Without these, a packed tool would show something else than the one that it was made of, and a file from
anywhere could write into the memory of a process that runs as root.
"""
import gzip
import json
import os
import shutil
import signal
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import many_maps  # noqa: E402 - the path has to be set first
import package_file  # noqa: E402
import scratch  # noqa: E402
import tap  # noqa: E402
from tool import Tool, held, opened, spawn, until  # noqa: E402

UNSIGNED = "--allow-unsigned"


@scratch.once
def build(parent):
    """A product of hello, which packages are loaded into, and of a module that wants all of the kernel's BTF; its folder of trusted keys is its own."""
    src = scratch.source(parent)
    modules = os.path.join(src, "modules")
    for name in os.listdir(modules):
        if name.split(".")[0] != "hello" and not name.endswith(".h"):
            os.unlink(os.path.join(modules, name))
    shutil.copy(os.path.join(tap.SOURCE, "tests", "kernel", "cached", "typed.bpf.c"), modules)
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror", f"--sysconfdir={parent}/etc")
    made.make()
    made.keys = os.path.join(parent, "etc", "emf", "keys.d")
    os.makedirs(made.keys)
    return made


def packed(*modules):
    """A package of this build's product."""
    path = os.path.join(tap.folder(), f"{modules[0]}.emfpkg")
    done = tap.run(tap.PRODUCT, "pack", *modules, "-o", path)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "exit status, output, messages of pack")
    return path


def emf(*words, env=None, **kwargs):
    """The small product, to its end."""
    return tap.run(build().product(), *words, env={**os.environ, "EMF_EXTENSIONS": os.path.join(build().path, "obj"), **(env or {})}, **kwargs)


def refused(path, *sentences, words=(UNSIGNED,), command="run"):
    """One line, exit status 1, at once."""
    done = emf(command, path, *words)
    tap.equal((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), f"exit status, output, lines ({done.stderr})")
    for sentence in sentences:
        tap.contains(done.stderr, sentence)
    return done.stderr


def changed(path, change):
    """A copy with hashes that are right."""
    package = package_file.Package(package_file.read(path))
    change(package)
    return package_file.write(os.path.join(tap.folder(), "changed.emfpkg"), package.bytes())


def need_signature():
    if not os.path.exists(os.path.join(build().path, "obj", "signature.so")):
        raise tap.Skip("signature.so was not built (Debian: libsodium-dev)")


def a_key(is_trusted=True, mode=0o644):
    """A new key; its secret half."""
    need_signature()
    name = os.path.join(tap.folder(), "me")
    done = emf("key", "new", name)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of key new")
    if is_trusted:
        to = os.path.join(build().keys, "me.pub")
        shutil.copy(name + ".pub", to)
        os.chmod(to, mode)
        tap.cleanup(os.unlink, to)
    return name + ".key"


def signed(path, key):
    done = emf("sign", path, "--key", key)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "exit status, output, messages of sign")
    return path


# --- packing


def test_packed_twice_it_is_the_same_bytes():
    a, b = packed("execsnoop", "syscount"), packed("execsnoop", "syscount")
    tap.equal(package_file.read(a) == package_file.read(b), True, "whether they are the same")


def test_every_module_without_c_has_the_same_help_when_it_is_packed():
    names = [m["name"] for m in json.loads(tap.run(tap.PRODUCT, "list", "-j").stdout) if m["name"] != "hello"]
    packs = 0
    for name in names:
        path = os.path.join(tap.folder(), "x.emfpkg")
        done = tap.run(tap.PRODUCT, "pack", name, "-o", path)
        if done.returncode:
            tap.equal(os.path.exists(path), False, "whether there is a file")
            tap.contains(done.stderr, f"module {name} ")
            continue
        packs += 1
        tap.equal(emf("run", path, UNSIGNED, "--help").stdout, tap.run(tap.PRODUCT, name, "--help").stdout, f"help of {name}")
    tap.equal(packs >= 20, True, f"whether most of {len(names)} modules can be packed ({packs})")


def test_a_module_with_c_of_its_own_is_refused_with_the_name_of_its_file():
    done = tap.run(tap.PRODUCT, "pack", "flow", "-o", os.path.join(tap.folder(), "x"))
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "module flow serves methods, with C of its own in modules/flow.c")
    tap.contains(tap.run(tap.PRODUCT, "pack", "ingress", "-o", "/dev/null").stderr, "has programs in a chain")


def test_what_is_no_module_or_named_twice_is_a_mistake_of_the_command_line():
    tap.equal(tap.run(tap.PRODUCT, "pack").returncode, 2, "exit status without a module")
    tap.equal(tap.run(tap.PRODUCT, "pack", "execsnop").returncode, 2, "exit status of a wrong name")
    tap.equal(tap.run(tap.PRODUCT, "pack", "execsnoop", "execsnoop").returncode, 2, "exit status of one twice")


# --- BTF of kernels

OF_KERNEL = "/sys/kernel/btf/vmlinux"
RELEASE = os.uname().release
WITHOUT_BTF = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"]


def btf_folder(*names):
    """The BTF of the kernel that runs, under these names."""
    folder = tap.folder()
    if not os.path.exists(OF_KERNEL):
        raise tap.Skip("this kernel has no BTF", doctor="system btf")
    for name in names:
        shutil.copy(OF_KERNEL, os.path.join(folder, name))
    return folder


def with_btf(*named, module="execsnoop"):
    path = os.path.join(tap.folder(), f"{module}.emfpkg")
    done = tap.run(tap.PRODUCT, "pack", module, "-o", path, *(word for name in named for word in ("--btf", name)))
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "exit status, output, messages of pack")
    return path


def kernels(path):
    """Releases, and the BTF of each."""
    sections = [s[3] for s in package_file.Package(package_file.read(path)).sections if s[0] == package_file.BTF]
    return [(s[:package_file.RELEASE_BYTES].rstrip(b"\0").decode(), gzip.decompress(s[package_file.RELEASE_BYTES:])) for s in sections]


def test_a_package_has_of_each_kernel_what_its_kernel_parts_need():
    folder = btf_folder("5.15.0-91-generic.btf", "vmlinux-6.1.0-18-amd64", "README", "vmlinux")
    path = with_btf(folder, OF_KERNEL)
    found = dict(kernels(path))
    tap.equal(sorted(found), sorted(["5.15.0-91-generic", "6.1.0-18-amd64", RELEASE]), "releases")
    tap.equal([btf[:2] for btf in found.values()], [b"\x9f\xeb"] * 3, "magic numbers")
    tap.equal(max(map(len, found.values())) < os.path.getsize(OF_KERNEL) / 100, True, f"whether each is small ({found})")
    tap.equal(json.loads(package_file.Package(package_file.read(path)).get(package_file.MANIFEST)[3])["kernels"], sorted(found), "kernels of the manifest")
    again = with_btf(OF_KERNEL, os.path.join(folder, "vmlinux-6.1.0-18-amd64"), os.path.join(folder, "5.15.0-91-generic.btf"))
    tap.equal(package_file.read(path) == package_file.read(again), True, "whether it is the same bytes, in whatever order they are named")


def without_btf(*words):
    """The small product where the machine has no BTF of its kernel."""
    tap.need_root()
    return tap.run(*WITHOUT_BTF, build().product(), "run", *words, UNSIGNED, "-d", "1")


def test_where_the_machine_has_no_btf_that_of_the_package_is_used():
    done = without_btf(with_btf(btf_folder(f"{RELEASE}.btf", "5.15.0-91-generic.btf")))
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")


def test_what_it_prints_is_the_same_by_the_btf_of_the_package():
    tap.need_root()
    one = Tool("run", with_btf(OF_KERNEL), UNSIGNED, "-j", product=build().product(), env={"EMF_BTF": "package"}).ready()
    spawn("/bin/true")
    found = until(lambda: execs(one, "true"), "an exec")[0]
    tap.equal(found["ppid"], os.getpid(), "the parent, which stands in a struct of the kernel")
    tap.equal(one.stop(), 0, "exit status")


def test_a_kernel_that_the_package_does_not_know_is_named():
    for path in (with_btf(btf_folder("5.15.0-91-generic.btf")), packed("execsnoop")):
        done = without_btf(path)
        tap.equal(done.returncode, 1, "exit status")
        tap.contains(done.stderr, f"execsnoop: this machine has no BTF of its kernel {RELEASE} ({os.uname().machine}), and the package has none of it: "
                                  "make it anew with 'pack --btf' and the BTF of that kernel")


def btf_refused(named, *sentences, product=None, module="execsnoop"):
    path = os.path.join(tap.folder(), "x.emfpkg")
    done = tap.run(product or tap.PRODUCT, "pack", module, "-o", path, *(word for name in named for word in ("--btf", name)))
    tap.equal((done.returncode in (1, 2), done.stdout, done.stderr.count("\n"), os.path.exists(path)), (True, "", 1, False), f"failure, output, lines, file ({done.stderr})")
    for sentence in sentences:
        tap.contains(done.stderr, sentence)


def test_what_is_no_btf_of_a_known_kernel_is_refused():
    folder = btf_folder("5.15.0-91-generic.btf", "vmlinux", "vmlinux-5.15.0-91-generic", "kernel.btf")
    files = {name: os.path.join(folder, name) for name in os.listdir(folder)}
    for name in ("vmlinux", "kernel.btf"):
        btf_refused([files[name]], "its name does not say of which kernel it is")
    btf_refused([files["5.15.0-91-generic.btf"], files["vmlinux-5.15.0-91-generic"]], "are both of kernel 5.15.0-91-generic")
    btf_refused([tap.folder()], "has no file that is named as a kernel is")
    bad = os.path.join(tap.folder(), "5.15.1.btf")
    for data in (b"", b"text", package_file.read(OF_KERNEL)[:5000]):
        btf_refused([package_file.write(bad, data)], "cannot be read as the BTF of a kernel")
    os.unlink(bad)
    os.mkfifo(bad)
    btf_refused([bad], "cannot be read as the BTF of a kernel")
    btf_refused([package_file.write(os.path.join(tap.folder(), "5.15.2"), b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 1, 183) + bytes(60))],
                "is of aarch64, and the kernel parts are for")


def test_a_module_that_needs_all_of_the_btf_is_refused():
    btf_refused([btf_folder("5.15.0.btf") + "/5.15.0.btf"], "module typed needs all of the kernel's BTF: it uses variables or functions of the kernel by their type",
                product=build().product(), module="typed")


def broken(path, change):
    """A copy whose BTF of a kernel was changed."""
    def of_btf(package):
        section = package.get(package_file.BTF)
        section[3] = change(section[3][:package_file.RELEASE_BYTES], gzip.decompress(section[3][package_file.RELEASE_BYTES:]))

    return changed(path, of_btf)


def test_damaged_btf_of_a_kernel_is_refused():
    tap.need_root()
    path = with_btf(OF_KERNEL)
    refused(broken(path, lambda release, btf: b"x" * 72 + gzip.compress(btf)), "the BTF of a kernel has no release, or too few bytes")
    refused(broken(path, lambda release, btf: release), "the BTF of a kernel has no release, or too few bytes")
    refused(broken(path, lambda release, btf: release + gzip.compress(bytes(5 << 20))), "the BTF of a kernel has 5242880 bytes unpacked, and 4194304 are allowed")
    header, types = 24, 12
    circle = struct.pack("<III", 0, 10 << 24, 1)  # a type 1 that is const of type 1
    texts = b"\0"
    for btf in (b"", b"\x9f\xeb" + bytes(60), struct.pack("<HBBIIIII", 0xEB9F, 1, 0, header, 0, types, types, len(texts)) + circle + texts,
                struct.pack("<HBBIIIII", 0xEB9F, 1, 0, header, 0, types, types, len(texts)) + struct.pack("<III", 900, 8 << 24, 0) + texts):
        done = without_btf(broken(path, lambda release, _, b=btf: release + gzip.compress(b)))
        tap.equal(done.returncode, 1, "exit status")
        tap.contains(done.stderr, f"the package's BTF of kernel {RELEASE} is damaged")
    cut = broken(path, lambda release, btf: release + gzip.compress(btf)[:-20] + struct.pack("<II", 0, len(btf)))
    tap.contains(without_btf(cut).stderr, f"the package's BTF of kernel {RELEASE} is damaged")


def test_more_kernels_than_are_allowed_are_refused():
    def many(package):
        section = package.get(package_file.BTF)
        package.sections += [list(section) for _ in range(256)]

    tap.need_root()
    refused(changed(with_btf(OF_KERNEL), many), "it has BTF of more than 256 kernels")


# --- several machines

X86_64, AARCH64, RISCV64 = 62, 183, 243  # e_machine of ELF


def ours():
    return {"x86_64": X86_64, "aarch64": AARCH64, "riscv64": RISCV64}[os.uname().machine]


def others():
    return [(name, machine) for name, machine in (("x86_64", X86_64), ("aarch64", AARCH64), ("riscv64", RISCV64)) if machine != ours()]


def for_machine(path, machine):
    """A copy that says it was made on such a machine."""
    def change(package):
        for section in package.sections:
            section[1] = machine if section[1] else 0

    return changed(path, change)


def joined(*paths):
    to = os.path.join(tap.folder(), "joined.emfpkg")
    done = tap.run(tap.PRODUCT, "pack", "--join", *paths, "-o", to)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "exit status, output, messages of pack --join")
    return to


def test_a_package_of_several_machines_runs_on_each():
    tap.need_root()
    path = packed("execsnoop")
    (_, first), (_, second) = others()
    whole = joined(for_machine(path, second), path, for_machine(path, first))
    tap.equal(emf("run", whole, UNSIGNED, "--help").stdout, tap.run(tap.PRODUCT, "execsnoop", "--help").stdout, "help")
    done = emf("run", whole, UNSIGNED, "-d", "1")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")


def test_joined_it_is_the_same_bytes_in_whatever_order_and_also_when_it_was_joined_before():
    path = packed("execsnoop")
    a, b, c = path, *(for_machine(path, machine) for _, machine in others())
    tap.equal(package_file.read(joined(a, b, c)) == package_file.read(joined(joined(c, a), b)), True, "whether they are the same")


def test_machines_modules_and_kernels_are_listed():
    path = with_btf(btf_folder("5.15.0-91-generic.btf"))
    (name, machine), _ = others()
    whole = joined(path, for_machine(packed("execsnoop"), machine))
    found = json.loads(tap.run(tap.PRODUCT, "list", "-j", whole).stdout)[0]
    tap.equal(found["machines"], {os.uname().machine: ["5.15.0-91-generic"], name: []}, "machines and kernels")
    tap.equal([m["name"] for m in found["modules"]], ["execsnoop"], "modules")
    text = tap.run(tap.PRODUCT, "list", whole).stdout
    tap.contains(text, f"{os.uname().machine} (BTF of 1)")
    tap.contains(text, name)
    done = tap.run(tap.PRODUCT, "list", "execsnoop")
    tap.equal(done.returncode, 2, "exit status of a name")


def test_a_package_for_other_machines_names_them():
    tap.need_root()
    path = packed("execsnoop")
    names, machines = zip(*others())
    refused(joined(*(for_machine(path, machine) for machine in machines)), *names, "pack it there, and 'pack --join' both")


def test_a_joined_package_is_signed_as_a_whole():
    tap.need_root()
    path, key = packed("execsnoop"), a_key()
    (_, machine), _ = others()
    whole = joined(signed(path, key), for_machine(path, machine))
    refused(whole, "it is not signed", words=())
    tap.equal(emf("run", signed(whole, key), "-d", "1").returncode, 0, "exit status of what is signed")
    data = bytearray(package_file.read(whole))
    data[len(data) // 2] ^= 1
    refused(package_file.write(os.path.join(tap.folder(), "x.emfpkg"), bytes(data)), "its signature is of something else", words=())


def join_refused(sentence, *paths):
    to = os.path.join(tap.folder(), "x.emfpkg")
    done = tap.run(tap.PRODUCT, "pack", "--join", *paths, "-o", to)
    tap.equal((done.returncode, done.stdout, done.stderr.count("\n"), os.path.exists(to)), (1, "", 1, False), f"exit status, output, lines, file ({done.stderr})")
    tap.contains(done.stderr, sentence)


def test_what_does_not_belong_together_is_not_joined():
    path, other = packed("execsnoop"), packed("runqlat")
    (_, machine), _ = others()
    join_refused(f"are both for {os.uname().machine}", path, path)
    join_refused("has other modules than", path, for_machine(other, machine))
    newer = changed(for_machine(path, machine), lambda p: p.replace(package_file.MANIFEST, b'"version": "0.1"', b'"version": "0.2"'))
    join_refused("or other versions of them", path, newer)
    join_refused("it is no package of EMF", path, package_file.write(os.path.join(tap.folder(), "x.emfpkg"), b"x" * 100))
    join_refused("it is damaged", path, package_file.write(os.path.join(tap.folder(), "x.emfpkg"), package_file.read(other)[:-1]))
    tap.equal(tap.run(tap.PRODUCT, "pack", "--join", path, "-o", "/dev/null").returncode, 2, "exit status of one alone")
    tap.equal(tap.run(tap.PRODUCT, "pack", "--join", path, other).returncode, 2, "exit status without a name")


def test_a_hostile_package_of_several_machines_is_refused():
    tap.need_root()
    path = packed("execsnoop")
    (_, machine), _ = others()
    whole = joined(path, for_machine(path, machine))
    sections = package_file.Package(package_file.read(path)).sections

    def of_ours(package):
        return next(s for s in package.sections if s[1] == ours())

    refused(changed(whole, lambda p: p.sections.append(list(of_ours(p)))), "it has two parts for")
    refused(changed(whole, lambda p: p.sections.append([package_file.WHOLE, 0, 0, b""])), "it has a part for no machine")
    refused(changed(whole, lambda p: p.sections.append(sections[0])), "it has packages, and parts of one")
    refused(changed(whole, lambda p: of_ours(p).__setitem__(3, package_file.read(whole))), "a part of it is no package for one machine")
    refused(changed(whole, lambda p: of_ours(p).__setitem__(3, of_ours(p)[3] + b"EMFSIGN\n" + bytes(96))), "a part of it is no package for one machine")
    refused(changed(whole, lambda p: of_ours(p).__setitem__(3, of_ours(p)[3][:-1])), "it is damaged")
    refused(changed(whole, lambda p: of_ours(p).__setitem__(3, b"")), "it is empty")
    refused(changed(whole, lambda p: p.sections.extend([package_file.WHOLE, 300 + n, 0, b""] for n in range(20))), "or for more than 16")


# --- docs/packages.md


def blocks_of(heading):
    with open(os.path.join(tap.SOURCE, "docs", "packages.md"), encoding="utf-8") as f:
        section = f.read().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return section.split("```")[1::2]


def tried(block, folder):
    """Runs what stands behind a $; what is printed has to be what stands there."""
    path = os.path.join(folder, "bin")
    os.makedirs(path, exist_ok=True)
    if not os.path.exists(os.path.join(path, "emf")):
        os.symlink(tap.PRODUCT, os.path.join(path, "emf"))
    commands, shown = ([line for line in block.strip().splitlines() if line.startswith("$ ") == is_command] for is_command in (True, False))
    env = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"}
    tap.equal(scratch.must("sh", "-ec", "\n".join(line[2:] for line in commands), cwd=folder, env=env).splitlines(), shown, "what is printed")


def test_the_manual_on_btf_is_true():
    folder = tap.folder()
    archive = os.path.join(folder, "archive", "ubuntu", "20.04", "x86_64")
    os.makedirs(archive)
    for path in (os.path.join(folder, "5.4.0-1009-aws.btf"), os.path.join(archive, "5.4.0-26-generic.btf")):
        shutil.copy(os.path.join(btf_folder("5.4.0.btf"), "5.4.0.btf"), path)
    command, message = blocks_of("Machines without BTF")
    tried(command, folder)
    package = os.path.join(folder, "execsnoop.emfpkg")
    tap.equal([release for release, _ in kernels(package)], ["5.4.0-1009-aws", "5.4.0-26-generic"], "releases")
    said = without_btf(package).stderr.replace(RELEASE, "5.4.0-42-generic").replace(os.uname().machine, "x86_64")
    tap.contains(said, message.strip()[len("emf: "):])


def test_the_manual_on_machines_of_several_kinds_is_true():
    folder, path = tap.folder(), packed("execsnoop")
    for name, machine in (("x86_64", X86_64), ("aarch64", AARCH64)):
        os.rename(for_machine(path, machine), os.path.join(folder, f"execsnoop-{name}.emfpkg"))
    tried(blocks_of("Machines of several kinds")[0], folder)


# --- running


def execs(tool, name):
    return [e["args"] for e in map(json.loads, tool.out.splitlines()) if name in str(e["args"])]


def test_a_packed_execsnoop_prints_what_the_compiled_in_one_prints():
    tap.need_root()
    path = packed("execsnoop")
    tools = [Tool("run", path, UNSIGNED, "-j", product=build().product()), Tool("execsnoop", "-j")]
    for tool in tools:
        tool.ready()
    spawn("/bin/echo", "packed-or-not")
    rows = [until(lambda t=tool: execs(t, "packed-or-not"), "an exec") for tool in tools]
    for row in rows:
        del row[0]["time"]
    tap.equal(rows[0][0], rows[1][0], "an exec")
    tap.equal([tool.stop() for tool in tools], [0, 0], "exit statuses")


def shapes(text):
    """Headings and names, without numbers; how wide a column is depends on what is in it."""
    return [line.split("|")[0].split(":")[0].split() for line in text.splitlines() if "usecs" in line or "CALL" in line or line.strip() in ("calls", "processes")]


def test_histograms_and_tables_have_the_same_headings():
    tap.need_root()
    for name, lines in (("runqlat", 1), ("syscount", 2)):
        tools = [Tool("run", packed(name), UNSIGNED, "-i", "200ms", product=build().product()), Tool(name, "-i", "200ms")]
        found = [until(lambda t=tool: shapes(t.out)[:lines][lines - 1:] and shapes(t.out)[:lines], lambda t=tool: f"headings of {name} ({t.err})") for tool in tools]
        tap.equal(found[0], found[1], f"headings of {name}")
        tap.equal([tool.stop() for tool in tools], [0, 0], "exit statuses")


def test_its_options_reach_the_kernel_part():
    tap.need_root()
    tool = Tool("run", packed("execsnoop"), UNSIGNED, "-j", "--exits=no", product=build().product()).ready()
    spawn("/bin/echo", "without-its-end")
    until(lambda: execs(tool, "without-its-end"), "an exec")
    spawn("/bin/true")
    until(lambda: "/bin/true" in tool.out, "another one")
    tap.equal({json.loads(line)["args"]["what"] for line in tool.out.splitlines()}, {"EXEC"}, "what was seen")


def test_it_comes_from_standard_input_and_by_name():
    tap.need_root()
    path = packed("runqlat")
    with open(path, "rb") as f:
        done = emf("run", "-", UNSIGNED, "-d", "1", stdin=f)
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    folder = os.path.dirname(path)
    tap.contains(emf("runqlat", UNSIGNED, "-d", "1", env={"EMF_PATH": f"/nonexistent:{folder}"}).stdout, "usecs")
    home = tap.folder()
    os.makedirs(os.path.join(home, ".local/share/emf"))
    shutil.copy(path, os.path.join(home, ".local/share/emf"))
    tap.contains(emf("runqlat", UNSIGNED, "-d", "1", env={"HOME": home}).stdout, "usecs")


def test_a_module_that_is_linked_in_is_not_replaced():
    done = tap.run(tap.PRODUCT, "run", packed("execsnoop"), UNSIGNED)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, 'two modules are named "execsnoop"')


# --- a service


class Service:
    def __init__(self, *words, config=""):
        tap.need_root()
        folder = tap.folder()
        self.env = {"EMF_BUS": os.path.join(folder, "bus"), "EMF_EXTENSIONS": os.path.join(build().path, "obj")}
        self.config = os.path.join(folder, "emf.conf")
        scratch.write(self.config, config)
        self.tool = Tool("serve", "hello", *words, "--config", self.config, product=build().product(), env=self.env)
        self.tool.ready()
        self.pid = self.tool.process.pid

    def emf(self, *words, **kwargs):
        return emf(*words, env={"EMF_BUS": self.env["EMF_BUS"]}, **kwargs)

    def done(self, *words, **kwargs):
        done = self.emf(*words, **kwargs)
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"exit status, output, messages of {words}")

    def modules(self):
        return {m["name"]: m for m in json.loads(self.emf("status", "-j").stdout)["modules"]}

    def has(self):
        """What a process has that could be left behind."""
        return {"descriptors": opened(self.pid), "maps": len(held(self.pid, "map")), "programs": len(held(self.pid, "prog"))}


def test_packages_come_and_go_while_a_service_runs():
    s = Service(UNSIGNED)
    path = packed("execsnoop")
    s.done("load", path)
    s.done("unload", "execsnoop")
    before = s.has()
    for _ in range(5):
        s.done("load", path)
        tap.equal(s.modules()["execsnoop"]["state"], "running", "state")
        heard = Tool("listen", "execsnoop.exec", "-n", "1", "-j", product=build().product(), env=s.env)

        def hears():
            spawn("/bin/true")
            return heard.process.poll() is not None

        until(hears, "a signal")
        tap.contains(heard.out, '"execsnoop.exec"' if "execsnoop.exec" in heard.out else "exec")
        s.done("unload", "execsnoop")
        tap.equal("execsnoop" in s.modules(), False, "whether it is known still")
    until(lambda: s.has() == before, f"what was there before: {before}")
    tap.equal(s.tool.stop(), 0, "exit status")


def test_a_service_loads_what_comes_from_standard_input():
    s = Service(UNSIGNED)
    with open(packed("syscount"), "rb") as f:
        s.done("load", "-", stdin=f)
    tap.equal(s.modules()["syscount"]["state"], "running", "state")


def test_the_file_of_a_load_that_was_killed_is_taken_away_by_the_next_one():
    s = Service(UNSIGNED)
    folder = "/run/emf" if os.getuid() == 0 else os.path.join(os.environ["XDG_RUNTIME_DIR"], "emf")
    with open(packed("syscount"), "rb") as f:
        s.done("load", "-", stdin=f)  # makes the folder
    gone, ours = (os.path.join(folder, f"load-{pid}.emfpkg") for pid in (spawn("/bin/true")[0], os.getpid()))
    for path in (gone, ours):
        package_file.write(path, b"of a command")
        tap.cleanup(lambda p=path: os.path.exists(p) and os.unlink(p))
    with open(packed("runqlat"), "rb") as f:
        s.done("load", "-", stdin=f)
    tap.equal((os.path.exists(gone), os.path.exists(ours)), (False, True), "whether that of one who has ended, and that of one who runs, is there")


def test_a_service_takes_only_what_a_trusted_key_has_signed():
    s = Service()
    path, before = packed("runqlat"), s.has()
    done = s.emf("load", path)
    tap.equal(done.returncode, 1, "exit status of an unsigned one")
    tap.contains(done.stderr, "it is not signed, and a service takes only what a trusted key has signed")
    signed(path, a_key(is_trusted=False))
    tap.contains(s.emf("load", path).stderr, "a key that this machine does not trust")
    tap.equal("runqlat" in s.modules(), False, "whether it was loaded")
    tap.equal(s.has()["programs"], before["programs"], "programs")
    signed(path, a_key())
    s.done("load", path)
    tap.equal(s.modules()["runqlat"]["state"], "running", "state")


def test_a_configuration_can_allow_what_is_not_signed():
    s = Service(config="[product]\nunsigned-packages = yes\n")
    s.done("load", packed("runqlat"))
    scratch.write(s.config, "[product]\nunsigned-packages = no\n")
    s.tool.process.send_signal(signal.SIGHUP)
    s.tool.says("configuration read again")
    tap.contains(s.emf("load", packed("syscount")).stderr, "it is not signed")


# --- signatures


def test_a_package_named_signature_is_not_asked_what_to_trust():
    tap.need_root()
    home, bare = tap.folder(), tap.folder()
    installed = os.path.join(home, ".local", "share", "emf")
    os.makedirs(installed)
    data = package_file.read(packed("runqlat")) + b"EMFSIGN\n" + bytes(96)
    path = package_file.write(os.path.join(tap.folder(), "runqlat.emfpkg"), data)
    package_file.write(os.path.join(installed, "signature.emfpkg"), data)
    for words in (("verify", path), ("run", path, "-d", "1")):
        done = emf(*words, env={"HOME": home, "EMF_EXTENSIONS": bare})
        tap.equal((done.returncode, done.stderr.count("\n")), (1, 1), f"exit status of {words[0]}, lines ({done.stderr[-300:]})")
        tap.contains(done.stderr, "the extension signature, which is not installed")


def test_root_runs_what_is_signed_or_allowed():
    tap.need_root()
    path = packed("runqlat")
    refused(path, "it is not signed", "--allow-unsigned", words=("-d", "1"))
    signed(path, a_key())
    tap.contains(emf("run", path, "-d", "1").stdout, "usecs")
    tap.contains(emf("verify", path).stdout, "signed by me, ")


def test_a_signature_is_of_every_byte_before_it():
    path = signed(packed("runqlat"), a_key())
    data = package_file.read(path)
    for at in (8, 40, 64, len(data) // 2, len(data) - 105):
        changed_bytes = bytearray(data)
        changed_bytes[at] ^= 1
        refused(package_file.write(os.path.join(tap.folder(), "x.emfpkg"), changed_bytes), command="verify", words=())
    other = package_file.Package(data).replace(package_file.TEXTS, b"processor", b"processes").bytes()
    refused(package_file.write(os.path.join(tap.folder(), "x.emfpkg"), other), "it was changed after it was signed", words=("-d", "1"))
    refused(package_file.write(os.path.join(tap.folder(), "x.emfpkg"), data[:-104]), "it is not signed", words=("-d", "1"))


def test_signed_again_it_has_one_signature():
    key = a_key()
    path = signed(packed("runqlat"), key)
    once = package_file.read(path)
    tap.equal(package_file.read(signed(path, key)) == once, True, "whether it is the same")


def test_a_key_that_others_can_write_to_is_not_trusted():
    path = signed(packed("runqlat"), a_key(mode=0o664))
    refused(path, "does not trust", words=("-d", "1"))


def test_no_key_is_trusted_in_a_folder_that_others_can_put_keys_into():
    path = signed(packed("runqlat"), a_key())
    for folder in (build().keys, os.path.dirname(build().keys)):
        os.chmod(folder, 0o775)
        tap.cleanup(os.chmod, folder, 0o755)
        refused(path, "does not trust", words=("-d", "1"))
        os.chmod(folder, 0o755)
    done = emf("run", path, "-d", "10ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages once nobody else can")


def test_a_secret_key_is_for_its_owner_and_never_overwritten():
    key = a_key(is_trusted=False)
    tap.equal(os.stat(key).st_mode & 0o777, 0o600, "mode")
    before = package_file.read(key)
    done = emf("key", "new", key[:-4])
    tap.equal((done.returncode, package_file.read(key) == before), (1, True), "exit status, and whether it is the same key")
    os.chmod(key, 0o644)
    done = emf("sign", packed("runqlat"), "--key", key)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "others can read it")


# --- what is damaged or hostile


def test_each_byte_of_the_head_counts():
    data = package_file.read(packed("runqlat"))
    path = os.path.join(tap.folder(), "x.emfpkg")
    for at in range(package_file.HEAD_BYTES):
        bad = bytearray(data)
        bad[at] ^= 0x10
        refused(package_file.write(path, bad))


def test_what_is_cut_is_refused():
    data = package_file.read(packed("runqlat"))
    path = os.path.join(tap.folder(), "x.emfpkg")
    for size in [0, 1, 63, 64, 65, 127, 200, *range(300, len(data), 601), len(data) - 1]:
        refused(package_file.write(path, data[:size]))
    refused(package_file.write(path, data + b"x"), "what is behind it is no signature")


def test_what_is_no_package_says_so():
    folder = tap.folder()
    refused(package_file.write(os.path.join(folder, "x.emfpkg"), b"#!/bin/sh\n" * 100), "it is no package of EMF")
    refused(os.path.join(folder, "absent.emfpkg"), "No such file")
    os.mkdir(os.path.join(folder, "d.emfpkg"))
    refused(os.path.join(folder, "d.emfpkg"))
    os.mkfifo(os.path.join(folder, "f.emfpkg"))
    refused(os.path.join(folder, "f.emfpkg"), "no regular file")
    with open(os.path.join(folder, "large.emfpkg"), "wb") as f:
        f.truncate(1 << 30)
    refused(os.path.join(folder, "large.emfpkg"), "bytes, and 16777216 are allowed")


def test_another_machine_and_a_newer_format_are_named():
    def of_another(package):
        package.get(package_file.OBJECT)[1] = 183  # EM_AARCH64

    path = packed("runqlat")
    refused(changed(path, of_another), "aarch64")
    refused(changed(path, lambda p: setattr(p, "version", 2)), "version 2")
    refused(changed(path, lambda p: p.sections.append([9, 0, 0, b"x"])), "kind 9")
    refused(changed(path, lambda p: p.get(package_file.TABLES).__setitem__(3, p.get(package_file.TABLES)[3] + b"\0")), "behind them")


def test_what_may_be_skipped_is_skipped():
    tap.need_root()
    path = changed(packed("runqlat"), lambda p: p.sections.append([0x80000009, 0, 0, b"for later"]))
    tap.contains(emf("run", path, UNSIGNED, "-d", "1").stdout, "usecs")


def test_a_kernel_part_cannot_unpack_to_more_than_is_allowed():
    def bomb(size_that_is_said):
        def change(package):
            data = gzip.compress(bytes(64 << 20), mtime=0)
            package.get(package_file.OBJECT)[3] = data[:-4] + struct.pack("<I", size_that_is_said)
        return change

    tap.need_root()
    path = packed("runqlat")
    refused(changed(path, bomb(64 << 20)), "67108864 bytes unpacked")
    done = emf("run", changed(path, bomb(4096)), UNSIGNED)  # which is a lie
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "runqlat: open failed")


def test_names_are_names():
    path = packed("runqlat")
    for bad in (b"../qlat", b"run/lat", b"run\nlat"):
        tap.contains(refused(changed(path, lambda p, bad=bad: p.replace(package_file.TEXTS, b"runqlat\0", bad + b"\0"))), "name")
    for bad in (b"run\x1blat", b"run\xfflat"):
        refused(changed(path, lambda p, bad=bad: p.replace(package_file.TEXTS, b"runqlat\0", bad + b"\0")), "control characters")


def number(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def test_tables_of_more_than_there_can_be_are_refused_before_memory_is_asked_for():
    path = packed("runqlat")

    def tables(data):
        return changed(path, lambda p: p.get(package_file.TABLES).__setitem__(3, data))

    refused(tables(number(0) + number(100000)), "100000 tables")
    refused(tables(number(1 << 60) + number(1)), "are allowed")
    refused(tables(number(0) + number(1) + number(11) + number(100000)), "more rows")
    refused(tables(number(0) + number(1) + number(11) + number(1 << 62)), "more rows")
    refused(tables(number(0) + number(1) + number(200) + number(1)), "unknown")
    refused(tables(number(0) + number(60000) + (number(0) + number(1000)) * 60000), "modules and")
    refused(tables(b""), "modules")


def test_a_structure_of_any_kind_without_its_members_is_refused():
    path, kinds = packed("runqlat"), 27
    for kind in range(kinds):
        # One of it, and a module; the first has a member 2, or nothing at all.
        for row in (b"", number(2) + number(1)):
            data = number(0) + number(2) + number(kind) + number(1) + number(0) + number(1) + row + number(0) + number(0)
            said = refused(changed(path, lambda p, data=data: p.get(package_file.TABLES).__setitem__(3, data)))
            tap.contains(said, "make it again" if not row else "is not loaded: ")


def test_a_kernel_part_with_as_many_maps_as_can_be_declared_is_refused_at_once():
    """Not by libbpf, which takes a minute for them; 65535 are what BTF has room for in a section."""
    tap.need_root()
    for count, is_refused in ((65535, True), (257, True), (256, False)):
        data = gzip.compress(many_maps.make(count), mtime=0)
        path = changed(packed("runqlat"), lambda p, data=data: p.get(package_file.OBJECT).__setitem__(3, data))
        done = emf("run", path, UNSIGNED, timeout=tap.PATIENCE)
        tap.equal(done.returncode, 1, f"exit status with {count} maps")
        said = "its kernel part is refused: it declares more maps than the 256 that a package may have" in done.stderr
        tap.equal(said, is_refused, f"whether {count} maps are refused for their number ({done.stderr})")


def test_tables_of_another_kernel_part_are_refused_before_it_is_loaded():
    tap.need_root()
    other = package_file.Package(package_file.read(packed("syscount"))).get(package_file.OBJECT)[3]
    done = emf("run", changed(packed("runqlat"), lambda p: p.get(package_file.OBJECT).__setitem__(3, other)), UNSIGNED)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "its kernel part is refused: ")


def test_what_was_refused_leaves_nothing_in_a_service():
    s = Service(UNSIGNED)
    path = packed("runqlat")
    other = package_file.Package(package_file.read(packed("syscount"))).get(package_file.OBJECT)[3]
    bad = [changed(path, lambda p: p.get(package_file.OBJECT).__setitem__(3, other)),
           changed(path, lambda p: p.replace(package_file.TEXTS, b"runqlat\0", b"run/lat\0")),
           package_file.write(os.path.join(tap.folder(), "x.emfpkg"), package_file.read(path)[:-1])]
    before = s.has()
    for one in bad * 5:
        tap.equal(s.emf("load", one).returncode, 1, "exit status")
    until(lambda: s.has() == before, f"what was there before: {before}")
    tap.equal(set(s.modules()) & {"runqlat", "syscount"}, set(), "modules that are known")
    s.done("load", path)


tap.main()
