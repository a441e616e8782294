# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen new product, outside of a folder of modules: a folder with all that a product is built, tested
and packaged with. It is written as a whole or not at all."""
import argparse
import email.utils
import os
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Dict, List, Tuple

from .errors import Errors

VERSION = "0.1"
# Templates below new/product/, by the file that they become.
FILES: Dict[str, str] = {
    "README.md": "README.md", ".gitignore": "gitignore", ".github/workflows/check.yml": "check.yml", "NAME.spec": "spec",
    "debian/control": "control", "debian/changelog": "changelog", "debian/copyright": "copyright", "debian/rules": "rules",
    "debian/NAME.lintian-overrides": "lintian-overrides",
}
WITH_CONFIGURE = {"configure.ac": "configure.ac", "Makefile.am": "Makefile.am"}
WITH_MAKE = {"Makefile": "Makefile"}
_PROGRAMS = ("debian/rules",)
_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
# That of the installed SDK, and that of EMF's own tree.
_MACROS = (os.path.join(os.path.dirname(_HERE), "aclocal", "emf.m4"), os.path.join(_HERE, "sdk", "emf.m4"))


def write(args: argparse.Namespace, modules: List[Tuple[str, str]], errors: Errors) -> int:
    """@modules: paths below the folder and the templates of a module, which is the first one of the product."""
    if os.path.lexists(args.name):
        errors.add(None, f"{args.name} exists already", "choose another name, or move it away")
    if args.module == args.name:
        errors.add(None, f"the product and its first module cannot both be named '{args.name}'", "give the module another name: --module NAME")
    macros = next((path for path in _MACROS if os.path.isfile(path)), "")
    if not macros and not args.plain_make:
        errors.add(None, f"the SDK has no emf.m4, which configure is made with: it is not at {_MACROS[0]}", "install it as a whole, or give --plain-make")
    if errors:
        print(errors.report(), file=sys.stderr)
        return 1
    files = _files(args, modules)
    try:
        temporary = tempfile.mkdtemp(prefix=".emfgen-", dir=".")
    except OSError as e:
        raise OSError(e.errno, e.strerror, os.path.join(os.getcwd(), args.name)) from e
    try:
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o777 & ~umask)
        _fill(temporary, files, umask)
        if not args.plain_make:
            os.mkdir(os.path.join(temporary, "m4"))
            shutil.copyfile(macros, os.path.join(temporary, "m4", "emf.m4"))
        os.rename(temporary, args.name)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    print(f"wrote {args.name}/; next: cd {args.name} && {_next(args)}make && ./{args.name} list")
    return 0


def _next(args: argparse.Namespace) -> str:
    """What comes before make; configure itself is made here, where that can be done."""
    if args.plain_make:
        return ""
    if not shutil.which("autoreconf") or not shutil.which("automake"):
        return "autoreconf -fi && ./configure && "
    done = subprocess.run(["autoreconf", "-fi"], cwd=args.name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
        return "autoreconf -fi && ./configure && "
    return "./configure && "


def _author() -> str:
    """As Debian's own tools find it."""
    name = os.environ.get("DEBFULLNAME") or os.environ.get("NAME") or "Your Name"
    return f"{name} <{os.environ.get('DEBEMAIL') or os.environ.get('EMAIL') or 'you@example.org'}>"


def _files(args: argparse.Namespace, modules: List[Tuple[str, str]]) -> Dict[str, str]:
    """Their texts by their paths below the folder."""
    from . import render  # jinja2 takes longer to import than a name to be refused
    from .fmt import canonical

    env = render.environment()
    now = time.time()
    values = {"name": args.name, "module": args.module, "plain": args.plain_make, "version": VERSION, "author": _author(),
              "date": email.utils.formatdate(now, localtime=True), "year": time.strftime("%Y", time.localtime(now))}
    templates = {**FILES, **(WITH_MAKE if args.plain_make else WITH_CONFIGURE)}
    texts = {path.replace("NAME", args.name): render.render(env, f"new/product/{template}.j2", **values) for path, template in templates.items()}
    texts["debian/source/format"] = "3.0 (native)\n"
    for path, template in [(f"bus-idl/{args.name}.emf", "product.emf"), *modules]:
        name = args.name if path.startswith("bus-idl/") else args.module
        texts[path] = render.render(env, f"new/{template}.j2", name=name, modules=[])
        if path.endswith(".emf"):
            texts[path] = canonical(path, texts[path], Errors()) or texts[path]
    return texts


def _fill(folder: str, files: Dict[str, str], umask: int) -> None:
    from . import render

    for name, text in files.items():
        path = os.path.join(folder, name)
        render.write(path, text)
        if name in _PROGRAMS:
            os.chmod(path, 0o777 & ~umask)
