# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Machines that lose a processor or whose clock is set, and kernels that lack what a program calls: in virtual machines.

Without these, a tool could end when a processor goes or a clock is set, or what a kernel lacks be told in the words of the verifier.
"""
import os
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "vm"))

import kernels  # noqa: E402 - the path has to be set first
import machine  # noqa: E402
import scratch  # noqa: E402
import tap  # noqa: E402

# Calls what the oldest kernel lacks, bpf_strncmp() of Linux 5.17.
COMPARES = """#define EMF_NO_BTF
#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
SEC("raw_tp/sched_process_exec")
int count(void *ctx)
{
	char text[4] = "abc";

	return bpf_strncmp(text, sizeof(text), "abd") < 0;
}
"""

# Has a map of a type that it lacks, of Linux 5.16.
FILTERS = """#define EMF_NO_BTF
#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 8);
	__uint(value_size, 4);
} names SEC(".maps");
SEC("raw_tp/sched_process_exec")
int count(void *ctx)
{
	__u32 name = 1;

	return bpf_map_peek_elem(&names, &name) < 0;
}
"""


@scratch.once
def product(parent):
    """
    A product of two modules of the first: 'asks' says what it needs, and 'calls' does not; of one of the second; and of hello, which needs
    nothing. Its folder, which guests see.
    """

    def prepare(src):
        modules = os.path.join(src, "modules")
        for name in os.listdir(modules):
            if name.split(".")[0] != "hello" and not name.endswith(".h"):
                os.unlink(os.path.join(modules, name))
        for name, needs, code in (("asks", "needs helper(strncmp);", COMPARES), ("calls", "", COMPARES), ("filters", "", FILTERS)):
            scratch.write(os.path.join(modules, name + ".emf"), f"module {name} 0.1 {{\n\t{needs}\n}}\n")
            scratch.write(os.path.join(modules, name + ".bpf.c"), code)

    scratch.product(parent, prepare)
    return parent


def run(kernel, *words, writable=None, **more):
    """In a guest: its exit status and output."""
    tap.need_root()
    try:
        return machine.run(kernel, words, writable or tap.folder(), **more)
    except kernels.Missing as e:
        raise tap.Skip(str(e)) from None


def inside(case):
    """A case of tests/vm/inside_surroundings.py, which passes there and is not skipped."""
    env = {name: os.environ[name] for name in ("EMF_BUILDDIR", "EMF_SRCDIR", "EMF_PRODUCT", "PYTHONPATH")}
    status, output = run("6.1", sys.executable, os.path.join(TESTS, "vm", "inside_surroundings.py"), case, cwd=os.getcwd(), memory=2048,
                         env={**env, "PYTHONDONTWRITEBYTECODE": "1", "EMF_GUEST": "1", "EMF_PATIENCE": "60"})
    tap.equal((status, output.count("\nok "), "SKIP" in output), (0, 1, False), f"exit status, cases and skips ({output})")


def test_a_processor_that_goes_and_comes_back_ends_nothing():
    inside("processor")


def test_a_clock_that_is_set_changes_no_duration():
    inside("clock")


def emf(kernel, *words):
    """That product, in a guest."""
    folder = product()
    return run(kernel, os.path.join(folder, "build", "emf"), *words, "--no-cache", writable=folder)


def test_a_helper_that_a_kernel_lacks_is_named_with_the_program_and_what_to_do_and_a_later_kernel_runs_it():
    tap.need_root()
    lacks = "the helper bpf_strncmp, which this kernel lacks for such programs"
    tap.equal(emf("5.10", "asks", "-d", "50ms"), (77, f"asks: needs {lacks}: a later kernel may have it ('doctor' tells more)\n"), "exit status and message of one that asks")
    status, output = emf("5.10", "calls", "-d", "50ms")
    tap.equal(status, 77, f"exit status of one that does not ask ({output})")
    tap.contains(output, "calls: load failed: the verifier rejected program 'count' of modules/calls.bpf.c at ")
    tap.contains(output, f": it calls {lacks}; a later kernel may have it ('doctor' tells more); whole log: ")
    status, output = emf("5.10", "run", "calls", "hello", "-d", "50ms")
    tap.equal((status, "calls: load failed" in output, "COMM" in output), (77, True, True), f"exit status with another that runs, its message and the headings of the other ({output})")
    tap.equal(emf("6.1", "run", "asks", "calls", "-d", "50ms"), (0, ""), "exit status and messages of both on a later kernel")


def test_a_map_type_that_a_kernel_lacks_is_named_with_the_map_and_a_later_kernel_runs_it():
    status, output = emf("5.10", "filters", "-d", "50ms")
    tap.equal(status, 77, f"exit status ({output})")
    tap.contains(output, "filters: load failed: Invalid argument (map 'names' is of type bloom_filter, which this kernel lacks; a later kernel may have it ('doctor' tells more))")
    tap.equal(emf("6.1", "filters", "-d", "50ms"), (0, ""), "exit status and messages on a later kernel")


tap.main()
