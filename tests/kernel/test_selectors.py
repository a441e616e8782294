# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Options that choose processes, of every tool of the collection: each filters, or is refused.

Without these, a tool could take -p or -u and print what was not asked for, or nothing at all, and its user
would not know.
"""
import os
import re
import ssl  # noqa: F401 - sslsniff looks for the library in this process

import tap
from collected import TRACED
from tool import cgroup

REFUSED = r"--{}: .*\b(?:does not tell|tells) one .* from another: "
# Of packets, which belong to nobody where they are seen.
NOT_OF_PROCESSES = {"acl", "flow", "ingress", "ingress_tc", "parse", "ratelimit", "sampler"}
LIBC = next(line.split()[-1] for line in open("/proc/self/maps") if "libc.so" in line)
WITHOUT_RIGHTS = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]


def tools():
    """Names of modules with a kernel part."""
    rows = [line.split() for line in tap.run(tap.PRODUCT, "list").stdout.splitlines()[1:]]
    return [row[0] for row in rows if row[2] == "bpf"]


def check(module, option, letter, value):
    """A refusal comes before anything needs a privilege, so nothing can have been attached by then."""
    needs = []
    if module == "funclatency":
        needs = ["--path", LIBC, "--function", "getppid"]
    elif module == "cgroupconnect" and option != "cgroup":
        needs = ["--cgroup", cgroup(option)]
    words = [tap.PRODUCT, module, *needs, letter, value, "-d", "200ms"]
    first = tap.run(*WITHOUT_RIGHTS, *words)
    if re.search(REFUSED.format(option), first.stderr):
        tap.equal((first.returncode, first.stdout, first.stderr.count("\n")), (2, "", 1), f"exit status of {words[1:]}, what it printed, and sentences ({first.stderr})")
        return "refused"
    done = tap.run(*TRACED, *words)
    tap.equal(done.returncode in (0, 77), True, f"exit status of {words[1:]}, {done.returncode}: {done.stderr}")
    return "taken" if done.returncode == 0 else "cannot run"


def checked(option, letter, value):
    tap.need_root()
    found = {module: check(module, option, letter, value) for module in tools()}
    print("# " + ", ".join(f"{module} {what}" for module, what in found.items() if what != "taken"))
    return {module for module, what in found.items() if what == "refused"}


def test_each_tool_tells_of_one_process_or_says_that_it_cannot():
    tap.equal(checked("pid", "-p", str(os.getpid())) - NOT_OF_PROCESSES, set(), "refused by tools that tell of processes")


def test_each_tool_tells_of_one_user_or_says_that_it_cannot():
    tap.equal(checked("user", "-u", "0") - NOT_OF_PROCESSES, set(), "refused by tools that tell of processes")


def test_each_tool_tells_of_one_name_or_says_that_it_cannot():
    tap.equal(checked("comm", "--comm", "emf-no-such") - NOT_OF_PROCESSES, set(), "refused by tools that tell of processes")


def test_each_tool_tells_of_one_cgroup_or_says_that_it_cannot():
    at = cgroup("selectors")
    refused = {module for module in tools() if check(module, "cgroup", "-c", at) == "refused"}
    tap.equal(refused - NOT_OF_PROCESSES, set(), "refused by tools that tell of processes")


def test_process_0_is_refused_by_every_tool_in_the_same_words():
    for module in tools():
        for words in (["-p", "0"], ["--pid", "0x0"]):
            done = tap.run(tap.PRODUCT, module, *words, "-d", "1ms")
            tap.equal((done.returncode, done.stdout, done.stderr.partition(":")[2].partition(",")[0]), (2, "", " --pid: 0 is no process"), f"{module} {words}")


tap.main()
