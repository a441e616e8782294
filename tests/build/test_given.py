# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What configure is given is what the build uses: kernel types, clang, bpftool."""
import os
import shutil

import scratch
import tap

# As much of a vmlinux.h as the helpers' header needs, and a type that no kernel has.
VMLINUX = """#ifndef __VMLINUX_H__
#define __VMLINUX_H__
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false = 0, true = 1 };
enum { BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_RINGBUF = 27, BPF_ANY = 0 };
struct emf_of_the_given_file { char bytes[11]; };
#endif
"""

MODULE = """#include "vmlinux.h"
#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
char given[sizeof(struct emf_of_the_given_file)];
SEC("raw_tp/sched_switch")
int on_it(void *ctx) { given[0] = 1; return 0; }
"""


def stand_in(folder, name):
    """A tool that keeps a record of its calls, and does what the real one does."""
    real = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin:/usr/local/sbin")
    if not real:
        raise tap.Skip(f"needs {name}")
    path = os.path.join(folder, f"my-{name}")
    scratch.write(path, f'#!/bin/sh\necho "$*" >>{path}.calls\nexec {real} "$@"\n')
    os.chmod(path, 0o755)
    return path


def calls(path):
    if not os.path.exists(path + ".calls"):
        return ""
    with open(path + ".calls") as f:
        return f.read()


def test_a_module_is_built_with_the_kernel_types_that_were_given():
    parent = tap.folder()
    src = scratch.source(parent)
    given = os.path.join(parent, "vmlinux.h")
    scratch.write(given, VMLINUX)
    scratch.write(os.path.join(src, "modules", "typed.bpf.c"), MODULE)
    bpftool = stand_in(parent, "bpftool")
    build = scratch.Build(src, os.path.join(parent, "b"), "--with-modules=typed", "--with-vmlinux-h=../vmlinux.h",
                          f"--with-bpftool={bpftool}")
    build.make()
    if "btf dump" in calls(bpftool):
        raise AssertionError("the kernel was asked for its types")
    tap.equal(set(build.modules()), {"typed"}, "modules")
    # A newer file is taken at the next make.
    scratch.write(given, VMLINUX.replace("emf_of_the_given_file", "renamed"))
    tap.contains(build.make_fails(), "emf_of_the_given_file")


def test_the_tools_that_were_given_are_used_and_no_others():
    parent = tap.folder()
    src = scratch.source(parent)
    clang, bpftool = stand_in(parent, "clang"), stand_in(parent, "bpftool")
    # On the path are some that fail; one of the tools is given as a path from here.
    path = os.path.join(parent, "path")
    os.mkdir(path)
    for name in ("clang", "bpftool"):
        scratch.write(os.path.join(path, name), "#!/bin/sh\nexit 1\n")
        os.chmod(os.path.join(path, name), 0o755)
    before = os.environ["PATH"]
    tap.cleanup(os.environ.update, {"PATH": before})
    os.environ["PATH"] = f"{path}:{before}"
    build = scratch.Build(src, os.path.join(parent, "b"), "--with-modules=hello", f"--with-clang={clang}",
                          "--with-bpftool=../my-bpftool")
    build.make()
    tap.contains(calls(clang), "modules/hello.bpf.c")
    tap.contains(calls(bpftool), "gen skeleton")
    tap.equal(set(build.modules()), {"hello"}, "modules")


tap.main()
