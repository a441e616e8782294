# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Services from their description to calls and signals between modules of one product.

Without these, what crosses from one module to another could arrive changed, a header
could compile for its author only, and a contract that is not kept could be found at run
time instead of by the compiler.
"""
import json
import os
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kernel"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ("shop.emf", "keeper.emf", "keeper.c", "buyer.emf", "buyer.c", "watcher.emf", "watcher.c")
WARNINGS = """-Wall -Wextra -Wshadow -Wvla -Wundef -Wformat=2 -Wpointer-arith -Wwrite-strings -fno-common
    -fvisibility=hidden -Werror""".split()
C_WARNINGS = "-Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition".split()
CXX = ("-std=gnu++17", "-x", "c++")
C = ("-std=gnu17", "-x", "c", *C_WARNINGS)


@scratch.once
def build(parent):
    """A product of keeper, buyer and watcher, out of the tree; made once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    os.mkdir(os.path.join(src, "modules"))
    for name in FILES:
        shutil.copy(os.path.join(HERE, "services", name), os.path.join(src, "bus-idl" if name == "shop.emf" else "modules"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def run(*modules):
    done = tap.run(build().product(), "run", *modules, "-d", "1m")  # they end on their own
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    return done.stdout.splitlines()


def of(module, lines):
    return [line[len(module) + 2:] for line in lines if line.startswith(module + ": ")]


def changed(name, *replacements):
    """The file for one test: with these texts replaced; afterwards as it was."""
    path = os.path.join(build().src, "modules", name)
    with open(path) as f:
        before = text = f.read()
    for old, new in replacements:
        tap.contains(text, old, name)
        text = text.replace(old, new)
    scratch.write(path, text)
    tap.cleanup(build().make)
    tap.cleanup(scratch.write, path, before)


# --- what crosses ---------------------------------------------------------------------


def test_calls_carry_structs_enums_and_arrays_there_and_back():
    said = of("buyer", run("buyer"))
    tap.equal(said[:4], ["order: done", "total 16000000000", "7 size -1 wrap 3", "8 size -1 wrap 3"], "an order of two lines")
    tap.equal(said[4:6], ["order of nothing: done", "total 0"], "an order without lines")


def test_errors_carry_what_they_declare_and_the_next_call_forgets_them():
    said = of("buyer", run("buyer"))
    tap.equal(said[6:8], ["order of the last one: EREMOTEIO, 1099511627776 left of 13", "order of too much: EINVAL"], "errors")
    tap.equal(said[8:10], ["count: done", "2 orders"], "a call after them")


def test_a_call_without_an_answer_at_once_is_made_in_a_later_turn():
    said = of("buyer", run("buyer"))
    tap.equal(said[10:13], ["close: done", "twice: EALREADY", "close: done"], "the start, a second one, the answer")
    tap.equal(said[13:15], ["again: done", "close: done"], "one more, and its answer")
    tap.equal(said[15:], ["order when closed: EREMOTEIO, closed until 9", "forget: done", "count: done", "0 orders"], "at the end")


def test_a_signal_reaches_who_listens_until_it_listens_no_more():
    lines = run("watcher", "buyer")
    tap.equal(of("watcher", lines), ["ENOTCONN", "buyer for 16000000000", "buyer for 0", "closing", "closing"], "what it heard")
    # Inside of the call: between what the provider and the caller print.
    at = lines.index("watcher: buyer for 16000000000")
    tap.equal((lines[at - 1], lines[at + 1]), ("keeper: buyer orders 2", "buyer: order: done"), "the lines around it")


def test_a_module_brings_those_along_that_it_uses_and_runs_without_optional_ones():
    tap.equal(of("keeper", run("buyer")), ["buyer orders 2", "buyer orders 0"], "the provider")
    done = tap.run(build().product(), "watcher", "-d", "50ms")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "watcher: ENOTCONN\n", ""), "without its optional service")


def test_status_says_what_a_module_provides():
    bus = os.path.join(tap.folder(), "bus")
    environment = dict(os.environ, EMF_BUS=bus)
    tool = tap.start(build().product(), "run", "keeper", "--bus", env=environment)
    until(lambda: tool.poll() is not None or not tap.run(build().product(), "status", env=environment).returncode, "an answer")
    done = tap.run(build().product(), "status", "-j", env=environment)
    modules = {m["name"]: m for m in json.loads(done.stdout)["modules"]}
    tap.equal(modules["keeper"]["provides"], [{"service": "shop", "version": "1.2"}], "what keeper provides")
    tap.equal(modules["buyer"]["provides"], [], "what buyer provides")


# --- the header -----------------------------------------------------------------------


