# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The doctor against ground truth: what it says works is done, what it says fails is tried."""
import ctypes
import json
import os
import resource
import stat
import struct
import subprocess

import tap
from tool import cgroup, until

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
ANSWERS = {"yes", "no", "unknown", "not permitted"}


def doctor(*words, before=()):
    return tap.run(*before, tap.PRODUCT, "doctor", *words)


def document(before=()):
    return json.loads(doctor("-j", before=before).stdout)


def kinds(doc):
    return {one["kind"]: one for one in doc["programs"]}


def modules(doc):
    return {one["name"]: one for one in doc["modules"]}


def need_module(name):
    tap.need_root()
    doc = document()
    if name not in modules(doc):
        raise tap.Skip(f"this product has no module {name}")
    return doc


def in_mounts_of_its_own(script):
    """A command line that runs the doctor after a script, where nobody else sees its mounts."""
    return ["unshare", "-m", "--propagation", "private", "sh", "-ec", script + '\nexec "$@"', "sh"]


def test_the_json_is_complete():
    # A script that reads a key must find it, on every kernel and for every user.
    answer = doctor("-j")
    doc = json.loads(answer.stdout)
    for key in ("doctor", "product", "version", "emf", "libbpf", "system", "programs", "maps", "helpers",
                "modules", "exit_status"):
        tap.contains(doc, key, "the document")
    for key in ("kernel", "arch", "processors", "btf", "jit", "lockdown", "lsm", "unprivileged_bpf_disabled", "bpf_stats",
                "capabilities", "memlock", "tracefs", "bpffs", "cgroup2", "user_namespace"):
        tap.contains(doc["system"], key, "system")
    tap.equal(doc["system"]["kernel"], os.uname().release, "kernel")
    tap.equal(doc["system"]["processors"]["online"], os.sysconf("SC_NPROCESSORS_ONLN"), "processors")
    tap.equal(doc["exit_status"], answer.returncode, "exit status")
    for one in doc["programs"] + doc["maps"] + doc["helpers"]:
        tap.contains(ANSWERS, one["supported"], str(one))


def test_every_no_has_a_reason():
    # "no" without a reason sends the operator to the source code.
    for one in document()["programs"] + document()["maps"]:
        if one["supported"] != "yes" and not one.get("why"):
            raise AssertionError(one)


def test_the_text_says_what_the_json_says():
    # Two code paths would drift apart; each module and its verdict are in both.
    text = doctor().stdout
    for one in document()["modules"]:
        line = next(part for part in text.splitlines() if part.split()[:1] == [one["name"]])
        tap.contains(line, "can run" if one["can_run"] else "cannot run", "verdict")


def test_doctor_agrees_with_the_kernel_about_tp_btf():
    # bpftool calls the whole type unavailable where only fentry is; we must not.
    doc = need_module("runqlat")
    ran = tap.run(tap.PRODUCT, "runqlat", "-d", "100ms").returncode == 0
    tap.equal(kinds(doc)["tp_btf"]["supported"] == "yes", ran, "tp_btf")
    tap.equal(modules(doc)["runqlat"]["can_run"], ran, "runqlat")


def test_doctor_agrees_with_runs_of_all_modules():
    tap.need_root()
    for name, one in modules(document()).items():
        # Doctor knows kernel and user, and not that a module wants to be told where to hang: it gets an interface of its own.
        help_ = tap.run(tap.PRODUCT, "run", name, "--help").stdout
        around, where = (["unshare", "-n"], ["--iface", "lo"]) if "--iface" in help_ else ([], [])
        where += ["--cgroup", cgroup()] if name == "cgroupconnect" else []
        where += ["--function", "vfs_read"] if name == "funclatency" else []
        ran = tap.run(*around, tap.PRODUCT, "run", name, *where, "-d", "100ms").returncode == 0
        tap.equal(one["can_run"], ran, f"{name} can run")


