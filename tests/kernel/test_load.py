# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Extensions that come and go while a service runs, through its bus and its commands: nothing of them is left,
and those who have anything of them are told.

Without these, an extension that was unloaded would be called by the next record of its ring, one that fails
would stay half attached, or each round leave a descriptor behind.
"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, held, opened, spawn, until  # noqa: E402

ROUNDS = int(os.environ.get("EMF_LOAD_ROUNDS", "500"))
MOOD = """/// greets, or fails
module mood 1.0 {
	callbacks create;
	/// refuse to start
	param bool sad = no;
	event greeting(pid pid, comm comm);
}
"""
MOOD_C = """#include "mood_emf.h"
#include <errno.h>
int mood_create(struct module *m) { (void)m; return mood_params.sad ? -EOWNERDEAD : 0; }
"""
MOOD_BPF = """#include "mood_emf.h"
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct mood_greeting *g = mood_event_greeting_reserve();
	if (!g)
		return 0;
	g->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(g->comm, sizeof(g->comm));
	mood_event_greeting_submit(g);
	return 0;
}
"""
USER = "module user { callbacks create; uses mood; }\n"
USER_C = '#include "user_emf.h"\nint user_create(struct module *m) { (void)m; return 0; }\n'


@scratch.once
def build(parent):
    """A product of two modules, and two extensions."""
    src = scratch.source(parent)
    modules, dynamic = os.path.join(src, "modules"), os.path.join(src, "dynamic")
    for name in os.listdir(modules):
        if name.split(".")[0] not in ("hello", "runqlat") and not name.endswith(".h"):
            os.unlink(os.path.join(modules, name))
    for name, text in (("mood.emf", MOOD), ("mood.c", MOOD_C), ("mood.bpf.c", MOOD_BPF)):
        scratch.write(os.path.join(dynamic, name), text)
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def so(name):
    return os.path.join(build().path, "obj", f"{name}.so")


class Service:
    """One that runs a module of its own."""

    def __init__(self, *words, config="", installed="/nonexistent"):
        tap.need_root()
        product = build().product()
        folder = tap.folder()
        self.bus = os.path.join(folder, "bus")
        path = os.path.join(folder, "emf.conf")
        scratch.write(path, config)
        self.tool = Tool("serve", "hello", "--config", path, *words, product=product, env={"EMF_BUS": self.bus, "EMF_EXTENSIONS": installed})
        self.tool.ready()
        self.pid = self.tool.process.pid

    def emf(self, *words):
        return tap.run(build().product(), *words, env=dict(os.environ, EMF_BUS=self.bus))

    def done(self, *words):
        done = self.emf(*words)
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"exit status, output, messages of {words}")

    def modules(self):
        return {m["name"]: m for m in json.loads(self.emf("status", "-j").stdout)["modules"]}

    def refused(self, *words, status=1):
        done = self.emf(*words)
        tap.equal((done.returncode, done.stdout), (status, ""), f"exit status and output of {words}")
        tap.equal(done.stderr.count("\n"), 1, f"lines ({done.stderr})")
        return done.stderr

    def has(self):
        """What a process has that could be left behind."""
        with open(f"/proc/{self.pid}/maps") as f:
            mapped = {line.split()[-1] for line in f if ".so" in line and "/obj/" in line}
        return {"descriptors": opened(self.pid), "maps": len(held(self.pid, "map")), "programs": len(held(self.pid, "prog")), "mapped": mapped}


def test_a_module_comes_while_others_run_and_goes_again():
    s = Service()
    before = s.has()
    s.done("load", so("mood"))
    tap.equal((s.modules()["mood"]["state"], s.modules()["hello"]["state"]), ("running", "running"), "states")
    spawn("/bin/true")
    until(lambda: s.modules()["mood"]["rings"][0]["received"] >= 1, "an event of it")
    s.done("unload", "mood")
    tap.equal("mood" in s.modules(), False, "whether it is known still")
    until(lambda: s.has() == before, f"what was there before: {before}")
    tap.equal(s.tool.stop(), 0, "exit status")


def test_the_path_is_that_of_the_one_who_asks():
    s = Service()
    done = tap.run(build().product(), "load", "mood.so", env=dict(os.environ, EMF_BUS=s.bus), cwd=os.path.join(build().path, "obj"))
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")


