# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What was made of which text: a file whose sources are as they were is not rendered
again. make would not know, since one run of the generator makes all files. It is kept
beside Python's own compiled files, where the build has given them a place."""
import hashlib
import json
import os
import sys
from typing import Dict, Iterable, List

from .files import read_regular

HEADER = "_maps.h"  # of what an object has
INFERRED = "_inferred.h"  # of what its description would have said
SHOWN = "_shown.h"  # metrics and what is printed, of a description that has some, with the types of the object's maps
PACKED = ".bpf.o.gz"  # what of the object is in the product
_GENERATOR = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def _generator() -> str:
    """The generator itself, by the times of its files: any change of it changes all."""
    state = []
    for folder in ("emfgenlib", "templates"):
        with os.scandir(os.path.join(_GENERATOR, folder)) as entries:
            for entry in entries:
                if entry.is_file():
                    stat = entry.stat()
                    state.append(f"{entry.name} {stat.st_mtime_ns} {stat.st_size}")
    return "\n".join(sorted(state))


def _state(path: str) -> str:
    """Somebody who edits a file that was made changes this; "" for one that is not there."""
    try:
        stat = os.stat(path)
    except OSError:
        return ""
    return f"{stat.st_size} {stat.st_mtime_ns}"


# Of a description, of a kernel part, of a user part; an object has the list of what it was made of.
OF_A_FILE = ("_emf.h", "_emf.c", "_emf.o", "_emf.o.d")
OF_A_KERNEL_PART = (".bpf.o", ".bpf.o.d", PACKED, ".skel.h", HEADER, INFERRED, SHOWN)
OF_A_USER_PART = (".o", ".o.d")
OF_AN_EXTENSION = (".so", "_extension.c", "_extension.pic.o", "_extension.pic.o.d", ".pic.o", ".pic.o.d", "_emf.pic.o", "_emf.pic.o.d")


def forget(out: str, files: Iterable[str], kernel_parts: Iterable[str], user_parts: Iterable[str], extensions: Iterable[str],
           shared: Iterable[str]) -> None:
    """Remove what was made for files that are gone: nobody can include it any more, and
    should one of them come back, it is checked anew."""
    made = {name + ending for names, endings in ((files, OF_A_FILE), (kernel_parts, OF_A_KERNEL_PART), (user_parts, OF_A_USER_PART),
                                                 (extensions, OF_AN_EXTENSION), (shared, OF_AN_EXTENSION[-2:]))
            for name in names for ending in endings}
    for name in os.listdir(out) if os.path.isdir(out) else []:
        if name.endswith(OF_A_FILE + OF_A_KERNEL_PART + OF_A_USER_PART + OF_AN_EXTENSION) and name not in made and ".tmp" not in name \
                and not name.startswith("libemf_"):  # automake's, of EMF's own services
            os.unlink(os.path.join(out, name))


class Kept:
    def __init__(self, folder: str):
        self.folder = folder
        self.path = os.path.join(sys.pycache_prefix, "emfgen-kept.json") if sys.pycache_prefix else ""
        self.generator = _generator() if self.path else ""
        self.now: Dict[str, List[str]] = {}  # a digest of the sources, and the states of the files
        self.made: Dict[str, List[str]] = {}  # paths
        self.before = self._load() if self.path else {}

    def _load(self) -> Dict[str, List[str]]:
        try:
            before = json.loads(read_regular(self.path))
        except (OSError, ValueError):
            return {}
        return before if isinstance(before, dict) else {}

    def is_fresh(self, name: str, endings: Iterable[str], sources: Iterable[str]) -> bool:
        """Whether these files were made of exactly this, and not touched since; remembers it."""
        if not self.path:
            return False
        text = "\0".join([self.generator, *sources])
        self.now[name] = [hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()]
        self.made[name] = [os.path.join(self.folder, f"{name}_emf.{ending}") for ending in endings]
        return self.before.get(name) == self.now[name] + [_state(path) for path in self.made[name]]

    def save(self) -> None:
        """Only now: a run that failed before has not made what it would claim."""
        if not self.path:
            return
        for name, paths in self.made.items():
            self.now[name] += [_state(path) for path in paths]
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        temporary = self.path + ".tmp"
        with open(temporary, "w", encoding="utf-8") as f:
            json.dump(self.now, f, indent=0, sort_keys=True)
        os.replace(temporary, self.path)