def compiles(compiler, *words, header="keeper_emf.h"):
    path = os.path.join(tap.folder(), "it")
    scratch.write(path, f'#include "{header}"\n')
    try:
        done = tap.run(compiler, *words, *WARNINGS, "-Iinclude", "-Iobj", "-fsyntax-only", path, cwd=build().path)
    except FileNotFoundError:
        raise tap.Skip(f"there is no {compiler}") from None
    tap.equal((done.returncode, done.stderr), (0, ""), f"status and messages of {compiler}")


def test_the_header_compiles_with_gcc():
    compiles("gcc", *C)


def test_the_header_compiles_with_clang():
    compiles("clang", *C)


def test_the_header_compiles_as_cxx_with_gcc():
    compiles("g++", *CXX)


def test_the_header_compiles_as_cxx_with_clang():
    compiles("clang++", *CXX)


def test_the_header_compiles_for_bpf():
    with open(os.path.join(build().path, "Makefile")) as f:
        includes = re.search(r"^EMF_BPF_INCLUDES *= *(.*)$", f.read(), re.MULTILINE).group(1).split()
    compiles("clang", *C, "-target", "bpf", *includes, header="shop_emf.h")


# --- a provider with a kernel part ------------------------------------------------------

ZBIG = """service zbig 1.0 { method all() -> (u64 calls) access(read); }
/// count the system calls
module zbig 1.0 { provides zbig; param u32 step = 1; }
"""
ZBIG_KERNEL = """#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
const volatile __u32 step = 1;
__u64 calls;
SEC("raw_tp/sys_enter") int on_call(void *ctx) { __sync_fetch_and_add(&calls, step); return 0; }
"""
ZBIG_USER = """#include "zbig_emf.h"
int zbig_serve_all(struct ebus_call *call, struct zbig_all_reply *reply)
{
	reply->calls = zbig_skeleton(ebus_call_module(call))->bss->calls;
	return 0;
}
"""
ASK = 'import "zbig.emf";\n/// ask zbig\nmodule ask 1.0 { uses zbig; callbacks attach; }\n'
ASK_USER = """#include "ask_emf.h"
#if !defined(ZBIG_EMF_H) || defined(ZBIG_MAPS_H) || defined(__ZBIG_BPF_SKEL_H__)
#error "the kernel part of a module is its own affair"
#endif
int ask_attach(struct module *m)
{
	struct zbig_all_reply reply;
	int err = zbig_call_all(&zbig_client, &reply);

	if (!err)
		emf_print(m, "%s\\n", reply.calls ? "some" : "none");
	return err;
}
"""


def zbig():
    """A module with a kernel part that provides, and one that asks it."""
    for name, text in (("zbig.emf", ZBIG), ("zbig.bpf.c", ZBIG_KERNEL), ("zbig.c", ZBIG_USER), ("ask.emf", ASK), ("ask.c", ASK_USER)):
        path = os.path.join(build().src, "modules", name)
        scratch.write(path, text)
        tap.cleanup(os.unlink, path)


def test_who_uses_a_service_compiles_before_the_kernel_part_of_its_provider_does():
    zbig()
    build().make("obj/ask.o", "obj/ask_emf.o")
    tap.equal(os.path.exists(os.path.join(build().path, "obj", "zbig.bpf.o")), False, "the kernel part was compiled")


