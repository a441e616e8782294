# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A service as text: what a product prints when it is asked what it offers."""
import re
from typing import Dict, List, Set, Tuple

from .errors import Errors
from .fmt import canonical
from .implied import text_of
from .syntax import Const, Declaration, Enum, File, ModuleDecl, Service, Struct

WORD = re.compile(r"[A-Za-z_]\w*")
COMMENT = re.compile(r"//.*")


def service_texts(file: File) -> Dict[str, List[str]]:
    """The lines of each service of a file, in canonical form and with its docs.

    Before them stands what it is made of and is declared outside of it, also in imported
    files, so that the text is a whole one: saved to a file, it describes the same service.
    """
    services = file.of(Service)
    if not services:
        return {}
    shared: Dict[str, List[str]] = {}
    for known in (file, *file.reached()):
        for name, lines in _shared(known).items():
            shared.setdefault(name, lines)  # the nearest one counts, as it does for who names it
    texts = _texts(file, [s for s in services if not s.implied])
    modules = {m.name: m for m in file.of(ModuleDecl)}
    for service in services:
        if service.implied:
            texts[service.name] = text_of(service, modules[service.name], _texts(file, [modules[service.name]])[service.name])
    return {name: _needed(lines, shared) + lines for name, lines in texts.items()}


def _shared(file: File) -> Dict[str, List[str]]:
    return _texts(file, [d for kind in (Const, Enum, Struct) for d in file.of(kind)])


def _texts(file: File, declarations: List[Declaration]) -> Dict[str, List[str]]:
    """The lines of declarations, by name, in the order in which they stand in the file."""
    if not declarations:
        return {}
    lines = canonical(file.path, file.text, Errors()).splitlines(keepends=True)
    found: List[Tuple[int, str, List[str]]] = []
    for declaration in declarations:
        start = re.compile(rf"(service|module|const|enum|flags|struct|error) {declaration.name}\b")
        begin = next(i for i, line in enumerate(lines) if start.match(line))
        end = begin if lines[begin].rstrip().endswith((";", "}")) else lines.index("}\n", begin)
        doc = begin
        while doc and lines[doc - 1].startswith("///"):
            doc -= 1
        found.append((begin, declaration.name, lines[doc:end + 1]))
    return {name: text for _, name, text in sorted(found)}


def _needed(lines: List[str], shared: Dict[str, List[str]]) -> List[str]:
    wanted: Set[str] = set()
    more = [lines]
    while more:
        words = {word for line in more.pop() for word in WORD.findall(COMMENT.sub("", line))}
        for name in sorted((words & shared.keys()) - wanted):
            wanted.add(name)
            more.append(shared[name])
    out: List[str] = []
    for name in shared:
        if name in wanted:
            out += [*shared[name], "\n"]
    return out
