"""What the language has and the build does not: it is checked, and nothing is made of
it. Somebody who writes it must not believe that it is there."""
from typing import Iterable, Tuple

from .errors import Errors, Position
from .syntax import Chain, Const, Enum, File, ModuleDecl, ProductDecl, Service, Struct

HINT = "'emfgen check' understands it; a later version will build it. Until then, take it out"


def refuse(file: File, errors: Errors) -> None:
    """An error for each declaration and statement that nothing is generated from."""
    for declaration in file.declarations:
        if isinstance(declaration, (Chain, Const, Enum, Service, Struct)):
            errors.add(declaration.position, f"nothing is built from '{declaration.name}' yet", HINT)
        elif isinstance(declaration, ModuleDecl):
            _refuse_all(_statements(declaration), errors)
        elif isinstance(declaration, ProductDecl):
            _refuse_all([("command", c.position) for c in declaration.commands], errors)


def _statements(module: ModuleDecl) -> Iterable[Tuple[str, Position]]:
    if module.license:
        yield "license", module.license.position
    for name in module.provides:
        yield "provides", name.position
    for use in module.uses:
        yield "uses", use.service.position
    for need in module.needs:
        yield "needs", need.kind.position
    for param in module.params:
        yield "param", param.position
    for use_of_map in module.maps:
        yield "map", use_of_map.map.position
    for event in module.events:
        yield "event", event.position
    for metric in module.metrics:
        yield metric.kind, metric.position
    for plug in module.plugs:
        yield "plug", plug.program.position
    for attach in module.attaches:
        yield "attach", attach.position


def _refuse_all(statements: Iterable[Tuple[str, Position]], errors: Errors) -> None:
    for word, position in statements:
        errors.add(position, f"nothing is built from '{word}' yet", HINT)
