# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The commands for people that look at descriptions: check, fmt, diff, doc."""
import argparse
import os
import sys
import tempfile
from typing import Any, List

from . import sdk, words
from .check_file import check_loaded
from .check_names import check_names_of
from .errors import Errors
from .imports import Loader
from .layout import Layouts
from .lexer import MAX_BYTES, decoded, read
from .syntax import File


def register(commands: Any) -> None:
    """Put them on the command line."""
    check = commands.add_parser("check", help="report the errors of .emf files")
    check.add_argument("files", nargs="+", metavar="FILE")
    check.set_defaults(run=_check)

    fmt = commands.add_parser("fmt", help="write .emf files in canonical form")
    fmt.add_argument("files", nargs="+", metavar="FILE", help="a file, or - to read stdin and write stdout")
    fmt.add_argument("--check", action="store_true", help="change nothing; name the files that would change, and exit with 1")
    fmt.set_defaults(run=_fmt)

    diff = commands.add_parser("diff", help="say what a new version of a file breaks; exit 1 if anything, 2 on errors")
    diff.add_argument("old", metavar="OLD")
    diff.add_argument("new", metavar="NEW")
    diff.set_defaults(run=_diff)

    doc = commands.add_parser("doc", help="print the documentation of what files declare")
    doc.add_argument("files", nargs="+", metavar="FILE")
    doc.add_argument("--format", choices=("markdown", "man"), default="markdown")
    doc.set_defaults(run=_doc)

    words_ = commands.add_parser("words", help="print the names that no module can have")
    words_.set_defaults(run=_words)

    for command in (check, diff, doc):
        command.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
        command.add_argument("-I", dest="include", action="append", default=[], metavar="FOLDER",
                             help="look for imported files here too; may stand several times")


def _tell(errors: Errors) -> None:
    print(errors.report(), file=sys.stderr)


def _check(args: argparse.Namespace, errors: Errors) -> int:
    loader = Loader([*args.include, args.idl, *sdk.folders()], errors)
    layouts = Layouts(errors)
    files = check_loaded(args.files, loader, layouts)
    if not errors:  # what is wrong has no C names
        check_names_of(files, layouts, errors)
    if errors:
        _tell(errors)
    return 1 if errors else 0


def _words(_args: argparse.Namespace, _errors: Errors) -> int:
    print("\n".join(sorted(words.BUILT_IN)))
    return 0


# --- fmt ------------------------------------------------------------------------------


def _fmt(args: argparse.Namespace, _errors: Errors) -> int:
    status = 0
    for path in args.files:
        errors = Errors()  # of each file: one with a mistake does not keep the others as they are
        status |= _fmt_stdin(args.check, errors) if path == "-" else _fmt_file(path, args.check, errors)
        if errors:
            _tell(errors)
            status = 1
    return status


def _fmt_stdin(check: bool, errors: Errors) -> int:
    from .fmt import canonical

    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    before = decoded("<stdin>", data, errors)
    after = None if errors else canonical("<stdin>", before, errors)
    if after is None:
        return 1
    if check:
        return _would_change("<stdin>", before, after)
    sys.stdout.buffer.write(after.encode("utf-8"))
    sys.stdout.buffer.flush()
    return 0


def _fmt_file(path: str, check: bool, errors: Errors) -> int:
    from .fmt import canonical

    before = read(path, errors)
    after = None if errors else canonical(path, before, errors)
    if after is None:
        return 1
    if check:
        return _would_change(path, before, after)
    if before != after:
        _replace(os.path.realpath(path), after.encode("utf-8"))
    return 0


def _would_change(path: str, before: str, after: str) -> int:
    if before == after:
        return 0
    print(path)
    return 1


def _replace(path: str, data: bytes) -> None:
    """Write a file anew, whole or not at all, with the rights that it has."""
    fd, temporary = tempfile.mkstemp(prefix=".emfgen-", dir=os.path.dirname(path))
    try:
        with os.fdopen(fd, "wb") as f:
            f.write(data)
            os.fchmod(f.fileno(), os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


# --- diff and doc -----------------------------------------------------------------------


def _checked(paths: List[str], args: argparse.Namespace, errors: Errors) -> List[File]:
    loader = Loader([*args.include, args.idl, *sdk.folders()], errors)
    return check_loaded(paths, loader, Layouts(errors))


def _diff(args: argparse.Namespace, errors: Errors) -> int:
    from .diff import compare

    old, new = (_checked([path], args, errors)[0] for path in (args.old, args.new))
    if errors:
        _tell(errors)
        return 2
    changes = compare(old, new)
    for change in changes:
        print(change)
    return 1 if any(change.breaks for change in changes) else 0


def _doc(args: argparse.Namespace, errors: Errors) -> int:
    from . import doc

    files = _checked(args.files, args, errors)
    if errors:
        _tell(errors)
        return 1
    sys.stdout.buffer.write(doc.document(files, args.format).encode("utf-8"))
    sys.stdout.buffer.flush()
    return 0
