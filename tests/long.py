# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""make check-long: what is rare, or takes long: the tests that have a count with a large one, and those that make check leaves out.

    make check-long [ONLY="WORD..."]        those whose names have one of the words

Ends with how long each took, and one line: N passed, N failed, N skipped. All of it takes hours, so what has been run of the same
tree before is in that table, too: obj/long.json keeps it. What is not committed is never the same; documents do not count.
"""
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time

if not {"EMF_SRCDIR", "EMF_BUILDDIR"} <= os.environ.keys():
    print('long.py: it is run by make check-long [ONLY="WORD..."]', file=sys.stderr)
    sys.exit(2)
SOURCE = os.environ["EMF_SRCDIR"]
RESULTS = os.path.join(os.environ["EMF_BUILDDIR"], "obj", "long.json")
LIMIT = 4 * 3600  # seconds, for each
CHAINS = {"EMF_CHAIN_STEPS": "1000", "EMF_CHAIN_KILLS": "50"}
# What is run, and the counts that it has in place of the small ones of make check; or the words of a make. Guests of the
# other kernels take what the running one has built.
ALL = (
    ("tests/kernel/test_chains.py", CHAINS),
    ("tests/kernel/test_chain_types.py", CHAINS),
    ("tests/kernel/test_chain_owner.py", CHAINS),
    ("tests/kernel/test_chain_persist.py", CHAINS),
    ("tests/kernel/test_load.py", {"EMF_LOAD_ROUNDS": "10000"}),
    ("tests/kernel/test_upgrade.py", {"EMF_UPGRADE_ROUNDS": "100"}),
    ("tests/kernel/test_kills.py", {"EMF_KILLS": "500"}),
    ("tests/fault/test_fault.py", {"EMF_FAULT_CALLS": "0"}),
    ("tests/fuzz/test_fuzz.py", {"EMF_FUZZ_SECONDS": "60"}),
    ("tests/soak/test_soak.py", {"EMF_SOAK_MINUTES": "10"}),
    ("tests/build/test_sanitizers.py", {}),
    ("analyze", {}),
    ("valgrind", {}),
    ("coverage", {}),
    ("tests/build/chroot_deb.py", {}),
    ("tests/build/chroot_rpm.py", {}),
    ("tests/build/chroot_cross.py", {}),
    ("tests/build/test_vm.py", {}),
    ("tests/build/test_vm_surroundings.py", {}),
    ("check-vm KERNELS=running", {}),
    ("check-vm KERNELS=5.10", {}),
    ("check-vm KERNELS=6.1", {}),
    ("check-vm KERNELS=6.12", {}),
)


def run(name, counts):
    """Print what one prints. Return: how many cases passed, failed and were skipped, and its seconds."""
    env = dict(os.environ, **counts)
    words = [sys.executable, os.path.join(SOURCE, name)] if name.endswith(".py") else [os.environ.get("MAKE", "make"), "-k", *name.split()]
    begun = time.monotonic()
    print(f"# {name} {' '.join(f'{key}={value}' for key, value in counts.items())}".rstrip(), flush=True)
    lines = []
    process = subprocess.Popen(["timeout", "-k", "30", str(LIMIT), *words], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace")
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        lines.append(line)
    status = process.wait()
    skipped = sum(bool(re.match(r"ok \d+ - .* # SKIP ", line)) for line in lines)
    passed = sum(line.startswith("ok ") for line in lines) - skipped
    failed = sum(line.startswith("not ok ") for line in lines)
    if status and not failed:
        failed = 1
        print(f"not ok - {name} ended with {status}")
    if not status and not passed + skipped:
        passed = 1  # one that has no cases of its own
    return passed, failed, skipped, time.monotonic() - begun


def commit():
    """What the tree is at, but for its documents; None if there is no telling, or if it has changed since."""
    def git(*words):
        done = subprocess.run(["git", "-C", SOURCE, *words, "--", ":/", ":!*.md", ":!*bench.json"], capture_output=True, text=True, check=False)
        return None if done.returncode else done.stdout

    files, changed = git("ls-files", "--stage", "--full-name"), git("status", "--porcelain", "--untracked-files=no")
    return hashlib.sha256(files.encode()).hexdigest()[:12] if files and changed == "" else None


def earlier(at):
    """The results of this tree so far."""
    try:
        with open(RESULTS, encoding="utf-8") as f:
            kept = json.load(f)
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return kept["results"] if at and kept.get("tree") == at else {}


def keep(at, name, result):
    """Add one result. What another make check-long of the same tree has added meanwhile stays."""
    with open(RESULTS + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        results = {**earlier(at), name: result}
        with open(RESULTS + ".tmp", "w", encoding="utf-8") as f:
            json.dump({"tree": at, "results": results}, f, indent=1)
        os.rename(RESULTS + ".tmp", RESULTS)


def table(at, results):
    """Return: how many failed."""
    print(f"\n{f'Tree {at}' if at else 'A tree with changes'}\nSECONDS  PASSED  FAILED  SKIPPED  WHAT")
    for name, _ in ALL:
        if name in results:
            passed, failed, skipped, seconds = results[name]
            print(f"{seconds:7.0f}  {passed:6}  {failed:6}  {skipped:7}  {name}")
        else:
            print(f"                          not run  {name}")
    passed, failed, skipped, _ = (sum(column) for column in zip(*results.values()))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed


def main():
    only = sys.argv[1:]
    unknown = [word for word in only if not any(word in name for name, _ in ALL)]
    if unknown:
        print(f"check-long: nothing has '{unknown[0]}' in its name; there are: {' '.join(name for name, _ in ALL)}", file=sys.stderr)
        return 2
    at, results = commit(), {}
    chosen = [(name, counts) for name, counts in ALL if not only or any(word in name for word in only)]
    print(f"# {len(chosen)} of {len(ALL)} parts, one behind the other; most load programs into this kernel, and want it for themselves", flush=True)
    for name, counts in chosen:
        results[name] = run(name, counts)
        if commit() == at:
            keep(at, name, results[name])
    return 1 if table(at, {**earlier(at), **results}) else 0


sys.exit(main())
