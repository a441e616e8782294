# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen pages: a manual page for each module of a product, and the list of them that is in its own."""
import argparse
import os
import sys
from typing import Any, List, Optional

from . import check, sdk
from .bpf_object import Empty, Object
from .build import extensions_of, linked_in, of_product, only_of, what_is_built
from .chains import Chains, chains_of
from .doc_man import ToolMan
from .elf import BadObject, read
from .errors import Errors, Position
from .imports import Loader
from .infer import infer
from .interface import Builder
from .layout import Layouts
from .model import Module
from .scan import idl_files, names
from .scope import of_file
from .tool_page import Tool, page_of, read_text
from .views import shown

FOLDER = "pages"
LIST = "tools.man"


def register(commands: Any) -> None:
    parser = commands.add_parser("pages", help="write the manual pages of the modules of a product (make calls this)")
    what_is_built(parser)
    parser.add_argument("--docs", default="docs/tools", help="the folder of texts, NAME.md; one beside the module comes first")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace, errors: Errors) -> int:
    """What is wrong with a description or a kernel part was told when it was built."""
    loader = Loader([args.idl, args.modules, *sdk.folders()], errors)
    there = names(args.modules) | set(sdk.chosen(args))
    product = check.product([loader.load(path) for path in idl_files(args.idl)], args.product, there, errors)
    found = of_product(linked_in(args, loader), product, only_of(args)) + extensions_of(args, loader)
    tools: List[Tool] = []
    if not errors:
        tools = _tools(found, args, loader)
    if errors:
        print(errors.report(), file=sys.stderr)
        return 1
    _write(args, tools)
    return 0


def _tools(found: List[Module], args: argparse.Namespace, loader: Loader) -> List[Tool]:
    builder = Builder(Layouts(Errors()))
    files = {id(f): f for m in found if m.has_emf for f in (lambda own: [own, *own.reached()])(loader.load(m.emf_source))}
    chains = chains_of(found, [builder.of(f) for f in files.values()])
    out = []
    for module in found:
        text = read_text([f"{module.folder}/{module.name}.md", os.path.join(args.docs, f"{module.name}.md")])
        for name in dict.fromkeys(name for name, _ in module.names) or [module.name]:
            tool = Tool(name, module, text=text)
            _fill(tool, args, loader, builder, chains)
            out.append(tool)
    return sorted(out, key=lambda tool: tool.name)


def _fill(tool: Tool, args: argparse.Namespace, loader: Loader, builder: Builder, chains: Chains) -> None:
    module, d = tool.module, tool.described
    into = chains.into(module.name)
    tool.chains = [c for c in chains.chains if c.name in into]
    file = loader.load(module.emf_source) if module.has_emf else None
    if d and file:
        tool.interface = builder.of(file)
        tool.interfaces = [builder.of(f) for f in [file, *file.reached()]]
    if not (module.has_metrics or module.is_alone):
        return
    obj = _object(os.path.join(args.out, f"{module.name}.bpf.o"), loader.errors)
    if obj and d and file:
        tool.shown = shown(obj, module.bpf_source, d, tool.interfaces, of_file(file), loader.errors)
    elif obj:
        tool.inferred = infer(obj, module.name, module.bpf_source, module.has_user, loader.errors)


def _object(path: str, errors: Errors) -> Optional[Object]:
    try:
        return Object(read(path))
    except Empty:
        return None
    except BadObject as e:
        errors.add(Position(path), str(e), "run make again")
    except OSError as e:
        errors.add(Position(path), f"cannot be read: {e.strerror}", "run make first")
    return None


def _write(args: argparse.Namespace, tools: List[Tool]) -> None:
    from . import render

    folder = os.path.join(args.out, FOLDER)
    os.makedirs(folder, exist_ok=True)
    made = {f"{args.product}-{tool.name}.8": page_of(tool, args.product) for tool in tools}
    made[LIST] = _list(tools)
    for name, text in made.items():
        render.write(os.path.join(folder, name), text)
    for name in set(os.listdir(folder)) - set(made):
        os.unlink(os.path.join(folder, name))


def _list(tools: List[Tool]) -> str:
    """For the page of the product, in its place."""
    page = ToolMan("", "")
    page.lines = []
    page.definitions([(page.code(tool.name), page.escaped(tool.summary) + " (runs where it is named)" * bool(tool.described and tool.described.by_name))
                      for tool in tools])
    return page.text()
