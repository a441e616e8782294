"""No two declarations may meet in one C name: the compiler would tell it in generated code."""
from typing import Dict, Iterable, List, Tuple

from .errors import Errors, Position
from .interface import Interface
from .model import Module

# What a module's own part of its header declares, and its skeleton.
OF_A_MODULE = ("module", "object", "skeleton", "bpf", "params", "uses", "provides", "needs")


def _of_module(module: Module) -> List[Tuple[str, Position]]:
    position = module.description.position if module.description else module.position
    names = [(f"{module.name}_{word}", position) for word in OF_A_MODULE]
    if module.description:
        names += [(f"{module.name}_{c.text}", c.position) for c in module.description.callbacks]
    return names


def check_c_names(interfaces: Iterable[Interface], modules: Iterable[Module], errors: Errors) -> None:
    owners: Dict[str, Position] = {}
    names = [n for i in interfaces for n in i.names] + [n for m in modules for n in _of_module(m)]
    for name, position in names:
        if name in owners and str(owners[name]) != str(position):
            errors.add(position, f"this becomes '{name}' in C, and so does another declaration",
                       f"the other one is at {owners[name]}; rename one of them")
        owners.setdefault(name, position)
