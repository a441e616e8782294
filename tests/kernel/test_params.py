# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Parameters of every type, from the description to the variable that the kernel part
reads: its program copies what it sees of each to a map, and bpftool shows that.

Without these, a value could arrive cut, swapped or not at all, and a wrong one could
start a module with something else than what was asked for.
"""
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, held, spawn, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
LO = socket.if_nametoindex("lo")
ABSENT = 'knobs: warning: the default of --a-netdev is 0 here: there is no interface "nosuchdev0" here\n'



def cgroup2():
    """Where version 2 is mounted."""
    with open("/proc/self/mounts") as f:
        return next((line.split()[1] for line in f if line.split()[2] == "cgroup2"), None)


CGROUP = cgroup2()

# name: how its bytes lie, what its default is, what is given, what that is. In the order of knobs_seen.
KNOBS = {
    "a_bool": ("?", True, "no", False),
    "a_u8": ("B", 3, "200", 200),
    "a_u16": ("H", 0, "0xffff", 65535),
    "a_u32": ("I", 10, "4294967295", 4294967295),
    "a_u64": ("Q", 2**64 - 1, "18446744073709551614", 2**64 - 2),
    "a_s8": ("b", -128, "127", 127),
    "a_s16": ("h", 0, "-5", -5),
    "a_s32": ("i", -1, "-2147483648", -(2**31)),
    "a_s64": ("q", -(2**63), "9223372036854775807", 2**63 - 1),
    "a_be16": (">H", 80, "443", 443),
    "a_be32": (">I", 1, "16909060", 0x01020304),
    "a_be64": (">Q", 1, "0x0102030405060708", 0x0102030405060708),
    "a_char": ("c", b"\0", "x", b"x"),
    "a_string": ("8s", b"seven77\0", "a b", b"a b\0\0\0\0\0"),
    "a_comm": ("16s", b"bash" + bytes(12), "fifteen-letters", b"fifteen-letters\0"),
    "a_duration": ("Q", 5 * 10**6, "2h", 7200 * 10**9),
    "a_ns": ("Q", 0, "7", 7),
    "a_wall": ("Q", 0, "8", 8),
    "an_ip4": ("4s", socket.inet_aton("10.0.0.1"), "192.168.1.254", socket.inet_aton("192.168.1.254")),
    "an_ip6": ("16s", socket.inet_pton(socket.AF_INET6, "fe80::1"), "2001:db8::ff", socket.inet_pton(socket.AF_INET6, "2001:db8::ff")),
    "a_mac": ("6s", bytes.fromhex("020000000001"), "A:b:0C:0d:ff:00", bytes.fromhex("0a0b0c0dff00")),
    "a_pid": ("I", 0, "4242", 4242),
    "a_uid": ("I", 0, "1000", 1000),
    "a_netdev": ("I", 0, "lo", LO),
    "an_errno": ("i", -2, "EPERM", -1),
    "a_signo": ("i", 15, "KILL", 9),
    "a_ksym": ("Q", 0, "0xffffffff81000000", 0xFFFFFFFF81000000),
    "a_cgroup": ("Q", 0, CGROUP or "1", os.stat(CGROUP).st_ino if CGROUP else 1),
    "a_mode": ("B", 2, "SLOW", 1),
    "a_side": ("h", -1, "RIGHT", 1),
    "some_parts": ("I", 2, "HEAD|TAIL", 0x81),
}
DEFAULTS = {name: knob[1] for name, knob in KNOBS.items()}
GIVEN = {name: knob[3] for name, knob in KNOBS.items()}


def made(parent, says=None):
    """A product of the module knobs. @says: its description."""
    src = scratch.source(parent)
    for name in ("knobs.emf", "knobs.bpf.c"):
        shutil.copy(os.path.join(HERE, "params", name), os.path.join(src, "modules"))
    if says:
        scratch.write(os.path.join(src, "bus-idl", "products.emf"), says)
    product = scratch.Build(src, os.path.join(parent, "build"), "--with-modules=knobs", "--enable-werror")
    product.make()
    return product


@scratch.once
def built(parent):
    return made(parent)


@scratch.once
def that_sets(parent):
    """The same of a product that sets some of the parameters."""
    return made(parent, "product emf 1.0 {\n\tset knobs.a_u8 = 77;\n\tset knobs.a_mode = SLOW;\n\tset knobs.an_ip4 = \"1.2.3.4\";\n}\n")


def build(of=built):
    tap.PRODUCT = of().product()
    return of()


def start(*words, config=None, command="run", of=built):
    """The module in the background, its program attached."""
    tap.need_root()
    build(of)
    folder = tap.folder()
    path = os.path.join(folder, "knobs.conf")
    if config is not None:
        scratch.write(path, config)
        words += ("--config", path)
    tool = Tool(command, "knobs", *words, env={"EMF_BUS": os.path.join(folder, "bus")}).ready()
    tool.config = path
    return tool


def seen(tool):
    """What the program has seen of each parameter."""
    ids = held(tool.process.pid, "map")
    number = next(n for n in ids if json.loads(bpftool("map", "show", "id", n))["name"] == "seen")
    spawn("/bin/true")
    data = bytes(int(b, 16) for b in json.loads(bpftool("map", "dump", "id", number))[0]["value"])
    values, at = {}, 0
    for name, (form, *_) in KNOBS.items():
        form = form if form[0] == ">" else "=" + form
        values[name] = struct.unpack_from(form, data, at)[0]
        at += struct.calcsize(form)
    tap.equal(at, len(data), "bytes of the record")
    return values


def bpftool(*words):
    done = subprocess.run(["bpftool", "-j", *words], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=False)
    tap.equal(done.returncode, 0, f"exit status of bpftool {words}: {done.stdout}")
    return done.stdout


def differs(got, wanted):
    tap.equal({n: v for n, v in got.items() if v != wanted[n]}, {n: wanted[n] for n in wanted if got[n] != wanted[n]}, "values")


def option(name):
    return "--" + name.replace("_", "-")


# --- that they arrive -----------------------------------------------------------------


def test_without_options_the_kernel_part_sees_the_defaults():
    tool = start()
    differs(seen(tool), DEFAULTS)
    tap.equal((tool.stop(), tool.err), (0, ABSENT), "exit status and messages")


def test_each_value_on_the_command_line_arrives():
    tool = start(*[f"{option(name)}={text}" for name, (_, _, text, _) in KNOBS.items()])
    differs(seen(tool), GIVEN)
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_each_value_of_a_configuration_arrives():
    lines = [f"{name.replace('_', '-')} = {text}" for name, (_, _, text, _) in KNOBS.items()]
    tool = start(config="[knobs]\n" + "\n".join(lines) + "\n")
    differs(seen(tool), GIVEN)


def test_short_letters_and_set_do_the_same_and_the_command_line_wins():
    tool = start("-b", "-N", "7", "-i", "lo", "--set", "knobs.a_u8=4", "--set", "knobs.a-string=x=y",
                 config="[knobs]\na-u8 = 5\na-u16 = 6\n")
    differs(seen(tool), dict(DEFAULTS, a_u32=7, a_netdev=LO, a_u8=4, a_string=b"x=y" + bytes(5), a_u16=6))


def test_an_index_names_an_interface_too_and_a_symbol_an_address():
    with open("/proc/kallsyms") as f:
        address = next((line.split()[0] for line in f if line.split()[1:3] == ["T", "schedule"]), "0")
    if not int(address, 16):
        raise tap.Skip("this kernel shows no addresses")
    tool = start("--a-netdev", str(LO), "--a-ksym", "schedule")
    differs(seen(tool), dict(DEFAULTS, a_netdev=LO, a_ksym=int(address, 16)))


def test_a_cgroup_is_named_below_its_mount_or_with_it():
    if not CGROUP:
        raise tap.Skip("cgroup2 is not mounted")
    name = f"emf-test-{os.getpid()}"
    os.mkdir(os.path.join(CGROUP, name))
    tap.cleanup(os.rmdir, os.path.join(CGROUP, name))
    number = os.stat(os.path.join(CGROUP, name)).st_ino
    for text in (f"/{name}", f"{CGROUP}/{name}", str(number)):
        tool = start("--a-cgroup", text)
        differs(seen(tool), dict(DEFAULTS, a_cgroup=number))
        tool.stop()


def test_what_a_product_sets_arrives_and_a_user_may_set_it_otherwise():
    tap.need_root()
    tool = start("--a-mode", "FAST", of=that_sets)
    differs(seen(tool), dict(DEFAULTS, a_u8=77, an_ip4=bytes((1, 2, 3, 4))))


LIVE = ("a_u32", "a_s32", "a_string", "a_duration", "an_ip4", "a_netdev", "a_mode")


def test_a_live_one_changes_while_the_program_runs_and_no_other_does():
    tool = start(config="[knobs]\na-u16 = 6\n", command="serve")
    differs(seen(tool), dict(DEFAULTS, a_u16=6))
    lines = [f"{name} = {KNOBS[name][2]}" for name in LIVE]
    scratch.write(tool.config, "[knobs]\na-u16 = 9\n" + "\n".join(lines) + "\n")
    tool.process.send_signal(signal.SIGHUP)
    until(lambda: "configuration read again" in tool.err, "the new configuration")
    differs(seen(tool), dict(DEFAULTS, a_u16=6, **{name: GIVEN[name] for name in LIVE}))
    tap.contains(tool.err, "a-u16 takes effect after a restart")
    scratch.write(tool.config, "[knobs]\n")
    tool.process.send_signal(signal.SIGHUP)
    until(lambda: seen(tool)["a_u32"] == DEFAULTS["a_u32"], "the default in the kernel")


# --- what people read -----------------------------------------------------------------

HELP = """\
  -b, --a-bool[=yes|no]         a switch (default true)
      --a-u8 NUMBER             a byte (1 to 200, default 3)
      --a-u16 NUMBER
  -N, --a-u32 NUMBER            a number (default 10)
      --a-u64 NUMBER            (default 18446744073709551615)
      --a-s8 NUMBER             (default -128)
      --a-s16 NUMBER            (-5 to 5)
      --a-s32 NUMBER            (default -1)
      --a-s64 NUMBER            (default -9223372036854775808)
      --a-be16 NUMBER           (default 80)
      --a-be32 NUMBER           (default 1)
      --a-be64 NUMBER           (default 1)
      --a-char CHARACTER
      --a-string TEXT           a text (default seven77)
      --a-comm TEXT             (default bash)
      --a-duration TIME         how long (1ms to 24h, default 5ms)
      --a-ns NUMBER
      --a-wall NUMBER
      --an-ip4 ADDRESS          where to (default 10.0.0.1)
      --an-ip6 ADDRESS          (default fe80::1)
      --a-mac ADDRESS           (default 02:00:00:00:00:01)
      --a-pid NUMBER
      --a-uid USER              whose (default root)
  -i, --a-netdev INTERFACE      through which interface (default nosuchdev0)
      --an-errno ERROR          (default ENOENT)
      --a-signo SIGNAL          (default SIGTERM)
      --a-ksym SYMBOL
      --a-cgroup CGROUP
      --a-mode NAME             how fast (one of: SLOW, FAST, default FAST)
      --a-side NAME             (one of: LEFT, MIDDLE, RIGHT, default LEFT)
      --some-parts NAME         what of it (made of (joined with '|'): HEAD, BODY, TAIL, default BODY)
