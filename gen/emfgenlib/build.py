"""The build: descriptions and folders to everything that make and the compilers need."""
import argparse
import os
import sys
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from . import VERSION, check
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
from .syntax import File, ProductDecl
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
    parser.add_argument("--modules", default="modules", help="the folder of modules")
    parser.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    parser.add_argument("--out", default="obj", help="where to write")
    parser.add_argument("--product", default="emf", help="the product to build")
    parser.add_argument("--only", default="", help="these modules only, separated by commas")
    parser.set_defaults(run=build)


def build(args: argparse.Namespace, errors: Errors) -> int:
    """obj/modules.mk, the headers, and the C of the product."""
    only: Optional[List[str]] = args.only.split(",") if args.only else None
    loader = Loader([args.idl], errors)
    shared = [loader.load(path) for path in idl_files(args.idl)]
    plain_names(args.modules, sources(args.modules), errors)
    plain_names(args.idl, [os.path.basename(f.path) for f in shared], errors)
    found = scan(args.modules, only, loader)
    layouts = Layouts(errors)
    for file in loader.files.values():
        check_file(file, errors, layouts)
        refuse(file, errors)
    product = check.product(shared, args.product, names(args.modules), errors)
    if product.modules and only is None:
        wanted = {name.text for name in product.modules}
        found = [m for m in found if m.name in wanted]
    if only is not None:  # what was left out has no parameters that could be set
        built = {name for m in found for name, _ in m.names}
        product.settings = [s for s in product.settings if s.module.text in built]
    check.settings(product, found, loader)
    check.modules(found, loader)
    check.services(found, errors)
    check.services_of_kernel_parts(found, loader.files.values(), errors)
    chains_of_build(found, loader)
    maps_of_build(found, names(args.modules), product, only is not None, loader)
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
    _write(args, product, found, outputs, chains, plugged)
    return 0


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


def _names(module: Module) -> List[Named]:
    """The C names of a module itself."""
    position = module.description.position if module.description else module.position
    return names_of_module(module.name, position, module.description)


def _write(args: argparse.Namespace, product: ProductDecl, found: List[Module], outputs: List[Output], chains: Chains,
           plugged: Dict[str, str]) -> None:
    # Only now: jinja2 takes longer to import than all the checks take to run.
    from . import render

    env = render.environment()
    out = args.out
    interfaces = [o.interface for o in outputs if o.interface]

    entries, tables_of = [f"{c.name}_entry" for c in chains.chains], [f"{c.name}_chain" for c in chains.chains]
    forget(out, ["product", *(o.name for o in outputs)], [m.name for m in found if m.has_bpf] + entries,
           [m.name for m in found if m.has_user] + tables_of)
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
                 render.render(env, "product_emf.c.j2", product=product, modules=found, version=VERSION))
    # Touched in any case: make compares its time with that of the sources.
    render.write(os.path.join(out, "modules.mk"),
                 render.render(env, "modules.mk.j2", modules=found, files=[o for o in outputs if o.has_c and not o.module and not is_emfs_own(o.interface.file)],
                               out=out, version=VERSION, chains=chains, made=[f"{o.name}_emf.{ending}" for o in outputs for ending in o.endings],
                               seen=[f"{args.modules}/{n}" for n in sources(args.modules)] + idl_files(args.idl)),
                 touch=True)
    kept.save()
