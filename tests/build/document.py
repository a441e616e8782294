# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Documents whose commands are run as a reader would, from top to bottom, in one shell.

```sh        a script; what it prints is not compared
```console   a dialogue: $ or # and a command (> goes on with it), and what it prints. "…" stands for what differs from
             one time to the next: within a line for some of it, alone on a line for lines. Where nothing is shown,
             nothing is compared. A line that is printed and begins with $ or # cannot be shown.
any other    a file that the reader writes, if the line before it ends with `its/path`: (the last one of that line);
             a file that is there and says so, if that line begins with `its/path` and ends with a colon; else a picture

A comment before a block says what is done otherwise: <!-- not run: REASON -->, a visible skip, or
<!-- each line for N s -->: commands without an end, which get a SIGTERM then.
"""
import os
import re
import shlex
import signal
import subprocess

import scratch
import tap

MARK = "=-=-= step"
TIME = 240  # seconds; a document takes less than one minute

# What a document changes lies in memory, and goes with the namespace: the tree, the folders that `make install` and an operator write to.
_ALONE = r"""
mount -t tmpfs none "$scratch"
for at in "$tree" /etc /usr/local; do
	within=$scratch/$((++n)); mkdir -p $within/upper $within/work
	mount -t overlay none -o lowerdir="$at",upperdir=$within/upper,workdir=$within/work "$at"
done
mount -t tmpfs none /run
mount -t bpf none /sys/fs/bpf
test -e /sys/kernel/tracing/events || mount -t tracefs none /sys/kernel/tracing
rm -rf /etc/emf
mkdir -p "$scratch/home"
ip link set lo up
ip link add eth0 type veth peer name other && ip link set eth0 up && ip link set other up
cd "$tree"
exec bash "$scratch.sh"
"""

_BEGIN = r"""
trap '{ kill $(jobs -p); wait; } >/dev/null 2>&1 || :' EXIT
set -e -o pipefail
for_a_while() {
	local status=0
	[[ $2 != *" & "* ]] || set -- "$1" "trap 'wait; exit 143' TERM; $2; wait" # the next one begins when that in the background has ended
	timeout --preserve-status -s TERM "$1" bash -ec "$2" || status=$?
	# "doctor" says with 77 that this kernel lacks something.
	[[ $status == 0 || $status == 143 || $status == 77 && $2 == *" doctor"* ]]
}
"""


class Step:
    """Something that is typed: where it stands, the shell's words for it, and what shall be printed (None: anything)."""

    def __init__(self, line, heading, code, shown=None):
        self.line, self.heading, self.code, self.shown = line, heading, code, shown
        self.printed = None


def _dialogue(line, heading, text):
    steps = []
    ends_with = None  # of a here-document
    for number, row in enumerate(text.splitlines(), line + 1):
        if ends_with:
            steps[-1].code += "\n" + row
            ends_with = None if row == ends_with else ends_with
        elif row[:2] in ("$ ", "# "):
            steps.append(Step(number, heading, row[2:]))
            begins = re.search(r"<<-?'?(\w+)'?", row)
            ends_with = begins and begins.group(1)
        elif row.startswith("> ") and steps[-1].shown is None:
            steps[-1].code += "\n" + row[2:]
        else:
            steps[-1].shown = (steps[-1].shown or "") + row + "\n"
    return steps


def _file(line, heading, before, text):
    path = re.search(r"`([^`\s]+/[^`\s]+)`:$", before)
    there = re.match(r"`([^`\s]+/[^`\s]+)` .*:$", before)
    if not path and not there:
        return []
    code = f"cat >{path.group(1)} <<'END OF {line}'\n" if path else f"diff {there.group(1)} - <<'END OF {line}'\n"
    return [Step(line, heading, code + text + f"END OF {line}")]


