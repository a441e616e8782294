# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What must hold for the declarations of one file, beyond grammar."""
from typing import Dict, Iterable, List, Optional

from . import types, words
from .check_chain import check_chain
from .check_fields import check_fields, check_unique
from .check_module import check_module, check_product
from .errors import Errors, Position
from .imports import Loader
from .layout import Layouts
from .scope import Scope, of_file, of_service
from .syntax import (Chain, Const, Declaration, Enum, File, Method, ModuleDecl, ProductDecl, Service, Signal,
                     Struct, TypedError, Value)
from .values import items_with_values

MAX_ERROR = 256  # bytes of a typed error, EBUS_ERROR_MAX of include/emf/bus.h


def check_loaded(paths: Iterable[str], loader: Loader, layouts: Layouts) -> List[File]:
    """Files and all that they import."""
    files = [loader.load(path) for path in paths]
    for file in loader.files.values():
        check_file(file, loader.errors, layouts)
    return files



def check_file(file: File, errors: Errors, layouts: Optional[Layouts] = None) -> None:
    scope = of_file(file)
    layouts = layouts or Layouts(errors)
    check_unique(file.declarations, "declared", errors)
    _imported_names(file, errors)
    _consts(file.declarations, scope, errors)
    for declaration in file.declarations:
        if isinstance(declaration, Enum):
            _enum(declaration, scope, errors)
        elif isinstance(declaration, Struct):
            _struct(declaration, scope, layouts, errors)
        elif isinstance(declaration, Service) and not declaration.implied:  # else its events are checked
            _service(declaration, scope, layouts, errors)
        elif isinstance(declaration, Chain):
            check_chain(declaration, file, scope, layouts, errors)
        elif isinstance(declaration, ModuleDecl):
            check_module(declaration, file, scope, layouts, errors)
        elif isinstance(declaration, ProductDecl):
            check_product(declaration, file, errors)


def _imported_names(file: File, errors: Errors) -> None:
    """A name that an imported file has would mean two things here."""
    there: Dict[str, Position] = {}
    for other in file.reached():
        for declaration in other.declarations:
            if not isinstance(declaration, (ModuleDecl, ProductDecl)):
                there.setdefault(declaration.name, declaration.position)
    for declaration in file.declarations:
        if declaration.name in there and not isinstance(declaration, (ModuleDecl, ProductDecl)):
            errors.add(declaration.position, f"'{declaration.name}' is declared in an imported file too",
                       f"at {there[declaration.name]}")


# --- types ----------------------------------------------------------------------------


def _consts(declarations: Iterable[Declaration], scope: Scope, errors: Errors) -> None:
    for const in declarations:
        if isinstance(const, Const) and const.value is not None:
            scope.number(const.value, errors, [const.name])


def _enum(enum: Enum, scope: Scope, errors: Errors) -> None:
    what = "flags" if enum.is_flags else "enum"
    if enum.base.text not in types.WIDTHS:
        errors.add(enum.base.position, f"{what} cannot be made of '{enum.base.text}'",
                   "it can be one of: " + ", ".join(types.WIDTHS))
        return
    if not enum.items:
        errors.add(enum.position, f"'{enum.name}' has no values")
    base = types.BUILT_IN[enum.base.text]
    check_unique(enum.items, "a value", errors)
    values: Dict[int, str] = {}
    for item, value in items_with_values(enum, scope, errors):
        if not base.low <= value <= base.high:
            errors.add(item.position, f"{value} does not fit into {enum.base.text} ({base.low} to {base.high})")
        elif value in values:
            errors.add(item.position, f"'{item.name}' has the value {value} of '{values[value]}'",
                       "two names for one value cannot be told apart when printed")
        values.setdefault(value, item.name)


def _struct(struct: Struct, scope: Scope, layouts: Layouts, errors: Errors) -> None:
    if not struct.fields:
        errors.add(struct.position, f"'{struct.name}' has no members", "C gives an empty struct no size")
    check_fields(struct.fields, scope, errors)
    layout = layouts.of(struct, scope)
    if isinstance(struct, TypedError) and layout and layout.size > MAX_ERROR:
        errors.add(struct.position, f"error '{struct.name}' has {layout.size} bytes; {MAX_ERROR} are the most",
                   "an error says what went wrong; what is large is a result")


# --- services -----------------------------------------------------------------------------


def _service(service: Service, outer: Scope, layouts: Layouts, errors: Errors) -> None:
    scope = of_service(service, outer)
    if service.version is None:
        errors.add(service.position, f"service '{service.name}' has no version", f"write: service {service.name} 1.0")
    check_unique(service.members, "declared", errors)
    _consts(service.members, scope, errors)
    for member in service.members:
        if isinstance(member, Enum):
            _enum(member, scope, errors)
        elif isinstance(member, Struct):
            _struct(member, scope, layouts, errors)
        elif isinstance(member, Signal):
            _message(member, service, scope, layouts, errors)


def _message(member: Signal, service: Service, scope: Scope, layouts: Layouts, errors: Errors) -> None:
    check_fields(member.arguments, scope, errors, "an argument")
    layouts.of_fields(Struct(member.name, member.position), member.arguments, scope)
    if isinstance(member, Method):
        check_fields(member.results, scope, errors, "a result")
        layouts.of_fields(Struct(member.name, member.position), member.results, scope)
        known = {e.name for e in service.of(TypedError)}
        for error in member.errors:
            if error.text not in known and error.text not in words.ERRNO:
                errors.add(error.position, f"'{error.text}' is neither an errno nor an error of this service",
                           f"declare it: error {error.text} {{ ... }}")
    _since(member, service, errors)


def _since(member: Signal, service: Service, errors: Errors) -> None:
    if member.since is None or service.version is None:
        return
    since, now = (_version(v) for v in (member.since, service.version))
    if since[0] != now[0]:
        errors.add(member.since.position, f"'{member.name}' cannot be there since another major version",
                   f"the service is at {service.version.text}")
    elif since > now:
        errors.add(member.since.position, f"'{member.name}' is newer than its service ({service.version.text})",
                   f"raise the version of the service to {member.since.text}")


def _version(value: Value) -> List[int]:
    return [int(part) for part in value.text.split(".")]
