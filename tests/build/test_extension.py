# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A file dropped into dynamic/ becomes an extension by make alone, which a product loads when it runs; what does not fit is refused
with a sentence, before anything of it has run.

Without these, an extension of yesterday's headers would write behind the end of a structure, one that a
user can change would run as root, and a missing function would be met in the middle of the night.
"""
import atexit
import os
import shutil
import struct
import tempfile
import time

import scratch
import tap

ALONE = """#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
struct event { __u64 ns; };
const struct event *unused __attribute__((unused));
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct event e = { bpf_ktime_get_ns() };
	bpf_ringbuf_output(&events, &e, sizeof(e), 0);
	return 0;
}
"""
SHARED = """struct point { u32 x; u32 y; }
service sums 1.2 { struct pair { point a; point b; } method add(pair of) -> (point sum) access(read); signal added(point sum); }
"""
PROVIDER = "import \"sums.emf\";\nmodule adder { provides sums; }\n"
PROVIDER_C = """#include "adder_emf.h"
int sums_serve_add(struct ebus_call *call, const struct sums_add_args *args, struct sums_add_reply *reply)
{
	struct sums_added signal;
	(void)call;
	reply->sum.x = args->of.a.x + args->of.b.x;
	reply->sum.y = args->of.a.y + args->of.b.y;
	signal.sum = reply->sum;
	sums_emit_added(&signal);
	return 0;
}
"""
USER = "import \"sums.emf\";\nmodule asker { callbacks attach; uses sums; }\n"
USER_C = """#include "asker_emf.h"
static struct sums_added_subscription heard;
static void on_added(struct sums_added_subscription *s, const struct sums_added *signal)
{
	(void)s;
	printf("heard %u\\n", signal->sum.x);
}
int asker_attach(struct module *m)
{
	struct sums_add_args args = { .of = { .a = { 1, 2 }, .b = { 3, 4 } } };
	struct sums_add_reply reply;
	int err;

	heard.handler = on_added;
	sums_on_added(&sums_client, m, &heard);
	err = sums_call_add(&sums_client, &args, &reply);
	printf("%d: %u %u\\n", err, reply.sum.x, reply.sum.y);
	return 0;
}
"""
LINE = struct.Struct("=IIQ64s48s")  # struct emf_extension_line
BEGIN, STRUCT, MODULE, SERVICE, TYPE, CHAIN = range(6)


@scratch.once
def build(parent):
    """A product of few modules, and extensions of each kind: classic, kernel part alone, described, with C."""
    src = scratch.source(parent)
    modules, dynamic = os.path.join(src, "modules"), os.path.join(src, "dynamic")
    kept = {"hello", "execsnoop", "opensnoop", "parse", "flow"}
    for name in os.listdir(modules):
        stem = name.split(".")[0]
        if stem in {"opensnoop", "flow", "execsnoop"}:
            shutil.move(os.path.join(modules, name), os.path.join(dynamic, name))
        elif not name.endswith(".h") and stem not in kept:
            os.unlink(os.path.join(modules, name))
    scratch.write(os.path.join(dynamic, "alone.bpf.c"), ALONE)
    scratch.write(os.path.join(dynamic, "example.c"), scratch.CLASSIC)
    scratch.write(os.path.join(src, "bus-idl", "sums.emf"), SHARED)
    for name, text in (("adder.emf", PROVIDER), ("adder.c", PROVIDER_C)):
        scratch.write(os.path.join(modules, name), text)
    for name, text in (("asker.emf", USER), ("asker.c", USER_C)):
        scratch.write(os.path.join(dynamic, name), text)
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def so(name):
    return os.path.join(build().path, "obj", f"{name}.so")


def run(*words, env=None, **kwargs):
    return tap.run(build().product(), *words, env=dict(os.environ, **(env or {})), **kwargs)


def changed(name, change):
    """A copy of an extension with other bytes, of root."""
    path = os.path.join(tap.folder(), f"{name}.so")
    with open(so(name), "rb") as f:
        data = bytearray(f.read())
    data = change(data) or data
    with open(path, "wb") as f:
        f.write(data)
    return path


def lines(data):
    """Where the lines of the table are, and what is in them."""
    begin = data.index(LINE.pack(BEGIN, 0, 1, b"EMF", b"")[:20])
    for at in range(begin, len(data) - LINE.size, LINE.size):
        kind, zero, value, name, version = LINE.unpack_from(data, at)
        if kind > CHAIN or zero or not name.strip(b"\0"):
            return
        yield at, kind, value, name.rstrip(b"\0").decode(), version.rstrip(b"\0").decode()


def other_value(kind, name, delta=1):
    def change(data):
        at, value = next((at, value) for at, k, value, n, _ in lines(data) if k == kind and (n == name or not name))
        struct.pack_into("=Q", data, at + 8, value + delta)

    return change


def refused(path, sentence, name="example"):
    done = run(name, "--extension", path, "-d", "50ms")
    tap.equal((done.returncode, done.stdout), (1, ""), "exit status and output")
    tap.contains(done.stderr, f"extension {path} is not loaded: ")
    tap.contains(done.stderr, sentence)
    tap.equal(done.stderr.count("\n"), 1, f"lines ({done.stderr})")


# --- what works ---------------------------------------------------------------------


def test_the_classic_form_is_an_extension_unchanged():
    done = run("example", "--extension", so("example"), "-d", "50ms")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "create example\nattach example\ndestroy example\n", ""), "exit status, output, messages")


def test_a_kernel_part_alone_and_a_described_module_are_extensions_unchanged():
    tap.need_root()
    for name in ("alone", "execsnoop"):
        done = run(name, "--extension", so(name), "-d", "300ms")
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of {name}")


def test_it_is_not_in_the_product():
    tap.equal({"example", "execsnoop", "alone", "asker"} & set(build().modules()), set(), "modules of extensions that are linked in")
    done = run("example")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "'example' is neither a command nor a module")


def test_it_exports_one_symbol():
    for name in ("example", "execsnoop", "asker", "flow"):
        out = scratch.must("nm", "-D", "--defined-only", so(name), cwd=build().path)
        tap.equal([line.split()[2] for line in out.splitlines()], ["emf_extension"], f"symbols of {name}.so")


def test_a_service_is_shared_with_the_product():
    done = run("run", "asker", "--extension", so("asker"), "-d", "50ms")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "heard 4\n0: 4 6\n", ""), "exit status, output, messages")


def test_a_service_that_no_module_of_the_product_has_is_shared_by_extensions():
    files = {"giver.emf": PROVIDER.replace("adder", "giver").replace("sums", "more"), "giver.c": PROVIDER_C.replace("adder", "giver").replace("sums", "more"),
             "taker.emf": USER.replace("asker", "taker").replace("sums", "more"), "taker.c": USER_C.replace("asker", "taker").replace("sums", "more")}
    for name, text in files.items():
        path = os.path.join(build().src, "dynamic", name)
        scratch.write(path, text)
        tap.cleanup(os.unlink, path)
    path = os.path.join(build().src, "bus-idl", "more.emf")
    scratch.write(path, SHARED.replace("sums", "more"))
    tap.cleanup(os.unlink, path)
    build().make()
    for first, second in (("giver", "taker"), ("taker", "giver")):
        done = run("run", "--extension", so(first), "--extension", so(second), "taker", "-d", "50ms")
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "heard 4\n0: 4 6\n", ""), "exit status, output, messages")


def test_a_file_is_loaded_once_by_whatever_name():
    at = tap.folder()
    shutil.copy(so("example"), os.path.join(at, "example.so"))
    os.symlink("example.so", os.path.join(at, "alias.so"))
    shutil.copy(so("alone"), os.path.join(at, "zz.so"))
    done = run("list", env={"EMF_EXTENSIONS": at})
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    tap.equal((names.count("example"), names.count("alone")), (1, 1), "how often each is listed")
    done = run("example", "--extension", so("example"), "-d", "50ms", env={"EMF_EXTENSIONS": at})
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of one that is installed, too")


def test_a_description_of_another_extension_has_no_services():
    path = os.path.join(build().src, "dynamic", "thief.emf")
    scratch.write(path, 'import "execsnoop.emf";\nmodule thief { callbacks create; uses execsnoop; }\n')
    scratch.write(path.replace(".emf", ".c"), '#include "thief_emf.h"\nint thief_create(struct module *m) { (void)m; return 0; }\n')
    tap.cleanup(os.unlink, path)
    tap.cleanup(os.unlink, path.replace(".emf", ".c"))
    tap.contains(build().make_fails(), "extension 'thief' imports services that extension 'execsnoop' declares in dynamic/execsnoop.emf")


def test_one_uses_a_service_of_a_module_that_is_linked_in():
    path = os.path.join(build().src, "dynamic", "fan.emf")
    scratch.write(path, 'import "hello.emf";\nmodule fan { callbacks attach; uses hello; }\n')
    scratch.write(path.replace(".emf", ".c"), """#include "fan_emf.h"
