# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What must hold for a set of modules and products, beyond grammar."""
import re
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from . import words
from .check_chain import all_of
from .check_fields import is_emfs
from .check_module import check_setting
from .errors import Errors, Position
from .imports import Loader
from .model import Module
from .scope import of_file
from .syntax import File, Method, ModuleDecl, ProductDecl, Service
from .warn import warn

if TYPE_CHECKING:
    from .build import Output

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAME_MAX = 63  # longer ones only spoil tables; C promises 63 significant characters


def _check_name(name: str, position: Position, errors: Errors) -> None:
    if not _NAME.match(name):
        errors.add(position, f"'{name}' cannot be the name of a module",
                   "use letters, digits and '_', and start with a letter or '_'")
    elif len(name) > _NAME_MAX:
        errors.add(position, f"the name of this module has more than {_NAME_MAX} characters")
    elif name in words.NO_MODULE:
        errors.add(position, f"module '{name}' has the name of a built-in command",
                   "rename the module: 'emf " + name + "' could never reach it")
    elif name in words.C_WORDS or is_emfs(name):
        errors.add(position, f"module '{name}' has a name that C or EMF reserves", "rename the module")


def _without_kernel_part(module: ModuleDecl, errors: Errors) -> None:
    hint = f"add modules/{module.name}.bpf.c"
    for event in module.events:
        errors.add(event.position, f"nothing can send event '{event.name}': module '{module.name}' has no kernel part", hint)
    for metric in module.metrics:
        if not metric.is_event:
            errors.add(metric.source.position, f"there is no map '{metric.source.text}': module '{module.name}' has no kernel part", hint)
    for show in module.shows:
        errors.add(show.source.position, f"there is no map '{show.source.text}': module '{module.name}' has no kernel part", hint)
    for lost in module.lost:
        errors.add(lost.position, f"nothing counts '{lost.name}': module '{module.name}' has no kernel part", hint)
    for size in module.sizes:
        errors.add(size.map.position, f"there is no map '{size.map.text}': module '{module.name}' has no kernel part", hint)
    for need in module.needs:
        if need.variant:
            errors.add(need.variant[0].position, f"module '{module.name}' has no kernel part, and so no program to choose", hint)


def _owed(module: Module, services: Dict[str, Service]) -> Iterator[Tuple[Position, str, List[str]]]:
    """What a description promises and the user part has: its place, its name, its prototypes."""
    d = module.description
    for name in d.callbacks:
        yield name.position, f"callback '{name.text}'", [f"int {d.name}_{name.text}(struct module *m);"]
    for event in d.events:
        if event.handled:
            record = "_".join(n.text for n in event.signal) if event.signal else f"{d.name}_{event.name}"
            yield (event.position, f"the function that handles event '{event.name}'",
                   [f"void {d.name}_handle_{event.name}(struct module *m, const struct {record} *record);"])
    for name in d.provides:
        methods = [m for m in services[name.text].of(Method) if not m.served_by] if name.text in services else []
        if methods:
            yield name.position, f"what serves '{name.text}'", [_serve(name.text, m) for m in methods]


def _serve(service: str, method: Method) -> str:
    args = f", const struct {service}_{method.name}_args *args" if method.arguments else ""
    reply = f", struct {service}_{method.name}_reply *reply" if method.results else ""
    return f"int {service}_serve_{method.name}(struct ebus_call *call{args}{reply});"


def _without_user_part(module: Module, loader: Loader) -> None:
    services = {s.name: s for s in all_of(loader.load(module.emf_source), Service)}
    for position, what, prototypes in _owed(module, services):
        loader.errors.add(position, f"{what} stands in {module.user_source}, and that file is not there",
                          f"add it, with: {' '.join(prototypes)}")


def user_parts_alone(found: Iterable[Module]) -> None:
    for module in found:
        if module.files == [module.user_source] and not module.registers:
            warn(module.position, "is linked in, and is no module: it has no ebpf_module()",
                 f"add that, or {module.emf_source}, if it should be one")


def modules(found: Iterable[Module], loader: Loader) -> None:
    errors = loader.errors
    owners: Dict[str, Position] = {}
    for module in found:
        if not module.description:  # whose name was checked where it stands
            _check_name(module.name, module.position, errors)
        if module.registers and module.has_emf:
            errors.add(Position(module.user_source),
                       f"registers a module, and {module.emf_source} describes one",
                       "drop the ebpf_module() line, or the .emf file")
        if module.description and not module.has_bpf:
            _without_kernel_part(module.description, errors)
        if module.description and not module.has_user:
            _without_user_part(module, loader)
        if module.has_emf and not module.has_bpf and not module.has_user and not module.description:
            continue  # types only; nothing to run
        for name, position in module.names:
            if module.registers:
                _check_name(name, position, errors)
            if name in owners:
                errors.add(position, f"a second module is named '{name}'",
                           f"the first one is at {owners[name]}; rename one of them")
            owners.setdefault(name, position)


