# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the language has and the build does not: it is checked, and nothing is made of
it. Somebody who writes it must not believe that it is there."""
from typing import Iterable, Tuple

from . import sections
from .attach import PLACES
from .errors import Errors, Position
from .syntax import File, ModuleDecl

HINT = "'emfgen check' understands it; a later version will build it. Until then, take it out"


def refuse(file: File, errors: Errors) -> None:
    """An error for each declaration and statement that nothing is generated from."""
    for declaration in file.declarations:
        if isinstance(declaration, ModuleDecl):
            _refuse_all(_of_module(declaration), errors)


def _of_module(module: ModuleDecl) -> Iterable[Tuple[str, Position]]:
    for attach in module.attaches:
        if attach.name not in PLACES and sections.is_known(attach.name):
            yield f"attach {attach.name}", attach.position


def _refuse_all(statements: Iterable[Tuple[str, Position]], errors: Errors) -> None:
    for word, position in statements:
        errors.add(position, f"nothing is built from '{word}' yet", HINT)
