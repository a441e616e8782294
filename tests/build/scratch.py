# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Copies of the source tree, to build in and to change."""
import atexit
import functools
import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import tempfile

import tap

# What the build writes into an in-tree checkout; a copy begins without it.
_BUILT = shutil.ignore_patterns("*.o", "*.a", "*.log", "*.trs", ".deps", ".dirstamp", "__pycache__")
_BUILT_AT_TOP = {"obj", "emf", "Makefile", "config.status", ".git", "autom4te.cache"}

# A module in the classic form, as it is promised to existing code.
CLASSIC = """#include <emf.h>

static int example_create(struct module *m) { printf("create %s\\n", m->name); return 0; }
static int example_attach(struct module *m) { printf("attach %s\\n", m->name); return 0; }
static int example_destroy(struct module *m) { printf("destroy %s\\n", m->name); return 0; }

struct module example_ebpf = {
	.prio = 1, .name = "example",
	.create = example_create, .attach = example_attach, .destroy = example_destroy,
};
ebpf_module(example_ebpf);
"""


def _is_program(path):
    """Some hundred MB of an in-tree build: tests, replays, floors."""
    if not os.path.isfile(path) or os.path.islink(path):
        return False
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def _is_built(folder, names):
    at_top = _BUILT_AT_TOP if os.path.samefile(folder, tap.SOURCE) else set()
    programs = {name for name in names if "." not in name and _is_program(os.path.join(folder, name))}
    return _BUILT(folder, names) | (at_top & set(names)) | programs


def source(parent):
    """A copy of the tree in a folder named src, as it stands after autoreconf."""
    path = os.path.join(parent, "src")
    shutil.copytree(tap.SOURCE, path, ignore=_is_built, symlinks=True)
    # A copied configure must not look older than what it was made from.
    for name in ("aclocal.m4", "Makefile.in", "configure"):
        os.utime(os.path.join(path, name))
    subprocess.run(["chmod", "-R", "u+w", path], check=True)
    return path


# Where Debian and Fedora have links of the compilers' names to ccache(1).
_CCACHE = ("/usr/lib/ccache", "/usr/lib64/ccache")


def compiling():
    """The environment of a build: what another scratch build has compiled of the same text is not compiled again, where there is ccache."""
    links = next((path for path in _CCACHE if os.path.isdir(path)), None)
    if not links:
        return dict(os.environ)
    # Objects name their folder "." whatever it is (-ffile-prefix-map), so that those of another build are as good.
    return dict(os.environ, PATH=f"{links}:{os.environ['PATH']}", CCACHE_DIR=os.path.join(tap.BUILD, "obj", "ccache"),
                CCACHE_NOHASHDIR="1", CCACHE_MAXSIZE="2G", CCACHE_CONFIGPATH=os.devnull)


KEPT = os.environ.get("EMF_KEPT")
_SOURCES = ("bus-idl", "core", "dynamic", "gen", "include", "modules", "packaging", "sdk", os.path.join("tests", "build"), os.path.join("tests", "fault"), os.path.join("tests", "kernel"), os.path.join("tests", "soak"))


@functools.cache
def _tree():
    """A sum of all that a build, or a test, is made of."""
    found = hashlib.sha256("\0".join(os.environ.get(name, "") for name in ("EMF_CONFIGURE", "EMF_CLIENT_FLAGS", "CC", "CFLAGS")).encode())
    for path in [os.path.join(tap.SOURCE, name) for name in ("configure", "Makefile.in")] + sorted(
            os.path.join(folder, name) for part in _SOURCES for folder, _, names in os.walk(os.path.join(tap.SOURCE, part)) for name in names
            if not name.endswith((".o", ".a", ".log", ".trs", ".pyc", ".Po", ".dirstamp")) and "." in name):
        with open(path, "rb") as f:
            found.update(f"{path} {os.path.getsize(path)}\n".encode() + f.read())
    return found.hexdigest()


