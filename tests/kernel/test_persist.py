# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Modules that stay when their product ends, and are taken over by the next one.

Without these, a restart could miss what happens meanwhile or count it twice, a newer program read what an
older one wrote as something else, or a map be left in the kernel for ever.
"""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import called  # noqa: E402 - the path has to be set first
import scratch  # noqa: E402
import tap  # noqa: E402
from foreign import Place  # noqa: E402
from tool import until  # noqa: E402

EMF = """/// counts how often a process asks for its parent
module counted 1.0 {
	license "GPL";
	/// whose calls
	param u32 caller;
	event call(u64 number);
}
"""


PACKETS_EMF = """/// counts packets
module packets 1.0 {
	license "GPL";
	callbacks attach;
	attach on_packet xdp(param netdev iface);
}
"""
PACKETS_BPF = """#include <emf/bpf.h>
#include "packets_emf.h"
__u64 packets;
SEC("xdp")
int on_packet(void *ctx)
{
	__sync_fetch_and_add(&packets, 1);
	return XDP_PASS;
}
"""
# {answer}: of the last step of its start
PACKETS = """#include "packets_emf.h"
#include <errno.h>
int packets_attach(struct module *m) {{ (void)m; return {answer}; }}
"""


@scratch.once
def build(parent):
    """Products of one name: the same modules as they were, with another program, and with another map; the newer one cannot count packets."""
    src = scratch.source(parent)
    modules = os.path.join(src, "modules")
    for name in os.listdir(modules):
        if not name.endswith(".h"):
            os.unlink(os.path.join(modules, name))
    scratch.write(os.path.join(modules, "packets.emf"), PACKETS_EMF)
    scratch.write(os.path.join(modules, "packets.bpf.c"), PACKETS_BPF)
    products = {}
    made = None
    for name, parts in (("old", {}), ("newer", {"more": "__u32 added = 7;\n__u64 another;", "code": "another += added;"}),
                        ("other", {"member": "__u64 bytes;"}), ("wider", {"event": "u64 number, u64 twice", "set": "c->twice = 2 * c->number;"})):
        event = parts.pop("event", "u64 number")
        scratch.write(os.path.join(modules, "counted.emf"), EMF.replace("u64 number", event))
        scratch.write(os.path.join(modules, "counted.bpf.c"), called.kernel_part("counted", **parts))
        scratch.write(os.path.join(modules, "packets.c"), PACKETS.format(answer="-EIO" if name == "newer" else "0"))
        made = made or scratch.Build(src, os.path.join(parent, "build"), "--enable-werror", "--without-extensions")
        made.make()
        os.makedirs(os.path.join(parent, name))
        products[name] = os.path.join(parent, name, "emf")
        os.link(made.product(), products[name])
        os.unlink(made.product())
    return products


class Counted:
    """A product of the module, in a place of its own."""

    def __init__(self, at, *words, product="old", caller=None):
        self.tool = at.start("run", "counted", "--caller", str(caller or os.getpid()), "-j", *words, product=build()[product])
        self.tool.ready()

    def numbers(self):
        return [json.loads(line)["args"]["number"] for line in self.tool.out.splitlines()]

    def kill(self):
        self.tool.process.send_signal(signal.SIGKILL)
        self.tool.process.wait()

    def has(self, last):
        until(lambda: self.numbers()[-1:] == [last], lambda: f"event {last} ({self.tool.out[-200:]})")
        return self.numbers()


def place():
    tap.need_root()
    build()
    return Place()


def call(n):
    for _ in range(n):
        os.getppid()


def counted(at):
    """What the map has of this process."""
    dump = json.loads(at.run("bpftool", "-j", "map", "dump", "pinned", "/sys/fs/bpf/emf/module=counted/map-callers").stdout)
    wanted = list(os.getpid().to_bytes(4, sys.byteorder))
    values = [row["value"] for row in dump if [int(b, 16) for b in row["key"]] == wanted]
    return int.from_bytes(bytes(int(b, 16) for b in values[0][:8]), sys.byteorder) if values else 0


def purge(at, status=0):
    done = at.run(build()["old"], "purge", ok=False)
    tap.equal(done.returncode, status, f"exit status of purge ({done.stderr})")
    return done.stderr


def test_a_module_that_was_killed_goes_on_without_a_hole_or_a_repeat():
    at = place()
    last = 0
    for n in range(3):
        running = Counted(at, "--persist")
        if n:
            running.tool.says("counted: goes on from an earlier run, with 5 of its maps and 1 of its attached programs")
            tap.equal(running.has(last + 5), list(range(last + 1, last + 6)), "events of the time in which nobody was there")
            last += 5
        call(20)
        running.has(last + 20)
        last += 20
        running.kill()
        call(5)
    tap.equal(counted(at), last + 5, "calls in the map")
    tap.contains(purge(at), "module counted, which stayed in /sys/fs/bpf/emf/module=counted, was taken down")
    tap.equal(at.pins(), [], "what is left")
    tap.contains(purge(at), "nothing is left of a 'emf' that ended")


def test_it_stays_as_well_when_it_ends_as_it_should():
    at = place()
    running = Counted(at, "--persist")
    call(3)
    running.has(3)
    tap.equal(running.tool.stop(), 0, "exit status")
    call(4)
    running = Counted(at, "--persist")
    tap.equal(running.has(7), [4, 5, 6, 7], "events since")
    running.kill()
    purge(at)


def test_another_program_takes_over_maps_and_variables():
    at = place()
    running = Counted(at, "--persist")
    call(10)
    running.has(10)
    running.kill()
    call(5)
    running = Counted(at, "--persist", product="newer")
    running.tool.says("counted: goes on from an earlier run, with 4 of its maps and 0 of its attached programs")
    tap.equal(running.has(15), list(range(11, 16)), "events of the time between")
    call(10)
    tap.equal(running.has(25), list(range(11, 26)), "events, and those of the newer program, once each")
    tap.equal(counted(at), 25, "calls in the map")
    running.kill()
    purge(at)


def test_records_of_another_layout_are_not_read_as_what_they_are_not():
    at = place()
    running = Counted(at, "--persist")
    call(2)
    running.has(2)
    running.kill()
    call(3)
    running = Counted(at, "--persist", product="wider")
    running.tool.says("counted: warning: records of an earlier run that nobody has read in the ring 'event_call' are laid out otherwise, and are lost")
    call(2)
    tap.equal(running.has(7), [6, 7], "events")
    tap.equal([json.loads(line)["args"]["twice"] for line in running.tool.out.splitlines()], [12, 14], "the member that is new")
    running.kill()
    tap.equal(len([name for name in at.pins() if "map-event_call-" in name]), 1, "rings that are pinned")
    purge(at)


def test_other_parameters_are_those_of_the_next_run():
    at = place()
    running = Counted(at, "--persist", caller=1)
    running.kill()
    running = Counted(at, "--persist")
    running.tool.says("and 0 of its attached programs")
    call(4)
    running.has(4)
    running.kill()
    tap.equal(len([name for name in at.pins() if "/link-" in name]), 1, "links")
    purge(at)


def test_a_map_that_means_something_else_is_refused_and_what_runs_stays():
    at = place()
    running = Counted(at, "--persist")
    call(2)
    running.has(2)
    running.kill()
    done = at.run(build()["other"], "run", "counted", "--caller", os.getpid(), "--persist", ok=False)
    tap.equal(done.returncode, 1, f"exit status ({done.stderr})")
    tap.contains(done.stderr, "counted: map 'callers' of an earlier run, which stayed, means something else: the size of its values is 8 there "
                              "and 16 here; 'emf purge' gives all of it up")
    call(3)
    tap.equal(counted(at), 5, "calls that the old program has counted")
    purge(at)


def xdp_id(at):
    """Of the program on an interface; None if there is none."""
    link = json.loads(at.run("ip", "-d", "-j", "link", "show", "va").stdout)[0]
    return link.get("xdp", {}).get("prog", {}).get("id")


def test_a_start_that_fails_leaves_the_program_that_ran():
    at = place()
    words = ("run", "packets", "--iface", "va", "--persist")
    running = at.start(*words, product=build()["old"])
    until(lambda: "emf/module=packets" in " ".join(at.pins()) and len(at.pins()) > 2, "its pins")
    before = xdp_id(at)
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    pins = at.pins()
    done = at.run(build()["newer"], *words, ok=False)
    tap.equal(done.returncode, 1, "exit status of one that fails")
    tap.contains(done.stderr, "packets: attach failed: Input/output error")
    tap.equal((xdp_id(at), at.pins()), (before, pins), "program on the interface, and what is pinned")
    running = at.start(*words, product=build()["old"])
    running.says("packets: goes on from an earlier run")
    tap.equal(running.stop(), 0, "exit status of the next one")
    purge(at)
    tap.equal(xdp_id(at), None, "program on the interface")


def test_a_service_without_it_takes_over_and_leaves_nothing():
    at = place()
    Counted(at, "--persist").kill()
    call(3)
    config = os.path.join(tap.folder(), "conf")
    scratch.write(config, f"[product]\nmodules = counted\n[counted]\ncaller = {os.getpid()}\n")
    service = at.start("serve", "--config", config, product=build()["old"]).ready()
    service.says("counted: goes on from an earlier run")
    tap.equal(at.pins(), [], "pins while it runs")
    call(1)
    status = json.loads(at.run(build()["old"], "status", "-j").stdout)
    tap.equal([ring["seen"] for row in status["modules"] if row["name"] == "counted" for ring in row["rings"]], [4], "events that were seen")
    tap.equal(service.stop(), 0, "exit status")


def test_a_module_that_is_stopped_is_taken_away():
    at = place()
    config = os.path.join(tap.folder(), "conf")
    scratch.write(config, f"[product]\nmodules = counted\npersist = yes\n[counted]\ncaller = {os.getpid()}\n")
    service = at.start("serve", "--config", config, product=build()["old"]).ready()
    until(at.pins, "its pins")
    at.run(build()["old"], "stop", "counted")
    tap.equal(at.pins(), [], "what is left of it")
    at.run(build()["old"], "start", "counted")
    tap.equal("emf/module=counted/map-callers" in at.pins(), True, "that it stays again")
    service.stop()
    purge(at)


def test_a_tool_beside_it_has_nothing_to_do_with_it():
    at = place()
    running = Counted(at, "--persist")
    beside = Counted(at)
    call(3)
    tap.equal((running.has(3), beside.has(3)), ([1, 2, 3],) * 2, "events of both")
    beside.tool.stop()
    running.kill()
    pins = at.pins()
    beside = Counted(at)
    call(2)
    tap.equal((beside.has(2), at.pins()), ([1, 2], pins), "events of its own, and what stays")
    beside.tool.stop()
    purge(at)


def test_what_a_process_keeps_is_its_own():
    at = place()
    running = Counted(at, "--persist")
    done = at.run(build()["old"], "run", "counted", "--caller", 1, "--persist", ok=False)
    tap.equal(done.returncode, 1, "exit status of the second one")
    tap.contains(done.stderr, "counted: it is kept by another process of this product: stop that one first\n")
    tap.contains(purge(at, 1), "module counted, which stayed in /sys/fs/bpf/emf/module=counted, is of a process that runs: stop that one first")
    call(2)
    running.has(2)
    running.kill()
    purge(at)


def test_a_folder_that_others_can_write_to_is_not_used():
    at = place()
    at.run("mkdir", "-m", "700", "/sys/fs/bpf/emf")
    at.run("mkdir", "-m", "777", "/sys/fs/bpf/emf/module=counted")
    done = at.run(build()["old"], "run", "counted", "--caller", 1, "--persist", ok=False)
    tap.equal(done.returncode, 1, f"exit status ({done.stderr})")
    tap.contains(done.stderr, "/sys/fs/bpf/emf/module=counted: the folders have to be this user's alone (mode 0700)")
    at.run("rmdir", "/sys/fs/bpf/emf/module=counted", "/sys/fs/bpf/emf")


def test_bpffs_is_mounted_where_there_is_none():
    at = place()
    while not at.run("umount", "/sys/fs/bpf", ok=False).returncode:
        pass
    running = Counted(at, "--persist")
    tap.equal(at.run("stat", "-f", "-c", "%T", "/sys/fs/bpf").stdout, "bpf_fs\n", "what is there")
    tap.equal(at.run("stat", "-c", "%a", "/sys/fs/bpf").stdout, "1700\n", "its mode")
    running.kill()
    purge(at)


tap.main()
