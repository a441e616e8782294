# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The build: descriptions and folders to everything that make and the compilers need."""
import argparse
import os
import sys
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from . import VERSION, check, sdk
from .chains import Chains, chains_of
from .check_chain import chains_of_build
from .check_file import check_file
from .check_maps import maps_of_build
from .check_names import Named, check_c_names, is_emfs_own, names_of_module
from .errors import Errors
from .files import read_regular
from .imports import Loader
from .interface import Builder, Interface
from .kept import Kept, forget
from .layout import Layouts
from .model import Module
from .not_yet import refuse
from .plug import Plugged, plugged_source
from .scan import idl_files, names, plain_names, scan, sources
from .syntax import File, ProductDecl, Service
from .tables import Tables, tables
from .idl_text import service_texts


@dataclass
class Output:
    """One generated header, with or without C that is linked in."""

    name: str
    sources: List[str]
    interface: Optional[Interface]
    module: Optional[Module]
    linked: bool

    @property
    def c_name(self) -> str:
        return f"{self.name}_emf"

    @property
    def texts(self) -> List[str]:
        """All that its files are made of."""
        flags = [str(self.linked), *self.sources]
        if self.module:
            flags += [str(self.module.has_bpf), str(self.module.has_user), str(self.module.registers), str(self.module.is_alone)]
        read = [self.interface.file, *self.interface.file.reached()] if self.interface else []
        return flags + [text for file in read for text in (file.path, file.text)]

    @property
    def has_c(self) -> bool:
        services = bool(self.interface and self.interface.services)
        return self.linked and (services or bool(self.module and self.module.generated))

    @property
    def endings(self) -> Tuple[str, ...]:
        return ("h", "c") if self.has_c else ("h",)


def register(commands: Any) -> None:
    parser = commands.add_parser("build", help="write the make fragment and the glue (make calls this)")
    what_is_built(parser)
    parser.set_defaults(run=build)


