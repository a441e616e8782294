"""The command line of emfgen."""
import argparse
import os
import sys
from typing import List, Optional

from . import VERSION, check, tools, words
from .check_file import check_file
from .errors import Errors
from .imports import Loader
from .model import Module
from .not_yet import refuse
from .scan import names, plain_names, scan, sources
from .syntax import ProductDecl


def _idl_files(folder: str) -> List[str]:
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(os.path.join(folder, n) for n in names if n.endswith(".emf") and not n.startswith("."))


def _build(args: argparse.Namespace, errors: Errors) -> int:
    """Everything that make needs to know: obj/modules.mk, and the glue of each module."""
    only: Optional[List[str]] = args.only.split(",") if args.only else None
    loader = Loader([args.idl], errors)
    files = [loader.load(path) for path in _idl_files(args.idl)]
    plain_names(args.modules, sources(args.modules), errors)
    plain_names(args.idl, [os.path.basename(f.path) for f in files], errors)
    found = scan(args.modules, only, loader)
    for file in loader.files.values():
        check_file(file, errors)
        refuse(file, errors)
    product = check.product(files, args.product, names(args.modules), errors)
    if product.modules and only is None:
        wanted = {name.text for name in product.modules}
        found = [m for m in found if m.name in wanted]
    if only is None:
        check.settings(product, found, errors)
    else:  # what was left out has no parameters that could be set
        built = {name for m in found for name, _ in m.names}
        product.settings = [s for s in product.settings if s.module.text in built]
    check.modules(found, errors)
    if errors:
        print(errors.report(), file=sys.stderr)
        return 1
    _write(args, product, found)
    return 0


def _write(args: argparse.Namespace, product: ProductDecl, found: List[Module]) -> None:
    # Only now: jinja2 takes longer to import than all the checks take to run.
    from . import render

    env = render.environment()
    out = args.out

    for module in found:
        for ending in ("_emf.h", "_emf.c") if module.generated else ("_emf.h",):
            text = render.render(env, "module" + ending + ".j2", module=module, version=VERSION)
            render.write(os.path.join(out, module.name + ending), text)
    render.write(os.path.join(out, "product_emf.c"),
                 render.render(env, "product_emf.c.j2", product=product, modules=found, version=VERSION))
    # Touched in any case: make compares its time with that of the sources.
    render.write(os.path.join(out, "modules.mk"),
                 render.render(env, "modules.mk.j2", modules=found, out=out, version=VERSION,
                               seen=[f"{args.modules}/{n}" for n in sources(args.modules)] + _idl_files(args.idl)),
                 touch=True)


def _check(args: argparse.Namespace, errors: Errors) -> int:
    loader = Loader([*args.include, args.idl], errors)
    for path in args.files:
        check_file(loader.load(path), errors)
    if errors:
        print(errors.report(), file=sys.stderr)
    return 1 if errors else 0


def _words(_args: argparse.Namespace, _errors: Errors) -> int:
    print("\n".join(sorted(words.BUILT_IN)))
    return 0


def main(argv: List[str]) -> int:
    parser = argparse.ArgumentParser(prog="emfgen", description="The generator of EMF, the eBPF module framework.")
    parser.add_argument("--version", action="version", version=f"emfgen {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="write the make fragment and the glue (make calls this)")
    build.add_argument("--modules", default="modules", help="the folder of modules")
    build.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    build.add_argument("--out", default="obj", help="where to write")
    build.add_argument("--product", default="emf", help="the product to build")
    build.add_argument("--only", default="", help="these modules only, separated by commas")
    build.set_defaults(run=_build)

    check_ = commands.add_parser("check", help="report the errors of .emf files")
    check_.add_argument("files", nargs="+", metavar="FILE")
    check_.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    check_.add_argument("-I", dest="include", action="append", default=[], metavar="FOLDER",
                        help="look for imported files here too; may stand several times")
    check_.set_defaults(run=_check)

    tools.add(commands)

    words_ = commands.add_parser("words", help="print the names that no module can have")
    words_.set_defaults(run=_words)

    args = parser.parse_args(argv)
    try:
        status = args.run(args, Errors())
        sys.stdout.flush()
        return status
    except OSError as e:
        # What could not be written now would be tried once more, and told once more, at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"emfgen: error: {e.filename or 'output'}: {e.strerror}", file=sys.stderr)
        return 1
