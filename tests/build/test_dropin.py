# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A file dropped into modules/ becomes part of the product by make alone, and one that
is taken away leaves no trace. All of it in an out-of-tree build of a scratch copy."""
import atexit
import os
import re
import shutil
import signal
import tempfile
import time

import scratch
import tap

# Those of the folder, and the chains that they are plugged into, which are shown among them.
OURS = {name.split(".")[0] for name in os.listdir(os.path.join(tap.SOURCE, "modules")) if not name.endswith(".h")} | {"ingress", "ingress_tc"}

# A module by its callbacks; each is C inside braces.
HAND = """#include <emf.h>
#include <errno.h>
#include <unistd.h>
static int hand_create(struct module *m) {{ (void)m; {create} return 0; }}
static int hand_attach(struct module *m) {{ (void)m; {attach} return 0; }}
static int hand_poll(struct module *m) {{ (void)m; {poll} return 0; }}
static int hand_destroy(struct module *m) {{ printf("destroy %s\\n", m->name); return 0; }}
static struct module hand = {{ .name = "hand", .prio = 50, .flags = {flags},
	.create = hand_create, .attach = hand_attach, .poll = hand_poll, .destroy = hand_destroy }};
ebpf_module(hand);
"""

KERNEL = """#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
__u64 runs;
SEC("{section}")
int on_it(void *ctx) {{ {body} return 0; }}
"""

_build = None


def build():
    """The scratch build, made once for all tests of this file."""
    global _build
    if not _build:
        parent = tempfile.mkdtemp(prefix="emf-test-")
        atexit.register(shutil.rmtree, parent)
        _build = scratch.Build(scratch.source(parent), os.path.join(parent, "build"))
        _build.make()
    return _build


def drop(name, text):
    """Put a file into modules/ for the length of this test."""
    path = os.path.join(build().src, "modules", name)
    scratch.write(path, text)
    tap.cleanup(lambda: os.path.exists(path) and os.unlink(path))
    return path


def hand(create="", attach="", poll="", flags="0"):
    return HAND.format(create=create, attach=attach, poll=poll, flags=flags)


def run(*words, **kwargs):
    return tap.run(build().product(), *words, **kwargs)


def test_a_second_make_does_nothing():
    tap.equal(set(build().modules()), OURS, "modules")
    tap.contains(build().make(), "Nothing to be done")


def test_a_classic_module_is_built_in_changed_and_taken_out_by_make_alone():
    path = drop("example.c", scratch.CLASSIC)
    build().make()
    tap.equal(set(build().modules()), OURS | {"example"}, "modules after the drop")
    tap.equal(run("run", "example", "-d", "50ms").stdout, "create example\nattach example\ndestroy example\n", "output")
    scratch.write(path, scratch.CLASSIC.replace('"create', '"changed'))
    build().make()
    tap.contains(run("example", "-d", "50ms").stdout, "changed example")
    tap.contains(build().make(), "Nothing to be done")
    os.unlink(path)
    build().make()
    tap.equal(set(build().modules()), OURS, "modules after the removal")
    tap.contains(build().make(), "Nothing to be done")


def test_a_kernel_part_alone_is_a_module_that_attaches():
    drop("alone.bpf.c", KERNEL.format(section="raw_tp/sched_switch", body="runs++;"))
    build().make()
    tap.equal(build().modules()["alone"]["kind"], "bpf", "kind")
    tap.need_root()
    tap.equal(run("alone", "-d", "100ms").returncode, 0, "exit status")


def test_bytes_that_are_no_utf_8_do_not_hide_a_module():
    path = drop("latin.c", "")
    with open(path, "wb") as f:
        f.write(b'#include <emf.h>\n'
                b'static struct module latin = { .name = "latin", .version = "1\xe9", .doc = "z\xe4hlt \xc3\xa4" };\n'
                b'ebpf_module(latin);\n')
    build().make()
    told = build().modules()["latin"]
    tap.equal((told["version"], told["doc"]), ("1\\xe9", "z\\xe4hlt \u00e4"), "version and doc")


def test_a_description_names_version_priority_and_doc_of_a_module():
    drop("told.bpf.c", KERNEL.format(section="raw_tp/sched_switch", body=""))
    path = drop("told.emf", "/// counts nothing\nmodule told 2.1 required { priority -3; }\n")
    build().make()
    told = build().modules()["told"]
    tap.equal((told["version"], told["priority"], told["required"], told["doc"]), ("2.1", -3, True, "counts nothing"),
              "description")
    scratch.write(path, "module told 2.2;\n")
    build().make()
    tap.equal(build().modules()["told"]["version"], "2.2", "version after a change")
    os.unlink(path)
    build().make()
    tap.equal(build().modules()["told"]["version"], "", "version after the removal")


def test_a_module_may_include_vmlinux_h():
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise tap.Skip("this kernel has no BTF to make a vmlinux.h from")
    text = '#include "vmlinux.h"\n' + KERNEL.format(section="tp_btf/sched_switch", body="runs += sizeof(struct rq_flags);")
    drop("typed.bpf.c", text)
    built = build().make()
    tap.contains(built, "vmlinux.h.pch")
    drop("typed2.bpf.c", text)
    if "vmlinux.h.pch" in build().make():
        raise AssertionError("the precompiled header was made twice")
    tap.need_root()
    tap.equal(run("typed", "-d", "50ms").returncode, 0, "exit status")


def test_a_mistake_in_a_module_is_the_compilers_own_error_at_its_own_line():
    user = drop("wrong.c", "#include <emf.h>\n\nint oops(void) { return undeclared_here; }\n")
    tap.contains(build().make_fails(), "modules/wrong.c:3:")
    os.unlink(user)
    drop("wrong.bpf.c", KERNEL.format(section="raw_tp/sched_switch", body="undeclared_there();"))
    tap.contains(build().make_fails(), "modules/wrong.bpf.c:5:")


def test_a_callback_that_the_contract_lacks_is_a_compile_error():
    drop("wrong.c", scratch.CLASSIC.replace(".create =", ".creat ="))
    tap.contains(build().make_fails(), "modules/wrong.c:9:")


def test_two_modules_of_one_name_do_not_build():
    drop("one.c", scratch.CLASSIC)
    drop("other.c", scratch.CLASSIC)
    out = build().make_fails()
    tap.contains(out, "modules/other.c:8:22: error: a second module is named 'example'")
    tap.contains(out, "modules/one.c:8:22")


def test_a_name_with_a_blank_and_a_link_to_nowhere_are_told_by_the_generator():
    drop("a b.c", "int x;\n")
    tap.contains(build().make_fails(), "modules: error: make cannot handle a file named 'a b.c'")
    os.unlink(os.path.join(build().src, "modules", "a b.c"))
    for name in ("gone.c", "gone.bpf.c", "gone.emf"):
        path = os.path.join(build().src, "modules", name)
        os.symlink("nowhere", path)
        tap.cleanup(lambda path=path: os.path.lexists(path) and os.unlink(path))
        tap.contains(build().make_fails(), f"modules/{name}: error: cannot be read: No such file or directory")
        os.unlink(path)
    build().make()
    tap.contains(build().make(), "Nothing to be done")


def test_a_module_with_the_name_of_a_command_does_not_build():
    path = drop("status.c", scratch.CLASSIC.replace('"example"', '"status"'))
    tap.contains(build().make_fails(), "modules/status.c:8:22: error: module 'status' has the name of a built-in command")
    os.unlink(path)
    drop("serve.bpf.c", KERNEL.format(section="raw_tp/sched_switch", body=""))
    tap.contains(build().make_fails(), "modules/serve.bpf.c: error: module 'serve' has the name of a built-in command")


def test_a_module_whose_create_fails_is_reported_and_the_rest_runs():
    drop("hand.c", hand(create="return -ENODEV;"))
    drop("example.c", scratch.CLASSIC)
    build().make()
    done = run("run", "hand", "example", "-d", "50ms")
    tap.equal(done.returncode, 1, "exit status")
    tap.equal(done.stdout, "create example\nattach example\ndestroy example\n", "what the other one did")
    tap.contains(done.stderr, "hand: create failed: No such device")


def test_a_module_whose_attach_fails_is_destroyed_again():
    drop("hand.c", hand(attach="return -EBUSY;"))
    build().make()
    done = run("hand")
    tap.equal((done.returncode, done.stdout), (1, "destroy hand\n"), "status and output")
    tap.contains(done.stderr, "hand: attach failed: Device or resource busy")


def test_a_required_module_that_fails_stops_the_product():
    drop("hand.c", hand(attach="return -EBUSY;", flags="EMF_MODULE_REQUIRED"))
    drop("example.c", scratch.CLASSIC)
    build().make()
    done = run("run", "hand", "example")
    tap.equal(done.returncode, 1, "exit status")
    tap.equal(done.stdout, "create example\nattach example\ndestroy hand\ndestroy example\n", "output")
    tap.contains(done.stderr, "module hand is required")


def test_a_poll_that_fails_stops_its_module_only():
    drop("hand.c", hand(poll="return -EPIPE;"))
    drop("example.c", scratch.CLASSIC)
    build().make()
    done = run("run", "hand", "example", "-d", "300ms")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "hand: poll failed: Broken pipe; the module was stopped")
    tap.contains(done.stdout, "destroy hand\ndestroy example\n")


def test_a_poll_that_blocks_is_named_in_the_log():
    drop("hand.c", hand(poll="usleep(150000);"))
    build().make()
    done = run("hand", "-d", "400ms")
    tap.equal(done.returncode, 0, "exit status")
    told = re.search(r"hand: warning: poll blocked for (\d+)", done.stderr)
    if not told or int(told.group(1)) < 100:
        raise AssertionError(done.stderr)


def test_a_second_interrupt_ends_a_product_that_hangs():
    drop("hand.c", hand(poll='printf("hangs\\n"); fflush(stdout); for (;;) pause();'))
    build().make()
    tool = tap.start(build().product(), "hand")
    tap.equal(tool.stdout.readline(), "hangs\n", "first line")
    tool.send_signal(signal.SIGINT)
    time.sleep(0.3)  # two at once are one: some senders repeat themselves
    tap.equal(tool.poll(), None, "status after the first")
    tool.send_signal(signal.SIGINT)
    tap.equal(tool.wait(timeout=10), 130, "status after the second")


def test_the_verifiers_reason_is_told_with_the_program_its_line_and_the_whole_log():
    tap.need_root()
    drop("bad.bpf.c", KERNEL.format(section="raw_tp/sched_switch", body="return *(int *)0x1234;"))
    build().make()
    done = run("bad")
    tap.equal(done.returncode, 1, "exit status")
    for part in ("bad: load failed: the verifier rejected program 'on_it' of modules/bad.bpf.c at bad.bpf.c:5", "last lines of the verifier's log"):
        tap.contains(done.stderr, part)
    path = re.search(r"whole log: (\S+)", done.stderr).group(1)
    tap.cleanup(os.unlink, path)
    with open(path) as f:
        tap.contains(f.read(), "processed ", "the whole log")
    tap.equal(os.stat(path).st_mode & 0o777, 0o600, "its mode")


def test_a_tracepoint_without_tracefs_says_how_to_mount_it():
    tap.need_root()
    drop("traced.bpf.c", KERNEL.format(section="tracepoint/sched/sched_switch", body=""))
    build().make()
    for tracefs, status in ((False, 77), (True, 0)):
        mount = "mount -t tracefs none /sys/kernel/tracing" if tracefs else \
            "mount -t tmpfs none /sys/kernel/tracing; mount -t tmpfs none /sys/kernel/debug"
        done = tap.run("unshare", "--mount", "sh", "-c", f'{mount}; exec "$0" "$@"', build().product(), "traced",
                       "-d", "100ms")
        tap.equal(done.returncode, status, f"exit status ({done.stderr})")
    done = tap.run("unshare", "--mount", "sh", "-c",
                   'mount -t tmpfs none /sys/kernel/tracing; mount -t tmpfs none /sys/kernel/debug; exec "$0" "$@"',
                   build().product(), "traced")
    tap.contains(done.stderr, "mount -t tracefs tracefs /sys/kernel/tracing")


def test_only_capabilities_that_are_needed_are_named():
    """A program that is not loaded needs none, and sk_reuseport none of the network's."""
    tap.need_root()
    drop("needy.bpf.c", KERNEL.format(section="raw_tp/sched_switch", body="") +
         'SEC("?xdp") int unused(void *ctx) { return 2; }\n')
    drop("reuse.bpf.c", KERNEL.format(section="sk_reuseport", body="runs++;").replace("return 0", "return 1"))
    build().make()
    copy = os.path.join(tap.folder(), "emf")
    os.chmod(os.path.dirname(copy), 0o755)
    shutil.copy(build().product(), copy)
    for name, needed in (("needy", "(needs CAP_PERFMON and CAP_BPF; run as root)"), ("reuse", "(needs CAP_BPF; run as root)")):
        done = tap.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
                       "--inh-caps=-all", copy, name)
        tap.equal(done.returncode, 77, "exit status")
        tap.contains(done.stderr, needed)


