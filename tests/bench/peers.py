# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What others take that compile when they start: bpftrace and bcc, where they are installed.

Each attaches one program to one tracepoint, and ends: of the clock, and the most memory that was resident.
"""
import os
import shutil
import subprocess
import time

from report import NotMeasured
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


def others():
    """The words of each; None of what is not there. Modules of Debian's packages are those of its own python3."""
    bpftrace = shutil.which("bpftrace", path=os.environ["PATH"] + ":/usr/sbin")
    python = shutil.which("python3", path="/usr/bin")
    has_bcc = python and not subprocess.run([python, "-c", "import bcc"], check=False, capture_output=True).returncode
    return (("bpftrace", bpftrace and [bpftrace, "-e", OF_BPFTRACE]), ("bcc", [python, "-c", OF_BCC] if has_bcc else None))


def measure(args, report):
    words = {"ours": [args.product, "run", "hello", "-d", "1ms"], **dict(others())}
    found, why = {name: [] for name in words}, {name: "it is not installed" for name, one_words in words.items() if not one_words}
    for _ in range(RUNS):  # in turn
        for name, one_words in words.items():
            if name not in why:
                figures, failed = one(["timeout", str(PATIENCE), *one_words])
                if failed:
                    why[name] = failed
                found[name].append(figures)
    if "ours" in why:
        raise NotMeasured(f"hello does not run: {why['ours']}")
    for name in list(words)[1:]:
        for i, (what, unit) in enumerate((("start, attach and end of one program", "ms"), ("  its memory", "MiB"))):
            what = f"{what}, beside {name}"
            if name in why:
                report.lacks(what, why[name], "ratio < 1")
            else:
                report.add(what, [run[i] for run in found["ours"]], unit, peer=[run[i] for run in found[name]], beside=f"of {name}", target="ratio < 1")
