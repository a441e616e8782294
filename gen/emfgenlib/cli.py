# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The command line of emfgen."""
import argparse
import importlib
import sys
from typing import Dict, List

from . import VERSION
from .errors import Errors

# Which file has a command. Only that one is imported: a build waits for every
# millisecond, and most of a run is Python reading its own files.
COMMANDS: Dict[str, str] = {
    "build": "build", "objects": "objects", "stubs": "stubs", "pages": "pages", "btfhub": "btfhub",
    "headers": "doc_header", "new": "new", "check": "tools", "fmt": "tools", "diff": "tools", "doc": "tools", "words": "tools",
}


def main(argv: List[str]) -> int:
    parser = argparse.ArgumentParser(prog="emfgen", description="The generator of EMF, the eBPF module framework.")
    parser.add_argument("--version", action="version", version=f"emfgen {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    needed = [COMMANDS[argv[0]]] if argv and argv[0] in COMMANDS else dict.fromkeys(COMMANDS.values())
    for name in needed:
        importlib.import_module("." + name, __package__).register(commands)
    args = parser.parse_args(argv)
    try:
        status = args.run(args, Errors())
        sys.stdout.flush()
        return status
    except OSError as e:
        print(f"emfgen: error: {e.filename or 'output'}: {e.strerror}", file=sys.stderr)
        return 1
