# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""--with-btfhub: a product with what it needs of the BTF of chosen kernels, on a machine whose kernel shows none.

Without these, a product could be relocated by the types of another kernel and read what lies beside what it wants, or
a damaged file in the folder could leave a kernel out and nobody would know.
"""
import gzip
import json
import os
import re
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kernel"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "gen"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from emfgenlib import btf  # noqa: E402
from tool import Tool, spawn, until  # noqa: E402

OF_KERNEL = "/sys/kernel/btf/vmlinux"
RELEASE, MACHINE = os.uname().release, os.uname().machine
OS = 'mount --bind "$0" /etc/os-release && exec "$@"'
HIDDEN = "mount -t tmpfs none /sys/kernel/btf && " + OS
SUMMARY = re.compile(r"^btfhub: (\d+) kernels?, (\d+) different, (\d+) KB$", re.MULTILINE)

# It names a variable of the kernel by its type, which is found in the whole BTF alone.
WHOLE = """#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

struct net;
extern const struct net init_net __ksym __weak;
__u64 address;

SEC("raw_tp/sched_process_exit")
int on_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	address = (unsigned long)&init_net + BPF_CORE_READ(task, tgid);
	return 0;
}
"""


def kernels_btf():
    if not os.path.exists(OF_KERNEL):
        raise tap.Skip("this kernel has no BTF")
    with open(OF_KERNEL, "rb") as f:
        return f.read()


def moved(data):
    """BTF in which the parent of a task is where its leader is: by it, each process is its own parent."""
    types = btf.Btf(memoryview(data), "<" if data[0] == 0x9F else ">")
    number = types.structs()["task_struct"]
    names = [m.name for m in types.members(number)]
    start = struct.unpack_from(types.endian + "I", data, 4)[0] + types.places[number] + 8
    changed = bytearray(data)
    leader, parent = (start + 12 * names.index(name) for name in ("group_leader", "real_parent"))
    changed[parent:parent + 4] = changed[leader:leader + 4]
    return bytes(changed)


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    return path


class Product:
    """One of the SDK, by its configure."""

    def __init__(self, parent):
        prefix = os.path.join(parent, "usr")
        scratch.must("make", "install", f"prefix={prefix}", cwd=tap.BUILD, env=dict(os.environ))
        compiling = scratch.compiling()
        self.env = {**compiling, "PKG_CONFIG_PATH": os.path.join(prefix, "lib/pkgconfig"), "PATH": f"{prefix}/bin:{compiling['PATH']}"}
        self.path, self.hub = os.path.join(parent, "watch"), os.path.join(parent, "hub")
        self.fill()
        scratch.must("emfgen", "new", "product", "watch", cwd=parent, env=self.env)
        shutil.rmtree(os.path.join(self.path, "modules"))
        write(os.path.join(self.path, "modules", "whole.bpf.c"), WHOLE.encode())
        scratch.must("./configure", "--with-emf-modules=execsnoop,cpudist", "--with-btfhub=../hub", cwd=self.path, env=self.env)
        self.said = self.make()

    def fill(self):
        whole = kernels_btf()
        for path in (f"one/1/{MACHINE}/{RELEASE}.btf", f"one/1/{MACHINE}/5.4.0-9-generic.btf", "vmlinux-6.1.0-18-amd64"):
            write(os.path.join(self.hub, path), whole)
        write(os.path.join(self.hub, f"two/2.0/{MACHINE}/{RELEASE}.btf"), moved(whole))
        archived = write(os.path.join(self.hub, f"one/1/{MACHINE}/5.4.0-10-generic.btf"), whole)
        scratch.must("tar", "-cJf", archived + ".tar.xz", os.path.basename(archived), cwd=os.path.dirname(archived))
        os.unlink(archived)
        # What is not asked for: another machine, and texts.
        write(os.path.join(self.hub, "one/1/" + ("x86_64" if MACHINE != "x86_64" else "arm64") + "/5.4.0-9-generic.btf"), b"of another machine")
        write(os.path.join(self.hub, "README.md"), b"what this is")

    def make(self, *words):
        return scratch.must("make", *words, cwd=self.path, env=self.env)

    def fails(self):
        done = tap.run("make", cwd=self.path, env=self.env)
        tap.equal(done.returncode != 0, True, "whether make fails")
        return done.stderr

    def add(self, name, data):
        """A file of the folder, which goes with the test."""
        path = write(os.path.join(self.hub, name), data)
        tap.cleanup(os.unlink, path)
        return path

    def packed(self):
        with open(os.path.join(self.path, "obj", "btf-hub.gz"), "rb") as f:
            return f.read()


product = scratch.once(Product)


def within(os_release, script=HIDDEN):
    """Words in front of a command that runs where the kernel shows no BTF, on this distribution."""
    tap.need_root()
    path = os.path.join(tap.folder(), "os-release")
    scratch.write(path, os_release)
    return ["unshare", "-m", "sh", "-c", script, path]


ONE, TWO, OTHER = 'NAME="The first"\nID=one\nVERSION_ID="1"\n', "VERSION_ID='2.0'\nID=two\n", "ID=three\nVERSION_ID=1\n"


def run(os_release, *words, before=()):
    return tap.run(*within(os_release), *before, os.path.join(product().path, "watch"), *words)


# --- the build ------------------------------------------------------------------------


def test_the_build_says_how_many_kernels_how_many_different_and_how_large():
    found = SUMMARY.search(product().said)
    tap.equal(found is not None and found.group(1, 2), ("5", "2"), f"kernels, and those that differ: {product().said}")
    tap.equal(int(found.group(3)), (len(product().packed()) + 1023) // 1024, "KB")
    tap.equal(int(found.group(3)) < 20, True, f"{found.group(3)} KB are a part of {len(kernels_btf())} bytes")


def test_the_same_is_made_of_the_same():
    product().make()
    before = product().packed()
    tap.equal(SUMMARY.search(product().make()), None, "what is said of it again")
    os.unlink(os.path.join(product().path, "obj", "btf-hub.gz"))
    product().make()
    tap.equal(product().packed() == before, True, "whether the bytes are the same")


def test_a_kernel_that_came_to_the_folder_is_in_the_next_build():
    path = write(os.path.join(product().hub, "5.10.0-1-amd64.btf"), kernels_btf())
    try:
        tap.equal(SUMMARY.search(product().make()).group(1, 2), ("6", "2"), "kernels with one more")
        tap.contains(gzip.decompress(product().packed()).decode("latin-1"), "5.10.0-1-amd64")
    finally:
        os.unlink(path)
    tap.equal(SUMMARY.search(product().make()).group(1, 2), ("5", "2"), "kernels without it")


def test_a_module_that_needs_all_of_the_btf_is_named_by_the_build():
    tap.contains(product().said, "btfhub: whole needs all of a kernel's BTF, and runs on none of these: it uses variables or functions of the kernel by their type")


def test_damaged_files_are_named_and_nothing_is_built_of_them():
    folder = f"one/1/{MACHINE}"
    other = 183 if MACHINE != "aarch64" else 62  # EM_AARCH64, EM_X86_64
    wrong = {
        product().add(f"{folder}/5.5.1.btf", b"no BTF"): "cannot be read as the BTF of a kernel",
        product().add(f"{folder}/5.5.2.btf", kernels_btf()[:100000]): "cannot be read as the BTF of a kernel",
        product().add(f"{folder}/5.5.3.btf.tar.xz", b"no archive"): "is no archive that tar and xz made",
        product().add("5.5.4.btf", b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 1, other) + bytes(60)): "is of another machine than the product",
    }
    before = product().packed()
    said = product().fails()
    for path, why in wrong.items():
        found = [line for line in said.splitlines() if os.path.basename(path) in line]
        tap.equal(len(found), 1, f"lines about {path} in {said}")
        tap.contains(found[0], why)
    tap.equal(product().packed() == before, True, "whether what was built is as it was")


def test_two_files_of_one_kernel_are_refused_and_one_that_is_unpacked_goes_before_its_archive():
    product().add(f"one/1/{MACHINE}/5.4.0-10-generic.btf", kernels_btf())
    tap.equal(SUMMARY.search(product().make()).group(1, 2), ("5", "2"), "kernels")
    product().add("6.1.0-18-amd64.btf", kernels_btf())
    tap.contains(product().fails(), "is of kernel 6.1.0-18-amd64, as is ")


def test_a_folder_without_any_is_refused():
    folder = tap.folder()
    done = tap.run("make", f"EMF_BTFHUB={folder}", cwd=product().path, env=product().env)
    tap.equal(done.returncode != 0, True, "whether make fails")
    tap.contains(done.stderr, f"{folder}: error: has no BTF of a kernel for ")


def test_configure_refuses_what_is_no_folder():
    for word, sentence in (("--with-btfhub=/nowhere/at/all", "--with-btfhub=/nowhere/at/all: no such folder"),
                           ("--with-btfhub", "--with-btfhub needs the folder of the BTF files")):
        done = tap.run("./configure", word, cwd=product().path, env=product().env)
        tap.equal(done.returncode != 0, True, "whether configure fails")
        tap.contains(done.stderr, sentence)


def test_a_product_without_the_option_has_nothing_of_it():
    with open(tap.PRODUCT, "rb") as f:
        tap.equal(b"the product has none of it" in f.read(), False, "whether the code is in it")
    if os.path.exists(OF_KERNEL):
        tap.equal("product" in json.loads(tap.run(tap.PRODUCT, "doctor", "-j").stdout)["system"]["btf"], False, "whether doctor tells of it")


# --- a kernel that shows no BTF -------------------------------------------------------


def parent_of_a_process(*where):
    """What execsnoop says it is."""
    tool = Tool("execsnoop", "-j", product=os.path.join(product().path, "watch"), within=within(*where)).ready()
    pid, _ = spawn("/bin/sh", "-c", "exit 0", "hub")

    def started():
        events = [json.loads(line)["args"] for line in tool.out.splitlines() if line.endswith("}")]
        return next((e for e in events if e["pid"] == pid), None)

    found = until(started, f"the start of {pid}")["ppid"]
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    return "itself" if found == pid else "this" if found == os.getpid() else found


def test_the_btf_of_the_product_is_used_where_the_kernel_has_none():
    tap.equal(parent_of_a_process(ONE), "this", "the parent")


def test_of_two_kernels_with_one_name_that_of_the_distribution_is_used():
    tap.equal(parent_of_a_process(TWO), "itself", "the parent by the BTF in which it was moved")


def test_the_kernels_own_btf_goes_before_that_of_the_product():
    tap.equal(parent_of_a_process(TWO, OS), "this", "the parent")


def test_with_two_that_differ_and_another_distribution_none_is_guessed():
    done = run(OTHER, "execsnoop", "-d", "1")
    tap.equal((done.returncode, done.stdout), (77, ""), "exit status and output")
    tap.contains(done.stderr, f"execsnoop: this machine has no BTF of its kernel {RELEASE} ({MACHINE}), and the product has different ones, for "
                              f"'one 1 {RELEASE}' and 'two 2.0 {RELEASE}', and /etc/os-release says 'three 1': build it with the one that is meant alone")


def test_for_a_kernel_that_the_product_does_not_have_the_error_says_so():
    done = run(ONE, "execsnoop", "-d", "1", before=["setarch", "--uname-2.6"])
    tap.equal((done.returncode, done.stdout, done.stderr.count("\n")), (77, "", 1), f"exit status, output, lines ({done.stderr})")
    tap.contains(done.stderr, "this machine has no BTF of its kernel 2.6.")
    tap.contains(done.stderr, "and the product has none of it: build the product with the BTF of that kernel in the folder of --with-btfhub")


def test_a_module_that_needs_all_of_the_btf_is_refused_with_its_reason():
    done = run(ONE, "whole", "-d", "1")
    tap.equal(done.returncode, 77, "exit status")
    tap.contains(done.stderr, "whole: this machine has no BTF of its kernel")
    tap.contains(done.stderr, "what the product has of it does not serve this module: it uses variables or functions of the kernel by their type")


def test_a_program_that_attaches_by_btf_needs_that_of_the_kernel_and_the_error_names_it():
    done = run(ONE, "cpudist", "-d", "1")
    tap.equal(done.returncode, 77, "exit status")
    tap.contains(done.stderr, "/sys/kernel/btf/vmlinux cannot be read, and program 'on_switch' attaches by it (tp_btf/sched_switch)")


def doctor(os_release, *words, before=()):
    return run(os_release, "doctor", *words, before=before).stdout


def test_doctor_says_which_one_is_used():
    tap.contains(doctor(ONE), f"  BTF             from the product: one 1 {RELEASE}\n")
    tap.contains(doctor(TWO), f"  BTF             from the product: two 2.0 {RELEASE}\n")
    told = json.loads(doctor(ONE, "-j"))
    tap.equal(told["system"]["btf"]["readable"], False, "readable")
    tap.equal(told["system"]["btf"]["product"], {"kernels": 5, "bytes": len(product().packed()), "has_it": True, "kernel": f"one 1 {RELEASE}"}, "JSON")
    tap.equal([m["can_run"] for m in told["modules"] if m["name"] == "execsnoop"], [True], "whether execsnoop can run")


def test_doctor_says_that_there_is_none():
    text = doctor(ONE, before=["setarch", "--uname-2.6"])
    tap.contains(text, "  BTF             missing: /sys/kernel/btf/vmlinux")
    tap.contains(text, "                  the product has none of it: build the product")
    told = json.loads(doctor(OTHER, "-j"))
    tap.equal(told["system"]["btf"]["product"]["has_it"], False, "has_it")
    tap.contains(told["system"]["btf"]["product"]["why"], f"different ones, for 'one 1 {RELEASE}' and 'two 2.0 {RELEASE}'")
    tap.contains(next(m["reason"] for m in told["modules"] if m["name"] == "execsnoop"), "this machine has no BTF of its kernel")


tap.main()
