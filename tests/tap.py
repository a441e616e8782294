# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A few lines around TAP: test functions named as sentences, run in order.

A test file ends with `tap.main()`; its tests are the functions whose names begin
with test_. A test passes when it returns; it is skipped, visibly, when it raises
tap.Skip; anything else it raises is a failure. What it must undo it registers
with tap.cleanup(), and that is undone whatever happens.
"""
import contextlib
import inspect
import os
import signal
import subprocess
import sys
import tempfile
import traceback

BUILD = os.path.abspath(os.environ.get("EMF_BUILDDIR", "."))
SOURCE = os.path.abspath(os.environ.get("EMF_SRCDIR", BUILD))
PATIENCE = int(os.environ.get("EMF_PATIENCE", 60))  # seconds until something that has to come is given up; never a measure of speed
PRODUCT = os.environ.get("EMF_PRODUCT", os.path.join(BUILD, "emf"))

# What products that tests start keep of the kernel's BTF goes with the build folder, not to the system.
os.environ.setdefault("EMF_CACHE", os.path.join(BUILD, "obj", "btf-cache"))

# A make that runs the tests hands its own variables to every make below it; one that
# a test runs must not inherit them (the list of tests to run is among them).
for _name in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "GNUMAKEFLAGS"):
    os.environ.pop(_name, None)

# Who ends a test, timeout(1) for one, has it clean up.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

# Of a shell's job in the background it is ignored, and so it would be by whatever a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

_cleanups = contextlib.ExitStack()
_ending = []  # not empty while a test undoes what it has done


class Skip(Exception):
    """
    Raised with the reason by a test that cannot run here. @doctor: what 'emf doctor' of this kernel says of it, which make check-vm
    holds it against: "programs KIND", "maps TYPE", "helpers NAME" or "system WHAT" is lacking, "modules NAME" cannot run, "has KIND" is there, "before 5.14", "from 5.14",
    "below processors:2".
    """

    def __init__(self, reason, doctor=None):
        super().__init__(f"{reason} [doctor: {doctor}]" if doctor else reason)


def cleanup(function, *args, **kwargs):
    """Call this at the end of the running test, last registered first."""
    _cleanups.callback(function, *args, **kwargs)


@contextlib.contextmanager
def _undone():
    """Around a test: what it has done is undone, whole, whoever ends it once more or ends all of its group meanwhile."""
    with contextlib.ExitStack() as signals:
        with _cleanups:
            try:
                yield
            finally:
                for number in (signal.SIGTERM, signal.SIGINT):
                    signals.callback(signal.signal, number, signal.signal(number, signal.SIG_IGN))
                _ending.append(True)
                signals.callback(_ending.clear)


def of_the_build(test):
    """A test of what is built, whatever kernel runs: a guest with another kernel (EMF_GUEST) has it made outside."""
    test.of_the_build = True
    return test


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root: it loads eBPF programs")


def folder():
    """A new empty folder, removed after the test."""
    made = tempfile.TemporaryDirectory(prefix="emf-test-")
    cleanup(made.cleanup)
    return made.name


def run(*words, timeout=2 * PATIENCE, **kwargs):
    """Run a command to its end; output as text, nothing raised for its status."""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    kwargs.setdefault("stdout", subprocess.PIPE)
    kwargs.setdefault("stderr", subprocess.PIPE)
    if _ending:
        kwargs.setdefault("start_new_session", True)
    return subprocess.run([str(w) for w in words], timeout=timeout, text=True, errors="replace", **kwargs)


def start(*words, **kwargs):
    """Start a command that is killed after the test if it still runs."""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    kwargs.setdefault("stdout", subprocess.PIPE)
    kwargs.setdefault("stderr", subprocess.PIPE)
    process = subprocess.Popen([str(w) for w in words], text=True, errors="replace", **kwargs)

    def end():
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()

    cleanup(end)
    return process


def equal(got, wanted, what="value"):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def contains(text, part, what="output"):
    if part not in text:
        raise AssertionError(f"{what} lacks {part!r}:\n{text}")


def _sentence(name):
    return name[len("test_"):].replace("_", " ")


def main():
    module = sys.modules["__main__"]
    tests = [(n, f) for n, f in vars(module).items() if n.startswith("test_") and inspect.isfunction(f)]
    if os.environ.get("EMF_GUEST"):
        tests = [(n, f) for n, f in tests if not hasattr(f, "of_the_build")]
    only = sys.argv[1:]
    unknown = [o for o in only if not any(o in n for n, _ in tests)]
    if unknown:
        print(f"no test has '{unknown[0]}' in its name; there are:\n" + "\n".join(n for n, _ in tests), file=sys.stderr)
        sys.exit(2)
    if only:
        tests = [(n, f) for n, f in tests if any(o in n for o in only)]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            with _undone():
                function()
            print(f"ok {number} - {_sentence(name)}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {_sentence(name)} # SKIP {reason}", flush=True)
        except BaseException as error:  # a failed test must not hide those behind it
            failed += 1
            print("\n".join("# " + line for line in traceback.format_exc().splitlines()))
            print(f"not ok {number} - {_sentence(name)}", flush=True)
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
    sys.exit(1 if failed else 0)