static struct hello_greeting_subscription heard;
static void on_greeting(struct hello_greeting_subscription *s, const struct hello_greeting *greeting)
{
	(void)s;
	if (greeting->pid)
		printf("heard\\n");
}
int fan_attach(struct module *m) { heard.handler = on_greeting; return hello_on_greeting(&hello_client, m, &heard); }
""")
    tap.cleanup(os.unlink, path)
    tap.cleanup(os.unlink, path.replace(".emf", ".c"))
    build().make()
    tap.need_root()
    path = os.path.join(tap.folder(), "out")
    with open(path, "w") as out:
        tool = tap.start(build().product(), "run", "fan", "--extension", so("fan"), stdout=out)
    end = time.monotonic() + tap.PATIENCE
    text = ""
    while "heard" not in text and time.monotonic() < end and tool.poll() is None:
        tap.run("/bin/true")
        with open(path) as out:
            text = out.read()
    tap.contains(text, "heard")


def test_one_plugs_into_a_chain_of_the_product():
    tap.need_root()
    done = run("list", "-j", env={"EMF_EXTENSIONS": os.path.join(build().path, "obj")})
    tap.equal(done.returncode, 0, "exit status of list")
    done = run("flow", "--extension", so("flow"), "--iface", "lo", "--iface-mode", "generic", "-d", "300ms")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")


def test_those_that_are_installed_are_found_by_name_behind_all_that_are_linked_in():
    env = {"EMF_EXTENSIONS": os.path.join(build().path, "obj")}
    tap.equal(run("example", "-d", "50ms", env=env).stdout, "create example\nattach example\ndestroy example\n", "output")
    names = [line.split()[0] for line in run("list", env=env).stdout.splitlines()[1:]]
    tap.equal(names.index("example") > names.index("hello"), True, f"whether it stands behind one of a higher number ({names})")
    tap.contains(run("--help", env=env).stdout, "  asker")
    tap.contains(run("help", "execsnoop", env=env).stdout, "--failed")


def test_make_install_puts_it_where_a_product_looks():
    at = tap.folder()
    build().make("install", f"DESTDIR={at}")
    found = [os.path.join(d, f) for d, _, files in os.walk(at) for f in files if f.endswith(".so") and "libemf" not in f]
    tap.equal({os.path.basename(f) for f in found} >= {"example.so", "asker.so", "alone.so"}, True, f"what is installed ({found})")
    tap.equal({f"{os.path.dirname(f)}/".endswith("/lib/emf/") for f in found}, {True}, "whether all of it is in lib/emf")
    tap.equal({os.stat(f).st_mode & 0o7777 for f in found}, {0o755}, "modes")
    build().make("uninstall", f"DESTDIR={at}")
    tap.equal([f for f in found if os.path.exists(f)], [], "what uninstall leaves")


def test_one_that_moves_between_the_folders_is_built_anew():
    def move(source, target):
        for end in (".bpf.c", ".emf"):
            at = os.path.join(build().src, source, "hello" + end)
            if os.path.exists(at):
                shutil.move(at, os.path.join(build().src, target, "hello" + end))
        build().make()

    tap.cleanup(move, "dynamic", "modules")
    move("modules", "dynamic")
    tap.equal(("hello" in build().modules(), os.path.exists(so("hello"))), (False, True), "whether it is linked in, and an extension")
    tap.contains(build().make(), "Nothing to be done")
    move("dynamic", "modules")
    tap.equal(("hello" in build().modules(), os.path.exists(so("hello"))), (True, False), "and back")


# --- what is refused ----------------------------------------------------------------


def test_a_file_that_others_can_change_is_refused():
    tap.need_root()
    path = changed("example", lambda data: None)
    os.chmod(path, 0o666)
    refused(path, "others than its owner can write to it (mode 0666): chmod go-w")
    os.chmod(path, 0o755)
    os.chown(path, 65534, 65534)
    refused(path, "it belongs to user 65534, who could change what runs with the privileges of this process: let root own it")


def test_what_is_no_file_is_refused():
    at = tap.folder()
    refused(os.path.join(at, "none.so"), "it cannot be read: No such file or directory")
    refused(at, "it is no regular file")
    fifo = os.path.join(at, "fifo.so")
    os.mkfifo(fifo)
    refused(fifo, "it is no regular file")


def test_what_is_no_extension_is_refused():
    path = os.path.join(tap.folder(), "x.so")
    scratch.write(path, "hello\n")
    refused(path, "it is no ELF file")
    scratch.write(path, "")
    refused(path, "it is no ELF file")
    shutil.copy(os.path.join(build().path, "libemf-client.so.1"), path)
    refused(path, "it is a shared object, and no extension of EMF: it has no section .emf.extension")
    shutil.copy(os.path.join(build().path, "obj", "hello.bpf.o"), path)
    refused(path, "it is for another machine (ELF machine 247")
    refused(changed("example", lambda data: data[: len(data) // 2]), "damaged")


def test_one_for_another_machine_is_refused():
    def change(data):
        struct.pack_into("=H", data, 18, 8)  # e_machine: EM_MIPS

    refused(changed("example", change), "it is for another machine (ELF machine 8, and ")


def test_another_abi_or_another_structure_is_refused_by_name_and_both_sizes():
    refused(changed("example", other_value(BEGIN, "EMF")), "it is for ABI 2 of EMF (built with 0.1.0), and this product has ABI 1 (0.1.0): build it again")
    with open(so("example"), "rb") as f:
        size = next(value for _, kind, value, name, _ in lines(f.read()) if kind == STRUCT and name == "module")
    refused(changed("example", other_value(STRUCT, "module", 8)), f"struct module has {size + 8} bytes there and {size} here: build it again")


def test_another_service_type_or_chain_is_refused_by_name_and_both_hashes():
    refused(changed("asker", other_value(SERVICE, "sums")), "service sums is version 1.2 there (schema ", "asker")
    refused(changed("asker", other_value(TYPE, "sums_point")), "type sums_point is another one there (schema ", "asker")
    refused(changed("flow", other_value(CHAIN, "ingress")), "chain ingress is another one there (schema ", "flow")


def test_a_table_that_is_damaged_is_refused():
    def no_end(data):
        at = next(lines(data))[0]
        data[at + 16 : at + 80] = b"A" * 64

    def no_begin(data):
        struct.pack_into("=I", data, next(lines(data))[0], MODULE)

    for change in (no_end, no_begin):
        refused(changed("example", change), "the table in it is damaged")


def compile_so(text, *options):
    """An extension that no make made."""
    at = tap.folder()
    scratch.write(os.path.join(at, "x.c"), text)
    path = os.path.join(at, "x.so")
    scratch.must("cc", "-shared", "-fPIC", f"-I{tap.SOURCE}/include", "-o", path, os.path.join(at, "x.c"), *options, cwd=at)
    return path


TABLE = """#include <emf/extension.h>
static const struct emf_extension_line lines[] __attribute__((used, section(EMF_EXTENSION_SECTION))) = {
	{ EMF_EXTENSION_BEGIN, 0, EMF_EXTENSION_ABI, "EMF", "0.1" },
	EMF_EXTENSION_STRUCTS(EMF_EXTENSION_LINE_OF)
};
"""
ENTRY = """static struct module mine = { .name = "%s" };
static struct module *const modules[] = { &mine };
EMF_API extern const struct emf_extension emf_extension;
const struct emf_extension emf_extension = { .modules = modules, .modules_end = modules + 1 };
"""


def test_a_table_that_says_less_than_all_is_refused():
    less = TABLE.replace("EMF_EXTENSION_STRUCTS(EMF_EXTENSION_LINE_OF)", "EMF_EXTENSION_LINE_OF(module)")
    refused(compile_so(less + ENTRY % "mine", "-nostartfiles"), "it does not say how large struct ", "mine")


def test_folders_of_libraries_are_refused_for_who_has_privileges():
    tap.need_root()
    refused(compile_so(TABLE + ENTRY % "mine", "-nostartfiles", "-Wl,-rpath,/tmp"), "it names folders to look for its libraries in (RUNPATH)", "mine")


def test_constructors_are_refused_before_they_run():
    path = compile_so(TABLE + ENTRY % "mine" + "__attribute__((constructor)) static void hang(void) { for (;;) ; }\n", "-nostartfiles")
    refused(path, "it has constructors, which run outside of the life of a module: do in 'create' what they do", "mine")


def test_a_function_that_the_product_does_not_have_is_named():
    path = compile_so(TABLE + ENTRY % "mine" + "extern void emf_no_such_thing(void); EMF_API void *x = emf_no_such_thing;\n", "-nostartfiles")
    refused(path, "it needs emf_no_such_thing, which this product does not have", "mine")


def test_a_table_without_an_entry_is_refused():
    refused(compile_so(TABLE, "-nostartfiles"), "it has a table, and no symbol emf_extension", "mine")


def test_a_library_that_is_missing_is_named():
    at = tap.folder()
    scratch.write(os.path.join(at, "l.c"), "int lib(void) { return 0; }\n")
    scratch.must("cc", "-shared", "-fPIC", "-o", "libnone.so", "l.c", cwd=at)
    path = compile_so(TABLE + ENTRY % "mine" + "extern int lib(void); EMF_API void *x = lib;\n", "-nostartfiles", f"-L{at}", "-lnone")
    refused(path, "it cannot be loaded: libnone.so: cannot open shared object file", "mine")


def test_a_module_of_a_name_that_is_there_is_refused():
    path = compile_so(TABLE + ENTRY % "hello", "-nostartfiles")
    done = run("hello", "--extension", path, "-d", "50ms")
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, 'two modules are named "hello": one of it, and one that is linked in')


def test_a_name_in_both_folders_is_an_error_of_the_build():
    path = os.path.join(build().src, "dynamic", "adder.c")
    scratch.write(path, scratch.CLASSIC)
    tap.cleanup(os.unlink, path)
    tap.contains(build().make_fails(), "a second module is named 'example'")


def test_one_that_needs_a_library_that_is_not_installed_is_left_out_and_named():
    path = os.path.join(build().src, "dynamic", "lacking.emf")
    scratch.write(path, 'module lacking { callbacks create; needs library("no-such-library"); }\n')
    scratch.write(path.replace(".emf", ".c"), '#include "lacking_emf.h"\nint lacking_create(struct module *m) { (void)m; return 0; }\n')
    tap.cleanup(os.unlink, path)
    tap.cleanup(os.unlink, path.replace(".emf", ".c"))
    tap.contains(build().make(), "left out for want of a library: lacking.so")


tap.main()