def test_a_tracepoint_that_the_kernel_lacks_is_named():
    tap.need_root()
    drop("traced.bpf.c", KERNEL.format(section="raw_tp/no_such_tracepoint", body=""))
    build().make()
    done = run("traced")
    tap.equal(done.returncode, 77, "exit status")
    tap.contains(done.stderr, "traced: attach failed: program 'on_it': No such file or directory (this kernel has no raw_tp/no_such_tracepoint)")


def test_a_program_whose_sec_does_not_say_where_is_named():
    tap.need_root()
    drop("nowhere.bpf.c", KERNEL.format(section="uprobe", body=""))
    build().make()
    done = run("nowhere", "-d", "50ms")
    tap.contains(done.stderr, "program 'on_it' was not attached: SEC(\"uprobe\") does not say where")


def test_a_program_of_xdp_without_its_interface_fails_with_the_option_that_names_it():
    tap.need_root()
    drop("nowhere.bpf.c", KERNEL.format(section="xdp", body="return 2;"))
    build().make()
    done = run("nowhere", "-d", "50ms")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "nowhere: program 'on_it' cannot be attached: it is not said where (give --iface)")


def test_a_name_in_sec_that_the_kernel_lacks_is_told_with_libbpfs_reason():
    tap.need_root()
    drop("nowhere.bpf.c", KERNEL.format(section="tp_btf/no_such_tracepoint", body=""))
    build().make()
    done = run("nowhere", "-d", "50ms")
    tap.equal(done.returncode, 77, "exit status")
    tap.contains(done.stderr, "no_such_tracepoint")


