# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Chains that stay when their product ends, however it ends, and are taken over by the next start.

Without these, a restart could be a moment in which packets pass that should be dropped, a
chain that stays could be an empty array behind an entry, or a pin be left for ever.
"""
import json
import os
import random
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import foreign  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
import test_chain_owner as owner  # noqa: E402
from test_chain_owner import Serving, hang_foreign, instance, place  # noqa: E402
from tool import Tool, until  # noqa: E402

KILLS = owner.KILLS


def serve(at, *words):
    return Serving(at, "first", "filter", "last", *words, ingress=("iface", "va"), egress=("out", "va"))


def drops(at):
    """Whether the chain does its work: packets that arrive of ten that it drops, and of ten that it lets pass."""
    return at.send(10, 9), at.send(10, 7)


def wait_open(at, egress=True):
    """The kernel lets go of a link by itself a moment after the last name of it went: until packets arrive that were dropped."""
    until(lambda: at.xdp() is None and at.send(1, 9) == 1, "the link to go")
    if egress:
        until(lambda: at.send(1, 9, "a") == 1, "the link of egress to go")


def purge(at, status=0):
    done = at.run(tap.PRODUCT, "purge", ok=False)
    tap.equal(done.returncode, status, f"exit status of purge ({done.stderr})")
    return done.stderr


def generations(at):
    return [name for name in at.pins() if "/slots-" in name]


def test_a_chain_that_persists_stays_after_its_end_until_purge_takes_it_down():
    at = place()
    service = serve(at, "--persist")
    service.stop()
    tap.equal((drops(at), at.send(10, 9, "a")), ((0, 10), 0), "packets that arrive when the product has ended, in and out")
    tap.equal(len(generations(at)), 2, "generations that are pinned, of both chains")
    said = purge(at)
    tap.contains(said, "chain ingress:va, which stayed in /sys/fs/bpf/emf/ingress:va@")
    tap.contains(said, "was taken down")
    wait_open(at)
    tap.equal((drops(at), at.send(10, 9, "a"), at.pins(), at.qdiscs().count("clsact")), ((10, 10), 10, [], 0), "after purge")
    tap.contains(purge(at), "nothing is left of a 'emf' that ended")


def test_the_next_start_takes_it_over_without_a_packet_in_between():
    at = place()
    service = serve(at, "--persist")
    service.does("count", "ingress", "on")
    tap.equal(drops(at), (0, 10), "packets that arrive")
    runs, last = service.runs("ingress"), instance(service, "ingress")["generation"]
    service.stop()
    flood = at.flood(9)
    for _ in range(3):
        service = serve(at, "--persist")
        service.tool.says(f"ingress: hangs on va since an earlier run; its generation {last} is the last one of it")
        last = instance(service, "ingress")["generation"]
        tap.equal({name: service.runs("ingress")[name] >= n for name, n in runs.items()}, {name: True for name in runs}, "counts that went on")
        service.stop()
    sent, came = flood.end()
    tap.equal((sent > 100, came), (True, 0), "packets that came through while the product was started anew")
    service = serve(at, "--persist")
    tap.equal((instance(service, "ingress")["generation"], instance(service, "ingress")["misses"]), (last + 1, 0), "generation, misses")
    service.stop()
    purge(at)


def test_a_start_without_it_takes_over_and_leaves_nothing():
    at = place()
    serve(at, "--persist").stop()
    service = serve(at)
    until(lambda: at.pins() == [], "the pins to go")
    tap.equal(drops(at), (0, 10), "packets that arrive while it runs")
    service.stop()
    wait_open(at)
    tap.equal((drops(at), at.send(10, 9, "a")), ((10, 10), 10), "packets that arrive in the end")


def test_a_chain_that_is_stopped_by_itself_is_taken_down():
    at = place()
    service = serve(at, "--persist")
    service.module("stop", "ingress")
    until(lambda: not [name for name in at.pins() if "ingress" in name], "its pins to go")
    wait_open(at, egress=False)
    tap.equal((drops(at), at.send(10, 9, "a")), ((10, 10), 0), "packets that arrive, in and out")
    service.stop()
    purge(at)


def test_a_start_tells_of_what_stays_and_is_not_part_of_it():
    at = place()
    serve(at, "--persist").stop()
    service = Serving(at, "first", "filter", "last", "--persist", ingress=("iface", "va"))
    service.tool.says("chain egress:va:egress stays since an earlier run and is not part of this one, which does not name its place: "
                 "'emf purge' takes it down")
    tap.equal("chain ingress:va stays" in service.tool.err, False, f"whether its own chain is told of ({service.tool.err})")
    service.stop()
    purge(at)


def test_it_is_an_option_of_the_configuration_too():
    at = place()
    service = Serving(at, "first", "filter", "last", ingress=("iface", "va"), product=("persist", "yes"))
    service.stop()
    tap.equal(drops(at), (0, 10), "packets that arrive when the product has ended")
    purge(at)


def test_two_processes_do_not_share_what_stays():
    at = place()
    service = serve(at, "--persist")
    done = at.run(tap.PRODUCT, "run", "last", "--iface", "va", "--persist", ok=False)
    tap.equal(done.returncode, 1, "exit status of the second one")
    tap.contains(done.stderr, "chain ingress on va is kept by another process of this product: stop that one first")
    tap.contains(purge(at, status=1), "is of a process that runs: stop that one first")
    tap.equal(drops(at), (0, 10), "packets that arrive")
    service.stop()
    purge(at)


def test_folders_are_root_s_alone():
    at = place()
    serve(at, "--persist").stop()
    modes = at.run("sh", "-c", "stat -c %a /sys/fs/bpf/emf /sys/fs/bpf/emf/*").stdout.split()
    tap.equal(modes, ["700"] * len(modes), "modes of the folders")
    tap.equal(len(modes) > 2, True, f"that there are folders ({modes})")
    purge(at)
    at.run("mkdir", "-m", "777", "/sys/fs/bpf/emf")
    done = at.run(tap.PRODUCT, "run", "last", "--iface", "va", "--persist", ok=False)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "the folders have to be this user's alone (mode 0700)")


NOBODY = 65534


def shell(at, script):
    """Prepares a place; what it prints."""
    return at.run("sh", "-ec", script).stdout


def test_purge_touches_nothing_behind_a_name_that_somebody_else_took():
    for what in ("ln -s /run/victim /sys/fs/bpf/emf && chown -h {0} /sys/fs/bpf/emf", "ln -s /run/victim /sys/fs/bpf/emf",
                 "mkdir -m 700 /sys/fs/bpf/emf && ln -s /run/victim/sub /sys/fs/bpf/emf/sub"):
        at = place()
        shell(at, "mkdir -p -m 700 /run/victim /run/victim/sub; touch /run/victim/sub/entry-1 /run/victim/sub/file; " + what.format(NOBODY))
        said = purge(at, status=1)
        tap.contains(said, "is not this user's alone (mode 0700)")
        tap.equal(shell(at, "ls /run/victim/sub"), "entry-1\nfile\n", f"files that somebody's link leads to ({what})")


def test_purge_takes_nothing_down_in_a_folder_of_somebody_else():
    for what in ("chown {0} /sys/fs/bpf/emf", "chown {0} /sys/fs/bpf/emf/sub", "chmod 770 /sys/fs/bpf/emf", "chmod 770 /sys/fs/bpf/emf/sub"):
        at = place()
        shell(at, "mkdir -p -m 700 /sys/fs/bpf/emf/sub/filter-0; chmod 700 /sys/fs/bpf/emf; " + what.format(NOBODY))
        tap.contains(purge(at, status=1), "is not this user's alone (mode 0700)")
        tap.equal(at.pins(), ["emf", "emf/sub", "emf/sub/filter-0"], f"what is there ({what})")


def test_purge_removes_what_chains_pin_and_nothing_else_in_their_folder():
    at = place()
    serve(at, "--persist").stop()
    folder = next(name for name in at.pins() if "/ingress:va" in name and name.count("/") == 1)
    shell(at, f"mkdir /sys/fs/bpf/{folder}/else")
    tap.contains(purge(at, status=1), "was taken down, but something is there that was not put there by it")
    until(lambda: at.xdp() is None, "the link to go")
    tap.equal((drops(at), at.pins()), ((10, 10), ["emf", folder, f"{folder}/else"]), "packets that arrive, and what is left")
    shell(at, f"rmdir /sys/fs/bpf/{folder}/else")
    purge(at)
    tap.equal(at.pins(), [], "pins")


def test_nobody_else_keeps_a_chain_from_starting_by_taking_its_name():
    at = place()
    serve(at, "--persist").stop()
    folders = " ".join(f"/sys/fs/bpf/{name}" for name in at.pins() if name.count("/") < 2)
    purge(at)
    shell(at, f"mkdir -m 755 {folders}; chown {NOBODY} {folders}")
    hold = 'import fcntl,os,sys;[fcntl.flock(os.open(p,os.O_RDONLY),fcntl.LOCK_EX) for p in sys.argv[1:]];print("held",flush=True);sys.stdin.read()'
    holder = tap.start(*at.within(at.a), "setpriv", f"--reuid={NOBODY}", "--clear-groups", sys.executable, "-c", hold, *folders.split(),
                       stdin=subprocess.PIPE)
    tap.equal(holder.stdout.readline(), "held\n", "the locks of somebody else")
    service = serve(at)
    service.tool.says("takes nothing over from /sys/fs/bpf/emf/ingress:va@")
    tap.equal(drops(at), (0, 10), "packets that arrive while it runs")
    service.stop()


def test_counts_of_programs_that_are_no_more_do_not_stay():
    at = place()
    serve(at, "--persist").stop()
    name = next(name for name in at.pins() if "/ingress:va" in name and "/counts-" in name)
    folder = os.path.dirname(name)
    at.run("bpftool", "map", "pin", "pinned", f"/sys/fs/bpf/{name}", f"/sys/fs/bpf/{folder}/counts-00000000")
    serve(at, "--persist").stop()
    tap.equal([pin for pin in at.pins() if pin.startswith(f"{folder}/counts-")], [name], "counts that stay")
    purge(at)


def test_without_bpffs_it_says_what_to_mount():
    at = place()
    at.run("umount", "-l", "/sys/fs/bpf")
    at.run("mount", "-t", "tmpfs", "tmpfs", "/sys/fs/bpf")
    done = at.run(tap.PRODUCT, "run", "last", "--iface", "va", "--persist", ok=False)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "bpffs is not mounted; as root: mount -t bpf -o mode=0700 bpf /sys/fs/bpf")


def test_what_took_the_place_of_somebody_else_s_program_does_not_stay_and_says_so():
    at = place()
    hang_foreign(at)
    tool = owner.start(at, "run", "last", "--iface", "va", "--replace", "--persist")
    tool.says("does not stay on va when this process ends: the program that it took the place of is put back then")
    tap.equal((tool.stop(), at.xdp()), (0, "foreign"), "exit status, and the program that hangs there")
    tap.equal([name for name in at.pins() if "/module=" not in name], ["emf"], "pins, but maps of modules")
    purge(at)


def test_tracing_chains_stay_with_their_root_program():
    at = place()
    for last in (None, 1, 2):
        service = Serving(at, "watch", "--persist")
        if last:
            service.tool.says(f"switches: hangs on sched_switch since an earlier run; its generation {last} is the last one of it")
        rows = json.loads(service.chain("list", "-j").stdout)
        tap.equal({(r["chain"], r["generation"], r["misses"]) for r in rows},
                  {("switches", (last or 0) + 1, 0), ("typed", (last or 0) + 1, 0)}, "generations and misses")
        service.stop()
        tap.equal(len([name for name in at.pins() if name.endswith("/root")]), 2, "root arrays that stay")
    purge(at)
    tap.equal(at.pins(), [], "pins")


def test_an_interface_of_the_same_name_is_not_the_one_that_the_chain_hung_on():
    at = place()
    serve(at, "--persist").stop()
    at.run("ip", "link", "del", "va")
    at.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vc")
    service = serve(at)
    tap.equal("since an earlier run" in service.tool.err, False, "whether it took anything over")
    service.stop()
    until(lambda: at.pins() == [], "the pins to go")


def test_killed_while_it_changes_a_valid_generation_stays_and_is_taken_over():
    choose = random.Random(4)
    at = place()
    runs, last = {}, 0
    for turn in range(KILLS):
        service = serve(at, "--persist")
        row = instance(service, "ingress")
        now = service.runs("ingress")
        tap.equal({name: now[name] >= n for name, n in runs.items()}, {name: True for name in runs}, f"counts that went on, turn {turn}")
        tap.equal((row["generation"] > last, row["misses"], row["refused"]), (True, 0, 0), f"generation, misses, turn {turn}")
        service.does("count", "ingress", "on")
        flood = at.flood(9999)
        owner.kill_while_counting_changes(service, choose)
        sent, came = flood.end()
        tap.equal((came, drops(at), at.send(10, 9, "a")), (sent, (0, 10), 0), f"packets that arrive after turn {turn}")
        runs, last = now, row["generation"]
    service = serve(at, "--persist")
    tap.equal(instance(service, "ingress")["misses"], 0, "misses in the end")
    until(lambda: len(generations(at)) == 2, "old generations to go")
    service.stop()
    purge(at)
    tap.equal(at.pins(), [], "pins")


def test_killed_before_it_ever_ran_it_leaves_nothing_or_all_of_it():
    choose = random.Random(5)
    for turn in range(KILLS):
        at = place()
        tool = at.start("run", "first", "filter", "last", "--iface", "va", "--persist")
        until(lambda: at.pins() or tool.process.poll() is not None, "the first pin")
        owner.sleep(choose.uniform(0, 0.1))
        tool.stop(signal.SIGKILL)
        until(lambda: at.xdp() is None or any(name.endswith("/link") for name in at.pins()), "the link to go, or to be pinned")
        tap.equal(drops(at), (0, 10) if at.xdp() else (10, 10), f"packets that arrive after turn {turn} ({at.pins()})")
        purge(at)
        until(lambda: at.xdp() is None, "the link to go")
        tap.equal(at.pins(), [], "pins")


def test_a_filter_stays_and_is_taken_over_where_there_is_no_tcx():
    owner.need_clsact()
    at = place()
    serve(at, "--persist").stop()
    tap.equal((len(at.filters("egress")), at.send(10, 9, "a")), (1, 0), "filters, and packets that arrive, when it has ended")
    for end in (signal.SIGKILL, signal.SIGTERM):
        service = serve(at, "--persist")
        service.tool.says("egress: hangs on va since an earlier run")
        service.does("disable", "ingress", "last", "end")
        service.tool.stop(end)
        tap.equal((len(at.filters("egress")), at.send(10, 9, "a")), (1, 0), f"filters, and packets that arrive, after {end.name}")
    purge(at)
    tap.equal((at.filters("egress"), "clsact" in at.qdiscs(), at.pins()), ([], False, []), "after purge")


def test_the_last_of_two_chains_that_stay_takes_clsact_along_where_there_is_no_tcx():
    owner.need_clsact()
    for apart in (False, True):
        at = place()
        if apart:
            Serving(at, "filter", "--persist", egress=("out", "va")).stop()
            Serving(at, "arrive", "--persist", arrival=("in", "va")).stop()
        else:
            Serving(at, "filter", "arrive", "--persist", egress=("out", "va"), arrival=("in", "va")).stop()
        names = [name.rsplit("/", 1)[1] for name in at.pins() if "/filter-" in name]
        tap.equal([name[-1] for name in names], ["1", "1"], f"whether both know that we made clsact ({names})")
        purge(at)
        tap.equal(("clsact" in at.qdiscs(), at.pins()), (False, []), "after purge")


if __name__ == "__main__":
    tap.main()