"""


def test_help_says_type_range_and_default_of_each():
    done = tap.run(build().product(), "knobs", "--help")
    shown = done.stdout.split("Options of knobs:\n")[1].split("\nOptions:\n")[0]
    tap.equal("\n".join(line.rstrip() for line in shown.splitlines()) + "\n", HELP, "the options")


def wrong(name, text, reason):
    done = tap.run(build().product(), "knobs", f"{option(name)}={text}", "-d", "1")
    tap.equal((done.returncode, done.stdout, done.stderr), (2, "", f"knobs: {option(name)}: {reason}\n"), f"{name}={text}")


WRONG = (
    ("a_bool", "maybe", '"maybe" is not yes or no'),
    ("a_u8", "0", "0 is out of range (1 to 200)"),
    ("a_u8", "256", "256 is out of range (1 to 200)"),
    ("a_u16", "65536", "65536 is out of range (0 to 65535)"),
    ("a_u32", "ten", '"ten" is not a number, not negative'),
    ("a_u64", "-1", "-1 is out of range (0 to 18446744073709551615)"),
    ("a_s8", "128", "128 is out of range (-128 to 127)"),
    ("a_s16", "6", "6 is out of range (-5 to 5)"),
    ("a_s64", "1.5", '"1.5" is not a number'),
    ("a_be16", "65536", "65536 is out of range (0 to 65535)"),
    ("a_char", "xy", '"xy" is not a single character'),
    ("a_string", "eight888", "the text is longer than 7 bytes"),
    ("a_comm", "sixteen-letters!", "the text is longer than 15 bytes"),
    ("a_duration", "5", '"5" is not a whole number with its unit, such as 500ms or 5s'),
    ("a_duration", "25h", "25h is out of range (1ms to 24h)"),
    ("an_ip4", "10.0.0", '"10.0.0" is not an IPv4 address, such as 10.0.0.1'),
    ("an_ip6", "10.0.0.1", '"10.0.0.1" is not an IPv6 address, such as fe80::1'),
    ("a_mac", "02:00:00:00:00", '"02:00:00:00:00" is not an Ethernet address, such as 02:00:00:00:00:01'),
    ("a_uid", "toor", '"toor" is not a user of this machine, such as root, or a number'),
    ("a_netdev", "nosuchdev1", 'there is no interface "nosuchdev1" here'),
    ("an_errno", "ENOTHING", '"ENOTHING" is not an error, such as ENOENT, or its negative number'),
    ("an_errno", "2", '"2" is not an error, such as ENOENT, or its negative number'),
    ("a_signo", "65", "65 is out of range"),
    ("a_ksym", "no_such_symbol", 'there is no symbol of the kernel "no_such_symbol" here'),
    ("a_cgroup", "/no/such", 'there is no cgroup "/no/such" here'),
    ("a_mode", "MEDIUM", '"MEDIUM" is not one of: SLOW, FAST'),
    ("some_parts", "HEAD|", "\"HEAD|\" is not made of (joined with '|'): HEAD, BODY, TAIL"),
)


def test_a_wrong_value_is_refused_in_one_sentence_and_nothing_is_started():
    for name, text, reason in WRONG:
        wrong(name, text, reason)


def test_a_text_that_drives_a_terminal_does_not_reach_it_through_a_message():
    for name in ("a_mode", "a_u8", "a_netdev"):
        done = tap.run(build().product(), "knobs", option(name), "\033[31m")
        tap.equal("\033" in done.stderr, False, f"an escape character in {done.stderr!r}")
        tap.contains(done.stderr, "\\x1b[31m")


# --- mistakes that the build finds --------------------------------------------------------


def made_wrong(kernel=None, description=None):
    """What make says when a text in a file is another."""
    for name, change in (("knobs.bpf.c", kernel), ("knobs.emf", description)):
        path = os.path.join(build().src, "modules", name)
        with open(path) as f:
            before = f.read()
        if change:
            tap.contains(before, change[0], name)
            tap.cleanup(scratch.write, path, before)
            scratch.write(path, before.replace(*change))
    return build().make_fails()


def test_a_parameter_that_nothing_reads_is_an_error():
    tap.contains(made_wrong(description=("\tparam u16 a_u16;\n", "\tparam u16 a_u16;\n\tparam string<=9 extra live;\n")),
                 "modules/knobs.emf:13:18: error: nothing reads parameter 'extra': modules/knobs.bpf.c has no variable of that name\n"
                 "  \tparam string<=9 extra live;\n  \t                ^\n  hint: add there: volatile char extra[10];\n")


def test_a_live_parameter_that_is_constant_in_the_kernel_part_is_an_error():
    tap.contains(made_wrong(kernel=("LX(__u32, a_u32)", "X(__u32, a_u32)")),
                 "modules/knobs.emf:14:12: error: parameter 'a_u32' is live, and 'a_u32' in modules/knobs.bpf.c is const\n")


def test_a_variable_of_another_size_is_an_error():
    tap.contains(made_wrong(kernel=("X(__u16, a_u16)", "X(__u32, a_u16)")),
                 "modules/knobs.emf:12:12: error: parameter 'a_u16' has 2 bytes, and 'a_u16' in modules/knobs.bpf.c is "
                 "__u32 with 4\n  \tparam u16 a_u16;\n  \t          ^\n  hint: declare it there: __u16 a_u16\n")


def test_a_variable_that_is_not_volatile_is_an_error():
    tap.contains(made_wrong(kernel=("#define LIVE(type, name) volatile type name;", "#define LIVE(type, name) type name;")),
                 "modules/knobs.emf:14:12: error: 'a_u32' in modules/knobs.bpf.c is not volatile\n")
    # The compiler may fold it away altogether: then nothing reads it.
    said = made_wrong(kernel=("#define CONSTANT(type, name) const volatile type name;", "#define CONSTANT(type, name) const type name = 1;"))
    if not re.search(r"knobs.emf:12:12: error: ('a_u16' in modules/knobs.bpf.c is const and not volatile|nothing reads parameter 'a_u16')", said):
        raise AssertionError(said)


tap.main()