def test_a_kprobe_on_a_kernel_without_kprobes_says_so():
    tap.need_root()
    if os.path.exists("/sys/bus/event_source/devices/kprobe"):
        raise tap.Skip("this kernel has kprobes")
    drop("probed.bpf.c", KERNEL.format(section="kprobe/vfs_read", body=""))
    build().make()
    done = run("probed", "-d", "50ms")
    tap.equal(done.returncode, 77, "exit status")
    tap.contains(done.stderr, "this kernel has no kprobes")


def test_a_module_that_floods_its_ring_keeps_neither_the_end_nor_a_signal_away():
    tap.need_root()
    drop("flood.bpf.c", KERNEL.replace("__u64 runs;", "EMF_RING(records, 1 << 20);").format(
        section="raw_tp/sys_enter",
        body="__u64 *r = emf_ring_reserve(records, 8); if (r) { *r = 1; emf_ring_submit(records, r); }"))
    drop("flood.c", """#include "flood_emf.h"
static void on_record(struct module *m, const void *data, size_t size) { (void)data; (void)size; emf_print(m, "x\\n"); }
static int flood_create(struct module *m) { return emf_ring_open(m, "records", on_record); }
static struct module flood = { .name = "flood", .object = &flood_object, .create = flood_create };
ebpf_module(flood);
""")
    build().make()
    noise = [tap.start("dd", "if=/dev/zero", "of=/dev/null", "bs=1") for _ in range(3)]
    with open("/dev/null", "w") as null:
        done = run("flood", "-d", "500ms", timeout=20, stdout=null)
        tap.equal(done.returncode, 0, "exit status")
        tool = tap.start(build().product(), "flood", stdout=null)
        time.sleep(0.5)
        tool.send_signal(signal.SIGTERM)
        tap.equal(tool.wait(timeout=20), 0, "exit status after SIGTERM")
    del noise


