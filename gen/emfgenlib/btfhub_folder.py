# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A folder of BTF of kernels: which kernels it has, by the names of folders and files."""
import lzma
import os
import re
import tarfile
from dataclasses import dataclass
from typing import Dict, List, Tuple

from .elf import BadObject
from .errors import Errors, Position

# What archives call the machines that libbpf calls so.
_MACHINES = {
    "x86": ("x86_64", "amd64"), "arm64": ("arm64", "aarch64"), "arm": ("arm", "armhf", "armv7l"), "s390": ("s390x", "s390"),
    "powerpc": ("ppc64le", "ppc64el", "ppc64", "powerpc"), "riscv": ("riscv64", "riscv"), "mips": ("mips64el", "mips64", "mips"),
    "loongarch": ("loongarch64", "loongarch"),
}
_ALL = {name for names in _MACHINES.values() for name in names}
# As uname -r says it, with the endings or the beginning that files of it have.
_NAME = re.compile(r"(?:vmlinux-)?([0-9][A-Za-z0-9._+~-]*?)(\.btf\.tar\.xz|\.btf)|vmlinux-([0-9][A-Za-z0-9._+~-]*)")
_RELEASE_MOST, _WORD_MOST = 71, 23  # bytes, core/btf_hub.h
_BTF_MOST = 256 << 20  # of what is unpacked; the largest kernels have some 10 MB


@dataclass(frozen=True)
class Kernel:
    """One whose BTF is there; distribution and version are empty where no folder says them."""

    release: str
    distribution: str
    version: str
    path: str
    is_packed: bool

    @property
    def order(self) -> tuple:
        """By the numbers of the release: those that are alike stand together, which is what gzip wants."""
        numbers = tuple((not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in re.findall(r"\d+|\D+", self.release))
        return numbers, self.distribution, self.version


def find(folder: str, arch: str, errors: Errors) -> List[Kernel]:
    """All of this machine, in order. What is called otherwise is something else: archives have texts, too."""
    found: Dict[Tuple[str, str, str], Kernel] = {}
    machines = _MACHINES.get(arch, (arch,))
    for path in _files(folder, errors):
        above = os.path.relpath(os.path.dirname(path), folder).split(os.sep)
        said = above[-1] in _ALL
        if said and above[-1] not in machines:
            continue
        words = ["", "", *(above[:-1] if said else [])][-2:]
        _add(found, path, words, errors)
    if not found and not errors:
        errors.add(Position(folder), f"has no BTF of a kernel for {machines[0]}",
                   "its files are named as 'uname -r' there says: debian/10/x86_64/4.19.0-20-amd64.btf, or 4.19.0-20-amd64.btf alone")
    return sorted(found.values(), key=lambda kernel: kernel.order)


def _files(folder: str, errors: Errors) -> List[str]:
    """Also behind links to folders, each once."""
    seen, out = set(), []
    for path, folders, names in os.walk(folder, followlinks=True, onerror=lambda e: errors.add(Position(e.filename), f"cannot be read: {e.strerror}")):
        real = os.path.realpath(path)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        out += [os.path.join(path, name) for name in sorted(names)]
    return out


def _add(found: Dict[Tuple[str, str, str], Kernel], path: str, words: List[str], errors: Errors) -> None:
    name = _NAME.fullmatch(os.path.basename(path))
    release = name and (name.group(1) or name.group(3))
    if not release or "." not in release or len(release) > _RELEASE_MOST:
        return
    if any(len(word.encode("utf-8", "surrogateescape")) > _WORD_MOST or not word.isascii() for word in words):
        errors.add(Position(path), f"the name of a distribution, or of its version, is longer than {_WORD_MOST} characters, or has others than ASCII")
        return
    kernel = Kernel(release, words[0], words[1], path, name.group(2) == ".btf.tar.xz")
    other = found.setdefault((kernel.release, *words), kernel)
    if other is not kernel and other.is_packed == kernel.is_packed:
        errors.add(Position(path), f"is of kernel {kernel.release}, as is {other.path}", "remove one of them")
    elif other.is_packed:
        found[(kernel.release, words[0], words[1])] = kernel  # the same, unpacked already


def bytes_of(kernel: Kernel) -> bytes:
    """The BTF in a .btf.tar.xz."""
    try:
        with tarfile.open(kernel.path, "r:xz") as archive:
            for member in archive:
                if member.isreg() and member.name.endswith(".btf"):
                    if member.size > _BTF_MOST:
                        raise BadObject(f"has {member.size} bytes of BTF, and {_BTF_MOST} are the most")
                    return archive.extractfile(member).read()
    except (tarfile.TarError, lzma.LZMAError, EOFError) as e:
        raise BadObject(f"is no archive that tar and xz made: {e}") from None
    raise BadObject("has no file whose name ends with .btf")
