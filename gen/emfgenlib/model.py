# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a product is built from, as plain data. Nothing here reads or writes files."""
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

from .errors import Position
from .syntax import ModuleDecl


@dataclass
class Module:
    """A module as the folder shows it: which of its files are there."""

    name: str
    folder: str  # relative to the build folder: "modules"
    is_extension: bool = False  # becomes x.so, and is loaded when the product runs
    other_folder: str = ""  # where it would be the other kind of module
    has_bpf: bool = False
    has_user: bool = False
    has_emf: bool = False
    has_test: bool = False
    uses_vmlinux: bool = False  # x.bpf.c includes vmlinux.h
    registers: bool = False  # x.c has an ebpf_module() of its own
    # What struct module initialisers in x.c call themselves, with positions.
    given_names: List[Tuple[str, Position]] = field(default_factory=list)
    description: Optional[ModuleDecl] = None

    @property
    def bpf_source(self) -> str:
        return f"{self.folder}/{self.name}.bpf.c"

    @property
    def other_bpf_source(self) -> str:
        return f"{self.other_folder}/{self.name}.bpf.c"

    @property
    def user_source(self) -> str:
        return f"{self.folder}/{self.name}.c"

    @property
    def emf_source(self) -> str:
        return f"{self.folder}/{self.name}.emf"

    @property
    def test_source(self) -> str:
        return f"{self.folder}/{self.name}.test.c"

    @property
    def files(self) -> List[str]:
        have = [
            (self.has_bpf, self.bpf_source),
            (self.has_user, self.user_source),
            (self.has_emf, self.emf_source),
        ]
        return [path for there, path in have if there]

    @property
    def generated(self) -> bool:
        """Whether x_emf.c is made for it; x_emf.h is in any case."""
        return self.has_bpf or self.has_emf

    @property
    def libraries(self) -> List[str]:
        """What it is linked with, as pkg-config knows it."""
        needs = self.description.needs if self.description else []
        return [name.text for need in needs if need.kind.text == "library" for name in need.names]

    @property
    def is_alone(self) -> bool:
        """Whether nothing describes its kernel part but the part itself."""
        return self.has_bpf and not self.description

    @property
    def has_metrics(self) -> bool:
        d = self.description
        return self.has_bpf and bool(d and (d.metrics or d.shows or d.lost))

    @property
    def has_views(self) -> bool:
        d = self.description
        return self.has_bpf and bool(d and (d.shows or d.lost))

    @property
    def inferred(self) -> bool:
        """Whether that is in the struct module that is generated."""
        return self.is_alone and not self.registers

    @property
    def names(self) -> List[Tuple[str, Position]]:
        """What it is called in the product: by its file, or as x.c says."""
        return self.given_names if self.registers else [(self.name, self.position)]

    @property
    def position(self) -> Position:
        return Position(self.files[0])