def bpftool_loads(section, signature, name):
    """Whether this kernel loads such a program: compiled and loaded by other tools than ours."""
    folder = tap.folder()
    source = os.path.join(folder, "x.bpf.c")
    with open(source, "w", encoding="ascii") as file:
        file.write("#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n"
                   'char LICENSE[] SEC("license") = "GPL";\n'
                   f'SEC("{section}") int {name}({signature}) {{ return 0; }}\n')
    multiarch = tap.run("gcc", "-print-multiarch").stdout.strip()
    try:
        built = tap.run("clang", "-target", "bpf", "-g", "-O2", f"-I/usr/include/{multiarch}", "-c", source, "-o",
                        source + ".o")
    except FileNotFoundError:
        raise tap.Skip("needs clang") from None
    tap.equal(built.returncode, 0, built.stderr)
    tool = subprocess.run(["which", "bpftool"], capture_output=True, text=True,
                          env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}, check=False)
    if tool.returncode:
        raise tap.Skip("needs bpftool")
    pinned = "/sys/fs/bpf/emf-test-doctor"
    script = f'mount -t bpf bpf /sys/fs/bpf; {tool.stdout.strip()} prog load {source}.o {pinned}; s=$?; rm -f {pinned}; exit $s'
    return tap.run("unshare", "-m", "--propagation", "private", "sh", "-c", script).returncode == 0


def test_doctor_agrees_with_bpftool_about_fentry():
    tap.need_root()
    loaded = bpftool_loads("fentry/bpf_fentry_test1", "void *ctx", "x")
    tap.equal(kinds(document())["fentry"]["supported"] == "yes", loaded, "fentry")


def test_doctor_agrees_with_bpftool_about_lsm():
    tap.need_root()
    verdict = kinds(document())["lsm"]
    if "active LSMs" in verdict.get("why", ""):
        raise tap.Skip("the LSM loads here, and is not active", doctor="programs lsm")
    tap.equal(verdict["supported"] == "yes", bpftool_loads("lsm/file_open", "void *ctx", "x"), "lsm")


def test_doctor_agrees_with_bpftool_about_iter_and_xdp():
    # The other way round: what is said to work does.
    tap.need_root()
    found = kinds(document())
    tap.equal(found["iter"]["supported"] == "yes", bpftool_loads("iter/task", "void *ctx", "x"), "iter")
    tap.equal(found["xdp"]["supported"] == "yes", bpftool_loads("xdp", "struct xdp_md *ctx", "x"), "xdp")


def test_kprobes_need_more_than_their_program_type():
    # The type loads where kprobes are compiled out, and attaching fails later.
    tap.need_root()
    pmu = os.path.exists("/sys/bus/event_source/devices/kprobe")
    if kinds(document())["kprobe"]["supported"] == "yes" and not pmu:
        tap.equal(os.path.exists("/sys/kernel/tracing/kprobe_events"), True, "kprobe_events")
    if pmu:
        tap.equal(kinds(document())["kprobe"]["supported"], "yes", "kprobe")


def test_a_helper_that_this_kernel_lacks_is_not_said_to_be_there():
    # libbpf 1.1 finds every helper present on 6.14 and later; ours must tell them apart.
    tap.need_root()
    found = {one["name"]: one["supported"] for one in document()["helpers"]}
    tap.equal(found["ringbuf_reserve"], "yes", "ringbuf_reserve")
    config = tap.run("sh", "-c", "zcat /proc/config.gz 2>/dev/null || cat /boot/config-$(uname -r)").stdout
    if "CONFIG_BPF_SYSCALL=y" not in config:
        raise tap.Skip("the kernel's configuration cannot be read")
    tap.equal(found["override_return"] == "yes", "CONFIG_BPF_KPROBE_OVERRIDE=y" in config, "override_return")


def test_without_privileges_it_says_which_capability_is_missing():
    tap.need_root()
    need_module("execsnoop")
    answer = doctor(before=NOBODY)
    tap.equal(answer.returncode, 77, "exit status")
    tap.contains(answer.stdout, "cannot run: needs CAP_BPF and CAP_PERFMON")
    doc = document(before=NOBODY)
    tap.equal(modules(doc)["execsnoop"]["missing_capabilities"], ["CAP_BPF", "CAP_PERFMON"], "missing")
    # "no" would be a lie about the kernel.
    for one in doc["programs"]:
        tap.contains(("not permitted", "yes"), one["supported"], str(one))


