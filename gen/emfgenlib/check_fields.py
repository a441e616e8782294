# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What must hold for names, and for all that has fields: structs, messages, parameters."""
import re
from typing import Dict, Iterable, List

from . import macros, types, words
from .errors import Errors
from .scope import Scope
from .syntax import Chain, Const, Declaration, Field, Item, ModuleDecl, ProductDecl, Service, Value
from .values import check_value

NAME_MAX = 63  # C promises that many significant characters


def is_emfs(name: str) -> bool:
    """Whether names in C that begin with this one are EMF's own: ebus, and ebus_call."""
    return name.lower().split("_")[0] in words.PREFIXES


def check_name(declaration: Declaration, errors: Errors) -> None:
    name = declaration.name
    if len(name) > NAME_MAX:
        errors.add(declaration.position, f"this name has more than {NAME_MAX} characters")
    elif name in words.C_WORDS:
        errors.add(declaration.position, f"'{name}' is a word of C or C++", "choose another name")
    elif name in words.PREFIXES or isinstance(declaration, (Chain, ModuleDecl, Service)) and is_emfs(name):
        errors.add(declaration.position, f"'{name}' begins EMF's own names in C", "choose another name")
    elif re.match("_[_A-Z]", name):
        errors.add(declaration.position, f"'{name}' begins like the names of the compiler and of the C library",
                   "begin it with a letter")
    elif macros.is_macro(name) and not isinstance(declaration, (Const, Item)):  # which get a prefix, as in MARK_EPERM
        errors.add(declaration.position, f"'{name}' is a macro of the C library or of the compiler", "choose another name")
    elif not isinstance(declaration, Field) and (name in types.BUILT_IN or name == types.STRING):
        errors.add(declaration.position, f"'{name}' is a built-in type", "choose another name")


def check_unique(declarations: Iterable[Declaration], verb: str, errors: Errors) -> None:
    """Unique within one block. A module may be named like its service or its chain."""
    seen: Dict[str, Declaration] = {}
    for declaration in declarations:
        if isinstance(declaration, ProductDecl):
            continue  # its name is no C name, and it is looked up among all files
        check_name(declaration, errors)
        key = ("module " if isinstance(declaration, ModuleDecl) else "") + declaration.name
        if key in seen:
            errors.add(declaration.position, f"'{declaration.name}' is {verb} twice",
                       f"the first one is at {seen[key].position}")
        seen.setdefault(key, declaration)


def check_fields(fields: List[Field], scope: Scope, errors: Errors, verb: str = "a member") -> None:
    """Names, and what C will also have: x_len beside x[<=N]."""
    check_unique(fields, verb, errors)
    names = {f.name for f in fields}
    for member in fields:
        if member.type.text == "argv" and member.array_kind != "bounded":
            errors.add(member.type.position, f"'{member.name}' is an argv, which has many bytes", f"write: argv {member.name}[<=4096]")
        if member.array_kind != "bounded":
            pass
        elif member.name + "_len" in names or member.name + "_pad" in names:
            errors.add(member.position, f"'{member.name}[<=]' brings '{member.name}_len' and '{member.name}_pad' along, "
                       "and one of these is a member too", "rename it")
        for value in [member.default, *(member.range or ())]:
            if value is not None:
                check_value(member, value, scope, errors)
        _range(member, scope, errors)


def _range(member: Field, scope: Scope, errors: Errors) -> None:
    if not member.range:
        return
    kind = types.BUILT_IN.get(member.type.text)
    if not kind or kind.low is None or member.type.text in ("bool", "char"):
        errors.add(member.range[0].position, f"a '{member.type.text}' has no range", "only numbers and times have")
        return
    low, high = (check_value(member, v, scope, Errors()) for v in member.range)
    if isinstance(low, int) and isinstance(high, int) and low > high:
        errors.add(member.range[0].position, f"the range of '{member.name}' begins behind its end")
    elif member.default is not None:
        check_in_range(member, member.default, scope, "the default ", errors)


def check_in_range(member: Field, value: Value, scope: Scope, said: str, errors: Errors) -> None:
    """A value of the type that the member has; what is wrong with its range itself is not told."""
    low, number, high = (check_value(member, v, scope, Errors()) for v in (member.range[0], value, member.range[1]))
    if all(isinstance(n, int) for n in (low, number, high)) and not low <= number <= high:
        errors.add(value.position, f"{said}{value.text} is out of range ({member.range[0].text} to {member.range[1].text})")
