# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A folder of modules to the model: which files are there, what they include."""
import os
import re
from typing import Dict, Iterable, List, Optional, Set, Tuple

from .errors import Errors, Position
from .files import read_regular
from .imports import Loader
from .model import Module
from .syntax import ModuleDecl, ProductDecl

_PLAIN = re.compile(r"[A-Za-z0-9_.+-]+\Z")
_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|' r"'(?:[^'\\\n]|\\.)*'", re.DOTALL)
_REGISTERS = re.compile(r"^[ \t]*ebpf_module[ \t]*\(", re.MULTILINE)
_MODULE_BEGINS = re.compile(r"\bstruct\s+module\s+\w+\s*=\s*\{")
_GIVEN_NAME = re.compile(r"\.name\s*=\s*\"([^\"\n]*)\"")
_VMLINUX = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]vmlinux\.h[>\"]", re.MULTILINE)

# Longest first: "x.bpf.c" is not module "x.bpf" with a user part.
_ENDINGS: Tuple[Tuple[str, str], ...] = ((".bpf.c", "has_bpf"), (".test.c", "has_test"), (".c", "has_user"), (".emf", "has_emf"))


def _read_c(path: str, errors: Errors) -> str:
    """The text of a C file; what is in its comments is not ours to judge."""
    try:
        return read_regular(path).decode("utf-8", "replace")
    except OSError as e:
        errors.add(Position(path), f"cannot be read: {e.strerror}")
        return ""


def _without_comments(text: str) -> str:
    """Comments become blanks of the same length; strings stay."""

    def blank(match: "re.Match[str]") -> str:
        found = match.group()
        return found if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)

    return _COMMENT.sub(blank, text)


def _position(path: str, text: str, offset: int) -> Position:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)]
    return Position(path, text.count("\n", 0, offset) + 1, offset - start + 1, line)


def _given_names(path: str, text: str) -> List[Tuple[str, Position]]:
    """The names in the struct module initialisers of a file without comments."""
    names = []
    for start in _MODULE_BEGINS.finditer(text):
        end = text.find("}", start.end())  # its members are no braces, but for a compound literal
        match = _GIVEN_NAME.search(text, start.end(), end if end >= 0 else len(text))
        if match:
            names.append((match.group(1), _position(path, text, match.start(1))))
    return names


def plain_names(folder: str, files: Iterable[str], errors: Errors) -> None:
    """Make splits lists of files at blanks and gives a meaning to many signs."""
    for file in files:
        if not _PLAIN.match(file):
            errors.add(Position(folder), f"make cannot handle a file named {file!r}",
                       "use letters, digits, '_', '-', '+' and '.' in its name")


def idl_files(folder: str) -> List[str]:
    found = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(os.path.join(folder, n) for n in found if n.endswith(".emf") and not n.startswith("."))


def sources(folder: str) -> List[str]:
    """The names of all files in the folder that belong to modules, in order."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(n for n in names if n.endswith((".c", ".emf")) and not n.startswith("."))


def names(folder: str) -> Set[str]:
    """The names of all modules in the folder."""
    return {_split(file)[0] for file in sources(folder)}


def folder_of(module: str, folders: List[str]) -> str:
    """Which of the folders has files of a module; the first one, if none does."""
    endings = [ending for ending, _ in _ENDINGS if ending != ".test.c"]
    return next((f for f in folders if any(os.path.exists(f"{f}/{module}{e}") for e in endings)), folders[0])


def _split(file: str) -> Tuple[str, str]:
    """x.bpf.c: x and has_bpf."""
    ending, part = next(e for e in _ENDINGS if file.endswith(e[0]))
    return file[: -len(ending)], part


def scan(folder: str, only: Optional[Iterable[str]], loader: Loader) -> List[Module]:
    """The modules of a folder by name; with @only, just those, which must be there."""
    modules: Dict[str, Module] = {}
    errors = loader.errors
    for file in sources(folder):
        name, part = _split(file)
        setattr(modules.setdefault(name, Module(name, folder)), part, True)
    if only is not None:
        wanted = list(dict.fromkeys(only))
        for name in wanted:
            if name not in modules:
                errors.add(None, f"there is no module '{name}' in {folder}/",
                           "there are: " + (", ".join(sorted(modules)) or "none"))
        modules = {n: m for n, m in modules.items() if n in wanted}
    for name in [n for n, m in modules.items() if not m.files]:
        errors.add(Position(f"{folder}/{name}.test.c"), f"tests a module '{name}' that is not there")
        del modules[name]
    for module in modules.values():
        _look_inside(module, loader)
    return [modules[name] for name in sorted(modules)]


def uses_vmlinux(source: str, errors: Errors) -> bool:
    """Whether a kernel part includes vmlinux.h."""
    return bool(_VMLINUX.search(_without_comments(_read_c(source, errors))))


def _look_inside(module: Module, loader: Loader) -> None:
    errors = loader.errors
    if module.has_bpf:
        module.uses_vmlinux = uses_vmlinux(module.bpf_source, errors)
    if module.has_user:
        text = _without_comments(_read_c(module.user_source, errors))
        module.registers = bool(_REGISTERS.search(text))
        if module.registers:
            module.given_names = _given_names(module.user_source, text)
    if module.has_emf:
        file = loader.load(module.emf_source)
        for description in file.of(ModuleDecl):
            if description.name != module.name:
                errors.add(description.position,
                           f"module '{description.name}' is described in the file of '{module.name}'",
                           f"name it '{module.name}', or move it to {module.folder}/{description.name}.emf")
            else:
                module.description = description  # a second one is an error of its file
        for product in file.of(ProductDecl):
            errors.add(product.position, "a product is not declared in a module's file",
                       "move it to a file in bus-idl/")
