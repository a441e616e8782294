"""Copies of the source tree, to build in and to change."""
import atexit
import functools
import os
import shutil
import subprocess
import tempfile

import tap

# What the build writes into an in-tree checkout; a copy begins without it.
_BUILT = shutil.ignore_patterns("*.o", "*.a", "*.log", "*.trs", ".deps", ".dirstamp", "__pycache__")
_BUILT_AT_TOP = {"obj", "emf", "Makefile", "config.status", ".git", "autom4te.cache"}


def _is_built(folder, names):
    at_top = _BUILT_AT_TOP if os.path.samefile(folder, tap.SOURCE) else set()
    return _BUILT(folder, names) | (at_top & set(names))


def source(parent):
    """A copy of the tree in a folder named src, as it stands after autoreconf."""
    path = os.path.join(parent, "src")
    shutil.copytree(tap.SOURCE, path, ignore=_is_built, symlinks=True)
    # A copied configure must not look older than what it was made from.
    for name in ("aclocal.m4", "Makefile.in", "configure"):
        os.utime(os.path.join(path, name))
    subprocess.run(["chmod", "-R", "u+w", path], check=True)
    return path


def once(make):
    """What make(folder) returns, for all tests of a file; the folder goes at the end. Its failure is the failure of all."""
    made = []

    @functools.wraps(make)
    def get():
        if not made:
            parent = tempfile.mkdtemp(prefix="emf-test-")
            atexit.register(shutil.rmtree, parent)
            made.append(AssertionError("the product was not built"))
            made[0] = make(parent)
        if isinstance(made[0], Exception):
            raise made[0]
        return made[0]

    return get


def must(*words, cwd, timeout=600, **kwargs):
    """Run a command that has to succeed; its output, both streams together."""
    done = tap.run(*words, cwd=cwd, timeout=timeout, stderr=subprocess.STDOUT, **kwargs)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))} failed:\n{done.stdout[-4000:]}")
    return done.stdout


class Build:
    """A configured build folder; one that is configured already keeps its options."""

    def __init__(self, src, path, *options, configured=False):
        self.src, self.path = src, path
        if configured:
            return
        os.makedirs(path, exist_ok=True)
        must(os.path.join(os.path.relpath(src, path), "configure"), *options, cwd=path)

    def make(self, *words):
        return must("make", f"-j{os.cpu_count()}", *words, cwd=self.path)

    def make_fails(self, *words):
        """make has to fail; its output."""
        done = tap.run("make", *words, cwd=self.path, timeout=600, stderr=subprocess.STDOUT)
        if not done.returncode:
            raise AssertionError(f"make succeeded:\n{done.stdout}")
        return done.stdout

    def product(self, name="emf"):
        return os.path.join(self.path, name)

    def modules(self):
        """What `emf list` shows, by name."""
        import json

        done = tap.run(self.product(), "list", "-j")
        tap.equal(done.returncode, 0, "exit status of list")
        return {m["name"]: m for m in json.loads(done.stdout)}


def product(parent, kept, prepare):
    """
    A product of a copy of the tree, which prepare(folder) has changed. @kept: the name of
    a variable with a folder that keeps it: for a virtual machine, where a build takes long.
    """
    folder = os.environ.get(kept)
    if folder and os.path.exists(os.path.join(folder, "build", "emf")):
        return Build(os.path.join(folder, "src"), os.path.join(folder, "build"), configured=True)
    parent = folder or parent
    os.makedirs(parent, exist_ok=True)
    src = source(parent)
    prepare(src)
    made = Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
