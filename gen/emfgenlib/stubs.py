# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen stubs: what a client outside of the tree needs of a description."""
import argparse
import os
import sys
from typing import Any

from . import VERSION
from .check_file import check_file
from .check_names import check_c_names
from .errors import Errors
from .idl_text import service_texts
from .imports import Loader
from .interface import Builder
from .layout import Layouts
from .tables import tables


def register(commands: Any) -> None:
    parser = commands.add_parser("stubs", help="write the header and the C of services, for a client",
                                 description="For each FILE and each that it imports: NAME_emf.h, and NAME_emf.c if it "
                                             "declares a service. A client includes the one and compiles the other.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--out", default=".", help="where to write (default: here)")
    parser.add_argument("--idl", default="bus-idl", help="a folder in which imports are looked for")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace, errors: Errors) -> int:
    loader = Loader([args.idl], errors)
    for path in args.files:
        loader.load(path)
    layouts = Layouts(errors)
    for file in loader.files.values():
        check_file(file, errors, layouts)
    builder = Builder(layouts)
    interfaces = [] if errors else [builder.of(file) for file in loader.files.values()]
    check_c_names(interfaces, [], errors)
    if errors:
        print(errors.report(), file=sys.stderr)
        return 1
    from . import render  # with jinja2, which takes longer to import than all the checks take

    env = render.environment()
    os.makedirs(args.out, exist_ok=True)
    for interface in interfaces:
        made = tables(None, interface, interfaces)
        for ending in ("h", "c") if interface.services else ("h",):
            text = render.render(env, f"file_emf.{ending}.j2", name=interface.name, sources=[os.path.basename(interface.file.path)],
                                 i=interface, module=None, tables=made, params=[], needs=[], attaches=[], provided=[], used=[], plugs=[],
                                 idl=service_texts(interface.file) if ending == "c" else {}, version=VERSION)
            render.write(os.path.join(args.out, f"{interface.name}_emf.{ending}"), text)
    return 0
