# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Parameters and the variables of their names in the compiled kernel part."""
from dataclasses import dataclass
from typing import List

from . import btf
from .bpf_object import Object, Variable
from .errors import Errors
from .interface import type_name
from .scope import Scope, of_file
from .syntax import Enum, Field, File, ModuleDecl
from .types import BUILT_IN, STRING


@dataclass
class Stored:
    """A parameter that the kernel part reads."""

    name: str
    section: str  # of the skeleton: rodata, data, bss
    place: str  # the same in the object: .rodata
    constant: bool  # once it is loaded


def stored(obj: Object, source: str, file: File, module: ModuleDecl, has_user: bool, errors: Errors) -> List[Stored]:
    out = []
    scope = of_file(file)
    for param in module.params:
        variable = obj.variables.get(param.name)
        if not variable:
            if not has_user and param.name not in module.attached_by | module.shown_by:
                errors.add(param.position, f"nothing reads parameter '{param.name}': {source} has no variable of that name",
                           f"add there: {'' if param.live else 'const '}volatile {declaration_of(param, scope)};")
            continue
        constant = variable.section.startswith(".rodata")
        before = errors.count
        _check(obj, variable, param, scope, source, constant, errors)
        if errors.count == before:
            out.append(Stored(param.name, variable.section.lstrip(".").replace(".", "_"), variable.section, constant))
    return out


def _size(param: Field, scope: Scope) -> int:
    if param.type.text == STRING:
        return (scope.number(param.bound, Errors()) or 0) + 1
    if param.type.text in BUILT_IN:
        return BUILT_IN[param.type.text].size
    _, declaration, _ = type_name(param.type, scope)
    assert isinstance(declaration, Enum)
    return BUILT_IN[declaration.base.text].size


def declaration_of(param: Field, scope: Scope) -> str:
    """The declaration that would do."""
    if param.type.text == STRING:
        return f"char {param.name}[{_size(param, scope)}]"
    if param.type.text == "bool":
        return f"bool {param.name}"
    if param.type.text in BUILT_IN:
        type_ = BUILT_IN[param.type.text]
        return f"{type_.c} {param.name}" + (f"[{type_.elements}]" if type_.elements else "")
    _, declaration, _ = type_name(param.type, scope)
    return f"{BUILT_IN[declaration.base.text].c} {param.name}"


def _check(obj: Object, variable: Variable, param: Field, scope: Scope, source: str, constant: bool, errors: Errors) -> None:
    size = _size(param, scope)
    if variable.size != size:
        errors.add(param.position, f"parameter '{param.name}' has {size} byte{'s' if size > 1 else ''}, and '{param.name}' in {source} is "
                   f"{obj.btf.written(variable.type)} with {variable.size}", f"declare it there: {declaration_of(param, scope)}")
    if constant and not variable.is_const_volatile:
        errors.add(param.position, f"'{param.name}' in {source} is const and not volatile",
                   "the compiler has put its value into the code: write 'const volatile'")
    elif constant and param.live:
        errors.add(param.position, f"parameter '{param.name}' is live, and '{param.name}' in {source} is const",
                   "what is const is fixed when the program is loaded: drop the const there, or 'live' here")
    elif not constant and not obj.btf.has_qualifiers(variable.type, (btf.VOLATILE,)):
        errors.add(param.position, f"'{param.name}' in {source} is not volatile",
                   "the compiler may take it for a variable that nobody changes: write 'volatile', or 'const volatile'")