def read(name):
    """Its steps, and what is not run: (heading, line, reason) of each."""
    with open(os.path.join(tap.SOURCE, name), encoding="utf-8") as f:
        lines = f.read().splitlines()
    steps, left, heading, before, remark, number = [], [], "", "", "", 0
    while number < len(lines):
        row = lines[number]
        number += 1
        if row.startswith("```"):
            kind, begin = row[3:].split(" ")[0], number
            if not kind:
                raise AssertionError(f"{name}:{number}: a block without its language: sh, console, text, ...")
            while lines[number] != "```":
                number += 1
            text = "".join(line + "\n" for line in lines[begin:number])
            number += 1
            reason = re.match(r"<!-- not run: (.*) -->$", remark)
            each = re.match(r"<!-- each line for (\d+) s -->$", remark)
            if reason:
                left.append((heading, begin, reason.group(1)))
            elif each:
                steps += [Step(at, heading, f"for_a_while {each.group(1)} {shlex.quote(re.sub('   +# .*', '', code))}") for at, code in
                          enumerate(text.splitlines(), begin + 1)]
            elif kind == "sh":
                steps.append(Step(begin, heading, text.rstrip("\n")))
            elif kind == "console":
                steps += _dialogue(begin, heading, text)
            else:
                steps += _file(begin, heading, before, text)
            remark = before = ""
        elif row.startswith("<!--"):
            remark = row
        elif row.strip():
            heading = re.sub("^#+ ", "", row) if re.match("#+ ", row) else heading
            before, remark = row, ""
    return steps, left


def _pattern(shown):
    """What is shown, as a regular expression; how wide columns are does not matter."""
    rows = []
    for row in shown.splitlines():
        if row.strip() == "…":
            rows.append(r"(?:.*\n)*?")
            continue
        parts = [r"\s+".join(re.escape(word) for word in re.split(r"\s+", part)) for part in row.strip().split("…")]
        rows.append(r"[ \t]*" + ".*?".join(parts).replace(r"\s+", r"[ \t]+") + r"[ \t]*\n")
    return re.compile("".join(rows))


def check(name, step):
    if step.shown is not None and not _pattern(step.shown).fullmatch(step.printed):
        raise AssertionError(f"{name}:{step.line}: {step.code}\n--- prints\n{step.printed}--- and is shown with\n{step.shown}")


@scratch.once
def tree(parent):
    """The tree as it is after a first build: what each document begins with."""
    src = scratch.source(parent)
    scratch.Build(src, src).make()
    return src


def _shell(at, steps):
    """Runs them one after the other; what each prints. Ends at the first that fails."""
    scratch.write(at + ".sh", _BEGIN + "".join(f"echo {shlex.quote(f'{MARK} {n}')}\n{step.code}\n" for n, step in enumerate(steps)) + f"echo {shlex.quote(f'{MARK} end')}\n")
    os.mkdir(at)
    env = {**scratch.compiling(), "scratch": at, "tree": tree(), "HOME": os.path.join(at, "home"), "LC_ALL": "C.UTF-8"}
    for of_this_machine in ("EMF_BUS", "EMF_PATH", "EMF_EXTENSIONS", "EMF_PRODUCT", "EMF_BUILDDIR", "EMF_SRCDIR", "PYTHONPATH", "XDG_RUNTIME_DIR"):
        env.pop(of_this_machine, None)
    # A file and no pipe: what a command leaves behind would keep a pipe open.
    with open(at + ".out", "w+", errors="replace") as out:
        shell = tap.start("unshare", "--mount", "--net", "--propagation", "private", "bash", "-ec", _ALONE, env=env, stdout=out, stderr=out, start_new_session=True)
        try:
            status = shell.wait(timeout=TIME)
        except subprocess.TimeoutExpired:
            status = f"still running after {TIME} s"
        finally:
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # nothing is left
        out.seek(0)
        return status, out.read()


def run(name):
    """Every step of a document; each knows what it has printed."""
    tap.need_root()
    if "\toverlay\n" not in open("/proc/filesystems").read():
        raise tap.Skip("needs overlayfs, so that nothing of this machine is changed")
    steps, _ = read(name)
    status, said = _shell(os.path.join(tap.folder(), "reader"), steps)
    parts = re.split(rf"^{MARK} (\w+)\n", said, flags=re.MULTILINE)
    for number, printed in zip(parts[1::2], parts[2::2]):
        if number != "end":
            steps[int(number)].printed = printed
    begun = [step for step in steps if step.printed is not None]
    if not begun or parts[-2] != "end":
        at = f"{name}:{begun[-1].line}: {begun[-1].code}" if begun else name
        raise AssertionError(f"{at}\n--- ends with {status}, and has printed\n{parts[-1][-4000:]}")
    for step in steps:
        check(name, step)
    return steps
