# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen new: the files of something new, which build and run as they are."""
import argparse
import glob
import os
import re
import sys
from typing import Any, Dict, List, Tuple

from . import macros, types, words
from .check_fields import is_emfs
from .errors import Errors
from .scan import names

# What is made: file endings and templates, by the folder they go to.
KINDS: Dict[str, Tuple[str, List[str]]] = {
    "module": ("modules", [".emf", ".bpf.c", ".test.c"]),
    "service": ("modules", [".emf", ".c"]),
    "chain": ("bus-idl", [".emf"]),
    "product": ("bus-idl", [".emf"]),
}
NEXT = {
    "module": "make && ./{program} test {name} && ./{program} {name}",
    "service": "make && ./{program} {name} --log debug",
    "chain": "plug a program into one of its slots",
    "product": "./configure --with-product={name} && make && ./{name} --help",
}
# Targets of make, and folders beside the binary: emf_taken in sdk/emf.mk, EMF_OPTIONS in sdk/emf.m4.
_PRODUCT_TAKEN = re.compile(r"(all|analyze|bench|bus-idl|check|clean|compare|configure|coverage|deb|debian|dist|docs|dynamic|extensions|fuzz|help|include|install|modules|obj|packages|pages|rpm"
                            r"|cross-test|sdk-test|soak|static-test|tests|uninstall|valgrind|emf-(all|check|clean|force|install|uninstall)"
                            r"|(check-|dist|fuzz-|install-|maintainer|mostly|valgrind-).*)\Z")
FIRST_MODULE = "starts"  # of a product with a folder of its own
NAME_MAX = 40  # generated names stay under the 63 characters that C promises


def register(commands: Any) -> None:
    parser = commands.add_parser("new", help="write the files of a new module, service, chain or product")
    parser.add_argument("kind", choices=sorted(KINDS), help="what to make")
    parser.add_argument("name", help="its name")
    parser.add_argument("--modules", default="modules", help="the folder of modules")
    parser.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions; a product that is made where there is none gets a folder of its own")
    parser.add_argument("--module", default="", metavar="NAME", help=f"of a product with a folder of its own: the first module (default: {FIRST_MODULE})")
    parser.add_argument("--plain-make", action="store_true", help="of such a product: a plain Makefile instead of configure")
    parser.set_defaults(run=_run)


def _check_name(kind: str, name: str, errors: Errors) -> None:
    product = kind == "product"
    pattern = r"[a-z][a-z0-9_-]*\Z" if product else r"[a-z][a-z0-9_]*\Z"
    if not re.match(pattern, name):
        errors.add(None, f"'{name}' cannot be the name of a {kind}",
                   "use lower-case letters, digits and '_'" + (" and '-'" if product else "") + ", and start with a letter")
    elif len(name) > NAME_MAX:
        errors.add(None, f"this name has more than {NAME_MAX} characters")
    elif product and _PRODUCT_TAKEN.match(name):
        errors.add(None, f"a product cannot be called '{name}': make, or a folder beside it, is", "choose another name")
    elif name in words.BUILT_IN and not product:
        errors.add(None, f"'{name}' is a built-in command", "choose another name")
    elif name in words.C_WORDS or macros.is_macro(name) or name in words.PREFIXES or is_emfs(name) and not product:
        errors.add(None, f"'{name}' is a name that C or EMF reserves", "choose another name")
    elif (name in types.BUILT_IN or name == types.STRING) and not product:
        errors.add(None, f"'{name}' is a built-in type", "choose another name")


def _run(args: argparse.Namespace, errors: Errors) -> int:
    _check_name(args.kind, args.name, errors)
    where, endings = KINDS[args.kind]
    folder = args.modules if where == "modules" else args.idl
    alone = args.kind == "product" and not os.path.isdir(folder)
    if not errors and (args.module or args.plain_make) and not alone:
        errors.add(None, "--module and --plain-make are for a product with a folder of its own",
                   f"leave them out, or run it where there is no {folder}/" if args.kind == "product" else "leave them out")
    if not errors and alone:
        return _new_product(args, errors)
    paths = [os.path.join(folder, args.name + ending) for ending in endings]
    if not errors:
        # One name is one module or one header, wherever its files are.
        for path in [*paths, *(os.path.join(f, args.name + e) for f in (args.modules, args.idl) for e in (".emf", ".bpf.c", ".test.c", ".c"))]:
            if os.path.lexists(path):
                errors.add(None, f"{path} exists already", "choose another name, or move it away")
                break
        if not os.path.isdir(folder):
            errors.add(None, f"there is no folder {folder}/", "run it in the source folder, or name the folder by an option")
    if errors:
        print(errors.report(), file=sys.stderr)
        return 1
    _write(args, paths, endings)
    print("wrote " + " and ".join(paths) + "; next: " + NEXT[args.kind].format(name=args.name, program=_program(args.idl)))
    return 0


def _program(folder: str) -> str:
    """The product that is described there, if it is one: what make builds; else that of the tree."""
    found = set()
    for path in glob.glob(os.path.join(folder, "*.emf")):
        with open(path, encoding="utf-8", errors="replace") as f:
            found.update(re.findall(r"^product ([a-z][a-z0-9_-]*)", f.read(), re.MULTILINE))
    return found.pop() if len(found) == 1 else "emf"


def _new_product(args: argparse.Namespace, errors: Errors) -> int:
    from . import new_product

    args.module = args.module or FIRST_MODULE
    _check_name("module", args.module, errors)
    return new_product.write(args, [(f"modules/{args.module}{ending}", f"module{ending}") for ending in KINDS["module"][1]], errors)


def _write(args: argparse.Namespace, paths: List[str], endings: List[str]) -> None:
    from . import render  # jinja2 takes longer to import than a name to be refused
    from .fmt import canonical

    env = render.environment()
    for path, ending in zip(paths, endings):
        text = render.render(env, f"new/{args.kind}{ending}.j2", name=args.name, modules=sorted(names(args.modules)))
        if ending == ".emf":  # a list of modules may be longer than a line
            text = canonical(path, text, Errors()) or text
        render.write(path, text)