def _kept(make):
    """What an earlier run made of this tree, or else makes it where it is kept."""
    module = sys.modules[make.__module__]
    folder = os.path.join(KEPT, f"{os.path.splitext(os.path.basename(module.__file__))[0]}-{make.__name__}")
    whole = os.path.join(folder, "made")
    if os.path.exists(whole):
        with open(whole, "rb") as f:
            tree, value = pickle.load(f)
        if os.environ.get("EMF_GUEST") or tree == _tree():
            return value
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    value = make(folder)
    try:
        kept = pickle.dumps((_tree(), value))
    except (AttributeError, TypeError, pickle.PicklingError):
        return value  # one that lives with its process; it is made again by the next one
    with open(whole + ".tmp", "wb") as f:
        f.write(kept)
    os.rename(whole + ".tmp", whole)
    return value


def _made(make):
    parent = tempfile.mkdtemp(prefix="emf-test-")
    atexit.register(shutil.rmtree, parent)
    return make(parent)


def once(make):
    """
    What make(folder) returns, for all tests of a file; the folder goes at the end. Its failure is the failure of all.

    EMF_KEPT names a folder in which all this is kept while the tree is the same: a guest, where a build takes long, has
    what was made outside of it, and so has a second run. What is made must not be changed, then, or be as it was afterwards.
    """
    made = []

    @functools.wraps(make)
    def get():
        if made == [None]:
            raise AssertionError("what all tests of this file need was not made: the first failure says why")
        if not made:
            made.append(None)
            made[0] = (_kept(make) if KEPT else _made(make),)
        return made[0][0]

    return get


def must(*words, cwd, timeout=600, **kwargs):
    """Run a command that has to succeed; its output, both streams together."""
    kwargs.setdefault("env", compiling())
    done = tap.run(*words, cwd=cwd, timeout=timeout, stderr=subprocess.STDOUT, **kwargs)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))} failed:\n{done.stdout[-4000:]}")
    return done.stdout


def _configure(words, path, env):
    """What another configure has found out of this machine, by the same programs, is not tried again, unless it is told of others or of flags."""
    seen = "\0".join(env.get(name, "") for name in ("PATH", "CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "CLANG", "BPFTOOL", "PYTHON", "PKG_CONFIG", "PKG_CONFIG_PATH"))
    found, own = (os.path.join(folder, f"config-{hashlib.sha256(seen.encode()).hexdigest()[:16]}.cache") for folder in (os.path.join(tap.BUILD, "obj"), path))
    if any("=" in word and not word.startswith("--") or word.startswith(("--host", "--with-clang", "--with-bpftool", "--with-vmlinux")) for word in words):
        must(*words, cwd=path, env=env)
        return
    if os.path.exists(found):
        shutil.copy(found, own)
    must(*words, f"--cache-file={os.path.basename(own)}", cwd=path, env=env)
    if not os.path.exists(found) and os.path.isdir(os.path.dirname(found)):
        shutil.copy(own, f"{found}.{os.getpid()}")
        os.rename(f"{found}.{os.getpid()}", found)


class Built:
    """A build folder that is configured."""

    def __init__(self, src, path):
        self.src, self.path = src, path
        self.env = compiling()

    def make(self, *words):
        return must("make", f"-j{os.cpu_count()}", *words, cwd=self.path, env=self.env)

    def make_fails(self, *words):
        """make has to fail; its output."""
        done = tap.run("make", *words, cwd=self.path, timeout=600, env=self.env, stderr=subprocess.STDOUT)
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


class Build(Built):
    """One that is configured now. @anew: nothing is taken from another build."""

    def __init__(self, src, path, *options, anew=False):
        super().__init__(src, path)
        os.makedirs(path, exist_ok=True)
        words = [os.path.join(os.path.relpath(src, path), "configure"), *options]
        if anew:
            self.env = dict(os.environ)
            must(*words, cwd=path, env=self.env)
        else:
            _configure(words, path, self.env)


def product(parent, prepare):
    """A product of a copy of the tree, which prepare(folder) has changed."""
    src = source(parent)
    prepare(src)
    made = Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
