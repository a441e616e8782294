# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""lsmguard against files that the test opens itself.

Without these, a file could be opened that is kept from all, or one that merely has a name like it be kept from somebody; and a
rule for everything could shut out those who would take it back.
"""
import errno
import json
import os
import subprocess
import sys

import tap
from tool import Tool, links, until

EXIT_UNSUPPORTED = 77


def refusal():
    """What the tool says where the kernel does not ask it, or None."""
    tap.need_root()
    done = tap.run(tap.PRODUCT, "lsmguard", "-d", "1")
    return done.stderr if done.returncode == EXIT_UNSUPPORTED else None


def started(*options, words=("run",)):
    said = refusal()
    if said:
        raise tap.Skip(f"this kernel has no BPF LSM that is active: {said.strip()}", doctor="modules lsmguard")
    env = {"EMF_BUS": os.path.join(tap.folder(), "bus.sock")}
    tool = Tool(*words, "lsmguard", *options, env=env)
    until(lambda: links(tool.process.pid) >= 1 or tool.process.poll() is not None, "the program to attach")
    return tool if "serve" in words else tool.ready()


def served(*options):
    tool = started(*options, words=("serve",))
    until(lambda: shell(tool, "status").returncode == 0, "the service to answer")
    return tool


def shell(tool, *words):
    return tap.run(tap.PRODUCT, *words, env=dict(os.environ, **tool.env))


def call(tool, method, **args):
    done = shell(tool, "call", "-j", "lsmguard", method, json.dumps(args))
    tap.equal(done.returncode, 0, f"exit status of {method} {args} ({done.stderr})")
    return json.loads(done.stdout)


def made(folder, *names):
    """Files of these names, and their paths."""
    for name in names:
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w"):
            pass
    return [os.path.join(folder, name) for name in names]


def opened(*paths):
    """What becomes of opening each."""
    results = []
    for path in paths:
        try:
            os.close(os.open(path, os.O_RDONLY))
            results.append("opened")
        except OSError as e:
            results.append(errno.errorcode[e.errno])
    return results


def test_where_the_kernel_does_not_ask_it_the_tool_says_so_and_doctor_too():
    said = refusal()
    if not said:
        raise tap.Skip("this kernel asks it", doctor="has lsm")
    tap.equal("lsm=...,bpf" in said or "this kernel refuses it" in said or "this kernel lacks" in said, True, f"whether it says what is to be done ({said})")
    report = json.loads(tap.run(tap.PRODUCT, "doctor", "-j").stdout)
    (found,) = (m for m in report["modules"] if m["name"] == "lsmguard")
    tap.equal((found["can_run"], bool(found["reason"])), (False, True), f"what doctor says ({found})")


def test_a_file_and_all_below_a_folder_cannot_be_opened_and_what_is_named_alike_can():
    folder = os.path.realpath(tap.folder())
    shut = made(folder, "key", "dir/a", "dir/b/c/d")
    free = made(folder, "keys", "ke", "dir2/a", "other/key", "other/dir/a")
    tool = started("--deny", f"{folder}/key,{folder}/dir/")
    tap.equal(opened(*shut, os.path.dirname(shut[1])), ["EACCES"] * 4, "what is shut")
    tap.equal(opened(*free, folder), ["opened"] * 6, "what is not")
    tap.equal(opened(os.path.join(folder, "other/../key")), ["EACCES"], "by another way to it")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.equal(opened(*shut), ["opened"] * 3, "when the tool has ended")


def test_the_rule_of_the_longest_path_decides():
    folder = os.path.realpath(tap.folder())
    a, b, c = made(folder, "dir/a", "dir/open/b", "dir/open/shut/c")
    tool = started("--deny", f"{folder}/dir,{folder}/dir/open/shut", "--allow", f"{folder}/dir/open")
    tap.equal(opened(a, b, c), ["EACCES", "opened", "EACCES"], "in the folder, in an open one in it, in a shut one in that")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_a_path_longer_than_any_rule_is_judged_by_its_beginning():
    folder = os.path.realpath(tap.folder())
    (deep,) = made(folder, "/".join(["dir"] + ["x" * 200] * 4 + ["file"]))
    tool = started("--deny", f"{folder}/dir")
    tap.equal(opened(deep), ["EACCES"], "the file")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")


def test_each_denial_is_told_with_who_and_what():
    folder = os.path.realpath(tap.folder())
    shut, free = made(folder, "shut", "free")
    tool = started("-j", "--deny", shut)
    code = "import os, sys\nfor path in sys.argv[1:]:\n    try: os.open(path, os.O_RDONLY)\n    except OSError: pass\nprint(os.getpid())"
    pid = int(tap.run(sys.executable, "-c", code, shut, free, shut).stdout)

    def told():
        return [e for e in (json.loads(line)["args"] for line in tool.out.rpartition("\n")[0].splitlines()) if e["pid"] == pid]

    until(lambda: len(told()) == 2, "both events")
    tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
    tap.equal([(e["path"], e["uid"], e["comm"][:6]) for e in told()], [(shut, 0, "python")] * 2, "the events")


def test_rules_come_and_go_and_count_what_they_decide():
    folder = os.path.realpath(tap.folder())
    path, other = made(folder, "dir/a", "b")
    link = os.path.join(folder, "link")
    os.symlink(os.path.join(folder, "dir"), link)
    tool = served()
    tap.equal(opened(path), ["opened"], "without a rule")
    call(tool, "deny", prefix=link)
    tap.equal(opened(path, path, other), ["EACCES", "EACCES", "opened"], "with one for where a link leads")
    tap.equal(call(tool, "list"), {"total": 1, "rows": [{"verdict": "DENY", "prefix": os.path.join(folder, "dir"), "hits": 2}]}, "the list")
    call(tool, "deny", prefix=os.path.join(folder, "dir"))
    tap.equal(call(tool, "list")["rows"][0]["hits"], 2, "hits of a rule that is said again")
    tap.contains(shell(tool, "metrics").stdout, "emf_lsmguard_denied_total")
    call(tool, "remove", prefix=link)
    tap.equal((opened(path), call(tool, "list")["total"]), (["opened"], 0), "when the rule has gone")
    for args, words in ((["remove", f"prefix={path}"], "no_such_rule"), (["deny", "prefix=etc"], "begins with '/'"),
                        (["deny", f"prefix={os.path.realpath(tap.PRODUCT)}"], "is a file of this product")):
        done = shell(tool, "call", "lsmguard", *args)
        tap.equal((done.returncode, words in done.stderr), (1, True), f"{args} ({done.stderr})")
    tap.equal(tool.stop(), 0, f"exit status ({tool.err})")


def test_who_shut_everything_can_open_it_again():
    tool = served()
    # A shell that is there before; of what it runs only the product can be opened.
    script = ('read go; "$1" call lsmguard deny prefix=/; read line </etc/passwd && echo open || echo shut; '
              '"$1" call lsmguard remove prefix=/; read line </etc/passwd && echo open || echo shut')
    process = tap.start("sh", "-c", script, "sh", tap.PRODUCT, stdin=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, **tool.env))
    try:
        out, _ = process.communicate("go\n", timeout=tap.PATIENCE)
    finally:
        tool.stop()
    tap.equal([line for line in out.splitlines() if line in ("open", "shut")], ["shut", "open"], f"with the rule, and without ({out})")


tap.main()
