# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a service keeps of its privileges when everything is attached."""
import glob
import json
import os
import re

import tap
from tool import Tool, spawn, until

BIT = {"CAP_NET_ADMIN": 12, "CAP_PERFMON": 38, "CAP_BPF": 39}  # include/uapi/linux/capability.h


def serve(*words, config=""):
    folder = tap.folder()
    path, bus = os.path.join(folder, "emf.conf"), os.path.join(folder, "bus")
    with open(path, "w") as f:
        f.write(config)
    tool = Tool("serve", *words, "--config", path, env={"EMF_BUS": bus})
    tool.bus = bus
    return tool


def emf(tool, *words):
    return tap.run(tap.PRODUCT, *words, env=dict(os.environ, EMF_BUS=tool.bus))


def status(tool):
    done = until(lambda: [d for d in [emf(tool, "status", "-j")] if d.returncode == 0] or (tool.process.poll() is not None and [None]), "a status")[0]
    tap.equal(done is None, False, f"whether it has ended ({tool.err})")
    return json.loads(done.stdout)


def running(tool, name):
    until(lambda: next(m for m in status(tool)["modules"] if m["name"] == name)["state"] == "running", f"{name} to run: {tool.err}")


def sets_of(tool):
    """The capabilities of each thread, as the kernel says: handed on, permitted, effective, and the most that what it executes has."""
    found = set()
    for path in glob.glob(f"/proc/{tool.process.pid}/task/*/status"):
        with open(path) as f:
            found.add(tuple(int(value, 16) for name, value in re.findall(r"^Cap(Inh|Prm|Eff|Bnd):\s+(\w+)$", f.read(), re.MULTILINE)))
    return found


def mask(*names):
    return sum(1 << BIT[name] for name in names)


def test_it_keeps_what_is_named_and_what_modules_declare():
    tap.need_root()
    tool = serve("flow", "--iface", "lo", "--keep-capabilities", "perfmon")
    running(tool, "flow")
    kept = ["CAP_NET_ADMIN", "CAP_PERFMON", "CAP_BPF"]
    tap.equal(status(tool)["capabilities"], kept, "what status says")
    tap.contains(emf(tool, "status").stdout, "\ncapabilities: " + " ".join(kept) + "\n")
    tap.equal(sets_of(tool), {(0, *(mask(*kept),) * 3)}, "what the kernel says of each of its threads")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.equal(tap.run("tc", "filter", "show", "dev", "lo", "ingress").stdout, "", "what is left on the interface")


def test_a_tool_that_needs_nothing_any_more_goes_on():
    tap.need_root()
    tool = serve("execsnoop", config="[product]\nkeep-capabilities = none\n")
    running(tool, "execsnoop")
    tap.equal(sets_of(tool), {(0, *(mask("CAP_BPF"),) * 3)}, "what it keeps: reading maps needed it once")
    before = next(m for m in status(tool)["modules"] if m["name"] == "execsnoop")["rings"][0]["received"]
    spawn("/bin/true")
    until(lambda: next(m for m in status(tool)["modules"] if m["name"] == "execsnoop")["rings"][0]["received"] > before, "a program that starts to be seen")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_a_module_that_comes_later_is_told_what_it_lacks():
    tap.need_root()
    tool = serve("hello", "--keep-capabilities", "bpf")
    running(tool, "hello")
    done = emf(tool, "start", "killsnoop")
    tap.equal(done.returncode != 0, True, "whether it is refused")
    tap.contains(done.stderr, "CAP_PERFMON")
    tap.equal(next(m for m in status(tool)["modules"] if m["name"] == "hello")["state"], "running", "the other one")
    tap.equal(tool.stop(), 0, "exit status")


def test_without_a_word_of_it_nothing_is_given_up():
    tap.need_root()
    for words in ((), ("--keep-capabilities", "all")):
        tool = serve("hello", *words)
        running(tool, "hello")
        with open("/proc/self/status") as f:
            own = int(re.search(r"^CapEff:\s+(\w+)$", f.read(), re.MULTILINE).group(1), 16)
        tap.equal({sets[1] for sets in sets_of(tool)}, {own}, "what it has")
        tap.equal(tool.stop(), 0, "exit status")


def test_what_is_no_capability_is_refused_before_anything_starts():
    tap.need_root()
    done = tap.run(tap.PRODUCT, "serve", "hello", "--keep-capabilities", "bpf,cap_bfp")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, '--keep-capabilities: "cap_bfp" is no capability; write all, none, or a list of names such as bpf,perfmon,net_admin')
    for words in ("", " , "):
        tap.equal(tap.run(tap.PRODUCT, "serve", "hello", "--keep-capabilities", words).returncode, 2, f"exit status with '{words}'")
    tool = serve("hello", config="[product]\nkeep-capabilities = bpf nett_admin\n")
    tap.equal(tool.process.wait(tap.PATIENCE), 2, "exit status")
    tap.contains(tool.err, ':2: keep-capabilities: "nett_admin" is no capability')


tap.main()
