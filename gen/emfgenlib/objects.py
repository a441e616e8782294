# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen objects: compiled kernel parts against their descriptions, and from each the
accessors of its maps, and what of it is in the product. Many in one process, since Python takes longer to start than an
object to read."""
import argparse
import os
import sys
from dataclasses import dataclass
from typing import Any, List, Optional, Set

from . import VERSION, sdk, sections
from .attach import example
from .bpf_object import Empty, Object
from .check_names import check_c_names
from .check_object import check_object
from .check_shared import Compiled, Shared, check_shared, shared
from .elf import BadObject, read
from .embed import packed
from .errors import Errors, Position
from .files import read_regular
from .globals import Stored, stored
from .imports import Loader
from .infer import Inferred, infer, tell_unheard, tell_unused
from .interface import Builder
from .kept import HEADER, INFERRED, PACKED, SHOWN
from .layout import Layouts
from .maps import Accessors, accessors, names_of_maps
from .scan import folder_of, idl_files, uses_vmlinux
from .scope import of_file
from .syntax import File, ModuleDecl
from .views import Shown, shown
from .warn import warn


@dataclass
class Made:
    """What the header of an object is made of, and what is in the product."""

    packed: bytes
    maps: List[Accessors]
    params: List[Stored]
    has_params: bool  # in its description
    shared: List[Shared]
    inferred: Optional[Inferred]
    shown: Optional[Shown] = None


_OBJECT = ".bpf.o"
_NOTHING = "there is no program and no map in it", "write a function with a SEC(): README.md has one"


def register(commands: Any) -> None:
    parser = commands.add_parser("objects", help="check compiled kernel parts, write the accessors of their maps "
                                                 "(make calls this)")
    parser.add_argument("changed", nargs="*", metavar="FILE", help="what changed since the last time; nothing for all")
    parser.add_argument("--built", required=True, help="the modules with a kernel part, separated by commas")
    parser.add_argument("--modules", default="modules", help="the folder of modules")
    parser.add_argument("--dynamic", default="dynamic", help="the folder of modules that become extensions")
    parser.add_argument("--idl", default="bus-idl", help="the folder of shared descriptions")
    parser.add_argument("--out", default="obj", help="where the objects are, and where to write")
    parser.set_defaults(run=_run)


def _file(args: argparse.Namespace, module: str, ending: str) -> str:
    """The path of one of its files, whether it is there or not."""
    return f"{folder_of(module, [args.modules, args.dynamic, sdk.MODULES])}/{module}{ending}"


def _descriptions(args: argparse.Namespace) -> List[str]:
    return idl_files(args.modules) + idl_files(args.dynamic) + idl_files(sdk.MODULES)


def _run(args: argparse.Namespace, errors: Errors) -> int:
    loader = Loader([args.idl, args.modules, *sdk.folders()], errors)
    good = []
    for module in _wanted(args):
        header = os.path.join(args.out, module + HEADER)
        before = errors.count
        found = _object(args, module, loader)
        if found is not None and errors.count == before:
            good.append((module, header, found))
        else:  # make must not take them for what agrees
            for path in (os.path.join(args.out, module + ending) for ending in (HEADER, INFERRED, PACKED, SHOWN)):
                if os.path.exists(path):
                    os.unlink(path)
    _write(args, good)
    if errors:
        print(errors.report(), file=sys.stderr)
    return 1 if errors else 0


def _wanted(args: argparse.Namespace) -> List[str]:
    """The modules that a change concerns."""
    built = [name for name in args.built.split(",") if name]
    changed = set(args.changed)
    objects = {os.path.join(args.out, name + _OBJECT) for name in built}
    if not changed or any(path not in objects and not path.endswith(".emf") for path in changed):
        return built  # the generator itself
    reached = _readers(args, {os.path.basename(path) for path in changed if path.endswith(".emf")})
    reached |= _importers(args, [name for name in built if os.path.join(args.out, name + _OBJECT) in changed])

    def is_concerned(module: str) -> bool:
        return (os.path.join(args.out, module + _OBJECT) in changed
                or not os.path.exists(os.path.join(args.out, module + HEADER))
                or (not os.path.exists(_file(args, module, ".emf")) and not os.path.exists(os.path.join(args.out, module + INFERRED)))
                or f"{module}.emf" in reached)

    return [module for module in built if is_concerned(module)]


def _readers(args: argparse.Namespace, names: Set[str]) -> Set[str]:
    """These descriptions and all that import them, by name. Who has the name in the text
    is taken for one that imports it: to parse all would cost more than to check one module
    too many."""
    reached = set(names)
    texts = []
    for path in _descriptions(args) + idl_files(args.idl) + idl_files(sdk.IDL) if names else []:
        texts.append((os.path.basename(path), read_regular(path)))
    pending = list(names)
    while pending:
        name = f'{pending.pop()}"'.encode("utf-8", "surrogateescape")
        found = [reader for reader, text in texts if reader not in reached and name in text]
        reached.update(found)
        pending += found
    return reached


def _importers(args: argparse.Namespace, names: List[str]) -> Set[str]:
    """The descriptions that may import a map from one of these modules, likewise by their texts."""
    words = [name.encode("utf-8", "surrogateescape") for name in names]
    paths = _descriptions(args) if names else []
    texts = [(os.path.basename(path), read_regular(path)) for path in paths]
    return {reader for reader, text in texts if b"from" in text and any(word in text for word in words)}


def _description(args: argparse.Namespace, module: str, loader: Loader) -> Optional[File]:
    path = _file(args, module, ".emf")
    return loader.load(path) if os.path.exists(path) else None


def _kernel_part(args: argparse.Namespace, module: str) -> Optional[Compiled]:
    """That of another module, which is told what is wrong with it in its own turn."""
    try:
        return Compiled(Object(read(os.path.join(args.out, module + _OBJECT))), _file(args, module, ".bpf.c"))
    except (BadObject, OSError):
        return None


def _object(args: argparse.Namespace, module: str, loader: Loader) -> Optional[Made]:
    """What is to be written for a module; None if its object cannot be read."""
    path, source = os.path.join(args.out, module + _OBJECT), _file(args, module, ".bpf.c")
    errors = loader.errors
    before = errors.count
    params: List[Stored] = []
    declared: Optional[ModuleDecl] = None
    seen: Optional[Shown] = None
    try:
        # An object that lies there without its source was compiled elsewhere.
        found = Object(read(path), os.path.join(args.out, "vmlinux.h") if uses_vmlinux(source, Errors()) else "")
        file = _description(args, module, loader)
        maps = accessors(found, module)
        if file:
            builder = Builder(Layouts(Errors()))  # what is wrong with the file itself was told when it was checked
            interfaces = [builder.of(f) for f in [file, *file.reached()]]
            check_c_names(interfaces, [(n, Position(source)) for n in names_of_maps(module, maps)], errors)
            declared = next((d for d in file.of(ModuleDecl) if d.name == module), None)
            check_object(found, source, file, interfaces, declared, errors)
            if declared:
                has_user = os.path.exists(_file(args, module, ".c"))
                params = stored(found, source, file, declared, has_user, errors)
                if (declared.metrics or declared.shows or declared.lost) and errors.count == before:
                    seen = shown(found, source, declared, interfaces, of_file(file), errors)
        inferred = None
        if declared:
            tell_unused(found, source, declared)
        else:
            inferred = infer(found, module, source, os.path.exists(_file(args, module, ".c")), errors)
            tell_unheard(inferred)
        _programs(found, source, declared, inferred, os.path.exists(_file(args, module, ".c")), errors)
        if declared:
            check_shared(found, source, declared, lambda name: _kernel_part(args, name), errors)
        return Made(packed(found), maps, params, bool(declared and declared.options), shared(found, declared), inferred, seen)
    except Empty:
        errors.add(Position(source), *_NOTHING)
    except BadObject as e:
        broken = str(e).startswith("is ")  # and newer than its source: it would stay so
        if broken:
            os.unlink(path)
        errors.add(Position(path), str(e), "it is removed: run make again" if broken else "")
    except OSError as e:
        errors.add(Position(path), f"cannot be read: {e.strerror}")
    return None


def _place(source: str, section: str) -> Optional[Position]:
    """Where the SEC() stands; None if a macro made it."""
    try:
        with open(source, encoding="utf-8", errors="replace") as f:
            for number, line in enumerate(f, 1):
                column = line.find(f'"{section}"')
                if column >= 0:
                    return Position(source, number, column + 1, line)
    except OSError:
        pass
    return None


def _programs(obj: Object, source: str, declared: Optional[ModuleDecl], inferred: Optional[Inferred], has_user: bool,
              errors: Errors) -> None:
    """Whether something attaches each of them: its SEC(), the description, or, who knows, the user part."""
    if has_user:
        return
    if not obj.programs and not obj.maps:
        errors.add(Position(source), *_NOTHING)
    attached = {a.program.text for a in declared.attaches if a.program} if declared else {a.program for a in inferred.attaches}
    variants = {n.variant[1].text for n in declared.needs if n.variant} if declared else set()
    plugged = {p.program.text for p in declared.plugs} if declared else set()
    for program in obj.programs.values():
        word, place = sections.place_wanted(program.section), _place(source, program.section)
        if not sections.kind_of(program.section):
            errors.add(place or Position(source), f"libbpf knows no section '{program.section}', that of program '{program.name}'",
                       sections.nearest_to(program.section))
        elif word and place and program.name not in attached | variants | plugged:
            warn(place, f"SEC(\"{program.section}\") does not say where program '{program.name}' hangs",
                 f"write in the module's description: attach {program.name} {example(word)};")


def _write(args: argparse.Namespace, good: list) -> None:
    if not good:
        return
    from . import render  # jinja2 takes longer to import than a wrong object to be found

    env = render.environment()
    for module, header, made in good:
        types = [t for a in made.maps for t in (a.key, a.value)]
        text = render.render(env, "module_maps.h.j2", module=module, source=_file(args, module, ".bpf.c"),
                             version=VERSION, maps=made.maps, params=made.params,
                             has_params=made.has_params, shared=made.shared, forwards=sorted({t.forward for t in types if t.forward}))
        render.write(header, text)
        render.write(os.path.join(args.out, module + PACKED), made.packed)
        if made.shown:
            text = render.render(env, "shown.h.j2", module=module, source=_file(args, module, ".bpf.c"), version=VERSION, i=made.shown)
            render.write(os.path.join(args.out, module + SHOWN), text)
        if made.inferred:
            text = render.render(env, "inferred.h.j2", module=module, source=_file(args, module, ".bpf.c"), version=VERSION, i=made.inferred)
            render.write(os.path.join(args.out, module + INFERRED), text)
