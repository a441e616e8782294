# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the templates need of a chain that runs: its kernel types, where it hangs, who is in it."""
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Optional

from .chain_hooks import HOOKS, Hook
from .errors import Position
from .interface import CChain, Interface
from .model import Module
from .syntax import Field, Plug


@dataclass
class RunChain:
    """A chain that modules of the build plug programs into."""

    made: CChain
    file: str  # whose header declares it
    targets: str = ""  # written out; "" where an option gives them
    option: str = ""
    doc: str = ""
    words: List[str] = field(default_factory=list)  # what else the attach statement says
    hands_to: str = ""  # the chain that takes members of the state over, if it runs, too
    donor: "Optional[RunChain]" = None  # whose members this one takes over

    @property
    def name(self) -> str:
        return self.made.name

    @property
    def hook(self) -> Hook:
        return HOOKS[self.made.declaration.type.text]

    @property
    def section(self) -> str:
        return self.hook.section.format(*self.words)

    @property
    def at(self) -> str:
        """Where of its target."""
        return self.words[0] if self.words and self.hook.places[0][0] == "<" else ""

    @property
    def is_direct(self) -> bool:
        backend = self.made.declaration.backend
        return bool(backend and backend.text == "direct")

    @property
    def mode_option(self) -> str:
        return f"{self.option or self.name.replace('_', '-')}-mode"


@dataclass
class RunPlug:
    """A program in a chain."""

    module: str
    program: str
    chain: str
    slot: str  # its constant in C
    position: Position
    around: str  # the program that is loaded: of a second chain it has another name
    takes_frags: bool = False  # packets in more than one buffer: its section says so


@dataclass
class Chains:
    chains: List[RunChain] = field(default_factory=list)
    plugs: Dict[str, List[RunPlug]] = field(default_factory=dict)  # by module

    def of(self, module: str) -> List[RunPlug]:
        return self.plugs.get(module, [])

    def types(self) -> Dict[str, str]:
        return {c.name: c.made.declaration.type.text for c in self.chains}

    def into(self, module: str) -> List[str]:
        """The chains that a module is in."""
        return sorted({plug.chain for plug in self.of(module)})


def chains_of(found: Iterable[Module], interfaces: Iterable[Interface]) -> Chains:
    known = {c.name: (c, i) for i in interfaces for c in i.chains}
    out = Chains()
    for module in found:
        for plug in module.description.plugs if module.description else []:
            chain, interface = known[plug.chain.text]
            others = out.plugs.setdefault(module.name, [])
            others.append(_plug(module.name, plug, any(p.program == plug.program.text for p in others)))
            if chain.name not in {c.name for c in out.chains}:
                out.chains.append(_chain(chain, interface))
    by_name = {c.name: c for c in out.chains}
    for chain in out.chains:
        to = by_name.get(chain.made.handed_to)
        if to:
            chain.hands_to, to.donor = to.name, chain
    return out


def _plug(module: str, plug: Plug, is_again: bool) -> RunPlug:
    slot = f"{plug.chain.text}_slot_{plug.slot.text}".upper()
    return RunPlug(module, plug.program.text, plug.chain.text, slot, plug.program.position,
                   f"{plug.program.text}_in_{plug.chain.text}" if is_again else plug.program.text)


def _chain(chain: CChain, interface: Interface) -> RunChain:
    """What its attach statement says was checked before."""
    out = RunChain(chain, interface.name)
    attach = chain.declaration.attach[0]
    for what, argument in zip(HOOKS[chain.declaration.type.text].places, attach.arguments):
        if isinstance(argument, Field):
            out.option = argument.name.replace("_", "-")
            out.doc = attach.summary or f"what it hangs on ({what[1:-1]}); several are separated by commas"
        elif what[0] == "<":
            out.targets = argument.text
        else:
            out.words.append(argument.text)
    if out.hook.has_root and out.hook.places[0][0] != "<":
        out.targets = "/".join(out.words)
    return out
