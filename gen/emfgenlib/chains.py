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
    targets: str  # written out; "" where an option gives them
    option: str
    doc: str
    direction: str

    @property
    def name(self) -> str:
        return self.made.name

    @property
    def hook(self) -> Hook:
        return HOOKS[self.made.declaration.type.text]


@dataclass
class RunPlug:
    """A program in a chain: an object of its own is compiled for it."""

    module: str
    program: str
    chain: str
    slot: str  # its constant in C
    position: Position

    @property
    def unit(self) -> str:
        """What its files are called."""
        return unit_of(self.module, self.program, self.chain)


@dataclass
class Chains:
    chains: List[RunChain] = field(default_factory=list)
    plugs: Dict[str, List[RunPlug]] = field(default_factory=dict)  # by module

    def of(self, module: str) -> List[RunPlug]:
        return self.plugs.get(module, [])

    def into(self, module: str) -> List[str]:
        """The chains that a module is in."""
        return sorted({plug.chain for plug in self.of(module)})


def unit_of(module: str, program: str, chain: str) -> str:
    return f"{module}_{program}_{chain}_plug"


def chains_of(found: Iterable[Module], interfaces: Iterable[Interface]) -> Chains:
    known = {c.name: (c, i) for i in interfaces for c in i.chains}
    out = Chains()
    for module in found:
        for plug in module.description.plugs if module.description else []:
            chain, interface = known[plug.chain.text]
            out.plugs.setdefault(module.name, []).append(_plug(module.name, plug))
            if chain.name not in {c.name for c in out.chains}:
                out.chains.append(_chain(chain, interface))
    return out


def _plug(module: str, plug: Plug) -> RunPlug:
    slot = f"{plug.chain.text}_slot_{plug.slot.text}".upper()
    return RunPlug(module, plug.program.text, plug.chain.text, slot, plug.program.position)


def _chain(chain: CChain, interface: Interface) -> RunChain:
    out = RunChain(chain, interface.name, "", "", "", "")
    attach = chain.declaration.attach[0] if chain.declaration.attach else None
    target = _argument(attach.arguments[0]) if attach and attach.arguments else None
    if isinstance(target, Field):
        out.option = target.name.replace("_", "-")
        out.doc = target.summary or "the interfaces that it hangs on, separated by commas"
    elif target is not None:
        out.targets = target.text
    if attach and len(attach.arguments) > 1:
        out.direction = attach.arguments[1].text
    return out


def _argument(argument: object) -> Optional[object]:
    return argument