def test_who_uses_a_service_asks_a_provider_with_a_kernel_part():
    tap.need_root()
    zbig()
    build().make()
    done = tap.run(build().product(), "ask", "-d", "1ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    compiles("g++", *CXX, "-DEMF_MODULE_IS_zbig", header="zbig_emf.h")
    compiles("g++", *CXX, header="zbig_emf.h")


# Ends of processes; every second one with a value that has no name.
ENDS = """/// tell of ends
module ends 1.2 { event ended(pid pid, how how); }
enum how : u32 { EVEN = 0, ODD = 1 }
"""
ENDS_KERNEL = """#include <emf/bpf.h>
#include "ends_emf.h"
char LICENSE[] SEC("license") = "GPL";
__u32 calls;
SEC("raw_tp/sched_process_exit") int on_end(void *ctx)
{
	struct ends_ended *e = ends_event_ended_reserve();
	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->how = __sync_fetch_and_add(&calls, 1) % 2 ? 7 : ENDS_HOW_ODD;
	ends_event_ended_submit(e);
	return 0;
}
"""
HEAR = 'import "ends.emf";\n/// hear ends\nmodule hear 1.0 { uses ends >= 1.1; callbacks attach; }\n'
HEAR_USER = """#include "hear_emf.h"
static void on_ended(struct ends_ended_subscription *subscription, const struct ends_ended *signal)
{
	emf_print(subscription->base.owner, "heard %u\\n", signal->how);
}
static struct ends_ended_subscription ended = { .handler = on_ended };
int hear_attach(struct module *m) { return ends_on_ended(&ends_client, m, &ended); }
"""


def test_a_module_hears_the_event_of_another_one_that_declares_no_service():
    tap.need_root()
    for name, text in (("ends.emf", ENDS), ("ends.bpf.c", ENDS_KERNEL), ("hear.emf", HEAR), ("hear.c", HEAR_USER)):
        path = os.path.join(build().src, "modules", name)
        scratch.write(path, text)
        tap.cleanup(os.unlink, path)
    build().make()
    tool = tap.start(build().product(), "hear", "-d", "2s")
    for _ in range(150):
        tap.run("true")
        time.sleep(0.01)
    out, err = tool.communicate(timeout=tap.PATIENCE)
    heard = [line for line in out.splitlines() if "heard" in line]
    tap.equal({line.split()[-1] for line in heard}, {"1"}, "what was heard: those with a name")
    tap.contains(err, "an event 'ended' has a value that its type does not allow, as an enum without a name for it: the signal was not sent")
    tap.equal(err.count("was not sent"), 1, "how often that is told")


LAST_EMF = """import "shop.emf";
/// call to the end
module last 1.0 { uses shop; callbacks create, attach, detach, destroy; }
"""
LAST = """#include "last_emf.h"

static int ask(struct module *m, const char *where)
{
	struct shop_count_reply reply;
	int err = shop_call_count(&shop_client, &reply);

	emf_print(m, "%s %s\\n", where, err == -ENOTCONN ? "ENOTCONN" : "works");
	return 0;
}

int last_create(struct module *m) { return ask(m, "create"); }
int last_attach(struct module *m) { return ask(m, "attach"); }
int last_detach(struct module *m) { return ask(m, "detach"); }
int last_destroy(struct module *m) { return ask(m, "destroy"); }
"""


def test_calls_work_from_create_to_detach_as_the_reference_says():
    for name, text in (("last.emf", LAST_EMF), ("last.c", LAST)):
        path = os.path.join(build().src, "modules", name)
        scratch.write(path, text)
        tap.cleanup(os.unlink, path)
    build().make()
    done = tap.run(build().product(), "last", "-d", "1ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    said = [line.split(": ")[-1] for line in done.stdout.splitlines()]
    tap.equal(said, ["create works", "attach works", "detach works", "destroy ENOTCONN"], "the calls")


# --- contracts that are not kept ----------------------------------------------------------


def test_a_function_that_is_owed_and_missing_is_named_by_the_linker():
    changed("keeper.c", ("int shop_serve_forget(struct ebus_call *call)\n{\n\t(void)call;\n\tk.orders = 0;\n\treturn 0;\n}\n", ""))
    tap.contains(build().make_fails(), "undefined reference to `shop_serve_forget'")


def test_a_function_whose_name_is_misspelt_is_named_by_the_compiler():
    changed("keeper.c", ("shop_serve_forget", "shop_serves_forget"))
    said = build().make_fails()
    if not re.search(r"no previous prototype for .shop_serves_forget.", said):
        raise AssertionError(said)


def test_arguments_of_a_wrong_type_do_not_compile():
    changed("keeper.c", ("const struct shop_close_args *args", "const struct shop_closed *args"))
    tap.contains(build().make_fails(), "conflicting types for")


def test_an_answer_of_a_wrong_type_does_not_compile():
    changed("buyer.c", ("shop_call_order(&shop_client, &args, &reply)", "shop_call_order(&shop_client, &args, &args)"))
    tap.contains(build().make_fails("obj/buyer.o"), "incompatible pointer type")


def test_a_callback_that_is_named_and_missing_is_named_by_the_linker():
    changed("watcher.emf", ("callbacks create", "callbacks create, poll"))
    tap.contains(build().make_fails(), "undefined reference to `watcher_poll'")


def test_a_callback_that_is_there_and_not_named_is_named_by_the_compiler():
    changed("watcher.emf", ("callbacks create, ", "callbacks "))
    if not re.search(r"no previous prototype for .watcher_create.", build().make_fails()):
        raise AssertionError("nothing is said")


def test_a_change_of_the_service_reaches_all_who_use_it_in_one_make():
    path = os.path.join(build().src, "bus-idl", "shop.emf")
    with open(path) as f:
        before = f.read()
    tap.cleanup(build().make)
    tap.cleanup(scratch.write, path, before)
    scratch.write(path, before.replace("(u32 orders)", "(u32 count)"))
    said = build().make_fails("-k")
    for name in ("keeper.c", "buyer.c"):
        if not re.search(rf"{name}:\d+:\d+: error: .struct shop_count_reply. has no member named .orders.", said):
            raise AssertionError(f"nothing about {name}: {said}")


tap.main()
