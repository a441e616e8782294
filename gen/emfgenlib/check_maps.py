# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Maps that modules export, and import from each other."""
from typing import Dict, List, Set

from .errors import Errors
from .imports import Loader
from .model import Module
from .near import near
from .syntax import MapUse, ModuleDecl, Name, ProductDecl


def check_maps(module: ModuleDecl, imported: Dict[str, ModuleDecl], errors: Errors) -> None:
    """What the file says by itself; @imported are the modules of the files that it imports."""
    seen: Dict[str, Name] = {}
    for use in module.maps:
        name = use.map
        if name.text in seen:
            errors.add(name.position, f"map '{name.text}' stands in module '{module.name}' twice",
                       f"the first time at {seen[name.text].position}; a map is the module's own or another one's")
        seen.setdefault(name.text, name)
        if not use.source:
            continue
        if use.source.text == module.name:
            errors.add(use.source.position, f"module '{module.name}' imports map '{name.text}' from itself",
                       f"a map of its own needs no statement; others import it if it says: map {name.text} export;")
        elif use.source.text in imported:
            _check_exported(use, imported[use.source.text], errors)


def _check_exported(use: MapUse, exporter: ModuleDecl, errors: Errors) -> None:
    exported = [m.map.text for m in exporter.maps if m.export]
    if use.map.text not in exported:
        where = exporter.position.path
        errors.add(use.map.position, f"module '{exporter.name}' does not export a map '{use.map.text}'",
                   near(use.map.text, exported, "it exports", f"write in {where}: map {use.map.text} export;"))


def maps_of_build(found: List[Module], there: Set[str], product: ProductDecl, is_chosen: bool, loader: Loader) -> None:
    """@there are the names of all modules in the folder; with @is_chosen the ones to build were named to configure."""
    errors = loader.errors
    modules = {m.name: m for m in found}
    for module in found:
        if not module.description:
            continue
        reached = {d.name for f in loader.load(module.emf_source).reached() for d in f.of(ModuleDecl)}
        for use in module.description.maps:
            if not module.has_bpf:
                errors.add(use.map.position, f"module '{module.name}' has no kernel part, and so no map '{use.map.text}'",
                           f"add modules/{module.name}.bpf.c")
            elif use.source and use.source.text not in modules:
                _missing(use, module, there, product, is_chosen, errors)
            elif use.source and use.source.text not in reached and use.source.text != module.name:
                exporter = modules[use.source.text]
                if exporter.description:
                    _check_exported(use, exporter.description, errors)
                else:
                    errors.add(use.source.position, f"module '{exporter.name}' has no description, and so exports no map",
                               f"write {exporter.emf_source}, with: map {use.map.text} export;")


def _missing(use: MapUse, module: Module, there: Set[str], product: ProductDecl, is_chosen: bool, errors: Errors) -> None:
    name = use.source.text
    if name not in there:
        errors.add(use.source.position, f"there is no module '{name}'", near(name, there - {module.name}, "there are"))
        return
    where = "--with-modules" if is_chosen else f"the modules of product '{product.name}'"
    errors.add(use.source.position, f"module '{module.name}' imports map '{use.map.text}' from module '{name}', which is not one of those that are built",
               f"add '{name}' to {where}, or leave out '{module.name}'")