def what_is_built(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--modules", default="modules", help="the folder of modules")
    parser.add_argument("--dynamic", default="dynamic", help="the folder of modules that become extensions")
    parser.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    parser.add_argument("--out", default="obj", help="where to write")
    parser.add_argument("--product", default="emf", help="the product to build")
    parser.add_argument("--only", default="", help="these modules only, separated by commas")
    parser.add_argument("--extensions", default="all", help="all that there are, none, or these, separated by commas")
    sdk.option(parser)


def build(args: argparse.Namespace, errors: Errors) -> int:
    """obj/modules.mk, the headers, and the C of the product."""
    loader = Loader([args.idl, args.modules, *sdk.folders()], errors)  # that of modules for extensions: what is linked in is beside each other
    own = [loader.load(path) for path in idl_files(args.idl)]
    shared = own + [loader.load(path) for path in sdk.shared(idl_files(args.idl))]
    for folder in (args.modules, args.dynamic):
        plain_names(folder, sources(folder), errors)
    plain_names(args.idl, [os.path.basename(f.path) for f in shared], errors)
    only = only_of(args)
    found = linked_in(args, loader)
    there = names(args.modules) | set(sdk.chosen(args))
    layouts = Layouts(errors)
    for file in loader.files.values():
        check_file(file, errors, layouts)
        refuse(file, errors)
    product = check.product(own, args.product, there, errors)
    found = of_product(found, product, only)
    if only is not None:  # what was left out has no parameters that could be set
        built = {name for m in found for name, _ in m.names}
        product.settings = [s for s in product.settings if s.module.text in built]
    check.settings(product, found, loader)
    found += extensions_of(args, loader)
    check.modules(found, loader)
    check.services(found, next((f for f in shared if is_emfs_own(f)), None), errors)
    check.services_of_kernel_parts(found, loader.files.values(), errors)
    chains_of_build(found, loader)
    _check_imports(found, loader, errors)
    maps_of_build(found, there, product, only is not None, loader)
    outputs = [] if errors else _outputs(found, shared, loader, layouts)
    chains = chains_of(found, [o.interface for o in outputs if o.interface]) if not errors else Chains()
    plugged = {m.name: _plugged(m, chains, errors) for m in found if chains.of(m.name)}
    check.files(outputs, errors)
    if not errors:
        check_c_names([o.interface for o in outputs if o.interface], [n for m in found for n in _names(m)], errors)
    if errors:
        print(errors.report(), file=sys.stderr)
        return 1
    check.user_parts_alone(found)
    _write(args, product, found, outputs, chains, plugged, [_extension(m, outputs, loader) for m in found if m.is_extension])
    return 0


def linked_in(args: argparse.Namespace, loader: Loader) -> List[Module]:
    """The modules of the product's own folder, and those that it takes of EMF's."""
    found = scan(args.modules, only_of(args), loader)
    for module in found:
        module.other_folder = args.dynamic
    of_emf = scan(sdk.MODULES, sdk.chosen(args), loader) if sdk.chosen(args) else []
    own = {m.name for m in found}
    for module in of_emf:
        module.other_folder = args.modules
        if module.name in own:
            loader.errors.add(module.position, f"this module of EMF's was chosen, and {args.modules}/ has one of its name",
                              "rename that, or build without this one")
    return sorted(found + [m for m in of_emf if m.name not in own], key=lambda m: m.name)


def only_of(args: argparse.Namespace) -> Optional[List[str]]:
    return args.only.split(",") if args.only else None


def of_product(found: List[Module], product: ProductDecl, only: Optional[List[str]]) -> List[Module]:
    """Those that its declaration names, unless somebody has named others."""
    wanted = {name.text for name in product.modules}
    return [m for m in found if m.name in wanted] if wanted and only is None else found


def extensions_of(args: argparse.Namespace, loader: Loader) -> List[Module]:
    if args.extensions == "none":
        return []
    found = scan(args.dynamic, None if args.extensions == "all" else args.extensions.split(","), loader)
    for module in found:
        module.is_extension = True
        module.other_folder = args.modules
    return found


def _plugged(module: Module, chains: Chains, errors: Errors) -> str:
    text = read_regular(module.bpf_source).decode("utf-8", "replace")
    types = chains.types()
    return plugged_source(module.bpf_source, text, module.name, [Plugged(p, types[p.chain]) for p in chains.of(module.name)], errors)


def _outputs(found: List[Module], shared: List[File], loader: Loader, layouts: Layouts) -> List[Output]:
    builder = Builder(layouts)
    out: List[Output] = []
    seen: Dict[str, bool] = {}

    def add_imported(file: File, linked: bool) -> None:
        if seen.get(file.path):
            return
        seen[file.path] = linked
        interface = builder.of(file)
        if interface.declares:
            out.append(Output(interface.name, [file.path], interface, None, linked))
        for other in file.imported:
            add_imported(other, linked)

    for module in found:
        file = loader.load(module.emf_source) if module.has_emf else None
        if file:
            seen[file.path] = True
        out.append(Output(module.name, module.files, builder.of(file) if file else None, module, True))
    for module in found:
        if module.has_emf:
            for other in loader.load(module.emf_source).imported:
                add_imported(other, True)
    for file in shared:
        if file.path not in seen:
            add_imported(file, is_emfs_own(file))
    return out


@dataclass
class Extension:
    """A module of its own file, and what is linked with it."""

    module: Module
    imported: List[Output]

    @property
    def shared(self) -> List[Output]:
        """Of what it imports, what has C."""
        return [o for o in self.imported if o.has_c and not o.module]

    @property
    def libraries(self) -> List[str]:
        return self.module.libraries


def _check_imports(found: List[Module], loader: Loader, errors: Errors) -> None:
    """The services of a module that is an extension are in its own file, where another one does not find them."""
    extensions = {m.emf_source: m for m in found if m.is_extension and m.has_emf}
    for module in extensions.values():
        file = loader.load(module.emf_source)
        for path, other in extensions.items():
            if other is not module and loader.load(path) in file.reached() and loader.load(path).of(Service):
                errors.add(file.imports[0].path.position, f"extension '{module.name}' imports services that extension '{other.name}' declares in {path}",
                           "move the service to a file in bus-idl/, which both import")


def _extension(module: Module, outputs: List[Output], loader: Loader) -> Extension:
    reached = {f.path for f in loader.load(module.emf_source).reached()} if module.has_emf else set()
    return Extension(module, [o for o in outputs if o.module is not module and o.interface and o.interface.file.path in reached])


def _names(module: Module) -> List[Named]:
    """The C names of a module itself."""
    position = module.description.position if module.description else module.position
    return names_of_module(module.name, position, module.description)


def _write(args: argparse.Namespace, product: ProductDecl, found: List[Module], outputs: List[Output], chains: Chains,
           plugged: Dict[str, str], extensions: List[Extension]) -> None:
    # Only now: jinja2 takes longer to import than all the checks take to run.
    from . import render

    env = render.environment()
    out = args.out
    interfaces = [o.interface for o in outputs if o.interface]

    entries, tables_of = [f"{c.name}_entry" for c in chains.chains], [f"{c.name}_chain" for c in chains.chains]
    linked = [m for m in found if not m.is_extension]
    forget(out, ["product", *(o.name for o in outputs)], [m.name for m in found if m.has_bpf] + entries,
           [m.name for m in linked if m.has_user] + tables_of, [e.module.name for e in extensions], [o.name for e in extensions for o in e.shared])
    kept = Kept(out)
    for output in outputs:
        if kept.is_fresh(output.name, output.endings, output.texts):
            continue
        made: Tables = tables(output.module.description if output.module else None, output.interface, interfaces)
        idl = service_texts(output.interface.file) if output.interface and output.has_c else {}
        for ending in output.endings:
            text = render.render(env, f"file_emf.{ending}.j2", name=output.name, sources=output.sources, i=output.interface,
                                 module=output.module, tables=made, params=made.params, needs=made.needs, attaches=made.attaches,
                                 provided=made.provided, used=made.used, idl=idl, out=out, plugs=chains.of(output.name) if output.module else [],
                                 version=VERSION)
            render.write(os.path.join(out, f"{output.name}_emf.{ending}"), text)
    for name, text in plugged.items():
        render.write(os.path.join(out, f"{name}.plugged.bpf.c"), text)
    for chain in chains.chains:
        for template, ending in (("chain.c.j2", "chain.c"), ("chain_entry.bpf.c.j2", "entry.bpf.c")):
            render.write(os.path.join(out, f"{chain.name}_{ending}"), render.render(env, template, chain=chain, out=out, version=VERSION))
    render.write(os.path.join(out, "product_emf.c"),
                 render.render(env, "product_emf.c.j2", product=product, modules=linked, version=VERSION,
                               shared=[i for i in interfaces if os.path.dirname(i.file.path) in (args.idl, sdk.IDL) and not is_emfs_own(i.file)]))
    for e in extensions:
        render.write(os.path.join(out, f"{e.module.name}_extension.c"),
                     render.render(env, "extension.c.j2", module=e.module, version=VERSION,
                                   own=next((o.interface for o in outputs if o.module is e.module), None),
                                   shared=[o.interface for o in e.imported]))
    # Touched in any case: make compares its time with that of the sources.
    render.write(os.path.join(out, "modules.mk"),
                 render.render(env, "modules.mk.j2", modules=linked, extensions=extensions, all=found, files=[o for o in outputs if o.has_c and not o.module and not is_emfs_own(o.interface.file)],
                               out=out, version=VERSION, chains=chains, made=[f"{o.name}_emf.{ending}" for o in outputs for ending in o.endings],
                               seen=[f"{folder}/{n}" for folder in (args.modules, args.dynamic) for n in sources(folder)] + idl_files(args.idl) + sdk.seen(args)),
                 touch=True)
    kept.save()
