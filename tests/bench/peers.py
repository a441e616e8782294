# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What others take that compile when they start: bpftrace and bcc, where they are installed.

Each attaches one program to one tracepoint, and ends: of the clock, and the most memory that was resident.
"""
import os
import shutil
import subprocess
import time

from units import KIB

RUNS = 9
PATIENCE = 60
# tracefs where it is not mounted: in a namespace of its own, which the product gets as well
TRACED = ["unshare", "-m", "sh", "-c", 'mount -t tracefs none /sys/kernel/tracing 2>/dev/null; exec "$@"', "sh"]
OF_BPFTRACE = "tracepoint:sched:sched_process_exec { @ = count(); } BEGIN { exit(); }"
OF_BCC = """from bcc import BPF
BPF(text="TRACEPOINT_PROBE(sched, sched_process_exec) { return 0; }")
"""


def one(words):
    """Milliseconds and MiB of one run; or why it failed."""
    start = time.monotonic()
    process = subprocess.Popen([*TRACED, *words], env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    took = 1000 * (time.monotonic() - start)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return None, next((line for line in lines if line.startswith(("Unable", "ERROR", "FATAL"))), (lines or ["it said nothing"])[0])
    return (took, used.ru_maxrss / KIB), None


def runs(words):
    found = []
    for _ in range(RUNS):
        figures, why = one(["timeout", str(PATIENCE), *words])
        if not figures:
            return None, why
        found.append(figures)
    return found, None


def others():
    """The words of each; None of what is not there. Modules of Debian's packages are those of its own python3."""
    bpftrace = shutil.which("bpftrace", path=os.environ["PATH"] + ":/usr/sbin")
    python = shutil.which("python3", path="/usr/bin")
    has_bcc = python and not subprocess.run([python, "-c", "import bcc"], check=False, capture_output=True).returncode
    return (("bpftrace", bpftrace and [bpftrace, "-e", OF_BPFTRACE]), ("bcc", [python, "-c", OF_BCC] if has_bcc else None))


def measure(args, report):
    ours, why = runs([args.product, "run", "hello", "-d", "1ms"])
    if not ours:
        raise SystemExit(f"bench: hello does not run: {why}")
    what = "start, attach and end of one program"
    for name, words in others():
        theirs, why = runs(words) if words else (None, "it is not installed")
        if theirs:
            for i, (of, unit) in enumerate((("", "ms"), ("  its memory", "MiB"))):
                report.add(of or f"{what}, beside {name}", [one[i] for one in ours], unit, peer=[one[i] for one in theirs], beside=f"of {name}", target="ratio < 1")
        else:
            report.lacks(f"{what}, beside {name}", why)