def test_with_half_the_privileges_only_the_other_half_is_missing():
    tap.need_root()
    need_module("execsnoop")
    doc = document(before=["setpriv", "--bounding-set=-all,+bpf", "--inh-caps=-all,+bpf"])
    if doc["system"]["capabilities"]["CAP_SYS_ADMIN"]:
        raise tap.Skip("setpriv could not take the capabilities away")
    tap.equal(modules(doc)["execsnoop"]["missing_capabilities"], ["CAP_PERFMON"], "missing")
    tap.equal(kinds(doc)["socket"]["supported"], "yes", "socket")


def test_a_user_namespace_does_not_count():
    # Its root holds all capabilities, and none of them where eBPF asks.
    tap.need_root()
    need_module("execsnoop")
    before = ["unshare", "-U", "-r"]
    if tap.run(*before, "true").returncode:
        raise tap.Skip("user namespaces are not allowed here")
    answer = doctor(before=before)
    tap.equal(answer.returncode, 77, "exit status")
    tap.contains(answer.stdout, "outside of this user namespace")


def test_missing_btf_is_told():
    need_module("runqlat")
    hidden = in_mounts_of_its_own("mount -t tmpfs tmpfs /sys/kernel/btf")
    answer = doctor(before=hidden)
    tap.equal(answer.returncode, 77, answer.stdout)
    tap.contains(answer.stdout, "missing: /sys/kernel/btf/vmlinux")
    doc = document(before=hidden)
    tap.equal(doc["system"]["btf"]["readable"], False, "readable")
    tap.contains(modules(doc)["runqlat"]["reason"], "BTF", "reason")
    tap.contains(modules(doc)["runqlat"]["remedy"], "CONFIG_DEBUG_INFO_BTF", "remedy")


def test_tracefs_is_told_when_it_is_missing_and_when_it_is_there():
    tap.need_root()
    script = "for i in 1 2 3; do umount -l /sys/kernel/tracing /sys/kernel/debug 2>/dev/null || :; done\n"
    without = document(before=in_mounts_of_its_own(script))
    tap.equal(without["system"]["tracefs"], None, "tracefs")
    tap.contains(kinds(without)["tracepoint"]["why"], "tracefs", "reason")
    tap.contains(kinds(without)["tracepoint"]["remedy"], "mount -t tracefs", "remedy")
    there = document(before=in_mounts_of_its_own(script + "mount -t tracefs tracefs /sys/kernel/tracing"))
    tap.equal(there["system"]["tracefs"], "/sys/kernel/tracing", "tracefs")
    tap.equal(kinds(there)["tracepoint"]["supported"], "yes", "tracepoint")


def test_a_tracefs_that_another_mount_hides_does_not_count():
    tap.need_root()
    script = "for i in 1 2 3; do umount -l /sys/kernel/tracing /sys/kernel/debug 2>/dev/null || :; done\nmount -t tracefs t /sys/kernel/tracing\nmount -t tmpfs t /sys/kernel/tracing"
    tap.equal(document(before=in_mounts_of_its_own(script))["system"]["tracefs"], None, "tracefs")


def programs():
    shown = tap.run("sh", "-c", "PATH=$PATH:/usr/sbin bpftool prog show")
    if shown.returncode:
        raise tap.Skip("needs bpftool")
    return shown.stdout


