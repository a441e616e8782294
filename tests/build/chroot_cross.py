# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make cross-test: the product is built for another processor, in a root that has its libraries beside those of this machine,
and its unit tests run by an emulator of that processor.

Without these, something that the build runs could be for the wrong machine, and a kernel part read registers of this one.
"""
import os
import re

import chroot
import packages
import tap

HOST, ARCH, EMULATOR = "aarch64-linux-gnu", "arm64", "qemu-aarch64-static"
TOOLS = "autoconf automake make gcc libc6-dev clang llvm bpftool file pkg-config python3 python3-jinja2 qemu-user-static gcc-aarch64-linux-gnu"
LIBRARIES = "libc6-dev libbpf-dev libelf-dev zlib1g-dev libjansson-dev libinih-dev libcurl4-openssl-dev libmicrohttpd-dev libsodium-dev check libsubunit-dev"

# Unit tests of what the emulator does in its own way, and in which.
EMULATED = {
    "symbols:more_processes_than_are_kept_are_known_all_the_same": "it shows its own memory as that of another process",
    "values:an_interface_by_any_name_that_the_kernel_takes_is_found_and_is_safe_to_print": "it renames no interface",
}


def built():
    """A root with a build for the other processor in /build/emf; it goes with the test."""
    root = chroot.Root("buildd")
    root.must("dpkg", "--add-architecture", ARCH)
    root.install_needs(", ".join(TOOLS.split() + [f"{name}:{ARCH}" for name in LIBRARIES.split()]))
    root.give(packages.tarball())
    root.must("sh", "-ec", 'mkdir /build/emf && cd /build/emf && tar xf "$0" --strip-components=1 && ./configure --host="$1" --enable-werror && make -j2',
              f"/build/{os.path.basename(packages.tarball())}", HOST)
    return root


def within(root, script):
    return root.run("sh", "-c", f"cd /build/emf && {script}")


def look_at_what_is_linked(root):
    done = within(root, "file -b emf obj/*.so libemf-client.so.1")
    kinds = [line.split(",")[1].strip() for line in done.stdout.splitlines()]
    tap.equal((len(kinds) >= 5, set(kinds)), (True, {"ARM aarch64"}), f"processors of all that was linked ({done.stdout}{done.stderr})")


def look_at_a_kernel_part(root):
    # The first argument is in the first of user_pt_regs, at 0; of x86 it is at 112.
    done = within(root, "llvm-objdump -d obj/gethostlatency.bpf.o")
    first = re.search(r"<on_getaddrinfo>:.*?= \*\(u64 \*\)\(r1 \+ (0x[0-9a-f]+|[0-9]+)\)", done.stdout, re.S)
    tap.equal(first and int(first.group(1), 0), 0, f"where the first argument is read ({done.stdout[:1500]}{done.stderr})")


def run_the_product(root):
    done = within(root, f"{EMULATOR} ./emf list && {EMULATOR} ./emf execsnoop --help && {EMULATOR} ./emf no-such-command")
    tap.equal((done.returncode, "opensnoop" in done.stdout, "--filter" in done.stdout), (2, True, True), f"exit status, and what is listed ({done.stderr})")


def run_unit_tests(root):
    # Time limits of Check are those of a processor that is there.
    done = within(root, f"CK_TIMEOUT_MULTIPLIER=20 make -j2 check script_tests= LOG_COMPILER={EMULATOR}")
    failed = re.findall(r"^(?:FAIL|ERROR): .*?:(\w+:\w+): (.*)", done.stdout, re.M)
    for name, why in failed:
        if name in EMULATED:
            print(f"# SKIP {name}: {EMULATED[name]} ({why[:100]})")
    passed = len(re.findall(r"^PASS: ", done.stdout, re.M))
    print(f"# {passed} passed")
    tap.equal((passed > 500, [name for name, _ in failed if name not in EMULATED]), (True, []), f"whether the tests ran, and what failed ({done.stdout[-2000:]})")


def look_at_what_is_installed(root):
    done = within(root, "make install DESTDIR=/build/root >/dev/null && file -b /build/root/usr/local/bin/emf /build/root/usr/local/lib/libemf-client.so")
    tap.equal((done.returncode, done.stdout.count("ARM aarch64")), (0, 1), f"what is installed ({done.stdout}{done.stderr})")


def test_the_product_is_built_for_another_processor_and_its_unit_tests_pass_there():
    tap.need_root()
    root = built()
    for check in (look_at_what_is_linked, look_at_a_kernel_part, run_the_product, run_unit_tests, look_at_what_is_installed):
        check(root)


tap.main()