def test_a_create_that_returns_a_positive_number_is_told_as_it_is():
    drop("hand.c", hand(create="return 1;"))
    build().make()
    done = run("hand")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "hand: create failed: it returned 1")


def test_a_subset_and_a_name_can_be_chosen_for_any_build_folder():
    other = scratch.Build(build().src, os.path.join(tap.folder(), "b"), "--with-modules=hello,runqlat",
                          "--with-product=mytool")
    other.make()
    done = tap.run(other.product("mytool"), "list")
    tap.contains(done.stdout, "hello")
    tap.contains(done.stdout, "runqlat")
    if "execsnoop" in done.stdout:
        raise AssertionError("a module that was not chosen is there")
    tap.contains(tap.run(other.product("mytool"), "--version").stdout, "mytool 0.1")


def test_a_declared_product_chooses_its_modules_and_settings():
    idl = os.path.join(build().src, "bus-idl", "watch.emf")
    scratch.write(idl, "/// Who waits.\nproduct watch 3.1 {\n\tmodules runqlat;\n\tset runqlat.per_process = yes;\n}\n")
    tap.cleanup(os.unlink, idl)
    other = scratch.Build(build().src, os.path.join(tap.folder(), "b"), "--with-product=watch")
    other.make()
    shown = tap.run(other.product("watch"), "--help").stdout
    tap.contains(shown, "watch 3.1 - Who waits.")
    if "execsnoop" in shown:
        raise AssertionError("a module that the product does not name is there")
    tap.need_root()
    tap.contains(tap.run(other.product("watch"), "runqlat", "-d", "300ms").stdout, "pid = ")


def test_configure_refuses_a_module_that_is_not_there():
    folder = tap.folder()
    done = tap.run(os.path.join(build().src, "configure"), "--with-modules=hello,nonsense", cwd=folder, timeout=300)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, 'there is no module "nonsense"')


def test_no_modules_at_all_is_a_product():
    parent = tap.folder()
    src = scratch.source(parent)
    for name in os.listdir(os.path.join(src, "modules")):
        os.unlink(os.path.join(src, "modules", name))
    empty = scratch.Build(src, os.path.join(parent, "b"))
    empty.make()
    tap.equal(empty.modules(), {}, "modules")
    done = tap.run(empty.product(), "run", "-d", "50ms")
    tap.equal(done.returncode, 0, "exit status")
    tap.contains(done.stderr, "no modules to run")


tap.main()
