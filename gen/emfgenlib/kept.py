"""What was made of which text: a file whose sources are as they were is not rendered
again. make would not know, since one run of the generator makes all files. It is kept
beside Python's own compiled files, where the build has given them a place."""
import hashlib
import json
import os
import sys
from typing import Dict, Iterable, Set

from .files import read_regular

HEADER = "_maps.h"  # of what an object has
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


def forget(out: str, built: Set[str]) -> None:
    """Remove what was made for modules that are not built any more: should one of them
    come back, it is checked anew."""
    for name in os.listdir(out) if os.path.isdir(out) else []:
        if name.endswith(HEADER) and name[: -len(HEADER)] not in built:
            os.unlink(os.path.join(out, name))


class Kept:
    def __init__(self, folder: str):
        self.folder = folder
        self.path = os.path.join(sys.pycache_prefix, "emfgen-kept.json") if sys.pycache_prefix else ""
        self.generator = _generator() if self.path else ""
        self.now: Dict[str, str] = {}
        self.before = self._load() if self.path else {}

    def _load(self) -> Dict[str, str]:
        try:
            before = json.loads(read_regular(self.path))
        except (OSError, ValueError):
            return {}
        return before if isinstance(before, dict) else {}

    def is_fresh(self, name: str, endings: Iterable[str], sources: Iterable[str]) -> bool:
        """Whether these files are there, and were made of exactly this; remembers it."""
        if not self.path:
            return False
        text = "\0".join([self.generator, *sources])
        self.now[name] = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        there = all(os.path.exists(os.path.join(self.folder, f"{name}_emf.{ending}")) for ending in endings)
        return there and self.before.get(name) == self.now[name]

    def save(self) -> None:
        """Only now: a run that failed before has not made what it would claim."""
        if not self.path:
            return
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        temporary = self.path + ".tmp"
        with open(temporary, "w", encoding="utf-8") as f:
            json.dump(self.now, f, indent=0, sort_keys=True)
        os.replace(temporary, self.path)
