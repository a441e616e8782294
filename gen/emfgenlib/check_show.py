# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a module prints of its maps, as far as its description alone can tell."""
from typing import Dict, List, Tuple

from .check_metric import check_scale, metric_of
from .errors import Errors
from .near import near
from .scope import Scope
from .syntax import Field, MapSize, ModuleDecl, Name, Show
from .values import check_value

# What parameters of these names mean to a module that prints: when, how much, and in which form.
CONVENTIONS: Dict[str, Tuple[str, Tuple[str, ...], str]] = {
    "interval": ("duration", ("histogram", "table", "stacks"), "how often it prints and begins anew"),
    "top": ("u32", ("table",), "how many rows of a table are printed"),
    "folded": ("bool", ("stacks",), "that each stack is a line"),
    "svg": ("string", ("stacks",), "which file a flame graph goes to"),
    "user_only": ("bool", ("stacks",), "that only stacks of processes are wanted"),
    "kernel_only": ("bool", ("stacks",), "that only stacks of the kernel are wanted"),
}


def check_shows(module: ModuleDecl, scope: Scope, errors: Errors) -> None:
    params = {p.name: p for p in module.options}
    for i, show in enumerate(module.shows):
        for other in module.shows[:i]:
            if other.name == show.name and not _exclude(other, show):
                errors.add(show.position, f"'{show.name}' is shown twice", f"the first time at {other.position}; rename one of them, or let one be: "
                           "if PARAMETER, and the other one: if not PARAMETER")
                break
        for condition in show.conditions:
            _fixed(condition.param, "what is printed", params, module, errors)
        if show.kind == "histogram":
            check_scale(metric_of(show), scope, errors)
        for names in (show.key, show.value):
            _once(names, errors)
    _conventions(module, params, errors)
    seen: Dict[str, Name] = {}
    for lost in module.lost:
        if lost.name in seen:
            errors.add(lost.position, f"'{lost.name}' is counted as lost twice", f"the first time at {seen[lost.name].position}")
        seen.setdefault(lost.name, Name(lost.name, lost.position))
    _sizes(module, params, scope, errors)


def _exclude(one: Show, other: Show) -> bool:
    """Whether there is a parameter that one wants given, and the other one not."""
    wanted = {(c.param.text, c.negated) for c in one.conditions}
    return any((c.param.text, not c.negated) in wanted for c in other.conditions)


def _once(names: List[Name], errors: Errors) -> None:
    for i, name in enumerate(names):
        if name.text in {n.text for n in names[:i]}:
            errors.add(name.position, f"'{name.text}' stands here twice")


def _fixed(name: Name, what: str, params: Dict[str, Field], module: ModuleDecl, errors: Errors) -> bool:
    param = params.get(name.text)
    if not param:
        errors.add(name.position, f"module '{module.name}' has no parameter '{name.text}'", near(name.text, params, "it has", "it has none"))
    elif param.live:
        errors.add(name.position, f"parameter '{name.text}' is live, and {what} is chosen once", "drop 'live'")
    return bool(param)


def _conventions(module: ModuleDecl, params: Dict[str, Field], errors: Errors) -> None:
    kinds = {show.kind for show in module.shows}
    for name, (type_, of, what) in CONVENTIONS.items():
        param = params.get(name)
        if param and kinds & set(of) and param.type.text != type_:
            errors.add(param.type.position, f"parameter '{name}' of a module that shows something is a {type_}, and says {what}",
                       f"let it be: param {type_}{'<=1023' if type_ == 'string' else ''} {name}; or give it another name")


def _not_empty(size: MapSize, param: Field, scope: Scope, errors: Errors) -> None:
    low = check_value(param, param.range[0], scope, Errors()) if param.range else 0
    if low == 0 or param.default is None:  # which is 0, too
        errors.add(size.param.position, f"parameter '{param.name}' can be 0, and the kernel makes no map without entries",
                   f"let it be: param u32 {param.name} = N range(1..MOST)")


def _sizes(module: ModuleDecl, params: Dict[str, Field], scope: Scope, errors: Errors) -> None:
    seen: Dict[str, Name] = {}
    for size in module.sizes:
        if size.map.text in seen:
            errors.add(size.map.position, f"the size of map '{size.map.text}' is said twice", f"the first time at {seen[size.map.text].position}")
        seen.setdefault(size.map.text, size.map)
        if not _fixed(size.param, "the size of a map", params, module, errors):
            continue
        if params[size.param.text].type.text == "u32":
            _not_empty(size, params[size.param.text], scope, errors)
        else:
            errors.add(size.param.position, f"parameter '{size.param.text}' is a {params[size.param.text].type.text}, and the size of a map is a u32",
                       f"let it be: param u32 {size.param.text}")