def test_its_signals_are_heard_while_it_is_there():
    s = Service()
    s.done("load", so("mood"))
    heard = Tool("listen", "mood.greeting", "-j", product=build().product(), env={"EMF_BUS": s.bus})

    def hears():
        spawn("/bin/true")
        return heard.out

    until(hears, "a signal")
    s.done("unload", "mood")
    spawn("/bin/true")
    s.done("load", so("mood"))
    n = len(heard.out)
    until(lambda: len(hears()) > n, "a signal of the one that came back, by the same listener")
    tap.equal(heard.process.poll(), None, "whether the listener runs on")


def test_who_has_its_service_is_told_and_the_file_stays_until_he_goes():
    s = Service()
    s.done("load", so("mood"))
    waits = Tool("listen", "mood.*", product=build().product(), env={"EMF_BUS": s.bus})
    until(lambda: any(p["name"] == "emf" for p in json.loads(s.emf("peers", "-j").stdout)["rows"]) or waits.process.poll() is not None, "the listener to be there")
    s.done("unload", "mood")
    tap.equal("mood" in s.modules(), False, "whether the module is known")
    waits.stop()
    until(lambda: not s.has()["mapped"], "the file to be closed when its last listener has gone")


def test_parameters_come_from_the_configuration_and_a_failure_leaves_nothing():
    s = Service(config="[mood]\nsad = yes\n", installed=os.path.join(build().path, "obj"))
    before = s.has()
    tap.contains(s.refused("load", so("mood")), "mood: create failed: Owner died")
    until(lambda: "mood" not in s.modules(), "the module to be gone")
    until(lambda: s.has() == before, f"what was there before: {before}")


def test_a_section_for_what_is_not_installed_is_an_error():
    tap.need_root()
    path = os.path.join(tap.folder(), "emf.conf")
    scratch.write(path, "[mood]\nsad = yes\n")
    done = tap.run(build().product(), "run", "hello", "--config", path, "-d", "50ms", env=dict(os.environ, EMF_EXTENSIONS="/nonexistent"))
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, 'this product has no module "mood", so there is no section [mood]')
    done = tap.run(build().product(), "run", "hello", "--config", path, "-d", "50ms", env=dict(os.environ, EMF_EXTENSIONS=os.path.join(build().path, "obj")))
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages where it is installed")


def test_what_cannot_be_done_is_refused_with_its_reason():
    s = Service()
    before = s.has()
    tap.contains(s.refused("unload", "hello"), "the module is linked into the product: 'stop' is all that can be done with it")
    tap.contains(s.refused("unload", "nobody", status=2), "there is no module 'nobody'")
    s.done("load", so("mood"))
    tap.contains(s.refused("load", so("mood")), "it is loaded already, as ")
    path = os.path.join(tap.folder(), "mood.so")
    shutil.copy(so("mood"), path)
    os.chmod(path, 0o777)
    tap.contains(s.refused("load", path), "others than its owner can write to it")
    done = s.emf("load", "/nonexistent/x.so")
    tap.equal(done.returncode, 2, "exit status for no file")
    done = s.emf("call", "modules", "load", "path=x.so")
    tap.contains(done.stderr, "absolute")
    s.done("unload", "mood")
    until(lambda: s.has() == before, f"what was there before: {before}")


def test_many_rounds_leave_descriptors_maps_programs_and_memory_as_they_were():
    s = Service()

    def round_(n=1):
        for _ in range(n):
            s.done("load", so("mood"))
            s.done("unload", "mood")

    def anonymous():
        with open(f"/proc/{s.pid}/smaps_rollup") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("Anonymous:"))

    round_(10)  # what is made once and kept
    until(lambda: not s.has()["mapped"], "the file to be closed")
    before, memory = s.has(), anonymous()
    round_(ROUNDS)
    until(lambda: s.has() == before, f"what was there before: {before}")
    grown = anonymous() - memory
    tap.equal(grown * 1024 < 1024 * max(ROUNDS, 256), True, f"whether memory stays, which has grown by {grown} KiB in {ROUNDS} rounds")


tap.main()
