# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What must hold for where the programs of a module hang."""
from typing import Dict, Union

from . import types
from .attach import MAY_BE_MISSING, PLACES, TYPES, check_kind, form, wanted
from .chain_hooks import EVENT, EVENTS, MAX_FREQUENCY
from .errors import Errors
from .near import near, nearest
from .syntax import Attach, Field, ModuleDecl, Name, Value


def check_attaches(module: ModuleDecl, errors: Errors) -> None:
    params = {p.name: p for p in module.options}
    for attach in module.attaches:
        if attach.name in PLACES:
            _arguments(attach, params, module, errors)
        else:
            check_kind(attach, errors)
        if attach.condition:
            _named(attach.condition, params, module, errors)
        if attach.optional and attach.name in PLACES and attach.name not in MAY_BE_MISSING:
            errors.add(attach.position, f"'{attach.name}' cannot be optional", "only where functions and tracepoints may be missing: "
                       + ", ".join(MAY_BE_MISSING))


def _arguments(attach: Attach, params: Dict[str, Field], module: ModuleDecl, errors: Errors) -> None:
    least, most = len(wanted(attach.name)), len(PLACES[attach.name])
    if not least <= len(attach.arguments) <= most:
        errors.add(attach.position, f"'{attach.name}' takes {least if least == most else f'{least} or {most}'}, not {len(attach.arguments)}",
                   f"write: {form(attach.name)}")
        return
    for what, argument in zip(PLACES[attach.name], attach.arguments):
        _argument(what.strip("[]"), argument, form(attach.name), params, module, errors)


def _argument(what: str, argument: Union[Field, Value], said: str, params: Dict[str, Field], module: ModuleDecl, errors: Errors) -> None:
    if isinstance(argument, Field):
        _type(what, argument, argument.type.position, said, errors)
    elif argument.kind == "name":
        param = _named(argument, params, module, errors)
        if param:
            _type(what, param, argument.position, said, errors)
    elif what == "pid":
        errors.add(argument.position, f"the pid of '{said}' is a parameter", "it differs each time: name one of type pid, or leave it out")
    elif argument.kind != "string" or not argument.text:
        errors.add(argument.position, f"the {what} of '{said}' is a text", "put it in quotes, or name a parameter, or write: param ...")
    elif what == EVENT and argument.text not in EVENTS:
        errors.add(argument.position, f"there is no event '{argument.text}'", nearest(argument.text, EVENTS) or "there are: " + ", ".join(EVENTS))
    elif what == "frequency" and not (argument.text.isascii() and argument.text.isdigit() and 0 < int(argument.text) <= MAX_FREQUENCY):
        errors.add(argument.position, f"'{argument.text}' is no number of times a second", f"it can be 1 to {MAX_FREQUENCY}")


def _type(what: str, param: Field, position: object, said: str, errors: Errors) -> None:
    kind = TYPES.get(what, types.STRING)
    if what == EVENT:
        errors.add(position, f"the event of '{said}' cannot be a parameter", "put it in quotes")
    elif param.type.text != kind:
        errors.add(position, f"the {what} of '{said}' is a {kind}, not a {param.type.text}",
                   f"write: param {kind}{'<=255' if kind == types.STRING else ''} {param.name}")


def _named(name: Union[Name, Value], params: Dict[str, Field], module: ModuleDecl, errors: Errors) -> Union[Field, None]:
    """A parameter that is declared elsewhere in the module."""
    param = params.get(name.text)
    if not param:
        errors.add(name.position, f"module '{module.name}' has no parameter '{name.text}'",
                   near(name.text, params, "it has", "declare it: param ..., or write a text in quotes"))
    elif param.live:
        errors.add(name.position, f"parameter '{name.text}' is live, and where programs hang is chosen once", "drop 'live'")
        return None
    return param
