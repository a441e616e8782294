# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a product outside of EMF's tree takes from the SDK: sdk/emf.mk links to it from
the folder where everything is made, so that nothing depends on where it is."""
import argparse
import os
from typing import List

from .scan import idl_files, sources

FOLDER = "obj/emf"  # not there in EMF's own tree
MODULES, IDL = f"{FOLDER}/modules", f"{FOLDER}/bus-idl"


def option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--of-emf", default="", help="modules of EMF's own beside those of a product, separated by commas")


def chosen(args: argparse.Namespace) -> List[str]:
    """The modules of EMF's own that are in the product."""
    return [name for name in args.of_emf.split(",") if name]


def is_there() -> bool:
    return os.path.isdir(FOLDER)


def folders() -> List[str]:
    """Where imported files are looked for behind the product's own folders."""
    return [IDL, MODULES] if is_there() else []


def shared(own: List[str]) -> List[str]:
    """The shared descriptions of EMF; one of the product's own has the name for itself."""
    names = {os.path.basename(path) for path in own}
    return [path for path in idl_files(IDL) if os.path.basename(path) not in names]


def seen(args: argparse.Namespace) -> List[str]:
    """All files that are read because they are there or were chosen."""
    of = {f"{name}{ending}" for name in chosen(args) for ending in (".c", ".bpf.c", ".test.c", ".emf")}
    return [f"{MODULES}/{name}" for name in sources(MODULES) if name in of] + idl_files(IDL)
