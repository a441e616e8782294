"""emfgen new: the files of something new, which build and run as they are."""
import argparse
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
    "module": "make && ./emf test {name} && ./emf {name}",
    "service": "make && ./emf {name} --log debug",
    "chain": "plug a program into one of its slots",
    "product": "./configure --with-product={name} && make && ./{name} --help",
}
NAME_MAX = 40  # generated names stay under the 63 characters that C promises


def register(commands: Any) -> None:
    parser = commands.add_parser("new", help="write the files of a new module, service, chain or product")
    parser.add_argument("kind", choices=sorted(KINDS), help="what to make")
    parser.add_argument("name", help="its name")
    parser.add_argument("--modules", default="modules", help="the folder of modules")
    parser.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    parser.set_defaults(run=_run)


def _check_name(kind: str, name: str, errors: Errors) -> None:
    product = kind == "product"
    pattern = r"[a-z][a-z0-9_-]*\Z" if product else r"[a-z][a-z0-9_]*\Z"
    if not re.match(pattern, name):
        errors.add(None, f"'{name}' cannot be the name of a {kind}",
                   "use lower-case letters, digits and '_'" + (" and '-'" if product else "") + ", and start with a letter")
    elif len(name) > NAME_MAX:
        errors.add(None, f"this name has more than {NAME_MAX} characters")
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
    print("wrote " + " and ".join(paths) + "; next: " + NEXT[args.kind].format(name=args.name))
    return 0


def _write(args: argparse.Namespace, paths: List[str], endings: List[str]) -> None:
    from . import render  # jinja2 takes longer to import than a name to be refused
    from .fmt import canonical

    env = render.environment()
    for path, ending in zip(paths, endings):
        text = render.render(env, f"new/{args.kind}{ending}.j2", name=args.name, modules=sorted(names(args.modules)))
        if ending == ".emf":  # a list of modules may be longer than a line
            text = canonical(path, text, Errors()) or text
        render.write(path, text)