def test_the_types_of_the_kernel_are_not_read_again_for_each_module():
    tap.need_root()
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    tap.cleanup(os.close, watch)
    opened, closed = 0x20, 0x10  # IN_OPEN; IN_CLOSE_NOWRITE between two of them, or they would be told as one: inotify(7)
    if libc.inotify_add_watch(watch, b"/sys/kernel/btf/vmlinux", opened | closed) < 0:
        raise tap.Skip("this kernel has no BTF", doctor="system btf")
    count = len(document()["modules"])
    told = os.read(watch, 65536)
    times = sum(struct.unpack_from("iIII", told, at)[1] == opened for at in range(0, len(told), 16))
    # What is built beside reads them, too.
    tap.equal(0 < times < max(count // 2, 2), True, f"whether they are read a few times ({times}, of {count} modules)")


def test_nothing_is_left_attached_or_loaded():
    # "Load" must not become "attach", nor survive the process.
    tap.need_root()
    doctor()
    # Another doctor may be at work, and the kernel frees programs a moment later.
    until(lambda: "emf_probe" not in programs(), "the programs of probes to go")


def test_a_full_disk_under_standard_output_is_a_failure():
    for words in ([], ["-j"]):
        with open("/dev/full", "w", encoding="ascii") as full:
            answer = tap.run(tap.PRODUCT, "doctor", *words, stdout=full)
        tap.equal(answer.returncode, 1, f"exit status of {words}")
        tap.contains(answer.stderr, "No space left on device", "standard error")


def test_the_bundle_has_all_sections_and_is_private():
    path = os.path.join(tap.folder(), "report")
    tap.equal(doctor("--bundle", path).returncode, 0, "exit status")
    tap.equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for title in ("versions", "os-release", "/proc/cmdline", "doctor", "status of the running service",
                  "logs of the verifier", "sysctls", "kernel configuration"):
        tap.contains(text, f"\n===== {title}", "the bundle")
    with open("/proc/cmdline", encoding="ascii") as file:
        tap.contains(text, file.read().strip(), "the bundle")
    tap.contains(text, '"doctor": 1', "the bundle")


def test_the_bundle_drives_no_terminal():
    # A log may hold anything; C1 controls (0x9b begins an escape sequence) do as well as ESC.
    tap.need_root()
    path = os.path.join(tap.folder(), "report")
    before = in_mounts_of_its_own("mount -t tmpfs t /run\nmkdir -m 755 /run/emf\n"
                                  "printf 'a\\033[2J \\233x \\302\\233y \\303\\244\\tz\\n' >/run/emf/verifier-a-b.log")
    tap.equal(doctor("--bundle", path, before=before).returncode, 0, "exit status")
    with open(path, "rb") as file:
        tap.contains(file.read(), b"a?[2J ?x ??y \xc3\xa4\tz\n", "the bundle")


def test_the_bundle_never_overwrites():
    path = os.path.join(tap.folder(), "report")
    with open(path, "w", encoding="ascii") as file:
        file.write("mine")
    answer = doctor("--bundle", path)
    tap.equal(answer.returncode, 1, "exit status")
    tap.contains(answer.stderr, "is not overwritten", "standard error")
    with open(path, encoding="ascii") as file:
        tap.equal(file.read(), "mine", "the file")


def test_the_bundle_follows_no_link():
    folder = tap.folder()
    path, target = os.path.join(folder, "report"), os.path.join(folder, "target")
    os.symlink(target, path)
    tap.equal(doctor("--bundle", path).returncode, 1, "exit status")
    tap.equal(os.path.exists(target), False, "the target was made")


def test_a_bundle_that_does_not_fit_leaves_nothing():
    # A file size limit ends the writing as a full disk does, and needs no privilege.
    path = os.path.join(tap.folder(), "report")

    def limit():
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    answer = tap.run(tap.PRODUCT, "doctor", "--bundle", path, preexec_fn=limit)
    tap.equal(answer.returncode, 1, "exit status")
    tap.contains(answer.stderr, "nothing was kept", "standard error")
    tap.equal(os.path.exists(path), False, "the partial file is there")


def test_an_unwritable_place_is_a_sentence():
    answer = doctor("--bundle", "/nonexistent/report")
    tap.equal(answer.returncode, 1, "exit status")
    tap.contains(answer.stderr, "/nonexistent/report: No such file or directory", "standard error")


def test_the_bundle_holds_the_status_of_a_running_service():
    tap.need_root()
    folder = tap.folder()
    env = {**os.environ, "EMF_BUS": os.path.join(folder, "bus")}
    service = tap.start(tap.PRODUCT, "serve", env=env)
    for _ in range(200):
        if tap.run(tap.PRODUCT, "status", env=env).returncode == 0:
            break
        if service.poll() is not None:
            raise AssertionError("the service ended: " + service.stderr.read())
    path = os.path.join(folder, "report")
    tap.equal(tap.run(tap.PRODUCT, "doctor", "--bundle", path, env=env).returncode, 0, "exit status")
    with open(path, encoding="utf-8") as file:
        tap.contains(file.read(), f'"pid": {service.pid}', "the bundle")


tap.main()