def product(files: Iterable[File], name: str, there: Set[str], errors: Errors) -> ProductDecl:
    """The declared product of that name, or one that holds every module there is."""
    chosen: Optional[ProductDecl] = None
    for file in files:
        for candidate in file.of(ProductDecl):
            if candidate.name != name:
                continue
            if chosen:
                errors.add(candidate.position, f"product '{name}' is declared twice",
                           f"the first one is at {chosen.position}")
            chosen = chosen or candidate
    if not chosen:
        return ProductDecl(name, Position("modules/"))
    for module in chosen.modules:
        if module.text not in there:
            errors.add(module.position, f"product '{name}' wants module '{module.text}', which is not in modules/",
                       "there are: " + (", ".join(sorted(there)) or "none"))
    return chosen


def settings(chosen: ProductDecl, found: Iterable[Module], loader: Loader) -> None:
    errors = loader.errors
    known = {name: module for module in found for name, _ in module.names}
    told = {str(e.position) for e in errors.found}  # what the product's own file imports was checked there
    for setting in chosen.settings:
        module = known.get(setting.module.text)
        if module and module.description and not {str(setting.param.position), str(setting.value.position)} & told:
            check_setting(setting, module.description, of_file(loader.load(module.emf_source)), errors)
        elif not module:
            errors.add(setting.module.position,
                       f"product '{chosen.name}' sets a parameter of '{setting.module.text}', "
                       "which is not one of its modules")


def files(outputs: Iterable["Output"], errors: Errors) -> None:
    """Each file becomes a header of its name."""
    owners: Dict[str, str] = {}
    for output in outputs:
        if output.name in owners:
            errors.add(Position(output.sources[0]), f"becomes {output.name}_emf.h, as {owners[output.name]} does",
                       "rename one of the two files")
        owners.setdefault(output.name, next((s for s in output.sources if s.endswith(".emf")), output.sources[0]))


def services(found: List[Module], own: Optional[File], errors: Errors) -> None:
    """Who provides what, and whether all that use something can start after it. @own declares what EMF itself
    provides where a product serves. What an extension uses may come with another one."""
    providers: Dict[str, ModuleDecl] = {}
    described = [m.description for m in found if m.description]
    for module in described:
        for name in module.provides:
            if name.text in providers:
                errors.add(name.position, f"service '{name.text}' is provided by module '{providers[name.text].name}' too",
                           "build only one of the two")
            providers.setdefault(name.text, module)
    of_emf = {s.name for s in own.of(Service)} if own else set()
    extensions = {m.name for m in found if m.is_extension}
    for module in described:
        for use in module.uses:
            if use.service.text not in providers and use.service.text not in of_emf and not use.optional and module.name not in extensions:
                errors.add(use.service.position, f"no module of this product provides service '{use.service.text}'",
                           "add the module, or write: uses " + use.service.text + " optional;")
    _cycles(described, providers, errors)


def services_of_kernel_parts(found: Iterable[Module], files: Iterable[File], errors: Errors) -> None:
    """A module without a description is a service of its name."""
    declared = {s.name: s.position for file in files for s in file.of(Service) if not s.implied}
    for module in found:
        if module.description and module.name in declared and any(e.implied for e in module.description.events):
            errors.add(module.description.position, f"the events of module '{module.name}' are service '{module.name}', which "
                       f"{declared[module.name]} declares", "import that file and bind them by '-> signal', write 'private' behind them, or rename the module")
        if module.is_alone and not module.has_user and module.name in declared:
            errors.add(module.position, f"module '{module.name}' has no description, so its events are service '{module.name}', which "
                       f"{declared[module.name]} declares", "rename the file, or describe the module")


def _cycles(described: List[ModuleDecl], providers: Dict[str, ModuleDecl], errors: Errors) -> None:
    done: Set[str] = set()
    by_name = {m.name: m for m in described}

    def needed(module: ModuleDecl) -> Iterator[Tuple[Position, Optional[ModuleDecl], str]]:
        for use in module.uses:
            if not use.optional:
                yield use.service.position, providers.get(use.service.text), "make one of the uses optional"
        for map_ in module.maps:
            if map_.source:
                yield map_.source.position, by_name.get(map_.source.text), "who imports a map starts after who exports it: move the map"

    def follow(module: ModuleDecl, path: List[str]) -> None:
        if module.name in done:
            return
        for position, other, hint in needed(module):
            if not other or other is module:
                continue
            if other.name in path:
                circle = " uses ".join([*path[path.index(other.name):], other.name])
                errors.add(position, f"these modules need each other: {circle}", hint)
            else:
                follow(other, path + [other.name])
        done.add(module.name)

    for module in described:
        follow(module, [module.name])
