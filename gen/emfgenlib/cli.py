"""The command line of emfgen."""
import argparse
import os
import sys
from typing import List

from . import VERSION, new, objects, tools, words
from .build import build
from .check_file import check_loaded
from .check_names import check_names_of
from .errors import Errors
from .imports import Loader
from .layout import Layouts


def _check(args: argparse.Namespace, errors: Errors) -> int:
    loader = Loader([*args.include, args.idl], errors)
    layouts = Layouts(errors)
    files = check_loaded(args.files, loader, layouts)
    if not errors:  # what is wrong has no C names
        check_names_of(files, layouts, errors)
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

    build_ = commands.add_parser("build", help="write the make fragment and the glue (make calls this)")
    build_.add_argument("--modules", default="modules", help="the folder of modules")
    build_.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    build_.add_argument("--out", default="obj", help="where to write")
    build_.add_argument("--product", default="emf", help="the product to build")
    build_.add_argument("--only", default="", help="these modules only, separated by commas")
    build_.set_defaults(run=build)

    check_ = commands.add_parser("check", help="report the errors of .emf files")
    check_.add_argument("files", nargs="+", metavar="FILE")
    check_.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    check_.add_argument("-I", dest="include", action="append", default=[], metavar="FOLDER",
                        help="look for imported files here too; may stand several times")
    check_.set_defaults(run=_check)

    objects.register(commands)
    new.register(commands)
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
